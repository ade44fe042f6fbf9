"""Mean amplitude of the scene as an 8-bit picture: array functions.

Source: docs/method/merging.md, section 4.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.matlab.arithmetic import round_half_away

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps.workspace.patch_limits import Patch


__all__ = ["amplitude_range", "mosaic", "to_bytes"]

_BLOCK = 1000  # lines


def amplitude_range(amplitude: NDArray[np.float32]) -> tuple[float, float]:
    """Darkest amplitude and logarithm of the brightest one above it, from the brightest tenth of blocks of 1000 lines.

    Parameters
    ----------
    amplitude : ndarray of float32, shape (n_line, n_sample)
        NaN counts as 1.

    Returns
    -------
    amp_min : float
    amp_max : float
    """
    lowest, brightest = [], []
    for block in _blocks(amplitude):
        ordered = np.sort(np.where(np.isnan(block), np.float32(1), block), axis=None)
        n = ordered.size
        first = [max(int(round_half_away(share * n)), 1) - 1 for share in (0.01, 0.91)]
        lowest.append(ordered[first[0]])
        brightest.append(ordered[first[1] :])
    collected = np.sort(np.concatenate(brightest))
    amp_min = float(min(lowest))
    amp_hi = float(collected[int(np.ceil(collected.size / 2)) - 1])
    return amp_min, float(np.log(amp_hi - amp_min)) if amp_hi > amp_min else 0.0


def to_bytes(amplitude: NDArray[np.float32], amp_min: float, amp_max: float) -> NDArray[np.uint8]:
    """Logarithmic grey values.

    Parameters
    ----------
    amplitude : ndarray of float32, shape (n_line, n_sample)
    amp_min, amp_max : float
        From :func:`amplitude_range`.

    Returns
    -------
    ndarray of uint8
        Same shape; 0 for NaN.
    """
    grey = np.zeros(amplitude.shape, np.uint8)
    if amp_max <= 0:
        return grey
    for start, block in zip(range(0, len(amplitude), _BLOCK), _blocks(amplitude), strict=True):
        value = np.log(np.maximum(block - np.float32(amp_min), 1))
        value = np.minimum(np.where(np.isnan(block), 0, value), amp_max)
        grey[start : start + _BLOCK] = round_half_away(255 * value.astype(np.float64) / amp_max)
    return grey


def mosaic(shape: tuple[int, int], parts: Sequence[tuple[Patch, NDArray[np.float32]]]) -> NDArray[np.float32]:
    """Put the amplitudes of patches into one image; later patches overwrite, gaps are 0.

    Parameters
    ----------
    shape : tuple of int
        Lines and samples of the image.
    parts : iterable of (Patch, ndarray)
        Limits of a patch and its amplitudes.

    Returns
    -------
    ndarray of float32, shape `shape`
    """
    image = np.zeros(shape, np.float32)
    for patch, amplitude in parts:
        image[patch.lines, patch.samples] = amplitude
    return image


def _blocks(amplitude: NDArray[np.float32]) -> Any:
    return (amplitude[start : start + _BLOCK] for start in range(0, len(amplitude), _BLOCK))
