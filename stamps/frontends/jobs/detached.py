"""The engines ``local`` and ``dask``: a supervisor process that outlives the command (:mod:`stamps.frontends.jobs.supervisor`).

Source: docs/method/jobs.md, section 5.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from importlib import util

from stamps.errors import ExternalProgramError, ParameterError, StampsError
from stamps.frontends.jobs import living
from stamps.frontends.jobs.knowledge import Knowledge, note_living_runners, touched_lately
from stamps.frontends.jobs.model import Status, TaskState
from stamps.frontends.jobs.order import Order
from stamps.frontends.jobs.store import JobFolder
from stamps.frontends.jobs.submissions import Submission
from stamps.frontends.jobs.supervisor import WORD
from stamps.processes import child

__all__ = ["cancel", "check", "knowledge", "submit"]

_CANCEL_SECONDS = 20.0  # in which a supervisor and its runners end; the runners need ten at most


def check(order: Order, folder: JobFolder) -> None:
    """Stop where there are no detached processes, or no Dask."""
    if not hasattr(os, "fork"):
        raise ParameterError(f"Jobs like that in {folder.workdir} run on Linux and macOS only.")
    if order.engine != "dask":
        return
    if util.find_spec("distributed") is None:
        raise ParameterError("The engine dask needs Dask: install it with pip install 'stamps-insar[cluster]'.")
    if order.cluster not in (None, "slurm"):
        raise ParameterError(f"The cluster '{order.cluster}' is unknown: give slurm, or a scheduler with its address.")
    if not order.scheduler and not order.cluster:
        raise ParameterError("The engine dask needs --scheduler tcp://HOST:PORT or --cluster slurm.")
    if order.scheduler:
        _check_scheduler(order.scheduler)
    elif util.find_spec("dask_jobqueue") is None:
        raise ParameterError(
            "--cluster slurm needs dask-jobqueue: install it with pip install 'stamps-insar[cluster]'."
        )
    elif shutil.which("sbatch") is None:
        raise ExternalProgramError(
            "SLURM's command sbatch is not found: submit on a machine from which jobs are submitted, or with another engine."
        )


def _check_scheduler(address: str) -> None:
    found = re.fullmatch(r"(?:\w+://)?\[?(.+?)\]?:(\d+)", address)
    if not found:
        raise ParameterError(f"The address of the Dask scheduler, '{address}', is not of the form tcp://HOST:PORT.")
    try:
        socket.create_connection((found[1], int(found[2])), timeout=10).close()
    except (OSError, OverflowError) as error:
        raise ParameterError(f"The Dask scheduler {address} does not answer ({error}): check its address.") from None


def submit(folder: JobFolder, order: Order) -> None:
    """Start a supervisor; returns when it has noted itself.

    Raises
    ------
    StampsError
        It did not start.
    """
    started = subprocess.run(
        child.command(WORD, folder.path),
        input=json.dumps(asdict(order)),
        text=True,
        capture_output=True,
        cwd=os.sep,
        env=living.unmarked_environment(),
    )
    if started.returncode != 0:
        said = (started.stderr.strip().splitlines() or ["no reason is known"])[-1]
        raise StampsError(
            f"The process that runs the job {folder.name} did not start ({said}): see {folder.supervisor_log(order.number)}."
        )


def knowledge(
    folder: JobFolder,
    submissions: Sequence[Submission],
    states: Mapping[tuple[str, str], TaskState],
    found: Knowledge,
) -> None:
    """Add what supervisors and runners are alive."""
    note_living_runners(folder, {key: state for key, state in states.items() if _is_ours(state)}, found)
    living_ones = _living(folder, submissions)
    if not living_ones:
        _note_early_end(folder, submissions[-1], states, found)
    for submission in living_ones:
        found.at_work = True
        for key in submission.tasks:
            if states.get(key, TaskState()).status is not Status.RUNNING:
                found.waiting.setdefault(key, "")


def _note_early_end(
    folder: JobFolder, submission: Submission, states: Mapping[tuple[str, str], TaskState], found: Knowledge
) -> None:
    """What a supervisor said at last that has left something undone."""
    if all(states.get(key, TaskState()).status is not Status.PENDING for key in submission.tasks):
        return
    log = folder.supervisor_log(submission.number)
    try:
        said = [line for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    except OSError:
        return
    if said:
        found.notes.append(f"submission {submission.number} ended with: {said[-1].strip()}  [{log}]")


def _is_ours(state: TaskState) -> bool:
    """Whether a task was not run by SLURM itself."""
    return re.fullmatch(r"\d+(_\d+)?", state.engine_id) is None


def _living(folder: JobFolder, submissions: Iterable[Submission]) -> list[Submission]:
    found = []
    for submission in submissions:
        here = submission.host == living.here()
        if living.alive(submission.pid, submission.born, WORD) if here else _signs(folder, submission):
            found.append(submission)
    return found


def _signs(folder: JobFolder, submission: Submission) -> bool:
    """Whether a supervisor on another machine seems to live."""
    ended = folder.ended_mark(submission.number).exists()
    return not ended and touched_lately(folder.supervisor_log(submission.number))


def cancel(folder: JobFolder, submissions: Sequence[Submission]) -> list[str]:
    """Ask living supervisors to end with all that they run, and wait for that; also on other machines, by a file."""
    lines = []
    for submission in _living(folder, submissions):
        mark = folder.cancel_mark(submission.number)
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.touch()
        if submission.host == living.here():
            living.send(submission.pid, signal.SIGTERM, group=True)
            end = time.monotonic() + _CANCEL_SECONDS
            while _living(folder, [submission]) and time.monotonic() < end:
                time.sleep(0.1)
            lines.append(f"submission {submission.number}: process {submission.pid} was asked to end")
        else:
            lines.append(
                f"submission {submission.number}: {submission.host} was asked to end it, which takes some seconds"
            )
    if not lines and any(submission.engine == "dask" for submission in submissions):
        folder.cancel_mark(submissions[-1].number).touch()
        lines.append("the workers of Dask were asked to end what they run, which takes some seconds")
    return lines
