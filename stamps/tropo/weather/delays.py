"""Zenith delay at pixels from columns of air, through the functions of PyAPS. Arrays in, arrays out.

``pyaps3.processor`` interpolates pressure, temperature and vapour from levels of pressure to heights and integrates the
refractivity. Its table of the wet delay stands one step of height too high; with its own steps of some 160 m that makes 8 %, so
that the steps are small here. The hydrostatic delay above the highest level, which PyAPS leaves out, is added.

Source: docs/method/weather.md, section 7; PyAPS: Jolivet et al. (2011), Geophys. Res. Lett. 38, L17311.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_array

from stamps.errors import InputError
from stamps.tropo.weather.libraries import library

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps.tropo.weather.columns import Columns
    from stamps.tropo.weather.grids import Placement

__all__ = ["Pixels", "ZenithDelay", "constants", "zenith_delay"]

#: Steps of height in m up to the highest pixel, up to 12 km, and above.
_FINE, _MIDDLE, _COARSE = 5.0, 25.0, 250.0
_MOIST = 12_000.0
#: How far below the lowest level of the file and below the lowest one with values (the model's ground) is extrapolated, m.
_BELOW_FILE, _BELOW_GROUND = 1000.0, 2500.0


@dataclass(frozen=True)
class ZenithDelay:
    """Delay at the pixels towards the zenith, m, ndarrays of float64, shape (n_ps,)."""

    hydro: NDArray[np.float64]
    wet: NDArray[np.float64]

    def __mul__(self, weight: float) -> ZenithDelay:
        return ZenithDelay(self.hydro * weight, self.wet * weight)

    def __add__(self, other: ZenithDelay) -> ZenithDelay:
        return ZenithDelay(self.hydro + other.hydro, self.wet + other.wet)


def constants() -> dict[str, float]:
    """Constants of the refractivity and of the air, as PyAPS has them."""
    return dict(library("pyaps3.processor").initconst())


class Pixels:
    """Pixels among nodes and heights, and what interpolates between these.

    Parameters
    ----------
    where : Placement
        Among the nodes around them.
    height : ndarray of float64, shape (n_ps,)
        Metres.
    """

    def __init__(self, where: Placement, height: NDArray[np.float64]) -> None:
        self.where, self.height = where, height
        #: Heights of the table of delays, m.
        self.table = np.arange(height.min() - 2 * _FINE, height.max() + 3 * _FINE, _FINE)
        self._weights = _linear(
            [(where.row, where.rows.size), (where.col, where.cols.size), (self._level, self.table.size)]
        )

    @property
    def _level(self) -> NDArray[np.float64]:
        return (self.height - self.table[0]) / _FINE

    def at(self, *tables: NDArray[np.float64]) -> list[NDArray[np.float64]]:
        """Values at the pixels of tables, (n_row, n_col, n_height); linear in all three."""
        return list((self._weights @ np.stack([table.ravel() for table in tables], axis=1)).T)

    def depth(self, floor: NDArray[np.float64]) -> NDArray[np.float64]:
        """How far the pixels lie below a surface that is given at the nodes, m; all of them, if it is far below."""
        if floor.max() <= self.height.min():
            return floor.max() - self.height
        sizes = [(self.where.row, self.where.rows.size), (self.where.col, self.where.cols.size)]
        return _linear(sizes) @ floor.ravel() - self.height


def _linear(axes: list[tuple[NDArray[np.float64], int]]) -> csr_array:
    """Weights of linear interpolation at positions on a grid of which sizes of the axes are given: (n_ps, n_node)."""
    index = np.zeros((1, axes[0][0].size), np.int64)
    weight = np.ones((1, axes[0][0].size))
    for position, size in axes:
        first = np.clip(np.floor(position).astype(np.int64), 0, size - 2)
        part = position - first
        index = np.concatenate([index * size + first, index * size + first + 1])
        weight = np.concatenate([weight * (1 - part), weight * part])
    n = index.shape[1]
    start = np.arange(n + 1) * len(index)
    return csr_array((weight.T.ravel(), index.T.ravel(), start), shape=(n, math.prod(size for _, size in axes)))


def zenith_delay(columns: Columns, pixels: Pixels, source: object) -> ZenithDelay:
    """Delay at pixels.

    Parameters
    ----------
    columns : Columns
        At the nodes around the pixels.
    pixels : Pixels
    source : object
        The file, for messages.

    Returns
    -------
    ZenithDelay
        Bilinear between the nodes, each at the height of the pixel.

    Raises
    ------
    InputError
        Pixels are too high or too low for the levels.
    """
    _check_heights(columns, pixels, source)
    hydro, wet = pixels.at(*_tables(columns, pixels.table))
    unknown = ~(np.isfinite(hydro) & np.isfinite(wet))
    if unknown.any():
        raise InputError(f"{source} gives no delay at {unknown.sum()} pixels")
    return ZenithDelay(hydro, wet)


def _check_heights(columns: Columns, pixels: Pixels, source: object) -> None:
    for floor, limit, what in (
        (columns.bottom, _BELOW_FILE, "its lowest level"),
        (columns.ground, _BELOW_GROUND, "the ground of the model"),
    ):
        depth = pixels.depth(floor)
        if depth.max() > limit:
            raise InputError(
                f"{source} does not reach down to {np.sum(depth > limit)} of the {depth.size} pixels: they are up to "
                f"{depth.max():.0f} m below {what} (at most {limit:.0f} m)"
            )
    high = pixels.height > columns.height[0].min()
    if high.any():
        raise InputError(f"{source} does not reach up to {high.sum()} of the {high.size} pixels")


def _tables(columns: Columns, fine: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Hydrostatic and wet delay (m) at heights (m), (n_row, n_col, n_height)."""
    processor, known = library("pyaps3.processor"), constants()
    top = float(columns.height.max().round())
    middle = np.arange(fine[-1] + _FINE, max(_MOIST, fine[-1]) + _MIDDLE, _MIDDLE)
    coarse = np.arange(middle[-1] + _COARSE, top, _COARSE)
    heights = np.concatenate([fine, middle, coarse])
    heights = heights[heights <= top]
    known["minAlt"] = known["minAltP"] = float(fine[0])
    at_heights: Any = processor.intP2H(
        columns.pressure.copy(),
        heights,
        columns.height.copy(),
        columns.temperature.copy(),
        columns.vapour.copy(),
        known,
    )
    hydro, wet = processor.PTV2del(*(field.copy() for field in at_heights), heights, known)
    above = known["k1"] * known["Rd"] * 1e-6 / known["g"] * at_heights[0][:, :, -1:]
    n = fine.size
    return hydro[:, :, :n] + above, wet[:, :, :n]
