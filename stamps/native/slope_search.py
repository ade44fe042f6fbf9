"""Find the phase slope that best fits each series of phasors: trial slopes, unambiguous peak, refinement.

Source: spec 08 section 5.4 (look-angle error and temperature terms of edges).
"""

import numpy as np

__all__ = ["slope_search", "trial_slopes"]

#: Bytes of scratch arrays per block of rows.
_BLOCK_BYTES = 64 << 20

#: By how much the peak must exceed all other trial coherences.
_CLEAR_BY = 0.1


def trial_slopes(abscissa_range, n_trial_wraps):
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
    reach = int(np.ceil(8 * n_trial_wraps))
    return np.arange(-reach, reach + 1) * (np.pi / 4) / abscissa_range


def slope_search(z, abscissa, n_trial_wraps):
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
    slope = np.zeros(len(z), np.float32)
    coherence = np.zeros(len(z), np.float32)
    abscissa = np.asarray(abscissa, np.float64)
    abscissa_range = np.ptp(abscissa) if abscissa.size else 0.0
    if abscissa_range == 0 or not np.isfinite(n_trial_wraps):
        return slope, coherence
    trials = trial_slopes(abscissa_range, n_trial_wraps)
    matrix = np.exp(-1j * np.outer(abscissa, trials)).astype(np.complex64)
    rows = max(1, _BLOCK_BYTES // (16 * (trials.size + 4 * abscissa.size)))
    for start in range(0, len(z), rows):
        block = np.ascontiguousarray(z[start : start + rows], dtype=np.complex64)
        with np.errstate(invalid="ignore", divide="ignore"):
            trial_coherence = np.abs(block @ matrix) / np.abs(block).sum(axis=1, keepdims=True)
            peak, clear = clear_peaks(trial_coherence)
        found = np.flatnonzero(clear)
        if found.size:
            refined = _refined(block[found].astype(np.complex128), abscissa, trials[peak[found]])
            slope[start + found], coherence[start + found] = refined
    return slope, coherence


def clear_peaks(coherence):
    """Position of the maximum of each row and whether no other peak comes close.

    The peak's own interval reaches left to the last place where coherence falls with the index, and right to the first
    place after which it rises.

    Parameters
    ----------
    coherence : ndarray of float32, shape (n, n_trial)
        Rows with NaN have no clear peak.

    Returns
    -------
    peak : ndarray of int64, shape (n,)
    clear : ndarray of bool, shape (n,)
        The maximum exceeds everything outside its interval (at least 0) by more than 0.1.
    """
    n_trial = coherence.shape[1]
    peak = np.argmax(coherence, axis=1)
    best = coherence[np.arange(len(peak)), peak]
    steps = np.diff(coherence, axis=1)
    place = np.arange(n_trial - 1)
    at = peak[:, np.newaxis]
    left = np.where((steps < 0) & (place < at), place + 1, 0).max(axis=1, initial=0)
    right = np.where((steps > 0) & (place >= at), place, n_trial - 1).min(axis=1, initial=n_trial - 1)
    trial = np.arange(n_trial)
    outside = (trial < left[:, np.newaxis]) | (trial > right[:, np.newaxis])
    rest = np.where(outside, coherence, 0).max(axis=1)
    return peak, best - rest > _CLEAR_BY


def _refined(z, abscissa, trial):
    """Trial slopes improved by a weighted line through the origin; coherence of the result."""
    remaining = z * np.exp(-1j * trial[:, np.newaxis] * abscissa)
    error = np.angle(remaining * np.conj(remaining.sum(axis=1, keepdims=True)))
    weight = np.abs(z) ** 2
    correction = (weight * error) @ abscissa / (weight @ abscissa**2)
    slope = (trial + correction).astype(np.float32)
    aligned = z * np.exp(-1j * slope.astype(np.float64)[:, np.newaxis] * abscissa)
    return slope, np.abs(aligned.sum(axis=1)) / np.abs(z).sum(axis=1)
