"""Look at all stacks of a service again and again: order what has arrived, follow jobs, make time series.

A pass over a stack does what is to be done as far as that goes at once, and never waits for a job. Each decision is on disk
before it is acted on, so that passes can be killed and repeated.

Source: docs/method/service.md, section 3.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from stamps.errors import InputError, StampsError
from stamps.frontends.jobs.job_locks import held
from stamps.service.arrivals import look
from stamps.service.series import Series, preparing
from stamps.service.service_file import Service, WatchedStack, read_service
from stamps.service.stack_job import StackJob
from stamps.service.stack_kinds import finished_stack
from stamps.service.state import StackState, read_state, write_state
from stamps.workspace.console import one_line
from stamps.workspace.unexpected import explain

if TYPE_CHECKING:
    from stamps._typing import StrPath

__all__ = ["LOCK", "StackReport", "pass_over", "watch", "watch_stack"]

#: Held in the folder of a stack by the pass over it, and by whoever orders a job of it.
LOCK = "service.lock"


@dataclass
class StackReport:
    """What a pass over a stack has to say.

    Attributes
    ----------
    name : str
    notes : list of str
    trouble : str
        Why it cannot go on; empty if nothing is wrong.
    """

    name: str
    notes: list[str] = field(default_factory=list)
    trouble: str = ""

    def __str__(self) -> str:
        """One line for each note."""
        return "\n".join(one_line(f"{self.name}: {note}") for note in [*self.notes, *filter(None, [self.trouble])])


def watch(
    path: StrPath,
    *,
    once: bool = False,
    show: Callable[[StackReport], object] = print,
    sleep: Callable[[float], object] = time.sleep,
) -> int:
    """Watch the stacks of a file.

    Parameters
    ----------
    path : path-like
        Read again before each pass: what was changed in it counts from then on.
    once : bool
        One pass.
    show : callable
        Takes what a pass says of a stack; where that is as before it is not called.
    sleep : callable

    Returns
    -------
    int
        0, or 1 where a stack of the (last) pass is in trouble.

    Raises
    ------
    ParameterError
        The file cannot be used, or names no stack.
    """
    said: dict[str, str] = {}

    def tell(report: StackReport) -> None:
        if str(report) != said.get(report.name):
            show(report)
        said[report.name] = str(report)

    service = _with_stacks(read_service(path))
    while True:
        reports = pass_over(service)
        for report in reports:
            tell(report)
        if once:
            return int(any(report.trouble for report in reports))
        sleep(service.interval)
        try:
            service = _with_stacks(read_service(path))
        except StampsError as error:  # it goes on as it was
            tell(StackReport("the file of the service", [], str(error)))


def _with_stacks(service: Service) -> Service:
    if not service.stacks:
        raise InputError(f"{service.path} names no stack that could be watched: add one as [[stack]].")
    return service


def pass_over(service: Service, seconds: float | None = None) -> list[StackReport]:
    """One pass over all stacks; whatever one of them comes up with, the others are looked at.

    Parameters
    ----------
    service : Service
    seconds : float, optional
        The time, seconds since 1970.
    """
    reports = []
    for stack in service.stacks:
        report = StackReport(stack.name)
        try:
            watch_stack(service, stack, report, time.time() if seconds is None else seconds)
        except (StampsError, OSError) as error:
            report.trouble = _sentence(error)
        except Exception as error:  # the last net: the other stacks are not to blame
            report.trouble = explain(error, str(stack.workdir))
        reports.append(report)
    return reports


def watch_stack(service: Service, stack: WatchedStack, report: StackReport, seconds: float) -> None:
    """A pass over one stack.

    Raises
    ------
    StampsError
        It cannot go on; the sentence says what is to be done.
    """
    _make_folder(stack.workdir)
    with held(stack.workdir / LOCK) as got:
        if not got:
            report.notes.append("somebody else works on it: the next pass looks again")
            return
        state = read_state(stack.workdir, stack.name)
        before = state.notes
        try:
            _advance(service, stack, state, report, seconds)
        except (StampsError, OSError) as error:
            state.notes = [*report.notes, _sentence(error)]
            raise
        else:
            state.notes = list(report.notes)
        finally:
            if state.notes != before:
                write_state(stack.workdir, state)


def _advance(service: Service, stack: WatchedStack, state: StackState, report: StackReport, seconds: float) -> None:
    def save() -> None:
        write_state(stack.workdir, state)

    say = report.notes.append
    arrivals = look(stack.frontend, stack.source, state.seen, service.settle, seconds)
    if arrivals.seen != state.seen:
        state.seen = dict(arrivals.seen)
        save()
    if arrivals.waiting:
        say(f"{len(arrivals.waiting)} dates have just arrived or still change: {', '.join(arrivals.waiting[:5])}")
    series = Series(stack, state, service.retries, save, say)
    if series.follow():  # it reads the stack, which must stay as it is
        return
    if name := preparing(stack.workdir):
        say(f"the job {name} reads the stack")
        return
    job = StackJob(stack, state, service.retries, save, say)
    if job.advance(arrivals):
        there = finished_stack(stack.frontend, stack.workdir)
        if state.used != [*there.images]:
            state.used = [*there.images]
            save()
        series.trigger(there, seconds)
    if trouble := series.trouble():
        raise InputError(f"{trouble[0].upper()}{trouble[1:]}.")


def _sentence(error: Exception) -> str:
    """What is wrong, for people."""
    if not isinstance(error, OSError):
        return str(error)
    return f"{error.filename or 'A file'} cannot be read or written ({error.strerror or error})."


def _make_folder(workdir: Path) -> None:
    try:
        workdir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"The folder {workdir} cannot be made ({error.strerror}).") from None
