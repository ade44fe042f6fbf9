"""Files of GNSS stations: NGL's daily positions (tenv3) and MIDAS velocities, and tables of one's own.

Source: docs/method/gnss.md.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from stamps.errors import InputError
from stamps.matlab.dates import datenum
from stamps.workspace.console import one_line

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps._typing import StrPath

__all__ = ["Station", "read_gnss"]

_MJD_ZERO = 678942.0  # datenum of modified Julian day 0 (17-Nov-1858)
_MIDAS_COLUMNS = 27
_TABLE = ("site", "lon", "lat", "ve", "vn", "vu", "se", "sn", "su")
_LONGEST = 512  # bytes of a line
_MOST = 200_000  # lines
_FASTEST = 10_000.0  # mm/yr that a station may move
_YEARS = (1980.0, 2200.0)
_DAYS = (44_239.0, 124_592.0)  # the same as modified Julian days


@dataclass(frozen=True)
class Station:
    """A station: its velocity, or its series.

    Attributes
    ----------
    name : str
    lon, lat : float
        Degrees, −180 … 180.
    velocity, velocity_std : ndarray, shape (3,), or None
        East, north, up, mm/yr.
    days : ndarray, shape (m,), or None
        Datenum.
    position, position_std, correlation : ndarray, shape (m, 3), or None
        East, north, up in mm since the first day; correlations of east with north, east with up, north with up.
    first, last : float
        Datenum of the time that it is about; NaN where the file does not say.
    """

    name: str
    lon: float
    lat: float
    velocity: NDArray[np.float64] | None = None
    velocity_std: NDArray[np.float64] | None = None
    days: NDArray[np.float64] | None = None
    position: NDArray[np.float64] | None = None
    position_std: NDArray[np.float64] | None = None
    correlation: NDArray[np.float64] | None = None
    first: float = float("nan")
    last: float = float("nan")


def read_gnss(paths: StrPath | Sequence[StrPath]) -> list[Station]:
    """Read stations from one file or several, or from folders of ``*.tenv3``.

    What a file is is told by its content: NGL's tenv3 (a header with ``YYMMMDD``), MIDAS (27 fields), a CSV table with the
    columns ``site,lon,lat,ve,vn,vu,se,sn,su`` (mm/yr).

    Returns
    -------
    list of Station
        In the order of their names.

    Raises
    ------
    InputError
        A file is missing or is none of these; a number is none; a station stands twice.
    """
    given = [paths] if isinstance(paths, (str, Path)) or hasattr(paths, "__fspath__") else list(paths)
    files = [file for path in given for file in _files(Path(path))]
    found = [station for file in files for station in _read(file)]
    names = [station.name for station in found]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise InputError(f"The station {twice[0]} stands in the files of GNSS twice: give one of them.")
    if not found:
        raise InputError(f"There is no station in {', '.join(map(str, given))}.")
    return sorted(found, key=lambda station: station.name)


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        inside = sorted(path.glob("*.tenv3"))
        if not inside:
            raise InputError(f"{path} holds no file *.tenv3.")
        return inside
    if not path.is_file():
        raise InputError(f"{path} is missing: give a file of GNSS stations (tenv3, MIDAS, or a CSV table).")
    return [path]


def _read(path: Path) -> list[Station]:
    lines = list(_lines(path))
    if not lines:
        raise InputError(f"{path} is empty.")
    first = lines[0]
    if "YYMMMDD" in first:
        return [_tenv3(path, lines)]
    if "," in first and set(_TABLE) <= {name.strip().lower() for name in first.split(",")}:
        return _table(path, lines)
    if len(first.split()) == _MIDAS_COLUMNS:
        return [_midas(path, number, line) for number, line in enumerate(lines, 1)]
    raise InputError(
        f"{path} is no tenv3 file (its header names YYMMMDD), not MIDAS (27 fields) and no CSV table with {','.join(_TABLE)}."
    )


def _lines(path: Path) -> Iterator[str]:
    """Lines that hold something."""
    try:
        with open(path, encoding="utf-8-sig", errors="strict") as file:
            for number in range(_MOST + 1):
                line = file.readline(_LONGEST + 1)
                if not line:
                    return
                if len(line) > _LONGEST:
                    raise InputError(
                        f"Line {number + 1} of {path} has more than {_LONGEST} characters: it is no table of GNSS."
                    )
                if line.strip():
                    yield line.strip()
            raise InputError(f"{path} has more than {_MOST} lines: it is no table of GNSS.")
    except UnicodeDecodeError:
        raise InputError(f"{path} is no text.") from None


def _number(path: Path, line: int, name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not math.isfinite(value):
        raise InputError(f"Line {line} of {path}: {name} is '{one_line(text)[:40]}', but a number was expected.")
    return value


def _place(path: Path, line: int, lon: float, lat: float) -> tuple[float, float]:
    """Longitude wrapped to −180 … 180."""
    if not (-90 <= lat <= 90 and -540 <= lon <= 540):
        raise InputError(f"Line {line} of {path}: {lon:g}, {lat:g} is no longitude and latitude.")
    return (lon + 180) % 360 - 180, lat


# ---------------------------------------------------------------------- tenv3

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


def _tenv3(path: Path, lines: Sequence[str]) -> Station:
    header = lines[0].split()
    at = _places_of_columns(path, header)
    rows = [line.split() for line in lines[1:]]
    if not rows:
        raise InputError(f"{path} holds no day.")
    for number, row in enumerate(rows, 2):
        if len(row) < len(header):
            raise InputError(f"Line {number} of {path} has {len(row)} fields, but the header has {len(header)}.")

    def columns(*names: str) -> NDArray[np.float64]:
        found = [[_number(path, number, name, row[at[name]]) for number, row in enumerate(rows, 2)] for name in names]
        return np.array(found).T

    days = columns("mjd")[:, 0] + _MJD_ZERO
    position = columns("e0", "n0", "u0") + columns("east", "north", "up")
    std = columns("sig_e", "sig_n", "sig_u")
    _check_days(path, days, std)
    names = {row[at["site"]] for row in rows}
    if len(names) > 1:
        raise InputError(f"{path} holds several stations ({', '.join(sorted(names)[:3])}): one was expected.")
    related = None
    if {"corr_en", "corr_eu", "corr_nu"} <= at.keys():
        related = np.clip(columns("corr_en", "corr_eu", "corr_nu"), -1, 1)
    lon, lat = _place(path, 2, *columns("lon", "lat")[0].tolist())
    return Station(
        one_line(names.pop()),
        lon,
        lat,
        days=days,
        position=1000 * (position - position[0]),
        position_std=1000 * std,
        correlation=related,
        first=float(days[0]),
        last=float(days[-1]),
    )


def _places_of_columns(path: Path, header: Sequence[str]) -> dict[str, int]:
    """What is asked for -> which column it is."""
    stripped = {name.strip("_").lower(): number for number, name in enumerate(header)}
    found = {key: stripped.get(name.strip("_").lower()) for key, name in _NAMES.items()}
    at = {key: number for key, number in found.items() if number is not None}
    needed = ("site", "mjd", "e0", "east", "n0", "north", "u0", "up", "sig_e", "sig_n", "sig_u")
    if missing := [name for name in needed if name not in at]:
        raise InputError(f"{path} has no column {missing[0]}: a header of NGL's tenv3 was expected.")
    if "lat" not in at or "lon" not in at:
        raise InputError(
            f"{path} has no latitude and longitude (files before 2023 lack them): fetch the station's file anew."
        )
    return at


def _check_days(path: Path, days: NDArray[np.float64], std: NDArray[np.float64]) -> None:
    if days.min() < _DAYS[0] + _MJD_ZERO or days.max() > _DAYS[1] + _MJD_ZERO:
        raise InputError(f"{path} has days that are none: modified Julian days of 1980 or later were expected.")
    if np.any(std <= 0):
        raise InputError(f"{path} has a standard deviation of 0 or less.")
    if not np.all(np.diff(days) > 0):
        raise InputError(f"The days of {path} do not ascend, or one stands twice.")


# ---------------------------------------------------------------------- velocities


def _midas(path: Path, number: int, line: str) -> Station:
    fields = line.split()
    if len(fields) != _MIDAS_COLUMNS:
        raise InputError(f"Line {number} of {path} has {len(fields)} fields, but MIDAS has {_MIDAS_COLUMNS}.")

    def value(place: int, name: str) -> float:
        return _number(path, number, name, fields[place - 1])

    velocity = 1000 * np.array([value(place, "a velocity") for place in (9, 10, 11)])
    std = 1000 * np.array([value(place, "a standard deviation") for place in (12, 13, 14)])
    if np.any(std <= 0):
        raise InputError(f"Line {number} of {path}: a standard deviation is 0 or less.")
    _check_velocity(path, number, velocity)
    lon, lat = _place(path, number, value(26, "the longitude"), value(25, "the latitude"))
    epochs = [value(place, "an epoch") for place in (3, 4)]
    if not _YEARS[0] <= epochs[0] <= epochs[1] <= _YEARS[1]:
        raise InputError(
            f"Line {number} of {path}: {epochs[0]:g} to {epochs[1]:g} are no first and last epoch in years."
        )
    first, last = (_day_of_year(epoch) for epoch in epochs)
    return Station(one_line(fields[0]), lon, lat, velocity, std, first=first, last=last)


def _check_velocity(path: Path, number: int, velocity: NDArray[np.float64]) -> None:
    if np.abs(velocity).max() > _FASTEST:
        raise InputError(f"Line {number} of {path}: a velocity of {np.abs(velocity).max():g} mm/yr is not possible.")


def _day_of_year(year: float) -> float:
    """Datenum of a year with decimals."""
    whole = int(year)
    start, end = float(datenum(whole * 10_000 + 101)), float(datenum((whole + 1) * 10_000 + 101))
    return start + (year - whole) * (end - start)


def _table(path: Path, lines: Sequence[str]) -> list[Station]:
    rows = csv.DictReader(lines, skipinitialspace=True)
    rows.fieldnames = [name.strip().lower() for name in rows.fieldnames or ()]
    found = []
    for number, row in enumerate(_rows(path, rows), 2):
        if None in row or None in row.values():
            raise InputError(f"Line {number} of {path} has not as many fields as its header.")
        values = {name: _number(path, number, name, row[name]) for name in _TABLE[1:]}
        std = np.array([values[name] for name in ("se", "sn", "su")])
        if np.any(std <= 0):
            raise InputError(f"Line {number} of {path}: a standard deviation is 0 or less.")
        lon, lat = _place(path, number, values["lon"], values["lat"])
        velocity = np.array([values[name] for name in ("ve", "vn", "vu")])
        _check_velocity(path, number, velocity)
        name = one_line(row["site"].strip())
        if not name:
            raise InputError(f"Line {number} of {path} names no site.")
        found.append(Station(name, lon, lat, velocity, std))
    return found


def _rows(path: Path, rows: csv.DictReader[str]) -> Iterator[dict[str, str]]:
    """Rows; InputError where the text is no CSV."""
    try:
        yield from rows
    except csv.Error as error:
        raise InputError(f"{path} is no CSV table ({error}).") from None
