"""The log: one line per message in ``STAMPS.log`` of a directory and ``NAME: message`` on the console.

Source: docs/method/conventions.md, section 5.
"""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING

from stamps.matlab.dates import now_string
from stamps.workspace import Workspace
from stamps.workspace.console import one_line
from stamps.workspace.plain_files import open_plain

if TYPE_CHECKING:
    from stamps._typing import StrPath


__all__ = ["Log"]


class Log:
    """Log of one routine in one directory.

    Parameters
    ----------
    workspace : Workspace or path-like
        Directory that holds the log file.
    routine : str
        Name of the routine that speaks; written in upper case.
    """

    def __init__(self, workspace: StrPath | Workspace, routine: str) -> None:
        self.workspace = Workspace.at(workspace)
        self.routine = routine.upper()

    def __call__(self, message: int | str, level: int | str = 0, parent: bool = False) -> None:
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
        text = {0: "Starting", 1: "Finished"}.get(message, message)
        text = one_line(str(text).removesuffix("\\n"))
        if level in (0, 1, 3) or isinstance(level, str):
            name = level if isinstance(level, str) else ("DEBUG.log" if level == 3 else "STAMPS.log")
            folder = self.workspace.path.parent if parent else self.workspace.path
            self._append(folder / name, f"{now_string()} {self.routine:<16s} {text}\n")
        if level in (0, 2) or isinstance(level, str):
            print(f"{self.routine}: {text}", file=sys.stdout, flush=True)

    @staticmethod
    def _append(path: StrPath, line: str) -> None:
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
