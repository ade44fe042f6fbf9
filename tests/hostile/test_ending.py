"""Runs that are stopped or killed: their children end with them."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest

BIN = Path(sys.executable).parent


LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the system has no /proc")


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


#: Step 6 with a program of its own, which must end with the run.
_WITH_PROGRAM = {"STAMPS_UNWRAP": "snaphu"}


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
            env={**os.environ, "PATH": path, "TMPDIR": str(tmp), "STAMPS_CORES": "2", **_WITH_PROGRAM},
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
    sandbox.run("stamps", step, step, environment={"TMPDIR": str(tmp), **_WITH_PROGRAM}, watch=False).succeeds()
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


@pytest.fixture
def tmp(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path
