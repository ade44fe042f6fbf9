"""Geocoded products as users may really have them, or made to mislead: one sentence each, and nothing is written."""

import os
import shutil

import h5py
import numpy as np
import pytest

from helpers import map_stacks
from helpers.map_stacks import bursts, changed, dates_of, master_of, products, read, refused

pytest.importorskip("pyproj")
pytest.importorskip("rasterio")

BURST = "metadata__processing_information__input_burst_metadata"
FLAGS = "metadata__processing_information__parameters"


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    return map_stacks.radar_stack(tmp_path_factory.mktemp("radar"), lines=40, samples=50)


@pytest.fixture(scope="module")
def sound(stack, tmp_path_factory):
    return bursts(stack, tmp_path_factory.mktemp("sound"), bursts=2)


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


def of_data(path, name):
    return read(path, f"data/{name}")


def stretched(path):
    x = of_data(path, "x_coordinates")
    x[-1] += 3
    changed(path, data__x_coordinates=x)


def nan_coordinate(path):
    y = of_data(path, "y_coordinates")
    y[3] = np.nan
    changed(path, data__y_coordinates=y)


def southwards(path):
    changed(path, data__y_coordinates=of_data(path, "y_coordinates")[::-1])


def swapped_axes(path):
    changed(path, data__VV=of_data(path, "VV").T)


def swapped_vectors(path):
    x, y = of_data(path, "x_coordinates"), of_data(path, "y_coordinates")
    changed(path, data__x_coordinates=y, data__y_coordinates=x)


def no_pixels(path):
    changed(path, data__VV=np.empty((0, 0), "c8"), data__x_coordinates=np.empty(0), data__y_coordinates=np.empty(0))


def one_line(path):
    changed(path, data__VV=of_data(path, "VV")[:1], data__y_coordinates=of_data(path, "y_coordinates")[:1])


def three_axes(path):
    changed(path, data__VV=of_data(path, "VV")[None])


def flat_coordinates(path):
    changed(path, data__x_coordinates=of_data(path, "x_coordinates")[None])


def enormous_coordinates(path):
    changed(path, data__x_coordinates=None)
    with h5py.File(path, "r+") as file:
        file.create_dataset("data/x_coordinates", (10**13,), "f8", chunks=(1000,))


def enormous_text(path):
    changed(path, identification__burst_id=None)
    with h5py.File(path, "r+") as file:
        file.create_dataset("identification/burst_id", (10**12,), "S100", chunks=(1000,))


def real_image(path):
    changed(path, data__VV=np.abs(of_data(path, "VV")))


def image_is_a_group(path):
    changed(path, data__VV=None)
    with h5py.File(path, "r+") as file:
        file.create_group("data/VV")


def other_compound(path):
    changed(path, data__VV=np.zeros(of_data(path, "VV").shape, [("a", "f4"), ("b", "f4")]))


def texts_as_image(path):
    shape = of_data(path, "VV").shape
    changed(path, data__VV=np.zeros(shape, [("r", "S4"), ("i", "S4")]))


def data_is_a_number(path):
    changed(path, data=np.float64(1))


def identification_is_a_number(path):
    changed(path, identification=np.float64(1))


def parameters_are_a_list(path):
    changed(path, **{FLAGS: np.arange(3)})


def coordinates_are_texts(path):
    changed(path, data__x_coordinates=np.array([b"a"] * of_data(path, "x_coordinates").size))


def external_image(path):
    shape = of_data(path, "VV").shape
    other = path.with_suffix(".bin")
    np.ones(shape, "c8").tofile(other)
    changed(path, data__VV=None)
    with h5py.File(path, "r+") as file:
        file.create_dataset("data/VV", shape, "c8", external=[(str(other), 0, 8 * shape[0] * shape[1])])


def external_link(path):
    other = path.with_suffix(".bin")
    shutil.copyfile(path, other)
    changed(path, data__VV=None)
    with h5py.File(path, "r+") as file:
        file["data/VV"] = h5py.ExternalLink(str(other), "/data/VV")


def external_group(path):
    other = path.with_suffix(".bin")
    shutil.copyfile(path, other)
    changed(path, metadata__orbit=None)
    with h5py.File(path, "r+") as file:
        file["metadata/orbit"] = h5py.ExternalLink(str(other), "/metadata/orbit")


def virtual_image(path):
    other = path.with_suffix(".bin")
    shutil.copyfile(path, other)
    shape = of_data(path, "VV").shape
    changed(path, data__VV=None)
    layout = h5py.VirtualLayout(shape, "c8")
    layout[:] = h5py.VirtualSource(str(other), "data/VV", shape)
    with h5py.File(path, "r+") as file:
        file.create_virtual_dataset("data/VV", layout)


def circle(path):
    changed(path, data__VV=None)
    with h5py.File(path, "r+") as file:
        file["data/VV"] = h5py.SoftLink("/data/VV")


def linked_to_nowhere(path):
    changed(path, data__projection=None)
    with h5py.File(path, "r+") as file:
        file["data/projection"] = h5py.ExternalLink("/nowhere.h5", "/x")


def scalar(name, value):
    """A change of one scalar."""

    def change(path):
        changed(path, **{name: value})

    change.__name__ = f"{name.rpartition('__')[2]}={value!r}"[:60]
    return change


CASES = [
    (stretched, "unequal steps|other size|different processings"),
    (nan_coordinate, "coordinates"),
    (southwards, "north up|belong to different|lines to the north"),
    (swapped_axes, "pixels in /data/VV"),
    (swapped_vectors, "north|pixels in|unequal"),
    (no_pixels, "coordinates"),
    (one_line, "coordinates"),
    (three_axes, "pixels in /data/VV|no /data/VV"),
    (flat_coordinates, "x_coordinates"),
    (enormous_coordinates, "x_coordinates|coordinates"),
    (enormous_text, "burst id|burst_id"),
    (real_image, "/data/VV"),
    (image_is_a_group, "/data/VV"),
    (other_compound, "/data/VV"),
    (texts_as_image, "/data/VV"),
    (data_is_a_number, "no CSLC|/data/"),
    (identification_is_a_number, "identification|incomplete|burst"),
    (parameters_are_a_list, "flattened|parameters"),
    (coordinates_are_texts, "x_coordinates"),
    (external_image, "other file|outside"),
    (external_link, "other file|outside"),
    (external_group, "other file|outside"),
    (virtual_image, "other file|outside"),
    (circle, "/data/VV|cannot be read"),
    (linked_to_nowhere, "projection|no CSLC"),
    (scalar("data__VV", None), "has no /data/VV or /data/HH: it is no CSLC of the present layout"),
    (scalar("data__projection", None), "projection|no CSLC"),
    (scalar("data__projection", np.int32(0)), "EPSG:0"),
    (scalar("data__projection", np.int32(-32633)), "EPSG:-32633"),
    (scalar("data__projection", np.int64(99999)), "EPSG:99999"),
    (scalar("data__projection", np.int32(4326)), "degrees"),
    (scalar("data__projection", np.float64(np.nan)), "projection"),
    (scalar("data__projection", np.float64(np.inf)), "projection"),
    (scalar("data__projection", "UTM"), "projection"),
    (scalar(f"{BURST}__wavelength", np.nan), "wavelength"),
    (scalar(f"{BURST}__wavelength", -0.055), "wavelength"),
    (scalar(f"{BURST}__wavelength", 0.0), "wavelength"),
    (scalar(f"{BURST}__wavelength", 0.24), "wavelength"),
    (scalar(f"{BURST}__wavelength", "long"), "wavelength"),
    (scalar("identification__burst_id", ""), "burst id"),
    (scalar("identification__burst_id", "t044\x1b[2J"), "names no burst"),
    (scalar("identification__burst_id", np.bytes_(b"\xff\xfe")), "burst"),
    (scalar("identification__burst_id", np.float64(7)), "burst"),
    (scalar("identification__track_number", np.float64(np.nan)), "track"),
    (scalar("identification__track_number", np.int64(45)), "track"),
    (scalar("identification__track_number", "many"), "track"),
    (scalar("identification__absolute_orbit_number", None), "absolute_orbit_number"),
    (scalar("identification__zero_doppler_start_time", "2018-13-45 99:99:99"), "time"),
    (scalar("identification__zero_doppler_start_time", ""), "time"),
    (scalar("identification__zero_doppler_start_time", "1500-01-01 00:00:00"), "time|date|orbit"),
    (scalar("identification__look_direction", "Left"), "left|Left"),
    (scalar("identification__look_direction", ""), "look|side"),
    (scalar("identification__orbit_pass_direction", "Ascending"), "direction"),
    (scalar(f"{FLAGS}__topographic_flattening_applied", np.False_), "is not flattened"),
    (scalar(f"{FLAGS}__ellipsoidal_flattening_applied", np.False_), "is not flattened"),
    (scalar(f"{FLAGS}__topographic_flattening_applied", None), "flattened"),
    (scalar(f"{FLAGS}__topographic_flattening_applied", "perhaps"), "flattened"),
    (scalar(f"{FLAGS}__ellipsoidal_flattening_applied", np.float64(1e300)), "flattened"),
    (scalar(FLAGS, None), "flattened"),
    (scalar("data__x_spacing", 5.0), "x_spacing 5 m, but coordinates 10 m apart"),
    (scalar("data__y_spacing", 15.0), "y_spacing 15 m, but coordinates -15 m apart"),
    (scalar("identification__absolute_orbit_number", np.float64(1e300)), "absolute_orbit_number"),
    (scalar("identification__absolute_orbit_number", np.int64(0)), "absolute_orbit_number"),
    (scalar(f"{FLAGS}__ionosphere_tec_applied", np.False_), "ionosphere_tec_applied False, the others with True"),
    (scalar(f"{FLAGS}__ionosphere_tec_applied", np.float64(np.nan)), "ionosphere_tec_applied"),
    (scalar(f"{FLAGS}__bistatic_delay_applied", None), "bistatic_delay_applied"),
    (scalar(f"{FLAGS}__elevation_antenna_pattern_correction_applied", "None"), "elevation_antenna_pattern"),
]


@pytest.mark.parametrize(("change", "words"), CASES, ids=lambda value: getattr(value, "__name__", ""))
def test_a_product_that_is_wrong(made, stack, tmp_path, change, words):
    path = one_of(made, stack)
    change(path)
    said = refused(made, stack, tmp_path)
    assert path.name in said and any(word in said for word in words.split("|")), said


def file_of_zeros(path):
    path.write_bytes(bytes(2000))


def empty_file(path):
    path.write_bytes(b"")


def cut(path):
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 3 // 4])


def page_of_a_server(path):
    path.write_text("<html><title>Earthdata Login</title></html>")


def pipe(path):
    path.unlink()
    os.mkfifo(path)


def dangling(path):
    path.unlink()
    path.symlink_to("nowhere.h5")


def loop(path):
    path.unlink()
    path.symlink_to(path.name)


def damaged_inside(path):
    with h5py.File(path) as file:
        where = file["data/VV"].id.get_chunk_info(0).byte_offset
    with open(path, "r+b") as raw:
        raw.seek(where)
        raw.write(b"\xaa" * 200)


@pytest.mark.parametrize(
    "change", [file_of_zeros, empty_file, cut, page_of_a_server, pipe, dangling, loop, damaged_inside]
)
def test_a_file_that_cannot_be_read(made, stack, tmp_path, change):
    path = one_of(made, stack)
    change(path)
    said = refused(made, stack, tmp_path)
    assert path.name in said and ("download it again" in said or "cannot be read" in said or "does not exist" in said)


def test_all_that_is_wrong_is_said_at_once(made, stack, tmp_path):
    first, second, third = (products(made, f"_{date}T")[0] for date in dates_of(stack)[:3])
    cut(first)
    changed(second, **{f"{FLAGS}__topographic_flattening_applied": np.False_})
    changed(third, metadata__orbit=None)
    said = refused(made, stack, tmp_path)
    assert "3 problems" in said and all(path.name in said for path in (first, second, third))


@pytest.mark.parametrize("target", [".", ".."])
def test_folders_that_hold_themselves(made, stack, tmp_path, target, capsys):
    (made / "again").symlink_to(target)
    (made / "and again").symlink_to(target)
    prepare(made, stack, tmp_path)
    assert "left aside" not in capsys.readouterr().out


def test_the_same_file_under_two_names(made, stack, tmp_path, capsys):
    path = one_of(made, stack)
    (made / "other name.h5").symlink_to(path)
    prepare(made, stack, tmp_path)
    assert "left aside" not in capsys.readouterr().out


def test_numbers_beyond_single_precision(made, stack, tmp_path):
    """Finite images whose pairs are not."""
    for path in products(made):
        changed(path, data__VV=of_data(path, "VV") * np.float32(1e25))
    said = refused(made, stack, tmp_path)
    assert "beyond 1e+15" in said


def test_infinite_numbers_are_no_values(made, stack, tmp_path):
    for path in products(made, f"_{dates_of(stack)[0]}T"):
        values = of_data(path, "VV")
        values[np.isfinite(values) & (np.arange(values.shape[1]) % 2 == 0)] = complex(np.inf, 0)
        changed(path, data__VV=values)
    project = prepare(made, stack, tmp_path)
    for date in dates_of(stack):
        values = map_stacks.raster(project, f"SLC/{date}.slc", "<c8")
        assert 600 < np.isfinite(values).sum() < 1000 and not np.isinf(values).any()


def test_static_layers_that_mask_everything(made, stack, tmp_path):
    for path in map_stacks.static_layers(made):
        changed(path, data__layover_shadow_mask=np.full(of_data(path, "los_east").shape, 127, np.int8))
    said = refused(made, stack, tmp_path)
    assert "mask" in said


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("los_east", "texts"),
        ("los_east", "group"),
        ("layover_shadow_mask", "numbers"),
        ("los_north", "flat"),
        ("z", "huge"),
    ],
)
def test_static_layers_of_the_wrong_kind(made, stack, tmp_path, name, values):
    path = map_stacks.static_layers(made)[0]
    shape = of_data(path, "los_east").shape
    kinds = {
        "texts": np.full(shape, b"a"),
        "numbers": np.full(shape, np.nan, "f4"),
        "flat": np.zeros(shape[0], "f4"),
        "huge": np.full(shape, 1e20, "f4"),
    }
    changed(path, **{f"data__{name}": kinds.get(values)})
    if values == "group":
        with h5py.File(path, "r+") as file:
            file.create_group(f"data/{name}")
    said = refused(made, stack, tmp_path)
    assert path.name in said and name in said
