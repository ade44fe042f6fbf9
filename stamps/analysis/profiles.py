"""Values along a line: places of points along and beside it, statistics of equal bins. Arrays in, arrays out.

Source: docs/method/other_scripts.md, section 5.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stamps.errors import InputError, ParameterError
from stamps.insar.geometry import llh2local

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


__all__ = ["Bins", "along_line", "binned", "line_ends"]


@dataclass(frozen=True)
class Bins:
    """Statistics of equal bins.

    Attributes
    ----------
    centre : ndarray of float64, shape (n,)
    count : ndarray of int64, shape (n,)
        Finite values.
    mean, median, std : ndarray of float64, shape (n,)
        NaN where there is no value; std with the divisor count.
    """

    centre: NDArray[np.float64]
    count: NDArray[np.int64]
    mean: NDArray[np.float64]
    median: NDArray[np.float64]
    std: NDArray[np.float64]


def line_ends(start: ArrayLike, end: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Both ends of a line as arrays.

    Raises
    ------
    InputError
        One is no longitude and latitude, or they are the same.
    """
    ends = []
    for place in (start, end):
        try:
            numbers = np.ravel(np.asarray(place, np.float64))
        except (TypeError, ValueError):
            numbers = np.zeros(0)
        if numbers.size != 2 or not np.isfinite(numbers).all() or abs(numbers[1]) > 90 or abs(numbers[0]) > 360:
            raise InputError(f"{place} is no end of a line: give longitude and latitude in degrees.")
        ends.append(numbers)
    if np.array_equal(ends[0], ends[1]):
        raise InputError("Both ends of the line are the same place.")
    return ends[0], ends[1]


def along_line(
    lonlat: NDArray[np.float64], start: ArrayLike, end: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Places of points along and beside a line.

    Parameters
    ----------
    lonlat : ndarray, shape (n, 2)
        Degrees.
    start, end : array_like, shape (2,)
        Longitude and latitude in degrees.

    Returns
    -------
    distance, offset : ndarray of float64, shape (n,)
        Metres from the start in the direction of the end, and to the left of the line.
    length : float
        Metres.
    """
    first, last = line_ends(start, end)
    x, y = 1000 * llh2local(np.vstack([np.reshape(lonlat, (-1, 2)), last]), first).T
    angle = np.arctan2(y[-1], x[-1])
    distance = x * np.cos(angle) + y * np.sin(angle)
    offset = y * np.cos(angle) - x * np.sin(angle)
    return distance[:-1], offset[:-1], float(distance[-1])


def binned(distance: NDArray[np.float64], values: NDArray[np.floating], n_bins: int, low: float, high: float) -> Bins:
    """Statistics of the values in equal bins; the upper end belongs to the last one.

    Parameters
    ----------
    distance, values : ndarray, shape (n,)
        Values that are not finite do not count.
    n_bins : int
    low, high : float
        Ends of the first and the last bin.

    Raises
    ------
    ParameterError
        The number of bins is none.
    """
    if isinstance(n_bins, str) or n_bins != int(n_bins) or not 1 <= n_bins <= 100_000:
        raise ParameterError(f"The number of bins is {n_bins!r}, but a whole number from 1 was expected.")
    n_bins = int(n_bins)
    edges = np.linspace(low, high, n_bins + 1)
    used = np.isfinite(values) & (distance >= low) & (distance <= high)
    place = np.minimum(np.searchsorted(edges, distance[used], side="right") - 1, n_bins - 1)
    order = np.argsort(place, kind="stable")
    groups = np.split(np.asarray(values, np.float64)[used][order], np.searchsorted(place[order], np.arange(1, n_bins)))
    statistics = [(group.mean(), np.median(group), group.std()) if group.size else (np.nan,) * 3 for group in groups]
    mean, median, std = np.array(statistics, np.float64).T
    count = np.array([group.size for group in groups], np.int64)
    return Bins((edges[1:] + edges[:-1]) / 2, count, mean, median, std)
