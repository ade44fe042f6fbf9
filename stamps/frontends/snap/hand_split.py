"""The master's split made by hand, as snap2stamps 1 wants it: what its ``.dim`` says, and a selection with it.

Source: docs/method/snap.md, section 9.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stamps.errors import InputError
from stamps.frontends.sentinel1.products import Acquisition, Product
from stamps.frontends.sentinel1.selection import Selection
from stamps.frontends.snap.outputs import check_product
from stamps.frontends.snap.split_facts import SplitFacts, Wanted, attribute, number_of, read_split_facts, split_trouble

if TYPE_CHECKING:
    from stamps._typing import StrPath


__all__ = ["HandSplit", "check_against", "read_hand_split", "with_splits"]

_PLATFORMS = {"SENTINEL-1A": "S1A", "SENTINEL-1B": "S1B", "SENTINEL-1C": "S1C", "SENTINEL-1D": "S1D"}
_LATE = dt.timedelta(days=1, minutes=10)  # after the beginning of its date, where midnight falls between slices


@dataclass(frozen=True)
class HandSplit:
    """A split of the master.

    Attributes
    ----------
    path : Path
    date, swath : str
    facts : SplitFacts
    acquisition : Acquisition
        As far as the product tells it.
    """

    path: Path
    date: str
    swath: str
    facts: SplitFacts
    acquisition: Acquisition

    @property
    def bursts(self) -> tuple[int, ...]:
        """Numbers of its bursts along the track; empty where the product does not tell them."""
        return self.facts.bursts


def read_hand_split(path: StrPath, polarisation: str) -> HandSplit:
    """What a split product says.

    Raises
    ------
    InputError
        It is not complete, its name tells no date and subswath, or it says that it is of others or of another polarisation.
    """
    place = Path(path).absolute()
    if trouble := check_product(str(place)):
        raise InputError(f"The master's split cannot be used: {trouble}")
    date = re.search(r"(?<!\d)((?:19|20)\d{6})(?!\d)", place.name)
    swaths = re.findall(r"IW[123]", place.stem)
    if date is None or not swaths:
        raise InputError(
            f"The name of the master's split {place} tells no date (yyyymmdd) and subswath (IW1, IW2, IW3)."
        )
    facts = read_split_facts(place)
    trouble = split_trouble(facts, Wanted(polarisation.upper(), swaths[-1])) or _other_day(facts, date[1])
    if trouble:
        raise InputError(f"The master's split {place} cannot be used: {trouble}.")
    return HandSplit(place, date[1], swaths[-1], facts, _acquisition(place, facts, date[1], swaths[-1]))


def check_against(split: HandSplit, selection: Selection, polarisation: str) -> None:
    """Stop at a split that is not of the acquisition of its date, or has other bursts than the secondaries.

    Raises
    ------
    InputError
        It is so.
    """
    first, last = selection.burst_range[split.date][split.swath]
    wanted = Wanted(
        polarisation.upper(),
        split.swath,
        selection.acquisition(split.date),
        tuple(selection.burst_ids.get(split.swath, ())),
        last - first + 1,
    )
    if trouble := split_trouble(split.facts, wanted):
        raise InputError(f"The master's split {split.path} cannot be used: {trouble}.")


def _other_day(facts: SplitFacts, date: str) -> str:
    """That a first line is not of a date, as a clause."""
    try:
        day = dt.datetime.strptime(date, "%Y%m%d")
    except ValueError:
        return f"its name tells {date}, which is no date"
    if facts.start is None or dt.timedelta(0) <= facts.start - day < _LATE:
        return ""
    return f"its name tells {date}, but its first line is of {facts.start:%Y-%m-%d %H:%M:%S}"


def _acquisition(place: Path, facts: SplitFacts, date: str, swath: str) -> Acquisition:
    """The acquisition as far as the product tells it."""
    root = ET.parse(place).getroot()
    start = facts.start or dt.datetime.strptime(date, "%Y%m%d")
    mission = attribute(root, "MISSION")
    product = Product(
        path=place,
        name=place.stem,
        platform=_PLATFORMS.get(mission, mission),
        mode="IW",
        absolute_orbit=int(number_of(root, "ABS_ORBIT") or 0),
        relative_orbit=int(number_of(root, "REL_ORBIT") or 0),
        passing=attribute(root, "PASS"),
        data_take=0,
        polarisations=(),
        swaths=(swath,),
        slice_number=None,
        total_slices=None,
        start=start,
        stop=start,
        processed=start,
        software="",
        footprint=(),
    )
    orbits = product.absolute_orbit, product.relative_orbit
    return Acquisition(date, product.platform, *orbits, product.passing, 0, (product,))


def with_splits(selection: Selection, splits: Sequence[HandSplit]) -> Selection:
    """A selection of secondaries with splits as its master, whose product is not among those that were read.

    Parameters
    ----------
    selection : Selection
    splits : sequence of HandSplit
        Of one date, one for each subswath.
    """
    first = splits[0]
    kept = sorted([*selection.acquisitions, first.acquisition], key=lambda one: one.date)
    others = next(iter(selection.burst_range.values()))
    counts = {split.swath: len(split.bursts) or _count(others[split.swath]) for split in splits}
    return dataclasses.replace(
        selection,
        acquisitions=tuple(kept),
        master=first.date,
        burst_range={**selection.burst_range, first.date: {swath: (1, count) for swath, count in counts.items()}},
        left_out={date: why for date, why in selection.left_out.items() if date != first.date},
        baselines={},
        utc=first.acquisition.start.isoformat(),
    )


def _count(bursts: tuple[int, int]) -> int:
    """Number of bursts from the first to the last."""
    return bursts[1] - bursts[0] + 1
