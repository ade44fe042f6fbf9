"""Goldstein filter and Gaussian low-pass of a gridded interferogram, all windows of a row of windows at once.

Source: spec 08 section 3.1; Goldstein and Werner (1998), Geophys. Res. Lett. 25.
"""

import numpy as np
from scipy import fft

from stamps.matlab.arithmetic import round_half_away
from stamps.matlab.filters import filter2, gausswin
from stamps.matlab.statistics import median

__all__ = ["goldstein"]

#: Windows that are transformed at a time.
_WINDOWS = 256


def goldstein(ph, n_win, alpha, n_pad=None, low=False):
    """Filter one gridded interferogram; each cell keeps its magnitude.

    Parameters
    ----------
    ph : ndarray of complex64 or complex128, shape (n_i, n_j)
        Gridded phasors, both sides at least `n_win` long; NaN counts as zero.
    n_win : int
        Side of the windows, even; windows overlap by half.
    alpha : float
        Exponent of the smoothed spectrum.
    n_pad : int, optional
        Zeros appended to each window side (default: a quarter of `n_win`, rounded).
    low : bool
        Return the Gaussian low-pass as well.

    Returns
    -------
    filtered : ndarray, shape and dtype of `ph`
    low_passed : ndarray or None

    Raises
    ------
    ValueError
        A window is larger than the grid or odd, or a value is infinite.
    """
    ph = np.where(np.isnan(ph), 0, ph).astype(ph.dtype)
    if n_win % 2 or n_win < 2 or n_win > min(ph.shape):
        raise ValueError(f"The filter window of {n_win} cells must be even and fit into the grid of {ph.shape} cells.")
    if not np.all(np.isfinite(ph)):
        raise ValueError("A gridded phase is infinite.")
    n_pad = int(round_half_away(n_win * 0.25)) if n_pad is None else int(n_pad)
    starts_i, shifts_i = _window_starts(ph.shape[0], n_win)
    starts_j, shifts_j = _window_starts(ph.shape[1], n_win)
    side = n_win + n_pad
    kernel = np.outer(gausswin(7), gausswin(7))
    response = fft.ifftshift(np.outer(gausswin(side, 16), gausswin(side, 16))) if low else None
    views = np.lib.stride_tricks.sliding_window_view(ph, (n_win, n_win))
    out = np.zeros(ph.shape, np.complex128)
    out_low = np.zeros(ph.shape, np.complex128) if low else None
    for i, shift_i in zip(starts_i, shifts_i, strict=True):
        for first in range(0, len(starts_j), _WINDOWS):
            columns = starts_j[first : first + _WINDOWS]
            spectra = fft.fft2(views[i, columns].astype(np.complex128), s=(side, side))
            tapers = _tapers(n_win, shift_i, shifts_j[first : first + _WINDOWS])
            _accumulate(out, i, columns, spectra * _weights(spectra, kernel, alpha), tapers)
            if low:
                _accumulate(out_low, i, columns, spectra * response, tapers)
    return _with_magnitude(ph, out), _with_magnitude(ph, out_low) if low else None


def _window_starts(n, n_win):
    """First index of each window and how far the last ones were moved back to fit."""
    step = n_win // 2
    wanted = np.arange(-(-n // step) - 1) * step
    starts = np.minimum(wanted, n - n_win)
    return starts, wanted - starts


def _tapers(n_win, shift_i, shifts_j):
    """Pyramids that stay where the unmoved windows would have had them."""
    ramp = np.arange(1, n_win // 2 + 1)
    quarter = ramp[:, np.newaxis] + ramp
    half = np.concatenate([quarter, quarter[:, ::-1]], axis=1)
    pyramid = np.concatenate([half, half[::-1]], axis=0).astype(np.float64)
    tapers = np.zeros((len(shifts_j), n_win, n_win))
    for taper, shift_j in zip(tapers, shifts_j, strict=True):
        taper[shift_i:, shift_j:] = pyramid[: n_win - shift_i, : n_win - shift_j]
    return tapers


def _weights(spectra, kernel, alpha):
    """Smoothed amplitude spectra relative to their medians, to the power of alpha."""
    axes = (-2, -1)
    smooth = fft.ifftshift(filter2(kernel, fft.fftshift(np.abs(spectra), axes=axes)), axes=axes)
    middle = median(smooth.reshape(len(smooth), -1), axis=1)
    middle[middle == 0] = 1
    return (smooth / middle[:, np.newaxis, np.newaxis]) ** alpha


def _accumulate(out, i, columns, spectra, tapers):
    n_win = tapers.shape[-1]
    windows = fft.ifft2(spectra)[:, :n_win, :n_win] * tapers
    for j, window in zip(columns, windows, strict=True):
        out[i : i + n_win, j : j + n_win] += window


def _with_magnitude(ph, filtered):
    """The phase of `filtered` with the magnitude of `ph`, both rounded to the class of `ph` first."""
    kind = ph.real.dtype
    magnitude = np.hypot(ph.real.astype(np.float64), ph.imag.astype(np.float64)).astype(kind)
    phase = np.angle(filtered)
    out = np.empty_like(ph)
    np.multiply(magnitude, np.cos(phase).astype(kind), out=out.real)
    np.multiply(magnitude, np.sin(phase).astype(kind), out=out.imag)
    return out
