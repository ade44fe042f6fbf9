"""Experimental variogram of scattered points: pairs per distance and half their mean squared difference."""

import numpy as np

from stamps.native import compiled

__all__ = ["pair_bins"]

_PAIRS_PER_BLOCK = 1_000_000


def pair_bins(xy, z, edges):
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
    Spec 10 section 4, items 1 and 2.
    """
    x, y = (np.ascontiguousarray(column, dtype=np.float64) for column in np.asarray(xy).T)
    z = np.ascontiguousarray(z, dtype=np.float64)
    edges = np.ascontiguousarray(edges, dtype=np.float64)
    n_bin = edges.size - 1
    kernel = compiled("_variogram")
    if kernel is None:
        count, total = _pair_bins_arrays(x, y, z, edges)
    else:
        counts, totals = np.zeros((x.size, n_bin), np.int64), np.zeros((x.size, n_bin))
        kernel.pair_bins(x, y, z, edges, counts, totals)
        count, total = counts.sum(axis=0), totals.sum(axis=0)
    return count, np.divide(total, count, out=np.full(n_bin, np.nan), where=count > 0)


def _pair_bins_arrays(x, y, z, edges):
    """Array version: all pairs of a block of points with the points that follow."""
    n_bin = edges.size - 1
    count, total = np.zeros(n_bin, np.int64), np.zeros(n_bin)
    begin = 0
    while begin < x.size - 1:
        end = min(x.size - 1, begin + max(1, _PAIRS_PER_BLOCK // (x.size - begin)))
        i, j = np.triu_indices(end - begin, 1, x.size - begin)
        distance = np.sqrt((x[begin + j] - x[begin + i]) ** 2 + (y[begin + j] - y[begin + i]) ** 2)
        half_square = 0.5 * (z[begin + j] - z[begin + i]) ** 2
        valid = (distance < edges[-1]) & ~np.isnan(half_square)
        place = np.searchsorted(edges, distance[valid], side="right") - 1
        count += np.bincount(place, minlength=n_bin)
        total += np.bincount(place, half_square[valid], minlength=n_bin)
        begin = end
    return count, total
