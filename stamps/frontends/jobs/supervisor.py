"""The process that runs the steps of a job after the command that submitted it has ended: on this machine, or through Dask.

``python -m stamps.frontends.jobs.supervisor JOBDIR`` reads an order (JSON) from its standard input, detaches itself, notes itself
in ``submissions.jsonl``, and only then lets the command that started it go on.

Source: docs/method/jobs.md, section 5.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event, Thread
from types import FrameType
from typing import Any

from stamps.errors import StampsError
from stamps.frontends.jobs import capacity, living
from stamps.frontends.jobs.model import TAKEN_OVER, Status, Step
from stamps.frontends.jobs.order import Order
from stamps.frontends.jobs.store import JobFolder, now
from stamps.frontends.jobs.submissions import Array, Submission
from stamps.processes import child, children
from stamps.workspace.console import one_line

__all__ = ["WORD", "has_run_well", "main", "runner_command", "succeeded"]

#: Stands in the command line of every supervisor.
WORD = "stamps.frontends.jobs.supervisor"

_LOOK_SECONDS = 0.1
_BEAT_SECONDS = 20.0
_END_SECONDS = 12.0  # in which runners end what they run

#: Runs tasks of a step: the step, their names.
_Runs = Callable[[Step, Sequence[str]], None]


def main(argv: Sequence[str] | None = None) -> int:
    """Start a supervisor; the exit status is that of the start."""
    (path,) = sys.argv[1:] if argv is None else argv
    document = json.load(sys.stdin)
    document["work"] = {step: tuple(tasks) for step, tasks in document["work"].items()}
    folder, order = JobFolder(path), Order(**document)
    read, write = os.pipe()
    if os.fork():
        os.close(write)
        return 0 if os.read(read, 1) == b"1" else 1
    os.close(read)
    try:
        _detach(folder.supervisor_log(order.number))
        _note(folder, order)
        os.write(write, b"1")
        os.close(write)
        _supervise(folder, order)
    except StampsError as error:
        print(one_line(str(error)), file=sys.stderr)
    finally:
        mark = folder.ended_mark(order.number)
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.touch()
        sys.stderr.flush()
    return 0


def _detach(log: Path) -> None:
    """Leave the session and the streams of the command."""
    os.setsid()
    log.parent.mkdir(parents=True, exist_ok=True)
    nothing, output = os.open(os.devnull, os.O_RDONLY), os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    for descriptor, target in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(descriptor, target)
    os.close(nothing)
    os.close(output)


def _note(folder: JobFolder, order: Order) -> None:
    arrays = tuple(Array(step, tuple(tasks)) for step, tasks in order.work.items())
    folder.add_submission(
        Submission(
            number=order.number,
            time=now(),
            action=order.action,
            engine=order.engine,
            host=living.here(),
            pid=os.getpid(),
            born=living.born(),
            arrays=arrays,
            again=order.again,
            options=order.options,
        )
    )


# ---------------------------------------------------------------------- the steps


def _supervise(folder: JobFolder, order: Order) -> None:
    """Run step after step, those whose steps before have not succeeded excepted."""
    stop = _Stop(folder.cancel_mark(order.number))
    Thread(target=_show_life, args=(folder.supervisor_log(order.number),), daemon=True).start()
    with contextlib.suppress(_Ended), _place(folder, order, stop) as run:
        for step in folder.job().steps:
            names = order.work.get(step.name, ())
            if stop.is_set() or not names or not all(succeeded(folder, name) for name in step.after):
                continue
            run(step, _run_alone(folder, step, names, run, stop))


def _run_alone(folder: JobFolder, step: Step, names: Sequence[str], run: _Runs, stop: _Stop) -> Sequence[str]:
    """Where the step wants it, run one task after the other until one has succeeded; returns those that are left."""
    while step.resources.first_alone and len(names) > 1 and not stop.is_set():
        first, *names = names
        run(step, [first])
        if has_run_well(folder, step.name, first):
            break
    return names


def has_run_well(folder: JobFolder, step: str, task: str) -> bool:
    """Whether a task has succeeded since it was handed over, not only been taken over."""
    state = folder.state(step, task)
    return state.status is Status.SUCCEEDED and state.message != TAKEN_OVER


def _show_life(log: Path) -> None:
    """Touch the log for those who look from other machines."""
    while True:
        time.sleep(_BEAT_SECONDS)
        with contextlib.suppress(OSError):
            os.utime(log)


def succeeded(folder: JobFolder, step: str) -> bool:
    """Whether all tasks of a step have succeeded, as they are defined now."""
    (found,) = [one for one in folder.job().steps if one.name == step]
    states = [(folder.state(step, task.id), task) for task in found.tasks]
    return all(state.status is Status.SUCCEEDED and state.definition == task.definition for state, task in states)


class _Stop:
    """Whether an end was asked for: by a signal, or by a file, which reaches every machine."""

    def __init__(self, mark: Path) -> None:
        self._event, self._mark, self._next = Event(), mark, 0.0
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._note)

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self._event.set()
        with contextlib.suppress(OSError):  # for workers on other machines
            self._mark.touch()

    def is_set(self) -> bool:
        """Look at both, at the file once a second."""
        if not self._event.is_set() and time.monotonic() > self._next:
            self._next = time.monotonic() + 1
            if self._mark.exists():
                self._event.set()
        return self._event.is_set()


@contextlib.contextmanager
def _place(folder: JobFolder, order: Order, stop: _Stop) -> Iterator[_Runs]:
    """Context with what runs tasks."""
    if order.engine == "dask":
        from stamps.run.cluster import workers

        n_workers = order.max_workers or 4
        with workers(capacity.cores(), order.scheduler, order.cluster, n_workers) as found:
            yield lambda step, names: _run_on_cluster(found, folder, order, step, names, stop)
    else:
        yield lambda step, names: _run_here(folder, order, step, names, stop)


def runner_command(folder: Path, step: str, task: str, again: bool, engine_id: str = "") -> list[str]:
    """Words that run a task."""
    words = child.command("stamps.frontends.jobs.runner", folder, step, task)
    return [*words, *(["--again"] if again else []), *(["--engine-id", engine_id] if engine_id else [])]


# ---------------------------------------------------------------------- on this machine


def _run_here(folder: JobFolder, order: Order, step: Step, names: Sequence[str], stop: _Stop) -> None:
    """Run tasks of a step, as many at once as cores and memory allow; returns when all have ended."""
    with ThreadPoolExecutor(capacity.at_once(step, len(names), order.max_workers)) as pool:
        futures = [
            pool.submit(_run_one, runner_command(folder.path, step.name, name, order.again), stop) for name in names
        ]
        for future in futures:  # in this thread, because signals are noted in it
            while not future.done():
                time.sleep(_LOOK_SECONDS)
                stop.is_set()
            future.result()


def _run_one(command: Sequence[str], stop: _Stop) -> int | None:
    """Run a runner, which ends with this process; None if an end was asked for before it began."""
    if stop.is_set():
        return None
    process = subprocess.Popen(children.bound(command), stdin=subprocess.DEVNULL)
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.wait(_LOOK_SECONDS)
        if stop.is_set():
            process.terminate()
            return process.wait()


# ---------------------------------------------------------------------- through Dask


def _run_on_cluster(place: Any, folder: JobFolder, order: Order, step: Step, names: Sequence[str], stop: _Stop) -> None:
    """Run tasks of a step on the workers of a cluster; returns when all have ended."""
    tasks = list(names)

    def arguments(name: str) -> tuple[str, str, str, bool, str]:
        return os.fspath(folder.path), step.name, name, order.again, os.fspath(folder.cancel_mark(order.number))

    with _left_when_asked(folder, step, names, stop):
        for _ in place.map(run_on_worker, tasks, arguments, lambda name: f"{step.name}-{name}", "task", light=True):
            if stop.is_set():
                break


class _Ended(BaseException):
    """Raised in the main thread: there may be no worker that would return something."""


@contextlib.contextmanager
def _left_when_asked(folder: JobFolder, step: Step, names: Sequence[str], stop: _Stop) -> Iterator[None]:
    """Context that is left by :class:`_Ended` when an end was asked for, as soon as nothing runs any more."""
    over = Event()

    def raise_it(_number: int, _frame: FrameType | None) -> None:
        raise _Ended

    def look() -> None:
        while not over.wait(_LOOK_SECONDS):
            if stop.is_set():
                end = time.monotonic() + _END_SECONDS
                while _any_running(folder, step, names) and time.monotonic() < end and not over.wait(_LOOK_SECONDS):
                    pass
                if not over.is_set():
                    os.kill(os.getpid(), signal.SIGUSR1)
                return

    signal.signal(signal.SIGUSR1, raise_it)
    Thread(target=look, daemon=True).start()
    try:
        yield
    finally:
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)
        over.set()


def _any_running(folder: JobFolder, step: Step, names: Sequence[str]) -> bool:
    return any(folder.state(step.name, name).status is Status.RUNNING for name in names)


def run_on_worker(folder: str, step: str, task: str, again: bool, mark: str) -> int | None:
    """Run a task on a worker of Dask; a file asks it to end."""
    return _run_one(runner_command(Path(folder), step, task, again, f"{step}-{task}"), _Mark(Path(mark)))


class _Mark(_Stop):
    """Whether an end was asked for by the file; no signals, which are the worker's own."""

    def __init__(self, mark: Path) -> None:
        self._event, self._mark, self._next = Event(), mark, 0.0


if __name__ == "__main__":
    sys.exit(main())
