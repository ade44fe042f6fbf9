"""Whether processes of jobs are alive, and how to end what is left of them.

A process is known by its number, its start and words of its command line, because numbers are used again. What a command has
started carries a mark in its environment: it is found by that where its parents are dead.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

from stamps.workspace.owners import start_of

__all__ = ["MARK", "alive", "born", "end_marked", "here", "mark_of", "send", "unmarked_environment"]

#: Variable in the environment of a task's command: ``<folder of the job>/<step>/<task>``.
MARK = "STAMPS_JOB_TASK"


def here() -> str:
    """Name of this machine."""
    return socket.gethostname()


def born(pid: int | None = None) -> str:
    """Start of a running process (default: this one) as the system counts it."""
    return start_of(os.getpid() if pid is None else pid)


def alive(pid: int, start: str, word: str) -> bool:
    """Whether the process that was meant is running on this machine.

    Parameters
    ----------
    pid : int
    start : str
        As :func:`born` told it.
    word : str
        Must stand in its command line, where the system shows it.
    """
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass
    if start_of(pid) != start:
        return False
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        line = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
    except (OSError, IndexError):
        return not Path("/proc/self/stat").exists()  # where the system tells nothing, the number must do
    return state not in "ZX" and word in line


def send(pid: int, number: int, group: bool = False) -> None:
    """Send a signal to a process or the group that it leads, if it is there."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if group:
            os.killpg(pid, number)
        else:
            os.kill(pid, number)


def mark_of(job: Path, step: str, task: str) -> str:
    """What :data:`MARK` holds for a task."""
    return f"{job}/{step}/{task}"


def unmarked_environment() -> dict[str, str]:
    """The environment without the mark of a task: what a task submits is a job of its own, and outlives the task."""
    return {name: value for name, value in os.environ.items() if name != MARK}


def _marked(mark: str) -> Iterator[int]:
    """Processes on this machine that carry a mark, where the system shows environments (Linux)."""
    wanted = f"{MARK}={mark}".encode()
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if wanted in (entry / "environ").read_bytes().split(b"\0") and int(entry.name) != os.getpid():
                yield int(entry.name)


def end_marked(mark: str, seconds: float = 10) -> bool:
    """End at once what is left of an earlier try of a task; whether all of it has ended in time."""
    end = time.monotonic() + seconds
    while left := [pid for pid in _marked(mark) if alive(pid, start_of(pid), "")]:
        for pid in left:
            send(pid, signal.SIGKILL)
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True
