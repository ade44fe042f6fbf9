"""How OPERA's CSLC-S1 products of a simulated stack are cut into bursts, and what is wrong with them."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from stamps.errors import InputError
from stamps.simulation.plan import StackPlan
from stamps.simulation.random_fields import stream
from stamps.simulation.snap_files import azimuth_start

__all__ = ["FLAGS", "Burst", "CslcLayout", "Pass", "passes_of"]

#: Flags of the processing, as OPERA's products of 2024 have them.
FLAGS: dict[str, bool | str] = {
    "ellipsoidal_flattening_applied": True,
    "topographic_flattening_applied": True,
    "bistatic_delay_applied": True,
    "azimuth_fm_rate_applied": True,
    "geometry_doppler_applied": True,
    "los_solid_earth_tides_applied": True,
    "azimuth_solid_earth_tides_applied": False,
    "static_troposphere_applied": True,
    "ionosphere_tec_applied": True,
    "dry_troposphere_weather_model_applied": False,
    "wet_troposphere_weather_model_applied": False,
    "elevation_antenna_pattern_correction_applied": "ESA",
}
_BURSTS_PER_TRACK = 375887 / 175
_FIRST_ORBITS = {"S1A": 73, "S1B": 27, "S1C": 172, "S1D": 172}
_MARGINS = (3, 5, 2, 7)  # cells about a burst, in turn


@dataclass(frozen=True)
class Burst:
    """A burst of the stack: its identity and the radar lines it covers, last excluded."""

    number: int
    swath: str
    first: int
    last: int
    margin: int

    def name(self, track: int, separator: str = "_") -> str:
        """Identity in lower case, ``t044_092461_iw2``."""
        return separator.join([f"t{track:03d}", f"{self.number:06d}", self.swath.lower()])


@dataclass(frozen=True, kw_only=True)
class CslcLayout:
    """How the products of a simulated stack are cut, and what is wrong with them.

    Attributes
    ----------
    posting : (float, float)
        Spacing of the map's columns and rows, m.
    shared : bool
        Several cells may show one radar pixel, as on a map finer than the radar's.
    bursts : int
        Bursts along the lines.
    overlap : float
        Part of a burst that the next one covers, too.
    swaths : tuple of str
        In turn for the bursts.
    constants : float
        Spread of a phase that each burst has on each date, rad.
    of_platform : mapping
        Platform to a phase that grows from burst to burst by this, rad.
    jitter : int
        Lines that may lack at either end of a burst, drawn for each date.
    track : int
        Relative orbit.
    names : {'opera', 'compass'}
    version : str
        Of the products.
    platforms : tuple of str
        In turn for the dates.
    polarisations : tuple of str
        Of every product; OPERA's have one, those of others may have several.
    of_polarisation : mapping
        Date to the polarisation that it has in place of the first.
    static : bool
        With static layers, of the first platform.
    heights : bool
        The static layers have heights, ``/data/z``.
    layover : int
        Side of a square of cells in the middle of each burst that is said to lie in layover.
    complex32 : bool
        Images of two half-precision numbers.
    phases : bool
        With ``/data/flattening_phase`` and ``/data/azimuth_carrier_phase``.
    midnight : bool
        The first burst begins before midnight, UTC, the others after it.
    restituted : collection of str
        Dates whose orbits are restituted.
    missing : mapping
        Date to numbers of bursts, from 0, that are not there.
    other_zone : collection of int
        Bursts, from 0, on the grid of the next UTM zone.
    flags : mapping
        Date to flags of the processing that differ from :data:`FLAGS`.
    duplicates : collection of str
        Dates that are there a second time, generated later.
    older_version : collection of str
        Dates of version 1.0 with the antenna pattern corrected by OPERA.
    truncated : collection of str
        Dates whose first file is cut in half.
    compressed : collection of str
        Dates of whose first burst there is a compressed product, too.
    """

    posting: tuple[float, float] = (10.0, 15.0)
    shared: bool = False
    bursts: int = 1
    overlap: float = 0.15
    swaths: tuple[str, ...] = ("IW2",)
    constants: float = 0.0
    of_platform: Mapping[str, float] = field(default_factory=dict)
    jitter: int = 0
    track: int = 44
    names: str = "opera"
    version: str = "1.1"
    platforms: tuple[str, ...] = ("S1A",)
    polarisations: tuple[str, ...] = ("VV",)
    of_polarisation: Mapping[str, str] = field(default_factory=dict)
    static: bool = True
    heights: bool = True
    layover: int = 3
    complex32: bool = False
    phases: bool = False
    midnight: bool = False
    restituted: Collection[str] = ()
    missing: Mapping[str, Collection[int]] = field(default_factory=dict)
    other_zone: Collection[int] = ()
    flags: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    duplicates: Collection[str] = ()
    older_version: Collection[str] = ()
    truncated: Collection[str] = ()
    compressed: Collection[str] = ()

    def __post_init__(self) -> None:
        if self.bursts < 1 or not 0 <= self.overlap < 0.5 or not 1 <= self.track <= 175:
            raise InputError("Bursts are at least one, overlap by less than half, and have a track from 1 to 175.")
        if self.names not in ("opera", "compass"):
            raise InputError(f"Products are named as OPERA or COMPASS does, not {self.names}.")

    def of_lines(self, lines: int) -> list[Burst]:
        """The bursts of an image with so many lines, in the order of time."""
        length = lines / (self.bursts - (self.bursts - 1) * self.overlap)
        base = math.ceil((self.track - 1) * _BURSTS_PER_TRACK) + 100
        return [
            Burst(
                number=base + k // len(self.swaths),
                swath=self.swaths[k % len(self.swaths)],
                first=round(k * length * (1 - self.overlap)),
                last=lines if k == self.bursts - 1 else round(k * length * (1 - self.overlap) + length),
                margin=_MARGINS[k % len(_MARGINS)],
            )
            for k in range(self.bursts)
        ]

    def polarisations_of(self, date: str) -> tuple[str, ...]:
        """Polarisations of a date."""
        other = self.of_polarisation.get(date)
        return self.polarisations if other is None else (other, *self.polarisations[1:])


@dataclass(frozen=True)
class Pass:
    """A satellite over the scene on one date.

    Attributes
    ----------
    image : int
    date : str
        Of the simulator's acquisition, yyyymmdd.
    platform : str
    absolute_orbit : int
    middle : datetime
        When the middle line is acquired, UTC.
    line_time : float
        Seconds from line to line.
    lines : int
    phases : ndarray of float64, shape (bursts,)
        Phase by which a burst is turned, rad.
    trimmed : ndarray of int64, shape (bursts, 2)
        Lines lacking at the start and at the end of a burst.
    """

    image: int
    date: str
    platform: str
    absolute_orbit: int
    middle: dt.datetime
    line_time: float
    lines: int
    phases: np.ndarray[Any, np.dtype[np.float64]]
    trimmed: np.ndarray[Any, np.dtype[np.int64]]

    def at(self, line: float) -> dt.datetime:
        """When a line is acquired, UTC."""
        return self.middle + dt.timedelta(seconds=(line - (self.lines / 2 - 0.5)) * self.line_time)


def passes_of(plan: StackPlan, layout: CslcLayout) -> list[Pass]:
    """The passes of the simulator's acquisitions, in the order of the dates."""
    rng, settings = stream(plan.settings.seed, "map"), plan.settings
    passes = []
    for image, date in enumerate(plan.acquisitions.names):
        platform = layout.platforms[image % len(layout.platforms)]
        turned = layout.constants * rng.standard_normal(layout.bursts)
        turned += layout.of_platform.get(platform, 0.0) * np.arange(layout.bursts)
        passes.append(
            Pass(
                image=image,
                date=date,
                platform=platform,
                absolute_orbit=_FIRST_ORBITS.get(platform, 73) + layout.track - 1 + 175 * (100 + image),
                middle=_middle(plan, image, layout),
                line_time=1 / plan.geometry.prf,
                lines=settings.lines,
                phases=turned,
                trimmed=rng.integers(0, layout.jitter + 1, (layout.bursts, 2)),
            )
        )
    return passes


def _middle(plan: StackPlan, image: int, layout: CslcLayout) -> dt.datetime:
    """When the middle line is acquired: as the headers of the simulated images say, or about the end of the day."""
    day, lines = dt.datetime.combine(plan.acquisitions.dates[image], dt.time()), plan.settings.lines
    line_time = 1 / plan.geometry.prf
    if not layout.midnight:
        seconds = azimuth_start(image) + (lines / 2 - 0.5) * line_time
        return day + dt.timedelta(seconds=round(seconds, 6))
    of_first = [burst.first for burst in layout.of_lines(lines)]
    after = (lines / 2 - of_first[1] if len(of_first) > 1 else 0) * line_time + 0.001 * (image % 3)
    return day + dt.timedelta(days=1, seconds=round(after, 6))
