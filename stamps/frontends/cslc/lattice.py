"""The lattice that all bursts lie on: the part of it that is wanted, and where each product lies in it.

Source: docs/method/cslc.md, section 3.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import InputError
from stamps.frontends.cslc.extras import projections
from stamps.frontends.cslc.products import Grid

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["Window", "check_meridian", "cut_to_area", "cut_to_pixels", "lonlat_of", "union", "window_of"]


@dataclass(frozen=True)
class Window:
    """Where a product lies in the lines and samples of a grid: slices of both, of the same sizes."""

    lines: slice
    samples: slice
    own_lines: slice
    own_samples: slice


def union(grids: Iterable[Grid]) -> Grid:
    """The smallest grid that holds all, which lie on one lattice."""
    grids = list(grids)
    first = grids[0]
    left = min(grid.x for grid in grids)
    top = max(grid.y for grid in grids)
    right = max(grid.x + grid.dx * (grid.width - 1) for grid in grids)
    bottom = min(grid.y + grid.dy * (grid.length - 1) for grid in grids)
    width = round((right - left) / first.dx) + 1
    return Grid(first.epsg, left, top, first.dx, first.dy, width, round((bottom - top) / first.dy) + 1)


def cut_to_area(grid: Grid, area: tuple[float, float, float, float]) -> Grid:
    """The pixels of a grid that an area of longitudes and latitudes touches.

    Parameters
    ----------
    grid : Grid
    area : (float, float, float, float)
        West, south, east, north, degrees.

    Raises
    ------
    InputError
        There are none.
    """
    west, south, east, north = area
    lon, lat = np.meshgrid(np.linspace(west, east, 3), np.linspace(south, north, 3))
    x, y = projections().Transformer.from_crs(4326, grid.epsg, always_xy=True).transform(lon.ravel(), lat.ravel())
    x, y = np.asarray(x), np.asarray(y)
    usable = np.isfinite(x).all() and np.isfinite(y).all()
    if usable:
        samples = _between((x - grid.x) / grid.dx, grid.width)
        lines = _between((y - grid.y) / grid.dy, grid.length)
    if not usable or samples.start >= samples.stop or lines.start >= lines.stop:
        raise InputError(f"The area {west:g} {south:g} {east:g} {north:g} lies outside of all images: check --area.")
    return cut_to_pixels(grid, lines, samples)


def _between(places: NDArray[np.float64], count: int) -> slice:
    """Pixels, whose centres are whole numbers, that a range of places touches."""
    return slice(max(0, math.floor(places.min() + 0.5)), min(count, math.ceil(places.max() + 0.5)))


def cut_to_pixels(grid: Grid, lines: slice, samples: slice) -> Grid:
    """A window of a grid."""
    return replace(
        grid,
        x=grid.x + grid.dx * samples.start,
        y=grid.y + grid.dy * lines.start,
        width=samples.stop - samples.start,
        length=lines.stop - lines.start,
    )


def window_of(grid: Grid, own: Grid, lines: slice | None = None) -> Window | None:
    """Where a product with a grid of its own lies in a grid, or in some of its lines; None where nowhere.

    Parameters
    ----------
    grid, own : Grid
        On one lattice.
    lines : slice, optional
        Lines of ``grid``.
    """
    right, down = round((own.x - grid.x) / grid.dx), round((own.y - grid.y) / grid.dy)
    wanted = slice(0, grid.length) if lines is None else lines
    first, last = max(wanted.start, down), min(wanted.stop, down + own.length)
    left, end = max(0, right), min(grid.width, right + own.width)
    if first >= last or left >= end:
        return None
    return Window(
        slice(first, last), slice(left, end), slice(first - down, last - down), slice(left - right, end - right)
    )


def lonlat_of(grid: Grid, column: ArrayLike, row: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Longitudes and latitudes of places in a grid, degrees; pixel centres are whole numbers."""
    x = grid.x + grid.dx * np.asarray(column, dtype=np.float64)
    y = grid.y + grid.dy * np.asarray(row, dtype=np.float64)
    back: Any = projections().Transformer.from_crs(grid.epsg, 4326, always_xy=True)
    lon, lat = back.transform(x, y)
    return np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)


def check_meridian(grid: Grid) -> None:
    """Raise an InputError if longitudes jump inside a grid, or have no values."""
    column, row = np.meshgrid(np.linspace(0, grid.width - 1, 9), np.linspace(0, grid.length - 1, 9))
    lon, lat = lonlat_of(grid, column, row)
    if not (np.isfinite(lon).all() and np.isfinite(lat).all()):
        raise InputError(
            f"EPSG:{grid.epsg} has no longitudes for pixels of the area: the grid of the products is wrong."
        )
    if np.ptp(lon) > 180:
        raise InputError(
            "The area crosses the 180° meridian, which local coordinates cannot: choose an area on one side."
        )
