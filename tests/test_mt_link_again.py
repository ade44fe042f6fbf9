"""``mt_link`` in other blocks, killed, started again, with images that are added: the same bits."""

import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest

from helpers import ds_stacks
from helpers.ds_projects import (
    IMAGES,
    LINES,
    SAMPLES,
    SMALL,
    everything_finite,
    rasters,
)
from helpers.linked_arrays import wrapped
from stamps.errors import InputError, ParameterError
from stamps.legacy.mt_link import mt_link
from stamps.legacy.mt_prep_snap import mt_prep_snap
from stamps.linking import run as link_run
from stamps.linking.blocks import Area
from stamps.linking.files import LinkFolder
from stamps.linking.job import Job
from stamps.linking.options import LinkOptions
from stamps.linking.stack import PreparedStack
from stamps.workspace import Workspace

METHODS = ("EMI", "sequential_EMI")


# ---------------------------------------------------------------------- the same bits


def linked_in_blocks(ds_sound, folder, options, pixels, mapper):
    ds_stack = PreparedStack.of(Workspace(ds_sound))
    job = Job(folder / "LINK", ds_stack, LinkOptions.of(**options), Area(0, LINES, 0, SAMPLES))
    folder.mkdir()
    link_run.run(job, mapper, "0", block_pixels=pixels)
    return rasters(folder)


def backwards(function, blocks, title):
    """The blocks in another order."""
    return iter([function(block) for block in reversed(blocks)])


@pytest.mark.parametrize("method", [*METHODS, "sequential_PTA"])
def test_blocks_and_their_order_make_no_difference(ds_sound, tmp_path, method, monkeypatch):
    options = {"method": method, "closure": True, "connect": True, **SMALL}
    whole = linked_in_blocks(ds_sound, tmp_path / "whole", options, 10**6, lambda f, blocks, title: map(f, blocks))
    monkeypatch.setattr("stamps.linking.blocks._WIDEST", 9)
    for pixels in (40, 200):
        assert linked_in_blocks(ds_sound, tmp_path / str(pixels), options, pixels, backwards) == whole


@pytest.mark.parametrize("method", METHODS)
def test_cores_make_no_difference(ds_project, tmp_path, method, monkeypatch):
    monkeypatch.setattr(link_run, "pixels_of_block", lambda *_: 52)
    shutil.copytree(ds_project, tmp_path / "other")
    mt_link(method=method, cores=1, workdir=ds_project, **SMALL)
    mt_link(method=method, cores=3, workdir=tmp_path / "other", **SMALL)
    assert rasters(ds_project) == rasters(tmp_path / "other")


_KILLED = """\
import os, shutil, signal, sys
left = int(sys.argv[2])
def armed(function):
    def call(*args, **keywords):
        global left
        left -= 1
        if left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*args, **keywords)
    return call
for module, name in ((os, "replace"), (os, "fsync"), (shutil, "rmtree")):
    setattr(module, name, armed(getattr(module, name)))
from stamps.linking import run
run.pixels_of_block = lambda *_: 130
from stamps.legacy.mt_link import mt_link
mt_link(method=sys.argv[3], half_window=(2, 3), ministack=4, pair_coherence=True, cores=1, workdir=sys.argv[1])
"""


def killed(ds_project, moment, method):
    """Run until a file is about to be saved for the so many-th time; whether the process was killed."""
    command = [sys.executable, "-c", _KILLED, str(ds_project), str(moment), method]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode != 0


@pytest.mark.parametrize(("method", "moments"), [("EMI", (1, 3, 30)), ("sequential_EMI", (2, 7, 60))])
def test_a_killed_run_goes_on_and_the_files_are_the_same(ds_project, tmp_path, method, moments, monkeypatch):
    shutil.copytree(ds_project, tmp_path / "other")
    monkeypatch.setattr(link_run, "pixels_of_block", lambda *_: 130)
    record = mt_link(method=method, pair_coherence=True, workdir=tmp_path / "other", **SMALL).record
    for moment in moments:
        assert killed(ds_project, moment, method)
        with pytest.raises(InputError, match="run mt_link"):
            LinkFolder.open(ds_project)
    again = mt_link(method=method, pair_coherence=True, workdir=ds_project, **SMALL).record
    assert rasters(ds_project) == rasters(tmp_path / "other")
    assert again["counts"] == record["counts"] and again["pair_coherence"] == record["pair_coherence"]


@pytest.mark.parametrize("moment", [23, *(pytest.param(late, marks=pytest.mark.exhaustive) for late in (27, 31))])
def test_a_run_that_is_killed_again_and_again_comes_to_an_end(ds_project, tmp_path, moment, monkeypatch):
    """The moments fall into all passes, also into that which writes over what it has read."""
    shutil.copytree(ds_project, tmp_path / "other")
    monkeypatch.setattr(link_run, "pixels_of_block", lambda *_: 130)
    mt_link(pair_coherence=True, workdir=tmp_path / "other", **SMALL)
    kills = 0
    while killed(ds_project, moment, "sequential_EMI"):
        kills += 1
        assert kills < 60
    assert kills > 4
    assert rasters(ds_project) == rasters(tmp_path / "other")


def test_a_run_of_another_version_is_not_continued(ds_project, monkeypatch):
    assert killed(ds_project, 30, "EMI")
    monkeypatch.setattr("stamps.__version__", "0.0.0")
    with pytest.raises(InputError, match="was begun by version .*, this is 0.0.0"):
        mt_link(method="EMI", pair_coherence=True, workdir=ds_project, **SMALL)


def test_what_the_last_pass_has_read_is_not_kept(ds_project, monkeypatch):
    monkeypatch.setattr(link_run, "pixels_of_block", lambda *_: 130)
    found = []

    def noted(folder, record):
        found.append(len(list(folder.glob("scratch/phasors_*"))))

    monkeypatch.setattr(link_run, "write_record", noted)
    mt_link(workdir=ds_project, cores=1, **SMALL)
    assert max(found[-6:-1]) >= 1 and found[-1] == 0


def test_a_finished_run_is_not_repeated(ds_project, monkeypatch):
    record = mt_link(workdir=ds_project, **SMALL).record
    monkeypatch.setattr(link_run, "_do", lambda *_: pytest.fail("linked again"))
    assert mt_link(workdir=ds_project, **SMALL).record == record


# ---------------------------------------------------------------------- images that are added


@pytest.fixture
def growing(tmp_path, ds_stack):
    """A ds_project of eight images, linked, to which four are added; the master is that of all."""
    export, ds_project = tmp_path / "export", tmp_path / "project"
    ds_project.mkdir()
    master = ds_stacks.export(ds_stack, export)
    aside = tmp_path / "aside"
    late = ds_stack["dates"][8:]
    for path in [p for date in late for p in export.glob(f"*/*{date}*")]:
        target = aside / path.relative_to(export)
        target.parent.mkdir(parents=True, exist_ok=True)
        path.rename(target)

    def prepare():
        mt_prep_snap(master, export, 0.4, 1, 1, workdir=ds_project)

    prepare()
    mt_link(workdir=ds_project, **SMALL)

    def grow():
        for path in [p for p in aside.rglob("*") if p.is_file()]:
            path.rename(export / path.relative_to(aside))
        prepare()

    return ds_project, grow


def test_an_update_keeps_complete_mini_stacks(growing, tmp_path):
    ds_project, grow = growing
    before = rasters(ds_project)
    theta = {date: np.angle(image) for date, image in LinkFolder.open(ds_project).images().items()}
    grow()
    with pytest.raises(InputError, match="--update adds the new images"):
        mt_link(workdir=ds_project, **SMALL)
    record = mt_link(workdir=ds_project, update=True, **SMALL).record
    link, after = LinkFolder.open(ds_project), rasters(ds_project)
    assert record["kept"] == 2 and len(link.dates) == IMAGES
    kept = [name for name in before if name.startswith("compressed/")]
    assert len(kept) == 8 and all(before[name] == after[name] for name in kept)
    for date, phase in theta.items():
        assert wrapped(np.angle(link.image(date)) - phase).max() < 1e-5
    assert link.temporal_coherence.max() > 0.5
    everything_finite(ds_project)


def test_an_update_without_new_images_changes_nothing(growing):
    ds_project, _ = growing
    before = rasters(ds_project)
    mt_link(workdir=ds_project, update=True, **SMALL)
    assert rasters(ds_project) == before


@pytest.mark.parametrize("moment", [4, 40, 71])
def test_a_killed_update_goes_on(growing, tmp_path, moment):
    ds_project, grow = growing
    grow()
    shutil.copytree(ds_project, tmp_path / "other")
    mt_link(workdir=tmp_path / "other", update=True, **SMALL)
    code = _KILLED.replace("pair_coherence=True", "update=True")
    command = [sys.executable, "-c", code, str(ds_project), str(moment), "sequential_EMI"]
    assert subprocess.run(command, capture_output=True, check=False).returncode == -signal.SIGKILL
    mt_link(workdir=ds_project, update=True, **SMALL)
    assert rasters(ds_project) == rasters(tmp_path / "other")


def test_an_update_needs_mini_stacks(growing):
    project, grow = growing
    mt_link(workdir=project, method="EMI", overwrite=True, **SMALL)
    grow()
    with pytest.raises(ParameterError, match="adds images to mini-stacks, but the method is EMI"):
        mt_link(workdir=project, method="EMI", update=True, **SMALL)


def test_an_update_needs_mini_stacks_of_the_same_options(growing):
    ds_project, grow = growing
    grow()
    with pytest.raises(InputError, match="other options .alpha"):
        mt_link(workdir=ds_project, update=True, alpha=0.01, **SMALL)
    mt_link(workdir=ds_project, method="EMI", overwrite=True, **SMALL)
    with pytest.raises(InputError, match="other options"):
        mt_link(workdir=ds_project, update=True, **SMALL)
