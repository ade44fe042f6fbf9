"""Locks of files and folders as the system has them; they end with their process, however that ends.

The library ``portalocker`` knows the systems; it is loaded when something is locked first, because most questions lock nothing.
Folders are locked themselves, which leaves nothing behind. Windows opens no folders: there a hidden file inside,
:data:`LOCK_FILE`, stands for them and stays. Where a system or file system has no locks the functions say so with None.
"""

from __future__ import annotations

import contextlib
import functools
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from stamps.errors import WorkspaceError
from stamps.workspace.plain_files import open_plain

__all__ = [
    "LOCK_FILE",
    "FolderLock",
    "acquire_folder",
    "available",
    "is_free",
    "lock_file",
    "locked_folder",
    "remove_stale",
]

#: What is locked in place of a folder where the system opens none.
LOCK_FILE = ".stamps.lock"

_FOLDERS_CAN_BE_OPENED = os.name != "nt"
_NO_LINK = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


# ---------------------------------------------------------------------- open files


@functools.cache
def _library() -> ModuleType | None:
    """The library of locks; None on a system that has none for it."""
    try:
        import portalocker
    except ImportError as error:
        if error.name == "portalocker":
            raise
        return None
    return portalocker


def available() -> bool:
    """Whether this system has locks between processes."""
    return _library() is not None


def _try_lock(descriptor: int, shared: bool) -> bool | None:
    """Whether an open file could be locked without waiting; None where there are no locks."""
    library = _library()
    if library is None:
        return None
    kind = library.LockFlags.SHARED if shared else library.LockFlags.EXCLUSIVE
    try:
        library.lock(descriptor, kind | library.LockFlags.NON_BLOCKING)
    except library.AlreadyLocked as error:
        return False if os.name == "nt" or isinstance(error.__cause__, BlockingIOError) else None
    except library.LockException:
        return None
    return True


def _wait_for(descriptor: int) -> bool:
    """Lock an open file, waiting for who holds it; False where there are no locks."""
    library = _library()
    while library is not None:
        try:
            library.lock(descriptor, library.LockFlags.EXCLUSIVE)
            return True
        except library.AlreadyLocked:  # Windows waits for ten seconds only
            if os.name != "nt":
                return False
        except library.LockException:
            return False
    return False


# ---------------------------------------------------------------------- folders


class FolderLock:
    """An open folder, whose lock this process may hold until it is closed.

    Parameters
    ----------
    path : Path
        The folder.
    follow : bool
        Whether it may be a link to one.

    Raises
    ------
    OSError
        It is not there, no folder, or cannot be opened.
    """

    def __init__(self, path: Path, follow: bool = True) -> None:
        self.path = path
        if _FOLDERS_CAN_BE_OPENED:
            self._descriptor: int | None = os.open(path, os.O_RDONLY | (0 if follow else _NO_LINK))
            self._facts = os.fstat(self._descriptor)
        else:
            self._facts = os.stat(path, follow_symlinks=follow)
            self._descriptor = _stand_in(path, self._facts)

    def try_lock(self, shared: bool = False) -> bool | None:
        """Whether it could be locked without waiting; None where there are no locks."""
        return None if self._descriptor is None else _try_lock(self._descriptor, shared)

    def wait(self) -> None:
        """Lock it, waiting for who holds it; without locks nothing happens."""
        if self._descriptor is not None:
            _wait_for(self._descriptor)

    def is_at(self, path: Path) -> bool:
        """Whether the folder is what has this path now: it was neither renamed nor replaced."""
        try:
            return os.path.samestat(self._facts, os.stat(path))
        except OSError:
            return False

    def touch(self) -> None:
        """Set its time to now, for machines that do not see the lock."""
        if self._descriptor is not None and _FOLDERS_CAN_BE_OPENED and os.utime in os.supports_fd:
            os.utime(self._descriptor)
        else:
            os.utime(self.path)

    def close(self) -> None:
        """Let go of lock and folder."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _stand_in(folder: Path, facts: os.stat_result) -> int | None:
    """Descriptor of the file that stands for a folder, made where it is missing; None where it cannot be made."""
    if not stat.S_ISDIR(facts.st_mode):
        raise NotADirectoryError(f"{folder} is no folder")
    try:
        return open_plain(folder / LOCK_FILE, os.O_RDWR | os.O_CREAT)
    except (OSError, WorkspaceError):
        return None


def locked_folder(folder: Path) -> FolderLock | None:
    """The lock of a folder just made, held; None where it cannot be opened."""
    try:
        lock = FolderLock(folder)
    except OSError:
        return None
    lock.try_lock()
    return lock


def acquire_folder(path: Path) -> FolderLock | None:
    """The lock of a folder, held after waiting for it; None if another has removed the folder meanwhile."""
    try:
        lock = FolderLock(path)
    except FileNotFoundError:
        return None
    try:
        lock.wait()
        if lock.is_at(path):
            return lock
    except BaseException:
        lock.close()
        raise
    lock.close()
    return None


def is_free(folder: Path) -> bool | None:
    """Whether nobody holds the lock of a folder; None where that cannot be known."""
    try:
        lock = FolderLock(folder, follow=False)
    except OSError:
        return None
    try:
        return lock.try_lock()
    finally:
        lock.close()


# ---------------------------------------------------------------------- lock files


@contextlib.contextmanager
def lock_file(path: Path) -> Iterator[None]:
    """Context in which no other process or thread holds the lock file ``path``.

    The lock is a hidden file that goes away afterwards; one left by a killed process is taken over. Where locks
    are not possible (no permission to write, no support by the file system) the context is entered without one.
    Not reentrant. A lock file that is a link or no regular file is a WorkspaceError.
    """
    descriptor = _acquire(path)
    try:
        yield
    finally:
        if descriptor is not None:
            _remove_and_close(path, descriptor)


def _acquire(path: Path) -> int | None:
    """Descriptor that holds the lock file ``path``, or None where locks are not possible."""
    while available():
        try:
            descriptor = open_plain(path, os.O_RDWR | os.O_CREAT)
        except OSError:
            return None
        if not _wait_for(descriptor):
            os.close(descriptor)
            return None
        if _is_at(descriptor, path):
            return descriptor
        os.close(descriptor)  # its last holder removed it: try with a new one
    return None


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), os.lstat(path))
    except OSError:
        return False


def _remove_and_close(path: Path, descriptor: int) -> None:
    """Remove a lock file that is held, and let go.

    Windows removes no open file: there it is closed first, and stays where somebody else has opened it since.
    """
    if os.name == "nt":
        os.close(descriptor)
    with contextlib.suppress(OSError):
        path.unlink()
    if os.name != "nt":
        os.close(descriptor)


def remove_stale(directory: Path) -> None:
    """Remove the lock file of the parameters that a killed process has left in a directory."""
    path = directory / ".parms.lock"
    if not path.exists():
        return
    with contextlib.suppress(OSError, WorkspaceError):
        descriptor = open_plain(path, os.O_RDWR)
        if _try_lock(descriptor, shared=False) and _is_at(descriptor, path):
            _remove_and_close(path, descriptor)
        else:
            os.close(descriptor)
