"""Variograms of step 8: covariance models, experimental variograms and their fits. Pure array functions.

Models are numbered 1 nugget, 2 exponential, 3 Gaussian, 4 spherical. A fitted model has a range a, a partial sill c1
and a nugget c2.

Source: docs/method/scn.md, sections 2 and 4; Wackernagel (2003), Multivariate Geostatistics; Levenberg (1944), Quart.
Appl. Math. 2; Marquardt (1963), J. SIAM 11.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from stamps.errors import InputError
from stamps.matlab.arithmetic import round_half_away
from stamps.native.variogram import pair_bins

if TYPE_CHECKING:
    from numpy.typing import NDArray

    _Numbers: TypeAlias = NDArray[np.float64] | float


__all__ = [
    "EXPONENTIAL",
    "GAUSSIAN",
    "NUGGET",
    "SPHERICAL",
    "covariance",
    "fit_variogram",
    "lag_edges",
    "series_variograms",
    "variogram",
    "variogram_derivatives",
    "variogram_values",
]

NUGGET, EXPONENTIAL, GAUSSIAN, SPHERICAL = 1, 2, 3, 4

_NUMBERS_PER_BLOCK = 2_000_000

# Damping of the variogram fit. Where the data leave range and sill open (no sill, or a variogram that is a straight
# line) the path of the iteration decides what is returned; this one goes where the reference results are.
_FIRST_DAMPING, _LEAST_DAMPING, _MOST_DAMPING = 1e-2, 1e-12, 1e16
_MORE, _LESS = 4.0, 1 / 6
_MAX_ITERATIONS = 500


# ---------------------------------------------------------------------- models


def covariance(model: NDArray[np.float64], h: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum of covariance models.

    Parameters
    ----------
    model : array_like, shape (n_model, 3)
        Rows (type, range, sill); the range of a nugget has no meaning.
    h : ndarray
        Distances.

    Returns
    -------
    ndarray of float64, shape of h
        Without the nuggets: they belong to the diagonal alone.
    """
    h = np.asarray(h, dtype=np.float64)
    total = np.zeros(h.shape)
    for kind, a, c in np.atleast_2d(np.asarray(model, dtype=np.float64)):
        if kind != NUGGET:
            with np.errstate(divide="ignore", invalid="ignore"):
                total = total + c * (1 - _rise(kind, h / a))
    return total


def variogram_values(kind: int, h: NDArray[np.float64], a: _Numbers, c1: _Numbers, c2: _Numbers) -> NDArray[np.float64]:
    """Model variogram c1·f(h/a) + c2 at distances above zero; all arguments broadcast."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return c1 * _rise(kind, np.asarray(h, np.float64) / a) + c2


def variogram_derivatives(
    kind: int, h: NDArray[np.float64], a: _Numbers, c1: _Numbers, c2: _Numbers
) -> NDArray[np.float64]:
    """Derivatives of the model variogram by a, c1 and c2.

    Parameters
    ----------
    kind : int
        Model.
    h : ndarray, shape (..., n_bin)
    a, c1, c2 : ndarray, broadcast with h

    Returns
    -------
    ndarray of float64, shape (..., n_bin, 3)
        The derivative by a range of zero is zero.
    """
    h, a, c1, c2 = np.broadcast_arrays(np.asarray(h, np.float64), a, c1, c2)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        u = h / a
        by_range = np.where(a > 0, -c1 * _rise_derivative(kind, u) * u / a, 0)
        return np.stack([by_range, _rise(kind, u), np.ones(h.shape)], axis=-1)


def _rise(kind: int, u: NDArray[np.float64]) -> NDArray[np.float64]:
    """Shape of a variogram, 0 at u = 0 and 1 (nearly) beyond the range."""
    if kind == EXPONENTIAL:
        return -np.expm1(-u)
    if kind == GAUSSIAN:
        return -np.expm1(-(u**2))
    if kind == SPHERICAL:
        v = np.minimum(u, 1)
        return 1.5 * v - 0.5 * v**3
    raise InputError(f"There is no variogram model {kind:g}: use 2 (exponential), 3 (Gaussian) or 4 (spherical).")


def _rise_derivative(kind: int, u: NDArray[np.float64]) -> NDArray[np.float64]:
    if kind == EXPONENTIAL:
        return np.exp(-u)
    if kind == GAUSSIAN:
        return np.where(np.isinf(u), 0, 2 * u * np.exp(-(u**2)))
    return np.where(u < 1, 1.5 - 1.5 * u**2, 0)


# ---------------------------------------------------------------------- experimental variograms


def lag_edges(max_lag: float, n_lags: int) -> NDArray[np.float64]:
    """Borders 0 … max_lag of n_lags - 1 classes of distance; float64, shape (n_lags,)."""
    return np.asarray(max_lag / (n_lags - 1) * np.arange(n_lags), np.float64)


def variogram(
    xy: NDArray[np.float64], z: NDArray[np.floating[Any]], max_lag: float | None = None, n_lags: int = 51
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Experimental variogram of one field.

    Parameters
    ----------
    xy : ndarray, shape (n, 2)
        Coordinates.
    z : ndarray, shape (n,)
        Values; pairs with a NaN do not count.
    max_lag : float, optional
        Largest distance (default: the largest that there is).
    n_lags : int
        Number of borders of the classes of distance.

    Returns
    -------
    count, gamma, h : ndarray of float64, shape (n_bin,)
        Number of ordered pairs, half their mean squared difference, and mid-point, of the classes that are used.
    """
    xy = np.asarray(xy, dtype=np.float64)
    if max_lag is None:
        max_lag = _largest_distance(xy)
    if not max_lag > 0:
        raise InputError("A variogram needs two points at different places and a largest distance above zero.")
    edges = lag_edges(float(max_lag), n_lags)
    count, gamma = pair_bins(xy, z, edges)
    used = _used_bins(count, edges)
    return np.asarray(2.0 * count[used], np.float64), gamma[used], _middles(edges)[used]


def series_variograms(
    t: NDArray[np.float64], series: NDArray[np.float32], max_lag: float, n_lags: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Experimental variograms of many series of the same dates.

    Parameters
    ----------
    t : ndarray of float64, shape (m,)
        Times.
    series : ndarray, shape (n, m)
        No NaN.
    max_lag : float
        Largest difference of time.
    n_lags : int
        Number of borders of the classes of distance.

    Returns
    -------
    h : ndarray of float64, shape (n_bin,)
        Mid-points of the classes that are used.
    gamma : ndarray of float64, shape (n, n_bin)
    """
    edges = lag_edges(max_lag, n_lags)
    i, j = np.triu_indices(t.size, 1)
    place = np.searchsorted(edges, np.abs(t[i] - t[j]), side="right") - 1
    count = np.bincount(place[place < n_lags - 1], minlength=n_lags - 1)
    used = _used_bins(count, edges)
    gamma = np.empty((len(series), used.size))
    for column, k in enumerate(used):
        first, second = i[place == k], j[place == k]
        rows = max(1, _NUMBERS_PER_BLOCK // first.size)
        for start in range(0, len(series), rows):
            part = slice(start, start + rows)
            difference = series[part][:, first] - series[part][:, second]
            gamma[part, column] = 0.5 * np.mean(difference**2, axis=1, dtype=np.float64)
    return _middles(edges)[used], gamma


def _middles(edges: NDArray[np.float64]) -> NDArray[np.float64]:
    return (edges[:-1] + edges[1:]) / 2


def _used_bins(count: NDArray[np.int64], edges: NDArray[np.float64]) -> NDArray[np.int64]:
    """Classes that hold pairs, at most the first (n_lags - 1)/1.75 of these."""
    most = int(round_half_away((edges.size - 1) / 1.75))
    return np.flatnonzero(count)[:most]


def _largest_distance(xy: NDArray[np.float64]) -> float:
    """Diameter of a set of points: the two farthest are corners of its convex hull."""
    from scipy.spatial import ConvexHull, QhullError
    from scipy.spatial.distance import pdist

    try:
        xy = xy[ConvexHull(xy).vertices]
    except (QhullError, ValueError):
        pass  # on a line, or fewer than three points
    return float(pdist(xy).max(initial=0.0))


# ---------------------------------------------------------------------- fits


def fit_variogram(
    h: NDArray[np.float64], gamma: NDArray[np.float64], kind: int, start: tuple[float, ...]
) -> NDArray[np.float64]:
    """Fit a model to experimental variograms by least squares with bounds.

    Parameters
    ----------
    h : ndarray of float64, shape (n_bin,)
        Distances above zero.
    gamma : ndarray, shape (n, n_bin)
        Variograms, each fitted by itself.
    kind : int
        Model.
    start : (float, float, float)
        First a, c1, c2.

    Returns
    -------
    ndarray of float64, shape (n, 3)
        a, c1, c2, none below zero. A local minimum of the unweighted sum of squares; what the data do not determine
        (the range where c1 is 0, range and sill of a straight line) is as the iteration leaves it. NaN where gamma
        is not finite or has no bin.

    Notes
    -----
    Damped Gauss-Newton steps with Marquardt's scaling, cut off at the bounds; a parameter at its bound that would
    leave it is kept for that step.
    """
    gamma = np.asarray(gamma, dtype=np.float64)
    p = np.full((len(gamma), 3), np.nan)
    active = np.flatnonzero(np.isfinite(gamma).all(axis=1)) if h.size else np.empty(0, np.int64)
    p[active] = start
    residual = _model(kind, h, p) - gamma
    misfit = (residual**2).sum(axis=1)
    damping = np.full(len(gamma), _FIRST_DAMPING)
    for _ in range(_MAX_ITERATIONS):
        if not active.size:
            break
        trial = _damped_step(kind, h, p[active], residual[active], damping[active])
        new_residual = _model(kind, h, trial) - gamma[active]
        new_misfit = (new_residual**2).sum(axis=1)
        better = new_misfit < misfit[active]
        moved = active[better]
        p[moved], residual[moved], misfit[moved] = trial[better], new_residual[better], new_misfit[better]
        damping[moved] = np.maximum(damping[moved] * _LESS, _LEAST_DAMPING)
        damping[active[~better]] *= _MORE
        active = active[damping[active] < _MOST_DAMPING]
    return p


def _model(kind: int, h: NDArray[np.float64], p: NDArray[np.float64]) -> NDArray[np.float64]:
    return variogram_values(kind, h, p[:, :1], p[:, 1:2], p[:, 2:])


def _damped_step(
    kind: int,
    h: NDArray[np.float64],
    p: NDArray[np.float64],
    residual: NDArray[np.float64],
    damping: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Parameters after one step from each row of p, cut off at zero."""
    jacobian = variogram_derivatives(kind, h, p[:, :1], p[:, 1:2], p[:, 2:])
    gradient = np.einsum("nij,ni->nj", jacobian, residual)
    kept = (p <= 0) & (gradient > 0)
    jacobian = np.where(kept[:, np.newaxis], 0, jacobian)
    gradient = np.where(kept, 0, gradient)
    size = np.sqrt((jacobian**2).sum(axis=1))
    idle = size == 0
    size[idle] = 1
    jacobian /= size[:, np.newaxis]
    normal = jacobian.transpose(0, 2, 1) @ jacobian
    diagonal = np.arange(3)
    normal[:, diagonal, diagonal] += damping[:, np.newaxis] + idle
    step = np.linalg.solve(normal, (gradient / size)[:, :, np.newaxis])[:, :, 0] / size
    return np.maximum(p - step, 0)
