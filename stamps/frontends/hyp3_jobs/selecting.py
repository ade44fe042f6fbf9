"""Which pairs of a job are to be ordered, and which to be fetched again.

Source: docs/method/jobs.md, section 7.3.
"""

from __future__ import annotations

from collections.abc import Sequence

from stamps.errors import ParameterError
from stamps.frontends.hyp3_jobs import states
from stamps.frontends.hyp3_jobs.download import NEEDED, is_fetched
from stamps.frontends.hyp3_jobs.orders import DOWNLOAD, PROCESS
from stamps.frontends.jobs.hints import hint
from stamps.frontends.jobs.model import Job, Status
from stamps.frontends.jobs.store import JobFolder

__all__ = ["chosen_pairs", "open_pairs"]


def open_pairs(folder: JobFolder, job: Job) -> list[str]:
    """Pairs that were never ordered, as far as is known here."""
    found = []
    for name in states.tasks(job):
        state = folder.state(PROCESS, name)
        if state.status is Status.PENDING and not state.engine_id:
            found.append(name)
    return found


def chosen_pairs(
    folder: JobFolder, job: Job, steps: Sequence[str], names: Sequence[str]
) -> tuple[list[str], list[str]]:
    """Pairs that a retry orders, and pairs that are only to be fetched again.

    Parameters
    ----------
    folder : JobFolder
    job : Job
    steps, names : sequence of str
        Only these; empty for all.

    Raises
    ------
    ParameterError
        There is no such step or pair.
    """
    pairs = states.tasks(job)
    for what, given, known in (("step", steps, (PROCESS, DOWNLOAD)), ("task", names, tuple(pairs))):
        for name in given:
            if name not in known:
                meant = hint(name, known, f"there are {', '.join(known[:8])} …")
                raise ParameterError(f"The job {job.name} has no {what} '{name[:80]}': {meant}")
    order, fetch = [], []
    for name in pairs:
        if names and name not in names:
            continue
        process, download = folder.state(PROCESS, name), folder.state(DOWNLOAD, name)
        here = is_fetched(folder, download)
        open_one = process.status is Status.PENDING and not process.engine_id
        gone = states.expired(process) and not is_fetched(folder, download, NEEDED)
        if process.status in (Status.FAILED, Status.CANCELLED) or open_one or gone:
            order.append(name)
        elif (
            not states.expired(process)
            and process.status is Status.SUCCEEDED
            and not here
            and download.status is not Status.PENDING
        ):
            fetch.append(name)
    if steps and PROCESS not in steps:
        order = [name for name in order if states.expired(folder.state(PROCESS, name))]
    return order, [] if steps and DOWNLOAD not in steps else fetch
