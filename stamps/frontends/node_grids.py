"""Values at pixels from coarse grids: text grids of 50 × 50 nodes at two heights, and rasters of ISCE.

Source: docs/method/loading.md, sections 7 and 8.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from stamps.frontends import isce
from stamps.frontends.text_headers import GRID_HEIGHTS, GRID_NODES
from stamps.matlab.interpolation import griddata_linear

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from stamps._typing import StrPath
    from stamps.workspace import Workspace


from stamps.frontends.project_headers import read_text_numbers

__all__ = ["grid_values", "image_grids", "raster_values"]

_CHUNK = 1 << 16  # pixels interpolated at a time


def grid_values(
    grids: NDArray[np.float64],
    size: tuple[int, int],
    line: NDArray[np.int64],
    sample: NDArray[np.int64],
    height: ArrayLike,
) -> NDArray[np.float64]:
    """Values of 50 × 50 grids at pixels: linear in position on a Delaunay triangulation, linear in height.

    Parameters
    ----------
    grids : (k, 5000) float64 array
        Values at height 0 m and 1000 m alternately, nodes row by row along azimuth.
    size : (int, int)
        Range samples and azimuth lines; the nodes go from 0 to these.
    line, sample : (n,) arrays
        Pixels from 0.
    height : (n,) array or float
        Metres.

    Returns
    -------
    (n, k) float64 array
    """
    nodes = np.meshgrid(*(np.linspace(0, extent, GRID_NODES) for extent in size))
    x, y = (axis.ravel() for axis in nodes)
    low, high = grids[:, 0::2].T, grids[:, 1::2].T
    part = np.broadcast_to((np.asarray(height, dtype=np.float64) - GRID_HEIGHTS[0]) / GRID_HEIGHTS[1], (line.size,))
    result = np.empty((line.size, len(grids)))
    for first in range(0, line.size, _CHUNK):
        chunk = slice(first, first + _CHUNK)
        at = griddata_linear(x, y, np.hstack([low, high]), sample[chunk], line[chunk])
        result[chunk] = at[:, : len(grids)] + (at[:, len(grids) :] - at[:, : len(grids)]) * part[chunk, None]
    return result


def image_grids(ws: Workspace, name: str, dates: Sequence[int]) -> NDArray[np.float64] | None:
    """Grids of all slaves, (n_slave, 5000) float64, or None if there is none.

    Parameters
    ----------
    ws : Workspace
    name : str
        With a place for the date (``'bperp_{}.1.in'``).
    dates : list of int

    Raises
    ------
    InputError
        Only some slaves have a grid.
    """
    if not any(ws.find(name.format(date), levels=2) for date in dates):
        return None
    return np.array([read_text_numbers(ws, name.format(date), 2 * GRID_NODES**2) for date in dates])


def raster_values(
    path: StrPath, size: tuple[int, int], line: NDArray[np.int64], sample: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Values of an ISCE raster at pixels.

    A raster of the size of the image is read at the pixel, any other interpolated linearly between nodes that go from
    edge to edge of the image.

    Parameters
    ----------
    path : path-like
    size : (int, int)
        Range samples and azimuth lines of the image.
    line, sample : (n,) int arrays
        Pixels from 0.

    Returns
    -------
    (n,) float64 array
    """
    raster = isce.map_bands(path)[0]
    length, width = raster.shape
    if (width, length) == tuple(size):
        return raster[line, sample].astype(np.float64)
    column, row = _between_nodes(sample, size[0], width), _between_nodes(line, size[1], length)
    values = raster.astype(np.float64)
    upper, lower = (_along(values, k, column) for k in (row[0], row[1]))
    return upper + (lower - upper) * row[2]


def _between_nodes(
    position: NDArray[np.int64], extent: int, count: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Nodes before and after positions, and the part of the way between them."""
    place = np.asarray(position, dtype=np.float64) * ((count - 1) / extent)
    before = np.clip(np.floor(place).astype(np.int64), 0, max(count - 2, 0))
    return before, np.minimum(before + 1, count - 1), place - before


def _along(
    values: NDArray[np.float64],
    row: NDArray[np.int64],
    column: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]],
) -> NDArray[np.float64]:
    return values[row, column[0]] + (values[row, column[1]] - values[row, column[0]]) * column[2]
