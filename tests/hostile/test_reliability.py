"""Runs that are stopped, killed, starved or worked beside: children end, nothing is left, locks hold, one sentence says why."""

import contextlib
import errno
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import pytest

import stamps
from stamps import external
from stamps.cli import program as cli
from stamps.errors import ExternalProgramError, StampsError, WorkspaceError
from stamps.processes import scratch
from stamps.products import matplotlib_place
from stamps.run import engine
from stamps.workspace import Workspace, locks
from stamps.workspace import directory as workspace

BIN = Path(sys.executable).parent
LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the system has no /proc")


# ---------------------------------------------------------------------- ending a run


def descendants(pid):
    """Numbers of the living processes below a process."""
    found = []
    for folder in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            state, parent = (folder / "stat").read_text().rsplit(")", 1)[1].split()[:2]
            if int(parent) == pid and state not in "ZX":
                found += [int(folder.name), *descendants(int(folder.name))]
    return found


def is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def stopped_run(sandbox, step, number, pause=0.0):
    """Exit status, seconds until the last process has ended, and what was said, of a run that gets a signal at work."""
    programs, tmp = sandbox.root / "programs", sandbox.root / "tmp"
    programs.mkdir(), tmp.mkdir()
    (programs / "snaphu").write_text("#!/bin/sh\nexec sleep 60\n")
    (programs / "snaphu").chmod(0o755)
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    said = sandbox.root / "said"
    with open(said, "wb") as errors:
        process = subprocess.Popen(
            [BIN / "stamps", str(step), str(step)],
            cwd=sandbox.project,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            env={**os.environ, "PATH": path, "TMPDIR": str(tmp), "STAMPS_CORES": "2"},
            start_new_session=True,
        )
    end = time.monotonic() + 60
    while len(descendants(process.pid)) < 2 and process.poll() is None and time.monotonic() < end:
        time.sleep(0.01)
    time.sleep(pause)
    below = descendants(process.pid)
    start = time.monotonic()
    os.killpg(process.pid, number) if number == signal.SIGINT else process.send_signal(number)
    status = process.wait(20)
    while any(map(is_alive, below)) and time.monotonic() < start + 20:
        time.sleep(0.005)
    return status, time.monotonic() - start, said.read_text()


def check_stopped(sandbox, step, number, pause=0.0):
    sandbox.state(step - 1)
    status, seconds, said = stopped_run(sandbox, step, number, pause)
    tmp = sandbox.root / "tmp"
    assert seconds < 2
    if number == signal.SIGKILL:
        assert status == -signal.SIGKILL
    else:
        assert status == 128 + number
        assert said.splitlines() == ["stamps: stopped; what was complete is kept; run the same command again to go on."]
        assert list(tmp.iterdir()) == []
    sandbox.run("stamps", step, step, environment={"TMPDIR": str(tmp)}, watch=False).succeeds()
    assert list(tmp.iterdir()) == []
    assert not list(sandbox.project.rglob(".stamps-staging*"))


@LINUX
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_snaphu_ends_with_the_run(sandbox, number):
    check_stopped(sandbox, 6, number)


@LINUX
@pytest.mark.exhaustive
@pytest.mark.parametrize("pause", [0.0, 0.2, 0.5, 1.0])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGINT, signal.SIGHUP])
def test_patch_processes_end_with_the_run(sandbox, number, pause):
    check_stopped(sandbox, 2, number, pause)


@LINUX
@pytest.mark.exhaustive
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_snaphu_ends_with_a_terminal(sandbox, number):
    check_stopped(sandbox, 6, number)


def test_a_program_outlives_threads_that_did_not_start_it(tmp_path):
    from stamps.processes import children

    other = threading.Thread(target=lambda: None)
    results = []
    worker = threading.Thread(
        target=lambda: results.append(children.run([shutil.which("sleep"), "0.3"], stdin=subprocess.DEVNULL))
    )
    worker.start(), other.start(), other.join(), worker.join()
    assert results == [0]


# ---------------------------------------------------------------------- who is at work in a staging folder


def left(ws, world, age=0.0):
    """A staging folder of a process that cannot be seen from here."""
    folder = ws.path / f"{workspace._STAGING}{os.uname().nodename}-4711.99-{world}{'0' * 8}"
    folder.mkdir()
    (folder / "a.txt").write_text("staged")
    os.utime(folder, (time.time() - age,) * 2)
    return folder


@LINUX
def test_a_live_run_in_another_container_of_this_name_is_left_alone(tmp_path):
    ws = Workspace(tmp_path)
    folder = left(ws, f"{locks._world()[0]}{'c' * 8}", age=1000)
    descriptor = locks.locked_folder(folder)
    assert ws.recover() == [] and folder.exists()
    os.close(descriptor)  # the kernel does so, however it ends
    assert len(ws.recover()) == 1 and not folder.exists()


@LINUX
def test_a_dead_machine_is_cleaned_up_after_when_its_lease_is_old(tmp_path):
    ws = Workspace(tmp_path)
    folder = left(ws, f"w{'b' * 8}{'c' * 8}")
    assert ws.recover() == [] and folder.exists()  # its locks need not reach here
    os.utime(folder, (time.time() - 1000,) * 2)
    assert len(ws.recover()) == 1 and not folder.exists()


@LINUX
def test_a_save_under_way_elsewhere_is_waited_for(tmp_path, monkeypatch):
    ws = Workspace(tmp_path)
    folder = left(ws, f"w{'b' * 8}{'c' * 8}")
    (folder / workspace._COMMIT).write_text('{"a.txt": true}')
    monkeypatch.setattr(locks, "_LEASE_SECONDS", 0.3)
    ws.write_text("b.txt", "b")
    assert ws.read_text("a.txt") == "staged"


def test_leases_are_touched(tmp_path, monkeypatch):
    monkeypatch.setattr(locks, "_BEAT_SECONDS", 0.02)
    monkeypatch.setattr(locks, "_pulse", locks._Pulse())
    ws = Workspace(tmp_path)
    with ws.publish():
        ws.write_text("a.txt", "a")
        os.utime(ws._staging, (1, 1))
        end = time.monotonic() + 10
        while ws._staging.stat().st_mtime < 2 and time.monotonic() < end:
            time.sleep(0.01)
        assert ws._staging.stat().st_mtime > 2


@LINUX
@pytest.mark.exhaustive
def test_a_real_container_of_the_same_name(sandbox):
    """A save in a process namespace of its own is not discarded by a command outside of it."""
    if shutil.which("unshare") is None or subprocess.run(["unshare", "-p", "-f", "true"], check=False).returncode:
        pytest.skip("no namespaces for this user")
    code = (
        "import time; from stamps.workspace import Workspace; ws = Workspace('.')\n"
        "with ws.publish():\n ws.write_text('a.txt', 'a'); print('staged', flush=True); time.sleep(3)"
    )
    command = ["unshare", "-p", "-f", "--mount-proc", sys.executable, "-c", code]
    with subprocess.Popen(command, cwd=sandbox.project, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "staged\n"
        time.sleep(2.1)
        assert Workspace(sandbox.project).recover() == []
    assert (sandbox.project / "a.txt").read_text() == "a"


# ---------------------------------------------------------------------- one run at a time


@contextlib.contextmanager
def run_at_work(directory, shared=False):
    """Context in which another thread has reserved a directory."""
    ready, done = threading.Event(), threading.Event()

    def work():
        with Workspace(directory).reserved(shared):
            ready.set()
            done.wait()

    thread = threading.Thread(target=work)
    thread.start()
    ready.wait()
    try:
        yield
    finally:
        done.set()
        thread.join()


WRITING = {
    "setparm": lambda folder: stamps.setparm("max_topo_err", 5, workdir=folder),
    "mt_prep_snap": lambda folder: stamps.mt_prep_snap("20180426", folder, workdir=folder),
    "mt_prep_gamma": lambda folder: stamps.mt_prep_gamma("20180426", folder, workdir=folder),
    "mt_prep_isce": lambda folder: stamps.mt_prep_isce("20180426", folder, workdir=folder),
    "mt_prep": lambda folder: stamps.mt_prep(workdir=folder),
    "mt_extract_cands": lambda folder: stamps.mt_extract_cands(workdir=folder),
    "scla_reset": lambda folder: stamps.scla_reset(workdir=folder),
    "ps_calc_tca": lambda folder: stamps.ps_calc_tca([1], [0, 1], [0, 1], workdir=folder),
    "ps_sb_merge": lambda folder: stamps.ps_sb_merge(workdir=folder),
    "sb_fix_unwrap_manual": lambda folder: stamps.sb_fix_unwrap_manual(1, 1, [[0, 0]], workdir=folder),
    "sb_find": lambda folder: stamps.sb_find(workdir=folder),
    "aps_linear": lambda folder: stamps.aps_linear(workdir=folder),
    "stamps": lambda folder: stamps.stamps(7, 7, workdir=folder),
    "stamps_mc_header": lambda folder: stamps.stamps_mc_header(workdir=folder),
}


@pytest.fixture
def small(tmp_path, monkeypatch):
    """A project of nothing but parameters and an empty patch."""
    monkeypatch.setattr(locks, "_PATIENCE_SECONDS", 0.05)
    Workspace(tmp_path).save_raw("parms", {"small_baseline_flag": "n", "max_topo_err": np.array([[20.0]])})
    (tmp_path / "PATCH_1").mkdir()
    return tmp_path


@pytest.mark.parametrize("command", WRITING)
def test_commands_that_write_respect_the_lock(small, command):
    before = {path: path.read_bytes() for path in small.rglob("*") if path.is_file()}
    with run_at_work(small), pytest.raises(WorkspaceError, match="Another run of stamps is at work in"):
        WRITING[command](small)
    assert {path: path.read_bytes() for path in small.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(("at_work", "here"), [(".", "PATCH_1"), ("PATCH_1", "."), ("PATCH_1", "PATCH_1")])
def test_patches_and_their_project_are_one(small, at_work, here):
    with run_at_work(small / at_work), pytest.raises(WorkspaceError, match="Another run"):
        stamps.setparm("max_topo_err", 5, workdir=small / here)


def test_patches_may_be_worked_on_beside_each_other(small):
    (small / "PATCH_2").mkdir()
    with run_at_work(small / "PATCH_1"), Workspace(small / "PATCH_2").reserved():
        pass


def test_reading_goes_on_during_a_run(small, capsys):
    with run_at_work(small):
        stamps.getparm("small_baseline_flag", workdir=small)
        stamps.setparm(workdir=small)
    assert "small_baseline_flag" in capsys.readouterr().out


def test_many_setparms_wait_for_each_other(small, monkeypatch):
    monkeypatch.setattr(locks, "_PATIENCE_SECONDS", 20)
    threads = [
        threading.Thread(target=stamps.setparm, args=("max_topo_err", k), kwargs={"workdir": small}) for k in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not list(small.glob(".*"))


def test_the_lock_of_a_killed_setparm_goes_with_the_next_command(small):
    (small / ".parms.lock").touch()
    Workspace(small).write_text("a.txt", "a")
    assert not (small / ".parms.lock").exists()


# ---------------------------------------------------------------------- the project itself


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
        engine.find_patches(Workspace(tmp_path), "patch.list")


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


# ---------------------------------------------------------------------- what the system refuses


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
        monkeypatch.setattr(workspace, "sync", fail)
        with pytest.raises(WorkspaceError, match="This step changed nothing; what was complete before is kept"):
            ws.write_text("b.txt", "b")
    with ws.reserved(), pytest.raises(WorkspaceError, match="Nothing was changed"):
        ws.write_text("b.txt", "b")
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_numpy_that_could_not_write_all_is_explained(tmp_path):
    ws = Workspace(tmp_path)
    with pytest.raises(WorkspaceError, match="the disk is full.*Nothing was changed"), ws.open_output("amp_mean.flt"):
        raise OSError("100 requested and 50 written")


# ---------------------------------------------------------------------- the temporary directory


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


# ---------------------------------------------------------------------- systems and places that lack something


def test_the_package_is_imported_where_there_are_no_locks():
    code = (
        "import sys; sys.modules['fcntl'] = None\n"
        "from stamps import cli, workspace\n"
        "from stamps.processes import scratch\n"
        "from stamps.run import engine\n"
        "from stamps.workspace import locks\n"
        "assert locks.fcntl is None\n"
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
