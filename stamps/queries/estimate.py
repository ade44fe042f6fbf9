"""Memory, disk and time that a stack or project needs, and the patches that suit a machine: ``stamps estimate``.

What a step costs stands in :mod:`stamps.queries.step_costs`; what is not known yet is taken at its upper limit: every candidate
is kept until step 3 has run.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from stamps import native
from stamps.errors import InputError
from stamps.frontends.forecast import expected_candidates, find_stack
from stamps.frontends.headers import ground_spacing
from stamps.linking.blocks import Area, bytes_in_memory, bytes_on_disk
from stamps.linking.options import LinkOptions
from stamps.linking.sequences import mini_stacks
from stamps.queries.counts import (
    counts_of,
    counts_with,
    grid_cells,
    merged_at_most,
    pixel_numbers,
    share_of,
    size_of,
    spacing_of,
    undivided,
)
from stamps.queries.disk_needs import disk_bytes
from stamps.queries.needs import ArrayNeeds, Needs, StepNeeds
from stamps.queries.patch_layout import PATCH_STEPS, Layout, recommended_layout
from stamps.queries.project_state import PATCH, PatchStatus, ProjectStatus
from stamps.queries.status import project_status
from stamps.queries.step_costs import MIB, Counts, kernels_are_compiled, memory_parts, step_memory, step_seconds
from stamps.run.workers import n_cores, shares
from stamps.workspace import Workspace
from stamps.workspace.limits import available_gib
from stamps.workspace.parameters import Parameters

__all__ = ["estimate_needs"]

_STEPS = ("prep", "1", "2", "3", "4", "5", "6", "7", "8")
_FILTER_GRID, _UNWRAP_GRID = 50.0, 200.0  # metres: default filter_grid_size and unwrap_grid_size
_ALL_KEPT = "every candidate kept (step 3 will keep fewer)"


def estimate_needs(
    workdir: str | os.PathLike[str] | None = None,
    datadir: str | os.PathLike[str] | None = None,
    *,
    cores: int | None = None,
    memory_gib: float | None = None,
    da_thresh: float | None = None,
) -> Needs:
    """Estimate what a prepared project, or a stack before the preparation, needs.

    Parameters
    ----------
    workdir : path-like, optional
        A project (default: the current directory, unless ``datadir`` is given).
    datadir : path-like, optional
        A SNAP or Gamma export; candidates are extrapolated from a sample of its lines.
    cores : int, optional
        Default: as a run would take them.
    memory_gib : float, optional
        Memory that may be used, GiB (default: what is available now).
    da_thresh : float, optional
        Threshold of the selection, with ``datadir``.

    Returns
    -------
    Needs

    Raises
    ------
    InputError
        Both or wrong directories, or a number that is none.

    Examples
    --------
    >>> from stamps import estimate_needs
    >>> needs = estimate_needs(".", cores=2, memory_gib=8)
    >>> needs.n_images, needs.n_patches, needs.cores
    (18, 2, 2)
    """
    if workdir is not None and datadir is not None:
        raise InputError("Give --workdir for a project or --datadir for a stack that is not prepared yet, not both.")
    if memory_gib is not None and not memory_gib > 0:
        raise InputError(f"The memory is {memory_gib} GiB, but a positive number was expected.")
    memory = memory_gib or available_gib()
    if datadir is not None:
        return _of_stack(datadir, cores or native.n_threads(), memory, da_thresh)
    return _of_project(Workspace.at("." if workdir is None else workdir), cores, memory)


# ---------------------------------------------------------------------- a stack before the preparation


def _of_stack(datadir: str | os.PathLike[str], cores: int, memory: float, da_thresh: float | None) -> Needs:
    export = find_stack(datadir)
    forecast = expected_candidates(export, da_thresh)
    candidates = forecast.candidates(export.width * export.length)
    spacing = ground_spacing(str(export.header))
    whole = _whole_stack(export, candidates, spacing, memory)
    layout, notes = recommended_layout(whole, memory, cores)
    largest = layout.candidates
    counts = replace(whole, candidates=largest, selected=largest, weeded=largest)
    counts = replace(counts, filter_cells=share_of(whole.filter_cells, largest, candidates))
    n_patches = layout.rg_patches * layout.az_patches
    steps = _step_needs(counts, layout.workers, n_patches, _STEPS, cores)
    disk = _disk(counts, candidates, Path(export.root), spacing)
    return Needs(
        source=str(export.root),
        source_type="stack",
        small_baselines=export.small_baselines,
        n_images=whole.n_image,
        n_interferograms=len(export.interferograms),
        width=export.width,
        length=export.length,
        candidates=candidates,
        candidates_from=f"extrapolated from {forecast.n_sampled} of {export.width * export.length} pixels",
        pixels_from=_ALL_KEPT,
        n_patches=0,
        cores=cores,
        memory_gib=round(memory, 2),
        steps=steps,
        disk=disk,
        recommended=layout,
        notes=(
            *notes,
            *_memory_notes(steps, memory, with_patches=False),
            *_disk_notes(disk, used=0),
            *_linking_notes(whole),
        ),
    )


def _whole_stack(export: Any, candidates: int, spacing: tuple[float, float] | None, memory: float) -> Counts:
    """Counts of a stack as one patch."""
    small_baselines = export.small_baselines
    n_images = len({Path(path).name for path in export.slcs}) if small_baselines else len(export.slcs)
    resample = 100.0 if small_baselines else 0.0
    base = {
        "mode": "SB" if small_baselines else "PS",
        "n_ifg": len(export.interferograms) if small_baselines else n_images,
        "n_image": n_images,
        "width": export.width,
        "length": export.length,
        "resampled": bool(resample),
        "free_gib": memory,
        "compiled": kernels_are_compiled(),
        "first_start": True,
        "filter_cells": grid_cells(export.width, export.length, spacing, _FILTER_GRID),
        "unwrap_cells": grid_cells(export.width, export.length, spacing, _UNWRAP_GRID),
    }
    merged = merged_at_most(candidates, resample, spacing, base)
    return counts_with(base, candidates, candidates, candidates, candidates, merged)


# ---------------------------------------------------------------------- a project


def _of_project(ws: Workspace, cores: int | None, memory: float) -> Needs:
    status = project_status(ws.path)
    if status.directory_type == PATCH:
        raise InputError(f"{ws.path} is one patch: give the project directory above it as --workdir {ws.path.parent}.")
    parameters = Parameters(ws.as_recovered(), read_only=True)
    n = n_cores(parameters, cores)
    patches = [patch for patch in status.patches if patch.listed and patch.empty_since is None]
    total = sum(number[0] for number in pixel_numbers(status))
    if not total:
        raise InputError(f"{ws.path} has no candidates yet: run the preparation, or give the stack as --datadir.")
    counts = replace(counts_of(status, parameters), free_gib=memory, compiled=kernels_are_compiled(), first_start=True)
    spacing = spacing_of(ws)
    merged_alone = not patches  # a merged directory, or one whose patches are not at hand
    candidates = 0 if merged_alone else total
    names = _STEPS[_STEPS.index("6") :] if merged_alone else _STEPS[1:]
    steps = _step_needs(counts, shares(n, len(patches))[0], len(patches), names, n)
    disk = _disk(counts, candidates, ws.path, spacing)
    used = sum(file.stat().st_size for file in ws.path.rglob("*") if file.is_file())
    layout, notes = _better_layout(ws, status, parameters, counts, memory, n) if patches else (None, [])
    return Needs(
        source=str(ws.path),
        source_type="project",
        small_baselines=status.small_baselines,
        n_images=counts.n_image,
        n_interferograms=status.n_interferograms,
        width=status.width,
        length=status.length,
        candidates=candidates,
        candidates_from="no patches here" if merged_alone else "counted",
        pixels_from=_basis(patches, status),
        n_patches=len(patches),
        cores=n,
        memory_gib=round(memory, 2),
        steps=steps,
        disk=disk,
        recommended=layout,
        notes=(
            *_memory_notes(steps, memory, with_patches=True),
            *_disk_notes(disk, used),
            *notes,
            *([] if merged_alone else _linking_notes(counts)),
        ),
    )


def _better_layout(
    ws: Workspace, status: ProjectStatus, parameters: Parameters, counts: Counts, memory: float, cores: int
) -> tuple[Layout | None, list[str]]:
    """The division into patches that would suit the machine, and notes on it."""
    if not (counts.width and counts.length):
        return None, []
    candidates, selected, weeded = undivided(ws, pixel_numbers(status), status)
    size = size_of(parameters, "filter_grid_size")
    cells = grid_cells(counts.width, counts.length, spacing_of(ws), size)
    whole = replace(counts, candidates=candidates, selected=selected, weeded=weeded, filter_cells=cells)
    return recommended_layout(whole, memory, cores)


def _basis(patches: Sequence[PatchStatus], status: ProjectStatus) -> str:
    if status.merged is not None:
        return "the pixels that steps 3 to 5 left"
    known = [patch.selected is not None for patch in patches]
    return "the pixels that step 3 left" if known and all(known) else _ALL_KEPT


# ---------------------------------------------------------------------- steps, disk


def _step_needs(
    counts: Counts, workers: int, n_patches: int, steps: Sequence[str], cores: int
) -> tuple[StepNeeds, ...]:
    found = []
    for step in steps:
        in_patches = step in PATCH_STEPS
        known = replace(counts, threads=max(1, cores // workers) if in_patches else cores)
        base, arrays = memory_parts(step, known)
        seconds = step_seconds(step, known) * (max(n_patches, 1) / workers if in_patches else 1)
        found.append(
            StepNeeds(
                step=step,
                peak_mib=round(step_memory(step, known)),
                workers=workers if in_patches else 1,
                seconds=round(seconds, 1),
                base_mib=round(base, 1),
                arrays=tuple(
                    ArrayNeeds(name, round(multiple, 2), round(known.array(name) / MIB, 2)) for name, multiple in arrays
                ),
            )
        )
    return tuple(found)


def _memory_notes(steps: Sequence[StepNeeds], memory: float, with_patches: bool) -> list[str]:
    notes = []
    over = [step for step in steps if step.peak_mib * step.workers > round(memory, 2) * 1024]
    if any(step.step in PATCH_STEPS for step in over) and with_patches:
        notes.append("Steps 1 to 4 need more than the memory with these patches: use fewer cores or more patches.")
    late = [step.step for step in over if step.step not in PATCH_STEPS]
    if late:
        notes.append(
            f"Steps {', '.join(late)} may need more than the memory whatever the patches: keep fewer pixels "
            "(merge_resample_size, weed_standard_dev) or use a larger machine."
        )
    return notes


def _disk(counts: Counts, candidates: int, path: Path, spacing: tuple[float, float] | None) -> dict[str, int]:
    there = next((folder for folder in (path, *path.parents) if folder.is_dir()), Path("/"))
    return {**disk_bytes(counts, candidates, spacing), "free": shutil.disk_usage(there).free}


def _disk_notes(disk: dict[str, int], used: int) -> list[str]:
    if disk["total"] - used <= disk["free"]:
        return []
    free, total = disk["free"] / 1e9, disk["total"] / 1e9
    return [f"The disk has {free:.3g} GB left, but the project may grow to {total:.3g} GB."]


def _linking_notes(counts: Counts) -> list[str]:
    """What ``mt_link`` would need with its default options."""
    if counts.mode != "PS" or counts.n_image < 4 or not counts.width * counts.length:
        return []
    options = LinkOptions.of()
    n_stacks = len(mini_stacks(counts.n_image, options.ministack))
    disk = bytes_on_disk(counts.width, counts.length, counts.n_image, n_stacks, options)
    memory = bytes_in_memory(Area(0, counts.length, 0, counts.width), counts.n_image, options)
    return [
        f"mt_link (distributed scatterers) would take {disk / 1e9:.3g} GB of disk besides, and {memory / 1e9:.2g} GB of memory "
        "for each core."
    ]
