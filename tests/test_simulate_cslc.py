"""The simulator's geocoded products: what stands in them, and that they hold the radar stack."""

import json
import re

import h5py
import numpy as np
import pytest

from helpers import map_stacks
from helpers.map_stacks import bursts, changed, dates_of, frames, products, read, static_layers
from stamps import simulate
from stamps.errors import InputError
from stamps.insar.orbits import Orbit, perpendicular_baseline, zero_doppler_time
from stamps.simulation.acquisitions import perpendicular_baseline as true_baseline
from stamps.simulation.cslc_layout import CslcLayout
from stamps.simulation.map_cells import projection
from stamps.simulation.state_vectors import earth_fixed

pytest.importorskip("pyproj")

NAME = r"OPERA_L2_CSLC-S1_T\d{3}-\d{6}-IW\d_\d{8}T\d{6}Z_\d{8}T\d{6}Z_S1[A-E]_(VV|HH)_v\d+\.\d+\.h5"


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    return map_stacks.radar_stack(tmp_path_factory.mktemp("radar"), lines=60, samples=80)


@pytest.fixture(scope="module")
def simple(stack, tmp_path_factory):
    return bursts(stack, tmp_path_factory.mktemp("simple"))


def test_names_and_grid(simple, stack):
    paths = products(simple)
    assert len(paths) == len(dates_of(stack)) and all(re.fullmatch(NAME, path.name) for path in paths)
    for path in [*paths, *static_layers(simple)]:
        with h5py.File(path) as file:
            x, y = file["data/x_coordinates"][()], file["data/y_coordinates"][()]
            spacing = file["data/x_spacing"][()], file["data/y_spacing"][()]
            assert file["data/projection"][()] == 32633 == file["data/projection"].attrs["epsg_code"]
        assert spacing == (10, -15) and set(np.diff(x)) == {10} and set(np.diff(y)) == {-15}
        assert set(x / 10 % 1) == set(y / 15 % 1) == {0.5}


def test_cells_are_radar_pixels_one_to_one(simple, stack):
    cells = np.load(simple.parent / "cells.npz")
    kept = cells["line"] >= 0
    number = cells["line"][kept] * 80 + cells["sample"][kept]
    assert np.unique(number).size == number.size > 0.9 * 60 * 80 * 6 * 13.97 / np.sin(np.radians(39)) / 150
    lon, lat = (stack.geometry(suffix)[cells["line"][kept], cells["sample"][kept]] for suffix in (".lon", ".lat"))
    x, y = projection(32633).transform(lon.astype(float), lat.astype(float))
    rows, columns = np.nonzero(kept)
    assert np.hypot(cells["west"] + 10 * columns - x, cells["north"] - 15 * rows - y).max() < 9


def test_pairs_are_those_of_the_radar_stack(simple, stack):
    first, second = (read(path, "data/VV") for path in products(simple)[:2])
    cells = np.load(simple.parent / "cells.npz")
    box = cells["line"]  # one burst: its box is the whole map
    assert box.shape == first.shape
    kept = np.isfinite(first) & np.isfinite(second)
    assert np.array_equal(kept, box >= 0)
    expected = stack.slc(0) * np.conj(stack.slc(1))
    np.testing.assert_array_equal((first * np.conj(second))[kept], expected[box, cells["sample"]][kept])


def test_baselines_of_the_orbits_are_those_of_the_truth(simple, stack):
    paths, plan = products(simple), stack.plan
    master = plan.acquisitions.master
    cells = np.load(simple.parent / "cells.npz")
    rows, columns = (index[::37] for index in np.nonzero(cells["line"] >= 0))
    line, sample = cells["line"][rows, columns], cells["sample"][rows, columns]
    east, north = cells["west"] + 10 * columns, cells["north"] - 15 * rows
    lon, lat = projection(32633).transform(east, north, direction="INVERSE")
    point = earth_fixed(np.radians(lon), np.radians(lat), stack.geometry("_dem.rdc")[line, sample])
    orbits = [orbit(path) for path in paths]
    time = zero_doppler_time(orbits[master], point)
    for image in range(len(paths)):
        found = perpendicular_baseline(orbits[master], orbits[image], time, point)
        wanted = true_baseline(plan.geometry, plan.acquisitions, image)[line, sample]
        assert np.abs(found - wanted).max() < 0.02


def orbit(path):
    """Orbit of a product; times count from its burst's start."""
    with h5py.File(path) as file:
        group = file["metadata/orbit"]
        epoch, start = (
            np.datetime64(text.decode().replace(" ", "T"))
            for text in (group["reference_epoch"][()], file["identification/zero_doppler_start_time"][()])
        )
        since = group["time"][()] - (start - epoch) / np.timedelta64(1, "s")
        place, speed = (
            np.stack([group[f"{name}_{axis}"][()] for axis in "xyz"], 1) for name in ("position", "velocity")
        )
    assert 12 <= since.size <= 13 and since[0] >= -60 and since[-1] <= 61
    path = Orbit(since, place, 0.0)
    np.testing.assert_allclose(path.state(since[5:7])[1], speed[5:7], atol=1e-4)
    return path


def test_static_layers(simple):
    (path,) = static_layers(simple)
    east, north = read(path, "data/los_east"), read(path, "data/los_north")
    mask = read(path, "data/layover_shadow_mask")
    assert set(np.unique(mask)) == {0, 1, 2, 127}
    np.testing.assert_array_equal(mask == 127, np.isnan(east))
    incidence = np.degrees(np.arcsin(np.hypot(east, north)))
    assert np.nanmax(np.abs(incidence - 39)) < 0.3 and np.nanstd(incidence) < 0.1
    assert np.nanstd(read(path, "data/local_incidence_angle")) > 2
    heading = np.degrees(np.arctan2(np.nanmean(east), np.nanmean(north))) + 90
    assert (heading + 180) % 360 - 180 == pytest.approx(-166.6, abs=0.3)


def test_bursts_overlap_move_and_turn(stack, tmp_path):
    made = bursts(stack, tmp_path, bursts=3, overlap=0.4, jitter=3, constants=1.0, swaths=("IW1", "IW2", "IW3"))
    names = [path.name for path in products(made, dates_of(stack)[0])]
    assert [re.search(r"IW\d", name)[0] for name in names] == ["IW1", "IW2", "IW3"]
    cells = np.load(tmp_path / "cells.npz")
    footprints, turned = [], []
    for date in dates_of(stack):
        shown = [on_map(path, cells) for path in products(made, date)]
        both = np.isfinite(shown[0]) & np.isfinite(shown[1]) & (shown[0] != 0)
        assert both.sum() > 100
        angle = np.angle(shown[0][both] * np.conj(shown[1][both]))
        assert np.ptp(angle) < 1e-5
        turned.append(angle[0])
        footprints.append(tuple(np.isfinite(image).sum() for image in shown))
    assert len(set(footprints)) > 1 and np.ptp(turned) > 0.1


def on_map(path, cells):
    """Image of a burst on the whole map."""
    with h5py.File(path) as file:
        column = round((file["data/x_coordinates"][0] - cells["west"].item()) / 10)
        row = round((cells["north"].item() - file["data/y_coordinates"][0]) / 15)
        values = file["data/VV"][()]
    image = np.full(cells["line"].shape, np.nan, np.complex64)
    image[row : row + values.shape[0], column : column + values.shape[1]] = values
    return image


def test_what_may_be_wrong(stack, tmp_path):
    first, second, third, fourth, fifth = dates_of(stack)
    made = bursts(
        stack,
        tmp_path,
        bursts=2,
        missing={second: [1]},
        duplicates=[first],
        truncated=[fifth],
        compressed=[third],
        older_version=[fourth],
        platforms=("S1A", "S1C"),
        other_zone=[1],
        flags={fourth: {"ionosphere_tec_applied": False}},
        of_polarisation={third: "HH"},
        restituted=[third],
    )
    assert [len(products(made, f"_{date}T")) for date in dates_of(stack)] == [4, 1, 3, 2, 2]
    assert "COMPRESSED" in products(made, f"_{third}T")[0].name
    with pytest.raises(OSError):
        read(products(made, f"_{fifth}T")[0], "data/VV")
    path = products(made, f"_{fourth}T")[1]
    assert "S1C" in path.name and path.name.endswith("v1.0.h5") and read(path, "data/projection") == 32634
    flags = "metadata/processing_information/parameters"
    assert not read(path, f"{flags}/ionosphere_tec_applied")
    assert read(path, f"{flags}/elevation_antenna_pattern_correction_applied") == b"OPERA"
    other = products(made, f"_{third}T")[1]
    assert "_HH_" in other.name and read(other, "data/HH").dtype == np.complex64
    assert read(other, "metadata/orbit/orbit_type") == b"RESORB"


def test_names_of_compass_halves_and_midnight(stack, tmp_path):
    made = bursts(stack, tmp_path, bursts=2, names="compass", complex32=True, midnight=True, heights=False)
    date = dates_of(stack)[0]
    first, second = products(made, date)
    assert first.parent.name == date and re.fullmatch(r"t044_\d{6}_iw2_\d{8}\.h5", first.name)
    assert read(first, "data/VV").dtype == np.dtype([("r", "<f2"), ("i", "<f2")])
    days = [
        read(path, "identification/zero_doppler_start_time")[:10].decode().replace("-", "") for path in (first, second)
    ]
    assert days[0] == date and int(days[1]) == int(date) + 1
    assert read(first, "identification/absolute_orbit_number") == read(second, "identification/absolute_orbit_number")
    with h5py.File(static_layers(made)[0]) as file:
        assert "z" not in file["data"]


def test_frames_of_nisar(stack, tmp_path):
    first, second = dates_of(stack)[:2]
    made = frames(stack, tmp_path, partial={second: (5, 40)}, unfocused=3, second_grid=True)
    path, partial = products(made)[:2]
    assert re.fullmatch(
        r"NISAR_L2_PR_GSLC_010_033_D_041_4005_SHNA_A_\d{8}T\d{6}_\d{8}T\d{6}_P05000_N_F_J_001\.h5", path.name
    )
    group = "science/LSAR/GSLC/grids/frequencyA"
    whole, part = read(path, f"{group}/HH"), read(partial, f"{group}/HH")
    assert part.shape[0] == 35 and read(partial, f"{group}/yCoordinates")[0] == read(path, f"{group}/yCoordinates")[5]
    mask = read(path, f"{group}/mask")
    assert set(np.unique(mask)) == {0, 1, 2, 3, 255} and np.array_equal(mask == 255, np.isnan(whole))
    with h5py.File(path) as file:
        units = file["science/LSAR/GSLC/metadata/orbit/time"].attrs["units"].decode()
    assert re.fullmatch(r"seconds since \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}", units)


def test_layouts_of_the_command(tmp_path):
    words = ["--preset", "tiny", "--lines", "20", "--samples", "24", "--n-images", "3", "--quiet"]
    for layout in ("cslc", "gslc"):
        assert simulate.main([str(tmp_path), *words, "--layout", layout, "--overwrite"]) == 0
        assert sorted(path.name for path in tmp_path.iterdir()) == ["cells.npz", layout, "truth.json", "truth.npz"]
        assert json.loads((tmp_path / "truth.json").read_text())["layout"] == layout
    assert simulate.main([str(tmp_path), *words, "--layout", "cslc"]) == 1


def test_layouts_that_make_no_sense():
    with pytest.raises(InputError, match="overlap by less than half"):
        CslcLayout(overlap=0.6)
    with pytest.raises(InputError, match="OPERA or COMPASS"):
        CslcLayout(names="mine")


def test_changes_by_hand(simple, tmp_path):
    path = tmp_path / "copy.h5"
    path.write_bytes(products(simple)[0].read_bytes())
    changed(path, identification__burst_id="t001_000001_iw1", data__VV=None)
    with h5py.File(path) as file:
        assert file["identification/burst_id"][()] == b"t001_000001_iw1" and "VV" not in file["data"]


@pytest.mark.parametrize(("name", "value"), [("latitude", "95"), ("latitude", "nan"), ("longitude", "400")])
def test_places_that_are_not_on_the_earth(tmp_path, name, value, capsys):
    words = [str(tmp_path / "scene"), "--preset", "tiny", f"--centre-{name[:3]}", value, "--quiet"]
    with pytest.raises(SystemExit):
        simulate.main([*words, "--layout", "cslc"])
    assert f"The {name} of the scene is {value}" in capsys.readouterr().err and not (tmp_path / "scene").exists()
