"""Parts of the preparation of geocoded SLCs: names, passes, lattice, geometry, orbits, jumps; small products made by hand."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from stamps.errors import InputError, ParameterError
from stamps.frontends import node_grids
from stamps.frontends.cslc import consistency, geometry, lattice, names, passes
from stamps.frontends.cslc.equality import check_stack, differences, mixed_corrections
from stamps.frontends.cslc.orbit_of_pass import orbit_of
from stamps.frontends.cslc.products import Grid, Product, StateVectors, grid_of
from stamps.frontends.cslc.settings import CslcSettings
from stamps.frontends.cslc.static import choose_static
from stamps.frontends.flattened_stack import write_raster
from stamps.workspace import Workspace

pyproj = pytest.importorskip("pyproj")

GRID = Grid(32633, 500_002.5, 4_500_005.0, 5.0, -10.0, 400, 300)
BURST = "t044_092461_iw2"


def vectors(start, shift=0.0, begin=0.0):
    """A satellite on a circle of 7070 km, ``shift`` metres outwards; from ``begin`` - 60 s on."""
    time = np.arange(13) * 10.0 - 60 + begin
    angle = time * 7600 / 7.07e6 + 0.7
    radius = 7.07e6 + shift
    position = np.column_stack([np.cos(angle) * 0.6, np.cos(angle) * 0.8, np.sin(angle)]) * radius
    return StateVectors(start - np.timedelta64(2, "D"), time + 2 * 86400, position)


def product(day=1, burst=BURST, hour="05:06:02.1", **changes):
    """An image of a burst."""
    start = np.datetime64(f"2018-01-{day:02d}T{hour}", "ns")
    values = {
        "path": Path(f"/data/{burst}_{day:02d}.h5"), "burst": burst, "kind": "image", "layout": "cslc", "grid": GRID,
        "polarisations": {"VV": "data/VV"}, "track": 44, "orbit_number": 100 + day, "mission": "S1A",
        "direction": "Descending", "side": "Right", "start": start, "stop": start + np.timedelta64(3, "s"),
        "generated": "2024-01-01 00:00:00", "version": "1.1", "centre": (15.0, 40.6), "wavelength": 0.05546576,
        "flags": {"bistatic_delay_applied": True}, "flattened": True, "orbit_type": "POEORB", "vectors": vectors(start),
    }  # fmt: skip
    return Product(**{**values, **changes})


def stack_of(*products):
    days, problems = passes.days_of(products)
    images, notes = passes.images_of(products, days)
    return images, [problem.text for problem in problems], notes


# ---------------------------------------------------------------------- names, settings


@pytest.mark.parametrize("text", ["T078-165495-IW3", "t078_165495_iw3", "78_165495_IW3 "])
def test_names_of_bursts(text):
    assert names.burst_name(text) == "t078_165495_iw3"


def test_frames_and_sensors():
    assert names.burst_name("33-A-41") == "033_a_041"
    assert names.platform_name("s1a") == "SENTINEL-1A" and names.platform_name("NISAR") == "NISAR"
    assert sorted(["t044_000002_iw1", "t044_000001_iw3", "t044_000001_iw2"], key=names.burst_order) == [
        "t044_000001_iw2", "t044_000001_iw3", "t044_000002_iw1",
    ]  # fmt: skip
    with pytest.raises(InputError, match="names no burst"):
        names.burst_name("IW3")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"area": (179.5, 10, -179.5, 11)}, "180° meridian"),
        ({"area": (14, 41, 15, 40)}, "empty"),
        ({"area": (14, 41, 15)}, "four numbers"),
        ({"area": (14, np.nan, 15, 42)}, "four numbers"),
        ({"area": (190, 40, 200, 42)}, "-180 to 180"),
        ({"pol": "XX"}, "VV, HH"),
        ({"frequency": "C"}, "A and B"),
        ({"exclude": ["2018"]}, "yyyymmdd"),
        ({"bursts": ["one"]}, "names no burst"),
        ({"height": 1e6}, "9000"),
    ],
)
def test_settings_that_cannot_be(given, words):
    with pytest.raises((InputError, ParameterError), match=words):
        CslcSettings.of(**given)


def test_one_burst_and_one_date_may_be_given_alone():
    settings = CslcSettings.of(bursts="T044-092461-IW2", exclude=20180101, pol="hh")
    assert settings.bursts == (BURST,) and settings.exclude == (20180101,) and settings.pol == "HH"


# ---------------------------------------------------------------------- passes


def test_a_pass_over_midnight_has_one_name():
    second = "t044_092462_iw2"
    late = product(3, hour="23:59:59.0")
    early = product(4, second, hour="00:00:01.5", orbit_number=late.orbit_number)
    images, problems, _ = stack_of(early, late)
    assert not problems and list(images[BURST]) == list(images[second]) == [20180103]


def test_two_passes_of_a_day():
    _, problems, _ = stack_of(product(3), product(3, hour="17:00:00", orbit_number=9, path=Path("/data/b.h5")))
    assert len(problems) == 1 and "two passes of the same day 20180103" in problems[0]


def test_the_newest_of_a_burst_and_pass_counts():
    newest = product(3, version="1.10", path=Path("/data/new.h5"))
    older = product(3, version="1.9", generated="2025-01-01", path=Path("/data/old.h5"))
    again = product(3, version="1.10", generated="2023-01-01", path=Path("/data/again.h5"))
    images, _, notes = stack_of(newest, older, again)
    assert images[BURST][20180103] is newest
    assert "old.h5 (for new.h5)" in notes[0] and "again.h5" in notes[0]


def test_polarisations():
    both = product(1, polarisations={"VV": "data/VV", "VH": "data/VH"})
    assert passes.polarisation_of([both, product(2)], None)[0] == "VV"
    assert passes.polarisation_of([both], "VH")[0] == "VH"
    other = product(3, polarisations={"HH": "data/HH"})
    _, kept, problems = passes.polarisation_of([both, product(2), other], None)
    assert len(kept) == 2
    assert problems[0].text == f"{other.path} has polarisation HH, but the others VV: choose one with --pol."
    assert "there is VH, VV" in passes.polarisation_of([both], "HH")[2][0].text


def test_a_burst_off_its_place_also_at_the_date_line():
    images, _, _ = stack_of(product(1), product(2), product(3, centre=(15.0, 40.78)))
    assert "lies 20 km off its place on 20180103" in passes.misplaced(images)[0].text
    images, _, _ = stack_of(product(1, centre=(179.999, 40)), product(2, centre=(-179.999, 40)))
    assert not passes.misplaced(images)


# ---------------------------------------------------------------------- what must be equal


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"direction": "Ascending"}, "has pass direction Ascending, but the others Descending"),
        ({"track": 45}, "has track 45"),
        ({"side": "Left"}, "looks left"),
        ({"wavelength": 0.2}, "has wavelength 0.2 m"),
        ({"wavelength": float("nan")}, "has wavelength nan"),
        (
            {"flattened": False},
            "is not flattened (topographic_flattening_applied is False): make it with flatten: True",
        ),
        ({"flattened": None}, "does not say whether it is flattened"),
        ({"grid": dataclasses.replace(GRID, x=GRID.x + 5)}, "belong to different processings"),
        ({"grid": dataclasses.replace(GRID, width=399)}, "belong to different processings"),
        ({"grid": dataclasses.replace(GRID, epsg=32634)}, "EPSG:32634"),
    ],
)
def test_images_that_do_not_fit(change, words):
    images, _, _ = stack_of(product(1), product(2), product(3, **change))
    assert any(words in problem.text for problem in check_stack(images))


def test_images_that_fit():
    images, _, _ = stack_of(product(1), product(2), product(3, wavelength=0.05546576 * (1 + 1e-8), version="1.0"))
    assert check_stack(images) == []
    assert differences(images) == ["The images have different values of product version: 1.0 (1), 1.1 (2)."]


def test_a_burst_of_another_zone_or_between_the_pixels():
    other = "t044_092462_iw2"
    zone = product(1, other, grid=dataclasses.replace(GRID, epsg=32634))
    images, _, _ = stack_of(product(1), product(2), zone)
    assert f"Burst {other} is in EPSG:32634, the others in EPSG:32633" in check_stack(images)[0].text
    between = product(1, other, grid=dataclasses.replace(GRID, x=GRID.x + 12.5))
    images, _, _ = stack_of(product(1), product(2), between)
    assert "do not lie on those of" in check_stack(images)[0].text


def test_corrections():
    name = "elevation_antenna_pattern_correction_applied"
    images, _, _ = stack_of(product(1, flags={name: "ESA"}), product(2, flags={name: "OPERA"}))
    assert mixed_corrections(images) == []
    images, _, _ = stack_of(
        product(1, flags={name: "ESA"}), product(2, flags={name: None}), product(3, flags={name: "ESA"})
    )
    assert name in mixed_corrections(images)[0]
    images, _, _ = stack_of(product(1), product(2), product(3, flags={"bistatic_delay_applied": False}))
    assert "was made with bistatic_delay_applied False, the others with True" in mixed_corrections(images)[0]


# ---------------------------------------------------------------------- lattice


def test_grids_must_be_grids():
    x, y = 500_002.5 + 5.0 * np.arange(10), 4_500_005.0 - 10.0 * np.arange(8)
    assert grid_of(Path("a.h5"), 32633, x, y) == Grid(32633, 500_002.5, 4_500_005.0, 5.0, -10.0, 10, 8)
    crooked = x + np.r_[0, 0.1, np.zeros(8)]
    for wrong in ((crooked, y), (x[::-1], y), (x, y[::-1]), (x[:1], y)):
        with pytest.raises(InputError, match=r"a\.h5"):
            grid_of(Path("a.h5"), 32633, *wrong)
    for epsg in (4326, 0, 4979, 2249):  # degrees, none, three axes, feet
        with pytest.raises(InputError, match="EPSG"):
            grid_of(Path("a.h5"), epsg, x, y)


def test_windows():
    other = dataclasses.replace(GRID, x=GRID.x + 5 * 30, y=GRID.y + 10 * 20, width=50, length=40)
    whole = lattice.union([GRID, other])
    assert (whole.x, whole.y, whole.width, whole.length) == (GRID.x, other.y, 400, 320)
    window = lattice.window_of(whole, other, slice(10, 25))
    assert (window.lines, window.samples) == (slice(10, 25), slice(30, 80))
    assert (window.own_lines, window.own_samples) == (slice(10, 25), slice(0, 50))
    assert lattice.window_of(whole, GRID, slice(0, 20)) is None
    part = lattice.cut_to_pixels(whole, slice(5, 100), slice(60, 70))
    window = lattice.window_of(part, other)
    assert (window.samples, window.own_samples, window.own_lines) == (slice(0, 10), slice(30, 40), slice(5, 40))


def test_an_area_is_rounded_outwards():
    lon, lat = lattice.lonlat_of(GRID, [99.7, 200.2], [50.3, 20.1])
    part = lattice.cut_to_area(GRID, (lon[0], lat[0], lon[1], lat[1]))
    first = round((part.x - GRID.x) / 5), round((GRID.y - part.y) / 10)
    assert first[0] in (99, 100) and first[1] in (19, 20)
    assert first[0] + part.width - 1 in (200, 201) and first[1] + part.length - 1 in (50, 51)
    with pytest.raises(InputError, match="outside of all images"):
        lattice.cut_to_area(GRID, (20.0, 40.0, 21.0, 41.0))
    with pytest.raises(InputError, match="outside of all images"):
        lattice.cut_to_area(GRID, (-120.0, 40.0, -119.0, 41.0))


def test_the_date_line_is_refused():
    x, y = pyproj.Transformer.from_crs(4326, 32601, always_xy=True).transform(180.0, 40.0)
    with pytest.raises(InputError, match="180° meridian"):
        lattice.check_meridian(Grid(32601, x - 1000, y, 5.0, -10.0, 400, 100))
    lattice.check_meridian(Grid(32601, x + 1000, y, 5.0, -10.0, 400, 100))


# ---------------------------------------------------------------------- geometry


def test_earth_fixed_coordinates():
    lon, lat, height = np.array([15.0, -120.5, 179.0]), np.array([40.0, -33.0, 89.0]), np.array([0.0, 2500.0, -50.0])
    expected = np.column_stack(pyproj.Transformer.from_crs(4979, 4978, always_xy=True).transform(lon, lat, height))
    np.testing.assert_allclose(geometry.earth_fixed(lon, lat, height), expected, atol=1e-3)


def test_nodes_are_where_the_loaders_want_them(tmp_path):
    """A plane given at the nodes comes back at every pixel, from the loader's interpolation and from that of angles."""
    column, row = geometry.node_places(GRID)
    assert column[-1] == GRID.width and row[-1] == GRID.length and np.diff(column).max() * 5 <= 2000
    plane = 3 + 0.25 * column + 0.5 * row[:, None]
    write_raster(Workspace(tmp_path), "baselineGRID_20180101", [plane], plane.shape[::-1], np.float32)
    line, sample = np.array([0, 150, 299]), np.array([399, 7, 0])
    size = GRID.width, GRID.length
    found = node_grids.raster_values(tmp_path / "baselineGRID_20180101", size, line, sample)
    np.testing.assert_allclose(found, 3 + 0.25 * sample + 0.5 * line, rtol=1e-6)
    whole = geometry.interpolated(plane, GRID, slice(150, 300))
    np.testing.assert_allclose(whole[[0, 149], [7, 0]], found[1:], rtol=1e-6)
    grid = geometry.node_grid(GRID)
    assert (grid.width, grid.length) == (column.size, row.size) and grid.x + grid.dx == GRID.x + 5 * column[1]


# ---------------------------------------------------------------------- orbits


def test_an_orbit_of_two_bursts():
    first = product(1)
    second = product(1, "t044_092462_iw2", hour="05:06:04.9", vectors=vectors(first.start, begin=2.8))
    orbit = orbit_of([second, first])
    state = orbit.state(np.array([5 * 3600 + 6 * 60 + 2.1]))[0]
    np.testing.assert_allclose(np.linalg.norm(state), 7.07e6, atol=1e-3)


def test_orbits_that_disagree_or_a_pass_that_is_too_long():
    first = product(1)
    other = product(1, "t044_092462_iw2", vectors=vectors(first.start, shift=0.4), path=Path("/data/o.h5"))
    with pytest.raises(InputError, match="disagree by 0.4 m at 2018-01-01 05:0.*different orbit files"):
        orbit_of([first, other])
    with pytest.raises(InputError, match="spans 78 s of the pass, at most 60 s"):
        orbit_of([first, product(1, "t044_092462_iw2", hour="05:07:17.1")])
    late = product(1, "t044_092462_iw2", vectors=vectors(first.start, shift=0.4, begin=5.0))
    with pytest.raises(InputError, match="disagree"):  # no equal times
        orbit_of([first, late])


@pytest.mark.parametrize("spoil", [lambda p: p / 1000, lambda p: p + np.eye(13)[6][:, None] * 50, lambda p: p * 2])
def test_orbits_that_cannot_be(spoil):
    sound = product(1)
    wrong = dataclasses.replace(sound.vectors, position=spoil(sound.vectors.position))
    with pytest.raises(InputError, match="orbit"):
        orbit_of([dataclasses.replace(sound, vectors=wrong)])


# ---------------------------------------------------------------------- jumps, static layers


def test_constants_of_bursts_come_back():
    bursts, days = ["a", "b", "c"], [1, 2, 3, 4]
    rng = np.random.default_rng(5)
    true = {(burst, day): rng.uniform(-0.7, 0.7) for burst in bursts for day in days}

    def angle(one, other, pair):
        return true[one, pair[0]] - true[one, pair[1]] - true[other, pair[0]] + true[other, pair[1]]

    pairs = [(2, 1), (2, 3), (2, 4)]
    jumps = [
        consistency.Jump(two, pair, angle(*two, pair), 0.9)
        for two in (("a", "b"), ("b", "c"), ("a", "c"))
        for pair in pairs
    ]
    phases = consistency.burst_phases(jumps, bursts, 2)
    assert {day for _, day in phases} == {1, 3, 4} and {burst for burst, _ in phases} == {"b", "c"}
    left = consistency.without_phases(jumps, phases)
    assert max(abs(jump.angle) for jump in left) < 1e-9
    assert consistency.burst_phases([dataclasses.replace(jump, coherence=0.1) for jump in jumps], bursts, 2) == {}


@pytest.mark.parametrize("overlaps", [(("a", "b"), ("b", "c")), (("a", "b"), ("b", "c"), ("a", "c"))])
def test_constants_beyond_half_a_turn_come_back_from_small_baselines(overlaps):
    """Jumps around a loop of dates or of bursts need not add up to 0, but to whole turns."""
    rng, days = np.random.default_rng(7), range(1, 9)
    true = {(burst, day): rng.normal(0, 1.2) for burst in "abc" for day in days}
    jumps = []
    for one, other in overlaps:
        for first, second in ((i, j) for i in days for j in days if 0 < j - i <= 3):
            jump = true[one, first] - true[one, second] - true[other, first] + true[other, second]
            noisy = np.angle(np.exp(1j * (jump + rng.normal(0, 0.02))))
            jumps.append(consistency.Jump((one, other), (first, second), noisy, 0.9))
    phases = consistency.burst_phases(jumps, list("abc"), 4)
    assert len(phases) == 14 and max(abs(phase) for phase in phases.values()) <= np.pi
    assert max(abs(jump.angle) for jump in consistency.without_phases(jumps, phases)) < 0.1
    for (burst, day), phase in phases.items():
        expected = true["a", day] - true["a", 4] - true[burst, day] + true[burst, 4]
        assert abs(np.angle(np.exp(1j * (phase - expected)))) < 0.1


def test_constants_without_a_coherent_overlap_are_not_made_up():
    tied = [consistency.Jump(("a", "b"), (4, day), 0.4, 0.9) for day in (1, 2)]
    loose = [consistency.Jump(("c", "d"), (4, day), 0.8, 0.9) for day in (1, 2)]
    assert set(consistency.burst_phases([*tied, *loose], list("abcd"), 4)) == {("b", 1), ("b", 2)}
    assert consistency.burst_phases(loose, list("abcd"), 4) == {}


def test_what_jumps_tell():
    images = {BURST: {1: product(1), 2: product(2, mission="S1C"), 3: product(3)}}
    jumps = [consistency.Jump(("a", "b"), (1, 2), 1.5, 0.8), consistency.Jump(("a", "b"), (1, 3), 0.1, 0.8)]
    notes, warned = consistency.jump_sentences(jumps, images)
    assert "median 0.80 rad, largest 1.50 rad (of 2 measured, 2 coherent)" in notes[0]
    assert warned == [
        "Interferograms between S1A and S1C jump by 1.5 rad (median) between neighbouring bursts: process the sensors separately "
        "or use one burst."
    ]
    assert consistency.jump_sentences(jumps[1:], images)[1] == []
    assert consistency.jump_sentences([], images) == ([], [])


def test_static_layers_of_the_masters_sensor():
    images = {BURST: {20180101: product(1, mission="S1C")}}
    static = [
        product(5, kind="static", mission=mission, path=Path(f"/data/{mission}.h5"), version=version)
        for mission, version in (("S1A", "1.0"), ("S1C", "1.0"), ("S1C", "1.1"))
    ]
    chosen, said = choose_static(static, images, [BURST], 20180101)
    assert chosen[BURST] is static[2] and not said
    chosen, _ = choose_static(static[:1], images, [BURST], 20180101)
    assert chosen[BURST] is static[0]
    other = dataclasses.replace(static[0], grid=dataclasses.replace(GRID, length=10))
    chosen, said = choose_static([other], images, [BURST], 20180101)
    assert not chosen and "have another grid" in said[0]
    assert choose_static([], images, [BURST], 20180101)[1] == [
        f"No static layers for burst {BURST}: layover and shadow are not masked."
    ]


# ---------------------------------------------------------------------- files


def test_files_are_found_once(tmp_path):
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    for place in (tmp_path / "one.h5", deep / "two.H5", deep / ".hidden.h5", deep / "text.txt"):
        place.touch()
    (deep / "again").symlink_to(tmp_path)
    (tmp_path / "link.h5").symlink_to(tmp_path / "one.h5")
    found = names.find_files([tmp_path, deep, tmp_path / "one.h5"])
    assert sorted(path.resolve().name for path in found) == ["one.h5", "two.H5"]
