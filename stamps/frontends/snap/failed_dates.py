"""Go on with a job without the dates that have failed, and take them again.

Source: docs/method/snap.md, section 6.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stamps.errors import InputError
from stamps.frontends.jobs.front_ends import front_end
from stamps.frontends.jobs.model import Status, Task, TaskState
from stamps.frontends.jobs.store import JobFolder, job_folders, replace_text
from stamps.frontends.jobs.submission import job_of_plan, refuse_problems
from stamps.frontends.processor import Processor
from stamps.frontends.snap.config import SnapConfig
from stamps.frontends.snap.join import set_aside
from stamps.frontends.snap.outputs import CHECKS
from stamps.frontends.snap.snap_toml import read_snap_toml

if TYPE_CHECKING:
    from stamps._typing import StrPath


__all__ = ["failed_dates", "forget_failures", "go_on_without", "job_of_snap", "refuse_failed", "take_again"]


def job_of_snap(workdir: StrPath, name: str | None) -> Processor:
    """The job of that name, else the newest of SNAP.

    Raises
    ------
    InputError
        There is none.
    """
    return Processor.open(_folder(workdir, name).path)


def failed_dates(processor: Processor) -> tuple[str, ...]:
    """Dates of tasks that have failed, were cancelled or are lost, ascending."""
    steps = processor.state().steps.values()
    return tuple(sorted({task.date for step in steps for task in step.failures if task.date}))


def refuse_failed(workdir: StrPath, name: str | None) -> None:
    """Refuse to prepare while dates have failed.

    Raises
    ------
    InputError
        Some have; the message names them.
    """
    processor = job_of_snap(workdir, name)
    if dates := failed_dates(processor):
        raise InputError(
            f"{', '.join(dates)} {'has' if len(dates) == 1 else 'have'} failed (stamps snap status says why): stamps snap retry, "
            "or stamps snap prepare --without-failed."
        )


def go_on_without(workdir: StrPath, name: str | None, given: Mapping[str, Any]) -> tuple[Processor, tuple[str, ...]]:
    """Submit a job again without the dates that have failed.

    Parameters
    ----------
    workdir : path-like
    name : str, optional
        Of the job (default: the newest of SNAP).
    given : mapping
        Settings that change.

    Returns
    -------
    Processor
    tuple of str
        The dates that are left out.

    Raises
    ------
    InputError
        There is no such job, it is at work, no date has failed, or the master has.
    """
    processor = job_of_snap(workdir, name)
    config = processor.config
    if not isinstance(config, SnapConfig):
        raise InputError(f"The job {processor.folder.name} is not one of SNAP.")
    if processor.state().at_work:
        raise InputError(f"The job {processor.folder.name} is at work: wait for its end or cancel it, then prepare.")
    dates = failed_dates(processor)
    if not dates:
        raise InputError(f"No date of the job {processor.folder.name} has failed: prepare without --without-failed.")
    master = read_snap_toml(processor.folder.workdir).get("master")
    if master in dates:
        raise InputError(
            f"The master {master} has failed, and no project can be without it: stamps snap status says why."
        )
    changed = dataclasses.replace(config, **{**given, "given_up": sorted({*config.given_up, *dates})})
    again = Processor.create(getattr(changed, "processor", ""), config=changed, name=processor.folder.name)
    again.submit()
    return again, dates


def forget_failures(config: SnapConfig) -> None:
    """Let a submission try the dates again that a job was going on without: what is said of their tasks is of before."""
    for folder in job_folders(config.workdir):
        try:
            job = folder.job()
        except InputError:  # another job's file is damaged
            continue
        again = {*job.config.get("given_up", ())} - {*config.given_up} if job.frontend == "snap" else set()
        for place in sorted((folder.path / "state").glob("*/*.json")) if again else ():
            step, task = place.parent.name, place.stem
            state = folder.state(step, task)
            if again & {*re.findall(r"\d{8}", task)} and state.status in (Status.FAILED, Status.CANCELLED):
                folder.write_state(step, task, TaskState(attempt=state.attempt, definition=state.definition))


def take_again(processor: Processor) -> bool:
    """Plan a job anew before a retry, where the job as it stands cannot mend what has failed; whether that was done.

    Dates without which it went on are taken again; an export that fails its check, and whose products are not there any more, is
    set aside and made from the images.

    Raises
    ------
    InputError
        The plan has problems now.
    """
    config, folder, state = processor.config, processor.folder, processor.state()
    if not isinstance(config, SnapConfig) or state.at_work:
        return False
    failed = {(task.step, task.id) for step in state.steps.values() for task in step.failures}
    tasks = [task for step in folder.job().steps for task in step.tasks if (step.name, task.id) in failed]
    lacking = [task for task in tasks if _lacks(folder, task)]
    if not config.given_up and not lacking:
        return False
    for output in (output for task in lacking for output in task.outputs if output.check.startswith("export_")):
        export = folder.workdir / output.path
        if export.is_dir() and CHECKS[output.check](str(export)):
            set_aside(export)
    processor.config = dataclasses.replace(config, given_up=[])
    _plan_anew(folder, processor.config)
    return True


def _lacks(folder: JobFolder, task: Task) -> bool:
    """Whether inputs of a task are gone that no task of its job makes."""
    made = {output.path for step in folder.job().steps for task in step.tasks for output in task.outputs}
    return any(path not in made and not (folder.workdir / path).exists() for path in task.inputs)


def _plan_anew(folder: JobFolder, config: SnapConfig) -> None:
    """Put what would be submitted now in the place of the job's plan; nothing runs."""
    front = front_end("snap")
    plan = front.plan(config)
    refuse_problems(plan)
    with folder.lock():
        job = job_of_plan(folder.name, front, config, plan)
        for name, text in plan.files.items():
            replace_text(folder.workdir / name, text)
        folder.write_job(dataclasses.replace(job, created=folder.job().created))


def _folder(workdir: StrPath, name: str | None) -> JobFolder:
    """Folder of the job of that name, else of the newest of SNAP."""
    if name:
        try:
            return JobFolder.of(workdir, name)
        except ValueError as error:
            raise InputError(f"That is no job: {error}.") from None
    found = next((folder for folder in job_folders(workdir) if folder.job().frontend == "snap"), None)
    if found is None:
        raise InputError(f"There is no job of SNAP in {Path(workdir).absolute()}: submit one, or name its --workdir.")
    return found
