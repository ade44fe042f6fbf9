"""The engines that run tasks, each a module with ``submit``, ``knowledge`` and ``cancel``; what all of them know together.

Source: docs/method/jobs.md, section 5.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from stamps.errors import ParameterError
from stamps.frontends.jobs.hints import hint
from stamps.frontends.jobs.knowledge import Knowledge
from stamps.frontends.jobs.model import TaskState
from stamps.frontends.jobs.order import Order
from stamps.frontends.jobs.store import JobFolder
from stamps.frontends.jobs.submissions import Submission

__all__ = ["ENGINES", "Knowledge", "cancel", "check", "knowledge", "submit"]

_HERE = "stamps.frontends.jobs.detached"
_SERVICE = "stamps.frontends.jobs.service"

#: Engine -> module; imported when it is needed.
ENGINES = {"local": _HERE, "dask": _HERE, "slurm": "stamps.frontends.jobs.slurm_arrays", "hyp3": _SERVICE}


def _module(engine: str) -> Any:
    if engine not in ENGINES:
        known = [name for name, module in ENGINES.items() if module != _SERVICE]
        meant = hint(engine, known, f"give {', '.join(known)}.")
        raise ParameterError(f"There is no engine '{engine[:80]}': {meant}")
    return import_module(ENGINES[engine])


def check(order: Order, folder: JobFolder) -> None:
    """Stop before anything is written where an engine cannot be used.

    Raises
    ------
    ParameterError, ExternalProgramError
        Whose sentence says why.
    """
    _module(order.engine).check(order, folder)


def submit(folder: JobFolder, order: Order) -> None:
    """Hand tasks over; returns when the engine has them."""
    _module(order.engine).submit(folder, order)


def knowledge(
    folder: JobFolder, submissions: Sequence[Submission], states: Mapping[tuple[str, str], TaskState]
) -> Knowledge:
    """What all engines that were asked know of the tasks of a job."""
    found = Knowledge()
    for module in dict.fromkeys(ENGINES.values()):
        theirs = [one for one in submissions if ENGINES.get(one.engine) == module and one.action != "cancel"]
        if theirs:
            import_module(module).knowledge(folder, theirs, states, found)
    return found


def cancel(folder: JobFolder, submissions: Sequence[Submission]) -> list[str]:
    """End what runs or waits; returns what was done, one line each."""
    lines: list[str] = []
    for module in dict.fromkeys(ENGINES.values()):
        theirs = [one for one in submissions if ENGINES.get(one.engine) == module and one.action != "cancel"]
        if theirs:
            lines += import_module(module).cancel(folder, theirs)
    return lines
