"""Which pixels are exported: a part of the scene, good ones, a random choice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import InputError, NoPixelsError
from stamps.insar.geometry import longitude_range, longitudes_between
from stamps.products.columns import random_subset

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


__all__ = ["Subset"]


@dataclass(frozen=True)
class Subset:
    """Which pixels are exported.

    Attributes
    ----------
    lon_rg, lat_rg : tuple of float, or None
        Limits in degrees, which belong to the part; western before eastern longitude.
    min_coherence : float or None
        Least temporal coherence.
    min_inversion_coherence : float or None
        Least coherence of the inversion of small baselines.
    std_cutoff : float or None
        Standard deviation of the velocity (mm/yr) that is not reached.
    step : float
        Every step-th pixel, chosen at random.
    """

    lon_rg: Sequence[float] | None = None
    lat_rg: Sequence[float] | None = None
    min_coherence: float | None = None
    std_cutoff: float | None = None
    step: float = 1
    min_inversion_coherence: float | None = None

    def rows(
        self,
        lonlat: NDArray[np.float64],
        coherence: NDArray[np.float32],
        std: NDArray[np.float32],
        seed: int,
        inversion: NDArray[np.float32] | None = None,
    ) -> NDArray[np.int64]:
        """0-based pixels, ascending; NoPixelsError if there are none, InputError if the inversion is asked for and not known."""
        use = np.isfinite(lonlat).all(axis=1)
        if self.lon_rg is not None:
            use &= longitudes_between(lonlat[:, 0], _limits("lon_rg", self.lon_rg, "the western", longitude_range))
        if self.lat_rg is not None:
            south, north = _limits("lat_rg", self.lat_rg, "the smaller")
            use &= (lonlat[:, 1] >= south) & (lonlat[:, 1] <= north)
        if self.min_coherence is not None:
            use &= coherence >= self.min_coherence
        if self.min_inversion_coherence is not None:
            if not 0 <= self.min_inversion_coherence <= 1:
                raise InputError(
                    f"min_inversion_coherence is {self.min_inversion_coherence:g}, but it lies between 0 and 1."
                )
            if inversion is None:
                raise InputError(
                    "min_inversion_coherence asks for the inversion of small baselines, but this project has none: leave it out."
                )
            use &= inversion >= self.min_inversion_coherence
        if self.std_cutoff is not None:
            use &= std < self.std_cutoff
        rows = random_subset(np.flatnonzero(use), self.step, seed)
        if rows.size == 0:
            raise NoPixelsError(
                "No pixel is left to export: widen lon_rg and lat_rg, lower min_coherence or min_inversion_coherence, or raise "
                "std_cutoff."
            )
        return rows


def _limits(name: str, limits: ArrayLike, first: str, read: Any = np.ravel) -> NDArray[Any] | tuple[float, float]:
    """Lower and upper limit; ``read`` knows which one is larger."""
    pair = read(limits) if np.size(limits) == 2 else (1, 0)
    if not pair[0] <= pair[1]:
        raise InputError(f"{name} is {limits!r}, but two numbers in degrees were expected, {first} first.")
    return pair


# ---------------------------------------------------------------------- columns
