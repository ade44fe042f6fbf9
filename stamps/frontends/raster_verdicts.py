"""What cannot be right about the rasters of a stack, from their figures: arrays in, faults in words out.

Limits are such that no raster of a sound stack is complained of: zeros count only beyond what is zero in the other rasters too,
as borders are after coregistration.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stamps.frontends.raster_statistics import MOST_SPREAD

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps.frontends.raster_statistics import Statistics


__all__ = ["FATAL", "LOST", "Fault", "Wording", "fault_alone", "faults_of", "find_equal"]

#: Faults of an interferogram that leave nothing at any pixel: step 2 needs its phase at every pixel that is kept.
FATAL = ("empty", "no number")
#: Faults that cost pixels, which leaving the interferogram out with ``drop_ifg_index`` does not bring back.
LOST = (*FATAL, "not finite", "gap", "partly empty")

_BORDER = 0.1  # share of zeros that an image may have more than most: images of a stack do not cover the same area
_MOST_NOT_FINITE = 0.1
_SAME = 0.5
_REAL = 0.9
_ONE_PHASE = 1 - 1e-5  # a quarter of a degree
_CLIPPED = 0.01


@dataclass(frozen=True)
class Fault:
    """What is wrong with a raster: its name (a key of the words of :class:`Wording`), and a number or place in words."""

    name: str
    detail: str = ""


@dataclass(frozen=True)
class Wording:
    """How faults are told: of whole rasters, or of what there is at candidates."""

    every: str = "every sample"
    many: str = "{} of its samples"

    def text(self, fault: Fault) -> str:
        """A fault as a predicate ('is empty: …')."""
        many = self.many.format(fault.detail)
        return {
            "empty": f"is empty: 0 at {self.every}",
            "no number": f"holds no number: NaN or infinite at {self.every}",
            "not finite": f"is NaN or infinite at {many}",
            "swapped": "has its bytes in the wrong order",
            "type": "does not hold complex numbers of the expected type: their sizes differ by tens of powers of ten",
            "constant": "has the same value nearly everywhere",
            "real": "has an imaginary part of 0 everywhere",
            "one phase": "has the same phase everywhere, like an image with itself",
            "saturated": f"is saturated: {fault.detail} of its numbers have the largest size of all",
            "gap": f"is empty (0) in {fault.detail}, where others are not",
            "partly empty": f"is empty (0) at {many}, more than the others",
            "noise": "shows no coherence: its phase is random from each of the candidates to the next",
        }[fault.name]


def fault_alone(figures: Statistics, interferogram: bool) -> Fault | None:
    """What cannot be right about one raster whatever the others are.

    Parameters
    ----------
    figures : Statistics
    interferogram : bool
        Else an SLC.

    Returns
    -------
    Fault or None
    """
    if figures.zero == 1:
        return Fault("empty")
    if figures.zero + figures.not_finite >= 1:
        return Fault("no number")
    if figures.swapped:
        return Fault("swapped")
    if figures.spread > MOST_SPREAD or figures.extreme > _SAME:
        return Fault("type")
    if figures.most_frequent > _SAME:
        return Fault("constant")
    if figures.real > _REAL:
        return Fault("real")
    if interferogram and figures.resultant > _ONE_PHASE:
        return Fault("one phase")
    if not interferogram and figures.clipped > _CLIPPED:
        return Fault("saturated", _percent(figures.clipped))
    if figures.not_finite > _MOST_NOT_FINITE:
        return Fault("not finite", _percent(figures.not_finite))
    return None


def faults_of(
    figures: Sequence[Statistics], interferograms: bool, lines: NDArray[np.int64] | None = None
) -> list[Fault | None]:
    """What cannot be right about the rasters of one kind.

    Parameters
    ----------
    figures : list of Statistics
        Of all interferograms, or of all SLCs.
    interferograms : bool
    lines : (n,) int array, optional
        The lines of the raster, from 0, that the figures are of.

    Returns
    -------
    list of Fault or None
        In the order of the rasters.
    """
    faults = [fault_alone(one, interferograms) for one in figures]
    sound = [one for one, fault in zip(figures, faults, strict=True) if fault is None]
    if len(sound) < 2:
        return faults
    usual = float(np.median([one.zero for one in sound]))
    always = np.median([one.empty_lines for one in sound], axis=0) > 0.5
    for k, one in enumerate(figures):
        if faults[k] is None:
            gap = None if lines is None else _gap(one.empty_lines, always, lines)
            if gap is not None:
                faults[k] = Fault("gap", f"lines {gap[0] + 1} to {gap[1] + 1}")
            elif one.zero > usual + _BORDER:
                faults[k] = Fault("partly empty", _percent(one.zero))
    return faults


def find_equal(figures: Sequence[Statistics], faults: Sequence[Fault | None]) -> list[tuple[int, int]]:
    """Pairs of rasters whose sampled lines are equal, or complex conjugates of each other.

    Parameters
    ----------
    figures : list of Statistics
    faults : list of Fault or None
        Rasters that are empty or constant are equal without being copies: these are left out.

    Returns
    -------
    list of (int, int)
        Positions; of several equal ones the first with each other one.
    """
    first: dict[bytes, int] = {}
    pairs: list[tuple[int, int]] = []
    for k, (one, fault) in enumerate(zip(figures, faults, strict=True)):
        if fault is not None and fault.name in (*FATAL, "constant"):
            continue
        if one.digest in first:
            pairs.append((first[one.digest], k))
        else:
            first[one.digest] = k
    return pairs


def _gap(empty: NDArray[np.bool_], always: NDArray[np.bool_], lines: NDArray[np.int64]) -> tuple[int, int] | None:
    """First and last line of a run of empty lines with lines that are not on both sides; None without one."""
    filled = np.flatnonzero(~empty)
    unusual = empty & ~always
    unusual[: filled[0]] = False
    unusual[filled[-1] :] = False
    both = np.flatnonzero(unusual[1:] & unusual[:-1])
    if not both.size:
        return None
    first = both[0]
    last = first + np.argmin(np.append(unusual[first:], False)) - 1
    return int(lines[first]), int(lines[last])


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %"
