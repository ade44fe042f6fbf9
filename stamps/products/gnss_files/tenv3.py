"""NGL's daily positions (tenv3), one file for each station.

Source: docs/method/gnss.md, section 1.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from stamps.errors import InputError
from stamps.products.gnss_files.lines import Station, name_of, number_of, place_of

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from stamps.products.gnss_files.lines import Line

__all__ = ["is_tenv3", "lacks_header", "station_of"]

_MJD_ZERO = 678942.0  # datenum of modified Julian day 0 (17-Nov-1858)
_DAYS = (44_239.0, 124_592.0)  # modified Julian days of 1980 and 2200
_DATE = re.compile(r"\d\d[A-Z]{3}\d\d")
_LARGEST_STD = 0.1  # m, median of the days: a worse station would be useless, but millimetres look like that

#: What is asked for -> how the header calls it, but for underscores around it.
_NAMES: Mapping[str, str] = {
    "site": "site",
    "mjd": "MJD",
    "e0": "e0(m)",
    "east": "east(m)",
    "n0": "n0(m)",
    "north": "north(m)",
    "u0": "u0(m)",
    "up": "up(m)",
    "sig_e": "sig_e(m)",
    "sig_n": "sig_n(m)",
    "sig_u": "sig_u(m)",
    "corr_en": "corr_en",
    "corr_eu": "corr_eu",
    "corr_nu": "corr_nu",
    "lat": "latitude(deg)",
    "lon": "longitude(deg)",
}


def is_tenv3(first: str) -> bool:
    """Whether a first line is a header of tenv3."""
    return "YYMMMDD" in first


def lacks_header(first: str) -> bool:
    """Whether a first line is a day of tenv3: its header was cut off."""
    fields = first.split()
    return len(fields) >= 20 and _DATE.fullmatch(fields[1]) is not None


def station_of(
    path: Path, lines: Sequence[Line], places: Mapping[str, tuple[float, float]], frame: str = ""
) -> Station:
    """Read a station.

    Parameters
    ----------
    path : Path
    lines : sequence of Line
        The header first.
    places : mapping of str to (float, float)
        Longitude and latitude of sites, for older files, which do not hold them.
    frame : str
    """
    header = lines[0].text.split()
    at = _places_of_columns(path, header)
    rows = _rows(path, lines[1:], len(header))

    def columns(*names: str) -> NDArray[np.float64]:
        return np.array([[number_of(path, line, name, row[at[name]]) for name in names] for line, row in rows])

    days = columns("mjd")[:, 0] + _MJD_ZERO
    position = columns("e0", "n0", "u0") + columns("east", "north", "up")
    std = columns("sig_e", "sig_n", "sig_u")
    _check_days(path, days, std, [line for line, _ in rows])
    names = {row[at["site"]] for _, row in rows}
    if len(names) > 1:
        raise InputError(f"{path} holds several stations ({', '.join(sorted(names)[:3])}): one was expected.")
    related = None
    if {"corr_en", "corr_eu", "corr_nu"} <= at.keys():
        related = np.clip(columns("corr_en", "corr_eu", "corr_nu"), -1, 1)
    name = name_of(path, rows[0][0], names.pop())
    if {"lat", "lon"} <= at.keys():
        lon, lat = place_of(path, rows[0][0], *columns("lon", "lat")[0].tolist())
    else:
        lon, lat = _known_place(path, name, places)
    return Station(
        name,
        lon,
        lat,
        days=days,
        position=1000 * (position - position[0]),
        position_std=1000 * std,
        correlation=related,
        first=float(days[0]),
        last=float(days[-1]),
        frame=frame,
    )


def _rows(path: Path, lines: Sequence[Line], n_columns: int) -> list[tuple[int, list[str]]]:
    """Numbers of lines, and their fields."""
    rows = [(line.number, line.text.split()) for line in lines]
    if not rows:
        raise InputError(f"{path} holds no day.")
    for number, row in rows:
        if len(row) != n_columns:
            raise InputError(f"Line {number} of {path} has {len(row)} fields, but the header has {n_columns}.")
    return rows


def _known_place(path: Path, name: str, places: Mapping[str, tuple[float, float]]) -> tuple[float, float]:
    """Where a station of an older file is, as another file says."""
    if name not in places:
        raise InputError(
            f"{path} has no latitude and longitude, as older files: fetch it anew, or give a CSV table site,lon,lat with "
            f"{name} as another file."
        )
    return places[name]


def _places_of_columns(path: Path, header: Sequence[str]) -> dict[str, int]:
    """What is asked for -> which column it is."""
    stripped = {name.strip("_").lower(): number for number, name in enumerate(header)}
    found = {key: stripped.get(name.strip("_").lower()) for key, name in _NAMES.items()}
    at = {key: number for key, number in found.items() if number is not None}
    needed = ("site", "mjd", "e0", "east", "n0", "north", "u0", "up", "sig_e", "sig_n", "sig_u")
    if missing := [name for name in needed if name not in at]:
        raise InputError(f"{path} has no column {missing[0]}: a header of NGL's tenv3 was expected.")
    return at


def _check_days(path: Path, days: NDArray[np.float64], std: NDArray[np.float64], lines: Sequence[int]) -> None:
    off_calendar = (days < _DAYS[0] + _MJD_ZERO) | (days > _DAYS[1] + _MJD_ZERO)
    if off_calendar.any():
        raise InputError(
            f"Line {lines[int(np.argmax(off_calendar))]} of {path} has a day that is none: modified Julian days of 1980 or later "
            "were expected."
        )
    without_error = np.asarray(std <= 0).any(axis=1)
    if without_error.any():
        raise InputError(
            f"Line {lines[int(np.argmax(without_error))]} of {path} has a standard deviation of 0 or less."
        )
    backwards = np.diff(days) <= 0
    if backwards.any():
        raise InputError(
            f"Line {lines[int(np.argmax(backwards)) + 1]} of {path}: the days do not ascend, or one stands twice: sort them, "
            "and leave one of each day."
        )
    if np.median(std) > _LARGEST_STD:
        raise InputError(
            f"The standard deviations of {path} are {np.median(std):g} m (median), but tenv3 holds metres: are they millimetres?"
        )
