"""With which parameters the steps were run, where they are others now."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stamps.errors import StampsError
from stamps.matlab import literals
from stamps.workspace.freshness import Judge
from stamps.workspace.parameters import Parameters, table

if TYPE_CHECKING:
    from stamps.workspace.directory import Workspace


__all__ = ["ChangedParameter", "changed_parameters"]

#: Used by a step, but without an effect on what it computes: the reference area is chosen anew for each plot.
_REFERENCE = ("ref_lon", "ref_lat", "ref_centre_lonlat", "ref_radius")
_WITHOUT_EFFECT = {("unwrap_grid_size", 8), *((name, step) for name in _REFERENCE for step in (6, 7, 8))}


@dataclass(frozen=True)
class ChangedParameter:
    """A parameter that a step was run with and that has another value now; values are MATLAB literals."""

    step: int
    name: str
    made_with: str
    now: str

    def __str__(self) -> str:
        return f"step {self.step} was made with {self.name}={self.made_with}, now it is {self.now}"


def changed_parameters(folders: Sequence[Workspace]) -> list[ChangedParameter]:
    """Parameters that differ from those with which the files of the steps were made.

    Parameters
    ----------
    folders : list of Workspace
        Project and patches; what patches share is told once.

    Returns
    -------
    list of ChangedParameter
        In the order of steps and of the table.
    """
    found: dict[tuple[int, str], ChangedParameter] = {}
    for ws in folders:
        judge, parameters = Judge(ws), Parameters(ws, read_only=True)
        for step, stored in _stored(judge).items():
            for name, literal in stored.items():
                now = _now(parameters, name)
                if now is not None and now != literal and step in _steps_of().get(name, ()):
                    found.setdefault((step, name), ChangedParameter(step, name, literal, now))
    order = list(_steps_of())
    return sorted(found.values(), key=lambda changed: (changed.step, order.index(changed.name)))


def _stored(judge: Judge) -> dict[int, dict[str, str]]:
    """Parameters of the last run of each step in a directory; files changed by something else do not count."""
    runs: dict[int, int] = {}
    for name, entry in judge.book.files.items():
        if judge.step(name) <= 8 and entry.run is not None and judge.has_record(name):
            runs[judge.step(name)] = max(entry.run, runs.get(judge.step(name), 0))
    return {step: judge.book.runs[number].parameters for step, number in runs.items()}


def _now(parameters: Parameters, name: str) -> str | None:
    try:
        value = parameters.lookup(name)[0]
        return None if value is None else literals.format_literal(value)
    except (StampsError, TypeError, ValueError):
        return None


@functools.cache
def _steps_of() -> dict[str, set[int]]:
    """Steps that each parameter of the table concerns."""
    steps = {row.name: _numbers(row.steps) for row in table()}
    steps["small_baseline_flag"] = set(range(1, 9))
    return {name: {k for k in numbers if (name, k) not in _WITHOUT_EFFECT} for name, numbers in steps.items()}


def _numbers(text: str) -> set[int]:
    """Steps of a cell of the table: ``'3, 4, 6-8'``; words in it stand for no step."""
    ranges = re.findall(r"(\d)(?:-(\d))?", text)
    return {k for first, last in ranges for k in range(int(first), int(last or first) + 1)}
