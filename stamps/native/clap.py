"""Combined low-pass and adaptive phase (CLAP) filter of a gridded interferogram in overlapping windows.

The compiled version (:mod:`stamps.native.spectral_windows`) is for the usual sizes of windows; others take the array version
(one thread, windows of 24 x 24 cells and 8 zeros: 17 µs with instructions of AVX2, NumPy 78 µs). The interferograms go to
threads.

Source: docs/method/coherence.md, section 6; Hooper, Segall and Zebker, JGR 112, B07407 (2007), appendix; Goldstein
and Werner (1998).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps import native
from stamps.errors import InputError
from stamps.matlab.filters import gausswin
from stamps.native.arrays import add_windows, companion, medians, rows_at_once, to_host, windows
from stamps.native.spectral_windows import SMOOTHING_WIDTH, Axis, SpectralWindows, Weights, compilable

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


__all__ = [
    "SMOOTHING_WIDTH",
    "adaptive_weights",
    "butterworth_lowpass",
    "filter_grid",
    "filter_stack",
    "smoothed_spectrum",
    "window_starts",
]

_WINDOWS_AT_ONCE = 96  # keeps the arrays of one step in the processor's cache


def butterworth_lowpass(n_win: int, grid_size: float, wavelength: float) -> NDArray[np.float64]:
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


def adaptive_weights(magnitude: Any, alpha: float, beta: float, lowpass: Any, xp: Any = np) -> Any:
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
    xp : module
        Array module of ``magnitude`` and ``lowpass``.

    Returns
    -------
    (..., n, n) array
        Weights, of the class of ``magnitude``; all arithmetic is done in this class.
    """
    dtype = magnitude.dtype
    weights = smoothed_spectrum(xp, magnitude)
    if alpha != 1:
        xp.power(weights, dtype.type(alpha), out=weights)
    weights -= 1
    # fmax: where a spectrum is not a number the adaptive part is 0, as MATLAB's comparison leaves it
    xp.fmax(weights, dtype.type(0), out=weights)
    weights *= dtype.type(beta)
    weights += xp.asarray(lowpass, dtype=dtype)
    return weights


def smoothed_spectrum(xp: Any, magnitude: Any) -> Any:
    """Magnitudes smoothed with a 7 x 7 Gaussian about the zero frequency, relative to their median unless that is 0.

    Parameters
    ----------
    xp : module
        Array module of ``magnitude``.
    magnitude : (..., n, n) float32 or float64 array
        In the order of a discrete Fourier transform; zeros are assumed outside the Nyquist frequencies.

    Returns
    -------
    (..., n, n) array
        Of the class of ``magnitude``.
    """
    smoothing = xp.asarray(_smoothing_matrix(magnitude.shape[-1]).astype(magnitude.dtype, copy=False))
    smooth = xp.matmul(xp.matmul(smoothing, magnitude), smoothing.T)
    middle = medians(xp, smooth.reshape(*smooth.shape[:-2], -1))
    middle[middle == 0] = 1
    smooth /= middle[..., np.newaxis, np.newaxis]
    return smooth


def filter_stack(
    grids: NDArray[np.complexfloating[Any, Any]],
    alpha: float,
    beta: float,
    n_win: int,
    n_pad: int,
    lowpass: ArrayLike,
    n_threads: int | None = None,
) -> NDArray[np.complex64]:
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
    n_grids = grids.shape[2]
    if not n_grids or not all(window_starts(n, n_win) for n in grids.shape[:2]):
        return np.zeros(grids.shape, dtype=np.complex64)
    _check(lowpass, n_win + n_pad)
    settings = alpha, beta, n_win, n_pad, lowpass
    threads = min(n_grids, n_threads or native.n_threads())
    return native.run(
        "clap",
        lambda xp: _filter_stack_arrays(xp, grids, settings, threads),
        (lambda module: _filter_stack_compiled(module, grids, settings, threads))
        if compilable(grids, n_win + n_pad, n_win, alpha)
        else None,
    )


def _filter_stack_arrays(
    xp: Any,
    grids: NDArray[np.complexfloating[Any, Any]],
    settings: tuple[float, float, int, int, ArrayLike],
    n_threads: int,
) -> NDArray[np.complex64]:
    """One grid per thread with NumPy, as many at once as the device's memory allows with CuPy."""
    filtered = np.zeros(grids.shape, dtype=np.complex64)
    n_grids = grids.shape[2]
    cells = grids.shape[0] * grids.shape[1]
    at_once = rows_at_once(xp, 100 * cells, 1)

    def some(first: int) -> None:
        part = slice(first, first + at_once)
        planes = _filter_planes(xp, np.moveaxis(grids[:, :, part], 2, 0), *settings)
        filtered[:, :, part] = np.moveaxis(to_host(planes.astype(np.complex64)), 0, 2)

    with ThreadPoolExecutor(n_threads if xp is np else 1) as pool:
        list(pool.map(some, range(0, n_grids, at_once)))
    return filtered


def _filter_stack_compiled(
    module: Any,
    grids: NDArray[np.complexfloating[Any, Any]],
    settings: tuple[float, float, int, int, ArrayLike],
    n_threads: int,
) -> NDArray[np.complex64]:
    """One grid per thread."""
    filtered = np.empty(grids.shape, dtype=np.complex64)
    filter_plane = _compiled(module, grids.shape[:2], *settings)

    def one(k: int) -> None:
        filtered[:, :, k] = filter_plane(grids[:, :, k])

    with ThreadPoolExecutor(n_threads) as pool:
        list(pool.map(one, range(grids.shape[2])))
    return filtered


def _compiled(
    module: Any, shape: tuple[int, ...], alpha: float, beta: float, n_win: int, n_pad: int, lowpass: ArrayLike
) -> SpectralWindows:
    """The compiled filter of grids that are not smaller than a window."""
    rows, columns = (Axis(*np.array(window_starts(n, n_win)).T) for n in shape)
    weights = Weights(alpha, 1, beta, lowpass)
    return SpectralWindows(module, n_win + n_pad, rows, columns, _distances(n_win) + 5e-7, weights)


def filter_grid(
    grid: NDArray[np.complexfloating[Any, Any]], alpha: float, beta: float, n_win: int, n_pad: int, lowpass: ArrayLike
) -> NDArray[np.complex128]:
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
    _check(lowpass, n_win + n_pad)
    grid = np.asarray(grid)
    settings = alpha, beta, n_win, n_pad, lowpass
    usable = all(window_starts(n, n_win) for n in grid.shape) and compilable(grid, n_win + n_pad, n_win, alpha)
    return native.run(
        "clap",
        lambda xp: to_host(_filter_planes(xp, grid[np.newaxis], *settings)[0]),
        (lambda module: _compiled(module, grid.shape, *settings)(grid)) if usable else None,
    )


def _check(lowpass: ArrayLike, size: int) -> None:
    if np.ndim(lowpass) and np.shape(lowpass) != (size, size):
        raise InputError(
            f"The low-pass response has shape {np.shape(lowpass)}, but the padded window is {size} x {size} cells."
        )


def _filter_planes(
    xp: Any,
    planes: NDArray[np.complexfloating[Any, Any]],
    alpha: float,
    beta: float,
    n_win: int,
    n_pad: int,
    lowpass: ArrayLike,
) -> Any:
    """Filter grids (p, n_i, n_j) of the host, all windows of a row of windows at once; returns an array of ``xp``."""
    planes, lowpass = xp.asarray(planes).astype(np.complex128), xp.asarray(lowpass)
    planes[xp.isnan(planes)] = 0
    output = xp.zeros_like(planes)
    rows, columns = (window_starts(n, n_win) for n in planes.shape[1:])
    if not rows or not columns:
        return output
    size = n_win + n_pad
    starts, shifts = np.array(columns).T
    at_once = rows_at_once(xp, 100 * len(planes) * size**2, _WINDOWS_AT_ONCE)
    tapers: dict[tuple[int, int], Any] = {}  # on the device: nearly all rows of windows have the same
    for row, row_shift in rows:
        part = slice(row, row + n_win)
        for first in range(0, len(starts), at_once):
            chosen = slice(first, first + at_once)
            blocks = windows(xp, planes[:, part], starts[chosen], n_win)
            smooth = _filter_windows(xp, blocks, size, alpha, beta, lowpass)
            if (row_shift, first) not in tapers:
                tapers[row_shift, first] = xp.asarray(_tapers(n_win, row_shift, tuple(shifts[chosen].tolist())))
            smooth *= tapers[row_shift, first]
            add_windows(xp, output[:, part], starts[chosen], smooth)
    return output


def window_starts(n: int, n_win: int) -> list[tuple[int, int]]:
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


def _filter_windows(xp: Any, blocks: Any, size: int, alpha: float, beta: float, lowpass: Any) -> Any:
    """Filter windows (..., n, n) padded with zeros to ``size``; transforms leave rows of padding out."""
    fft = companion(xp, "fft")
    n_win = blocks.shape[-1]
    spectra = fft.fft(blocks, size, axis=-1)
    spectra = fft.fft(spectra, size, axis=-2, overwrite_x=True)
    spectra *= adaptive_weights(xp.abs(spectra), alpha, beta, lowpass, xp)
    smooth = fft.ifft(spectra, axis=-2, overwrite_x=True)[..., :n_win, :]
    return fft.ifft(smooth, axis=-1)[..., :n_win]


@lru_cache(maxsize=16)
def _tapers(n_win: int, row_shift: int, column_shifts: tuple[int, ...]) -> NDArray[np.float64]:
    """Tapers of a row of windows: (w, 1, n_win, n_win)."""
    return np.stack([_taper(n_win, row_shift, shift) for shift in column_shifts])[:, np.newaxis]


@lru_cache(maxsize=64)
def _taper(n_win: int, row_shift: int, column_shift: int) -> NDArray[np.float64]:
    """Weights of a window: the sum of the distances to its borders, moved down and right by the shifts."""
    distance = _distances(n_win)
    whole = distance[:, np.newaxis] + distance + 1e-6
    taper = np.zeros((n_win, n_win))
    taper[row_shift:, column_shift:] = whole[: n_win - row_shift, : n_win - column_shift]
    taper.flags.writeable = False
    return taper


def _distances(n_win: int) -> NDArray[np.int64]:
    """Distances of cells to the borders of a window, along one axis."""
    return np.minimum(np.arange(n_win), np.arange(n_win)[::-1])


@lru_cache(maxsize=16)
def _smoothing_matrix(n: int) -> NDArray[np.float64]:
    """Matrix that smooths a spectrum along one axis: shift, correlate with a Gaussian (zeros outside), shift back."""
    kernel = gausswin(SMOOTHING_WIDTH)
    half = SMOOTHING_WIDTH // 2
    centred = sum(w * np.eye(n, k=k - half) for k, w in enumerate(kernel))
    # fftshift before and ifftshift after the correlation, both written as shifts of the matrix
    matrix = np.roll(centred, (-(n // 2), -(n // 2)), axis=(0, 1))
    matrix.flags.writeable = False
    return matrix
