"""What the European Ground Motion Service says of a series: three polynomials with a motion of one year.

Source: docs/method/egms.md, section 3.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from stamps.analysis.fitting import patterns_of
from stamps.insar.constants import DAYS_PER_YEAR

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["EGMS_FIELDS", "egms_fields"]

#: Names of what is computed, in the order of the columns; ``zero`` is the cubic model on the first date.
EGMS_FIELDS = (
    "rmse",
    "temporal_coherence",
    "mean_velocity",
    "mean_velocity_std",
    "acceleration",
    "acceleration_std",
    "seasonality",
    "seasonality_std",
    "zero",
)

_LEAST = 8  # dates: two more than the cubic model has coefficients
_BLOCK = 4096
_SINGULAR = 1e-8


def egms_fields(days: ArrayLike, series: ArrayLike, millimetres: float) -> dict[str, NDArray[np.float64]]:
    """Velocity, acceleration, seasonality and their errors, by ordinary least squares.

    Parameters
    ----------
    days : array_like, shape (k,)
        Dates in days, ascending; years of 365.25 days count from the first.
    series : array_like, shape (n, k)
        Displacements, mm; NaN where a date is missing.
    millimetres : float
        Displacement of one radian, mm.

    Returns
    -------
    dict of str to ndarray, shape (n,)
        :data:`EGMS_FIELDS`; NaN for series of fewer than eight dates or less than a year, and where these cannot
        tell the terms apart.
    """
    when, data = np.asarray(days, dtype=np.float64).ravel(), np.asarray(series)
    made = {name: np.full(len(data), np.nan) for name in EGMS_FIELDS}
    years = (when - when[0]) / DAYS_PER_YEAR
    for there, members in patterns_of(data):
        if there.sum() < _LEAST or np.ptp(years[there]) < 1:
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
        values = np.linalg.svd(columns / np.sqrt((columns**2).sum(axis=0)), compute_uv=False)
        self.is_singular = bool(values[-1] < _SINGULAR * values[0])
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
    millimetres: float,
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
    made["temporal_coherence"][block] = np.abs(np.exp(1j * left / millimetres).mean(axis=0))
    found, left = quadratic.fit(series)
    made["acceleration"][block] = found[0]
    made["acceleration_std"][block] = np.sqrt(quadratic.q[0]) * left.std(axis=0, ddof=1)
