"""Sum of the pixels of each grid cell, in the order of the pixels.

Source: spec 04 section 5, 00 section 4 (single precision, sequential).
"""

import numpy as np

__all__ = ["accumulate"]


def accumulate(values, cells, n_cells):
    """Add the rows of pixels to their cells, one pixel after the other.

    All first pixels of the cells are added at once, then all second ones, and so on: each cell sees its pixels in
    their order, and every partial sum is rounded to the class of the values.

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
    """
    values, cells = np.asarray(values), np.asarray(cells)
    sums = np.zeros((n_cells, *values.shape[1:]), dtype=values.dtype)
    order = np.argsort(cells, kind="stable")
    sorted_cells = cells[order]
    is_first = np.append(True, sorted_cells[1:] != sorted_cells[:-1])[: cells.size]
    group = np.cumsum(is_first) - 1
    rank = np.arange(cells.size) - np.flatnonzero(is_first)[group]
    by_rank = order[np.argsort(rank, kind="stable")]
    for members in np.split(by_rank, np.cumsum(np.bincount(rank))[:-1]) if cells.size else ():
        sums[cells[members]] += values[members]
    return sums
