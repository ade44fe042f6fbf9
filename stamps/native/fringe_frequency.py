"""Fringe frequency of a gridded interferogram in overlapping windows, all windows of a row of windows at once.

Source: spec 08 section 5.6 (gradient_filt).
"""

import numpy as np
from scipy import fft

__all__ = ["fringe_frequency"]

_FEWEST_CELLS = 6


def fringe_frequency(ph, n_win):
    """Strongest spectral component of each window.

    Parameters
    ----------
    ph : ndarray of complex64 or complex128, shape (n_i, n_j)
        Gridded phasors, zero where there are none; NaN counts as zero.
    n_win : int
        Side of the windows in cells, at least 4; their step is a quarter of it.

    Returns
    -------
    ifreq, jfreq : ndarray of float64, shape (n_window,)
        d(phase)/d(row) and d(phase)/d(column), rad per cell; windows of one row of windows follow each other. NaN where
        a window has fewer than 6 cells with a phase.
    centres : ndarray of float64, shape (n_window, 2)
        Row and column of the window centres, counted from 1.
    peak : ndarray of float64, shape (n_window,)
        Largest amplitude of the spectrum over the mean amplitude; NaN as above.
    """
    starts_i, starts_j = (_starts(n, n_win) for n in ph.shape)
    views = np.lib.stride_tricks.sliding_window_view(np.where(np.isnan(ph), 0, ph), (n_win, n_win))
    parts = np.empty((3, len(starts_i), len(starts_j)))
    for row, i in enumerate(starts_i):
        parts[:, row] = _row_of_windows(views[i, starts_j], n_win)
    centres = np.column_stack([np.repeat(starts_i, len(starts_j)), np.tile(starts_j, len(starts_i))]) + (n_win + 1) / 2
    ifreq, jfreq, peak = parts.reshape(3, -1)
    return ifreq, jfreq, centres, peak


def _starts(n, n_win):
    step = n_win // 4
    return np.minimum(np.arange(max(0, -(-n // step) - 3)) * step, n - n_win)


def _row_of_windows(windows, n_win):
    """Row frequency, column frequency and relative peak of some windows: (3, n_window)."""
    amplitude = np.abs(fft.fft2(windows.astype(np.complex128)))
    # the first maximum counting down the columns
    columnwise = amplitude.transpose(0, 2, 1).reshape(len(windows), -1)
    place = np.argmax(columnwise, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        peak = columnwise[np.arange(len(windows)), place] / columnwise.mean(axis=1)
    column, row = np.divmod(place, n_win)
    half = n_win // 2
    ifreq, jfreq = (2 * np.pi * ((index + half) % n_win - half) / n_win for index in (row, column))
    empty = np.count_nonzero(windows, axis=(1, 2)) < _FEWEST_CELLS
    return [np.where(empty, np.nan, values) for values in (ifreq, jfreq, peak)]
