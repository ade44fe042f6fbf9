"""``stamps.areas`` on projects of which it is known what moves."""

import csv
import json
import xml.etree.ElementTree as ET
import zipfile

import numpy as np
import pytest

import stamps
from helpers import finished_project as finished
from helpers.moving_project import VALUES, dates, moving
from stamps.cli.program import run
from stamps.errors import InputError, ParameterError
from stamps.insar.geometry import llh2local
from stamps.products.moving_areas.hulls import outline_of

shapely = pytest.importorskip("shapely")

K = 30
YEARS = (dates(K) - dates(K)[3]) / 365.25
PLACES = ((600, 600, 150, -20), (1500, 1400, 120, 12))  # x, y, radius (m), mm/yr


def project(folder, seed=0, n=3000):
    rng = np.random.default_rng(seed)
    xy = rng.uniform(0, 2000, (n, 2))
    series = rng.normal(0, 0.4, (n, K))
    label = np.zeros(n, dtype=int)
    for number, (x, y, radius, velocity) in enumerate(PLACES, 1):
        of = np.hypot(*(xy - (x, y)).T) < radius
        label[of] = number
        series[of] += velocity * YEARS
    return moving(folder, series, xy=xy, heights=np.full(n, 120.0)), label, xy


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    return project(tmp_path_factory.mktemp("areas") / "p")


def found(ws, *words, **options):
    return stamps.areas(*words, workdir=ws.path, values=VALUES, n_boot=3, **{"radius": 100.0, **options})


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("hull", ["buffer", "concave", "convex"])
def test_areas_are_where_something_moves(tmp_path, seed, hull):
    ws, label, _ = project(tmp_path / "p", seed)
    areas = found(ws, hull=hull, threshold=5.0)
    assert len(areas) == 2
    for row, outline, (x, y, radius, velocity), number in zip(areas.rows, areas.outlines, PLACES, (1, 2), strict=True):
        members = areas.areas.areas[number - 1].members
        assert (
            np.isin(members, np.flatnonzero(label == number)).mean() == 1
            and members.size > 0.9 * (label == number).sum()
        )
        assert row["v_mean"] == pytest.approx(velocity, abs=1) and row["ada_id"] == number
        assert 0.5 < row["area_m2"] / (np.pi * radius**2) < 2
        assert row["acc_d"] == pytest.approx(velocity * np.ptp(YEARS), abs=1)
        assert row["n_inside"] >= row["n_points"] == members.size and row["h_mean"] == 120
        assert row["type_mode"] == "steady" and row["qi"] <= 2
        metres = llh2local(np.array([[row["lon"], row["lat"]]]), (14.0, 40.0)) * 1000
        assert np.hypot(*(metres - (x, y)).T) < 40
        assert outline.is_valid and all(part.exterior.is_ccw for part in outline.geoms)
        places = shapely.points(ws.load("ps2")["lonlat"][members])
        assert shapely.intersects(shapely.buffer(outline, 1e-7), places).all()
    slope = np.polyfit(YEARS, areas.series[0], 1)[0]
    assert slope == pytest.approx(-20, abs=1)


def test_nothing_moves(tmp_path):
    ws = moving(tmp_path / "p", np.random.default_rng(3).normal(0, 0.5, (200, K)))
    for kind in ("gpkg", "geojson", "csv", "kml", "shp"):
        areas = found(ws, kind, threshold=500.0)
        assert len(areas) == 0 and areas.path.exists()
    assert areas.summary().startswith("0 areas")


@pytest.mark.parametrize("kind", ["gpkg", "geojson", "shp"])
def test_layers(known, tmp_path, kind):
    geopandas = pytest.importorskip("geopandas")
    areas = found(known[0], kind, tmp_path / "a", threshold=5.0)
    read = geopandas.read_file(areas.path)
    assert len(read) == 2 and read.crs.to_epsg() == 4326
    assert max(len(name) for name in read.columns) <= (10 if kind == "shp" else 11)
    assert read["v_mean"].tolist() == pytest.approx([row["v_mean"] for row in areas.rows])
    assert read["n_points"].tolist() == [row["n_points"] for row in areas.rows] and read["slope_dir"].isna().all()
    area = shapely.symmetric_difference(read.geometry.iloc[0], areas.outlines[0]).area
    assert area < 1e-3 * areas.outlines[0].area
    assert (tmp_path / "a-series.csv").exists()
    if kind == "geojson":
        assert json.loads(areas.path.read_text())["metadata"]["moving_areas"]["areas"] == 2


def test_table_series_and_kml(known, tmp_path):
    areas = found(known[0], "csv", tmp_path / "a.csv", threshold=5.0)
    with (tmp_path / "a.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert shapely.from_wkt(rows[1]["outline"]).is_valid and rows[0]["slope_dir"] == ""
    with (tmp_path / "a-series.csv").open() as file:
        series = list(csv.DictReader(file))
    values = [float(series[0][name]) for name in areas.table.series_names]
    assert values == pytest.approx(areas.series[0].tolist(), abs=1e-3) and series[1]["ada_id"] == "2"
    facts = json.loads((tmp_path / "a.csv-metadata.json").read_text())
    assert facts["fields"]["v_mean"]["unit"] == "mm/yr" and "towards the satellite" in facts["sign_convention"]
    for suffix in ("kml", "kmz"):
        path = found(known[0], "kml", tmp_path / f"a.{suffix}", threshold=5.0).path
        text = zipfile.ZipFile(path).read("doc.kml").decode() if suffix == "kmz" else path.read_text()
        tree = ET.fromstring(text)
        assert len(tree.findall(".//{http://www.opengis.net/kml/2.2}Placemark")) == 2


def test_other_spreads_and_methods(known):
    pytest.importorskip("sklearn")
    for options in (
        {"spread": "std"},
        {"spread": "point"},
        {"method": "hdbscan"},
        {"to_median": True},
        {"kinds": False},
    ):
        areas = found(known[0], **{"threshold": None if "spread" in options else 5.0, "sigmas": 2.5, **options})
        assert len(areas) >= 2 and {np.sign(row["v_mean"]) for row in areas.rows[:2]} == {-1, 1}
        assert options != {"kinds": False} or areas.rows[0]["type_mode"] == ""


def test_a_reference_in_the_moving_area_turns_it_around(known):
    ws, label, _ = known
    lon, lat = ws.load("ps2")["lonlat"][label == 1].mean(axis=0)
    areas = found(ws, threshold=5.0, reference_area=(lon, lat, 60.0), to_median=True)
    assert len(areas) == 2
    assert found(ws, threshold=5.0, reference_area=(lon, lat, 60.0)).rows[0]["v_mean"] == pytest.approx(20, abs=1.5)


@pytest.mark.parametrize(
    "xy", [[[0, 0], [10, 0], [20, 0]], [[0, 0], [0, 0], [5, 5]], [[0, 0], [30, 0], [0, 30], [500, 500]]]
)
@pytest.mark.parametrize("hull", ["buffer", "concave", "convex"])
def test_outlines_hold_their_points(xy, hull):
    places = np.array(xy, float)
    shape = outline_of(places, hull, 20.0, 30.0)
    assert shape.is_valid and shape.area > 0
    assert shapely.intersects(shapely.buffer(shape, 1e-6), shapely.points(places)).all()


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"hull": "star"}, InputError, "buffer, concave, convex"),
        ({"method": "kmeans"}, ParameterError, "dbscan or hdbscan"),
        ({"threshold": -1.0}, ParameterError, "positive number"),
        ({"min_points": 1}, ParameterError, "whole number from 2 on"),
        ({"file_format": "netcdf"}, InputError, "cannot be written as netcdf"),
        ({"out": "x.gpkg"}, InputError, "no kind of file"),
        ({"bogus": 1}, InputError, "no option .bogus."),
    ],
)
def test_what_cannot_be_is_refused(known, options, error, message):
    with pytest.raises(error, match=message):
        stamps.areas(workdir=known[0].path, values=VALUES, n_boot=3, **options)


@pytest.mark.parametrize("kind", ["single_master", "small_baselines"])
def test_shell(tmp_path, monkeypatch, capsys, kind):
    pytest.importorskip("matplotlib")
    ws = getattr(finished, kind)(tmp_path / "p", n_ps=300)
    monkeypatch.chdir(ws.path)
    words = ["--n-boot", "3", "--threshold", "3", "--radius", "300"]
    assert run("stamps", ["areas", "geojson", *words, "--picture", "a.png"]) == 0
    said = capsys.readouterr().out
    assert "areas with" in said and "Areas: " in said and (ws.path / "a.png").read_bytes()[:4] == b"\x89PNG"
    assert run("stamps", ["areas", "xls", *words]) == 1
