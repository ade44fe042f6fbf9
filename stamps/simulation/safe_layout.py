"""What skeletons of Sentinel-1 products are made of: subswaths, slices, bursts and their times."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np

from stamps.errors import InputError
from stamps.simulation.circular_orbits import PERIOD, CircularOrbit, Passage
from stamps.simulation.plan import StackPlan
from stamps.simulation.snap_files import azimuth_start

__all__ = ["BURST_CYCLE", "LINES_PER_BURST", "LINE_TIME", "ProductLayout", "Take", "plan_takes"]

BURST_CYCLE = 2.758273  # s from burst to burst
_PREAMBLE = 2.299849  # s from the ascending node of track 1 to burst 1
LINES_PER_BURST, LINE_TIME = 1500, 2.0555562999e-3
_BURST_TIME = LINES_PER_BURST * LINE_TIME
#: Middle of a burst of each subswath within the cycle, s.
_PHASES = {"IW1": 0.42, "IW2": 1.38, "IW3": 2.34}
#: Absolute orbit in which track 1 was first flown.
_FIRST_ORBITS = {"S1A": 73, "S1B": 27, "S1C": 172, "S1D": 172}
_CYCLE_ORBITS, _CYCLE_BURSTS, _FIRST_CYCLE = 175, 375887, 100
_STRIPMAP_SECONDS = 15.0


@dataclass(frozen=True, kw_only=True)
class ProductLayout:
    """How the products of a simulated stack are cut, and what is wrong with them.

    Attributes
    ----------
    swaths : tuple of str
        ``IW1`` to ``IW3``, neighbours, or one of stripmap, ``S1`` to ``S6``. The centre of the scene lies in the middle of a
        burst of the middle one (of two: the first).
    slices : int
        Products of a date.
    bursts : int
        Bursts of a slice in each subswath.
    track : int
        Relative orbit of the scene's centre; slices on the other side of an ascending node are of the neighbouring ones.
    node_times : {'slice', 'burst', 'take'}
        Start of what the ascending node precedes from which ``azimuthAnxTime`` counts; products of all three are there.
    platforms : tuple of str
        In turn for the dates.
    polarisations : tuple of str
        Of every product.
    zipped : bool
        Zip files in place of ``.SAFE`` folders.
    burst_ids : bool
        Bursts carry their number along the track (IPF 3.40 and later); else only the time since the ascending node tells it.
    midnight : bool
        The first slice ends at midnight (a single one is cut in half by it), UTC.
    missing_bursts : mapping
        Date to numbers of bursts, from 0 over all slices, that all subswaths lack.
    missing_slices : mapping
        Date to numbers of slices, from 0, that are not written.
    duplicates : collection of str
        Dates whose slices are there a second time, processed later.
    other_track : collection of str
        Dates after each of which another track was acquired over the same place, a day later.
    missing_polarisation : collection of str
        Dates that lack the first of the polarisations.
    truncated : collection of str
        Dates whose first product is cut short: half a zip file, or a folder without annotations.
    """

    swaths: tuple[str, ...] = ("IW2",)
    slices: int = 1
    bursts: int = 4
    track: int = 44
    node_times: str = "slice"
    platforms: tuple[str, ...] = ("S1A",)
    polarisations: tuple[str, ...] = ("VV", "VH")
    zipped: bool = False
    burst_ids: bool = True
    midnight: bool = False
    missing_bursts: Mapping[str, Collection[int]] = field(default_factory=dict)
    missing_slices: Mapping[str, Collection[int]] = field(default_factory=dict)
    duplicates: Collection[str] = ()
    other_track: Collection[str] = ()
    missing_polarisation: Collection[str] = ()
    truncated: Collection[str] = ()

    def __post_init__(self) -> None:
        if self.slices < 1 or self.bursts < 1 or not 1 <= self.track <= _CYCLE_ORBITS:
            raise InputError("Products need at least a slice and a burst, and a track from 1 to 175.")
        if self.node_times not in ("slice", "burst", "take"):
            raise InputError(
                f"Times count from the node before the slice, the burst or the take, not {self.node_times}."
            )
        if not self.stripmap and set(self.swaths) - _PHASES.keys():
            raise InputError(f"Products have the subswaths IW1, IW2 and IW3, not {', '.join(self.swaths)}.")

    @property
    def stripmap(self) -> bool:
        """Whether the products are of stripmap mode."""
        return len(self.swaths) == 1 and len(self.swaths[0]) == 2

    @property
    def middle_swath(self) -> str:
        """The subswath of the centre of the scene."""
        return self.swaths[(len(self.swaths) - 1) // 2]

    @property
    def total(self) -> int:
        """Bursts of a subswath in all slices."""
        return self.slices * self.bursts

    def offset(self, swath: str, burst: float) -> float:
        """Seconds from the passage of the scene's centre to the start of a burst, counted from 0 over all slices."""
        if self.stripmap:
            return (burst / self.bursts - self.slices / 2) * _STRIPMAP_SECONDS
        since = (burst - self.total // 2) * BURST_CYCLE + _PHASES[swath] - _PHASES[self.middle_swath]
        return since - _BURST_TIME / 2

    def ends(self, piece: int) -> tuple[float, float]:
        """Seconds from the passage of the scene's centre to start and end of a slice."""
        first, last = piece * self.bursts, (piece + 1) * self.bursts - 1
        if self.stripmap:
            return self.offset(self.swaths[0], first), self.offset(self.swaths[0], last + 1)
        starts = [self.offset(swath, first) for swath in self.swaths]
        return min(starts), max(self.offset(swath, last) for swath in self.swaths) + _BURST_TIME

    def central_number(self, since_node: float) -> int:
        """Number along the track of the burst in which the scene's centre lies."""
        beginning = _PREAMBLE + _PHASES.get(self.middle_swath, 0.0) - (self.track - 1) * PERIOD
        return 1 + round((since_node - beginning) / BURST_CYCLE)


@dataclass(frozen=True)
class Take:
    """What one platform acquires of the scene on one date.

    Attributes
    ----------
    date : str
        Of the simulator's acquisition, yyyymmdd.
    platform : str
    track, absolute_orbit, data_take : int
        Orbits of the scene's centre.
    ascending : bool
    passage : datetime
        When the satellite is nearest to the scene's centre, UTC.
    orbit : CircularOrbit
        Its time 0 is ``passage``.
    jitter : float
        How much later than the grid of bursts it acquires, s.
    number : int
        Number along the track of the burst of the scene's centre.
    """

    date: str
    platform: str
    track: int
    absolute_orbit: int
    data_take: int
    ascending: bool
    passage: dt.datetime
    orbit: CircularOrbit
    jitter: float
    number: int

    def since_node(self, layout: ProductLayout, swath: str, burst: int) -> float:
        """Time from the ascending node to the start of a burst as the annotation tells it, s."""
        since = self._since_own_node(layout, swath, burst)
        if layout.node_times == "burst":
            return since % PERIOD
        piece = burst // layout.bursts if layout.node_times == "slice" else 0
        return since - self._laps(layout, layout.ends(piece)[0]) * PERIOD

    def _since_own_node(self, layout: ProductLayout, swath: str, burst: int) -> float:
        """Time of a burst since the node of the track of the scene's centre, s; negative before it."""
        number = self.number + burst - layout.total // 2
        middle = _PREAMBLE + _PHASES[swath] - (self.track - 1) * PERIOD + (number - 1) * BURST_CYCLE
        return middle - _BURST_TIME / 2 + self.jitter

    def _laps(self, layout: ProductLayout, offset: float) -> int:
        """Ascending nodes between that of the scene's centre and a time, in seconds after the passage of the centre."""
        middle, centre = layout.middle_swath, layout.total // 2
        if layout.stripmap:
            return 0
        since = self._since_own_node(layout, middle, centre) + offset - layout.offset(middle, centre)
        return math.floor(since / PERIOD)

    def orbits(self, layout: ProductLayout, offset: float) -> tuple[int, int]:
        """Absolute and relative orbit at a time, in seconds after the passage of the scene's centre."""
        laps = self._laps(layout, offset)
        return self.absolute_orbit + laps, (self.track + laps - 1) % _CYCLE_ORBITS + 1

    def burst_id(self, layout: ProductLayout, burst: int) -> int:
        """Number along the track of a burst, counted from 0 over all slices."""
        return (self.number + burst - layout.total // 2 - 1) % _CYCLE_BURSTS + 1


def plan_takes(plan: StackPlan, layout: ProductLayout, passage: Passage) -> list[Take]:
    """The takes of the simulator's acquisitions, in the order of the dates."""
    acquisitions, settings = plan.acquisitions, plan.settings
    number = layout.central_number(passage.orbit().since_node())
    takes = []
    for image, date in enumerate(acquisitions.names):
        platform = layout.platforms[image % len(layout.platforms)]
        orbit = _FIRST_ORBITS.get(platform, 73) + layout.track - 1 + _CYCLE_ORBITS * (_FIRST_CYCLE + image)
        takes.append(
            Take(
                date=date,
                platform=platform,
                track=layout.track,
                absolute_orbit=orbit,
                data_take=7 * orbit + 3,
                ascending=bool(np.cos(np.radians(settings.heading)) > 0),
                passage=_passage_time(plan, layout, image),
                orbit=passage.orbit(float(acquisitions.across[image]), float(acquisitions.down[image])),
                jitter=0.0007 * (image % 5 - 2),
                number=number,
            )
        )
    return takes


def _passage_time(plan: StackPlan, layout: ProductLayout, image: int) -> dt.datetime:
    """When the scene's centre is passed: as the headers of the simulated images say, or so that a slice ends at midnight."""
    day = dt.datetime.combine(plan.acquisitions.dates[image], dt.time())
    if not layout.midnight:
        seconds = azimuth_start(image) + plan.settings.lines / 2 / plan.geometry.prf
        return day + dt.timedelta(seconds=round(seconds, 6))
    first, second = layout.ends(0)
    edge = layout.ends(1)[0] if layout.slices > 1 else (first + second) / 2
    return day + dt.timedelta(days=1, seconds=round(0.01 * (image % 3) - edge, 6))
