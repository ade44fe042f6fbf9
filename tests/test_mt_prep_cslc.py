"""``mt_prep_cslc`` and ``stamps cslc``: options, masks, heights, small baselines, several folders, all or nothing."""

import json
import shutil

import numpy as np
import pytest

from helpers import map_stacks
from helpers.map_stacks import bursts, dates_of, frames, master_of, prepared, products, raster
from stamps.cli import program as cli
from stamps.errors import InputError
from stamps.legacy.mt_link import mt_link
from stamps.legacy.mt_prep_cslc import mt_prep_cslc

pytest.importorskip("pyproj")
rasterio = pytest.importorskip("rasterio")


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    return map_stacks.radar_stack(tmp_path_factory.mktemp("radar"))


@pytest.fixture(scope="module")
def made(stack, tmp_path_factory):
    return bursts(stack, tmp_path_factory.mktemp("made"), bursts=2, overlap=0.4)


@pytest.fixture(scope="module")
def project(stack, made, tmp_path_factory):
    return prepared(tmp_path_factory.mktemp("project") / "INSAR", stack, made)


def geotiff(path, project, values, dtype):
    """A raster in degrees that covers a project with a margin."""
    lon, lat = (raster(project, f"{name}.raw", "<f4") for name in ("lon", "lat"))
    west, north, step = lon.min() - 0.01, lat.max() + 0.01, 0.0005
    size = int((np.ptp(lon) + 0.02) / step) + 1, int((np.ptp(lat) + 0.02) / step) + 1
    x, y = west + step * (np.arange(size[0]) + 0.5), north - step * (np.arange(size[1]) + 0.5)
    data = values(*np.meshgrid(x, y)).astype(dtype)
    profile = {"driver": "GTiff", "width": size[0], "height": size[1], "count": 1, "dtype": dtype, "crs": "EPSG:4326"}
    corner = rasterio.Affine(step, 0, west, 0, -step, north)
    with rasterio.open(path, "w", transform=corner, nodata=-9999 if dtype == "float32" else None, **profile) as file:
        file.write(data, 1)
    return path


def test_the_verb_does_what_the_command_does(stack, made, project, tmp_path, capsys):
    folder = tmp_path / "verb"
    folder.mkdir()
    assert cli.run("stamps", ["cslc", "prepare", master_of(stack), str(made), "--workdir", str(folder)]) == 0
    for name in ("calamp.out", "mask.raw", "bperp.1.in", "PATCH_1/pscands.1.ph", "cslc.csv"):
        ours, theirs = ((place / name).read_bytes() for place in (folder, project))
        assert ours.replace(bytes(folder), b"") == theirs.replace(bytes(project), b"")
    assert "owner" in capsys.readouterr().out


def test_the_command_takes_options(stack, made, tmp_path):
    folder = tmp_path / "command"
    folder.mkdir()
    words = [master_of(stack), str(made), "0.5", "2", "1", "5", "5", "--bursts", "T044-092461-IW2", "--keep-layover"]
    assert cli.run("mt_prep_cslc", [*words, "--workdir", str(folder)]) == 0
    assert (folder / "patch.list").read_text().split() == ["PATCH_1", "PATCH_2"]
    assert set(np.unique(raster(folder, "burst.raw", "u1"))) == {0, 1}
    np.testing.assert_array_equal(raster(folder, "mask.raw", "u1"), raster(folder, "burst.raw", "u1") == 0)


def test_listing(stack, made, capsys):
    assert cli.run("stamps", ["cslc", "list", str(made), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["common_dates"] == [int(date) for date in dates_of(stack)] and len(found["bursts"]) == 2
    assert found["problems"] == [] and found["posting"] == [10, 15]


def test_listing_of_what_does_not_fit(stack, tmp_path, capsys):
    first = dates_of(stack)[0]
    folder = bursts(
        stack,
        tmp_path / "made",
        bursts=2,
        missing={first: [1]},
        flags={dates_of(stack)[1]: {"topographic_flattening_applied": False}},
    )
    assert cli.run("stamps", ["cslc", "list", str(folder)]) == 1
    text = capsys.readouterr().out
    assert f"Burst t044_092462_iw2 lacks {first}" in text and "Possible: 2 bursts × 4 dates" in text
    assert "is not flattened" in text and f"--exclude {first}" in text


def test_an_area(stack, made, project, tmp_path):
    lon, lat = (raster(project, f"{name}.raw", "<f4").astype(float) for name in ("lon", "lat"))
    middle = float(np.median(lon)), float(np.median(lat))
    area = (middle[0] - 0.001, middle[1] - 0.001, middle[0] + 0.001, middle[1] + 0.001)
    part = prepared(tmp_path / "part", stack, made, area=area, da_thresh=5)
    found = raster(part, "lon.raw", "<f4"), raster(part, "lat.raw", "<f4")
    assert found[0].shape[0] < lat.shape[0] / 2 and found[0].shape[1] < lon.shape[1] / 2
    offset = np.argwhere((lon == found[0][0, 0]) & (lat == found[1][0, 0]))[0]
    window = tuple(slice(start, start + size) for start, size in zip(offset, found[0].shape, strict=True))
    for name in ("SLC/" + master_of(stack) + ".slc", dates_of(stack)[0] + "/isce_minrefdem.int"):
        np.testing.assert_array_equal(raster(part, name, "<c8"), raster(project, name, "<c8")[window])


def test_heights_of_an_elevation_model(stack, made, project, tmp_path):
    dem = geotiff(tmp_path / "dem.tif", project, lambda x, y: 1000 + 5000 * (x - 14) + 300 * (y - 40), "float32")
    folder = prepared(tmp_path / "INSAR", stack, made, dem=dem)
    lon, lat, height = (raster(folder, f"{name}.raw", "<f4") for name in ("lon", "lat", "dem"))
    np.testing.assert_allclose(
        height, 1000 + 5000 * (lon.astype(float) - 14) + 300 * (lat.astype(float) - 40), atol=0.05
    )


def test_pixels_without_a_height_are_masked(stack, made, project, tmp_path, capsys):
    lon = raster(project, "lon.raw", "<f4")
    dem = geotiff(tmp_path / "dem.tif", project, lambda x, y: np.where(x < np.median(lon), 50.0, -9999), "float32")
    folder = prepared(tmp_path / "INSAR", stack, made, dem=dem)
    mask, height = raster(folder, "mask.raw", "u1"), raster(folder, "dem.raw", "<f4")
    assert np.isnan(height).any() and mask[np.isnan(height)].all() and not mask[np.isfinite(height)].all()
    assert "has no height for" in capsys.readouterr().out


def test_water_and_the_users_mask(stack, made, project, tmp_path):
    lat = raster(project, "lat.raw", "<f4")
    water = geotiff(tmp_path / "water.tif", project, lambda x, y: np.where(y < np.median(lat), 7, 0), "uint8")
    mine = np.zeros(lat.shape, np.uint8)
    mine[:, :20] = 3
    mine.tofile(tmp_path / "mine.raw")
    folder = prepared(tmp_path / "INSAR", stack, made, water=water, water_value=7, maskfile=tmp_path / "mine.raw")
    mask, before = raster(folder, "mask.raw", "u1"), raster(project, "mask.raw", "u1")
    assert mask[:, :20].all() and mask[lat < np.median(lat) - 0.0006].all()
    rest = (lat > np.median(lat) + 0.0006) & (np.arange(lat.shape[1]) >= 20)
    np.testing.assert_array_equal(mask[rest], before[rest])
    with pytest.raises(InputError, match="bytes"):
        prepared(tmp_path / "again", stack, made, maskfile=made.parent / "cells.npz")


@pytest.mark.parametrize("name", ["dem", "water"])
def test_rasters_that_lie_nowhere(stack, made, tmp_path, name):
    with pytest.raises(InputError, match="does not exist"):
        prepared(tmp_path / "INSAR", stack, made, **{name: tmp_path / "none.tif"})
    (tmp_path / "text.tif").write_text("no raster")
    with pytest.raises(InputError, match="cannot be read"):
        prepared(tmp_path / "INSAR", stack, made, **{name: tmp_path / "text.tif"})
    profile = {"driver": "GTiff", "width": 2, "height": 2, "count": 1, "dtype": "float32"}
    with pytest.warns(rasterio.errors.NotGeoreferencedWarning), rasterio.open(tmp_path / "n.tif", "w", **profile):
        pass
    with pytest.raises(InputError, match="where it lies"):
        prepared(tmp_path / "INSAR", stack, made, **{name: tmp_path / "n.tif"})
    assert not list((tmp_path / "INSAR").glob("*.raw"))


def test_small_baselines(stack, made, project, tmp_path):
    dates = dates_of(stack)
    folder = tmp_path / "SB"
    folder.mkdir()
    (folder / "small_baselines.list").write_text(f"{dates[0]} {dates[1]}\n{dates[1]} {master_of(stack)}\n")
    mt_prep_cslc(master_of(stack), made, workdir=folder)
    one, other = (raster(folder, f"SLC/{date}.slc", "<c8") for date in dates[:2])
    pair = raster(folder, f"{dates[0]}_{dates[1]}/isce_minrefdem.int", "<c8")
    np.testing.assert_array_equal(pair, one * np.conj(other))
    assert not (folder / "SLC" / f"{dates[-1]}.slc").exists() and (folder / "selsbc.in").exists()
    assert len((folder / "ifgday.1.in").read_text().splitlines()) == 2
    (folder / "small_baselines.list").write_text(f"{dates[0]} 20100101\n")
    with pytest.raises(InputError, match="The pairs name 20100101"):
        mt_prep_cslc(master_of(stack), made, workdir=folder)


def test_products_in_several_folders_and_deeper(stack, made, project, tmp_path):
    for k, path in enumerate(sorted(made.iterdir())):
        target = tmp_path / ("a", "b/c")[k % 2] / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    folder = prepared(tmp_path / "INSAR", stack, tmp_path / "a", tmp_path / "b")
    assert (folder / "cslc.csv").read_bytes() == (project / "cslc.csv").read_bytes()


def test_a_refusal_leaves_the_old_project(stack, made, tmp_path):
    folder = prepared(tmp_path / "INSAR", stack, made)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.name != "STAMPS.log"}
    with pytest.raises(InputError, match="The master 20100101 is absent: the bursts have these common dates: 2018"):
        mt_prep_cslc(20100101, made, workdir=folder)
    with pytest.raises(InputError, match="There is no image of 20100101 to exclude"):
        mt_prep_cslc(master_of(stack), made, workdir=folder, exclude=20100101)
    after = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.name != "STAMPS.log"}
    assert after == before


def test_no_room(stack, made, tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda place: usage._replace(free=1000))
    with pytest.raises(InputError, match=r"will be written .*: choose a smaller area \(--area\)"):
        prepared(tmp_path / "INSAR", stack, made)


def test_constants_of_bursts_are_taken_out(stack, tmp_path, capsys):
    """Of the pair in the overlap, from one burst and the other, the same is left."""
    folder = bursts(stack, tmp_path / "made", bursts=2, overlap=0.4, constants=1.0)
    plain = prepared(tmp_path / "plain", stack, folder)
    assert "largest" in capsys.readouterr().out
    aligned = prepared(tmp_path / "aligned", stack, folder, align=True)
    assert "largest 0.00 rad" in capsys.readouterr().out
    owner = raster(plain, "burst.raw", "u1")
    for date in set(dates_of(stack)) - {master_of(stack)}:
        name = f"{date}/isce_minrefdem.int"
        turned = np.angle(raster(aligned, name, "<c8") * np.conj(raster(plain, name, "<c8")))
        assert np.abs(turned[owner == 1]).max() < 1e-5 and np.ptp(turned[owner == 2]) < 1e-4
    rows = [line.split(",") for line in (aligned / "cslc.csv").read_text().splitlines() if line[0] != "#"]
    assert max(abs(float(row[7].split()[1])) for row in rows[1:]) > 0.2


def test_frames_that_look_left_are_refused(stack, tmp_path):
    with pytest.raises(InputError, match="looks left: only right-looking images are supported"):
        prepared(tmp_path / "INSAR", stack, frames(stack, tmp_path, look="Left"))


@pytest.mark.parametrize("mask", [np.ones((2, 2), np.uint8), np.full((46, 72), b"a")])
def test_frames_with_a_mask_of_another_kind(stack, tmp_path, mask):
    folder = frames(stack, tmp_path)
    path = products(folder)[0]
    map_stacks.changed(path, science__LSAR__GSLC__grids__frequencyA__mask=mask)
    with pytest.raises(InputError, match=f"{path.name} has a /science/.*mask of another size or kind"):
        prepared(tmp_path / "INSAR", stack, folder)


def test_partial_and_unfocused_frames(stack, tmp_path):
    whole = prepared(tmp_path / "whole", stack, frames(stack, tmp_path / "a"))
    date = dates_of(stack)[0]
    part = prepared(tmp_path / "part", stack, frames(stack, tmp_path / "b", partial={date: (10, 30)}, unfocused=15))
    lat, less = raster(whole, "lat.raw", "<f4"), raster(part, "lat.raw", "<f4")
    assert less.shape[0] <= 16 < lat.shape[0] and less.max() < lat.max()


def test_phases_can_be_linked(project, tmp_path, capsys):
    folder = shutil.copytree(project, tmp_path / "INSAR")
    for name in ("calamp.in", "selpsc.in", "pscphase.in", "pscdem.in", "psclonlat.in", "mask.in", "calamp.out"):
        (folder / name).write_text((folder / name).read_text().replace(str(project), str(folder)))
    mt_link(workdir=folder)
    owned = np.count_nonzero(raster(folder, "mask.raw", "u1") == 0)
    assert f"({owned} valid)" in capsys.readouterr().out


def test_products_that_are_not_there(stack, tmp_path):
    with pytest.raises(InputError, match=r"holds no CSLC file \(OPERA_L2_CSLC-S1_\*\.h5"):
        prepared(tmp_path / "INSAR", stack, tmp_path)
    with pytest.raises(InputError, match="There is no folder"):
        prepared(tmp_path / "INSAR", stack, tmp_path / "none")
    with pytest.raises(InputError, match="is not a date"):
        mt_prep_cslc("summer", tmp_path, workdir=tmp_path)
    assert products(tmp_path) == []
