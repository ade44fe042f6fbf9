"""Files of GNSS stations: NGL's daily positions (tenv3) and MIDAS velocities, and tables of one's own.

Source: docs/method/gnss.md, section 1.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from stamps.errors import InputError
from stamps.products.gnss_files.lines import Line, Station, lines_of
from stamps.products.gnss_files.tenv3 import is_tenv3, lacks_header, station_of
from stamps.products.gnss_files.velocities import (
    MIDAS_COLUMNS,
    PLACES,
    TABLE,
    midas_stations,
    places_in,
    separator_of,
    table_stations,
)
from stamps.workspace.given_paths import listed_paths

if TYPE_CHECKING:
    from stamps._typing import StrPath

__all__ = ["Station", "read_gnss"]

_SUFFIX = ".tenv3"
#: Names that say the frame: ``midas.IGS14.txt``, ``P123.EU.tenv3``.
_FRAME = re.compile(r"midas\.([a-z0-9]+)\.txt|[a-z0-9_]+\.([a-z0-9]+)\.tenv3", re.IGNORECASE)


def read_gnss(paths: StrPath | Sequence[StrPath]) -> list[Station]:
    """Read stations from one file or several, or from folders of ``*.tenv3``.

    What a file is is told by its content: NGL's tenv3 (a header with ``YYMMMDD``), MIDAS (27 fields), a table with the
    columns ``site,lon,lat,ve,vn,vu,se,sn,su`` (mm/yr), separated by commas, semicolons or tabs. A table with only
    ``site,lon,lat`` says where stations are whose tenv3 does not. Lines that begin with ``#`` are comments.

    Returns
    -------
    list of Station
        In the order of their names.

    Raises
    ------
    InputError
        A file is missing or is none of these; a number is none; a station stands twice.
    """
    given = listed_paths(paths)
    files = {file: _content(file) for path in given for file in _files(Path(path))}
    places: dict[str, tuple[float, float]] = {}
    for file, lines in files.items():
        if separator := _separator_of_places(lines):
            places.update(places_in(file, lines, separator))
    found = [station for file, lines in files.items() for station in _stations(file, lines, places)]
    names = [station.name for station in found]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise InputError(f"The station {twice[0]} stands in the files of GNSS twice: give one of them.")
    if not found:
        raise InputError(f"There is no station in {', '.join(map(str, given))}.")
    return sorted(found, key=lambda station: station.name)


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        inside = sorted(part for part in path.iterdir() if part.suffix.lower() == _SUFFIX)
        if not inside:
            raise InputError(f"{path} holds no file *.tenv3.")
        return inside
    if not path.is_file():
        raise InputError(f"{path} is missing: give a file of GNSS stations (tenv3, MIDAS, or a CSV table).")
    return [path]


def _content(path: Path) -> list[Line]:
    lines = list(lines_of(path))
    if not lines:
        raise InputError(f"{path} is empty.")
    return lines


def _separator_of_places(lines: Sequence[Line]) -> str | None:
    """What separates the columns of a table that says only where stations are."""
    first = lines[0].text
    return None if separator_of(first, TABLE) else separator_of(first, PLACES)


def _stations(path: Path, lines: Sequence[Line], places: Mapping[str, tuple[float, float]]) -> list[Station]:
    first = lines[0].text
    if is_tenv3(first):
        return [station_of(path, lines, places, _frame_of(path))]
    if separator := separator_of(first, TABLE):
        return table_stations(path, lines, separator)
    if separator_of(first, PLACES):
        return []
    if lacks_header(first):
        raise InputError(f"{path} is tenv3 without its first line, which names the columns: fetch it anew.")
    if len(first.split()) == MIDAS_COLUMNS:
        return midas_stations(path, lines, _frame_of(path))
    raise InputError(
        f"{path} is no tenv3 file (its header names YYMMMDD), not MIDAS (27 fields) and no CSV table with {','.join(TABLE)}."
    )


def _frame_of(path: Path) -> str:
    """Frame that the name of a file says; else nothing."""
    found = _FRAME.fullmatch(path.name)
    return "" if found is None else (found[1] or found[2])
