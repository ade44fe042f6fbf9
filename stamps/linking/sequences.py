"""Mini-stacks: which images are linked together, and the image that each leaves for the next ones.

References
----------
Ansari, De Zan & Bamler (2017), Sequential estimator, TGRS 55(10).

Source: docs/method/linking.md, section 5.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["compressed_before", "compression", "mini_stacks", "unchanged_stacks"]


def mini_stacks(n_images: int, size: int) -> list[range]:
    """Images of each mini-stack.

    Parameters
    ----------
    n_images : int
    size : int
        Images of a mini-stack.

    Returns
    -------
    list of range
        Of ``size`` images each. The last takes what is left if that is less than half of it, else what is left stands
        alone; fewer than two sizes are one mini-stack.
    """
    if n_images < 2 * size:
        return [range(n_images)]
    starts = list(range(0, n_images, size))
    if n_images - starts[-1] < size / 2:
        starts.pop()
    return [range(begin, end) for begin, end in zip(starts, [*starts[1:], n_images], strict=True)]


def unchanged_stacks(before: Sequence[str], now: Sequence[str], size: int) -> int:
    """How many mini-stacks, from the first one, hold the same dates as before."""
    old = [[before[k] for k in images] for images in mini_stacks(len(before), size)]
    new = [[now[k] for k in images] for images in mini_stacks(len(now), size)]
    count = 0
    while count < min(len(old), len(new)) and old[count] == new[count] and len(new[count]) >= size:
        count += 1
    return count


def compressed_before(number: int, most: int) -> list[int]:
    """Numbers of the compressed images that are linked with a mini-stack: the first one and the latest, at most ``most``."""
    return list(range(number)) if number <= most else [0, *range(number - most + 1, number)]


def compression(images: NDArray[np.complex64], phasors: NDArray[np.complexfloating[Any, Any]]) -> NDArray[np.complex64]:
    """Compressed image of a mini-stack: sum of its images with their linked phases taken away, over √K.

    Parameters
    ----------
    images : ndarray of complex64, shape (p, K)
        The pixels' own values.
    phasors : ndarray of complex, shape (p, K)
        exp(jθ) of the same pixels.

    Returns
    -------
    ndarray of complex64, shape (p,)
    """
    total = (images * np.conj(phasors)).sum(axis=1, dtype=np.complex128)
    return (total / np.sqrt(images.shape[1])).astype(np.complex64)
