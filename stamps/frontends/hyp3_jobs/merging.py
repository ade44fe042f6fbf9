"""A job that is extended: pairs that were ordered before stay, new ones come to them, all of one kind.

Source: docs/method/jobs.md, section 7.3.
"""

from __future__ import annotations

import dataclasses

from stamps.errors import InputError
from stamps.frontends.hyp3_jobs import states
from stamps.frontends.hyp3_jobs.config import Hyp3Config
from stamps.frontends.hyp3_jobs.orders import DOWNLOAD, PROCESS, is_same, order_of
from stamps.frontends.jobs.model import Job, Step, Task
from stamps.frontends.jobs.store import JobFolder

__all__ = ["merged_job"]


def merged_job(folder: JobFolder, job: Job, config: Hyp3Config) -> Job:
    """The job with the pairs of the one that is there.

    Raises
    ------
    InputError
        That one is of another front end, kind of product or service, or has another pair of the same dates.
    """
    if not folder.exists():
        return job
    before = folder.job()
    if before.frontend != job.frontend:
        raise InputError(
            f"The job {folder.name} in {folder.workdir} is one of {before.frontend}, not of {job.frontend}: give another name."
        )
    _check_kind(folder, before, job, config)
    old, new = states.tasks(before), states.tasks(job)
    for name in old.keys() & new.keys():
        was, now = order_of(old[name][0]), order_of(new[name][0])
        if not is_same(now, was["job_type"], was["job_parameters"]):
            raise InputError(
                f"The pair {name} was ordered of other granules in the job {folder.name}: give another name (--name)."
            )
    pairs: dict[str, tuple[Task, Task]] = {**new, **old}
    names = sorted(pairs)
    steps = (
        Step(PROCESS, tuple(pairs[name][0] for name in names)),
        Step(DOWNLOAD, tuple(pairs[name][1] for name in names)),
    )
    return dataclasses.replace(job, created=before.created, steps=steps)


def _check_kind(folder: JobFolder, before: Job, job: Job, config: Hyp3Config) -> None:
    """Stop where products would be of another kind than those that are there."""
    names = ("class", "api_url", *config.PRODUCT)
    for name in names:
        was, now = before.config.get(name), job.config.get(name)
        if was != now:
            raise InputError(
                f"The job {folder.name} in {folder.workdir} was ordered with {name} {was}, now it is {now}: give another name "
                "(--name), products of two kinds make no project."
            )
