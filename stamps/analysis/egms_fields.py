"""What EGMS tells of a series: velocity, acceleration, seasonality, rmse, as its document defines them.

Source: docs/method/decomposition.md, section 5.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from stamps.analysis.fitting import patterns_of

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["FIELDS", "LEAST_DATES", "egms_fields"]

#: In the order of the columns.
FIELDS = (
    "rmse",
    "mean_velocity",
    "mean_velocity_std",
    "acceleration",
    "acceleration_std",
    "seasonality",
    "seasonality_std",
)

#: A series with fewer dates has no fields.
LEAST_DATES = 9

_YEAR = 365.0  # days, as in EGMS's own example


def egms_fields(days: ArrayLike, series: ArrayLike) -> dict[str, NDArray[np.float64]]:
    """Fields of each series.

    Parameters
    ----------
    days : array_like, shape (k,)
        Ascending; years count from the first.
    series : array_like, shape (n, k)
        mm; NaN where a date is missing.

    Returns
    -------
    dict of str to ndarray, shape (n,)
        mm, mm/yr, mm/yr²; NaN of a series with fewer than 9 dates.
    """
    t = (np.asarray(days, dtype=np.float64) - np.min(days)) / _YEAR
    data = np.asarray(series, dtype=np.float64)
    found = {name: np.full(len(data), np.nan) for name in FIELDS}
    for there, members in patterns_of(data):
        if there.sum() >= LEAST_DATES:
            for name, values in _fields(t[there], data[np.ix_(members, np.flatnonzero(there))]).items():
                found[name][members] = values
    return found


def _fields(t: NDArray[np.float64], y: NDArray[np.float64]) -> Mapping[str, NDArray[np.float64]]:
    one, c, s = np.ones_like(t), np.cos(2 * np.pi * t), np.sin(2 * np.pi * t)
    cubic, q3, left3 = _fit(np.stack([t**3, t**2, t, one, c, s], axis=1), y)
    linear, q1, left1 = _fit(np.stack([t, one, c, s], axis=1), y)
    square, q2, left2 = _fit(np.stack([t**2 / 2, t, one, c, s], axis=1), y)
    rmse = np.sqrt((left3**2).mean(axis=1))
    return {
        "rmse": rmse,
        "mean_velocity": linear[:, 0],
        "mean_velocity_std": np.sqrt(q1[0]) * left1.std(axis=1, ddof=1),
        "acceleration": square[:, 0],
        "acceleration_std": np.sqrt(q2[0]) * left2.std(axis=1, ddof=1),
        "seasonality": np.hypot(cubic[:, 4], cubic[:, 5]),
        "seasonality_std": rmse * np.sqrt((4 - np.pi) / 2 * (q3[4] + q3[5]) / 2),
    }


def _fit(
    columns: NDArray[np.float64], y: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Coefficients (n, p), the diagonal of the inverse normal matrix (p,), residuals (n, k); NaN where it is singular."""
    if np.linalg.matrix_rank(columns) < columns.shape[1]:
        nothing = np.full((len(y), columns.shape[1]), np.nan)
        return nothing, nothing[0], np.full_like(y, np.nan)
    back = np.linalg.pinv(columns)
    found = y @ back.T
    return found, (back**2).sum(axis=1), y - found @ columns.T
