"""Positions and heights as rasters really hold them: gaps are left out and counted, nonsense is refused by file name."""

import functools

import numpy as np
import pytest

from helpers import tiny_stacks
from stamps.errors import InputError
from stamps.frontends.positions import judge_heights, judge_positions, reach_of
from stamps.legacy.mt_prep import mt_prep
from stamps.legacy.mt_prep_gamma import mt_prep_gamma
from stamps.legacy.mt_prep_snap import mt_prep_snap
from stamps.workspace import Workspace, findings

PIXELS = np.argwhere(np.ones((40, 50)))


NAMES = ("a.lon", "a.lat")


BIG = ">f4"


def scene(lon=14.2, lat=40.8, step=0.0005):
    """Longitude and latitude of 40 lines × 50 samples, some hundred metres to a side, a little askew."""
    line, sample = PIXELS.T - np.array([[20], [25]])
    east = step * (sample + 0.2 * line)
    return np.column_stack([lon + east, lat - step * (line - 0.2 * sample)]).astype(np.float32)


def put(column, rows, value):
    """What spoils a scene: a value in some rows of the longitude (0), the latitude (1) or both (slice)."""

    def change(lonlat):
        lonlat[rows, column] = value
        return lonlat

    return change


BOTH = slice(None)


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        (put(BOTH, slice(0, 40), 0), 40),
        (put(BOTH, [77], 0), 1),
        (put(BOTH, slice(0, 1000), 0), 1000),  # half of the raster is empty
        (put(BOTH, slice(0, 300), -9999), 300),
        (put(0, slice(0, 300), -9999), 300),
        (put(BOTH, [3, 5, 7], np.nan), 3),
        (put(BOTH, slice(0, 900), np.nan), 900),
        (put(1, [3], np.inf), 1),
        (put(1, [3], -np.inf), 1),
        (put(0, slice(0, 700), 1e38), 700),
        (put(BOTH, slice(0, 90), -32768), 90),
        (put(1, [1999], 91), 1),
        (put(0, [1999], 361), 1),
        (put(1, [1000], 0), 1),  # the latitude alone
        (put(0, [1000], 104.2), 1),
        (put(0, [1000], 1e-42), 1),
    ],
)
def test_gaps_are_counted(change, missing):
    found, warnings = judge_positions(change(scene()), NAMES, 20, PIXELS)
    assert np.count_nonzero(found) == missing
    assert len(warnings) == 1 and f"a.lon and a.lat: {missing} of 2000 candidates have no coordinates" in warnings[0]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda a: np.column_stack([a[:, 0].byteswap(), a[:, 1]]), ("a.lon", "byte order")),
        (lambda a: np.column_stack([a[:, 0], a[:, 1].byteswap()]), ("a.lat", "byte order")),
        (lambda a: a.byteswap(), ("a.lon", "byte order")),
        (lambda a: np.column_stack([a[:, 0] + 100, a[:, 1]])[:, ::-1], ("a.lat", "exchanged")),
        (lambda a: a * [1, 5], ("a.lat", "±90")),
        (lambda a: a * [60, 1], ("a.lon", "±360")),
        (lambda a: (a - a[0]) * 1000 + a[0], ("a.lon", "km")),  # a scene of thousands of kilometres
        (put(0, slice(None), 14.2), ("a.lon", "everywhere")),
        (put(1, slice(None), 40.8), ("a.lat", "everywhere")),
        (lambda a: np.random.default_rng(1).uniform(-90, 90, a.shape), ("a.lon", "km")),
        (lambda a: np.full(a.shape, 3e-41) * np.arange(1, 2001)[:, None], ("a.lon", "longitude")),  # denormal
        (lambda a: np.random.default_rng(1).integers(0, 2**32, a.shape, np.uint32).view(np.float32), ("a.l",)),
        (lambda a: a.astype(np.float32).view(np.int32).astype(np.float32), ("a.l", "degrees")),  # integers
        (put(1, slice(0, 1200), 0), ("a.lon", "km")),
    ],
)
def test_nonsense_is_refused(change, words):
    with np.errstate(all="ignore"), pytest.raises(InputError) as caught:
        judge_positions(np.asarray(change(scene()), np.float32), NAMES, 20, PIXELS)
    assert all(word in str(caught.value) for word in words), caught.value


@pytest.mark.parametrize("lat", [-16.85, 0.0, 40.8, 66.0, 84.0, -89.5])
@pytest.mark.parametrize("lon", [-180.0, -70.3, 0.0, 14.2, 180.0, 359.9])
def test_scenes_everywhere_are_accepted(lon, lat):
    """At 0° N 0° E, where one pixel is 0/0 by right; across 180°, in both conventions; near the pole."""
    lonlat = scene(lon, lat)
    wrapped = np.column_stack([(lonlat[:, 0] + 180) % 360 - 180, lonlat[:, 1]])
    for values in (lonlat, wrapped.astype(np.float32)):
        found, warnings = judge_positions(values, NAMES, 30, PIXELS)
        assert not found.any() and not warnings


def test_gaps_in_a_scene_at_zero():
    """Pixels without coordinates differ from those that lie at 0/0: the others lead elsewhere."""
    lonlat = scene(0.0, 0.0)
    assert (lonlat == 0).all(axis=1).sum() == 1
    lonlat[100:130] = 0
    found, _ = judge_positions(lonlat, NAMES, 30, PIXELS)
    np.testing.assert_array_equal(np.flatnonzero(found), np.arange(100, 130))


def test_few_candidates_and_none():
    for n in (0, 1, 2, 3):
        assert not judge_positions(scene()[:n], NAMES, 20, PIXELS[:n]).missing.any()
        assert not judge_heights(np.zeros(n, np.float32), "hgt").warnings
    assert judge_positions(np.zeros((5, 2), np.float32), NAMES, 20, PIXELS[:5]).missing.all()


def test_reach_follows_the_headers():
    assert reach_of((20000, 3000), (4, 20)) > 150
    assert reach_of((200, 100), (12, 28)) < 40
    assert reach_of((200, 100)) < reach_of()


HEIGHTS = np.linspace(0, 300, 2000).astype(np.float32)


@pytest.mark.parametrize("value", [-32768, -9999, np.nan, 1e38, 32767, np.inf, -np.inf, -999, -3.4028235e38])
@pytest.mark.parametrize("rows", [[5], slice(0, 700), slice(0, 1900)])
def test_void_heights_are_counted(value, rows):
    heights = HEIGHTS.copy()
    heights[rows] = value
    found, warnings = judge_heights(heights, "dem.rdc")
    assert np.flatnonzero(found).tolist() == np.arange(2000)[rows].tolist()
    assert "dem.rdc" in warnings[0] and f"{np.count_nonzero(found)} of 2000" in warnings[0]


@pytest.mark.parametrize(
    ("heights", "words"),
    [
        (HEIGHTS.byteswap(), ("byte order",)),
        ((HEIGHTS + 500).byteswap(), ("byte order",)),
        (HEIGHTS * 1000, ("-1000 to 10000 m",)),
        (HEIGHTS.view(np.int32).astype(np.float32), ("height",)),
    ],
)
def test_nonsense_heights_are_refused(heights, words):
    with pytest.raises(InputError, match=r"dem\.rdc") as caught:
        judge_heights(heights, "dem.rdc")
    assert all(word in str(caught.value) for word in words)


def test_flat_heights_are_said():
    for value in (0, 250):
        missing, warnings = judge_heights(np.full(100, value, np.float32), "dem.rdc")
        assert not missing.any() and len(warnings) == 1 and "everywhere" in warnings[0]


def prepare(tmp_path, processor="snap", network="single", lon=None, lat=None, height=None):
    """Prepare a tiny stack whose rasters were changed; returns the project."""
    stack = tiny_stacks.copy_of(tmp_path / "stack", processor, network)
    project = tmp_path / "project"
    if processor == "doris":
        project = next(stack.glob("INSAR_*"))
        paths = [project / name for name in ("lon.raw", "lat.raw", "dem_radar.raw")]
        call = functools.partial(mt_prep, workdir=project)
    else:
        project.mkdir()
        paths = [next((stack / "geo").glob(name)) for name in ("*.lon", "*.lat", "*dem.rdc")]
        function = {"snap": mt_prep_snap, "gamma": mt_prep_gamma}[processor]
        call = functools.partial(function, tiny_stacks.master_of(stack), stack, workdir=project)
    for path, change in zip(paths, (lon, lat, height), strict=True):
        if change is not None:
            tiny_stacks.edit_raster(path, change, "=f4" if processor == "doris" else BIG)
    before = sorted(path.name for path in project.iterdir())
    try:
        call()
    except InputError:
        assert sorted(path.name for path in project.iterdir()) == before
        raise
    return project


def gap(value, lines=2):
    def change(values):
        values[:lines] = value
        return values

    return change


def test_clean_stacks_have_no_findings(tmp_path):
    for number, (processor, network) in enumerate([("snap", "sb"), ("gamma", "single"), ("doris", "single")]):
        project = prepare(tmp_path / str(number), processor, network)
        assert findings.collect(Workspace(project)) == []


@pytest.mark.parametrize("processor", ["snap", "gamma", "doris"])
def test_gaps_of_rasters_are_named(tmp_path, processor):
    project = prepare(tmp_path, processor, lon=gap(0), lat=gap(0), height=gap(-32768, 3))
    found = findings.collect(Workspace(project))
    assert len(found) == 2 and "60 of 720 sampled pixels have no coordinates" in found[0], found
    assert "90 of 720 sampled pixels have no height" in found[1]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"lon": lambda a: a.byteswap()}, ("lon", "byte order")),
        ({"lat": lambda a: a.byteswap()}, ("lat", "byte order")),
        ({"height": lambda a: a.byteswap()}, ("dem", "byte order")),
        ({"lon": gap(0, 13), "lat": gap(0, 13)}, ("lon", "54 %")),
        ({"lon": gap(np.nan, 24)}, ("lon", "no coordinates")),
        ({"lon": lambda a: np.radians(a), "lat": lambda a: np.radians(a)}, ("lon", "degrees were expected")),
        ({"lon": lambda a: a * 3}, ("lon", "km")),
        ({"height": gap(-9999, 24)}, ("dem", "no height")),
        ({"lat": lambda a: a + 60}, ("lat", "±90")),
    ],
)
def test_nonsense_rasters_are_refused(tmp_path, changes, words):
    if words[1] == "km":
        changes = {"lon": lambda a: (a - a[0, 0]) * 3000 + a[0, 0]}
    with pytest.raises(InputError) as caught:
        prepare(tmp_path, **changes)
    assert all(word in str(caught.value) for word in words), caught.value
    assert "\n" not in str(caught.value)


def test_exchanged_rasters_are_refused(tmp_path):
    """Both are degrees; only the master's header tells which is which."""
    stack = tiny_stacks.copy_of(tmp_path / "stack")
    lon, lat = (next((stack / "geo").glob(name)) for name in ("*.lon", "*.lat"))
    values = lon.read_bytes()
    lon.write_bytes(lat.read_bytes())
    lat.write_bytes(values)
    with pytest.raises(InputError, match="are exchanged"):
        mt_prep_snap(tiny_stacks.master_of(stack), stack, workdir=tmp_path)


def test_a_raster_of_another_type_is_refused(tmp_path):
    stack = tiny_stacks.copy_of(tmp_path / "stack")
    path = next((stack / "geo").glob("*.lon"))
    np.fromfile(path, BIG).astype(">c8").tofile(path)
    with pytest.raises(InputError, match=r"\.lon has 5760 bytes"):
        mt_prep_snap(tiny_stacks.master_of(stack), stack, workdir=tmp_path)


def test_coordinates_of_another_scene_are_named(tmp_path):
    project = prepare(tmp_path, lon=lambda a: a + 7)
    assert any("check that they belong to this stack" in text for text in findings.collect(Workspace(project)))


def test_a_sea_scene_without_heights_is_named(tmp_path):
    project = prepare(tmp_path, height=lambda a: a * 0)
    assert any("0 m everywhere" in text for text in findings.collect(Workspace(project)))


def test_isce_rasters(tmp_path):
    pytest.importorskip("rasterio")
    from stamps.legacy.mt_prep_isce import mt_prep_isce

    stack = tiny_stacks.copy_of(tmp_path / "stack", "isce")
    geometry = stack / "merged" / "geom_reference"
    project = tmp_path / "project"
    project.mkdir()
    tiny_stacks.edit_raster(geometry / "hgt.rdr.full", gap(-32768), "<f8")
    tiny_stacks.edit_raster(geometry / "lat.rdr.full", gap(0), "<f8")
    tiny_stacks.edit_raster(geometry / "lon.rdr.full", gap(0), "<f8")
    mt_prep_isce(tiny_stacks.master_of(stack), stack, workdir=project)
    found = findings.collect(Workspace(project))
    assert len(found) == 2 and "lon.rdr.full" in found[0] and "hgt.rdr.full" in found[1]
    tiny_stacks.edit_raster(geometry / "lat.rdr.full", lambda a: a * 7, "<f8")
    with pytest.raises(InputError, match=r"lat\.rdr\.full"):
        mt_prep_isce(tiny_stacks.master_of(stack), stack, workdir=project)
    assert findings.collect(Workspace(project)) == found
