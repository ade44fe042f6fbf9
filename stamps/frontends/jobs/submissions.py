"""Who was asked to run which tasks: the lines of ``submissions.jsonl``.

Source: docs/method/jobs.md, section 2.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

__all__ = ["Array", "Submission", "line_of", "submission_of"]


@dataclass(frozen=True)
class Array:
    """Tasks of a step that were handed over together; ``id`` is SLURM's number, element k is the k-th task, from 0."""

    step: str
    tasks: tuple[str, ...]
    id: str = ""


@dataclass(frozen=True)
class Submission:
    """One line.

    Attributes
    ----------
    number : int
        From 1; lines of the same number belong together.
    time : str
        UTC, ISO 8601.
    action : str
        ``'submit'``, ``'retry'``, ``'prepare'``, ``'cancel'``, ``'load'``.
    engine : str
    host, pid, born
        The supervisor's process, where the engine has one.
    arrays : tuple of Array
    again : bool
        Whether tasks run although they had succeeded.
    options : dict
        Of the engine.
    """

    number: int
    time: str
    action: str
    engine: str
    host: str = ""
    pid: int = 0
    born: str = ""
    arrays: tuple[Array, ...] = ()
    again: bool = False
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def tasks(self) -> set[tuple[str, str]]:
        """(step, task) of all that was handed over."""
        return {(array.step, task) for array in self.arrays for task in array.tasks}


def line_of(submission: Submission) -> str:
    """A submission as a line, with its end."""
    return json.dumps(asdict(submission)) + "\n"


def submission_of(document: Any) -> Submission:
    """The submission that a line holds.

    Raises
    ------
    ValueError
        It holds none.
    """
    try:
        fields = dict(document)
        arrays = [Array(str(a["step"]), tuple(map(str, a["tasks"])), str(a.get("id", ""))) for a in fields["arrays"]]
        return Submission(
            number=int(fields["number"]),
            time=str(fields["time"]),
            action=str(fields["action"]),
            engine=str(fields["engine"]),
            host=str(fields.get("host", "")),
            pid=int(fields.get("pid", 0)),
            born=str(fields.get("born", "")),
            arrays=tuple(arrays),
            again=bool(fields.get("again")),
            options=dict(fields.get("options") or {}),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"no submission ({type(error).__name__}: {error})") from None
