"""Lines through time series and the spread of their slopes: arrays in, arrays out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import linalg

from stamps.errors import InputError
from stamps.matlab.linalg import lscov

if TYPE_CHECKING:
    from numpy.typing import NDArray


__all__ = ["bootstrap_spread", "bootstrap_std", "check_seed", "fit_lines", "fit_without_each", "mean_velocity"]

_PIXELS = 100_000
_ALL_EQUAL = 1e-20  # squared share of the slope's column that rounding leaves when all dates are the same


def check_seed(seed: int) -> None:
    """InputError where the start of random numbers is no whole number from 0 on."""
    if not (isinstance(seed, int | np.integer) and seed >= 0):
        raise InputError(f"The start of the random numbers is {seed!r}, but a whole number from 0 on was expected.")


def fit_lines(
    phase: NDArray[np.floating[Any]], days: NDArray[np.float64], covariance: NDArray[np.floating[Any]] | None = None
) -> NDArray[np.float64]:
    """Intercept and slope of each series by generalised least squares.

    Parameters
    ----------
    phase : ndarray, shape (n_ps, k)
        NaN gives NaN for its pixel.
    days : ndarray, shape (k,)
    covariance : ndarray, shape (k, k), optional

    Returns
    -------
    ndarray of float64, shape (2, n_ps)
        In units of ``phase``, and per day.
    """
    design = np.column_stack([np.ones(len(days)), days])
    weighting = None if covariance is None else np.asarray(covariance, np.float64)
    return lscov(design, np.asarray(phase, np.float64).T, covariance=weighting)


def fit_without_each(
    phase: NDArray[np.floating[Any]], days: NDArray[np.float64], covariance: NDArray[np.floating[Any]] | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Slopes of each series without one observation after the other.

    Parameters
    ----------
    phase, days, covariance
        As for :func:`fit_lines`.

    Returns
    -------
    slopes : ndarray of float64, shape (n_ps, k)
        Column i without observation i.
    last : ndarray of float64, shape (2, n_ps)
        The fit without the last observation.
    """
    slopes = np.empty(phase.shape, np.float64)
    last = np.full((2, len(phase)), np.nan)
    for i in range(len(days)):
        left = np.delete(np.arange(len(days)), i)
        part = None if covariance is None else covariance[np.ix_(left, left)]
        last = fit_lines(phase[:, left], days[left], part)
        slopes[:, i] = last[1]
    return slopes, last


def mean_velocity(displacement: np.ndarray, years: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """Slope of each series by generalised least squares.

    Parameters
    ----------
    displacement : ndarray of float64, shape (n_ps, k)
    years : ndarray, shape (k,)
    covariance : ndarray, shape (k, k)
        Single makes the result single.

    Returns
    -------
    ndarray, shape (n_ps,)
        Per year.
    """
    design = np.column_stack([np.ones(len(years)), years])
    return lscov(design, displacement.T, covariance=covariance)[1].copy()


def bootstrap_std(
    series: NDArray[np.floating[Any]],
    years: NDArray[np.float64],
    covariance: NDArray[np.floating[Any]],
    n_boot: int,
    seed: int,
) -> NDArray[np.float32]:
    """Standard deviation of the slope when the observations are drawn again with replacement.

    All pixels share the draws. A draw moves observations but not their covariance, which stays in place (so it always
    was). A draw of one date only gives the basic solution, in which the slope takes what the intercept would.

    Parameters
    ----------
    series : ndarray, shape (n_ps, k)
        Displacement or phase; NaN gives NaN for its pixel.
    years : ndarray, shape (k,)
    covariance : ndarray, shape (k, k)
    n_boot : int
        Number of draws.
    seed : int
        Start of the random numbers: equal seeds give equal results.

    Returns
    -------
    ndarray of float32, shape (n_ps,)
        In units of the series, per year. NaN for a single pixel, which is never bootstrapped.
    """
    n_ps, k = series.shape
    result = np.full(n_ps, np.nan, np.float32)
    if n_ps == 1:
        return result
    slope_of = _bootstrap_slopes(years, covariance, n_boot, seed)
    # The slopes of a pixel are slope_of @ d. Their deviations from their mean have the length of R @ d, where Q R are
    # the deviations of the weights: k numbers for each pixel instead of n_boot.
    triangle = linalg.qr(slope_of - slope_of.mean(axis=0), mode="r", check_finite=False)[0][:k]
    triangle /= np.sqrt(max(n_boot - 1, 1))
    for start in range(0, n_ps, _PIXELS):
        part = slice(start, start + _PIXELS)
        result[part] = np.sqrt(((series[part] @ triangle.T) ** 2).sum(axis=1))
    return result


def bootstrap_spread(
    years: NDArray[np.float64], covariance: NDArray[np.float64], n_boot: int, seed: int
) -> NDArray[np.float64]:
    """What :func:`bootstrap_std` does to any series: its variance is the quadratic form of the series with this matrix.

    The slope of a draw is linear in the observations, so the variance over the draws is d'Vd for a series d. With V the
    standard deviation of differences and of series with another reference costs no further draws.

    Parameters
    ----------
    years, covariance, n_boot, seed
        As for :func:`bootstrap_std`.

    Returns
    -------
    ndarray of float64, shape (k, k)
        Per year squared.
    """
    return np.cov(_bootstrap_slopes(years, covariance, n_boot, seed), rowvar=False)


def _bootstrap_slopes(
    years: NDArray[np.float64], covariance: NDArray[np.floating[Any]], n_boot: int, seed: int
) -> NDArray[np.float64]:
    """Draw the observations again and again; weights of the slope of each draw, shape (n_boot, k)."""
    check_seed(seed)
    k = len(years)
    draws = np.random.default_rng(seed).integers(0, k, (n_boot, k))
    return _slopes_of_draws(np.column_stack([np.ones(k), years]), np.asarray(covariance, np.float64), draws)


def _slopes_of_draws(
    design: NDArray[np.float64], covariance: NDArray[np.float64], draws: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Weights that turn observations into the slope of each draw, shape (n_boot, k).

    ``design`` has a column of ones and one of years. Whitening makes every draw an ordinary fit of two columns, the
    first of which is the same in all draws.
    """
    k = len(design)
    whitening = linalg.solve_triangular(linalg.cholesky(covariance, lower=True), np.eye(k), lower=True)
    constant = whitening.sum(axis=1, keepdims=True)
    years = whitening @ design[:, 1][draws].T
    slope = years - constant * (constant.T @ years) / (constant.T @ constant)
    size = (slope**2).sum(axis=0)
    fitted = size > _ALL_EQUAL * (years**2).sum(axis=0)
    rows = (slope / np.where(fitted, size, 1)).T @ whitening
    for draw in np.flatnonzero(~fitted):
        rows[draw] = lscov(design[draws[draw]], np.eye(k), covariance=covariance)[1]
    weights = np.zeros(draws.shape)
    np.add.at(weights, (np.arange(len(draws))[:, np.newaxis], draws), rows)
    return weights
