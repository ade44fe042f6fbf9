"""Which model of the series is asked for: options of the shell, arguments of Python, or one text.

Source: docs/method/series.md, sections 1 and 3.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from stamps.analysis.checks import whole
from stamps.analysis.motion import Rules
from stamps.analysis.terms import Terms
from stamps.errors import InputError
from stamps.matlab.dates import day_number
from stamps.products.reference_choice import date_of

__all__ = ["ModelChoice", "event_of"]

Event = tuple[datetime.date, float]

_FLAGS = ("annual", "correlated", "classify")
_NUMBERS = {"degree": int, "alpha": float, "least_weight": float, "segment": int}
_LISTS = {"period": "periods", "step": "steps", "slope": "slopes", "exp": "exponentials", "log": "logarithms"}


def event_of(value: Any, what: str) -> Event:
    """Onset and characteristic time in days, from ``'20190101:30'`` or a pair.

    Raises
    ------
    InputError
        It is neither.
    """
    pair = value.split(":") if isinstance(value, str) else value
    try:
        day, days = pair
        return date_of(day, what), float(days)
    except (TypeError, ValueError):
        raise InputError(
            f"{what} is {value!r}, but a date and a time in days such as 20190101:30 were expected."
        ) from None


@dataclass(frozen=True)
class ModelChoice:
    """What a series is made of, and whether its kind of motion is told.

    Attributes
    ----------
    degree : int
        Of the polynomial, 0 to 3.
    annual : bool
        A motion of one year; also in the models of the kinds of motion.
    periods : tuple of float
        Further periods, years.
    steps, slopes : tuple of date
        After which the displacement, the velocity is another one.
    exponentials, logarithms : tuple of (date, float)
        Onset and characteristic time (days) of what an event leaves behind.
    correlated : bool
        Whether the noise of a series may be correlated in time.
    classify : bool
        Whether the kind of motion is told.
    weights : str
        ``'auto'`` (by the noise of the dates where it is known), ``'noise'`` (that, or an error) or ``'equal'``.
    alpha, least_weight, segment
        Rules of the kinds of motion: :class:`stamps.analysis.motion.Rules`.
    """

    degree: int = 1
    annual: bool = False
    periods: tuple[float, ...] = ()
    steps: tuple[datetime.date, ...] = ()
    slopes: tuple[datetime.date, ...] = ()
    exponentials: tuple[Event, ...] = ()
    logarithms: tuple[Event, ...] = ()
    correlated: bool = False
    classify: bool = False
    weights: str = "auto"
    alpha: float = 0.01
    least_weight: float = 0.75
    segment: int = 0

    @classmethod
    def of(cls, **given: Any) -> ModelChoice:
        """From the arguments of a caller: dates in any form, one or several of what there may be several of.

        Raises
        ------
        InputError
            There is no such argument, or a value cannot be read.
        """
        names = [field.name for field in fields(cls)]
        if unknown := [name for name in given if name not in names]:
            raise InputError(f"A model has no '{unknown[0]}': there are {', '.join(names)}.")
        known = {name: value for name, value in given.items() if value is not None}
        for name in ("steps", "slopes"):
            if name in known:
                known[name] = tuple(date_of(value, name) for value in _several(known[name]))
        for name in ("exponentials", "logarithms"):
            if name in known:
                known[name] = tuple(event_of(value, name) for value in _events(known[name]))
        for name in ("degree", "segment"):
            if name in known:
                known[name] = whole(known[name], name)
        if "periods" in known:
            known["periods"] = tuple(_years(value) for value in _several(known["periods"]))
        made = cls(**known)
        if made.weights not in ("auto", "noise", "equal"):
            raise InputError(f"The weights '{made.weights}' are unknown: auto, noise or equal.")
        made.terms(), made.rules()  # what they refuse is refused before anything is computed
        return made

    @classmethod
    def read(cls, given: ModelChoice | str | Mapping[str, Any] | bool) -> ModelChoice:
        """From one value: True is a line with the kinds of motion, a text ``'degree=2,annual,step=20190101,classify'``.

        Raises
        ------
        InputError
            A word of the text is unknown.
        """
        if isinstance(given, ModelChoice):
            return given
        if isinstance(given, Mapping):
            return cls.of(**given)
        if given is True or given == "":
            return cls(classify=True)
        found: dict[str, Any] = {}
        if not isinstance(given, str):
            raise InputError(f"The model is {given!r}, but a text, a mapping or True was expected.")
        for word in given.split(","):
            name, _, value = word.strip().partition("=")
            if name in found:
                raise InputError(f"'{name}' stands twice in the model '{given}'.")
            if name in _FLAGS and not value:
                found[name] = True
            elif name in _LISTS and value:
                found.setdefault(_LISTS[name], []).append(value)
            elif name in _NUMBERS and value:
                found[name] = _number(name, value)
            elif name == "weights":
                found[name] = value
            else:
                words = ", ".join([*_FLAGS, *(f"{name}=…" for name in [*_NUMBERS, *_LISTS, "weights"])])
                raise InputError(f"'{word}' says nothing about a model: there are {words}.")
        return cls.of(**found)

    @classmethod
    def read_if_any(cls, given: ModelChoice | str | Mapping[str, Any] | bool | None) -> ModelChoice | None:
        """The same; None where None or False says that no model is wanted."""
        return None if given is None or given is False else cls.read(given)

    def terms(self) -> Terms:
        """The terms of the model."""
        periods = ((1.0,) if self.annual else ()) + self.periods
        return Terms(
            self.degree,
            periods,
            tuple(_day(day) for day in self.steps),
            tuple(_day(day) for day in self.slopes),
            tuple((_day(day), days) for day, days in self.exponentials),
            tuple((_day(day), days) for day, days in self.logarithms),
        )

    def rules(self) -> Rules:
        """Of the kinds of motion."""
        return Rules(self.alpha, self.least_weight, self.segment, self.annual)

    def described(self) -> dict[str, Any]:
        """What JSON can hold."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: _plain(value) for name, value in values.items() if not (isinstance(value, tuple) and not value)}


def _years(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise InputError(f"A period is {value!r}, but a number of years was expected.") from None


def _day(date: datetime.date) -> int:
    return int(day_number(date))


def _several(value: Any) -> Sequence[Any]:
    return list(value) if isinstance(value, list | tuple | set | np.ndarray) else [value]


def _events(value: Any) -> Sequence[Any]:
    """Several events; one pair of a date and a number is one."""
    if not isinstance(value, list | tuple | np.ndarray) or (
        len(value) == 2 and isinstance(value[1], int | float) and value[1] < 1e6
    ):
        return [value]
    return list(value)


def _number(name: str, text: str) -> float:
    try:
        return _NUMBERS[name](text)
    except ValueError:
        raise InputError(f"{name} is '{text}', but a number was expected.") from None


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    return value.isoformat() if isinstance(value, datetime.date) else value
