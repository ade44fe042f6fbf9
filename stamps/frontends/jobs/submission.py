"""Submit, retry and cancel jobs; under the job's lock, and so that whoever is killed in between can go on with the same command.

Source: docs/method/jobs.md, section 4.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from stamps import __version__
from stamps.errors import InputError, ParameterError
from stamps.frontends.jobs import engines
from stamps.frontends.jobs.documents import check_steps, job_document, job_of
from stamps.frontends.jobs.hints import hint
from stamps.frontends.jobs.model import FrontEnd, Job, JobConfig, Plan, Resources, Status, Step, TaskState
from stamps.frontends.jobs.order import Order
from stamps.frontends.jobs.products import Key
from stamps.frontends.jobs.standing import JobState, standing
from stamps.frontends.jobs.store import JobFolder, now, replace_text
from stamps.frontends.jobs.submissions import Submission
from stamps.frontends.jobs.what_to_do import failed_tasks, open_tasks

__all__ = [
    "Selection",
    "Submitted",
    "cancel",
    "changed_resources",
    "is_secret",
    "job_of_plan",
    "prepare",
    "refuse_problems",
    "retry",
    "submit",
]


@dataclass(frozen=True)
class Submitted:
    """What was handed over.

    Attributes
    ----------
    name, folder, engine : str
    work : dict of str to tuple of str
        Step -> tasks.
    done, total : int
        Tasks that had succeeded before; tasks.
    notes : tuple of str
        Whole sentences.
    left : int
        Tasks that should have been handed over and could not be.
    """

    name: str
    folder: str
    engine: str
    work: Mapping[str, tuple[str, ...]]
    done: int
    total: int
    notes: tuple[str, ...] = ()
    left: int = 0

    @property
    def exit_status(self) -> int:
        """1 if something is left that should have been handed over, else 0."""
        return 1 if self.left else 0

    def __str__(self) -> str:
        """For people."""
        count = sum(map(len, self.work.values()))
        steps = ", ".join(f"{step} {len(tasks)}" for step, tasks in self.work.items())
        first = f"{self.name}: {count} of {self.total} tasks handed over to {self.engine} ({steps})." if count else ""
        nothing = f"{self.name}: nothing to do; {self.done} of {self.total} tasks have succeeded."
        return "\n".join([first or nothing, *self.notes])


@dataclass(frozen=True)
class Selection:
    """What a retry is about.

    Attributes
    ----------
    steps, tasks : tuple of str
        Names; empty for all.
    all : bool
        Those that have succeeded, too.
    """

    steps: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    all: bool = False


# ---------------------------------------------------------------------- plans and jobs


def refuse_problems(plan: Plan) -> None:
    """Stop where a plan has problems; all are told at once.

    Raises
    ------
    InputError
        It has.
    """
    if len(plan.problems) == 1:
        raise InputError(plan.problems[0])
    if plan.problems:
        listed = "".join(f"\n  - {problem}" for problem in plan.problems)
        raise InputError(f"The job cannot be submitted, {len(plan.problems)} things stand against it:{listed}")


def job_of_plan(name: str, front_end: FrontEnd, config: JobConfig, plan: Plan) -> Job:
    """The job that a plan makes.

    Raises
    ------
    InputError
        The plan breaks the rules of jobs: a name that can be no file, a path that leads out of the working directory.
    """
    job = Job(
        name=name,
        frontend=front_end.NAME,
        created=now(),
        config=_settings(config),
        steps=plan.steps,
        versions={"stamps": __version__, **plan.versions},
        files=tuple(plan.files),
    )
    try:
        check_steps(job.steps)
    except ValueError as error:
        raise InputError(f"The plan of {front_end.NAME} cannot be a job: {error}.") from None
    return job_of(json.loads(json.dumps(job_document(job))), f"the plan of {front_end.NAME}")


def is_secret(name: str) -> bool:
    """Whether a setting of this name is never written, nor read from a job."""
    return "credentials" in name or "password" in name


def _settings(config: JobConfig) -> dict[str, Any]:
    """Settings as JSON holds them, with the name of their class; nothing secret, nothing about how it is submitted."""
    hidden = ("dry_run", "saved_job_path")
    kept = {
        name: value for name, value in dataclasses.asdict(config).items() if name not in hidden and not is_secret(name)
    }
    return {"class": type(config).__name__, **json.loads(json.dumps(kept, default=str))}


# ---------------------------------------------------------------------- submit


def submit(folder: JobFolder, front_end: FrontEnd, config: JobConfig, order: Order) -> Submitted:
    """Make or extend a job, and hand over what is to be done.

    Parameters
    ----------
    folder : JobFolder
    front_end : FrontEnd
    config : JobConfig
    order : Order
        Engine and its options; the number and the work are found here.

    Raises
    ------
    InputError
        The plan has problems, or the job is at work with other settings.
    WorkspaceError
        Another command changes the job.
    ParameterError, ExternalProgramError
        The engine cannot be used.
    """
    engines.check(order, folder)
    plan = front_end.plan(config)
    refuse_problems(plan)
    with folder.lock():
        if folder.exists() and (there := _at_work(folder, front_end, config)):
            return there
        plan = front_end.arrange(config, plan)
        refuse_problems(plan)
        job = _merged(folder, job_of_plan(folder.name, front_end, config, plan))
        _write_files(folder, plan.files)
        folder.write_job(job)
        state = standing(folder)
        work = open_tasks(job, folder, state)
        return _hand_over(folder, job, state, replace(order, work=work), plan.warnings)


def _at_work(folder: JobFolder, front_end: FrontEnd, config: JobConfig) -> Submitted | None:
    """What to say of a job that is at work with the same settings; None if it is not at work."""
    job, state = folder.job(), standing(folder)
    if job.frontend != front_end.NAME:
        raise InputError(
            f"The job {folder.name} in {folder.workdir} is one of {job.frontend}, not of {front_end.NAME}: give another name."
        )
    if not state.at_work:
        return None
    if {**job.config, "workdir": ""} != {**_settings(config), "workdir": ""}:
        raise InputError(
            f"The job {folder.name} in {folder.workdir} is at work with other settings: wait for its end or cancel it, then "
            "submit again."
        )
    done, total = _counted(state)
    note = "It is at work already; what is new since then can be submitted when it has ended."
    return Submitted(folder.name, str(folder.path), "", {}, done, total, (note,))


def _merged(folder: JobFolder, job: Job) -> Job:
    """The job with the time at which it was first made."""
    return replace(job, created=folder.job().created) if folder.exists() else job


def _write_files(folder: JobFolder, files: Mapping[str, str]) -> None:
    """Write small files where they differ from what is there: the others keep their times."""
    for name, text in files.items():
        path = folder.workdir / name
        try:
            if path.read_text(encoding="utf-8") == text:
                continue
        except (OSError, UnicodeDecodeError):
            pass
        replace_text(path, text)


def _hand_over(folder: JobFolder, job: Job, state: JobState, order: Order, notes: Sequence[str] = ()) -> Submitted:
    """Let tasks be pending, and give them to the engine."""
    done, total = _counted(state)
    handed = {(step, task) for step, tasks in order.work.items() for task in tasks}
    left = [key for key in failed_tasks(state) if key not in handed]
    if left:
        names = ", ".join(f"{step}/{task}" for step, task in left[:5]) + (" …" if len(left) > 5 else "")
        notes = [*notes, f"{len(left)} failed before and are left as they are ({names}): retry them."]
    submitted = Submitted(job.name, str(folder.path), order.engine, order.work, done, total, tuple(notes))
    if not handed:
        return submitted
    engines.check(order, folder)
    for step, task in handed:
        before = folder.state(step, task)
        if before != TaskState() and before.status is not Status.PENDING:
            folder.write_state(step, task, TaskState(attempt=before.attempt, definition=before.definition))
    number = max((one.number for one in folder.submissions()), default=0) + 1
    folder.cancel_mark(number).unlink(missing_ok=True)
    engines.submit(folder, replace(order, number=number))
    return submitted


def _counted(state: JobState) -> tuple[int, int]:
    steps = state.steps.values()
    return sum(step.done for step in steps), sum(step.total for step in steps)


# ---------------------------------------------------------------------- retry


def retry(
    folder: JobFolder, order: Order, selection: Selection | None = None, changes: Mapping[str, int] | None = None
) -> Submitted:
    """Try again what has failed, was cancelled, interrupted or lost, and what comes after it.

    Parameters
    ----------
    folder : JobFolder
    order : Order
    selection : Selection, optional
        What it is about (default: everything).
    changes : mapping, optional
        New resources of the steps that are tried again: ``cores``, ``memory_mb``, ``minutes``, ``at_once``.

    Raises
    ------
    ParameterError
        There is no such step, task or resource.
    InputError
        The job is at work.
    """
    selection = selection or Selection()
    with folder.lock():
        job, state = folder.job(), standing(folder)
        if state.at_work:
            raise InputError(f"The job {folder.name} is at work: wait for its end or cancel it, then retry.")
        chosen = _chosen(job, state, selection)
        if not chosen:
            return _hand_over(folder, job, state, replace(order, work={}))
        if changes:
            job = _changed(job, {step for step, _ in chosen}, changes)
            folder.write_job(job)
        work = open_tasks(job, folder, state, chosen, with_failed=not (selection.steps or selection.tasks))
        return _hand_over(folder, job, state, replace(order, work=work, action="retry", again=selection.all))


def _chosen(job: Job, state: JobState, selection: Selection) -> list[Key]:
    """Tasks that a retry is about."""
    _check_known(selection.steps, [step.name for step in job.steps], "step", job)
    _check_known(selection.tasks, [task.id for step in job.steps for task in step.tasks], "task", job)
    every = [(step.name, task.id) for step in job.steps for task in step.tasks]
    candidates = every if selection.all else failed_tasks(state)
    return [
        (step, task)
        for step, task in candidates
        if (not selection.steps or step in selection.steps) and (not selection.tasks or task in selection.tasks)
    ]


def _check_known(names: Iterable[str], known: Sequence[str], what: str, job: Job) -> None:
    for name in names:
        if name not in known:
            meant = hint(name, known, f"there are {', '.join(known[:8])} …")
            raise ParameterError(f"The job {job.name} has no {what} '{name[:80]}': {meant}")


def changed_resources(resources: Resources, changes: Mapping[str, int]) -> Resources:
    """Resources with some of them changed.

    Raises
    ------
    ParameterError
        There is no such resource, or it cannot have the value.
    """
    least = {"cores": 1, "memory_mb": 1, "minutes": 0, "at_once": 0}
    for name, value in changes.items():
        if name not in least:
            raise ParameterError(f"'{name[:80]}' cannot be changed: give {', '.join(least)}.")
        if value < least[name]:
            raise ParameterError(f"{name} is {value}, but at least {least[name]} was expected.")
    fields: dict[str, Any] = dict(changes)
    return replace(resources, **fields)


def _changed(job: Job, steps: set[str], changes: Mapping[str, int]) -> Job:
    def one(step: Step) -> Step:
        return replace(step, resources=changed_resources(step.resources, changes)) if step.name in steps else step

    return replace(job, steps=tuple(one(step) for step in job.steps))


# ---------------------------------------------------------------------- prepare


def prepare(folder: JobFolder, front_end: FrontEnd, config: JobConfig, order: Order) -> Submitted:
    """Run the step ``prepare`` again as the settings say now; the other steps stay as they are.

    Raises
    ------
    InputError
        The job is at work, has no such step, or has not come to it.
    """
    with folder.lock():
        job, state = folder.job(), standing(folder)
        if state.at_work:
            raise InputError(f"The job {folder.name} is at work: wait for its end or cancel it, then prepare.")
        plan = _preparation(front_end, config, job)
        steps = {step.name: step for step in job_of_plan(folder.name, front_end, config, plan).steps}
        if "prepare" not in steps or "prepare" not in state.steps:
            raise InputError(f"The job {folder.name} of {front_end.NAME} has no step prepare.")
        if waits := [name for name in steps["prepare"].after if state.steps[name].done < state.steps[name].total]:
            raise InputError(f"The job {folder.name} cannot be prepared yet: the step {waits[0]} has not succeeded.")
        _write_files(folder, plan.files)
        job = replace(job, steps=tuple(steps["prepare"] if step.name == "prepare" else step for step in job.steps))
        folder.write_job(job)
        tasks = tuple(task.id for task in steps["prepare"].tasks)
        return _hand_over(folder, job, state, replace(order, work={"prepare": tasks}, again=True))


def _preparation(front_end: FrontEnd, config: JobConfig, job: Job) -> Plan:
    """The plan whose preparation is wanted: of the job as it is, where the front end can tell that, else a new one."""
    of_job: Callable[[JobConfig, Job], Plan] | None = getattr(front_end, "plan_preparation", None)
    plan = of_job(config, job) if of_job else front_end.plan(config)
    refuse_problems(plan)
    if of_job is None:
        plan = front_end.arrange(config, plan)
        refuse_problems(plan)
    return plan


# ---------------------------------------------------------------------- cancel


def cancel(folder: JobFolder) -> list[str]:
    """End what runs or waits.

    Returns
    -------
    list of str
        What was done, one line each; empty if nothing was at work.
    """
    folder.job()
    with folder.lock():
        submissions = folder.submissions()
        if not standing(folder).at_work:
            return []
        number = max((one.number for one in submissions), default=0) + 1
        folder.add_submission(Submission(number, now(), "cancel", ""))
        return engines.cancel(folder, submissions)
