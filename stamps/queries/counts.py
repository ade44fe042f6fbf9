"""Numbers of pixels and grid cells of a project as far as it has come; upper limits where a step has not run."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from stamps.frontends.headers import ground_spacing
from stamps.frontends.patches import read_patch
from stamps.queries.project_state import PatchStatus, ProjectStatus
from stamps.queries.step_costs import Counts
from stamps.workspace import Workspace
from stamps.workspace.parameters import Parameters
from stamps.workspace.plain_files import read_input

__all__ = [
    "counts_of",
    "counts_with",
    "grid_cells",
    "merged_at_most",
    "pixel_numbers",
    "share_of",
    "size_of",
    "spacing_of",
    "undivided",
]

#: Ground distance of pixels in range and azimuth, metres.
Spacing = tuple[float, float] | None


def counts_of(status: ProjectStatus, parameters: Parameters, patch: PatchStatus | None = None) -> Counts:
    """Counts of a project as far as it has got.

    Parameters
    ----------
    status : ProjectStatus
    parameters : Parameters
    patch : PatchStatus, optional
        Take the pixels of this patch in place of those of the largest.

    Returns
    -------
    Counts
        Upper limits where a step has not run.
    """
    numbers = pixel_numbers(status)
    total_weeded = sum(number[2] for number in numbers)
    candidates, selected, weeded = (
        (max(column) for column in zip(*numbers, strict=True)) if patch is None else _patch_numbers(patch)
    )
    resample = size_of(parameters, "merge_resample_size")
    n_ifg = (status.n_interferograms or 0) + (not status.small_baselines)
    base: dict[str, Any] = {
        "mode": "SB" if status.small_baselines else "PS",
        "n_ifg": n_ifg,
        "n_image": status.n_images or n_ifg,
        "width": status.width or 0,
        "length": status.length or 0,
        "resampled": bool(resample),
    }
    spacing = spacing_of(Workspace(status.workdir))
    merged = status.merged or merged_at_most(total_weeded, resample, spacing, base)
    filter_cells, unwrap_cells = (
        grid_cells(base["width"], base["length"], spacing, size_of(parameters, name))
        for name in ("filter_grid_size", "unwrap_grid_size")
    )
    total = sum(number[0] for number in numbers)
    base |= {"filter_cells": share_of(filter_cells, candidates, total), "unwrap_cells": unwrap_cells}
    return counts_with(base, candidates, selected, weeded, total_weeded, merged)


def size_of(parameters: Parameters, name: str) -> float:
    """A size in metres; 0 where it is not set."""
    value = parameters.get(name)
    return value if isinstance(value, float) else 0.0


def pixel_numbers(status: ProjectStatus) -> list[tuple[int, int, int]]:
    """Candidates, selected and weeded pixels of every patch that is processed; of the merged pixels where there is none."""
    patches = [patch for patch in status.patches if patch.listed and patch.empty_since is None]
    return [_patch_numbers(patch) for patch in patches] or [(status.merged or 0,) * 3]


def _patch_numbers(patch: PatchStatus) -> tuple[int, int, int]:
    """Candidates, selected and weeded pixels; what is not known is at most what came before."""
    candidates = patch.candidates or 0
    selected = candidates if patch.selected is None else patch.selected
    return candidates, selected, selected if patch.weeded is None else patch.weeded


def undivided(ws: Workspace, numbers: list[tuple[int, int, int]], status: ProjectStatus) -> tuple[int, ...]:
    """Candidates, selected and weeded pixels of the image as one patch: without what the overlaps count twice."""
    covered = 0
    for patch in status.patches:
        if patch.listed and (ws.path / patch.name / "patch.in").is_file():
            area = read_patch(ws.path / patch.name / "patch.in")
            covered += (area.lines.stop - area.lines.start) * (area.samples.stop - area.samples.start)
    share = min(1.0, (status.width or 0) * (status.length or 0) / covered) if covered else 1.0
    return tuple(math.ceil(share * sum(column)) for column in zip(*numbers, strict=True))


def spacing_of(ws: Workspace) -> Spacing:
    """Ground distance of pixels in range and azimuth, metres; None where the headers are not at hand."""
    path = ws.find("rsc.txt", levels=2)
    header = read_input(path).strip() if path is not None else ""
    return ground_spacing(header) if header and Path(header).is_file() else None


# ---------------------------------------------------------------------- pixels and cells


def counts_with(
    base: dict[str, Any], candidates: int, selected: int, weeded: int, total_weeded: int, merged: int
) -> Counts:
    """Counts of a stack with numbers of pixels."""
    return Counts(
        **base, candidates=candidates, selected=selected, weeded=weeded, total_weeded=total_weeded, merged=merged
    )


def merged_at_most(weeded: int, resample: float, spacing: Spacing, base: dict[str, Any]) -> int:
    """Resampling leaves at most one pixel a cell (and one more at the borders)."""
    if not resample or spacing is None or not base["width"]:
        return weeded
    cells = math.ceil(base["width"] * spacing[0] / resample + 1) * math.ceil(base["length"] * spacing[1] / resample + 1)
    return min(weeded, cells)


def grid_cells(width: int, length: int, spacing: Spacing, size: float) -> int | None:
    """Cells of a grid over the raster, ``size`` metres wide; None where that is not known."""
    if spacing is None or not width or not length or not size:
        return None
    return math.ceil(width * spacing[0] / size + 1) * math.ceil(length * spacing[1] / size + 1)


def share_of(cells: int | None, part: int, whole: int) -> int | None:
    """Of the cells, those of a part of the pixels."""
    return None if cells is None else math.ceil(cells * min(1.0, part / max(whole, 1)))
