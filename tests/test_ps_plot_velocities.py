"""Velocities, their deviations and time series of plots."""

import numpy as np
import pytest

from helpers import finished_project as finished
from helpers.finished_project import MILLIMETRES, WAVELENGTH
from helpers.plotted_values import Parts, centred, saved
from stamps.errors import InputError, WorkspaceError
from stamps.legacy.ps_plot import ps_plot
from stamps.workspace.parameters import Parameters


@pytest.fixture(scope="module")
def sb(tmp_path_factory):
    """A small-baseline project that tests do not change."""
    return finished.small_baselines(tmp_path_factory.mktemp("sb"))


class TestVelocities:
    rates = np.linspace(-30, 20, 60)

    @pytest.mark.parametrize("name", ["v", "vdrop"])
    def test_steady_motion_of_a_single_master(self, tmp_path, name):
        ws = finished.steady_motion(finished.single_master(tmp_path), self.rates)
        shown, ifgs = saved(ws, name)
        assert ifgs == ([1] if name == "v" else list(range(1, 9)))
        np.testing.assert_allclose(shown, np.tile(centred(self.rates)[:, None], len(ifgs)), atol=1e-4)

    @pytest.mark.parametrize("name", ["v", "V", "vdrop", "Vdrop"])
    def test_steady_motion_of_small_baselines(self, tmp_path, name):
        ws = finished.steady_motion(finished.small_baselines(tmp_path), self.rates)
        shown, ifgs = saved(ws, name)
        assert len(ifgs) == {"v": 1, "V": 1, "vdrop": 11, "Vdrop": 6}[name]
        np.testing.assert_allclose(shown, np.tile(centred(self.rates)[:, None], len(ifgs)), atol=1e-4)

    @pytest.mark.parametrize(
        ("name", "phase"),
        [
            ("v-d", lambda p: p.U - p.S - p.C),
            ("v-o", lambda p: p.D(p.U)),
            ("v-do", lambda p: p.D(p.U - p.S)),
            ("v-s", lambda p: p.U - p.N),
            ("v-so", lambda p: p.D(p.U - p.N)),
            ("v-ds", lambda p: p.U - p.S - p.N),
            ("v-dso", lambda p: p.D(p.U - p.S - p.N)),
            ("v-a", lambda p: p.U - p.T),
            ("v-ao", lambda p: p.D(p.U - p.T)),
            ("v-da", lambda p: p.U - p.S - p.T),
            ("v-dai", lambda p: p.U - p.S - p.T - p.I),
            ("v-dait", lambda p: p.U - p.S - p.T - p.I - p.E),
            ("v-dao", lambda p: p.D(p.U - p.S - p.T)),
            ("vt", lambda p: p.E),
            ("vi", lambda p: p.I),
        ],
    )
    def test_weighted_fit_of_corrected_phases(self, tmp_path, name, phase):
        ws = finished.single_master(tmp_path)
        Parameters(ws).set("drop_ifg_index", [2])
        Parameters(ws).set("lambda", WAVELENGTH)
        parts = Parts(ws)
        used = [0, 2, 4, 5, 6, 7, 8]
        weight = (ws.load("ifgstd2")["ifg_std"].astype(float)[used] * np.pi / 181) ** -1
        design = np.column_stack([np.ones(7), (parts.ps["day"] - parts.ps["master_day"])[used]]) * weight[:, None]
        data = centred(phase(parts)[:, used]).T * weight[:, None]
        fit = np.linalg.lstsq(design, data, rcond=None)[0]
        shown, _ = saved(ws, name, "a_gacos", "i_as")
        np.testing.assert_allclose(shown[:, 0], centred(-fit[1] * 365.25 * MILLIMETRES), atol=2e-3)
        m = ws.load("mean_v")["m"]
        assert m.dtype == np.float64
        np.testing.assert_allclose(m, fit, atol=3e-6)

    @pytest.mark.parametrize("name", ["v-dat", "v-dao", "V-dao", "v-d", "V-d"])
    def test_small_baselines_with_their_covariance(self, tmp_path, name):
        ws = finished.small_baselines(tmp_path)
        Parameters(ws).set("lambda", WAVELENGTH)
        p = Parts(ws, pairs=name[0] == "v")
        if name[0] == "V":
            ps_plot("u-a", -1, "a_gacos", workdir=ws)  # inverts the correction
            p = Parts(ws)
        phase = {"dat": p.U - p.S - p.T - p.E, "dao": p.D(p.U - p.S - p.T), "d": p.U - p.S}[name[2:]]
        covariance = ws.load("phuw_sb_res2")["sb_cov" if name[0] == "v" else "sm_cov"]
        days = p.ps["day"] - p.ps["master_day"]
        used = np.arange(11)
        if name[0] == "v":
            days = np.diff(p.ps["ifgday"], axis=1)[:, 0]
        else:
            used = np.delete(np.arange(7), 2)
        inverse = np.linalg.inv(covariance[np.ix_(used, used)])
        design = np.column_stack([np.ones(used.size), days[used]])
        fit = np.linalg.solve(design.T @ inverse @ design, design.T @ inverse @ centred(phase[:, used]).T)
        shown, _ = saved(ws, name, "a_gacos")
        np.testing.assert_allclose(shown[:, 0], centred(-fit[1] * 365.25 * MILLIMETRES), atol=2e-3)

    def test_one_nan_lets_interferograms_take_the_mean_of_everything(self, tmp_path):
        ws = finished.small_baselines(tmp_path)
        lonlat = ws.load("ps2")["lonlat"]
        Parameters(ws).set("ref_lon", np.sort(lonlat[:, 0])[[5, 15]])
        saved(ws, "v")
        plain = ws.load("mean_v")["m"]
        phase = ws.load("phuw_sb2")["ph_uw"]
        phase[7, 0] = np.nan
        ws.save("phuw_sb2", {"ph_uw": phase})
        saved(ws, "v")
        with_nan = ws.load("mean_v")["m"]
        assert np.isnan(with_nan[:, 7]).all() and np.isfinite(np.delete(with_nan, 7, axis=1)).all()
        assert np.abs(np.nanmean(with_nan, axis=1)).max() < np.abs(plain.mean(axis=1)).max() / 20

    def test_chosen_interferograms_are_fitted(self, tmp_path):
        ws = finished.single_master(tmp_path)
        all_of_them, _ = saved(ws, "v")
        some, ifgs = saved(ws, "v", [], 0, [1, 2, 4, 9])  # 4 is the master
        assert ifgs == [1] and np.abs(some - all_of_them).max() > 1
        phase = ws.load("phuw2")["ph_uw"]
        phase[:, 4:8] = np.nan
        ws.save("phuw2", {"ph_uw": phase})
        np.testing.assert_allclose(saved(ws, "v", [], 0, [1, 2, 9])[0], some, atol=1e-6)
        with pytest.raises(InputError, match="at least 2 interferograms, but 1"):
            saved(ws, "v", [], 0, [1, 4])
        with pytest.raises(InputError, match="at least 3"):
            saved(ws, "vdrop", [], 0, [1, 2])

    def test_standard_deviation(self, tmp_path):
        ws = finished.single_master(tmp_path)
        shown, _ = saved(ws, "vs-d", seed=5)
        mv = ws.load("mv2")
        assert mv["n_boot"] == 1500 and mv["subtract_switches"] == "d"
        np.testing.assert_array_equal(shown[:, 0], mv["mean_v_std"])
        np.testing.assert_array_equal(saved(ws, "vs-d", seed=5)[0], shown)
        assert not np.array_equal(saved(ws, "vs-d", seed=6)[0], shown)

    def test_time_series_file(self, tmp_path):
        ws = finished.single_master(tmp_path)
        Parameters(ws).set("drop_ifg_index", [1])
        ps_plot("v-d", "ts", workdir=ws, out="map.png")
        used, p = [1, 2, 4, 5, 6, 7, 8], Parts(ws)
        assert ws.read_text("ps_plot_ts_matname.txt").strip() == "ps_plot_ts_v-d.mat"
        series = ws.load("ps_plot_ts_v-d")
        expected = -centred((p.U - p.S - p.C)[:, used]) * MILLIMETRES
        np.testing.assert_allclose(series["ph_mm"], expected, atol=1e-4)
        np.testing.assert_array_equal(series["day"], p.ps["day"][used])
        assert series["unwrap_ifg_index"].tolist() == used and series["ref_ps"].size == 60
        assert (series["n_ps"], series["lambda"]) == (60, WAVELENGTH) and series["ifg_list"].size == 0
        assert series["bperp"].size == 9 and (ws.path / "map.png").stat().st_size > 10_000
        with pytest.raises(InputError, match="plot Vd|plot v-d"):
            ps_plot("u", "ts", workdir=ws)

    def test_time_series_of_uncorrected_velocity_subtracts_the_master(self, tmp_path):
        ws = finished.single_master(tmp_path)
        ps_plot("v", "ts", workdir=ws, out="map.png")
        p, used = Parts(ws), np.delete(np.arange(9), 3)
        expected = -centred((p.U - p.C)[:, used]) * MILLIMETRES
        np.testing.assert_allclose(ws.load("ps_plot_ts_v")["ph_mm"], expected, atol=1e-4)

    def test_time_series_of_interferograms_is_refused(self, tmp_path):
        with pytest.raises(InputError, match="plot V-d"):
            ps_plot("v-d", "ts", workdir=finished.small_baselines(tmp_path))

    def test_home_directory_where_the_project_is_read_only(self, tmp_path, monkeypatch):
        ws = finished.single_master(tmp_path / "project")
        home = tmp_path / "home"
        home.mkdir()
        monkeypatch.setenv("HOME", str(home))
        write = type(ws).save

        def refuse(self, name, *rest, **options):
            if self.path == ws.path:
                raise WorkspaceError("read-only")
            return write(self, name, *rest, **options)

        monkeypatch.setattr(type(ws), "save", refuse)
        ps_plot("v", -1, workdir=ws)
        assert sorted(path.name for path in home.iterdir()) == ["mean_v.mat", "ps_plot_v.mat"]


class TestBands:
    def test_power_law(self, tmp_path):
        ws = finished.single_master(tmp_path)
        bands = np.random.default_rng(0).normal(size=(60, 4))
        ws.save("tca_bands2", {"ph_tropo_powerlaw_ifg_2": bands, "K_tropo_powerlaw_ifg_2": bands * 3})
        p = Parts(ws)
        for name, base in (("u-a", p.U), ("u-da", p.U - p.S)):
            shown, ifgs = saved(ws, name, "a_p", "ifg 2")
            assert ifgs == [1, 2, 3, 4]
            np.testing.assert_allclose(shown, centred(base[:, [1]] - bands), atol=3e-6)
        np.testing.assert_array_equal(saved(ws, "a", "ifg 2", "a_pk")[0], bands * 3)

    def test_only_where_they_mean_something(self, tmp_path):
        ws = finished.small_baselines(tmp_path)
        for name, message in (("v", "usb and asb"), ("u-a", "usb and asb"), ("usb-a", "only 11")):
            with pytest.raises(InputError, match=message):
                saved(ws, name, "a_p", "ifg 99")
