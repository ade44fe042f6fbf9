"""The parameters of SNAP's operators that may stand in a graph: those that all versions from 9 to 14 know.

SNAP refuses a graph with an element that it does not know, so one name of a later version would break all earlier ones. The table
``operators.csv`` beside this module holds the portable names and the values that they may take.

Source: docs/method/snap.md, section 2.
"""

from __future__ import annotations

import csv
import functools
import math
from dataclasses import dataclass
from importlib import resources

from stamps.errors import ParameterError

__all__ = ["Parameter", "check_parameter", "operators", "spelt", "table"]

_WHOLE = ("int", "Integer")
_NUMBERS = (*_WHOLE, "double", "float")
_BOOLEAN = ("boolean", "Boolean")


@dataclass(frozen=True)
class Parameter:
    """A parameter of an operator.

    Attributes
    ----------
    operator, name : str
    type : str
        Its class in SNAP: ``String``, ``boolean``, ``int``, ``double``, ``File`` …
    allowed : str
        Values with ``|`` between them, or an interval such as ``(0, 1]``; empty for any.
    """

    operator: str
    name: str
    type: str
    allowed: str

    def trouble_with(self, value: str) -> str:
        """What is wrong with a value as it stands in a graph; empty if nothing is."""
        if value == "":  # an empty element: SNAP takes its default
            return "" if self.type in ("String", "String[]", "File", "Geometry", "Rectangle") else "is empty"
        if self.type in _BOOLEAN:
            return "" if value in ("true", "false") else "is neither true nor false"
        number = _number(value)
        if self.type in _NUMBERS and (number is None or (self.type in _WHOLE and not number.is_integer())):
            return f"is no {'whole ' if self.type in _WHOLE else ''}number"
        if self.allowed.startswith(("[", "(")):
            return "" if number is not None and _within(number, self.allowed) else f"is not in {self.allowed}"
        if self.allowed and value not in self.allowed.split("|"):
            return f"is none of {self.allowed.replace('|', ', ')}"
        return ""


@functools.cache
def table() -> dict[tuple[str, str], Parameter]:
    """The portable parameters, by operator and name."""
    text = resources.files("stamps.frontends.snap").joinpath("operators.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    return {
        (row["operator"], row["parameter"]): Parameter(row["operator"], row["parameter"], row["type"], row["allowed"])
        for row in rows
    }


def operators() -> tuple[str, ...]:
    """The operators of the table, in its order."""
    return tuple(dict.fromkeys(operator for operator, _ in table()))


def check_parameter(operator: str, name: str, value: str) -> None:
    """Refuse a parameter that is not portable, or a value that it cannot take.

    Parameters
    ----------
    operator, name, value : str
        As they stand in the graph.

    Raises
    ------
    ParameterError
    """
    parameter = table().get((operator, name))
    if parameter is None:
        raise ParameterError(f"SNAP's operator {operator} has no parameter '{name}' that all versions from 9 on know.")
    if trouble := parameter.trouble_with(value):
        raise ParameterError(f"The parameter {name} of SNAP's operator {operator} is '{value}', which {trouble}.")


def spelt(value: object) -> str:
    """A value as SNAP's graphs spell it: booleans in small letters, lists with commas, ``None`` as an empty element."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple | list):
        return ",".join(map(str, value))
    return str(value)


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _within(number: float, interval: str) -> bool:
    """Whether a number lies in an interval such as ``[1, *)``."""
    low, high = (end.strip() for end in interval[1:-1].split(","))
    above = low == "*" or number > float(low) or (interval[0] == "[" and number == float(low))
    below = high == "*" or number < float(high) or (interval[-1] == "]" and number == float(high))
    return above and below
