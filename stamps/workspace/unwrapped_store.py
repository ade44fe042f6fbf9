"""Interferograms that step 6 has unwrapped before the step is published, so that a kill does not lose them.

A hidden folder of the project holds one file for each, named by the digest of all that the result depends on: the
interferogram, the arc costs and the program. Other inputs have another name; a file that is damaged, cut off or of another
origin is not used. The folder goes away when the step is published.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps._typing import StrPath


__all__ = ["FOLDER", "discard", "key", "read", "write"]

#: The folder in the project directory.
FOLDER = ".stamps-unwrapped"

_MAGIC = b"stamps-unwrapped-1\n"
_DIGEST = 32


def key(program: bytes, *arrays: NDArray[Any]) -> str:
    """Name of the result of a program for these inputs.

    Parameters
    ----------
    program : bytes
        What identifies the program and its settings.
    *arrays : ndarray
        Interferogram and costs.

    Returns
    -------
    str
    """
    found = hashlib.blake2b(program, digest_size=20)
    for array in arrays:
        found.update(f"{array.dtype.str}{array.shape}".encode())
        found.update(np.ascontiguousarray(array).data)
    return found.hexdigest()


def read(folder: StrPath, name: str) -> tuple[NDArray[np.float32], dict[str, bytes]] | None:
    """What was kept under a name.

    Parameters
    ----------
    folder : path-like
        The project directory.
    name : str
        See :func:`key`.

    Returns
    -------
    tuple or None
        Unwrapped phase (float32, n_row x n_col) and the files of the run (name -> bytes); None if there is nothing sound.
    """
    path = Path(folder) / FOLDER / name
    try:
        if path.is_symlink() or not path.is_file():
            return None
        content = path.read_bytes()
        head, body = content[: len(_MAGIC) + _DIGEST], content[len(_MAGIC) + _DIGEST :]
        if head != _MAGIC + _sum(name, body):
            return None
        with np.load(io.BytesIO(body), allow_pickle=False) as stored:
            files = {file[5:]: stored[file].tobytes() for file in stored.files if file.startswith("file:")}
            return stored["unwrapped"], files
    except (OSError, ValueError, KeyError):
        return None


def write(folder: StrPath, name: str, unwrapped: NDArray[np.float32], files: Mapping[str, bytes]) -> None:
    """Keep a result; where that is not possible (disk full, no permission) nothing is kept, and nobody is told.

    Parameters
    ----------
    folder, name
        As for :func:`read`; the project directory must be there.
    unwrapped : ndarray of float32, shape (n_row, n_col)
    files : dict
        Name -> bytes.
    """
    body = io.BytesIO()
    outputs: dict[str, Any] = {f"file:{file}": np.frombuffer(content, np.uint8) for file, content in files.items()}
    np.savez(body, unwrapped=unwrapped, **outputs)
    place = Path(folder) / FOLDER
    temporary = place / f"{name}.part"  # what a kill leaves of it is written over, or goes with the folder
    try:
        place.mkdir(exist_ok=True)
        if place.is_symlink():
            return
        temporary.write_bytes(_MAGIC + _sum(name, body.getvalue()) + body.getvalue())
        os.replace(temporary, place / name)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def discard(folder: StrPath) -> None:
    """Remove all that was kept in a project directory."""
    place = Path(folder) / FOLDER
    if not place.is_symlink():
        shutil.rmtree(place, ignore_errors=True)


def _sum(name: str, body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=_DIGEST, key=name.encode()).digest()
