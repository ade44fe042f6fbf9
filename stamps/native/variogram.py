"""Experimental variogram of scattered points: pairs per distance and half their mean squared difference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from stamps import native
from stamps.native.arrays import count_bins, rows_at_once, to_host

if TYPE_CHECKING:
    from numpy.typing import NDArray


__all__ = ["pair_bins"]

_PAIRS_PER_BLOCK = 1_000_000
_BYTES_PER_PAIR = 60  # of all arrays of the array version


def pair_bins(
    xy: NDArray[np.float64], z: NDArray[np.floating[Any]], edges: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Pairs of points per class of distance.

    Parameters
    ----------
    xy : ndarray, shape (n, 2)
        Coordinates.
    z : ndarray, shape (n,)
        Values; a pair with a NaN does not count.
    edges : ndarray of float64, shape (n_bin + 1,)
        Borders of the bins, evenly spaced from zero; a bin holds its lower border, not its upper one.

    Returns
    -------
    count : ndarray of int64, shape (n_bin,)
        Number of pairs, each counted once.
    gamma : ndarray of float64, shape (n_bin,)
        Half their mean squared difference, NaN in an empty bin. It does not depend on the number of threads.

    Notes
    -----
    Source: docs/method/scn.md, section 4, items 1 and 2.
    """
    x, y = (np.ascontiguousarray(column, dtype=np.float64) for column in np.asarray(xy).T)
    z = np.ascontiguousarray(z, dtype=np.float64)
    edges = np.ascontiguousarray(edges, dtype=np.float64)
    n_bin = edges.size - 1
    count, total = native.run(
        "variogram",
        lambda xp: _pair_bins_arrays(xp, x, y, z, edges),
        lambda module: _pair_bins_compiled(module, x, y, z, edges),
    )
    return count, np.divide(total, count, out=np.full(n_bin, np.nan), where=count > 0)


def _pair_bins_compiled(
    module: Any,
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    z: NDArray[np.floating[Any]],
    edges: NDArray[np.float64],
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    counts, totals = np.zeros((x.size, edges.size - 1), np.int64), np.zeros((x.size, edges.size - 1))
    module.pair_bins(x, y, z, edges, counts, totals)
    return counts.sum(axis=0), totals.sum(axis=0)


def _pair_bins_arrays(
    xp: Any, x: NDArray[np.float64], y: NDArray[np.float64], z: NDArray[np.floating[Any]], edges: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Array version: all pairs of a block of points with the points that follow."""
    n_bin, limit = edges.size - 1, float(edges[-1])
    count, total = np.zeros(n_bin, np.int64), np.zeros(n_bin)
    pairs_at_once = rows_at_once(xp, _BYTES_PER_PAIR, _PAIRS_PER_BLOCK)
    x, y, z, edges = (xp.asarray(array) for array in (x, y, z, edges))
    begin = 0
    while begin < x.size - 1:
        end = min(x.size - 1, begin + max(1, pairs_at_once // (x.size - begin)))
        here, later = slice(begin, end), slice(begin, None)
        distance = xp.sqrt((x[later] - x[here, np.newaxis]) ** 2 + (y[later] - y[here, np.newaxis]) ** 2)
        half_square = 0.5 * (z[later] - z[here, np.newaxis]) ** 2
        follows = xp.arange(x.size - begin) > xp.arange(end - begin)[:, np.newaxis]
        valid = follows & (distance < limit) & ~xp.isnan(half_square)
        place = xp.searchsorted(edges, distance[valid], side="right") - 1
        count += to_host(count_bins(xp, place, n_bin))
        total += _sums(xp, place, half_square[valid], n_bin)
        begin = end
    return count, total


def _sums(xp: Any, place: Any, values: Any, n_bin: int) -> NDArray[Any]:
    """Sums per bin; bin after bin on a device, where the order within CuPy's bincount changes from run to run."""
    if xp is np:
        return np.bincount(place, values, minlength=n_bin)
    return np.array([float(values[place == b].sum()) for b in range(n_bin)])
