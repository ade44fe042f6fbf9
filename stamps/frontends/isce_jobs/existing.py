"""A stack that is in the working directory already: whether new images can be added to it.

Where coregistered secondaries are, ``stackSentinel.py`` updates the stack: it adds the dates that are not there yet, without
unpacking the reference again, and compares their overlaps with those of the last images, whose products it needs.

Source: docs/method/isce.md, section 5.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stamps.frontends.isce_jobs.checks import listed
from stamps.frontends.isce_jobs.config import ISCE_S1_Config
from stamps.frontends.isce_jobs.outputs import missing_dates
from stamps.frontends.isce_jobs.stack_sentinel import COREGISTERED, StackOrder, record_of, recorded, recorded_before

__all__ = ["ExistingStack", "existing_stack", "update_problems"]

_DATE = re.compile(r"\d{8}\Z")


@dataclass(frozen=True)
class ExistingStack:
    """What is there.

    Attributes
    ----------
    dates : tuple of str
        Coregistered secondaries, ascending.
    master : str
        The reference, where the run files, or those before them, are ours; else empty.
    record : mapping
        Of the run files; empty if they are not ours.
    """

    dates: tuple[str, ...]
    master: str
    record: Mapping[str, Any]

    def last(self, count: int) -> tuple[str, ...]:
        """The last images whose products an update needs."""
        return tuple(date for date in self.dates if date != self.master)[-count:]


def existing_stack(folder: Path) -> ExistingStack | None:
    """The stack of a working directory; None if nothing has been coregistered there.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    ExistingStack or None
    """
    places = [folder / name for name in COREGISTERED if (folder / name).is_dir()]
    dates = sorted(path.name for place in places for path in place.iterdir() if _DATE.match(path.name))
    if not dates:
        return None
    record = recorded(folder)
    master = (record or recorded_before(folder)).get("master", "")
    return ExistingStack(tuple(dates), str(master), record)


def update_problems(config: ISCE_S1_Config, order: StackOrder, stack: ExistingStack) -> list[str]:
    """Why a stack cannot be updated, whole sentences; none for an order that is the same as before.

    Parameters
    ----------
    config : ISCE_S1_Config
    order : StackOrder
    stack : ExistingStack

    Returns
    -------
    list of str
    """
    folder = config.folder
    if stack.record == record_of(config, order):
        return []
    new = sorted({*order.dates} - {*stack.dates, order.master})
    if not new:
        return [
            f"{folder} holds a stack of these dates that was ordered with other settings: go on with stamps isce retry, or "
            "use another working directory."
        ]
    problems = []
    if unfinished := missing_dates(folder, stack.record.get("dates", ())):
        problems.append(
            f"The stack in {folder} is not complete ({listed(unfinished)} not merged): finish it (stamps isce retry) before "
            f"{listed(new)} can be added."
        )
    last = stack.last(2 * config.num_overlap_connections)
    if lacking := [date for date in last if date not in order.dates]:
        problems.append(
            f"To add {listed(new)} the products of the last {len(last)} images of the stack are needed, too: "
            f"{listed(lacking)} not found."
        )
    return problems
