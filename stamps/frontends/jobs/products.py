"""Which tasks of a job write what others read, and which results are missed when they are gone.

Source: docs/method/jobs.md, section 4.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from stamps.frontends.jobs import outputs
from stamps.frontends.jobs.model import Job, Output, Task

__all__ = ["Key", "Makers", "missed", "tasks_of"]

#: Step and task.
Key = tuple[str, str]


class Makers:
    """Which tasks write what others read.

    Parameters
    ----------
    job : Job
    workdir : Path
        What paths are relative to.

    Attributes
    ----------
    of : dict
        Task -> tasks that write what it reads.
    read : set
        Tasks of which others read something.
    """

    def __init__(self, job: Job, workdir: Path) -> None:
        self._workdir = workdir
        self._at: dict[PurePosixPath, set[Key]] = defaultdict(set)
        self._below: dict[PurePosixPath, set[Key]] = defaultdict(set)
        for key, task in tasks_of(job):
            for output in task.outputs:
                path = self._inside(output.path)
                self._at[path].add(key)
                for parent in path.parents:
                    self._below[parent].add(key)
        self.of = {key: self._makers(task) - {key} for key, task in tasks_of(job)}
        self.read = set().union(*self.of.values())

    def _inside(self, path: str) -> PurePosixPath:
        return PurePosixPath(os.path.relpath(path, self._workdir) if os.path.isabs(path) else os.path.normpath(path))

    def _makers(self, task: Task) -> set[Key]:
        found: set[Key] = set()
        for name in task.inputs:
            path = self._inside(name)
            found |= self._at[path] | self._below[path] if path != PurePosixPath(".") else set()
            for parent in path.parents:
                if parent in self._at:
                    found |= self._at[parent]
        return found


def tasks_of(job: Job) -> Iterator[tuple[Key, Task]]:
    """All tasks in the order of the job."""
    return (((step.name, task.id), task) for step in job.steps for task in step.tasks)


def missed(job: Job, workdir: Path, makers: Makers, among: Iterable[Key]) -> dict[Key, list[str]]:
    """Results that are gone and should not be: those that must be kept, and those that no other task reads.

    Parameters
    ----------
    job : Job
    workdir : Path
    makers : Makers
        Of this job.
    among : iterable of (str, str)
        Tasks that are looked at.

    Returns
    -------
    dict
        Task -> paths; tasks of which nothing is missed are left out.
    """
    tasks, found = dict(tasks_of(job)), {}
    for key in among:
        wanted = [output for output in tasks[key].outputs if output.kept or key not in makers.read]
        if gone := [output.path for output in wanted if _is_gone(workdir, output)]:
            found[key] = gone
    return found


def _is_gone(workdir: Path, output: Output) -> bool:
    """Whether an output is not there, or is a folder from which what made it one was taken."""
    path = workdir / output.path
    return not path.exists() or (path.is_dir() and outputs.stamp_of(path).size < output.min_bytes)
