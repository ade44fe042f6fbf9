"""Calibration by stations: a surface through the differences of stations and pixels, of velocities or of each date.

Source: docs/method/gnss.md, section 4.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stamps.errors import ParameterError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["Calibration", "DateCalibration", "calibrate", "calibrate_dates"]

_HUBER = 1.5
_STATIONS = {"offset": 1, "plane": 4}
_TURNS = 50  # of surfaces and zeros of the stations


@dataclass(frozen=True)
class Calibration:
    """A surface through the differences of stations and pixels: to be added to what the pixels say.

    Attributes
    ----------
    kind : str
        ``'offset'`` or ``'plane'``.
    parameters : ndarray, shape (p,)
        Value at the origin, then per kilometre of x and of y.
    covariance : ndarray, shape (p, p)
    weights : ndarray, shape (n,)
        Of 1 what a station still counts; smaller for outliers.
    residual : ndarray, shape (n,)
        Difference of a station and the surface.
    left_out : ndarray, shape (n,)
        The same without the station itself; NaN where there would be too few others.
    """

    kind: str
    parameters: NDArray[np.float64]
    covariance: NDArray[np.float64]
    weights: NDArray[np.float64]
    residual: NDArray[np.float64]
    left_out: NDArray[np.float64]

    def at(self, xy: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The surface and its standard deviation at places (km), shape (n,) each."""
        columns = _columns(np.asarray(xy, dtype=np.float64), self.kind)
        variance = np.einsum("np,pq,nq->n", columns, self.covariance, columns)
        return columns @ self.parameters, np.sqrt(np.maximum(variance, 0))

    @property
    def left_out_rms(self) -> float:
        """Rms of ``left_out``."""
        known = self.left_out[np.isfinite(self.left_out)]
        return float(np.sqrt((known**2).mean())) if known.size else float("nan")


def calibrate(xy: ArrayLike, difference: ArrayLike, sigma: ArrayLike, kind: str = "offset") -> Calibration:
    """Fit an offset or a plane to station minus pixels, robustly.

    Parameters
    ----------
    xy : array_like, shape (n, 2)
        Local kilometres.
    difference, sigma : array_like, shape (n,)
        With standard deviations of both together.
    kind : str
        ``'offset'`` or ``'plane'``.

    Returns
    -------
    Calibration

    Raises
    ------
    ParameterError
        Too few stations for it, stations on one line, or a standard deviation that is not positive.
    """
    if kind not in _STATIONS:
        raise ParameterError(f"The calibration '{kind}' is unknown: offset or plane.")
    places, y, s = (np.asarray(part, dtype=np.float64) for part in (xy, difference, sigma))
    if len(y) < _STATIONS[kind]:
        raise ParameterError(f"A calibration by {kind} needs {_STATIONS[kind]} stations; there are {len(y)}.")
    if not np.all(np.isfinite(s) & (s > 0)) or not np.isfinite(y).all():
        raise ParameterError("Differences of stations must be finite, and their standard deviations positive.")
    columns = _columns(places, kind)
    _check_places(columns)
    parameters, covariance, weights = _robust(columns, y, s)
    return Calibration(kind, parameters, covariance, weights, y - columns @ parameters, _left_out(columns, y, s))


@dataclass(frozen=True)
class DateCalibration:
    """Surfaces through the differences of stations and pixels, one for each date: to be added to displacements.

    Attributes
    ----------
    kind : str
    parameters : ndarray, shape (k, p)
        As of :class:`Calibration`, mm and mm per kilometre; NaN of dates with too few stations, 0 on the date ``zero``.
    covariance : ndarray, shape (k, p, p)
    stations : ndarray of int, shape (k,)
        Stations on each date.
    zero : int
    """

    kind: str
    parameters: NDArray[np.float64]
    covariance: NDArray[np.float64]
    stations: NDArray[np.int64]
    zero: int

    def at(self, xy: ArrayLike) -> NDArray[np.float64]:
        """The surfaces at places (km), shape (n, k)."""
        return _columns(np.asarray(xy, dtype=np.float64), self.kind) @ self.parameters.T


def calibrate_dates(
    xy: ArrayLike, difference: ArrayLike, sigma: ArrayLike, zero: int, kind: str = "offset"
) -> DateCalibration:
    """Fit an offset or a plane to station minus pixels on each date.

    The zero of each station is its own: it is found with the surfaces, in turns, so that dates that a station lacks do not
    shift it.

    Parameters
    ----------
    xy : array_like, shape (n, 2)
        Local kilometres.
    difference, sigma : array_like, shape (n, k)
        mm; NaN where a station has no value.
    zero : int
        Date on which displacements are 0.
    kind : str
        ``'offset'`` or ``'plane'``.

    Returns
    -------
    DateCalibration

    Raises
    ------
    ParameterError
        Too few stations on the date of the zero, or stations on one line.
    """
    places, y, s = (np.asarray(part, dtype=np.float64) for part in (xy, difference, sigma))
    known = np.isfinite(y) & np.isfinite(s) & (s > 0)
    count, columns = known.sum(axis=0), _columns(places, kind)
    if count[zero] < _STATIONS[kind]:
        raise ParameterError(
            f"A calibration of dates by {kind} needs {_STATIONS[kind]} stations on the reference date; there are {count[zero]}."
        )
    _check_places(columns[known[:, zero]])
    enough = [date for date in np.flatnonzero(count >= _STATIONS[kind]) if _is_fixed(columns[known[:, date]])]
    k, p = y.shape[1], columns.shape[1]
    parameters, covariance = np.full((k, p), np.nan), np.full((k, p, p), np.nan)
    own = _row_means(np.where(known, y, np.nan))
    for _ in range(_TURNS):
        for date in enough:
            rows = known[:, date]
            found = _robust(columns[rows], y[rows, date] - own[rows], s[rows, date])
            parameters[date], covariance[date] = found[0], found[1]
        new = _row_means(np.where(known, y - columns @ parameters.T, np.nan))
        if np.abs(new - own).max() < 1e-4:
            break
        own = new
    covariance = covariance + covariance[zero]
    covariance[zero] = 0
    return DateCalibration(kind, parameters - parameters[zero], covariance, count, zero)


def _row_means(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Means of what is known in each row; 0 of nothing."""
    known = np.isfinite(values)
    made: NDArray[np.float64] = np.where(known, values, 0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    return made


def _is_fixed(columns: NDArray[np.float64]) -> bool:
    """Whether stations lie so that they fix a surface."""
    scaled = columns / np.maximum(np.sqrt((columns**2).sum(axis=0)), 1e-300)
    return bool(np.linalg.svd(scaled, compute_uv=False)[-1] >= 1e-3)


def _check_places(columns: NDArray[np.float64]) -> None:
    """ParameterError where stations lie so that a surface through them is not fixed."""
    if not _is_fixed(columns):
        raise ParameterError("The stations lie on one line, through which no plane can be laid: calibrate by offset.")


def _columns(places: NDArray[np.float64], kind: str) -> NDArray[np.float64]:
    ones = np.ones((len(places), 1))
    return ones if kind == "offset" else np.concatenate([ones, places], axis=1)


def _robust(
    columns: NDArray[np.float64], y: NDArray[np.float64], s: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Huber's estimate; its covariance grows with residuals that are larger than the standard deviations say."""
    weights = np.ones(len(y))
    for _ in range(50):
        root = np.sqrt(weights) / s
        found = np.linalg.lstsq(columns * root[:, None], y * root, rcond=None)[0]
        off = np.abs(y - columns @ found) / s
        new = np.where(off <= _HUBER, 1.0, _HUBER / np.maximum(off, 1e-300))
        if np.allclose(new, weights, atol=1e-9):
            break
        weights = new
    covariance = np.linalg.inv((columns.T * (weights / s**2)) @ columns)
    freedom = len(y) - columns.shape[1]
    if freedom > 0:
        left = y - columns @ found
        covariance = covariance * max(1.0, float((weights * (left / s) ** 2).sum()) / freedom)
    return np.asarray(found, dtype=np.float64), np.asarray(covariance, dtype=np.float64), weights


def _left_out(columns: NDArray[np.float64], y: NDArray[np.float64], s: NDArray[np.float64]) -> NDArray[np.float64]:
    """What the others say against each station."""
    n, p = columns.shape
    found = np.full(n, np.nan)
    for k in range(n) if n > p else ():
        rest = np.arange(n) != k
        if np.linalg.matrix_rank(columns[rest]) == p:
            found[k] = y[k] - columns[k] @ _robust(columns[rest], y[rest], s[rest])[0]
    return found
