"""How jobs stand, as text."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from stamps.errors import ParameterError
from stamps.workspace.console import one_line

if TYPE_CHECKING:
    from stamps.frontends.jobs.standing import JobState, StepState, TaskStanding

__all__ = ["state_text", "task_log", "tasks_text"]

_MOST_FAILED = 8
_LOG_LINES = 40


def state_text(state: JobState, with_times: bool = True) -> str:
    """One line a step, then the causes of failures, the first first."""
    lines = [f"{state.name} ({state.frontend}) in {Path(state.folder).parent.parent}"]
    lines += [_step_line(step, with_times) for step in state.steps.values()]
    lines += list(state.notes)
    failures = [task for step in state.steps.values() for task in step.failures]
    lines += [_cause(task) for task in failures[:_MOST_FAILED]]
    if len(failures) > _MOST_FAILED:
        lines.append(f"… {len(failures) - _MOST_FAILED} more: status --tasks")
    lines += [_loss(task) for step in state.steps.values() for task in step.robbed][:_MOST_FAILED]
    stalled = [task for step in state.steps.values() for task in step.tasks if task.stalled]
    lines += [f"{_name(task)}: stalled, neither its log nor its outputs have grown for long" for task in stalled]
    return "\n".join(map(one_line, lines))


def _step_line(step: StepState, with_times: bool) -> str:
    failed = [task.id for task in step.failures]
    names = ", ".join(failed[:_MOST_FAILED]) + (" …" if len(failed) > _MOST_FAILED else "")
    time = _duration(step.seconds) if with_times and step.seconds is not None else ""
    parts = [f"{step.name:<22s} {step.status.value:<10s} {step.done}/{step.total}", time, names, step.message]
    return "  ".join(part for part in parts if part)


def _duration(seconds: float) -> str:
    hours, rest = divmod(int(seconds), 3600)
    return f"{hours}:{rest // 60:02d}:{rest % 60:02d}"


def _name(task: TaskStanding) -> str:
    about = f" ({task.about})" if task.about and task.about != task.id else ""
    return f"{task.step}/{task.id}{about}"


def _cause(task: TaskStanding) -> str:
    where = f"  [{task.log}]" if task.log else ""
    return f"{_name(task)}: {task.message or task.status.value}{where}"


def _loss(task: TaskStanding) -> str:
    more = f" and {len(task.gone) - 1} more" if len(task.gone) > 1 else ""
    return f"{_name(task)}: {task.gone[0]}{more} is gone, which must stay: retry makes it again"


def tasks_text(state: JobState, step: str = "") -> str:
    """One line a task, of one step or of all."""
    if step and step not in state.steps:
        raise ParameterError(f"The job {state.name} has no step '{step[:80]}': there are {', '.join(state.steps)}.")
    tasks = [task for one in state.steps.values() if step in ("", one.name) for task in one.tasks]
    return "\n".join(_task_line(task) for task in tasks)


def _task_line(task: TaskStanding) -> str:
    word = "STALLED" if task.stalled else "LOST" if task.lost else "GONE" if task.gone else task.status.value
    tries = f"try {task.attempt}" if task.attempt > 1 else ""
    parts = [f"{_name(task):<40s} {word:<10s}", tries, task.message, task.engine_id]
    return "  ".join(part for part in parts if part).rstrip()


def task_log(state: JobState, name: str) -> str:
    """The end of the log of a task's last try."""
    step, _, task = name.rpartition("/")
    found = [one for each in state.steps.values() for one in each.tasks if one.id == task and step in ("", one.step)]
    if not found:
        raise ParameterError(f"The job {state.name} has no task '{name[:80]}': status --tasks lists them.")
    if len(found) > 1 and len([one for one in found if one.log]) != 1:
        places = ", ".join(f"{one.step}/{one.id}" for one in found)
        raise ParameterError(f"There are several tasks '{task}': name one of {places}.")
    logs = [one.log for one in found if one.log]
    if not logs:
        raise ParameterError(f"The task {name} has no log: it has not been tried.")
    lines = Path(logs[0]).read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join([f"{logs[0]}:", *lines[-_LOG_LINES:]])
