"""How a job stands: what state files say, and what the engines know of tasks that should be at work or in a queue.

Source: docs/method/jobs.md, section 4.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from stamps.frontends.jobs import engines, outputs
from stamps.frontends.jobs.model import TAKEN_OVER, Job, Status, Step, Task, TaskState
from stamps.frontends.jobs.products import Makers, missed, tasks_of
from stamps.frontends.jobs.runner import BEING_ENDED
from stamps.frontends.jobs.store import JobFolder
from stamps.frontends.jobs.submissions import Submission
from stamps.workspace.markup import lines, table

__all__ = ["JobState", "StepState", "TaskStanding", "standing"]

LOST = "no engine knows of it any more: retry"
NOT_HANDED_OVER = "it was not handed over: submit again, or retry"
NO_RESULT = "the process ended without a result"


@dataclass(frozen=True)
class TaskStanding:
    """How a task stands.

    Attributes
    ----------
    step, id, about, date : str
        Of the task.
    status : Status
    attempt : int
        Number of the last try; 0 if there was none.
    started, ended, message, engine_id : str
        Of the state, or what is waited for.
    waits : bool
        Pending, and some engine will run it.
    lost : bool
        Pending, was handed over, and no engine knows of it.
    stalled : bool
        Running, but neither its log nor its outputs have grown for long.
    gone : tuple of str
        Results of a succeeded task that are not there any more and are missed: retry makes them again.
    log : str
        File of the last try; empty if there is none.
    """

    step: str
    id: str
    about: str
    date: str
    status: Status
    attempt: int = 0
    started: str = ""
    ended: str = ""
    message: str = ""
    engine_id: str = ""
    waits: bool = False
    lost: bool = False
    stalled: bool = False
    gone: tuple[str, ...] = ()
    log: str = ""


@dataclass(frozen=True)
class StepState:
    """How a step stands.

    Attributes
    ----------
    name : str
    status : Status
    done, total : int
        Tasks that have succeeded, over all submissions; tasks.
    tasks : tuple of TaskStanding
    message : str
        ``waits for split``; empty if there is nothing to say.
    seconds : float, optional
        From the first start to the last end, or to now.
    """

    name: str
    status: Status
    done: int
    total: int
    tasks: tuple[TaskStanding, ...] = field(repr=False)
    message: str = ""
    seconds: float | None = None

    @property
    def failures(self) -> tuple[TaskStanding, ...]:
        """Tasks that have failed, were cancelled, or are lost."""
        return tuple(task for task in self.tasks if task.lost or task.status in (Status.FAILED, Status.CANCELLED))

    @property
    def robbed(self) -> tuple[TaskStanding, ...]:
        """Tasks that have succeeded and whose results are gone and missed."""
        return tuple(task for task in self.tasks if task.gone)

    @property
    def counts(self) -> dict[str, int]:
        """Status -> number of tasks."""
        return {status.value: sum(task.status is status for task in self.tasks) for status in Status}


@dataclass(frozen=True)
class JobState:
    """How a job stands.

    Attributes
    ----------
    name, frontend, folder : str
    steps : dict of str to StepState
    at_work : bool
        Whether anything runs, or waits in an engine.
    notes : tuple of str
        What else is to be said, whole sentences.
    """

    name: str
    frontend: str
    folder: str
    steps: dict[str, StepState]
    at_work: bool
    notes: tuple[str, ...] = ()

    def _repr_html_(self) -> str:
        rows = [
            (step.name, step.status.value, step.done, step.total, step.seconds, step.message)
            for step in self.steps.values()
        ]
        failures = [task for step in self.steps.values() for task in step.failures]
        told = [f"{task.step}/{task.id}: {task.message or task.status.value}" for task in failures]
        title = f"{self.name} ({self.frontend}), {'at work' if self.at_work else 'not at work'}"
        return table(("step", "", "done", "of", "time (s)", ""), rows, title) + lines([*told, *self.notes])

    @property
    def exit_status(self) -> int:
        """0 all succeeded, 1 something failed, was cancelled, is lost or gone, 3 not finished."""
        if any(step.failures or step.robbed for step in self.steps.values()):
            return 1
        return 0 if all(step.status is Status.SUCCEEDED for step in self.steps.values()) else 3

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "name": self.name,
            "frontend": self.frontend,
            "folder": self.folder,
            "exit_status": self.exit_status,
            "at_work": self.at_work,
            "notes": list(self.notes),
            "steps": [_step_as_dict(step) for step in self.steps.values()],
        }


def _step_as_dict(step: StepState) -> dict[str, Any]:
    tasks = [{**vars(task), "status": task.status.value} for task in step.tasks]
    facts = {"name": step.name, "status": step.status.value, "done": step.done, "total": step.total}
    return {**facts, "message": step.message, "seconds": step.seconds, "tasks": tasks}


# ---------------------------------------------------------------------- putting it together


def standing(folder: JobFolder, stall_minutes: float = 60, job: Job | None = None) -> JobState:
    """How a job stands; changes nothing.

    Parameters
    ----------
    folder : JobFolder
    job : Job, optional
        In place of that in the folder: how it would stand.
    stall_minutes : float
        A running task whose log and outputs have not grown for so long is marked.

    Raises
    ------
    InputError
        There is no job, or its files are damaged.
    """
    job, submissions = job or folder.job(), folder.submissions()
    before = _states(folder, job)
    knowledge = engines.knowledge(folder, submissions, before)
    states = _states(folder, job)  # after the engines were asked: what has ended meanwhile has left its state
    knowledge.running |= {key for key, state in states.items() if state != before[key]}  # or has just begun
    steps: dict[str, StepState] = {}
    gone = {**_gone(folder, job, states), **knowledge.gone}
    for step in job.steps:
        tasks = [
            _task_standing(folder, step, task, states[step.name, task.id], knowledge, submissions, stall_minutes)
            for task in step.tasks
        ]
        tasks = [replace(task, gone=tuple(gone.get((step.name, task.id), ()))) for task in tasks]
        tasks = _behind_first(step, tasks, states, submissions)
        steps[step.name] = _step_state(step, tasks, steps)
    at_work = any(task.waits or task.status is Status.RUNNING for step in steps.values() for task in step.tasks)
    return JobState(
        job.name, job.frontend, str(folder.path), steps, at_work or knowledge.at_work, tuple(knowledge.notes)
    )


def _states(folder: JobFolder, job: Job) -> dict[tuple[str, str], TaskState]:
    return {(step.name, task.id): folder.state(step.name, task.id) for step in job.steps for task in step.tasks}


def _gone(folder: JobFolder, job: Job, states: Mapping[tuple[str, str], TaskState]) -> dict[tuple[str, str], list[str]]:
    """Results of succeeded tasks that are missed."""
    done = [
        key
        for key, task in tasks_of(job)
        if states[key].status is Status.SUCCEEDED and states[key].definition in ("", task.definition)
    ]
    return missed(job, folder.workdir, Makers(job, folder.workdir), done)


def _task_standing(
    folder: JobFolder,
    step: Step,
    task: Task,
    state: TaskState,
    knowledge: engines.Knowledge,
    submissions: Sequence[Submission],
    stall_minutes: float,
) -> TaskStanding:
    key = (step.name, task.id)
    if state.definition and state.definition != task.definition and state.status is not Status.RUNNING:
        state = TaskState(attempt=state.attempt)  # it is another task now
    log = folder.log_path(step.name, task.id, state.attempt)
    found = TaskStanding(
        step.name, task.id, task.about, task.date, state.status, state.attempt, state.started, state.ended, state.message,
        state.engine_id, log=str(log) if state.attempt and log.exists() else "",
    )  # fmt: skip
    if state.status is Status.RUNNING and key not in knowledge.running:
        ended = state.message == BEING_ENDED or _cancelled_since(submissions, key)
        status, message = (Status.CANCELLED, "cancelled") if ended else (Status.FAILED, NO_RESULT)
        return replace(found, status=status, message=message)
    if state.status is Status.RUNNING:
        return replace(found, stalled=_stalled(folder, step, task, state, stall_minutes))
    if state.status is Status.PENDING:
        return _pending(found, key, knowledge, submissions)
    return found


def _pending(
    found: TaskStanding, key: tuple[str, str], knowledge: engines.Knowledge, submissions: Sequence[Submission]
) -> TaskStanding:
    """A pending task: in a queue, cancelled before it began, lost, or not yet handed over."""
    if key in knowledge.waiting:
        return replace(found, waits=True, message=knowledge.waiting[key])
    if key in knowledge.idle:
        return replace(found, message=knowledge.idle[key])
    for submission in reversed(submissions):
        if submission.action == "cancel":
            if any(key in one.tasks for one in submissions):
                return replace(found, status=Status.CANCELLED, message="cancelled before it began")
            break
        if key in submission.tasks:
            return replace(found, lost=True, message=LOST)
    return replace(found, lost=True, message=NOT_HANDED_OVER)


def _cancelled_since(submissions: Sequence[Submission], key: tuple[str, str]) -> bool:
    """Whether an end was asked for after the task was handed over at last; the clocks of machines do not matter."""
    for submission in reversed(submissions):
        if submission.action == "cancel" or key in submission.tasks:
            return submission.action == "cancel"
    return False


def _stalled(folder: JobFolder, step: Step, task: Task, state: TaskState, minutes: float) -> bool:
    places = [folder.log_path(step.name, task.id, state.attempt), folder.scratch(step.name, task.id)]
    places += [folder.workdir / output.path for output in task.outputs]
    newest = max(outputs.stamp_of(place).modified for place in places)
    return newest > 0 and time.time() - newest / 1e9 > 60 * minutes


def _step_state(step: Step, tasks: list[TaskStanding], before: dict[str, StepState]) -> StepState:
    blocking = [name for name in step.after if before[name].status is not Status.SUCCEEDED]
    message = ""
    if blocking and any(task.status is Status.PENDING for task in tasks):
        message = f"waits for {blocking[0]}"
        hopeless = before[blocking[0]].failures or before[blocking[0]].message
        tasks = [_behind(task, message, bool(hopeless)) for task in tasks]
    done = sum(task.status is Status.SUCCEEDED for task in tasks)
    return StepState(step.name, _status(tasks), done, len(tasks), tuple(tasks), message, _seconds(tasks))


def _behind_first(
    step: Step,
    tasks: list[TaskStanding],
    states: Mapping[tuple[str, str], TaskState],
    submissions: Sequence[Submission],
) -> list[TaskStanding]:
    """Say of tasks what they wait for where one runs alone at first."""
    if not step.resources.first_alone:
        return tasks
    for group in _groups(step.name, submissions)[:-1]:
        state = states.get((step.name, group[0]))
        if state is None:
            continue
        if state.status in (Status.PENDING, Status.RUNNING):
            return [_waiting_for(task, group[0]) for task in tasks]
        if state.status is Status.SUCCEEDED and state.message != TAKEN_OVER:
            break
    return tasks


def _waiting_for(task: TaskStanding, first: str) -> TaskStanding:
    return replace(task, message=f"waits for {first}") if task.waits and not task.message and task.id != first else task


def _groups(step: str, submissions: Sequence[Submission]) -> list[tuple[str, ...]]:
    """Tasks of a step as they are run together at most, in the last submission that has some."""
    arrays = [
        array
        for one in submissions
        if one.number == _last(step, submissions)
        for array in one.arrays
        if array.step == step
    ]
    if any(array.id for array in arrays):
        return [array.tasks for array in arrays if len(array.tasks) == 1 or array is arrays[-1]]
    return [(name,) for array in arrays for name in array.tasks]


def _last(step: str, submissions: Sequence[Submission]) -> int:
    return max((one.number for one in submissions if any(array.step == step for array in one.arrays)), default=0)


def _behind(task: TaskStanding, message: str, hopeless: bool) -> TaskStanding:
    """A task of a step that waits for another: while that one can still succeed, or fail, nobody has lost it."""
    if task.status is not Status.PENDING:
        return task
    return replace(task, message=message, lost=False if hopeless else task.lost)


def _status(tasks: Sequence[TaskStanding]) -> Status:
    present = {task.status for task in tasks}
    for status in (Status.FAILED, Status.RUNNING, Status.CANCELLED):
        if status in present:
            return status
    return Status.SUCCEEDED if present <= {Status.SUCCEEDED} else Status.PENDING


def _seconds(tasks: Sequence[TaskStanding]) -> float | None:
    starts = [moment for task in tasks if (moment := _moment(task.started)) is not None]
    ends = [moment for task in tasks if (moment := _moment(task.ended)) is not None]
    if not starts:
        return None
    running = any(task.status is Status.RUNNING for task in tasks)
    last = time.time() if running or not ends else max(ends)
    return round(max(0.0, last - min(starts)), 1)


def _moment(text: str) -> float | None:
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
    except ValueError:
        return None
