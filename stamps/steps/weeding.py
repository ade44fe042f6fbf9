"""Weeding of selected pixels: neighbours that share a scatterer, duplicates and noisy pixels. Pure functions of step 4.

Source: docs/method/weeding.md, sections 2, 4 and 5; Hooper et al. (2007), J. Geophys. Res. 112, B07407.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.insar.phase import phasor
from stamps.matlab.sets import unique_rows
from stamps.native.arc_noise import small_baseline_arc_noise, smallest_at_ends, time_series_arc_noise

if TYPE_CHECKING:
    from numpy.typing import NDArray


__all__ = ["arc_phasors", "best_of_duplicates", "best_of_neighbours", "lowest_neighbour", "pixel_noise"]

_ROWS_AT_ONCE = 2**14  # bounds what is needed beside the arguments and the result

_NEIGHBOURS = [(di, dj) for di in (-1, 0, 1) for dj in (-1, 0, 1) if di or dj]


def lowest_neighbour(ij: NDArray[np.int64]) -> NDArray[np.int64]:
    """Lowest-numbered pixel among those on the eight positions around each pixel.

    Parameters
    ----------
    ij : ndarray of int, shape (n, 2)
        Azimuth lines and range samples.

    Returns
    -------
    ndarray of int64, shape (n,)
        -1 where nobody is adjacent. Pixels on the same position are not adjacent to each other.
    """
    n = len(ij)
    if n == 0:
        return np.empty(0, dtype=np.int64)
    shifted = ij - ij.min(axis=0) + 1  # a border of one position, so that keys of neighbours never run over
    width = shifted[:, 1].max() + 2
    occupied, first = np.unique(shifted[:, 0] * width + shifted[:, 1], return_index=True)
    inverse = np.searchsorted(occupied, shifted[:, 0] * width + shifted[:, 1])
    lowest = np.full(len(occupied), n)
    for di, dj in _NEIGHBOURS:
        wanted = occupied + (di * width + dj)
        place = np.minimum(np.searchsorted(occupied, wanted), len(occupied) - 1)
        found = np.where(occupied[place] == wanted, first[place], n)
        np.minimum(lowest, found, out=lowest)
    return np.where(lowest == n, -1, lowest)[inverse]


def best_of_neighbours(ij: NDArray[np.int64], coherence: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Keep the most coherent pixel of each group of adjacent pixels.

    Every pixel is claimed by the lowest-numbered pixel adjacent to it. Pixels are taken in the order of their
    numbers; the group of a pixel is itself, those that it claimed, those that they claimed, and so on, where the
    claims of a pixel that was in an earlier group count no more.

    Parameters
    ----------
    ij : ndarray of int, shape (n, 2)
        Azimuth lines and range samples.
    coherence : ndarray, shape (n,)

    Returns
    -------
    ndarray of bool, shape (n,)
        True for pixels that stay: those without neighbours and the best of each group, the lowest number on ties.

    Notes
    -----
    The claimant of a pixel's claimant has never a higher number than the pixel (which is adjacent to its own claimant),
    so every chain of claimants ends in two pixels that claim each other. The lower of the two is the first of their
    tree whose turn comes, and its group takes in the whole tree. So the groups are the trees, and they are found
    by following all chains at once.
    """
    n = len(ij)
    owner = lowest_neighbour(ij)
    alone = owner < 0
    owner = np.where(alone, np.arange(n), owner)
    end = owner[owner]
    while True:
        further = end[end]
        if np.array_equal(further, end):
            break
        end = further
    group = np.minimum(end, owner[end])
    keep = np.zeros(n, dtype=bool)
    keep[_best_of_groups(group, coherence)] = True
    return keep


def best_of_duplicates(xy: NDArray[np.float32], coherence: NDArray[np.floating[Any]]) -> NDArray[np.bool_]:
    """Keep the most coherent of pixels with equal coordinates, the first on ties.

    Parameters
    ----------
    xy : ndarray, shape (n, 2)
    coherence : ndarray, shape (n,)

    Returns
    -------
    ndarray of bool, shape (n,)
    """
    keep = np.zeros(len(xy), dtype=bool)
    keep[_best_of_groups(unique_rows(xy)[2], coherence)] = True
    return keep


def arc_phasors(
    ph: NDArray[np.complex64],
    k_ps: NDArray[np.float64],
    bperp: NDArray[np.floating[Any]],
    c_ps: NDArray[np.float64] | None = None,
    master_ix: int | None = None,
) -> NDArray[np.complex64]:
    """Unit phasors of pixels without their look-angle error.

    Parameters
    ----------
    ph : ndarray of complex, shape (n, n_ifg)
        Wrapped phasors.
    k_ps : ndarray, shape (n,)
        Look-angle error in rad/m.
    bperp : ndarray, shape (n_ifg,)
        Mean perpendicular baselines in metres; their class is that of the product with K.
    c_ps : ndarray, shape (n,), optional
        Master noise in radians, which becomes the master's phase.
    master_ix : int, optional
        0-based column of the master.

    Returns
    -------
    ndarray of complex64, shape (n, n_ifg)
    """
    phasors = np.empty(ph.shape, np.complex64)
    for first in range(0, len(ph), _ROWS_AT_ONCE):
        rows = slice(first, first + _ROWS_AT_ONCE)
        part = (ph[rows] * phasor(-np.outer(k_ps[rows].astype(bperp.dtype), bperp))).astype(np.complex64)
        with np.errstate(divide="ignore", invalid="ignore"):
            phasors[rows] = part / np.abs(part)
    if c_ps is not None:
        phasors[:, master_ix] = phasor(c_ps)
    return phasors


def pixel_noise(
    phasors: NDArray[np.complex64],
    edges: NDArray[np.int64],
    bperp: NDArray[np.floating[Any]],
    day: NDArray[np.float64] | None = None,
    time_window: float | None = None,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Smallest noise of the arcs at each pixel.

    Parameters
    ----------
    phasors : ndarray of complex64, shape (n, u)
        Unit phasors in the interferograms in use.
    edges : ndarray of int, shape (n_edge, 2)
        Arcs.
    bperp : ndarray, shape (u,)
        Mean perpendicular baselines in metres.
    day : ndarray, shape (u,), optional
        Acquisition dates; without them the interferograms are pairs of images.
    time_window : float, optional
        Width of the smoothing in time in days.

    Returns
    -------
    ps_std, ps_max : ndarray of float32, shape (n,)
        Standard deviation and largest deviation in radians; infinite for pixels without usable arcs, and for all if
        there are fewer than two arcs (one has no variance).
    """
    n = len(phasors)
    if len(edges) < 2:
        return np.full(n, np.inf, dtype=np.float32), np.full(n, np.inf, dtype=np.float32)
    if day is None:
        std, largest = small_baseline_arc_noise(phasors, edges, bperp)
    elif time_window is None:
        raise TypeError("The noise of a time series needs a time window.")
    else:
        std, largest = time_series_arc_noise(phasors, edges, day, bperp, time_window)
    return smallest_at_ends(std, edges, n), smallest_at_ends(largest, edges, n)


def _best_of_groups(group: NDArray[np.integer[Any]], coherence: NDArray[np.floating[Any]]) -> NDArray[np.intp]:
    """The most coherent member of each group, the lowest number on ties."""
    order = np.lexsort((-coherence, group))
    return order[np.diff(group[order], prepend=-1) != 0]
