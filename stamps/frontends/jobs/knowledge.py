"""What engines know of the tasks of a job."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from stamps.frontends.jobs import living
from stamps.frontends.jobs.model import Status, TaskState
from stamps.frontends.jobs.store import JobFolder

__all__ = ["Knowledge", "note_living_runners", "touched_lately"]

#: Another machine that has given no sign of life for so long is dead (disks on a network tell late).
_LEASE_SECONDS = 150.0


@dataclass
class Knowledge:
    """What is alive.

    Attributes
    ----------
    running : set of (step, task)
        At work.
    waiting : dict
        (step, task) -> what it waits for, or an empty text.
    idle : dict
        (step, task) -> why it is pending although nothing will run it: it is not lost, somebody is to do something.
    gone : dict
        (step, task) -> results that have succeeded, are missed, and that the job does not name as outputs.
    at_work : bool
        Whether an engine does, or will do, something for the job.
    notes : list of str
        What else is to be said.
    """

    running: set[tuple[str, str]] = field(default_factory=set)
    waiting: dict[tuple[str, str], str] = field(default_factory=dict)
    idle: dict[tuple[str, str], str] = field(default_factory=dict)
    gone: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    at_work: bool = False
    notes: list[str] = field(default_factory=list)


def note_living_runners(folder: JobFolder, states: Mapping[tuple[str, str], TaskState], found: Knowledge) -> None:
    """Add the tasks whose runners are alive: by their process on this machine, by their signs of life elsewhere."""
    for (step, task), state in states.items():
        if state.status is not Status.RUNNING:
            continue
        here = state.host == living.here()
        if living.alive(state.pid, state.born, task) if here else touched_lately(folder.task_lock(step, task)):
            found.running.add((step, task))
            found.at_work = True


def touched_lately(path: Path) -> bool:
    """Whether a file that its owner touches while it lives was touched lately."""
    try:
        return abs(time.time() - path.stat().st_mtime) < _LEASE_SECONDS
    except OSError:
        return False
