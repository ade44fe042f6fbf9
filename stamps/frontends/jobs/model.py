"""What a job is: steps in order, tasks that do not depend on each other, what each must leave behind, and how each stands.

A *job* is one order in one folder. It has *steps* in order; a step has *tasks* that do not depend on each other; a task is one
command. A step starts when all tasks of the steps named in its ``after`` have succeeded. Nothing here reads or writes a file.

Source: docs/method/jobs.md, section 1.
"""

from __future__ import annotations

import enum
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

__all__ = [
    "FILLED_IN",
    "FORMAT",
    "TAKEN_OVER",
    "FrontEnd",
    "Job",
    "JobConfig",
    "Output",
    "Plan",
    "Resources",
    "Status",
    "Step",
    "Task",
    "TaskState",
]

#: Names in braces that the runner fills in where a command is started.
FILLED_IN = ("run", "workdir", "cores", "memory_mb", "python", "package")

#: Number of the layout of ``job.json``.
FORMAT = 1

#: Message of a task that was not run.
TAKEN_OVER = "its outputs were complete already"


class Status(str, enum.Enum):
    """How a task or a step stands; a task without a state file is pending."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True)
class Resources:
    """What one task of a step takes.

    Attributes
    ----------
    cores : int
        Threads of the program.
    memory_mb : int
        Memory, MiB.
    minutes : int
        Time limit; 0 is none.
    at_once : int
        Most tasks of the step that run at once; 0 is no limit of its own.
    first_alone : bool
        Tasks run alone, one after the other, until one has succeeded (it downloads what all need), then the others together.
    """

    cores: int = 1
    memory_mb: int = 1000
    minutes: int = 0
    at_once: int = 0
    first_alone: bool = False


@dataclass(frozen=True)
class Output:
    """A file or folder that a task must leave.

    Attributes
    ----------
    path : str
        Its place, relative to the working directory of the job.
    min_bytes : int
        Smallest size of a file; of a folder the least of all its files together.
    check : str
        Name of a check in the front end's ``CHECKS``; empty for none.
    made : str
        Name under which the command writes it in its scratch folder (the task's current directory), from where it takes its place
        whole after all checks; empty for a command that writes to ``path`` itself.
    kept : bool
        It must stay: something that comes later reads it in place. Others may go as soon as what reads them has succeeded.
    linked : bool
        Its time is that of something else, of which it is another name: it is compared with no input.
    """

    path: str
    min_bytes: int = 1
    check: str = ""
    made: str = ""
    kept: bool = False
    linked: bool = False


@dataclass(frozen=True)
class Task:
    """One command of a step.

    Attributes
    ----------
    id : str
        Unique in its step; letters, digits, ``_``, ``-`` and ``.`` only (it becomes a file name).
    argv : tuple of str
        Command and arguments; empty where ``shell`` is given. ``{run}`` in an argument becomes the scratch folder, ``{workdir}``
        the working directory, ``{cores}`` and ``{memory_mb}`` what the step's resources say, ``{python}`` the interpreter of the
        runner, ``{package}`` the folder of this package there: written so, a task stays the same when these change.
    shell : str
        A line for ``/bin/bash -c`` in place of ``argv``.
    cwd : str
        Current directory of the command, relative to the working directory; empty for the task's scratch folder.
    env : mapping
        Variables that are added to the environment; no secrets.
    inputs, outputs : tuple
        Paths that it reads, relative to the working directory or absolute; what it must leave.
    about : str
        For people: ``20200115 IW2``.
    date : str
        The date (``yyyymmdd``) that it is about; empty for a task that serves several.
    """

    id: str
    argv: tuple[str, ...] = ()
    shell: str = ""
    cwd: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    inputs: tuple[str, ...] = ()
    outputs: tuple[Output, ...] = ()
    about: str = ""
    date: str = ""

    @property
    def definition(self) -> str:
        """Sixteen digits that differ where what is done differs: a task with others is another task, to be run again."""
        outputs = [[output.path, output.min_bytes, output.check, output.made] for output in self.outputs]
        parts = [list(self.argv), self.shell, self.cwd, sorted(self.env.items()), list(self.inputs), outputs]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Step:
    """Tasks that do not depend on each other, and the steps that must have succeeded before."""

    name: str
    tasks: tuple[Task, ...]
    after: tuple[str, ...] = ()
    resources: Resources = Resources()


@dataclass(frozen=True)
class Plan:
    """What a front end would do with a configuration.

    Attributes
    ----------
    steps : tuple of Step
    versions : mapping
        Programs and packages by name, ``{"SNAP": "13.0.0"}``.
    problems : tuple of str
        Each a whole sentence; one is enough to refuse the job, all are shown at once.
    warnings : tuple of str
    facts : tuple of str
        Lines for the dry run: the workflow, the dates, the master, what is left out and why, what will be there at the end.
    files : mapping
        Small text files, relative path → text, that are written into the working directory before the first task starts.
    """

    steps: tuple[Step, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Job:
    """The content of ``job.json``; ``files`` names the small files that were written into the working directory."""

    name: str
    frontend: str
    created: str
    config: Mapping[str, Any]
    steps: tuple[Step, ...]
    versions: Mapping[str, str] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    format: int = FORMAT


@dataclass(frozen=True)
class TaskState:
    """The content of a state file: how the last try of a task stands.

    Attributes
    ----------
    status : Status
    attempt : int
        Number of the try, from 1 (``try`` in the file).
    started, ended : str
        UTC, ISO 8601; empty where it has not come to that.
    exit : int, optional
        Exit status of the command.
    host, pid, engine_id
        Where it runs: the host, the runner's process there, and the engine's name (SLURM ``1234_7``, Dask key).
    message : str
        One line: why it failed, or what is remarkable.
    born : str
        Start of the runner's process as the system counts it: numbers of processes are used again.
    definition : str
        :attr:`Task.definition` of the task that was tried: the state of another one says nothing.
    facts : mapping
        What else the engine has told, by name; ``made`` is a folder or file that was left, relative to the working directory.
    """

    status: Status = Status.PENDING
    attempt: int = 0
    started: str = ""
    ended: str = ""
    exit: int | None = None
    host: str = ""
    pid: int = 0
    engine_id: str = ""
    message: str = ""
    born: str = ""
    definition: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass
class JobConfig:
    """Settings that the configurations of all front ends have.

    Attributes
    ----------
    workdir : str
        Folder of the job and of what it makes.
    saved_job_path : str, optional
        Folder or file of a saved job to go on with.
    skip_existing : bool
        Tasks whose outputs are complete and newer than their inputs do not run.
    max_workers : int, optional
        Most tasks at once (default: as cores and memory allow).
    engine : str
        ``'local'``, ``'dask'`` or ``'slurm'``.
    dry_run : bool
        Submitting only says what would be done.
    """

    workdir: str = "."
    saved_job_path: str | None = None
    skip_existing: bool = True
    max_workers: int | None = None
    engine: str = "local"
    dry_run: bool = False


@runtime_checkable
class FrontEnd(Protocol):
    """What a front end offers to the jobs: a module with these names (``stamps.frontends.snap.frontend``, …).

    ``NAME`` is that of the verb (``snap``, ``isce``); ``CHECKS`` maps the names of checks to functions of a path that return a
    sentence about what is wrong, or an empty text; ``ERRORS`` are regular expressions: the last line of a failed task's log that
    matches the first of them that matches any line is its message.
    """

    NAME: str
    CHECKS: Mapping[str, Any]
    ERRORS: tuple[str, ...]

    def plan(self, config: Any) -> Plan:
        """What would be done: reads, asks programs for their versions, writes nothing below the working directory."""

    def arrange(self, config: Any, plan: Plan) -> Plan:
        """Called by a submission under the job's lock: may write below the working directory; returns the plan that counts."""
