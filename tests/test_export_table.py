"""The table behind the exports, and how exports are asked for and put in place."""

import hashlib
import subprocess
import sys

import numpy as np
import pytest

from helpers import finished_project as finished
from stamps import export
from stamps.cli import run
from stamps.errors import InputError, NoPixelsError, ParameterError, WorkspaceError
from stamps.legacy.ps_mean_v import ps_mean_v
from stamps.legacy.ps_plot import ps_plot
from stamps.products.exports.grid import grid_of
from stamps.products.exports.table import Subset, point_table
from stamps.products.quantities import Project
from stamps.workspace import Workspace, matfile
from stamps.workspace.parameters import Parameters


@pytest.fixture(scope="module")
def sm(tmp_path_factory):
    return finished.single_master(tmp_path_factory.mktemp("sm"))


@pytest.fixture(scope="module")
def sb(tmp_path_factory):
    return finished.small_baselines(tmp_path_factory.mktemp("sb"))


def table_of(ws, values=None, **options):
    return point_table(Project.at(ws), values, n_boot=50, **options)


def series_of(table):
    return np.column_stack([table.displacement(k) for k in range(len(table.dates))])


def digests(ws):
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in ws.path.iterdir() if path.suffix == ".mat"
    }


class TestValues:
    @pytest.mark.parametrize("values", ["v", "v-d", "v-do", "v-ds", "v-da"])
    def test_velocity_is_that_of_ps_plot(self, sm, values):
        options = {"aps": "a_gacos"} if "a" in values else {}
        table = table_of(sm, values, **options)
        ps_plot(values, *options.values(), -1, workdir=sm)
        np.testing.assert_allclose(
            table.field("VEL"), sm.load_raw(f"ps_plot_{values}")["ph_disp"][:, 0], rtol=2e-6, atol=1e-5
        )

    @pytest.mark.parametrize("values", ["V-d", "v-d", "v-do", "V-do"])
    def test_velocities_of_small_baselines(self, sb, values):
        table = table_of(sb, values)
        ps_plot(values, -1, workdir=sb)
        expected = sb.load_raw(f"ps_plot_{values.lower()}")["ph_disp"][:, 0]
        np.testing.assert_allclose(table.field("VEL"), expected, rtol=2e-6, atol=1e-5)
        assert table.metadata["velocity_from"].startswith("small" if values[0] == "v" else "inverted")

    def test_troposphere_of_small_baselines(self, tmp_path):
        ws = finished.small_baselines(tmp_path)
        without, table = table_of(ws, "V-d"), table_of(ws, "V-da", aps="a_gacos")
        correction = ws.load("tca2")["ph_tropo_gacos"]
        gone = (series_of(without) - series_of(table)) / -finished.MILLIMETRES
        expected = (correction - correction.mean(axis=0))[:, table.images]
        np.testing.assert_allclose(gone, expected - expected[:, [list(table.images).index(2)]], atol=1e-4)

    def test_series_is_that_of_the_time_series_plot(self, sm, tmp_path):
        pytest.importorskip("matplotlib")
        ps_plot("v-d", "ts", workdir=sm, out=str(tmp_path / "x.png"))
        stored = sm.load("ps_plot_ts_v-d")
        table = table_of(sm, "v-d")
        shown = np.flatnonzero(table.images != sm.load("ps2")["master_ix"])
        np.testing.assert_allclose(series_of(table)[:, shown], stored["ph_mm"], rtol=1e-6, atol=1e-5)
        np.testing.assert_array_equal(table.images[shown], stored["unwrap_ifg_index"])

    def test_unwrapped_phases_with_their_corrections(self, sm):
        ps_plot("u-dms", -1, workdir=sm)
        phase = sm.load_raw("ps_plot_u-dms")["ph_disp"]
        np.testing.assert_allclose(
            series_of(table_of(sm, "u-dms")), -phase * finished.MILLIMETRES, rtol=1e-5, atol=1e-4
        )

    @pytest.mark.parametrize("kind", ["single_master", "small_baselines"])
    def test_motion_towards_the_satellite_is_positive(self, tmp_path, kind):
        ws = getattr(finished, kind)(tmp_path, ref_velocity=0.002)
        rates = np.linspace(-20, 30, 60)
        finished.steady_motion(ws, rates)
        scla = ws.load("scla2")
        ws.save("scla2", {"ph_scla": scla["ph_scla"] * 0, "C_ps_uw": scla["C_ps_uw"] * 0})
        table = table_of(ws)
        expected = rates - rates.mean() + 2
        np.testing.assert_allclose(table.field("VEL"), expected, atol=1e-3)
        days = np.array([(date - table.dates[0]).days for date in table.dates])
        moved = series_of(table)
        np.testing.assert_allclose(moved[:, -1] - moved[:, 0], expected * days[-1] / 365.25, atol=1e-3)
        assert not moved[:, list(table.images).index(ws.load("ps2")["master_ix"])].any()
        assert "positive towards the satellite" in table.metadata["sign_convention"]
        assert table.metadata["reference_velocity_mm_per_year"] == 2

    def test_reference_area_and_dropped_images(self, tmp_path):
        ws = finished.single_master(tmp_path, ref_centre_lonlat=[14.012, 40.009], ref_radius=400, drop_ifg_index=[2, 9])
        table = table_of(ws)
        away = np.hypot((table.lonlat[:, 0] - 14.012) * 85_200, (table.lonlat[:, 1] - 40.009) * 111_040)
        assert table.reference.tolist() == np.flatnonzero(away <= 400).tolist() and 2 < table.reference.size < 30
        np.testing.assert_allclose(series_of(table)[table.reference].mean(axis=0), 0, atol=1e-4)
        assert 1 not in table.images and 8 not in table.images and len(table.dates) == 7
        facts = table.metadata
        assert facts["reference_pixels"] == table.reference.size and "within 400 m of 14.0120° E" in facts["reference"]
        assert (facts["reference_lon"], facts["reference_lat"]) == (14.012, 40.009)
        assert facts["parameters"]["ref_radius"] == "400" and facts["parameters"]["drop_ifg_index"] == "[2 9]"
        assert facts["dates"] == [date.isoformat() for date in table.dates] == sorted(facts["dates"])

    @pytest.mark.parametrize("values", ["v", "v-d", "v-do"])
    def test_golden_velocity(self, golden_state, golden_dir, values):
        expected = golden_dir("ps_mini") / "variants" / "products" / f"ps_plot_{values}.mat"
        if not expected.is_file():
            pytest.skip(f"{expected} is only in the complete golden set")
        table = table_of(Workspace(golden_state("ps_mini", 8)), values)
        np.testing.assert_allclose(table.field("VEL"), matfile.read(expected)["ph_disp"][:, 0], atol=2e-3)

    def test_golden_velocity_of_mexico_city(self, golden_dir, tmp_path):
        city = golden_dir("mexico_city")
        for folder in ("input", "golden"):
            for path in (city / folder).glob("*.mat"):
                (tmp_path / path.name).write_bytes(path.read_bytes())
        expected = matfile.read(city / "golden_products" / "series_v-d" / "ps_plot_v-d.mat")["ph_disp"][:, 0]
        table = table_of(Workspace(tmp_path))
        np.testing.assert_allclose(table.field("VEL"), expected, atol=2e-3)
        assert len(table) == 3788 and len(table.dates) == 13 and table.field("VEL").min() < -200


class TestColumns:
    def test_stored_quantities(self, sm, sb):
        table = table_of(sm)
        np.testing.assert_allclose(table.field("HEIGHT"), sm.load("hgt2")["hgt"], rtol=1e-6)
        np.testing.assert_allclose(table.field("COHERENCE"), sm.load("pm2")["coh_ps"], rtol=1e-6)
        assert (
            table.field("CODE")[[0, 59]].tolist() == ["PS0000001", "PS0000060"]
            and np.isnan(table.field("H_STDEV")).all()
        )
        assert not table.field("EFF_AREA").any() and (table_of(sb).field("EFF_AREA") == 100**2).all()
        assert [field.name for field in table.fields] == "CODE HEIGHT H_STDEV VEL V_STDEV COHERENCE EFF_AREA".split()
        assert table.series_names[0] == "D20180101" and max(map(len, table.columns())) <= 10

    @pytest.mark.parametrize("values", ["v-d", "v-do"])
    def test_deviation_is_that_of_ps_mean_v(self, tmp_path, values):
        ws = finished.single_master(tmp_path)
        own = table_of(ws, values, seed=5)
        assert own.metadata["velocity_std_from"] == "50 bootstrap samples, seed 5"
        ps_mean_v(None, 50, values[2:], workdir=ws, seed=5)
        stored = ws.load("mv2")["mean_v_std"]
        np.testing.assert_allclose(own.field("V_STDEV"), stored, rtol=1e-3)
        ws.save("mv2", {"mean_v_std": stored * 2})
        again = table_of(ws, values)
        np.testing.assert_array_equal(again.field("V_STDEV"), stored * 2)
        assert again.metadata["velocity_std_from"] == "mv2.mat, 50 bootstrap samples"
        assert "seed" in table_of(ws, "v").metadata["velocity_std_from"]  # other corrections
        ws.save("mv2", {"mean_v": ws.load("mv2")["mean_v"] + 1})  # another velocity
        np.testing.assert_array_equal(table_of(ws, values, seed=5).field("V_STDEV"), own.field("V_STDEV"))

    def test_deviation_of_interferograms(self, tmp_path):
        ws = finished.small_baselines(tmp_path)
        own = table_of(ws, "v-d", seed=2).field("V_STDEV")
        ps_mean_v(None, 50, "d", 1, workdir=ws, seed=2)
        np.testing.assert_allclose(own, ws.load("mv2")["mean_v_std"], rtol=1e-3)

    def test_singular_covariance_leaves_the_deviation_empty(self, tmp_path, capsys):
        ws = finished.small_baselines(tmp_path)
        ws.save("phuw_sb_res2", {"sm_cov": np.ones((7, 7))})
        table = table_of(ws)
        assert np.isnan(table.field("V_STDEV")).all() and "singular" in table.metadata["velocity_std_from"]
        assert "covariance of the interferograms is singular" in capsys.readouterr().out

    def test_missing_quantities_are_nan(self, tmp_path):
        ws = finished.single_master(tmp_path)
        ws.delete("pm2.mat", "hgt2.mat")
        table = table_of(ws)
        assert np.isnan(table.field("HEIGHT")).all() and np.isnan(table.field("COHERENCE")).all()

    def test_baselines_of_the_dates(self, sm, sb):
        table = table_of(sm)
        np.testing.assert_allclose(table.baselines(), sm.load("ps2")["bperp"][table.images], rtol=1e-6)
        ps, table = sb.load("ps2"), table_of(sb)
        images = np.zeros(7)
        images[table.images] = table.baselines()
        first, second = ps["ifgday_ix"].T
        np.testing.assert_allclose(images[second] - images[first], ps["bperp"], atol=1e-6)


class TestSubset:
    def test_limits(self, sm):
        lonlat, coherence = sm.load("ps2")["lonlat"], sm.load("pm2")["coh_ps"]
        lon_rg, lat_rg = np.sort(lonlat[:, 0])[[10, 50]], np.sort(lonlat[:, 1])[[5, 55]]
        table = table_of(sm, subset=Subset(lon_rg, lat_rg, min_coherence=0.7))
        inside = ((lonlat >= [lon_rg[0], lat_rg[0]]) & (lonlat <= [lon_rg[1], lat_rg[1]])).all(axis=1)
        rows = np.flatnonzero(inside & (coherence >= 0.7))
        everything = table_of(sm)
        assert table.rows.tolist() == rows.tolist() and 5 < rows.size < 60
        np.testing.assert_array_equal(series_of(table), series_of(everything)[rows])
        np.testing.assert_array_equal(table.field("VEL"), everything.field("VEL")[rows])
        assert table.field("CODE")[0] == f"PS{rows[0] + 1:07d}"
        assert (table.metadata["points"], table.metadata["points_of_project"]) == (rows.size, 60)

    def test_deviation_and_step(self, sm):
        std = table_of(sm).field("V_STDEV")
        limit = float(np.median(std))
        assert table_of(sm, subset=Subset(std_cutoff=limit)).rows.tolist() == np.flatnonzero(std < limit).tolist()
        assert len(table_of(sm, subset=Subset(step=7))) == 9

    def test_nothing_left(self, sm):
        with pytest.raises(NoPixelsError, match="No pixel is left to export"):
            table_of(sm, subset=Subset(lon_rg=(0, 1)))
        with pytest.raises(InputError, match=r"lon_rg is \(2, 1\), but two numbers in degrees"):
            table_of(sm, subset=Subset(lon_rg=(2, 1)))


class TestGrid:
    def test_means_counts_and_places(self, sm):
        table = table_of(sm)
        grid = grid_of(table, 300)
        values = table.field("VEL").copy()
        values[3] = np.nan
        mean, counts = grid.mean(values), grid.counts()
        row = np.floor((grid.top - table.lonlat[:, 1]) / grid.step_lat).astype(int)
        column = np.floor((table.lonlat[:, 0] - grid.left) / grid.step_lon).astype(int)
        assert mean.shape == counts.shape == grid.shape and counts.sum() == 60
        for i in range(*grid.shape[:1]):
            for j in range(grid.width):
                here = values[(row == i) & (column == j)]
                here = here[~np.isnan(here)]
                assert np.isnan(mean[i, j]) if here.size == 0 else mean[i, j] == pytest.approx(here.mean(), rel=1e-5)
        assert grid.step_lat * 111_000 == pytest.approx(300, rel=0.01)
        assert grid.step_lon * 85_000 == pytest.approx(300, rel=0.01)
        assert grid.place(*table.lonlat[7]) == (row[7], column[7])

    def test_default_resolution_follows_sparse_pixels(self, tmp_path):
        dense = grid_of(table_of(finished.single_master(tmp_path / "dense", n_ps=500)))
        sparse = grid_of(table_of(finished.single_master(tmp_path / "sparse", n_ps=500, plot_scatterer_size=20)))
        assert dense.step_lat == pytest.approx(120 * 9e-6)
        assert 20 * 9e-6 < sparse.step_lat < 120 * 9e-6

    @pytest.mark.parametrize(("resolution", "message"), [(0, "positive number of metres"), (1e-4, "choose a larger")])
    def test_bad_resolution(self, sm, resolution, message):
        with pytest.raises(InputError, match=message):
            grid_of(table_of(sm), resolution)


class TestAsking:
    @pytest.mark.parametrize(
        ("arguments", "error", "message"),
        [
            (("gpgk",), InputError, "did you mean gpkg"),
            (("nonsense",), InputError, "there are csv, visualizer, gpkg"),
            (("csv", None, {"values": "v-dd"}), InputError, "'v-dd' is not a value type of this project: did you mean"),
            (("csv", None, {"values": "vdrop-d"}), InputError, "'vdrop-d' has no velocity with a time series"),
            (("csv", None, {"values": "w"}), InputError, "such as v-d or unwrapped phases"),
            (("csv", None, {"values": "v-da"}), InputError, "Say which tropospheric correction"),
            (("csv", None, {"resolution": 10}), InputError, "it belongs to kml and geotiff and mintpy"),
            (("csv", None, {"colour": 10}), InputError, "there is none of that name"),
            (("csv", None, {"ifg_list": [1]}), InputError, "at least 2 interferograms"),
            (("csv", None, {"n_boot": 1}), InputError, "whole number from 2"),
            (("csv", "..", {}), InputError, "is a folder"),
            (("mintpy", "ps2.mat", {}), InputError, "is a file: give the name of a folder"),
        ],
    )
    def test_bad_input(self, sm, arguments, error, message):
        kind, out, options = (*arguments, None, {})[:3]
        with pytest.raises(error, match=message):
            export(kind, out, sm, **{"n_boot": 5, **(options or {})})

    @pytest.mark.parametrize("kind", ["single_master", "small_baselines"])
    def test_before_step_7(self, tmp_path, kind):
        ws = getattr(finished, kind)(tmp_path)
        ws.delete("scla2.mat")
        with pytest.raises(WorkspaceError, match=r"scla2.mat is missing: run step 7 first"):
            export("csv", workdir=ws)

    def test_reference_area_without_pixels(self, tmp_path):
        ws = finished.single_master(tmp_path, ref_lon=[1, 2])
        with pytest.raises(ParameterError, match="in the reference area: change ref_lon"):
            export("csv", workdir=ws)

    def test_library_that_is_missing(self, sm, monkeypatch):
        monkeypatch.setitem(sys.modules, "pyogrio.raw", None)
        with pytest.raises(
            InputError, match=r"Exports of kind gpkg need pyogrio.*pip install 'stamps-insar\[export\]'"
        ):
            export("gpkg", "missing.gpkg", sm, n_boot=5)
        assert not sm.has_file("missing.gpkg")

    def test_command(self, sm, capsys):
        arguments = ["export", "csv", "--workdir", str(sm.path), "--n-boot", "5", "--values", "v-do"]
        assert run("stamps", [*arguments, "--out", "one"]) == 0
        assert f"60 pixels written to {sm.path / 'one.csv'}" in capsys.readouterr().out
        assert run("stamps", [*arguments, "--ifg-list", "1", "2", "3", "4", "--lat-rg", "40", "40.009"]) == 0
        header = sm.read_text("export_v-do.csv").splitlines()[0]
        assert header.count(",D2018") == 4
        assert run("stamps", [*arguments, "--resolution", "5"]) == 1
        assert capsys.readouterr().err.startswith("stamps export: The option 'resolution' is not for")

    def test_help_of_a_fresh_process(self):
        command = "import sys; from stamps.cli import run; sys.exit(run('stamps', ['export', '--help']))"
        text = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=True).stdout
        assert "StaMPS-Visualizer" in text and "--resolution" in text


class TestPublishing:
    def test_files_of_the_project_stay(self, tmp_path):
        ws = finished.single_master(tmp_path)
        Parameters(ws).fill_defaults()
        before = digests(ws)
        export("csv", "out/x.csv", ws, n_boot=5)
        assert digests(ws) == before
        assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["x.csv", "x.csv-metadata.json"]

    @pytest.mark.parametrize("values", ["v-dai", "V-dai"])
    def test_corrections_are_inverted_and_not_stored(self, tmp_path, values):
        ws = finished.small_baselines(tmp_path)
        for name in ("tca2", "ica2"):
            ws.delete(f"{name}.mat")
        before = digests(ws)
        computed = table_of(ws, values, aps="a_gacos", iono="i_as")
        assert digests(ws) == before
        ps_plot("u-ai", -1, "a_gacos", "i_as", workdir=ws)  # stores them
        assert ws.exists("tca2") and ws.exists("ica2")
        again = table_of(ws, values, aps="a_gacos", iono="i_as")
        np.testing.assert_array_equal(series_of(computed), series_of(again))

    def test_failure_leaves_the_older_file(self, sm, monkeypatch):
        from stamps.products.exports import csv_table

        export("csv", "kept.csv", sm, n_boot=5)
        older = sm.read_text("kept.csv")

        def fails(path, metadata):
            path.write_text("half")
            raise OSError(28, "No space left on device", str(path))

        monkeypatch.setattr(csv_table, "write_side_file", fails)
        with pytest.raises(WorkspaceError, match=r"cannot be written to .* \(No space left on device\)"):
            export("csv", "kept.csv", sm, n_boot=5, values="v")
        assert sm.read_text("kept.csv") == older
        assert not [path for path in sm.path.iterdir() if path.name.startswith(".stamps-staging")]

    def test_companions_of_an_older_file_go(self, sm):
        from stamps.products.exports import FORMATS, _outdated

        names = set(_outdated(FORMATS["shp"], sm.path / "a.b.shp"))
        assert {"a.b.qix", "a.b.shp.xml"} <= names
        assert "x.tif.aux.xml" in set(_outdated(FORMATS["geotiff"], sm.path / "x.tif"))
