"""Least squares of a model on many series at once, white or correlated in time, with gaps.

Source: docs/method/series.md, section 2.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import stats

from stamps.analysis.terms import Design
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
        Correlation time of the noise, days; 0 where it is taken as white.
    group : ndarray of int, shape (n,)
        Which of ``covariances`` is that of a series; −1 where there is no fit.
    covariances : ndarray, shape (g, p, p)
        Of the coefficients at the reference day, for noise of 1 mm.
    noise : ndarray, shape (n,)
        Standard deviation of the noise, mm, from residuals and degrees of freedom.
    """

    design: Design
    coefficients: NDArray[np.float64]
    std: NDArray[np.float64]
    rmse: NDArray[np.float64]
    r2: NDArray[np.float64]
    n_dates: NDArray[np.int64]
    correlation_days: NDArray[np.float64]
    group: NDArray[np.int64]
    covariances: NDArray[np.float64]
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
        c, s = self.coefficients[:, at], self.coefficients[:, at + 1]
        covariance = np.full((c.size, 2, 2), np.nan)
        there = self.group >= 0
        covariance[there] = self.covariances[self.group[there], at : at + 2, at : at + 2]
        covariance *= self.noise[:, None, None] ** 2
        return _annual(c, s, covariance, terms.periods[number] * DAYS_PER_YEAR, self.n_dates - terms.size)


def _annual(
    c: NDArray[np.float64],
    s: NDArray[np.float64],
    covariance: NDArray[np.float64],
    period: float,
    freedom: NDArray[np.int64],
) -> Annual:
    cc, cs, ss = covariance[:, 0, 0], covariance[:, 0, 1], covariance[:, 1, 1]
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
        Let the noise of a series be correlated with exp(−Δt/τ), τ found for each by maximum likelihood: standard errors, and the
        estimates themselves, follow it. Otherwise it is taken as white, which makes errors of trends too small.

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
    builder = _Builder(design, data.shape[0])
    for there, members in patterns_of(data):
        builder.made.n_dates[members] = there.sum()
        if there.sum() >= design.terms.size + 3:
            _fit_pattern(builder, data, members, there, spread, correlated)
    return builder.fit()


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


class _Builder:
    """What becomes a :class:`Fit`."""

    def __init__(self, design: Design, n: int) -> None:
        self.design, p = design, design.terms.size
        self.covariances: list[NDArray[np.float64]] = []
        empty = np.full(n, np.nan)
        self.made = Fit(
            design,
            np.full((n, p), np.nan),
            np.full((n, p), np.nan),
            empty,
            empty.copy(),
            np.zeros(n, dtype=np.int64),
            empty.copy(),
            np.full(n, -1),
            np.empty((0, p, p)),
            empty.copy(),
        )

    def add_covariance(self, covariance: NDArray[np.float64]) -> int:
        """Number of a covariance of the coefficients that count from the middle."""
        move = self.design.to_reference
        self.covariances.append(move @ covariance @ move.T)
        return len(self.covariances) - 1

    def fit(self) -> Fit:
        """The result, with standard errors."""
        made = self.made
        if not self.covariances:
            return made
        covariances = np.stack(self.covariances)
        roots = np.sqrt(np.diagonal(covariances, axis1=1, axis2=2))
        there = made.group >= 0
        made.std[there] = roots[made.group[there]] * made.noise[there, None]
        return replace(made, covariances=covariances)


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
    builder: _Builder,
    data: NDArray[np.float64],
    members: NDArray[np.int64],
    there: NDArray[np.bool_],
    spread: NDArray[np.float64],
    correlated: bool,
) -> None:
    """Fit the series that have the same dates."""
    days, matrix = builder.design.days[there], builder.design.matrix[there]
    if np.linalg.matrix_rank(matrix / np.maximum(np.sqrt((matrix**2).sum(axis=0)), 1e-300), tol=1e-8) < matrix.shape[1]:
        return  # the dates that are left cannot tell the terms apart
    times = np.array(CORRELATION_TIMES if correlated else (0.0,)) * float(np.median(np.diff(days)))
    weights = 1 / spread[there]
    solvers = [_Solver(matrix * weights[:, None], days, time) for time in times]
    numbers = np.array([builder.add_covariance(solver.covariance) for solver in solvers])
    for first in range(0, members.size, _BLOCK):
        block = members[first : first + _BLOCK]
        part = np.ascontiguousarray(data[np.ix_(block, there)].T)
        _fit_block(builder, block, part, weights[:, None], solvers, numbers, matrix)


class _Solver:
    """Least squares with one matrix, whitened for one correlation time."""

    def __init__(self, matrix: NDArray[np.float64], days: NDArray[np.float64], time: float) -> None:
        self.days, self.time = days, time
        white, self.log_determinant = whitened(matrix, days, time)
        self.q, r = np.linalg.qr(white)
        self.inverse = np.linalg.inv(r)
        self.covariance = self.inverse @ self.inverse.T

    def solve(self, weighted: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Coefficients (p, m) and sums of squared white residuals (m,)."""
        white, _ = whitened(weighted, self.days, self.time)
        part = self.q.T @ white
        left = white - self.q @ part
        return self.inverse @ part, np.einsum("km,km->m", left, left)


def _fit_block(
    builder: _Builder,
    block: NDArray[np.int64],
    part: NDArray[np.float64],
    weights: NDArray[np.float64],
    solvers: list[_Solver],
    numbers: NDArray[np.int64],
    matrix: NDArray[np.float64],
) -> None:
    k, p = matrix.shape
    weighted = part * weights
    best, squares = solvers[0].solve(weighted)
    chosen = np.zeros(block.size, dtype=np.int64)
    likelihood = _minus_log_likelihood(squares, solvers[0].log_determinant, k)
    for number, solver in enumerate(solvers[1:], 1):
        found, left = solver.solve(weighted)
        value = _minus_log_likelihood(left, solver.log_determinant, k)
        better = value < likelihood
        likelihood[better], squares[better], chosen[better] = value[better], left[better], number
        best[:, better] = found[:, better]
    made = builder.made
    residual = part - matrix @ best
    rest = np.einsum("km,km->m", residual, residual)
    total = ((part - part.mean(axis=0)) ** 2).sum(axis=0)
    made.coefficients[block] = best.T @ builder.design.to_reference.T
    made.rmse[block] = np.sqrt(rest / k)
    made.r2[block] = np.where(total > 0, 1 - rest / np.where(total > 0, total, 1), np.nan)
    made.noise[block] = np.maximum(np.sqrt(squares / (k - p)), FLOOR)
    made.group[block] = numbers[chosen]
    made.correlation_days[block] = np.array([solver.time for solver in solvers])[chosen]


def _minus_log_likelihood(squares: NDArray[np.float64], log_determinant: float, k: int) -> NDArray[np.float64]:
    return 0.5 * (k * np.log(np.maximum(squares / k, FLOOR**2)) + log_determinant)
