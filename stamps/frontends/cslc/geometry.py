"""Baselines, heading, incidence and slant range on a map grid, from orbits.

Nodes lie on the grid as the loaders want them: node (r, k) of (ny, nx) at column k W / (nx - 1), row r L / (ny - 1), pixel
centres being whole numbers; so the last ones lie one pixel beyond the image.

Source: docs/method/cslc.md, section 4; docs/method/loading.md, sections 4 and 8.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stamps.frontends.cslc.lattice import lonlat_of
from stamps.frontends.cslc.products import Grid
from stamps.insar.constants import WGS84_SEMI_MAJOR, WGS84_SEMI_MINOR
from stamps.insar.orbits import Orbit, bearing, perpendicular_baseline, zero_doppler_time

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["Nodes", "earth_fixed", "interpolated", "node_grid", "nodes_of"]

_SPACING = 2000.0  # metres between nodes
_MOST = 50


@dataclass(frozen=True)
class Nodes:
    """Nodes on a grid.

    Attributes
    ----------
    column, row : (n_x,), (n_y,) float64 arrays
        Places in the grid.
    point : (n_y, n_x, 3) float64 array
        Earth-fixed, metres.
    centre : (3,) float64 array
        The middle of the grid.
    """

    column: NDArray[np.float64]
    row: NDArray[np.float64]
    point: NDArray[np.float64]
    centre: NDArray[np.float64]

    def baselines(self, master: Orbit, slave: Orbit) -> NDArray[np.float64]:
        """Perpendicular baselines, slave minus master, (n_y, n_x), metres."""
        points = self.point.reshape(-1, 3)
        values = perpendicular_baseline(master, slave, zero_doppler_time(master, points), points)
        return values.reshape(self.point.shape[:2])

    def incidence(self, master: Orbit) -> NDArray[np.float64]:
        """Angle between the ellipsoid's normal and the direction to the satellite, (n_y, n_x), degrees."""
        points = self.point.reshape(-1, 3)
        to_satellite = master.state(zero_doppler_time(master, points))[0] - points
        up = points / np.array([WGS84_SEMI_MAJOR, WGS84_SEMI_MAJOR, WGS84_SEMI_MINOR]) ** 2
        cosine = np.sum(to_satellite * up, axis=1) / np.linalg.norm(to_satellite, axis=1) / np.linalg.norm(up, axis=1)
        return np.degrees(np.arccos(cosine)).reshape(self.point.shape[:2])

    def heading(self, master: Orbit) -> float:
        """Direction of flight above the middle of the grid, degrees clockwise from north in (-180, 180]."""
        velocity = master.state(zero_doppler_time(master, self.centre[None]))[1][0]
        return bearing(self.centre, velocity)

    def slant_range(self, master: Orbit) -> float:
        """Distance of the middle of the grid from the satellite, metres."""
        satellite = master.state(zero_doppler_time(master, self.centre[None]))[0][0]
        return float(np.linalg.norm(satellite - self.centre))


def node_places(grid: Grid) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Columns and rows of the nodes of a grid."""
    counts = (
        min(_MOST, 2 + math.ceil(size * abs(step) / _SPACING))
        for size, step in ((grid.width, grid.dx), (grid.length, grid.dy))
    )
    n_x, n_y = counts
    column = np.arange(n_x, dtype=np.float64) * (grid.width / (n_x - 1))
    return column, np.arange(n_y, dtype=np.float64) * (grid.length / (n_y - 1))


def node_grid(grid: Grid) -> Grid:
    """The grid whose pixel centres are the nodes of a grid."""
    column, row = node_places(grid)
    return Grid(grid.epsg, grid.x, grid.y, grid.dx * column[1], grid.dy * row[1], column.size, row.size)


def nodes_of(grid: Grid, heights: ArrayLike) -> Nodes:
    """Nodes of a grid.

    Parameters
    ----------
    grid : Grid
    heights : float or (n_y, n_x) array
        Above the ellipsoid, metres.

    Returns
    -------
    Nodes
    """
    column, row = node_places(grid)
    columns, rows = np.meshgrid(column, row)
    values = np.broadcast_to(np.asarray(heights, dtype=np.float64), columns.shape)
    lon, lat = lonlat_of(grid, columns, rows)
    points = earth_fixed(lon.ravel(), lat.ravel(), values.ravel()).reshape(*columns.shape, 3)
    middle = lonlat_of(grid, [(grid.width - 1) / 2], [(grid.length - 1) / 2])
    return Nodes(column, row, points, earth_fixed(*middle, np.array([float(values.mean())]))[0])


def earth_fixed(lon: NDArray[np.float64], lat: NDArray[np.float64], height: NDArray[np.float64]) -> NDArray[np.float64]:
    """Cartesian coordinates of points on WGS 84, (n, 3), metres; longitudes and latitudes in degrees."""
    lam, phi = np.radians(lon), np.radians(lat)
    ratio = (WGS84_SEMI_MINOR / WGS84_SEMI_MAJOR) ** 2
    normal = WGS84_SEMI_MAJOR / np.sqrt(1 - (1 - ratio) * np.sin(phi) ** 2)
    across = (normal + height) * np.cos(phi)
    return np.column_stack([across * np.cos(lam), across * np.sin(lam), (ratio * normal + height) * np.sin(phi)])


def interpolated(values: NDArray[np.float64], grid: Grid, lines: slice) -> NDArray[np.float64]:
    """Values at nodes, interpolated linearly to all pixels of some lines, as the loaders interpolate baselines."""
    n_y, n_x = values.shape
    down = _weights(np.arange(lines.start, lines.stop) * ((n_y - 1) / grid.length), n_y)
    across = _weights(np.arange(grid.width) * ((n_x - 1) / grid.width), n_x)
    upper = values[down[0]] * (1 - down[1])[:, None] + values[down[0] + 1] * down[1][:, None]
    return upper[:, across[0]] * (1 - across[1]) + upper[:, across[0] + 1] * across[1]


def _weights(place: NDArray[np.float64], count: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    before = np.clip(np.floor(place).astype(np.int64), 0, count - 2)
    return before, place - before
