"""Backgrounds, baseline pictures, and corrections by hand."""

import numpy as np
import pytest

from helpers import finished_project as finished
from stamps.errors import InputError, NoPixelsError, WorkspaceError
from stamps.insar.regions import inside_polygon
from stamps.legacy.plot_sb_baselines import plot_sb_baselines
from stamps.legacy.ps_baseline_plot import ps_baseline_plot
from stamps.legacy.ps_calc_tca import ps_calc_tca
from stamps.legacy.ps_load_dem import ps_load_dem
from stamps.legacy.ps_load_mean_amp import ps_load_mean_amp
from stamps.legacy.ps_plot import ps_plot
from stamps.legacy.sb_baseline_plot import sb_baseline_plot
from stamps.legacy.sb_fix_unwrap_manual import sb_fix_unwrap_manual
from stamps.legacy.sb_invert_uw import sb_invert_uw
from stamps.products.amplitude import amplitude_range, to_bytes
from stamps.workspace import Workspace, matfile
from stamps.workspace.parameters import Parameters


class TestMeanAmplitude:
    def grey(self, path):
        return matfile.read(path)["amp_mean"]

    def test_written_out(self, tmp_path):
        """Two blocks of lines; ranks and logarithms as docs/method/merging.md, section 4 says them."""
        amplitude = np.random.default_rng(0).gamma(2, 100, (1700, 30)).astype(np.float32)
        amplitude[5, 5] = np.nan
        amplitude.tofile(tmp_path / "mean_amp.flt")
        (tmp_path / "width.txt").write_text("30\n")
        lows, tops = [], []
        for block in (amplitude[:1000], amplitude[1000:]):
            ordered = sorted(np.where(np.isnan(block), 1, block).ravel())
            n = len(ordered)
            lows += ordered[int(0.01 * n + 0.5) - 1 :]
            tops += ordered[int(0.91 * n + 0.5) - 1 :]
        low, high = min(lows), sorted(tops)[-(-len(tops) // 2) - 1]
        largest = np.log(high - low)
        value = np.minimum(np.log(np.maximum(amplitude - low, 1)), largest)
        expected = np.floor(255 * np.nan_to_num(value) / largest + 0.5)
        path = ps_load_mean_amp(workdir=tmp_path)
        found = self.grey(path)
        assert path == tmp_path / "amp_mean.mat" and found.dtype == np.uint8 and found[5, 5] == 0
        assert np.abs(found - expected).max() <= 1 and (found != expected).mean() < 1e-3

    def test_short_blocks_and_no_contrast(self):
        assert amplitude_range(np.full((3, 4), 2, np.float32)) == (2, 0)
        assert not to_bytes(np.ones((3, 4), np.float32), 2, 0).any()
        amp_min, amp_max = amplitude_range(np.arange(1, 7, dtype=np.float32).reshape(2, 3))
        assert amp_min == 1 and amp_max == pytest.approx(np.log(4))  # of 5 and 6 the lower

    def test_of_patches(self, tmp_path):
        ws = Workspace(tmp_path)
        ws.write_text("width.txt", "6\n")
        ws.write_text("len.txt", "4\n")
        full = np.random.default_rng(0).gamma(2, 100, (4, 6)).astype(np.float32)
        full[:, 5] = 0
        for name, (r1, r2, a1, a2) in {"PATCH_1": (1, 3, 1, 4), "PATCH_2": (3, 5, 1, 4)}.items():
            patch = ws / name
            patch.path.mkdir()
            patch.write_text("patch.in", f"{r1}\n{r2}\n{a1}\n{a2}\n")
            full[a1 - 1 : a2, r1 - 1 : r2].tofile(patch.path / "mean_amp.flt")
        ps_load_mean_amp(workdir=ws)
        np.testing.assert_array_equal(np.fromfile(ws.path / "mean_amp.flt", np.float32).reshape(4, 6), full)
        np.testing.assert_array_equal(self.grey(ws.path / "amp_mean.mat"), to_bytes(full, *amplitude_range(full)))
        patch_grey = self.grey(ps_load_mean_amp(workdir=ws / "PATCH_2"))
        assert patch_grey.shape == (4, 3)

    def test_of_the_parent_with_its_own_width(self, tmp_path):
        patch = Workspace(tmp_path / "PATCH_1")
        patch.path.mkdir()
        patch.write_text("patch.in", "1\n2\n1\n3\n")
        Workspace(tmp_path).write_text("width.txt", "5\n")
        np.arange(1, 16, dtype=np.float32).tofile(tmp_path / "mean_amp.flt")
        assert self.grey(ps_load_mean_amp(workdir=patch)).shape == (3, 5)
        assert (tmp_path / "amp_mean.mat").is_file() and not patch.exists("amp_mean")

    def test_what_is_wrong(self, tmp_path):
        with pytest.raises(InputError, match="neither have its patches"):
            ps_load_mean_amp(workdir=tmp_path)
        np.ones(7, np.float32).tofile(tmp_path / "mean_amp.flt")
        with pytest.raises(InputError, match="width.txt is missing"):
            ps_load_mean_amp(workdir=tmp_path)
        (tmp_path / "width.txt").write_text("3\n")
        with pytest.raises(InputError, match="not whole lines of 3"):
            ps_load_mean_amp(workdir=tmp_path)


class TestDem:
    @pytest.fixture
    def ws(self, tmp_path):
        return finished.single_master(tmp_path)

    def write(self, ws, kind, posting="0.0005", name="dem.raw"):
        lon, lat = np.meshgrid(13.98 + 0.0005 * np.arange(160), 40.04 - 0.0005 * np.arange(140))
        heights = 1000 * (lon - 14) + 2000 * (lat - 40)
        heights.astype(kind).tofile(ws.path / name)
        text = {np.int16: "i2", np.float32: "float"}[kind]
        ws.write_text("demparms.in", f"{name}\n160\n140\n13.98\n40.04\n{posting}\n{text}\n")

    @pytest.mark.parametrize(("kind", "error"), [(np.int16, 2), (np.float32, 0.01)])
    @pytest.mark.parametrize("posting", ["0.0005", "0.0005 0.0005"])
    def test_a_plane_stays_a_plane(self, ws, kind, error, posting):
        self.write(ws, kind, posting)
        dem = matfile.read(ps_load_dem(workdir=ws))
        lon, lat = np.meshgrid(dem["demx"].ravel(), dem["demy"].ravel())
        np.testing.assert_allclose(dem["dem"], 1000 * (lon - 14) + 2000 * (lat - 40), atol=error)
        assert dem["dem"].dtype == np.float32
        pixels = ws.load("ps2")["lonlat"]
        assert (dem["demx"].min() < pixels[:, 0].min()) and (dem["demy"].max() > pixels[:, 1].max())
        np.testing.assert_allclose(np.diff(dem["demy"].ravel()), 90 * 9e-6, rtol=1e-6)

    def test_posting_is_a_parameter(self, ws):
        self.write(ws, np.float32)
        coarse = matfile.read(ps_load_dem(workdir=ws))["dem"].shape
        Parameters(ws).set("plot_dem_posting", 45)
        fine = matfile.read(ps_load_dem(workdir=ws))["dem"].shape
        assert fine[0] == pytest.approx(2 * coarse[0], abs=2)

    def test_voids(self, ws):
        self.write(ws, np.int16)
        heights = np.fromfile(ws.path / "dem.raw", np.int16)
        heights[70 * 160 + 60] = -32768
        heights.tofile(ws.path / "dem.raw")
        dem = matfile.read(ps_load_dem(workdir=ws))["dem"]
        assert 0 < np.isnan(dem).sum() < 5 and np.nanmin(dem) > -200

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("dem.raw 160 140 13.98 40.04 0.0005", "expected file, width"),
            ("dem.raw 160 140 13.98 40.04 0.0005 x", "expected file, width"),
            ("no.raw 160 140 13.98 40.04 0.0005 i2", "no.raw, named in .* is missing"),
            ("dem.raw 160 141 13.98 40.04 0.0005 i2", "44800 bytes, but 160 x 141 values of 2"),
            ("dem.raw 160 140 33.98 40.04 0.0005 i2", "where no pixel is"),
        ],
    )
    def test_what_is_wrong(self, ws, text, message):
        self.write(ws, np.int16)
        ws.write_text("demparms.in", text)
        with pytest.raises(InputError, match=message):
            ps_load_dem(workdir=ws)


class TestBaselines:
    @pytest.fixture(autouse=True)
    def pictures(self, monkeypatch):
        pytest.importorskip("matplotlib")
        for name in ("DISPLAY", "WAYLAND_DISPLAY"):
            monkeypatch.delenv(name, raising=False)

    def segments(self, figure):
        from matplotlib.dates import date2num

        base = date2num(np.datetime64("2018-01-01"))
        (lines,) = figure.axes[0].collections
        return [[(round((x - base) / 12), round(float(y), 3)) for x, y in segment] for segment in lines.get_segments()]

    def test_single_master(self, tmp_path):
        ws = finished.single_master(tmp_path)
        bperp = ws.load("ps2")["bperp"]
        figure = ps_baseline_plot(workdir=ws)
        expected = [[(3, 0), (k, round(float(bperp[k]), 3))] for k in range(9) if k != 3]
        assert self.segments(figure) == expected and (ws.path / "baseline_plot.png").is_file()
        with pytest.raises(InputError, match="use sb_baseline_plot"):
            ps_baseline_plot(workdir=finished.small_baselines(tmp_path / "sb"))

    @pytest.mark.parametrize("draw", [sb_baseline_plot, plot_sb_baselines])
    def test_small_baselines(self, tmp_path, draw):
        ws = finished.small_baselines(tmp_path)
        noise = np.arange(11.0)
        ws.save("ifgstd2", {"ifg_std": noise})
        Parameters(ws).set("drop_ifg_index", [3])
        figure = draw(workdir=ws)
        numbers = [text.get_text() for text in figure.axes[0].texts]
        assert numbers == [str(k) for k in range(1, 12) if k != 3]
        np.testing.assert_array_equal(figure.axes[0].collections[0].get_array(), np.delete(noise, 2))
        pairs, bperp = ws.load("ps2")["ifgday_ix"], ws.load("ps2")["bperp"]
        for (first, second), (i, j), metres in zip(
            self.segments(figure), np.delete(pairs, 2, axis=0), np.delete(bperp, 2), strict=True
        ):
            assert (first[0], second[0]) == (i, j) and second[1] - first[1] == pytest.approx(metres, abs=2e-3)
        chosen = draw([3, 5], workdir=ws)
        assert [text.get_text() for text in chosen.axes[0].texts] == ["3", "5"]
        assert (ws.path / "baseline_plot.png").is_file()

    def test_directories_of_a_single_master_project(self, tmp_path):
        ws = finished.single_master(tmp_path)
        for name in ("20180113_20180125", "20180101_20180113", "geo", "20180113_20180206"):
            (ws.path / "SMALL_BASELINES" / name).mkdir(parents=True)
        figure = sb_baseline_plot(workdir=ws)
        listed = ["20180101_20180113", "20180113_20180125", "20180113_20180206"]
        assert ws.read_text("small_baselines.list").split() == listed
        assert [[x for x, _ in segment] for segment in self.segments(figure)] == [[0, 1], [1, 2], [1, 3]]
        (ws.path / "SMALL_BASELINES" / "20180113_20190101").mkdir()
        with pytest.raises(InputError, match="20180113_20190101 is no pair"):
            sb_baseline_plot(workdir=ws)

    def test_nothing_to_draw(self, tmp_path):
        with pytest.raises(InputError, match="there are none"):
            sb_baseline_plot(workdir=finished.single_master(tmp_path))


class TestCorrectionByHand:
    def test_slope_of_the_chosen_pixels(self, tmp_path):
        ws = finished.single_master(tmp_path)
        height, scla = ws.load("hgt2")["hgt"], ws.load("scla2")["ph_scla"]
        phase = ws.load("phuw2")["ph_uw"]
        phase[:, 1] = 0.01 * height - 2 + scla[:, 1]
        phase[:, 4] = -0.02 * height + 1 + scla[:, 4]
        phase[::7, 1] += 30  # outside the bounds of the phase
        phase[height > 400, 4] = 0.1  # outside the bounds of the height
        ws.save("phuw2", {"ph_uw": phase})
        slopes = ps_calc_tca([2, 5], [[0, 500], [0, 400]], [[-5, 5], [-10, 5]], workdir=ws)
        np.testing.assert_allclose(slopes, [0.01, -0.02], rtol=1e-4)
        correction = ws.load("tca2")["strat_corr"]
        np.testing.assert_allclose(correction[:, [1, 4]], np.outer(height, slopes))
        assert not np.delete(correction, [1, 4], axis=1).any() and "ph_tropo_gacos" in ws.variables_of("tca2")
        ps_plot("a", -1, "a_lman", workdir=ws)
        np.testing.assert_allclose(ws.load_raw("ps_plot_a")["ph_disp"], correction - correction.mean(axis=0))

    def test_small_baselines(self, tmp_path):
        ws = finished.small_baselines(tmp_path)
        ps_calc_tca(3, [0, 500], [-50, 50], workdir=ws)
        assert ws.load("tca_sb2")["strat_corr"].shape == (60, 11)

    def test_what_is_wrong(self, tmp_path):
        ws = finished.single_master(tmp_path)
        Parameters(ws).set("drop_ifg_index", [2])
        for ifgs, bounds, message in (
            ([2], [0, 5], "is dropped"),
            ([10], [0, 5], "does not exist"),
            ([1], [5, 0], "lower and an upper"),
            ([1, 3], [[0, 1]], "2 rows"),
        ):
            with pytest.raises(InputError, match=message):
                ps_calc_tca(ifgs, bounds, [-5, 5], workdir=ws)
        with pytest.raises(NoPixelsError, match="widen"):
            ps_calc_tca([1], [0, 1e-9], [-5, 5], workdir=ws)
        ws.save("hgt2", {"hgt": None})
        with pytest.raises(WorkspaceError, match="no heights"):
            ps_calc_tca([1], [0, 5], [-5, 5], workdir=ws)


class TestCyclesByHand:
    def test_cycles_are_moved_and_inverted(self, tmp_path):
        ws = finished.small_baselines(tmp_path)
        sb_invert_uw(workdir=ws)
        before = {name: ws.load(f"{name}2") for name in ("phuw_sb", "phuw", "phuw_sb_res")}
        lonlat = ws.load("ps2")["lonlat"]
        west = lonlat[:, 0] < 14.01
        corners = [[13, 39], [14.01, 39], [14.01, 41], [13, 41]]
        assert sb_fix_unwrap_manual(4, -2, corners, workdir=ws) == west.sum()
        change = ws.load("phuw_sb2")["ph_uw"] - before["phuw_sb"]["ph_uw"]
        np.testing.assert_allclose(change[west, 3], -4 * np.pi, rtol=1e-6)
        assert not change[~west].any() and not np.delete(change, 3, axis=1).any()
        assert np.abs(ws.load("phuw2")["ph_uw"] - before["phuw"]["ph_uw"]).max() > 0.1
        sb_fix_unwrap_manual(4, 2, corners, workdir=ws)
        np.testing.assert_allclose(ws.load("phuw2")["ph_uw"], before["phuw"]["ph_uw"], atol=1e-5)
        for name, content in before.items():  # backups are those before the first change
            for variable, value in content.items():
                np.testing.assert_array_equal(ws.load(f"{name}2_original")[variable], value)

    def test_what_is_wrong(self, tmp_path):
        ws = finished.small_baselines(tmp_path)
        square = [[13, 39], [15, 39], [15, 41], [13, 41]]
        for ifg, cycles, corners, message in (
            (12, 1, square, "there are 11"),
            (0, 1, square, "does not exist"),
            (1, 0.5, square, "whole number"),
            (1, 1, square[:2], "three corners"),
            (1, 1, [[np.nan, 1]] * 3, "three corners"),
        ):
            with pytest.raises(InputError, match=message):
                sb_fix_unwrap_manual(ifg, cycles, corners, workdir=ws)
        with pytest.raises(NoPixelsError, match="inside the polygon"):
            sb_fix_unwrap_manual(1, 1, np.array(square) + 50, workdir=ws)
        with pytest.raises(InputError, match="single master"):
            sb_fix_unwrap_manual(1, 1, square, workdir=finished.single_master(tmp_path / "ps"))
        assert not ws.exists("phuw_sb2_original")

    def test_polygons(self):
        notched = np.array([[0, 0], [4, 0], [4, 4], [2, 1], [0, 4]])
        points = np.array([[0.5, 1], [2, 2], [3.5, 2], [2, 0.5], [5, 1], [-1, 1]])
        assert inside_polygon(points, notched).tolist() == [True, False, True, True, False, False]
        closed = np.vstack([notched, notched[:1]])
        np.testing.assert_array_equal(inside_polygon(points, closed), inside_polygon(points, notched[::-1]))
