"""``mt_link`` on odd and broken input, and in projects from elsewhere."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from helpers.ds_projects import (
    LINES,
    SAMPLES,
    SMALL,
    everything_finite,
    prepared,
    raster_of,
    rasters,
    shortened,
)
from helpers.linked_arrays import wrapped
from stamps.errors import InputError, ParameterError, WorkspaceError
from stamps.legacy.mt_link import mt_link
from stamps.linking import run as link_run
from stamps.linking.files import LinkFolder

METHODS = ("EMI", "sequential_EMI")


@pytest.fixture(scope="module")
def ds_linked(tmp_path_factory, ds_sound):
    """The record of a finished run."""
    folder = tmp_path_factory.mktemp("linked") / "project"
    shutil.copytree(ds_sound, folder)
    mt_link(workdir=folder, **SMALL)
    return (folder / "LINK" / "link.json").read_text()


# ---------------------------------------------------------------------- odd input


def test_a_stripe_of_zeros_is_not_linked_and_nobody_s_neighbour(ds_movable, ds_stack):
    path = raster_of(ds_movable, f"rslc/{ds_stack['dates'][3]}.rslc")
    values = np.fromfile(path, ">c8").reshape(LINES, SAMPLES)
    values[:, :4] = 0
    values[5, 10] = np.nan
    values.tofile(path)
    for method in METHODS:
        mt_link(method=method, shp="rect", workdir=ds_movable, overwrite=True, **SMALL)
        link = LinkFolder.open(ds_movable)
        invalid = np.zeros((LINES, SAMPLES), bool)
        invalid[:, :4] = invalid[5, 10] = True
        np.testing.assert_array_equal(np.asarray(link.n_shp) == 0, invalid)
        assert link.n_shp[10, 4] == 5 * 4 and link.n_shp[5, 11] == 5 * 7 - 1
        for image in link.images().values():
            assert not image[invalid].any() and image[~invalid].all()
        assert not link.temporal_coherence[invalid].any()
        everything_finite(ds_movable)


def test_nan_in_an_interferogram_and_absurd_amplitudes(ds_movable, ds_stack):
    path = raster_of(ds_movable, f"diff0/*_{ds_stack['dates'][2]}.diff")
    values = np.fromfile(path, ">c8").reshape(LINES, SAMPLES)
    values[7, 7] = complex(np.inf, 1)
    values.tofile(path)
    path = raster_of(ds_movable, f"rslc/{ds_stack['dates'][1]}.rslc")
    values = np.fromfile(path, ">c8").reshape(LINES, SAMPLES)
    values[8, 8] = 1e36
    values.tofile(path)
    mt_link(workdir=ds_movable, **SMALL)
    link = LinkFolder.open(ds_movable)
    assert link.n_shp[7, 7] == link.n_shp[8, 8] == 0
    everything_finite(ds_movable)


def test_an_image_of_one_value_everywhere(ds_movable, ds_stack):
    for pattern in (f"rslc/{ds_stack['dates'][4]}.rslc", f"diff0/*_{ds_stack['dates'][4]}.diff"):
        np.full((LINES, SAMPLES), 2 + 0j, ">c8").tofile(raster_of(ds_movable, pattern))
    for method in METHODS:
        mt_link(method=method, workdir=ds_movable, overwrite=True, **SMALL)
        everything_finite(ds_movable)


def test_a_constant_modulus_of_interferograms_is_fine(ds_movable, ds_sound):
    for path in (ds_movable.parent / "export" / "diff0").glob("*.diff"):
        values = np.fromfile(path, ">c8")
        (values / np.abs(values)).astype(">c8").tofile(path)
    mt_link(workdir=ds_movable, **SMALL)
    copy = ds_movable.parent / "copy"
    shutil.copytree(ds_sound, copy)
    mt_link(workdir=copy, **SMALL)
    ours, expected = LinkFolder.open(ds_movable), LinkFolder.open(copy)
    for date in ours.dates:
        assert np.mean(wrapped(np.angle(ours.image(date)) - np.angle(expected.image(date))) < 1e-3) > 0.99


def test_four_images_and_a_window_larger_than_the_image(tmp_path, ds_stack, capsys):
    ds_project = prepared(tmp_path, shortened(ds_stack, 4))
    for method in METHODS:
        mt_link(half_window=(30, 40), method=method, workdir=ds_project, overwrite=True)
        everything_finite(ds_project)
    assert "WARNING: with 4 images" in capsys.readouterr().out


def test_a_mask_that_leaves_nothing(ds_project, capsys):
    (ds_project / "mask").write_bytes(b"\1" * LINES * SAMPLES)
    for method in METHODS:
        record = mt_link(mask="mask", method=method, workdir=ds_project, overwrite=True, **SMALL).record
        assert record["counts"]["valid"] == record["counts"]["linked"] == 0
        assert not any(image.any() for image in LinkFolder.open(ds_project).images().values())
    assert "No pixel of" in capsys.readouterr().out


def test_the_mask_of_the_preparation_counts_by_default(tmp_path, ds_stack):
    mask = np.zeros((LINES, SAMPLES), np.uint8)
    mask[:, 20:] = 1
    mask.tofile(tmp_path / "mask")
    ds_project = prepared(tmp_path, ds_stack, mask=tmp_path / "mask")
    mt_link(shp="rect", workdir=ds_project, **SMALL)
    n_shp = LinkFolder.open(ds_project).n_shp
    assert not n_shp[:, 20:].any() and n_shp[10, 19] == 5 * 4


def test_a_part_of_the_image(ds_project):
    mt_link(subset=(3, 12, 5, 20), shp="rect", workdir=ds_project, **SMALL)
    link, inside = LinkFolder.open(ds_project), np.zeros((LINES, SAMPLES), bool)
    inside[3:13, 5:21] = True
    np.testing.assert_array_equal(np.asarray(link.n_shp) > 0, inside)
    assert link.n_shp[3, 5] == 3 * 4
    for image in link.images().values():
        np.testing.assert_array_equal(image != 0, inside)


# ---------------------------------------------------------------------- broken input


def fails(ds_project, error, words, **options):
    with pytest.raises(error, match=words):
        mt_link(workdir=ds_project, **{**SMALL, **options})
    assert not (ds_project / "LINK").exists()


def test_a_project_of_small_baselines(ds_project):
    (ds_project / "selsbc.in").write_text("0.6\n")
    fails(ds_project, InputError, "small baselines")


def test_a_folder_that_is_not_prepared(tmp_path):
    fails(tmp_path, InputError, "run the preparation")


def test_rasters_of_a_wrong_size_are_all_named(ds_movable, ds_stack):
    one, other = (
        raster_of(ds_movable, f"rslc/{ds_stack['dates'][1]}.rslc"),
        raster_of(ds_movable, f"diff0/*_{ds_stack['dates'][2]}.diff"),
    )
    one.write_bytes(one.read_bytes()[:-8])
    np.zeros((LINES, SAMPLES), ">f4").tofile(other)
    with pytest.raises(InputError) as found:
        mt_link(workdir=ds_movable, **SMALL)
    text, size = str(found.value), LINES * SAMPLES * 8
    assert one.name in text and str(size - 8) in text and str(size) in text
    assert other.name in text and str(size // 2) in text


def test_a_raster_that_is_missing(ds_movable, ds_stack):
    raster_of(ds_movable, f"diff0/*_{ds_stack['dates'][2]}.diff").unlink()
    fails(ds_movable, InputError, "cannot be read")


@pytest.mark.parametrize(("drop", "words"), [("selpsc.in", "has no SLC"), ("pscphase.in", "has no interferogram")])
def test_dates_that_only_one_list_has(ds_project, ds_stack, drop, words):
    lines = (ds_project / drop).read_text().splitlines()
    (ds_project / drop).write_text(
        "\n".join(line for line in lines if ds_stack["dates"][3] not in Path(line.split()[0]).name) + "\n"
    )
    fails(ds_project, InputError, f"{ds_stack['dates'][3]} {words}")


def test_a_date_twice(ds_project):
    path = ds_project / "selpsc.in"
    path.write_text(path.read_text() + path.read_text().splitlines()[-1] + "\n")
    fails(ds_project, InputError, "There are 2 SLCs of")


def test_three_images(tmp_path, ds_stack):
    ds_project = prepared(tmp_path, shortened(ds_stack, 3))
    fails(ds_project, InputError, "at least 4 are needed")


def test_an_image_without_any_value(ds_movable, ds_stack):
    np.zeros((LINES, SAMPLES), ">c8").tofile(raster_of(ds_movable, f"rslc/{ds_stack['dates'][3]}.rslc"))
    fails(ds_movable, InputError, f"{ds_stack['dates'][3]} are 0 or no number")


def test_an_image_without_any_value_in_the_part_that_is_linked(ds_movable, ds_stack):
    path = raster_of(ds_movable, f"rslc/{ds_stack['dates'][3]}.rslc")
    values = np.fromfile(path, ">c8").reshape(LINES, SAMPLES)
    values[:10] = np.nan
    values.tofile(path)
    fails(ds_movable, InputError, "are 0 or no number", subset=(0, 9, 0, 20))
    mt_link(workdir=ds_movable, subset=(0, 12, 0, 20), **SMALL)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"subset": (0, 30, 0, 5)}, ParameterError, "lines 0 to 30, but the image has 0 to 20"),
        ({"subset": (0, 3)}, ParameterError, "first and last line"),
        ({"mask": "none"}, InputError, "none cannot be read"),
        ({"mask": "len.txt"}, InputError, "one byte per pixel"),
        ({"ministack": 2}, ParameterError, "ministack"),
        ({"cores": 0}, ParameterError, "cores"),
    ],
)
def test_arguments_that_cannot_be(ds_project, options, error, words):
    fails(ds_project, error, words, **options)


def test_a_folder_of_other_settings_is_kept(ds_project):
    mt_link(workdir=ds_project, **SMALL)
    before = rasters(ds_project)
    with pytest.raises(InputError, match="made with other options .alpha.: --overwrite"):
        mt_link(workdir=ds_project, alpha=0.01, **SMALL)
    assert rasters(ds_project) == before
    assert mt_link(workdir=ds_project, alpha=0.01, overwrite=True, **SMALL).options["alpha"] == 0.01


def test_a_folder_of_other_rasters_is_kept(ds_movable, ds_stack):
    mt_link(workdir=ds_movable, **SMALL)
    path = raster_of(ds_movable, f"rslc/{ds_stack['dates'][3]}.rslc")
    os.utime(path, (1, 1))
    assert LinkFolder.open(ds_movable).changed_inputs() == [str(path)]
    with pytest.raises(InputError, match=f"other rasters .*{path.name}"):
        mt_link(workdir=ds_movable, **SMALL)


def test_a_disk_that_is_too_small(ds_project, monkeypatch):
    monkeypatch.setattr(link_run.shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10**6, 10**6 - 99, 99))
    fails(ds_project, InputError, "needs [0-9]+ bytes .* only 99 free")


def test_something_else_in_the_place_of_the_folder(ds_project):
    (ds_project / "LINK").mkdir()
    (ds_project / "LINK" / "letter.txt").write_text("keep me")
    for overwrite in (False, True):
        with pytest.raises(WorkspaceError, match="move it away"):
            mt_link(workdir=ds_project, overwrite=overwrite, **SMALL)
    assert (ds_project / "LINK" / "letter.txt").read_text() == "keep me"


@pytest.mark.parametrize("content", ["", "{", "[]", '{"format": 99}'])
def test_a_damaged_record(ds_project, content):
    mt_link(workdir=ds_project, **SMALL)
    (ds_project / "LINK" / "link.json").write_text(content)
    with pytest.raises(WorkspaceError, match="--overwrite"):
        mt_link(workdir=ds_project, **SMALL)
    mt_link(workdir=ds_project, overwrite=True, **SMALL)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("settings", {}), ("settings", None), ("inputs", {}), ("passes", {"finish": 3}), ("passes", {"finish": {"blocks": -1}}),
        ("dates", ["../../outside"]), ("kept", -3), ("block_pixels", 0), ("width", "wide"), ("counts", {}), ("version", None),
    ],
)  # fmt: skip
def test_a_record_with_nonsense(ds_project, ds_linked, name, value):
    record = {**json.loads(ds_linked), name: value}
    (ds_project / "LINK").mkdir()
    (ds_project / "LINK" / "link.json").write_text(json.dumps(record))
    with pytest.raises(WorkspaceError, match="--overwrite"):
        mt_link(workdir=ds_project, **SMALL)
    with pytest.raises(WorkspaceError, match="--overwrite"):
        LinkFolder.open(ds_project)


def test_a_raster_that_was_lost(ds_project):
    mt_link(workdir=ds_project, **SMALL)
    (ds_project / "LINK" / "shp.u16").unlink()
    with pytest.raises(WorkspaceError, match="--overwrite"):
        mt_link(workdir=ds_project, **SMALL)
    with pytest.raises(WorkspaceError, match="--overwrite"):
        _ = LinkFolder.open(ds_project).n_shp


def test_the_folder_is_looked_for(tmp_path):
    with pytest.raises(InputError, match="run mt_link first"):
        LinkFolder.open(tmp_path)


# ---------------------------------------------------------------------- projects from elsewhere


@pytest.mark.parametrize("name", ["LINK", "LINK/compressed", "LINK/scratch"])
def test_a_folder_that_is_a_link_is_refused(ds_project, tmp_path, name):
    outside = tmp_path / "outside"
    outside.mkdir()
    mt_link(workdir=ds_project, **SMALL)
    shutil.rmtree(ds_project / name, ignore_errors=True)
    (ds_project / name).symlink_to(outside)
    for overwrite in (False, True):
        with pytest.raises(WorkspaceError, match="is a link"):
            mt_link(workdir=ds_project, overwrite=overwrite, **SMALL)
    assert not list(outside.iterdir())


def test_nothing_is_written_through_a_raster_that_is_a_link(ds_project, tmp_path, ds_stack):
    outside = tmp_path / "outside"
    outside.write_bytes(bytes(LINES * SAMPLES * 8))
    before = mt_link(workdir=ds_project, **SMALL).record
    path = ds_project / "LINK" / f"{ds_stack['dates'][0]}.lslc"
    path.unlink()
    path.symlink_to(outside)
    record = {**before, "complete": False, "passes": {}}
    (ds_project / "LINK" / "link.json").write_text(json.dumps(record))
    (ds_project / "LINK" / "scratch").mkdir()
    with pytest.raises((WorkspaceError, OSError)):
        mt_link(workdir=ds_project, **SMALL)
    assert outside.read_bytes() == bytes(LINES * SAMPLES * 8)
    mt_link(workdir=ds_project, overwrite=True, **SMALL)
    assert outside.read_bytes() == bytes(LINES * SAMPLES * 8) and not path.is_symlink()
