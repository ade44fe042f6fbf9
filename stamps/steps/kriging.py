"""Kriging of step 8: of places, and of the dates of many series. Pure array functions.

Source: docs/method/scn.md, section 3; Wackernagel (2003), Multivariate Geostatistics.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import InputError
from stamps.native.kriging import krige_systems

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


from stamps.steps.variograms import NUGGET, covariance

__all__ = ["KrigedValues", "krige", "krige_series"]

_SIMPLE, _ORDINARY, _UNIVERSAL = 1, 2, 4
_NUMBERS_PER_BLOCK = 2_000_000


@dataclass(frozen=True)
class KrigedValues:
    """Kriged values.

    Attributes
    ----------
    value, variance : ndarray of float64, shape (n_target,)
        Estimate and its variance.
    nearest, mean_distance : float
        Smallest and mean distance of the used data to the (mean) target.
    n_in_range : float
        Number of used data nearer than the range of the second model row.
    """

    value: NDArray[np.float64]
    variance: NDArray[np.float64]
    nearest: float
    mean_distance: float
    n_in_range: float


def krige(
    data: ArrayLike, targets: ArrayLike, n_max: int, radius: float, method: int, model: ArrayLike
) -> KrigedValues:
    """Kriging of targets from data with any sum of models.

    Parameters
    ----------
    data : array_like, shape (n, 3)
        Rows (coordinate 1, coordinate 2, value).
    targets : array_like, shape (n_target, 2)
        Coordinates.
    n_max : int
        Number of data nearest to the mean target that are used.
    radius : float
        Only data nearer to the mean target than this are used; 0: all data, whatever ``n_max`` is.
    method : int
        1 simple, 2 ordinary, 4 universal with a linear drift. Fewer than three data: always 2.
    model : array_like, shape (n_model, 3)
        Rows (type, range, sill).

    Returns
    -------
    KrigedValues
        All NaN if there are no data.

    Raises
    ------
    InputError
        There is no such method or model.

    Notes
    -----
    Source: docs/method/scn.md, section 3. The nugget is left out of the covariance between data and target.
    """
    used = np.asarray(data, dtype=np.float64).reshape(-1, 3)
    places = np.asarray(targets, dtype=np.float64).reshape(-1, 2)
    models = np.atleast_2d(np.asarray(model, dtype=np.float64))
    if method not in (_SIMPLE, _ORDINARY, _UNIVERSAL):
        raise InputError(f"Kriging method {method} is not implemented: use 1 (simple), 2 (ordinary) or 4 (universal).")
    distance = np.hypot(*(used[:, :2] - places.mean(axis=0)).T)
    if radius != 0:
        order = np.argsort(distance, kind="stable")[: min(int(n_max), len(used))]
        order = order[distance[order] < radius]
        used, distance = used[order], distance[order]
    if not len(used):
        return _nothing(len(places))
    value, variance = _krige_system(used, places, method if len(used) >= 3 else _ORDINARY, models)
    if np.isnan(value).any():
        return _nothing(len(places))
    n_in_range = float(np.sum(distance < models[1, 1])) if len(models) > 1 else np.nan
    return KrigedValues(value, variance, float(distance.min()), float(distance.mean()), n_in_range)


def _nothing(n_target: int) -> KrigedValues:
    empty = np.full(n_target, np.nan)
    return KrigedValues(empty, empty.copy(), np.nan, np.nan, np.nan)


def _krige_system(
    data: NDArray[np.float64], targets: NDArray[np.float64], method: int, model: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Estimates and variances from all data: weights and multipliers from one linear system."""
    place, z = data[:, :2], data[:, 2]
    n, n_target = len(data), len(targets)
    drift, target_drift = _drift(method, place), _drift(method, targets)
    k = np.zeros((n + drift.shape[1],) * 2)
    k[:n, :n] = covariance(model, _distances(place, place)) + np.eye(n) * model[model[:, 0] == NUGGET, 2].sum()
    k[:n, n:], k[n:, :n] = drift, drift.T
    k0 = np.zeros((len(k), n_target))
    k0[:n], k0[n:] = covariance(model, _distances(place, targets)), target_drift.T
    if not (np.isfinite(k).all() and np.isfinite(k0).all()):
        return np.full(n_target, np.nan), np.full(n_target, np.nan)
    try:
        weights = np.linalg.solve(k, k0)
    except np.linalg.LinAlgError:  # data at the same place without nugget: the shortest solution
        weights = np.linalg.pinv(k, hermitian=True) @ k0
    mean = 0.0 if method == _UNIVERSAL else z.mean()
    return weights[:n].T @ (z - mean) + mean, k[0, 0] - (weights * k0).sum(axis=0)


def _drift(method: int, place: NDArray[np.float64]) -> NDArray[np.float64]:
    """Functions whose weights are bound: none, a constant, or a constant and the coordinates."""
    if method == _SIMPLE:
        return np.empty((len(place), 0))
    constant = np.ones((len(place), 1))
    return constant if method == _ORDINARY else np.hstack([constant, place])


def _distances(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.hypot(a[:, None, 0] - b[:, 0], a[:, None, 1] - b[:, 1])


def krige_series(
    t: NDArray[np.float64],
    series: NDArray[np.floating[Any]],
    n_max: int,
    scale: NDArray[np.float64],
    sill: NDArray[np.float64],
    nugget: NDArray[np.float64],
    own: bool = True,
) -> NDArray[np.float64]:
    """Ordinary kriging of each date of many series from the dates nearer than four ranges.

    Parameters
    ----------
    t : ndarray of float64, shape (m,)
        Times.
    series : ndarray, shape (n, m)
    n_max : int
        At most so many dates, the nearest ones.
    scale, sill, nugget : ndarray of float64, shape (n,)
        Exponential model and nugget of each series.
    own : bool
        Use the date itself as well (else: from the others alone).

    Returns
    -------
    ndarray of float64, shape (n, m)
        NaN where no date is near enough.
    """
    estimate = np.empty(series.shape)
    dates = np.arange(t.size)
    for date in dates:
        distance = np.abs(t - t[date])
        index = np.argsort(distance, kind="stable")
        index = index if own else index[index != date]
        index = index[: max(0, int(n_max))]
        between = np.abs(t[index, None] - t[index])
        rows = max(1, _NUMBERS_PER_BLOCK // (index.size + 1) ** 2)
        for start in range(0, len(series), rows):
            part = slice(start, start + rows)
            keep = distance[index] < 4 * scale[part, None]
            values = series[part][:, index]
            parameters = scale[part], sill[part], nugget[part]
            estimate[part, date] = krige_systems(between, distance[index], values, keep, *parameters)
    return estimate
