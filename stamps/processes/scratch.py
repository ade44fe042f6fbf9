"""Folders in the system's temporary directory that go away with their process, at the latest when the next one begins.

All of one user lie in one folder. Each is locked by its process: one that can be locked has been left by a dead one.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from stamps.workspace import system_locks

if TYPE_CHECKING:
    from stamps._typing import StrPath


__all__ = ["clean", "scratch_folder"]


@contextlib.contextmanager
def scratch_folder(name: str, parent: StrPath | None = None) -> Iterator[Path]:
    """Context with an empty folder; what dead processes left is removed first.

    Parameters
    ----------
    name : str
        What it is for.
    parent : path-like, optional
        Instead of the system's temporary directory.

    Yields
    ------
    Path

    Raises
    ------
    OSError
        There is no room.
    """
    with _shelf(_place(parent)) as shelf:
        _sweep(shelf)
        folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=shelf))
        lock = system_locks.locked_folder(folder)
    try:
        yield folder
    finally:
        if lock is not None:
            lock.close()  # first: Windows removes nothing that is open
        shutil.rmtree(folder, ignore_errors=True)
        _tidy(folder.parent, _place(parent))


def clean() -> None:
    """Remove what processes that were killed have left in the temporary directory."""
    with contextlib.suppress(OSError):
        if _place().exists():
            _tidy(_place(), _place())


def _place(parent: StrPath | None = None) -> Path:
    return Path(parent or tempfile.gettempdir()) / f"stamps-{os.getuid() if hasattr(os, 'getuid') else 'user'}"


@contextlib.contextmanager
def _shelf(place: Path) -> Iterator[Path]:
    """Context with the folder of this user's scratch folders, locked; a fresh one where somebody else has put another there."""
    lock = None
    while lock is None:
        with contextlib.suppress(FileExistsError):
            place.mkdir(mode=0o700)
        if not system_locks.available() or not _is_ours(place):
            yield Path(tempfile.mkdtemp(prefix="stamps-", dir=place.parent))
            return
        lock = system_locks.acquire_folder(place)  # None: its last user removed it
    try:
        yield place
    finally:
        lock.close()


def _is_ours(place: Path) -> bool:
    """Whether it is a folder, no link, that nobody else may write."""
    try:
        what = os.lstat(place)
    except FileNotFoundError:
        return True  # just removed
    mine = not hasattr(os, "getuid") or what.st_uid == os.getuid()
    return stat.S_ISDIR(what.st_mode) and mine and not what.st_mode & 0o022


def _sweep(shelf: Path) -> None:
    for folder in shelf.iterdir():
        if system_locks.is_free(folder):
            shutil.rmtree(folder, ignore_errors=True)


def _tidy(shelf: Path, place: Path) -> None:
    """Remove what the dead have left, and the folder of all if nothing remains."""
    with contextlib.suppress(OSError):
        if shelf != place or not system_locks.available():
            shelf.rmdir()
            return
        with _shelf(place) as shelf:
            _sweep(shelf)
            shelf.rmdir()
