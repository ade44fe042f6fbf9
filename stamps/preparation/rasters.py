"""Rasters on disk: memory-mapped, read in blocks of lines, one file open at a time.

Offsets are Python integers (64 bit and more); a raster may be larger than the memory.

Source: spec 02 sections 1 and 5.
"""

import mmap
import os

import numpy as np

from stamps.errors import InputError, ParameterError

__all__ = ["line_blocks", "map_raster", "pixel_type", "prefetch", "read_pixels"]

BLOCK_PIXELS = 1 << 22  # 32 MiB of complex float32: long enough for sequential speed, short enough for any memory

_PIXEL_TYPES = {"f": "f4", "s": "i2"}


def pixel_type(precision="f", byteswap=0):
    """Type of the real and the imaginary part of an SLC pixel.

    Parameters
    ----------
    precision : str
        ``'f'`` complex float32 or ``'s'`` complex int16.
    byteswap : int
        1: big-endian, 0: little-endian.

    Returns
    -------
    dtype
    """
    if precision not in _PIXEL_TYPES:
        raise ParameterError(f"The precision is '{precision}', but only 'f' (float) and 's' (short integer) exist.")
    return np.dtype((">" if int(byteswap) else "<") + _PIXEL_TYPES[precision])


def map_raster(path, dtype, width, values=1):
    """Map a raster into memory, read-only.

    Parameters
    ----------
    path : path-like
        Row-major raster without header.
    dtype : dtype
        Type of one value.
    width : int
        Pixels per line.
    values : int
        Values per pixel (2 for the parts of a complex number).

    Returns
    -------
    (lines, width) or (lines, width, values) array
        Complete lines only. The file is closed when the array is dropped.

    Raises
    ------
    InputError
        The file is missing or cannot be read.
    """
    dtype = np.dtype(dtype)
    shape = (width,) if values == 1 else (width, values)
    try:
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            lines = size // (dtype.itemsize * width * values)
            if lines == 0:
                return np.empty((0, *shape), dtype)
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except OSError as error:
        raise InputError(f"The raster {path} cannot be read ({error.strerror}): check its path in the list.") from error
    return np.frombuffer(mapped, dtype, lines * width * values).reshape(lines, *shape)


def prefetch(path, dtype, width, values, lines, samples):
    """Ask the system to read part of a raster ahead while something else is computed; harmless if it cannot."""
    if not hasattr(os, "posix_fadvise"):
        return
    pixel = np.dtype(dtype).itemsize * values
    row = pixel * width
    used = pixel * (samples.stop - samples.start)
    try:
        with open(path, "rb", buffering=0) as file:
            if 2 * used >= row:
                parts = [(row * lines.start, row * (lines.stop - lines.start))]
            else:
                parts = [(row * line + pixel * samples.start, used) for line in range(lines.start, lines.stop)]
            for offset, length in parts:
                os.posix_fadvise(file.fileno(), offset, length, os.POSIX_FADV_WILLNEED)
    except OSError:
        pass  # whoever reads the file explains what is wrong with it


def line_blocks(lines, samples, pixels=None):
    """Cut a range of lines into blocks of about ``pixels`` pixels (at least one line each).

    Parameters
    ----------
    lines, samples : slice
        The part of the image, from 0.
    pixels : int, optional
        Pixels per block (default ``BLOCK_PIXELS``).

    Yields
    ------
    slice
    """
    step = max(1, (BLOCK_PIXELS if pixels is None else pixels) // max(1, samples.stop - samples.start))
    for first in range(lines.start, lines.stop, step):
        yield slice(first, min(first + step, lines.stop))


def read_pixels(raster, lines, samples):
    """Native float32 copy of a block of complex pixels.

    Parameters
    ----------
    raster : (lines, width, 2) array
        A mapped SLC of any byte order or number type.
    lines, samples : slice
        The block.

    Returns
    -------
    (n, 2) float32 array
        Real and imaginary parts, line by line.
    """
    return np.ascontiguousarray(raster[lines, samples], dtype=np.float32).reshape(-1, 2)
