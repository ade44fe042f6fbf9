"""Who is at work in a directory: reservations of directories, and the owners of staging folders with their leases.

Both are locks on the directories themselves: they leave nothing behind and end with their process, however that ends.
A staging folder tells its owner by its name; where that is a process that cannot be seen from here, its lock (another
container) or the time at which its owner last touched it (another machine, which locks may not reach) is the proof of life.
"""

import contextlib
import functools
import hashlib
import inspect
import os
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

try:
    import fcntl
except ImportError:  # not a Unix system: no locks between processes
    fcntl = None

from stamps.errors import WorkspaceError
from stamps.workspace.journal import COMMIT, STAGING
from stamps.workspace.plain_files import open_plain

__all__ = [
    "Lease", "acquire", "acquire_folder", "active", "check_place", "in_use", "is_free", "is_patch", "lent", "lock_file",
    "locked_folder", "note_publication", "outlasts", "owner", "published", "remove_stale", "reserved", "reserving",
    "start_of",
]  # fmt: skip

_FOREIGN_SECONDS = 60  # another machine needs less to put files in their places; after that it is dead
_LEASE_SECONDS = (
    90  # another machine that has not touched its folder for so long is dead (disks on a network tell late)
)
_BEAT_SECONDS = 10
_LOCKING_SECONDS = 2  # from the making of a folder to its lock
_ABANDONED_SECONDS = 86400  # an unfinished folder of another machine's older version, which does not touch it
_SKEW_SECONDS = 3600  # no clock goes that wrong: a later time was not written by somebody at work
_PATIENCE_SECONDS = 1  # commands that only set a value are gone by then

active = set()  #: staging folders at which this process is at work


# ---------------------------------------------------------------------- owners of staging folders


def owner():
    """Who stages here: machine, process with its start (numbers of processes are used again), its world, a random part."""
    pid = os.getpid()
    return f"{socket.gethostname()}-{pid}.{start_of(pid)}-{''.join(_world())}{uuid.uuid4().hex[:8]}"


@functools.cache
def _world():
    """Where a process number means something: marks of the running system and of the container; empty if not known."""
    try:
        system = Path("/proc/sys/kernel/random/boot_id").read_text()
        container = os.readlink("/proc/self/ns/pid")
    except OSError:
        return ()
    return f"w{hashlib.sha256(system.encode()).hexdigest()[:8]}", hashlib.sha256(container.encode()).hexdigest()[:8]


def _world_in(mark):
    """The world of an owner by the last part of its name; empty in names of older versions."""
    return (mark[:9], mark[9:17]) if mark.startswith("w") and len(mark) == 25 else ()


def start_of(pid):
    """Start time of a running process in clock ticks, as text; ``'0'`` where the system does not tell."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19]
    except (OSError, IndexError):
        return "0"


def in_use(folder):
    """Whether a staging folder belongs to somebody who may still be at work."""
    try:
        host, process, mark = folder.name[len(STAGING) :].rsplit("-", 2)
        pid, start = process.split(".")
        pid = int(pid)
    except ValueError:
        return True  # not one of ours
    world = _world_in(mark)
    if world and world != _world():
        return _lease_runs(folder, same_system=world[:1] == _world()[:1])
    if not world and host != socket.gethostname():
        return _touched_lately(folder / COMMIT, _FOREIGN_SECONDS, otherwise=_touched_lately(folder, _ABANDONED_SECONDS))
    if pid == os.getpid():
        return str(folder) in active
    return _alive(pid) and start == start_of(pid)


def _alive(pid):
    """Whether a process can still do anything (one that has died and was not yet reaped cannot)."""
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


def _touched_lately(path, seconds, otherwise=False):
    """Whether a file or folder is younger than that; ``otherwise`` if it is not there."""
    try:
        return -_SKEW_SECONDS < time.time() - path.lstat().st_mtime < seconds
    except OSError:
        return otherwise


# ---------------------------------------------------------------------- leases


def _lease_runs(folder, same_system):
    """Whether the owner of a staging folder, a process that cannot be seen from here, is alive."""
    free = is_free(folder)
    if free is False:
        return True
    # elsewhere a lock that could be taken proves nothing: the file system need not share locks between machines
    return _touched_lately(folder, _LOCKING_SECONDS if free and same_system else _LEASE_SECONDS)


def outlasts(folder):
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


def _touched(folder):
    """When a folder was touched, in nanoseconds of the clock of its file system; None if it is gone."""
    try:
        return folder.lstat().st_mtime_ns
    except OSError:
        return None


def is_free(folder):
    """Whether nobody holds the lock of a folder; None where that cannot be known."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except OSError:
        return None
    try:
        return _try_lock(descriptor, shared=False)
    finally:
        os.close(descriptor)


def _try_lock(descriptor, shared):
    """Whether an open file could be locked without waiting; None where there are no locks."""
    if fcntl is None:
        return None
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


class Lease:
    """A staging folder that is made, and known to be in use until :meth:`give_back`.

    Parameters
    ----------
    folder : Path
    """

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        self._descriptor = locked_folder(folder)
        if self._descriptor is not None:
            _pulse.keep(self._descriptor)

    def give_back(self):
        """Let go; the folder itself stays."""
        if self._descriptor is not None:
            _pulse.forget(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = None


class _Pulse:
    """A thread that touches the leases of this process, for machines that do not see its locks."""

    def __init__(self):
        self._descriptors = set()
        self._lock = threading.Lock()
        self._thread = None

    def keep(self, descriptor):
        with self._lock:
            self._descriptors.add(descriptor)
            if self._thread is None:
                self._thread = threading.Thread(target=self._beat, name="leases", daemon=True)
                try:
                    self._thread.start()
                except RuntimeError:  # no more threads: locks alone must do
                    self._thread = None

    def forget(self, descriptor):
        with self._lock:
            self._descriptors.discard(descriptor)

    def _beat(self):
        while True:
            time.sleep(_BEAT_SECONDS)
            with self._lock:
                for descriptor in self._descriptors:
                    with contextlib.suppress(OSError):
                        os.utime(descriptor)


def _new_pulse():
    global _pulse
    _pulse = _Pulse()


_new_pulse()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_new_pulse)  # threads stay behind, and what they hold with them


# ---------------------------------------------------------------------- one run at a time


class _Reservations(threading.local):
    """Directories that this thread has reserved, with the descriptors that hold them (None: another process does).

    ``published`` tells whether anything was since the first of them was reserved.
    """

    def __init__(self):
        self.held = {}
        self.published = False


_reservations = _Reservations()


@contextlib.contextmanager
def reserved(path, shared=False, part_of_run=False):
    """Context in which no other run works in a directory; in a patch, none in its project either.

    File systems without locks do not hinder a run.

    Parameters
    ----------
    path : Path
    shared : bool
        Others that ask so, too, may work here: runs that divide the patches among themselves.
    part_of_run : bool
        What this thread has reserved already is not asked for again.

    Raises
    ------
    WorkspaceError
        Another run is at work here, or the directory cannot be opened.
    """
    with contextlib.ExitStack() as stack:
        if is_patch(path):
            stack.enter_context(_held(path.parent, True, part_of_run))
        stack.enter_context(_held(path, shared, part_of_run))
        yield


def is_patch(path):
    """Whether runs in the parent directory work in this one, too."""
    alone = (path / "parms.mat").exists() or not (path.parent / "parms.mat").exists()
    return path.name.startswith("PATCH_") or not alone


@contextlib.contextmanager
def _held(path, shared, part_of_run):
    held = _reservations.held
    if fcntl is None or (part_of_run and path in held) or str(path) in active:  # nobody else works in our own staging
        yield
        return
    descriptor = _opened(path)
    try:
        _wait_for(descriptor, path, shared)
        with _noted(path, descriptor):
            yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _noted(path, descriptor):
    held = _reservations.held
    before = held.copy()
    if not before:
        _reservations.published = descriptor is None  # by other processes of the run, perhaps
    held[path] = descriptor
    try:
        yield
    finally:
        held.clear()
        held.update(before)


def _opened(path):
    try:
        return os.open(path, os.O_RDONLY)
    except OSError as error:
        if not path.is_dir():
            raise WorkspaceError(f"{path} is not a directory: give the project directory as --workdir.") from error
        raise WorkspaceError(
            f"The directory {path} cannot be opened ({error.strerror}): change its permissions or work in another."
        ) from error


def _wait_for(descriptor, path, shared):
    end = time.monotonic() + _PATIENCE_SECONDS
    while _try_lock(descriptor, shared) is False:
        if time.monotonic() > end:
            raise WorkspaceError(
                f"Another run of stamps is at work in {path}: wait until it has ended, or stop it; nothing was changed."
            )
        time.sleep(0.02)


@contextlib.contextmanager
def lent(path):
    """Context of a process that works for a run: what that has reserved is not asked for again.

    Parameters
    ----------
    path : Path
        The run's directory.
    """
    with _noted(path, None):
        yield


def note_publication():
    """Remember that files were put in their places."""
    _reservations.published = True


def published():
    """Whether something may have been published since the run began; False outside a run."""
    return bool(_reservations.held) and _reservations.published


def check_place(path):
    """Raise a WorkspaceError if a reserved directory, this one or one above it, is no longer where it was."""
    for place, descriptor in _reservations.held.items():
        if descriptor is not None and (place == path or place in path.parents) and not _is_at(descriptor, place):
            raise WorkspaceError(
                f"The directory {place} was renamed, removed or replaced while a command was at work in it: what was complete "
                "before is where the directory is now; run the same command again there."
            )


def _is_at(descriptor, path):
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path))
    except OSError:
        return False


def reserving(command, shared=False):
    """Decorate a command that writes: while it runs no other run works in its ``workdir`` (``shared``: see :func:`reserved`)."""
    signature = inspect.signature(command)

    @functools.wraps(command)
    def alone(*args, **options):
        bound = signature.bind(*args, **options)
        workdir = bound.arguments.get("workdir", ".")
        path = getattr(workdir, "path", None) or Path(os.path.abspath(workdir))
        with reserved(path, shared, part_of_run=True):
            return command(*args, **options)

    return alone


def locked_folder(folder):
    """Descriptor that holds the lock of a folder just made; None where the system does not open folders."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return None
    _try_lock(descriptor, shared=False)
    return descriptor


def acquire_folder(path):
    """Descriptor that holds the lock of a folder, waiting for it; None if another has removed it meanwhile."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        if fcntl is not None:
            with contextlib.suppress(OSError):  # not every file system has locks
                fcntl.flock(descriptor, fcntl.LOCK_EX)
        if _is_at(descriptor, path):
            return descriptor
    except BaseException:
        os.close(descriptor)
        raise
    os.close(descriptor)
    return None


@contextlib.contextmanager
def lock_file(path: Path) -> Iterator[None]:
    """Context in which no other process or thread holds the lock file ``path``.

    The lock is a hidden file that goes away afterwards; one left by a killed process is taken over. Where locks
    are not possible (no permission to write, no support by the file system) the context is entered without one.
    Not reentrant. A lock file that is a link or no regular file is a WorkspaceError.
    """
    descriptor = acquire(path)
    try:
        yield
    finally:
        if descriptor is not None:
            with contextlib.suppress(OSError):
                path.unlink()
            os.close(descriptor)


def remove_stale(directory):
    """Remove the lock file of the parameters that a killed process has left in a directory."""
    path = directory / ".parms.lock"
    if not path.exists():
        return
    with contextlib.suppress(OSError, WorkspaceError):
        descriptor = open_plain(path, os.O_RDWR)
        try:
            if _try_lock(descriptor, shared=False) and _is_at(descriptor, path):
                path.unlink()
        finally:
            os.close(descriptor)


def acquire(path):
    """Descriptor that holds the lock file ``path``, or None where locks are not possible."""
    while fcntl is not None:
        try:
            descriptor = open_plain(path, os.O_RDWR | os.O_CREAT)
        except OSError:
            return None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if os.path.samestat(os.fstat(descriptor), os.lstat(path)):
                return descriptor
        except FileNotFoundError:
            pass  # its last holder removed it: try with a new one
        except OSError:
            os.close(descriptor)
            return None
        os.close(descriptor)
    return None
