"""Write a message to the log.

Appends to ``STAMPS.log`` of the directory. Source: docs/method/conventions.md, section 5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stamps.workspace.log import Log

if TYPE_CHECKING:
    from stamps._typing import StrPath
    from stamps.workspace import Workspace


__all__ = ["logit"]


def logit(
    message: int | str = 0,
    level: int | str = 0,
    parent_flag: int = 0,
    workdir: Workspace | StrPath = ".",
    routine: str = "LOGIT",
) -> None:
    """Log a message to ``STAMPS.log`` and the console.

    Parameters
    ----------
    message : str or int
        The text; 0 (or empty) is the word for start, 1 that for finish.
    level : int or str
        0 file and console, 1 file only, 2 console only, 3 file ``DEBUG.log`` only; a str is another file's name.
    parent_flag : int
        Not 0: the file of the parent directory.
    workdir : path-like or Workspace
        Directory of the log file.
    routine : str
        Name of the routine that speaks.
    """
    if message is None or message == "":
        message = 0
    Log(workdir, routine)(message, level, bool(parent_flag))
