"""Rasters of the folder ``LINK``: made in their full size, then read and written block by block.

Source: docs/method/linking.md, section 7.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.linking.files import IMAGE_TYPE, RASTERS
from stamps.workspace.plain_files import open_plain

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps.linking.blocks import Area

__all__ = ["Raster", "type_of"]

#: ENVI's numbers of the types.
_ENVI_TYPES = {"<c8": 6, "<f4": 4, "<u2": 12, "|u1": 1}


def type_of(name: str) -> np.dtype[Any]:
    """Type of a pixel of a raster, from its name."""
    if name in RASTERS:
        return RASTERS[name]
    return IMAGE_TYPE if name.endswith(("lslc", "cslc")) else RASTERS["tcoh.flt"]


class Raster:
    """A raster without header of the size of the image.

    Parameters
    ----------
    path : Path
    width, length : int
    values : int
        Numbers per pixel; 0: one, without an axis of its own.
    dtype : dtype, optional
        Default: by the name.
    """

    def __init__(
        self, path: Path, width: int, length: int, values: int = 0, dtype: np.dtype[Any] | None = None
    ) -> None:
        self.path = path
        self.dtype = type_of(path.name) if dtype is None else dtype
        self.shape = (length, width, values) if values else (length, width)

    @property
    def n_bytes(self) -> int:
        """Its size."""
        return int(np.prod(self.shape, dtype=np.int64)) * self.dtype.itemsize

    def is_complete(self) -> bool:
        """Whether it is there in its full size."""
        return self.path.is_file() and self.path.stat().st_size == self.n_bytes

    def create(self, header: bool = True) -> None:
        """Make it, full of zeros, with an ENVI header beside it."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.unlink(missing_ok=True)  # what a link leads to belongs to somebody else
        with open(self.path, "xb") as file:
            file.truncate(self.n_bytes)
        if header:
            text = (
                f"ENVI\nsamples = {self.shape[1]}\nlines = {self.shape[0]}\nbands = 1\nheader offset = 0\n"
                f"file type = ENVI Standard\ndata type = {_ENVI_TYPES[self.dtype.str]}\ninterleave = bsq\nbyte order = 0\n"
            )
            beside = self.path.with_name(f"{self.path.name}.hdr")
            beside.unlink(missing_ok=True)
            with open(beside, "x", encoding="ascii", newline="\n") as file:
                file.write(text)

    def read(self, area: Area) -> NDArray[Any]:
        """Pixels of an area, in memory."""
        mapped = np.memmap(self.path, self.dtype, "r", shape=self.shape)
        return np.array(mapped[area.lines, area.samples])

    def write(self, area: Area, values: NDArray[Any]) -> None:
        """Write the pixels of an area, and wait until the disk has them."""
        values = np.ascontiguousarray(values, self.dtype).reshape(*area.shape, *self.shape[2:])
        pixel = values[0, 0].nbytes if len(self.shape) > 2 else self.dtype.itemsize
        with open(open_plain(self.path, os.O_RDWR), "r+b", buffering=0) as file:
            if area.shape[1] == self.shape[1]:
                _write_at(file.fileno(), pixel * self.shape[1] * area.first_line, values)
            else:
                for line, row in zip(range(area.first_line, area.end_line), values, strict=True):
                    _write_at(file.fileno(), pixel * (self.shape[1] * line + area.first_sample), row)
            os.fsync(file.fileno())


def _write_at(descriptor: int, offset: int, values: NDArray[Any]) -> None:
    rest = memoryview(values.reshape(-1).view(np.uint8).data)
    os.lseek(descriptor, offset, os.SEEK_SET)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
