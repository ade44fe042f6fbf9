"""What a mask leaves of the pixels, and what is to be said about it.

Source: docs/method/cslc.md, section 4.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stamps.errors import InputError
from stamps.frontends.cslc.settings import CslcSettings

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["MaskTally"]


@dataclass
class MaskTally:
    """Pixels of a mosaic by what a mask does with them.

    Attributes
    ----------
    owned : int
        With an owner.
    known, water : int
        Of these, where the water mask has a value, and where it is water.
    unknown : int
        Of these, without a height.
    used : int
        That the mask leaves.
    """

    owned: int = 0
    unknown: int = 0
    known: int = 0
    water: int = 0
    used: int = 0

    def add(
        self,
        owned: NDArray[np.bool_],
        masked: NDArray[np.bool_],
        flat: NDArray[np.bool_],
        of_water: tuple[NDArray[np.bool_], NDArray[np.bool_]] | None,
    ) -> None:
        """Count a block: pixels with an owner, masked, without a height, in water and with a value of the water mask."""
        self.owned += int(np.count_nonzero(owned))
        self.unknown += int(np.count_nonzero(flat & owned))
        self.used += int(np.count_nonzero(~masked))
        if of_water is not None:
            self.water += int(np.count_nonzero(of_water[0] & owned))
            self.known += int(np.count_nonzero(of_water[1] & owned))

    def judge(self, settings: CslcSettings, others: dict[str, bool], source: str) -> list[str]:
        """Warnings about pixels that are masked for want of a height, and about the water mask.

        Parameters
        ----------
        settings : CslcSettings
        others : dict
            What else may mask pixels, and whether it does.
        source : str
            Of the heights, with its verb.

        Raises
        ------
        InputError
            The water mask lies elsewhere, or no pixel is left.
        """
        name = settings.water
        if name is not None and not self.known:
            raise InputError(f"The water mask {name} does not cover the area. Nothing was written.")
        if not self.used:
            masks = {**others, f"the water mask {name}": self.water > 0, "missing heights": self.unknown > 0}
            reasons = ", ".join(reason for reason, used in masks.items() if used)
            raise InputError(f"All pixels of the area are masked ({reasons}). Nothing was written.")
        found = []
        if self.unknown:
            share = f"{100 * self.unknown / self.owned:.2g} %"
            found.append(f"The {source} no height for {share} of the pixels: they are masked.")
        return found if name is None else found + self._of_water(str(name), settings.water_value)

    def _of_water(self, name: str, value: float) -> list[str]:
        found = []
        if self.known < self.owned:
            share = f"{100 * (self.owned - self.known) / self.owned:.2g} %"
            found.append(f"The water mask {name} says nothing about {share} of the pixels: they count as land.")
        if not self.water:
            found.append(f"The water mask {name} has no pixel of water ({value:g}) in the area: check --water-value.")
        return found
