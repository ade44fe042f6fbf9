"""Combined low-pass and adaptive phase (CLAP) filter of a gridded interferogram in overlapping windows.

Source: spec 04 section 6; Hooper, Segall and Zebker, JGR 112, B07407 (2007), appendix; Goldstein and Werner (1998).
"""


from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

import numpy as np
import scipy.fft

from stamps import native
from stamps.errors import InputError
from stamps.matlab.filters import gausswin

__all__ = ["adaptive_weights", "butterworth_lowpass", "filter_grid", "filter_stack", "window_starts"]

_SMOOTHING_WIDTH = 7
_WINDOWS_AT_ONCE = 96  # keeps the arrays of one step in the processor's cache


def butterworth_lowpass(n_win, grid_size, wavelength):
    """Power response of the two-dimensional fifth-order Butterworth low-pass filter.

    Parameters
    ----------
    n_win : int
        Width of the window in cells.
    grid_size : float
        Size of a cell in metres.
    wavelength : float
        Cut-off wavelength in metres.

    Returns
    -------
    (n_win, n_win) float64 array
        Response in the order of a discrete Fourier transform (zero frequency first).
    """
    frequency = (np.arange(n_win) - n_win / 2) / (grid_size * n_win)
    response = 1 / (1 + (frequency * wavelength) ** 10)
    return np.fft.fftshift(np.outer(response, response))


def adaptive_weights(magnitude, alpha, beta, lowpass):
    """Weights of a spectrum: its smoothed, normalised magnitude to a power, and the low-pass response.

    The magnitude is smoothed with a 7 x 7 Gaussian about the zero frequency (zeros outside the Nyquist frequencies),
    divided by its median (unless that is 0) and raised to ``alpha``; what exceeds 1 is multiplied by ``beta``, and
    ``lowpass`` is added.

    Parameters
    ----------
    magnitude : (..., n, n) float32 or float64 array
        Magnitudes of spectra in the order of a discrete Fourier transform.
    alpha, beta : float
        Exponent and weight of the adaptive part.
    lowpass : (n, n) float array or 0
        Low-pass response in the same order.

    Returns
    -------
    (..., n, n) array
        Weights, of the class of ``magnitude``; all arithmetic is done in this class.
    """
    dtype = magnitude.dtype
    smoothing = _smoothing_matrix(magnitude.shape[-1]).astype(dtype, copy=False)
    weights = np.matmul(np.matmul(smoothing, magnitude), smoothing.T)
    middle = _median_of_last_two_axes(weights)
    middle[middle == 0] = 1
    weights /= middle[..., np.newaxis, np.newaxis]
    if alpha != 1:
        np.power(weights, dtype.type(alpha), out=weights)
    weights -= 1
    # fmax: where a spectrum is not a number the adaptive part is 0, as MATLAB's comparison leaves it
    np.fmax(weights, 0, out=weights)
    weights *= dtype.type(beta)
    weights += np.asarray(lowpass, dtype=dtype)
    return weights


def filter_stack(grids, alpha, beta, n_win, n_pad, lowpass, n_threads=None):
    """Filter gridded interferograms, each by itself (:func:`filter_grid`), and round the result to single precision.

    Parameters
    ----------
    grids : (n_i, n_j, m) complex array
        Weighted sums of phasors per cell of ``m`` interferograms.
    alpha, beta, n_win, n_pad, lowpass
        As :func:`filter_grid`.
    n_threads : int, optional
        Number of threads (default: ``OMP_NUM_THREADS`` or the processors at hand). The result does not depend on it.

    Returns
    -------
    (n_i, n_j, m) complex64 array
    """
    filtered = np.zeros(grids.shape, dtype=np.complex64)
    n_grids = grids.shape[2]
    if not n_grids or not all(window_starts(n, n_win) for n in grids.shape[:2]):
        return filtered

    def one(k):
        filtered[:, :, k] = filter_grid(grids[:, :, k], alpha, beta, n_win, n_pad, lowpass)

    with ThreadPoolExecutor(min(n_grids, n_threads or native.n_threads())) as pool:
        list(pool.map(one, range(n_grids)))
    return filtered


def filter_grid(grid, alpha, beta, n_win, n_pad, lowpass):
    """Filter one gridded interferogram.

    Parameters
    ----------
    grid : (n_i, n_j) complex array
        Weighted sums of phasors per cell; NaN counts as 0.
    alpha, beta : float
        Exponent and weight of the adaptive part.
    n_win, n_pad : int
        Width of the window and of the zeros added to it before the transform, in cells.
    lowpass : (n_win + n_pad, n_win + n_pad) float array or 0
        Low-pass response, zero frequency first.

    Returns
    -------
    (n_i, n_j) complex128 array
        The filtered grid. It is not divided by the sum of the window tapers: only its phase has a meaning. All zero
        where the grid is too small for a window.

    Raises
    ------
    InputError
        The low-pass response has not the size of the padded window.
    """
    size = n_win + n_pad
    if np.ndim(lowpass) and np.shape(lowpass) != (size, size):
        raise InputError(
            f"The low-pass response has shape {np.shape(lowpass)}, but the padded window is {size} x {size} cells."
        )
    grid = np.array(grid, dtype=np.complex128)
    grid[np.isnan(grid)] = 0
    output = np.zeros_like(grid)
    rows, columns = (window_starts(n, n_win) for n in grid.shape)
    if not rows or not columns:
        return output
    blocks = np.lib.stride_tricks.sliding_window_view(grid, (n_win, n_win))
    column_starts = np.array([start for start, _ in columns])
    for row, row_shift in rows:
        for first in range(0, len(columns), _WINDOWS_AT_ONCE):
            chosen = slice(first, first + _WINDOWS_AT_ONCE)
            smooth = _filter_windows(blocks[row, column_starts[chosen]], size, alpha, beta, lowpass)
            for window, (column, column_shift) in zip(smooth, columns[chosen], strict=True):
                window *= _taper(n_win, row_shift, column_shift)
                output[row : row + n_win, column : column + n_win] += window
    return output


def window_starts(n, n_win):
    """First cell and taper shift of the windows along one axis.

    Windows follow each other by a quarter of their width; one that exceeds the grid is moved back to end at the
    border, and its taper is moved by as much in the opposite sense.

    Parameters
    ----------
    n : int
        Number of cells of the grid along the axis.
    n_win : int
        Width of the window.

    Returns
    -------
    list of (int, int)
        Start and shift; empty where the grid is narrower than the window (then nothing can be filtered).
    """
    step = n_win // 4
    if step == 0 or n < n_win:
        return []
    count = max(-(-n // step) - 3, 0)
    shifts = [max(k * step + n_win - n, 0) for k in range(count)]
    return [(k * step - shift, shift) for k, shift in enumerate(shifts)]


def _filter_windows(blocks, size, alpha, beta, lowpass):
    """Filter windows (w, n, n) padded with zeros to ``size``; transforms leave rows of padding out."""
    n_win = blocks.shape[-1]
    spectra = scipy.fft.fft(blocks, size, axis=-1)
    spectra = scipy.fft.fft(spectra, size, axis=-2, overwrite_x=True)
    spectra *= adaptive_weights(np.abs(spectra), alpha, beta, lowpass)
    smooth = scipy.fft.ifft(spectra, axis=-2, overwrite_x=True)[:, :n_win]
    return scipy.fft.ifft(smooth, axis=-1)[:, :, :n_win]


@lru_cache(maxsize=64)
def _taper(n_win, row_shift, column_shift):
    """Weights of a window: the sum of the distances to its borders, moved down and right by the shifts."""
    distance = np.minimum(np.arange(n_win), np.arange(n_win)[::-1])
    whole = distance[:, np.newaxis] + distance + 1e-6
    taper = np.zeros((n_win, n_win))
    taper[row_shift:, column_shift:] = whole[: n_win - row_shift, : n_win - column_shift]
    taper.flags.writeable = False
    return taper


@lru_cache(maxsize=16)
def _smoothing_matrix(n):
    """Matrix that smooths a spectrum along one axis: shift, correlate with a Gaussian (zeros outside), shift back."""
    kernel = gausswin(_SMOOTHING_WIDTH)
    half = _SMOOTHING_WIDTH // 2
    centred = sum(w * np.eye(n, k=k - half) for k, w in enumerate(kernel))
    # fftshift before and ifftshift after the correlation, both written as shifts of the matrix
    matrix = np.roll(centred, (-(n // 2), -(n // 2)), axis=(0, 1))
    matrix.flags.writeable = False
    return matrix


def _median_of_last_two_axes(values):
    """Median over the last two axes (mean of the two middle values of an even count)."""
    count = values.shape[-1] * values.shape[-2]
    flat = values.reshape(*values.shape[:-2], count)
    upper = count // 2
    if count % 2:
        return np.partition(flat, upper, axis=-1)[..., upper]
    # one pivot and a maximum are twice as fast as two pivots
    parted = np.partition(flat, upper, axis=-1)
    return (parted[..., :upper].max(axis=-1) + parted[..., upper]) / 2
