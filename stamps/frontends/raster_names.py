"""Dates in the names of rasters, and the numbers that ``drop_ifg_index`` calls them by."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath

from stamps.workspace import findings

__all__ = ["ImageNumbers", "dates_in", "is_named", "joined", "short_name", "short_names"]

_DATE = re.compile(r"(?<!\d)(?:19|20)\d{6}(?!\d)")
_MOST_NAMES = 12


def dates_in(path: str) -> tuple[int, ...]:
    """Dates (yyyymmdd) in the name of a file, else in that of the folder it is in, else in the one above."""
    parts = PurePath(path).parts
    found = (tuple(map(int, _DATE.findall(part))) for part in parts[:-4:-1])
    return next((dates for dates in found if dates), ())


def joined(paths: Sequence[str]) -> str:
    """A path, and how many others there are."""
    return f"{paths[0]}" if len(paths) == 1 else f"{paths[0]} (and {len(paths) - 1} more: {short_names(paths[1:])})"


def short_name(path: str) -> str:
    """Name of a file, with its folder where the name alone tells no date."""
    return PurePath(path).name if _DATE.search(PurePath(path).name) else "/".join(PurePath(path).parts[-2:])


def short_names(paths: Sequence[str]) -> str:
    """Names of files, the first dozen."""
    rest = len(paths) - _MOST_NAMES
    return ", ".join(map(short_name, paths[:_MOST_NAMES])) + (f", … and {rest} more" if rest > 0 else "")


def is_named(path: str, sentences: Sequence[str]) -> bool:
    """Whether sentences speak of a raster already."""
    return any(short_name(path) in sentence for sentence in sentences)


@dataclass(frozen=True)
class ImageNumbers:
    """Numbers of the interferograms of a stack: of its images by date (single master), or of the pairs in their order.

    Attributes
    ----------
    small_baselines : bool
    names : tuple of str
        Interferograms in the order of the list.
    days : tuple of int
        Dates of all images, ascending.
    master : int or None
        The image that all interferograms have in common.
    """

    small_baselines: bool
    names: tuple[str, ...]
    days: tuple[int, ...]
    master: int | None

    @classmethod
    def none(cls) -> ImageNumbers:
        """Of a stack that is not known yet."""
        return cls(False, (), (), None)

    @classmethod
    def of(cls, interferograms: Sequence[str], images: Sequence[str], small_baselines: bool) -> ImageNumbers:
        """Numbers from the names of the rasters.

        Parameters
        ----------
        interferograms, images : list of str
            Names that hold dates.
        small_baselines : bool
        """
        pairs = [dates_in(name)[-2:] for name in interferograms]
        of_images = {dates[-1] for dates in map(dates_in, images) if dates}
        days = tuple(sorted(of_images.union(*pairs)))
        counts = Counter(date for pair in pairs for date in set(pair))
        common = [date for date, count in counts.items() if count == len(pairs)]
        if len(pairs) == 1 and len(common) == 2:
            common = [pairs[0][0]]
        alone = sorted(of_images - set(counts)) if all(len(pair) == 1 for pair in pairs) else common
        return cls(small_baselines, tuple(interferograms), days, alone[0] if len(alone) == 1 else None)

    def date_of(self, image: str) -> int | None:
        """Date of an SLC; None if its name tells none."""
        dates = dates_in(image)
        return dates[-1] if dates else None

    def of_master_alone(self, name: str) -> bool:
        """Whether an interferogram is that of the master with itself, whose phase is 0 and which is not used."""
        pair = dates_in(name)[-2:]
        return len(pair) == 2 and pair[0] == pair[1]

    def number_of(self, name: str) -> int | None:
        """Number of an interferogram, from 1; None if it is not known."""
        if self.small_baselines:
            return self.names.index(name) + 1
        slaves = [date for date in dates_in(name)[-2:] if date != self.master]
        if self.master is None or len(slaves) != 1:
            return None
        return self.days.index(slaves[0]) + 1

    def leave_out_either(self, one: str, other: str) -> str:
        """Advice to leave out one of two rasters, after 'export it again'."""
        if self.small_baselines and one in self.names:
            numbers = [self.names.index(one) + 1, self.names.index(other) + 1]
        elif self.small_baselines or self.master is None:
            return ""
        else:
            slaves = [[d for d in dates_in(name)[-2:] if d in self.days and d != self.master] for name in (one, other)]
            numbers = [self.days.index(dates[0]) + 1 for dates in slaves if dates]
        return f", or leave it out: {findings.leave_out(numbers, either=True)}" if numbers else ""
