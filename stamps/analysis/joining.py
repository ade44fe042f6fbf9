"""Pixels of several projects that see the same ground: cells of a grid, or nearest pairs.

Source: docs/method/decomposition.md, section 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.spatial import cKDTree

from stamps.errors import ParameterError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["Cells", "cells_of", "mean_of", "nearest_pairs", "std_of"]

_MOST_INDEPENDENT = 3  # pixels of a cell whose noise counts as independent


class Cells(NamedTuple):
    """Cells that hold pixels of all projects.

    Attributes
    ----------
    centres : ndarray, shape (c, 2)
        Metres.
    of : tuple of ndarray of int
        For each project the cell of each pixel; −1 of none.
    counts : ndarray of int, shape (c, m)
        Pixels of each project.
    """

    centres: NDArray[np.float64]
    of: tuple[NDArray[np.int64], ...]
    counts: NDArray[np.int64]


def cells_of(places: Sequence[ArrayLike], size: float, min_points: int = 1) -> Cells:
    """Cells of a regular grid.

    Parameters
    ----------
    places : sequence of array_like, shape (n, 2)
        Metres in one frame; one array for each project. NaN is nowhere.
    size : float
        Side of a cell, metres; corners are multiples of it.
    min_points : int
        Pixels that each project has in a cell.

    Returns
    -------
    Cells

    Raises
    ------
    ParameterError
        A size that is none, or no cell with pixels of all.
    """
    if not (np.isfinite(size) and size > 0) or min_points < 1:
        raise ParameterError(f"Cells of {size} m with {min_points} pixels are not possible: give positive numbers.")
    arrays = [np.asarray(part, dtype=np.float64) for part in places]
    corners = [np.floor(np.where(np.isfinite(part), part, 0) / size).astype(np.int64) for part in arrays]
    known = [np.asarray(np.isfinite(part).all(axis=1)) for part in arrays]
    everything = np.concatenate([part[ok] for part, ok in zip(corners, known, strict=True)])
    if everything.size == 0:
        raise ParameterError("There is no pixel.")
    found, inverse = np.unique(everything, axis=0, return_inverse=True)
    inverse = np.ravel(inverse)
    counts = np.zeros((len(found), len(arrays)), dtype=np.int64)
    parts, start = [], 0
    for number, ok in enumerate(known):
        part = inverse[start : start + int(ok.sum())]
        start += part.size
        np.add.at(counts[:, number], part, 1)
        parts.append(part)
    good = np.asarray((counts >= min_points).all(axis=1))
    if not good.any():
        raise ParameterError(
            f"No cell of {size:g} m holds {min_points} pixel{'s' if min_points > 1 else ''} of each project: do they overlap?"
        )
    renumbered = np.where(good, np.cumsum(good) - 1, -1)
    of = []
    for part, ok in zip(parts, known, strict=True):
        cell = np.full(ok.size, -1)
        cell[ok] = renumbered[part]
        of.append(cell)
    return Cells((found[good] + 0.5) * size, tuple(of), counts[good])


def mean_of(
    cell: NDArray[np.int64], values: NDArray[np.float64], n_cells: int, weights: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """Weighted means of the pixels of each cell, over the first axis; what is not finite does not count.

    Parameters
    ----------
    cell : ndarray of int, shape (n,)
        −1 of none.
    values : ndarray, shape (n,) or (n, k)
    n_cells : int
    weights : ndarray, shape (n,), optional

    Returns
    -------
    ndarray, shape (n_cells,) or (n_cells, k)
        NaN where nothing is known.
    """
    flat = values.ndim == 1
    columns = values[:, None] if flat else values
    w = np.ones(len(cell)) if weights is None else weights
    use = cell >= 0
    known = np.isfinite(columns[use])
    total = np.zeros((n_cells, columns.shape[1]))
    size = np.zeros_like(total)
    np.add.at(total, cell[use], np.where(known, columns[use], 0) * w[use, None])
    np.add.at(size, cell[use], known * w[use, None])
    with np.errstate(invalid="ignore", divide="ignore"):
        made = total / size
    return made[:, 0] if flat else made


def std_of(cell: NDArray[np.int64], std: NDArray[np.float64], n_cells: int) -> NDArray[np.float64]:
    """Standard deviation of the mean (weights 1/σ²) of each cell, no more than three pixels counted as independent."""
    use = (cell >= 0) & np.isfinite(std) & (std > 0)
    weight, number, least = np.zeros(n_cells), np.zeros(n_cells), np.full(n_cells, np.inf)
    np.add.at(weight, cell[use], 1 / std[use] ** 2)
    np.add.at(number, cell[use], 1)
    np.minimum.at(least, cell[use], std[use])
    with np.errstate(invalid="ignore", divide="ignore"):
        typical = np.sqrt(number / weight)
        made = np.maximum(1 / np.sqrt(weight), typical / np.sqrt(_MOST_INDEPENDENT))
    return np.where(number > 0, made, np.nan)


def nearest_pairs(
    one: ArrayLike,
    other: ArrayLike,
    radius: float,
    heights: tuple[ArrayLike, ArrayLike] | None = None,
    height_difference: float = 20.0,
) -> NDArray[np.int64]:
    """Pixels that are each other's nearest.

    Parameters
    ----------
    one, other : array_like, shape (n, 2), (m, 2)
        Metres in one frame.
    radius : float
        Largest distance, metres.
    heights : tuple of array_like, optional
        Metres; pairs whose heights differ by more than ``height_difference`` are none.
    height_difference : float
        Metres.

    Returns
    -------
    ndarray of int, shape (p, 2)
        Ascending by the first.

    Raises
    ------
    ParameterError
        A radius that is none, or no pair.
    """
    if not (np.isfinite(radius) and radius > 0):
        raise ParameterError(f"A radius of {radius} m is not possible: give a positive number.")
    a, b = np.asarray(one, dtype=np.float64), np.asarray(other, dtype=np.float64)
    in_a, in_b = np.flatnonzero(np.isfinite(a).all(axis=1)), np.flatnonzero(np.isfinite(b).all(axis=1))
    if in_a.size and in_b.size:
        distance, nearest = cKDTree(b[in_b]).query(a[in_a])
        _, back = cKDTree(a[in_a]).query(b[in_b])
        mutual = np.flatnonzero((np.asarray(distance) <= radius) & (np.asarray(back)[nearest] == np.arange(in_a.size)))
        pairs = np.stack([in_a[mutual], in_b[np.asarray(nearest)[mutual]]], axis=1)
        if heights is not None:
            h, g = (np.asarray(part, dtype=np.float64) for part in heights)
            off = np.abs(h[pairs[:, 0]] - g[pairs[:, 1]])
            pairs = pairs[~(off > height_difference)]
        if len(pairs):
            return pairs
    raise ParameterError(f"No two pixels lie within {radius:g} m of each other: do the projects overlap?")
