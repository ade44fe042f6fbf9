"""One run at a time: reservations of directories, by locks on the directories themselves.

They leave nothing behind and end with their process, however that ends (:mod:`.system_locks`).
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ParamSpec, TypeVar

from stamps.errors import WorkspaceError
from stamps.workspace import owners
from stamps.workspace.system_locks import FolderLock, available

__all__ = ["check_place", "is_patch", "lent", "note_publication", "published", "reserved", "reserving"]

_PATIENCE_SECONDS = 1  # commands that only set a value are gone by then

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")


class _Reservations(threading.local):
    """Directories that this thread has reserved, with the locks that hold them (None: another process does).

    ``published`` tells whether anything was since the first of them was reserved.
    """

    def __init__(self) -> None:
        self.held: dict[Path, FolderLock | None] = {}
        self.published = False


_reservations = _Reservations()


@contextlib.contextmanager
def reserved(path: Path, shared: bool = False, part_of_run: bool = False) -> Iterator[None]:
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


def is_patch(path: Path) -> bool:
    """Whether runs in the parent directory work in this one, too."""
    alone = (path / "parms.mat").exists() or not (path.parent / "parms.mat").exists()
    return path.name.startswith("PATCH_") or not alone


@contextlib.contextmanager
def _held(path: Path, shared: bool, part_of_run: bool) -> Iterator[None]:
    ours = str(path) in owners.active  # nobody else works in our own staging
    if ours or (part_of_run and path in _reservations.held) or not available():
        yield
        return
    lock = _opened(path)
    try:
        _wait_for(lock, shared)
        with _noted(path, lock):
            yield
    finally:
        lock.close()


@contextlib.contextmanager
def _noted(path: Path, lock: FolderLock | None) -> Iterator[None]:
    held = _reservations.held
    before = held.copy()
    if not before:
        _reservations.published = lock is None  # by other processes of the run, perhaps
    held[path] = lock
    try:
        yield
    finally:
        held.clear()
        held.update(before)


def _opened(path: Path) -> FolderLock:
    try:
        return FolderLock(path)
    except OSError as error:
        if not path.is_dir():
            raise WorkspaceError(f"{path} is not a directory: give the project directory as --workdir.") from error
        raise WorkspaceError(
            f"The directory {path} cannot be opened ({error.strerror}): change its permissions or work in another."
        ) from error


def _wait_for(lock: FolderLock, shared: bool) -> None:
    end = time.monotonic() + _PATIENCE_SECONDS
    while lock.try_lock(shared) is False:
        if time.monotonic() > end:
            raise WorkspaceError(
                f"Another run of stamps is at work in {lock.path}: wait until it has ended, or stop it; nothing was changed."
            )
        time.sleep(0.02)


@contextlib.contextmanager
def lent(path: Path) -> Iterator[None]:
    """Context of a process that works for a run: what that has reserved is not asked for again.

    Parameters
    ----------
    path : Path
        The run's directory.
    """
    with _noted(path, None):
        yield


def note_publication() -> None:
    """Remember that files were put in their places."""
    _reservations.published = True


def published() -> bool:
    """Whether something may have been published since the run began; False outside a run."""
    return bool(_reservations.held) and _reservations.published


def check_place(path: Path) -> None:
    """Raise a WorkspaceError if a reserved directory, this one or one above it, is no longer where it was."""
    for place, lock in _reservations.held.items():
        if lock is not None and (place == path or place in path.parents) and not lock.is_at(place):
            raise WorkspaceError(
                f"The directory {place} was renamed, removed or replaced while a command was at work in it: what was complete "
                "before is where the directory is now; run the same command again there."
            )


def reserving(command: Callable[_Arguments, _Result], shared: bool = False) -> Callable[_Arguments, _Result]:
    """Decorate a command that writes: while it runs no other run works in its ``workdir`` (``shared``: see :func:`reserved`)."""
    signature = inspect.signature(command)

    @functools.wraps(command)
    def alone(*args: _Arguments.args, **options: _Arguments.kwargs) -> _Result:
        bound = signature.bind(*args, **options)
        workdir = bound.arguments.get("workdir", ".")
        path = getattr(workdir, "path", None) or Path(os.path.abspath(workdir))
        with reserved(path, shared, part_of_run=True):
            return command(*args, **options)

    return alone
