"""Velocities of GNSS stations: MIDAS, and tables of one's own.

Source: docs/method/gnss.md, section 1.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from stamps.errors import InputError
from stamps.matlab.dates import datenum
from stamps.products.gnss_files.lines import Station, name_of, number_of, place_of

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from stamps.products.gnss_files.lines import Line

__all__ = ["MIDAS_COLUMNS", "PLACES", "TABLE", "midas_stations", "places_in", "separator_of", "table_stations"]

MIDAS_COLUMNS = 27
#: Columns of a table of velocities, and of one that says only where stations are.
TABLE = ("site", "lon", "lat", "ve", "vn", "vu", "se", "sn", "su")
PLACES = ("site", "lon", "lat")
_FASTEST = 10_000.0  # mm/yr that a station may move
_USUAL = 1000.0, 50.0  # mm/yr that half of the stations may move at most, and how uncertain
_LEAST = 1.0, 0.005  # mm/yr that they move, and how certain, where numbers are of metres
_YEARS = (1980.0, 2200.0)


def midas_stations(path: Path, lines: Sequence[Line], frame: str = "") -> list[Station]:
    """Stations of a file of MIDAS."""
    found = [_midas(path, line, frame) for line in lines]
    _check_unit(path, found, "m/yr")
    return found


def _midas(path: Path, line: Line, frame: str) -> Station:
    fields, number = line.text.split(), line.number
    if len(fields) != MIDAS_COLUMNS:
        raise InputError(f"Line {number} of {path} has {len(fields)} fields, but MIDAS has {MIDAS_COLUMNS}.")

    def value(place: int, name: str) -> float:
        return number_of(path, number, name, fields[place - 1])

    velocity = 1000 * np.array([value(place, "a velocity") for place in (9, 10, 11)])
    std = 1000 * np.array([value(place, "a standard deviation") for place in (12, 13, 14)])
    _check_velocity(path, number, velocity, std)
    lon, lat = place_of(path, number, value(26, "the longitude"), value(25, "the latitude"))
    epochs = [value(place, "an epoch") for place in (3, 4)]
    if not _YEARS[0] <= epochs[0] <= epochs[1] <= _YEARS[1]:
        raise InputError(
            f"Line {number} of {path}: {epochs[0]:g} to {epochs[1]:g} are no first and last epoch in years."
        )
    first, last = (_day_of_year(epoch) for epoch in epochs)
    name = name_of(path, number, fields[0])
    return Station(name, lon, lat, velocity, std, first=first, last=last, frame=frame)


def _check_velocity(path: Path, number: int, velocity: NDArray[np.float64], std: NDArray[np.float64]) -> None:
    if np.any(std <= 0):
        raise InputError(f"Line {number} of {path}: a standard deviation is 0 or less.")
    if np.abs(velocity).max() > _FASTEST:
        raise InputError(f"Line {number} of {path}: a velocity of {np.abs(velocity).max():g} mm/yr is not possible.")


def _check_unit(path: Path, stations: Sequence[Station], unit: str) -> None:
    """InputError where the numbers are of another unit: metres and millimetres are a thousand apart."""
    if not stations:
        return
    speeds = [float(np.linalg.norm(s.velocity)) for s in stations if s.velocity is not None]
    errors = [float(s.velocity_std.mean()) for s in stations if s.velocity_std is not None]
    speed, error = float(np.median(speeds)), float(np.median(errors))
    too_large = speed > _USUAL[0] or error > _USUAL[1]
    too_small = speed < _LEAST[0] and error < _LEAST[1]
    if too_large or too_small:
        other = {"m/yr": "mm/yr", "mm/yr": "m/yr"}[unit]
        raise InputError(
            f"Stations of {path} move {speed:g} ± {error:g} mm/yr (median), where {unit} was expected in the file: are its "
            f"numbers {other}?"
        )


def _day_of_year(year: float) -> float:
    """Datenum of a year with decimals."""
    whole = int(year)
    start, end = float(datenum(whole * 10_000 + 101)), float(datenum((whole + 1) * 10_000 + 101))
    return start + (year - whole) * (end - start)


# ---------------------------------------------------------------------- tables with separators


def separator_of(first: str, columns: Sequence[str]) -> str | None:
    """What separates the columns of a header that names all of ``columns``; None if it does not."""
    for separator in (",", ";", "\t"):
        if set(columns) <= {name.strip().strip('"').lower() for name in first.split(separator)}:
            return separator
    return None


def table_stations(path: Path, lines: Sequence[Line], separator: str) -> list[Station]:
    """Stations of a table of velocities, mm/yr."""
    found = []
    for number, row in _rows(path, lines, separator):
        values = _numbers(path, number, row, TABLE[1:], separator)
        velocity, std = (np.array([values[name] for name in part]) for part in (TABLE[3:6], TABLE[6:]))
        _check_velocity(path, number, velocity, std)
        lon, lat = place_of(path, number, values["lon"], values["lat"])
        found.append(Station(name_of(path, number, row["site"]), lon, lat, velocity, std))
    _check_unit(path, found, "mm/yr")
    return found


def places_in(path: Path, lines: Sequence[Line], separator: str) -> dict[str, tuple[float, float]]:
    """Longitude and latitude of the sites of a table."""
    found = {}
    for number, row in _rows(path, lines, separator):
        values = _numbers(path, number, row, PLACES[1:], separator)
        found[name_of(path, number, row["site"])] = place_of(path, number, values["lon"], values["lat"])
    return found


def _numbers(path: Path, number: int, row: dict[str, str], names: Sequence[str], separator: str) -> dict[str, float]:
    """Numbers of a row; where commas do not separate, they may stand for the point."""
    texts = {name: row[name] if separator == "," else row[name].replace(",", ".") for name in names}
    return {name: number_of(path, number, name, text) for name, text in texts.items()}


def _rows(path: Path, lines: Sequence[Line], separator: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Numbers of lines, and their rows; InputError where the text is no table."""
    rows = csv.DictReader((line.text for line in lines), skipinitialspace=True, delimiter=separator)
    try:
        rows.fieldnames = names = [name.strip().lower() for name in rows.fieldnames or ()]
        if twice := sorted({name for name in names if name and names.count(name) > 1}):
            raise InputError(f"{path} has the column {twice[0]} twice: give a table with one of each.")
        for row in rows:
            number = lines[min(rows.line_num, len(lines)) - 1].number
            if None in row or None in row.values():
                raise InputError(f"Line {number} of {path} has not as many fields as its header.")
            yield number, row
    except csv.Error as error:
        raise InputError(f"{path} is no CSV table ({error}).") from None
