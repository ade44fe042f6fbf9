"""Orbits of geocoded products that are damaged or of something else: refused; in another order: as good as any."""

import shutil

import numpy as np
import pytest

from helpers import map_stacks
from helpers.map_stacks import bursts, changed, dates_of, master_of, products, read, refused

pytest.importorskip("pyproj")
pytest.importorskip("rasterio")

ORBIT = "metadata__orbit"


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


def one_of(folder, stack):
    """The first burst of a date that is not the master."""
    date = next(date for date in dates_of(stack) if date != master_of(stack))
    return products(folder, f"_{date}T")[0]


def prepare(made, stack, tmp_path, **options):
    """Prepare a project beside the products."""
    return map_stacks.prepared(tmp_path / "INSAR", stack, made, **options)


def nan_positions(path):
    values = read(path, "metadata/orbit/position_y")
    values[4] = np.nan
    changed(path, metadata__orbit__position_y=values)


def jumping_orbit(path):
    values = read(path, "metadata/orbit/position_y")
    values[6] += 1000
    changed(path, metadata__orbit__position_y=values)


def gap_in_orbit(path):
    keep = [0, 1, -2, -1]
    names = ["time", *(f"{kind}_{axis}" for kind in ("position", "velocity") for axis in "xyz")]
    changed(path, **{f"{ORBIT}__{name}": read(path, f"metadata/orbit/{name}")[keep] for name in names})


def repeated_times(path):
    time = read(path, "metadata/orbit/time")
    time[5] = time[6]
    changed(path, metadata__orbit__time=time)


def kilometres(path):
    changed(
        path, **{f"{ORBIT}__position_{axis}": read(path, f"metadata/orbit/position_{axis}") / 1000 for axis in "xyz"}
    )


def other_day(path):
    changed(path, metadata__orbit__reference_epoch="2001-01-01 00:00:00.000000")


def orbit_of_another_pass(path):
    changed(path, **{f"{ORBIT}__position_{axis}": -read(path, f"metadata/orbit/position_{axis}") for axis in "xyz"})


def short_orbit(path):
    changed(path, **{f"{ORBIT}__{name}": read(path, f"metadata/orbit/{name}")[:3] for name in ("time", "position_x")})


def scalar(name, value):
    """A change of one scalar."""

    def change(path):
        changed(path, **{name: value})

    change.__name__ = f"{name.rpartition('__')[2]}={value!r}"[:60]
    return change


CASES = [
    (nan_positions, "usable orbit"),
    (jumping_orbit, "orbit"),
    (gap_in_orbit, "orbit"),
    (repeated_times, "orbit"),
    (kilometres, "orbit"),
    (other_day, "orbit"),
    (orbit_of_another_pass, "orbit"),
    (short_orbit, "usable orbit"),
    (scalar("metadata__orbit", None), "usable orbit"),
    (scalar("metadata__orbit__time", None), "usable orbit"),
    (scalar("metadata__orbit__reference_epoch", "yesterday"), "usable orbit"),
    (scalar("metadata__orbit__reference_epoch", np.bytes_(b"\xff\xfe\xfd")), "usable orbit"),
]


@pytest.mark.parametrize(("change", "words"), CASES, ids=lambda value: getattr(value, "__name__", ""))
def test_an_orbit_that_is_wrong(made, stack, tmp_path, change, words):
    """There is one burst, so no other tells it."""
    path = one_of(made, stack)
    change(path)
    said = refused(made, stack, tmp_path)
    assert path.name in said and any(word in said for word in words.split("|")), said


def test_unsorted_state_vectors_are_sorted(made, sound, stack, tmp_path):
    path = one_of(made, stack)
    names = ["time", *(f"{kind}_{axis}" for kind in ("position", "velocity") for axis in "xyz")]
    changed(path, **{f"{ORBIT}__{name}": read(path, f"metadata/orbit/{name}")[::-1] for name in names})
    project = prepare(made, stack, tmp_path)
    other = map_stacks.prepared(tmp_path / "sound", stack, sound)
    for baselines in sorted(other.glob("baselineGRID_????????")):
        np.testing.assert_allclose(
            np.fromfile(project / baselines.name, "<f4"), np.fromfile(baselines, "<f4"), atol=1e-3
        )
