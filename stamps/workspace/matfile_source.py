"""The bytes of one variable of a level-5 MAT file, decompressed as they are asked for.

Source: MathWorks, MAT-File Format (level 5).
"""

from __future__ import annotations

import os
import struct
import zlib
from io import BufferedReader
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


__all__ = ["COMPRESSED", "MATRIX", "PIECE", "Source"]

COMPRESSED, MATRIX = 15, 14  # miCOMPRESSED, miMATRIX

#: Bytes read or written at a time.
PIECE = 1 << 22


class Source:
    """The bytes of one element, decompressed as they are asked for.

    Parameters
    ----------
    file : binary file
        Where the tag of the element begins.
    order : {'<', '>'}
        Byte order of the file.

    Attributes
    ----------
    position : int
        Bytes that :meth:`exactly` and :meth:`skip` have passed, decompressed.
    """

    def __init__(self, file: BufferedReader, order: str = "<") -> None:
        self._file, self.position = file, 0
        self._packed: _Packed | None = None
        kind, n_bytes = struct.unpack(order + "II", _all(file.read(8), 8))
        if kind == COMPRESSED:
            self._packed = _Packed(file, n_bytes)
        else:
            file.seek(-8, 1)

    def exactly(self, n: int) -> bytes:
        """The next ``n`` bytes."""
        self.position += n
        if self._packed is None:
            return _all(self._file.read(n), n)
        pieces, missing = [], n
        while missing:
            pieces.append(self._packed.some(missing))
            missing -= len(pieces[-1])
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def skip(self, n: int) -> None:
        """Pass over ``n`` bytes."""
        self.position += n
        if self._packed is None:
            if self._file.seek(n, os.SEEK_CUR) > os.fstat(self._file.fileno()).st_size:
                raise EOFError("the file ends within a variable")
            return
        while n:
            n -= len(self._packed.some(min(n, PIECE)))

    def into(self, view: NDArray[np.uint8]) -> None:
        """Fill an array of bytes."""
        if self._packed is None:
            if self._file.readinto(view.data) != len(view):
                raise EOFError("the file ends within a variable")
            return
        while len(view):
            piece = self._packed.some(len(view))
            view[: len(piece)] = np.frombuffer(piece, np.uint8)
            view = view[len(piece) :]

    def unpack(self, form: str) -> tuple[int, ...]:
        """The next numbers."""
        return struct.unpack(form, self.exactly(struct.calcsize(form)))

    def small_element(self, kind: int) -> bytes:
        """Content of a data element of the given type."""
        head = self.exactly(8)
        found, short = struct.unpack("<HH", head[:4])
        if short:
            content = head[4 : 4 + short]
        else:
            found, n_bytes = struct.unpack("<II", head)
            content = self.exactly(n_bytes)
            self.exactly(-n_bytes % 8)
        if found != kind:
            raise ValueError(f"a data element of type {found} instead of {kind}")
        return content

    def finish(self) -> None:
        """Read to the end of a compressed element, where its checksum is."""
        if self._packed is not None:
            self._packed.finish()


class _Packed:
    """The content of a compressed element, unpacked as it is asked for.

    Parameters
    ----------
    file : binary file
        Where the content begins.
    n_bytes : int
        Of the content, compressed.
    """

    def __init__(self, file: BufferedReader, n_bytes: int) -> None:
        self._file, self._left, self._step = file, n_bytes, 512
        self._decompressor = zlib.decompressobj()

    def finish(self) -> None:
        """Unpack to the end."""
        while not self._decompressor.eof:
            self._decompress(PIECE)

    def some(self, most: int) -> bytes:
        """At least one byte, at most ``most``."""
        while not self._decompressor.eof:
            if piece := self._decompress(most):
                return piece
        raise EOFError("a compressed variable ends too early")

    def _decompress(self, most: int) -> bytes:
        given = self._decompressor.unconsumed_tail
        if not given:
            given = self._file.read(min(self._left, self._step))
            self._left -= len(given)
            self._step = min(8 * self._step, PIECE)  # small at first: often only the header is read
        piece = self._decompressor.decompress(given, most)
        if not (given or piece or self._decompressor.eof):
            raise EOFError("a compressed variable ends too early")
        return piece


def _all(content: bytes, n: int) -> bytes:
    if len(content) != n:
        raise EOFError("the file ends within a variable")
    return content
