"""Pixels of a stack of multilooked interferograms, chosen by their coherence: what steps 1 to 5 would leave.

Rasters are read one after the other; only their values at the chosen pixels are kept.

Source: docs/method/multilooked.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import InputError, NoPixelsError, ParameterError
from stamps.frontends import positions
from stamps.frontends.patch_files import Candidates, local_coordinates
from stamps.frontends.raster_statistics import MOST_SPREAD, exponent_spread
from stamps.workspace.plain_files import check_input

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps.workspace.log import Log


__all__ = ["Choice", "MultilookedStack", "Pixels", "choose_pixels", "read_raster"]


_FULL = 1.01  # coherences of rounded numbers may lie a little above 1
_FEW = 0.01  # share of the pixels that may hold something else


@dataclass(frozen=True)
class Choice:
    """Which pixels are taken: coherent (≥ ``threshold``) in at least ``fraction`` of the interferograms, and not in the sea."""

    threshold: float = 0.25
    fraction: float = 0.3
    weed: bool = False

    @classmethod
    def of(cls, threshold: Any = None, fraction: Any = None, weed_zero_elevation: str = "n") -> Choice:
        """Settings as scripts take them: None and ``[]`` are the defaults, pixels at sea level go unless the flag is 'n'."""
        given = {"threshold": threshold, "fraction": fraction}
        numbers = {name: value for name, value in given.items() if value is not None and np.size(value)}
        return cls(**numbers, weed=str(weed_zero_elevation).strip().lower() != "n")

    def __post_init__(self) -> None:
        for name, value in (("coh_thresh", self.threshold), ("image_fraction", self.fraction)):
            if isinstance(value, str) or np.size(value) != 1 or not 0 <= value <= 1:
                raise ParameterError(f"{name} is {value!r}, but a number from 0 to 1 was expected.")


@dataclass(frozen=True)
class MultilookedStack:
    """Files of a stack, all rasters of one size.

    Attributes
    ----------
    dates : ndarray of int64, shape (n_ifg, 2)
        yyyymmdd of both images of each interferogram.
    coherence, phases : list of Path
        Rasters of each interferogram: real, complex.
    shape : tuple of int
        Lines and samples of a multilooked raster.
    looks : tuple of int
        In azimuth, in range.
    order : str
        Byte order of the rasters, ``'='`` or ``'>'``.
    lon, lat, hgt : ndarray of float32, shape ``shape``
        Degrees, metres, in the byte order of the rasters.
    sources : tuple of str
        Their files.
    """

    dates: NDArray[np.int64]
    coherence: Sequence[Path]
    phases: Sequence[Path]
    shape: tuple[int, int]
    looks: tuple[int, int]
    order: str
    lon: NDArray[np.float32]
    lat: NDArray[np.float32]
    hgt: NDArray[np.float32]
    sources: tuple[str, str, str]


@dataclass(frozen=True)
class Pixels:
    """What is kept of the chosen pixels, sorted as step 1 sorts them.

    Attributes
    ----------
    line, sample : ndarray of int64, shape (n,)
        Multilooked pixel, from 0.
    ij : ndarray of float64, shape (n, 3)
        Number, line and sample in the image of full resolution, as the original counts them.
    lonlat : ndarray of float64, shape (n, 2)
    xy : ndarray of float32, shape (n, 3)
        Number, metres.
    ll0 : ndarray of float64, shape (2,)
    phases : ndarray of complex64, shape (n, n_ifg)
    coherence : ndarray of float32, shape (n, n_ifg)
    hgt : ndarray of float64, shape (n,)
    """

    line: NDArray[np.int64]
    sample: NDArray[np.int64]
    ij: NDArray[np.float64]
    lonlat: NDArray[np.float64]
    xy: NDArray[np.float32]
    ll0: NDArray[np.float64]
    phases: NDArray[np.complex64]
    coherence: NDArray[np.float32]
    hgt: NDArray[np.float64]


def read_raster(path: Path, dtype: str, shape: tuple[int, int]) -> NDArray[Any]:
    """A raster without header, row after row, mapped from its file.

    Raises
    ------
    InputError
        It is missing or has another size.
    """
    try:
        check_input(path)
    except FileNotFoundError as error:
        raise InputError(
            f"{path} is missing: a raster of {shape[1]} samples and {shape[0]} lines was expected."
        ) from error
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    expected, size = np.dtype(dtype).itemsize * shape[0] * shape[1], path.stat().st_size
    if size != expected:
        raise InputError(
            f"{path} has {size} bytes, but {shape[1]} samples x {shape[0]} lines of {np.dtype(dtype).itemsize} bytes are "
            f"{expected}: width, length or looks belong to another raster."
        )
    return np.memmap(path, dtype=dtype, mode="r", shape=shape)


def choose_pixels(stack: MultilookedStack, choice: Choice, heading: float, log: Log) -> Pixels:
    """Choose, place and sort the pixels, and read their phases.

    Parameters
    ----------
    stack : MultilookedStack
    choice : Choice
    heading : float
        Degrees.
    log : Log

    Returns
    -------
    Pixels

    Raises
    ------
    InputError
        A raster is missing or has another size.
    NoPixelsError
        No pixel is left.
    """
    counts = _counts(stack, choice.threshold)
    chosen = counts >= len(stack.coherence) * choice.fraction
    sample, line = np.nonzero(chosen.T)  # down azimuth first
    _require(
        line, f"No pixel has a coherence of {choice.threshold:g} in {choice.fraction:g} of the interferograms", log
    )
    placed = _placed(stack, line, sample, log)
    line, sample = line[placed], sample[placed]
    _require(line, "No chosen pixel has a longitude, a latitude and a height", log)
    lonlat = np.column_stack([stack.lon[line, sample], stack.lat[line, sample]]).astype(np.float64)
    first = _first_of_places(lonlat, counts[line, sample])
    if first.size < line.size:
        log(
            f"{line.size - first.size} pixels dropped with their lines and samples (the original keeps these, which moves those "
            "of other pixels): they share their longitude and latitude with another one",
            1,
        )
    places = local_coordinates(lonlat[first], heading, log)
    rows = first[places.sort_ix]
    return _read(stack, choice, places, line[rows], sample[rows], log)


def _placed(stack: MultilookedStack, line: NDArray[np.int64], sample: NDArray[np.int64], log: Log) -> NDArray[np.bool_]:
    """Which pixels have a place and a height, as step 1 judges them; nonsense is refused."""
    lonlat = np.column_stack([stack.lon[line, sample], stack.lat[line, sample]])
    reach = positions.reach_of((stack.shape[1] * stack.looks[1], stack.shape[0] * stack.looks[0]))
    places = positions.judge_positions(
        lonlat.astype(stack.lon.dtype), stack.sources[:2], reach, np.column_stack([line, sample]), "pixels"
    )
    heights = positions.judge_heights(stack.hgt[line, sample], stack.sources[2], "pixels")
    for sentence in (*places.warnings, *heights.warnings):
        log(sentence, 1)
    return ~(places.missing | heights.missing)


def _counts(stack: MultilookedStack, threshold: float) -> NDArray[np.int64]:
    """In how many interferograms each pixel is coherent."""
    counts = np.zeros(stack.shape, np.int64)
    for path in stack.coherence:
        values = read_raster(path, f"{stack.order}f4", stack.shape)
        with np.errstate(invalid="ignore"):
            large = values > _FULL
            if np.count_nonzero(large) > _FEW * values.size:
                raise InputError(
                    f"{path} holds {values[large][0]:g} as a coherence, but 0 to 1 were expected: check type and byte order "
                    "(endian) of the rasters."
                )
            counts += (values >= threshold) & ~large
    return counts


def _first_of_places(lonlat: NDArray[np.float64], counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rows that stay where places are exactly equal: the one with the largest count, the first at ties; ascending."""
    order = np.lexsort((np.arange(len(lonlat)), -counts, lonlat[:, 1], lonlat[:, 0]))
    sorted_places = lonlat[order]
    is_first = np.ones(len(lonlat), bool)
    is_first[1:] = (sorted_places[1:] != sorted_places[:-1]).any(axis=1)
    return np.sort(order[is_first])


def _read(
    stack: MultilookedStack,
    choice: Choice,
    places: Candidates,
    line: NDArray[np.int64],
    sample: NDArray[np.int64],
    log: Log,
) -> Pixels:
    """Values of the sorted pixels, without those that have no phase somewhere or, where asked for, lie at sea level."""
    phases = _columns(stack.phases, f"{stack.order}c8", stack.shape, line, sample)
    with np.errstate(invalid="ignore"):  # numbers in the wrong byte order may be any
        known = (phases != 0) & np.isfinite(phases)
    for path, column, used in zip(stack.phases, phases.T, known.T, strict=True):
        if exponent_spread(column[used].view(np.float32).reshape(-1, 2)) > MOST_SPREAD:
            raise InputError(
                f"{path} holds numbers of all magnitudes, as {column[used][0]:.3g}, which are no phases: check type and byte "
                "order (endian) of the rasters."
            )
    keep = known.all(axis=1)
    log(f"{np.count_nonzero(~keep)} pixels dropped: an interferogram has no phase there", 2)
    hgt = stack.hgt[line, sample].astype(np.float64)
    if choice.weed:
        with np.errstate(invalid="ignore"):
            high = hgt > 0
        log(f"{np.count_nonzero(keep & ~high)} pixels dropped: they do not lie above zero", 2)
        keep &= high
    rows = np.flatnonzero(keep)
    _require(rows, "No pixel has a phase in every interferogram (and, where asked for, a height above zero)", log)
    if rows.size < keep.size:
        log("Pixels are numbered anew (the original leaves gaps)", 1)
    line, sample, number = line[rows], sample[rows], np.arange(1.0, rows.size + 1)
    full = [(k + 1) * looks - (looks + 1) // 2 for k, looks in zip((line, sample), stack.looks, strict=True)]
    return Pixels(
        line,
        sample,
        np.column_stack([number, *full]),
        places.lonlat[rows],
        np.column_stack([number, places.xy[rows]]).astype(np.float32),
        places.ll0,
        np.asfortranarray(phases[rows]),
        _columns(stack.coherence, f"{stack.order}f4", stack.shape, line, sample),
        hgt[rows],
    )


def _columns(
    paths: Sequence[Path], dtype: str, shape: tuple[int, int], line: NDArray[np.int64], sample: NDArray[np.int64]
) -> NDArray[Any]:
    """Values of rasters at pixels, one column each, in the machine's byte order."""
    columns = np.empty((line.size, len(paths)), np.dtype(dtype).newbyteorder("="), order="F")
    for k, path in enumerate(paths):
        columns[:, k] = read_raster(path, dtype, shape)[line, sample]
    return columns


def _require(rows: NDArray[np.int64], otherwise: str, log: Log) -> None:
    log(f"{rows.size} pixels", 2)
    if not rows.size:
        raise NoPixelsError(f"{otherwise}: lower coh_thresh or image_fraction, or look at the rasters.")
