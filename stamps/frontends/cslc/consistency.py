"""Jumps between neighbouring bursts, in pairs of images: measured in the overlaps, and taken out if that is wanted.

All bursts share elevation model and orbit, so that a pair of one sensor has no constant between bursts.

Source: docs/method/cslc.md, section 3.1.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.frontends.cslc.lattice import window_of
from stamps.frontends.cslc.owners import Owners, block_lines
from stamps.frontends.cslc.passes import Images
from stamps.frontends.cslc.reading import read_image

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Jump", "burst_phases", "jump_sentences", "measure_jumps", "without_phases"]

_LEAST_COHERENCE = 0.3
_LARGE = 0.5  # radians
_MEMORY = 1 << 25  # pixels of all images of a block
_FEWEST_PIXELS = 30
_ROUNDS, _SMALL = 5, 1e-6  # of least squares on what is left, modulo 2 pi; radians of a last step


@dataclass(frozen=True)
class Jump:
    """The phase between two bursts in a pair.

    Attributes
    ----------
    bursts : (str, str)
    pair : (int, int)
    angle : float
        Phase of the pair in the first burst less that in the second, radians.
    coherence : float
    """

    bursts: tuple[str, str]
    pair: tuple[int, int]
    angle: float
    coherence: float


def measure_jumps(images: Images, owners: Owners, pairs: Sequence[tuple[int, int]], polarisation: str) -> list[Jump]:
    """Jumps of all pairs between all bursts that overlap.

    Parameters
    ----------
    images : dict
        Burst to day to product.
    owners : Owners
    pairs : list of (int, int)
        Dates of the interferograms.
    polarisation : str

    Returns
    -------
    list of Jump
    """
    jumps = []
    used = [burst for burst, count in owners.counts.items() if count]
    for bursts in itertools.combinations(used, 2):
        sums: dict[tuple[int, int], complex] = defaultdict(complex)
        sizes: dict[tuple[int, int], float] = defaultdict(float)
        counts: dict[tuple[int, int], int] = defaultdict(int)
        for products in _overlap(images, owners, bursts, sorted({day for pair in pairs for day in pair}), polarisation):
            for pair in pairs:
                values = products[pair[0]].astype(np.complex128) * np.conj(products[pair[1]])
                values = values[np.isfinite(values)]
                sums[pair] += complex(values.sum())
                sizes[pair] += float(np.abs(values).sum())
                counts[pair] += values.size
        jumps += [
            Jump(bursts, pair, float(np.angle(total)), abs(total) / sizes[pair])
            for pair, total in sums.items()
            if counts[pair] >= _FEWEST_PIXELS and sizes[pair] > 0
        ]
    return jumps


def _overlap(
    images: Images, owners: Owners, bursts: tuple[str, str], days: Sequence[int], polarisation: str
) -> Iterator[dict[int, NDArray[np.complex64]]]:
    """Per block of lines of an overlap: date -> image in the first burst times the conjugate of that in the second."""
    grid = owners.grid
    step = max(1, _MEMORY // max(1, len(days)))
    for lines in block_lines(grid, step):
        windows = [window_of(grid, images[burst][days[0]].grid, lines) for burst in bursts]
        if windows[0] is None or windows[1] is None:
            continue
        first, last = (
            choose(getattr(w.lines, end) for w in windows if w) for choose, end in ((max, "start"), (min, "stop"))
        )
        left, stop = (
            choose(getattr(w.samples, end) for w in windows if w) for choose, end in ((max, "start"), (min, "stop"))
        )
        if first >= last or left >= stop:
            continue
        both = {}
        for day in days:
            parts = [
                _part(images, burst, day, polarisation, owners, slice(first, last), slice(left, stop))
                for burst in bursts
            ]
            both[day] = parts[0] * np.conj(parts[1])
        yield both


def _part(
    images: Images, burst: str, day: int, polarisation: str, owners: Owners, lines: slice, samples: slice
) -> NDArray[np.complex64]:
    """An image in a window of the grid; NaN where it has no pixel."""
    values = np.full((lines.stop - lines.start, samples.stop - samples.start), complex(np.nan, np.nan), np.complex64)
    product = images[burst][day]
    window = window_of(owners.grid, product.grid, lines)
    if window is None:
        return values
    left, stop = max(window.samples.start, samples.start), min(window.samples.stop, samples.stop)
    if left < stop:
        shift = window.own_samples.start - window.samples.start
        block = read_image(product, polarisation, window.own_lines, slice(left + shift, stop + shift))
        place = slice(window.lines.start - lines.start, window.lines.stop - lines.start)
        values[place, left - samples.start : stop - samples.start] = block
    return values


def jump_sentences(jumps: Sequence[Jump], images: Images, aligned: bool = False) -> tuple[list[str], list[str]]:
    """What the jumps tell.

    Parameters
    ----------
    jumps : list of Jump
    images : dict
        Burst to day to product, for the sensors.
    aligned : bool
        These are what is left when constants have been taken out: images of several sensors need no warning of their own.

    Returns
    -------
    notes, warnings : list of str
    """
    coherent = [jump for jump in jumps if jump.coherence > _LEAST_COHERENCE]
    sensors = {day: product.mission for of_burst in images.values() for day, product in of_burst.items()}
    notes, warned = [], []
    if coherent:
        angles = np.abs([jump.angle for jump in coherent])
        notes.append(
            f"Jumps between neighbouring bursts: median {np.median(angles):.2f} rad, largest {angles.max():.2f} rad "
            f"(of {len(jumps)} measured, {len(coherent)} coherent)."
        )
    elif jumps:
        notes.append(f"Jumps between neighbouring bursts: none of {len(jumps)} is coherent enough to be measured.")
    kinds: dict[tuple[str, ...], list[float]] = defaultdict(list)
    for jump in coherent:
        kinds[tuple(sorted({sensors[day] for day in jump.pair}))].append(abs(jump.angle))
    for kind, sizes in sorted(kinds.items()):
        median = float(np.median(sizes))
        if len(kind) > 1 and not (aligned and max(sizes) <= _LARGE):
            warned.append(
                f"Interferograms between {' and '.join(kind)} jump by {median:.1f} rad (median) between neighbouring bursts: "
                "process the sensors separately or use one burst."
            )
        elif median > _LARGE or max(sizes) > _LARGE:
            warned.append(
                f"Interferograms of {kind[0]} jump by {median:.1f} rad (median, largest {max(sizes):.1f}) between neighbouring "
                "bursts: process the dates concerned separately, use one burst, or --align."
            )
    if not kinds and jumps and len(set(sensors.values())) > 1:
        warned.append(
            f"The images are of {', '.join(sorted(set(sensors.values())))} and of several bursts, between which pairs of "
            "different sensors may jump: process the sensors separately or use one burst."
        )
    return notes, warned


def burst_phases(jumps: Sequence[Jump], bursts: Sequence[str], master: int) -> Mapping[tuple[str, int], float]:
    """Constants of bursts and dates, in the least-squares sense; those of the first burst and of the master are 0.

    Parameters
    ----------
    jumps : list of Jump
    bursts : list of str
    master : int

    Returns
    -------
    dict
        Burst and date to the phase to add to the image, radians; those that no coherent jump ties to the first burst and the
        master are missing.
    """
    usable = [jump for jump in jumps if jump.coherence > _LEAST_COHERENCE]
    days = sorted({day for jump in usable for day in jump.pair} - {master})
    unknown = {key: k for k, key in enumerate(itertools.product(bursts[1:], days))}
    if not usable or not unknown:
        return {}
    matrix = np.zeros((len(usable), len(unknown)))
    for row, jump in zip(matrix, usable, strict=True):
        for burst, sign in zip(jump.bursts, (1.0, -1.0), strict=True):
            for day, side in zip(jump.pair, (1.0, -1.0), strict=True):
                if (burst, day) in unknown:
                    row[unknown[burst, day]] += sign * side
    weights = np.array([jump.coherence for jump in usable])
    angles = np.array([jump.angle for jump in usable])
    phases, reached = _first_guess(matrix, angles, weights)
    rows = (matrix[:, ~reached] == 0).all(axis=1)
    matrix, phases, angles, weights = matrix[rows][:, reached], phases[reached], angles[rows], weights[rows]
    for _ in range(_ROUNDS):
        left = _wrapped(angles - matrix @ phases)
        step = np.linalg.lstsq(matrix * weights[:, None], left * weights, rcond=None)[0]
        phases += step
        if np.abs(step).max(initial=0) < _SMALL:
            break
    keys = [key for key, k in unknown.items() if reached[k]]
    return {key: -float(_wrapped(phase)) for key, phase in zip(keys, phases, strict=True)}


def _first_guess(
    matrix: NDArray[np.float64], angles: NDArray[np.float64], weights: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Unknowns one after another, each from the most coherent jump without another open one, since turns are unknown."""
    phases = np.zeros(matrix.shape[1])
    reached = np.zeros(matrix.shape[1], bool)
    still = matrix != 0
    open_ones = still.sum(axis=1)
    while (open_ones == 1).any():
        row = int(np.where(open_ones == 1, weights, -1.0).argmax())
        k = int(still[row].argmax())
        phases[k] = _wrapped((angles[row] - matrix[row] @ phases) / matrix[row, k])
        open_ones -= still[:, k]
        reached[k], still[:, k] = True, False
    return phases, reached


def _wrapped(angle: Any) -> Any:
    return np.angle(np.exp(1j * angle))


def without_phases(jumps: Sequence[Jump], phases: Mapping[tuple[str, int], float]) -> list[Jump]:
    """What is left of jumps when phases are added to the images of bursts."""
    left = []
    for jump in jumps:
        turned = jump.angle
        for burst, sign in zip(jump.bursts, (1.0, -1.0), strict=True):
            turned += sign * (phases.get((burst, jump.pair[0]), 0.0) - phases.get((burst, jump.pair[1]), 0.0))
        left.append(replace(jump, angle=float(np.angle(np.exp(1j * turned)))))
    return left
