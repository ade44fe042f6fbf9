"""A tree of tiles for maps that cannot show all points at once: each tile a part of the points, smaller tiles the rest.

The first tile covers everything and holds points from everywhere, each of its four quarters more of the points there,
and so on. Every point is in exactly one tile, so that what is visible at any scale is a fair sample until all are
shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from stamps.insar.geometry import near

if TYPE_CHECKING:
    from numpy.typing import NDArray


__all__ = ["Tile", "tile_tree"]

_DEEPEST = 24


@dataclass
class Tile:
    """Part of the points.

    Attributes
    ----------
    name : str
        Path from the first tile: ``0`` and then a digit 0 to 3 for each level.
    west, south, east, north : float
        Borders, degrees; only the first tile may lie across the antimeridian.
    rows : ndarray of int64
        0-based points, ascending.
    children : list of Tile
    """

    name: str
    west: float
    south: float
    east: float
    north: float
    rows: np.ndarray
    children: list = field(default_factory=list)

    def walk(self) -> Iterator[Tile]:
        """This tile and all below it."""
        yield self
        for child in self.children:
            yield from child.walk()


def tile_tree(lonlat: NDArray[np.float64], most: int, seed: int = 0) -> Tile:
    """Distribute points over tiles.

    Parameters
    ----------
    lonlat : ndarray, shape (n, 2)
        Degrees, without a jump.
    most : int
        Points in a tile.
    seed : int
        Start of the random numbers that choose which points come first.

    Returns
    -------
    Tile
        The first one.
    """
    order = np.random.default_rng(seed).permutation(len(lonlat))
    (west, south), (east, north) = lonlat.min(axis=0), lonlat.max(axis=0)
    return _tile("0", (float(west), float(south), float(east), float(north)), order, lonlat, most)


def _tile(
    name: str, borders: tuple[float, ...], order: NDArray[np.int64], lonlat: NDArray[np.float64], most: int
) -> Tile:
    if len(name) > _DEEPEST:
        most = len(order)  # points at the same place
    west, south, east, north = borders
    tile_west, tile_east = near((west, east), 0.0)
    tile = Tile(name, tile_west, south, tile_east, north, np.sort(order[:most]))
    rest = order[most:]
    seam = [meridian for meridian in (-180.0, 180.0) if west < meridian < east]
    middle = seam[0] if seam else (west + east) / 2, (south + north) / 2
    quarter = (lonlat[rest, 0] >= middle[0]) + 2 * (lonlat[rest, 1] >= middle[1])
    for k in range(4):
        part = rest[quarter == k]
        if part.size:
            columns = (middle[0], east) if k % 2 else (west, middle[0])
            lines = (middle[1], north) if k // 2 else (south, middle[1])
            inner = columns[0], lines[0], columns[1], lines[1]
            tile.children.append(_tile(f"{name}{k}", inner, part, lonlat, most))
    return tile
