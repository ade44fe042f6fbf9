"""From products to acquisitions: tracks, duplicates, data takes, the slices that are needed, gaps between them.

Source: docs/method/sentinel1.md, section 3.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from stamps.errors import InputError
from stamps.frontends.sentinel1.annotation import ORBITAL_PERIOD, Annotation, Burst, Course, read_annotation
from stamps.frontends.sentinel1.containers import open_product, product_name
from stamps.frontends.sentinel1.manifest import read_manifest
from stamps.frontends.sentinel1.products import Acquisition, Product

__all__ = [
    "Broken",
    "Scene",
    "data_takes",
    "date_in_name",
    "ends_cycle",
    "gap_between",
    "of_one_track",
    "read_products",
    "read_scene",
    "without_duplicates",
    "without_excluded",
]

#: Products of one slice start within this time; slices with a longer gap between them do not join. Seconds.
_SAME_START, _LONGEST_GAP = 1.0, 1.0
_LONGEST_TAKE = ORBITAL_PERIOD / 2  # s, between slices on both sides of a node


@dataclass(frozen=True)
class Broken:
    """A product that cannot be read, with the sentence that says why; ``date`` is that of its name, or empty."""

    date: str
    sentence: str


@dataclass(frozen=True)
class Scene:
    """An acquisition with the images of its slices.

    Attributes
    ----------
    acquisition : Acquisition
    images : tuple of mapping
        Subswath to its annotation, for each slice.
    """

    acquisition: Acquisition
    images: tuple[Mapping[str, Annotation], ...]

    @property
    def date(self) -> str:
        """Date of the acquisition."""
        return self.acquisition.date

    @property
    def swaths(self) -> list[str]:
        """Subswaths that at least one slice has."""
        return sorted({swath for image in self.images for swath in image})

    def bursts(self, swath: str) -> list[Burst]:
        """Bursts of a subswath in the assembled product."""
        return [burst for image in self.images if swath in image for burst in image[swath].bursts]

    def only(self, slices: Iterable[int]) -> Scene:
        """With some of the slices, given by number from 0."""
        numbers = sorted(slices)
        acquisition = _acquisition([self.acquisition.slices[number] for number in numbers])
        return Scene(acquisition, tuple(self.images[number] for number in numbers))


def date_in_name(path: Path) -> str:
    """First date in the name of a product, yyyymmdd; empty where there is none."""
    found = re.search(r"(?<!\d)(\d{8})T\d{6}", path.name)
    return found[1] if found else ""


def read_products(paths: Iterable[Path]) -> tuple[list[Product], list[Broken]]:
    """Manifests of products; those that cannot be read stand in the second list."""
    products, broken = [], []
    for path in paths:
        try:
            with open_product(path) as container:
                products.append(read_manifest(container))
        except InputError as error:
            broken.append(Broken(date_in_name(path), str(error)))
    return products, broken


def of_one_track(products: Sequence[Product], track: int | None) -> list[Product]:
    """Products of the track that is asked for, or of the only one.

    Tracks on both sides of an ascending node that a data take crosses are one, and each of their numbers chooses it.

    Raises
    ------
    InputError
        Several tracks, directions or modes, and nothing that chooses; or none of the track.
    """
    passes = _passes(products)
    chosen = [one for one in passes if track is None or track in one.tracks]
    listed = ", ".join(map(str, chosen or passes))
    if not chosen:
        raise InputError(f"No product over the area is of track {track}; there are: {listed}.")
    if len(chosen) > 1:
        raise InputError(f"The products over the area are of several tracks: {listed}. Choose one (--track N).")
    kept = chosen[0].products
    modes = sorted({product.mode for product in kept})
    if len(modes) > 1:
        raise InputError(
            f"The products over the area are of the modes {' and '.join(modes)}: keep those of one mode apart."
        )
    return kept


def without_duplicates(products: Iterable[Product]) -> tuple[list[Product], list[str]]:
    """Products without those of a slice that is there in a later processing, and a sentence for each that is dropped."""
    kept: list[Product] = []
    dropped = []
    for product in sorted(products, key=lambda one: (one.processed, product_name(one.path)), reverse=True):
        later = next((one for one in kept if _same_slice(one, product)), None)
        if later is None:
            kept.append(product)
        else:
            dropped.append(
                f"{product.start:%Y%m%d}: {product.path.name} is not used, {later.path.name} holds the same slice"
                f"{' in a later processing' if later.processed > product.processed else ''}."
            )
    return kept, sorted(dropped)


def without_excluded(products: Iterable[Product], dates: Collection[str]) -> tuple[list[Product], dict[str, str]]:
    """Products of acquisitions of other dates than those, and a sentence for each date that is left out.

    Raises
    ------
    InputError
        None is left.
    """
    takes = data_takes(products)
    kept = [product for take in takes if take.date not in dates for product in take.slices]
    if not kept:
        raise InputError("All dates of the products over the area are left out.")
    return kept, {take.date: "left out as you said." for take in takes if take.date in dates}


@dataclass
class _Pass:
    """Products over an area of one track, or of the tracks on both sides of an ascending node that data takes cross."""

    passing: str
    tracks: set[int]
    products: list[Product]

    def __str__(self) -> str:
        numbers = sorted(self.tracks, reverse=ends_cycle(self.products))
        dates = len({take.date for take in data_takes(self.products)})
        across = " across the equator" if len(numbers) > 1 else ""
        listed = " and ".join(map(str, numbers))
        return f"{listed} {self.passing.lower()}{across} ({dates} date{'s' if dates > 1 else ''})"


def _passes(products: Iterable[Product]) -> list[_Pass]:
    """Products by track, and by direction; tracks that a data take joins are one."""
    passes: list[_Pass] = []
    for take in data_takes(products):
        joined = _Pass(take.passing, {track for one in take.slices for track in one.tracks}, list(take.slices))
        for other in [one for one in passes if one.passing == joined.passing and one.tracks & joined.tracks]:
            passes.remove(other)
            joined = _Pass(joined.passing, joined.tracks | other.tracks, other.products + joined.products)
        passes.append(joined)
    return sorted(passes, key=lambda one: (min(one.tracks), one.passing))


def ends_cycle(products: Iterable[Product]) -> bool:
    """Whether products of one pass are of the last track of the cycle and of its first."""
    return {1, 175} <= {track for product in products for track in product.tracks}


def _same_slice(one: Product, other: Product) -> bool:
    apart = abs((one.start - other.start).total_seconds())
    return (one.platform, one.data_take) == (other.platform, other.data_take) and apart <= _SAME_START


def data_takes(products: Iterable[Product]) -> list[Acquisition]:
    """Products by platform and data take, in the order of their starts.

    The absolute orbit of slices is the same, or after an ascending node the next.
    """
    groups: dict[tuple[str, int, int], list[Product]] = {}
    for product in sorted(products, key=lambda one: one.start):
        take = product.platform, product.data_take
        before = groups.get((*take, product.absolute_orbit - 1))
        if before and (product.start - before[-1].start).total_seconds() < _LONGEST_TAKE:
            before.append(product)
        else:
            groups.setdefault((*take, product.absolute_orbit), []).append(product)
    return [_acquisition(group) for group in groups.values()]


def _acquisition(slices: Sequence[Product]) -> Acquisition:
    """The acquisition of slices, in the order of their starts."""
    first = slices[0]
    return Acquisition(
        date=f"{first.start:%Y%m%d}",
        platform=first.platform,
        absolute_orbit=first.absolute_orbit,
        relative_orbit=first.relative_orbit,
        passing=first.passing,
        data_take=first.data_take,
        slices=tuple(slices),
    )


def read_scene(
    acquisition: Acquisition, polarisation: str, swaths: Sequence[str] | None, *, end_of_cycle: bool = False
) -> tuple[Scene | None, list[Broken]]:
    """Annotations of an acquisition; those that cannot be read are left out and stand in the list.

    ``end_of_cycle``: it is one of those that go from track 175 to track 1 (:func:`ends_cycle`).
    """
    images, readable, broken = [], [], []
    for number, product in enumerate(acquisition.slices):
        image = {}
        course = Course(product.relative_orbit, product.crosses_node, end_of_cycle)
        wanted = [swath for swath in product.swaths if swaths is None or swath in swaths]
        if not wanted:
            there = ", ".join(product.swaths)
            sentence = f"No burst of {' and '.join(swaths or ())} is in {product.path.name}, only those of {there}."
            broken.append(Broken(f"{product.start:%Y%m%d}", sentence))
        try:
            with open_product(product.path) as container:
                for swath in wanted:
                    try:
                        image[swath] = read_annotation(container, swath, polarisation, course)
                    except InputError as error:
                        broken.append(Broken(f"{product.start:%Y%m%d}", str(error)))
        except InputError as error:
            broken.append(Broken(f"{product.start:%Y%m%d}", str(error)))
        if image:
            images.append(image)
            readable.append(number)
    if not readable:
        return None, broken
    kept = _acquisition([acquisition.slices[number] for number in readable])
    return Scene(kept, tuple(images)), broken


def gap_between(slices: Sequence[Product]) -> str:
    """What is missing between slices, as a clause; empty where they join."""
    for earlier, later in zip(slices, slices[1:], strict=False):
        gap = later.start - earlier.stop
        numbers = earlier.slice_number, later.slice_number
        if gap > dt.timedelta(seconds=_LONGEST_GAP):
            text = f"there is a gap of {gap.total_seconds():.1f} s after {earlier.stop:%H:%M:%S}"
            if None not in numbers and numbers[1] - numbers[0] > 1:  # type: ignore[operator]
                between = [str(number) for number in range(numbers[0] + 1, numbers[1])]  # type: ignore[operator,arg-type]
                text += f": slice {', '.join(between)} is missing"
            return text
    return ""
