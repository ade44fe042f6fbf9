"""Who stages in a directory: names of staging folders tell their owners, and whether those may still be at work.

A staging folder tells its owner by its name; where that is a process that cannot be seen from here, its lock (another
container) or the time at which its owner last touched it (another machine, which locks may not reach) is the proof of life.
"""

from __future__ import annotations

import functools
import hashlib
import os
import socket
import time
import uuid
from pathlib import Path

from stamps.workspace.journal import COMMIT, STAGING
from stamps.workspace.system_locks import is_free

__all__ = ["active", "in_use", "outlasts", "owner", "start_of"]

_FOREIGN_SECONDS = 60  # another machine needs less to put files in their places; after that it is dead
_LEASE_SECONDS = 90  # a machine that has not touched its folder for so long is dead (disks on a network tell late)
_LOCKING_SECONDS = 2  # from the making of a folder to its lock
_ABANDONED_SECONDS = 86400  # an unfinished folder of another machine's older version, which does not touch it
_SKEW_SECONDS = 3600  # no clock goes that wrong: a later time was not written by somebody at work

active: set[str] = set()  #: staging folders at which this process is at work


# ---------------------------------------------------------------------- names of owners


def owner() -> str:
    """Who stages here: machine, process with its start (numbers of processes are used again), its world, a random part."""
    pid = os.getpid()
    return f"{socket.gethostname()}-{pid}.{start_of(pid)}-{''.join(_world())}{uuid.uuid4().hex[:8]}"


@functools.cache
def _world() -> tuple[str, ...]:
    """Where a process number means something: marks of the running system and of the container; empty if not known."""
    try:
        system = Path("/proc/sys/kernel/random/boot_id").read_text()
        container = os.readlink("/proc/self/ns/pid")
    except OSError:
        return ()
    return f"w{hashlib.sha256(system.encode()).hexdigest()[:8]}", hashlib.sha256(container.encode()).hexdigest()[:8]


def _world_in(mark: str) -> tuple[str, ...]:
    """The world of an owner by the last part of its name; empty in names of older versions."""
    return (mark[:9], mark[9:17]) if mark.startswith("w") and len(mark) == 25 else ()


def start_of(pid: int) -> str:
    """Start time of a running process in clock ticks, as text; ``'0'`` where the system does not tell."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19]
    except (OSError, IndexError):
        return "0"


# ---------------------------------------------------------------------- whether they are at work


def in_use(folder: Path) -> bool:
    """Whether a staging folder belongs to somebody who may still be at work."""
    try:
        host, process, mark = folder.name[len(STAGING) :].rsplit("-", 2)
        number, start = process.split(".")
        pid = int(number)
    except ValueError:
        return True  # not one of ours
    world = _world_in(mark)
    if world and world != _world():
        return _lease_runs(folder, same_system=world[:1] == _world()[:1])
    if not world and host != socket.gethostname():
        return _touched_lately(folder / COMMIT, _FOREIGN_SECONDS, otherwise=_touched_lately(folder, _ABANDONED_SECONDS))
    if pid == os.getpid():
        return str(folder) in active
    if os.name == "nt":
        return _lease_runs(folder, same_system=True)
    return _alive(pid) and start == start_of(pid)


def _alive(pid: int) -> bool:
    """Whether a process can still do anything (one that has died and was not yet reaped cannot).

    Not for Windows, where asking (signal 0) would interrupt it.
    """
    try:
        if Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] in "ZX":
            return False
    except (OSError, IndexError):
        pass
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):  # the latter: a number that no process can have
        return False
    except PermissionError:
        return True
    return True


def _touched_lately(path: Path, seconds: float, otherwise: bool = False) -> bool:
    """Whether a file or folder is younger than that; ``otherwise`` if it is not there."""
    try:
        return -_SKEW_SECONDS < time.time() - path.lstat().st_mtime < seconds
    except OSError:
        return otherwise


def _lease_runs(folder: Path, same_system: bool) -> bool:
    """Whether the owner of a staging folder, a process that cannot be seen from here, is alive."""
    free = is_free(folder)
    if free is False:
        return True
    # elsewhere a lock that could be taken proves nothing: the file system need not share locks between machines
    return _touched_lately(folder, _LOCKING_SECONDS if free and same_system else _LEASE_SECONDS)


def outlasts(folder: Path) -> bool:
    """Whether this process lived longer than one that cannot be seen from here and is putting files in their places.

    It needs moments for that, so its end, or that of the lease that it left, is waited for: until then the directory is neither
    before nor after its save.
    """
    world = _world_in(folder.name.rsplit("-", 1)[-1])
    if not world or world == _world():
        return False
    seen, end = _touched(folder), time.monotonic() + _LEASE_SECONDS
    while (folder / COMMIT).is_file():
        if not in_use(folder):
            return True
        if time.monotonic() > end:  # whatever its clock says, who is alive has touched it meanwhile
            if is_free(folder) is not False and _touched(folder) == seen:
                return True
            seen, end = _touched(folder), time.monotonic() + _LEASE_SECONDS
        time.sleep(0.1)
    return False


def _touched(folder: Path) -> int | None:
    """When a folder was touched, in nanoseconds of the clock of its file system; None if it is gone."""
    try:
        return folder.lstat().st_mtime_ns
    except OSError:
        return None
