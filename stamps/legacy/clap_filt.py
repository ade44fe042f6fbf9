"""``clap_filt``: combined low-pass and adaptive phase filter of one gridded interferogram.

Source: docs/method/coherence.md, section 6.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import InputError
from stamps.native.clap import filter_grid

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


__all__ = ["clap_filt"]


def clap_filt(
    ph: NDArray[Any], alpha: int, beta: float, n_win: int, n_pad: int, low_pass: ArrayLike | None = None
) -> NDArray[np.complex128]:
    """Filter a grid of phasors in overlapping windows.

    Parameters
    ----------
    ph : (n_i, n_j) complex array_like
        Gridded phasors; NaN counts as 0.
    alpha, beta : float
        Exponent and weight of the adaptive part.
    n_win, n_pad : int
        Width of the window and of the zeros added to it, in cells.
    low_pass : (n_win + n_pad, n_win + n_pad) array_like, optional
        Low-pass response, zero frequency first (default: 0).

    Returns
    -------
    (n_i, n_j) complex128 array
        Filtered phasors; zero where the grid is smaller than a window.

    Raises
    ------
    InputError
        ``ph`` is no grid, or ``low_pass`` has not the size of the padded window.
    """
    ph = np.asarray(ph)
    if ph.ndim != 2:
        raise InputError(f"clap_filt needs a grid of phasors (rows, columns), but got an array of shape {ph.shape}.")
    low_pass = 0 if low_pass is None or np.size(low_pass) == 0 else np.asarray(low_pass, dtype=np.float64)
    return filter_grid(ph, float(alpha), float(beta), int(n_win), int(n_pad), low_pass)
