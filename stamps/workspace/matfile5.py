"""Full numeric arrays in level-5 MAT files, written and read in pieces so that memory stays near the size of the array.

Strings, sparse matrices, cells and structures are left to SciPy (:mod:`stamps.workspace.matfile`); these arrays are nearly all of
the data, and general readers and writers hold several copies of each.

An array is compressed where that saves a fifth of its size; otherwise it is only wrapped (level 0, with the checksum of
the format): packing and unpacking phases and noise, which hardly shrink, costs more time than much of what is done to
them.

Source: MathWorks, MAT-File Format (level 5); docs/method/conventions.md, section 3.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

import numpy as np

from stamps.workspace.matfile_source import COMPRESSED, MATRIX, PIECE, Source

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps._typing import StrPath


__all__ = ["Element", "deflate", "elements", "is_numeric", "read_array", "write_array"]

#: Level of compression: a higher one takes several times as long for a few percent.
_LEVEL = 1

_WORTH = 0.8  # of the size: an array that does not shrink to this is only wrapped
_SMALL = 1 << 16  # bytes that are compressed without a trial
_TRIALS, _TRIAL = 8, 1 << 14  # pieces and their bytes
_ROWS = 1 << 12  # rows turned at a time, which stay in the cache

# dtype -> (code of the MATLAB class, code of the stored type)
_CODES = {
    "float64": (6, 9), "float32": (7, 7), "int8": (8, 1), "uint8": (9, 2), "int16": (10, 3), "uint16": (11, 4),
    "int32": (12, 5), "uint32": (13, 6), "int64": (14, 12), "uint64": (15, 13),
}  # fmt: skip
_CLASSES = {code: np.dtype(name) for name, (code, _) in _CODES.items()}
_STORED = {code: np.dtype(name).newbyteorder("<") for name, (_, code) in _CODES.items()}
_COMPLEX_FLAG, _LOGICAL_FLAG = 0x0800, 0x0200


# ---------------------------------------------------------------------- writing


def is_numeric(value: NDArray[Any] | str) -> bool:
    """Whether a value is an array that :func:`write_array` can write."""
    return isinstance(value, np.ndarray) and _plain(value.dtype) is not None


def write_array(stream: BinaryIO, name: str, array: NDArray[Any]) -> None:
    """Append an array to a level-5 file.

    Parameters
    ----------
    stream : binary file
        Open for writing and able to seek.
    name : str
        Name of the variable.
    array : ndarray, two or more dimensions
        Numeric, logical or complex; less than 4 GiB.
    """
    if array.size == 0 and array.dtype.kind == "c":
        array = array.real  # an empty array has no imaginary part in a file
    compressor: _Compressor = _compressor() if array.nbytes <= _SMALL or _shrinks(array) else zlib.compressobj(0)
    start = stream.tell()
    stream.write(struct.pack("<II", COMPRESSED, 0))
    for piece in _pieces_of_element(name, array):
        stream.write(compressor.compress(piece))
    stream.write(compressor.flush())
    end = stream.tell()
    stream.seek(start)
    stream.write(struct.pack("<II", COMPRESSED, end - start - 8))
    stream.seek(end)


def deflate(data: bytes | memoryview) -> bytes:
    """Bytes as a compressed stream."""
    compressor = _compressor()
    return compressor.compress(data) + compressor.flush()


class _Compressor(Protocol):
    """What a compressor of a stream can do."""

    def compress(self, data: bytes | memoryview, /) -> bytes: ...

    def flush(self) -> bytes: ...


def _compressor() -> _Compressor:
    """A compressor of zlib streams, by ISA-L where it is installed, which is several times as fast."""
    try:
        from isal import isal_zlib
    except ImportError:
        return zlib.compressobj(_LEVEL)
    return isal_zlib.compressobj(_LEVEL)


def _plain(dtype: np.dtype[Any]) -> np.dtype[Any] | None:
    """Type of the stored numbers of a dtype, or None if it is not numeric."""
    if dtype.kind == "b":
        return np.dtype(np.uint8)
    if dtype.name in ("complex64", "complex128"):
        return np.dtype(f"f{dtype.itemsize // 2}")
    return dtype if dtype.name in _CODES else None


def _parts(array: NDArray[Any]) -> list[NDArray[Any]]:
    """Real and, if there is one, imaginary part of an array; logical as uint8."""
    if array.dtype.kind == "c":
        return [array.real, array.imag]
    return [array.view(np.uint8) if array.dtype.kind == "b" else array]


def _shrinks(array: NDArray[Any]) -> bool:
    """Whether compression is worth its time, judged by pieces from all over the array."""
    tried = packed = 0
    for part in _parts(array):
        columns = part.reshape(part.shape[0], -1, order="F") if part.ndim != 2 else part
        rows = max(1, _TRIAL // part.itemsize)
        for k in range(_TRIALS):
            column = columns[:, k * columns.shape[1] // _TRIALS]
            first = k * max(0, len(column) - rows) // max(1, _TRIALS - 1)
            piece = column[first : first + rows].tobytes()
            tried += len(piece)
            packed += len(deflate(piece))
    return packed <= _WORTH * tried


def _pieces_of_element(name: str, array: NDArray[Any]) -> Iterator[memoryview | bytes]:
    """The bytes of an uncompressed element, piece by piece."""
    plain = _plain(array.dtype)
    assert plain is not None, "is_numeric"
    matlab_class, stored = _CODES[plain.name]
    flags = _COMPLEX_FLAG * (array.dtype.kind == "c") + _LOGICAL_FLAG * (array.dtype.kind == "b")
    header = struct.pack("<IIII", 6, 8, matlab_class | flags, 0)
    header += _small_element(5, struct.pack(f"<{array.ndim}i", *array.shape))
    header += _small_element(1, name.encode("ascii"))
    parts = _parts(array)
    n_bytes = plain.itemsize * array.size
    if n_bytes <= 4:
        content = b"".join(_small_element(stored, part.astype(plain.newbyteorder("<")).tobytes("F")) for part in parts)
        yield struct.pack("<II", MATRIX, len(header) + len(content)) + header + content
        return
    padding = -n_bytes % 8
    total = len(header) + len(parts) * (8 + n_bytes + padding)
    yield struct.pack("<II", MATRIX, total) + header
    for part in parts:
        yield struct.pack("<II", stored, n_bytes)
        yield from _columns(part, plain.newbyteorder("<"))
        if padding:
            yield bytes(padding)


def _small_element(kind: int, content: bytes) -> bytes:
    """A data element of at most a few bytes; up to four stand in the tag itself."""
    if len(content) <= 4:
        return struct.pack("<HH", kind, len(content)) + content.ljust(4, b"\0")
    return struct.pack("<II", kind, len(content)) + content + bytes(-len(content) % 8)


def _columns(part: NDArray[Any], dtype: np.dtype[Any]) -> Iterator[memoryview]:
    """The bytes of the numbers of an array, column by column, in groups of columns."""
    table = part if part.ndim == 2 else part.reshape(part.shape[0], -1, order="F")
    n_rows, n_columns = table.shape
    if table.flags.f_contiguous and table.dtype == dtype:
        yield from _cut(table.T.reshape(-1))
        return
    group = max(1, min(n_columns, max(16, PIECE // max(1, n_rows * dtype.itemsize))))
    for first in range(0, n_columns, group):
        columns = table[:, first : first + group]
        turned = np.empty((columns.shape[1], n_rows), dtype)
        for row in range(0, n_rows, _ROWS):
            turned[:, row : row + _ROWS] = columns[row : row + _ROWS].T
        yield from _cut(turned.reshape(-1))


def _cut(numbers: NDArray[Any]) -> Iterator[memoryview]:
    """The bytes of a contiguous array in pieces that a compressor takes."""
    step = PIECE // numbers.itemsize
    for first in range(0, numbers.size, step):
        yield numbers[first : first + step].view(np.uint8).data


# ---------------------------------------------------------------------- reading


@dataclass(frozen=True)
class Element:
    """One variable of a file.

    Attributes
    ----------
    name : str
    shape : tuple of int
    position : int
        Of its tag in the file.
    dtype : dtype or None
        Class of the array (bool for logical); None for what is not a full numeric array.
    """

    name: str
    shape: tuple[int, ...]
    position: int
    dtype: np.dtype[Any] | None


def elements(path: StrPath) -> list[Element]:
    """The variables of a little-endian level-5 file, in file order, by their headers.

    Raises
    ------
    ValueError, EOFError, zlib.error
        The file is not of this form, or it is damaged.
    """
    found = []
    with open(path, "rb") as file:
        if file.read(128)[124:] != b"\x00\x01IM":
            raise ValueError("not a little-endian level-5 MAT file")
        while tag := file.read(8):
            position = file.tell() - 8
            kind, n_bytes = struct.unpack("<II", tag)
            file.seek(position)
            found.append(_header(Source(file), position)[0])
            if not found[-1].name:
                raise ValueError("a variable without a name")  # what objects of MATLAB need
            file.seek(position + 8 + n_bytes)
    return found


def read_array(file: BufferedReader, element: Element) -> NDArray[Any]:
    """Read a full numeric array.

    Parameters
    ----------
    file : binary file
        Open for reading.
    element : Element
        From :func:`elements`, with a dtype.

    Returns
    -------
    ndarray
        In column-major order, of MATLAB's class.
    """
    assert element.dtype is not None, "a full numeric array"
    file.seek(element.position)
    source = Source(file)
    _, is_complex = _header(source, element.position)
    real = element.dtype
    if real.kind == "b":
        real = np.dtype(np.uint8)
    is_complex = is_complex and 0 not in element.shape
    dtype = np.dtype(f"c{2 * real.itemsize}") if is_complex else real
    result = np.empty(element.shape, dtype, order="F")
    flat = result.T.reshape(-1)
    for target in (flat.real, flat.imag) if is_complex else (flat,):
        _fill(source, target)
    source.finish()
    return result != 0 if element.dtype.kind == "b" else result


def _header(source: Source, position: int) -> tuple[Element, bool]:
    """Element and whether it is complex; the source then stands at the data."""
    kind, _ = source.unpack("<II")
    if kind != MATRIX:
        raise ValueError(f"a data element of type {kind} where a variable was expected")
    if source.unpack("<II") != (6, 8):
        raise ValueError("a variable without array flags")
    flags, _ = source.unpack("<II")
    dimensions = source.small_element(5)
    shape = struct.unpack(f"<{len(dimensions) // 4}i", dimensions)
    name = source.small_element(1).decode("latin-1")
    dtype = _CLASSES.get(flags & 0xFF)
    if flags & _LOGICAL_FLAG and dtype is not None:
        dtype = np.dtype(bool) if dtype == np.uint8 else None  # odd forms are the general reader's business
    if dtype is not None and flags & _COMPLEX_FLAG and dtype.kind != "f":
        dtype = None
    return Element(name, shape, position, dtype), bool(flags & _COMPLEX_FLAG)


def _fill(source: Source, target: NDArray[Any]) -> None:
    """Read the numbers of one part; they may be stored in a smaller type than that of their class."""
    head = source.exactly(4)
    kind, short = struct.unpack("<HH", head)
    if short:  # up to four bytes stand in the tag itself
        stored, n_bytes, padding = _STORED[kind], short, 4 - short
    else:
        stored = _STORED[struct.unpack("<I", head)[0]]
        (n_bytes,) = source.unpack("<I")
        padding = -n_bytes % 8
    if n_bytes != stored.itemsize * target.size:
        raise ValueError(f"{n_bytes} bytes for {target.size} numbers")
    step = PIECE // stored.itemsize
    for first in range(0, target.size, step):
        part = target[first : first + step]
        if part.flags.c_contiguous and part.dtype == stored:
            source.into(part.view(np.uint8))
        else:
            part[:] = np.frombuffer(source.exactly(stored.itemsize * part.size), stored)
    source.exactly(padding)
