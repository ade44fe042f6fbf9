"""Preparation from a Doris stack: result files, quirks, short and oversampled masters, errors."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from stamps import simulate
from stamps.errors import InputError
from stamps.frontends.doris import read_image, read_sections
from stamps.frontends.doris_stack import find_stack
from stamps.legacy.mt_extract_info import mt_extract_info
from stamps.legacy.mt_prep import mt_prep
from stamps.workspace.parameters import Parameters

TINY = ["--preset", "tiny", "--lines", "24", "--samples", "30", "--quiet", "--layout", "doris"]
SIZE = (24, 30)


@pytest.fixture(scope="module")
def stacks(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stacks")
    for network in ("single", "sb"):
        assert simulate.main([str(folder / network), *TINY, "--network", network]) == 0
    return folder


@pytest.fixture
def insar(stacks, tmp_path):
    """A copy of the single-master stack: its INSAR directory."""
    return next(Path(shutil.copytree(stacks / "single", tmp_path / "stack")).glob("INSAR_*"))


@pytest.fixture
def pairs(stacks, tmp_path):
    """A copy of the small-baseline stack: its directory SMALL_BASELINES."""
    return next(Path(shutil.copytree(stacks / "sb", tmp_path / "stack")).glob("INSAR_*")) / "SMALL_BASELINES"


def master_slc(insar):
    return next(insar.glob("*_crop.slc"))


def edit(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def positions(project, patch="PATCH_1"):
    return np.loadtxt(project / patch / "pscands.1.ij", int)[:, 1:].T


# ---------------------------------------------------------------------- result


def test_single_master(insar):
    mt_prep(workdir=insar)
    dates = sorted(path.name for path in insar.glob("2*") if path.is_dir())
    master = insar.name[-8:]
    assert (insar / "processor.txt").read_text() == "doris\n"
    assert (insar / "width.txt").read_text() == "30\n" and (insar / "len.txt").read_text() == "24\n"
    assert (insar / "day.1.in").read_text().split() == dates
    assert (insar / "master_day.1.in").read_text() == f"{master}\n"
    assert not (insar / "ifgday.1.in").exists() and not (insar / "rsc.txt").exists()
    images = [str(master_slc(insar)), *(str(insar / date / "slave_res.slc") for date in dates)]
    assert (insar / "calamp.in").read_text().split() == images
    assert (insar / "selpsc.in").read_text().split()[:2] == ["0.4", "30"]
    assert (insar / "pscphase.in").read_text().split()[1:] == [str(insar / d / "cint.minrefdem.raw") for d in dates]
    line, sample = positions(insar)
    assert line.size > 20
    phase = np.fromfile(insar / dates[0] / "cint.minrefdem.raw", "=c8").reshape(SIZE)
    stored = np.fromfile(insar / "PATCH_1" / "pscands.1.ph", "=c8").reshape(len(dates), -1)
    np.testing.assert_array_equal(stored[0], phase[line, sample])
    heights = np.fromfile(insar / "dem_radar.raw", "=f4").reshape(SIZE)
    np.testing.assert_array_equal(np.fromfile(insar / "PATCH_1" / "pscands.1.hgt", "=f4"), heights[line, sample])
    assert Parameters(insar).get("insar_processor") == "doris"


def test_text_headers(insar):
    mt_extract_info(workdir=insar)
    truth = np.load(insar.parent / "truth.npz")
    slaves = np.delete(np.arange(truth["dates"].size), truth["master_ix"])
    mean = np.loadtxt(insar / "bperp.1.in")
    np.testing.assert_allclose(mean, truth["bperp_centre"][slaves], atol=0.05)
    for k, date in zip(slaves, truth["dates"][slaves], strict=True):
        grid = np.loadtxt(insar / f"bperp_{date}.1.in")
        assert grid.shape == (2500, 2)
        np.testing.assert_allclose(grid[:, 0].mean(), truth["bperp_centre"][k], atol=0.05)
        assert 0 < np.abs(grid[:, 1] - grid[:, 0]).max() < 0.2  # a little more at 1000 m
    look = np.loadtxt(insar / "look_angle.1.in")
    np.testing.assert_allclose(look[0, 0], np.degrees(truth["look"][0]), atol=1e-2)
    nodes = look[:, 0].reshape(50, 50)
    assert np.all(np.diff(nodes, axis=1) > 0)  # along range
    assert np.abs(np.diff(nodes, axis=0)).max() < np.diff(nodes, axis=1).min()
    assert np.all(look[:, 1] > look[:, 0])  # higher points of the same range lie farther out
    assert float((insar / "heading.1.in").read_text()) == pytest.approx(-166.6, abs=1e-3)
    assert (insar / "slc_osfactor.1.in").read_text() == "1\n"
    parameters = Parameters(insar)
    assert parameters.get("lambda") == pytest.approx(0.05546576) and not parameters.flag("small_baseline_flag")


def test_small_baselines(pairs):
    mt_prep(workdir=pairs)
    names = sorted(path.name for path in pairs.iterdir() if path.is_dir() and not path.name.startswith("PATCH"))
    assert (pairs / "ifgday.1.in").read_text().splitlines() == [name.replace("_", " ") for name in names]
    dates = {date for name in names for date in name.split("_")}
    master = pairs.parent.name[-8:]
    assert (pairs / "day.1.in").read_text().split() == sorted(dates - {master})
    assert (pairs / "selsbc.in").read_text().split()[:2] == ["0.6", "30"]
    images = (pairs / "calamp.in").read_text().split()
    assert [Path(image).name[:8] for image in images] == [date for name in names for date in name.split("_")]
    assert positions(pairs)[0].size > 20 and Parameters(pairs).flag("small_baseline_flag")


# ---------------------------------------------------------------------- quirks and variants


def test_patch_list_is_in_alphabetical_order(insar):
    mt_prep(None, 6, 2, 2, 2, workdir=insar)
    names = (insar / "patch.list").read_text().split()
    assert len(names) == 12 and names == sorted(names) and names[1] == "PATCH_10"


def test_old_patches_are_kept_and_extracted_again(insar, capsys):
    mt_prep(None, 1, 3, 0, 0, workdir=insar)
    (insar / "PATCH_3" / "ps1.mat").write_bytes(b"of step 1")
    before = (insar / "PATCH_3" / "pscands.1.ij").read_bytes()
    mt_prep(0.3, 1, 2, 0, 0, workdir=insar)
    assert "kept: PATCH_3." in capsys.readouterr().out
    assert (insar / "patch.list").read_text().split() == ["PATCH_1", "PATCH_2", "PATCH_3"]
    assert (insar / "PATCH_3" / "ps1.mat").read_bytes() == b"of step 1"
    after = (insar / "PATCH_3" / "pscands.1.ij").read_bytes()
    assert before != after  # the new threshold
    assert (insar / "PATCH_2" / "patch.in").read_text() == "1\n30\n13\n24\n"


def test_short_master_is_converted(insar):
    mt_prep(workdir=insar)
    floats = np.fromfile(master_slc(insar), "=f4")
    np.rint(floats).astype("=i2").tofile(master_slc(insar))
    edit(insar / "master.res", "complex_real4", "complex_short")
    mt_prep(workdir=insar)
    images = (insar / "calamp.in").read_text().split()
    assert images[0] == str(insar / f"{insar.name[-8:]}_crop_float.slc")
    assert (insar / "calamp.out").read_text().split()[0] == images[0]
    assert (insar / "selpsc.in").read_text().split()[2] == images[0]
    np.testing.assert_array_equal(np.fromfile(images[0], "=f4"), np.rint(floats))
    assert not list(insar.glob(".stamps*"))


def test_oversampled_master(insar):
    """Twice the samples: sizes and the SLC come from the section of the oversampling."""
    master = insar.name[-8:]
    wide = {"Data_output_file": f"{master}_crop_ovs.slc", "Data_output_format": "complex_real4"}
    wide |= {"First_line (w.r.t. ovs_image)": 1, "Last_line (w.r.t. ovs_image)": 24}
    wide |= {"First_pixel (w.r.t. ovs_image)": 1, "Last_pixel (w.r.t. ovs_image)": 60}
    lines = "".join(f"{key}:\t{value}\n" for key, value in wide.items())
    with open(insar / "master.res", "a") as file:
        file.write(f"*_Start_oversample:\tmaster\n{lines}* End_oversample:_NORMAL\n")
    np.repeat(np.fromfile(master_slc(insar), "=c8").reshape(SIZE), 2, axis=1).tofile(insar / wide["Data_output_file"])
    for path in [*insar.glob("*/slave_res.slc"), *insar.glob("*/cint.minrefdem.raw"), *insar.glob("*.raw")]:
        values = np.fromfile(path, "=f4" if path.parent == insar else "=c8").reshape(SIZE)
        np.repeat(values, 2, axis=1).tofile(path)
    image = read_image(insar / "master.res")
    assert (image.width, image.length, image.oversampling) == (60, 24, 2)
    mt_prep(workdir=insar)
    assert (insar / "width.txt").read_text() == "60\n" and (insar / "slc_osfactor.1.in").read_text() == "2\n"
    assert (insar / "calamp.in").read_text().split()[0].endswith(f"{master}_crop_ovs.slc")
    look = np.loadtxt(insar / "look_angle.1.in")[:, 0].reshape(50, 50)
    truth = np.load(insar.parent / "truth.npz")
    np.testing.assert_allclose(look[0, -1] - look[0, 0], np.degrees(truth["look"][-1] - truth["look"][0]), rtol=0.05)


def test_crop_shifts_the_geometry(insar):
    """Lines and pixels before the crop move time and range."""
    before = read_image(insar / "master.res")
    moved = (("First_line", 1, 101), ("Last_line", 24, 124), ("First_pixel", 1, 11), ("Last_pixel", 30, 40))
    for what, old, new in moved:
        key = f"{what} (w.r.t. original_image): \t"
        edit(insar / "master.res", f"{key}{old}\n", f"{key}{new}\n")
    after = read_image(insar / "master.res")
    assert (after.width, after.length) == (30, 24)
    assert after.first_time - before.first_time == pytest.approx(100 * before.line_time)
    assert after.first_range - before.first_range == pytest.approx(10 * before.range_spacing)


def test_geometry_of_the_pairs_has_precedence(pairs):
    heights = np.arange(24 * 30, dtype=np.float32)
    heights.tofile(pairs / "dem_radar.raw")
    mt_prep(workdir=pairs)
    assert (pairs / "pscdem.in").read_text().split()[1] == str(pairs / "dem_radar.raw")
    line, sample = positions(pairs)
    np.testing.assert_array_equal(np.fromfile(pairs / "PATCH_1" / "pscands.1.hgt", "=f4"), heights[line * 30 + sample])


# ---------------------------------------------------------------------- errors


def test_not_a_doris_directory(tmp_path):
    with pytest.raises(InputError, match=r"has no master\.res: run this in the directory INSAR_<master>"):
        mt_prep(workdir=tmp_path)
    assert not list(tmp_path.iterdir())


def test_all_problems_are_told_at_once(insar):
    date = sorted(path.name for path in insar.glob("2*") if path.is_dir())[0]
    (insar / "lon.raw").unlink()
    (insar / date / "cint.minrefdem.raw").write_bytes(b"short")
    (insar / date / "slave.res").unlink()
    before = sorted(insar.rglob("*"))
    with pytest.raises(InputError) as caught:
        mt_prep("much", workdir=insar)
    text = str(caught.value)
    parts = ["has 4 problems", "lon.raw is missing", "has 5 bytes, but 720 pixels × 8 bytes", "slave.res is missing"]
    for part in [*parts, "da_thresh is 'much'"]:
        assert part in text
    assert sorted(insar.rglob("*")) == before


def test_missing_parts(insar):
    master_slc(insar).rename(insar / "other.slc")
    with pytest.raises(InputError, match="master's SLC .* is neither where"):
        mt_prep(workdir=insar)
    slave = next(insar.glob("2*/slave_res.slc"))
    (insar / "other.slc").rename(insar / f"{insar.name[-8:]}_crop.slc")
    slave.unlink()
    with pytest.raises(InputError, match="4 interferograms, but 3 SLCs beside them, not 4"):
        mt_prep(workdir=insar)
    for path in insar.glob("*/cint.minrefdem.raw"):
        path.unlink()
    with pytest.raises(InputError, match=r"has no yyyymmdd/cint\.minrefdem\.raw"):
        find_stack(insar)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("Radar_wavelength", "Wavelength", "no 'Radar_wavelength' in its section readfiles"),
        ("Pulse_Repetition_Frequency (computed, Hz): \t", "Pulse_Repetition_Frequency: \tfast", "'fast"),
        ("_Start_precise_orbits", "_Start_something", "no usable orbit: An orbit needs four state vectors"),
        ("_Start_crop", "_Start_something", "no section crop"),
        ("(UTC): \t", "(UTC): \tabout ", "the azimuth time 'about"),
        ("original_image): \t24", "original_image): \t0", "line 1 is first and 0 last"),
    ],
)
def test_damaged_result_files(insar, old, new, message):
    edit(insar / "master.res", old, new)
    with pytest.raises(InputError, match=message):
        mt_prep(workdir=insar)


def test_sections(insar, tmp_path):
    assert set(read_sections(insar / "master.res")) == {"readfiles", "precise_orbits", "crop"}
    (tmp_path / "empty.res").write_text("nothing\n")
    with pytest.raises(InputError, match="has no section"):
        read_sections(tmp_path / "empty.res")
    with pytest.raises(InputError, match="cannot be read"):
        read_sections(tmp_path / "absent.res")
