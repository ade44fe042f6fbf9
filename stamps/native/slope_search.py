"""Find the phase slope that best fits each series of phasors: trial slopes, unambiguous peak, refinement.

There is no compiled version: the trials are one product of matrices, which BLAS does faster than a compiled loop (one
thread, 60 000 series of 50 phasors, 49 trials: 0.053 s, Pythran 0.154 s).

Source: docs/method/unwrapping.md, section 5.4 (look-angle error and temperature terms of edges).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from stamps import native
from stamps.native.arrays import rows_at_once, to_host
from stamps.native.topofit import trials_on_each_side

if TYPE_CHECKING:
    from numpy.typing import NDArray


__all__ = ["slope_search", "trial_slopes"]

#: Bytes of scratch arrays per block of rows.
_BLOCK_BYTES = 64 << 20

#: By how much the peak must exceed all other trial coherences.
_CLEAR_BY = 0.1


def trial_slopes(abscissa_range: float, n_trial_wraps: float) -> NDArray[np.floating[Any]]:
    """Slopes that are tried, in rad per unit of the abscissa.

    Parameters
    ----------
    abscissa_range : float
        Largest minus smallest abscissa.
    n_trial_wraps : float
        Search range: largest slope times range, in cycles.

    Returns
    -------
    ndarray of float64, shape (2*ceil(8*n_trial_wraps) + 1,)
    """
    reach = trials_on_each_side(n_trial_wraps)
    return np.arange(-reach, reach + 1) * (np.pi / 4) / abscissa_range


def slope_search(
    z: NDArray[np.complex64], abscissa: NDArray[np.float64], n_trial_wraps: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Slope and coherence of each series.

    Parameters
    ----------
    z : ndarray of complex64, shape (n, m)
        Phasors, one series per row.
    abscissa : ndarray of float, shape (m,)
        For example baselines in metres.
    n_trial_wraps : float
        Search range in cycles over the range of the abscissa.

    Returns
    -------
    slope : ndarray of float32, shape (n,)
        rad per unit of the abscissa; 0 where no peak exceeds all others by more than 0.1.
    coherence : ndarray of float32, shape (n,)
        abs(sum(z exp(-j slope abscissa)))/sum(abs(z)) with that slope; 0 where there is no clear peak.
    """
    abscissa = np.asarray(abscissa, np.float64)
    abscissa_range = np.ptp(abscissa) if abscissa.size else 0.0
    if abscissa_range == 0 or not np.isfinite(n_trial_wraps):
        return np.zeros(len(z), np.float32), np.zeros(len(z), np.float32)
    trials = trial_slopes(abscissa_range, n_trial_wraps)
    return native.run("slope_search", lambda xp: _search_arrays(xp, z, abscissa, trials))


def _search_arrays(
    xp: Any, z: NDArray[np.complex64], abscissa: NDArray[np.float64], trials: NDArray[np.floating[Any]]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Slope and coherence of each series; only series with a clear peak are refined."""
    slope = np.zeros(len(z), np.float32)
    coherence = np.zeros(len(z), np.float32)
    matrix = xp.asarray(np.exp(-1j * np.outer(abscissa, trials)).astype(np.complex64))
    bytes_per_row = 16 * (trials.size + 4 * abscissa.size)
    rows = rows_at_once(xp, 4 * bytes_per_row, _BLOCK_BYTES // bytes_per_row)
    abscissa, trials = xp.asarray(abscissa), xp.asarray(trials)
    for start in range(0, len(z), rows):
        block = xp.asarray(np.ascontiguousarray(z[start : start + rows], dtype=np.complex64))
        with np.errstate(invalid="ignore", divide="ignore"):
            trial_coherence = xp.abs(block @ matrix) / xp.abs(block).sum(axis=1, keepdims=True)
            peak, clear = clear_peaks(trial_coherence, xp)
        found = xp.flatnonzero(clear)
        if found.size:
            refined = _refined(xp, block[found].astype(np.complex128), abscissa, trials[peak[found]])
            place = start + to_host(found)
            slope[place], coherence[place] = map(to_host, refined)
    return slope, coherence


def clear_peaks(coherence: Any, xp: Any = np) -> tuple[Any, Any]:
    """Position of the maximum of each row and whether no other peak comes close.

    The peak's own interval reaches left to the last place where coherence falls with the index, and right to the first
    place after which it rises.

    Parameters
    ----------
    coherence : ndarray of float32, shape (n, n_trial)
        Rows with NaN have no clear peak.
    xp : module
        Array module of ``coherence``.

    Returns
    -------
    peak : ndarray of int64, shape (n,)
    clear : ndarray of bool, shape (n,)
        The maximum exceeds everything outside its interval (at least 0) by more than 0.1.
    """
    n_trial = coherence.shape[1]
    peak = xp.argmax(coherence, axis=1)
    best = coherence[xp.arange(len(peak)), peak]
    steps = xp.diff(coherence, axis=1)
    trial = xp.arange(n_trial)
    at = peak[:, np.newaxis]
    falls_to = xp.zeros(coherence.shape, bool)
    falls_to[:, 1:] = steps < 0
    rises_from = xp.zeros(coherence.shape, bool)
    rises_from[:, :-1] = steps > 0
    left = xp.where(falls_to & (trial <= at), trial, 0).max(axis=1)
    right = xp.where(rises_from & (trial >= at), trial, n_trial - 1).min(axis=1)
    outside = (trial < left[:, np.newaxis]) | (trial > right[:, np.newaxis])
    rest = xp.where(outside, coherence, np.float32(0)).max(axis=1)
    return peak, best - rest > _CLEAR_BY


def _refined(xp: Any, z: Any, abscissa: Any, trial: Any) -> tuple[Any, Any]:
    """Trial slopes improved by a weighted line through the origin; coherence of the result."""
    remaining = z * xp.exp(-1j * trial[:, np.newaxis] * abscissa)
    error = xp.angle(remaining * xp.conj(remaining.sum(axis=1, keepdims=True)))
    weight = xp.abs(z) ** 2
    correction = (weight * error) @ abscissa / (weight @ abscissa**2)
    slope = (trial + correction).astype(np.float32)
    aligned = z * xp.exp(-1j * slope.astype(np.float64)[:, np.newaxis] * abscissa)
    return slope, xp.abs(aligned.sum(axis=1)) / xp.abs(z).sum(axis=1)
