"""States of pairs as files: what HyP3 has said of a job at last, what was asked for, what has expired.

Source: docs/method/jobs.md, section 7.3.
"""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

from stamps.frontends.hyp3_jobs.orders import DOWNLOAD, PROCESS
from stamps.frontends.jobs.model import Job, Status, Task, TaskState
from stamps.frontends.jobs.store import JobFolder, now
from stamps.workspace.console import one_line

__all__ = [
    "TO_BE_FETCHED",
    "being_ordered",
    "expired",
    "job_expired",
    "left",
    "mark_expired",
    "note_job",
    "settled_in",
    "tasks",
]

TO_BE_FETCHED = "to be fetched (stamps hyp3 download)"
_WAITS = "waits for HyP3"
_LONGEST = 500


def tasks(job: Job) -> dict[str, tuple[Task, Task]]:
    """Pair -> what is ordered, what is fetched."""
    by_step = {step.name: {task.id: task for task in step.tasks} for step in job.steps}
    process, download = by_step.get(PROCESS, {}), by_step.get(DOWNLOAD, {})
    return {name: (task, download[name]) for name, task in process.items() if name in download}


def _line(text: object) -> str:
    return one_line(" ".join(str(text).split()))[:_LONGEST]


def _put(folder: JobFolder, step: str, name: str, state: TaskState) -> None:
    """Write a state that is another than before: each is synchronised with the disk."""
    if folder.state(step, name) != state:
        folder.write_state(step, name, state)


# ---------------------------------------------------------------------- what HyP3 says


def note_job(folder: JobFolder, pair: tuple[Task, Task], job: Any, *, again: bool) -> str:
    """Write what HyP3 says of a job.

    Parameters
    ----------
    folder : JobFolder
    pair : (Task, Task)
        What is ordered, what is fetched.
    job : hyp3_sdk.Job
    again : bool
        It is a new order, so that what was fetched before does not count.

    Returns
    -------
    str
        What is to be said; empty if nothing is.
    """
    process, download = pair
    before = folder.state(PROCESS, process.id)
    if job.status_code not in ("PENDING", "RUNNING", "SUCCEEDED", "FAILED"):
        said = _line(job.status_code)[:40]
        return f"HyP3 says '{said}' of {process.id}, which this version does not know: it stays {before.status.value}."
    status = Status[job.status_code]
    done = status in (Status.SUCCEEDED, Status.FAILED)
    facts = {"user": job.user_id, "name": job.name, "credits": job.credit_cost, "expires": _time(job.expiration_time)}
    state = TaskState(
        status=status,
        attempt=before.attempt + 1 if again else max(1, before.attempt),
        started=_time(job.request_time),
        ended=(before.ended or now()) if done else "",
        engine_id=str(job.job_id),
        message=_failure(job) if status is Status.FAILED else "",
        definition=process.definition,
        facts={name: _line(value) for name, value in facts.items() if value not in (None, "")},
    )
    _put(folder, PROCESS, process.id, state)
    fetched = folder.state(DOWNLOAD, download.id)
    if again or fetched.status is Status.PENDING:
        words = {Status.SUCCEEDED: TO_BE_FETCHED, Status.FAILED: "waits for process: its pair has failed"}
        waiting = TaskState(message=words.get(status, _WAITS), attempt=fetched.attempt, definition=download.definition)
        _put(folder, DOWNLOAD, download.id, waiting)
    return ""


def job_expired(job: Any) -> bool:
    """Whether HyP3 has thrown the product of a job away; times without a zone are UTC."""
    moment = _in_utc(job.expiration_time)
    return moment is not None and moment <= datetime.now(timezone.utc)


def _in_utc(moment: Any) -> datetime | None:
    if not isinstance(moment, datetime):
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).astimezone(timezone.utc)


def _time(moment: Any) -> str:
    found = _in_utc(moment)
    return "" if found is None else found.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _failure(job: Any) -> str:
    logs = [str(log) for log in job.logs or [] if str(log).startswith("http")]
    return _line(f"HyP3 says that it has failed{'; its log: ' + logs[-1] if logs else ''}")


# ---------------------------------------------------------------------- before HyP3 says something


def being_ordered(folder: JobFolder, task: Task, user: str) -> None:
    """Note that a pair is about to be ordered: whoever is killed now must ask first whether it was."""
    before = folder.state(PROCESS, task.id)
    facts = {"user": user, "asked": f"{time.time():.1f}"}
    state = TaskState(message="is being ordered", attempt=before.attempt, definition=task.definition, facts=facts)
    folder.write_state(PROCESS, task.id, state)


def settled_in(state: TaskState, seconds: float) -> float:
    """Seconds until HyP3 surely knows of an order that may have been sent; 0 where none may."""
    try:
        asked = float(state.facts.get("asked", ""))
    except ValueError:
        return 0.0
    return max(0.0, min(seconds, asked + seconds - time.time()))


def left(folder: JobFolder, pair: tuple[Task, Task], why: str, *, failed: bool = False, surely: bool = True) -> None:
    """Note why a pair was not ordered.

    Parameters
    ----------
    folder : JobFolder
    pair : (Task, Task)
    why : str
    failed : bool
        HyP3 refuses it; else it stays pending.
    surely : bool
        It is known that it was not ordered.
    """
    process, download = pair
    before = folder.state(PROCESS, process.id)
    state = TaskState(
        status=Status.FAILED if failed else Status.PENDING,
        attempt=before.attempt + failed,
        started=now() if failed else "",
        ended=now() if failed else "",
        message=_line(why),
        definition=process.definition,
        facts={} if surely else before.facts,
    )
    _put(folder, PROCESS, process.id, state)
    fetched = folder.state(DOWNLOAD, download.id)
    waiting = TaskState(message="waits for process", attempt=fetched.attempt, definition=download.definition)
    _put(folder, DOWNLOAD, download.id, waiting)


# ---------------------------------------------------------------------- expiry


def expired(state: TaskState) -> bool:
    """Whether the product of a pair that has succeeded is not there any more at HyP3."""
    if state.status is not Status.SUCCEEDED or not state.facts.get("expires"):
        return False
    try:
        return datetime.fromisoformat(state.facts["expires"].replace("Z", "+00:00")) <= datetime.now(timezone.utc)
    except (TypeError, ValueError):
        return False


def mark_expired(folder: JobFolder, job: Job) -> None:
    """Say of pairs that have expired before they were fetched that they have; under the job's lock."""
    for name, (process, download) in tasks(job).items():
        state, fetched = folder.state(PROCESS, name), folder.state(DOWNLOAD, name)
        if not expired(state) or fetched.status is Status.SUCCEEDED or fetched.status is Status.RUNNING:
            continue
        message = f"expired on {state.facts['expires'][:10]}, retry orders it again"
        if state.message != message:
            _put(folder, PROCESS, name, _with(state, process, message))
        if fetched.message != message:
            gone = TaskState(Status.FAILED, max(1, fetched.attempt), now(), now(), message=message)
            _put(folder, DOWNLOAD, name, _with(gone, download, message))


def _with(state: TaskState, task: Task, message: str) -> TaskState:
    return replace(state, message=message, definition=task.definition)
