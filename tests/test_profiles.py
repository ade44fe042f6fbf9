"""Profiles: places along a line, statistics of bins, tables and pictures."""

import csv

import numpy as np
import pytest

from helpers import finished_project, pictured_project
from stamps import export
from stamps.analysis.profiles import along_line, binned
from stamps.cli import program
from stamps.errors import InputError, NoPixelsError, ParameterError
from stamps.insar.geometry import local2llh
from stamps.legacy.profiler import profiler
from stamps.products.profile import profile

ORIGIN = (14.2, 40.8)


def places(along, beside, azimuth):
    """Longitude and latitude of points given along and to the left of a line from the origin (metres, radians from east)."""
    along, beside = np.atleast_1d(along), np.atleast_1d(beside)
    x = along * np.cos(azimuth) - beside * np.sin(azimuth)
    y = along * np.sin(azimuth) + beside * np.cos(azimuth)
    return local2llh(np.column_stack([x, y]) / 1000, ORIGIN)


@pytest.mark.parametrize("azimuth", np.radians([0, 30, 90, 135, 180, 225, 270, 359]))
def test_places_along_a_line_in_every_direction(azimuth):
    rng = np.random.default_rng(0)
    along, beside = rng.uniform(-500, 3000, 50), rng.uniform(-800, 800, 50)
    end = places(2500.0, 0.0, azimuth)[0]
    distance, offset, length = along_line(places(along, beside, azimuth), ORIGIN, end)
    np.testing.assert_allclose(distance, along, atol=1e-3)
    np.testing.assert_allclose(offset, beside, atol=1e-3)
    assert length == pytest.approx(2500, abs=1e-3)


def test_a_line_over_the_antimeridian():
    distance, _, length = along_line(np.array([[-179.95, 0.0], [180.0, 0]]), (179.95, 0), (-179.9, 0))
    np.testing.assert_allclose(distance, [length * 2 / 3, length / 3], rtol=1e-9)


def test_bins():
    distance = np.array([0.0, 1, 2, 3, 9.9, 10, 11, -1, 5])
    values = np.array([1.0, 3, np.nan, 5, 7, 9, 100, 100, np.inf])
    found = binned(distance, values, 5, 0, 10)
    assert found.count.tolist() == [2, 1, 0, 0, 2] and found.centre.tolist() == [1, 3, 5, 7, 9]
    np.testing.assert_array_equal(found.mean, [2, 5, np.nan, np.nan, 8])
    np.testing.assert_array_equal(found.median, [2, 5, np.nan, np.nan, 8])
    np.testing.assert_array_equal(found.std, [1, 0, np.nan, np.nan, 1])
    for number in (0, 1.5, "ten", -3):
        with pytest.raises(ParameterError, match="number of bins"):
            binned(distance, values, number, 0, 10)


@pytest.fixture
def ws(tmp_path, monkeypatch):
    pictured_project.small_pictures(monkeypatch)
    return finished_project.single_master(tmp_path / "p", n_ps=200)


def line(ws):
    lonlat = ws.load("ps2")["lonlat"]
    return (lonlat[:, 0].min(), np.median(lonlat[:, 1])), (lonlat[:, 0].max(), np.median(lonlat[:, 1]))


def test_profile_of_a_project(ws):
    start, end = line(ws)
    found = profile(start, end, 400, 7, workdir=ws, out="line.csv", picture="line.png")
    assert 20 < len(found) < 150 and np.abs(found.offset).max() <= 200 and (np.diff(found.distance) >= 0).all()
    assert found.bins.count.sum() == len(found) and found.name == "v-d"
    with open(ws.path / "line.csv") as file:
        rows = list(csv.DictReader(file))
    assert [row["code"] for row in rows] == found.code.tolist()
    np.testing.assert_allclose([float(row["value_mm_per_yr"]) for row in rows], found.value, atol=6e-4)
    with open(ws.path / "line_bins.csv") as file:
        bins = list(csv.DictReader(file))
    np.testing.assert_allclose([float(row["mean_mm_per_yr"] or "nan") for row in bins], found.bins.mean, atol=6e-4)
    assert (ws.path / "line.png").stat().st_size > 1000
    back = profile(end, start, 400, 7, workdir=ws)
    np.testing.assert_allclose(back.bins.mean, found.bins.mean[::-1], rtol=1e-6)


@pytest.mark.parametrize("area", [None, (0.0, 0.0, 900.0)])
def test_a_profile_is_a_part_of_the_export(ws, area):
    """Members, means and medians from the exported table by plain geometry on a sphere of WGS 84's radii."""
    start, end = (np.array(place) for place in line(ws))
    if area is not None:
        area = (*start, area[2])
    found = profile(start, end, 900, 6, workdir=ws, reference_area=area)
    export("csv", "all.csv", workdir=ws, reference_area=area, n_boot=2)
    with open(ws.path / "all.csv") as file:
        rows = list(csv.DictReader(file))
    lonlat = np.array([[float(row["LON"]), float(row["LAT"])] for row in rows])
    value = np.array([float(row["VEL"]) for row in rows])
    sine = np.sin(np.radians(start[1]))
    normal = 6378137 / np.sqrt(1 - 0.00669437999 * sine**2)
    meridian = normal * (1 - 0.00669437999) / (1 - 0.00669437999 * sine**2)
    scale = np.radians(1) * np.array([normal * np.cos(np.radians(start[1])), meridian])
    x, y = ((lonlat - start) * scale).T
    direction = (end - start) * scale
    length = np.hypot(*direction)
    along, beside = np.array([direction, [-direction[1], direction[0]]]) @ [x, y] / length
    assert found.length == pytest.approx(length, rel=2e-3)
    clear = np.minimum.reduce([np.abs(along), np.abs(along - length), np.abs(np.abs(beside) - 450)]) > 0.002 * length
    member = (along >= 0) & (along <= length) & (np.abs(beside) <= 450)
    codes = {row["CODE"] for row, use in zip(rows, member & clear, strict=True) if use}
    assert (
        codes
        <= set(found.code.tolist())
        <= {row["CODE"] for row, use in zip(rows, member | ~clear, strict=True) if use}
    )
    of = dict(zip([row["CODE"] for row in rows], value, strict=True))
    assert found.value == pytest.approx([of[code] for code in found.code], abs=1e-3)
    edges = np.linspace(0, found.length, 7)
    for k in range(6):
        inside = (found.distance >= edges[k]) & (found.distance <= edges[k + 1])
        assert found.bins.count[k] == inside.sum()
        if inside.any():
            assert found.bins.mean[k] == pytest.approx(found.value[inside].astype(float).mean(), abs=1e-6)
            assert found.bins.median[k] == pytest.approx(np.median(found.value[inside]), abs=1e-6)
    if area is not None:
        plain = profile(start, end, 900, 6, workdir=ws)
        assert np.ptp(plain.value - found.value) < 1e-3 < abs(plain.value[0] - found.value[0])


def test_command(ws, capsys):
    (west, south), (east, north) = line(ws)
    words = ["profile", "--from", str(west), str(south), "--to", str(east), str(north), "--workdir", str(ws.path)]
    assert program.run("stamps", [*words, "--width", "500", "--bins", "4", "--value", "v", "--out", "a.csv"]) == 0
    lines = capsys.readouterr().out.splitlines()[-6:]
    assert "pixels of v within 250 m" in lines[0] and (ws.path / "a_bins.csv").is_file()
    assert program.run("stamps", [*words, "--width", "-1"]) == 1
    assert "width is -1.0" in capsys.readouterr().err
    assert program.run("stamps", [*words[:5], str(west), str(south), "--workdir", str(ws.path)]) != 0


@pytest.mark.parametrize(
    ("arguments", "options", "error", "sentence"),
    [
        (((14, 40), (14, 40)), {}, InputError, "same place"),
        (((14, 40), (14, 91)), {}, InputError, "no end of a line"),
        (((14, np.nan), (14, 41)), {}, InputError, "no end of a line"),
        ((("a", "b"), (14, 41)), {}, InputError, "no end of a line"),
        (((10, 40), (10.1, 40)), {}, NoPixelsError, "No pixel lies within"),
        (((14, 40), (14.1, 40)), {"bins": 0}, ParameterError, "number of bins"),
        (((14, 40), (14.1, 40)), {"width": np.nan}, ParameterError, "width"),
        (((14, 40), (14.1, 40)), {"out": "line.txt"}, InputError, "CSV"),
        (((14, 40), (14.1, 40)), {"values": "hgt"}, InputError, "hgt"),
    ],
)
def test_what_cannot_be_right(ws, arguments, options, error, sentence):
    with pytest.raises(error, match=sentence):
        profile(*arguments, workdir=ws, **options)


@pytest.mark.parametrize("azimuth", np.radians([20, 200]))  # east and west of the first point
def test_profiler_against_a_known_ramp(tmp_path, monkeypatch, azimuth):
    pictured_project.small_pictures(monkeypatch)
    rng = np.random.default_rng(1)
    along, beside = rng.uniform(-1000, 3000, 4000), rng.uniform(-300, 300, 4000)
    lonlat = places(along, beside, azimuth)
    values = 2.0 + along / 100
    end = places(2000.0, 0.0, azimuth)[0]
    found = profiler(np.column_stack([values, values * 0]), lonlat, ORIGIN, end, 10, 100, "mm", tmp_path, "a.png")
    assert found.distance.size == np.count_nonzero(np.abs(beside) <= 100) and found.distance.min() < -900
    np.testing.assert_allclose(found.values, 2 + found.distance / 100, atol=1e-3)
    assert found.centre.size == 10
    np.testing.assert_allclose(found.mean, 2 + found.centre / 100, atol=0.4)
    assert (tmp_path / "a.png").is_file()


def test_profiler_leaves_thin_bins_out_and_refuses(tmp_path, monkeypatch):
    pictured_project.small_pictures(monkeypatch)
    along = np.concatenate([np.linspace(0, 900, 91), [1990.0, 2000.0]])
    lonlat = places(along, 0 * along, 0.0)
    end = places(2000.0, 0.0, 0.0)[0]
    found = profiler(along, lonlat, ORIGIN, end, 2, 50, workdir=tmp_path, out="a.png")
    assert found.centre.tolist() == pytest.approx([500], abs=0.01)
    with pytest.raises(NoPixelsError, match="within 50 m"):
        profiler(along, lonlat + 1, ORIGIN, end, 2, 50, workdir=tmp_path, out="a.png")
    with pytest.raises(InputError, match="one row for each"):
        profiler(along[1:], lonlat, ORIGIN, end, workdir=tmp_path, out="a.png")
    with pytest.raises(ParameterError, match="R is 0"):
        profiler(along, lonlat, ORIGIN, end, R=0, workdir=tmp_path, out="a.png")
