"""Exports for MintPy and the visualizer."""

import numpy as np
import pytest

from helpers import finished_project as finished
from helpers.export_checks import CENTRE, RADIUS, check_metadata, exported_project, gridded
from stamps import export
from stamps.errors import InputError, NoPixelsError
from stamps.products.exports import visualizer
from stamps.products.exports.table import point_table
from stamps.products.quantities import Project

N_BOOT = 20


@pytest.fixture(scope="module", params=["single_master", "small_baselines"])
def ws(request, tmp_path_factory):
    return exported_project(request.param, tmp_path_factory.mktemp(request.param))


@pytest.fixture(scope="module")
def table(ws):
    return point_table(Project.at(ws), n_boot=N_BOOT)


@pytest.fixture
def written(ws, tmp_path):
    """Factory ``written(kind, name, **options) -> Path``."""

    def make(kind, name="x", **options):
        return export(kind, tmp_path / name, ws, n_boot=N_BOOT, **options)

    return make


def test_mintpy(table, written, ws):
    tables = pytest.importorskip("tables")
    folder = written("mintpy", resolution=400)
    assert sorted(path.name for path in folder.iterdir()) == [
        "geometryGeo.h5",
        "maskTempCoh.h5",
        "temporalCoherence.h5",
        "timeseries.h5",
        "velocity.h5",
    ]

    def read(name):
        with tables.open_file(folder / name) as file:
            facts = {key: str(file.root._v_attrs[key]) for key in file.root._v_attrs._f_list("user")}
            return {node.name: node.read() for node in file.list_nodes("/")}, facts

    content, facts = read("timeseries.h5")
    series = content["timeseries"]
    k, length, width = len(table.dates), int(facts["LENGTH"]), int(facts["WIDTH"])
    assert series.shape == (k, length, width) and series.dtype == np.float32
    assert [date.decode() for date in content["date"]] == [f"{date:%Y%m%d}" for date in table.dates]
    np.testing.assert_allclose(content["bperp"], table.baselines(), rtol=1e-6)
    assert content["bperp"].dtype == np.float32 and content["date"].dtype == "S8"
    left, top = float(facts["X_FIRST"]), float(facts["Y_FIRST"])
    step_lon, step_lat = float(facts["X_STEP"]), -float(facts["Y_STEP"])

    def on_grid(values):
        return gridded(table, left, top, step_lon, step_lat, (length, width), values)

    for i in range(k):
        np.testing.assert_allclose(series[i], on_grid(table.displacement(i)) / 1000, rtol=1e-5, atol=1e-8)
    fixed = {
        "FILE_TYPE": "timeseries",
        "UNIT": "m",
        "X_UNIT": "degrees",
        "Y_UNIT": "degrees",
        "EPSG": "4326",
        "REF_DATE": table.metadata["reference_date"].replace("-", ""),
        "PLATFORM": "SENTINEL-1A",
        "ORBIT_DIRECTION": "DESCENDING",
        "HEADING": "-166.6",
        "WAVELENGTH": "0.0555",
        "START_DATE": f"{table.dates[0]:%Y%m%d}",
        "END_DATE": f"{table.dates[-1]:%Y%m%d}",
    }
    assert {key: facts[key] for key in fixed} == fixed
    i = [date.decode() for date in content["date"]].index(facts["REF_DATE"])
    assert not np.nan_to_num(series[i]).any()
    row, column = int(facts["REF_Y"]), int(facts["REF_X"])
    assert float(facts["REF_LAT"]) == pytest.approx(top - (row + 0.5) * step_lat)
    assert (
        np.hypot((float(facts["REF_LON"]) - CENTRE[0]) * 85e3, (float(facts["REF_LAT"]) - CENTRE[1]) * 111e3) < RADIUS
    )
    assert np.isfinite(series[:, row, column]).all()
    check_metadata(table, {key.removeprefix("STAMPS_").lower(): value for key, value in facts.items()})

    content, facts = read("velocity.h5")
    assert facts["FILE_TYPE"] == "velocity" and facts["UNIT"] == "m/year"
    np.testing.assert_allclose(content["velocity"], on_grid(table.field("VEL")) / 1000, rtol=1e-5, atol=1e-8)
    np.testing.assert_allclose(content["velocityStd"], on_grid(table.field("V_STDEV")) / 1000, rtol=1e-5)
    content, facts = read("temporalCoherence.h5")
    assert facts["FILE_TYPE"] == "temporalCoherence"
    np.testing.assert_allclose(content["temporalCoherence"], on_grid(table.field("COHERENCE")), rtol=1e-5)
    content, facts = read("geometryGeo.h5")
    assert facts["FILE_TYPE"] == "geometry"
    np.testing.assert_allclose(content["height"], on_grid(table.field("HEIGHT")), rtol=1e-5)
    np.testing.assert_allclose(content["incidenceAngle"], on_grid(np.degrees(np.linspace(0.6, 0.7, 60))), rtol=1e-5)
    np.testing.assert_allclose(content["latitude"][:, 0], top - (np.arange(length) + 0.5) * step_lat, rtol=1e-6)
    np.testing.assert_allclose(content["longitude"][0], left + (np.arange(width) + 0.5) * step_lon, rtol=1e-6)
    # a descending satellite that looks to the right sees the ground from the east: 90° clockwise, -90° here
    middle = (table.lonlat[:, 0].min() + table.lonlat[:, 0].max()) / 2
    turned = on_grid((table.lonlat[:, 0] - middle) * np.sin(np.radians(table.lonlat[:, 1])))
    np.testing.assert_allclose(content["azimuthAngle"], 90 + 166.6 - 360 - turned, atol=2e-4)
    content, facts = read("maskTempCoh.h5")
    np.testing.assert_array_equal(content["mask"], np.isfinite(on_grid(table.field("VEL"))))


def test_mintpy_without_reference_area(tmp_path):
    h5py = pytest.importorskip("h5py")
    ws = finished.single_master(tmp_path)
    ws.save("la2", {"la": np.full(60, 0.5)})
    with h5py.File(export("mintpy", workdir=ws, n_boot=N_BOOT) / "geometryGeo.h5") as file:
        assert not [name for name in file.attrs if name.startswith("REF_") and name != "REF_DATE"]
        assert "incidenceAngle" not in file  # Doris: 'la' is the look angle


class TestVisualizer:
    def test_column_rules(self, table, written, ws):
        path = written("visualizer", "stamps_tsexport.csv")
        header, columns, *rows = [line.split(",") for line in path.read_text().splitlines()]
        shown = np.flatnonzero(table.images != ws.load("ps2")["master_ix"])
        assert header == [f"export_res_{k}" for k in range(1, 4 + shown.size)]
        assert {len(row) for row in rows} == {len(columns)} == {len(header)} and len(rows) == 60
        assert [float(columns[0]), float(columns[1])] == CENTRE and columns[2] == "NaN"
        # as.Date(x, origin = "0000-01-01") of R: days since the first day of the year 0, a leap year
        dates = [np.datetime64("0000-01-01") + int(day) for day in columns[3:]]
        assert [str(date) for date in dates] == [table.dates[k].isoformat() for k in shown]
        assert shown.size == len(table.dates) - 1 and dates == sorted(dates)
        numbers = np.array(rows, float)
        np.testing.assert_allclose(numbers[:, :2], table.lonlat, atol=6e-9)
        np.testing.assert_allclose(numbers[:, 2], table.field("VEL"), atol=6e-5)
        series = np.column_stack([table.displacement(k) for k in shown])
        np.testing.assert_allclose(numbers[:, 3:], series, atol=6e-5)
        assert table.metadata["reference"] in (ws.path / "STAMPS.log").read_text()

    def test_series_of_the_plot_as_the_manual_takes_it(self, tmp_path):
        pytest.importorskip("matplotlib")
        from stamps.legacy.ps_plot import ps_plot

        ws = finished.single_master(tmp_path)
        ps_plot("v-do", "ts", workdir=ws, out=str(tmp_path / "x.png"))
        stored = ws.load("ps_plot_ts_v-do")
        path = export("visualizer", workdir=ws, values="v-do", n_boot=N_BOOT)
        assert path == tmp_path / "stamps_tsexport.csv"
        numbers = np.genfromtxt(path, delimiter=",", skip_header=1)
        np.testing.assert_array_equal(numbers[0, 3:], stored["day"] - 1)
        np.testing.assert_allclose(numbers[1:, 3:], stored["ph_mm"], atol=6e-5)
        np.testing.assert_allclose(
            numbers[0, :2], stored["lonlat"].mean(axis=0), atol=1e-8
        )  # the mean is the reference

    def test_without_reference(self, tmp_path):
        ws = finished.single_master(tmp_path, ref_radius=-np.inf)
        path = export("visualizer", workdir=ws, n_boot=N_BOOT)
        assert path.read_text().splitlines()[1].startswith("NaN,NaN,NaN,73")
        assert "not referenced in space" in (tmp_path / "STAMPS.log").read_text()

    def test_alone_in_its_folder(self, tmp_path):
        """The menu of StaMPS-Visualizer lists every file, also what an older version of this export wrote."""
        ws = finished.single_master(tmp_path / "project")
        folder = tmp_path / "stusi"
        folder.mkdir()
        (folder / "site.csv-metadata.json").write_text("{}")
        export("visualizer", "../stusi/site", workdir=ws, n_boot=N_BOOT)
        assert [path.name for path in folder.iterdir()] == ["site.csv"]

    def test_pixels_without_values_are_left_out_and_counted(self, tmp_path, capsys):
        table = point_table(Project.at(finished.single_master(tmp_path)), n_boot=N_BOOT)
        table.field("VEL")[4] = np.nan
        table.series[17, 0] = np.inf
        assert visualizer.write(table, tmp_path / "x.csv") == 58
        _, _, *rows = (tmp_path / "x.csv").read_text().lower().splitlines()
        assert len(rows) == 58 and not any(word in row for row in rows for word in ("nan", "inf"))
        assert "2 of 60 pixels left out" in capsys.readouterr().out

    def test_nothing_to_write(self, tmp_path):
        table = point_table(Project.at(finished.single_master(tmp_path)), n_boot=N_BOOT)
        table.field("VEL")[:] = np.nan
        with pytest.raises(NoPixelsError, match="nothing for StaMPS-Visualizer"):
            visualizer.write(table, tmp_path / "x.csv")

    def test_long_names_are_refused(self, tmp_path):
        ws = finished.single_master(tmp_path)
        assert export("visualizer", "n" * 42, workdir=ws, n_boot=N_BOOT).name == "n" * 42 + ".csv"
        with pytest.raises(InputError, match="has 47 characters.* 46 at the most"):
            export("visualizer", "n" * 43, workdir=ws, n_boot=N_BOOT)
