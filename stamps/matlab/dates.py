"""Day numbers and date texts (docs/method/conventions.md, sections 5 and 6)."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any, overload

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray


__all__ = ["datenum", "datestr", "day_number", "now_string", "to_datetime64", "to_yyyymmdd", "today_string"]

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

# day 1 is 1-Jan-0000, a leap year before the first year that Python counts
_YEAR_ZERO = 366


def day_number(date: datetime.date) -> float:
    """Day number of a date, counted with 1-Jan-0000 as day 1: 2015-02-20 gives 736015."""
    return float(date.toordinal() + _YEAR_ZERO)


def _one_datenum(value: float) -> float:
    text = f"{value:.15g}"
    if not np.isfinite(value) or value != int(value):
        raise ValueError(f"The date {text} is not a whole number yyyymmdd.")
    value = int(value)
    year = value // 10_000
    month = (value - 10_000 * year) // 100
    day = value - 10_000 * year - 100 * month
    try:
        return day_number(datetime.date(year, month, day))
    except ValueError as error:
        raise ValueError(f"The date {text} is not a valid date yyyymmdd: {error}.") from None


def _to_date(number: float) -> datetime.date:
    number = float(number)
    if not np.isfinite(number):
        raise ValueError(f"The day number {number} is not a date.")
    try:
        return datetime.date.fromordinal(int(np.floor(number)) - _YEAR_ZERO)
    except (ValueError, OverflowError):
        raise ValueError(f"The day number {number:.15g} lies outside the years 1 to 9999.") from None


@overload
def datenum(yyyymmdd: float | np.number[Any]) -> float: ...
@overload
def datenum(yyyymmdd: NDArray[Any] | Sequence[Any]) -> NDArray[np.float64]: ...
def datenum(yyyymmdd: ArrayLike) -> NDArray[np.float64] | float:
    """Return the day number of dates, counted with 1-Jan-0000 as day 1.

    Parameters
    ----------
    yyyymmdd : int or array_like of int, any shape
        Dates as numbers, e.g. 20150220.

    Returns
    -------
    float or ndarray of float64, same shape
        20150220 gives 736015.

    Raises
    ------
    ValueError
        If a number is not a date of the calendar.
    """
    values = np.asarray(yyyymmdd)
    numbers = [_one_datenum(value) for value in values.ravel().tolist()]
    return numbers[0] if values.ndim == 0 else np.array(numbers, dtype=np.float64).reshape(values.shape)


@overload
def to_yyyymmdd(datenum: float | np.number[Any]) -> int: ...
@overload
def to_yyyymmdd(datenum: NDArray[Any] | Sequence[Any]) -> NDArray[np.int64]: ...
def to_yyyymmdd(datenum: ArrayLike) -> NDArray[np.int64] | int:
    """Return the date of day numbers as numbers yyyymmdd; a part of a day is ignored.

    Parameters
    ----------
    datenum : float or array_like of float, any shape

    Returns
    -------
    int or ndarray of int64, same shape

    Raises
    ------
    ValueError
        If a number lies outside the years 1 to 9999.
    """
    values = np.asarray(datenum)
    dates = [_to_date(value) for value in values.ravel().tolist()]
    numbers = [10_000 * d.year + 100 * d.month + d.day for d in dates]
    return numbers[0] if values.ndim == 0 else np.array(numbers, dtype=np.int64).reshape(values.shape)


def to_datetime64(datenum: ArrayLike) -> NDArray[np.datetime64]:
    """Return the date of day numbers as NumPy dates; a part of a day is ignored.

    Parameters
    ----------
    datenum : float or array_like of float, any shape

    Returns
    -------
    ndarray of datetime64[D], same shape
        736015 gives 2015-02-20.

    Raises
    ------
    ValueError
        If a number lies outside the years 1 to 9999.
    """
    values = np.asarray(datenum)
    return np.array([_to_date(value) for value in values.ravel().tolist()], dtype="datetime64[D]").reshape(values.shape)


def _text(date: datetime.date) -> str:
    return f"{date.day:02d}-{_MONTHS[date.month - 1]}-{date.year:04d}"


def datestr(datenum: float) -> str:
    """Return the date of a day number as ``dd-mmm-yyyy`` with English months, whatever the locale.

    Parameters
    ----------
    datenum : float
        A part of a day is ignored.

    Returns
    -------
    str
        736015 gives ``20-Feb-2015``.

    Raises
    ------
    ValueError
        If the number lies outside the years 1 to 9999.
    """
    return _text(_to_date(datenum))


def now_string() -> str:
    """Return the local date and time as ``dd-mmm-yyyy HH:MM:SS``."""
    now = datetime.datetime.now()
    return f"{_text(now)} {now.hour:02d}:{now.minute:02d}:{now.second:02d}"


def today_string() -> str:
    """Return the local date as ``dd-mmm-yyyy``."""
    return _text(datetime.date.today())
