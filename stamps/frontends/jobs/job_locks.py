"""Lock files of jobs: held by an open file, so that they end with their holder however that ends."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from stamps.workspace.plain_files import open_plain

__all__ = ["held"]


@contextlib.contextmanager
def held(path: Path) -> Iterator[bool]:
    """Context with the lock, if nobody has it.

    Parameters
    ----------
    path : Path
        The file; it is made, and stays.

    Yields
    ------
    bool
        Whether the lock is held; True, too, where the file system has no locks.
    """
    import portalocker

    path.parent.mkdir(parents=True, exist_ok=True)
    with open(open_plain(path, os.O_RDWR | os.O_CREAT), "r+b") as file:
        try:
            portalocker.lock(file.fileno(), portalocker.LockFlags.EXCLUSIVE | portalocker.LockFlags.NON_BLOCKING)
        except portalocker.AlreadyLocked as error:
            yield os.name != "nt" and not isinstance(error.__cause__, BlockingIOError)
            return
        except portalocker.LockException:
            yield True
            return
        yield True
