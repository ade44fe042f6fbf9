"""Gaussian-weighted mean of scattered values over all neighbours within a radius."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from stamps import native
from stamps.native.arrays import repeat, rows_at_once, sparse_rows, to_host

if TYPE_CHECKING:
    from numpy.typing import NDArray


__all__ = ["RADIUS", "gaussian_smooth"]

#: Neighbours lie nearer than this many standard deviations.
RADIUS = 4
_PAIRS_PER_BLOCK = 2_000_000
_BYTES_PER_PAIR = 100  # of all arrays of the array version


def gaussian_smooth(
    xy: NDArray[np.floating[Any]], values: NDArray[np.floating[Any]], wavelength: float
) -> NDArray[np.float64]:
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
    Source: docs/method/scn.md, section 1.1, item 10. A grid of cells as wide as the radius limits the search to nine
    cells per pixel, so the time grows with the number of pairs.
    """
    xy = np.ascontiguousarray(xy, dtype=np.float32)
    limit = np.float32((RADIUS * wavelength) ** 2)
    order, starts, stops = _candidates(xy, RADIUS * wavelength)
    x, y = xy[order, 0].copy(), xy[order, 1].copy()
    sorted_values = np.ascontiguousarray(values[order], dtype=np.float64)
    scale = 2 * float(wavelength) ** 2
    result = np.empty_like(sorted_values)
    result[order] = native.run(
        "gaussian_smooth",
        lambda xp: _gaussian_smooth_arrays(xp, x, y, sorted_values, starts, stops, limit, scale),
        lambda module: module.gaussian_smooth(x, y, sorted_values, starts, stops, limit, scale),
    )
    return result


def _candidates(
    xy: NDArray[np.float32], radius: float
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
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


def _gaussian_smooth_arrays(
    xp: Any,
    x: NDArray[np.float32],
    y: NDArray[np.float32],
    values: NDArray[np.float64],
    starts: NDArray[np.int64],
    stops: NDArray[np.int64],
    limit: np.float32,
    scale: float,
) -> NDArray[np.float64]:
    """Array version: the pairs of a block of pixels become a sparse matrix of weights."""
    pairs_at_once = rows_at_once(xp, _BYTES_PER_PAIR, _PAIRS_PER_BLOCK)
    result = np.empty_like(values)
    ends = np.cumsum((stops - starts).sum(axis=1))
    x, y, values = xp.asarray(x), xp.asarray(y), xp.asarray(values)
    begin = 0
    while begin < len(x):
        before = ends[begin - 1] if begin else 0
        end = max(begin + 1, int(np.searchsorted(ends, before + pairs_at_once, side="right")))
        pixel, candidate = _expand(xp, starts[begin:end], stops[begin:end])
        dx = x[candidate] - x[begin + pixel]
        dy = y[candidate] - y[begin + pixel]
        distance2 = dx * dx + dy * dy
        near = distance2 < limit
        weight = xp.exp(-distance2[near].astype(np.float64) / scale)
        matrix = sparse_rows(xp, weight, pixel[near], candidate[near], (end - begin, len(x)))
        total = matrix @ xp.ones((len(x), 1))
        result[begin:end] = to_host((matrix @ values) / total)
        begin = end
    return result


def _expand(xp: Any, starts: NDArray[np.int64], stops: NDArray[np.int64]) -> tuple[Any, Any]:
    """All (row, position) pairs of the ranges of each row."""
    lengths = (stops - starts).ravel()
    skipped = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    row = repeat(xp, xp.arange(len(starts)), xp.asarray((stops - starts).sum(axis=1)))
    offset = repeat(xp, xp.asarray(starts.ravel() - skipped), xp.asarray(lengths))
    return row, offset + xp.arange(row.size)
