"""``stamps.components`` on projects whose components are known."""

import csv
import json

import numpy as np
import pytest

import stamps
from helpers import finished_project as finished
from helpers.moving_project import VALUES, dates, moving
from stamps.cli.program import run
from stamps.errors import InputError, ParameterError

pytest.importorskip("sklearn")

N, K = 500, 40
YEARS = (dates(K) - dates(K)[3]) / 365.25


def project(folder, seed=0):
    """A bowl that sinks, and what follows the height with a period of one year."""
    rng = np.random.default_rng(seed)
    xy = rng.uniform(0, 2000, (N, 2))
    bowl = np.exp(-((np.hypot(*(xy - 1000).T) / 300) ** 2))
    heights = rng.exponential(100, N)
    series = (
        -40 * np.outer(bowl, YEARS) + 0.05 * np.outer(heights, np.cos(2 * np.pi * YEARS)) + rng.normal(0, 0.3, (N, K))
    )
    return moving(folder, series, xy=xy, heights=heights), bowl, heights


def found(ws, *words, **options):
    return stamps.components(*words, workdir=ws.path, values=VALUES, **{"n_boot": 3, "runs": 3, "number": 2, **options})


def alike(one, other):
    return abs(np.corrcoef(one, other)[0, 1])


@pytest.mark.parametrize("seed", [1, 2])
def test_components_and_their_hints(tmp_path, seed):
    ws, bowl, heights = project(tmp_path / "p", seed)
    got = found(ws)
    maps = got.components.maps.T
    sinking = int(np.argmax([alike(column, bowl) for column in maps]))
    other = 1 - sinking
    assert alike(maps[sinking], bowl) > 0.97 and alike(maps[other], heights) > 0.97
    assert abs(got.hints["height"][other]) > 0.97 and abs(got.hints["time"][sinking]) > 0.99
    assert got.hints["annual"][other] > 0.97 and (got.components.stability > 0.8).all()
    assert got.components.explained.sum() == pytest.approx(1, abs=0.1)
    text = got.summary()
    assert "2 components (sica)" in text and "Warning" not in text


@pytest.mark.parametrize("reference", [None, -1])
def test_the_kept_and_the_subtracted_part(tmp_path, reference):
    ws, bowl, _ = project(tmp_path / "p")
    date = (
        None
        if reference is None
        else stamps.components(workdir=ws.path, method="pca", number=1, n_boot=3).table.dates[-1]
    )
    got = found(ws, reference_date=date)
    sinking = 1 + int(np.argmax([alike(column, bowl) for column in got.components.maps.T]))
    kept, rest = got.part(keep=[sinking]), got.part(subtract=[sinking])
    whole = got.table.series_matrix()
    np.testing.assert_allclose(kept.series_matrix() + rest.series_matrix(), whole, atol=2e-3)
    np.testing.assert_allclose(kept.field("VEL") + rest.field("VEL"), got.table.field("VEL"), atol=2e-3)
    zero = kept.zero
    assert not kept.series_matrix()[:, zero].any() and kept.metadata["reference_date"] == kept.dates[zero].isoformat()
    truth = -40 * (bowl - bowl.mean())
    assert np.corrcoef(kept.field("VEL"), truth)[0, 1] > 0.98
    assert np.std(rest.field("VEL")) < 0.25 * np.std(got.table.field("VEL"))
    assert np.isnan(kept.field("V_STDEV")).all() and f"components {sinking} kept" in kept.metadata["title"]


def test_velocities_of_all_components_are_those_of_the_exports(tmp_path):
    ws = finished.single_master(tmp_path / "p", n_ps=80)
    got = stamps.components(workdir=ws.path, method="pca", number=7, n_boot=3)
    kept = got.part(keep=range(1, 8))
    both = kept.field("VEL") + got.part(subtract=range(1, 8)).field("VEL")
    np.testing.assert_allclose(both, got.table.field("VEL"), atol=1e-3)


@pytest.mark.parametrize("method", ["pca", "tica"])
@pytest.mark.parametrize("increments", [False, True])
def test_other_methods(tmp_path, method, increments):
    ws, *_ = project(tmp_path / "p")
    got = found(ws, method=method, increments=increments)
    assert got.components.courses.shape == (K, 2) and not got.components.courses[0].any()
    assert got.components.method == method


@pytest.mark.parametrize("kind", ["csv", "gpkg", "geojson", "shp", "kml", "geotiff", "geoparquet"])
def test_maps_and_courses_in_files(tmp_path, kind):
    ws, *_ = project(tmp_path / "p")
    got = found(ws, kind, method="pca")
    assert got.path.exists() and got.path.stem == "components"
    with (ws.path / "components-courses.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [float(row["comp2"]) for row in rows] == pytest.approx(got.components.courses[:, 1].tolist(), abs=1e-3)
    assert rows[0]["date"] == got.table.dates[0].isoformat() and len(rows) == K
    if kind == "csv":
        with got.path.open() as file:
            points = list(csv.DictReader(file))
        assert [float(row["comp1"]) for row in points] == pytest.approx(got.components.maps[:, 0].tolist(), abs=1e-3)
        facts = json.loads((ws.path / "components.csv-metadata.json").read_text())
        assert facts["components"]["components"][0]["component"] == 1


@pytest.mark.parametrize("kind", ["csv", "visualizer", "netcdf", "mintpy", "geotiff"])
def test_a_part_in_every_kind_of_export(tmp_path, kind):
    ws, *_ = project(tmp_path / "p")
    got = found(ws, kind, "part" if kind != "mintpy" else "folder", keep=[1])
    assert got.path.exists()
    if kind == "netcdf":
        xarray = pytest.importorskip("xarray")
        with xarray.open_dataset(got.path, engine="h5netcdf") as data:
            np.testing.assert_array_equal(data.displacement.values, got.part(keep=[1]).series_matrix())


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"method": "nmf"}, ParameterError, "is unknown"),
        ({"number": 99}, ParameterError, "99 components"),
        ({"file_format": "csv", "keep": [5]}, ParameterError, "no component 5"),
        ({"file_format": "csv", "keep": [1], "subtract": [2]}, InputError, "not both"),
        ({"keep": [1]}, InputError, "give a kind of file"),
        ({"file_format": "mintpy"}, InputError, "no room for maps"),
        ({"out": "x.csv"}, InputError, "no kind of file"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path, options, error, message):
    ws, *_ = project(tmp_path / "p")
    before = {path.name for path in ws.path.iterdir()}
    with pytest.raises(error, match=message):
        found(ws, **options)
    assert {path.name for path in ws.path.iterdir()} - before <= {"STAMPS.log"}


@pytest.mark.parametrize("kind", ["single_master", "small_baselines"])
def test_shell(tmp_path, monkeypatch, capsys, kind):
    pytest.importorskip("matplotlib")
    ws = getattr(finished, kind)(tmp_path / "p")
    monkeypatch.chdir(ws.path)
    words = ["--n-boot", "3", "--runs", "2", "--number", "2"]
    assert run("stamps", ["components", "csv", *words, "--picture", "c.png"]) == 0
    said = capsys.readouterr().out
    assert "explained" in said and "Table: " in said and (ws.path / "c.png").read_bytes()[:4] == b"\x89PNG"
    assert run("stamps", ["components", "csv", *words, "--method", "pca", "--subtract", "1,2", "--out", "s.csv"]) == 0
    assert "D2018" in (ws.path / "s.csv").read_text().splitlines()[0]
    with pytest.raises(SystemExit):
        run("stamps", ["components", *words, "--keep", "one"])


def test_components_that_are_chosen_wrongly(tmp_path):
    ws = project(tmp_path / "p")[0]
    for keep, message in (([], "one component at least"), (["a"], "no component 'a'"), ([1.5], "no component 1.5")):
        with pytest.raises((InputError, ParameterError), match=message):
            found(ws, "csv", method="pca", keep=keep)
    assert not [*ws.path.glob("*.csv")]
    twice = found(ws, "csv", tmp_path / "twice", method="pca", keep=[1, 1]).path.read_text()
    assert twice == found(ws, "csv", tmp_path / "once", method="pca", keep=1).path.read_text()
