"""Memory and time of a step, from the numbers of pixels, interferograms and threads.

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
from dataclasses import dataclass
from importlib import resources

from stamps.frontends.amplitudes import most_kept
from stamps.frontends.rasters import BLOCK_PIXELS
from stamps.native import backends
from stamps.native.clap_patch import ROW_BYTES
from stamps.native.random_coherence import N_RANDOM

__all__ = ["MIB", "Counts", "kernels_are_compiled", "memory_parts", "step_memory", "step_seconds"]

MIB = 2**20
_WINDOW = 32  # cells: default clap_win

#: Modules that are compiled as they are imported, MiB (a first start, a read-only installation, PYTHONDONTWRITEBYTECODE):
#: measured 2 to 4.3 in steps 1 to 8. The table is of starts that find them compiled.
_COMPILING_MIB = 5

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
    first_start : bool
        Whether modules may have to be compiled as they are imported.
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
    first_start: bool = False

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


@functools.cache
def _costs() -> tuple[dict[str, str], ...]:
    with resources.files(__package__).joinpath("step_costs.csv").open(encoding="utf-8") as file:
        return tuple(csv.DictReader(file))


def _cost(step: int | str, mode: str) -> dict[str, str]:
    return next(row for row in _costs() if row["step"] == str(step) and row["mode"] in ("", mode))


def step_memory(step: int | str, counts: Counts) -> float:
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


def memory_parts(step: int | str, counts: Counts) -> tuple[float, list[tuple[str, float]]]:
    """What :func:`step_memory` adds up: what a step needs in any case, MiB, and arrays with their multiples."""
    row = _cost(step, counts.mode)
    return _base_mib(row, counts), _multiples(row, counts.threads)


def _base_mib(row: dict[str, str], counts: Counts) -> float:
    """What a step needs whatever the size of its arrays, MiB."""
    scratch = 0 if counts.compiled else _SCRATCH_MIB.get(row["step"], 0)
    compiling = _COMPILING_MIB if counts.first_start else 0
    return float(row["base_mib"]) + compiling + counts.threads * float(row["thread_mib"]) + scratch


def kernels_are_compiled() -> bool:
    """Whether the kernels that need scratch arrays without it run compiled here."""
    return all(backends.order(kernel)[0] == "pythran" for kernel in ("topofit", "arc_noise", "gaussian_smooth"))


def _multiples(row: dict[str, str], threads: int) -> list[tuple[str, float]]:
    """Arrays of a row of the table and how many times their size the step needs."""
    times = {"": 1, "second_": 1, "third_": 1, "thread_": threads}
    return [(row[f"{k}array"], float(row[f"{k}factor"]) * n) for k, n in times.items() if row[f"{k}array"]]


def step_seconds(step: int | str, counts: Counts) -> float:
    """Processor seconds of a step (of one patch in steps 1 to 4), rough."""
    row = _cost(step, counts.mode)
    pairs = [
        (row["seconds_array"], row["seconds_per_mib"]),
        (row["seconds_second_array"], row["seconds_second_per_mib"]),
    ]
    return float(row["seconds"]) + sum(float(each) * counts.array(name) / MIB for name, each in pairs if name)
