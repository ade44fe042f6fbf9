"""Files of east and up: what they hold, that they come whole or not at all; the shell command."""

import contextlib
import json
import sqlite3

import numpy as np
import pytest

import stamps
from helpers import two_looks
from stamps.analysis.egms import FIELDS, egms_fields
from stamps.analysis.resampling import common_days, onto_days
from stamps.cli import program
from stamps.errors import InputError, ParameterError, WorkspaceError
from stamps.insar.laea import from_laea, to_laea
from stamps.products.ground import motion_files
from stamps.products.ground.egms_pair import pids_of


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    return [ws.path for ws in two_looks.pair(tmp_path_factory.mktemp("pair"), seed=4, n=150)]


@pytest.fixture(scope="module")
def written(pair, tmp_path_factory):
    folder = tmp_path_factory.mktemp("out")
    names = ["m.csv", "m.gpkg", "m.geojson", "m.nc", "m.png"]
    pytest.importorskip("pyogrio"), pytest.importorskip("h5netcdf"), pytest.importorskip("matplotlib")
    motion = stamps.decompose(
        *pair, out=names, workdir=folder, series=True, every=24, reference=two_looks.STABLE, n_boot=30
    )
    return folder, motion


def test_csv(written):
    folder, motion = written
    head, *lines = (folder / "m.csv").read_text().splitlines()
    names = head.split(",")
    start = "code,lon,lat,x,y,height,v_east,v_east_std,v_up,v_up_std,covariance,condition,n_asc,n_desc,dh,east_20180101"
    assert head.startswith(start) and len(lines) == len(motion)
    rows = np.array([[float(text) for text in line.split(",")[1:]] for line in lines])
    table = dict(zip(names[1:], rows.T, strict=True))
    assert table["v_up"] == pytest.approx(motion.up, abs=1e-3) and table["lon"] == pytest.approx(motion.lonlat[:, 0])
    last = motion.metadata["dates"][-1].replace("-", "")
    assert table[f"up_{last}"] == pytest.approx(motion.series.up[:, -1], abs=1e-2) and f"east_std_{last}" in table
    about = json.loads((folder / "m.csv-metadata.json").read_text())
    assert "positive east and up" in about["sign_convention"] and about["fields"]["v_up"]["unit"] == "mm/yr"
    assert motion.files == tuple(folder / f"m.{end}" for end in ("csv", "gpkg", "geojson", "nc", "png"))


def test_gis_files(written):
    geopandas = pytest.importorskip("geopandas")
    folder, motion = written
    for name in ("m.gpkg", "m.geojson"):
        table = geopandas.read_file(folder / name)
        assert table.crs.to_epsg() == 4326 and table.v_east.to_numpy() == pytest.approx(motion.east, abs=1e-3)
        assert table.geometry.x.to_numpy() == pytest.approx(motion.lonlat[:, 0], abs=1e-6)


def test_netcdf(written):
    xarray = pytest.importorskip("xarray")
    folder, motion = written
    with xarray.open_dataset(folder / "m.nc", engine="h5netcdf") as data:
        assert data.sizes == {"point": len(motion), "time": motion.series.days.size}
        assert data.v_up.values == pytest.approx(motion.up) and data.v_up.attrs["units"] == "mm year-1"
        assert data.east_std.values[:, -1] == pytest.approx(motion.series.east_std[:, -1], rel=1e-5)
        assert [str(day)[:10] for day in data.time.values] == motion.metadata["dates"]
        assert data.attrs["reference"] == motion.metadata["reference"] and "code" not in data


def test_picture(written):
    folder, _ = written
    assert (folder / "m.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def test_egms_pair(pair, tmp_path):
    motion = stamps.decompose(*pair, egms="L3", workdir=tmp_path, n_boot=30)
    names = sorted(path.name for path in (tmp_path / "L3").glob("*.csv"))
    assert names == [f"EGMS_L3_E46N18_100km_{letter}_2018_2019_1.csv" for letter in "EU"]
    assert np.allclose(motion.places % 100, 50)
    for name, values in zip(names, (motion.series.east, motion.series.up), strict=True):
        head, *lines = (tmp_path / "L3" / name).read_text().splitlines()
        columns = head.split(",")
        assert columns[:4] == ["pid", "easting", "northing", "height"] and columns[4:11] == list(FIELDS)
        dates = np.array([f"{d[:4]}-{d[4:6]}-{d[6:]}" for d in columns[11:]], "datetime64[D]")
        steps = (dates - np.datetime64("2014-04-03")).astype(int)
        assert (steps % 6 == 0).all() and (np.diff(steps) == 6).all()
        rows = [line.split(",") for line in lines]
        assert all(len(row[0]) == 10 and row[0][0] == "0" for row in rows) and len({row[0] for row in rows}) == len(
            rows
        )
        assert all(int(row[1]) % 100 == int(row[2]) % 100 == 50 for row in rows)
        assert [float(row[-1]) for row in rows] == pytest.approx(values[:, -1].tolist(), abs=0.051)
        about = json.loads((tmp_path / "L3" / f"{name}-metadata.json").read_text())
        assert about["component"].startswith(name.split("_")[4]) and "EPSG:3035" in about["frame_of_cells"]


def test_egms_is_for_europe(tmp_path):
    rng = np.random.default_rng(0)
    shift = np.array([-100.0, 0.0])
    made = [
        two_looks.project(tmp_path / str(h), two_looks.places(rng, 50) + shift, np.zeros((50, 3)), heading=h).path
        for h in (-12.0, -168.0)
    ]
    with pytest.raises(InputError, match="for Europe"):
        stamps.decompose(*made, egms=tmp_path / "L3", n_boot=30)
    assert not (tmp_path / "L3").exists()
    assert len(stamps.decompose(*made, n_boot=30, cell=300)) > 10


def test_other_readers_agree(written):
    """What GeoPackage, GeoJSON and NetCDF are made of, without the libraries that wrote them."""
    h5py, wkb = pytest.importorskip("h5py"), pytest.importorskip("shapely.wkb")
    folder, motion = written
    with contextlib.closing(sqlite3.connect(folder / "m.gpkg")) as base:
        (table,) = [row[0] for row in base.execute("select table_name from gpkg_contents where data_type = 'features'")]
        (geometry,) = [row[0] for row in base.execute("select column_name from gpkg_geometry_columns")]
        rows = base.execute(f'select v_up, v_east_std, "{geometry}" from "{table}"').fetchall()
    assert [row[0] for row in rows] == pytest.approx(motion.up.tolist(), abs=1e-3)
    assert [row[1] for row in rows] == pytest.approx(motion.east_std.tolist(), abs=1e-3)
    head = 8 + {0: 0, 1: 32, 2: 48, 3: 48, 4: 64}[(rows[0][2][3] >> 1) & 7]
    places = [wkb.loads(row[2][head:]).coords[0][:2] for row in rows]
    assert np.array(places) == pytest.approx(motion.lonlat, abs=1e-6)
    features = json.loads((folder / "m.geojson").read_text())["features"]
    assert [part["properties"]["v_up"] for part in features] == pytest.approx(motion.up.tolist(), abs=1e-3)
    assert np.array([part["geometry"]["coordinates"][:2] for part in features]) == pytest.approx(
        motion.lonlat, abs=1e-6
    )
    with h5py.File(folder / "m.nc") as file:
        assert file["v_up"][:] == pytest.approx(motion.up) and file["lat"][:] == pytest.approx(motion.lonlat[:, 1])
        assert file["up"].shape == motion.series.up.shape and file["time"].shape == motion.series.days.shape


def test_the_pair_of_egms_is_read_as_such(pair, tmp_path):
    pytest.importorskip("xarray"), pytest.importorskip("pandas")
    motion = stamps.decompose(*pair, egms="L3", workdir=tmp_path, n_boot=30)
    for letter, values in (("U", motion.series.up), ("E", motion.series.east)):
        (path,) = (tmp_path / "L3").glob(f"*_{letter}_*.csv")
        table = stamps.read_egms(path)
        assert table.attrs["egms_level"] == "L3" and table.displacement.values == pytest.approx(values, abs=0.051)
        assert table.easting.values == pytest.approx(motion.places[:, 0], abs=0.5)
        assert table.northing.values == pytest.approx(motion.places[:, 1], abs=0.5)
        years = (motion.series.days - motion.series.days[0]) / 365
        terms = np.column_stack([years, years**0, np.cos(2 * np.pi * years), np.sin(2 * np.pi * years)])
        slopes = np.linalg.lstsq(terms, values.T, rcond=None)[0][0]
        assert table.mean_velocity.values == pytest.approx(slopes, abs=0.051)


# ---------------------------------------------------------------------- whole or not at all


def test_results_that_are_in_the_way_of_others(pair, tmp_path):
    for names in (["m.csv", "m.csv-metadata.json"], ["m.csv-metadata.json", "m.csv"]):
        with pytest.raises(InputError, match=r"Two of the results would be .*m\.csv-metadata\.json: give other names"):
            stamps.decompose(*pair, out=names, workdir=tmp_path, n_boot=30)
        assert list(tmp_path.iterdir()) == []


def test_a_failing_writer_leaves_everything_as_it_was(pair, tmp_path, monkeypatch):
    (tmp_path / "m.csv").write_text("before")

    def fails(motion, path):
        path.write_text("half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(motion_files, "_write_netcdf", fails)
    with pytest.raises(WorkspaceError, match="No space left on device"):
        stamps.decompose(*pair, out=["m.csv", "m.nc"], workdir=tmp_path, egms="L3", n_boot=30)
    assert [path.name for path in tmp_path.iterdir()] == ["m.csv"] and (tmp_path / "m.csv").read_text() == "before"


@pytest.mark.parametrize("name", ["m.xyz", "m", "-", "", "ps2.mat", "nofolder/m.csv"])
def test_names_that_cannot_be(pair, tmp_path, name):
    with pytest.raises((InputError, WorkspaceError)):
        stamps.decompose(*pair, out=name, workdir=tmp_path, n_boot=30)
    assert list(tmp_path.iterdir()) == []


def test_the_projects_stay_as_they_are(pair, tmp_path):
    def state():
        return {path: path.read_bytes() for folder in pair for path in folder.rglob("*") if path.suffix == ".mat"}

    before = state()
    stamps.decompose(*pair, out=tmp_path / "m.csv", n_boot=30)
    assert state() == before


def test_a_missing_library_is_named(pair, tmp_path, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "xarray", None)
    with pytest.raises(InputError, match="xarray, which is not installed"):
        stamps.decompose(*pair, out=tmp_path / "m.nc")


# ---------------------------------------------------------------------- shell


def test_shell(pair, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = [*map(str, pair), "--n-boot", "30", "--reference", *map(str, two_looks.STABLE)]
    assert program.run("stamps", ["decompose", *words]) == 0
    shown = capsys.readouterr()
    assert (tmp_path / "east_up.csv").is_file() and "cells, east" in shown.out + shown.err
    assert (
        program.run("stamps", ["decompose", *words, "--look-side", "left", "left", "--out", "l.csv", "--cell", "150"])
        == 0
    )
    assert program.run("stamps", ["decompose", str(pair[0])]) == 1
    assert capsys.readouterr().err.splitlines()[-1] == (
        "stamps decompose: East and up need two projects of different lines of sight."
    )
    with pytest.raises(SystemExit):
        program.run("stamps", ["decompose", "--help"])
    assert "examples:" in capsys.readouterr().out


# ---------------------------------------------------------------------- closed forms


def test_interpolation():
    days, series = np.array([0.0, 10, 60, 70]), np.array([[0.0, 10, 20, 40], [1, np.nan, 1, 1]])
    values, std = onto_days(days, series, [1.0, 2, 2, 1], [-1, 0, 4, 10, 35, 65, 70, 71], 36)
    nan = np.nan
    assert values[0] == pytest.approx([nan, 0, 4, 10, nan, 30, 40, nan], nan_ok=True)
    assert values[1] == pytest.approx([nan, 1, nan, nan, nan, 1, 1, nan], nan_ok=True)
    assert std[0, [1, 2, 5]] == pytest.approx([1, np.hypot(0.6, 0.8), np.hypot(1, 0.5)]) and np.isnan(std[0, 0])
    assert onto_days(days, series, np.ones(4), [35.0], 60)[0][:, 0] == pytest.approx([15, 1])


def test_days_of_all():
    parts = ([1.0, 5, 9, 13], [4.0, 8, 12])
    assert common_days(parts).tolist() == [4, 5, 8, 9, 12] and common_days(parts, 3).tolist() == [4, 7, 10]
    assert common_days(parts, 6, origin=0.0).tolist() == [6, 12]
    with pytest.raises(ParameterError, match="fewer than two"):
        common_days(([1.0, 2], [2.0, 3]))


def test_fields_of_egms_against_their_definition():
    rng = np.random.default_rng(0)
    days = 6.0 * np.arange(200)
    t = days / 365
    y = 4 * t - 3 * t**2 / 2 + 5 * np.cos(2 * np.pi * t) + rng.normal(0, 1, (400, 200))
    found = egms_fields(days, y)
    assert found["acceleration"].mean() == pytest.approx(-3, abs=0.05) and found["rmse"].mean() == pytest.approx(
        1, abs=0.03
    )
    assert found["acceleration"].std() == pytest.approx(found["acceleration_std"].mean(), rel=0.15)
    assert found["seasonality"].mean() == pytest.approx(5, abs=0.05)
    gappy = np.full((1, 200), np.nan)
    gappy[0, 60:67] = 1.0
    assert all(np.isnan(values).all() for values in egms_fields(days, gappy).values())


def test_frame_of_europe():
    assert to_laea([[5.0, 50.0]])[0] == pytest.approx([3962799.45, 2999718.85], abs=0.01)
    places = np.array([[14.1, 40.8], [-20.0, 64.0], [10.0, 52.0], [30.0, 70.0]])
    assert from_laea(to_laea(places)) == pytest.approx(places, abs=1e-8)


def test_pid():
    assert pids_of([100, 6250], [0, 50], 3).tolist() == ["3000000001", "3000000010"]
    number = (2_000_050 // 100) * 2**32 + 4_600_050 // 100
    digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    (code,) = pids_of(4_600_050, 2_000_050)
    back = 0
    for letter in code[1:]:
        back = back * 62 + digits.index(letter)
    assert back == number and len(code) == 10
    for east, north in ((-100, 5_000_000), (4_000_000, -50), (100, 2**40)):
        with pytest.raises(InputError, match="not within EGMS's grid"):
            pids_of([4_600_050, east], [2_000_050, north])
