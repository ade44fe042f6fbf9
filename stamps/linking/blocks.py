"""Blocks of pixels: the unit of work and of going on after a stop; memory and disk that they take.

Source: docs/method/linking.md, section 7.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps.linking.options import LinkOptions

__all__ = ["Area", "Block", "blocks_of", "bytes_in_memory", "bytes_on_disk", "pixels_at_once", "pixels_of_block"]

_MEMORY = 600 << 20  # of a block's arrays; batches of matrices come on top
_BATCH_MEMORY = 64 << 20
_FEWEST_PIXELS = 4096
_MOST_BLOCKS = 64  # of an image that would fit the memory
_WIDEST = 1024  # samples of a block


@dataclass(frozen=True)
class Area:
    """A rectangle of the image: lines and samples from 0, the end not included."""

    first_line: int
    end_line: int
    first_sample: int
    end_sample: int

    @property
    def lines(self) -> slice:
        """Its lines."""
        return slice(self.first_line, self.end_line)

    @property
    def samples(self) -> slice:
        """Its samples."""
        return slice(self.first_sample, self.end_sample)

    @property
    def shape(self) -> tuple[int, int]:
        """Number of lines and samples."""
        return self.end_line - self.first_line, self.end_sample - self.first_sample

    @property
    def size(self) -> int:
        """Number of pixels."""
        return self.shape[0] * self.shape[1]

    def wider(self, margin: tuple[int, int], within: Area) -> Area:
        """The area with margins, as far as another area reaches."""
        return Area(
            max(self.first_line - margin[0], within.first_line),
            min(self.end_line + margin[0], within.end_line),
            max(self.first_sample - margin[1], within.first_sample),
            min(self.end_sample + margin[1], within.end_sample),
        )

    def inside(self, other: Area) -> tuple[slice, slice]:
        """Lines and samples of this area counted from the first ones of another that holds it."""
        return (
            slice(self.first_line - other.first_line, self.end_line - other.first_line),
            slice(self.first_sample - other.first_sample, self.end_sample - other.first_sample),
        )


@dataclass(frozen=True)
class Block:
    """A part of the work: an area, and with the pixels around it that its windows reach.

    Attributes
    ----------
    number : int
        From 0.
    core : Area
        Its own pixels.
    around : Area
        These with the margins.
    """

    number: int
    core: Area
    around: Area

    @property
    def name(self) -> str:
        """For messages."""
        return f"lines {self.core.first_line} to {self.core.end_line - 1}"

    @property
    def inner(self) -> tuple[slice, slice]:
        """Lines and samples of the core within what is around it."""
        return self.core.inside(self.around)

    @property
    def centres(self) -> NDArray[np.int64]:
        """Numbers of the core's pixels, line by line, among those of the block with its margins."""
        numbers = np.arange(self.around.size, dtype=np.int64).reshape(self.around.shape)
        return np.ascontiguousarray(numbers[self.inner]).reshape(-1)


def blocks_of(subset: Area, margin: tuple[int, int], pixels: int) -> list[Block]:
    """Cut the part of the image that is linked into blocks.

    Parameters
    ----------
    subset : Area
    margin : (int, int)
        Half the window: lines and samples.
    pixels : int
        About so many pixels in a block.

    Returns
    -------
    list of Block
        Line by line.
    """
    height, width = subset.shape
    n_columns = max(1, round(width / _WIDEST))
    edges = np.linspace(subset.first_sample, subset.end_sample, n_columns + 1).astype(int).tolist()
    step = max(1, min(height, round(pixels * n_columns / width)))
    found: list[Block] = []
    for line in range(subset.first_line, subset.end_line, step):
        for left, right in zip(edges, edges[1:], strict=False):
            core = Area(line, min(line + step, subset.end_line), left, right)
            found.append(Block(len(found), core, core.wider(margin, subset)))
    return found


def pixels_of_block(subset: Area, n_images: int, options: LinkOptions) -> int:
    """How many pixels a block should have: few enough for the memory, many enough that margins are small."""
    window = options.window[0] * options.window[1]
    per_pixel = 48 * n_images + 2 * window
    fitting = _MEMORY // per_pixel
    return int(np.clip(subset.size // _MOST_BLOCKS, _FEWEST_PIXELS, max(fitting, 1)))


def bytes_in_memory(subset: Area, n_images: int, options: LinkOptions) -> int:
    """Bytes that each core takes while it works on a block, about."""
    window = options.window[0] * options.window[1]
    return pixels_of_block(subset, n_images, options) * (48 * n_images + 2 * window) + 3 * _BATCH_MEMORY


def pixels_at_once(n_images: int) -> int:
    """Pixels whose matrices are in memory at the same time."""
    return int(np.clip(_BATCH_MEMORY // (8 * 10 * n_images**2), 8, 512))


def bytes_on_disk(width: int, length: int, n_images: int, n_stacks: int, options: LinkOptions) -> int:
    """Bytes that a run needs in the project directory, temporary files included.

    Parameters
    ----------
    width, length : int
        Of the image.
    n_images : int
    n_stacks : int
        Mini-stacks, each of which leaves a compressed image; 0 if the images are linked at once.
    options : LinkOptions
    """
    per_pixel = 8 * n_images + 15 + 4 * options.closure
    if options.sequential:
        window = options.window[0] * options.window[1]
        per_pixel += 12 * n_stacks + (window + 7) // 8
    return per_pixel * width * length
