"""How the pixels of several patches become one set: choosing single pixels or averaging them on a coarse grid.

Pure array functions for step 5b. A *selection* tells for one patch which rows of its arrays are taken (:class:`Chosen`)
or how they are combined (:class:`Cells`); it is made once from coordinates and weights and then applied to one quantity
after another.

Classes decide values here: weights are single, products are single, sums are accumulated in double and rounded once,
quotients are single. Source: docs/method/merging.md, sections 2.3 to 2.5.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import InputError
from stamps.insar.geometry import within_180
from stamps.insar.phase import angle, phasor
from stamps.matlab.arithmetic import round_half_away
from stamps.matlab.sets import intersect_rows, unique_rows
from stamps.matlab.statistics import sum_single

if TYPE_CHECKING:
    from numpy.typing import NDArray


__all__ = [
    "MAX_COHERENCE",
    "PHASE_ACCURACY",
    "Cells",
    "Chosen",
    "OverlapFinder",
    "grid_cells",
    "in_patch_proper",
    "level",
    "unique_coordinates",
    "weights_and_snr",
]

#: Standard deviation below which no pixel's phase is believed to be, in radians.
PHASE_ACCURACY = 10 * np.pi / 180
#: Coherence of 1000 phases of that deviation, drawn with MATLAB's ``randn('state', 1001)``; it caps the weights.
MAX_COHERENCE = 0.98572313150505


def in_patch_proper(ij: NDArray[np.float64], limits: tuple[float, ...]) -> NDArray[np.bool_]:
    """Whether pixels lie in the part of a patch that it does not share.

    Parameters
    ----------
    ij : ndarray, shape (n, 3)
        Number, azimuth line and range sample (from 0).
    limits : sequence of 4 numbers
        First and last range sample, first and last azimuth line (from 1).

    Returns
    -------
    ndarray of bool, shape (n,)
    """
    r1, r2, a1, a2 = limits
    azimuth, range_ = ij[:, 1], ij[:, 2]
    return (azimuth >= a1 - 1) & (azimuth <= a2 - 1) & (range_ >= r1 - 1) & (range_ <= r2 - 1)


# ---------------------------------------------------------------------- without resampling


@dataclass
class Chosen:
    """Rows of one patch that are taken, and its overlap with the rows taken before.

    Attributes
    ----------
    rows : ndarray of int
        Rows of the patch, in its own order.
    overlap_here, overlap_before : ndarray of int
        Rows of the patch and rows of the merged list that show the same pixel.
    superseded : ndarray of int
        Rows of the merged list whose pixel this patch owns.
    """

    rows: NDArray[np.int64]
    overlap_here: NDArray[np.int64] = field(repr=False)
    overlap_before: NDArray[np.int64] = field(repr=False)
    superseded: NDArray[np.int64] = field(repr=False)

    def __len__(self) -> int:
        return self.rows.size

    def take(self, values: NDArray[Any]) -> NDArray[Any]:
        """The chosen rows of an array."""
        return values[self.rows]


class OverlapFinder:
    """Collects the image coordinates of patch after patch and chooses one copy of every pixel.

    Only rows inside the bounding box of the new patch are searched, so the cost grows with the overlap, not with the
    scene.
    """

    def __init__(self) -> None:
        self._chunks: list[
            tuple[int, NDArray[Any], NDArray[Any], NDArray[Any]]
        ] = []  # (first merged row, coordinates, lower corner, upper corner)
        self._n = 0

    def add(self, ij: NDArray[np.float64], proper: NDArray[np.bool_]) -> Chosen:
        """Choose the rows of a further patch.

        Parameters
        ----------
        ij : ndarray, shape (n, 3)
            Number, azimuth line, range sample.
        proper : ndarray of bool, shape (n,)
            From :func:`in_patch_proper`.

        Returns
        -------
        Chosen
        """
        pixels = ij[:, 1:3].astype(np.int64)
        before, numbers = self._near(pixels)
        _, _, owned = intersect_rows(pixels[proper], before)
        _, here, there = intersect_rows(pixels, before)
        new = np.ones(len(pixels), dtype=bool)
        new[here] = False
        rows = np.flatnonzero(proper | new)
        if rows.size:
            taken = pixels[rows]
            self._chunks.append((self._n, taken, taken.min(axis=0), taken.max(axis=0)))
            self._n += rows.size
        return Chosen(rows, here, numbers[there], numbers[owned])

    def _near(self, pixels: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Coordinates and merged row numbers, ascending, of the collected rows in the bounding box of some pixels."""
        coordinates, numbers = [np.empty((0, 2), np.int64)], [np.empty(0, np.int64)]
        if len(pixels):
            low, high = pixels.min(axis=0), pixels.max(axis=0)
            for first, chunk, chunk_low, chunk_high in self._chunks:
                if np.any(chunk_low > high) or np.any(chunk_high < low):
                    continue
                rows = np.flatnonzero(np.all((chunk >= low) & (chunk <= high), axis=1))
                coordinates.append(chunk[rows])
                numbers.append(first + rows)
        return np.concatenate(coordinates), np.concatenate(numbers)


def level(
    parts: Sequence[NDArray[np.floating[Any]]], selections: Sequence[Chosen], whole_cycles: bool = False
) -> NDArray[np.floating[Any]]:
    """Concatenate a quantity that is known up to a constant per patch, using the overlaps to align the constants.

    Parameters
    ----------
    parts : list of ndarray, shape (n_patch, k)
        All rows of each patch.
    selections : list of Chosen
    whole_cycles : bool
        Round the offsets to multiples of 2π.

    Returns
    -------
    ndarray, shape (sum of chosen rows, k)
        Class of the first part.
    """
    merged = np.empty((sum(len(s) for s in selections), parts[0].shape[1]), parts[0].dtype)
    filled = 0
    for values, chosen in zip(parts, selections, strict=True):
        offset = np.zeros(values.shape[1], values.dtype)
        if chosen.overlap_here.size:
            difference = values[chosen.overlap_here] - merged[chosen.overlap_before]
            offset = (sum_single(difference, axis=0) / len(difference)).astype(values.dtype)
            if whole_cycles:
                offset = (round_half_away(offset / values.dtype.type(2 * np.pi)) * 2 * np.pi).astype(values.dtype)
        merged[filled : filled + len(chosen)] = values[chosen.rows] - offset
        filled += len(chosen)
    return merged


# ---------------------------------------------------------------------- with resampling


@dataclass
class Cells:
    """Pixels of one patch grouped by grid cell, with their weights.

    Attributes
    ----------
    order : ndarray of int, shape (n,)
        Rows of the patch, cell after cell.
    starts : ndarray of int, shape (n_cell,)
        Position in ``order`` where each cell begins.
    weight, snr : ndarray of float32, shape (n,)
        1/variance and signal-to-noise ratio in that order.
    """

    order: NDArray[np.int64]
    starts: NDArray[np.int64]
    weight: NDArray[np.float32] = field(repr=False)
    snr: NDArray[np.float32] = field(repr=False)

    def __len__(self) -> int:
        return self.starts.size

    def total(self, products: NDArray[Any]) -> NDArray[Any]:
        """Sum single-precision rows, already in cell order, over each cell; single."""
        if not len(self):
            return np.empty((0, *products.shape[1:]), products.dtype)
        wide = np.complex128 if products.dtype.kind == "c" else np.float64
        return np.add.reduceat(products.astype(wide), self.starts, axis=0).astype(products.dtype)

    def mean(self, values: NDArray[np.floating[Any]], weight: NDArray[np.float32] | None = None) -> NDArray[np.float64]:
        """Weighted mean of a quantity in every cell.

        Parameters
        ----------
        values : ndarray, shape (n_patch,) or (n_patch, k)
        weight : ndarray of float32, optional
            Instead of the cells' own.

        Returns
        -------
        ndarray of float64, shape (n_cell,) or (n_cell, k)
            Values of single precision.
        """
        weight = self.weight if weight is None else weight
        return (self.total(self._product(weight, values)) / _like(self.total(weight), values)).astype(np.float64)

    def snr_sum(self, values: NDArray[Any]) -> NDArray[Any]:
        """Sum of a quantity weighted with the signal-to-noise ratio, not divided by it; float64 or complex128."""
        total = self.total(self._product(self.snr, values))
        return total.astype(np.complex128 if total.dtype.kind == "c" else np.float64)

    def coherence(self) -> NDArray[np.float64]:
        """Coherence of the combined pixels of every cell, float64 holding single precision, shape (n_cell,)."""
        signal = np.sqrt(self.total(self.snr**2))
        one = np.float32(1)
        return np.sqrt(one / (one + one / signal)).astype(np.float64)

    def positive_weight(self) -> NDArray[np.float32]:
        """The weights with 1e-9 instead of zeros, as baselines are averaged."""
        return np.where(self.weight == 0, np.float32(1e-9), self.weight)

    def _product(self, weight: NDArray[np.float32], values: NDArray[Any]) -> NDArray[Any]:
        single = values[self.order].astype(np.complex64 if values.dtype.kind == "c" else np.float32)
        single *= _like(weight, values)
        return single


def _like(vector: NDArray[np.float32], values: NDArray[Any]) -> NDArray[np.float32]:
    """A vector that broadcasts over the columns of ``values``."""
    return vector if values.ndim == 1 else vector[:, np.newaxis]


def weights_and_snr(
    ph_res: NDArray[np.float32], c_ps: NDArray[np.float64], single_master: bool
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Weights of pixels from their phase residuals.

    Parameters
    ----------
    ph_res : ndarray, shape (n, k)
        Phase residuals in radians.
    c_ps : ndarray, shape (n,)
        Master noise in radians.
    single_master : bool
        The master's noise then counts as a further residual.

    Returns
    -------
    weight : ndarray of float32, shape (n,)
        1/variance of the residuals.
    snr : ndarray of float32, shape (n,)
        1/(1/coherence² - 1), with the coherence of the residuals.
    """
    c_ps = c_ps.astype(np.float32)
    residual = ph_res.astype(np.float32) - c_ps[:, np.newaxis]
    residual = angle(phasor(residual))
    if single_master:
        residual = np.column_stack([residual, c_ps])
    wide = residual.astype(np.float64)
    variance = np.var(wide, axis=1, ddof=1).astype(np.float32)
    variance = np.maximum(variance, np.float32(PHASE_ACCURACY**2))
    total = phasor(residual).sum(axis=1, dtype=np.complex128).astype(np.complex64)
    one = np.float32(1)
    modulus = np.abs(total.astype(np.complex128)).astype(np.float32)  # correctly rounded: the ratio amplifies its error
    coherence = np.minimum(modulus / np.float32(residual.shape[1]), np.float32(MAX_COHERENCE))
    return one / variance, one / (one / coherence**2 - one)


def grid_cells(
    xy: NDArray[np.float32],
    proper: NDArray[np.bool_],
    size: float,
    weight: NDArray[np.float32],
    snr: NDArray[np.float32],
    min_weight: float,
) -> Cells:
    """Group the proper pixels of a patch by grid cell.

    Parameters
    ----------
    xy : ndarray of float32, shape (n, 3)
        Number, x, y in metres, in the patch's own frame.
    proper : ndarray of bool, shape (n,)
    size : float
        Cell size in metres.
    weight, snr : ndarray of float32, shape (n,)
        From :func:`weights_and_snr`.
    min_weight : float
        Cells with a smaller total weight are left out.

    Returns
    -------
    Cells
        Sorted by cell row (y), then column (x); pixels of a cell keep their order.
    """
    rows = np.flatnonzero(proper)
    if rows.size == 0:
        return Cells(rows, rows[:0], weight[rows], snr[rows])
    x0, y0 = _grid_corner(xy[rows])
    cells = np.column_stack([_cell_number(xy[rows, 2], y0, size), _cell_number(xy[rows, 1], x0, size)])
    _, _, group = unique_rows(cells)
    order = np.argsort(group, kind="stable")
    starts = np.flatnonzero(np.diff(group[order], prepend=-1))
    chosen = Cells(rows[order], starts, weight[rows[order]], snr[rows[order]])
    kept = ~(chosen.total(chosen.weight) < np.float32(min_weight))
    if kept.all():
        return chosen
    sizes = np.diff(starts, append=rows.size)
    pixels = np.repeat(kept, sizes)
    starts = np.concatenate([[0], np.cumsum(sizes[kept])[:-1]]).astype(starts.dtype) if kept.any() else starts[:0]
    return Cells(chosen.order[pixels], starts, chosen.weight[pixels], chosen.snr[pixels])


def _grid_corner(xy: NDArray[np.float32]) -> tuple[float, float]:
    """Origin of the grid: not the corner of the patch but nearly always 1 m, as the original's minimum came out.

    The table (number, x, y) was compared element by element with 1 and the second and third element in column order
    were taken.
    """
    smaller = np.minimum(xy, np.float32(1)).ravel(order="F")
    return smaller[1], smaller[2]


def _cell_number(coordinate: NDArray[np.float32], corner: float, size: float) -> NDArray[np.int64]:
    """Cell number of single-precision coordinates, every step in single; int64."""
    return np.ceil((coordinate - corner + np.float32(1e-9)) / np.float32(size)).astype(np.int64)


# ---------------------------------------------------------------------- after the last patch


def unique_coordinates(lonlat: NDArray[np.float64], coherence: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Choose one of several rows with the same longitude and latitude: the one with the largest coherence.

    Parameters
    ----------
    lonlat : ndarray, shape (n, 2)
    coherence : ndarray, shape (n,)
        NaN loses against every number; the first row wins ties.

    Returns
    -------
    ndarray of bool, shape (n,)
        True for the rows that stay.
    """
    _, first, group = unique_rows(within_180(lonlat))
    keep = np.zeros(len(lonlat), dtype=bool)
    if first.size == len(lonlat):
        keep[:] = True
        return keep
    if coherence.size != len(lonlat):
        raise InputError("Several pixels have the same coordinates, but the patches have no coherence to choose by.")
    worst_last = np.where(np.isnan(coherence), np.inf, -coherence)
    order = np.lexsort((worst_last, group))
    keep[order[np.diff(group[order], prepend=-1) != 0]] = True
    return keep
