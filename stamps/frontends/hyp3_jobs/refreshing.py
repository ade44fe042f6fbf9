"""Ask HyP3 how pairs stand that were not finished.

Source: docs/method/jobs.md, section 7.6.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from stamps.errors import InputError, StampsError, WorkspaceError
from stamps.frontends.hyp3_jobs import states
from stamps.frontends.hyp3_jobs.accounts import Accounts, RefusedError
from stamps.frontends.hyp3_jobs.orders import PROCESS
from stamps.frontends.jobs.model import Job, Status, TaskState
from stamps.frontends.jobs.store import JobFolder

__all__ = ["refresh", "unfinished"]

_NOT_THERE = 404


def unfinished(folder: JobFolder, job: Job) -> dict[str, TaskState]:
    """Pairs that HyP3 has and that have not come to their end."""
    found = {name: folder.state(PROCESS, name) for name in states.tasks(job)}
    waiting = (Status.PENDING, Status.RUNNING)
    return {name: state for name, state in found.items() if state.engine_id and state.status in waiting}


def refresh(folder: JobFolder, job: Job, open_accounts: Callable[[], Accounts], workers: int) -> list[str]:
    """Ask, and write what is new.

    Parameters
    ----------
    folder : JobFolder
    job : Job
    open_accounts : callable
        Makes the accounts; called if there is something to ask.
    workers : int
        Questions at once.

    Returns
    -------
    list of str
        What is to be said: that HyP3 could not be asked.
    """
    asked, notes = unfinished(folder, job), list[str]()
    answers: dict[str, Any] = {}
    if asked:
        try:
            accounts = open_accounts()
            answers = _answers(accounts, asked, workers)
        except StampsError as error:
            notes.append(f"HyP3 was not asked, this is how it stood at last: {error}")
    try:
        with folder.lock():
            notes += _written(folder, job, asked, answers)
            states.mark_expired(folder, job)
    except (OSError, WorkspaceError) as error:
        notes.append(f"What HyP3 says was not written: {error}")
    return notes


def _answers(accounts: Accounts, asked: dict[str, TaskState], workers: int) -> dict[str, Any]:
    """Pair -> HyP3's job, or the error."""

    def one(state: TaskState) -> Any:
        try:
            return accounts.ask(state.facts.get("user", ""), lambda client: client.get_job_by_id(state.engine_id))
        except InputError as error:
            return error

    with ThreadPoolExecutor(max_workers=max(1, min(workers, len(asked)))) as pool:
        return dict(zip(asked, pool.map(one, asked.values()), strict=True))


def _written(folder: JobFolder, job: Job, asked: dict[str, TaskState], answers: dict[str, Any]) -> list[str]:
    """Write answers where nobody has ordered anew meanwhile."""
    pairs, notes, silent = states.tasks(job), list[str](), list[str]()
    for name, answer in answers.items():
        if folder.state(PROCESS, name).engine_id != asked[name].engine_id:
            continue
        if isinstance(answer, RefusedError) and answer.status == _NOT_THERE:
            states.left(
                folder, pairs[name], f"HyP3 does not know the job {asked[name].engine_id} any more", failed=True
            )
        elif isinstance(answer, Exception):
            silent.append(str(answer))
        elif str(answer.job_id) != asked[name].engine_id:
            silent.append(f"HyP3 answered with another job than {asked[name].engine_id}.")
        elif note := states.note_job(folder, pairs[name], answer, again=False):
            notes.append(note)
    if silent:
        notes.append(f"{len(silent)} pairs stand as they stood at last: {silent[0]}")
    return notes
