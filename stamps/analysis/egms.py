"""What the European Ground Motion Service says of a series: three polynomials with a motion of one year.

Source: docs/method/egms.md, section 3.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from stamps.analysis.fitting import patterns_of
from stamps.analysis.terms import are_independent

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["FIELDS", "LEAST_DATES", "YEAR", "egms_fields"]

#: What every level has of each series, in the order of the columns.
FIELDS = (
    "rmse",
    "mean_velocity",
    "mean_velocity_std",
    "acceleration",
    "acceleration_std",
    "seasonality",
    "seasonality_std",
)

#: Days of a year of the service, as in the example of its document.
YEAR = 365.0

#: A series with fewer dates has no fields: two more than the cubic model has coefficients.
LEAST_DATES = 8

_BLOCK = 4096


def egms_fields(days: ArrayLike, series: ArrayLike, millimetres: float | None = None) -> dict[str, NDArray[np.float64]]:
    """Velocity, acceleration, seasonality and their errors, by ordinary least squares.

    Parameters
    ----------
    days : array_like, shape (k,)
        Dates in days, ascending; years of 365 days count from the first.
    series : array_like, shape (n, k)
        Displacements, mm; NaN where a date is missing.
    millimetres : float, optional
        Displacement of one radian, mm; without it there is no ``temporal_coherence``.

    Returns
    -------
    dict of str to ndarray, shape (n,)
        :data:`FIELDS` (mm, mm/yr, mm/yr²), ``zero``, the cubic model on the first date (mm), and ``temporal_coherence``, that
        of the residuals of the linear model; NaN for series of fewer than eight dates or less than a year, and where these
        cannot tell the terms apart.
    """
    when, data = np.asarray(days, dtype=np.float64).ravel(), np.asarray(series)
    names = (*FIELDS, "zero") if millimetres is None else (*FIELDS, "zero", "temporal_coherence")
    made = {name: np.full(len(data), np.nan) for name in names}
    years = (when - when[0]) / YEAR
    for there, members in patterns_of(data):
        if there.sum() < LEAST_DATES or np.ptp(years[there]) < 1:
            continue
        models = [_Model(columns) for columns in _designs(years[there])]
        if any(model.is_singular for model in models):
            continue
        for first in range(0, members.size, _BLOCK):
            block = members[first : first + _BLOCK]
            _fill(made, block, np.asarray(data[np.ix_(block, there)].T, dtype=np.float64), models, millimetres)
    return made


def _designs(t: NDArray[np.float64]) -> Iterator[NDArray[np.float64]]:
    """Cubic, linear and quadratic, each with a cosine and a sine of one year, which stand last."""
    c, s, one = np.cos(2 * np.pi * t), np.sin(2 * np.pi * t), np.ones_like(t)
    yield np.column_stack([t**3, t**2, t, one, c, s])
    yield np.column_stack([t, one, c, s])
    yield np.column_stack([t**2 / 2, t, one, c, s])


class _Model:
    """Least squares with one matrix."""

    def __init__(self, columns: NDArray[np.float64]) -> None:
        self.columns = columns
        self.is_singular = not are_independent(columns)
        if not self.is_singular:
            q, r = np.linalg.qr(columns)
            inverse = np.linalg.inv(r)
            self.solver = inverse @ q.T
            self.q = np.diag(inverse @ inverse.T)

    def fit(self, series: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Coefficients (p, m) and residuals (k, m)."""
        found = self.solver @ series
        return found, series - self.columns @ found


def _fill(
    made: dict[str, NDArray[np.float64]],
    block: NDArray[np.int64],
    series: NDArray[np.float64],
    models: list[_Model],
    millimetres: float | None,
) -> None:
    cubic, linear, quadratic = models
    found, left = cubic.fit(series)
    rmse = np.sqrt((left**2).mean(axis=0))
    made["rmse"][block] = rmse
    made["seasonality"][block] = np.hypot(found[4], found[5])
    made["seasonality_std"][block] = rmse * np.sqrt((4 - np.pi) / 2 * (cubic.q[4] + cubic.q[5]) / 2)
    made["zero"][block] = found[3] + found[4]  # t is 0
    found, left = linear.fit(series)
    made["mean_velocity"][block] = found[0]
    made["mean_velocity_std"][block] = np.sqrt(linear.q[0]) * left.std(axis=0, ddof=1)
    if millimetres is not None:
        made["temporal_coherence"][block] = np.abs(np.exp(1j * left / millimetres).mean(axis=0))
    found, left = quadratic.fit(series)
    made["acceleration"][block] = found[0]
    made["acceleration_std"][block] = np.sqrt(quadratic.q[0]) * left.std(axis=0, ddof=1)
