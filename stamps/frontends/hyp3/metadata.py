"""The text file beside the rasters of a product: lines ``Key: value``.

Source: docs/method/hyp3.md, section 2.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stamps.errors import InputError
from stamps.workspace.plain_files import read_input

if TYPE_CHECKING:
    from pathlib import Path

    from stamps.frontends.hyp3.names import ProductName

__all__ = ["Metadata", "read_metadata"]

#: Attribute -> key, least and largest value that can be meant.
_NUMBERS = {
    "baseline": ("Baseline", -10_000.0, 10_000.0),
    "utc": ("UTC time", 0.0, 86_401.0),
    "heading": ("Heading", -360.0, 360.0),
    "height": ("Spacecraft height", 400e3, 1000e3),
    "earth_radius": ("Earth radius at nadir", 6.33e6, 6.40e6),
    "near": ("Slant range near", 400e3, 1500e3),
    "centre": ("Slant range center", 400e3, 1500e3),
    "far": ("Slant range far", 400e3, 1500e3),
}
_GRANULES = ("Reference Granule", "Secondary Granule")
_DIRECTION = "Reference Pass Direction"
_MOST_SOUTHWARD = -0.5  # of an ascending pass; near the poles headings turn far
_DATE = re.compile(r"_(\d{8})T\d{6}")


@dataclass(frozen=True)
class Metadata:
    """What is used of the text file of a product.

    Attributes
    ----------
    baseline : float
        Perpendicular baseline of the pair, m.
    utc : float
        Seconds of the day.
    heading : float
        Degrees clockwise from north, -180 to 180.
    height, earth_radius : float
        Of the satellite above the Earth, of the Earth below it, m.
    near, centre, far : float
        Slant ranges, m.
    direction : str
        ``ASCENDING`` or ``DESCENDING``; empty where the file does not say it.
    """

    baseline: float
    utc: float
    heading: float
    height: float
    earth_radius: float
    near: float
    centre: float
    far: float
    direction: str

    def incidence(self, slant_range: float) -> float:
        """Angle of incidence at a slant range on a sphere through the point below the satellite, rad; NaN where there is none."""
        earth, orbit = self.earth_radius, self.earth_radius + self.height
        cosine = (orbit**2 - earth**2 - slant_range**2) / (2 * earth * slant_range)
        return math.acos(cosine) if abs(cosine) <= 1 else math.nan


def read_metadata(path: Path, name: ProductName) -> Metadata:
    """Read and judge the text file of a product.

    Parameters
    ----------
    path : Path
    name : ProductName
        Whose dates the granules must have.

    Returns
    -------
    Metadata

    Raises
    ------
    InputError
        Keys are missing, stand twice or have values that cannot be meant; all of them are named.
    """
    entries, wrong = _entries(path)
    values = {}
    for attribute, (key, least, most) in _NUMBERS.items():
        text = entries.get(key)
        value = math.nan if text is None else _number(text)
        if text is None:
            wrong.append(f"'{key}' is missing")
        elif not least <= value <= most:
            wrong.append(f"'{key}' is {text or 'empty'}, not a number from {least:g} to {most:g}")
        values[attribute] = value
    direction = entries.get(_DIRECTION, "").upper()
    if direction not in ("ASCENDING", "DESCENDING", ""):
        wrong.append(f"'{_DIRECTION}' is {direction}, not ASCENDING or DESCENDING")
    for key, date in zip(_GRANULES, (name.first, name.second), strict=True):
        wrong += _granules_wrong(key, entries.get(key), f"{date:%Y%m%d}")
    if not wrong and not values["near"] <= values["centre"] <= values["far"]:
        wrong.append("its slant ranges near, center and far do not ascend")
    northward = math.cos(math.radians(values["heading"])) * {"ASCENDING": 1, "DESCENDING": -1}.get(direction, 0)
    if not wrong and northward < _MOST_SOUTHWARD:
        wrong.append(f"'Heading' {values['heading']:g} is not that of a pass that is {direction}")
    if wrong:
        raise InputError(f"{path}: {'; '.join(wrong)}: put the file that HyP3 delivered in its place.")
    values["heading"] = _within_180(values["heading"])
    return Metadata(**values, direction=direction)


def _entries(path: Path) -> tuple[dict[str, str], list[str]]:
    """Keys and values, and what is wrong with the lines."""
    entries: dict[str, str] = {}
    wrong = []
    for line in read_input(path).splitlines():
        key, colon, value = line.partition(": ")
        key, value = key.strip().rstrip(":"), value.strip()
        if key in entries and entries[key] != value:
            wrong.append(f"'{key}' stands twice with different values")
        if colon:
            entries[key] = value
    return entries, wrong


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _granules_wrong(key: str, text: str | None, date: str) -> list[str]:
    """What is wrong with a list of granules that must be of one date."""
    if text is None:
        return [f"'{key}' is missing"]
    dates = {found for granule in text.split(",") for found in _DATE.findall(granule)[:1]}
    if date in dates:
        return []
    return [f"'{key}' is of {', '.join(sorted(dates)) or 'no date'}, but the name of the product says {date}"]


def _within_180(heading: float) -> float:
    return (heading + 180.0) % 360.0 - 180.0 if not -180.0 <= heading <= 180.0 else heading
