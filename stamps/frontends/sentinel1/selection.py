"""What of a folder of products is used: dates, slices, bursts, master, and what is left out and why.

Source: docs/method/sentinel1.md, section 6.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from stamps.errors import InputError, ParameterError
from stamps.frontends.sentinel1.acquisitions import (
    Broken,
    Scene,
    data_takes,
    ends_cycle,
    of_one_track,
    read_products,
    read_scene,
    without_duplicates,
    without_excluded,
)
from stamps.frontends.sentinel1.area import Area
from stamps.frontends.sentinel1.containers import find_products
from stamps.frontends.sentinel1.coverage import Coverage
from stamps.frontends.sentinel1.master import choose_master, middle_date, parse_weights
from stamps.frontends.sentinel1.needs import Fit, Needs, fit, needs_of, of_the_master, trim, uncovered
from stamps.frontends.sentinel1.overpasses import Overpasses
from stamps.frontends.sentinel1.products import Acquisition, Product
from stamps.workspace.given_paths import listed_paths

__all__ = ["Acquisition", "Area", "Product", "Selection", "select"]


_POLARISATIONS = ("VV", "HH", "VH", "HV")
_ENOUGH_DATES = 20  # what single-master processing wants


@dataclass(frozen=True)
class Selection:
    """What is used of the products.

    Attributes
    ----------
    acquisitions : tuple of Acquisition
        Those that are kept, in the order of the dates.
    master : str
        Date of the master, yyyymmdd.
    middle : str
        The middle of the sorted dates: what snap2stamps takes.
    swaths : tuple of str
        ``('IW1', 'IW2')``, neighbours; stripmap ``('S3',)``.
    burst_range : mapping
        ``[date][swath] = (first, last)``, from 1, in the bursts of the assembled product; empty for stripmap.
    burst_ids : mapping
        ``[swath]``: numbers of the bursts along the track (relative orbit) that are needed.
    left_out : mapping
        Date to the sentence that says why.
    baselines : mapping
        Date to the perpendicular baseline to the master at the centre of the area, m.
    incidence : float
        Incidence angle of the master at the centre of the area, degrees.
    utc : str
        When the master passed the centre of the area, ISO 8601.
    problems, warnings : tuple of str
        Whole sentences; one problem is enough to refuse a job.
    """

    acquisitions: tuple[Acquisition, ...]
    master: str
    middle: str
    swaths: tuple[str, ...]
    burst_range: Mapping[str, Mapping[str, tuple[int, int]]]
    burst_ids: Mapping[str, tuple[int, ...]]
    left_out: Mapping[str, str] = field(default_factory=dict)
    baselines: Mapping[str, float] = field(default_factory=dict)
    incidence: float = float("nan")
    utc: str = ""
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def dates(self) -> tuple[str, ...]:
        """Dates that are kept, ascending."""
        return tuple(acquisition.date for acquisition in self.acquisitions)

    def acquisition(self, date: str) -> Acquisition:
        """The acquisition of a date that is kept."""
        return next(one for one in self.acquisitions if one.date == date)


def select(
    products: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    area: Area,
    *,
    swaths: Sequence[str] | None = None,
    polarisation: str = "VV",
    master: str = "auto",
    weights: tuple[float, float] = (1825.0, 1100.0),
    orbit_dir: str | os.PathLike[str] | None = None,
    track: int | None = None,
    bursts: Sequence[int] | None = None,
    allow_incomplete: bool = False,
    min_dates: int = 5,
    exclude: Collection[str] = (),
) -> Selection:
    """What of products is used for an area.

    Parameters
    ----------
    products : path, or sequence of paths
        Folders, searched at any depth, zip files and ``.SAFE`` folders.
    area : Area
    swaths : sequence of str, optional
        Subswaths to use (default: those that the area touches).
    polarisation : str
        ``VV``, ``HH``, ``VH`` or ``HV``.
    master : str
        ``auto`` (by temporal and perpendicular baselines), ``first``, ``last``, ``middle``, a date (yyyymmdd), or a position in
        the sorted dates, from 1.
    weights : (float, float)
        Critical temporal baseline, days, and perpendicular baseline, m, of ``auto``.
    orbit_dir : path, optional
        Folder of EOF files, which count more than the orbits of the annotations.
    track : int, optional
        Relative orbit to use where there are several.
    bursts : sequence of int, optional
        Numbers of the bursts along the track that are needed, in place of those that the area touches.
    allow_incomplete : bool
        Keep dates that lack bursts.
    min_dates : int
        Fewer dates are a problem.
    exclude : collection of str
        Dates (yyyymmdd) that take no part in anything.

    Returns
    -------
    Selection

    Raises
    ------
    InputError
        No products; several tracks, directions or modes and none chosen; no burst in the area; no date that can be used.
    ParameterError
        A polarisation, subswath or weight that is none.
    """
    places = listed_paths(products)
    request = _Request(area, polarisation, swaths, bursts, weights)
    gathered = _gather(places, request, track, exclude)
    needs = needs_of(gathered.scenes, request.coverage, request.swaths, bursts)
    scenes = [scene for scene in gathered.scenes if trim(scene, needs, request.coverage).date not in exclude]
    if len(scenes) < len(gathered.scenes):  # dates that only show with the slices that are used
        if not scenes:
            raise InputError("All dates of the products over the area are left out.")
        gathered.scenes, needs = scenes, needs_of(scenes, request.coverage, request.swaths, bursts)
    used = _by_date([trim(scene, needs, request.coverage) for scene in gathered.scenes], needs, request, gathered)
    overpasses = Overpasses(list(used.values()), area, orbit_dir)
    chosen = _choose(used, needs, request, overpasses, master, gathered, allow_incomplete=allow_incomplete)
    return _finish(used, chosen, request, overpasses, gathered, min_dates=min_dates)


# ---------------------------------------------------------------------- what is asked for, what is there


class _Request:
    """What the user asks for, checked."""

    def __init__(
        self,
        area: Area,
        polarisation: str,
        swaths: Sequence[str] | None,
        bursts: Sequence[int] | None,
        weights: tuple[float, float],
    ) -> None:
        self.area, self.bursts = area, bursts
        self.coverage = Coverage(area)
        self.weights = parse_weights(weights)
        self.polarisation = str(polarisation).upper()
        if self.polarisation not in _POLARISATIONS:
            raise ParameterError(f"The polarisation {polarisation!r} is none of {', '.join(_POLARISATIONS)}.")
        self.swaths = None if swaths is None else tuple(dict.fromkeys(str(swath).upper() for swath in swaths))
        if self.swaths is not None and not (
            self.swaths and all(re.fullmatch("IW[1-3]|S[1-6]", swath) for swath in self.swaths)
        ):
            raise ParameterError(
                f"The subswaths {' '.join(self.swaths) or '(none)'} are none of IW1, IW2, IW3 and S1 to S6."
            )


@dataclass
class _Gathered:
    """What was read, and what is said about it on the way."""

    scenes: list[Scene] = field(default_factory=list)
    broken: list[Broken] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def leave_out(self, date: str, sentence: str) -> None:
        """Note why a date is not used; what was said before stays."""
        said = self.left_out.get(date)
        self.left_out[date] = f"{said} {sentence}" if said and sentence not in said else sentence


def _gather(
    places: Sequence[str | os.PathLike[str]], request: _Request, track: int | None, exclude: Collection[str]
) -> _Gathered:
    """Scenes of the products near the area, of one track."""
    gathered = _Gathered()
    products, broken = read_products(find_products(places))
    if not products:
        raise InputError(f"None of the {len(broken)} products can be read. {broken[0].sentence}")
    gathered.broken = [one for one in broken if one.date not in exclude]
    near = [product for product in products if request.coverage.near(product.footprint)]
    if not near:
        raise InputError(f"No product lies over the area {request.area.source}{_exchanged(products, request.area)}.")
    near, gathered.left_out = without_excluded(near, exclude)
    kept, dropped = without_duplicates(of_one_track(near, track))
    gathered.warnings += dropped
    for acquisition in data_takes(kept):
        without = [product for product in acquisition.slices if request.polarisation not in product.polarisations]
        if without:
            there = ", ".join(without[0].polarisations)
            gathered.leave_out(acquisition.date, f"{without[0].path.name} has no {request.polarisation}, only {there}.")
            continue
        scene, broken = read_scene(acquisition, request.polarisation, request.swaths, end_of_cycle=ends_cycle(kept))
        gathered.broken += broken
        if scene is not None:
            gathered.scenes.append(scene)
    if not gathered.scenes:
        reasons = [*gathered.left_out.values(), *(one.sentence for one in gathered.broken)]
        raise InputError(f"None of the products over the area can be used. {reasons[0] if reasons else ''}".strip())
    return gathered


def _exchanged(products: Sequence[Product], area: Area) -> str:
    """A hint where the area would be covered if longitude and latitude were exchanged."""
    other = area.swapped()
    if other is not None and any(Coverage(other).near(product.footprint) for product in products):
        return ", but some would if longitude and latitude were exchanged (the longitude comes first)"
    return ""


def _by_date(scenes: Sequence[Scene], needs: Needs, request: _Request, gathered: _Gathered) -> dict[str, Scene]:
    """Scenes by date; of two of a date the one that lacks less, then the one that was processed later."""

    def merit(scene: Scene) -> tuple[bool, int, float]:
        fitted = fit(scene, needs, request.coverage)
        held = sum(last - first for first, last in fitted.ranges.values())
        return not fitted.lacks, held, max(product.processed for product in scene.acquisition.slices).timestamp()

    chosen: dict[str, Scene] = {}
    for scene in sorted(scenes, key=merit, reverse=True):
        first = chosen.setdefault(scene.date, scene)
        if first is not scene:
            names = ", ".join(product.path.name for product in scene.acquisition.slices)
            gathered.warnings.append(f"{scene.date}: another acquisition of this date is used, not {names}.")
    return dict(sorted(chosen.items()))


# ---------------------------------------------------------------------- master and dates


@dataclass(frozen=True)
class _Chosen:
    """The master, the dates that are kept, and how they meet its needs."""

    master: str
    needs: Needs
    fits: Mapping[str, Fit]


def _choose(
    scenes: Mapping[str, Scene],
    needs: Needs,
    request: _Request,
    overpasses: Overpasses,
    wanted: str,
    gathered: _Gathered,
    *,
    allow_incomplete: bool,
) -> _Chosen:
    """Choose the master, then the dates that have its bursts."""
    fits = {date: fit(scene, needs, request.coverage) for date, scene in scenes.items()}
    best = min(_lacking(scenes[date], needs) for date in scenes)
    complete = [date for date in scenes if _lacking(scenes[date], needs) == best and fits[date].usable]
    dates = list(scenes) if allow_incomplete else complete
    if not complete:
        complete = dates = [date for date in scenes if fits[date].usable] or list(scenes)
    master = _master_of(scenes, request, overpasses, wanted, gathered, dates=dates, candidates=complete)
    own = of_the_master(needs, scenes[master])
    if fits[master].lacks:
        gathered.warnings.append(
            f"The master {master} does not have all that other dates have of the area: {fits[master].lacks}."
        )
    swath = needs.swaths[0]
    outlines = [image[swath].outline for image in scenes[master].images if swath in image]
    share = request.coverage.share(outlines) if not needs.bursts and outlines else 1.0
    kept = {}
    for date, scene in scenes.items():
        met = fit(scene, own, request.coverage, share)
        if not met.lacks or (allow_incomplete and met.usable):
            kept[date] = met
            if met.lacks:
                gathered.warnings.append(f"{date} is incomplete: {met.lacks}.")
        else:
            gathered.leave_out(date, f"{met.lacks[0].upper()}{met.lacks[1:]}.")
    return _Chosen(master, own, kept)


def _lacking(scene: Scene, needs: Needs) -> int:
    """How many of the needed bursts a scene does not have."""
    held = {swath: {burst.number for burst in scene.bursts(swath)} for swath in needs.bursts}
    return sum(burst.number not in held[swath] for swath, bursts in needs.bursts.items() for burst in bursts)


def _master_of(
    scenes: Mapping[str, Scene],
    request: _Request,
    overpasses: Overpasses,
    wanted: str,
    gathered: _Gathered,
    *,
    dates: Sequence[str],
    candidates: Sequence[str],
) -> str:
    """The master that is asked for; where that cannot be, the best one, and a problem."""
    baselines = overpasses.baselines(next(filter(overpasses.of, dates), dates[0]), dates)
    asked = str(wanted).strip().replace("-", "")
    if asked in scenes and asked not in dates:
        return asked  # a date that lacks some of the bursts of others
    try:
        return choose_master(str(wanted), dates, baselines, candidates, request.weights)
    except ParameterError as error:
        reason = gathered.left_out.get(asked)
        gathered.problems.append(f"The master {asked} cannot be used. {reason}" if reason else str(error))
        return choose_master("auto", dates, baselines, candidates, request.weights)


def _finish(
    scenes: Mapping[str, Scene],
    chosen: _Chosen,
    request: _Request,
    overpasses: Overpasses,
    gathered: _Gathered,
    *,
    min_dates: int,
) -> Selection:
    """What is handed on."""
    dates, master, needs = list(chosen.fits), chosen.master, chosen.needs
    problems, warned = list(gathered.problems), [*gathered.warnings, *overpasses.warnings]
    if not dates:
        raise InputError(f"No date can be used. {next(iter(gathered.left_out.values()), '')}".strip())
    if master not in chosen.fits:
        problems.append(f"The master {master} cannot be used. {gathered.left_out[master]}")
    for one in gathered.broken:
        if one.date in chosen.fits or not one.date:
            warned.append(one.sentence)
        else:
            gathered.leave_out(one.date, one.sentence)
    if len(dates) < min_dates:
        problems.append(
            f"{len(dates)} date{' remains' if len(dates) == 1 else 's remain'} ({', '.join(dates)}), at least {min_dates} are "
            "needed (--min-dates)."
        )
    elif len(dates) < _ENOUGH_DATES:
        warned.append(f"{len(dates)} dates are few: single-master processing wants about {_ENOUGH_DATES} or more.")
    warned += uncovered(scenes[master], needs, request.coverage) if request.bursts is None else []
    passage = overpasses.of(master)
    return Selection(
        acquisitions=tuple(scenes[date].acquisition for date in dates),
        master=master,
        middle=middle_date(dates),
        swaths=needs.swaths,
        burst_range={date: dict(met.ranges) for date, met in chosen.fits.items()},
        burst_ids=needs.numbers(),
        left_out=dict(sorted(gathered.left_out.items())),
        baselines=overpasses.baselines(master, dates),
        incidence=passage.incidence if passage else math.nan,
        utc=passage.time.isoformat(timespec="milliseconds") if passage else "",
        problems=tuple(problems),
        warnings=tuple(dict.fromkeys(warned)),
    )
