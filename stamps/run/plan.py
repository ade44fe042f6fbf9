"""Which steps a run goes through, in which directories: what is decided before anything runs. Nothing here changes a file.

The driver (:mod:`stamps.run.engine`) and a dry run (:mod:`stamps.queries.dry_run`) ask the same functions.

Source: docs/method/conventions.md, section 7.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from stamps.errors import InputError, ParameterError
from stamps.frontends.registry import PROCESSORS, nothing_to_load
from stamps.run.run_record import Progress, RunRecord
from stamps.workspace import Workspace
from stamps.workspace.parameters import Parameters

__all__ = [
    "MERGING_STEPS",
    "PROJECT_STEPS",
    "PatchPlan",
    "Run",
    "check_parameters",
    "find_patches",
    "flags_before",
    "kept_patches",
    "merge_skipped",
    "plan_patch",
    "plan_run",
    "project_steps",
    "refuse_merged",
    "resume_step",
    "wants_patches",
]

#: Steps (or the part of step 5) that work in the project directory.
PROJECT_STEPS = (5, 6, 7, 8)
#: Steps up to merged interferograms, with which projects of some processors begin.
MERGING_STEPS = (1, 2, 3, 4, 5)

_PARTS = (0, 1, 2)
#: What stands for the part of step 5 in the project directory: merging and the noise of the interferograms.
_MERGING = 5.5


@dataclass(frozen=True)
class Run:
    """What a call of the driver asks for, with the patches found.

    Attributes
    ----------
    start, end : int
        Range of steps; start 0 resumes.
    patches : tuple of str or None
        Patch directories in order; None to work in the project directory alone.
    in_patches, in_project : bool
        Which parts are wanted: steps 1 to 5a, and the rest.
    """

    start: int
    end: int
    patches: tuple[str, ...] | None
    in_patches: bool
    in_project: bool

    def folders(self, ws: Workspace) -> list[Workspace]:
        """Directories of steps 1 to 5a."""
        return [ws] if self.patches is None else [ws / name for name in self.patches]


def plan_run(
    ws: Workspace,
    start_step: object = 1,
    end_step: object = 8,
    patches_flag: str | None = None,
    patch_list_file: str | None = "patch.list",
    part_limitation: int | None = 0,
) -> Run:
    """Check the arguments of the driver and find the patches; changes nothing.

    Returns
    -------
    Run

    Raises
    ------
    InputError
        A step or part that does not exist, no such directory, a patch list that names directories that are not there.
    """
    if _number(start_step, 1) == _MERGING:
        start_step, part_limitation = 5, _part_of_merging(part_limitation)
    start, end = _step(start_step, 1), _step(5 if _number(end_step, 8) == _MERGING else end_step, 8)
    if not (0 <= start <= 8 and 0 <= end <= 8):
        raise InputError(f"Steps {start} to {end} do not exist: give numbers from 1 to 8 (or 0 to resume).")
    if 0 < end < start:
        raise InputError(
            f"Step {start} comes after step {end}, so there is nothing to do: give the first step first "
            f"(stamps {end} {start})."
        )
    part = int(part_limitation or 0)
    if part not in _PARTS:
        raise InputError(f"The part limitation is {part}: give 1 (patches only), 2 (the rest) or 0 (both).")
    if not ws.path.is_dir():
        raise InputError(f"{ws.path} is not a directory: give the project directory as --workdir.")
    patches = find_patches(ws, patch_list_file or "patch.list") if wants_patches(start, patches_flag) else []
    return Run(start, end, tuple(patches) or None, part != 2, part != 1)


def wants_patches(start: int, patches_flag: str | None = None) -> bool:
    """Whether a run from a step works in the patch directories."""
    return str(patches_flag or ("y" if start < 6 else "n")).strip().lower() == "y"


def _number(value: Any, default: int) -> float:
    """A step as it is given: a number, or ``[]`` or an empty text for the default."""
    return default if value is None or np.size(value) == 0 or value == "" else float(value)


def _step(value: Any, default: int) -> int:
    number = _number(value, default)
    if number != int(number):
        raise InputError(
            f"Step {number:g} does not exist: give numbers from 1 to 8 (0 to resume, 5.5 for merging alone)."
        )
    return int(number)


def _part_of_merging(part_limitation: int | None) -> int:
    """The part that a start at 5.5 means: the project directory alone."""
    if int(part_limitation or 0) == 1:
        raise InputError("Step 5.5 is the part of step 5 outside the patches, which the part limitation 1 leaves out.")
    return 2


def check_parameters(ws: Workspace, run: Run) -> None:
    """Check the parameters of the project and of the patches that have their own, before anything is computed.

    Raises
    ------
    ParameterError
        A value that no step could use, or steps that there are none of in a project of this processor.
    """
    refuse_merged(ws, run.start)
    for folder in (ws, *run.folders(ws)):
        if folder is ws or folder.exists("localparms") or folder.exists("parms"):
            Parameters(folder, read_only=True).check()


def refuse_merged(ws: Workspace, start: int) -> None:
    """Refuse steps before the sixth (or 0, to resume) where a project begins with merged interferograms.

    Raises
    ------
    ParameterError
    """
    name = str(Parameters(ws, read_only=True).get("insar_processor")).strip().lower()
    processor = PROCESSORS.get(name)
    if start > MERGING_STEPS[-1]:
        return
    if processor is not None and processor.merged:
        raise ParameterError(nothing_to_load(processor))
    if _is_multilooked(ws):
        raise ParameterError(
            f"{ws.path} begins with multilooked interferograms, which mt_ml_select loaded: there is nothing for steps 1 to 5 to "
            "do; go on with step 6 (stamps 6 8)."
        )


def _is_multilooked(ws: Workspace) -> bool:
    """Whether pixels have a coherence in every interferogram and no phase of steps 1 to 5, and there are no patches."""
    if not ws.exists("ps2") or not ws.exists("pm2") or any(map(ws.exists, ("ps1", "ph2"))) or ws.patch_list():
        return False
    return ws.variables_of("pm2") == ["coh_ps"] and "ph" not in ws.variables_of("ps2")


def find_patches(ws: Workspace, list_file: str) -> list[str]:
    """Patch directories in processing order: the lines of the list file, else all ``PATCH_*`` directories.

    An empty list file counts as none: then the directory itself is processed.

    Raises
    ------
    InputError
        The list names a directory that does not exist.
    """
    names = ws.patch_list(list_file)
    absent = [name for name in names if not os.path.isdir(ws.path / name)]
    if absent:
        raise InputError(
            f"{ws.path / list_file} names {', '.join(absent)}, which {'is' if len(absent) == 1 else 'are'} not there: "
            "correct the list or run the preparation again."
        )
    return names


def resume_step(ws: Workspace) -> int:
    """The step at which a directory goes on, by the files it holds: 5, 4, 3, 2 or 1."""
    for name, step in (("weed1", 5), ("select1", 4), ("pm1", 3), ("ps1", 2)):
        if ws.exists(name):
            return step
    return 1


# ---------------------------------------------------------------------- one directory of steps 1 to 5a


@dataclass(frozen=True)
class PatchPlan:
    """Steps of one directory: where it starts, whether that was found by its files, and the steps in order."""

    start: int
    resumed: bool
    steps: tuple[int, ...]

    @property
    def sets_version_two(self) -> bool:
        """Whether ``psver`` becomes 2 at once: for a directory found to be weeded."""
        return self.resumed and self.start == 5

    def resets_version(self, step: int) -> bool:
        """Whether ``psver`` becomes 1 before the step: at a start at 2 to 4."""
        return step == self.start and 1 < step < 5 and not self.resumed


def plan_patch(ws: Workspace, start: int, end: int, progress: Progress | None = None) -> PatchPlan:
    """Steps 1 to 5a of one directory that a run goes through; step 1 runs whatever the end step is.

    Parameters
    ----------
    ws : Workspace
    start, end : int
        Range of steps; start 0 resumes.
    progress : stamps.run.run_record.Progress, optional
        What the run has published there before it was interrupted.

    Returns
    -------
    PatchPlan
    """
    done, resumed = 0, start == 0
    if progress is not None and progress.last:
        start, resumed, done = progress.start, progress.resumed, progress.last
    elif resumed:
        start = resume_step(ws)
    steps = ((1,) if start == 1 else ()) + tuple(k for k in (2, 3, 4, 5) if start <= k <= end)
    return PatchPlan(start, resumed, tuple(k for k in steps if k > done))


def flags_before(step: int, flags: npt.ArrayLike) -> tuple[npt.NDArray[np.float64], bool]:
    """What the flags of ``no_ps_info`` say of a step 2 to 5a.

    Parameters
    ----------
    step : int
    flags : array_like, shape (5,)
        Entry k-1 is not 0 where step k left no pixel.

    Returns
    -------
    ndarray of float64, shape (5,)
        The flags with those of this and later steps forgotten.
    bool
        Whether the step before left no pixel, so that this one is skipped.
    """
    known = np.array(flags, dtype=np.float64)
    known[step - 1 :] = 0
    return known, bool(known[step - 2] != 0)


# ---------------------------------------------------------------------- the project directory


def project_steps(start: int, end: int, record: RunRecord | None = None) -> list[int]:
    """Steps 5 to 8 that a run goes through in the project directory, but those that it has published (``record``)."""
    done = 0 if record is None else record.last
    return [step for step in PROJECT_STEPS if start <= step <= end and step > done]


def kept_patches(patches: Iterable[str], flags_of: Callable[[str], npt.ArrayLike]) -> list[str]:
    """Names of the patches that still have pixels; ``flags_of(name)`` gives the flags of one."""
    return [name for name in patches if not np.any(flags_of(name))]


def merge_skipped(patches: Sequence[str] | None, flags_of_project: Callable[[], npt.ArrayLike]) -> str | None:
    """Why step 5 does nothing in the project directory, or None; ``flags_of_project()`` gives its flags."""
    if patches is None and np.any(flags_of_project()):
        return "No PS left in an earlier step, so will skip step 5"
    return None
