"""The engine ``slurm``: arrays of SLURM, one for the tasks of each step, that depend on each other; no process stays behind.

Where a site takes only so many jobs at once the tasks go in chunks: a small job after each submits the next
(``python -m stamps.frontends.jobs.slurm_arrays JOBDIR NUMBER``).

Source: docs/method/jobs.md, section 5.
"""

from __future__ import annotations

import itertools
import json
import re
import shutil
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stamps.errors import ExternalProgramError, InputError, StampsError, WorkspaceError
from stamps.frontends.jobs import living, slurm_calls
from stamps.frontends.jobs.knowledge import Knowledge, note_living_runners
from stamps.frontends.jobs.model import Job, Status, Step, TaskState
from stamps.frontends.jobs.order import Order
from stamps.frontends.jobs.slurm_script import ArrayScript, mark_of_folder, next_script
from stamps.frontends.jobs.slurm_settings import SlurmSettings, slurm_settings
from stamps.frontends.jobs.store import JobFolder, now, replace_text
from stamps.frontends.jobs.submissions import Array, Submission
from stamps.frontends.jobs.supervisor import has_run_well, succeeded
from stamps.workspace.plain_files import read_json

__all__ = ["cancel", "check", "knowledge", "main", "submit"]

_LOCK_SECONDS = 300.0  # for which a chunk waits until nobody changes the job
_CANCEL_SECONDS = 30.0  # for which cancel waits until the queue is empty
_OF_SLURM = re.compile(r"\d+_\d+")


@dataclass(frozen=True)
class _Chunk:
    """Tasks of a step that go together."""

    step: str
    tasks: tuple[str, ...]


def check(order: Order, folder: JobFolder) -> None:
    """Stop where there is no SLURM, or its settings cannot be understood."""
    if shutil.which("sbatch") is None:
        raise ExternalProgramError(
            "SLURM's command sbatch is not found: submit on a machine from which jobs are submitted, or with another engine."
        )
    slurm_settings(folder.workdir)


# ---------------------------------------------------------------------- submit


def submit(folder: JobFolder, order: Order) -> None:
    """Submit arrays for all steps, or the first chunk where a site takes only so many jobs.

    Raises
    ------
    ParameterError
        SLURM refuses something; what it took before stays.
    """
    settings = slurm_settings(folder.workdir)
    (folder.path / "log" / "slurm").mkdir(parents=True, exist_ok=True)
    sender = _Sender(folder, folder.job(), settings, order.number, order)
    most = settings.max_submitted
    if most is not None and sum(map(len, order.work.values())) > most:
        _write_left(folder, order, list(_chunks(folder.job(), order.work, most - 2)))
        _send_next(sender)
    else:
        sender.send_all(_chunks(folder.job(), order.work, slurm_calls.largest_array()))


def _chunks(job: Job, work: Mapping[str, Sequence[str]], most: int) -> Iterator[_Chunk]:
    """Tasks in the order of the job, no more than so many together; the first of a step alone where that is wanted."""
    for step in job.steps:
        names = list(work.get(step.name, ()))
        if step.resources.first_alone and len(names) > 1:
            yield _Chunk(step.name, (names.pop(0),))
        size = min(most, slurm_calls.largest_array())
        for start in range(0, len(names), size):
            yield _Chunk(step.name, tuple(names[start : start + size]))


class _Sender:
    """Submits chunks and notes each as soon as SLURM has it."""

    def __init__(self, folder: JobFolder, job: Job, settings: SlurmSettings, number: int, order: Order) -> None:
        self.folder, self.settings, self.number, self.order = folder, settings, number, order
        self.steps = {step.name: step for step in job.steps}
        self.sent: dict[str, list[str]] = {}
        self._counter = itertools.count(1)

    def send_all(self, chunks: Iterator[_Chunk]) -> None:
        """Submit everything, each step depending on those before it."""
        for chunk in chunks:
            step = self.steps[chunk.step]
            ended = self.sent.get(step.name, [])[:1] if step.resources.first_alone else []
            number = self.send(chunk, self._behind(step), ended)
            self.sent.setdefault(step.name, []).append(number)

    def _behind(self, step: Step) -> list[str]:
        """Numbers of the arrays that a step waits for: of the nearest steps before it that were submitted now."""
        found: list[str] = []
        for name in step.after:
            found += self.sent[name] if name in self.sent else self._behind(self.steps[name])
        return list(dict.fromkeys(found))

    def send(self, chunk: _Chunk, depends: Sequence[str] = (), ended: Sequence[str] = ()) -> str:
        """Submit a chunk behind jobs that must have succeeded, and others that must have ended; returns its number."""
        step = self.steps[chunk.step]
        limits = [limit for limit in (step.resources.at_once, self.order.max_workers) if limit]
        script = ArrayScript(
            folder=self.folder,
            step=step,
            tasks=chunk.tasks,
            settings=self.settings.of(step.name),
            depends=depends,
            ended=ended,
            limit=min(limits) if limits else 0,
            again=self.order.again,
        )
        return self._submitted(script.text(), Array(chunk.step, chunk.tasks))

    def send_next(self, after: str) -> None:
        """Submit the small job that goes on."""
        self._submitted(next_script(self.folder, self.number, self.settings.default, [after]), Array("", ()))

    def _submitted(self, text: str, array: Array) -> str:
        name = f"{self.number}-{array.step or 'next'}-{time.time_ns()}-{next(self._counter)}.sh"
        path = self.folder.path / "run" / "slurm" / name
        replace_text(path, text)
        number = slurm_calls.sbatch(path)
        self.folder.add_submission(
            Submission(
                number=self.number,
                time=now(),
                action=self.order.action,
                engine="slurm",
                arrays=(Array(array.step, array.tasks, number),),
                again=self.order.again,
                options=self.order.options,
            )
        )
        return number


# ---------------------------------------------------------------------- chunks


def _left_path(folder: JobFolder, number: int) -> Path:
    return folder.path / "run" / "slurm" / f"{number}.json"


def _write_left(folder: JobFolder, order: Order, chunks: Sequence[_Chunk]) -> None:
    document = {
        "action": order.action,
        "again": order.again,
        "max_workers": order.max_workers,
        "chunks": [[chunk.step, list(chunk.tasks)] for chunk in chunks],
    }
    replace_text(_left_path(folder, order.number), json.dumps(document) + "\n")


def _left(folder: JobFolder, number: int) -> tuple[Order, list[_Chunk]]:
    """What is still to be submitted of a submission."""
    path = _left_path(folder, number)
    try:
        content: dict[str, Any] = read_json(path)
        order = Order(number, content["action"], "slurm", {}, bool(content["again"]), content["max_workers"])
        return order, [_Chunk(step, tuple(tasks)) for step, tasks in content["chunks"]]
    except FileNotFoundError:
        return Order(number, "submit", "slurm"), []
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path} is damaged ({error}): retry the job.") from None


def _send_next(sender: _Sender) -> None:
    """Submit the next chunk of a step whose steps before have succeeded, and the small job after it."""
    order, chunks = _left(sender.folder, sender.number)
    while chunks:
        chunk, *chunks = chunks
        chunk, others = _alone(sender, chunk)
        chunks = [*others, *chunks]
        _write_left(sender.folder, order, chunks)
        if all(succeeded(sender.folder, name) for name in sender.steps[chunk.step].after):
            number = sender.send(chunk)
            if chunks:
                sender.send_next(number)
            return


def _alone(sender: _Sender, chunk: _Chunk) -> tuple[_Chunk, list[_Chunk]]:
    """The chunk, or its first task and the others where tasks run alone and none of this submission has succeeded yet."""
    if not sender.steps[chunk.step].resources.first_alone or len(chunk.tasks) == 1:
        return chunk, []
    tried = [key for one in sender.folder.submissions() if one.number == sender.number for key in one.tasks]
    if any(step == chunk.step and has_run_well(sender.folder, step, task) for step, task in tried):
        return chunk, []
    return _Chunk(chunk.step, chunk.tasks[:1]), [_Chunk(chunk.step, chunk.tasks[1:])]


def main(argv: Sequence[str] | None = None) -> int:
    """Go on with a submission in chunks; runs as a job of SLURM."""
    path, word = sys.argv[1:] if argv is None else argv
    folder, number = JobFolder(path), int(word)
    end = time.monotonic() + _LOCK_SECONDS
    while True:
        try:
            with folder.lock():
                if any(one.action == "cancel" and one.number > number for one in folder.submissions()):
                    return 0
                order, _ = _left(folder, number)
                _send_next(_Sender(folder, folder.job(), slurm_settings(folder.workdir), number, order))
                return 0
        except WorkspaceError:
            if time.monotonic() > end:
                raise
            time.sleep(1)
        except StampsError as error:
            print(error, file=sys.stderr)
            return 1


# ---------------------------------------------------------------------- what is alive


def knowledge(
    folder: JobFolder,
    submissions: Sequence[Submission],
    states: Mapping[tuple[str, str], TaskState],
    found: Knowledge,
) -> None:
    """Add what SLURM has of the job, in its queue or at work."""
    elements = slurm_calls.queue(folder.users)
    ours = {key: state for key, state in states.items() if _OF_SLURM.fullmatch(state.engine_id)}
    if elements is None:
        note_living_runners(folder, ours, found)
        found.notes.append("SLURM does not answer here: what is said of its jobs may be old.")
        for key in set().union(*(one.tasks for one in submissions)):
            if states.get(key, TaskState()).status is Status.PENDING:
                found.waiting[key] = "SLURM does not answer"
        return
    mark = mark_of_folder(folder.path)
    alive = {one.id: one for one in elements if one.name.endswith(f".{mark}") and not one.hopeless}
    found.at_work |= bool(alive)
    found.running |= {key for key, state in ours.items() if state.engine_id in alive}
    elsewhere = {key: state for key, state in ours.items() if state.host != living.here()}
    note_living_runners(folder, elsewhere, found)  # its end may be seen later than that of the job
    known = set()
    for submission in submissions:
        for array in submission.arrays:
            known.add(array.id)
            for k, task in enumerate(array.tasks):
                if element := alive.get(f"{array.id}_{k}"):
                    found.waiting[array.step, task] = _waits_for(element)
            if not array.step and array.id in alive:
                _note_chunks(folder, submission.number, found)
    if strange := sorted({one.partition("_")[0] for one in alive} - known):
        found.notes.append(
            f"SLURM has jobs of a submission that was interrupted ({', '.join(strange)}): cancel ends them, too."
        )


def _waits_for(element: slurm_calls.Element) -> str:
    if element.state != "PENDING":
        return ""
    return "" if element.reason in ("None", "Dependency") else f"in SLURM's queue: {element.reason}"


def _note_chunks(folder: JobFolder, number: int, found: Knowledge) -> None:
    """What has not been submitted yet because the site takes only so many jobs."""
    for chunk in _left(folder, number)[1]:
        for task in chunk.tasks:
            found.waiting.setdefault((chunk.step, task), "not yet submitted: one chunk after the other")


def cancel(folder: JobFolder, submissions: Sequence[Submission]) -> list[str]:
    """Cancel all jobs of this folder, arrays as a whole; waits until they have left the queue."""
    mark, end = mark_of_folder(folder.path), time.monotonic() + _CANCEL_SECONDS
    said: list[str] = []
    while True:
        elements = slurm_calls.queue(folder.users)
        if elements is None:
            raise ExternalProgramError("SLURM does not answer here: cancel on a machine from which jobs are submitted.")
        numbers = sorted({one.id.partition("_")[0] for one in elements if one.name.endswith(f".{mark}")}, key=int)
        if numbers and not said:
            slurm_calls.scancel(numbers)
            said = [f"SLURM was asked to cancel {', '.join(numbers)}"]
        if not numbers or time.monotonic() > end:
            return said
        time.sleep(0.5)


if __name__ == "__main__":
    sys.exit(main())
