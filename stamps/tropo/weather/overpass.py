"""When the satellite passes: given, or from what the preparation of a project has written.

``hyp3.csv`` and ``cslc.csv`` (a column that begins with ``utc`` or ``start``), ``snap.toml`` and ``isce_order.json`` (``utc``)
are looked for in the project and in the two folders above. Headers of SNAP's Gamma export are not: their seconds of the day
are halved.

Source: docs/method/weather.md, section 4.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from stamps.errors import InputError
from stamps.workspace.plain_files import read_input

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["Overpass", "find_overpass", "parse_utc"]

_DAY_SECONDS = 86_400
_SPREAD = 1800  # s; passes of one track differ by less than a minute
_MIDNIGHT = 120
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}(?:\.\d+)?))?")
_DATES = ("date", "day")
_PAIRS = ("first", "second", "reference", "secondary")


@dataclass(frozen=True)
class Overpass:
    """When the satellite passes.

    Attributes
    ----------
    seconds : float
        Of the day, UTC.
    source : str
        Where that is from.
    of_dates : dict
        yyyymmdd -> date and time of images whose own is known.
    """

    seconds: float
    source: str
    of_dates: Mapping[int, np.datetime64] = field(default_factory=dict)

    def at(self, date: int) -> np.datetime64:
        """Date and time of an image, yyyymmdd, to the second."""
        if date in self.of_dates:
            return self.of_dates[date]
        text = str(date)
        day = np.datetime64(f"{text[:4]}-{text[4:6]}-{text[6:]}", "s")
        return day + np.timedelta64(round(self.seconds), "s")

    @property
    def clock(self) -> str:
        """HH:MM:SS."""
        return str(dt.timedelta(seconds=round(self.seconds) % _DAY_SECONDS)).rjust(8, "0")

    @property
    def at_midnight(self) -> bool:
        """Whether images may be of the day before or after, because only the time of some is known."""
        return not self.of_dates and min(self.seconds, _DAY_SECONDS - self.seconds) < _MIDNIGHT


def parse_utc(text: str) -> float:
    """Seconds of the day from ``HH:MM`` or ``HH:MM:SS``.

    Raises
    ------
    InputError
        It is no time of the day.
    """
    found = _CLOCK.fullmatch(str(text).strip().removesuffix("Z").strip())
    if found and int(found[1]) < 24 and int(found[2]) < 60 and float(found[3] or 0) < 60:
        return 3600 * int(found[1]) + 60 * int(found[2]) + float(found[3] or 0)
    raise InputError(f"The time of the overpass is {text!r}, but HH:MM in UTC was expected, such as 05:33.")


def find_overpass(utc: str | None, workdir: Path, dates: Sequence[int]) -> Overpass:
    """When the satellite passes.

    Parameters
    ----------
    utc : str, optional
        ``HH:MM`` or ``HH:MM:SS``, in place of what the project says.
    workdir : Path
        The project.
    dates : sequence of int
        Its dates, yyyymmdd; files of other dates are not of this project.

    Returns
    -------
    Overpass

    Raises
    ------
    InputError
        It is not known, or the project tells different ones.
    """
    if utc is not None:
        return Overpass(parse_utc(utc), "given")
    place = workdir.resolve()
    for folder in (place, *place.parents[:2]):
        for name, read in _READERS.items():
            if (folder / name).is_file():
                found = read(folder / name, {int(date) for date in dates})
                if found is not None:
                    return found
    raise InputError(
        f"{workdir} does not tell when the satellite passes: give the time, in UTC, as in the names of its products "
        "(--utc 05:33)."
    )


def _from_table(path: Path, dates: set[int]) -> Overpass | None:
    """``hyp3.csv`` (a row for each product) and ``cslc.csv`` (a row for each date)."""
    lines = [line for line in _text(path).splitlines() if not line.startswith("#")]
    try:
        rows = list(csv.DictReader(io.StringIO("\n".join(lines))))
    except csv.Error as error:
        raise InputError(f"{path} cannot be read ({error}): give the time of the overpass (--utc HH:MM).") from error
    names = [str(name) for name in (rows[0] if rows else ())]
    column = next((n for prefix in ("utc", "start") for n in names if n.lower().startswith(prefix)), None)
    held = {day for row in rows for name in (*_DATES, *_PAIRS) if (day := _day(row.get(name))) is not None}
    if column is None or (held and not held & dates):
        return None
    told = [_instant(row[column], _day(next((row[n] for n in _DATES if n in row), None))) for row in rows]
    known = [one for one in told if one is not None]
    own = {day: time for day, _, time in known if day is not None and time is not None}
    return _agreed([seconds for _, seconds, _ in known], path, own)


def _from_table_of_settings(path: Path, dates: set[int], load: Callable[[str], Any]) -> Overpass | None:
    """``snap.toml`` and ``isce_order.json``: the passage over the master."""
    try:
        content = load(_text(path))
    except ValueError as error:
        raise InputError(f"{path} cannot be read ({error}): give the time of the overpass (--utc HH:MM).") from error
    if not isinstance(content, dict) or not content.get("utc"):
        return None
    master = _day(content.get("master"))
    if master is not None and master not in dates:
        return None
    told = _instant(content["utc"], None)
    return None if told is None else _agreed([told[1]], path, {})


def _agreed(seconds: Iterable[float], path: Path, of_dates: Mapping[int, np.datetime64]) -> Overpass | None:
    """The mean of times of the day; InputError where they are of several tracks."""
    angles = np.array(list(seconds)) * (2 * np.pi / _DAY_SECONDS)
    if angles.size == 0:
        return None
    mean = np.angle(np.exp(1j * angles).mean()) % (2 * np.pi)
    off = np.abs(np.angle(np.exp(1j * (angles - mean)))) * _DAY_SECONDS / (2 * np.pi)
    if off.max() > _SPREAD:
        raise InputError(
            f"{path} tells times of the overpass that differ by up to {off.max() / 60:.0f} minutes from their mean: give it "
            "(--utc HH:MM)."
        )
    return Overpass(float(mean * _DAY_SECONDS / (2 * np.pi)) % _DAY_SECONDS, str(path), of_dates)


def _instant(text: Any, day: int | None) -> tuple[int | None, float, np.datetime64 | None] | None:
    """Day of the image, seconds of the day, and the time where the text tells its date, too; None if it is no time."""
    text = str(text).strip().removesuffix("Z").removesuffix("+00:00")
    try:
        number = float(text)
    except ValueError:
        pass
    else:
        return (day, number, None) if 0 <= number <= _DAY_SECONDS else None
    try:
        if _CLOCK.fullmatch(text):
            return day, parse_utc(text), None
        # six digits of a second at most, which Python 3.10 asks for
        time = np.datetime64(re.sub(r"^(\d{4})(\d{2})(\d{2})T", r"\1-\2-\3T", text.replace(" ", "T")), "s")
    except (ValueError, InputError):
        return None
    return day, float((time - time.astype("datetime64[D]")).astype(np.int64)), time


def _day(text: Any) -> int | None:
    digits = re.sub(r"\D", "", str(text))[:8]
    return int(digits) if len(digits) == 8 else None


def _text(path: Path) -> str:
    try:
        return read_input(path)
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read ({error}): give the time of the overpass (--utc HH:MM).") from error


_READERS: dict[str, Callable[[Path, set[int]], Overpass | None]] = {
    "hyp3.csv": _from_table,
    "cslc.csv": _from_table,
    "snap.toml": lambda path, dates: _from_table_of_settings(path, dates, tomllib.loads),
    "isce_order.json": lambda path, dates: _from_table_of_settings(path, dates, json.loads),
}
