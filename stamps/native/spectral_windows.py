"""The compiled filter of overlapping windows in the frequency domain, for :mod:`stamps.native.clap` and ``goldstein``.

It is for transforms of 8 to 80 cells, a power of 2 or five times one, and exponents up to 4; the array versions do all
others. Wherever windows overlap, transforms along the columns of the grid are shared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from stamps.matlab.filters import gausswin

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


__all__ = ["PADDING", "SMOOTHING_WIDTH", "Axis", "SpectralWindows", "Weights", "butterfly_order", "compilable"]

SMOOTHING_WIDTH = 7
PADDING = 4  # zeros between the rows of a spectrum, at least half a smoothing width
_SIZES = (8, 10, 16, 20, 32, 40, 64, 80)  # of transforms
_LARGEST_EXPONENT = 4
_SMALLEST, _LARGEST = 1e-100, 1e100  # parts of values


class Axis(NamedTuple):
    """Windows along one axis.

    Attributes
    ----------
    starts, shifts : (w,) int64 array
        First cells, and by how many cells tapers are moved on.
    """

    starts: NDArray[np.int64]
    shifts: NDArray[np.int64]

    def factors(self, distance: NDArray[np.float64]) -> NDArray[np.float64]:
        """Distances and ones, moved on by the shifts: (w, 2, n_win)."""
        factors = np.zeros((len(self.shifts), 2, len(distance)))
        for factor, shift in zip(factors, self.shifts, strict=True):
            factor[:, shift:] = np.stack([distance, np.ones(len(distance))])[:, : len(distance) - shift]
        return factors


class Weights(NamedTuple):
    """Weights of a spectrum whose smoothed magnitude relative to the median is s: beta · max(s**alpha - floor, 0) + low.

    Attributes
    ----------
    alpha, floor, beta : float
    low : (n, n) float array or 0
        Zero frequency first.
    """

    alpha: float
    floor: float
    beta: float
    low: ArrayLike = 0


def compilable(values: NDArray[np.complexfloating[Any, Any]], size: int, n_win: int, alpha: float) -> bool:
    """Whether there is a compiled version for windows of ``n_win`` cells, transforms of ``size`` and an exponent.

    All values that are neither 0 nor NaN must have squares within the bounds of double precision.
    """
    if size not in _SIZES or size < n_win or not 0 <= alpha <= _LARGEST_EXPONENT:
        return False
    if values.dtype == np.complex64:
        return not np.isinf(values).any()
    parts = np.abs([values.real, values.imag])
    return bool(((parts == 0) | np.isnan(parts) | ((parts > _SMALLEST) & (parts < _LARGEST))).all())


class SpectralWindows:
    """The compiled filter with its settings: called with grids of the shape that the axes are made for.

    Parameters
    ----------
    module : module
        The compiled one.
    size : int
        Cells of a transform.
    rows, columns : Axis
    distance : (n_win,) float array
        The taper of a cell is the sum of those of its row and its column.
    weights : Weights
    """

    def __init__(
        self, module: Any, size: int, rows: Axis, columns: Axis, distance: NDArray[Any], weights: Weights
    ) -> None:
        order, centred = butterfly_order(size), np.fft.fftshift(np.arange(size))
        place = np.argsort(order)
        turns = np.exp(-2j * np.pi * np.arange(size) / size)
        low = np.broadcast_to(np.asarray(weights.low, dtype=np.float64), (size, size))
        one_side = gausswin(SMOOTHING_WIDTH)[: SMOOTHING_WIDTH // 2 + 1]
        gain = (2 * one_side[:-1].sum() + one_side[-1]).item()
        self.kernel = module.spectral_windows
        self.size = size
        self.settings = (
            np.ascontiguousarray(rows.starts),
            rows.factors(distance) / size**2,
            np.ascontiguousarray(columns.starts),
            np.ascontiguousarray(columns.factors(distance)[:, ::-1]),
            np.stack([np.arange(size), (order + size // 2) % size, place, place[place]]),
            np.stack([turns.real, turns.imag]),
            np.ascontiguousarray(low.T[np.ix_(order, centred)]),
            np.array([*one_side, gain, size**2 // 2, weights.floor, weights.beta]),
            _powers(float(weights.alpha)),
            np.tile(np.repeat([0, np.inf], [size, PADDING]), size),
        )

    def __call__(self, plane: NDArray[np.complexfloating[Any, Any]]) -> NDArray[np.complex128]:
        """The filtered grid; NaN counts as 0."""
        parts = np.empty((2, *plane.shape))
        parts[0], parts[1] = plane.real, plane.imag
        missing = np.isnan(parts).any(axis=0)
        if missing.any():
            parts[:, missing] = 0
        result = np.zeros_like(parts)
        self.kernel(parts, *self.settings, *self._work(plane.shape[1]), result)
        filtered = np.empty(plane.shape, dtype=np.complex128)
        filtered.real, filtered.imag = result
        return filtered

    def _work(self, width: int) -> list[NDArray[np.float64]]:
        """Arrays in which the kernel works: those of a row of windows, then those of a window, some in several shapes."""
        n, stride = self.size, self.size + PADDING
        wide, tall, sums = np.empty((4, n, width)), np.empty((2, width * n)), np.empty((4, width * n))
        spectrum, padded, smooth = np.empty((2, n, n)), np.zeros((n + SMOOTHING_WIDTH, stride)), np.empty(n * stride)
        of_window = spectrum, spectrum.reshape(2, -1), padded, padded.ravel(), smooth
        return [wide, tall, sums, *of_window, np.empty(smooth.size + 7), smooth.reshape(4, -1), np.zeros(7)]


def _powers(alpha: float) -> NDArray[np.float64]:
    """The exponent, powers of powers of 2, and a polynomial for powers of numbers from 1 to the root of 2."""
    by_two = np.exp2(alpha * np.array([16, 8, 4, 2, 1, 0.5]))
    middle = (1 + np.sqrt(2)) / 2
    return np.array([alpha, 1 / by_two[0], *(by_two - 1), *(middle**alpha * _binomials(alpha, 16))])


def _binomials(alpha: float, n: int) -> NDArray[np.float64]:
    """Binomial coefficients of any exponent over 0 … n - 1."""
    k = np.arange(1, n)
    return np.concatenate([[1.0], np.cumprod((alpha - k + 1) / k)])


def butterfly_order(n: int) -> NDArray[np.int64]:
    """Frequency of each row that a transform by butterflies of five, of four, and of two rows at last, leaves."""
    if n == 1:
        return np.zeros(1, dtype=np.int64)
    base = 5 if n % 5 == 0 else min(n, 4)
    return np.concatenate([base * butterfly_order(n // base) + k for k in range(base)])
