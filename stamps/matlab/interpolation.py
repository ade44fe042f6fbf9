"""Band-limited interpolation, nearest nodes and linear interpolation of scattered data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import linalg

from stamps.matlab.sets import unique_rows

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray
    from scipy.spatial import Delaunay


__all__ = ["griddata_linear", "interp", "nearest_node"]

_HALF_LENGTH = 4
_BANDWIDTH = 0.5

_DISTANCES_BY_FORCE, _DISTANCES_IN_CACHE = 2**24, 2**15
_QUERIES_AT_ONCE = 200_000


def interp_weights(r: int) -> NDArray[np.float64]:
    """Return the weights of the band-limited interpolator, one row per phase.

    Parameters
    ----------
    r : int
        Interpolation factor.

    Returns
    -------
    ndarray, shape (r, 8), float64
        Row p holds the weights of the samples k-3 ... k+4 for the position k + p/r.

    Notes
    -----
    Source: docs/method/conventions.md, section 6; Oetken, Parks and Schuessler (1975).
    """
    lags = np.arange(2 * _HALF_LENGTH)
    phases = np.arange(r) / r
    matrix = linalg.toeplitz(np.sinc(_BANDWIDTH * lags))
    right = np.sinc(_BANDWIDTH * (lags[:, np.newaxis] - (_HALF_LENGTH - 1) - phases))
    weights = linalg.solve(matrix, right, assume_a="pos").T
    # phase 0 is a sample itself; the solution would say so only to rounding
    weights[0] = lags == _HALF_LENGTH - 1
    return weights


def interp(x: ArrayLike, r: int) -> NDArray[Any]:
    """Interpolate a signal to `r` times its sampling rate with a band-limited filter.

    Original samples are kept. Beyond its ends the signal is continued by point reflection about the end samples.

    Parameters
    ----------
    x : array_like, shape (n,)
        Real or complex, at least 9 samples.
    r : int
        Interpolation factor, at least 1.

    Returns
    -------
    ndarray, shape (n*r,)
        Single for single input, else double. Element k*r + p belongs to position k + p/r.

    Raises
    ------
    ValueError
        If the signal is too short or not one-dimensional, or `r` is smaller than 1.

    Notes
    -----
    Source: docs/method/conventions.md, section 6 (interp, l = 4, alpha = 0.5). Constants are not preserved exactly.
    """
    x = np.asarray(x)
    r = int(r)
    shortest = 2 * _HALF_LENGTH + 1
    if x.ndim != 1 or x.size < shortest:
        raise ValueError(f"Band-limited interpolation needs {shortest} or more samples, the shape is {x.shape}.")
    if r < 1:
        raise ValueError(f"The interpolation factor must be at least 1, it is {r}.")
    single = x.dtype in (np.float32, np.complex64)
    samples = x.astype(np.complex128 if x.dtype.kind == "c" else np.float64)
    reach = 2 * _HALF_LENGTH
    before = 2 * samples[0] - samples[reach:0:-1]
    after = 2 * samples[-1] - samples[-2 : -reach - 2 : -1]
    extended = np.concatenate([before, samples, after])
    windows = np.lib.stride_tricks.sliding_window_view(extended, 2 * _HALF_LENGTH)
    first = reach - (_HALF_LENGTH - 1)
    result = (windows[first : first + x.size] @ interp_weights(r).T).ravel()
    if single:
        result = result.astype(x.dtype)
    return result


def _squared_distances(
    nodes: NDArray[np.float64], queries: NDArray[np.float64], neighbours: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Return the squared distance of each query to its candidate nodes; exact for whole-number coordinates."""
    total: Any = None
    for axis in range(nodes.shape[1]):
        part = (nodes[neighbours, axis] - queries[:, axis, np.newaxis]) ** 2
        total = part if total is None else total + part
    return total


def nearest_node(nodes: ArrayLike, queries: ArrayLike, *, workers: int = 1) -> NDArray[np.intp]:
    """Return the index of the nearest node of each query point; of equally near nodes the lowest index.

    Parameters
    ----------
    nodes : array_like, real, shape (n, d)
        At least one node. Repeated nodes are allowed.
    queries : array_like, real, shape (m, d)
    workers : int
        Number of threads of the search; the result does not depend on it.

    Returns
    -------
    ndarray, shape (m,), intp

    Raises
    ------
    ValueError
        If there is no node, the numbers of coordinates differ or a coordinate is not finite.

    Notes
    -----
    Source: docs/method/conventions.md, section 6 (dsearchn): as a brute-force search with a strict comparison of
    squared distances.
    """
    nodes = np.asarray(nodes, dtype=np.float64)
    queries = np.asarray(queries, dtype=np.float64)
    if nodes.ndim != 2 or queries.ndim != 2 or nodes.shape[1] != queries.shape[1]:
        raise ValueError(f"Nodes of shape {nodes.shape} and queries of shape {queries.shape} do not fit.")
    if len(nodes) == 0:
        raise ValueError("There is no node to search.")
    if not np.all(np.isfinite(nodes)) or not np.all(np.isfinite(queries)):
        raise ValueError("The coordinates of a nearest-node search must be finite.")

    if len(nodes) * len(queries) <= _DISTANCES_BY_FORCE:
        return _nearest_by_force(nodes, queries)
    # of repeated nodes only the first can win
    keep = np.sort(unique_rows(nodes)[1])
    return keep[_nearest_by_tree(nodes[keep], queries, workers)]


def _nearest_by_force(nodes: NDArray[np.float64], queries: NDArray[np.float64]) -> NDArray[np.intp]:
    """The search as it is defined; on few points it is done before SciPy's tree is imported."""
    result = np.empty(len(queries), np.intp)
    rows = max(_DISTANCES_IN_CACHE // len(nodes), 1)
    for start in range(0, len(queries), rows):
        squared: Any = 0.0
        for axis in range(nodes.shape[1]):
            part = nodes[:, axis] - queries[start : start + rows, axis, np.newaxis]
            part *= part
            squared = squared + part
        result[start : start + rows] = squared.argmin(axis=1)
    return result


def _nearest_by_tree(distinct: NDArray[np.float64], queries: NDArray[np.float64], workers: int) -> NDArray[np.intp]:
    """The same of nodes that differ, from the nearest few of a tree."""
    from scipy.spatial import cKDTree

    tree = cKDTree(distinct)
    result = np.empty(len(queries), np.intp)
    for start in range(0, len(queries), _QUERIES_AT_ONCE):
        open_queries = np.arange(start, min(start + _QUERIES_AT_ONCE, len(queries)))
        k = min(2, len(distinct))
        while open_queries.size:
            points = queries[open_queries]
            _, neighbours = tree.query(points, k=[*range(1, k + 1)], workers=workers)
            distances = _squared_distances(distinct, points, np.asarray(neighbours))
            nearest = distances.min(axis=1)
            ties = np.where(distances == nearest[:, np.newaxis], neighbours, len(distinct))
            result[open_queries] = ties.min(axis=1)
            if k == len(distinct):
                break
            # settled when the farthest candidate is farther than the nearest by more than any rounding of the tree
            settled = distances[:, -1] > nearest * (1 + 1e-12)
            open_queries = open_queries[~settled]
            k = min(4 * k, len(distinct))
    return result


def _triangulation(points: NDArray[np.float64]) -> Delaunay | None:
    """Delaunay triangulation, or None if the points do not span a plane.

    Without Qhull's point "at infinity" (Qz) the squares of a lattice are cut as in the reference; a few cocircular points
    need it.
    """
    from scipy.spatial import Delaunay, QhullError

    for options in ("Qt Qbb Qc", "Qt Qbb Qc Qz"):
        try:
            return Delaunay(points, qhull_options=options)
        except (QhullError, ValueError):
            continue
    return None


def griddata_linear(x: ArrayLike, y: ArrayLike, values: ArrayLike, xq: ArrayLike, yq: ArrayLike) -> NDArray[Any]:
    """Interpolate scattered data linearly on its Delaunay triangulation.

    Parameters
    ----------
    x, y : array_like, shape (n,)
        Positions of the data. Values at repeated positions are averaged.
    values : array_like, shape (n,) or (n, k)
        Real or complex data.
    xq, yq : array_like, any shape, broadcastable
        Query positions.

    Returns
    -------
    ndarray, shape of the queries (with k appended)
        float64 or complex128; NaN outside the convex hull.

    Raises
    ------
    ValueError
        If numbers of elements differ or the positions do not span a plane.

    Notes
    -----
    Source: docs/method/conventions.md, section 6 (griddata); docs/method/loading.md, section 5.
    Of cocircular points either diagonal may be taken.
    """
    points = np.column_stack([np.asarray(x, np.float64).ravel(), np.asarray(y, np.float64).ravel()])
    values = np.asarray(values)
    values = values.astype(np.complex128 if values.dtype.kind == "c" else np.float64)
    if values.ndim not in (1, 2) or len(values) != len(points):
        raise ValueError(f"Data of shape {values.shape} does not fit {len(points)} positions.")
    distinct, _, inverse = unique_rows(points)
    if len(distinct) < len(points):
        total = np.zeros((len(distinct), *values.shape[1:]), values.dtype)
        np.add.at(total, inverse, values)
        count = np.bincount(inverse, minlength=len(distinct))
        points = distinct
        values = total / count.reshape(-1, *[1] * (values.ndim - 1))
    triangulation = _triangulation(points)
    if triangulation is None:
        raise ValueError(f"{len(points)} positions do not span a plane to interpolate in.")
    from scipy.interpolate import LinearNDInterpolator

    return LinearNDInterpolator(triangulation, values)(np.asarray(xq, np.float64), np.asarray(yq, np.float64))
