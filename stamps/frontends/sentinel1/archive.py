"""The archive of the Alaska Satellite Facility: which products it has, and how one signs in; through ``asf_search``.

Source: docs/method/sentinel1.md, section 9.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import functools
import netrc
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from stamps.errors import ExternalProgramError, InputError, ParameterError
from stamps.frontends.sentinel1.area import Area

__all__ = [
    "Granule",
    "Wanted",
    "asf_library",
    "find_granules",
    "netrc_login",
    "open_session",
    "parse_day",
    "parse_platforms",
]

_LOGIN = "urs.earthdata.nasa.gov"
_PATIENCE = (30, 300)  # s, to connect and between two pieces
_NEAR_EQUATOR = 6.0  # degrees, beyond which no slice of a pass over the area crosses it
_FILE = re.compile(
    r"(S1[A-Z])_(?:IW|S[1-6])_SLC__1S[SD][HV]_(\d{8})T\d{6}_\d{8}T\d{6}_\d{6}_([0-9A-F]{6})_[0-9A-F]{4}\.zip"
)


@dataclass(frozen=True)
class Wanted:
    """What is looked for.

    Attributes
    ----------
    area : Area
    track : int, optional
        Relative orbit; None: the only one there is.
    start, end : date, optional
        First and last day.
    platforms : tuple of str
        Letters of the satellites; none: all.
    mode : str
        ``IW``, or the beam of stripmap mode.
    """

    area: Area
    track: int | None = None
    start: dt.date | None = None
    end: dt.date | None = None
    platforms: tuple[str, ...] = ()
    mode: str = "IW"


@dataclass(frozen=True)
class Granule:
    """A product of the archive.

    Attributes
    ----------
    name : str
        Of its zip file.
    url : str
    size : int, optional
        Bytes.
    track : int
        Relative orbit.
    passing : str
    """

    name: str
    url: str
    size: int | None
    track: int
    passing: str = ""

    @property
    def date(self) -> str:
        """Day of its start, yyyymmdd."""
        return self._parts[1]

    @property
    def take(self) -> tuple[str, str]:
        """Platform and data take."""
        return self._parts[0], self._parts[2]

    @property
    def _parts(self) -> tuple[str | Any, ...]:
        found = _FILE.fullmatch(self.name)
        return found.groups() if found else ("", "", self.name)


def asf_library() -> Any:
    """The module ``asf_search``.

    Raises
    ------
    ExternalProgramError
        It is not installed.
    """
    try:
        import asf_search
    except ImportError:
        raise ExternalProgramError(
            "Downloads need the package asf_search: install it (pip install 'stamps-insar[download]')."
        ) from None
    return asf_search


def parse_day(text: str, name: str) -> dt.date | None:
    """A day, yyyy-mm-dd or yyyymmdd; nothing for an empty text.

    Raises
    ------
    ParameterError
        It is none.
    """
    if not text:
        return None
    try:
        return dt.datetime.strptime(text[:10].replace("-", ""), "%Y%m%d").date()
    except ValueError:
        raise ParameterError(f"{name} = {text} is no day: write it as 2020-01-31.") from None


def parse_platforms(text: str) -> tuple[str, ...]:
    """Letters of the satellites that a text names: ``S1`` (all), ``S1A``, ``Sentinel-1B``, several with commas.

    Raises
    ------
    ParameterError
        It names something else.
    """
    letters = []
    for word in filter(None, re.split(r"[,;\s]+", text)):
        found = re.fullmatch(r"(?:S|SENTINEL-?)1([A-D]?)", word, re.IGNORECASE)
        if not found:
            raise ParameterError(f"The platform {word} is none: S1 (all), S1A, S1B, S1C or S1D is expected.")
        letters.append(found[1].upper())
    return () if "" in letters else tuple(dict.fromkeys(letters))


# ---------------------------------------------------------------------- the search


def find_granules(wanted: Wanted) -> list[Granule]:
    """Single-look complex products that the archive has, in the order of their names.

    Near the equator slices of the neighbouring tracks belong to it, too, if they are of a data take of the track.

    Raises
    ------
    InputError
        There are none, or those of several tracks and none is chosen; the archive cannot be asked.
    """
    asf = asf_library()
    with _unreported(asf), _sentences(asf, "The archive cannot be searched"):
        results = asf.search(**_query(wanted))
        complete = results.searchComplete
    found = {one.name: one for one in map(_granule, results) if one is not None}
    granules = _of_one_track([found[name] for name in sorted(found)], wanted)
    if not complete:
        raise InputError("The archive gave only a part of its list: try again later.")
    return granules


def _query(wanted: Wanted) -> dict[str, Any]:
    """The words of the search."""
    query: dict[str, Any] = {
        "platform": [f"Sentinel-1{letter}" for letter in wanted.platforms or "ABCD"],
        "processingLevel": "SLC",
        "beamMode": wanted.mode,
        "intersectsWith": wanted.area.wkt,
    }
    if wanted.track is not None:
        _, south, _, north = wanted.area.envelope
        near = south < _NEAR_EQUATOR and north > -_NEAR_EQUATOR
        query["relativeOrbit"] = [(wanted.track + step - 1) % 175 + 1 for step in ((-1, 0, 1) if near else (0,))]
    if wanted.start:
        query["start"] = f"{wanted.start.isoformat()}T00:00:00Z"
    if wanted.end:
        query["end"] = f"{wanted.end.isoformat()}T23:59:59Z"
    return query


def _granule(result: Any) -> Granule | None:
    """A result of the search; None for what is no product of the kind."""
    told = result.properties
    name, size = str(told.get("fileName") or ""), told.get("bytes")
    if not _FILE.fullmatch(name) or not told.get("url"):
        return None
    known = isinstance(size, int | float) and size > 0
    track = int(told.get("pathNumber") or 0)
    return Granule(name, told["url"], int(size) if known else None, track, str(told.get("flightDirection") or ""))


def _of_one_track(granules: Sequence[Granule], wanted: Wanted) -> list[Granule]:
    """Products of the track that is asked for, or of the only one; tracks that a data take joins are one."""
    passes: list[list[Granule]] = []
    for granule in granules:
        linked = [one for one in passes if any(_together(granule, other) for other in one)]
        passes = [one for one in passes if one not in linked]
        passes.append([*(other for one in linked for other in one), granule])
    chosen = [one for one in passes if wanted.track is None or any(other.track == wanted.track for other in one)]
    if not chosen:
        raise InputError(
            f"The archive has no product of {_described(wanted)}: check track, days, platform and the area."
        )
    if len(chosen) > 1:
        listed = ", ".join(
            sorted({f"{other.track} {other.passing.lower()}".strip() for one in chosen for other in one})
        )
        raise InputError(f"The archive has products of several tracks over the area: {listed}. Choose one (TRACK).")
    return sorted(chosen[0], key=lambda one: (one.date, one.name))


def _together(one: Granule, other: Granule) -> bool:
    return (one.track, one.passing) == (other.track, other.passing) or one.take == other.take


def _described(wanted: Wanted) -> str:
    platforms = " and ".join(f"S1{letter}" for letter in wanted.platforms) or "Sentinel-1"
    track = "any track" if wanted.track is None else f"track {wanted.track}"
    days = f"{wanted.start or 'the beginning'} to {wanted.end or 'today'}"
    return f"{platforms}, {wanted.mode}, {track}, {days}, over {wanted.area.source or wanted.area.wkt}"


@contextlib.contextmanager
def _unreported(asf: Any) -> Iterator[None]:
    """Let nobody but the archive learn of a search, not even when it fails."""
    before, asf.REPORT_ERRORS = asf.REPORT_ERRORS, False
    try:
        yield
    finally:
        asf.REPORT_ERRORS = before


@contextlib.contextmanager
def _sentences(asf: Any, what: str) -> Iterator[None]:
    """Errors of the library and of the network as sentences."""
    try:
        yield
    except asf.exceptions.ASFWKTError as error:
        raise InputError(f"{what}: it does not take the area ({error}).") from None
    except (asf.exceptions.ASFError, asf.exceptions.CMRError) as error:
        raise InputError(f"{what} ({str(error)[:200]}).") from None
    except OSError as error:
        raise InputError(f"{what}: there is no connection ({type(error).__name__}). Check the network.") from None


# ---------------------------------------------------------------------- who asks


def open_session() -> Any:
    """A session that is signed in, by ``EARTHDATA_TOKEN`` or else by ``~/.netrc``; neither is kept anywhere.

    Raises
    ------
    InputError
        There is neither, it is refused, or there is no connection.
    """
    asf = asf_library()
    session = asf.ASFSession()
    session.request = functools.partial(session.request, timeout=_PATIENCE)
    token = os.environ.get("EARTHDATA_TOKEN", "").strip()
    name, password = ("", "") if token else netrc_login()
    source = "EARTHDATA_TOKEN" if token else "~/.netrc"
    try:
        return session.auth_with_token(token) if token else session.auth_with_creds(name, password)
    except asf.exceptions.ASFAuthenticationError:
        raise InputError(f"{_LOGIN} refuses {source}: check it there, and that it has not expired.") from None
    except OSError as error:
        raise InputError(f"There is no connection to {_LOGIN} ({type(error).__name__}): check the network.") from None


def netrc_login() -> tuple[str, str]:
    """Name and password of ``~/.netrc``.

    Raises
    ------
    InputError
        It has none, or cannot be used.
    """
    advice = f"add a line 'machine {_LOGIN} login NAME password PASSWORD' to ~/.netrc, or set EARTHDATA_TOKEN"
    try:
        entry = netrc.netrc().authenticators(_LOGIN)
    except FileNotFoundError:
        raise InputError(f"There is no ~/.netrc and no EARTHDATA_TOKEN: {advice}.") from None
    except (netrc.NetrcParseError, OSError, UnicodeError):  # their texts may hold a password
        raise InputError(
            "~/.netrc cannot be used: it must be well-formed, and readable by you alone (chmod 600 ~/.netrc)."
        ) from None
    if entry is None or not entry[0] or not entry[2]:
        raise InputError(f"~/.netrc does not know {_LOGIN}: {advice}.")
    return entry[0], entry[2]
