"""What all blocks of a run have in common: the stack, the options, the plan of mini-stacks, and where everything is.

Source: docs/method/linking.md, sections 5 and 7.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.linking.blocks import Area, Block
from stamps.linking.options import LinkOptions
from stamps.linking.rasters import Raster
from stamps.linking.sequences import mini_stacks
from stamps.linking.stack import PreparedStack

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["SCRATCH", "Job"]

#: Folder of temporary files within ``LINK``.
SCRATCH = "scratch"
#: Amplitudes, of which the mean of an image is 1, beyond these are none: their squares leave single precision.
_SMALLEST, _LARGEST = 1e-15, 1e15


@dataclass(frozen=True)
class Job:
    """A run of phase linking; it can be sent to other machines.

    Attributes
    ----------
    folder : Path
        ``LINK``.
    stack : PreparedStack
    options : LinkOptions
    subset : Area
        What is linked.
    mask : str or None
        Raster of one byte per pixel; only pixels with 0 count.
    kept : int
        Mini-stacks of an earlier run that stay as they are.
    """

    folder: Path
    stack: PreparedStack
    options: LinkOptions
    subset: Area
    mask: str | None = None
    kept: int = 0

    @property
    def plan(self) -> list[range]:
        """Images of each mini-stack; one of all images where they are linked at once."""
        n = self.stack.n_images
        return mini_stacks(n, self.options.ministack) if self.options.sequential else [range(n)]

    @property
    def kept_images(self) -> int:
        """Images of the mini-stacks that stay."""
        return self.plan[self.kept - 1].stop if self.kept else 0

    # ------------------------------------------------------------------ rasters

    def raster(self, name: str) -> Raster:
        """A raster of ``LINK``."""
        return Raster(self.folder / name, *self.stack.size)

    def image(self, k: int) -> Raster:
        """The linked image of a date."""
        return self.raster(f"{self.stack.dates[k]}.lslc")

    def compressed(self, number: int) -> Raster:
        """The compressed image of a mini-stack."""
        return self.raster(f"compressed/{self._span(number)}.cslc")

    def fit(self, number: int) -> Raster:
        """Temporal coherence of a mini-stack."""
        return self.raster(f"compressed/{self._span(number)}.tcoh")

    @property
    def neighbours(self) -> Raster:
        """Bits of the alike neighbours, temporary."""
        n_bytes = (self.options.window[0] * self.options.window[1] + 7) // 8
        return Raster(self.folder / SCRATCH / "neighbours.bits", *self.stack.size, n_bytes, np.dtype("u1"))

    def scratch(self, name: str) -> Path:
        """A temporary file."""
        return self.folder / SCRATCH / name

    def kept_phasors(self, block: int) -> Path:
        """What the last pass has read of a block, until it is finished: temporary."""
        return self.scratch(f"phasors_{block}.npy")

    def rasters(self) -> list[Raster]:
        """All rasters that stay."""
        names = ["tcoh.flt", "sigma.flt", "shp.u16", "estimator.u8"]
        names += ["tcoh_avg.flt"] * self.options.sequential + ["closure.flt"] * self.options.closure
        found = [self.image(k) for k in range(self.stack.n_images)] + [self.raster(name) for name in names]
        if self.options.sequential:
            for number in range(len(self.plan)):
                found += [self.compressed(number), self.fit(number)]
        return found

    def _span(self, number: int) -> str:
        images = self.plan[number]
        return f"{self.stack.dates[images[0]]}_{self.stack.dates[images[-1]]}"

    # ------------------------------------------------------------------ pixels

    def images(self, area: Area, which: range | None = None) -> NDArray[np.complex64]:
        """Flattened images of an area, (n, lines, samples)."""
        return self.stack.flattened(area.lines, area.samples, which)

    def unmasked(self, area: Area) -> NDArray[np.bool_]:
        """Pixels of an area that the mask leaves, (lines, samples)."""
        if self.mask is None:
            return np.ones(area.shape, bool)
        return Raster(Path(self.mask), *self.stack.size, dtype=np.dtype("u1")).read(area) == 0

    def valid_images(self, block: Block) -> tuple[NDArray[np.complex64], NDArray[np.bool_]]:
        """All images of a block with its margins, 0 where a pixel is not valid, and where it is."""
        images = self.images(block.around)
        with np.errstate(over="ignore"):
            amplitudes = np.abs(images)
        valid = ((amplitudes > _SMALLEST) & (amplitudes < _LARGEST)).all(axis=0) & self.unmasked(block.around)
        images *= valid
        return images, valid

    def as_dict(self) -> dict[str, Any]:
        """What must be the same for a run to go on."""
        area = self.subset
        return {
            "options": self.options.as_dict(),
            "dates": list(self.stack.dates),
            "master": self.stack.master,
            "width": self.stack.width,
            "length": self.stack.length,
            "subset": [area.first_line, area.end_line, area.first_sample, area.end_sample],
        }
