"""The patches that suit a machine."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from stamps.queries.step_costs import Counts, step_memory

__all__ = ["PATCH_STEPS", "Layout", "recommended_layout"]

#: The steps whose memory the division into patches decides.
PATCH_STEPS = ("1", "2", "3", "4")

_OVERLAP = 50  # default overlap of mt_prep_snap, pixels
_FEWEST_SIDE = 200  # pixels: smaller patches lose more in overlaps than they save
_FEWEST_CANDIDATES = 50_000  # patches are not made smaller than this only to occupy a core
_MOST_PATCHES = 2000
_USABLE = 0.85  # part of the memory that a run may take


@dataclass(frozen=True)
class Layout:
    """Patches in range and azimuth, how many run at once, candidates of the largest, memory that steps 1 to 5a then need."""

    rg_patches: int
    az_patches: int
    workers: int
    candidates: int
    peak_mib: float


def recommended_layout(whole: Counts, memory_gib: float, cores: int) -> tuple[Layout, list[str]]:
    """Patches for a given memory and number of cores.

    The fewest patches whose steps 1 to 4 fit into the memory with as many processes as there are cores; more, up to the
    number of cores, while each still has enough candidates to be worth a process.

    Parameters
    ----------
    whole : Counts
        Of the image as one patch.
    memory_gib : float
    cores : int

    Returns
    -------
    Layout
    list of str
        Notes: why it could not be better.
    """
    limit = memory_gib * 1024 * _USABLE
    best: Layout | None = None
    smallest: Layout | None = None
    for n_patches in range(1, _MOST_PATCHES + 1):
        layout = _layout(whole, n_patches, cores, limit)
        if layout is None:
            continue
        smallest = layout if smallest is None or layout.peak_mib < smallest.peak_mib else smallest
        worth = best is None or (layout.workers > best.workers and layout.candidates >= _FEWEST_CANDIDATES)
        if layout.peak_mib <= limit and worth:
            best = layout
        if best is not None and (best.workers == cores or layout.candidates < _FEWEST_CANDIDATES):
            break
    if best is None:
        assert smallest is not None  # one patch is always possible
        needed = smallest.peak_mib / 1024
        return smallest, [
            f"Even the smallest sensible patches need {needed:.2g} GiB in steps 1 to 4: use a larger machine."
        ]
    if best.workers < min(cores, best.rg_patches * best.az_patches):
        return best, [
            f"The memory lets {best.workers} of {cores} cores work on patches: run with --cores {best.workers}."
        ]
    return best, []


def _layout(whole: Counts, n_patches: int, cores: int, limit: float) -> Layout | None:
    """The division into ``n_patches`` whose cores are nearest to squares of pixels; None if they would be too small."""
    shapes = [(r, n_patches // r) for r in range(1, n_patches + 1) if n_patches % r == 0]
    shapes = [(r, a) for r, a in shapes if _wide_enough(whole.width, r) and _wide_enough(whole.length, a)]
    if not shapes:
        return None
    r, a = min(shapes, key=lambda shape: abs(math.log((whole.width / shape[0]) / (whole.length / shape[1]))))
    share = _largest(whole.width, r) * _largest(whole.length, a) / (whole.width * whole.length)
    fields = ("candidates", "selected", "weeded", "filter_cells")
    known = {name: getattr(whole, name) for name in fields if getattr(whole, name) is not None}
    sizes: dict[str, Any] = {name: math.ceil(number * share) for name, number in known.items()}
    counts = replace(whole, **sizes)
    workers = min(cores, n_patches)
    while True:
        counts = replace(counts, threads=max(1, cores // workers))
        peak = max(step_memory(step, counts) for step in PATCH_STEPS)
        if workers == 1 or workers * peak <= limit:
            break
        workers -= 1
    return Layout(r, a, workers, counts.candidates, round(workers * peak))


def _wide_enough(size: int, n: int) -> bool:
    return n == 1 or size // n >= _FEWEST_SIDE


def _largest(size: int, n: int) -> int:
    """Pixels of the largest of ``n`` patches along one axis, overlaps included."""
    return min(size, size // n + _OVERLAP * min(n - 1, 2))
