"""Fields of weather models in GRIB files, through pygrib. What a message holds is taken from its parameter id, not its place.

Source: docs/method/weather.md, section 3; parameter ids: ECMWF's parameter database.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stamps.errors import InputError, StampsError
from stamps.tropo.weather.columns import Raw
from stamps.tropo.weather.grids import Placement
from stamps.tropo.weather.libraries import FAILURES, library, reason_of

__all__ = ["GribFile"]

#: Parameter id -> what it is: geopotential, geopotential height, temperature, specific and relative humidity.
_PARAMETERS = {129: "z", 156: "h", 130: "t", 133: "q", 157: "r"}
_TO_PASCAL = {"isobaricInhPa": 100.0, "isobaricInPa": 1.0}
_NAMES = {"zh": "geopotential (129 or 156)", "t": "temperature (130)", "qr": "humidity (133 or 157)"}
#: Grids whose rows have one latitude and whose columns have one longitude.
_REGULAR = ("regular_ll", "regular_gg", "mercator")
_LARGE = 0x800000
#: Messages of files up to these bytes are kept until they are used: taking one apart is what costs time.
_SMALL = 4_000_000


@dataclass(frozen=True)
class _Place:
    """Where a message stands in the file, bytes."""

    start: int
    length: int


@dataclass
class GribFile:
    """A GRIB file.

    Attributes
    ----------
    path : Path
    """

    path: Path
    _messages: dict[np.datetime64, dict[tuple[str, float], _Place]] = field(default_factory=dict, repr=False)
    _grids: dict[np.datetime64, str] = field(default_factory=dict, repr=False)
    _kept: dict[_Place, Any] = field(default_factory=dict, repr=False)

    def times(self) -> list[np.datetime64]:
        """Times of its fields; InputError if it is damaged or holds none."""
        if not self._messages:
            with self._reading() as read:
                for place in _places(self.path):
                    self._note(read(place), place)
            if not self._messages:
                raise InputError(f"{self.path} has no {' and no '.join(_NAMES.values())} on levels of pressure")
        return sorted(self._messages)

    def _note(self, message: Any, place: _Place) -> None:
        kind = _PARAMETERS.get(message.paramId)
        unit = _TO_PASCAL.get(message.typeOfLevel)
        if kind is None or unit is None:
            return
        date, clock = f"{message.validityDate:08d}", f"{message.validityTime:04d}"
        time = np.datetime64(f"{date[:4]}-{date[4:6]}-{date[6:]}T{clock[:2]}:{clock[2:]}:00", "s")
        held = self._messages.setdefault(time, {})
        key = (kind, float(message.level) * unit)
        if key in held:
            raise InputError(f"{self.path} has parameter {message.paramId} at {key[1] / 100:g} hPa of {time} twice")
        if self._grids.setdefault(time, message.md5GridSection) != message.md5GridSection:
            raise InputError(f"{self.path} has fields of {time} on several grids")
        held[key] = place
        if self.path.stat().st_size <= _SMALL:
            self._kept[place] = message

    def grid(self, time: np.datetime64) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Latitudes and longitudes of a time's fields, degrees: one each for rows and columns, or both of all nodes."""
        with self._reading() as read:
            message = read(next(iter(self._messages[time].values())))
            if str(message.gridType).startswith(("reduced", "sh")):
                raise InputError(
                    f"{self.path} is on the grid {message.gridType}: get it on one of longitude and latitude (regular_ll)"
                )
            lat, lon = message.latlons()
            if message.gridType in _REGULAR:
                return lat[:, 0], lon[0]
            return lat, lon

    def read(self, time: np.datetime64, where: Placement) -> Raw:
        """Fields of a time at some nodes.

        Raises
        ------
        InputError
            Something is missing or damaged.
        """
        held = self._messages[time]
        kinds = self._kinds(held, time)
        levels = sorted({level for kind, level in held if kind in kinds})
        missing = [f"{kind} at {level / 100:g} hPa" for level in levels for kind in kinds if (kind, level) not in held]
        if missing:
            more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
            raise InputError(f"{self.path} lacks {missing[0]}{more} of {time}")
        with self._reading() as read:
            values = {
                kind: np.stack([self._at_nodes(read(held[kind, level]), where) for level in levels]) for kind in kinds
            }
        for place in held.values():
            self._kept.pop(place, None)
        return Raw(np.array(levels), values, str(self.path))

    def _kinds(self, held: dict[tuple[str, float], _Place], time: np.datetime64) -> list[str]:
        """The geopotential or its height, the temperature, and a humidity."""
        there = {kind for kind, _ in held}
        chosen = {kinds: next((kind for kind in kinds if kind in there), "") for kinds in _NAMES}
        missing = [_NAMES[kinds] for kinds, kind in chosen.items() if not kind]
        if missing:
            raise InputError(f"{self.path} has no {' and no '.join(missing)} on levels of pressure of {time}")
        return list(chosen.values())

    def _at_nodes(self, message: Any, where: Placement) -> NDArray[np.float64]:
        values = message.values
        if values.ndim != 2 or where.rows.max() >= values.shape[0] or where.cols.max() >= values.shape[1]:
            raise InputError(f"{self.path} has messages on several grids")
        return np.ma.filled(values.astype(np.float64), np.nan)[np.ix_(where.rows, where.cols)]

    @contextmanager
    def _reading(self) -> Iterator[Any]:
        """A function that reads a message; what the library says of a damaged one becomes an InputError."""
        pygrib = library("pygrib")
        try:
            with self.path.open("rb") as file:

                def read(place: _Place) -> Any:
                    if place in self._kept:
                        return self._kept[place]
                    file.seek(place.start)
                    return pygrib.fromstring(file.read(place.length))

                yield read
        except StampsError:
            raise
        except FAILURES as error:
            raise InputError(f"{self.path} is no GRIB file that can be read ({reason_of(error)})") from error


def _places(path: Path) -> Iterator[_Place]:
    """The messages of a file; InputError where one is cut off, of which ecCodes would write to the terminal."""
    size = path.stat().st_size
    with path.open("rb") as file:
        at = 0
        while at < size:
            file.seek(at)
            head = file.read(16)
            if not head.strip(b"\0"):
                return  # padding
            length = _length(head)
            file.seek(at + max(length - 4, 0))
            if length < 16 or file.read(4) != b"7777":
                raise InputError(f"{path} is cut off or damaged at byte {at} of {size}: download it again")
            yield _Place(at, length)
            at += length


def _length(head: bytes) -> int:
    """Bytes of the message that begins like this; 0 if none does, or one of the first edition with more than 8 MB."""
    if head[:4] != b"GRIB" or len(head) < 16:
        return 0
    if head[7] == 1:
        length = int.from_bytes(head[4:7], "big")
        return 0 if length & _LARGE else length
    return int.from_bytes(head[8:16], "big")
