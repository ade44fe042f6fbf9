"""What a submission would do, told without changing anything.

Source: docs/method/jobs.md, section 4.
"""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stamps.frontends.jobs import capacity, outputs
from stamps.frontends.jobs.model import FrontEnd, Job, JobConfig, Plan, Step, Task
from stamps.frontends.jobs.standing import standing
from stamps.frontends.jobs.store import JobFolder
from stamps.frontends.jobs.submission import job_of_plan
from stamps.frontends.jobs.what_to_do import open_tasks
from stamps.workspace import markup

__all__ = ["DryRun", "StepPlan", "dry_run"]


@dataclass(frozen=True)
class StepPlan:
    """What would be done in a step.

    Attributes
    ----------
    name : str
    tasks, to_run : int
        All of them; those that would be handed over and whose outputs are not complete.
    at_once, cores, memory_mb, minutes : int
        Tasks at once (0: as the engine has room), and what each takes.
    after : tuple of str
    commands : tuple of str
        As in a shell.
    """

    name: str
    tasks: int
    to_run: int
    at_once: int
    cores: int
    memory_mb: int
    minutes: int
    after: tuple[str, ...]
    commands: tuple[str, ...]


@dataclass(frozen=True)
class DryRun:
    """What a submission would do.

    Attributes
    ----------
    name, frontend, folder, engine : str
    facts, problems, warnings : tuple of str
        Those of the plan.
    steps : tuple of StepPlan
    cores, memory_mb, free_gib : float
        Of this machine, and of the disk of the working directory.
    """

    name: str
    frontend: str
    folder: str
    engine: str
    facts: tuple[str, ...]
    problems: tuple[str, ...]
    warnings: tuple[str, ...]
    steps: tuple[StepPlan, ...]
    cores: int
    memory_mb: int
    free_gib: float

    @property
    def exit_status(self) -> int:
        """1 if a submission would be refused, else 0."""
        return 1 if self.problems else 0

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**vars(self), "steps": [vars(step) for step in self.steps], "exit_status": self.exit_status}

    def _repr_html_(self) -> str:
        rows = [(step.name, step.tasks, step.to_run, _needs(step)) for step in self.steps]
        heads = ("step", "tasks", "to run", "at once × threads, memory, limit")
        title = f"{self.name} ({self.frontend}), engine {self.engine}: a dry run, nothing is written"
        marked = [f"problem: {text}" for text in self.problems] + [f"warning: {text}" for text in self.warnings]
        return markup.table(heads, rows, title) + markup.lines([*marked, *self.facts])

    def __str__(self) -> str:
        """For people."""
        lines = [
            f"{self.name} ({self.frontend}) in {self.folder}, engine {self.engine}; nothing is written by a dry run."
        ]
        lines += [f"problem: {problem}" for problem in self.problems]
        lines += [f"warning: {warning}" for warning in self.warnings]
        lines += self.facts
        if self.steps:
            lines.append(f"{'step':<22s} {'tasks':>6s} {'to run':>7s}  at once × threads, memory, limit")
        lines += [_line(step) for step in self.steps]
        here = f"{self.cores} cores, {self.memory_mb / 1024:.0f} GiB memory, " if self.engine == "local" else ""
        lines.append(f"there is: {here}{self.free_gib:.1f} GiB free on the disk of {self.folder}")
        for step in self.steps:
            lines += [f"{step.name}: {command}" for command in step.commands]
        return "\n".join(lines)


def _line(step: StepPlan) -> str:
    return f"{step.name:<22s} {step.tasks:6d} {step.to_run:7d}  {_needs(step)}"


def _needs(step: StepPlan) -> str:
    many = str(step.at_once) if step.at_once else "all"
    limit = f", {step.minutes} min" if step.minutes else ""
    after = f" (after {', '.join(step.after)})" if step.after else ""
    return f"{many} × {step.cores}, {step.memory_mb / 1024:.1f} GiB each{limit}{after}"


def dry_run(folder: JobFolder, front_end: FrontEnd, config: JobConfig, *, all_commands: bool = False) -> DryRun:
    """What a submission would do.

    Parameters
    ----------
    folder : JobFolder
        Need not be there.
    front_end : FrontEnd
    config : JobConfig
    all_commands : bool
        Whether the commands of all tasks are told, not only those of the first task of each step.

    Returns
    -------
    DryRun

    Raises
    ------
    InputError
        The plan breaks the rules of jobs.
    """
    plan = front_end.plan(config)
    job = job_of_plan(folder.name, front_end, config, plan)
    work = {} if plan.problems else _to_run(job, folder, front_end, config)
    steps = tuple(_step_plan(step, work.get(step.name, ()), config, all_commands) for step in job.steps)
    return DryRun(
        name=folder.name,
        frontend=front_end.NAME,
        folder=str(folder.workdir),
        engine=config.engine,
        facts=_facts(plan, folder),
        problems=plan.problems,
        warnings=(*plan.warnings, *_too_large(job, config)),
        steps=steps,
        cores=capacity.cores(),
        memory_mb=capacity.memory_mb(),
        free_gib=_free_gib(folder.workdir),
    )


def _too_large(job: Job, config: JobConfig) -> list[str]:
    """Steps of which a single task wants more than this machine has."""
    if config.engine != "local":
        return []
    limits = {"cores": capacity.cores(), "memory_mb": capacity.memory_mb()}
    return [
        f"A task of the step {step.name} takes {name} {wanted}, this machine has {limit}."
        for step in job.steps
        for name, limit in limits.items()
        if limit and (wanted := getattr(step.resources, name)) > limit
    ]


def _facts(plan: Plan, folder: JobFolder) -> tuple[str, ...]:
    versions = ", ".join(f"{name} {version}" for name, version in plan.versions.items())
    there = [f"the job is there already: what is new is added ({folder.path})"] if folder.exists() else []
    return (*plan.facts, *([f"versions: {versions}"] if versions else []), *there)


def _to_run(job: Job, folder: JobFolder, front_end: FrontEnd, config: JobConfig) -> dict[str, list[str]]:
    """Tasks that would really run: handed over, and not taken over because their outputs are complete."""
    state = standing(folder, job=job)
    work = open_tasks(job, folder, state)
    found: dict[str, list[str]] = {}
    changed: set[str] = set()  # what those that run will write
    for step in job.steps:
        attempts = {task.id: task.attempt for task in state.steps[step.name].tasks}
        for task in step.tasks:
            if task.id not in work.get(step.name, ()):
                continue
            taken = config.skip_existing and not attempts[task.id] and not changed & {*task.inputs}
            if not (taken and outputs.complete(folder.workdir, task, front_end.CHECKS)):
                found.setdefault(step.name, []).append(task.id)
                changed |= {output.path for output in task.outputs}
    return found


def _step_plan(step: Step, to_run: Sequence[str], config: JobConfig, all_commands: bool) -> StepPlan:
    resources = step.resources
    limits = [limit for limit in (resources.at_once, config.max_workers) if limit]
    elsewhere = min(limits) if limits else 0
    here = capacity.at_once(step, max(1, len(step.tasks)), config.max_workers)
    return StepPlan(
        name=step.name,
        tasks=len(step.tasks),
        to_run=len(to_run),
        at_once=here if config.engine == "local" else elsewhere,
        cores=resources.cores,
        memory_mb=resources.memory_mb,
        minutes=resources.minutes,
        after=step.after,
        commands=tuple(_shown(task) for task in (step.tasks if all_commands else step.tasks[:1])),
    )


def _shown(task: Task) -> str:
    return task.shell or shlex.join(task.argv)


def _free_gib(path: Path) -> float:
    while not path.exists():
        path = path.parent
    return shutil.disk_usage(path).free / 2**30
