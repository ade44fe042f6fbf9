"""Values of rasters at the candidates: raw bytes, in the byte order of the rasters.

Source: docs/method/preparation.md, sections 5.4 to 5.6.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from stamps.errors import InputError
from stamps.frontends.lists import read_candidates, read_raster_list
from stamps.frontends.names import MOVED
from stamps.frontends.rasters import count_lines, line_blocks, map_raster, prefetch, read_rows
from stamps.frontends.threads import in_order
from stamps.workspace.progress import progress

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps._typing import StrPath

    _Unsigned = TypeVar("_Unsigned", bound=np.unsignedinteger[Any])


__all__ = ["no_numbers", "read_positions", "sample_lonlat", "sample_phases", "sample_values"]

_PAGE = 4096  # bytes: with at least one candidate in every page of the file nothing is saved by mapping it


def read_positions(ij: StrPath, selected_now: bool = False) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Lines and samples of the candidates.

    Parameters
    ----------
    ij : path-like
        ``pscands.1.ij``.
    selected_now : bool
        The selection has just written it: read the binary ``.int`` beside it, which holds the same.

    Returns
    -------
    line, sample : (n,) int64 arrays
    """
    if not selected_now:
        return read_candidates(ij)
    sample, line = np.fromfile(f"{ij}.int", ">i4").reshape(-1, 2).T.astype(np.int64)
    return line, sample


def sample_lonlat(
    list_file: StrPath, root: StrPath, line: NDArray[np.int64], sample: NDArray[np.int64], out: StrPath
) -> None:
    """Write longitude and latitude, pixel by pixel.

    Parameters
    ----------
    list_file : path-like
        ``psclonlat.in``: width, longitude raster, latitude raster (float32).
    root : path-like
        Where relative raster paths start.
    line, sample : (n,) int64 arrays
        Positions from 0.
    out : path-like
        The output.

    Raises
    ------
    InputError
        A raster is missing or ends before a candidate.
    """
    width, rasters = read_raster_list(list_file, root)
    if len(rasters) < 2:
        raise InputError(f"The list {list_file} must name a longitude and a latitude raster.")
    offset = line * width + sample
    pairs = np.empty((offset.size, 2), np.uint32)
    for k in range(2):
        pairs[:, k] = _take(rasters[k], offset, np.empty(offset.size, np.uint32))
    _write(out, pairs)


def sample_values(
    list_file: StrPath,
    root: StrPath,
    line: NDArray[np.int64],
    sample: NDArray[np.int64],
    out: StrPath,
    itemsize: int = 4,
) -> None:
    """Write the values of one real raster; zeros, with a warning, if it cannot be read.

    Parameters
    ----------
    list_file : path-like
        ``pscdem.in``: width and raster.
    root : path-like
        Where a relative raster path starts.
    line, sample : (n,) int64 arrays
        Positions from 0.
    out : path-like
        The output.
    itemsize : int
        Bytes per value: 4 or 8.

    Raises
    ------
    InputError
        The raster ends before a candidate.
    """
    width, rasters = read_raster_list(list_file, root)
    values = np.zeros(line.size, f"u{itemsize}")
    if rasters and os.access(rasters[0], os.R_OK):
        _take(rasters[0], line * width + sample, values)
    else:
        name = rasters[0] if rasters else f"The raster that {list_file} should name"
        print(f"PSCDEM: {name} cannot be read, all values are set to 0; {MOVED}.", file=sys.stderr)
    _write(out, values)


def sample_phases(
    list_file: StrPath,
    root: StrPath,
    line: NDArray[np.int64],
    sample: NDArray[np.int64],
    out: StrPath,
    order: str | None = None,
) -> dict[str, int]:
    """Write complex values: all candidates of the first interferogram, then all of the second …

    Parameters
    ----------
    list_file : path-like
        ``pscphase.in``: width and interferograms (complex float32).
    root : path-like
        Where relative raster paths start.
    line, sample : (n,) int64 arrays
        Positions from 0.
    out : path-like
        The output.
    order : {'<', '>'}, optional
        Byte order of the rasters: count what is no number.

    Returns
    -------
    dict
        With ``order``: interferogram to the number of candidates where it is infinite or no number.

    Raises
    ------
    InputError
        An interferogram is missing or ends before a candidate.
    """
    width, rasters = read_raster_list(list_file, root)
    offset = line * width + sample
    not_finite = {}

    def values(name: str) -> NDArray[np.uint64]:
        return _take(name, offset, np.empty(offset.size, np.uint64))

    with open(out, "wb") as file:
        taken = in_order(values, rasters)
        shown = progress(taken, total=len(rasters), unit=" interferograms", title="pscphase")
        for name, column in zip(rasters, shown, strict=True):
            file.write(column.data)
            if order is not None:
                not_finite[name] = int(np.count_nonzero(no_numbers(column, order)))
    return not_finite


def no_numbers(column: NDArray[np.uint64], order: str) -> NDArray[np.bool_]:
    """Which complex float32 values, (n,) uint64 as they are in the file, are infinite or no number: (n,) bool array."""
    exponent = np.array(0x7F800000, f"{order}u4").view(np.uint32)
    parts = (column.view(np.uint32) & exponent) == exponent
    return parts[::2] | parts[1::2] if parts.any() else np.zeros(column.size, bool)


def _take(path: StrPath, offset: NDArray[np.int64], out: NDArray[_Unsigned]) -> NDArray[_Unsigned]:
    """Values of a raster at pixel offsets, as unsigned integers of the type of ``out``: bytes, not interpreted."""
    available = count_lines(path, out.dtype, 1)
    if offset.size == 0:
        return out
    last = int(offset.max())
    if last >= available:
        raise InputError(
            f"The raster {path} ends after {available} pixels, but a candidate is pixel {last + 1}: "
            "the export is incomplete or the width is wrong."
        )
    first = int(offset[0])
    dense = out.itemsize * (last - first) < _PAGE * offset.size
    if not dense or np.any(offset[1:] < offset[:-1]):
        # "clip" because only then the values go straight to ``out``; all offsets are inside
        return np.take(map_raster(path, out.dtype, 1)[:, 0], offset, out=out, mode="clip")
    pixels = slice(first, last + 1)  # as lines of one pixel each
    for block in line_blocks(pixels, slice(0, 1)):
        prefetch(path, out.dtype, 1, 1, slice(block.stop, min(2 * block.stop - block.start, pixels.stop)), slice(0, 1))
        rows = slice(*np.searchsorted(offset, (block.start, block.stop)))
        np.take(read_rows(path, out.dtype, 1, block)[:, 0], offset[rows] - block.start, out=out[rows], mode="clip")
    return out


def _write(path: StrPath, values: NDArray[np.unsignedinteger[Any]]) -> None:
    with open(path, "wb") as file:
        file.write(values.data)
