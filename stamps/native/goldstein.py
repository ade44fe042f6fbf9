"""Goldstein filter and Gaussian low-pass of a gridded interferogram, all windows of a row of windows at once.

The compiled version (:mod:`stamps.native.spectral_windows`) is for the usual sizes of windows; others take the array version
(one thread, windows of 32 x 32 cells and 8 zeros: 74 µs with instructions of AVX2, half of them for the
phasors of all cells; NumPy 134 µs).

Source: docs/method/unwrapping.md, section 3.1; Goldstein and Werner (1998), Geophys. Res. Lett. 25.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from stamps import native
from stamps.matlab.arithmetic import round_half_away
from stamps.matlab.filters import gausswin
from stamps.native.arrays import add_windows, companion, rows_at_once, to_host, windows
from stamps.native.clap import smoothed_spectrum
from stamps.native.spectral_windows import Axis, SpectralWindows, Weights, compilable

if TYPE_CHECKING:
    from numpy.typing import NDArray


__all__ = ["goldstein"]

#: Windows that are transformed at a time.
_WINDOWS = 256


def goldstein(
    ph: NDArray[np.complexfloating[Any, Any]], n_win: int, alpha: float, n_pad: int | None = None, low: bool = False
) -> tuple[NDArray[np.complexfloating[Any, Any]], NDArray[np.complexfloating[Any, Any]] | None]:
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
    padding = int(round_half_away(n_win * 0.25)) if n_pad is None else int(n_pad)
    return native.run(
        "goldstein",
        lambda xp: _goldstein_arrays(xp, ph, n_win, alpha, padding, low),
        (lambda module: _goldstein_compiled(module, ph, n_win, alpha, padding, low))
        if compilable(ph, n_win + padding, n_win, alpha)
        else None,
    )


def _goldstein_compiled(
    module: Any, ph: NDArray[np.complexfloating[Any, Any]], n_win: int, alpha: float, n_pad: int, low: bool
) -> tuple[NDArray[np.complexfloating[Any, Any]], NDArray[np.complexfloating[Any, Any]] | None]:
    side = n_win + n_pad
    rows, columns = (Axis(*_window_starts(n, n_win)) for n in ph.shape)
    ramp = np.arange(1, n_win // 2 + 1)
    pyramid = np.concatenate([ramp, ramp[::-1]])
    weights = [Weights(alpha, 0, 1), *([Weights(1, 1, 0, _gaussian(side))] if low else [])]
    filtered = [
        _with_magnitude(np, ph, SpectralWindows(module, side, rows, columns, pyramid, chosen)(ph)) for chosen in weights
    ]
    return filtered[0], filtered[1] if low else None


def _gaussian(side: int) -> NDArray[np.float64]:
    """Response of the low-pass, zero frequency first."""
    return np.fft.ifftshift(np.outer(gausswin(side, 16), gausswin(side, 16)))


def _goldstein_arrays(
    xp: Any, ph: NDArray[np.complexfloating[Any, Any]], n_win: int, alpha: float, n_pad: int, low: bool
) -> tuple[NDArray[np.complexfloating[Any, Any]], NDArray[np.complexfloating[Any, Any]] | None]:
    fft = companion(xp, "fft")
    ph = xp.asarray(ph)
    starts_i, shifts_i = _window_starts(ph.shape[0], n_win)
    starts_j, shifts_j = _window_starts(ph.shape[1], n_win)
    side = n_win + n_pad
    response = xp.asarray(_gaussian(side))
    out = xp.zeros(ph.shape, np.complex128)
    out_low = xp.zeros(ph.shape, np.complex128)
    at_once = rows_at_once(xp, 150 * side**2, _WINDOWS)
    for i, shift_i in zip(starts_i.tolist(), shifts_i.tolist(), strict=True):
        rows = slice(i, i + n_win)
        for first in range(0, len(starts_j), at_once):
            columns = starts_j[first : first + at_once]
            spectra = fft.fft2(windows(xp, ph[rows], columns, n_win).astype(np.complex128), s=(side, side))
            tapers = xp.asarray(_tapers(n_win, shift_i, shifts_j[first : first + at_once]))
            filters = [(out, smoothed_spectrum(xp, xp.abs(spectra)) ** alpha), *([(out_low, response)] if low else [])]
            for target, weights in filters:
                add_windows(xp, target[rows], columns, fft.ifft2(spectra * weights)[:, :n_win, :n_win] * tapers)
    filtered = to_host(_with_magnitude(xp, ph, out))
    return filtered, to_host(_with_magnitude(xp, ph, out_low)) if low else None


def _window_starts(n: int, n_win: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First index of each window and how far the last ones were moved back to fit."""
    step = n_win // 2
    wanted = np.arange(-(-n // step) - 1) * step
    starts = np.minimum(wanted, n - n_win)
    return starts, wanted - starts


def _tapers(n_win: int, shift_i: int, shifts_j: NDArray[np.int64]) -> NDArray[np.float64]:
    """Pyramids that stay where the unmoved windows would have had them."""
    ramp = np.arange(1, n_win // 2 + 1)
    quarter = ramp[:, np.newaxis] + ramp
    half = np.concatenate([quarter, quarter[:, ::-1]], axis=1)
    pyramid = np.concatenate([half, half[::-1]], axis=0).astype(np.float64)
    tapers = np.zeros((len(shifts_j), n_win, n_win))
    for taper, shift_j in zip(tapers, shifts_j, strict=True):
        taper[shift_i:, shift_j:] = pyramid[: n_win - shift_i, : n_win - shift_j]
    return tapers


def _with_magnitude(xp: Any, ph: Any, filtered: Any) -> Any:
    """The phase of `filtered` with the magnitude of `ph`, both rounded to the class of `ph` first."""
    dtype = ph.real.dtype
    magnitude = xp.hypot(ph.real.astype(np.float64), ph.imag.astype(np.float64)).astype(dtype)
    phase = xp.angle(filtered)
    out = xp.empty_like(ph)
    out.real, out.imag = magnitude * xp.cos(phase).astype(dtype), magnitude * xp.sin(phase).astype(dtype)
    return out
