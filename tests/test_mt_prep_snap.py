"""The preparation of SNAP exports as a whole: reference trees, project files, all or nothing."""

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from helpers.candidates_by_loops import select_pairs_by_loops
from helpers.preparation_files import tree
from helpers.tiny_stacks import master_of, simulated
from stamps import simulate
from stamps.errors import InputError, WorkspaceError
from stamps.frontends import sampling
from stamps.frontends.patches import read_patch
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


# ---------------------------------------------------------------------- reference trees


def prepare(run, stack, project, mask=None):
    counts = (run[name] for name in ("rg_patches", "az_patches", "rg_overlap", "az_overlap"))
    mt_prep_snap(int(run["master"]), stack, run["da_thresh"], *counts, mask, workdir=project)


def assert_same_files(project, overlay, stack):
    expected = tree(overlay)
    expected.pop("variant.json", None)
    found = tree(project)
    assert expected
    for name, content in expected.items():
        assert found[name].replace(str(stack).encode(), b"@STACK@") == content, name


def set_with_stack(golden_dir, name):
    folder = golden_dir(name)
    if not (folder / "stack" / "rslc").is_dir() or not (folder / "step0").is_dir():
        pytest.skip(f"{folder} has no rasters or no step0")
    return folder


def test_golden_single_master(golden_dir, project):
    folder = set_with_stack(golden_dir, "ps_mini")
    prepare(json.loads((folder / "run.json").read_text()), folder / "stack", project)
    assert_same_files(project, folder / "step0", folder / "stack")
    integers = {f"{name}/pscands.1.ij.int" for name in ("PATCH_1", "PATCH_2")}  # not kept in the reference
    assert set(tree(project)) == set(tree(folder / "step0")) | integers
    for name in integers:
        positions = np.frombuffer((project / name).read_bytes(), ">i4").reshape(-1, 2)[:, ::-1]
        expected = np.loadtxt(folder / "step0" / name.removesuffix(".int"), int)[:, 1:]
        np.testing.assert_array_equal(positions, expected)


@pytest.mark.parametrize("absolute", [False, True])
def test_golden_mask(golden_dir, project, absolute):
    folder = set_with_stack(golden_dir, "ps_mini")
    overlay = folder / "variants" / "prep_mask"
    if not overlay.is_dir():
        pytest.skip(f"{folder} has no variant prep_mask")
    shutil.copy(folder / "stack" / "mask.bin", project)
    mask = project / "mask.bin" if absolute else "mask.bin"
    prepare(json.loads((folder / "run.json").read_text()), folder / "stack", project, mask)
    assert_same_files(project, overlay, folder / "stack")


PS_SMALL = "--preset ps_small --seed 1"


SB_MINI = (
    "--preset sb_small --seed 1 --n-images 12 --lines 100 --samples 200 --range-spacing 12 --azimuth-spacing 27.94"
)


@pytest.mark.parametrize(("name", "options"), [("ps_small", PS_SMALL), ("sb_mini", SB_MINI)])
def test_golden_simulated(golden_dir, project, tmp_path, name, options):
    folder = golden_dir(name)
    if not (folder / "step0" / "calamp.out").is_file():
        pytest.skip(f"{folder} has no step0")
    stack = tmp_path / "stack"
    assert simulate.main([str(stack), *options.split(), "--quiet"]) == 0
    prepare(json.loads((folder / "run.json").read_text()), stack, project)
    assert_same_files(project, folder / "step0", stack)


# ---------------------------------------------------------------------- broken exports


def test_small_baselines(tiny_pairs, project):
    master = master_of(tiny_pairs)
    mt_prep_snap(master, tiny_pairs, workdir=project)
    pairs = sorted(path.name for path in (tiny_pairs / "SMALL_BASELINES").iterdir())
    assert not (project / "selpsc.in").exists()
    assert (project / "selsbc.in").read_text().startswith("0.6\n30\n")
    assert len((project / "calamp.in").read_text().split()) == 2 * len(pairs)
    last = [name for name in pairs if master in name][-1]
    assert (project / "rsc.txt").read_text() == f"{tiny_pairs}/SMALL_BASELINES/{last}/{master}.rslc.par\n"
    assert not (project / "PATCH_1" / "pscands.1.ij0").exists()
    candidates = (project / "PATCH_1" / "pscands.1.ij").read_text().count("\n")
    assert (project / "PATCH_1" / "pscands.1.ph").stat().st_size == 8 * candidates * len(pairs) > 0


# ---------------------------------------------------------------------- the command as a whole


def test_project_files(tiny_export, project, capsys):
    master = master_of(tiny_export)
    mt_prep_snap(int(master), tiny_export, "0.50", 2, 2, 3, 2, workdir=project)
    read = {path.name: path.read_text() for path in project.glob("*.[tiol]*")}
    assert (read["processor.txt"], read["width.txt"], read["len.txt"]) == ("snap\n", "30\n", "24\n")
    assert read["rsc.txt"] == f"{tiny_export}/rslc/{master}.rslc.par\n"
    assert read["patch.list"] == "PATCH_1\nPATCH_2\nPATCH_3\nPATCH_4\n"
    assert read["selpsc.in"] == "0.50\n30\n" + read["calamp.out"]
    assert (project / "PATCH_4" / "patch.in").read_text() == "13\n30\n11\n24\n"
    assert (project / "PATCH_4" / "patch_noover.in").read_text() == "16\n30\n13\n24\n"
    assert (project / "parms.mat").is_file()
    assert "PS_PARMS_DEFAULT" in (project / "STAMPS.log").read_text()
    summary = capsys.readouterr().out.splitlines()[-2:]
    counts = [(project / f"PATCH_{k}" / "pscands.1.ij").read_text().count("\n") for k in (1, 2, 3, 4)]
    assert summary[0] == f"MT_PREP_SNAP: 30 samples × 24 lines, 5 images, 4 interferograms (master {master})"
    assert summary[1].startswith(f"MT_PREP_SNAP: {sum(counts)} candidates in 4 patches: PATCH_1 {counts[0]}, ")
    assert not list(project.glob(".stamps*"))


def test_relative_paths_start_at_the_work_directory(export, project):
    mt_prep_snap(master_of(export), "../stack", maskfile="../stack/mask.bin", workdir=project)
    assert (project / "rsc.txt").read_text().startswith(f"{export}/rslc/")
    masked = (project / "calamp.out").read_text()
    assert (project / "mask.in").read_text() == f"30\n{export}/mask.bin\n"
    mt_prep_snap(master_of(export), export, workdir=project)
    assert (project / "calamp.out").read_text() != masked
    assert not (project / "mask.in").exists()


def test_null_interferogram_is_allowed(tmp_path, project):
    stack = simulated(tmp_path / "stack", "--null-master")
    mt_prep_snap(master_of(stack), stack, workdir=project)
    assert len((project / "pscphase.in").read_text().split()) == 6


def test_old_patches_go(tiny_export, project):
    master = master_of(tiny_export)
    mt_prep_snap(master, tiny_export, 0.4, 3, 1, workdir=project)
    (project / "PATCH_1" / "ps1.mat").write_bytes(b"old")
    (project / "PATCH_1" / "deeper").mkdir()
    (project / "PATCH_1" / "deeper" / "file").write_bytes(b"old")
    (project / "PATCH_9").mkdir()
    (project / "PATCH_notes.txt").write_text("old")
    mt_prep_snap(master, tiny_export, workdir=project)
    assert sorted(path.name for path in project.glob("PATCH_*")) == ["PATCH_1"]
    assert not (project / "PATCH_1" / "ps1.mat").exists()
    assert not (project / "PATCH_1" / "deeper").exists()


def test_linked_patch_is_refused(tiny_export, project, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (project / "PATCH_1").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InputError, match="PATCH_1 in .* is a link"):
        mt_prep_snap(master_of(tiny_export), tiny_export, workdir=project)


def test_left_over_small_baseline_list_decides(tiny_export, project, capsys):
    """A selsbc.in of an earlier run selects the candidates of a single-master project, as in the original."""
    master = master_of(tiny_export)
    images = sorted(tiny_export.glob("rslc/*.rslc"))[:4]
    stale = "0.6\n30\n" + "".join(f"{path} 50\n" for path in images)
    (project / "selsbc.in").write_text(stale)
    mt_prep_snap(master, tiny_export, workdir=project)
    assert "left over from small baselines" in capsys.readouterr().out
    assert (project / "selsbc.in").read_text() == stale
    assert not (project / "PATCH_1" / "pscands.1.ij0").exists()
    patch = read_patch(project / "PATCH_1" / "patch.in")
    rasters_read = [np.fromfile(path, ">c8").reshape(24, 30) for path in images]
    expected = select_pairs_by_loops(rasters_read, [50] * 4, 0.6, patch)
    assert (project / "PATCH_1" / "pscands.1.ij").read_bytes() == expected["pscands.1.ij"]


# ---------------------------------------------------------------------- all or nothing


@pytest.mark.parametrize(
    ("error", "raised", "message"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), WorkspaceError, "the disk is full"),
        (KeyboardInterrupt("stop"), KeyboardInterrupt, "stop"),
    ],
)
def test_error_in_the_middle_leaves_the_old_state(tiny_export, project, monkeypatch, error, raised, message):
    mt_prep_snap(master_of(tiny_export), tiny_export, 0.4, 2, 1, workdir=project)
    before = tree(project), (project / "parms.mat").read_bytes()
    calls = []
    take = sampling._take

    def fail(*arguments):
        calls.append(arguments)
        if len(calls) >= 9:  # in the second patch
            raise error
        return take(*arguments)

    monkeypatch.setattr(sampling, "_take", fail)
    with pytest.raises(raised, match=message):
        mt_prep_snap(master_of(tiny_export), tiny_export, 0.3, 3, 1, workdir=project)
    assert len(calls) >= 9  # threads may have begun further ones
    assert (tree(project), (project / "parms.mat").read_bytes()) == before
    assert not list(project.glob(".stamps*"))


KILLED = """
import os, signal, sys
import stamps.frontends.candidate_programs
module = sys.modules["stamps.frontends.candidate_programs"]
module.sample_phases = lambda *arguments: os.kill(os.getpid(), signal.SIGKILL)
from stamps.legacy.mt_prep_snap import mt_prep_snap
mt_prep_snap(sys.argv[1], sys.argv[2], 0.3, 3, 1, workdir=sys.argv[3])
"""


def test_kill_leaves_the_old_state(tiny_export, project):
    master = master_of(tiny_export)
    mt_prep_snap(master, tiny_export, 0.4, 2, 1, workdir=project)
    before = tree(project)
    arguments = [sys.executable, "-c", KILLED, master, str(tiny_export), str(project)]
    environment = {**os.environ, "PYTHONPATH": str(Path(simulate.__file__).parents[1])}
    killed = subprocess.run(arguments, env=environment, capture_output=True, timeout=60, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    left = {name: content for name, content in tree(project).items() if not name.startswith(".stamps")}
    assert left == before
    assert list(project.glob(".stamps*"))
    mt_prep_snap(master, tiny_export, 0.4, 2, 1, workdir=project)
    assert tree(project) == before
