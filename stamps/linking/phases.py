"""Phases of candidates, raw and linked: ``pscands.1.ph`` of a single master and of a network of pairs.

Source: docs/method/linking.md, sections 8.1 and 9.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from stamps.frontends.rasters import map_raster
from stamps.frontends.sampling import sample_phases
from stamps.insar.phase import unit_modulus
from stamps.linking.files import LinkFolder
from stamps.linking.stack import PreparedStack, phasors_of
from stamps.workspace import Workspace

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["PairPhases", "SingleMasterPhases", "pair_of"]

_PIXELS = 1 << 16  # candidates of which all images are in memory at a time


@dataclass(frozen=True)
class SingleMasterPhases:
    """Writer of interferograms with the master.

    PS keep the value of the raster, bit by bit; DS its modulus with the linked phase. ``link`` may be None where there are no DS.
    """

    ws: Workspace
    stack: PreparedStack
    link: LinkFolder | None

    def __call__(
        self, folder: Workspace, line: NDArray[np.int64], sample: NDArray[np.int64], is_ds: NDArray[np.bool_]
    ) -> None:
        """Write ``pscands.1.ph`` of a patch."""
        path = folder.file("pscands.1.ph")
        sample_phases(self.ws.file("pscphase.in"), self.ws.path, line, sample, path)
        columns = np.flatnonzero(is_ds)
        if self.link is None or not columns.size:
            return
        dtype = self.stack.complex_type
        for k, date in enumerate(self.stack.slaves):
            place = k * line.size * dtype.itemsize
            values = np.fromfile(path, dtype, line.size, offset=place)
            linked = np.conj(self.link.linked_values(date, line[columns], sample[columns]))  # master x conj(slave)
            modulus = np.abs(values[columns].astype(np.complex64))
            values[columns] = modulus * unit_modulus(linked)
            with open(path, "r+b") as file:
                _write_at(file, place, values)


@dataclass(frozen=True)
class PairPhases:
    """Writer of pairs (i, j), first × conj(second): √(|f_i||f_j|) exp(j(θ_i − θ_j)), θ linked for DS and raw for PS.

    Attributes
    ----------
    stack : PreparedStack
    link : LinkFolder
    pairs : (n_pair, 2) int array
        0-based images.
    """

    stack: PreparedStack
    link: LinkFolder
    pairs: NDArray[np.int64]

    def __call__(
        self, folder: Workspace, line: NDArray[np.int64], sample: NDArray[np.int64], is_ds: NDArray[np.bool_]
    ) -> None:
        """Write ``pscands.1.ph`` of a patch, in the byte order of the stack."""
        path = folder.file("pscands.1.ph")
        dtype = self.stack.complex_type
        with open(path, "wb") as file:
            for first in range(0, line.size, _PIXELS):
                part = slice(first, first + _PIXELS)
                images = self._images(line[part], sample[part], is_ds[part])
                for k, (i, j) in enumerate(self.pairs):
                    place = (k * line.size + first) * dtype.itemsize
                    _write_at(file, place, pair_of(images[i], images[j]).astype(dtype))

    def _images(
        self, line: NDArray[np.int64], sample: NDArray[np.int64], is_ds: NDArray[np.bool_]
    ) -> NDArray[np.complex64]:
        """Calibrated images at pixels, (n_image, n): amplitudes of the SLCs, phases linked or raw; 0: no number."""
        stack, link = self.stack, self.link
        interferogram_of = stack.interferogram_of
        images = np.empty((stack.n_images, line.size), np.complex64)
        for k, date in enumerate(stack.dates):
            slc = _values_at(stack.slcs[k], stack.slc_type, stack.width, line, sample)
            raw = np.ones(line.size, np.complex64)
            if date != stack.master:
                raw = np.conj(_values_at(interferogram_of[date], stack.real_type, stack.width, line, sample))
            raw[is_ds] = link.linked_values(date, line[is_ds], sample[is_ds])
            images[k] = stack.calibrated(k, slc) * phasors_of(raw)
        return images


def _write_at(file: IO[bytes], place: int, values: NDArray[Any]) -> None:
    """Write values; not through a memory map, for which a full disk is no error but the end of the process."""
    file.seek(place)
    file.write(np.ascontiguousarray(values).tobytes())


def pair_of(first: NDArray[np.complex64], second: NDArray[np.complex64]) -> NDArray[np.complex64]:
    """First × conj(second) with the geometric mean of their moduli."""
    amplitude = np.sqrt(np.abs(first) * np.abs(second))
    return (amplitude * (unit_modulus(first) * np.conj(unit_modulus(second)))).astype(np.complex64)


def _values_at(
    path: str, dtype: np.dtype[Any], width: int, line: NDArray[np.int64], sample: NDArray[np.int64]
) -> NDArray[np.complex64]:
    """Complex values of a raster at pixels, (n,)."""
    parts = np.ascontiguousarray(map_raster(path, dtype, width, 2)[line, sample], np.float32)
    return parts.view(np.complex64)[:, 0]
