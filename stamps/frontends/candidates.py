"""Which pixels are candidates: calibration constants, amplitude dispersion, selection.

Works in blocks of lines, so that memory does not grow with the scene or the number of images, and in all threads.

References
----------
Ferretti, Prati & Rocca (2001), Permanent scatterers in SAR interferometry, IEEE TGRS 39(1) (amplitude dispersion).
Hooper (2008), A multi-temporal InSAR method …, GRL 35, L16302 (amplitude difference dispersion).

Source: docs/method/preparation.md, sections 5.1 to 5.3.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from stamps.errors import InputError
from stamps.frontends.amplitudes import read_amplitudes
from stamps.frontends.lists import format_general, format_integers
from stamps.frontends.rasters import SEQUENTIAL_PIXELS, count_lines, line_blocks, map_raster
from stamps.frontends.threads import in_order
from stamps.native.candidates import add_amplitudes, add_differences, amplitude_sum
from stamps.workspace.progress import progress

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

    from stamps._typing import StrPath
    from stamps.frontends.amplitudes import KeptAmplitudes
    from stamps.frontends.lists import SelectionList
    from stamps.workspace.patch_limits import Patch


__all__ = [
    "Calibration",
    "CandidateFiles",
    "CandidateWriter",
    "Dispersion",
    "calibrate",
    "difference_dispersion",
    "single_master_dispersion",
    "squared_dispersion",
]


@dataclass
class Calibration:
    """Mean amplitude of an image, and what was strange on the way.

    Attributes
    ----------
    constant : float32
        Mean of the amplitudes above 0.001, formed in double; NaN if no pixel qualifies.
    count : int
        Their number.
    largest : float
        The largest amplitude.
    unusable : int
        Pixels without a usable number.
    first_unusable : (int, int) or None
        Line and sample of the first of them, from 0.
    """

    constant: np.float32 = np.float32(np.nan)
    count: int = 0
    largest: float = 0.0
    unusable: int = 0
    first_unusable: tuple[int, int] | None = None

    def add(self, amplitudes: NDArray[np.float32], first_line: int, width: int) -> None:
        """Note the amplitudes of a block of lines, (n,) float32."""
        with np.errstate(invalid="ignore"):
            largest = amplitudes.max(initial=0)
        if np.isnan(largest):
            unusable = np.flatnonzero(np.isnan(amplitudes))
            self.unusable += unusable.size
            if self.first_unusable is None:
                line, sample = divmod(int(unusable[0]), width)
                self.first_unusable = first_line + line, sample
            largest = np.fmax.reduce(amplitudes, initial=0)
        self.largest = max(self.largest, float(largest))


def calibrate(
    path: StrPath, width: int, dtype: DTypeLike, mask: StrPath | None = None, kept: KeptAmplitudes | None = None
) -> Calibration:
    """Mean amplitude of an image.

    Parameters
    ----------
    path : path-like
        The SLC.
    width : int
        Range samples.
    dtype : dtype
        Type of the parts of a pixel.
    mask : path-like, optional
        Raster of one byte per pixel; only pixels with 0 are used.
    kept : KeptAmplitudes, optional
        Keeps the amplitudes of the image if it has room.

    Returns
    -------
    Calibration
    """
    n_lines = count_lines(path, dtype, width, 2)
    excluded = None if mask is None else _map_mask(mask, width, n_lines)
    samples = slice(0, width)
    image = None if kept is None else kept.reserve((n_lines, width))
    found, total = Calibration(), 0.0
    for lines in line_blocks(slice(0, n_lines), samples, SEQUENTIAL_PIXELS):
        following = path, slice(lines.stop, 2 * lines.stop - lines.start)
        out = None if image is None else image[lines].reshape(-1)
        amplitudes = read_amplitudes(path, dtype, width, lines, samples, following, out)
        left_out = None if excluded is None else excluded[lines].ravel()
        total, found.count = amplitude_sum(amplitudes, left_out, total, found.count)
        found.add(amplitudes, lines.start, width)
    if kept is not None and image is not None:
        kept.keep(path, image)
    if found.count:
        found.constant = np.float32(total / found.count)
    return found


@dataclass
class Dispersion:
    """Statistics of a block of lines.

    Attributes
    ----------
    lines : slice
        Lines of the image, from 0.
    total : (n,) float32 array
        Sum of the calibrated amplitudes (called mean amplitude in the files).
    measure : (n,) float32 array
        Squared amplitude dispersion, or amplitude difference dispersion.
    zero : (n,) bool array
        Pixels without signal in some image.
    """

    lines: slice
    total: NDArray[np.float32]
    measure: NDArray[np.float32]
    zero: NDArray[np.bool_]


def squared_dispersion(total: NDArray[np.float32], squares: NDArray[np.float32], n_images: int) -> NDArray[np.float32]:
    """Squared amplitude dispersion, N Q / S² − 1, in single precision and in this order."""
    return np.float32(n_images) * squares / (total * total) - np.float32(1)


def single_master_dispersion(
    selection: SelectionList,
    patch: Patch,
    dtype: DTypeLike,
    master: StrPath | None = None,
    kept: KeptAmplitudes | None = None,
) -> Iterator[Dispersion]:
    """Amplitude dispersion of the pixels of a patch.

    Parameters
    ----------
    selection : SelectionList
        Images and their calibration constants.
    patch : Patch
    dtype : dtype
        Type of the parts of a pixel.
    master : path-like, optional
        Raster of a master image whose amplitudes (1 where zero) all others are divided by.
    kept : KeptAmplitudes, optional
        Amplitudes that are in memory already.

    Yields
    ------
    Dispersion
        Blocks of lines from the first line of the patch to its last, or to the end of the second image (a quirk).

    Raises
    ------
    InputError
        Fewer than two images, a raster is missing or ends before the patch.
    """
    if len(selection.names) < 2:
        raise InputError(f"The selection needs at least two images, but its list names {len(selection.names)}.")
    available = count_lines(selection.names[1], dtype, selection.width, 2)
    lines = slice(patch.lines.start, min(patch.lines.stop, available))
    source = _AmplitudeSource(selection.width, dtype, patch, kept)

    def statistics(block: slice) -> Dispersion:
        size = _pixel_count(block, patch)
        total, squares = np.zeros(size, np.float32), np.zeros(size, np.float32)
        zero = np.zeros(size, np.uint8)
        divisor = None
        if master is not None:
            divisor = source.block(master, block).copy()
            divisor[divisor == 0] = 1
        images = zip(selection.names, selection.constants, [*selection.names[1:], None], strict=True)
        for name, constant, following in images:
            add_amplitudes(total, squares, zero, source.block(name, block, following), constant, divisor)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            return Dispersion(block, total, squared_dispersion(total, squares, len(selection.names)), zero != 0)

    yield from in_order(statistics, line_blocks(lines, patch.samples))


def difference_dispersion(
    selection: SelectionList, patch: Patch, dtype: DTypeLike, kept: KeptAmplitudes | None = None
) -> Iterator[Dispersion]:
    """Amplitude difference dispersion of the pixels of a patch; images 2k − 1 and 2k make pair k.

    Exactly the lines of the patch are processed; the original program always treats at least ten.

    Parameters
    ----------
    selection : SelectionList
    patch : Patch
    dtype : dtype
    kept : KeptAmplitudes, optional
        Amplitudes that are in memory already.

    Yields
    ------
    Dispersion
        With ``measure`` = √(Q / K) / (S / N) and no pixel marked as zero.
    """
    n_images, n_pairs = len(selection.names), len(selection.names) // 2
    if n_pairs == 0:
        raise InputError(f"The selection needs pairs of images, but its list names {n_images}.")
    names, constants = selection.names, selection.constants
    source = _AmplitudeSource(selection.width, dtype, patch, kept)

    def statistics(block: slice) -> Dispersion:
        size = _pixel_count(block, patch)
        total, squares = np.zeros(size, np.float32), np.zeros(size, np.float32)
        for first in range(0, 2 * n_pairs, 2):
            second = first + 1
            following = names[first + 2] if first + 2 < n_images else None
            amplitudes1 = source.block(names[first], block, names[second])
            amplitudes2 = source.block(names[second], block, following)
            add_differences(total, squares, amplitudes1, amplitudes2, constants[first], constants[second])
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            measure = np.sqrt(squares / np.float32(n_pairs)) / (total / np.float32(n_images))
        return Dispersion(block, total, measure, np.zeros(size, bool))

    yield from in_order(statistics, line_blocks(patch.lines, patch.samples))


@dataclass(frozen=True)
class CandidateFiles:
    """Paths of the outputs of a selection; ``ij0`` (pixels without signal in some image) may be None."""

    ij: StrPath
    ij_int: StrPath
    da: StrPath
    mean_amp: StrPath
    ij0: StrPath | None = None


class CandidateWriter:
    """Select candidates block by block and write them.

    Parameters
    ----------
    files : CandidateFiles
    selection : SelectionList
        For the threshold and the width.
    patch : Patch
    mask : path-like, optional
        Raster of one byte per pixel of the full image; only pixels with 0 are selected.
    """

    def __init__(
        self, files: CandidateFiles, selection: SelectionList, patch: Patch, mask: StrPath | None = None
    ) -> None:
        self.files, self.patch = files, patch
        self.threshold = selection.threshold
        self.mask = None if mask is None else _map_mask(mask, selection.width, patch.lines.stop)
        self.count = 0

    def write(
        self,
        blocks: Iterable[Dispersion],
        chosen: Callable[[NDArray[np.float32], np.float32], NDArray[np.bool_]],
        dispersion: Callable[[NDArray[np.float32]], NDArray[np.float32]],
    ) -> int:
        """Write all blocks.

        Parameters
        ----------
        blocks : iterable of Dispersion
        chosen : callable
            ``chosen(measure, threshold)`` -> bool array.
        dispersion : callable
            ``dispersion(measure)`` -> what ``pscands.1.da`` holds.

        Returns
        -------
        int
            Number of candidates.
        """
        height = self.patch.lines.stop - self.patch.lines.start
        with ExitStack() as stack:
            files = {name: path for name, path in vars(self.files).items() if path is not None}
            outputs = {name: stack.enter_context(open(path, "wb")) for name, path in files.items()}
            told = stack.enter_context(progress(total=height, unit=" lines", title="select"))
            for block in blocks:
                self._write_block(block, chosen, dispersion, outputs)
                told.update(block.lines.stop - block.lines.start)
        return self.count

    def _write_block(
        self,
        block: Dispersion,
        chosen: Callable[[NDArray[np.float32], np.float32], NDArray[np.bool_]],
        dispersion: Callable[[NDArray[np.float32]], NDArray[np.float32]],
        outputs: Mapping[str, BinaryIO],
    ) -> None:
        samples, width = self.patch.samples, self.patch.samples.stop - self.patch.samples.start
        outputs["mean_amp"].write(np.ascontiguousarray(block.total, dtype="<f4").data)
        with np.errstate(invalid="ignore"):
            selected = (block.total > 0) & chosen(block.measure, self.threshold)
        if self.mask is not None:
            selected &= (self.mask[block.lines, samples] == 0).ravel()
        index = np.flatnonzero(selected)
        line, sample = np.divmod(index, width)
        line += block.lines.start
        sample += samples.start
        zero = block.zero[index]
        number = self.count + np.cumsum(~zero)
        self.count += int(np.count_nonzero(~zero))
        if "ij0" in outputs:
            outputs["ij0"].write(format_integers(number[zero], line[zero], sample[zero]))
        keep = ~zero
        number, line, sample = number[keep], line[keep], sample[keep]
        outputs["ij"].write(format_integers(number, line, sample))
        outputs["ij_int"].write(np.ascontiguousarray(np.column_stack([sample, line]), dtype=">i4").data)
        with np.errstate(invalid="ignore"):
            outputs["da"].write(format_general(dispersion(block.measure[index[keep]])))


# ---------------------------------------------------------------------- small helpers


def _pixel_count(block: slice, patch: Patch) -> int:
    return (block.stop - block.start) * (patch.samples.stop - patch.samples.start)


@dataclass(frozen=True)
class _AmplitudeSource:
    """Where the amplitudes of a patch come from: memory or disk."""

    width: int
    dtype: DTypeLike
    patch: Patch
    kept: KeptAmplitudes | None = None

    def block(self, name: StrPath, lines: slice, following: str | None = None) -> NDArray[np.float32]:
        """Amplitudes of a block of one image, (n,) float32, to be read only."""
        image = None if self.kept is None else self.kept.of(name)
        available = count_lines(name, self.dtype, self.width, 2) if image is None else len(image)
        samples = self.patch.samples
        if available < lines.stop or self.width < samples.stop:
            raise InputError(
                f"The raster {name} has {available} lines of {self.width} pixels, but the patch reaches to line "
                f"{lines.stop} and sample {samples.stop}: the export is incomplete or the size is wrong."
            )
        if image is not None:
            return image[lines, samples].reshape(-1)
        ahead = None if following is None else (following, lines)
        return read_amplitudes(name, self.dtype, self.width, lines, samples, ahead)


def _map_mask(path: StrPath, width: int, lines: int) -> NDArray[np.uint8]:
    mask = map_raster(path, np.uint8, width)
    if len(mask) < lines:
        raise InputError(
            f"The mask {path} has {len(mask)} lines of {width} bytes, but {lines} were expected: one byte per pixel."
        )
    return mask
