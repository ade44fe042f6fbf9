"""What a run of the steps would do, skip and overwrite: ``stamps 1 8 --dry-run``.

Asks the driver's own decisions (:mod:`stamps.run.plan`) and the table of files (:mod:`stamps.workspace.step_files`) step by step,
as if every step left pixels; keeps account of the files that would be there by then. Nothing is written.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from stamps.errors import InputError, StampsError
from stamps.queries.counts import counts_of
from stamps.queries.disk_needs import dimensions
from stamps.queries.run_plan import PlannedFile, PlannedStep, RunPlan
from stamps.queries.status import explain_no_project, project_status
from stamps.queries.step_inputs import STEP_TITLES, is_project
from stamps.run import continuation
from stamps.run.continuation import Decision
from stamps.run.plan import (
    Run,
    check_parameters,
    flags_before,
    kept_patches,
    merge_skipped,
    plan_patch,
    plan_run,
    project_steps,
)
from stamps.run.settings import settings_of
from stamps.run.step_calls import StepOptions, patch_function
from stamps.run.workers import n_cores, shares
from stamps.workspace import Workspace
from stamps.workspace.freshness import Judge, is_placeholder, is_unwrapped
from stamps.workspace.lineage import step_of
from stamps.workspace.parameters import Parameters
from stamps.workspace.step_files import Situation, StepFile, files_of, variables_of_file

__all__ = ["RunPlan", "plan_of"]

_PUBLISHED = "published by the interrupted run"


def plan_of(
    workdir: str | os.PathLike[str] | Workspace = ".",
    start_step: float | None = 1,
    end_step: float | None = 8,
    patches_flag: str | None = None,
    patch_list_file: str | None = "patch.list",
    part_limitation: int | None = 0,
    *,
    est_gamma_parm: int | None = 0,
    cores: int | None = None,
    restart: bool = False,
    unwrap: str | None = None,
) -> RunPlan:
    """Plan of a run with the arguments of ``stamps``; changes nothing.

    Parameters
    ----------
    workdir, start_step, end_step, patches_flag, patch_list_file, part_limitation, est_gamma_parm, cores, restart, unwrap
        As for :func:`stamps.legacy.stamps.stamps`.

    Returns
    -------
    RunPlan

    Raises
    ------
    InputError
        Arguments that a run would not take either, or a directory that is no project.
    """
    ws = Workspace.at(workdir).as_recovered()
    run = plan_run(ws, start_step, end_step, patches_flag, patch_list_file, part_limitation)
    if not is_project(ws):
        raise InputError(explain_no_project(ws))
    parameters = Parameters(ws, read_only=True)
    check_parameters(ws, run)
    options = StepOptions.of(parameters, est_gamma_parm, settings_of(ws, solver=unwrap).solver)
    asked = continuation.request_of(run, patches_flag, patch_list_file, est_gamma_parm)
    decision = continuation.decide(ws, run, asked, restart)
    run = decision.run
    folders = [folder.as_recovered() for folder in run.folders(ws)]
    workers = shares(n_cores(parameters, cores), len(folders))[0] if run.in_patches else 1
    plan = RunPlan(str(ws.path), run.start, run.end, options.small_baselines, workers)
    planner = _Planner(plan, ws, decision, options, parameters)
    planner.note_recovery([Workspace(folder.path) for folder in dict.fromkeys([ws, *folders])])
    planner.note_parameters()
    if decision.sentence:
        plan.notes.append(f"{decision.sentence}.")
    if run.in_project and run.patches is not None and planner.published.kept is None:
        plan.notes.append("patch.list would be written anew; the old one becomes patch.list_old.")
    start = run.start
    if run.in_patches:
        for folder in folders:
            start = planner.patch(folder)
    if run.in_project:
        planner.project(start)
    return plan


class _Planner:
    """Goes through a run in its order and keeps account of files, flags and dimensions."""

    def __init__(
        self, plan: RunPlan, ws: Workspace, decision: Decision, options: StepOptions, parameters: Parameters
    ) -> None:
        self.plan, self.ws, self.options, self.parameters = plan, ws, options, parameters
        self.solver = options.solver or "flow"
        self.decision, self.run = decision, decision.run
        self.published = decision.record  # what an interrupted run has published; a new record has nothing
        self.status = project_status(ws.path)
        self.made: dict[tuple[Path, str], set[str] | None] = {}  # (directory, file) -> variables, None if deleted
        self.flags: dict[Path, npt.NDArray[np.float64]] = {}  # directory -> flags of no_ps_info
        self.judges: dict[Path, Judge] = {}  # directory -> what is out of date in it
        self.sizes: dict[str | None, dict[str, dict[str, dict[str, int]]]] = {}  # patch -> dimensions

    # ------------------------------------------------------------------ notes

    def note_recovery(self, folders: Iterable[Workspace]) -> None:
        for ws in folders:
            for left in ws.interrupted():
                if left.in_use:
                    self.plan.notes.append(f"A command is at work in {ws.path}.")
                elif left.flaw:
                    self.plan.notes.append(f"{left.folder} would stop the run once: {left.flaw}.")
                elif left.plan is None:
                    self.plan.notes.append(
                        f"{ws.path}: what an interrupted command left unpublished would be discarded."
                    )
                else:
                    files = ", ".join(sorted(left.plan))
                    self.plan.notes.append(f"{ws.path}: an interrupted save would be completed first ({files}).")

    def note_parameters(self) -> None:
        missing = self.parameters.missing()
        if missing:
            names = ", ".join(missing[:4]) + (", …" if len(missing) > 4 else "")
            self.plan.notes.append(
                f"parms.mat would gain {len(missing)} missing parameters with their defaults ({names})."
            )

    # ------------------------------------------------------------------ steps 1 to 5a

    def patch(self, ws: Workspace) -> int:
        """Steps of one patch; returns the start step, as :func:`stamps.run.engine.run_patch`."""
        progress = self.decision.progress(ws)
        plan = plan_patch(ws, self.run.start, self.run.end, progress)
        self.flags[ws.path] = np.zeros(5) if plan.start == 1 and not progress.last else ws.no_ps_flags()
        for step in range(max(progress.start, 1), progress.last + 1):
            self._add(ws, "patch", step, "skip", _PUBLISHED)
        if plan.resumed and not progress.last:
            for step in range(1, min(plan.start, self.run.end + 1)):
                files = []
                if step == 4 and plan.sets_version_two:
                    files = [
                        PlannedFile("psver.mat", "replace" if ws.exists("psver") else "new", _size(ws, "psver.mat"))
                    ]
                    self._written(ws, "psver.mat", ("psver",))
                self._add(ws, "patch", step, "skip", f"already done ({_evidence(step)} is there)", files)
        for step in plan.steps:
            flags, skipped = flags_before(step, self.flags[ws.path]) if step > 1 else (self.flags[ws.path], False)
            if skipped:
                flags[step - 1] = 1
                self._add(ws, "patch", step, "skip", f"step {step - 1} left no pixel (no_ps_info.mat)")
            else:
                first = plan.resets_version(step)
                self._step(ws, "patch", step, first, functools.partial(patch_function, step, self.options))
            self.flags[ws.path] = flags
        if 1 in plan.steps and not any("heading" in text for text in self.plan.notes):
            self.plan.notes.append(
                "Step 1 would set what it finds in the data in parms.mat: heading, lambda, platform, …."
            )
        return plan.start

    # ------------------------------------------------------------------ the rest

    def project(self, start: int) -> None:
        patches = self.run.patches
        if patches is not None and self.published.kept is None:
            kept = kept_patches(patches, self._flags_of)
            self.plan.patches_before, self.plan.patches_after = self.ws.patch_list(), kept
            for name in patches:
                if name not in kept:
                    step = int(np.flatnonzero(self._flags_of(name))[0]) + 1
                    self.plan.notes.append(f"{name} would be dropped from patch.list: step {step} left no pixel.")
            dropped = [name for name in self.ws.patch_list() if name not in patches]
            if dropped:
                self.plan.notes.append(
                    f"patch.list would lose {', '.join(dropped)}, which the list of this run does not name."
                )
        for step in project_steps(start, self.run.end):
            if step <= self.published.last:
                self._add(self.ws, "project", step, "skip", _PUBLISHED)
                continue
            if step == 5:
                reason = merge_skipped(patches, lambda: self.flags.get(self.ws.path, self.ws.no_ps_flags()))
                if reason:
                    self._add(self.ws, "project", 5, "skip", "an earlier step left no pixel (no_ps_info.mat)")
                    continue
                if patches is not None and not (self.plan.patches_after or self.published.kept):
                    self._add(self.ws, "project", 5, "fail", "no patch has pixels left to merge")
                    return
            self._step(self.ws, "project", step, False, None)

    def _flags_of(self, name: str) -> npt.NDArray[np.float64]:
        ws = (self.ws / name).as_recovered()
        return self.flags[ws.path] if ws.path in self.flags else ws.no_ps_flags()

    # ------------------------------------------------------------------ one step

    def _step(self, ws: Workspace, place: str, step: int, first: bool, function: Callable[[], object] | None) -> None:
        situation = self._situation(ws, first)
        reason = self._obstacle(situation, place, step, function)
        files = [] if reason else self._files(situation, ws, place, step)
        self._add(ws, place, step, "fail" if reason else "run", reason, files)

    def _situation(self, ws: Workspace, first: bool) -> Situation:
        patches = self.run.patches
        patch = ws if patches is None or ws.path != self.ws.path else (self.ws / patches[0]).as_recovered()
        parameters = self.parameters if ws.path == self.ws.path else Parameters(ws, read_only=True)
        return Situation(
            self.ws, patch, parameters, patches=patches is not None, first=first, made=self.made, solver=self.solver
        )

    def _obstacle(self, situation: Situation, place: str, step: int, function: Callable[[], object] | None) -> str:
        """Why the step would fail, as far as that can be told: parameters, missing files."""
        if function is not None:
            try:
                function()
            except StampsError as error:
                return str(error)
        missing: list[str] = []
        for row in files_of(step, "read", situation):
            ws = situation.folder(row.place)
            here = row.place == place or (place == "patch" and row.place == "project")
            if row.optional or row.place == "stack" or not here:
                continue
            near = not row.file.endswith(".mat") and ws.find(row.file, levels=3) is not None
            if not situation.exists(ws, row.file) and not near and row.file not in missing:
                missing.append(row.file)
        if missing:
            return f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing"
        return self._unfit(situation, place, step)

    def _unfit(self, situation: Situation, place: str, step: int) -> str:
        """What a step would refuse of the files that are there now and that this run does not make anew; notes the rest."""
        rows = [row for row in files_of(step, "read", situation) if row.place == place and row.file.endswith(".mat")]
        for row in rows:
            ws, name = situation.folder(row.place), row.file.removesuffix(".mat")
            if (ws.path, row.file) in self.made or not ws.exists(name):
                continue
            if is_unwrapped(name) and is_placeholder(ws, name):
                return f"{row.file} holds only the zeros of step 5: step 6 comes first"
            stale = self._judge(ws).verdict(row.file) if (step_of(row.file) or 9) <= step else None
            if stale is not None and step >= 7 and self._judge(ws).is_of_other_pixels(row.file):
                return f"{row.file} {stale.reason}"
            if stale is not None and (note := f"{stale}") not in self.plan.notes:
                self.plan.notes.append(note)
        return ""

    def _judge(self, ws: Workspace) -> Judge:
        if ws.path not in self.judges:
            self.judges[ws.path] = Judge(ws)
        return self.judges[ws.path]

    def _files(self, situation: Situation, ws: Workspace, place: str, step: int) -> list[PlannedFile]:
        files: dict[str, PlannedFile] = {}
        for use in ("delete", "write"):
            for row in files_of(step, use, situation):
                # step 5 has rows of both places; the driver writes the flags and the list of patches
                if row.place != place and not (place == "patch" and step < 5 and row.place == "project"):
                    continue
                if row.file in ("patch.list", "patch.list_old"):
                    continue
                folder = situation.folder(row.place)
                if use == "delete":
                    for name in situation.matching(folder, row.file):
                        files[name] = PlannedFile(name, "delete", _size(folder, name))
                        self.made[folder.path, name] = None
                    continue
                file = files.get(row.file)
                if file is None or file.action == "delete":
                    there = situation.exists(folder, row.file) and "*" not in row.file
                    file = PlannedFile(row.file, "replace" if there else "new", _size(folder, row.file), None)
                    files[row.file] = file
                file.maybe = "maybe" in row.conditions
                self._enlarge(file, ws, row, situation.mode)
                self._written(folder, row.file, row.variables)
        return list(files.values())

    def _enlarge(self, file: PlannedFile, ws: Workspace, row: StepFile, mode: str) -> None:
        """Add the bytes of a row's variables, as far as their dimensions are known."""
        known = self._dimensions(ws, row.file)
        for item in variables_of_file(row.file, mode):
            if "*" in row.variables or item.name in row.variables:
                n_bytes = item.n_bytes(known)
                if n_bytes is not None:
                    file.bytes_expected = (file.bytes_expected or 0) + n_bytes

    def _dimensions(self, ws: Workspace, file: str) -> dict[str, int]:
        """Dimensions of the shapes of a file, as far as the pixels of an earlier run or the candidates tell."""
        if not self.sizes:
            for patch in self.status.patches or [None]:
                counts = counts_of(self.status, self.parameters, patch)
                self.sizes[None if patch is None else patch.name] = dimensions(counts)
        whole = ws.path == self.ws.path and self.run.patches is not None
        sizes = next(iter(self.sizes.values())) if whole or ws.name not in self.sizes else self.sizes[ws.name]
        place = (
            "project" if whole or (ws.path == self.ws.path and not file.removesuffix(".mat").endswith("1")) else "patch"
        )
        return sizes[place]["1" if file.removesuffix(".mat").endswith("1") else "2"]

    def _written(self, ws: Workspace, file: str, variables: Sequence[str]) -> None:
        key = ws.path, file
        before = self.made.get(key)
        if before is None and key not in self.made and ws.exists(file.removesuffix(".mat")):
            before = set(ws.variables_of(file.removesuffix(".mat")))
        names = {item.name for item in variables_of_file(file)} if "*" in variables else set(variables)
        self.made[key] = (before or set()) | names

    def _add(
        self, ws: Workspace, place: str, step: int, action: str, reason: str = "", files: Iterable[PlannedFile] = ()
    ) -> None:
        self.plan.steps.append(
            PlannedStep(str(ws.path), place, step, _title(place, step, self.run), action, reason, list(files))
        )


def _evidence(step: int) -> str:
    return {1: "ps1.mat", 2: "pm1.mat", 3: "select1.mat", 4: "weed1.mat"}[step]


def _title(place: str, step: int, run: Run) -> str:
    if step != 5:
        return STEP_TITLES[step]
    if place == "patch":
        return "correct phase"
    return "merge patches, noise of interferograms" if run.patches is not None else "noise of interferograms"


def _size(ws: Workspace, file: str) -> int | None:
    if "*" in file or not ws.has_file(file):
        return None
    return ws.file(file).stat().st_size
