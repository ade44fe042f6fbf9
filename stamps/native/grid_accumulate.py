"""Sum of the pixels of each grid cell, in the order of the pixels.

Source: docs/method/coherence.md, section 5; docs/method/conventions.md, section 4 (single precision, sequential).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps import native
from stamps.native.arrays import to_host

if TYPE_CHECKING:
    from numpy.typing import NDArray


__all__ = ["accumulate"]


def accumulate(values: NDArray[Any], cells: NDArray[np.int64], n_cells: int) -> NDArray[Any]:
    """Add the rows of pixels to their cells, one pixel after the other.

    The array version adds all first pixels of the cells at once, then all second ones, and so on: in all versions each
    cell sees its pixels in their order, and every partial sum is rounded to the class of the values.

    Parameters
    ----------
    values : (n, m) array
        One row per pixel; NaN makes its cell NaN.
    cells : (n,) int array
        Cell of each pixel, 0 to ``n_cells`` - 1.
    n_cells : int
        Number of cells.

    Returns
    -------
    (n_cells, m) array
        Sums, of the class of the values; 0 in empty cells.

    Raises
    ------
    ValueError
        A cell is not in the grid.
    """
    values, cells = np.asarray(values), np.ascontiguousarray(cells, dtype=np.int64)
    if cells.size and not 0 <= cells.min() <= cells.max() < n_cells:
        raise ValueError(f"The cells of pixels are {cells.min()} to {cells.max()}, but the grid has {n_cells} cells.")
    flat = np.ascontiguousarray(values.reshape(len(values), math.prod(values.shape[1:])))
    sums = native.run(
        "grid_accumulate",
        lambda xp: _accumulate_arrays(xp, flat, cells, n_cells),
        lambda module: _accumulate_compiled(module, flat, cells, n_cells),
    )
    return sums.reshape(n_cells, *values.shape[1:])


def _accumulate_compiled(module: Any, values: NDArray[Any], cells: NDArray[np.int64], n_cells: int) -> NDArray[Any]:
    """The compiled kernel, which adds the real and imaginary parts of complex values as two columns."""
    real = values.real.dtype
    if real not in (np.float32, np.float64):
        return _accumulate_arrays(np, values, cells, n_cells)
    sums = np.zeros((n_cells, values.shape[1]), dtype=values.dtype)
    if sums.size and values.size:
        module.accumulate(values.view(real), cells, sums.view(real))
    return sums


def _accumulate_arrays(xp: Any, values: NDArray[Any], cells: NDArray[np.int64], n_cells: int) -> NDArray[Any]:
    """Array version, one round for each rank of a pixel in its cell."""
    order = np.argsort(cells, kind="stable")
    sorted_cells = cells[order]
    is_first = np.append(True, sorted_cells[1:] != sorted_cells[:-1])[: cells.size]
    group = np.cumsum(is_first) - 1
    rank = np.arange(cells.size) - np.flatnonzero(is_first)[group]
    by_rank = order[np.argsort(rank, kind="stable")]
    borders: NDArray[Any] | list[int] = np.cumsum(np.bincount(rank)) if cells.size else []
    sums = xp.zeros((n_cells, values.shape[1]), dtype=values.dtype)
    values, cells, by_rank = xp.asarray(values), xp.asarray(cells), xp.asarray(by_rank)
    first = 0
    for last in borders:
        members = by_rank[first:last]
        sums[cells[members]] += values[members]
        first = int(last)
    return to_host(sums)
