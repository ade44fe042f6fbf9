"""Fringe frequency of a gridded interferogram in overlapping windows, all windows of a row of windows at once.

There is no compiled version, for the reason given in :mod:`stamps.native.clap`.

Source: docs/method/unwrapping.md, section 5.6 (gradient_filt).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps import native
from stamps.native.arrays import companion, to_host, windows

if TYPE_CHECKING:
    from numpy.typing import NDArray


__all__ = ["fringe_frequency"]

_FEWEST_CELLS = 6


def fringe_frequency(
    ph: NDArray[np.complexfloating[Any, Any]], n_win: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
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
    starts = [_starts(n, n_win) for n in ph.shape]
    ifreq, jfreq, peak = native.run("fringe_frequency", lambda xp: _frequency_arrays(xp, ph, starts, n_win))
    rows, columns = starts
    centres = np.column_stack([np.repeat(rows, len(columns)), np.tile(columns, len(rows))]) + (n_win + 1) / 2
    return ifreq, jfreq, centres, peak


def _frequency_arrays(
    xp: Any, ph: NDArray[np.complexfloating[Any, Any]], starts: Sequence[NDArray[np.int64]], n_win: int
) -> NDArray[np.float64]:
    starts_i, starts_j = starts
    ph = xp.asarray(ph)
    ph = xp.where(xp.isnan(ph), 0, ph)
    parts = xp.empty((3, len(starts_i), len(starts_j)))
    for row, i in enumerate(starts_i.tolist() if len(starts_j) else ()):
        of_row = _row_of_windows(xp, windows(xp, ph[i : i + n_win], starts_j, n_win), n_win)
        for part, values in zip(parts, of_row, strict=True):
            part[row] = values
    return to_host(parts.reshape(3, -1))


def _starts(n: int, n_win: int) -> NDArray[np.int64]:
    step = n_win // 4
    return np.minimum(np.arange(max(0, -(-n // step) - 3)) * step, n - n_win)


def _row_of_windows(xp: Any, cells: Any, n_win: int) -> list[Any]:
    """Row frequency, column frequency and relative peak of some windows (n_window, n_win, n_win)."""
    amplitude = xp.abs(companion(xp, "fft").fft2(cells.astype(np.complex128)))
    # the first maximum counting down the columns
    columnwise = amplitude.transpose(0, 2, 1).reshape(len(cells), -1)
    place = xp.argmax(columnwise, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        peak = columnwise[xp.arange(len(cells)), place] / columnwise.mean(axis=1)
    half = n_win // 2
    ifreq, jfreq = (2 * np.pi * ((index + half) % n_win - half) / n_win for index in (place % n_win, place // n_win))
    empty = (cells != 0).sum(axis=(1, 2)) < _FEWEST_CELLS
    return [xp.where(empty, np.nan, values) for values in (ifreq, jfreq, peak)]
