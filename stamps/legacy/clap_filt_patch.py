"""``clap_filt_patch``: combined low-pass and adaptive phase filter of one patch of gridded phase.

Reads and writes no files.
Source: docs/method/selection.md, section 5; docs/method/coherence.md, section 6; Hooper, Segall and
Zebker, JGR 112, B07407 (2007).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import InputError
from stamps.native.clap_patch import filter_block

if TYPE_CHECKING:
    from numpy.typing import NDArray


__all__ = ["clap_filt_patch"]


def clap_filt_patch(
    ph: NDArray[Any], alpha: float = 0.5, beta: float = 0.1, low_pass: NDArray[np.float64] | None = None
) -> NDArray[np.complex64]:
    """Filter a square block of an interferogram, without taper or padding.

    Parameters
    ----------
    ph : (n, n) complex array
        Sums of phasors per grid cell; NaN counts as 0.
    alpha : float
        Exponent of the adaptive part.
    beta : float
        Weight of the adaptive part.
    low_pass : (n, n) float array, optional
        Low-pass response, zero frequency first (default: zeros).

    Returns
    -------
    (n, n) complex64 array
        The filtered block; all arithmetic is single precision.

    Raises
    ------
    InputError
        The block is not square, or the response has another shape.
    """
    ph = np.asarray(ph)
    if ph.ndim != 2 or ph.shape[0] != ph.shape[1]:
        raise InputError(f"clap_filt_patch filters square blocks, but the block has shape {ph.shape}.")
    if low_pass is None:
        low_pass = np.zeros(ph.shape)
    if np.shape(low_pass) != ph.shape:
        raise InputError(f"The low-pass response has shape {np.shape(low_pass)}, but the block has {ph.shape}.")
    return filter_block(ph, alpha, beta, low_pass)
