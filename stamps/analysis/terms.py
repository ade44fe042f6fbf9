"""Terms of a model of displacement in time, and the matrix whose columns they are.

Source: docs/method/series.md, section 1.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stamps.analysis.checks import whole
from stamps.errors import ParameterError
from stamps.insar.constants import DAYS_PER_YEAR
from stamps.matlab.dates import to_yyyymmdd

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["Design", "Terms", "are_independent", "design_of"]

#: Terms are told apart where the smallest singular value of the scaled matrix is not below this part of the largest.
RANK = 1e-8

_POLYNOMIAL = ("offset", "velocity", "acceleration", "jerk")
_POLYNOMIAL_UNITS = ("mm", "mm/yr", "mm/yr2", "mm/yr3")


@dataclass(frozen=True)
class Terms:
    """What a model consists of.

    Attributes
    ----------
    degree : int
        Of the polynomial, 0 to 3; its coefficients are value, velocity, acceleration … at the reference day.
    periods : tuple of float
        Years; each is a cosine and a sine.
    steps : tuple of int
        Days (datenum) after which the displacement is another one.
    slopes : tuple of int
        Days after which the velocity is another one.
    exponentials, logarithms : tuple of (int, float)
        Onset (datenum) and characteristic time (days) of what decays or slows down after an event.

    Raises
    ------
    ParameterError
        A degree, period or time that no model has, or a term that stands twice.
    """

    degree: int = 1
    periods: tuple[float, ...] = ()
    steps: tuple[int, ...] = ()
    slopes: tuple[int, ...] = ()
    exponentials: tuple[tuple[int, float], ...] = ()
    logarithms: tuple[tuple[int, float], ...] = ()

    def __post_init__(self) -> None:
        if whole(self.degree, "degree") > 3:
            raise ParameterError(f"The degree of the polynomial is {self.degree}, but 0, 1, 2 or 3 are possible.")
        for period in self.periods:
            if not (math.isfinite(period) and period > 0):
                raise ParameterError(f"A period of {period} years is not possible: it is a positive number.")
        for _, scale in (*self.exponentials, *self.logarithms):
            if not (math.isfinite(scale) and scale > 0):
                raise ParameterError(f"A characteristic time of {scale} days is not possible: it is a positive number.")
        for name in ("periods", "steps", "slopes", "exponentials", "logarithms"):
            given = [_said(value) for value in getattr(self, name)]
            if twice := [words for words in given if given.count(words) > 1]:
                raise ParameterError(f"{twice[0]} stands twice among the {name}.")

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the coefficients, in the order of the columns."""
        periodic = [f"{part}_{period:g}yr" for period in self.periods for part in ("cos", "sin")]
        return (
            *_POLYNOMIAL[: self.degree + 1],
            *periodic,
            *(f"step_{to_yyyymmdd(day)}" for day in self.steps),
            *(f"slope_{to_yyyymmdd(day)}" for day in self.slopes),
            *(f"exp_{to_yyyymmdd(day)}_{scale:g}d" for day, scale in self.exponentials),
            *(f"log_{to_yyyymmdd(day)}_{scale:g}d" for day, scale in self.logarithms),
        )

    @property
    def units(self) -> tuple[str, ...]:
        """Their units, of displacements in mm."""
        others = len(self.exponentials) + len(self.logarithms)
        return (
            *_POLYNOMIAL_UNITS[: self.degree + 1],
            *["mm"] * (2 * len(self.periods) + len(self.steps)),
            *["mm/yr"] * len(self.slopes),
            *["mm"] * others,
        )

    @property
    def size(self) -> int:
        """Number of coefficients."""
        return len(self.names)


@dataclass(frozen=True)
class Design:
    """The matrix of a model on the dates of a series.

    Attributes
    ----------
    terms : Terms
    days : ndarray of float, shape (k,)
        Dates, datenum.
    matrix : ndarray, shape (k, p)
        Its polynomial and its periods count from the middle of the series.
    to_reference : ndarray, shape (p, p)
        Coefficients of ``matrix`` times it from the left are those that count from the reference day.
    reference_day : float
        Datenum.
    """

    terms: Terms
    days: NDArray[np.float64]
    matrix: NDArray[np.float64]
    to_reference: NDArray[np.float64]
    reference_day: float


def design_of(days: ArrayLike, terms: Terms, reference_day: float | None = None) -> Design:
    """Build the matrix of a model.

    Parameters
    ----------
    days : array_like, shape (k,)
        Dates, datenum, ascending.
    terms : Terms
    reference_day : float, optional
        Datenum on which value, velocity and acceleration are told, and from which phases of periods count (default: the first).

    Returns
    -------
    Design

    Raises
    ------
    ParameterError
        Too few dates, a day outside the series, a year of data missing for an annual term, or terms that these dates cannot tell
        apart; the message names the term.
    """
    when = np.asarray(days, dtype=np.float64).ravel()
    if when.size < terms.size + 3:
        raise ParameterError(
            f"A model of {terms.size} coefficients needs {terms.size + 3} dates at least; there are {when.size}."
        )
    if not np.all(np.diff(when) > 0):
        raise ParameterError("The dates of a series must ascend, and none may stand twice.")
    _check_days(when, terms)
    reference = float(when[0]) if reference_day is None else float(reference_day)
    middle = (when[0] + when[-1]) / 2
    matrix = np.stack([*_columns(when, terms, middle)], axis=1)
    _check_rank(matrix, terms)
    return Design(terms, when, matrix, _moved(terms, (reference - middle) / DAYS_PER_YEAR), reference)


def _columns(days: NDArray[np.float64], terms: Terms, origin: float) -> Iterable[NDArray[np.float64]]:
    t = (days - origin) / DAYS_PER_YEAR
    for power in range(terms.degree + 1):
        yield t**power / math.factorial(power)
    for period in terms.periods:
        yield np.cos(2 * np.pi * t / period)
        yield np.sin(2 * np.pi * t / period)
    for day in terms.steps:
        yield (days > day).astype(np.float64)
    for day in terms.slopes:
        yield np.maximum(0.0, (days - day) / DAYS_PER_YEAR)
    for day, scale in terms.exponentials:
        yield -np.expm1(-np.maximum(0.0, days - day) / scale)
    for day, scale in terms.logarithms:
        yield np.log1p(np.maximum(0.0, days - day) / scale)


def _moved(terms: Terms, years: float) -> NDArray[np.float64]:
    """Matrix from coefficients that count from one day to those that count from a day ``years`` later."""
    moved = np.eye(terms.size)
    for k in range(terms.degree + 1):
        for j in range(k, terms.degree + 1):
            moved[k, j] = years ** (j - k) / math.factorial(j - k)
    first = terms.degree + 1
    for n, period in enumerate(terms.periods):
        angle = 2 * np.pi * years / period
        rows = slice(first + 2 * n, first + 2 * n + 2)
        moved[rows, rows] = [[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]
    return moved


# ---------------------------------------------------------------------- checks


def _check_days(days: NDArray[np.float64], terms: Terms) -> None:
    first, last = days[0], days[-1]
    within = f"the series is of {_said(int(first))} to {_said(int(last))}"
    for day in (*terms.steps, *terms.slopes):
        if not first <= day < last:
            raise ParameterError(f"Nothing can be said of a change on {_said(day)}: {within}.")
    for day, _ in (*terms.exponentials, *terms.logarithms):
        if day >= last:
            raise ParameterError(f"Nothing can be said of an event on {_said(day)}: {within}.")
    span, nearest = (last - first) / DAYS_PER_YEAR, float(np.diff(days).min())
    for period in terms.periods:
        if span < period:
            raise ParameterError(
                f"A period of {period:g} years cannot be told from a trend in {span:.2f} years: leave it out."
            )
        if period * DAYS_PER_YEAR < 2 * nearest:
            raise ParameterError(
                f"A period of {period:g} years is shorter than two of the shortest interval of the dates ({nearest:g} days): "
                "leave it out."
            )


def are_independent(columns: NDArray[np.float64]) -> bool:
    """Whether the columns (k, p) of a matrix, brought to length one, can be told apart (:data:`RANK`)."""
    norms = np.sqrt((columns**2).sum(axis=0))
    if not norms.all():
        return False
    values = np.linalg.svd(columns / norms, compute_uv=False)
    return bool(values[-1] >= RANK * values[0])


def _check_rank(matrix: NDArray[np.float64], terms: Terms) -> None:
    if are_independent(matrix):
        return
    for n, name in enumerate(terms.names):  # the first that those before it hold already
        if not matrix[:, n].any():
            raise ParameterError(f"No date tells anything of {name}: leave it out.")
        if not are_independent(matrix[:, : n + 1]):
            raise ParameterError(f"These dates cannot tell {name} from {', '.join(terms.names[:n])}: leave it out.")


def _said(value: float | tuple[int, float]) -> str:
    """A day as yyyy-mm-dd, an event by its day, a period in years."""
    if isinstance(value, tuple):
        return f"{_said(value[0])} with {value[1]:g} days"
    if isinstance(value, int):
        return str(datetime.datetime.strptime(str(to_yyyymmdd(value)), "%Y%m%d").date())
    return f"{value:g} years"
