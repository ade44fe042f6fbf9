"""Files of a weather model in a folder, and the times that they hold.

Names say which files can be of use; what a file is and which times it holds is taken from its content.

Source: docs/method/weather.md, section 3.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from stamps.errors import InputError
from stamps.tropo.weather.grib import GribFile
from stamps.tropo.weather.netcdf import NetCdfFiles

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps._typing import StrPath
    from stamps.tropo.weather.columns import Raw
    from stamps.tropo.weather.grids import Placement
    from stamps.tropo.weather.models import WeatherModel

__all__ = ["Archive", "Field", "find_files"]

_DAY = re.compile(r"(?<!\d)((?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))(?:[_-]?(\d{2})(\d{2})?)?(?!\d)")
_MONTH = re.compile(r"(?<!\d)((?:19|20)\d{2}(?:0[1-9]|1[0-2]))(?!\d)")
_ENDINGS = (".grb", ".grib", ".grb1", ".grb2", ".grib1", ".grib2", ".nc", ".nc4", ".netcdf", ".cdf", ".hdf", ".h5")
_NARR = ("air", "shum", "hgt")
_OTHERS = {
    b"PK\x03\x04": "a zip archive: unpack it",
    b"\x1f\x8b": "compressed: unpack it (gunzip)",
    b"\x0e\x03\x13\x01": "HDF4: get it as NetCDF (nc4)",
    b"CDF\x05": "NetCDF in its form CDF-5: convert it (nccopy -k nc4)",
}


@dataclass(frozen=True)
class Field:
    """The fields of one time in a file."""

    file: GribFile | NetCdfFiles
    time: np.datetime64

    @property
    def name(self) -> str:
        """Name of the file."""
        return self.file.path.name

    def grid(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Latitudes and longitudes, degrees."""
        return self.file.grid(self.time)

    def read(self, where: Placement) -> Raw:
        """The fields at some nodes."""
        return self.file.read(self.time, where)


@dataclass(frozen=True)
class Archive:
    """What a folder holds of a model.

    Attributes
    ----------
    fields : dict
        Time -> fields.
    damaged, ignored : list of str
        Why files cannot be used: those whose names tell one of the days, and others.
    """

    fields: dict[np.datetime64, list[Field]]
    damaged: list[str]
    ignored: list[str]


def find_files(folder: StrPath, model: WeatherModel, days: set[str]) -> Archive:
    """Look for the fields of some days.

    Parameters
    ----------
    folder : path-like
        With the files, or with folders of the days (``yyyymmdd``).
    model : WeatherModel
    days : set of str
        yyyymmdd; files whose names tell others are not opened.

    Returns
    -------
    Archive

    Raises
    ------
    InputError
        There is no such folder, or no file of the model in it.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"The folder {folder} of the files of {model.title} does not exist.")
    present = list(_present(folder, days))
    files = [path for path in present if not model.is_foreign(path.name)]
    if not files:
        others = f" (there are {len(present)} of other models, such as {present[0].name})" if present else ""
        raise InputError(
            f"{folder} has no files of {model.title}{others}: they are named {model.files}, in the folder or in folders of days."
        )
    archive = Archive({}, [], [])
    for paths in _together(sorted(path for path in files if _may_hold(path.name, days))):
        try:
            for field in _fields(paths):
                archive.fields.setdefault(field.time, []).append(field)
        except InputError as error:
            _unusable(archive, paths[0], days).append(str(error).rstrip("."))
        except OSError as error:
            _unusable(archive, paths[0], days).append(f"{paths[0]} cannot be read ({error.strerror})")
    return archive


def _unusable(archive: Archive, path: Path, days: set[str]) -> list[str]:
    """Where to note that a file cannot be used."""
    told = {match[1] for match in _DAY.finditer(path.name)} | {match[1] for match in _MONTH.finditer(path.name)}
    return archive.damaged if any(day in told or day[:6] in told for day in days) else archive.ignored


def _present(folder: Path, days: set[str]) -> Iterator[Path]:
    for place in (folder, *(folder / day for day in sorted(days))):
        if place.is_dir():
            yield from (path for path in sorted(place.iterdir()) if _is_candidate(path))
    others = [path for path in folder.iterdir() if re.fullmatch(r"\d{8}", path.name) and path.name not in days]
    for place in others[:1]:  # only tells that the folder is one of the model
        if place.is_dir():
            yield from (path for path in sorted(place.iterdir()) if _is_candidate(path))


def _is_candidate(path: Path) -> bool:
    """Whether it is a regular file with one of the endings; nothing waits at a pipe."""
    return path.name.lower().endswith(_ENDINGS) and path.is_file()


def _may_hold(name: str, days: set[str]) -> bool:
    """Whether a file can hold one of the days, as far as its name tells."""
    told = sorted(match[1] for match in _DAY.finditer(name))
    if told:
        return any(told[0] <= day <= told[-1] for day in days)
    months = {match[1] for match in _MONTH.finditer(name)}
    return not months or any(day[:6] in months for day in days)


def _together(paths: list[Path]) -> Iterator[tuple[Path, ...]]:
    """Files that are read together: NARR has one for each variable."""
    for path in paths:
        first, _, rest = path.name.partition(".")
        if first.lower() not in _NARR or not rest[:6].isdigit():
            yield (path,)
        elif first.lower() == _NARR[0]:
            yield tuple(path.with_name(f"{name}.{rest}") for name in _NARR)


def _fields(paths: tuple[Path, ...]) -> Iterator[Field]:
    missing = [path.name for path in paths if not path.is_file()]
    if missing:
        raise InputError(f"{paths[0]} is there without {' and '.join(missing)}")
    file = _opened(paths)
    told = _told(paths[0])
    times = file.times()
    if not times and told is None:
        raise InputError(f"{paths[0]} tells no time, neither inside nor in its name")
    if told is not None and len(times) == 1 and times[0] != told:
        raise InputError(f"{paths[0]} holds the fields of {times[0]}, not those of its name")
    yield from (Field(file, time) for time in times or ([] if told is None else [told]))


def _told(path: Path) -> np.datetime64 | None:
    """The one time that a name tells, with its hour."""
    found = list(_DAY.finditer(path.name))
    if len(found) != 1 or found[0][2] is None:
        return None
    try:
        time = dt.datetime.strptime(f"{found[0][1]}{found[0][2]}{found[0][3] or '00'}", "%Y%m%d%H%M")
    except ValueError:
        return None
    return np.datetime64(time, "s")


def _opened(paths: tuple[Path, ...]) -> GribFile | NetCdfFiles:
    """The reader of a file, by its first bytes."""
    kinds = set()
    for path in paths:
        with path.open("rb") as file:
            head = file.read(4)
        if head == b"GRIB":
            kinds.add("grib")
        elif head in (b"\x89HDF", b"CDF\x01", b"CDF\x02"):
            kinds.add("netcdf")
        else:
            reason = next(
                (text for start, text in _OTHERS.items() if head.startswith(start)), "neither GRIB nor NetCDF"
            )
            raise InputError(f"{path} is {'empty' if not head else reason}")
    if kinds == {"grib"} and len(paths) == 1:
        return GribFile(paths[0])
    if kinds != {"netcdf"}:
        raise InputError(f"{paths[0]} and the files beside it are not of one kind")
    return NetCdfFiles(paths)
