"""Phases relative to another interferogram and to the reference pixels, and the default range of colours.

Source: docs/method/products.md, section 2.7.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.insar.phase import unit_modulus
from stamps.matlab.arithmetic import round_half_away
from stamps.matlab.statistics import mean_single, nanmean, sum_single

if TYPE_CHECKING:
    from numpy.typing import NDArray


__all__ = ["colour_limits", "relative_to_ifg", "relative_to_pixels"]


def relative_to_ifg(phases: NDArray[Any], columns: NDArray[np.int64], ref_ifg: int) -> NDArray[Any]:
    """Choose columns and subtract another one from each (phasors: multiply by its conjugate).

    Parameters
    ----------
    phases : ndarray, shape (n_ps, n)
        Radians (or another quantity), or phasors.
    columns : ndarray of int, shape (k,)
        0-based columns to show.
    ref_ifg : int
        0: nothing is subtracted; -1: the column shown before, the first from itself; otherwise the number of a column,
        from 1.

    Returns
    -------
    ndarray, shape (n_ps, k)
    """
    shown = phases[:, columns]
    if ref_ifg == 0 or shown.shape[1] == 0:
        return shown
    reference = shown[:, np.maximum(np.arange(shown.shape[1]) - 1, 0)] if ref_ifg == -1 else phases[:, [ref_ifg - 1]]
    return shown * reference.conj() if np.iscomplexobj(shown) else shown - reference


def relative_to_pixels(
    shown: NDArray[Any], reference: NDArray[np.int64] | None
) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Subtract the mean of the reference pixels from every column (phasors: turn by their sum).

    Parameters
    ----------
    shown : ndarray, shape (n_ps, k)
        NaN is left out of means.
    reference : ndarray of int or None
        0-based reference pixels; None: nothing is referenced.

    Returns
    -------
    result : ndarray, shape (n_ps, k)
        Same class.
    without : ndarray of int
        0-based columns in which no reference pixel has a value, so that they stay as they are.
    """
    if reference is None:
        return shown, np.empty(0, np.int64)
    pixels = shown[reference]
    without = np.flatnonzero(np.isnan(pixels).all(axis=0))
    if np.iscomplexobj(shown):
        unit = unit_modulus(shown)
        total = np.asarray(sum_single(np.where(np.isnan(unit[reference]), 0, unit[reference]), axis=0))
        return unit * total.conj().astype(shown.dtype), without
    mean = np.asarray(nanmean(pixels, axis=0))
    mean[without] = 0
    return shown - mean.astype(shown.dtype), without


def means_of_pairs(phases: NDArray[Any], reference: NDArray[np.int64]) -> NDArray[Any]:
    """Reference of velocities from interferograms: means over the reference pixels, or over everything that is valid.

    Quirk: a single NaN anywhere lets all columns take the mean of all their valid pixels instead.

    Parameters
    ----------
    phases : ndarray, shape (n_ps, k)
    reference : ndarray of int

    Returns
    -------
    ndarray, shape (k,)
    """
    if np.isnan(phases).any():
        return np.asarray(nanmean(phases, axis=0))
    return np.asarray(mean_single(phases[reference], axis=0))


def colour_limits(values: NDArray[Any]) -> tuple[float, float]:
    """Values below which one in a thousand lies, and above which one in a thousand lies.

    Parameters
    ----------
    values : ndarray
        Phasors give -π and π; without any valid value 0 and 0.

    Returns
    -------
    low, high : float
    """
    if np.iscomplexobj(values):
        return -np.pi, np.pi
    valid = np.sort(values[~np.isnan(values)])
    if valid.size == 0:
        return 0.0, 0.0
    low = int(np.ceil(0.001 * valid.size))
    high = max(int(round_half_away(0.999 * valid.size)), 1)
    return float(valid[low - 1]), float(valid[high - 1])
