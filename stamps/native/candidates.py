"""Amplitude statistics for the selection of candidates, one image at a time.

All arithmetic and its order are those of the original programs, and all versions give the same bits: amplitudes are
formed in double and rounded to single, sums over images are single, the sum of a calibration constant is double and
sequential (so it is formed by the processor even if a GPU forms the amplitudes). A GPU is used only when asked for:
every pixel is read from disk and goes over the bus for a handful of operations.

Source: docs/method/preparation.md, sections 5.1 to 5.3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from stamps import native
from stamps.native.arrays import rows_at_once, to_host

if TYPE_CHECKING:
    from numpy.typing import NDArray


__all__ = ["add_amplitudes", "add_differences", "amplitude", "amplitude_sum"]

_CHUNK = 1 << 15  # pixels whose temporaries stay in the cache
_NOTHING = np.empty(0, np.float32)
_BYTES_PER_PIXEL = 100  # of all arrays of the array version
_LARGEST = np.float32(1.8446743e19)  # the largest amplitude whose square is a single


def amplitude(pixels: NDArray[np.float32], out: NDArray[np.float32] | None = None) -> NDArray[np.float32]:
    """Amplitude of complex pixels.

    Parameters
    ----------
    pixels : (n, 2) float32 array
        Real and imaginary parts.
    out : (n,) float32 array, optional
        Where the result goes.

    Returns
    -------
    (n,) float32 array
        Formed in double, rounded once; ``out`` if it was given. NaN where the pixel is infinite, no number, or so large
        that the square of its amplitude is no single: such a pixel counts in no mean and becomes no candidate.
    """
    if out is None:
        out = np.empty(len(pixels), np.float32)
    native.run("candidates", lambda xp: _amplitude(xp, pixels, out), lambda module: module.amplitude(pixels, out))
    with np.errstate(invalid="ignore"):
        if out.size and not out.max() <= _LARGEST:
            out[~(out <= _LARGEST)] = np.nan
    return out


def _amplitude(xp: Any, pixels: NDArray[np.float32], out: NDArray[np.float32]) -> None:
    for chunk in _chunks(xp, len(pixels)):
        parts = xp.asarray(pixels[chunk]).astype(np.float64)
        parts *= parts
        square = parts[:, 0] + parts[:, 1]
        with np.errstate(over="ignore"):
            out[chunk] = to_host(xp.sqrt(square, out=square).astype(np.float32))


def amplitude_sum(
    amplitudes: NDArray[np.float32], excluded: NDArray[np.uint8] | None = None, total: float = 0.0, count: int = 0
) -> tuple[float, int]:
    """Add the usable amplitudes of a block of one image.

    Parameters
    ----------
    amplitudes : (n,) float32 array
        From :func:`amplitude`.
    excluded : (n,) uint8 array, optional
        Not 0: leave the pixel out.
    total, count : float, int
        Sum and number so far.

    Returns
    -------
    total : float
        Sum of the amplitudes above 0.001, in pixel order.
    count : int
        Their number.
    """
    mask = np.empty(0, np.uint8) if excluded is None else np.ascontiguousarray(excluded, dtype=np.uint8)
    return native.run(
        "candidates",
        lambda xp: _amplitude_sum(xp, amplitudes, mask, total, count),
        lambda module: module.amplitude_sum(amplitudes, mask, float(total), int(count)),
    )


def _amplitude_sum(
    xp: Any, amplitudes: NDArray[np.float32], mask: NDArray[np.uint8], total: float, count: int
) -> tuple[float, int]:
    for chunk in _chunks(xp, len(amplitudes)):
        values = amplitudes[chunk].astype(np.float64)
        use = values > 0.001
        if mask.size:
            use &= mask[chunk] == 0
        used = int(np.count_nonzero(use))
        if used < values.size:
            values[~use] = 0
        values[0] += total
        total = float(np.cumsum(values, out=values)[-1])
        count += used
    return total, count


def add_amplitudes(
    total: NDArray[np.float32],
    squares: NDArray[np.float32],
    zero: NDArray[np.uint8],
    amplitudes: NDArray[np.float32],
    constant: float,
    master: NDArray[np.float32] | None = None,
) -> None:
    """Add one image to the statistics of single-master candidates, in place.

    Parameters
    ----------
    total, squares : (n,) float32 arrays
        Sum and sum of squares of the calibrated amplitudes; the sum starts again at a pixel without signal.
    zero : (n,) uint8 array
        Set to 1 where the calibrated amplitude is at most 0.00005.
    amplitudes : (n,) float32 array
    constant : float32
        Calibration constant of the image.
    master : (n,) float32 array, optional
        Amplitudes of a master image to divide by.
    """
    single = np.float32(constant)
    native.run(
        "candidates",
        lambda xp: _add_amplitudes(xp, total, squares, zero, amplitudes, single, master),
        lambda module: module.add_amplitudes(
            total, squares, zero, amplitudes, single, _NOTHING if master is None else master
        ),
    )


def _add_amplitudes(
    xp: Any,
    total: NDArray[np.float32],
    squares: NDArray[np.float32],
    zero: NDArray[np.uint8],
    amplitudes: NDArray[np.float32],
    constant: np.float32,
    master: NDArray[np.float32] | None,
) -> None:
    results = []
    for chunk in _chunks(xp, len(amplitudes)):
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            value = xp.asarray(amplitudes[chunk]) / constant
            if master is not None:
                value /= xp.asarray(master[chunk])
            empty = value.astype(np.float64) <= 0.00005
            value[empty] = 0
            sums = xp.asarray(total[chunk])
            sums[empty] = 0
            sums += value
            of_squares = xp.asarray(squares[chunk])
            of_squares += value * value
        results.append((chunk, *map(to_host, (sums, of_squares, empty))))
    for chunk, sums, of_squares, empty in results:
        total[chunk], squares[chunk] = sums, of_squares
        zero[chunk][empty] = 1


def add_differences(
    total: NDArray[np.float32],
    squares: NDArray[np.float32],
    first: NDArray[np.float32],
    second: NDArray[np.float32],
    constant1: float,
    constant2: float,
) -> None:
    """Add one pair of images to the statistics of small-baseline candidates, in place.

    Parameters
    ----------
    total : (n,) float32 array
        Sum of all calibrated amplitudes.
    squares : (n,) float32 array
        Sum of the squared amplitude differences of the pairs.
    first, second : (n,) float32 arrays
        Amplitudes of the two images.
    constant1, constant2 : float32
        Their calibration constants.
    """
    constants = np.float32(constant1), np.float32(constant2)
    native.run(
        "candidates",
        lambda xp: _add_differences(xp, total, squares, (first, second), constants),
        lambda module: module.add_differences(total, squares, first, second, *constants),
    )


def _add_differences(
    xp: Any,
    total: NDArray[np.float32],
    squares: NDArray[np.float32],
    images: tuple[NDArray[np.float32], NDArray[np.float32]],
    constants: tuple[np.float32, np.float32],
) -> None:
    results = []
    for chunk in _chunks(xp, len(total)):
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            value1, value2 = (
                xp.asarray(amplitudes[chunk]) / constant for amplitudes, constant in zip(images, constants, strict=True)
            )
            sums, of_squares = xp.asarray(total[chunk]), xp.asarray(squares[chunk])
            sums += value1
            sums += value2
            value1 -= value2
            of_squares += value1 * value1
        results.append((chunk, to_host(sums), to_host(of_squares)))
    for chunk, sums, of_squares in results:
        total[chunk], squares[chunk] = sums, of_squares


def _chunks(xp: Any, size: int) -> Any:
    step = rows_at_once(xp, _BYTES_PER_PIXEL, _CHUNK)
    return (slice(first, first + step) for first in range(0, size, step))
