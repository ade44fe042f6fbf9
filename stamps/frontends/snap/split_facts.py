"""What the ``.dim`` of a split says of itself: polarisation, subswath, time, bursts; and whether that is what a job wants.

Source: docs/method/snap.md, section 6.
"""

from __future__ import annotations

import datetime as dt
import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stamps.errors import InputError
from stamps.frontends.sentinel1.annotation import ORBITAL_PERIOD, Course
from stamps.frontends.sentinel1.coverage import as_ranges
from stamps.frontends.sentinel1.fields import read_instant
from stamps.frontends.sentinel1.products import Acquisition

if TYPE_CHECKING:
    from stamps._typing import StrPath


__all__ = ["SplitFacts", "Wanted", "attribute", "number_of", "read_split_facts", "split_trouble"]

_MONTHS = "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split()
_NODE = 175  # the last track of the cycle
_MARGIN = dt.timedelta(seconds=5)  # around the slices, for a first line


@dataclass(frozen=True)
class SplitFacts:
    """What a split says; what it does not tell is empty, None or 0.

    Attributes
    ----------
    polarisations, swaths : tuple of str
    start : datetime, optional
        Of the first line, whole seconds, UTC.
    bursts : tuple of int
        Their numbers along the track.
    n_bursts : int
        As many as its lines are of.
    """

    polarisations: tuple[str, ...]
    swaths: tuple[str, ...]
    start: dt.datetime | None
    bursts: tuple[int, ...]
    n_bursts: int


@dataclass(frozen=True)
class Wanted:
    """What a split is to be.

    Attributes
    ----------
    polarisation, swath : str
    acquisition : Acquisition, optional
        What it was split from; None where that is not known.
    bursts : tuple of int
        Numbers along the track that the job uses; empty where any may be.
    count : int
        How many of them this date has.
    end_of_cycle : bool
        Whether the job's pass goes from the last track of the cycle to the first.
    """

    polarisation: str
    swath: str
    acquisition: Acquisition | None = None
    bursts: tuple[int, ...] = ()
    count: int = 0
    end_of_cycle: bool = False


def read_split_facts(path: StrPath, *, end_of_cycle: bool = False) -> SplitFacts:
    """What a split says of itself.

    Raises
    ------
    InputError
        It cannot be read.
    """
    try:
        root = ET.parse(path).getroot()
    except (OSError, ET.ParseError) as error:
        raise InputError(f"The split {path} cannot be read ({error}).") from error
    bands = " ".join(one.text or "" for one in root.iter("BAND_NAME"))
    swaths = _told(root, bands, r"IW[123]", ("swath", "SWATH"))
    lines, rows = number_of(root, "linesPerBurst"), root.findtext(".//Raster_Dimensions/NROWS") or ""
    count = int(rows) / lines if lines and rows.strip().isdigit() else 0
    bursts = _bursts(root, swaths, end_of_cycle)
    return SplitFacts(
        polarisations=_told(root, bands, r"VV|VH|HH|HV", ("polarisation", "mds1_tx_rx_polar")),
        swaths=swaths,
        start=_start(attribute(root, "first_line_time")),
        bursts=bursts
        if not count or len(bursts) == count
        else (),  # a list that was not cut with the image tells nothing
        n_bursts=int(count) if count == int(count) else 0,
    )


def split_trouble(facts: SplitFacts, wanted: Wanted) -> str:
    """Why a split is not the one that a job wants, as a clause; empty where nothing that it says is against it."""
    for told, expected in ((facts.polarisations, wanted.polarisation), (facts.swaths, wanted.swath)):
        if told and told != (expected,):
            return f"it holds {' and '.join(told)}, not {expected}"
    one = wanted.acquisition
    if one and facts.start and not one.start - _MARGIN <= facts.start <= one.stop + _MARGIN:
        return f"its first line is of {facts.start:%Y-%m-%d %H:%M:%S}, not of the slices of {one.date} that are used"
    if facts.bursts and wanted.bursts:
        if len(facts.bursts) != wanted.count or not set(facts.bursts) <= set(wanted.bursts):
            return f"it holds the bursts {as_ranges(facts.bursts)} along the track, not {as_ranges(wanted.bursts)}"
    elif facts.n_bursts and wanted.count and facts.n_bursts != wanted.count:
        return f"it holds {facts.n_bursts} bursts, not {wanted.count}"
    return ""


# ---------------------------------------------------------------------- metadata


def attribute(root: ET.Element, name: str) -> str:
    """Text of the first attribute of a name; empty if there is none."""
    return next((one.text or "" for one in root.iter("MDATTR") if one.get("name") == name), "").strip()


def number_of(root: ET.Element, name: str) -> float | None:
    """The first attribute of a name as a number; None if it is none."""
    try:
        return float(attribute(root, name))
    except ValueError:
        return None


def _told(root: ET.Element, bands: str, pattern: str, names: Sequence[str]) -> tuple[str, ...]:
    """Words of a pattern in the names of the bands, else in attributes."""
    texts = [bands.upper(), *(attribute(root, name).upper() for name in names)]
    found = (set(re.findall(rf"(?<![A-Z])(?:{pattern})(?![A-Z0-9])", text)) for text in texts)
    return tuple(sorted(next(filter(None, found), ())))


def _bursts(root: ET.Element, swaths: Sequence[str], end_of_cycle: bool) -> tuple[int, ...]:
    """Numbers along the track of the bursts that the product's own annotation still lists."""
    lines, interval = number_of(root, "linesPerBurst"), number_of(root, "azimuthTimeInterval")
    track = int(number_of(root, "REL_ORBIT") or 0)
    if not lines or not interval or not track:
        return ()
    rows = [one for one in _annotation(root, swaths).iter("MDElem") if one.get("name") == "burst"]
    told = [(one, time) for one in rows if (time := number_of(one, "azimuthAnxTime")) is not None]
    if not told:
        return ()
    times = [time for _, time in told]
    crosses = _crosses_node(root, times)
    course = Course(track, crosses, end_of_cycle or (crosses and track == _NODE))
    ids = [number_of(row, "burstId") for row, _ in told]
    numbers = course.numbers(_starts([row for row, _ in told], times), times, lines * interval, ids)
    return tuple(sorted(set(numbers)))


def _annotation(root: ET.Element, swaths: Sequence[str]) -> ET.Element:
    """The annotation of the subswath where there are several; else all."""
    for one in root.iter("MDElem"):
        headers = [child for child in one.findall("MDElem") if child.get("name") == "adsHeader"]
        if headers and attribute(headers[0], "swath") in swaths:
            return one
    return root


def _crosses_node(root: ET.Element, times: Sequence[float]) -> bool:
    """Whether the ascending node lies in the product: times begin anew, or its orbits differ."""
    orbits = {one.text for one in root.iter("MDATTR") if one.get("name") == "relativeOrbitNumber" and one.text}
    return len(orbits) > 1 or times[0] % ORBITAL_PERIOD > times[-1] % ORBITAL_PERIOD


def _starts(rows: Sequence[ET.Element], times: Sequence[float]) -> list[dt.datetime]:
    """Starts of bursts, UTC; without them times since the node tell how far apart they are."""
    try:
        return [read_instant(attribute(row, "azimuthTime")) for row in rows]
    except ValueError:
        seconds = np.unwrap(times, period=ORBITAL_PERIOD) - times[0]
        return [dt.datetime(2000, 1, 1) + dt.timedelta(seconds=float(one)) for one in seconds]


def _start(text: str) -> dt.datetime | None:
    """``15-APR-2020 16:56:25.123456`` as a time; None for anything else."""
    match = re.fullmatch(r"(\d\d?)-([A-Z]{3})-(\d{4}) (\d\d):(\d\d):(\d\d)(?:\.\d+)?", text.upper())
    if match is None or match[2] not in _MONTHS:
        return None
    day, year, hour, minute, second = (int(match[k]) for k in (1, 3, 4, 5, 6))
    try:
        return dt.datetime(year, _MONTHS.index(match[2]) + 1, day, hour, minute, second)
    except ValueError:
        return None
