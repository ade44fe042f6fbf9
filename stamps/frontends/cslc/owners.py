"""Which burst gives a pixel: the first one that is valid there in all images. It is the same for all dates.

Source: docs/method/cslc.md, section 3.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from stamps.frontends.cslc.lattice import cut_to_pixels, window_of
from stamps.frontends.cslc.passes import Images
from stamps.frontends.cslc.products import Grid
from stamps.frontends.cslc.reading import read_image
from stamps.frontends.rasters import BLOCK_PIXELS

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Owners", "block_lines", "find_owners"]

_CHUNK = 128  # lines that a file decompresses at once
MOST_BURSTS = 255  # that a byte can number


@dataclass(frozen=True)
class Owners:
    """Bursts of the pixels of a grid.

    Attributes
    ----------
    grid : Grid
    bursts : tuple of str
        By number, from 1.
    owner : (length, width) uint8 array
        Number of the burst, 0 where none is valid in all images.
    valid : dict
        Date to the share of the grid where any burst is valid on it.
    """

    grid: Grid
    bursts: tuple[str, ...]
    owner: NDArray[np.uint8]
    valid: Mapping[int, float]

    @property
    def counts(self) -> dict[str, int]:
        """Burst -> number of its pixels."""
        numbers = np.bincount(self.owner.ravel(), minlength=len(self.bursts) + 1)
        return {burst: int(numbers[k]) for k, burst in enumerate(self.bursts, 1)}

    def shrunk(self) -> Owners:
        """The lines and samples that have an owner."""
        lines, samples = (np.flatnonzero((self.owner != 0).any(axis=axis)) for axis in (1, 0))
        rows, columns = slice(int(lines[0]), int(lines[-1]) + 1), slice(int(samples[0]), int(samples[-1]) + 1)
        owner = np.ascontiguousarray(self.owner[rows, columns])
        return replace(self, grid=cut_to_pixels(self.grid, rows, columns), owner=owner)


def block_lines(grid: Grid, pixels: int | None = None) -> Iterator[slice]:
    """Blocks of lines, whole chunks of the files where memory allows it."""
    step = max(1, (BLOCK_PIXELS if pixels is None else pixels) // grid.width)
    step = step // _CHUNK * _CHUNK or step
    for first in range(0, grid.length, step):
        yield slice(first, min(first + step, grid.length))


def find_owners(
    images: Images, days: Mapping[str, Sequence[int]], order: Sequence[str], polarisation: str, grid: Grid
) -> Owners:
    """The owners of all pixels: one reading of every image.

    Parameters
    ----------
    images : dict
        Burst to day to product.
    days : dict
        Burst to the days that must be valid.
    order : list of str
        Bursts, the first one wins.
    polarisation : str
    grid : Grid

    Returns
    -------
    Owners
    """
    owner = np.zeros((grid.length, grid.width), np.uint8)
    everything = sorted({day for burst in order for day in days[burst]})
    counts = dict.fromkeys(everything, 0)
    for lines in block_lines(grid):
        valid: dict[str, NDArray[np.bool_]] = {}
        for day in everything:
            seen = np.zeros((lines.stop - lines.start, grid.width), bool)
            for burst in order:
                if day in days[burst]:
                    here = _valid(images, burst, day, polarisation, grid, lines)
                    seen |= here
                    valid[burst] = valid[burst] & here if burst in valid else here
            counts[day] += int(np.count_nonzero(seen))
        block = owner[lines]
        for number, burst in enumerate(order, 1):
            if burst in valid:
                block[valid[burst] & (block == 0)] = number
    share = {day: count / owner.size for day, count in counts.items()}
    return Owners(grid, tuple(order), owner, share)


def _valid(images: Images, burst: str, day: int, polarisation: str, grid: Grid, lines: slice) -> NDArray[np.bool_]:
    """Pixels of some lines of a grid where an image is valid."""
    found = np.zeros((lines.stop - lines.start, grid.width), bool)
    product = images[burst][day]
    window = window_of(grid, product.grid, lines)
    if window is not None:
        values = read_image(product, polarisation, window.own_lines, window.own_samples)
        place = slice(window.lines.start - lines.start, window.lines.stop - lines.start)
        found[place, window.samples] = ~np.isnan(values.real)
    return found
