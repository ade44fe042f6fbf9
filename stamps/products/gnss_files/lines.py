"""What files of GNSS stations have in common: the station, lines of text with their numbers, values that can be none.

Source: docs/method/gnss.md, section 1.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stamps.errors import InputError
from stamps.workspace.console import one_line

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["Line", "Station", "lines_of", "name_of", "number_of", "place_of"]

_LONGEST = 512  # characters of a line
_MOST = 200_000  # lines
_PACKED = (b"\x1f\x8b", b"PK\x03\x04", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd")
_FORMULA = "=+-@"  # what spreadsheets run
_LONGEST_NAME = 64


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
    frame : str
        Reference frame, where the name of the file says it.
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
    frame: str = ""


class Line(NamedTuple):
    """A line of a file: its number, from 1, and its text."""

    number: int
    text: str


def lines_of(path: Path) -> Iterator[Line]:
    """Lines that hold something and are no comment (``#``).

    Raises
    ------
    InputError
        It cannot be read, is packed, is no text, or has no end.
    """
    try:
        with open(path, "rb") as file:
            if file.read(8).startswith(_PACKED):
                raise InputError(f"{path} is a packed file: unpack it, and give what was in it.")
        with open(path, encoding="utf-8-sig", errors="strict") as file:
            for number in range(1, _MOST + 2):
                line = file.readline(_LONGEST + 1)
                if not line:
                    return
                if len(line) > _LONGEST:
                    raise InputError(
                        f"Line {number} of {path} has more than {_LONGEST} characters: it is no table of GNSS."
                    )
                if line.strip() and not line.lstrip().startswith("#"):
                    yield Line(number, line.strip())
            raise InputError(f"{path} has more than {_MOST} lines: it is no table of GNSS.")
    except UnicodeDecodeError:
        raise InputError(f"{path} is no text (UTF-8).") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror or error}).") from None


def number_of(path: Path, line: int, name: str, text: str) -> float:
    """A finite number of a line; InputError names file, line and field."""
    try:
        value = float("nan") if "_" in text else float(text)
    except ValueError:
        value = float("nan")
    if not math.isfinite(value):
        raise InputError(f"Line {line} of {path}: {name} is '{one_line(text)[:40]}', but a number was expected.")
    return value


def place_of(path: Path, line: int, lon: float, lat: float) -> tuple[float, float]:
    """Longitude, wrapped to −180 … 180, and latitude."""
    if not (-90 <= lat <= 90 and -540 <= lon <= 540):
        raise InputError(f"Line {line} of {path}: {lon:g}, {lat:g} is no longitude and latitude.")
    return (lon + 180) % 360 - 180, lat


def name_of(path: Path, line: int, text: str) -> str:
    """Name of a site, which spreadsheets must not take for a formula."""
    name = one_line(text.strip())
    if not name:
        raise InputError(f"Line {line} of {path} names no site.")
    if name[0] in _FORMULA or len(name) > _LONGEST_NAME:
        raise InputError(
            f"Line {line} of {path}: '{name[:40]}' is no name of a site: it begins with one of {' '.join(_FORMULA)}, or is "
            f"longer than {_LONGEST_NAME} characters."
        )
    return name
