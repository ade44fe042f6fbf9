"""Jobs and states as JSON: what is written, and the same checked when it is read, because a folder may come from anybody.

Source: docs/method/jobs.md, section 2.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import PurePosixPath
from typing import Any, TypeVar

from stamps.errors import InputError
from stamps.frontends.jobs.model import FORMAT, Job, Output, Resources, Status, Step, Task, TaskState

__all__ = ["check_name", "check_steps", "job_document", "job_of", "state_document", "state_of", "step_of", "texts_of"]

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}")
_T = TypeVar("_T")


# ---------------------------------------------------------------------- written


def job_document(job: Job) -> dict[str, Any]:
    """A job as the content of ``job.json``."""
    document: dict[str, Any] = {
        "format": job.format,
        "name": job.name,
        "frontend": job.frontend,
        "created": job.created,
    }
    document |= {"versions": dict(job.versions), "config": dict(job.config), "files": list(job.files)}
    return {**document, "steps": [_step_document(step) for step in job.steps]}


def _step_document(step: Step) -> dict[str, Any]:
    tasks = [_task_document(task) for task in step.tasks]
    return {"name": step.name, "after": list(step.after), "resources": asdict(step.resources), "tasks": tasks}


def _task_document(task: Task) -> dict[str, Any]:
    """Without what is empty."""
    document = {
        "id": task.id,
        "argv": list(task.argv),
        "shell": task.shell,
        "cwd": task.cwd,
        "env": dict(task.env),
        "inputs": list(task.inputs),
        "outputs": [_output_document(output) for output in task.outputs],
        "about": task.about,
        "date": task.date,
    }
    return {name: value for name, value in document.items() if value}


def _output_document(output: Output) -> dict[str, Any]:
    """Without what is not said of most outputs."""
    return {name: value for name, value in asdict(output).items() if value or name not in ("kept", "linked")}


def state_document(state: TaskState) -> dict[str, Any]:
    """A state as the content of its file."""
    document = asdict(state)
    if not state.facts:
        del document["facts"]
    return {"status": state.status.value, "try": document.pop("attempt"), **{**document, "status": state.status.value}}


# ---------------------------------------------------------------------- read


def job_of(document: Any, source: object) -> Job:
    """The job that a document describes.

    Parameters
    ----------
    document : object
        As read from JSON.
    source : object
        What it was read from, for the message.

    Raises
    ------
    InputError
        It describes none.
    """
    try:
        number = _get(document, "format", int)
        if number != FORMAT:
            if number > FORMAT:
                raise InputError(
                    f"{source} was written by a newer version of this program: use that, or update this one."
                )
            raise ValueError(f"its layout has the number {number}, this version knows {FORMAT}")
        steps = tuple(step_of(item) for item in _get(document, "steps", list))
        check_steps(steps)
        files = texts_of(document, "files")
        for path in files:
            _check_inside(path)
        return Job(
            name=check_name(_get(document, "name", str)),
            frontend=check_name(_get(document, "frontend", str)),
            created=_get(document, "created", str),
            config=_get(document, "config", dict, {}),
            versions=_texts(_get(document, "versions", dict, {})),
            steps=steps,
            files=files,
        )
    except ValueError as error:
        raise InputError(
            f"{source} does not describe a job: {error}; restore it, or submit the job anew under another name."
        ) from None


def step_of(document: Any) -> Step:
    """The step that a document describes; ValueError if it describes none."""
    return Step(
        name=check_name(_get(document, "name", str)),
        tasks=tuple(_task_of(item) for item in _get(document, "tasks", list)),
        after=texts_of(document, "after"),
        resources=_resources_of(_get(document, "resources", dict, {})),
    )


def _resources_of(document: dict[str, Any]) -> Resources:
    default = Resources()
    return Resources(
        cores=_count(document, "cores", default.cores, 1),
        memory_mb=_count(document, "memory_mb", default.memory_mb, 1),
        minutes=_count(document, "minutes", default.minutes),
        at_once=_count(document, "at_once", default.at_once),
        first_alone=_get(document, "first_alone", bool, False),
    )


def _task_of(document: Any) -> Task:
    return Task(
        id=_get(document, "id", str),
        argv=texts_of(document, "argv"),
        shell=_get(document, "shell", str, ""),
        cwd=_get(document, "cwd", str, ""),
        env=_texts(_get(document, "env", dict, {})),
        inputs=texts_of(document, "inputs"),
        outputs=tuple(_output_of(item) for item in _get(document, "outputs", list, [])),
        about=_get(document, "about", str, ""),
        date=_get(document, "date", str, ""),
    )


def _output_of(document: Any) -> Output:
    return Output(
        path=_get(document, "path", str),
        min_bytes=_count(document, "min_bytes", 1),
        check=_get(document, "check", str, ""),
        made=_get(document, "made", str, ""),
        kept=_get(document, "kept", bool, False),
        linked=_get(document, "linked", bool, False),
    )


def state_of(document: Any) -> TaskState:
    """The state that a document describes.

    Raises
    ------
    ValueError
        It describes none.
    """
    word = _get(document, "status", str)
    if word not in Status.__members__:
        raise ValueError(f"'{word}' is no status")
    code = document.get("exit")
    if code is not None and (not isinstance(code, int) or isinstance(code, bool)):
        raise ValueError("exit is no whole number")
    words = ("started", "ended", "host", "engine_id", "message", "born", "definition")
    return TaskState(
        status=Status[word],
        attempt=_count(document, "try", 0),
        exit=code,
        pid=_count(document, "pid", 0),
        facts=_texts(_get(document, "facts", dict, {})),
        **{name: _get(document, name, str, "") for name in words},
    )


# ---------------------------------------------------------------------- rules


def check_name(name: str) -> str:
    """A name that can be that of a file; ValueError if it cannot."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name[:80]!r} cannot be a name (letters, digits, '_', '-' and '.' only)")
    return name


def check_steps(steps: Iterable[Step]) -> None:
    """ValueError where steps or tasks have a name twice, wait for something later, do nothing, or write outside."""
    known: set[str] = set()
    for step in steps:
        check_name(step.name)
        if step.name in known:
            raise ValueError(f"the step {step.name} is there twice")
        if unknown := [name for name in step.after if name not in known]:
            raise ValueError(f"the step {step.name} comes after {unknown[0]}, which is none of the steps before it")
        known.add(step.name)
        _check_tasks(step)


def _check_tasks(step: Step) -> None:
    known: set[str] = set()
    for task in step.tasks:
        check_name(task.id)
        if task.id in known:
            raise ValueError(f"the task {task.id} of the step {step.name} is there twice")
        known.add(task.id)
        if bool(task.argv) == bool(task.shell):
            raise ValueError(f"the task {task.id} of the step {step.name} must have either argv or shell")
        for path in [output.path for output in task.outputs] + ([task.cwd] if task.cwd else []):
            _check_inside(path)
        for output in task.outputs:
            if output.made:
                _check_inside(output.made)


def _check_inside(path: str) -> None:
    """ValueError for a path that does not stay in the folder it is relative to."""
    pure = PurePosixPath(path)
    if not path or pure.is_absolute() or ".." in pure.parts or "\0" in path:
        raise ValueError(f"the path {path[:200]!r} does not stay in the working directory")


def _get(document: Any, name: str, kind: type[_T], default: _T | None = None) -> _T:
    """What stands under a name; ValueError where it is of another kind, or missing and without default."""
    if not isinstance(document, dict):
        raise ValueError(f"{str(document)[:80]!r} stands where a set of names was expected")
    value = document.get(name, default)
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is int):
        raise ValueError(
            f"{name} is {'missing' if value is None else repr(value)[:80]}, not of the kind {kind.__name__}"
        )
    return value


def _count(document: Any, name: str, default: int, least: int = 0) -> int:
    number = _get(document, name, int, default)
    if number < least:
        raise ValueError(f"{name} is {number}, less than {least}")
    return number


def texts_of(document: Any, name: str) -> tuple[str, ...]:
    """The list of texts under a name; empty where it is missing, ValueError where it holds something else."""
    values = _get(document, name, list, [])
    if not all(isinstance(value, str) for value in values):
        raise ValueError(f"{name} holds something that is no text")
    return tuple(values)


def _texts(values: Mapping[Any, Any]) -> dict[str, str]:
    if not all(isinstance(value, str) for value in values.values()):
        raise ValueError(f"{str(values)[:80]} holds something that is no text")
    return dict(values)
