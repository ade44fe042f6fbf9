"""Geocoded products whose header or orbit cannot be that of the image: refused, however many of them there are."""

import shutil

import numpy as np
import pytest

from helpers import map_stacks
from helpers.map_stacks import bursts, changed, products, read, refused

pytest.importorskip("pyproj")
pytest.importorskip("rasterio")

BURST = "metadata__processing_information__input_burst_metadata"


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    return map_stacks.radar_stack(tmp_path_factory.mktemp("radar"), lines=40, samples=50)


@pytest.fixture(scope="module")
def sound(stack, tmp_path_factory):
    return bursts(stack, tmp_path_factory.mktemp("sound"), bursts=1)


@pytest.fixture
def made(sound, tmp_path):
    """A copy that may be changed."""
    return shutil.copytree(sound, tmp_path / "products")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"identification__look_direction": "Up"}, "look direction 'Up'"),
        ({"identification__look_direction": None}, "look direction ''"),
        ({"identification__orbit_pass_direction": "sideways"}, "pass direction 'Sideways'"),
        ({"identification__orbit_pass_direction": "Ascending"}, "flies to the south, but the pass is ascending"),
        ({"identification__mission_id": None}, "mission_id"),
        ({"identification__is_geocoded": "False"}, "is not geocoded"),
        ({f"{BURST}__wavelength": 5.546576}, "wavelength 5.54658 m, but the frequency"),
        ({f"{BURST}__wavelength": 0.24}, "do not belong together"),
        ({f"{BURST}__wavelength": 55.46, f"{BURST}__radar_center_frequency": None}, "its unit is another one"),
        ({"identification__zero_doppler_end_time": "2017-01-01 00:00:00.000000"}, "before it starts"),
    ],
)
def test_a_stack_that_is_wrong_throughout(made, stack, tmp_path, changes, words):
    for path in products(made):
        changed(path, **changes)
    said = refused(made, stack, tmp_path)
    assert words in said and products(made)[0].name in said


def later(position, time):
    return position, time + 30


def other_axes(position, time):
    return position[:, [0, 2, 1]], time


def mirrored(position, time):
    return position * [1, -1, 1], time


def backwards(position, time):
    return position[::-1], time


@pytest.mark.parametrize(
    ("change", "words"),
    [(later, "passes the area at"), (other_axes, "area"), (mirrored, "area"), (backwards, "to its left")],
)
def test_a_satellite_that_does_not_see_the_area(made, stack, tmp_path, change, words):
    """Baselines of such orbits would look well."""
    for path in products(made):
        columns = [read(path, f"metadata/orbit/position_{axis}") for axis in "xyz"]
        position, time = change(np.column_stack(columns), read(path, "metadata/orbit/time"))
        values = {f"metadata__orbit__position_{axis}": position[:, k].copy() for k, axis in enumerate("xyz")}
        changed(path, metadata__orbit__time=time, **values)
    said = refused(made, stack, tmp_path)
    assert words in said and products(made)[0].name in said
