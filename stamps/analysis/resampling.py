"""Series of different dates on common ones: linear between neighbours, nothing beyond them or across gaps.

Source: docs/method/decomposition.md, section 4.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from stamps.analysis.fitting import patterns_of
from stamps.errors import ParameterError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["common_days", "onto_days"]


def common_days(
    days: Sequence[ArrayLike], every: float | None = None, origin: float | None = None
) -> NDArray[np.float64]:
    """Days within the time that all series cover.

    Parameters
    ----------
    days : sequence of array_like
        Days of each series.
    every : float, optional
        Step of a regular series, days (default: all days of all series).
    origin : float, optional
        A day that the regular series would hold (default: the first common one).

    Returns
    -------
    ndarray, shape (k,)
        Ascending.

    Raises
    ------
    ParameterError
        A step that is none, or fewer than two common days.
    """
    parts = [np.unique(np.asarray(part, dtype=np.float64)) for part in days]
    first, last = max(part[0] for part in parts), min(part[-1] for part in parts)
    if every is None:
        found = np.unique(np.concatenate(parts))
        found = found[(found >= first) & (found <= last)]
    else:
        if not (np.isfinite(every) and every >= 1):
            raise ParameterError(f"A step of {every:g} days is not possible: give 1 or more.")
        start = first if origin is None else origin + np.ceil((first - origin) / every) * every
        found = start + every * np.arange(max(0, int(np.floor((last - start) / every + 1e-9)) + 1))
    if found.size < 2:
        raise ParameterError("The series have fewer than two dates in the time that all of them cover.")
    return found


def onto_days(
    days: ArrayLike, series: ArrayLike, std: ArrayLike, targets: ArrayLike, max_gap: float = 36.0
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Values between the dates of series.

    Parameters
    ----------
    days : array_like, shape (k,)
        Ascending.
    series : array_like, shape (n, k)
        NaN where a date is missing.
    std : array_like, shape (k,)
        Standard deviations of the dates, taken as independent.
    targets : array_like, shape (m,)
    max_gap : float
        Days between two neighbours across which nothing is interpolated.

    Returns
    -------
    ndarray, shape (n, m)
        NaN before the first date, after the last, and in gaps.
    ndarray, shape (n, m)
        Standard deviations of the interpolated values.
    """
    at, data = np.asarray(days, dtype=np.float64), np.asarray(series, dtype=np.float64)
    wanted, noise = np.asarray(targets, dtype=np.float64), np.asarray(std, dtype=np.float64)
    if not max_gap > 0:
        raise ParameterError(f"A gap of {max_gap:g} days is not possible: give a positive number.")
    values = np.full((len(data), wanted.size), np.nan)
    errors = values.copy()
    for there, members in patterns_of(data):
        if not there.any():
            continue
        known, sigma = at[there], noise[there]
        before, after, part, ok = _neighbours(known, wanted, max_gap)
        rows = np.ix_(members, np.flatnonzero(there))
        block = data[rows]
        made = (1 - part) * block[:, before] + part * block[:, after]
        variance = ((1 - part) * sigma[before]) ** 2 + (part * sigma[after]) ** 2
        values[members] = np.where(ok, made, np.nan)
        errors[members] = np.where(ok, np.sqrt(variance), np.nan)
    return values, errors


def _neighbours(
    known: NDArray[np.float64], wanted: NDArray[np.float64], max_gap: float
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.bool_]]:
    """Dates before and after, the part of the way from one to the other, and whether something may be said."""
    after = np.clip(np.searchsorted(known, wanted), 0, known.size - 1)
    exact = known[after] == wanted
    before = np.where(exact, after, np.maximum(after - 1, 0))
    gap = known[after] - known[before]
    inside = (wanted >= known[0]) & (wanted <= known[-1])
    part = np.where(gap > 0, (wanted - known[before]) / np.where(gap > 0, gap, 1), 0.0)
    return before, after, part, exact | (inside & (gap <= max_gap))
