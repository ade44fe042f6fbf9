"""Columns of a table that say what was found of the series: coefficients, kinds of motion.

Names have ten characters at the most, which is what a shapefile holds.

Source: docs/method/series.md, section 4.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.analysis.fitting import Fit
from stamps.analysis.motion import Classes
from stamps.insar.constants import DAYS_PER_YEAR
from stamps.products.exports.table import Field
from stamps.products.series import dates_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["class_fields", "fit_fields"]

_POLYNOMIAL = ("offset", "velocity", "accel", "jerk")
_POLYNOMIAL_SD = ("offset_sd", "vel_sd", "accel_sd", "jerk_sd")
_P = 6  # digits of probabilities


def fit_fields(fit: Fit, white: Fit | None, reference: datetime.date) -> list[Field]:
    """Columns of a fitted model.

    Parameters
    ----------
    fit : Fit
    white : Fit, optional
        The same with white noise, where ``fit`` is with correlated noise.
    reference : date
        On which value, velocity and acceleration are told.

    Returns
    -------
    list of Field
    """
    made = [*_coefficients(fit, reference), *_periods(fit, reference)]
    if white is not None:
        if "velocity" in fit.design.terms.names:
            std = white.of("velocity")[1]
            made.append(_field("vel_sd_wh", std, "mm/yr", "standard error of velocity if noise were white"))
        made.append(_field("corr_days", fit.correlation_days, "d", "correlation time of the noise", 1))
    made += [
        _field("rmse", fit.rmse, "mm", "rms of what the model leaves"),
        _field("r2", fit.r2, "", "part of the variance that the model explains", 4),
        _field("n_dates", fit.n_dates, "", "dates with a value", 0),
    ]
    return made


def _coefficients(fit: Fit, reference: datetime.date) -> Iterator[Field]:
    terms = fit.design.terms
    for (short, short_sd, meaning), name, unit in zip(_named(fit, reference), terms.names, terms.units, strict=True):
        value, std = fit.of(name)
        yield _field(short, value, unit, f"{meaning}, of the model")
        yield _field(short_sd, std, unit, f"standard error of {short}")


def _named(fit: Fit, reference: datetime.date) -> Iterator[tuple[str, str, str]]:
    """Name of each coefficient and of its error, and what it is."""
    terms = fit.design.terms
    words = ("displacement", "velocity", "acceleration", "change of the acceleration")
    for power in range(terms.degree + 1):
        yield _POLYNOMIAL[power], _POLYNOMIAL_SD[power], f"{words[power]} on {reference}"
    for start, period in _starts(terms.periods):
        for part, word in (("cos", "cosine"), ("sin", "sine")):
            yield f"{start}_{part}", f"{start}_{part}_sd", f"{word} of the period of {period:g} yr from {reference}"
    for kind, days, word in (("step", terms.steps, "jump"), ("slope", terms.slopes, "change of the velocity")):
        for number, day in enumerate(days, 1):
            yield f"{kind}{number}", f"{kind}{number}_sd", f"{word} after {dates_of(day)[0]}"
    for kind, events in (("exp", terms.exponentials), ("log", terms.logarithms)):
        for number, (day, scale) in enumerate(events, 1):
            about = f"{'exponential' if kind == 'exp' else 'logarithm'} from {dates_of(day)[0]} with {scale:g} d"
            yield f"{kind}{number}", f"{kind}{number}_sd", about


def _starts(periods: tuple[float, ...]) -> list[tuple[str, float]]:
    """``ann`` for the motion of a year, ``p1`` … for the others."""
    found, number = [], 0
    for period in periods:
        number += period != 1
        found.append(("ann" if period == 1 else f"p{number}", period))
    return found


def _periods(fit: Fit, reference: datetime.date) -> Iterator[Field]:
    for number, (start, period) in enumerate(_starts(fit.design.terms.periods)):
        found = fit.annual(number)
        about = f"of the period of {period:g} yr"
        yield _field(f"{start}_amp", found.amplitude, "mm", f"amplitude {about}")
        yield _field(f"{start}_amp_sd", found.amplitude_std, "mm", f"standard error of {start}_amp")
        yield _field(f"{start}_day", found.day, "d", f"days after {reference} on which it is largest", 1)
        yield _field(f"{start}_day_sd", found.day_std, "d", f"standard error of {start}_day", 1)
        yield _field(f"{start}_p", found.p, "", f"probability {about} by chance (F-test)", _P)
        if period == 1:
            day = np.mod(reference.timetuple().tm_yday - 1 + found.day, DAYS_PER_YEAR) + 1
            yield _field("ann_doy", day, "d", "day of the year on which it is largest, from 1", 1)


#: Column, attribute of Classes, unit, meaning, digits.
_CLASSES = (
    ("ts_type", "motion", "", "kind of motion: 0 none, 1 steady, 2 accelerating, 3 two velocities, 4 jump, 5 both", 0),
    ("p_linear", "p_linear", "", "probability of the line by chance (F-test)", _P),
    ("p_quad", "p_quadratic", "", "probability of the parabola by chance, against the line", _P),
    ("w_best", "weight", "", "weight of the chosen kind among all", 4),
    ("v", "velocity", "mm/yr", "velocity of the line", 3),
    ("v_std", "velocity_std", "mm/yr", "standard error of v, white noise", 3),
    ("acc", "acceleration", "mm/yr2", "acceleration of the parabola", 3),
    ("acc_std", "acceleration_std", "mm/yr2", "standard error of acc", 3),
    ("t_break", "break_day", "", "last date before the change", None),
    ("t_first", "break_first", "", "first date that would do almost as well as t_break", None),
    ("t_last", "break_last", "", "last date that would do almost as well as t_break", None),
    ("v1", "velocity_before", "mm/yr", "velocity before the change", 3),
    ("v2", "velocity_after", "mm/yr", "velocity after the change", 3),
    ("dv", "velocity_change", "mm/yr", "change of the velocity", 3),
    ("dv_std", "velocity_change_std", "mm/yr", "standard error of dv", 3),
    ("jump", "jump", "mm", "jump", 3),
    ("jump_std", "jump_std", "mm", "standard error of jump", 3),
    ("ts_rmse", "rmse", "mm", "rms of what the chosen kind leaves", 3),
    ("ts_r2", "r2", "", "part of the variance that the chosen kind explains", 4),
    ("cycle_jump", "cycle_jump", "", "1: the jump is near a multiple of half a wavelength, as errors of unwrapping are", 0),
)  # fmt: skip


def class_fields(classes: Classes) -> list[Field]:
    """Columns of the kinds of motion.

    Parameters
    ----------
    classes : Classes

    Returns
    -------
    list of Field
    """
    made = []
    for name, attribute, unit, meaning, digits in _CLASSES:
        values: NDArray[Any] = getattr(classes, attribute)
        if digits is None:
            made.append(Field(name, _dates(values), unit, meaning, None, True))
            continue
        numbers = np.asarray(values, dtype=np.float64)
        if name == "ts_type":
            numbers = np.where(classes.motion < 0, np.nan, numbers)
        elif name == "cycle_jump":
            numbers = np.where(classes.motion < 0, np.nan, numbers)
        made.append(_field(name, numbers, unit, meaning, digits))
    return made


def _dates(days: NDArray[np.float64]) -> NDArray[np.str_]:
    """yyyy-mm-dd of datenums, empty where there is none."""
    found, of = np.unique(np.nan_to_num(days, nan=0.0), return_inverse=True)
    texts = np.array([dates_of(day)[0].isoformat() if day else "" for day in found], dtype="U10")
    return texts[np.ravel(of)]


def _field(name: str, values: NDArray[Any], unit: str, meaning: str, digits: int = 3) -> Field:
    return Field(name, np.asarray(values, dtype=np.float64), unit, meaning, digits, True)
