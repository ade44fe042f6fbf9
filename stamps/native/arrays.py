"""What array versions need beside their array module: SciPy's counterpart, batches, what NumPy and CuPy do apart."""

from __future__ import annotations

import contextlib
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
    "release",
    "repeat",
    "rows_at_once",
    "smallest_at",
    "to_host",
    "windows",
]

_SHARE_OF_FREE = 0.25  # of the device's memory, since other processes may compute there too
_MOST_BYTES = 2**30  # larger batches are not faster


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
    """Give the device's unused memory back, for other processes."""
    with contextlib.suppress(Exception):  # a device that is gone has no memory to give back
        cupy().fft.config.clear_plan_cache()  # plans of transforms keep work space as large as their arrays
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
    free += xp.get_default_memory_pool().free_bytes()
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
