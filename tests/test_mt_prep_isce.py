"""Preparation from a topsStack tree: what is written, forms of the rasters, errors."""

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from stamps import simulate
from stamps.errors import InputError
from stamps.frontends import isce, topsstack
from stamps.legacy.mt_prep_isce import mt_prep_isce
from stamps.workspace.parameters import Parameters

pytest.importorskip("rasterio")

TINY = ["--preset", "tiny", "--lines", "24", "--samples", "30", "--quiet", "--layout", "isce", "--mask"]
SIZE = (24, 30)


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stack") / "topsstack"
    assert simulate.main([str(folder), *TINY]) == 0
    return folder


@pytest.fixture
def stack(tree, tmp_path):
    """A copy of the tree that may be changed."""
    return Path(shutil.copytree(tree, tmp_path / "stack"))


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


def facts(stack):
    """Master and all dates of the stack."""
    names = sorted(path.name for path in (stack / "merged" / "SLC").iterdir())
    return json.loads((stack / "truth.json").read_text())["master"], names


def slc(stack, date):
    return np.fromfile(stack / "merged" / "SLC" / date / f"{date}.slc.full", "<c8").reshape(SIZE)


def both_headers(path):
    return Path(f"{path}.xml"), Path(f"{path}.vrt")


# ---------------------------------------------------------------------- result


def test_single_master(tree, project):
    master, names = facts(tree)
    slaves = [name for name in names if name != master]
    mt_prep_isce(master, tree, workdir=project)
    assert (project / "processor.txt").read_text() == "isce\n"
    assert (project / "day.1.in").read_text().split() == slaves
    assert (project / "master_day.1.in").read_text().split() == [master]
    paths = (project / "pscphase.in").read_text().split()[1:]
    assert paths == [str(project / date / "isce_minrefdem.int") for date in slaves]
    for path, date in zip(paths, slaves, strict=True):
        expected = slc(tree, master) * np.conj(slc(tree, date))
        np.testing.assert_array_equal(isce.map_bands(path)[0], expected)
    for name, source in (("lat", "lat"), ("lon", "lon"), ("dem", "hgt")):
        values = np.fromfile(tree / "merged" / "geom_reference" / f"{source}.rdr.full", "<f8").reshape(SIZE)
        np.testing.assert_array_equal(isce.map_bands(project / f"{name}.raw")[0], values.astype(np.float32))
    truth = np.load(tree / "truth.npz")
    incidence = isce.map_bands(project / "inc_angle.raw")[0]
    np.testing.assert_allclose(incidence, np.broadcast_to(np.degrees(truth["incidence"]), SIZE), rtol=1e-6)
    images = [str(tree / "merged" / "SLC" / date / f"{date}.slc.full") for date in names]
    assert (project / "calamp.in").read_text().split() == images
    assert not (project / "SLC").exists() and not list(project.glob(".stamps*"))
    line, sample = np.loadtxt(project / "PATCH_1" / "pscands.1.ij", int)[:, 1:].T
    stored = np.fromfile(project / "PATCH_1" / "pscands.1.ph", "<c8").reshape(len(slaves), -1)
    np.testing.assert_array_equal(stored[0], isce.map_bands(paths[0])[0][line, sample])
    parameters = Parameters(project)
    assert parameters.get("insar_processor") == "isce"
    assert parameters.get("heading") == pytest.approx(-166.6, abs=1e-5)
    assert parameters.get("lambda") == pytest.approx(0.05546576)


def test_baselines_against_another_master(tree, project):
    """The reference of the stack has no baseline raster; the master of the project may be another image."""
    reference, names = facts(tree)
    master = next(name for name in names if name != reference)
    mt_prep_isce(master, tree, workdir=project)
    of_master = isce.map_bands(tree / "merged" / "baselines" / master / master)[0]
    for date in names:
        if date == master:
            assert not (project / f"baselineGRID_{date}").exists()
            continue
        of_date = 0 if date == reference else isce.map_bands(tree / "merged" / "baselines" / date / date)[0]
        np.testing.assert_allclose(isce.map_bands(project / f"baselineGRID_{date}")[0], of_date - of_master, atol=1e-5)
    means = np.loadtxt(project / "bperp.1.in")
    grids = [isce.map_bands(project / f"baselineGRID_{date}")[0].mean() for date in names if date != master]
    np.testing.assert_allclose(means, grids, atol=1e-4)


def test_small_baselines(tree, project):
    master, names = facts(tree)
    pairs = [(names[0], names[1]), (names[1], names[3])]
    # the order of the list does not matter, nor does the form of the numbers
    lines = [f"{float(first):16.7e}{float(second):16.7e}\n" for first, second in pairs[::-1]]
    (project / "small_baselines.list").write_text("".join(lines))
    mt_prep_isce(master, tree, workdir=project)
    assert (project / "ifgday.1.in").read_text().splitlines() == [" ".join(pair) for pair in pairs]
    used = sorted({date for pair in pairs for date in pair} - {master})
    assert (project / "day.1.in").read_text().split() == used
    images = (project / "calamp.in").read_text().split()
    assert [Path(path).name[:8] for path in images] == [date for pair in pairs for date in pair]
    first, second = pairs[1]
    interferogram = isce.map_bands(project / f"{first}_{second}" / "isce_minrefdem.int")[0]
    np.testing.assert_array_equal(interferogram, slc(tree, first) * np.conj(slc(tree, second)))
    assert Parameters(project).flag("small_baseline_flag") and (project / "selsbc.in").exists()


def test_mask(tree, project, tmp_path):
    master, _ = facts(tree)
    mt_prep_isce(master, tree, maskfile=tree / "mask.bin", workdir=project)
    mask = np.fromfile(tree / "mask.bin", np.uint8).reshape(SIZE)
    line, sample = np.loadtxt(project / "PATCH_1" / "pscands.1.ij", int)[:, 1:].T
    assert not mask[line, sample].any() and mask.any()


def test_patches_are_replaced(tree, project):
    master, _ = facts(tree)
    mt_prep_isce(master, tree, None, 2, 2, 3, 3, workdir=project)
    mt_prep_isce(master, tree, 0.3, 1, 2, 3, 3, workdir=project)
    assert sorted(path.name for path in project.glob("PATCH_*")) == ["PATCH_1", "PATCH_2"]
    assert (project / "selpsc.in").read_text().split()[0] == "0.3"


# ---------------------------------------------------------------------- forms of the stack


def test_virtual_slcs_are_copied(stack, tree, project):
    """Only a .vrt that refers to another file: there is no plain file to extract amplitudes from."""
    master, names = facts(stack)
    folder = stack / "merged" / "SLC" / master
    xml, vrt = both_headers(folder / f"{master}.slc.full")
    (folder / "bursts").mkdir()
    (folder / f"{master}.slc.full").rename(folder / "bursts" / "merged.bin")
    vrt.write_text(vrt.read_text().replace(f">{master}.slc.full<", ">bursts/merged.bin<"))
    xml.unlink()
    mt_prep_isce(master, stack, workdir=project)
    images = (project / "calamp.in").read_text().split()
    copy = project / "SLC" / f"{master}.slc"
    assert images[names.index(master)] == str(copy)
    np.testing.assert_array_equal(np.fromfile(copy, "<c8").reshape(SIZE), slc(tree, master))
    assert str(copy) in (project / "calamp.out").read_text() and str(copy) in (project / "selpsc.in").read_text()


def test_big_endian_slcs_are_copied(stack, tree, project):
    master, names = facts(stack)
    path = stack / "merged" / "SLC" / names[0] / f"{names[0]}.slc.full"
    slc(tree, names[0]).astype(">c8").tofile(path)
    isce.write_header(f"{path}.xml", SIZE[1], SIZE[0], ">c8", path.name)
    mt_prep_isce(master, stack, workdir=project)
    np.testing.assert_array_equal(np.fromfile(project / "SLC" / f"{names[0]}.slc", "<c8"), slc(tree, names[0]).ravel())
    assert [path.name for path in (project / "SLC").glob("*.slc")] == [f"{names[0]}.slc"]


def test_trees_without_full_resolution(stack, tree, project):
    """Names without .full, and headers of one kind only."""
    master, _ = facts(stack)
    for path in sorted(stack.glob("merged/*/**/*.full*")):
        if path.suffix == ".vrt":
            path.unlink()
        else:
            path.rename(str(path).replace(".full", ""))
    mt_prep_isce(master, stack, workdir=project)
    assert all(path.endswith(".slc") for path in (project / "calamp.in").read_text().split())
    assert (project / "PATCH_1" / "pscands.1.ij").stat().st_size > 0


@pytest.mark.parametrize("text", [None, "<a><property name='radarwavelength'><value>x</value></property></a>", "<a>"])
def test_wavelength_of_sentinel_1_where_the_tree_does_not_tell(stack, text):
    master, _ = facts(stack)
    path = stack / "reference" / "IW1.xml"
    path.unlink()
    if text:
        path.write_text(text)
    assert topsstack.find_stack(master, stack).wavelength == 0.05546576
    text = "<a><property name='radarwavelength'><value>0.24</value></property></a>"
    (stack / "reference" / "IW2.xml").write_text(text)
    assert topsstack.find_stack(master, stack).wavelength == 0.24


@pytest.mark.parametrize("heading", [-166.6, -13.2, 0.0, 179.5, -90.0])
def test_heading_of_the_line_of_sight(heading):
    """From the ground a right-looking satellite stands to the left of its flight: 90 degrees less than the heading."""
    clockwise = heading - 90
    azimuth = np.array([-clockwise, -clockwise + 0.2, -clockwise - 0.2, 0.0, np.nan])
    assert topsstack.heading_of((azimuth + 180) % 360 - 180) == pytest.approx(heading)


# ---------------------------------------------------------------------- errors


def test_missing_parts(stack, project):
    master, names = facts(stack)
    with pytest.raises(InputError, match="has no merged/SLC"):
        mt_prep_isce(master, stack / "merged", workdir=project)
    with pytest.raises(InputError, match="The master 20010101 is absent"):
        mt_prep_isce(20010101, stack, workdir=project)
    with pytest.raises(InputError, match="'soon' is not a date"):
        mt_prep_isce("soon", stack, workdir=project)
    with pytest.raises(InputError, match="mask file .* does not exist") as caught:
        mt_prep_isce(master, stack, maskfile="nothing", workdir=project)
    assert caught.value.exit_status == 2
    slave = next(name for name in names if name != master)
    shutil.rmtree(stack / "merged" / "baselines" / slave)
    with pytest.raises(InputError, match=f"no baseline raster .*baselines/{min(slave, master)}"):
        mt_prep_isce(master, stack, workdir=project)
    for path in both_headers(stack / "merged" / "geom_reference" / "hgt.rdr.full"):
        path.unlink()
    with pytest.raises(InputError, match=r"no geometry raster .*hgt\.rdr\[\.full\]"):
        mt_prep_isce(master, stack, workdir=project)
    assert not list(project.iterdir())


def test_sizes_and_types(stack, project):
    master, _ = facts(stack)
    path = stack / "merged" / "geom_reference" / "lat.rdr.full"
    original = path.read_bytes()
    np.zeros((12, 15)).tofile(path)
    isce.write_header(f"{path}.xml", 15, 12, "<f8", path.name)
    with pytest.raises(InputError, match="has 15 samples × 12 lines, but .* has 30 × 24: use rasters of one"):
        mt_prep_isce(master, stack, workdir=project)
    path.write_bytes(original)
    isce.write_header(f"{path}.xml", 30, 24, "<f8", path.name)
    image = stack / "merged" / "SLC" / master / f"{master}.slc.full"
    isce.write_header(f"{image}.xml", 30, 24, "<f8", image.name)
    with pytest.raises(InputError, match="holds float64, but complex numbers"):
        mt_prep_isce(master, stack, workdir=project)


@pytest.mark.parametrize("virtual", [False, True])
def test_truncated_rasters(stack, project, virtual):
    """GDAL itself reads zeros behind the end of a file."""
    master, _ = facts(stack)
    path = stack / "merged" / "geom_reference" / "hgt.rdr.full"
    path.write_bytes(path.read_bytes()[:1000])
    if virtual:
        both_headers(path)[0].unlink()
    with pytest.raises(InputError, match=r"hgt\.rdr\.full has 1000 bytes, but its header asks for 5760"):
        mt_prep_isce(master, stack, workdir=project)
    assert not list(project.iterdir())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "lists no pair"),
        ("20180108\n", "line '20180108', but two dates"),
        ("20180108 2018\n", "two dates yyyymmdd were expected"),
        ("20180108 20010101\n", "pairs name 20010101"),
    ],
)
def test_damaged_lists_of_pairs(tree, project, text, message):
    master, _ = facts(tree)
    (project / "small_baselines.list").write_text(text)
    with pytest.raises(InputError, match=message):
        mt_prep_isce(master, tree, workdir=project)


def test_without_rasterio(tree, project, monkeypatch):
    monkeypatch.setitem(sys.modules, "rasterio", None)
    with pytest.raises(InputError, match="pip install rasterio"):
        mt_prep_isce(facts(tree)[0], tree, workdir=project)
