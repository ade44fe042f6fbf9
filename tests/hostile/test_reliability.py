"""What the project, the system and its temporary directory may refuse: one sentence says why."""

import errno
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

from stamps import external
from stamps.cli import program as cli
from stamps.errors import ExternalProgramError, StampsError, WorkspaceError
from stamps.processes import scratch
from stamps.products import matplotlib_place
from stamps.run import plan
from stamps.workspace import Workspace, locks, publication

BIN = Path(sys.executable).parent


LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the system has no /proc")


@pytest.fixture
def small(tmp_path, monkeypatch):
    """A project of nothing but parameters and an empty patch."""
    monkeypatch.setattr(locks, "_PATIENCE_SECONDS", 0.05)
    Workspace(tmp_path).save_raw("parms", {"small_baseline_flag": "n", "max_topo_err": np.array([[20.0]])})
    (tmp_path / "PATCH_1").mkdir()
    return tmp_path


@pytest.mark.parametrize("replaced", [False, True])
def test_a_directory_renamed_under_a_run(small, replaced):
    ws, elsewhere = Workspace(small), small.with_name(f"{small.name}-elsewhere")
    with ws.reserved(), pytest.raises(WorkspaceError, match="was renamed, removed or replaced"):
        os.rename(small, elsewhere)
        if replaced:
            small.mkdir()
        (ws / "PATCH_1").write_text("a.txt", "a")
    assert not small.exists() or list(small.iterdir()) == []
    assert not (elsewhere / "PATCH_1" / "a.txt").exists()


@pytest.mark.parametrize(
    ("content", "names"),
    [
        (b"PATCH_1\r\nPATCH_2\r\n", ["PATCH_1", "PATCH_2"]),
        (b"\xef\xbb\xbfPATCH_1\n", ["PATCH_1"]),
        (b"PATCH_1\rPATCH_2", ["PATCH_1", "PATCH_2"]),
        (b"stra\xdfe\n", [os.fsdecode(b"stra\xdfe")]),
        ("PATCH_1\n".encode("utf-16"), None),
        ("PATCH_1\n".encode("utf-32"), None),
        (b"PATCH_1\0\n", None),
    ],
)
def test_patch_lists_as_editors_write_them(tmp_path, content, names):
    (tmp_path / "patch.list").write_bytes(content)
    if names is None:
        with pytest.raises(StampsError, match=r"patch.list is no plain text .*one patch a line"):
            Workspace(tmp_path).patch_list()
    else:
        assert Workspace(tmp_path).patch_list() == names


@pytest.mark.parametrize("name", [b"P" * 300, b"P" * 5000, b"caf\xe9"])
def test_names_that_cannot_be_there(tmp_path, name):
    (tmp_path / "patch.list").write_bytes(name)
    with pytest.raises(StampsError, match="which is not there"):
        plan.find_patches(Workspace(tmp_path), "patch.list")


def test_names_of_any_bytes_that_are_there(sandbox):
    project = sandbox.state(0)
    os.rename(project / "PATCH_1", os.path.join(os.fsencode(project), b"Stra\xdfe_1"))
    (project / "patch.list").write_bytes(b"Stra\xdfe_1\nPATCH_2\n")
    sandbox.run("stamps", 1, 1, environment={"STAMPS_CORES": "2"}).succeeds()


def test_an_over_long_workdir_is_one_sentence(capfd):
    assert cli.run("stamps", ["1", "1", "--workdir", "x" * 5000]) == 1
    assert len(capfd.readouterr().err.splitlines()) == 1


def test_a_current_directory_that_is_gone(sandbox):
    gone = sandbox.root / "gone"
    gone.mkdir()
    sandbox.run("sh", "-c", f"rmdir {gone}; exec {BIN}/stamps 1 1", cwd=gone, watch=False).refuses("stamps")


SYSTEM = {
    "full": (OSError(errno.ENOSPC, "No space left on device", "/x/y"), "the disk is full"),
    "quota": (OSError(errno.EDQUOT, "Disk quota exceeded"), "quota"),
    "broken": (OSError(errno.EIO, "Input/output error"), "cannot be read or written"),
    "long": (OSError(errno.ENAMETOOLONG, "File name too long", "xxx"), "shorter"),
    "files": (OSError(errno.EMFILE, "Too many open files"), "ulimit -n"),
    "processes": (BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable"), "fewer cores"),
    "threads": (RuntimeError("can't start new thread"), "fewer cores"),
    "memory": (MemoryError(), "out of memory"),
    "mapping": (ImportError("libx.so: failed to map segment from shared object"), "out of memory"),
    "tofile": (OSError("100 requested and 50 written"), "the disk is full"),
}


@pytest.mark.parametrize("name", SYSTEM)
def test_what_the_system_refuses_is_one_sentence(monkeypatch, capsys, name):
    error, words = SYSTEM[name]

    def fail(_argv):
        raise error

    monkeypatch.setattr(cli, "_legacy", lambda _command: fail)
    assert cli.run("ps_output", []) == 1
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1 and words in said[0]


@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "No space left on device"), OSError("9 requested and 4 written")]
)
def test_a_full_temporary_directory_stops_snaphu_in_one_sentence(monkeypatch, error):
    def full(*_args, **_options):
        raise error

    monkeypatch.setattr(tempfile, "mkdtemp", full)
    monkeypatch.setattr(external, "snaphu_command", lambda: "/bin/true")
    costs = np.zeros((1, 8), np.int16), np.zeros((2, 4), np.int16)
    with pytest.raises(ExternalProgramError, match=r"temporary directory \(.*TMPDIR"):
        external.snaphu(np.ones((2, 2), np.complex64), *costs)


def test_a_process_that_cannot_be_started_is_named_with_its_patch(monkeypatch, tmp_path):
    from stamps.processes import children
    from stamps.run import patch_task

    def fail(*_args, **_options):
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

    monkeypatch.setattr(children, "running", fail)
    result = patch_task.run_patch_task(patch_task.PatchTask(str(tmp_path / "PATCH_1"), 1, 1, {}))
    assert result.error.startswith("PATCH_1: its process cannot be started (Resource temporarily unavailable)")


def test_nothing_was_changed_is_said_only_where_it_is_true(tmp_path, monkeypatch):
    ws = Workspace(tmp_path)

    def fail(*_args):
        raise OSError(errno.ENOSPC, "No space left on device")

    with ws.reserved():
        ws.write_text("a.txt", "a")
        monkeypatch.setattr(publication, "sync", fail)
        with pytest.raises(WorkspaceError, match="This step changed nothing; what was complete before is kept"):
            ws.write_text("b.txt", "b")
    with ws.reserved(), pytest.raises(WorkspaceError, match="Nothing was changed"):
        ws.write_text("b.txt", "b")
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_numpy_that_could_not_write_all_is_explained(tmp_path):
    ws = Workspace(tmp_path)
    with pytest.raises(WorkspaceError, match="the disk is full.*Nothing was changed"), ws.open_output("amp_mean.flt"):
        raise OSError("100 requested and 50 written")


@pytest.fixture
def tmp(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_what_the_dead_left_goes_and_what_the_living_use_stays(tmp):
    with scratch.scratch_folder("living") as living:
        (living.parent / "task-dead").mkdir()
        (living.parent / "task-dead" / "file").write_text("")
        with scratch.scratch_folder("next"):
            assert sorted(path.name.split("-")[0] for path in living.parent.iterdir()) == ["living", "next"]
        assert living.is_dir()
    assert list(tmp.iterdir()) == []


def test_a_run_cleans_without_needing_anything_itself(tmp):
    shelf = scratch._place()
    (shelf / "snaphu-dead").mkdir(parents=True)
    shelf.chmod(0o700)
    scratch.clean()
    assert list(tmp.iterdir()) == []


@pytest.mark.parametrize("trap", ["link", "open to all", "a file"])
def test_a_folder_that_somebody_else_has_put_there_is_not_used(tmp, tmp_path_factory, trap):
    victim = tmp_path_factory.mktemp("victim")
    (victim / "precious").mkdir()
    place = scratch._place()
    if trap == "link":
        place.symlink_to(victim)
    elif trap == "a file":
        place.write_text("")
    else:
        place.mkdir()
        place.chmod(0o777)
    with scratch.scratch_folder("task") as folder:
        assert place not in folder.parents
    assert (victim / "precious").is_dir() and [path for path in tmp.iterdir()] == [place]


def test_the_package_is_imported_where_there_are_no_locks():
    code = (
        "import sys; sys.modules['fcntl'] = None\n"
        "from stamps import cli, workspace\n"
        "from stamps.processes import scratch\n"
        "from stamps.run import engine\n"
        "from stamps.workspace import system_locks\n"
        "assert not system_locks.available()\n"
        "with workspace.Workspace('.').reserved(), scratch.scratch_folder('x') as f: print(f.is_dir())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("True\n", "")


def test_matplotlib_gets_a_place_where_home_has_none(tmp, monkeypatch):
    monkeypatch.delitem(sys.modules, "matplotlib", raising=False)
    for name in ("MPLCONFIGDIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("HOME", "/proc/home")
    matplotlib_place.give_place()
    assert Path(os.environ["MPLCONFIGDIR"]).parent == scratch._place()


@LINUX
@pytest.mark.exhaustive
@pytest.mark.parametrize(
    "command", ["ps_plot v --out", "ps_plot w --out", "ps_plot v-d ts --out", "stamps export csv --out"]
)
def test_reading_needs_no_other_place_to_write(sandbox, command):
    """The project read-only, no home, nothing free in TMPDIR."""
    if os.getuid() != 0 or subprocess.run(["unshare", "-m", "true"], check=False).returncode:
        pytest.skip("no namespaces for this user")
    project = sandbox.state(8)
    full = sandbox.root / "full"
    full.mkdir()
    out = sandbox.root / ("out.csv" if "csv" in command else "out.png")
    script = (
        f"mount -t tmpfs -o size=8k none {full}; dd if=/dev/zero of={full}/x bs=4k count=9 2>/dev/null\n"
        f"mount --bind {project} {project}; mount -o remount,ro,bind {project}\n"
        f"cd {project}; unset MPLCONFIGDIR XDG_CONFIG_HOME XDG_CACHE_HOME; export TMPDIR={full} HOME=/proc/home\n"
        f"exec {BIN}/{command} {out}"
    )
    outcome = sandbox.run("unshare", "-m", "sh", "-c", script, watch=False).succeeds()
    assert outcome.stderr == "" and out.stat().st_size > 1000
