"""Broken input as users meet it: one clear sentence, a non-zero exit status, and nothing lost.

Every case runs the shell command in a process of its own. ``pytest -s tests/test_broken_input.py`` prints what the user reads.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from stamps.workspace import Workspace

ROOT = Path(__file__).resolve().parent.parent


def command(name, *arguments, cwd, prelude=""):
    """Run a shell command of the package; returns exit status and what was printed on stderr."""
    code = f"{prelude}\nimport sys\nfrom stamps.cli import run\nsys.exit(run({name!r}, sys.argv[1:]))"
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    print(f"\n$ {name} {' '.join(map(str, arguments))}   [exit {done.returncode}]\n{done.stderr.strip()}")
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stderr


def tree(folder):
    """Relative name to content of all files but logs."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(Path(folder).rglob("*"))
        if path.is_file() and path.name != "STAMPS.log"
    }


@pytest.fixture
def stack(golden_dir, tmp_path):
    """A copy of the stack of ``ps_mini`` that may be broken."""
    target = tmp_path / "export"
    shutil.copytree(golden_dir("ps_mini") / "stack", target)
    return target


@pytest.fixture
def project(tmp_path):
    """An empty project directory."""
    folder = tmp_path / "INSAR_20180426"
    folder.mkdir()
    return folder


def prepare(stack, project, **options):
    return command("mt_prep_snap", "20180426", stack, "0.4", "2", "1", "30", "50", cwd=project, **options)


def test_truncated_rslc(stack, project):
    path = stack / "rslc" / "20180601.rslc"
    with open(path, "r+b") as file:
        file.truncate(path.stat().st_size - 1000)
    status, message = prepare(stack, project)
    assert status == 1
    assert "20180601.rslc" in message and "159000" in message and "160000" in message
    assert tree(project) == {}


def test_wrong_width(stack, project):
    path = stack / "rslc" / "20180426.rslc.par"
    lines = path.read_text().splitlines()
    path.write_text(
        "\n".join("range_samples: 190" if line.startswith("range_samples") else line for line in lines) + "\n"
    )
    status, message = prepare(stack, project)
    assert status == 1
    assert "190" in message and "20180426_20180108.diff" in message
    assert tree(project) == {}


def test_missing_base_and_other_problems_are_listed_together(stack, project):
    (stack / "diff0" / "20180426_20180508.base").unlink()
    (stack / "rslc" / "20180108.rslc.par").unlink()
    status, message = prepare(stack, project)
    assert status == 1
    assert "20180426_20180508.base" in message and "20180108.rslc.par" in message
    assert tree(project) == {}


def test_master_that_does_not_exist(stack, project):
    status, message = command("mt_prep_snap", "20180427", stack, cwd=project)
    assert status == 1 and "20180427" in message
    assert tree(project) == {}


def test_nan_longitudes(golden_state, golden_dir):
    """Pixels without coordinates are removed as in the original; the log says how many."""
    workdir = golden_state("ps_mini", 0)
    coordinates = workdir / "PATCH_1" / "pscands.1.ll"
    values = np.fromfile(coordinates, ">f4").reshape(-1, 2)
    values[[3, 70, 900], 0] = np.nan
    values.tofile(coordinates)
    status, _ = command("stamps", 1, 1, cwd=workdir)
    assert status == 0
    pixels = Workspace(workdir / "PATCH_1").load("ps1")
    assert pixels["n_ps"] == len(values) - 3
    assert np.isfinite(pixels["lonlat"]).all()
    assert "3 candidates removed: longitude, latitude" in (workdir / "PATCH_1" / "STAMPS.log").read_text()


def test_all_longitudes_nan(golden_state):
    workdir = golden_state("ps_mini", 0)
    coordinates = workdir / "PATCH_1" / "pscands.1.ll"
    np.full(coordinates.stat().st_size // 4, np.nan, ">f4").tofile(coordinates)
    status, _ = command("stamps", 1, 8, cwd=workdir)
    assert status == 0  # the patch is dropped and the other one processed
    assert (workdir / "patch.list").read_text().split() == ["PATCH_2"]


def test_empty_patch_among_full_ones(golden_state):
    workdir = golden_state("ps_mini", 0)
    for name in ("ij", "ij0", "ll", "da", "hgt", "ph"):
        (workdir / "PATCH_1" / f"pscands.1.{name}").write_bytes(b"")
    status, _ = command("stamps", 1, 8, cwd=workdir)
    assert status == 0
    assert (workdir / "patch.list").read_text().split() == ["PATCH_2"]
    assert Workspace(workdir / "PATCH_1").no_ps_flags().tolist() == [1, 1, 1, 1, 1]
    assert Workspace(workdir).load("ps2")["n_ps"] == Workspace(workdir / "PATCH_2").load("ps2")["n_ps"]


def test_unwritable_directory(golden_state):
    """Without write permission; for root, who has it everywhere, on a file system mounted read-only."""
    workdir = golden_state("ps_mini", 5)
    before = tree(workdir)
    is_root = os.geteuid() == 0
    if is_root:
        for options in (["--bind", workdir, workdir], ["-o", "remount,ro,bind", workdir]):
            if subprocess.run(["mount", *map(str, options)], capture_output=True, check=False).returncode:
                pytest.skip("no permission to mount a file system")
    else:
        workdir.chmod(0o555)
    try:
        status, message = command("stamps", 6, 6, cwd=workdir)
    finally:
        if is_root:
            subprocess.run(["umount", str(workdir)], check=True)
        else:
            workdir.chmod(0o755)
    assert status == 1 and message.count("\n") == 1
    assert str(workdir) in message and ("no permission" in message or "read-only" in message)
    assert tree(workdir) == before


@pytest.mark.parametrize("step", [1, 6, *(pytest.param(step, marks=pytest.mark.exhaustive) for step in (2, 4, 5, 7))])
def test_disk_full(golden_state, step):
    """The largest file that may be written is limited, as by a quota; ``hostile/test_faults.py`` has every write fail."""
    workdir = golden_state("ps_mini", step - 1)
    before = {
        name: content for name, content in tree(workdir).items() if not name.endswith(("no_ps_info.mat", "parms.mat"))
    }
    limit = (
        "import resource, signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (60000, 60000))"
    )
    status, message = command("stamps", step, step, cwd=workdir, prelude=limit)
    assert status == 1
    assert message.count("\n") == 1 and ("larger than the system allows" in message or "File too large" in message)
    after = tree(workdir)
    assert {name: after.get(name) for name in before} == before
    assert not [name for name in after if "staging" in name]


def test_disk_full_on_a_tiny_file_system(golden_state, tmp_path):
    """A file system of 7 MB that holds the state before step 6 and not what the step writes."""
    source = golden_state("ps_mini", 5)
    for patch in ("PATCH_1", "PATCH_2"):
        shutil.rmtree(source / patch)
    size = sum(len(content) for content in tree(source).values())
    mount = tmp_path / "tiny"
    mount.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size // 1024 + 700}k", "tmpfs", str(mount)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("no permission to mount a file system")
    try:
        workdir = mount / "project"
        shutil.copytree(source, workdir)
        before = tree(workdir)
        status, message = command("stamps", 6, 6, cwd=workdir)
        assert status == 1 and "the disk is full" in message and message.count("\n") == 1
        assert {name: content for name, content in tree(workdir).items() if name in before} == before
        assert not list(workdir.glob(".stamps*"))
    finally:
        subprocess.run(["umount", str(mount)], check=True)


@pytest.mark.parametrize(
    ("file", "step"), [("PATCH_1/pm1.mat", 3), ("PATCH_2/select1.mat", 4), ("rc2.mat", 6), ("phuw2.mat", 7)]
)
@pytest.mark.parametrize("damage", ["truncated", "garbage"])
def test_corrupt_mat_file(golden_state, file, step, damage):
    workdir = golden_state("ps_mini", step - 1)
    path = workdir / file
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2] if damage == "truncated" else os.urandom(len(content)))
    before = {n: c for n, c in tree(workdir).items() if n.startswith(str(Path(file).parent)) and "no_ps_info" not in n}
    status, message = command("stamps", step, step, cwd=workdir)
    assert status == 1
    assert file in message and "damaged" in message and message.count("\n") == 1
    assert {n: c for n, c in tree(workdir).items() if n in before and "patch.list" not in n} == {
        n: c for n, c in before.items() if "patch.list" not in n
    }


def test_corrupt_parameters(golden_state):
    workdir = golden_state("ps_mini", 5)
    (workdir / "parms.mat").write_bytes(b"not a MAT file")
    status, message = command("stamps", 6, 6, cwd=workdir)
    assert status == 1 and "parms.mat" in message and "damaged" in message
    assert (workdir / "parms.mat").read_bytes() == b"not a MAT file"


def test_unknown_parameter(golden_state):
    workdir = golden_state("ps_mini", 0)
    before = tree(workdir)
    status, message = command("setparm", "unwarp_grid_size", 50, cwd=workdir)
    assert status == 1
    assert "unwarp_grid_size" in message and "unwrap_grid_size" in message
    assert tree(workdir) == before


def test_a_step_before_its_inputs_exist(golden_state):
    workdir = golden_state("ps_mini", 0)
    for step, named in ((2, "run step 1 first"), (6, "run step 5 first")):
        status, message = command("stamps", step, step, cwd=workdir)
        assert status == 1 and named in message and message.count("\n") == 1
