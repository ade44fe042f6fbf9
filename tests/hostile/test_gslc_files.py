"""Frames of NISAR that are damaged or do not belong to the others: one sentence each, which names the file."""

import shutil

import h5py
import numpy as np
import pytest

from helpers import map_stacks
from helpers.map_stacks import changed, dates_of, frames, master_of, products, read
from stamps.errors import StampsError

pytest.importorskip("pyproj")
pytest.importorskip("rasterio")

GRID, ORBIT = "science__LSAR__GSLC__grids__frequencyA", "science__LSAR__GSLC__metadata__orbit"
IDENTITY = "science__LSAR__identification"
FLAGS = "science__LSAR__GSLC__metadata__processingInformation__parameters"


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    return map_stacks.radar_stack(tmp_path_factory.mktemp("radar"), lines=24, samples=30, n_images=3)


@pytest.fixture(scope="module")
def sound(stack, tmp_path_factory):
    return frames(stack, tmp_path_factory.mktemp("sound"))


def unfocused(path):
    mask = read(path, f"{GRID.replace('__', '/')}/mask")
    changed(path, **{f"{GRID}__mask": np.zeros_like(mask)})


def times_without_units(path):
    with h5py.File(path, "r+") as file:
        del file[f"{ORBIT.replace('__', '/')}/time"].attrs["units"]


def flat_positions(path):
    changed(path, **{f"{ORBIT}__position": read(path, f"{ORBIT.replace('__', '/')}/position").ravel()})


CASES = [
    ({f"{GRID}__mask": np.zeros((3, 3), "u1")}, "mask"),
    ({f"{GRID}__mask": np.float64(1)}, "mask"),
    ({f"{GRID}__HH": None}, "no image"),
    ({f"{GRID}__HH": np.zeros((2, 2), "c8")}, "another size"),
    ({f"{GRID}__projection": None}, "projection"),
    ({f"{GRID}__centerFrequency": 0.0}, "centerFrequency"),
    ({f"{GRID}__centerFrequency": None}, "centerFrequency"),
    ({f"{GRID}__centerFrequency": 1.257e9}, "wavelength"),
    ({f"{IDENTITY}__lookDirection": "Left"}, "looks left: only right-looking images are supported"),
    ({f"{IDENTITY}__orbitPassDirection": ""}, "pass direction"),
    ({f"{IDENTITY}__orbitPassDirection": "Sideways"}, "pass direction"),
    ({f"{IDENTITY}__frameNumber": np.int64(-1)}, "frame -1"),
    ({f"{IDENTITY}__trackNumber": np.float64(1e300)}, "track"),
    ({f"{IDENTITY}__trackNumber": None}, "trackNumber"),
    ({f"{IDENTITY}__zeroDopplerStartTime": "soon"}, "time"),
    ({f"{FLAGS}__topographicFlatteningApplied": "False"}, "is not flattened"),
    ({FLAGS: None}, "flattened"),
    ({f"{FLAGS}__rangeSolidEarthTidesCorrectionApplied": "False"}, "images of different corrections"),
    ({ORBIT: None}, "no usable orbit"),
    ({f"{ORBIT}__time": np.arange(3.0)}, "no usable orbit"),
    (times_without_units, "no usable orbit"),
    (flat_positions, "no usable orbit"),
    (unfocused, "No pixel of the area is valid in all 3 images"),
]


@pytest.mark.parametrize(("change", "words"), CASES)
def test_a_frame_that_is_wrong(sound, stack, tmp_path, change, words):
    made = shutil.copytree(sound, tmp_path / "frames")
    date = next(date for date in dates_of(stack) if date != master_of(stack))
    (path,) = products(made, f"_A_{date}T")
    if callable(change):
        change(path)
    else:
        changed(path, **change)
    with pytest.raises(StampsError) as caught:
        map_stacks.prepared(tmp_path / "INSAR", stack, made)
    said = str(caught.value)
    assert words in said and (path.name in said or "No pixel" in said), said
    assert {entry.name for entry in (tmp_path / "INSAR").iterdir()} <= {"STAMPS.log"}
