"""Fringe frequency of a gridded interferogram in overlapping windows.

Reads and writes no file. Source: docs/method/unwrapping.md, section 5.6.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stamps.native.fringe_frequency import fringe_frequency

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


__all__ = ["gradient_filt"]


def gradient_filt(
    ph: NDArray[np.complex128], n_win: int, correct_sign: bool = False
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Frequency of the strongest component of each window.

    Parameters
    ----------
    ph : ndarray of complex64 or complex128, shape (n_i, n_j)
        Gridded phasors, zero where there are none.
    n_win : int
        Side of the windows in cells; their step is a quarter of it.
    correct_sign : bool
        True: both frequencies have the sign of the phase gradient.

    Returns
    -------
    ifreq, jfreq : ndarray of float64, shape (n_window,)
        Row and column frequency in rad per cell; windows of one row of windows follow each other. NaN where a window
        has fewer than 6 cells with a phase.
    grad_ij : ndarray of float64, shape (n_window, 2)
        Row and column of the window centres, counted from 1.
    Hmag : ndarray of float64, shape (n_window,)
        Largest amplitude of the spectrum over the mean amplitude; NaN as above.

    Notes
    -----
    Bug upstream, reproduced unless `correct_sign`: the row frequency has the sign of d(phase)/d(row), the column
    frequency the opposite sign of d(phase)/d(column).

    Examples
    --------
    >>> from stamps import gradient_filt
    >>> ramp = np.exp(0.2j * np.arange(64))[:, np.newaxis] * np.ones(64)
    >>> rows, columns, centres, amplitude = gradient_filt(ramp, 16)
    >>> rows.shape, centres.shape
    ((169,), (169, 2))
    """
    ifreq, jfreq, grad_ij, peak = fringe_frequency(ph, int(n_win))
    return ifreq, jfreq if correct_sign else -jfreq, grad_ij, peak
