"""HDF5 files of products, read so that whatever is wrong with one is one sentence.

Files are opened for one read and closed again: a stack has thousands.

Source: docs/method/cslc.md, section 1.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import InputError
from stamps.workspace.plain_files import check_input

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps._typing import StrPath

__all__ = ["array", "dataset", "member", "names_in", "number", "open_file", "text", "value"]

_MOST = 10_000_000  # numbers of a vector


@contextmanager
def open_file(path: StrPath) -> Iterator[Any]:
    """Open a file for reading.

    Parameters
    ----------
    path : path-like

    Yields
    ------
    h5py.File

    Raises
    ------
    InputError
        It is no complete HDF5 file; also where what is read inside fails.
    """
    import h5py

    try:
        check_input(path)
        with h5py.File(os.fspath(path), "r") as file:
            yield file
    except (OSError, RuntimeError, EOFError, KeyError, ValueError, TypeError) as error:  # what h5py raises for damage
        reason = error.strerror if isinstance(error, OSError) and error.strerror else " ".join(str(error).split())
        reason = reason[:160] or type(error).__name__
        raise InputError(f"{path} cannot be read ({reason}): download it again.") from error


def member(file: Any, name: str) -> Any:
    """A group or data set; None where there is none.

    Raises
    ------
    InputError
        It, or a group above it, is a link, or its numbers stand in another file.
    """
    import h5py

    found = file
    for part in name.strip("/").split("/"):
        if not isinstance(found, h5py.Group):
            return None
        link = found.get(part, getlink=True)
        if link is None:
            return None
        if not isinstance(link, h5py.HardLink):
            raise InputError(f"{_path(file)} has a link to an other file or place as /{name}: download it again.")
        found = found[part]
    if isinstance(found, h5py.Dataset) and (found.is_virtual or found.external is not None):
        raise InputError(f"{_path(file)} has the numbers of /{name} in an other file: download it again.")
    return found


def dataset(file: Any, name: str) -> Any:
    """A data set; None where there is none, or something else."""
    import h5py

    found = member(file, name)
    return found if isinstance(found, h5py.Dataset) else None


def names_in(file: Any, name: str) -> list[str]:
    """Names in a group; empty where there is none, or something else."""
    import h5py

    found = member(file, name)
    return list(found) if isinstance(found, h5py.Group) else []


def _path(file: Any) -> str:
    return str(file.file.filename)


def array(file: Any, name: str, path: StrPath, n_dim: int = 1) -> NDArray[np.float64]:
    """A data set of numbers, float64.

    Raises
    ------
    InputError
        It is missing, has another number of axes, or is longer than any of a product.
    """
    found = dataset(file, name)
    if found is None or found.ndim != n_dim or found.dtype.kind not in "fiu" or found.size > _MOST:
        raise InputError(
            f"{path} has no usable {name}: its download is incomplete, or it is no product of this layout."
        )
    return np.asarray(found[()], dtype=np.float64)


def value(file: Any, name: str) -> Any:
    """A scalar: text, a truth value, a number; None where it is missing, NaN or the text of a missing value.

    Parameters
    ----------
    file : h5py.File or Group
    name : str
    """
    found = dataset(file, name)
    if found is None or found.size != 1:
        return None
    item = np.asarray(found[()]).reshape(-1)[0]
    if isinstance(item, bytes | np.bytes_ | str):
        word = item.decode("utf-8", "replace") if isinstance(item, bytes) else str(item)
        return _truth("".join(letter for letter in word.strip().strip("\0") if letter.isprintable()))
    if isinstance(item, np.bool_ | bool):
        return bool(item)
    if isinstance(item, np.floating):
        return float(item) if np.isfinite(item) else None
    return int(item) if isinstance(item, np.integer) else None


def text(file: Any, name: str) -> str:
    """A scalar as text; empty where it is missing."""
    found = value(file, name)
    return "" if found is None else str(found)


def number(file: Any, name: str) -> float | None:
    """A scalar as a number; None where it is missing or none."""
    found = value(file, name)
    return float(found) if isinstance(found, int | float) and not isinstance(found, bool) else None


def _truth(word: str) -> Any:
    return {"true": True, "false": False, "": None, "nan": None, "none": None}.get(word.lower(), word)
