"""Broken exports are refused with all that is wrong with them, before anything is written."""

import os
import shutil
from pathlib import Path

import pytest

from helpers.tiny_stacks import master_of
from stamps.errors import InputError
from stamps.legacy.mt_prep_snap import mt_prep_snap


@pytest.fixture
def export(tiny_export, tmp_path):
    """A copy of the export that may be damaged."""
    return Path(shutil.copytree(tiny_export, tmp_path / "stack"))


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


def rewrite(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def slave_of(export):
    return sorted(path.name[9:17] for path in export.glob("diff0/*.diff"))[0]


def diff_of(export, suffix="diff"):
    return export / "diff0" / f"{master_of(export)}_{slave_of(export)}.{suffix}"


def damage_rename(export):
    diff_of(export).rename(export / "diff0" / f"{master_of(export)}_20300101.diff")
    diff_of(export, "base").rename(export / "diff0" / f"{master_of(export)}_20300101.base")


def header(export, date=None):
    return export / "rslc" / f"{date or master_of(export)}.rslc.par"


def truncate(path):
    os.truncate(path, path.stat().st_size - 8)


BROKEN = {
    "slave header": (lambda e: header(e, slave_of(e)).unlink(), r"\.rslc\.par of an SLC is missing", 1),
    "master header": (lambda e: header(e).unlink(), "master is absent", 1),
    "baseline": (lambda e: diff_of(e, "base").unlink(), r"baseline file .*\.base is missing", 1),
    "longitude": (lambda e: next(e.glob("geo/*.lon")).unlink(), "no longitude raster", 3),
    "latitude": (lambda e: next(e.glob("geo/*.lat")).unlink(), "no latitude raster", 1),
    "height": (lambda e: next(e.glob("geo/*dem.rdc")).unlink(), "no height raster", 1),
    "no interferogram": (lambda e: shutil.rmtree(e / "diff0"), "no interferogram: nothing matches", 1),
    "no SLC": (lambda e: shutil.rmtree(e / "rslc"), "no SLC: nothing matches", 1),
    "short SLC": (
        lambda e: truncate(e / "rslc" / f"{slave_of(e)}.rslc"),
        r"has 5752 bytes, but 30 samples × 24 lines × 8 bytes \(complex float32\) = 5760 were expected",
        1,
    ),
    "short interferogram": (lambda e: truncate(diff_of(e)), r"\.diff has 5752 bytes", 1),
    "short longitude": (lambda e: truncate(next(e.glob("geo/*.lon"))), r"\.lon has 2872 bytes.*× 4 bytes", 1),
    "other date": (damage_rename, "interferogram of 20300101, but no SLC of this date", 1),
    "interferogram away": (lambda e: diff_of(e).unlink(), "but no interferogram of this date", 1),
    "no name": (lambda e: (e / "diff0" / "tree.diff").write_bytes(b""), r"tree\.diff is not named", 1),
    "other master": (
        lambda e: diff_of(e).rename(e / "diff0" / f"20171212_{slave_of(e)}.diff"),
        "is of master 20171212, but the master is",
        1,
    ),
    "SLC name": (lambda e: (e / "rslc" / "crop.rslc").write_bytes(b""), "is not named by its date", 1),
    "twice": (
        lambda e: shutil.copy(e / "rslc" / f"{slave_of(e)}.rslc", e / "rslc" / f"{slave_of(e)}.slc"),
        "There are 2 SLCs of",
        1,
    ),
    "lines": (
        lambda e: rewrite(header(e), "azimuth_lines:\t24", "azimuth_lines:\tmany"),
        r"\.rslc\.par has 'many' in field 'azimuth_lines', but a whole number",
        1,
    ),
    "field away": (lambda e: rewrite(header(e), "prf:", "frp:"), r"\.rslc\.par has no field 'prf'", 1),
    "field": (
        lambda e: rewrite(header(e), "heading:\t-166.6", "heading:\tsouth"),
        r"\.rslc\.par has 'south' in field 'heading', but a number was expected",
        1,
    ),
    "baseline field": (
        lambda e: rewrite(diff_of(e, "base"), "initial_baseline_rate:\t0.0000000", "initial_baseline_rate:\tNaN"),
        r"\.base has 'NaN .*' in field 'initial_baseline_rate', but 3 numbers were expected",
        1,
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_export(export, project, case):
    damage, message, status = BROKEN[case]
    master = master_of(export)
    damage(export)
    with pytest.raises(InputError, match=message) as caught:
        mt_prep_snap(master, export, workdir=project)
    assert caught.value.exit_status == status
    assert list(project.iterdir()) == []


def test_all_problems_at_once(export, project):
    master, slave = master_of(export), slave_of(export)
    header(export, slave).unlink()
    diff_of(export, "base").unlink()
    next(export.glob("geo/*.lon")).unlink()
    truncate(export / "rslc" / f"{slave}.rslc")
    rewrite(header(export), "heading:\t-166.6", "heading:\tsouth")
    with pytest.raises(InputError) as caught:
        mt_prep_snap(master, export, "low", 0, 25, -1, 50, "no.mask", workdir=project)
    text = str(caught.value)
    parts = (f"{slave}.rslc.par of", ".base is", "longitude", "5752 bytes", "'south'", "no.mask", "'low'", "rg_patches")
    for part in parts:
        assert part in text
    assert "az_patches is 25, but the image has only 24 pixels" in text
    assert "rg_overlap is '-1'" in text
    assert "has 10 problems; nothing was written" in text
    assert text.count("\n  - ") == 10
    assert caught.value.exit_status == 3
    assert list(project.iterdir()) == []


@pytest.mark.parametrize(
    ("mask", "message", "status"), [("no.mask", "does not exist", 2), ("short", "one byte per pixel", 1)]
)
def test_broken_mask(export, project, mask, message, status):
    (project / "short").write_bytes(bytes(9))
    with pytest.raises(InputError, match=message) as caught:
        mt_prep_snap(master_of(export), export, maskfile=mask, workdir=project)
    assert caught.value.exit_status == status


def test_broken_directory_and_master(export, project, tmp_path):
    with pytest.raises(InputError, match="nowhere does not exist"):
        mt_prep_snap(20180101, tmp_path / "nowhere", workdir=project)
    broken = tmp_path / "my\ndata"
    export.rename(broken)
    with pytest.raises(InputError, match="has a line break"):
        mt_prep_snap(20180101, broken, workdir=project)
    broken.rename(export)
    with pytest.raises(InputError, match="'2018' is not a date"):
        mt_prep_snap(2018, export, workdir=project)
    with pytest.raises(InputError, match="master is absent"):
        mt_prep_snap("20300101", export, workdir=project)


def test_broken_small_baselines(tiny_pairs, project, tmp_path):
    export = Path(shutil.copytree(tiny_pairs, tmp_path / "stack"))
    folders = sorted((export / "SMALL_BASELINES").iterdir())
    first, second = folders[0].name.split("_")
    (folders[0] / f"{first}.rslc").unlink()
    (folders[1] / f"{folders[1].name}.diff").rename(folders[1] / "20300101_20300113.diff")
    (folders[1] / f"{folders[1].name}.base").rename(folders[1] / "20300101_20300113.base")
    with pytest.raises(InputError) as caught:
        mt_prep_snap(master_of(export), export, workdir=project)
    assert f"{folders[0].name} has 1 interferograms and 1 SLCs, not one and two" in str(caught.value)
    assert "20300101_20300113.diff does not match the SLCs next to it" in str(caught.value)
