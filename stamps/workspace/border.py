"""The border between files and arrays: what MATLAB's form of a variable is inside the package, and the other way.

Which variable is what stands in the table of :mod:`stamps.workspace.variables`. Inside indices count from 0, vectors have one
dimension and 0x0 is ``None``.

Source: docs/method/conventions.md, section 2.
"""

from os import PathLike
from typing import Any

import numpy as np
import scipy.sparse

from stamps.errors import WorkspaceError
from stamps.workspace.variables import kind_of

__all__ = ["inward", "outward"]


def inward(source: str | PathLike[str], file: str, name: str, value: Any) -> Any:
    """Value of a variable as the package uses it.

    Parameters
    ----------
    source : path-like
        The file, for messages.
    file, name : str
        File without ``.mat`` and variable.
    value : ndarray, sparse matrix, str or other
        As the file holds it.

    Returns
    -------
    ndarray, NumPy scalar, int, str, sparse matrix or None
        As the kind of the variable says; values without a kind are returned as they are.

    Raises
    ------
    WorkspaceError
        There is more or less than the one number that was expected.
    """
    kind = kind_of(file, name)
    if kind is None or isinstance(value, str) or scipy.sparse.issparse(value):
        return value
    if kind in ("scalar", "count", "index"):
        return _number_inward(source, name, kind, value)
    if kind.startswith("index"):
        indices = value.astype(np.int64) - 1
        return indices.ravel() if kind in ("index_column", "index_row") else indices
    if kind == "mask_column":
        return value.ravel() != 0
    if value.shape == (0, 0):
        return None
    return value.ravel(order="F") if kind in ("column", "row") else value


def _number_inward(source: str | PathLike[str], name: str, kind: str, value: np.ndarray) -> Any:
    if value.size == 0:
        return None
    if value.size != 1:
        raise WorkspaceError(f"{source}: variable '{name}' has shape {value.shape}, but one number was expected.")
    number = value.reshape(-1)[0]
    return number if kind == "scalar" else int(number) - (kind == "index")


def outward(file: str, name: str, value: Any) -> Any:
    """Value of a variable as files hold it: 2-D arrays of MATLAB's classes, indices from 1.

    Parameters
    ----------
    file, name : str
        File without ``.mat`` and variable.
    value : ndarray, number, str, sparse matrix or None
        As the package uses it.

    Returns
    -------
    ndarray, str or sparse matrix
    """
    kind = kind_of(file, name)
    if value is None:
        return np.empty((0, 0))
    if isinstance(value, str) or scipy.sparse.issparse(value):
        return value
    if kind in ("count", "index"):
        return np.array([[float(value) + (kind == "index")]])
    array = np.asarray(value)
    if kind is not None and kind.startswith("index"):
        array = (array + 1).astype(np.float32 if kind.endswith("_single") else np.float64)
    elif kind == "mask_column":
        array = array.astype(bool)
    elif array.dtype.kind in "iu" and array.dtype.itemsize >= 4:
        array = array.astype(np.float64)
    if array.ndim >= 2:
        return array
    row = kind in ("row", "index_row")
    return array.reshape((1, -1) if row else (-1, 1))
