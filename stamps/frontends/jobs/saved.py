"""A whole job in one file: saved, and made into a folder again.

Source: docs/method/jobs.md, section 2.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stamps.errors import InputError, WorkspaceError
from stamps.frontends.jobs.documents import job_document, job_of, state_document, state_of
from stamps.frontends.jobs.model import Job, TaskState
from stamps.frontends.jobs.standing import JobState, standing
from stamps.frontends.jobs.store import JobFolder, replace_text
from stamps.frontends.jobs.submissions import Submission, submission_of
from stamps.workspace.plain_files import read_json

if TYPE_CHECKING:
    from stamps._typing import StrPath

__all__ = ["load_job", "save_job", "saved_state"]

_MOST_BYTES = 2**28


def save_job(folder: JobFolder, path: StrPath | None = None) -> Path:
    """Write a job, all states and submissions, and the small files that belong to it, into one file.

    Parameters
    ----------
    folder : JobFolder
    path : path-like, optional
        Default: ``<workdir>/jobs/<name>.json``.

    Returns
    -------
    Path

    Raises
    ------
    InputError
        There is no job.
    WorkspaceError
        The file cannot be written.
    """
    job = folder.job()
    target = Path(path) if path is not None else folder.path.with_name(f"{folder.name}.json")
    states: dict[str, dict[str, Any]] = {}
    for step in job.steps:
        for task in step.tasks:
            state = folder.state(step.name, task.id)
            if state != TaskState():
                states.setdefault(step.name, {})[task.id] = state_document(state)
    document = {
        "job": job_document(job),
        "states": states,
        "submissions": [asdict(submission) for submission in folder.submissions()],
        "files": {name: text for name in job.files if (text := _text(folder.workdir / name)) is not None},
    }
    try:
        replace_text(target, json.dumps(document, indent=1) + "\n")
    except OSError as error:
        raise WorkspaceError(f"{target} cannot be written ({error.strerror}).") from None
    return target


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def load_job(path: StrPath, workdir: StrPath | None) -> JobFolder:
    """The folder of a job, made from a saved file if one is named.

    Parameters
    ----------
    path : path-like
        A folder with ``job.json``, that file, or a file of :func:`save_job`.
    workdir : path-like, optional
        Where the folder is made (default: where the saved file says that it was, if it lies in a ``jobs`` folder there, else
        the folder of the file).

    Returns
    -------
    JobFolder

    Raises
    ------
    InputError
        There is no job, or the file is damaged, or another job of that name is there.
    """
    place = Path(path)
    if place.is_dir() or place.name == "job.json":
        folder = JobFolder(place if place.is_dir() else place.parent)
        folder.job()
        return folder
    job, states, submissions, files = _content(place)
    home = (
        Path(workdir) if workdir is not None else (place.parent.parent if place.parent.name == "jobs" else place.parent)
    )
    folder = JobFolder.of(home, job.name)
    if folder.exists():
        if folder.job().created != job.created:
            raise InputError(
                f"Another job {job.name} is in {folder.workdir}: load {place} into another working directory."
            )
        return folder
    _make(folder, job, states, submissions, files)
    return folder


_States = dict[tuple[str, str], TaskState]


def _content(place: Path) -> tuple[Job, _States, list[Submission], dict[str, str]]:
    try:
        document = read_json(place, _MOST_BYTES)
        job = job_of(document["job"], place)
        tasks = {(step.name, task.id) for step in job.steps for task in step.tasks}
        states = {
            (step, task): state_of(state)
            for step, inside in document["states"].items()
            for task, state in inside.items()
            if (step, task) in tasks
        }
        submissions = [submission_of(item) for item in document["submissions"]]
        files = {name: str(document["files"][name]) for name in job.files if name in document["files"]}
    except FileNotFoundError:
        raise InputError(f"There is no job {place}: name its folder or a file that save has written.") from None
    except (OSError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"{place} is no saved job ({type(error).__name__}: {error}).") from None
    return job, states, submissions, files


def _make(folder: JobFolder, job: Job, states: _States, submissions: list[Submission], files: dict[str, str]) -> None:
    """Make the folder; ``job.json`` comes last, so that one which is not finished is none."""
    with folder.lock():
        for (step, task), state in states.items():
            folder.write_state(step, task, state)
        if not folder.submissions():
            for submission in submissions:
                folder.add_submission(submission)
        for name, text in files.items():
            if not (folder.workdir / name).exists():
                replace_text(folder.workdir / name, text)
        folder.write_job(job)


class _SavedFolder(JobFolder):
    """The folder of a job that is only in a saved file."""

    def __init__(self, place: Path) -> None:
        self._job, self._states, self._submissions, _ = _content(place)
        super().__init__(place.parent / "jobs" / self._job.name)

    def job(self) -> Job:
        return self._job

    def state(self, step: str, task: str) -> TaskState:
        return self._states.get((step, task), TaskState())

    def submissions(self) -> list[Submission]:
        return self._submissions


def saved_state(path: StrPath) -> JobState:
    """How the job of a saved file stands; makes nothing.

    Raises
    ------
    InputError
        It is no saved job.
    """
    return standing(_SavedFolder(Path(path)))
