"""Which bursts have which dates, and what could be kept.

Source: docs/method/cslc.md, section 3.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Set
from dataclasses import dataclass

__all__ = ["Choice", "alternatives", "common_dates", "costliest_burst", "holes"]

_MOST_UNIONS = 10_000


@dataclass(frozen=True)
class Choice:
    """Bursts and dates of which every image is there.

    Attributes
    ----------
    bursts : tuple of str
    dates : tuple of int
    """

    bursts: tuple[str, ...]
    dates: tuple[int, ...]

    @property
    def images(self) -> int:
        """Number of images."""
        return len(self.bursts) * len(self.dates)


def common_dates(available: Mapping[str, Set[int]]) -> list[int]:
    """Dates that all bursts have, ascending."""
    sets = [set(dates) for dates in available.values()]
    return sorted(set.intersection(*sets)) if sets else []


def holes(available: Mapping[str, Set[int]]) -> dict[str, list[int]]:
    """Burst -> dates that it lacks; only bursts that lack any."""
    everything = set().union(*available.values())
    found = {burst: sorted(everything - dates) for burst, dates in available.items()}
    return {burst: missing for burst, missing in found.items() if missing}


def alternatives(available: Mapping[str, Set[int]], most: int = 3) -> tuple[list[Choice], bool]:
    """The largest complete sets of bursts and dates, by images, then by bursts.

    For every union of the bursts' sets of missing dates: without these dates, the bursts that are complete then.

    Parameters
    ----------
    available : dict
        Burst to its dates.
    most : int
        How many are wanted.

    Returns
    -------
    choices : list of Choice
    complete : bool
        False where there were so many unions that not all were tried.
    """
    everything = frozenset().union(*available.values())
    missing = {burst: everything - dates for burst, dates in available.items()}
    unions: set[frozenset[int]] = {frozenset()}
    complete = True
    for one in sorted(set(missing.values()), key=lambda dates: (len(dates), sorted(dates))):
        new = {union | one for union in itertools.islice(sorted(unions, key=sorted), _MOST_UNIONS)} - unions
        room = _MOST_UNIONS - len(unions)
        complete &= len(new) <= room
        unions |= set(sorted(new, key=lambda dates: (len(dates), sorted(dates)))[:room])
    choices = {
        Choice(tuple(burst for burst, dates in missing.items() if dates <= union), tuple(sorted(everything - union)))
        for union in unions
    }
    usable = [choice for choice in choices if choice.bursts and len(choice.dates) > 1]
    usable.sort(key=lambda choice: (-choice.images, -len(choice.bursts), choice.bursts, choice.dates))
    return usable[:most], complete


def costliest_burst(available: Mapping[str, Set[int]]) -> tuple[str, int] | None:
    """The burst without which most dates would be common, and how many they would be; None where it makes no difference."""
    if len(available) < 2:
        return None
    without = {
        burst: len(common_dates({name: dates for name, dates in available.items() if name != burst}))
        for burst in available
    }
    burst = max(sorted(without), key=lambda name: without[name])
    return (burst, without[burst]) if without[burst] > len(common_dates(available)) else None
