"""Which granules are paired: a list of pairs, limits, or neighbours; each pair with the older image first.

Source: docs/method/jobs.md, section 7.2.
"""

from __future__ import annotations

import datetime
import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from stamps.errors import InputError, StampsError
from stamps.frontends.hyp3_jobs.config import Hyp3_Burst_Config, Hyp3Config
from stamps.frontends.hyp3_jobs.granule_lists import Listed, incomplete, read_granules
from stamps.frontends.hyp3_jobs.granules import Granule, granule_of
from stamps.frontends.jobs.model import Plan
from stamps.frontends.jobs.submission import refuse_problems
from stamps.frontends.sentinel1.area import read_area
from stamps.frontends.snap.pair_choice import ExportImages, PairChoice, chosen_pairs
from stamps.workspace.plain_files import read_input

__all__ = ["Pair", "Pairs", "find_pairs", "pair_rows"]

_DATE = re.compile(r"\d{8}")
_MOST_BURSTS = 15  # in one job of HyP3


@dataclass(frozen=True)
class Pair:
    """Two images; the older one is the reference.

    Attributes
    ----------
    reference, secondary : tuple of Granule
        One scene each, or the bursts.
    bperp : float, optional
        Perpendicular baseline, m, where the search told it.
    """

    reference: tuple[Granule, ...]
    secondary: tuple[Granule, ...]
    bperp: float | None = None

    @property
    def dates(self) -> tuple[str, str]:
        """The two dates, yyyymmdd."""
        return self.reference[0].date, self.secondary[0].date

    @property
    def id(self) -> str:
        """Name of the pair in the job."""
        return "_".join(self.dates)


@dataclass
class Pairs:
    """What was found.

    Attributes
    ----------
    pairs : list of Pair
        By their dates, each once.
    problems, warnings : list of str
        Whole sentences.
    """

    pairs: list[Pair] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


_Images = dict[str, tuple[Granule, ...]]
_Shares = dict[tuple[str, ...], float]  # names of the granules of an image -> share of the area that they cover


def find_pairs(config: Hyp3Config) -> Pairs:
    """The pairs that settings ask for; what is wrong is listed, all of it."""
    found = Pairs()
    try:
        listed, notes = read_granules(config.granules) if config.granules is not None else ([], [])
        found.warnings += notes
        listed, short = _kept(config, listed, found)
        images = _images(listed, found)
        choosing = config.connections is not None or config.max_days is not None or config.max_perp is not None
        if (config.pairs is not None) + choosing != 1:
            found.problems.append(
                "Say in one way which images are paired: pairs (--pairs-file), max_days with or without max_perp "
                "(--max-days, --max-perp), or connections (--connections)."
            )
        elif found.problems:
            pass
        elif config.pairs is not None:
            found.pairs = _listed_pairs(config.pairs, images, listed, found)
        elif config.granules is None:
            found.problems.append("A list of granules is missing (--granules) from which pairs can be chosen.")
        else:
            found.pairs = _chosen(config, images, listed)
        _check_coverage(config, found, listed, short)
    except StampsError as error:
        found.problems.append(str(error))
    _check(config, found)
    return found


def pair_rows(config: Hyp3Config) -> tuple[list[dict[str, Any]], list[str]]:
    """The pairs as rows of a table, and what is to be said of them.

    Raises
    ------
    InputError
        They cannot be ordered.
    """
    found = find_pairs(config)
    refuse_problems(Plan(problems=tuple(found.problems)))
    rows = []
    for pair in found.pairs:
        first, second = (datetime.datetime.strptime(date, "%Y%m%d") for date in pair.dates)
        names = {side: [one.name for one in getattr(pair, side)] for side in ("reference", "secondary")}
        rows.append({"pair": pair.id, "days": (second - first).days, "bperp": pair.bperp, **names})
    return rows, found.warnings


# ---------------------------------------------------------------------- images


def _kept(config: Hyp3Config, listed: Sequence[Listed], found: Pairs) -> tuple[list[Listed], _Shares]:
    """Granules of dates that are not excluded, without scenes beside one that covers the area; and the images that do not."""
    excluded = {str(date) for date in config.exclude_dates}
    if listed and (unknown := sorted(excluded - {one.granule.date for one in listed})):
        found.problems.append(f"There is no image of {', '.join(unknown)}, which is to be left out.")
    listed = [one for one in listed if one.granule.date not in excluded]
    if config.area is None:
        return listed, {}
    short = incomplete(listed, read_area(config.area))
    lacking = {one.granule.name for one in listed if one.footprint is None}.union(*short)
    complete = {one.granule.date for one in listed if one.granule.name not in lacking}
    left = {name for names in short for name in names if _date(listed, name) in complete}
    kept = [one for one in listed if one.granule.name not in left]
    return kept, {names: share for names, share in short.items() if names[0] not in left}


def _check_coverage(config: Hyp3Config, found: Pairs, listed: Sequence[Listed], short: _Shares) -> None:
    """Add images of pairs that do not cover the area, or of which that cannot be told."""
    if config.area is None or config.allow_incomplete:
        return
    used = {granule.name for pair in found.pairs for granule in (*pair.reference, *pair.secondary)}
    known = {one.granule.name for one in listed if one.footprint is not None}
    if unknown := sorted(used - known):
        found.problems.append(
            f"Whether {unknown[0]} covers the area cannot be told: give a result of asf_search that has its footprint "
            "(--granules, GeoJSON), or leave the area out."
        )
    for names, share in short.items():
        if used & {*names}:
            date = _date(listed, names[0])
            found.problems.append(
                f"{names[0]}{' …' * (len(names) > 1)} covers {100 * share:.1f} % of the area: leave its date out "
                f"(--exclude {date}), or order it all the same (--allow-incomplete)."
            )


def _date(listed: Iterable[Listed], name: str) -> str:
    return next(one.granule.date for one in listed if one.granule.name == name)


def _images(listed: Sequence[Listed], found: Pairs) -> _Images:
    """Date -> its scene, or its bursts."""
    images: dict[str, list[Granule]] = defaultdict(list)
    for one in listed:
        images[one.granule.date].append(one.granule)
    for date, inside in images.items():
        scenes = [granule.name for granule in inside if not granule.burst]
        bursts = [granule.burst for granule in inside if granule.burst]
        if len(scenes) > 1 or (scenes and bursts):
            found.problems.append(
                f"The list has several images of {date} ({', '.join(granule.name for granule in inside[:3])}): keep those of one "
                "frame, or name the area (two frames are two orders; products of several bursts span frames)."
            )
        if len({*bursts}) < len(bursts):
            found.problems.append(
                f"The list has a burst of {date} twice: keep one polarisation and one version of each."
            )
    return {
        date: tuple(sorted(inside, key=lambda one: (one.burst, one.name))) for date, inside in sorted(images.items())
    }


# ---------------------------------------------------------------------- chosen pairs


def _chosen(config: Hyp3Config, images: _Images, listed: Sequence[Listed]) -> list[Pair]:
    """Pairs within limits, or neighbours."""
    choice = PairChoice(None, config.max_days, config.max_perp, config.connections)
    bperp = _bperp(listed)
    dates = tuple(images)
    if config.max_perp is not None and (lacking := [date for date in dates if date not in bperp]):
        raise InputError(
            f"The list tells no perpendicular baseline of {lacking[0]}, which max_perp needs: let asf_search look for the stack "
            "of a scene (it adds perpendicularBaseline)."
        )
    if len(dates) < 2:
        raise InputError(f"The list has {len(dates)} image{'' if len(dates) == 1 else 's'}: no two can be paired.")
    values = np.array([bperp.get(date, np.nan) for date in dates], np.float64)
    return [
        Pair(images[one], images[two], _difference(bperp, one, two))
        for one, two in chosen_pairs(ExportImages(dates, dates[0], values), choice)
    ]


def _bperp(listed: Iterable[Listed]) -> dict[str, float]:
    """Date -> perpendicular baseline; of bursts the mean."""
    values: dict[str, list[float]] = defaultdict(list)
    for one in listed:
        if one.bperp is not None:
            values[one.granule.date].append(one.bperp)
    return {date: float(np.mean(inside)) for date, inside in values.items()}


def _difference(bperp: Mapping[str, float], one: str, two: str) -> float | None:
    return bperp[two] - bperp[one] if one in bperp and two in bperp else None


# ---------------------------------------------------------------------- listed pairs


def _listed_pairs(source: Any, images: _Images, listed: Sequence[Listed], found: Pairs) -> list[Pair]:
    """Pairs of a file or of a sequence; wrong ones are problems, all of them."""
    pairs: dict[tuple[tuple[str, ...], tuple[str, ...]], Pair] = {}
    bperp = _bperp(listed)
    for where, sides in _entries(source):
        try:
            one, two = (_side(side, images) for side in _two(sides))
            pair = _ordered(one, two, bperp)
        except ValueError as error:
            found.problems.append(f"{where}: {error}.")
            continue
        key = (tuple(one.name for one in pair.reference), tuple(one.name for one in pair.secondary))
        if key in pairs:
            found.warnings.append(f"{where}: the pair {pair.id} stands there twice and is ordered once.")
        pairs[key] = pair
    if not pairs and not found.problems:
        found.problems.append("The list of pairs is empty.")
    return sorted(pairs.values(), key=lambda pair: pair.dates)


def _entries(source: Any) -> Iterator[tuple[str, list[Any]]]:
    """Where an entry stands, and its two sides."""
    if isinstance(source, str | os.PathLike):
        name = os.path.basename(os.fspath(source))
        try:
            lines = read_input(source).splitlines()
        except InputError:
            raise
        except OSError as error:
            raise InputError(f"The list of pairs {os.fspath(source)} cannot be read ({error.strerror}).") from None
        for number, line in enumerate(lines, 1):
            if text := line.partition("#")[0].strip().strip("\ufeff"):
                yield f"{name}, line {number}", _words(text)
        return
    if isinstance(source, bytes) or not isinstance(source, Iterable):
        raise InputError(f"The pairs are {str(source)[:80]}, but a list of pairs or a file was expected.")
    for number, entry in enumerate(source, 1):
        sides = _words(entry) if isinstance(entry, str) else entry
        yield f"pair {number}", list(sides) if isinstance(sides, Iterable) else [sides]


def _words(text: str) -> list[Any]:
    """The two sides of a line; the bursts of a side are joined by commas, two dates also by ``_``."""
    if dates := re.fullmatch(r"(\d{8})\s*[\s_,;-]\s*(\d{8})", text):
        return [dates[1], dates[2]]
    words = re.split(r"[\s;]+", re.sub(r"\s*,\s*", ",", text))
    if len(words) == 1 and words[0].count(",") == 1:
        words = words[0].split(",")
    return [word.split(",") if "," in word else word for word in words]


def _two(sides: Sequence[Any]) -> Sequence[Any]:
    if len(sides) != 2:
        raise ValueError(f"a pair has two sides, here are {len(sides)}: two names, or two dates")
    return sides


def _side(side: Any, images: _Images) -> tuple[Granule, ...]:
    """Granules of a side: a date of the list, a name, or several names of bursts."""
    if isinstance(side, str | int) and _DATE.fullmatch(str(side)):
        if not images:
            raise ValueError("dates need the list of granules, too (--granules)")
        if str(side) not in images:
            raise ValueError(f"the list of granules has no image of {side}")
        return images[str(side)]
    names = [side] if isinstance(side, str) else side
    try:
        granules = tuple(granule_of(str(name)) for name in names)
    except TypeError:
        raise ValueError(f"{str(side)[:80]!r} is no name of a granule") from None
    return tuple(sorted(granules, key=lambda one: (one.burst, one.name)))


def _ordered(one: tuple[Granule, ...], two: tuple[Granule, ...], bperp: Mapping[str, float]) -> Pair:
    """The pair, the older side first."""
    for side in (one, two):
        if len({granule.date for granule in side}) != 1:
            raise ValueError("a side has granules of several dates, or none")
    first, second = sorted((one, two), key=lambda side: side[0].date)
    if first[0].date == second[0].date:
        raise ValueError(f"both sides are of {first[0].date}")
    return Pair(first, second, _difference(bperp, first[0].date, second[0].date))


# ---------------------------------------------------------------------- what must hold


def _check(config: Hyp3Config, found: Pairs) -> None:
    """Add what cannot be ordered, or not together."""
    bursts = isinstance(config, Hyp3_Burst_Config)
    for pair in found.pairs:
        found.problems += [f"The pair {pair.id}: {wrong}." for wrong in _wrong(pair, bursts, config)]
    excluded = {str(date) for date in config.exclude_dates}
    for pair in found.pairs:
        if excluded & {*pair.dates}:
            found.problems.append(f"The pair {pair.id} has a date that is to be left out: take it out of the list.")
    seen: dict[str, Pair] = {}
    for pair in found.pairs:
        if pair.id in seen:
            found.problems.append(
                f"There are two pairs {pair.id}, of different granules: two frames are two orders (give another --name)."
            )
        seen[pair.id] = pair
    found.problems += _of_one_place(found.pairs)
    if (groups := _groups(found.pairs)) > 1:
        found.warnings.append(
            f"The pairs fall into {groups} groups that share no date: a project needs pairs that join them."
        )


def _wrong(pair: Pair, bursts: bool, config: Hyp3Config) -> Iterator[str]:
    """What is wrong with a pair."""
    granules = (*pair.reference, *pair.secondary)
    if any(bool(granule.burst) is not bursts for granule in granules):
        kinds = ("bursts", "whole scenes") if bursts else ("whole scenes", "bursts")
        yield f"{kinds[0]} are expected, {kinds[1]} were named (type {'gamma' if bursts else 'burst'})"
        return
    if len({granule.polarization for granule in granules}) > 1:
        yield "its images have different polarisations"
    if not bursts:
        if len(pair.reference) != 1 or len(pair.secondary) != 1:
            yield "a side must be one scene"
        return
    sides = [[granule.burst for granule in side] for side in (pair.reference, pair.secondary)]
    if sides[0] != sides[1]:
        odd = sorted({*sides[0]} ^ {*sides[1]}) or sides[0]
        yield f"its two sides do not hold the same bursts ({', '.join(odd[:4])})"
    most = 1 if getattr(config, "single_burst", False) else _MOST_BURSTS
    if len(pair.reference) > most:
        yield f"a job takes {most} burst{'s' * (most > 1)} at most, here are {len(pair.reference)}"


def _of_one_place(pairs: Sequence[Pair]) -> Iterator[str]:
    """What tells that images are not of one track, or not of the same bursts."""
    tracks: dict[int, str] = {}
    bursts: dict[tuple[str, ...], str] = {}
    for pair in pairs:
        for side in (pair.reference, pair.secondary):
            if side[0].track is not None:
                tracks.setdefault(side[0].track, side[0].name)
            bursts.setdefault(tuple(granule.burst for granule in side), pair.id)
    if len(tracks) > 1:
        listed = ", ".join(f"{track} ({name})" for track, name in tracks.items())
        yield f"The images are of several tracks: {listed}. One order is of one track."
    if len(bursts) > 1 and all(all(names) for names in bursts):
        yield f"The pairs {' and '.join([*bursts.values()][:2])} are of different bursts: one order is of the same bursts."


def _groups(pairs: Sequence[Pair]) -> int:
    """Number of groups of dates that no pair joins."""
    groups: list[set[str]] = []
    for pair in pairs:
        joined = [group for group in groups if group & {*pair.dates}]
        groups = [group for group in groups if group not in joined]
        groups.append({*pair.dates}.union(*joined))
    return len(groups)
