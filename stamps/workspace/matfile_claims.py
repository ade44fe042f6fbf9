"""What a MAT file claims to hold, judged by its length before memory is given to it.

A few kilobytes can claim terabytes: by a header, by compression, by chunks of an HDF5 file that were never written. Cells within
cells can be so deep that a reader that calls itself for each level ends without a word.
"""

from __future__ import annotations

import contextlib
import math
import os
import struct
from collections.abc import Sequence
from typing import TYPE_CHECKING

from stamps.workspace.limits import available_gib
from stamps.workspace.matfile_source import COMPRESSED, MATRIX, Source

if TYPE_CHECKING:
    from stamps._typing import StrPath
    from stamps.workspace.matfile5 import Element


__all__ = ["check_elements", "check_hdf5", "check_nesting"]

#: Deflate makes nothing smaller than this.
_BEST_RATIO = 1032

#: Bytes that are not worth a doubt.
_HARMLESS = 1 << 24

#: Cells, structures and objects within each other; those of MATLAB users have a handful of levels.
_DEEPEST = 100

#: Longest dimensions or name of a variable, bytes: MATLAB's names have 63 letters.
_LONGEST_HEADER = 4096

_SHORT, _NAME, _DIMENSIONS, _FLAGS = 0, 1, 5, 6  # types of data elements; 0 is none
_CONTAINERS = (1, 2, 3)  # classes of cells, structures and objects


def check_nesting(path: StrPath) -> None:
    """Check the cells and structures of a level-5 file: how deep they are, how much they claim.

    Parameters
    ----------
    path : path-like
        A file of another form is not looked into.

    Raises
    ------
    ValueError, EOFError, struct.error, zlib.error
        They cannot be read.
    """
    with open(path, "rb") as file:
        order = {b"IM": "<", b"MI": ">"}.get(file.read(128)[126:])
        most = {COMPRESSED: int(available_gib() * 2**30 / 4), MATRIX: os.fstat(file.fileno()).st_size}
        while order and len(tag := file.read(8)) == 8:
            kind, n_bytes = struct.unpack(order + "II", tag)
            end = file.tell() + n_bytes
            if kind in most:
                file.seek(-8, os.SEEK_CUR)
                _walk(Source(file, order), order, most[kind])
            file.seek(end)


def _walk(source: Source, order: str, most: int) -> None:
    """Go through the data elements of one variable as far as they can hold others; no call within a call."""
    ends: list[int] = []
    matlab_class = 0
    while True:
        if source.position > most:
            raise ValueError(f"cells or structures of more than {most / 2**30:.3g} GiB, a quarter of the memory")
        while ends and source.position >= ends[-1]:
            ends.pop()
        if not ends and source.position:
            return
        kind, n_bytes, padding = _tag(source, order)
        if ends and source.position + n_bytes > ends[-1]:
            raise ValueError("a data element that is longer than what it is part of")
        if kind == MATRIX:
            ends.append(source.position + n_bytes)
            if len(ends) > _DEEPEST:
                raise ValueError(f"cells or structures within each other, more than {_DEEPEST} deep")
            continue
        if kind == _FLAGS:
            matlab_class = struct.unpack(order + "I", source.exactly(8)[:4])[0] & 0xFF
            if matlab_class not in _CONTAINERS and len(ends) == 1:
                return  # holds numbers only
            continue
        if kind in (_DIMENSIONS, _NAME) and n_bytes > _LONGEST_HEADER and matlab_class in _CONTAINERS:
            raise ValueError(f"dimensions or a name of {n_bytes} bytes")
        if kind == _DIMENSIONS and n_bytes:
            shape = struct.unpack(f"{order}{n_bytes // 4}i", source.exactly(n_bytes))
            _pad(source, padding)
            _check_count(shape, matlab_class, ends[-1] - source.position if ends else 0)
            continue
        source.skip(min(n_bytes, most + 1))  # what is longer ends at the check above
        _pad(source, padding)


def _pad(source: Source, n: int) -> None:
    """Pass over the padding of a data element, which some writers leave out at the end."""
    with contextlib.suppress(EOFError):
        source.skip(n)


def _tag(source: Source, order: str) -> tuple[int, int, int]:
    """Type, bytes and padding of the data element that begins here; of a short one nothing is left to read."""
    head = source.exactly(8)
    kind, n_bytes = struct.unpack(order + "II", head)
    if kind >> 16:
        return _SHORT, 0, 0
    return kind, n_bytes, 0 if kind == MATRIX else -n_bytes % 8


def _check_count(shape: tuple[int, ...], matlab_class: int, left: int) -> None:
    if matlab_class in _CONTAINERS and (min(shape) < 0 or math.prod(shape) > max(left, _HARMLESS // 8)):
        raise ValueError(f"cells or structures of {' x '.join(map(str, shape))}, of which {left} bytes are there")


def check_elements(elements: Sequence[Element], size: int) -> None:
    """Check the variables of a level-5 file.

    Parameters
    ----------
    elements : iterable of stamps.workspace.matfile5.Element
        With a dtype.
    size : int
        Bytes of the file.

    Raises
    ------
    ValueError
        The file cannot hold them, or the memory cannot.
    """
    for element in elements:
        if element.dtype is not None:
            if min(element.shape, default=0) < 0:
                raise ValueError(f"variable '{element.name}' has a negative dimension")
            _check(element.name, math.prod(element.shape) * element.dtype.itemsize, size)


def check_hdf5(path: StrPath, names: Sequence[str]) -> None:
    """Check variables of an HDF5 file, as :func:`check_elements`."""
    import h5py

    with h5py.File(path) as file:
        for name in names:
            item = file.get(name)
            if isinstance(item, h5py.Dataset):
                _check(name, math.prod(item.shape) * item.dtype.itemsize, item.id.get_storage_size())


def _check(name: str, claimed: int, stored: int) -> None:
    if claimed <= _HARMLESS:
        return
    if claimed > stored * _BEST_RATIO:
        raise ValueError(f"variable '{name}' claims {claimed / 2**30:.3g} GiB, but only {stored} bytes are there")
    if claimed / 2**30 > available_gib():
        raise ValueError(f"variable '{name}' claims {claimed / 2**30:.3g} GiB, more than the memory that is available")
