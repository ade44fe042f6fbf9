"""``service.json`` of a stack: what was seen in its source, what was ordered, what failed, which time series there are.

The truth about jobs is in their folders; this file says what the watch has decided. It is replaced whole, so that a watch which
is killed at any moment goes on with the state before or after.

Source: docs/method/service.md, section 3.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stamps.errors import InputError, StampsError
from stamps.frontends.jobs.store import replace_text
from stamps.service.typed_settings import fits, typed
from stamps.workspace.plain_files import read_json

__all__ = ["NAME", "Run", "Seen", "StackState", "read_state", "write_state"]

NAME = "service.json"
FORMAT = 1

_MOST_BYTES = 2**26


@dataclass
class Seen:
    """A product in the source.

    Attributes
    ----------
    size, modified : int
        Bytes; time of the newest of its files, ns.
    since : float
        When it was first seen like that, seconds since 1970.
    date : str
        yyyymmdd; empty where its name tells none.
    """

    size: int
    modified: int
    since: float
    date: str = ""


@dataclass
class Run:
    """A time series.

    Attributes
    ----------
    name : str
        Date of the newest image, with a number behind it where there are several: the folder ``psi/<name>``, the job
        ``psi_<name>``.
    images : list of str
    status : str
        ``ordered``, ``at work``, ``done``, ``failed``, ``cancelled``.
    started, ended : str
        UTC, ISO 8601.
    settings : dict
        With which it was made.
    results : list of str
        Files, from the folder of the stack on.
    message : str
        Why it failed.
    """

    name: str
    images: list[str]
    status: str = "ordered"
    started: str = ""
    ended: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    results: list[str] = field(default_factory=list)
    message: str = ""


@dataclass
class StackState:
    """The content of the file.

    Attributes
    ----------
    name : str
    seen : dict
        Path of a product in the source → what was seen.
    ordered : dict
        Products of the last submission → their sizes and times then.
    settings : str
        Digest of the settings of the last submission.
    used : list of str
        Dates in the stack.
    failed : dict
        Date → why it is not in the stack.
    runs : list of Run
        The oldest first.
    notes : list of str
        What the last pass had to say.
    """

    name: str
    seen: dict[str, Seen] = field(default_factory=dict)
    ordered: dict[str, str] = field(default_factory=dict)
    settings: str = ""
    used: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    runs: list[Run] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read_state(workdir: Path, name: str) -> StackState:
    """The state of a stack; a new one where there is no file.

    Raises
    ------
    InputError
        The file is damaged: nothing is guessed, because time series might be made twice.
    """
    path = workdir / NAME
    try:
        document = read_json(path, _MOST_BYTES)
        return _understood(document)
    except FileNotFoundError:
        return StackState(name)
    except (OSError, ValueError, StampsError) as error:
        raise InputError(
            f"{path} cannot be read ({error}): restore it; without it all time series of {name} count as not yet made."
        ) from None


def _understood(document: Any) -> StackState:
    if not isinstance(document, dict) or document.pop("format", None) != FORMAT:
        raise ValueError("it is none of this version")
    seen = {path: _one(Seen, one) for path, one in document.get("seen", {}).items()}
    runs = [_one(Run, one) for one in document.get("runs", [])]
    state: StackState = _one(StackState, {**document, "seen": {}, "runs": []})
    return dataclasses.replace(state, seen=seen, runs=runs)


def _one(cls: Any, table: Any) -> Any:
    known = typed(cls, ("seen", "runs") if cls is StackState else ())
    if not isinstance(table, dict):
        raise ValueError(f"{str(table)[:80]!r} stands where a set of names was expected")
    table = {name: value for name, value in table.items() if name in known}
    for name, value in table.items():
        if not (isinstance(value, dict) if cls is Run and name == "settings" else fits(value, known[name])):
            raise ValueError(f"{name} is {str(value)[:80]!r}")
    try:
        return cls(**table)
    except TypeError as error:
        raise ValueError(str(error)) from None


def write_state(workdir: Path, state: StackState) -> None:
    """Put a state in the place of the one that is there."""
    document = {"format": FORMAT, **dataclasses.asdict(state)}
    replace_text(workdir / NAME, json.dumps(document, indent=1) + "\n")
