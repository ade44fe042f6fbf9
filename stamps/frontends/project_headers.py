"""Text headers and calibration constants of Doris and ISCE projects, as arrays.

Text files (``day.1.in`` …) are looked for in the patch and in the directory above.
Source: docs/method/loading.md, section 6.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

import numpy as np

from stamps.errors import InputError
from stamps.frontends import header_ranges
from stamps.frontends.lists import paths_with_constants
from stamps.frontends.names import dates_in_path
from stamps.matlab.dates import datenum, to_yyyymmdd
from stamps.matlab.literals import number
from stamps.workspace.plain_files import read_input

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps.workspace import Workspace


__all__ = [
    "Acquisitions",
    "Pairs",
    "calibration_constants",
    "datenum_of",
    "find_text",
    "read_acquisitions",
    "read_pairs",
    "read_size",
    "read_text_numbers",
    "read_whole",
]


@dataclass(frozen=True)
class Acquisitions:
    """Dates and baselines of the images.

    Attributes
    ----------
    day : (n_image,) float64 array
        Datenums, ascending, the master included.
    master_day : float
    master_ix : int
        From 0.
    day_ix : (n_image - 1,) int64 array
        Positions of the slaves, by date, in the text files (from 0).
    bperp : (n_image,) float64 array
        Mean perpendicular baselines in metres, 0 for the master.
    dates : list of int
        Slaves as yyyymmdd, ascending.
    """

    day: NDArray[np.float64]
    master_day: float
    master_ix: int
    day_ix: NDArray[np.int64]
    bperp: NDArray[np.float64]
    dates: list[int]

    @property
    def n_image(self) -> int:
        """Number of images, the master included."""
        return self.day.size


@dataclass(frozen=True)
class Pairs:
    """Interferograms of a small-baseline stack: datenums and positions in the days, both (n_ifg, 2)."""

    ifgday: NDArray[np.float64]
    ifgday_ix: NDArray[np.int64]


def find_text(ws: Workspace, name: str) -> Path:
    """Path of a text file of the patch or of the directory above.

    Raises
    ------
    InputError
        There is none.
    """
    path = ws.find(name, levels=2)
    if path is None:
        raise InputError(f"{name} is neither in {ws.path} nor in {ws.path.parent}: run the preparation again.")
    return path


def read_text_numbers(ws: Workspace, name: str, count: int | None = None) -> NDArray[np.float64]:
    """All numbers of a text file of the patch or of the directory above.

    Parameters
    ----------
    ws : Workspace
    name : str
    count : int, optional
        How many there must be.

    Returns
    -------
    (n,) float64 array

    Raises
    ------
    InputError
        The file is missing, empty, holds something else, or the wrong number of them.
    """
    path = find_text(ws, name)
    words = read_input(path).split()
    values = [number(word) for word in words]
    if not words or None in values:
        what = f"'{words[values.index(None)]}'" if words else "nothing"
        raise InputError(f"{path} holds {what} where a number was expected: run the preparation again.")
    if count is not None and len(values) != count:
        raise InputError(f"{path} holds {len(values)} numbers, but {count} were expected: run the preparation again.")
    return np.array(values, dtype=np.float64)


def read_size(ws: Workspace) -> tuple[int, int]:
    """Range samples and azimuth lines of the full image: (width, length), from ``width.txt`` and ``len.txt``."""
    return read_whole(ws, "width.txt", "width"), read_whole(ws, "len.txt", "length")


def read_whole(ws: Workspace, name: str, field: str) -> int:
    """A whole number of a text file of the patch or of the directory above, within the limits of a field of headers.

    Raises
    ------
    InputError
        The file is missing, or holds something else.
    """
    value, limits = float(read_text_numbers(ws, name, 1)[0]), header_ranges.FIELDS[field]
    if not (limits.lowest <= value <= limits.highest and value == int(value)):
        raise InputError(
            f"{find_text(ws, name)} holds {value:g}, but a whole number from {limits.lowest:g} to {limits.highest:g} "
            f"({limits.unit}) was expected: run the preparation again."
        )
    return int(value)


def read_acquisitions(ws: Workspace) -> Acquisitions:
    """Dates and mean baselines from ``day.1.in``, ``master_day.1.in`` and ``bperp.1.in``."""
    dates = read_text_numbers(ws, "day.1.in")
    master = read_text_numbers(ws, "master_day.1.in", 1)
    bperp = read_text_numbers(ws, "bperp.1.in", dates.size)
    header_ranges.refuse(header_ranges.judge_baselines(find_text(ws, "bperp.1.in"), bperp))
    slaves, master_day = datenum_of("day.1.in", dates), float(datenum_of("master_day.1.in", master)[0])
    day_ix = np.argsort(slaves, kind="stable")
    slaves = slaves[day_ix]
    if np.any(np.diff(slaves) == 0) or master_day in slaves:
        raise InputError(f"The dates of day.1.in of {ws.path} repeat, or the master is among them: correct the file.")
    master_ix = int(np.count_nonzero(slaves < master_day))
    return Acquisitions(
        np.insert(slaves, master_ix, master_day),
        master_day,
        master_ix,
        day_ix,
        np.insert(bperp[day_ix], master_ix, 0.0),
        dates[day_ix].astype(np.int64).tolist(),
    )


def read_pairs(ws: Workspace, images: Acquisitions) -> Pairs:
    """Pairs of dates of ``ifgday.1.in``.

    Parameters
    ----------
    ws : Workspace
    images : Acquisitions

    Returns
    -------
    Pairs

    Raises
    ------
    InputError
        A date is not that of an image.
    """
    numbers = read_text_numbers(ws, "ifgday.1.in")
    if numbers.size % 2:
        raise InputError(f"ifgday.1.in of {ws.path} holds {numbers.size} dates, but two a line were expected.")
    ifgday = datenum_of("ifgday.1.in", numbers).reshape(-1, 2)
    position = np.searchsorted(images.day, ifgday)
    known = images.day[np.minimum(position, images.n_image - 1)] == ifgday
    if not known.all():
        date = int(numbers.reshape(-1, 2)[~known][0])
        raise InputError(f"ifgday.1.in of {ws.path} names {date}, but day.1.in and master_day.1.in have no such image.")
    return Pairs(ifgday, position)


def datenum_of(name: str, dates: NDArray[np.float64]) -> NDArray[np.float64]:
    """Datenums of dates yyyymmdd that a text file holds; an InputError where one is none."""
    try:
        return datenum(dates)
    except ValueError as error:
        raise InputError(f"{name} holds something that is no date yyyymmdd: {error}") from error


def calibration_constants(ws: Workspace, images: Acquisitions) -> NDArray[np.float64]:
    """Calibration constants of the slaves by date, from ``calamp.out``; ones if there is no such file.

    Parameters
    ----------
    ws : Workspace
    images : Acquisitions

    Returns
    -------
    (n_image - 1,) float64 array

    Raises
    ------
    InputError
        A line is malformed, or the dates are not those of the slaves.
    """
    path = ws.find("calamp.out", levels=2)
    if path is None:
        return np.ones(len(images.dates))
    known = {*images.dates, int(to_yyyymmdd(images.master_day))}
    found = {}
    for name, text in paths_with_constants(read_input(path, "surrogateescape"), path.parent):
        date, value = _date_of_image(name, known), number(text)
        if date is None or value is None:
            raise InputError(f"{path} has '{name} {text}' where a dated image and its constant were expected.")
        found[date] = value
    missing = [date for date in images.dates if date not in found]
    if missing:
        raise InputError(f"{path} has no calibration constant for the image of {missing[0]}: prepare again.")
    return np.array([found[date] for date in images.dates])


def _date_of_image(name: str, known: set[int]) -> int | None:
    """Date in the path of an image: where the original looks, else the first date of the stack that its folders name."""
    date = _date_of_name(name)
    return date if date in known else next((other for other in dates_in_path(name) if other in known), date)


def _date_of_name(name: str) -> int | None:
    """Date of the file's name, else of its folder, else (folder ``master``) of the one above."""
    parts = PurePath(name).parts
    for part in parts[: -3 if len(parts) > 2 else None : -1]:
        if part[:8].isdecimal() and len(part) >= 8:
            return int(part[:8])
    if len(parts) > 2 and parts[-2] == "master" and parts[-3][-8:].isdecimal():
        return int(parts[-3][-8:])
    return None
