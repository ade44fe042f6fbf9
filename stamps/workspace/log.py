"""The log: one line per message in ``STAMPS.log`` of a directory, and a record of the standard :mod:`logging`.

The logger of a routine is ``stamps.<routine>``, ``stamps.ps_select`` for PS_SELECT. What the original shows on the console has
the level INFO, what it writes to the file alone the level DEBUG. Commands and the driver show the messages of level INFO as
``NAME: message`` (:mod:`stamps.workspace.console`); in Python they go where the user lets :mod:`logging` send them.

Source: docs/method/conventions.md, section 5.
"""

from __future__ import annotations

import contextlib
import logging
import os
from pathlib import Path

from stamps.matlab.dates import now_string
from stamps.workspace import Workspace
from stamps.workspace.console import one_line
from stamps.workspace.plain_files import open_plain

__all__ = ["Log"]

_WORDS: dict[object, str] = {0: "Starting", 1: "Finished"}


class Log:
    """Log of one routine in one directory.

    Parameters
    ----------
    workspace : Workspace or path-like
        Directory that holds the log file.
    routine : str
        Name of the routine that speaks; written in upper case.
    """

    def __init__(self, workspace: Workspace | str | os.PathLike[str], routine: str) -> None:
        self.workspace = Workspace.at(workspace)
        self.routine = routine.upper()
        self._logger = logging.getLogger(f"stamps.{routine.lower()}")

    def __call__(self, message: str | int, level: int | str = 0, parent: bool = False) -> None:
        """Log a message.

        Parameters
        ----------
        message : str or int
            The text; 0 is the word for start and 1 the word for finish.
        level : int or str
            0 file and console, 1 file only, 2 console only, 3 file ``DEBUG.log`` only; a str is another file's name.
        parent : bool
            Write to the log file of the parent directory.
        """
        text = one_line(str(_WORDS.get(message, message)).removesuffix("\\n"))
        if level in (0, 1, 3) or isinstance(level, str):
            name = level if isinstance(level, str) else ("DEBUG.log" if level == 3 else "STAMPS.log")
            folder = self.workspace.path.parent if parent else self.workspace.path
            self._append(folder / name, f"{now_string()} {self.routine:<16s} {text}\n")
        shown = level in (0, 2) or isinstance(level, str)
        self._logger.log(logging.INFO if shown else logging.DEBUG, "%s", text)

    @staticmethod
    def _append(path: Path, line: str) -> None:
        """A log that is a link or no file is refused (WorkspaceError): what it leads to belongs to somebody else."""
        with contextlib.suppress(OSError):  # as the original: without a log file only the console speaks
            descriptor = open_plain(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
            with open(descriptor, "a", encoding="utf-8", errors="surrogateescape") as file:
                file.write(line)

    def start(self) -> None:
        """Log that the routine starts."""
        self(0)

    def finish(self) -> None:
        """Log that the routine has finished."""
        self(1)
