"""What an annotation says about the image of a subswath: bursts and where they lie, orbit, times.

Source: docs/method/sentinel1.md, sections 1 and 4.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stamps.errors import InputError
from stamps.frontends.sentinel1.containers import Container
from stamps.frontends.sentinel1.fields import Fields

__all__ = [
    "BURST_CYCLE",
    "ORBITAL_PERIOD",
    "Annotation",
    "Burst",
    "Course",
    "StateVectors",
    "burst_number",
    "find_annotation",
    "read_annotation",
]

#: Time from burst to burst of a subswath, s, and from the node of track 1 to the first burst, s.
BURST_CYCLE, _PREAMBLE = 2.758273, 2.299849
ORBITAL_PERIOD = 12 * 86400 / 175  #: Time of a revolution, s.
_MOST_BURSTS, _LEAST_VECTORS = 1000, 4


@dataclass(frozen=True)
class Burst:
    """A burst of a subswath.

    Attributes
    ----------
    number : int
        Along the track (relative orbit), the same on all dates and platforms; it goes on beyond the ascending node.
    start : datetime
        Zero-Doppler time of its first line, UTC.
    since_node : float
        The same as time since the last ascending node, s, at least 0 and less than a revolution.
    outline : tuple of (float, float)
        Longitudes and latitudes around it, from its first line to the next burst's, degrees; longitudes count on from the first
        point, so they may pass 180.
    """

    number: int
    start: dt.datetime
    since_node: float
    outline: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class StateVectors:
    """Positions and velocities of a satellite in an Earth-fixed frame.

    Attributes
    ----------
    times : tuple of datetime
        UTC, ascending.
    positions, velocities : ndarray of float64, shape (n, 3)
        m, m/s.
    """

    times: tuple[dt.datetime, ...]
    positions: NDArray[np.float64]
    velocities: NDArray[np.float64]


@dataclass(frozen=True)
class Annotation:
    """The image of a subswath.

    Attributes
    ----------
    swath, polarisation : str
    bursts : tuple of Burst
        In the order of the image; of stripmap none.
    outline : tuple of (float, float)
        Longitudes and latitudes around the image, degrees; they count on from the first point.
    orbit : StateVectors
    height : float
        Mean height of its geolocation grid, m.
    """

    swath: str
    polarisation: str
    bursts: tuple[Burst, ...]
    outline: tuple[tuple[float, float], ...]
    orbit: StateVectors
    height: float


def burst_number(since_node: float, burst_time: float, track: int) -> int:
    """Number of a burst along the track from its time.

    Parameters
    ----------
    since_node : float
        Time from the ascending node to its first line (``azimuthAnxTime``), s.
    burst_time : float
        Time from its first to its last line, s.
    track : int
        Relative orbit.
    """
    middle = since_node + burst_time / 2
    return 1 + math.floor((middle - _PREAMBLE + (track - 1) * ORBITAL_PERIOD) / BURST_CYCLE)


@dataclass(frozen=True)
class Course:
    """Where on the tracks a product lies.

    Attributes
    ----------
    track : int
        Relative orbit of its first line.
    crosses_node : bool
        Whether the ascending node lies in it: its last line is of the next track.
    ends_cycle : bool
        Whether it belongs to a pass from track 175 to track 1: that counts as 176, and numbers of bursts go on.
    """

    track: int
    crosses_node: bool = False
    ends_cycle: bool = False

    def since_first_node(self, starts: Sequence[dt.datetime], since_node: Sequence[float]) -> list[float]:
        """Times of bursts since the ascending node of track 1, s.

        ``azimuthAnxTime`` counts from the last node before the burst, the product or the data take, so it may begin anew in
        the product, or go on beyond a revolution. One burst of the product, reduced to a revolution, is enough for all.

        Parameters
        ----------
        starts : sequence of datetime
            UTC, ascending.
        since_node : sequence of float
            ``azimuthAnxTime``, s.
        """
        known = 0 if self.crosses_node else len(starts) // 2
        since, track = since_node[known] % ORBITAL_PERIOD, self.track
        if self.crosses_node and since < ORBITAL_PERIOD / 2:
            track += 1
        if self.ends_cycle and track == 1:
            track = 176
        return [(track - 1) * ORBITAL_PERIOD + since + (start - starts[known]).total_seconds() for start in starts]

    def numbers(
        self,
        starts: Sequence[dt.datetime],
        since_node: Sequence[float],
        burst_time: float,
        told: Sequence[float | None],
    ) -> list[int]:
        """Numbers of bursts along the track.

        Parameters
        ----------
        starts, since_node
            As for :meth:`since_first_node`.
        burst_time : float
            Time from the first to the last line of a burst, s.
        told : sequence of float or None
            ``burstId``, which counts where it is told, but for a pass to the first track of the cycle.
        """
        times = self.since_first_node(starts, since_node)
        return [
            burst_number(time, burst_time, 1) if number is None or self.ends_cycle else int(number)
            for time, number in zip(times, told, strict=True)
        ]


def find_annotation(container: Container, swath: str, polarisation: str) -> str:
    """Name of the annotation of a subswath and polarisation in a product.

    Raises
    ------
    InputError
        It is not there.
    """
    pattern = re.compile(rf"annotation/s1[a-z]-{swath}-slc-{polarisation}-[^/]*\.xml", re.IGNORECASE)
    found = [name for name in container.names if pattern.fullmatch(name)]
    if len(found) != 1:
        looked = f"annotation/s1?-{swath}-slc-{polarisation}-*.xml".lower()
        raise InputError(
            f"{container.path} holds {len(found) or 'no'} {looked} instead of one: download the product again."
        )
    return found[0]


def read_annotation(container: Container, swath: str, polarisation: str, course: Course) -> Annotation:
    """The annotation of a subswath.

    Parameters
    ----------
    container : Container
    swath, polarisation : str
    course : Course
        Tracks, which numbers of bursts depend on.

    Raises
    ------
    InputError
        It is missing, or a field of it is missing or wrong.
    """
    name = find_annotation(container, swath, polarisation)
    fields = Fields.of(container.read(name), f"{container.path}, {name}")
    header = fields.first("adsHeader")
    for field, expected in (("swath", swath), ("polarisation", polarisation)):
        if header.text(field) != expected:
            raise fields.wrong(field, header.text(field), f"{expected}, which its name says")
    grid = _Grid(fields)
    return Annotation(
        swath=swath,
        polarisation=polarisation,
        bursts=_bursts(fields, grid, course) if swath.startswith("IW") else (),
        outline=_around(
            np.concatenate([grid.lonlat[:, 0], grid.lonlat[-1], grid.lonlat[::-1, -1], grid.lonlat[0, ::-1]])
        ),
        orbit=_orbit(fields),
        height=float(grid.heights.mean()),
    )


class _Grid:
    """The geolocation grid: lines and times (s after the first) of its rows, longitudes and latitudes, heights."""

    def __init__(self, fields: Fields) -> None:
        points = list(fields.first("geolocationGrid").all("geolocationGridPoint"))
        if not points:
            raise fields.missing("geolocationGridPoint")
        lines = np.array([point.integer("line") for point in points])
        self.lines, counts = np.unique(lines, return_counts=True)
        if len(self.lines) < 2 or len(set(counts)) != 1 or counts[0] < 2:
            raise InputError(f"{fields.where}: the geolocationGrid is no grid of two or more rows and columns.")
        order = np.lexsort([np.array([point.integer("pixel") for point in points]), lines])
        shape = len(self.lines), int(counts[0])
        values = np.array([[point.number(name) for name in ("longitude", "latitude", "height")] for point in points])
        if np.abs(values[:, 1]).max() > 90 or np.abs(values[:, 0]).max() > 360:
            raise InputError(f"{fields.where}: the geolocationGrid has latitudes or longitudes that are none.")
        self.lonlat = values[order, :2].reshape(*shape, 2)
        self.lonlat[..., 0] = _continuous(self.lonlat[..., 0])
        self.heights = values[:, 2]
        times = [points[k].instant("azimuthTime") for k in order[:: shape[1]]]
        self.times = np.array([(time - times[0]).total_seconds() for time in times])
        if np.any(np.diff(self.times) <= 0):
            raise InputError(f"{fields.where}: the azimuthTime of the geolocationGrid does not grow with the line.")

    def outline(self, line: int, seconds: float) -> tuple[tuple[float, float], ...]:
        """Around what is imaged in ``seconds`` from a line on, or to the next row where that is nearer."""
        row = min(int(np.argmin(np.abs(self.lines - line))), len(self.lines) - 2)
        share = min(1.0, seconds / (self.times[row + 1] - self.times[row]))
        below = self.lonlat[row] + share * (self.lonlat[row + 1] - self.lonlat[row])
        return _around(np.concatenate([self.lonlat[row], below[::-1]]))


def _continuous(lon: NDArray[np.float64]) -> NDArray[np.float64]:
    """Longitudes that count on from the first, so that none is more than half a turn away from it."""
    return (lon - lon.flat[0] + 180) % 360 - 180 + lon.flat[0]


def _around(points: NDArray[np.float64]) -> tuple[tuple[float, float], ...]:
    return tuple((float(lon), float(lat)) for lon, lat in points)


def _bursts(fields: Fields, grid: _Grid, course: Course) -> tuple[Burst, ...]:
    timing = fields.first("swathTiming")
    lines, interval = timing.integer("linesPerBurst"), fields.number("azimuthTimeInterval")
    if not 0 < lines < 100_000 or not 0 < interval < 1:
        raise fields.wrong("linesPerBurst × azimuthTimeInterval", f"{lines} × {interval}", "the length of a burst")
    rows = list(timing.first("burstList").all("burst"))
    if not 0 < len(rows) <= _MOST_BURSTS:
        raise fields.wrong("burstList", f"{len(rows)} bursts", f"1 to {_MOST_BURSTS}")
    starts = [row.instant("azimuthTime") for row in rows]
    if any(later <= earlier for earlier, later in zip(starts, starts[1:], strict=False)):
        raise InputError(f"{fields.where}: the azimuthTime of the bursts does not grow.")
    since_node = [row.number("azimuthAnxTime") for row in rows]
    told = [row.integer("burstId") if row.has("burstId") and not course.ends_cycle else None for row in rows]
    times = course.since_first_node(starts, since_node)
    numbers = course.numbers(starts, since_node, lines * interval, told)
    bursts = []
    for index, (number, start, time) in enumerate(zip(numbers, starts, times, strict=True)):
        outline = grid.outline(index * lines, lines * interval)
        bursts.append(Burst(number, start, time % ORBITAL_PERIOD, outline))
    return tuple(bursts)


def _orbit(fields: Fields) -> StateVectors:
    rows = list(fields.first("orbitList").all("orbit"))
    if len(rows) < _LEAST_VECTORS:
        raise fields.wrong("orbitList", f"{len(rows)} state vectors", f"{_LEAST_VECTORS} or more")
    states = {}
    for row in rows:
        vectors = [[row.first(name).number(axis) for axis in "xyz"] for name in ("position", "velocity")]
        states[row.instant("time")] = vectors
    if len(states) < _LEAST_VECTORS:
        raise fields.wrong("orbitList", f"{len(states)} different times", f"{_LEAST_VECTORS} or more")
    times = sorted(states)
    array = np.array([states[time] for time in times])
    return StateVectors(tuple(times), array[:, 0], array[:, 1])
