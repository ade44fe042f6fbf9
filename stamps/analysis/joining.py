"""Pixels of several projects that see the same ground: cells of a grid, or nearest pairs; the shift between projects.

Source: docs/method/decomposition.md, section 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.signal import fftconvolve
from scipy.spatial import cKDTree

from stamps.errors import ParameterError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = [
    "MOST_INDEPENDENT",
    "Cells",
    "Shift",
    "best_shift",
    "cells_of",
    "mean_of",
    "nearest_pairs",
    "shared_noise",
    "std_of",
]

#: Pixels whose noise counts as independent at most.
MOST_INDEPENDENT = 3
_MOST_SHIFTED = 20_000  # pixels that a shift is looked for with
_CERTAIN = 6.0  # standard deviations by which the pairs of a shift must exceed those of chance


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


def std_of(
    cell: NDArray[np.int64], std: NDArray[np.float64], n_cells: int, shared: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """Standard deviation of the mean (weights 1/σ²) of each cell.

    Parameters
    ----------
    cell : ndarray of int, shape (n,)
        −1 of none.
    std : ndarray, shape (n,)
    n_cells : int
    shared : ndarray, shape (n_cells,), optional
        Part of the variance that a mean does not lessen (:func:`shared_noise`). No more than three pixels count as
        independent in any case.

    Returns
    -------
    ndarray, shape (n_cells,)
        NaN where nothing is known.
    """
    use = (cell >= 0) & np.isfinite(std) & (std > 0)
    weight, number = np.zeros(n_cells), np.zeros(n_cells)
    np.add.at(weight, cell[use], 1 / std[use] ** 2)
    np.add.at(number, cell[use], 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        typical = np.sqrt(number / weight)
        part = 1 / np.minimum(np.maximum(number, 1), MOST_INDEPENDENT)
        made = typical * np.sqrt(part if shared is None else np.fmax(part, shared))
    return np.where(number > 0, made, np.nan)


def shared_noise(
    cell: NDArray[np.int64],
    years: NDArray[np.float64],
    series: NDArray[np.float64],
    n_cells: int,
    weights: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Part of the noise that the pixels of a cell have in common: what their mean scatters about its line, to what each does.

    Parameters
    ----------
    cell : ndarray of int, shape (n,)
        −1 of none.
    years : ndarray, shape (k,)
    series : ndarray, shape (n, k)
        NaN where a date is missing.
    n_cells : int
    weights : ndarray, shape (n,), optional
        Of the mean.

    Returns
    -------
    ndarray, shape (n_cells,)
        1: averaging does not help; 1/number: all noise is independent. NaN where nothing is known.
    """
    each = _scatter(years, series)
    mean = _scatter(years, mean_of(cell, series, n_cells, weights))
    with np.errstate(divide="ignore", invalid="ignore"):
        typical = 1 / mean_of(cell, 1 / np.where(each > 0, each, np.nan), n_cells)
        return np.asarray(np.clip(mean / typical, 0, 1))


def _scatter(years: NDArray[np.float64], series: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean square of what a line through each row leaves; NaN of fewer than three values."""
    known = np.isfinite(series)
    values, n = np.where(known, series, 0.0), known.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = (years - (known @ years / n)[:, None]) * known
        left = (values - (values.sum(axis=1) / n)[:, None]) * known
        slope = (t * left).sum(axis=1) / (t**2).sum(axis=1)
        left = left - slope[:, None] * t
        return np.where(n > 2, (left**2).sum(axis=1) / (n - 2), np.nan)


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


class Shift(NamedTuple):
    """By how much one project stands beside another on the ground.

    Attributes
    ----------
    shift : ndarray, shape (2,)
        Metres; what is added to the places of the other one. Zero where none stands out.
    pairs, by_chance : float
        Pairs within the radius with that shift, and with any.
    certain : bool
        Whether the pairs exceed those of chance by far.
    """

    shift: NDArray[np.float64]
    pairs: float
    by_chance: float
    certain: bool


def best_shift(one: ArrayLike, other: ArrayLike, reach: float = 40.0, radius: float = 6.0) -> Shift:
    """The shift that brings most pixels of one project within a radius of those of another.

    Parameters
    ----------
    one, other : array_like, shape (n, 2), (m, 2)
        Metres in one frame.
    reach : float
        Largest shift in either direction, metres.
    radius : float
        Within which two pixels are a pair, metres.

    Returns
    -------
    Shift

    Raises
    ------
    ParameterError
        A reach or a radius that is none.
    """
    if not (np.isfinite([reach, radius]).all() and 0 < radius < reach):
        raise ParameterError(f"A shift of {reach} m at most with pairs within {radius} m is not possible.")
    a, b = (_some(np.asarray(part, dtype=np.float64)) for part in (one, other))
    apart = _differences(a, b, reach + radius)
    step = radius / 3
    half = int(np.ceil((reach + radius) / step))
    edges = step * (np.arange(-half, half + 2) - 0.5)
    counted = np.histogram2d(apart[:, 0], apart[:, 1], bins=(edges, edges))[0]
    reached = int(np.ceil(radius / step))
    offsets = np.arange(-reached, reached + 1) * step
    disc = (np.hypot(*np.meshgrid(offsets, offsets)) <= radius).astype(np.float64)
    pairs = np.rint(fftconvolve(counted, disc, mode="same"))
    near = np.hypot(*np.meshgrid(*[step * np.arange(-half, half + 1)] * 2, indexing="ij")) <= reach
    by_chance = float(np.median(pairs[near]))
    best = np.unravel_index(np.argmax(np.where(near, pairs, -1)), pairs.shape)
    most = float(pairs[best])
    if most - by_chance < _CERTAIN * np.sqrt(max(by_chance, 1.0)):
        return Shift(np.zeros(2), most, by_chance, False)
    centre = step * (np.array(best, dtype=np.float64) - half)
    for _ in range(20):
        members = apart[np.hypot(*(apart - centre).T) <= radius]
        centre = members.mean(axis=0) if len(members) else centre
    return Shift(-centre, most, by_chance, True)


def _some(places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Places that are known, evenly thinned where there are very many."""
    known = places[np.isfinite(places).all(axis=1)]
    return known[:: max(1, len(known) // _MOST_SHIFTED)]


def _differences(a: NDArray[np.float64], b: NDArray[np.float64], reach: float) -> NDArray[np.float64]:
    """Other minus one of all that lie within a reach, shape (p, 2)."""
    if not (len(a) and len(b)):
        return np.empty((0, 2))
    near = [np.asarray(part, dtype=np.int64) for part in cKDTree(b).query_ball_point(a, reach)]
    rows, columns = np.repeat(np.arange(len(a)), [part.size for part in near]), np.concatenate(near)
    found: NDArray[np.float64] = b[columns] - a[rows]
    return found
