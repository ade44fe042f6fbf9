"""What array versions need beside their array module: SciPy's counterpart, batches, what NumPy and CuPy do apart."""

from __future__ import annotations

import contextlib
import warnings
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


__all__ = [
    "add_windows",
    "companion",
    "count_bins",
    "cupy",
    "largest_at",
    "medians",
    "products_summed",
    "release",
    "repeat",
    "rows_at_once",
    "smallest_at",
    "sparse_rows",
    "to_host",
    "windows",
]

_SHARE_OF_FREE = 0.25  # of the device's memory, since other processes may compute there too
_MOST_BYTES = 2**30  # larger batches are not faster
_SHARE_KEPT = 1 / 32  # of the device's memory, by each process between its kernels: new memory takes time


def cupy() -> Any:
    """The module CuPy, imported when it is needed."""
    return import_module("cupy")


def companion(xp: Any, name: str) -> Any:
    """The SciPy package that belongs to an array module: ``scipy.<name>`` or ``cupyx.scipy.<name>``."""
    return import_module(f"{'scipy' if xp is np else 'cupyx.scipy'}.{name}")


def to_host(array: Any) -> NDArray[Any]:
    """The array as a NumPy array."""
    return array.get() if hasattr(array, "get") else array


def release() -> None:
    """Give the device's unused memory back, for other processes, if it is more than a small share of it."""
    with contextlib.suppress(Exception):  # a device that is gone has no memory to give back
        _, total = cupy().cuda.runtime.memGetInfo()
        if cupy().get_default_memory_pool().total_bytes() <= _SHARE_KEPT * total:
            return
    with contextlib.suppress(Exception), warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # CuPy calls this function experimental
        cupy().fft.config.clear_plan_cache()  # plans of transforms keep work space as large as their arrays
    with contextlib.suppress(Exception):
        cupy().get_default_memory_pool().free_all_blocks()


def rows_at_once(xp: Any, bytes_per_row: int, in_cache: int) -> int:
    """How many rows to compute at a time.

    Parameters
    ----------
    xp : module
        NumPy or CuPy.
    bytes_per_row : float
        Of all arrays that live at the same time.
    in_cache : float
        Rows that are best for a processor with NumPy, where the working set should stay in the cache.

    Returns
    -------
    int
        At least 1; with CuPy as many as the device's free memory allows.
    """
    if xp is np:
        return max(int(in_cache), 1)
    free, _ = xp.cuda.runtime.memGetInfo()
    pool = xp.get_default_memory_pool()
    free += pool.free_bytes()
    limit = pool.get_limit()  # CUPY_GPU_MEMORY_LIMIT; 0: none
    if limit:
        free = min(free, max(limit - pool.used_bytes(), 0))
    return max(int(min(_SHARE_OF_FREE * free, _MOST_BYTES) // max(bytes_per_row, 1)), 1)


def repeat(xp: Any, values: Any, counts: Any) -> Any:
    """Repeat each element as often as ``counts`` says; CuPy's own function wants one number for all."""
    if xp is np:
        return np.repeat(values, counts)
    ends = xp.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    return values[xp.searchsorted(ends, xp.arange(total), side="right")]


def windows(xp: Any, array: Any, starts: NDArray[np.int64], size: int) -> Any:
    """Windows along the last axis, copied.

    Parameters
    ----------
    xp : module
    array : (..., n) array of ``xp``
    starts : (w,) int ndarray
        First element of each window, on the host.
    size : int
        Their width.

    Returns
    -------
    (w, ..., size) array
    """
    if xp is np:
        return np.moveaxis(np.lib.stride_tricks.sliding_window_view(array, size, axis=-1), -2, 0)[starts]
    chosen = array[..., xp.asarray(starts)[:, np.newaxis] + xp.arange(size)]
    return xp.ascontiguousarray(xp.moveaxis(chosen, -2, 0))


def count_bins(xp: Any, bins: Any, n_bin: int) -> Any:
    """How often each of the bins 0 to ``n_bin`` - 1 occurs, int64; CuPy's function does not take an empty array."""
    return xp.bincount(bins, minlength=n_bin) if bins.size else xp.zeros(n_bin, dtype=np.int64)


def medians(xp: Any, values: Any) -> Any:
    """Median of each row: the middle value, or the mean of the two middle ones.

    CuPy finds a median by sorting all rows, about as fast as a processor does. Instead the middle value is found bit by
    bit: floating point numbers that are not negative have the order of their bits as integers, so counting what is
    below decides one bit of all rows at a time.

    Parameters
    ----------
    xp : module
    values : (..., n) float32 or float64 array of ``xp``
        Not negative; with NumPy of any sign. At least one column.

    Returns
    -------
    (...,) array
        The same bits with NumPy and CuPy where there is no NaN.
    """
    n = values.shape[-1]
    upper = n // 2
    if xp is np:
        parted = np.partition(values, upper, axis=-1)
        # one pivot and a maximum are twice as fast as two pivots
        return parted[..., upper] if n % 2 else (parted[..., :upper].max(axis=-1) + parted[..., upper]) / 2
    values = xp.ascontiguousarray(values)
    middle = _ranked(xp, values, upper)
    if n % 2:
        return middle
    below = values < middle[..., np.newaxis]
    lower = xp.where(below, values, 0).max(axis=-1)
    return (xp.where(below.sum(axis=-1) == upper, lower, middle) + middle) / 2


def _ranked(xp: Any, values: Any, rank: int) -> Any:
    """The value of each row that ``rank`` others do not exceed, from its highest bit to its lowest."""
    whole = np.dtype(f"i{values.dtype.itemsize}").type
    bits = values.view(whole)
    found = xp.zeros(values.shape[:-1], dtype=whole)
    for place in range(8 * values.dtype.itemsize - 2, -1, -1):
        tried = found | whole(1 << place)
        found = xp.where((bits < tried[..., np.newaxis]).sum(axis=-1) <= rank, tried, found)
    return found.view(values.dtype)


def products_summed(xp: Any, first: Any, second: Any) -> Any:
    """Sum of ``first`` times ``second`` over each row; CuPy's einsum makes a matrix product of every row."""
    return np.einsum("ik,ik->i", first, second) if xp is np else (first * second).sum(axis=1)


def sparse_rows(xp: Any, values: Any, rows: Any, columns: Any, shape: tuple[int, int]) -> Any:
    """Sparse matrix in compressed rows, from its elements row after row in ascending columns; CuPy would sort them."""
    matrix = companion(xp, "sparse").csr_matrix
    if xp is np:
        return matrix((values, (rows, columns)), shape=shape)
    ends = xp.cumsum(count_bins(xp, rows, shape[0]))
    return matrix((values, columns, xp.concatenate([xp.zeros(1, dtype=ends.dtype), ends])), shape=shape)


def smallest_at(xp: Any, target: Any, places: Any, values: Any) -> None:
    """``target[places] = min(target[places], values)`` in place, where places may repeat; no NaN."""
    if xp is np:
        np.minimum.at(target, places, values)
    else:
        import_module("cupyx").scatter_min(target, places, values)


def largest_at(xp: Any, target: Any, places: Any, values: Any) -> None:
    """``target[places] = max(target[places], values)`` in place, where places may repeat; no NaN."""
    if xp is np:
        np.maximum.at(target, places, values)
    else:
        import_module("cupyx").scatter_max(target, places, values)


def add_windows(xp: Any, target: Any, starts: NDArray[np.int64], pieces: Any) -> None:
    """Add pieces to windows along the last axis, in place.

    Parameters
    ----------
    xp : module
    target : (..., n) array of ``xp``
    starts : (w,) int ndarray
        First element of each window, on the host; windows may overlap.
    pieces : (w, ..., size) array of ``xp``
    """
    size = pieces.shape[-1]
    if xp is np:
        for start, piece in zip(starts, pieces, strict=True):
            target[..., start : start + size] += piece
        return
    for group in _apart(starts, size):
        columns = xp.asarray(starts[group])[:, np.newaxis] + xp.arange(size)
        target[..., columns] += xp.moveaxis(pieces[xp.asarray(group)], 0, -2)


def _apart(starts: NDArray[np.int64], size: int) -> list[NDArray[np.int64]]:
    """Windows in groups without overlaps, each an int array of positions."""
    groups: list[list[int]] = []
    ends: list[int] = []
    for k in np.argsort(starts, kind="stable").tolist():
        start = int(starts[k])
        free = next((g for g, end in enumerate(ends) if end <= start), None)
        if free is None:
            groups.append([k])
            ends.append(start + size)
        else:
            groups[free].append(k)
            ends[free] = start + size
    return [np.array(group) for group in groups]
