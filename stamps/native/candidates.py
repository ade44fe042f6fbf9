"""Amplitude statistics for the selection of candidates, one image at a time.

All arithmetic and its order are those of the original programs, and both versions give the same bits: amplitudes are
formed in double and rounded to single, sums over images are single, the sum of a calibration constant is double and
sequential.

Source: spec 02 sections 5.1 to 5.3.
"""

import numpy as np

from stamps.native import compiled

__all__ = ["add_amplitudes", "add_differences", "amplitude", "amplitude_sum"]

_CHUNK = 1 << 15  # pixels whose temporaries stay in the cache
_NOTHING = np.empty(0, np.float32)


def amplitude(pixels):
    """Amplitude of complex pixels.

    Parameters
    ----------
    pixels : (n, 2) float32 array
        Real and imaginary parts.

    Returns
    -------
    (n,) float32 array
        Formed in double, rounded once.
    """
    parts = pixels.astype(np.float64)
    parts *= parts
    square = parts[:, 0] + parts[:, 1]
    with np.errstate(over="ignore"):
        return np.sqrt(square, out=square).astype(np.float32)


def amplitude_sum(pixels, excluded=None, total=0.0, count=0):
    """Add the usable amplitudes of a block of one image.

    Parameters
    ----------
    pixels : (n, 2) float32 array
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
    module = compiled("_candidates")
    if module is not None:
        mask = np.empty(0, np.uint8) if excluded is None else np.ascontiguousarray(excluded, dtype=np.uint8)
        return module.amplitude_sum(pixels, mask, float(total), int(count))
    for chunk in _chunks(len(pixels)):
        values = amplitude(pixels[chunk]).astype(np.float64)
        use = values > 0.001
        if excluded is not None:
            use &= excluded[chunk] == 0
        used = int(np.count_nonzero(use))
        if used < values.size:
            values[~use] = 0
        values[0] += total
        total = float(np.cumsum(values, out=values)[-1])
        count += used
    return total, count


def add_amplitudes(total, squares, zero, pixels, constant, master=None):
    """Add one image to the statistics of single-master candidates, in place.

    Parameters
    ----------
    total, squares : (n,) float32 arrays
        Sum and sum of squares of the calibrated amplitudes; the sum starts again at a pixel without signal.
    zero : (n,) uint8 array
        Set to 1 where the calibrated amplitude is at most 0.00005.
    pixels : (n, 2) float32 array
    constant : float32
        Calibration constant of the image.
    master : (n,) float32 array, optional
        Amplitudes of a master image to divide by.
    """
    constant = np.float32(constant)
    module = compiled("_candidates")
    if module is not None:
        module.add_amplitudes(total, squares, zero, pixels, constant, _NOTHING if master is None else master)
        return
    for chunk in _chunks(len(pixels)):
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            value = amplitude(pixels[chunk]) / constant
            if master is not None:
                value /= master[chunk]
            empty = value <= np.float64(0.00005)
            if empty.any():
                zero[chunk][empty] = 1
                total[chunk][empty] = 0
                value[empty] = 0
            total[chunk] += value
            squares[chunk] += value * value


def add_differences(total, squares, first, second, constant1, constant2):
    """Add one pair of images to the statistics of small-baseline candidates, in place.

    Parameters
    ----------
    total : (n,) float32 array
        Sum of all calibrated amplitudes.
    squares : (n,) float32 array
        Sum of the squared amplitude differences of the pairs.
    first, second : (n, 2) float32 arrays
        Pixels of the two images.
    constant1, constant2 : float32
        Their calibration constants.
    """
    constant1, constant2 = np.float32(constant1), np.float32(constant2)
    module = compiled("_candidates")
    if module is not None:
        module.add_differences(total, squares, first, second, constant1, constant2)
        return
    for chunk in _chunks(len(first)):
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            value1 = amplitude(first[chunk]) / constant1
            value2 = amplitude(second[chunk]) / constant2
            total[chunk] += value1
            total[chunk] += value2
            value1 -= value2
            squares[chunk] += value1 * value1


def _chunks(size):
    return (slice(first, first + _CHUNK) for first in range(0, size, _CHUNK))
