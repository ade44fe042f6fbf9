"""Runs beside each other: staging folders, leases and locks."""

import contextlib
import os
import shutil
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import stamps
from stamps.errors import WorkspaceError
from stamps.workspace import Workspace, leases, locks, owners, system_locks
from stamps.workspace.journal import COMMIT, STAGING

LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the system has no /proc")


def left(ws, world, age=0.0):
    """A staging folder of a process that cannot be seen from here."""
    folder = ws.path / f"{STAGING}{os.uname().nodename}-4711.99-{world}{'0' * 8}"
    folder.mkdir()
    (folder / "a.txt").write_text("staged")
    os.utime(folder, (time.time() - age,) * 2)
    return folder


@LINUX
def test_a_live_run_in_another_container_of_this_name_is_left_alone(tmp_path):
    ws = Workspace(tmp_path)
    folder = left(ws, f"{owners._world()[0]}{'c' * 8}", age=1000)
    lock = system_locks.locked_folder(folder)
    assert ws.recover() == [] and folder.exists()
    lock.close()  # the kernel does so, however it ends
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
    (folder / COMMIT).write_text('{"a.txt": true}')
    monkeypatch.setattr(owners, "_LEASE_SECONDS", 0.3)
    ws.write_text("b.txt", "b")
    assert ws.read_text("a.txt") == "staged"


def test_leases_are_touched(tmp_path, monkeypatch):
    monkeypatch.setattr(leases, "_BEAT_SECONDS", 0.02)
    monkeypatch.setattr(leases, "_pulse", leases._Pulse())
    ws = Workspace(tmp_path)
    with ws.publish():
        ws.write_text("a.txt", "a")
        staging = next(tmp_path.glob(f"{STAGING}*"))
        os.utime(staging, (1, 1))
        end = time.monotonic() + 10
        while staging.stat().st_mtime < 2 and time.monotonic() < end:
            time.sleep(0.01)
        assert staging.stat().st_mtime > 2


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
    "sb_bridge": lambda folder: stamps.sb_bridge(workdir=folder),
    "sb_fix_closure": lambda folder: stamps.sb_fix_closure(workdir=folder),
    "sb_invert_uw": lambda folder: stamps.sb_invert_uw(workdir=folder),
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
