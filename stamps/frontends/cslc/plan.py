"""What a project of geocoded SLCs will be: products chosen and checked, bursts, dates, owners. Nothing is written.

Source: docs/method/cslc.md, sections 2 and 3.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from stamps.errors import InputError
from stamps.frontends import header_ranges
from stamps.frontends.checks import Problem, raise_problems
from stamps.frontends.cslc.dates import alternatives, common_dates, costliest_burst, holes
from stamps.frontends.cslc.equality import check_stack, differences, mixed_corrections
from stamps.frontends.cslc.lattice import check_meridian, cut_to_area, union, window_of
from stamps.frontends.cslc.names import burst_order
from stamps.frontends.cslc.owners import MOST_BURSTS, Owners, find_owners
from stamps.frontends.cslc.passes import Images, days_of, images_of, misplaced, pass_of, polarisation_of
from stamps.frontends.cslc.products import Grid, Product
from stamps.frontends.cslc.reading import read_library
from stamps.frontends.cslc.settings import CslcSettings

if TYPE_CHECKING:
    from stamps._typing import StrPath

__all__ = ["Chosen", "Plan", "choose", "make_plan", "plan_dates"]

_MUCH = 0.1  # share of the dates that the intersection may lose without a warning
_MOST_PIXELS = 1 << 31
_DATE = re.compile(r"\d{8}\Z")


@dataclass(frozen=True)
class Chosen:
    """Products that form a stack.

    Attributes
    ----------
    subject : str
        Heads the list of problems.
    images : dict
        Burst, in order, to day to product.
    static : tuple of Product
    polarisation : str
    grid : Grid
        Of all bursts, or of the area; None without images.
    problems : tuple of Problem
    notes, warnings : tuple of str
    """

    subject: str
    images: Images
    static: tuple[Product, ...]
    polarisation: str
    grid: Grid | None
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """A stack whose pixels have owners.

    Attributes
    ----------
    chosen : Chosen
    master : int
    dates : tuple of int
        Images that are used, the master included.
    pairs : tuple of (int, int)
        Small baselines; empty for a single master.
    owners : Owners
    notes, warnings : list of str
    """

    chosen: Chosen
    master: int
    dates: tuple[int, ...]
    pairs: tuple[tuple[int, int], ...]
    owners: Owners
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def bursts(self) -> list[str]:
        """Bursts that own pixels."""
        return [burst for burst, count in self.owners.counts.items() if count]

    @property
    def interferograms(self) -> list[tuple[int, int]]:
        """Pairs of dates of the interferograms."""
        return list(self.pairs) or [(self.master, date) for date in self.dates if date != self.master]

    def products(self, date: int) -> list[Product]:
        """The products of a date that give pixels."""
        return [self.chosen.images[burst][date] for burst in self.bursts]


def choose(folders: Sequence[StrPath], settings: CslcSettings) -> Chosen:
    """Read all headers, choose products and find everything that is wrong with them as a stack.

    Parameters
    ----------
    folders : sequence of path-like
    settings : CslcSettings

    Raises
    ------
    InputError
        A folder is missing or holds no HDF5 file, or the area lies outside.
    """
    library = read_library(folders, settings.frequency)
    subject = ", ".join(str(folder) for folder in folders)
    problems = list(library.problems)
    polarisation, products, found = polarisation_of(library.images, settings.pol)
    problems += found
    without = _without(library.images, polarisation) if products else []
    days, found = days_of(products)
    there = {days[pass_of(product)] for product in products}
    problems += [Problem(f"There is no image of {date} to exclude.") for date in settings.exclude if date not in there]
    products = [product for product in products if days[pass_of(product)] not in settings.exclude]
    kept, missing = _wanted_bursts(products, settings)
    problems += missing
    problems += found if len(settings.exclude) == 0 else days_of(kept)[1]
    images, notes = images_of(kept, days)
    notes = without + notes
    images = {burst: images[burst] for burst in sorted(images, key=burst_order)}
    grid, warnings = None, []
    if images:
        problems += [*check_stack(images), *misplaced(images)]
        mixed = mixed_corrections(images)
        warnings += mixed if settings.allow_mixed else []
        problems += [] if settings.allow_mixed else [Problem(text) for text in mixed]
        if _one_projection(images):
            grid, images = _cut(images, settings)
        notes += differences(images)
    return Chosen(subject, images, library.static, polarisation, grid, tuple(problems), tuple(notes), tuple(warnings))


def _without(images: Sequence[Product], polarisation: str) -> list[str]:
    """What is to be said about images that lack the polarisation."""
    left = [product for product in images if polarisation not in product.polarisations]
    if not left:
        return []
    if len(left) == 1:
        return [f"{left[0].name} has no {polarisation} and is left out."]
    return [f"{left[0].name} and {len(left) - 1} more have no {polarisation} and are left out."]


def _wanted_bursts(products: Iterable[Product], settings: CslcSettings) -> tuple[list[Product], list[Problem]]:
    products = list(products)
    if not settings.bursts:
        return products, []
    there = {product.burst for product in products}
    missing = [burst for burst in settings.bursts if burst not in there]
    problems = [
        Problem(f"There is no image of burst {burst}: there are {', '.join(sorted(there, key=burst_order))}.")
        for burst in missing
    ]
    return [product for product in products if product.burst in settings.bursts], problems


def _one_projection(images: Images) -> bool:
    grids = [product.grid for of_burst in images.values() for product in of_burst.values()]
    return len({(grid.epsg, grid.dx, grid.dy) for grid in grids}) == 1


def _cut(images: Images, settings: CslcSettings) -> tuple[Grid, Images]:
    """The grid of all bursts or of the area, and the bursts that reach into it."""
    grid = union(product.grid for of_burst in images.values() for product in of_burst.values())
    if settings.area is not None:
        grid = cut_to_area(grid, settings.area)
    inside = {
        burst: of_burst
        for burst, of_burst in images.items()
        if any(window_of(grid, product.grid) is not None for product in of_burst.values())
    }
    check_meridian(grid)
    return grid, inside


def make_plan(
    master: int | str, folders: Sequence[StrPath], settings: CslcSettings, pairs: Sequence[tuple[int, int]] = ()
) -> Plan:
    """Choose products, dates and owners.

    Parameters
    ----------
    master : int or str
        yyyymmdd.
    folders : sequence of path-like
    settings : CslcSettings
    pairs : sequence of (int, int)
        Small baselines.

    Returns
    -------
    Plan

    Raises
    ------
    InputError
        With all problems of the products.
    """
    if not _DATE.match(str(master).strip()):
        raise InputError(f"The master '{master}' is not a date: give it as yyyymmdd.")
    chosen = choose(folders, settings)
    problems = [*_impossible_pairs(pairs), *chosen.problems]
    warnings = list(chosen.warnings)
    available = {burst: set(of_burst) for burst, of_burst in chosen.images.items()}
    impossible, strange = header_ranges.judge_dates(f"{day:08d}" for days in available.values() for day in days)
    problems += [Problem(text) for text in impossible]
    if len(available) > MOST_BURSTS:
        problems.append(
            Problem(f"There are {len(available)} bursts, but at most {MOST_BURSTS}: choose some (--bursts).")
        )
    if chosen.grid is not None and chosen.grid.width * chosen.grid.length > _MOST_PIXELS:
        size = f"{chosen.grid.width} × {chosen.grid.length}"
        problems.append(Problem(f"The grid of all bursts has {size} pixels: choose a part (--area, --bursts)."))
    raise_problems(problems, chosen.subject)
    assert chosen.grid is not None, "images without problems have one grid"
    wanted = {int(str(master).strip()), *(date for pair in pairs for date in pair)} if pairs else set()
    available = {burst: days & wanted if wanted else days for burst, days in available.items()}
    if len(available) > 1 and holes(available):
        available = _owning(chosen, available)
    notes, more = plan_dates(available)
    dates = _checked_dates(int(str(master).strip()), available, pairs, chosen)
    owners = find_owners(
        chosen.images, dict.fromkeys(available, dates), list(available), chosen.polarisation, chosen.grid
    )
    if not owners.owner.any():
        worst = min(dates, key=lambda day: owners.valid[day])
        raise InputError(
            f"No pixel of the area is valid in all {len(dates)} images: fewest are on {worst} ({100 * owners.valid[worst]:.1f} "
            "%). Exclude that date or choose another area. Nothing was written."
        )
    return Plan(
        chosen, int(str(master).strip()), tuple(dates), tuple(pairs), owners.shrunk(), [*chosen.notes, *notes],
        [*warnings, *strange, *more],
    )  # fmt: skip


def _impossible_pairs(pairs: Sequence[tuple[int, int]]) -> list[Problem]:
    """Pairs of an image with itself, and pairs that are there twice, in one order or the other."""
    same = sorted({first for first, second in pairs if first == second})
    problems = [Problem(f"The pairs name {date} with itself: an interferogram needs two images.") for date in same]
    counts = Counter((min(pair), max(pair)) for pair in pairs)
    return problems + [
        Problem(f"The pair of {first} and {second} is listed {count} times: keep one.")
        for (first, second), count in sorted(counts.items())
        if count > 1 and first != second
    ]


def _owning(chosen: Chosen, available: dict[str, set[int]]) -> dict[str, set[int]]:
    """Bursts that own a pixel where each needs its own dates only: the holes of others cost nothing."""
    assert chosen.grid is not None
    days = {burst: sorted(of_burst) for burst, of_burst in available.items() if of_burst}
    owners = find_owners(chosen.images, days, list(days), chosen.polarisation, chosen.grid)
    counts = owners.counts
    return {burst: dates for burst, dates in available.items() if counts.get(burst) or not dates} or available


def plan_dates(available: dict[str, set[int]]) -> tuple[list[str], list[str]]:
    """What is to be said about dates that bursts lack.

    Parameters
    ----------
    available : dict
        Burst to its dates.

    Returns
    -------
    notes, warnings : list of str
    """
    missing = holes(available) if available else {}
    if not missing:
        return [], []
    everything = set().union(*available.values())
    common = common_dates(available)
    notes = [
        f"Burst {burst} lacks {', '.join(str(day) for day in days[:6])}{' …' if len(days) > 6 else ''} "
        f"({len(days)} of {len(everything)} dates)."
        for burst, days in missing.items()
    ]
    choices, complete = alternatives(available)
    for choice in choices:
        excluded = sorted(everything - set(choice.dates))
        command = " ".join(
            [
                *(["--bursts", *choice.bursts] if len(choice.bursts) < len(available) else []),
                *(["--exclude", *(str(day) for day in excluded)] if excluded else []),
            ]
        )
        notes.append(
            f"Possible: {len(choice.bursts)} bursts × {len(choice.dates)} dates = {choice.images} images"
            + (f" ({command[:400]})." if command else ".")
        )
    notes += [] if complete else ["There are so many combinations of missing dates that not all were tried."]
    warnings = []
    costliest = costliest_burst(available)
    if len(common) < (1 - _MUCH) * len(everything) and costliest is not None:
        burst, dates = costliest
        warnings.append(
            f"Burst {burst} lacks {len(missing.get(burst, []))} of {len(everything)} dates: without it {dates} instead of "
            f"{len(common)} dates are common to all bursts."
        )
    return notes, warnings


def _checked_dates(
    master: int, available: dict[str, set[int]], pairs: Sequence[tuple[int, int]], chosen: Chosen
) -> list[int]:
    """The common dates; an InputError where they are too few or one that is needed is absent."""
    common = common_dates(available)
    if not common:
        raise InputError(f"{_disjoint(available)} have no common date. Nothing was written.")
    listed = ", ".join(str(day) for day in common)
    if master not in common:
        raise InputError(
            f"The master {master} is absent: the bursts have these common dates: {listed}. Nothing was written."
        )
    unknown = sorted({date for pair in pairs for date in pair} - set(common))
    if unknown:
        raise InputError(
            f"The pairs name {unknown[0]}, but the bursts have these common dates: {listed}. Nothing was written."
        )
    if len(common) < 2:
        raise InputError(
            "Only the master is common to all bursts: at least two images are needed. Nothing was written."
        )
    return common


def _disjoint(available: dict[str, set[int]]) -> str:
    """Two bursts without a common date, or all."""
    names = list(available)
    for k, one in enumerate(names):
        for other in names[k + 1 :]:
            if not available[one] & available[other]:
                return f"Bursts {one} and {other}"
    return f"The {len(names)} bursts {', '.join(names[:4])}{' …' if len(names) > 4 else ''}"


def sensors_of(images: Images) -> Counter[str]:
    """Sensors, and how many images they have."""
    return Counter(product.mission for of_burst in images.values() for product in of_burst.values())


def with_remarks(plan: Plan, notes: Iterable[str], warnings: Iterable[str]) -> Plan:
    """A plan with more to say."""
    return replace(plan, notes=[*plan.notes, *notes], warnings=[*plan.warnings, *warnings])
