"""Result files of Doris: images, their timing and their orbits.

A result file (``master.res``, ``slave.res``) has sections ``*_Start_<name>`` … ``* End_<name>`` with lines
``key: value``; the section of the orbit is a table of time and position.

Source: docs/method/preparation.md, section 4; Doris user's manual (result files).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import numpy as np

from stamps._typing import StrPath
from stamps.errors import InputError
from stamps.frontends.headers import plain_number
from stamps.insar.constants import SPEED_OF_LIGHT
from stamps.insar.orbits import Orbit
from stamps.workspace.plain_files import read_input

__all__ = ["Image", "read_image", "read_sections"]

_ORBITS = ("precise_orbits", "leader_datapoints")
_START = re.compile(r"\*_Start_([A-Za-z_]+)")
_END = re.compile(r"\*\s*End_")


@dataclass(frozen=True)
class Image:
    """An image as its result file describes it.

    Attributes
    ----------
    path : Path
        The result file.
    date : int
        yyyymmdd.
    wavelength : float
        Metres.
    first_time, line_time : float
        Seconds of the day of the first line of the file, seconds from line to line.
    first_range, range_spacing : float
        Metres.
    width, length : int
        Range samples and azimuth lines; 0 if the file says nothing about a crop.
    slc, slc_format : str
        File and format of the newest SLC that the file lists.
    oversampling : int
        Factor along range of that SLC against the original.
    orbit : Orbit
    """

    path: Path
    date: int
    wavelength: float
    first_time: float
    line_time: float
    first_range: float
    range_spacing: float
    width: int
    length: int
    slc: str
    slc_format: str
    oversampling: int
    orbit: Orbit = field(compare=False)


def read_sections(path: StrPath) -> dict[str, list[str]]:
    """Sections of a result file.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    dict
        Name to list of lines.

    Raises
    ------
    InputError
        The file is missing or has no section.
    """
    try:
        lines = read_input(path).splitlines()
    except OSError as error:
        raise InputError(f"The result file {path} cannot be read ({error.strerror}): run Doris again.") from error
    sections: dict[str, list[str]] = {}
    name: str | None = None
    for line in lines:
        start = _START.search(line)
        if start:
            name = start[1].rstrip("_").lower()
            sections[name] = []
        elif _END.match(line):
            name = None
        elif name is not None:
            sections[name].append(line)
    if not sections:
        raise InputError(f"{path} has no section *_Start_…: a result file of Doris was expected.")
    return sections


def read_image(path: StrPath) -> Image:
    """Read a result file.

    Raises
    ------
    InputError
        The file is missing, or a section or value that is needed is absent.
    """
    sections = read_sections(path)
    moment = _moment(path, sections)
    crop, oversampled = _Values(path, sections, "crop"), _Values(path, sections, "oversample")
    timing = _Values(path, sections, "readfiles")
    prf = timing.positive("Pulse_Repetition_Frequency")
    spacing = SPEED_OF_LIGHT / 2 / (1e6 * timing.positive("Range_sampling_rate"))
    first_time = moment.hour * 3600 + moment.minute * 60 + moment.second + moment.microsecond * 1e-6
    first_range = SPEED_OF_LIGHT / 2 * 1e-3 * timing.number("Range_time_to_first_pixel")
    first_line, n_lines = crop.extent("line") if crop else (1, 0)
    first_pixel, n_pixels = crop.extent("pixel") if crop else (1, 0)
    width, length = n_pixels, n_lines
    if oversampled:
        width, length = oversampled.extent("pixel")[1], oversampled.extent("line")[1]
    range_factor, line_factor = round(width / n_pixels) if width else 1, round(length / n_lines) if length else 1
    middle = first_time + (first_line - 1 + n_lines / 2) / prf
    newest = oversampled or crop
    return Image(
        Path(path),
        moment.year * 10000 + moment.month * 100 + moment.day,
        timing.positive("Radar_wavelength"),
        first_time + (first_line - 1) / prf,
        1 / prf / line_factor,
        first_range + (first_pixel - 1) * spacing,
        spacing / range_factor,
        width,
        length,
        newest.text("Data_output_file", "") if newest else "",
        newest.text("Data_output_format", "") if newest else "",
        range_factor,
        _orbit(path, sections, middle),
    )


class _Values:
    """Values of a section by the beginning of their keys; false if there is no such section."""

    def __init__(self, path: StrPath, sections: Mapping[str, list[str]], name: str) -> None:
        self.path, self.name = path, name
        self.values = {}
        for line in sections.get(name, ()):
            key, colon, value = line.partition(":")
            if colon:
                self.values[key.strip()] = value.strip()

    def __bool__(self) -> bool:
        return bool(self.values)

    def text(self, key: str, default: str | None = None) -> str:
        value = next((value for name, value in self.values.items() if name.startswith(key)), default)
        if value is None:
            raise InputError(f"The result file {self.path} has no '{key}' in its section {self.name}: run Doris again.")
        return value

    def number(self, key: str) -> float:
        value = self.text(key)
        number = plain_number(value.split()[0]) if value else None
        if number is None:
            raise InputError(f"The result file {self.path} has '{value}' as {key}, but a number was expected.")
        return number

    def positive(self, key: str) -> float:
        number = self.number(key)
        if number <= 0:
            raise InputError(f"The result file {self.path} has {number:g} as {key}, but a number above 0 was expected.")
        return number

    def extent(self, what: str) -> tuple[int, int]:
        """First line or pixel and how many there are."""
        first, last = int(self.number(f"First_{what}")), int(self.number(f"Last_{what}"))
        if last < first:
            raise InputError(f"The result file {self.path} says that {what} {first} is first and {last} last.")
        return first, last - first + 1


def _moment(path: StrPath, sections: Mapping[str, list[str]]) -> datetime:
    value = _Values(path, sections, "readfiles").text("First_pixel_azimuth_time")
    for pattern in ("%d-%b-%Y %H:%M:%S.%f", "%d-%b-%Y %H:%M:%S"):
        try:
            return datetime.strptime(value, pattern)
        except ValueError:
            continue
    raise InputError(f"The result file {path} has the azimuth time '{value}', not dd-mmm-yyyy hh:mm:ss.")


def _orbit(path: StrPath, sections: Mapping[str, list[str]], middle: float) -> Orbit:
    """Orbit from the newest table of state vectors: seconds of the day, X, Y, Z."""
    lines = next((sections[name] for name in _ORBITS if sections.get(name)), [])
    rows = [[plain_number(word) for word in line.split()[:4]] for line in lines if len(line.split()) >= 4]
    table = np.array([row for row in rows if None not in row], dtype=np.float64).reshape(-1, 4)
    try:
        return Orbit(table[:, 0], table[:, 1:], middle)
    except InputError as error:
        raise InputError(f"The result file {path} has no usable orbit: {error}") from error
