"""Rasters on disk: read in blocks of lines, or mapped where only few of their pixels are needed.

Offsets are Python integers (64 bit and more); a raster may be larger than the memory.

Source: docs/method/preparation.md, sections 1 and 5.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import InputError, ParameterError
from stamps.frontends.names import MOVED
from stamps.workspace.plain_files import check_input

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

    from stamps._typing import StrPath


__all__ = [
    "SEQUENTIAL_PIXELS",
    "count_lines",
    "line_blocks",
    "map_raster",
    "pixel_type",
    "prefetch",
    "read_pixels",
    "read_rows",
    "sample_lines",
]

BLOCK_PIXELS = 1 << 21  # 16 MiB of complex float32: long enough for sequential speed, short enough for any memory

SEQUENTIAL_PIXELS = 1 << 18  # where one file is read to its end: the block stays in the processor's cache

_PIXEL_TYPES = {"f": "f4", "s": "i2"}


def pixel_type(precision: str = "f", byteswap: int = 0) -> np.dtype[Any]:
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


def map_raster(path: StrPath, dtype: DTypeLike, width: int, values: int = 1) -> NDArray[Any]:
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
        check_input(path)
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            lines = size // (dtype.itemsize * width * values)
            if lines == 0:
                return np.empty((0, *shape), dtype)
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except OSError as error:
        raise _unreadable(path, error) from error
    return np.frombuffer(mapped, dtype, lines * width * values).reshape(lines, *shape)


def prefetch(path: StrPath, dtype: DTypeLike, width: int, values: int, lines: slice, samples: slice) -> None:
    """Ask the system to read part of a raster ahead while something else is computed; harmless if it cannot."""
    if not hasattr(os, "posix_fadvise"):
        return
    pixel = np.dtype(dtype).itemsize * values
    row = pixel * width
    used = pixel * (samples.stop - samples.start)
    try:
        check_input(path)
        with open(path, "rb", buffering=0) as file:
            if _mostly(samples, width):
                parts = [(row * lines.start, row * (lines.stop - lines.start))]
            else:
                parts = [(row * line + pixel * samples.start, used) for line in range(lines.start, lines.stop)]
            for offset, length in parts:
                os.posix_fadvise(file.fileno(), offset, length, os.POSIX_FADV_WILLNEED)
    except OSError:
        pass  # whoever reads the file explains what is wrong with it


def line_blocks(lines: slice, samples: slice, pixels: int | None = None) -> Iterator[slice]:
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


def count_lines(path: StrPath, dtype: DTypeLike, width: int, values: int = 1) -> int:
    """Complete lines of a raster; arguments and errors of :func:`map_raster`."""
    try:
        size = os.stat(path).st_size
    except OSError as error:
        raise _unreadable(path, error) from error
    return size // (np.dtype(dtype).itemsize * width * values)


def read_rows(path: StrPath, dtype: DTypeLike, width: int, lines: slice, values: int = 1) -> NDArray[Any]:
    """Read complete lines of a raster in the byte order of the processor.

    Reading is faster than mapping where all pixels are needed, and what is read does not count twice, as memory of the
    process and in the system's file cache.

    Parameters
    ----------
    path : path-like
    dtype : dtype
        Type of one value in the file.
    width : int
        Pixels per line.
    lines : slice
    values : int
        Values per pixel.

    Returns
    -------
    (lines, width) or (lines, width, values) array

    Raises
    ------
    InputError
        The file is missing, cannot be read, or ends before the last line.
    """
    dtype = np.dtype(dtype)
    shape = (lines.stop - lines.start, width) if values == 1 else (lines.stop - lines.start, width, values)
    rows = np.empty(shape, dtype.newbyteorder("="))
    rest = rows.reshape(-1).view(np.uint8).data
    try:
        check_input(path)
        with open(path, "rb", buffering=0) as file:
            file.seek(dtype.itemsize * width * values * lines.start)
            while rest:
                count = file.readinto(rest)
                if not count:
                    raise InputError(f"The raster {path} ends before line {lines.stop} of {width} pixels.")
                rest = rest[count:]
    except OSError as error:
        raise _unreadable(path, error) from error
    return rows if dtype.isnative else rows.byteswap(inplace=True)


def sample_lines(path: StrPath, dtype: DTypeLike, width: int, lines: NDArray[np.int64]) -> NDArray[Any]:
    """Read single lines of complex pixels, spread over a raster.

    Parameters
    ----------
    path : path-like
    dtype : dtype
        Type of the parts of a pixel in the file.
    width : int
        Pixels per line.
    lines : (n,) int array
        From 0, ascending.

    Returns
    -------
    (n, width, 2) array
        Real and imaginary parts in the byte order of the processor.

    Raises
    ------
    InputError
        The file is missing, cannot be read, or ends before the last line.
    """
    dtype = np.dtype(dtype)
    parts = np.empty((len(lines), width, 2), dtype)
    row = parts[0].nbytes
    try:
        check_input(path)
        with open(path, "rb", buffering=0) as file:
            if hasattr(os, "posix_fadvise"):
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_RANDOM)
                for line in lines:  # all at once, so that the disk may choose the order
                    os.posix_fadvise(file.fileno(), row * int(line), row, os.POSIX_FADV_WILLNEED)
            for target, line in zip(parts, lines, strict=True):
                file.seek(row * int(line))
                if file.readinto(target.reshape(-1).view(np.uint8).data) != row:
                    raise InputError(f"The raster {path} ends before line {int(line) + 1} of {width} pixels.")
    except OSError as error:
        raise _unreadable(path, error) from error
    return parts if dtype.isnative else parts.byteswap(inplace=True).view(dtype.newbyteorder())


def read_pixels(path: StrPath, dtype: DTypeLike, width: int, lines: slice, samples: slice) -> NDArray[np.float32]:
    """Read a block of complex pixels.

    Parameters
    ----------
    path : path-like
        SLC of any byte order or number type.
    dtype : dtype
        Type of the parts of a pixel.
    width : int
        Range samples of the SLC.
    lines, samples : slice
        The block.

    Returns
    -------
    (n, 2) float32 array
        Real and imaginary parts, line by line.

    Raises
    ------
    InputError
        The file is missing, cannot be read, or ends before the last line.
    """
    if _mostly(samples, width):
        block = read_rows(path, dtype, width, lines, 2)[:, samples]
    else:
        block = map_raster(path, dtype, width, 2)[lines, samples]
    return np.ascontiguousarray(block, dtype=np.float32).reshape(-1, 2)


def _mostly(samples: slice, width: int) -> bool:
    """Whether samples are so many of a line that all of it is read."""
    return 2 * (samples.stop - samples.start) >= width


def _unreadable(path: StrPath, error: OSError) -> InputError:
    return InputError(f"The raster {path} cannot be read ({error.strerror}): check its path in the list; {MOVED}.")
