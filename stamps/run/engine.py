"""Run legacy steps over patches and in the project directory, in the order that :mod:`stamps.run.plan` decides.

Knows directories, flags and files, not science. Each step of each directory is published as a whole, together with the note
that it is (:mod:`stamps.run.run_record`): a run that is killed leaves every directory either before or after a step, and the
same run goes on after it (:mod:`stamps.run.continuation`).

Source: docs/method/conventions.md, section 7.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace

from stamps.errors import StampsError, WorkspaceError
from stamps.native import backends
from stamps.run import step_calls
from stamps.run.patch_task import PatchTask, run_patch_task, run_patch_task_on_cluster
from stamps.run.plan import PatchPlan, flags_before, kept_patches, plan_patch, project_steps
from stamps.run.run_record import Progress, RunRecord, Ticket
from stamps.run.step_calls import StepOptions
from stamps.run.step_notes import Stopwatch
from stamps.run.workers import Workers, shares
from stamps.workspace import Workspace, freshness, locks, patch_names, system_locks
from stamps.workspace.console import relay
from stamps.workspace.log import Log

__all__ = ["recover", "run_patch", "run_patches", "run_project"]


def recover(ws: Workspace, log: Log) -> None:
    """Complete or discard what an interrupted run left in the project and in its patches."""
    for folder in [ws, *(ws / name for name in patch_names.present(ws.path))]:
        for message in folder.recover():
            log(message)


# ---------------------------------------------------------------------- steps 1 to 5a, in each patch


def run_patches(
    folders: Sequence[Workspace],
    start: int,
    end: int,
    options: StepOptions,
    workers: Workers,
    ticket: Ticket | None = None,
    failures: dict[str, str] | None = None,
) -> int:
    """Steps 1 to 5a of each directory, in parallel where there are several.

    Parameters
    ----------
    folders : sequence of Workspace
    start, end : int
        Range of steps; start 0 resumes each directory where it stands.
    options : StepOptions
    workers : stamps.run.workers.Workers
        Where they run; the result does not depend on it.
    ticket : stamps.run.run_record.Ticket, optional
        The run in whose name they publish: what it has published already is not done again.
    failures : dict, optional
        Gains a sentence under the path of each directory that fails.

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
    failures = {} if failures is None else failures
    if start == 1:
        step_calls.loader(options)  # refused once, before any patch begins
    here = workers.client is None
    n_workers, n_threads = shares(workers.cores, len(folders))
    if here and n_workers == 1:
        return _one_after_the_other(folders, start, end, options, ticket, failures)
    backend = backends.for_processes(here=here)
    told = None if ticket is None else asdict(ticket)
    if not here:
        n_threads = 1  # the cores are another machine's, and its worker takes as many tasks at once as it has threads
    tasks = [PatchTask(str(ws.path), start, end, asdict(options), n_threads, backend, told) for ws in folders]
    somewhere, run = replace(workers, cores=n_workers), run_patch_task if here else run_patch_task_on_cluster
    results = somewhere.map(run, tasks, lambda task: (task,), lambda task: task.name, "patch", light=True)
    for task, result in zip(tasks, results, strict=True):
        relay(result.output)
        if result.error:
            failures[task.directory] = result.error
        last_start = result.start
    errors = list(failures.values())
    if errors:
        raise StampsError(errors[0] if len(errors) == 1 else f"{len(errors)} patches failed: {' '.join(errors)}")
    return last_start


def _one_after_the_other(
    folders: Sequence[Workspace],
    start: int,
    end: int,
    options: StepOptions,
    ticket: Ticket | None,
    failures: dict[str, str],
) -> int:
    """As :func:`run_patches`, in this process; the first failure ends it."""
    for ws in folders:
        try:
            last_start = run_patch(ws, start, end, options, ticket)
        except Exception as error:
            failures[str(ws.path)] = str(error)
            raise
    return last_start


def run_patch(ws: Workspace, start: int, end: int, options: StepOptions, ticket: Ticket | None = None) -> int:
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
                watch = Stopwatch(step)
                with ws.publish():
                    if step == 1:
                        _step_one(ws, options, log)
                    else:
                        watch.skipped = _patch_step(ws, step, options, log, plan.resets_version(step))
                    progress.publish(ws, watch.note(ws), plan.start, plan.resumed, ticket)
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
                if system_locks.is_free(ws.path) is not False:
                    raise
            if not waiting:
                log(f"Waiting for another process that is at work in {ws.path}", 2)
            waiting = True
        yield


def _resume(ws: Workspace, plan: PatchPlan, end: int, log: Log) -> None:
    if plan.sets_version_two:
        ws.version = 2
    if plan.start > end:
        log(f"{ws.name}: already up to end stage {end}", 2)
    else:
        log(f"{ws.name}: complete up to stage {plan.start - 1}", 2)


def _step_one(ws: Workspace, options: StepOptions, log: Log) -> None:
    _step_banner(log, 1)
    ws.save_no_ps_flags([0] * 5)
    step_calls.load(ws, options)


def _patch_step(ws: Workspace, step: int, options: StepOptions, log: Log, reset_version: bool) -> str:
    """One of the steps 2 to 5a, or the note that an earlier step left no pixel; returns why it was skipped, else nothing."""
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
            step_calls.patch_step(step, options)(ws)
            # the step itself may have noted that no pixel is left: keep that, unlike the original
            # (docs/method/conventions.md, section 7.4, item 8)
            flags[step - 1] = ws.no_ps_flags()[step - 1]
        ws.save_no_ps_flags(flags)
    return f"step {step - 1} left no pixel" if skipped else ""


# ---------------------------------------------------------------------- steps 5b to 8, in the project directory


def run_project(
    ws: Workspace,
    start: int,
    end: int,
    options: StepOptions,
    patches: Sequence[str] | None,
    workers: Workers | None,
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
        watch = Stopwatch(step)
        with ws.publish():
            with freshness.judged_for_step(ws, step, log):
                if step == 5:
                    watch.skipped = step_calls.merge(ws, patches, log) or ""
                else:
                    _step_banner(log, step)
                    step_calls.project_step(ws, step, options, workers)
            record.publish(ws, watch.note(ws))


def _update_patch_list(ws: Workspace, patches: Sequence[str], record: RunRecord) -> None:
    """Keep the patches that still have pixels; the old list becomes ``patch.list_old``."""
    kept = kept_patches(patches, lambda name: (ws / name).no_ps_flags())
    with ws.publish():
        if ws.has_file("patch.list"):
            ws.rename("patch.list", "patch.list_old")
        ws.write_text("patch.list", "".join(f"{name}\n" for name in kept))
        record.publish_list(ws, kept)


def _step_banner(log: Log, step: int) -> None:
    log("#" * 40)
    log("#" * 16 + f"Step {step}".center(8) + "#" * 16)
    log("#" * 40)
    log(f"Directory is {log.workspace.name}")
