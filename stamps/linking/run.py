"""A run of phase linking: the folder ``LINK``, one pass over the blocks after the other, going on after a stop.

A block counts as finished when ``link.json`` says so, after its rasters have reached the disk. Blocks can be repeated: a run
that was killed goes on with the first one that is not finished, and its files are those of a run that was not.

Source: docs/method/linking.md, section 7.
"""

from __future__ import annotations

import functools
import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from threadpoolctl import threadpool_limits

from stamps.errors import InputError, ParameterError, WorkspaceError
from stamps.linking.blocks import Block, blocks_of, bytes_on_disk, pixels_of_block
from stamps.linking.counts import pixel_counts
from stamps.linking.estimators import REGULARISATION
from stamps.linking.files import FORMAT, RECORD, input_state, read_record, write_record
from stamps.linking.job import SCRATCH, Job
from stamps.linking.pairs import PairCounts
from stamps.linking.passes import find_neighbours, finish_block, link_block, link_mini_stack
from stamps.linking.sequences import unchanged_stacks

__all__ = ["Mapper", "run"]


class Mapper(Protocol):
    """Where blocks are worked on: results in the order of the blocks."""

    def __call__(
        self, function: Callable[[Block], dict[str, int]], blocks: Sequence[Block], title: str
    ) -> Iterator[dict[str, int]]: ...


def run(
    job: Job, mapper: Mapper, version: str, *, overwrite: bool = False, update: bool = False, block_pixels: int = 0
) -> dict[str, Any]:
    """Link the phases of a stack, or go on with it.

    Parameters
    ----------
    job : Job
    mapper : callable
        Applies a function to blocks.
    version : str
        Of the package, for ``link.json``.
    overwrite : bool
        Begin anew, whatever is there.
    update : bool
        Images have been added: keep the mini-stacks that are complete.
    block_pixels : int
        Pixels of a block; 0: by the memory.

    Returns
    -------
    dict
        What ``link.json`` holds.

    Raises
    ------
    InputError
        ``LINK`` was made from other rasters or with other options, or the disk is too small.
    """
    job, record = _opened(job, version, overwrite, update, block_pixels)
    if record["complete"]:
        return record
    begin = time.monotonic()
    blocks = blocks_of(job.subset, job.options.half_window, record["block_pixels"])
    with threadpool_limits(1, "blas"):
        for number, (name, function) in enumerate(_passes(job)):
            _do(job, record, mapper, blocks, name, function, f"{number + 1} of {len(_passes(job))}")
    seconds = time.monotonic() - begin
    record["log"].append(
        {"seconds": round(seconds, 2), "pixels_per_second": round(job.subset.size / max(seconds, 1e-9), 1)}
    )
    record["counts"] = pixel_counts(job) | {
        "isolated": sum(done.get("isolated", 0) for done in record["passes"].values())
    }
    if job.options.pair_coherence:
        paths = [job.scratch(f"pairs_{block.number}.npy") for block in blocks]
        n = job.stack.n_images
        record["pair_coherence"] = PairCounts.total(paths, n).medians(n)
    record["complete"] = True
    write_record(job.folder, record)
    shutil.rmtree(job.folder / SCRATCH, ignore_errors=True)
    return record


def _passes(job: Job) -> list[tuple[str, Callable[[Block], dict[str, int]]]]:
    """Name and work of each pass over the blocks."""
    if not job.options.sequential:
        return [("link", functools.partial(link_block, job))]
    stacks = [(f"mini-stack {k}", functools.partial(link_mini_stack, job, k)) for k in range(job.kept, len(job.plan))]
    neighbours = ("neighbours", functools.partial(find_neighbours, job))
    return [neighbours, *stacks, ("finish", functools.partial(finish_block, job))]


def _do(
    job: Job,
    record: dict[str, Any],
    mapper: Mapper,
    blocks: list[Block],
    name: str,
    function: Callable[[Block], dict[str, int]],
    which: str,
) -> None:
    """One pass over the blocks that are not finished."""
    done = record["passes"].setdefault(name, {"blocks": 0})
    left = blocks[done["blocks"] :]
    for block, counts in zip(left, mapper(function, left, f"{name} ({which})"), strict=True):
        done["blocks"] += 1
        for kind, count in counts.items():
            done[kind] = done.get(kind, 0) + count
        write_record(job.folder, record)
        job.kept_phasors(block.number).unlink(missing_ok=True)


# ---------------------------------------------------------------------- the folder


def _opened(job: Job, version: str, overwrite: bool, update: bool, block_pixels: int) -> tuple[Job, dict[str, Any]]:
    """The folder of a run that begins, goes on or adds images: the job, and its record."""
    _check_folder(job.folder)
    old = None if overwrite else read_record(job.folder)
    inputs = _inputs(job)
    if old is not None and old["settings"] == job.as_dict() and old["inputs"] == inputs:
        return _continued(replace(job, kept=old["kept"]), old, version)
    if old is not None and not update:
        raise InputError(f"{job.folder} {_difference(old, job, inputs)}: --overwrite begins anew{_hint(old, job)}.")
    kept = 0 if old is None else _kept(old, job, inputs)
    job = replace(job, kept=kept)
    _check_disk(job)
    record = {
        "format": FORMAT,
        "version": version,
        "complete": False,
        "prepared": False,
        "width": job.stack.width,
        "length": job.stack.length,
        "dates": list(job.stack.dates),
        "master": job.stack.master,
        "options": job.options.as_dict(),
        "settings": job.as_dict(),
        "inputs": inputs,
        "kept": kept,
        "regularisation": REGULARISATION,
        "block_pixels": block_pixels or pixels_of_block(job.subset, job.stack.n_images, job.options),
        "passes": {},
        "log": [] if old is None else old["log"],
    }
    if not kept:
        _clear(job.folder)
    job.folder.mkdir(exist_ok=True)
    write_record(job.folder, record)
    return job, _prepared(job, record)


def _continued(job: Job, record: dict[str, Any], version: str) -> tuple[Job, dict[str, Any]]:
    """The record of a run that was stopped, or is finished."""
    if not record["complete"] and record["version"] != version:
        raise InputError(
            f"{job.folder} was begun by version {record['version']} of stamps, this is {version}: finish it with that one, or "
            "begin anew with --overwrite."
        )
    if not record["prepared"]:
        _check_disk(job)
        return job, _prepared(job, record)
    lost = [raster.path for raster in job.rasters() if not raster.is_complete()]
    if lost:
        raise WorkspaceError(f"{lost[0]} is missing or damaged: run mt_link --overwrite.")
    return job, record


def _prepared(job: Job, record: dict[str, Any]) -> dict[str, Any]:
    """Make the rasters that are not there yet; those of an update that stay are left alone."""
    shutil.rmtree(job.folder / SCRATCH, ignore_errors=True)
    (job.folder / SCRATCH).mkdir()
    if job.options.sequential:
        job.neighbours.create(header=False)
        wanted = {f"{raster.path.name}{ending}" for raster in job.rasters() for ending in ("", ".hdr")}
        for path in (job.folder / "compressed").glob("*"):
            if path.name not in wanted:
                path.unlink()
    for raster in job.rasters():
        if not (job.kept and raster.is_complete()):
            raster.create()
    record["prepared"] = True
    write_record(job.folder, record)
    return record


def _check_folder(folder: Path) -> None:
    """Stop where ``LINK`` is something else."""
    for place in (folder, folder / "compressed", folder / SCRATCH):
        if place.is_symlink():
            raise WorkspaceError(
                f"{place} is a link, where a folder was expected: nothing is written there; remove it."
            )
    if not folder.exists():
        return
    names = [path.name for path in folder.iterdir()] if folder.is_dir() else None
    if names is None or (names and RECORD not in names and not all(name.startswith(f".{RECORD}") for name in names)):
        raise WorkspaceError(f"{folder} is no folder of linked phases ({RECORD} is not in it): move it away.")


def _clear(folder: Path) -> None:
    """Remove what an earlier run left."""
    if folder.is_dir():
        for path in folder.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()


def _check_disk(job: Job) -> None:
    n_stacks = len(job.plan) if job.options.sequential else 0
    needed = bytes_on_disk(*job.stack.size, job.stack.n_images, n_stacks, job.options)
    if job.folder.is_dir():
        needed -= sum(getattr(path.stat(), "st_blocks", 0) * 512 for path in job.folder.rglob("*") if path.is_file())
    free = shutil.disk_usage(job.folder.parent).free
    if free < needed:
        raise InputError(
            f"Linking needs {needed} bytes in {job.folder}, but the disk has only {free} free: make room, or link a part of the "
            "image (--subset)."
        )


# ---------------------------------------------------------------------- what it was made from


def _inputs(job: Job) -> dict[str, Any]:
    """Rasters that are read, with sizes and times of change."""
    paths = [*job.stack.slcs, *job.stack.interferograms, *([] if job.mask is None else [job.mask])]
    return {
        "rasters": {os.path.abspath(path): input_state(path) for path in paths},
        "interferograms": sorted(os.path.abspath(path) for path in job.stack.interferograms),
        "slcs": [os.path.abspath(path) for path in job.stack.slcs],
        "mask": None if job.mask is None else os.path.abspath(job.mask),
    }


def _difference(old: dict[str, Any], job: Job, inputs: dict[str, Any]) -> str:
    """In words, what is different from the run that made the folder."""
    settings, now = old["settings"], job.as_dict()
    options = [name for name, value in now["options"].items() if settings["options"].get(name) != value]
    if options:
        return f"was made with other options ({', '.join(options)})"
    others = [name for name in ("dates", "master", "width", "length", "subset") if settings[name] != now[name]]
    if others:
        return f"was made from another stack or part of it ({', '.join(others)})"
    before, after = old["inputs"]["rasters"], inputs["rasters"]
    changed = [path for path in {**before, **after} if before.get(path) != after.get(path)]
    return f"was made from other rasters ({changed[0] if changed else 'another order'})"


def _hint(old: dict[str, Any], job: Job) -> str:
    more = set(job.stack.dates) > set(old["settings"]["dates"])
    return ", --update adds the new images" if more and job.options.sequential else ""


def _kept(old: dict[str, Any], job: Job, inputs: dict[str, Any]) -> int:
    """Mini-stacks of the old run that stay in an update."""
    if not job.options.sequential:
        raise ParameterError(
            f"--update adds images to mini-stacks, but the method is {job.options.method}: use --overwrite."
        )
    if not old["complete"]:
        raise InputError(
            f"{job.folder} is not finished: run mt_link with the images it was begun with first, or --overwrite."
        )
    before, now = old["settings"], job.as_dict()
    same = all(before[name] == now[name] for name in ("options", "master", "width", "length", "subset"))
    rasters = old["inputs"]["rasters"]
    if not same or any(inputs["rasters"].get(path) != state for path, state in rasters.items()):
        raise InputError(
            f"{job.folder} {_difference(old, job, inputs)}, so images cannot be added: --overwrite begins anew."
        )
    return 0 if job.options.datum else unchanged_stacks(before["dates"], now["dates"], job.options.ministack)
