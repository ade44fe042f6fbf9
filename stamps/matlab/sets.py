"""Sorted sets and set operations on values and on rows.

Equal means numerically equal; NaN equals nothing, not even NaN, and sorts last. Cost: one sort of the input.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


__all__ = ["intersect_rows", "ismember", "setdiff", "setxor", "sortrows", "unique_rows"]


def _as_rows(x: NDArray[Any]) -> NDArray[Any]:
    x = np.asarray(x)
    if x.ndim == 1:
        x = x[:, np.newaxis]
    if x.ndim != 2:
        raise ValueError(f"A table of rows needs two dimensions, the shape is {x.shape}.")
    return x


def _packed(columns: NDArray[Any] | Sequence[NDArray[Any]]) -> NDArray[np.int64] | None:
    """Return one int64 key per row whose order is that of the rows, or None if there is no such key."""
    key: NDArray[np.int64] | None = None
    width = 1
    for column in columns:
        if column.dtype.kind not in "iub" or column.size == 0 or column.dtype == np.uint64:
            return None
        low = int(column.min())
        extent = int(column.max()) - low + 1
        width *= extent
        if width >= 2**63:
            return None
        part = column.astype(np.int64) - low
        key = part if key is None else key * extent + part
    return key


def _row_order(columns: NDArray[Any] | Sequence[NDArray[Any]]) -> NDArray[np.int64]:
    """Return the stable lexicographic order of rows; the first of `columns` counts most."""
    key = _packed(columns)
    if key is not None:
        return np.argsort(key, kind="stable")
    return np.lexsort([*columns][::-1])


def _group_starts(rows: NDArray[Any]) -> NDArray[np.bool_]:
    """Return True where a row differs from the row before (the first row always does)."""
    starts = np.ones(len(rows), dtype=bool)
    if len(rows) > 1:
        starts[1:] = np.any(rows[1:] != rows[:-1], axis=1)
    return starts


def unique_rows(x: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.int64], NDArray[np.int64]]:
    """Return the distinct rows in lexicographic order.

    Parameters
    ----------
    x : array_like, shape (n, k)
        A vector is taken as one column.

    Returns
    -------
    rows : ndarray, shape (u, k)
        The distinct rows, ``x[first_index]``.
    first_index : ndarray, shape (u,), intp
        Position of the first occurrence of each distinct row in `x`.
    inverse : ndarray, shape (n,), intp
        ``rows[inverse]`` gives `x` back.

    Notes
    -----
    Source: docs/method/conventions.md, section 6 (unique).
    """
    x = _as_rows(x)
    if x.shape[1] == 0 or len(x) == 0:
        n_unique = min(len(x), 1)
        return x[:n_unique], np.zeros(n_unique, np.intp), np.zeros(len(x), np.intp)
    order = _row_order(x.T)
    starts = _group_starts(x[order])
    first_index = order[starts]
    inverse = np.empty(len(x), np.intp)
    inverse[order] = np.cumsum(starts) - 1
    return x[first_index], first_index, inverse


def _values(a: ArrayLike, b: ArrayLike) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return both operands as vectors; an empty one adopts the dtype of the other."""
    first, second = np.asarray(a).ravel(), np.asarray(b).ravel()
    if first.size == 0 and second.size:
        first = first.astype(second.dtype)
    elif second.size == 0 and first.size:
        second = second.astype(first.dtype)
    return first, second


def setxor(a: ArrayLike, b: ArrayLike) -> NDArray[Any]:
    """Return the sorted values that occur in exactly one of two sets.

    Parameters
    ----------
    a, b : array_like
        Values in any shape; repetitions do not count.

    Returns
    -------
    ndarray, shape (n,)

    Notes
    -----
    Source: docs/method/conventions.md, section 6 (setxor).
    """
    first, second = _values(a, b)
    both = np.concatenate([np.unique(first, equal_nan=False), np.unique(second, equal_nan=False)])
    both.sort()
    starts = _group_starts(both[:, np.newaxis])
    ends = np.append(starts[1:], True) if both.size else starts
    return both[starts & ends]


def setdiff(a: ArrayLike, b: ArrayLike) -> NDArray[Any]:
    """Return the sorted distinct values of `a` that do not occur in `b`.

    Parameters
    ----------
    a, b : array_like
        Values in any shape.

    Returns
    -------
    ndarray, shape (n,), dtype of `a`

    Notes
    -----
    Source: docs/method/conventions.md, section 6 (setdiff).
    """
    first, second = _values(a, b)
    distinct = np.unique(first, equal_nan=False)
    return distinct[~np.isin(distinct, second)]


def intersect_rows(a: NDArray[Any], b: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.int64], NDArray[np.int64]]:
    """Return the sorted rows that two tables have in common.

    Parameters
    ----------
    a : array_like, shape (n, k)
    b : array_like, shape (m, k)

    Returns
    -------
    rows : ndarray, shape (c, k)
        Common rows in lexicographic order, each once.
    ia, ib : ndarray, shape (c,), intp
        Position of the first occurrence of each common row in `a` and in `b`.

    Raises
    ------
    ValueError
        If the tables differ in their number of columns.

    Notes
    -----
    Source: docs/method/conventions.md, section 6 (intersect).
    """
    a = _as_rows(a)
    b = _as_rows(b)
    if a.shape[1] != b.shape[1]:
        raise ValueError(f"Rows of {a.shape[1]} and of {b.shape[1]} columns cannot be compared.")
    rows_a, first_a, _ = unique_rows(a)
    rows_b, first_b, _ = unique_rows(b)
    if len(rows_a) == 0 or len(rows_b) == 0 or a.shape[1] == 0:
        nothing = np.zeros(0, np.intp)
        return a[:0], nothing, nothing.copy()
    both = np.concatenate([rows_a, rows_b])
    order = _row_order(both.T)
    in_both = np.flatnonzero(~_group_starts(both[order]))
    # rows_a stand first in `both` and the order is stable, so a pair is (row of a, row of b)
    at_a = order[in_both - 1]
    at_b = order[in_both] - len(rows_a)
    return rows_a[at_a], first_a[at_a], first_b[at_b]


def sortrows(x: NDArray[Any], columns: int | Sequence[int] | None = None) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Sort rows in ascending order of some columns; stable, NaN last.

    Parameters
    ----------
    x : array_like, shape (n, k)
    columns : int or sequence of int, optional
        0-based columns, the most important first; all from left to right if omitted.

    Returns
    -------
    rows : ndarray, shape (n, k)
        ``x[permutation]``.
    permutation : ndarray, shape (n,), intp

    Raises
    ------
    IndexError
        If a column does not exist.

    Notes
    -----
    Source: docs/method/conventions.md, section 6 (sortrows).
    """
    x = _as_rows(x)
    chosen = range(x.shape[1]) if columns is None else np.atleast_1d(columns).tolist()
    for column in chosen:
        if not 0 <= column < x.shape[1]:
            raise IndexError(f"There is no column {column} among {x.shape[1]} columns.")
    permutation = _row_order([x[:, column] for column in chosen]) if chosen else np.arange(len(x))
    return x[permutation], permutation


def ismember(a: ArrayLike, b: ArrayLike) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Tell which values of `a` occur in `b`, and where first.

    Parameters
    ----------
    a : array_like, any shape
    b : array_like, any shape

    Returns
    -------
    mask : ndarray, bool, shape of `a`
    index : ndarray, intp, shape of `a`
        Position of the first match in the flattened `b`, -1 where there is none.

    Notes
    -----
    Source: docs/method/conventions.md, section 6 (ismember).
    """
    a = np.asarray(a)
    b = np.asarray(b).ravel()
    if b.size == 0:
        return np.zeros(a.shape, bool), np.full(a.shape, -1, np.intp)
    order = np.argsort(b, kind="stable")
    ordered = b[order]
    position = np.minimum(np.searchsorted(ordered, a, side="left"), b.size - 1)
    mask = np.asarray(ordered[position] == a)
    return mask, np.where(mask, order[position], -1).astype(np.intp)
