"""Run legacy steps over patches: which ones, in which order, what to skip, where to resume.

Knows directories, flags and files, not science. What is decided before anything runs (:func:`plan_run`, :func:`plan_patch`,
:func:`flags_before`, :func:`kept_patches`, :func:`merge_skipped`) only looks; a dry run (:mod:`stamps.queries.dry_run`) asks the
same functions. Each step of each directory is published as a whole, together with the note that it is
(:mod:`stamps.run.run_record`): a run that is killed leaves every directory either before or after a step, and the same run
goes on after it (:mod:`stamps.run.continuation`).

Source: docs/method/conventions.md, section 7.
"""

from __future__ import annotations

import contextlib
import importlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import InputError, ParameterError, StampsError, WorkspaceError
from stamps.frontends import registry
from stamps.native import backends
from stamps.run.patch_task import PatchTask
from stamps.run.run_record import Progress
from stamps.run.workers import run_local, run_on_cluster, shares
from stamps.workspace import Workspace, freshness, locks, patch_names
from stamps.workspace.console import relay
from stamps.workspace.log import Log
from stamps.workspace.parameters import Parameters

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps.run.run_record import RunRecord, Ticket
    from stamps.run.workers import Workers


__all__ = [
    "PROJECT_STEPS",
    "PatchPlan",
    "Run",
    "Settings",
    "check_parameters",
    "find_patches",
    "flags_before",
    "kept_patches",
    "merge_skipped",
    "patch_function",
    "plan_patch",
    "plan_run",
    "project_steps",
    "recover",
    "resume_step",
    "run_patch",
    "run_patches",
    "run_project",
    "wants_patches",
]

#: Steps (or the part of step 5) that work in the project directory.
PROJECT_STEPS = (5, 6, 7, 8)

_INCIDENCE = "inc_angle.raw"
_PARTS = (0, 1, 2)


@dataclass(frozen=True)
class Settings:
    """What the driver needs to know of the parameters."""

    quick_gamma: bool = True
    reestimate_gamma: bool = True
    small_baselines: bool = False
    processor: str = "snap"
    kriging: bool = False
    restart_gamma: int = 0

    @classmethod
    def of(cls, parameters: Parameters, restart_gamma: int = 0) -> Settings:
        """Settings from the parameters of a project (Parameters) and the restart flag of step 2."""
        return cls(
            quick_gamma=parameters.flag("quick_est_gamma_flag"),
            reestimate_gamma=parameters.flag("select_reest_gamma_flag"),
            small_baselines=parameters.flag("small_baseline_flag"),
            processor=str(parameters.get("insar_processor")).strip().lower(),
            kriging=parameters.flag("scn_kriging_flag"),
            restart_gamma=int(restart_gamma or 0),
        )


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
    patches: tuple | None
    in_patches: bool
    in_project: bool

    def folders(self, ws: Workspace) -> list[Workspace]:
        """Directories of steps 1 to 5a."""
        return [ws] if self.patches is None else [ws / name for name in self.patches]


def plan_run(
    ws: Workspace,
    start_step: int = 1,
    end_step: int = 8,
    patches_flag: str | None = None,
    patch_list_file: str | None = "patch.list",
    part_limitation: int = 0,
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
    start, end = _step(start_step, 1), _step(end_step, 8)
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


def _step(value: int, default: int) -> int:
    return default if value is None or np.size(value) == 0 or value == "" else int(value)


def check_parameters(ws: Workspace, run: Run) -> None:
    """Check the parameters of the project and of the patches that have their own, before anything is computed.

    Raises
    ------
    ParameterError
        A value that no step could use.
    """
    for folder in (ws, *run.folders(ws)):
        if folder is ws or folder.exists("localparms") or folder.exists("parms"):
            Parameters(folder, read_only=True).check()


def recover(ws: Workspace, log: Log) -> None:
    """Complete or discard what an interrupted run left in the project and in its patches."""
    for folder in [ws, *(ws / name for name in patch_names.present(ws.path))]:
        for message in folder.recover():
            log(message)


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


# ---------------------------------------------------------------------- steps 1 to 5a, in each patch


def run_patches(
    folders: Sequence[Workspace],
    start: int,
    end: int,
    settings: Settings,
    workers: Workers,
    ticket: Ticket | None = None,
) -> int:
    """Steps 1 to 5a of each directory, in parallel where there are several.

    Parameters
    ----------
    folders : list of Workspace
    start, end : int
        Range of steps; start 0 resumes each directory where it stands.
    settings : Settings
    workers : stamps.run.workers.Workers
        Where they run; the result does not depend on it.
    ticket : stamps.run.run_record.Ticket, optional
        The run in whose name they publish: what it has published already is not done again.

    Returns
    -------
    int
        The start step for what follows: for a resumed run that of the last directory (a quirk of the original).

    Raises
    ------
    ParameterError
        The patches are to be loaded, but nothing loads the data of this processor.
    StampsError
        A patch failed; the others were finished. All failed patches are named.
    """
    if start == 1:
        _loader(settings)  # refused once, before any patch begins
    client = workers.client
    n_workers, n_threads = shares(workers.cores, len(folders))
    if client is None and n_workers == 1:
        return [run_patch(ws, start, end, settings, ticket) for ws in folders][-1]
    backend = backends.for_processes(here=client is None)
    told = None if ticket is None else asdict(ticket)
    tasks = [PatchTask(str(ws.path), start, end, asdict(settings), n_threads, backend, told) for ws in folders]
    results = run_on_cluster(tasks, client) if client is not None else run_local(tasks, n_workers)
    errors = []
    for result in results:
        relay(result.output)
        if result.error:
            errors.append(result.error)
        last_start = result.start
    if errors:
        raise StampsError(" ".join(errors) if len(errors) == 1 else f"{len(errors)} patches failed: {' '.join(errors)}")
    return last_start


def run_patch(ws: Workspace, start: int, end: int, settings: Settings, ticket: Ticket | None = None) -> int:
    """Steps 1 to 5a of one directory, but those that the run has published there already.

    Returns
    -------
    int
        The start step, chosen by the files of the directory for a start at 0.
    """
    log = Log(ws, "STAMPS")
    try:
        with _alone_in(ws, log):
            if not ws.exists("no_ps_info"):
                ws.save_no_ps_flags([0] * 5)
            progress = Progress.of(ws, ticket.run if ticket else "")
            plan = plan_patch(ws, start, end, progress)
            if plan.resumed and not progress.last:
                _resume(ws, plan, end, log)
            for step in plan.steps:
                with ws.publish():
                    if step == 1:
                        _step_one(ws, settings, log)
                    else:
                        _patch_step(ws, step, settings, log, plan.resets_version(step))
                    progress.publish(ws, step, plan, ticket)
    except StampsError as error:
        if ws.name not in str(error):
            raise type(error)(f"{ws.name}: {error}") from error
        raise
    return plan.start


@contextlib.contextmanager
def _alone_in(ws: Workspace, log: Log) -> Iterator[None]:
    """Context in which no other process works in a directory.

    One of a run that was killed may still do so on another machine of a cluster: what it publishes need not be done again.
    """
    with contextlib.ExitStack() as stack:
        waiting = False
        while True:
            try:
                stack.enter_context(locks.reserved(ws.path, part_of_run=True))
                break
            except WorkspaceError:
                if locks.is_free(ws.path) is not False:
                    raise
            if not waiting:
                log(f"Waiting for another process that is at work in {ws.path}", 2)
            waiting = True
        yield


@dataclass(frozen=True)
class PatchPlan:
    """Steps of one directory: where it starts, whether that was found by its files, and the steps in order."""

    start: int
    resumed: bool
    steps: tuple

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


def flags_before(step: int, flags: NDArray[np.float64]) -> tuple[NDArray[np.float64], bool]:
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
    flags = np.array(flags, dtype=np.float64)
    flags[step - 1 :] = 0
    return flags, bool(flags[step - 2] != 0)


def _resume(ws: Workspace, plan: PatchPlan, end: int, log: Log) -> None:
    if plan.sets_version_two:
        ws.version = 2
    if plan.start > end:
        log(f"{ws.name}: already up to end stage {end}", 2)
    else:
        log(f"{ws.name}: complete up to stage {plan.start - 1}", 2)


def _step_one(ws: Workspace, settings: Settings, log: Log) -> None:
    _step_banner(log, 1)
    ws.save_no_ps_flags([0] * 5)
    _load(ws, settings)


def _patch_step(ws: Workspace, step: int, settings: Settings, log: Log, reset_version: bool) -> None:
    """One of the steps 2 to 5a, or the note that an earlier step left no pixel."""
    _step_banner(log, step)
    with freshness.judged_for_step(ws, step, log):
        if reset_version:
            ws.version = 1
        flags, skipped = flags_before(step, ws.no_ps_flags())
        if skipped:
            flags[step - 1] = 1
            log(f"No PS left in step {step - 1}, so will skip step {step}")
        else:
            ws.save_no_ps_flags(flags)
            _patch_function(step, settings)(ws)
            # the step itself may have noted that no pixel is left: keep that, unlike the original
            # (docs/method/conventions.md, section 7.4, item 8)
            flags[step - 1] = ws.no_ps_flags()[step - 1]
        ws.save_no_ps_flags(flags)


def patch_function(step: int, settings: Settings) -> Callable[..., Any]:
    """The function of a step 1 to 5a, called with a workspace.

    Raises
    ------
    ParameterError
        The parameters ask for something that there is not.
    """
    if step == 1:
        _loader(settings)  # refused now, not when it is called
        return lambda ws: _load(ws, settings)
    return _patch_function(step, settings)


def _load(ws: Workspace, settings: Settings) -> None:
    """Step 1 of a patch, and a look at the phases that came in."""
    from stamps.frontends import candidate_phases

    _loader(settings)(workdir=ws)
    candidate_phases.examine(ws, big_endian=registry.processor_of(settings.processor).big_endian)


def _loader(settings: Settings) -> Callable[..., Any]:
    """The loader of the project's processor, called with ``workdir``.

    Raises
    ------
    ParameterError
        The processor is not known, or has no loader of small baselines.
    """
    module, _, name = registry.loader_of(settings.processor, settings.small_baselines).partition(":")
    load = getattr(importlib.import_module(module), name)
    return _with_incidence(load) if registry.processor_of(settings.processor).takes_incidence else load


def _with_incidence(load: Callable[..., Any]) -> Callable[..., Any]:
    """A loader that is handed the incidence angles of the whole image, mapped, from above the patch."""
    from stamps.frontends.isce import map_bands

    def with_incidence(workdir):
        folder = Workspace.at(workdir).path.parent
        path = next((p for p in (folder / _INCIDENCE, folder.parent / _INCIDENCE) if p.is_file()), None)
        load(None if path is None else map_bands(path)[0], workdir=workdir)

    return with_incidence


def _patch_function(step: int, settings: Settings) -> Callable[..., Any]:
    if step == 2:
        if not settings.quick_gamma:
            raise ParameterError(
                "quick_est_gamma_flag is 'n', but there is only the quick estimator: setparm quick_est_gamma_flag y."
            )
        from stamps.legacy.ps_est_gamma_quick import ps_est_gamma_quick

        return lambda ws: ps_est_gamma_quick(settings.restart_gamma, workdir=ws)
    if step == 3:
        from stamps.legacy.ps_select import ps_select

        reest_flag = 0 if settings.quick_gamma and settings.reestimate_gamma else 1
        return lambda ws: ps_select(reest_flag, workdir=ws)
    if step == 4:
        from stamps.legacy.ps_weed import ps_weed

        arguments = (0, 1) if settings.small_baselines else ()
        return lambda ws: ps_weed(*arguments, workdir=ws)
    from stamps.legacy.ps_correct_phase import ps_correct_phase

    return lambda ws: ps_correct_phase(workdir=ws)


# ---------------------------------------------------------------------- steps 5b to 8, in the project directory


def run_project(
    ws: Workspace,
    start: int,
    end: int,
    settings: Settings,
    patches: tuple[str, ...] | None,
    workers: Workers,
    record: RunRecord,
) -> None:
    """Merging and the steps 6 to 8, but those that the run has published already.

    Parameters
    ----------
    patches : sequence of str or None
        The patch directories, None when the directory itself is the only one.
    workers : stamps.run.workers.Workers
        Where interferograms are unwrapped; the result does not depend on it.
    record : stamps.run.run_record.RunRecord
        Of this run.
    """
    log = Log(ws, "STAMPS")
    record.project_start = start
    if patches is not None and record.kept is None:
        _update_patch_list(ws, patches, record)
    for step in project_steps(start, end, record):
        with ws.publish():
            with freshness.judged_for_step(ws, step, log):
                if step == 5:
                    _merge(ws, patches, log)
                else:
                    _step_banner(log, step)
                    _project_step(ws, step, settings, workers)
            record.publish(ws, step)


def project_steps(start: int, end: int, record: RunRecord | None = None) -> list[int]:
    """Steps 5 to 8 that a run goes through in the project directory, but those that it has published (``record``)."""
    done = 0 if record is None else record.last
    return [step for step in PROJECT_STEPS if start <= step <= end and step > done]


def kept_patches(patches: tuple[str, ...], flags_of: Callable[..., Any]) -> list[str]:
    """Names of the patches that still have pixels; ``flags_of(name)`` gives the flags of one."""
    return [name for name in patches if not np.any(flags_of(name))]


def merge_skipped(patches: tuple[str, ...], flags_of_project: Callable[..., Any]) -> None:
    """Why step 5 does nothing in the project directory, or None; ``flags_of_project()`` gives its flags."""
    if patches is None and np.any(flags_of_project()):
        return "No PS left in an earlier step, so will skip step 5"
    return None


def _update_patch_list(ws: Workspace, patches: tuple[str, ...], record: RunRecord) -> None:
    """Keep the patches that still have pixels; the old list becomes ``patch.list_old``."""
    kept = kept_patches(patches, lambda name: (ws / name).no_ps_flags())
    with ws.publish():
        if ws.has_file("patch.list"):
            ws.rename("patch.list", "patch.list_old")
        ws.write_text("patch.list", "".join(f"{name}\n" for name in kept))
        record.publish_list(ws, kept)


def _merge(ws: Workspace, patches: tuple[str, ...], log: Log) -> None:
    from stamps.legacy.ps_calc_ifg_std import ps_calc_ifg_std
    from stamps.legacy.ps_merge_patches import ps_merge_patches

    log(f"Directory is {ws.name}")
    skipped = merge_skipped(patches, ws.no_ps_flags)
    if skipped:
        log(skipped)
        return
    if patches is not None:
        ps_merge_patches(workdir=ws)
    ps_calc_ifg_std(workdir=ws)


def _project_step(ws: Workspace, step: int, settings: Settings, workers: Workers | None) -> None:
    if step == 6:
        from stamps.legacy.ps_unwrap import ps_unwrap

        ps_unwrap(workdir=ws, workers=workers)
        if settings.small_baselines:
            from stamps.legacy.sb_invert_uw import sb_invert_uw

            sb_invert_uw(workdir=ws)
    elif step == 7:
        _look_angle_error(ws, settings)
    elif settings.kriging:
        from stamps.legacy.ps_scn_filt_krig import ps_scn_filt_krig

        ps_scn_filt_krig(workdir=ws)
    else:
        from stamps.legacy.ps_scn_filt import ps_scn_filt

        ps_scn_filt(workdir=ws)


def _look_angle_error(ws: Workspace, settings: Settings) -> None:
    from stamps.legacy.ps_calc_scla import ps_calc_scla
    from stamps.legacy.ps_smooth_scla import ps_smooth_scla

    if settings.small_baselines:
        ps_calc_scla(1, 1, workdir=ws)
        ps_smooth_scla(1, workdir=ws)
        ps_calc_scla(0, 1, workdir=ws)
    else:
        ps_calc_scla(0, 1, workdir=ws)
        ps_smooth_scla(0, workdir=ws)


def _step_banner(log: Log, step: int) -> None:
    log("#" * 40)
    log("#" * 16 + f"Step {step}".center(8) + "#" * 16)
    log("#" * 40)
    log(f"Directory is {log.workspace.name}")
