"""Gaussian-weighted mean of scattered values over all neighbours within a radius."""

import numpy as np
import scipy.sparse

from stamps.native import compiled

__all__ = ["RADIUS", "gaussian_smooth"]

#: Neighbours lie nearer than this many standard deviations.
RADIUS = 4
_PAIRS_PER_BLOCK = 2_000_000


def gaussian_smooth(xy, values, wavelength):
    """Weighted mean of the values of all neighbours q of each pixel p nearer than four standard deviations, p included.

    The weight is exp(-distance²/(2·wavelength²)). Whether a pixel is near is decided in single precision, strictly.

    Parameters
    ----------
    xy : ndarray of float32, shape (n, 2)
        Coordinates in metres.
    values : ndarray of float, shape (n, k)
        No NaN.
    wavelength : float
        Standard deviation in metres, positive.

    Returns
    -------
    ndarray of float64, shape (n, k)

    Notes
    -----
    Spec 10 section 1.1, item 10. A grid of cells as wide as the radius limits the search to nine cells per pixel, so
    the time grows with the number of pairs.
    """
    xy = np.ascontiguousarray(xy, dtype=np.float32)
    limit = np.float32((RADIUS * wavelength) ** 2)
    order, starts, stops = _candidates(xy, RADIUS * wavelength)
    x, y = xy[order, 0].copy(), xy[order, 1].copy()
    sorted_values = np.ascontiguousarray(values[order], dtype=np.float64)
    kernel = compiled("_gaussian_smooth")
    smooth = _gaussian_smooth_arrays if kernel is None else kernel.gaussian_smooth
    result = np.empty_like(sorted_values)
    result[order] = smooth(x, y, sorted_values, starts, stops, limit, 2 * float(wavelength) ** 2)
    return result


def _candidates(xy, radius):
    """Sort pixels by grid cell and find the three runs of cells in which each pixel's neighbours are.

    Returns
    -------
    order : ndarray of int64, shape (n,)
        Pixels, cell after cell along rows of cells.
    starts, stops : ndarray of int64, shape (n, 3)
        For each pixel in that order the half-open ranges of positions in the row of cells below, its own and the one
        above.
    """
    size = radius * (1 + 1e-5)  # so that rounding never hides a neighbour two cells away
    cells = np.floor((xy.astype(np.float64) - xy.min(axis=0)) / size).astype(np.int64)
    n_column = int(cells[:, 0].max()) + 1
    keys = cells[:, 1] * n_column + cells[:, 0]
    order = np.argsort(keys, kind="stable")
    keys, column = keys[order], cells[order, 0]
    first = keys - column
    starts, stops = np.empty((len(keys), 3), np.int64), np.empty((len(keys), 3), np.int64)
    for i, row in enumerate((-n_column, 0, n_column)):
        starts[:, i] = np.searchsorted(keys, first + row + np.maximum(column - 1, 0), side="left")
        stops[:, i] = np.searchsorted(keys, first + row + np.minimum(column + 1, n_column - 1), side="right")
    return order, starts, stops


def _gaussian_smooth_arrays(x, y, values, starts, stops, limit, scale):
    """Array version: the pairs of a block of pixels become a sparse matrix of weights."""
    result = np.empty_like(values)
    ends = np.cumsum((stops - starts).sum(axis=1))
    begin = 0
    while begin < len(x):
        before = ends[begin - 1] if begin else 0
        end = max(begin + 1, int(np.searchsorted(ends, before + _PAIRS_PER_BLOCK, side="right")))
        pixel, candidate = _expand(starts[begin:end], stops[begin:end])
        dx = x[candidate] - x[begin + pixel]
        dy = y[candidate] - y[begin + pixel]
        distance2 = dx * dx + dy * dy
        near = distance2 < limit
        weight = np.exp(-distance2[near].astype(np.float64) / scale)
        matrix = scipy.sparse.csr_array((weight, (pixel[near], candidate[near])), shape=(end - begin, len(x)))
        result[begin:end] = (matrix @ values) / matrix.sum(axis=1)[:, np.newaxis]
        begin = end
    return result


def _expand(starts, stops):
    """All (row, position) pairs of the ranges of each row."""
    lengths = (stops - starts).ravel()
    row = np.repeat(np.arange(len(starts)), (stops - starts).sum(axis=1))
    offset = np.repeat(starts.ravel() - np.concatenate([[0], np.cumsum(lengths)[:-1]]), lengths)
    return row, offset + np.arange(row.size)
