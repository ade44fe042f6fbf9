"""Motion of stations against motion of pixels: into the line of sight, onto common dates, differences and figures of them.

Source: docs/method/gnss.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from stamps.errors import ParameterError
from stamps.insar.constants import DAYS_PER_YEAR

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = [
    "Agreement",
    "compare_series",
    "into_line_of_sight",
    "on_dates",
    "summary_of",
]


def into_line_of_sight(
    vector: ArrayLike, motion: ArrayLike, std: ArrayLike, correlation: ArrayLike | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """East, north and up of a station as a satellite sees them.

    Parameters
    ----------
    vector : array_like, shape (3,) or (n, 3)
        From the ground to the satellite.
    motion, std : array_like, shape (n, 3)
        East, north, up and their standard deviations.
    correlation : array_like, shape (n, 3), optional
        Of east with north, east with up, north with up (default: none).

    Returns
    -------
    ndarray, shape (n,)
        Towards the satellite.
    ndarray, shape (n,)
        Standard deviation.
    """
    u, enu, s = (np.asarray(part, dtype=np.float64) for part in (vector, motion, std))
    seen = (u * enu).sum(axis=-1)
    part = u * s
    variance = (part**2).sum(axis=-1)
    if correlation is not None:
        r = np.asarray(correlation, dtype=np.float64)
        variance = variance + 2 * (
            r[..., 0] * part[..., 0] * part[..., 1]
            + r[..., 1] * part[..., 0] * part[..., 2]
            + r[..., 2] * part[..., 1] * part[..., 2]
        )
    return seen, np.sqrt(np.maximum(variance, 0))


def on_dates(
    days: ArrayLike, station_days: ArrayLike, values: ArrayLike, std: ArrayLike, window: float = 3.0
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weighted means of daily values around dates.

    Parameters
    ----------
    days : array_like, shape (k,)
    station_days, values, std : array_like, shape (m,)
    window : float
        Days before and after a date.

    Returns
    -------
    ndarray, shape (k,)
        NaN where no day is near.
    ndarray, shape (k,)
        Standard deviation of the mean.
    """
    when, at = np.asarray(days, dtype=np.float64), np.asarray(station_days, dtype=np.float64)
    v, s = np.asarray(values, dtype=np.float64), np.asarray(std, dtype=np.float64)
    known = np.isfinite(v) & np.isfinite(s) & (s > 0)
    weights = np.where((np.abs(when[:, None] - at) <= window) & known, 1 / np.where(known, s, 1) ** 2, 0.0)
    total = weights.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return weights @ np.where(known, v, 0) / total, 1 / np.sqrt(total)


@dataclass(frozen=True)
class Agreement:
    """A station against the pixels around it.

    Attributes
    ----------
    n : int
        Common dates.
    offset : float
        Mean of station minus pixels, mm: the two zeros differ by it; the other figures are without it.
    rms, std : float
        Of the difference, mm.
    correlation : float
        Of the two series; NaN of constant ones.
    slope, slope_std : float
        Of the difference, mm/yr.
    station_velocity, pixels_velocity : float
        Over the common dates, mm/yr.
    difference : ndarray, shape (k,)
        Station minus pixels without the offset, mm; NaN where a date is not common.
    """

    n: int
    offset: float
    rms: float
    std: float
    correlation: float
    slope: float
    slope_std: float
    station_velocity: float
    pixels_velocity: float
    difference: NDArray[np.float64]


def compare_series(days: ArrayLike, pixels: ArrayLike, station: ArrayLike, std: ArrayLike | None = None) -> Agreement:
    """Compare two series on the same dates.

    Parameters
    ----------
    days : array_like, shape (k,)
        Datenum.
    pixels, station : array_like, shape (k,)
        mm towards the satellite; NaN where unknown.
    std : array_like, shape (k,), optional
        Standard deviation of the station, for the weights of the offset.

    Returns
    -------
    Agreement

    Raises
    ------
    ParameterError
        Fewer than three common dates.
    """
    t, one, other = (np.asarray(part, dtype=np.float64) for part in (days, pixels, station))
    common = np.isfinite(one) & np.isfinite(other)
    n = int(common.sum())
    if n < 3:
        raise ParameterError(f"A station and the pixels around it have {n} dates in common, but three are needed.")
    weights = np.ones(n) if std is None else 1 / np.asarray(std, dtype=np.float64)[common] ** 2
    difference = other - one
    offset = float(np.average(difference[common], weights=weights))
    difference = difference - offset
    years = (t[common] - t[common].mean()) / DAYS_PER_YEAR
    left = difference[common]
    slope, slope_std = _line(years, left)
    alike = float("nan")
    if one[common].std() > 0 and other[common].std() > 0:
        alike = float(np.corrcoef(one[common], other[common])[0, 1])
    return Agreement(
        n,
        offset,
        float(np.sqrt((left**2).mean())),
        float(left.std(ddof=1)),
        alike,
        slope,
        slope_std,
        _line(years, other[common])[0],
        _line(years, one[common])[0],
        difference,
    )


def _line(years: NDArray[np.float64], values: NDArray[np.float64]) -> tuple[float, float]:
    """Slope per year and its standard error."""
    energy = float((years**2).sum())
    slope = float((years * values).sum() / energy)
    left = values - values.mean() - slope * years
    return slope, float(np.sqrt((left**2).sum() / max(len(years) - 2, 1) / energy))


# ---------------------------------------------------------------------- all stations


def summary_of(difference: ArrayLike, sigma: ArrayLike, n_parameters: int = 0) -> dict[str, float]:
    """Figures of all stations: rms, median, weighted rms, χ² per degree of freedom and its probability, outliers.

    Parameters
    ----------
    difference, sigma : array_like, shape (n,)
    n_parameters : int
        Parameters that were fitted to them.

    Returns
    -------
    dict
        ``n``, ``rms``, ``median``, ``wrms``, ``chi2_dof``, ``p``, ``outliers`` (beyond 3σ).
    """
    d, s = np.asarray(difference, dtype=np.float64), np.asarray(sigma, dtype=np.float64)
    freedom = d.size - n_parameters
    chi2 = float(((d / s) ** 2).sum())
    return {
        "n": float(d.size),
        "rms": float(np.sqrt((d**2).mean())),
        "median": float(np.median(d)),
        "wrms": float(np.sqrt(np.average(d**2, weights=1 / s**2))),
        "chi2_dof": chi2 / freedom if freedom > 0 else float("nan"),
        "p": float(stats.chi2.sf(chi2, freedom)) if freedom > 0 else float("nan"),
        "outliers": float((np.abs(d) > 3 * s).sum()),
    }
