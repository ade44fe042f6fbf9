"""The stack that is linked: what a single-master preparation lists, checked as a whole, and its flattened images.

SLCs of SNAP, Gamma and Doris still hold flat-earth and topographic phase; only the interferograms are flattened. An image is
therefore the amplitude of the SLC with the phase of the interferogram: f_k = |s_k|/c_k exp(-j angle d_k), that of the master
|s_m|/c_m. Single-look phases close, so f_k conj(f_l) has the flattened phase of any pair.

Source: docs/method/linking.md, section 1.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import InputError
from stamps.frontends.lists import read_raster_list, read_selection_list
from stamps.frontends.raster_names import dates_in, short_names
from stamps.frontends.rasters import pixel_type, read_pixels
from stamps.frontends.registry import processor_of
from stamps.insar.phase import unit_modulus
from stamps.workspace.plain_files import read_input

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps.workspace import Workspace

__all__ = ["PreparedStack", "phasors_of"]

_FEWEST_IMAGES = 4
_NAMED = 3  # rasters that a message lists
_PIXEL = 8  # bytes of complex float32
_SHORT_PIXEL = 4  # bytes of complex int16


@dataclass(frozen=True)
class PreparedStack:
    """Rasters of a single-master project, as its lists name them.

    Attributes
    ----------
    width, length : int
        Range samples and azimuth lines.
    dates : tuple of str
        Of all images, yyyymmdd, ascending.
    master : str
        The image that all interferograms have in common.
    slcs : tuple of str
        Paths in the order of ``dates``.
    constants : (n_image,) float32 array
        Calibration constants in the order of ``dates``.
    interferograms : tuple of str
        Paths as ``pscphase.in`` lists them, that of the master with itself included where there is one.
    slaves : tuple of str
        Date of the second image of each of them.
    slc_type, real_type : dtype
        Type of the two parts of a pixel of an SLC and of an interferogram, byte order included.
    mask : str or None
        The mask of the preparation: one byte per pixel, 0 = use.
    """

    width: int
    length: int
    dates: tuple[str, ...]
    master: str
    slcs: tuple[str, ...]
    constants: NDArray[np.float32]
    interferograms: tuple[str, ...]
    slaves: tuple[str, ...]
    slc_type: np.dtype[Any]
    real_type: np.dtype[Any]
    mask: str | None = None

    @classmethod
    def of(cls, ws: Workspace) -> PreparedStack:
        """The stack of a project directory.

        Parameters
        ----------
        ws : Workspace
            Prepared for a single master.

        Returns
        -------
        PreparedStack

        Raises
        ------
        InputError
            With everything that is wrong: prepared for small baselines, fewer than four images, rasters missing or of another
            size, dates that do not fit.
        """
        _check_prepared(ws)
        width, interferograms = read_raster_list(ws.file("pscphase.in"), ws.path)
        selection = read_selection_list(ws.file("selpsc.in"), ws.path)
        length = int(read_input(ws.file("len.txt")).split()[0])
        big_endian = processor_of(_word(ws, "processor.txt")).big_endian
        slc_dates = [_last(dates_in(path)) for path in selection.names]
        master, slaves = _master_of(slc_dates, interferograms)
        _raise(
            [
                *_date_problems(selection.names, slc_dates, interferograms, slaves, master),
                *_size_problems(selection.names, (_SHORT_PIXEL, _PIXEL), (width, length)),
                *_size_problems(interferograms, (_PIXEL,), (width, length)),
            ]
        )
        order = np.argsort(slc_dates)
        short = os.path.getsize(selection.names[0]) == width * length * _SHORT_PIXEL
        mask = read_raster_list(ws.file("mask.in"), ws.path)[1] if ws.has_file("mask.in") else []
        return cls(
            width,
            length,
            tuple(slc_dates[k] for k in order),
            master,
            tuple(selection.names[k] for k in order),
            selection.constants[order],
            tuple(interferograms),
            tuple(slaves),
            pixel_type("s" if short else "f", int(big_endian)),
            pixel_type("f", int(big_endian)),
            mask[0] if mask else None,
        )

    @property
    def size(self) -> tuple[int, int]:
        """Samples and lines."""
        return self.width, self.length

    @property
    def n_images(self) -> int:
        """Number of images, the master included."""
        return len(self.dates)

    @property
    def master_ix(self) -> int:
        """0-based place of the master among the dates."""
        return self.dates.index(self.master)

    @property
    def interferogram_of(self) -> dict[str, str]:
        """Date of the second image -> path of the interferogram with the master."""
        return dict(zip(self.slaves, self.interferograms, strict=True))

    @property
    def complex_type(self) -> np.dtype[Any]:
        """Type of a pixel of an interferogram, byte order included."""
        return np.dtype(np.complex64).newbyteorder(self.real_type.byteorder)

    def calibrated(self, k: int, values: NDArray[np.complex64]) -> NDArray[np.float32]:
        """Amplitudes of values of an SLC, over its calibration constant; 0 where they are no numbers, or without a constant."""
        with np.errstate(over="ignore", invalid="ignore"):
            amplitude = np.abs(values)
        amplitude[~np.isfinite(amplitude)] = 0
        return amplitude / self.constants[k] if self.constants[k] > 0 else np.zeros_like(amplitude)

    def flattened(self, lines: slice, samples: slice, images: Sequence[int] | None = None) -> NDArray[np.complex64]:
        """Images of a block, calibrated and with flattened phase.

        Parameters
        ----------
        lines, samples : slice
            Of the image, from 0.
        images : sequence of int, optional
            Places among the dates (default: all).

        Returns
        -------
        (n_image, n_line, n_sample) complex64 array
            0 where the image, the master or the interferogram is 0 or no number.
        """
        interferogram_of = self.interferogram_of
        master = self._amplitudes(self.master_ix, lines, samples)
        wanted = range(self.n_images) if images is None else images
        result = np.empty((len(wanted), *master.shape), np.complex64)
        for image, k in zip(result, wanted, strict=True):
            if k == self.master_ix:
                image[:] = master
            else:
                phasor = phasors_of(self._block(interferogram_of[self.dates[k]], self.real_type, lines, samples))
                np.multiply(np.conj(phasor), self._amplitudes(k, lines, samples), out=image)
                image[master == 0] = 0
        return result

    def _amplitudes(self, k: int, lines: slice, samples: slice) -> NDArray[np.float32]:
        return self.calibrated(k, self._block(self.slcs[k], self.slc_type, lines, samples))

    def _block(self, path: str, dtype: np.dtype[Any], lines: slice, samples: slice) -> NDArray[np.complex64]:
        parts = read_pixels(path, dtype, self.width, lines, samples)
        return parts.view(np.complex64).reshape(lines.stop - lines.start, samples.stop - samples.start)


def phasors_of(values: NDArray[np.complex64]) -> NDArray[np.complex64]:
    """Phasors of unit modulus; 0 where there is no phase, because a value is 0 or no number."""
    with np.errstate(invalid="ignore", over="ignore"):
        phasors = unit_modulus(values)
    phasors[~np.isfinite(phasors)] = 0
    return phasors


def _check_prepared(ws: Workspace) -> None:
    if ws.has_file("selsbc.in"):
        raise InputError(
            f"{ws.path} is prepared for small baselines (selsbc.in): link a project prepared for a single master; the network of "
            "interferograms is chosen later."
        )
    for name in ("selpsc.in", "pscphase.in", "processor.txt", "width.txt", "len.txt"):
        if not ws.has_file(name):
            raise InputError(f"{ws.path / name} is missing: run the preparation (mt_prep_snap …) first.")


def _word(ws: Workspace, name: str) -> str:
    words = read_input(ws.file(name)).split()
    if not words:
        raise InputError(f"{ws.path / name} is empty: run the preparation again.")
    return words[0]


def _last(dates: tuple[int, ...]) -> str:
    return str(dates[-1]) if dates else ""


def _master_of(slc_dates: list[str], interferograms: list[str]) -> tuple[str, list[str]]:
    """The date that all interferograms have in common, and the other date of each."""
    pairs = [tuple(map(str, dates_in(path)[-2:])) for path in interferograms]
    counts = Counter(date for pair in pairs for date in set(pair))
    common = [date for date, count in counts.items() if count == len(pairs)]
    if all(len(pair) == 1 for pair in pairs):  # folders of slaves: the master is the image without one
        common = sorted(set(slc_dates) - set(counts))
    if len(pairs) == 1 and len(pairs[0]) == 2:
        common = [pairs[0][0]]
    if len(common) != 1:
        raise InputError(
            "The interferograms of pscphase.in have no master in common, or their names tell no dates "
            f"({short_names(interferograms) or 'there are none'}): prepare the project again."
        )
    master = common[0]
    return master, [next((date for date in pair if date != master), master) for pair in pairs]


def _date_problems(
    slcs: list[str], slc_dates: list[str], interferograms: list[str], slaves: list[str], master: str
) -> list[str]:
    problems = [f"The name of {path} tells no date" for path, date in zip(slcs, slc_dates, strict=True) if not date]
    problems += [f"There are {n} SLCs of {date}" for date, n in Counter(slc_dates).items() if date and n > 1]
    problems += [f"There are {n} interferograms of {date}" for date, n in Counter(slaves).items() if n > 1]
    with_slc, with_phase = set(slc_dates) - {""}, set(slaves) | {master}
    problems += [f"The interferogram of {date} has no SLC of that date" for date in sorted(with_phase - with_slc)]
    problems += [f"The SLC of {date} has no interferogram of that date" for date in sorted(with_slc - with_phase)]
    if len(with_slc) < _FEWEST_IMAGES:
        problems.append(f"There are {len(with_slc)} images, but at least {_FEWEST_IMAGES} are needed to link phases")
    return problems


def _size_problems(paths: Iterable[str], pixel_bytes: tuple[int, ...], size: tuple[int, int]) -> list[str]:
    expected = [size[0] * size[1] * n for n in pixel_bytes]
    problems, missing = [], dict[str, list[str]]()
    for path in paths:
        try:
            found = os.path.getsize(path)
        except OSError as error:
            missing.setdefault(error.strerror or "it is missing", []).append(path)
            continue
        if found not in expected:
            wanted = " or ".join(map(str, expected))
            problems.append(
                f"The raster {path} has {found} bytes, but {size[0]} samples x {size[1]} lines need {wanted}"
            )
    return [_unreadable(reason, names) for reason, names in missing.items()] + problems


def _unreadable(reason: str, paths: list[str]) -> str:
    """Sentence about rasters that cannot be read; they may be many."""
    if len(paths) <= _NAMED:
        return "; ".join(f"The raster {path} cannot be read ({reason})" for path in paths)
    return (
        f"The raster {paths[0]} and {len(paths) - 1} others cannot be read ({reason}); if the export has moved, stamps "
        "relocate NEW names its new place"
    )


def _raise(problems: list[str]) -> None:
    if problems:
        raise InputError("; ".join(problems) + ": correct this and prepare the project again.")
