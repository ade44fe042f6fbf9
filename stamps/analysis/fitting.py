"""Least squares of a model on many series at once, white or correlated in time, with gaps.

Source: docs/method/series.md, section 2.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import stats

from stamps.analysis.terms import Design, are_independent
from stamps.errors import ParameterError
from stamps.insar.constants import DAYS_PER_YEAR

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["Annual", "Fit", "fit_series", "patterns_of", "whitened"]

#: Series that are worked on together.
_BLOCK = 8192

#: Residuals below this rms (mm) are rounding: what has no noise at all has errors of that size all the same.
FLOOR = 1e-6

#: Correlation times that are tried for each series, in parts of the median interval of its dates; 0 is white.
CORRELATION_TIMES = (0.0, *np.geomspace(0.25, 64.0, 25))

#: Longer correlation times than this part of a series are not tried: no series tells them from a trend.
LONGEST_CORRELATION = 0.25


class Annual(NamedTuple):
    """A periodic term; arrays of shape (n,).

    Attributes
    ----------
    amplitude, amplitude_std : ndarray
        mm; an amplitude below two of its standard errors says nothing.
    day, day_std : ndarray
        Days after the reference day (modulo the period) on which it is largest.
    p : ndarray
        Probability of a term as large without any such motion (F-test of both coefficients).
    """

    amplitude: NDArray[np.float64]
    amplitude_std: NDArray[np.float64]
    day: NDArray[np.float64]
    day_std: NDArray[np.float64]
    p: NDArray[np.float64]


@dataclass(frozen=True)
class Fit:
    """A model fitted to ``n`` series; NaN where a series has too few dates.

    Attributes
    ----------
    design : Design
    coefficients, std : ndarray, shape (n, p)
        In the order of ``design.terms.names``, at the reference day, with standard errors.
    rmse : ndarray, shape (n,)
        Of the residuals, mm (divided by the number of dates).
    r2 : ndarray, shape (n,)
        Part of the variance that the model explains.
    n_dates : ndarray of int, shape (n,)
        Dates of a series that are there.
    correlation_days : ndarray, shape (n,)
        Most likely correlation time of the noise, days; 0 where it is taken as white.
    cross : ndarray, shape (n, q)
        Covariance of cosine and sine of each periodic term, mm².
    noise : ndarray, shape (n,)
        Standard deviation of the noise, mm, from residuals and degrees of freedom; NaN where there is no fit.
    """

    design: Design
    coefficients: NDArray[np.float64]
    std: NDArray[np.float64]
    rmse: NDArray[np.float64]
    r2: NDArray[np.float64]
    n_dates: NDArray[np.int64]
    correlation_days: NDArray[np.float64]
    cross: NDArray[np.float64]
    noise: NDArray[np.float64]

    def values(self) -> NDArray[np.float64]:
        """The model on the dates of the series, mm, shape (n, k)."""
        back = np.linalg.inv(self.design.to_reference)
        return self.coefficients @ back.T @ self.design.matrix.T

    def of(self, name: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """A coefficient and its standard error by name.

        Raises
        ------
        ParameterError
            The model has no such term.
        """
        names = self.design.terms.names
        if name not in names:
            raise ParameterError(f"The model has no term '{name}': it has {', '.join(names)}.")
        column = names.index(name)
        return self.coefficients[:, column], self.std[:, column]

    def annual(self, number: int = 0) -> Annual:
        """The periodic term with that number, as amplitude and day of its maximum.

        Raises
        ------
        ParameterError
            The model has no such term.
        """
        terms = self.design.terms
        if not 0 <= number < len(terms.periods):
            raise ParameterError(f"The model has {len(terms.periods)} periodic terms; there is no number {number}.")
        at = terms.degree + 1 + 2 * number
        parts = slice(at, at + 2)
        period, freedom = terms.periods[number] * DAYS_PER_YEAR, self.n_dates - terms.size
        return _annual(self.coefficients[:, parts], self.std[:, parts] ** 2, self.cross[:, number], period, freedom)


def _annual(
    parts: NDArray[np.float64],
    variances: NDArray[np.float64],
    cs: NDArray[np.float64],
    period: float,
    freedom: NDArray[np.int64],
) -> Annual:
    """From cosine and sine (n, 2), their variances and their covariance; the period in days."""
    (c, s), (cc, ss) = parts.T, variances.T
    with np.errstate(invalid="ignore", divide="ignore"):
        amplitude = np.hypot(c, s)
        along = (c**2 * cc + 2 * c * s * cs + s**2 * ss) / amplitude**2
        across = (s**2 * cc - 2 * c * s * cs + c**2 * ss) / amplitude**4
        f = (c**2 * ss - 2 * c * s * cs + s**2 * cc) / (cc * ss - cs**2) / 2
        p = np.where(np.isfinite(f), stats.f.sf(f, 2, np.maximum(freedom, 1)), np.nan)
    day = np.mod(np.arctan2(s, c) / (2 * np.pi) * period, period)
    return Annual(amplitude, np.sqrt(along), day, np.sqrt(across) / (2 * np.pi) * period, p)


def fit_series(design: Design, series: ArrayLike, sigma: ArrayLike | None = None, *, correlated: bool = False) -> Fit:
    """Fit a model to each series by least squares.

    Parameters
    ----------
    design : Design
    series : array_like, shape (n, k)
        Displacements, mm; NaN where a date is missing.
    sigma : array_like, shape (k,), optional
        Standard deviations of the dates against each other; their scale is found from the residuals (default: equal ones).
    correlated : bool
        Let the noise of a series be correlated with exp(−Δt/τ): estimates and standard errors are means over all τ, weighted by
        the restricted likelihood. Otherwise it is taken as white, which makes errors of trends too small.

    Returns
    -------
    Fit

    Raises
    ------
    ParameterError
        Shapes do not fit, or a standard deviation is not positive.
    """
    data = np.asarray(series, dtype=np.float64)
    if data.ndim != 2 or data.shape[1] != design.days.size:
        raise ParameterError(f"The series are {data.shape}, but the model is of {design.days.size} dates.")
    spread = _spread(sigma, design.days.size)
    made = _nothing(design, data.shape[0])
    for there, members in patterns_of(data):
        made.n_dates[members] = there.sum()
        if there.sum() >= design.terms.size + 3:
            _fit_pattern(made, data, members, there, spread, correlated)
    return made


def _spread(sigma: ArrayLike | None, n_dates: int) -> NDArray[np.float64]:
    if sigma is None:
        return np.ones(n_dates)
    spread = np.asarray(sigma, dtype=np.float64).ravel()
    if spread.size != n_dates or not np.all(np.isfinite(spread) & (spread > 0)):
        raise ParameterError(f"Standard deviations are one positive number for each of the {n_dates} dates.")
    return spread


def patterns_of(series: NDArray[np.float64]) -> Iterator[tuple[NDArray[np.bool_], NDArray[np.int64]]]:
    """Which dates are there, and the series of which it is so; each such pattern once."""
    there = np.isfinite(series)
    whole = there.all(axis=1)
    if whole.any():
        yield np.ones(series.shape[1], dtype=bool), np.flatnonzero(whole)
    rest = np.flatnonzero(~whole)
    if rest.size:
        found, of = np.unique(there[rest], axis=0, return_inverse=True)
        for number, pattern in enumerate(found):
            yield pattern, rest[np.ravel(of) == number]


def _nothing(design: Design, n: int) -> Fit:
    """Of ``n`` series of which nothing is known."""
    terms = design.terms
    coefficients, std = np.full((2, n, terms.size), np.nan)
    rmse, r2, times, noise = np.full((4, n), np.nan)
    cross = np.full((n, len(terms.periods)), np.nan)
    return Fit(design, coefficients, std, rmse, r2, np.zeros(n, dtype=np.int64), times, cross, noise)


def whitened(rows: NDArray[np.float64], days: NDArray[np.float64], time: float) -> tuple[NDArray[np.float64], float]:
    """Columns over dates as they are where noise correlated with exp(−Δt/time) has become white.

    Parameters
    ----------
    rows : ndarray, shape (k, m)
    days : ndarray, shape (k,)
    time : float
        Days; 0 for noise that is white already.

    Returns
    -------
    ndarray, shape (k, m)
    float
        Logarithm of the determinant of the correlation matrix.
    """
    if time == 0:
        return rows, 0.0
    rho = np.exp(-np.diff(days) / time)[:, None]
    scale = np.sqrt(-np.expm1(2 * np.log(rho)))
    new = rows.copy()
    new[1:] = (rows[1:] - rho * rows[:-1]) / scale
    return new, float(2 * np.log(scale).sum())


def _fit_pattern(
    made: Fit,
    data: NDArray[np.float64],
    members: NDArray[np.int64],
    there: NDArray[np.bool_],
    spread: NDArray[np.float64],
    correlated: bool,
) -> None:
    """Fit the series that have the same dates."""
    days, matrix = made.design.days[there], made.design.matrix[there]
    if not are_independent(matrix):
        return  # the dates that are left cannot tell the terms apart
    times = np.array(CORRELATION_TIMES if correlated else (0.0,)) * float(np.median(np.diff(days)))
    weights = 1 / spread[there]
    tried = times[times <= LONGEST_CORRELATION * np.ptp(days)]
    solvers = [_Solver(made.design, matrix * weights[:, None], days, time) for time in tried]
    for first in range(0, members.size, _BLOCK):
        block = members[first : first + _BLOCK]
        part = np.ascontiguousarray(data[np.ix_(block, there)].T)
        _fit_block(made, block, part, weights[:, None], solvers, matrix)


class _Solver:
    """Least squares with one matrix, whitened for one correlation time."""

    def __init__(self, design: Design, matrix: NDArray[np.float64], days: NDArray[np.float64], time: float) -> None:
        self.days, self.time = days, time
        self.freedom = matrix.shape[0] - matrix.shape[1]
        white, log_determinant = whitened(matrix, days, time)
        self.q, r = np.linalg.qr(white)
        self.log_determinant = log_determinant + 2 * float(np.log(np.abs(np.diag(r))).sum())
        self.inverse = np.linalg.inv(r)
        moved = design.to_reference @ self.inverse
        covariance = moved @ moved.T  # at the reference day, for noise of 1 mm
        cosines = design.terms.degree + 1 + 2 * np.arange(len(design.terms.periods))
        self.variances, self.cross = np.diag(covariance), covariance[cosines, cosines + 1]

    def solve(
        self, weighted: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Coefficients (p, m), noise variances (m,), logarithms of the restricted likelihood (m,)."""
        white, _ = whitened(weighted, self.days, self.time)
        part = self.q.T @ white
        left = white - self.q @ part
        variance = np.maximum(np.einsum("km,km->m", left, left) / self.freedom, FLOOR**2)
        likelihood = -0.5 * (self.freedom * np.log(variance) + self.log_determinant)
        return self.inverse @ part, variance, likelihood


def _fit_block(
    made: Fit,
    block: NDArray[np.int64],
    part: NDArray[np.float64],
    weights: NDArray[np.float64],
    solvers: list[_Solver],
    matrix: NDArray[np.float64],
) -> None:
    found, variances, likelihoods = (
        np.stack(parts) for parts in zip(*(s.solve(part * weights) for s in solvers), strict=True)
    )
    shares = np.exp(likelihoods - likelihoods.max(axis=0))
    shares /= shares.sum(axis=0)
    best = np.einsum("gm,gpm->pm", shares, found)
    residual = part - matrix @ best
    rest = np.einsum("km,km->m", residual, residual)
    total = ((part - part.mean(axis=0)) ** 2).sum(axis=0)
    to_reference, periods = made.design.to_reference, made.cross.shape[1]
    made.coefficients[block] = best.T @ to_reference.T
    made.rmse[block] = np.sqrt(rest / part.shape[0])
    made.r2[block] = np.where(total > 0, 1 - rest / np.where(total > 0, total, 1), np.nan)
    made.noise[block] = np.sqrt((shares * variances).sum(axis=0))
    made.correlation_days[block] = np.array([solver.time for solver in solvers])[likelihoods.argmax(axis=0)]
    scaled = (shares * variances).T  # (m, g)
    square = scaled @ np.stack([solver.variances for solver in solvers])
    cross = scaled @ np.stack([solver.cross for solver in solvers])
    if len(solvers) > 1:  # what the estimates of several correlation times differ by
        off = np.einsum("ij,gjm->gim", to_reference, found - best)
        square += np.einsum("gm,gim,gim->mi", shares, off, off)
        at = made.design.terms.degree + 1
        cosines, sines = off[:, at : at + 2 * periods : 2], off[:, at + 1 : at + 2 * periods : 2]
        cross += np.einsum("gm,gim,gim->mi", shares, cosines, sines)
    made.std[block], made.cross[block] = np.sqrt(square), cross
