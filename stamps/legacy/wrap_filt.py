"""Goldstein filter and optional Gaussian low-pass of a gridded interferogram.

Reads and writes no file. Source: docs/method/unwrapping.md, section 3.1; Goldstein and Werner (1998).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stamps.native.goldstein import goldstein

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


__all__ = ["wrap_filt"]


def wrap_filt(
    ph: NDArray[np.complexfloating[Any, Any]], n_win: int, alpha: float, n_pad: int | None = None, low_flag: str = "n"
) -> tuple[NDArray[np.complexfloating[Any, Any]], NDArray[np.complexfloating[Any, Any]] | None]:
    """Filter the phase of a grid; each cell keeps its magnitude, so empty cells stay empty.

    Parameters
    ----------
    ph : ndarray of complex64 or complex128, shape (n_i, n_j)
        Gridded phasors, at least `n_win` cells on both sides; NaN counts as zero.
    n_win : int
        Window size in cells, even.
    alpha : float
        Goldstein exponent.
    n_pad : int, optional
        Zero padding of the windows in cells (default: a quarter of `n_win`, rounded).
    low_flag : {'n', 'y'}
        'y': return the low-passed grid as well.

    Returns
    -------
    ph_out : ndarray, shape and dtype of `ph`
    ph_out_low : ndarray or None
        None unless `low_flag` is 'y'.

    Raises
    ------
    ValueError
        The window is odd or larger than the grid, or a value is infinite.

    Notes
    -----
    Source: docs/method/unwrapping.md, section 3.1. All arithmetic in double, rounded once at the end.

    Examples
    --------
    >>> from stamps import wrap_filt
    >>> ramp = np.exp(0.2j * np.arange(64))[:, np.newaxis] * np.ones(64)
    >>> noisy = ramp * np.exp(1j * np.random.default_rng(0).normal(0, 0.5, ramp.shape))
    >>> filtered, _ = wrap_filt(noisy, 16, 0.8)
    >>> round(float(np.angle(noisy / ramp).std()), 2), round(float(np.angle(filtered / ramp).std()), 2)
    (0.5, 0.15)
    """
    return goldstein(ph, int(n_win), float(alpha), n_pad, low=str(low_flag).lower() == "y")
