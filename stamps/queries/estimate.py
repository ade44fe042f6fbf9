"""Memory, disk and time that a stack or project needs, and the patches that suit a machine: ``stamps estimate``.

The formulae are one table, ``step_costs.csv``: a step needs ``base_mib`` (Python and its libraries), stated multiples of one to
three arrays, and for each of its threads ``thread_mib`` and a multiple of another array, the programs it starts included. It
takes ``seconds`` and some more for each MiB of one or two arrays. The arrays:

``stack``       all SLCs, width x length x 8 bytes each (small baselines: both of every pair)
``kept``        their amplitudes as far as the preparation keeps them: at most 1 GiB, and a quarter of the free memory
``blocks``      what the threads of the preparation work on: 16 MiB of an image each, and one waits; at most an image
``column``      one value for each candidate, 8 bytes
``candidates``  phases of the candidates of the largest patch, n x n_ifg x 8 bytes: the largest stored array of steps 1 to 4
``filter grid``  the same of the cells of its filter grid (``filter_grid_size``)
``row``         the same of the windows along one row of that grid, at most 64 MiB
``random``      phases of the random pixels that step 2 compares the candidates with
``selected``    the same of the pixels that step 3 keeps
``weeded``      the same of the pixels that step 4 keeps, of all patches together
``merged``      the same of the merged pixels (16 bytes when resampled): the largest stored array of steps 6 to 8
``nodes``       the same of the grid cells that are unwrapped (``unwrap_grid_size``), at most as many as there are merged pixels
``unwrap grid``  the same of all cells of that grid
``filter plane``, ``unwrap plane``  these grids for one interferogram

The table bounds peaks measured on simulated stacks of 9 000 to 876 000 candidates (tests/fixtures/peaks.json, where a test
holds the table to them); ``benchmarks/peaks.py`` measures the peaks and makes the table. Seconds are processor time of a server:
rough. What is not known yet is taken at its upper limit: every candidate is kept until step 3 has run.
"""

from __future__ import annotations

import csv
import functools
import math
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stamps import native
from stamps.errors import InputError
from stamps.frontends.amplitudes import most_kept
from stamps.frontends.forecast import expected_candidates, find_stack
from stamps.frontends.headers import ground_spacing
from stamps.frontends.patches import read_patch
from stamps.frontends.rasters import BLOCK_PIXELS
from stamps.native import backends
from stamps.native.clap_patch import ROW_BYTES
from stamps.native.random_coherence import N_RANDOM
from stamps.queries.status import project_status
from stamps.run.workers import n_cores, shares
from stamps.workspace import Workspace
from stamps.workspace.limits import available_gib
from stamps.workspace.parameters import Parameters
from stamps.workspace.plain_files import read_input
from stamps.workspace.step_files import files_of, variables_of_file

if TYPE_CHECKING:
    from stamps._typing import StrPath
    from stamps.queries.status import PatchStatus, ProjectStatus


__all__ = [
    "Counts", "Needs", "Layout", "counts_of", "dimensions", "estimate_needs", "recommended_layout", "step_memory",
    "step_seconds",
]  # fmt: skip

MIB = 2**20
_STEPS = ("prep", "1", "2", "3", "4", "5", "6", "7", "8")
_PATCH_STEPS = ("1", "2", "3", "4")
_OVERLAP = 50  # default overlap of mt_prep_snap, pixels
_FEWEST_SIDE = 200  # pixels: smaller patches lose more in overlaps than they save
_FEWEST_CANDIDATES = 50_000  # patches are not made smaller than this only to occupy a core
_MOST_PATCHES = 2000
_FILTER_GRID, _UNWRAP_GRID = 50.0, 200.0  # metres: default filter_grid_size and unwrap_grid_size
_WINDOW = 32  # cells: default clap_win
_USABLE = 0.85  # part of the memory that a run may take


#: Blocks of NumPy's versions of the kernels by step, MiB; measured on stacks of 2 000 to 88 000 candidates.
_SCRATCH_MIB = {"2": 60, "4": 10, "8": 150}


@dataclass(frozen=True)
class Counts:
    """Numbers that decide the sizes of a stack's arrays.

    Attributes
    ----------
    mode : str
        ``PS`` or ``SB``.
    n_ifg : int
        Columns of the phases (single master: images, the master included).
    n_image : int
    width, length : int
        Raster size; 0 where unknown.
    candidates, selected, weeded : int
        Pixels of the largest patch; ``total_`` those of all patches.
    merged : int
        Pixels after step 5.
    resampled : bool
        Whether step 5 averages pixels (``merge_resample_size``).
    filter_cells, unwrap_cells : int, optional
        Cells of the filter grid of the largest patch and of the grid that is unwrapped; default: one for each pixel.
    threads : int
        Of a process of the step.
    free_gib : float
        Free memory of the machine, GiB: the preparation keeps more where there is more.
    compiled : bool
        Whether the compiled kernels are used; NumPy's need scratch arrays.
    """

    mode: str
    n_ifg: int
    n_image: int
    width: int
    length: int
    candidates: int
    selected: int
    weeded: int
    total_weeded: int
    merged: int
    resampled: bool = False
    filter_cells: int | None = None
    unwrap_cells: int | None = None
    threads: int = 1
    free_gib: float = math.inf
    compiled: bool = True

    def array(self, name: str) -> float:
        """Bytes of an array of the table."""
        phase = 8 * self.n_ifg
        n_pixels = self.width * self.length
        n_slcs = 2 * self.n_ifg if self.mode == "SB" else self.n_image
        filter_cells = self.candidates if self.filter_cells is None else self.filter_cells
        unwrap_cells = self.merged if self.unwrap_cells is None else self.unwrap_cells
        return {
            "stack": 8 * n_pixels * n_slcs,
            "kept": most_kept(4 * n_pixels, n_slcs, self.free_gib * 2**30),
            "blocks": 8 * min(n_pixels, (self.threads + 1) * BLOCK_PIXELS),
            "column": 8 * self.candidates,
            "candidates": self.candidates * phase,
            "filter grid": filter_cells * phase,
            "row": min(math.sqrt(filter_cells) * _WINDOW * phase, ROW_BYTES),
            "random": 8 * N_RANDOM * (self.n_image if self.mode == "SB" else self.n_ifg - 1),
            "selected": self.selected * phase,
            "weeded": self.total_weeded * phase,
            "merged": self.merged * phase * (2 if self.resampled else 1),
            "nodes": min(self.merged, unwrap_cells) * phase,
            "unwrap grid": unwrap_cells * phase,
            "filter plane": 8 * filter_cells,
            "unwrap plane": 8 * unwrap_cells,
        }[name]


@dataclass(frozen=True)
class Layout:
    """Patches in range and azimuth, how many run at once, candidates of the largest, memory that steps 1 to 5a then need."""

    rg_patches: int
    az_patches: int
    workers: int
    candidates: int
    peak_mib: float


@dataclass
class Needs:
    """What a stack or project needs; see the attributes' comments."""

    source: str
    kind: str  # 'project' or 'stack'
    small_baselines: bool
    n_images: int
    n_interferograms: int
    width: int | None
    length: int | None
    candidates: int  # of all patches, overlaps included once they are made
    candidates_from: str  # 'counted' or how they were extrapolated
    pixels_from: str  # what the numbers after selection rest on
    n_patches: int  # 0 before the preparation
    cores: int
    memory_gib: float
    steps: list = field(default_factory=list)  # step, peak_mib (of a process), workers, seconds, base_mib, arrays
    disk: dict = field(default_factory=dict)  # bytes: candidate files, patches, project, total, free
    recommended: Layout | None = None
    notes: list = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)

    @property
    def peak_mib(self) -> int:
        """Largest memory of any step with all its processes, MiB."""
        return max(step["peak_mib"] * step["workers"] for step in self.steps)


@functools.cache
def _costs() -> tuple[dict[str, str]]:
    with resources.files(__package__).joinpath("step_costs.csv").open(newline="", encoding="utf-8") as file:
        return tuple(csv.DictReader(file))


def _cost(step: str, mode: str) -> dict[str, str]:
    return next(row for row in _costs() if row["step"] == str(step) and row["mode"] in ("", mode))


def step_memory(step: str, counts: Counts) -> float:
    """Peak resident memory of the process of a step, MiB.

    Parameters
    ----------
    step : int or str
        1 to 8, or ``'prep'``.
    counts : Counts

    Returns
    -------
    float
    """
    row = _cost(step, counts.mode)
    arrays = sum(multiple * counts.array(name) for name, multiple in _multiples(row, counts.threads))
    return _base_mib(row, counts) + arrays / MIB


def _base_mib(row: Mapping[str, str], counts: Counts) -> float:
    """What a step needs whatever the size of its arrays, MiB."""
    scratch = 0 if counts.compiled else _SCRATCH_MIB.get(row["step"], 0)
    return float(row["base_mib"]) + counts.threads * float(row["thread_mib"]) + scratch


def _compiled() -> bool:
    """Whether the kernels that need scratch arrays without it run compiled here."""
    return all(backends.order(kernel)[0] == "pythran" for kernel in ("topofit", "arc_noise", "gaussian_smooth"))


def _multiples(row: Mapping[str, str], threads: int) -> list[tuple[str, float]]:
    """Arrays of a row of the table and how many times their size the step needs."""
    kinds = {"": 1, "second_": 1, "third_": 1, "thread_": threads}
    return [(row[f"{k}array"], float(row[f"{k}factor"]) * times) for k, times in kinds.items() if row[f"{k}array"]]


def step_seconds(step: str, counts: Counts) -> float:
    """Processor seconds of a step (of one patch in steps 1 to 4), rough."""
    row = _cost(step, counts.mode)
    pairs = [
        (row["seconds_array"], row["seconds_per_mib"]),
        (row["seconds_second_array"], row["seconds_second_per_mib"]),
    ]
    return float(row["seconds"]) + sum(float(each) * counts.array(name) / MIB for name, each in pairs if name)


def estimate_needs(
    workdir: Workspace | StrPath | None = None,
    datadir: StrPath | None = None,
    *,
    cores: int | None = None,
    memory_gib: float | None = None,
    da_thresh=None,
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
    """
    if workdir is not None and datadir is not None:
        raise InputError("Give --workdir for a project or --datadir for a stack that is not prepared yet, not both.")
    if memory_gib is not None and not memory_gib > 0:
        raise InputError(f"The memory is {memory_gib} GiB, but a positive number was expected.")
    memory = memory_gib or available_gib()
    if datadir is not None:
        return _of_stack(datadir, cores, memory, da_thresh)
    return _of_project(Workspace.at("." if workdir is None else workdir), cores, memory)


# ---------------------------------------------------------------------- a stack before the preparation


def _of_stack(datadir: StrPath, cores: int | None, memory: float, da_thresh) -> Needs:
    export = find_stack(datadir)
    forecast = expected_candidates(export, da_thresh)
    n_pixels = export.width * export.length
    candidates = forecast.candidates(n_pixels)
    small_baselines = export.small_baselines
    n_interferograms = len(export.interferograms)
    n_images = len({Path(path).name for path in export.slcs}) if small_baselines else len(export.slcs)
    cores = cores or native.n_threads()
    spacing = ground_spacing(export.header)
    resample = 100.0 if small_baselines else 0.0
    base = {
        "mode": "SB" if small_baselines else "PS",
        "n_ifg": n_interferograms if small_baselines else n_images,
        "n_image": n_images,
        "width": export.width,
        "length": export.length,
        "resampled": bool(resample),
        "free_gib": memory,
        "compiled": _compiled(),
        "unwrap_cells": _cells(export.width, export.length, spacing, _UNWRAP_GRID),
    }
    merged = _merged_at_most(candidates, resample, spacing, base)
    cells = _cells(export.width, export.length, spacing, _FILTER_GRID)
    whole = _counts({**base, "filter_cells": cells}, candidates, candidates, candidates, candidates, merged)
    layout, notes = recommended_layout(whole, memory, cores)
    base["filter_cells"] = _share(cells, layout.candidates, candidates)
    counts = _counts(base, layout.candidates, layout.candidates, layout.candidates, candidates, whole.merged)
    estimate = Needs(
        source=export.datadir,
        kind="stack",
        small_baselines=small_baselines,
        n_images=n_images,
        n_interferograms=n_interferograms,
        width=export.width,
        length=export.length,
        candidates=candidates,
        candidates_from=f"extrapolated from {forecast.n_sampled} of {n_pixels} pixels",
        pixels_from="every candidate kept (step 3 will keep fewer)",
        n_patches=0,
        cores=cores,
        memory_gib=round(memory, 2),
        recommended=layout,
        notes=notes,
    )
    n_patches = layout.rg_patches * layout.az_patches
    _fill_steps(estimate, counts, layout.workers, n_patches, _STEPS)
    _fill_disk(estimate, counts, n_patches, Path(export.datadir), spacing)
    return estimate


def _counts(
    base: Mapping[str, Any], candidates: int, selected: int, weeded: int, total_weeded: int, merged: int
) -> Counts:
    return Counts(
        **base, candidates=candidates, selected=selected, weeded=weeded, total_weeded=total_weeded, merged=merged
    )


def _merged_at_most(weeded: int, resample: float, spacing: tuple[float, float], base: Mapping[str, Any]) -> int:
    """Resampling leaves at most one pixel a cell (and one more at the borders)."""
    if not resample or spacing is None or not base["width"]:
        return weeded
    cells = math.ceil(base["width"] * spacing[0] / resample + 1) * math.ceil(base["length"] * spacing[1] / resample + 1)
    return min(weeded, cells)


def _cells(width: int, length: int, spacing: tuple[float, float] | None, size: float) -> int | None:
    """Cells of a grid over the raster, ``size`` metres wide; None where that is not known."""
    if spacing is None or not width or not length or not size:
        return None
    return math.ceil(width * spacing[0] / size + 1) * math.ceil(length * spacing[1] / size + 1)


def _share(cells: int | None, part: int, whole: int) -> int | None:
    """Of the cells, those of a part of the pixels."""
    return None if cells is None else math.ceil(cells * min(1.0, part / max(whole, 1)))


# ---------------------------------------------------------------------- a project


def _of_project(ws: Workspace, cores, memory: float) -> Needs:
    status = project_status(ws.path)
    if status.directory_type == "patch":
        raise InputError(f"{ws.path} is one patch: give the project directory above it as --workdir {ws.path.parent}.")
    parameters = Parameters(ws.as_recovered(), read_only=True)
    cores = n_cores(parameters, cores)
    patches = [patch for patch in status.patches if patch.listed and patch.empty_since is None]
    numbers = _numbers(status)
    counts = replace(counts_of(status, parameters), free_gib=memory, compiled=_compiled())
    total = sum(number[0] for number in numbers)
    if not total:
        raise InputError(f"{ws.path} has no candidates yet: run the preparation, or give the stack as --datadir.")
    spacing = _spacing(ws)
    merged_alone = not patches  # a merged directory, or one whose patches are not at hand
    estimate = Needs(
        source=str(ws.path),
        kind="project",
        small_baselines=status.small_baselines,
        n_images=counts.n_image,
        n_interferograms=status.n_interferograms,
        width=status.width,
        length=status.length,
        candidates=0 if merged_alone else total,
        candidates_from="no patches here" if merged_alone else "counted",
        pixels_from=_basis(patches, status),
        n_patches=len(patches),
        cores=cores,
        memory_gib=round(memory, 2),
    )
    workers = shares(cores, len(patches))[0]
    steps = _STEPS[_STEPS.index("6") :] if merged_alone else _STEPS[1:]
    _fill_steps(estimate, counts, workers, len(patches), steps)
    _fill_disk(estimate, counts, max(len(patches), 1), ws.path, spacing)
    if counts.width and counts.length and patches:
        candidates, selected, weeded = _undivided(ws, numbers, status)
        cells = _cells(counts.width, counts.length, spacing, _size(parameters, "filter_grid_size"))
        whole = replace(counts, candidates=candidates, selected=selected, weeded=weeded, filter_cells=cells)
        estimate.recommended, notes = recommended_layout(whole, memory, cores)
        estimate.notes += notes
    return estimate


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
    numbers = _numbers(status)
    total_weeded = sum(number[2] for number in numbers)
    candidates, selected, weeded = (
        (max(column) for column in zip(*numbers, strict=True)) if patch is None else _patch_numbers(patch)
    )
    resample = _size(parameters, "merge_resample_size")
    n_ifg = (status.n_interferograms or 0) + (not status.small_baselines)
    base = {
        "mode": "SB" if status.small_baselines else "PS",
        "n_ifg": n_ifg,
        "n_image": status.n_images or n_ifg,
        "width": status.width or 0,
        "length": status.length or 0,
        "resampled": bool(resample),
    }
    spacing = _spacing(Workspace(status.workdir))
    merged = status.merged or _merged_at_most(total_weeded, resample, spacing, base)
    filter_cells, unwrap_cells = (
        _cells(base["width"], base["length"], spacing, _size(parameters, name))
        for name in ("filter_grid_size", "unwrap_grid_size")
    )
    total = sum(number[0] for number in numbers)
    base |= {"filter_cells": _share(filter_cells, candidates, total), "unwrap_cells": unwrap_cells}
    return _counts(base, candidates, selected, weeded, total_weeded, merged)


def _size(parameters: Parameters, name: str) -> float:
    """A size in metres; 0 where it is not set."""
    value = parameters.get(name)
    return value if isinstance(value, float) else 0.0


def _numbers(status: ProjectStatus) -> list[tuple[int, int, int]]:
    """Candidates, selected and weeded pixels of every patch that is processed; of the merged pixels where there is none."""
    patches = [patch for patch in status.patches if patch.listed and patch.empty_since is None]
    return [_patch_numbers(patch) for patch in patches] or [(status.merged or 0,) * 3]


def _patch_numbers(patch: PatchStatus) -> tuple[int, int, int]:
    """Candidates, selected and weeded pixels; what is not known is at most what came before."""
    candidates = patch.candidates or 0
    selected = candidates if patch.selected is None else patch.selected
    return candidates, selected, selected if patch.weeded is None else patch.weeded


def _basis(patches: Sequence[PatchStatus], status: ProjectStatus) -> str:
    if status.merged is not None:
        return "the pixels that steps 3 to 5 left"
    known = [patch.selected is not None for patch in patches]
    return "the pixels that step 3 left" if known and all(known) else "every candidate kept (step 3 will keep fewer)"


def _undivided(ws: Workspace, numbers: Sequence[tuple[int, int, int]], status: ProjectStatus) -> tuple[int, int, int]:
    """Candidates, selected and weeded pixels of the image as one patch: without what the overlaps count twice."""
    covered = 0
    for patch in status.patches:
        if patch.listed and (ws.path / patch.name / "patch.in").is_file():
            area = read_patch(ws.path / patch.name / "patch.in")
            covered += (area.lines.stop - area.lines.start) * (area.samples.stop - area.samples.start)
    share = min(1.0, status.width * status.length / covered) if covered else 1.0
    return tuple(math.ceil(share * sum(column)) for column in zip(*numbers, strict=True))


def _spacing(ws: Workspace) -> tuple[float, float] | None:
    path = ws.find("rsc.txt", levels=2)
    header = read_input(path).strip() if path is not None else ""
    return ground_spacing(header) if header and Path(header).is_file() else None


# ---------------------------------------------------------------------- steps, disk


def _fill_steps(estimate: Needs, counts: Counts, workers: int, n_patches: int, steps: tuple[str, ...]) -> None:
    for step in steps:
        row = _cost(step, counts.mode)
        in_patches = step in _PATCH_STEPS
        counts = replace(counts, threads=max(1, estimate.cores // workers) if in_patches else estimate.cores)
        seconds = step_seconds(step, counts) * (max(n_patches, 1) / workers if in_patches else 1)
        estimate.steps.append(
            {
                "step": step,
                "peak_mib": round(step_memory(step, counts)),
                "workers": workers if in_patches else 1,
                "seconds": round(seconds, 1),
                "base_mib": round(_base_mib(row, counts), 1),
                "arrays": [
                    {"array": name, "multiple": round(multiple, 2), "mib": round(counts.array(name) / MIB, 2)}
                    for name, multiple in _multiples(row, counts.threads)
                ],
            }
        )
    limit = estimate.memory_gib * 1024
    over = [step for step in estimate.steps if step["peak_mib"] * step["workers"] > limit]
    if any(step["step"] in _PATCH_STEPS for step in over) and estimate.kind == "project":
        estimate.notes.append(
            "Steps 1 to 4 need more than the memory with these patches: use fewer cores or more patches."
        )
    late = [step["step"] for step in over if step["step"] not in _PATCH_STEPS]
    if late:
        estimate.notes.append(
            f"Steps {', '.join(late)} may need more than the memory whatever the patches: keep fewer pixels "
            "(merge_resample_size, weed_standard_dev) or use a larger machine."
        )


def _fill_disk(
    estimate: Needs, counts: Counts, n_patches: int, path: StrPath, spacing: tuple[float, float] | None
) -> None:
    known = dimensions(counts, spacing)
    m = counts.n_ifg - (counts.mode == "PS")
    amplitudes = 4 * counts.width * counts.length if estimate.candidates else 0
    candidate_files = estimate.candidates * (8 * m + 8 + 4 + 8 + 26) + amplitudes
    scale = estimate.candidates / max(counts.candidates, 1)  # patches other than the largest
    sizes = {
        "candidate files": candidate_files,
        "patches": round(scale * _mat_bytes("patch", known["patch"], counts.mode)),
        "project": _mat_bytes("project", known["project"], counts.mode),
    }
    there = next((folder for folder in (path, *path.parents) if folder.is_dir()), Path("/"))
    sizes["total"] = sum(sizes.values())
    sizes["free"] = shutil.disk_usage(there).free
    estimate.disk = sizes
    used = 0 if estimate.kind == "stack" else sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    if sizes["total"] - used > sizes["free"]:
        estimate.notes.append(
            f"The disk has {sizes['free'] / 1e9:.3g} GB left, but the project may grow to {sizes['total'] / 1e9:.3g} GB."
        )


def dimensions(counts: Counts, spacing: tuple[float, float] | None = None) -> dict[str, Any]:
    """Dimensions of the shapes in ``file_variables.csv``, at most, for files of a patch (by version) and of the project.

    Parameters
    ----------
    counts : Counts
    spacing : tuple of float, optional
        Ground distance of pixels in range and azimuth, metres: sets the size of grids.

    Returns
    -------
    dict
        ``patch`` (version 1), ``patch2`` and ``project``: name of a dimension to its number.
    """
    m = counts.n_ifg - (counts.mode == "PS")
    common = {
        "n_ifg": counts.n_ifg,
        "n_image": counts.n_image,
        "m": m,
        "n_slave": counts.n_image - 1,
        "n_win": 32,
        "k": m,
        "k2": m + 1,
    }
    grid = {}
    if spacing is not None and counts.width:
        share = 1.0 if counts.total_weeded == 0 else min(1.0, counts.weeded / counts.total_weeded)
        cells = counts.width * spacing[0] / 50 * counts.length * spacing[1] / 50 * share
        grid = {"n_i": math.ceil(math.sqrt(cells)), "n_j": math.ceil(math.sqrt(cells))}
    first = {**common, **grid, "n_ps": counts.candidates, "n_cand": counts.candidates, "n_sel": counts.selected}
    second = {**first, "n_ps": counts.weeded, "n_keep": counts.selected, "n_noise": counts.selected}
    first |= {"n_keep": counts.selected, "n_noise": counts.selected}
    nodes = counts.merged
    project = {
        **common,
        "n_ps": counts.merged,
        "n_node": nodes,
        "n_edge": 3 * nodes,
        "n_used": m,
        "n_date": counts.n_image,
        "k6": counts.n_ifg,
        "k7": 0,
        "k3": counts.n_image,
    }
    return {"patch": {"1": first, "2": second}, "project": {"1": project, "2": project}}


def _mat_bytes(place: str, known: Mapping[str, dict[str, int]], mode: str) -> int:
    """Bytes of all arrays that the steps leave in a place."""
    total, seen = 0, set()
    for step in range(1, 9):
        for row in files_of(step, "write"):
            if row.place != place or row.mode not in ("", mode) or not row.file.endswith(".mat"):
                continue
            dims = known["1" if row.file.removesuffix(".mat").endswith("1") else "2"]
            for item in variables_of_file(row.file, mode):
                if (row.file, item.name) not in seen and ("*" in row.variables or item.name in row.variables):
                    seen.add((row.file, item.name))
                    total += item.n_bytes(dims) or 0
    return total


# ---------------------------------------------------------------------- patches


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
    best, smallest = None, None
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
    counts = replace(whole, **{name: math.ceil(number * share) for name, number in known.items()})
    workers = min(cores, n_patches)
    while True:
        counts = replace(counts, threads=max(1, cores // workers))
        peak = max(step_memory(step, counts) for step in _PATCH_STEPS)
        if workers == 1 or workers * peak <= limit:
            break
        workers -= 1
    return Layout(r, a, workers, counts.candidates, round(workers * peak))


def _wide_enough(size: int, n: int) -> bool:
    return n == 1 or size // n >= _FEWEST_SIDE


def _largest(size: int, n: int) -> int:
    """Pixels of the largest of ``n`` patches along one axis, overlaps included."""
    return min(size, size // n + _OVERLAP * min(n - 1, 2))
