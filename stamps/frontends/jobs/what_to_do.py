"""Which tasks of a job are still to be done: new ones, changed ones, those whose inputs have changed, and what these need.

Source: docs/method/jobs.md, section 4.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from pathlib import Path

from stamps.frontends.jobs import outputs
from stamps.frontends.jobs.model import Job, Status, Task
from stamps.frontends.jobs.products import Key, Makers, tasks_of
from stamps.frontends.jobs.standing import NO_RESULT, JobState, TaskStanding
from stamps.frontends.jobs.store import JobFolder

__all__ = ["blocked_steps", "failed_tasks", "open_tasks"]


def open_tasks(
    job: Job, folder: JobFolder, state: JobState, chosen: Iterable[Key] = (), with_failed: bool = False
) -> dict[str, tuple[str, ...]]:
    """Tasks that are to be handed over.

    Parameters
    ----------
    job : Job
    folder : JobFolder
    state : JobState
        Of this job.
    chosen : iterable of (str, str)
        Step and name of tasks that are to run in any case.
    with_failed : bool
        Whether those that have failed are to be tried again (those that were interrupted are, in any case).

    Returns
    -------
    dict of str to tuple of str
        Step -> tasks, in the order of the job; steps behind one that stays failed are left out.
    """
    standings = {(task.step, task.id): task for step in state.steps.values() for task in step.tasks}
    makers, found = Makers(job, folder.workdir), set(chosen)
    left = {key for key, one in standings.items() if _has_failed(one) and not with_failed} - found
    gone = {key for key, task in tasks_of(job) if _outputs_missing(folder.workdir, task)}
    for key, task in tasks_of(job):
        if key not in left and _is_open(task, standings[key], folder.workdir):
            found.add(key)
    _spread(job, makers, gone, found, left)
    blocked = blocked_steps(job, left)
    found |= _changed_traceless(job, folder, standings) - left
    found |= _after_traceless(job, found) - left
    ordered = {step.name: tuple(task.id for task in step.tasks if (step.name, task.id) in found) for step in job.steps}
    return {step: names for step, names in ordered.items() if names and step not in blocked}


def _is_open(task: Task, one: TaskStanding, workdir: Path) -> bool:
    """Whether a task itself asks to be run, whatever the others do."""
    if one.status is Status.SUCCEEDED:
        return bool(one.gone) or bool(outputs.newer_inputs(workdir, task))
    return True


def _spread(job: Job, makers: Makers, gone: set[Key], found: set[Key], left: set[Key]) -> None:
    """Add what reads the outputs of tasks that will run, and what must make again what those read and is gone."""
    size = -1
    while size != len(found):
        size = len(found)
        for key, _ in tasks_of(job):
            if key in left:
                continue
            if key not in found and makers.of[key] & found:
                found.add(key)
            if key in found:
                found |= {maker for maker in makers.of[key] if maker in gone and maker not in left}


def _outputs_missing(workdir: Path, task: Task) -> bool:
    return any(not (workdir / output.path).exists() for output in task.outputs)


def _has_failed(one: TaskStanding) -> bool:
    """Whether a task came to its own end and that was a failure; one that was interrupted did not."""
    return one.status is Status.FAILED and one.message != NO_RESULT


def failed_tasks(state: JobState) -> list[Key]:
    """Tasks that have failed, were cancelled, were interrupted, are lost, or whose results are gone and missed."""
    return [(task.step, task.id) for step in state.steps.values() for task in (*step.failures, *step.robbed)]


def _changed_traceless(job: Job, folder: JobFolder, standings: Mapping[Key, TaskStanding]) -> set[Key]:
    """Tasks without outputs that have succeeded and one of whose inputs has changed since they began."""
    return {
        key
        for key, task in tasks_of(job)
        if not task.outputs and standings[key].status is Status.SUCCEEDED
        if any(_time_of(folder.workdir / path) > standings[key].started for path in task.inputs)
    }


def _time_of(path: Path) -> str:
    """When something was changed, as states hold times."""
    seconds = outputs.stamp_of(path).modified / 1e9
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _after_traceless(job: Job, found: set[Key]) -> set[Key]:
    """Tasks of all steps after one of whose tasks that will run has no outputs: what reads its results cannot be known."""
    behind: set[str] = set()
    added: set[Key] = set()
    for step in job.steps:
        if behind & {*step.after}:
            behind.add(step.name)
            added |= {(step.name, task.id) for task in step.tasks}
        elif any((step.name, task.id) in found and not task.outputs for task in step.tasks):
            behind.add(step.name)
    return added


def blocked_steps(job: Job, left: set[Key]) -> set[str]:
    """Steps behind those in which a failed task stays as it is."""
    failed, blocked = {step for step, _ in left}, set[str]()
    for step in job.steps:
        if set(step.after) & (failed | blocked):
            blocked.add(step.name)
    return blocked
