"""East and up on common dates.

Source: docs/method/decomposition.md, section 4.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from stamps.analysis.decomposition import Model, decompose
from stamps.analysis.resampling import common_days, onto_days
from stamps.errors import InputError
from stamps.insar.constants import DAYS_PER_YEAR
from stamps.matlab.dates import datestr, to_datetime64
from stamps.products.reference_choice import ReferenceChoice
from stamps.products.series import dates_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps.products.ground.joined import Joint, Reference
    from stamps.products.ground.looks import Look

__all__ = ["Sampling", "Series", "common_span", "series_of"]

_LEAST_PART = 0.75  # of a project's time that the common one should be


@dataclass(frozen=True)
class Sampling:
    """Dates of the series.

    Attributes
    ----------
    every : float, optional
        Days between them (default: all dates of all projects).
    max_gap : float
        Days without an image across which nothing is interpolated.
    origin : float, optional
        Datenum that a regular series counts from.
    zero : datetime.date, optional
        Date on which displacements are 0 (default: the first on which all looks of a cell are known).
    """

    every: float | None = None
    max_gap: float = 36.0
    origin: float | None = None
    zero: datetime.date | None = None


@dataclass(frozen=True)
class Series:
    """East (or along the azimuth) and up on common days.

    Attributes
    ----------
    days : ndarray, shape (k,)
        Datenum.
    east, up, east_std, up_std : ndarray, shape (c, k)
        mm since the first day, or that of ``zero``; NaN in gaps. Errors NaN where those of the dates are not known.
    zero : int or None
        Number of the day on which displacements are 0; None: the first one known of each cell.
    """

    days: NDArray[np.float64]
    east: NDArray[np.float64]
    up: NDArray[np.float64]
    east_std: NDArray[np.float64]
    up_std: NDArray[np.float64]
    zero: int | None = None


def common_span(names: Sequence[str], days: Sequence[NDArray[np.float64]]) -> tuple[tuple[float, float], list[str]]:
    """First and last day that all projects cover, and warnings.

    Raises
    ------
    InputError
        A project with one date, or no time in common.
    """
    for name, part in zip(names, days, strict=True):
        if np.unique(part).size < 3:
            raise InputError(f"{name} has {np.unique(part).size} dates, but a velocity needs three.")
    first, last = max(part.min() for part in days), min(part.max() for part in days)
    if first >= last:
        spans = ", ".join(
            f"{name} {datestr(part.min())} to {datestr(part.max())}" for name, part in zip(names, days, strict=True)
        )
        raise InputError(f"The projects have no time in common: {spans}.")
    told = [
        f"{name} covers {datestr(part.min())} to {datestr(part.max())}, but only {datestr(first)} to {datestr(last)} is common: "
        "velocities are of that time."
        for name, part in zip(names, days, strict=True)
        if last - first < _LEAST_PART * (part.max() - part.min())
    ]
    return (float(first), float(last)), told


def series_of(
    looks: Sequence[Look], joint: Joint, model: Model, sampling: Sampling, reference: Reference | None
) -> Series:
    """Decompose the displacements of the cells, date by date.

    Raises
    ------
    ParameterError
        Fewer than two common dates, or a step or gap that is none.
    """
    days = common_days([look.days for look in looks], sampling.every, sampling.origin)
    known = all(np.isfinite(look.noise).all() for look in looks)
    values = np.empty((len(joint.lonlat), len(looks), days.size))
    errors = np.empty_like(values)
    for number, look in enumerate(looks):
        cells, divisor = joint.series(looks, number)
        noise = look.noise if known else np.ones_like(look.noise)
        values[:, number], each = onto_days(look.days, cells, noise, days, sampling.max_gap)
        share = 1 / divisor[:, None] ** 2 + (0 if reference is None else 1 / reference.pixels[number])
        errors[:, number] = each * np.sqrt(share)
    chosen = ReferenceChoice(sampling.zero).position(dates_of(days))
    if chosen is not None:
        _check_known(values, days, chosen, sampling.max_gap)
    start = _first_known(values) if chosen is None else np.full(len(values), chosen)
    values = values - np.take_along_axis(values, start[:, None, None], axis=2)
    years = (days[None] - days[start][:, None]) / DAYS_PER_YEAR
    found = _date_by_date(days, values, errors, joint.vectors, model, years, start, known)
    return replace(found, zero=chosen)


def _check_known(values: NDArray[np.float64], days: NDArray[np.float64], zero: int, max_gap: float) -> None:
    """InputError where no cell has a value of all looks on the reference date, though some have on others."""
    known: NDArray[np.bool_] = np.any(np.isfinite(values).all(axis=1), axis=0)
    if known.any() and not known[zero]:
        there = np.flatnonzero(known)
        date, nearest = to_datetime64(days[[zero, there[np.argmin(np.abs(days[there] - days[zero]))]]])
        raise InputError(
            f"reference_date is {date}, which lies in a gap of more than {max_gap:g} days of one of the projects: the nearest "
            f"date that all know is {nearest}; or allow for longer gaps (max_gap)."
        )


def _first_known(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """The first date of each cell on which all looks are known, shape (c,)."""
    return np.argmax(np.isfinite(values).all(axis=1), axis=1)


def _date_by_date(
    days: NDArray[np.float64],
    values: NDArray[np.float64],
    errors: NDArray[np.float64],
    vectors: NDArray[np.float64],
    model: Model,
    years: NDArray[np.float64],
    start: NDArray[np.int64],
    known: bool,
) -> Series:
    """Solve each date for cells of the same zero; errors hold those of the zero, too."""
    shape = len(values), days.size
    east, up, east_std, up_std = (np.full(shape, np.nan) for _ in range(4))
    for first in np.unique(start):
        rows = start == first
        for k in range(days.size):
            then = _after(model, float(years[np.argmax(rows), k]))
            found = decompose(vectors[rows], values[rows, :, k], errors[rows, :, k], then)
            east[rows, k], up[rows, k] = found.east, found.up
            east_std[rows, k], up_std[rows, k] = found.east_std, found.up_std
    for std in (east_std, up_std):
        at_zero = np.take_along_axis(std, start[:, None], axis=1)
        std[:] = np.where(np.arange(days.size) == start[:, None], 0 * std, np.hypot(std, at_zero))
        if not known:
            std[:] = np.nan
    return Series(days, east, up, east_std, up_std)


def _after(model: Model, years: float) -> Model:
    """What is assumed of the displacement after a time."""
    if not (model.north or model.north_std):
        return model
    if model.constrain and years == 0:
        return Model()
    return replace(model, north=model.north * years, north_std=model.north_std * abs(years))
