"""Amplitudes of the images, kept in memory between calibration and selection.

The dispersion needs every amplitude divided by the mean of its whole image, so both have to see the whole stack. Kept
amplitudes, half the size of float SLCs, save reading, byte order and square roots the second time. What does not fit is
read again; the results are the same to the last bit.

Source: docs/method/preparation.md, sections 5.1 to 5.3.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from stamps.frontends.rasters import prefetch, read_pixels
from stamps.native.candidates import amplitude

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

    from stamps._typing import StrPath


__all__ = ["KeptAmplitudes", "most_kept", "read_amplitudes"]

#: Most bytes of amplitudes that are kept: about 30 images of 8 million pixels.
MOST_BYTES = 2**30
_SHARE_OF_FREE = 0.25  # of the machine's memory: other processes need some, and the system's file cache helps too


class KeptAmplitudes:
    """Amplitudes of whole images by path, as many as there is room for.

    Parameters
    ----------
    limit : int, optional
        Most bytes (default ``MOST_BYTES``, but at most a quarter of the memory that is free).
    """

    def __init__(self, limit: int | None = None) -> None:
        self._room = _limit(_free_memory()) if limit is None else limit
        self._lock = threading.Lock()
        self._images: dict[str, NDArray[np.float32]] = {}

    def reserve(self, shape: tuple[int, int]) -> NDArray[np.float32] | None:
        """An uninitialised (lines, width) float32 array for one image, or None if there is no room for it."""
        n_bytes = 4 * shape[0] * shape[1]
        with self._lock:
            if n_bytes > self._room:
                return None
            self._room -= n_bytes
        return np.empty(shape, np.float32)

    def keep(self, path: StrPath, amplitudes: NDArray[np.float32]) -> None:
        """Keep the amplitudes of an image in an array from :meth:`reserve`."""
        self._images[os.path.abspath(path)] = amplitudes

    def of(self, path: StrPath) -> NDArray[np.float32] | None:
        """The (lines, width) float32 array of an image, or None if it is not kept."""
        return self._images.get(os.path.abspath(path))

    def clear(self) -> None:
        """Forget all images."""
        with self._lock:
            self._room += sum(image.nbytes for image in self._images.values())
            self._images.clear()


def read_amplitudes(
    path: StrPath,
    dtype: DTypeLike,
    width: int,
    lines: slice,
    samples: slice,
    following: tuple[StrPath, slice] | None = None,
    out: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """Amplitudes of a block of one image, while the system reads ahead what follows.

    Parameters
    ----------
    path : path-like
        The SLC.
    dtype : dtype
        Type of the parts of a pixel.
    width : int
        Range samples of the SLC.
    lines, samples : slice
        The block.
    following : (path-like, slice), optional
        Image and lines that will be read next.
    out : (n,) float32 array, optional
        Where the result goes.

    Returns
    -------
    (n,) float32 array
        Line by line.
    """
    if following is not None:
        prefetch(following[0], dtype, width, 2, following[1], samples)
    return amplitude(read_pixels(path, dtype, width, lines, samples), out)


def most_kept(image_bytes: int, n_images: int, free: float) -> int:
    """Bytes of the amplitudes that are kept.

    Parameters
    ----------
    image_bytes : int
        Amplitudes of one image.
    n_images : int
    free : float
        Free memory of the machine.

    Returns
    -------
    int
        Whole images.
    """
    return min(n_images, _limit(free) // max(image_bytes, 1)) * image_bytes


def _limit(free: float) -> int:
    return int(min(MOST_BYTES, _SHARE_OF_FREE * free))


def _free_memory() -> float:
    """Bytes that the machine can spare; infinite where it does not tell."""
    try:
        for row in Path("/proc/meminfo").read_text().splitlines():
            if row.startswith("MemAvailable:"):
                return 1024 * int(row.split()[1])
    except (OSError, ValueError):
        pass
    return float("inf")
