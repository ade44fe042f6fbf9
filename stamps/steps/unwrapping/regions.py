"""Regions within which an interferogram is unwrapped without a tear: arrays in, arrays out.

Pixels are scattered, so regions are made of the cells of a grid: occupied cells that touch each other, corners included. A
connection of two cells is cut where excluded ground lies between, and where the unwrapped phase jumps by more than half a
cycle beside what is usual in that direction.

Source: docs/method/unwrapping_errors.md, section 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


__all__ = ["Cells", "cells_of", "excluded_between", "regions_of"]

#: The neighbours of a cell that come after it: (rows, columns) further.
_DIRECTIONS = ((0, 1), (1, 0), (1, 1), (1, -1))

_LARGEST_JUMP = np.pi
_MOST_SAMPLES = 512


@dataclass(frozen=True)
class Cells:
    """Occupied cells of a grid, and which of them touch.

    Attributes
    ----------
    of_pixel : ndarray of int64, shape (n_ps,)
        Number of the cell of each pixel.
    row, column : ndarray of int64, shape (n_cell,)
        Place in the grid.
    connections : ndarray of int64, shape (n, 2)
        Cells that touch.
    direction : ndarray of int64, shape (n,)
        0 to 3: along rows, along columns, along both diagonals.
    """

    of_pixel: NDArray[np.int64]
    row: NDArray[np.int64]
    column: NDArray[np.int64]
    connections: NDArray[np.int64]
    direction: NDArray[np.int64]

    def without(self, cut: NDArray[np.bool_]) -> Cells:
        """The same cells with fewer connections."""
        return Cells(self.of_pixel, self.row, self.column, self.connections[~cut], self.direction[~cut])


def cells_of(grid_ij: NDArray[np.int64]) -> Cells:
    """Cells from the row and column of each pixel.

    Parameters
    ----------
    grid_ij : ndarray of int64, shape (n_ps, 2)
        From 0.

    Returns
    -------
    Cells
        In the order of rows, then columns.
    """
    width = int(grid_ij[:, 1].max(initial=0)) + 3  # a column to the left and to the right stays empty
    flat, of_pixel = np.unique(grid_ij[:, 0] * width + grid_ij[:, 1] + 1, return_inverse=True)
    connections, directions = [], []
    for number, (down, right) in enumerate(_DIRECTIONS):
        wanted = flat + down * width + right
        place = np.minimum(np.searchsorted(flat, wanted), flat.size - 1)
        there = np.flatnonzero(flat[place] == wanted)
        connections.append(np.column_stack([there, place[there]]))
        directions.append(np.full(there.size, number))
    return Cells(
        of_pixel.ravel(), flat // width, flat % width - 1, np.concatenate(connections), np.concatenate(directions)
    )


def regions_of(phase: NDArray[np.floating[Any]], cells: Cells) -> NDArray[np.int64]:
    """Regions of one interferogram.

    Parameters
    ----------
    phase : ndarray of float, shape (n_ps,)
        Unwrapped, radians. Pixels without a finite phase are in no region.
    cells : Cells

    Returns
    -------
    ndarray of int64, shape (n_ps,)
        0 for the region with most pixels, then 1 and so on; -1: none.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    valid = np.isfinite(phase)
    middle = _medians(phase, cells.of_pixel, cells.row.size)
    first, second = cells.connections.T
    with np.errstate(invalid="ignore"):
        jump = middle[second] - middle[first]
        for number in range(len(_DIRECTIONS)):
            along = (cells.direction == number) & np.isfinite(jump)
            jump[along] -= np.median(jump[along]) if along.any() else 0
        kept = np.abs(jump) <= _LARGEST_JUMP
    graph = coo_array((np.ones(kept.sum()), (first[kept], second[kept])), shape=(middle.size,) * 2)
    label = connected_components(graph, directed=False)[1][cells.of_pixel]
    count = np.bincount(label[valid], minlength=label.max(initial=-1) + 1)
    place = np.empty_like(count)
    place[np.argsort(-count, kind="stable")] = np.arange(count.size)
    return np.where(valid, place[label], -1)


def _medians(phase: NDArray[np.floating[Any]], cell: NDArray[np.int64], n_cell: int) -> NDArray[np.float64]:
    """Median of the finite phases of each cell (of an even number the lower one in the middle), NaN without any."""
    pixels = np.flatnonzero(np.isfinite(phase))
    order = pixels[np.lexsort((phase[pixels], cell[pixels]))]
    count = np.bincount(cell[pixels], minlength=n_cell)
    start = np.cumsum(count) - count
    result = np.full(n_cell, np.nan)
    filled = count > 0
    result[filled] = phase[order[start[filled] + (count[filled] - 1) // 2]]
    return result


def excluded_between(cells: Cells, ij: NDArray[np.floating[Any]], excluded: NDArray[Any]) -> NDArray[np.bool_]:
    """Connections that lead over excluded ground.

    Parameters
    ----------
    cells : Cells
    ij : ndarray of float, shape (n_ps, 2)
        Line and sample of each pixel in the image, from 0.
    excluded : ndarray, shape (lines, samples)
        Mask of the image: not zero where nothing may lead over, such as water.

    Returns
    -------
    ndarray of bool, shape (n,)
        Whether the straight line between the mean positions of the pixels of two cells meets a pixel that is excluded.
    """
    count = np.bincount(cells.of_pixel, minlength=cells.row.size)
    centre = np.column_stack([np.bincount(cells.of_pixel, ij[:, k], cells.row.size) / count for k in (0, 1)])
    start, end = centre[cells.connections[:, 0]], centre[cells.connections[:, 1]]
    longest = float(np.abs(end - start).max(initial=0))
    samples = int(min(np.ceil(longest) + 1, _MOST_SAMPLES))
    largest = np.array(excluded.shape) - 1
    meets = np.zeros(len(start), bool)
    for part in np.linspace(0, 1, samples + 1):
        line, sample = np.clip(np.round(start + part * (end - start)), 0, largest).astype(np.int64).T
        meets |= np.asarray(excluded[line, sample]) != 0
    return meets
