"""Layers of geocoded products that are missing in part, masks, odd spacings, names: what is used, and what is said."""

import csv
import shutil

import h5py
import numpy as np
import pytest

from helpers import map_stacks
from helpers.map_stacks import bursts, changed, dates_of, prepared, products, raster, read, refused, static_layers
from stamps.errors import InputError
from stamps.frontends.cslc.listing import list_products
from stamps.frontends.cslc.products import Grid, grid_of
from stamps.frontends.cslc.settings import CslcSettings

pytest.importorskip("pyproj")
rasterio = pytest.importorskip("rasterio")


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


def water_mask(path, made, west=0.0, nodata=None, value=1):
    """A raster of one value over the first burst, or that far west of it; returns its name."""
    image = products(made)[0]
    x, y = (read(image, f"data/{axis}_coordinates") for axis in "xy")
    size = {"width": int(np.ptp(x) / 20) + 9, "height": int(np.ptp(y) / 20) + 9}
    corner = rasterio.Affine(20, 0, x[0] - 40 - west, 0, -20, y[0] + 40)
    profile = {"driver": "GTiff", "count": 1, "dtype": "uint8", "crs": f"EPSG:{read(image, 'data/projection')}"}
    with rasterio.open(path, "w", transform=corner, nodata=nodata, **size, **profile) as file:
        file.write(np.full((size["height"], size["width"]), value, "u1"), 1)
    return str(path)


def test_spacings_that_binary_numbers_cannot_hold(stack, tmp_path, capsys):
    """Each burst's spacing comes from its own coordinates and differs in the last digits."""
    made = bursts(stack, tmp_path / "made", bursts=2, posting=(7.3, 11.7))
    listing = list_products([made], CslcSettings())
    assert not listing.problems and listing.chosen.grid is not None
    project = prepared(tmp_path / "INSAR", stack, made, da_thresh=0.6)
    assert set(np.unique(raster(project, "burst.raw", "u1"))) == {0, 1, 2}
    assert "not used" not in capsys.readouterr().out


def test_grids_are_compared_within_a_thousandth_of_a_pixel(tmp_path):
    steps = np.arange(4.0)
    grid = grid_of(tmp_path, 32633, 500_000 + 7.3 * steps, 4_500_000 - 11.7 * steps)
    assert (grid.dx, grid.dy) == (7.3, -11.7)
    near, far = (Grid(32633, grid.x + shift, grid.y, 7.3, -11.7, 4, 4) for shift in (0.005, 0.01))
    assert near.same_as(grid) and not far.same_as(grid) and far.offset(grid) is None
    assert Grid(32633, grid.x + 14.6, grid.y + 11.7, 7.3, -11.7, 4, 4).offset(grid) == (2, -1)


def test_pixels_without_a_height_in_the_static_layers_are_masked(made, stack, tmp_path, capsys):
    with h5py.File(static_layers(made)[0], "r+") as file:
        del file["data/z"]
    project = prepared(tmp_path / "INSAR", stack, made, da_thresh=0.6)
    owner, mask, height = (
        raster(project, f"{name}.raw", kind)
        for name, kind in zip(("burst", "mask", "dem"), ("u1", "u1", "<f4"), strict=True)
    )
    assert mask[owner == 1].all() and np.isnan(height[owner == 1]).all() and not mask[owner == 2].all()
    said = capsys.readouterr().out
    assert "static layers have no height for" in said and "No DEM" not in said


def test_static_layers_without_a_line_of_sight(made, stack, tmp_path, capsys):
    for path in static_layers(made):
        changed(path, data__los_east=np.full(read(path, "data/los_east").shape, np.nan, "f4"))
    prepared(tmp_path / "INSAR", stack, made, da_thresh=0.6)
    assert "no line of sight anywhere" in capsys.readouterr().out


def test_a_water_mask_of_another_place(made, stack, tmp_path):
    water = water_mask(tmp_path / "water.tif", made, west=50_000)
    assert "does not cover the area" in refused(made, stack, tmp_path, water=water, da_thresh=0.6)


def test_a_water_mask_whose_value_is_declared_missing(made, stack, tmp_path):
    water = water_mask(tmp_path / "water.tif", made, nodata=1)
    assert "to be that of missing pixels" in refused(made, stack, tmp_path, water=water, da_thresh=0.6)


def test_a_water_mask_that_leaves_nothing(made, stack, tmp_path):
    water = water_mask(tmp_path / "water.tif", made)
    said = refused(made, stack, tmp_path, water=water, da_thresh=0.6, bursts=["t044_092461_iw2"])
    assert "All pixels of the area are masked" in said and "water.tif" in said


def test_a_water_mask_without_water_and_with_gaps(made, stack, tmp_path, capsys):
    water = water_mask(tmp_path / "water.tif", made, west=200, value=0)
    prepared(tmp_path / "INSAR", stack, made, water=water, da_thresh=0.6)
    said = capsys.readouterr().out
    assert "has no pixel of water (1)" in said and "says nothing about" in said


def test_images_without_the_polarisation_are_said(made, stack, tmp_path, capsys):
    for path in products(made, dates_of(stack)[0]):
        with h5py.File(path, "r+") as file:
            file.move("data/VV", "data/HH")
    prepared(tmp_path / "INSAR", stack, made, pol="VV", da_thresh=0.6)
    assert "and 1 more have no VV and are left out" in capsys.readouterr().out


def test_names_with_line_breaks_in_the_table(made, stack, tmp_path):
    path = products(made, dates_of(stack)[0])[0]
    path.rename(path.with_name("a\n#b\x1b[31m.h5"))
    static_layers(made)[0].rename(made / "static\nlayers.h5")
    project = prepared(tmp_path / "INSAR", stack, made, da_thresh=0.6)
    lines = (project / "cslc.csv").read_text().splitlines()
    assert len(lines) == 5 + len(dates_of(stack)) and "static\\nlayers.h5" in lines[2]
    rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    assert rows[0]["granules"].startswith("a\\n#b\\x1b[31m.h5 ")


def test_bursts_that_do_not_overlap_cannot_be_aligned(stack, tmp_path, capsys):
    made = bursts(stack, tmp_path / "made", bursts=2, overlap=0.0)
    prepared(tmp_path / "INSAR", stack, made, align=True, da_thresh=0.6)
    count = len(dates_of(stack)) - 1
    assert f"{count} of {count} constants of bursts and dates could not be estimated" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("order", "words"),
    [((0, 0), "with itself"), ((0, 1, 0, 1), "is listed 2 times"), ((0, 1, 1, 0), "is listed 2 times")],
)
def test_pairs_that_make_no_sense(sound, stack, tmp_path, order, words):
    dates = [dates_of(stack)[k] for k in order]
    project = tmp_path / "INSAR"
    project.mkdir()
    lines = [f"{first} {second}\n" for first, second in zip(dates[::2], dates[1::2], strict=True)]
    (project / "small_baselines.list").write_text("".join(lines))
    with pytest.raises(InputError, match=words):
        prepared(project, stack, sound)
    assert {path.name for path in project.iterdir()} <= {"small_baselines.list", "STAMPS.log"}
