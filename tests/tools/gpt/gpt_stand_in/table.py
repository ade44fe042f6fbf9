"""Operators and parameters as SNAP declares them, and what values they take."""

from __future__ import annotations

import csv
import os
import re
from dataclasses import dataclass
from pathlib import Path

from .errors import Refused

_CSV = Path(__file__).resolve().parents[3] / "fixtures" / "snap_operators.csv"
_COPERNICUS = "Copernicus"  # heights that version 8 does not know
_INTERVAL = re.compile(r"([\[(])\s*(\S+)\s*,\s*(\S+)\s*([\])])")


@dataclass(frozen=True)
class Parameter:
    """A parameter: its Java type, its default and what it takes."""

    name: str
    java_type: str
    default: str
    allowed: str
    portable: bool

    @property
    def choices(self) -> list[str]:
        """The values that it takes; none where any will do, or an interval says it."""
        if "|" in self.allowed:
            return [value for value in self.allowed.split("|") if version() > 8 or not value.startswith(_COPERNICUS)]
        return [] if _INTERVAL.fullmatch(self.allowed) else self.allowed.split()

    def check(self, text: str) -> None:
        """Refuse a text that SNAP would not convert or not accept."""
        _check_type(self, text)
        if self.choices and text not in self.choices:
            raise Refused(f"Value for '{_words(self.name)}' is invalid: '{text}'")
        interval = _INTERVAL.fullmatch(self.allowed)
        if interval and not _within(float(text), *interval.groups()):
            raise Refused(f"Value for '{_words(self.name)}' is out of range {self.allowed}.")


def version() -> int:
    """Version of SNAP that is stood in for."""
    return int(os.environ.get("GPT_VERSION", "13"))


def operators() -> dict[str, dict[str, Parameter]]:
    """Operator to its parameters by name, those that the version knows."""
    known: dict[str, dict[str, Parameter]] = {}
    with open(_CSV, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            parameter = Parameter(
                row["parameter"], row["java_type"], row["default_in_14"], row["allowed"], row["portable"] == "y"
            )
            names = known.setdefault(row["operator"], {})
            if parameter.portable or version() >= 14:
                names[parameter.name] = parameter
    return known


def _check_type(parameter: Parameter, text: str) -> None:
    kind = parameter.java_type.lower()
    if kind == "boolean" and text not in ("true", "false"):
        raise Refused(f"Value for '{_words(parameter.name)}' is invalid: '{text}' is not a boolean.")
    if kind in ("int", "integer", "double", "float"):
        try:
            int(text) if kind.startswith("int") else float(text)
        except ValueError:
            raise Refused(f"Value for '{_words(parameter.name)}' must be a number: '{text}'") from None
    if kind in ("geometry", "polygon"):
        corners_of(text)


def corners_of(wkt: str) -> list[tuple[float, float]]:
    """Corners (longitude, latitude) of a polygon in WKT."""
    match = re.fullmatch(r"\s*POLYGON\s*\(\(([^()]*)\)\)\s*", wkt)
    try:
        corners = [tuple(map(float, pair.split())) for pair in match.group(1).split(",")] if match else []
    except ValueError:
        corners = []
    if len(corners) < 4 or any(len(corner) != 2 for corner in corners):
        raise Refused(f"Cannot convert '{wkt}' to a geometry: Expected a closed POLYGON.")
    if corners[0] != corners[-1]:
        raise Refused("Points of LinearRing do not form a closed linestring")
    return [(corner[0], corner[1]) for corner in corners]


def _within(value: float, left: str, low: str, high: str, right: str) -> bool:
    above = low == "*" or value > float(low) or (left == "[" and value == float(low))
    below = high == "*" or value < float(high) or (right == "]" and value == float(high))
    return above and below


def _words(name: str) -> str:
    """``demName`` as SNAP shows it: ``Dem Name``."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return words[:1].upper() + words[1:]
