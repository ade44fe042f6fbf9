"""What is to be told of a step that a run has published: seconds, files, why it did nothing."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from stamps.workspace import Workspace

__all__ = ["StepNote", "Stopwatch"]


@dataclass(frozen=True)
class StepNote:
    """A published step of one directory.

    Attributes
    ----------
    step : int
    seconds : float
    files : list of str
        Names of the files that it has written.
    skipped : str
        Why nothing was computed; empty if it was.
    """

    step: int
    seconds: float
    files: list[str]
    skipped: str = ""


@dataclass
class Stopwatch:
    """Takes the time of a step from the moment at which it is made."""

    step: int
    skipped: str = ""
    began: float = field(default_factory=time.monotonic)

    def note(self, ws: Workspace) -> StepNote:
        """What is to be told at the end of the publication that is under way."""
        files = sorted(name for name in ws.reads.outputs if ws.has_file(name) and not name.startswith("."))
        return StepNote(self.step, round(time.monotonic() - self.began, 3), files, self.skipped)
