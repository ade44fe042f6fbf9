"""Set the version number of a directory.

Writes ``psver.mat``. Source: docs/method/conventions.md, section 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stamps.workspace import Workspace
from stamps.workspace.locks import reserving

if TYPE_CHECKING:
    from stamps._typing import StrPath


__all__ = ["setpsver"]


@reserving
def setpsver(psver: int, workdir: Workspace | StrPath = ".") -> None:
    """Set the version of the pixel files in use.

    Parameters
    ----------
    psver : int
        1 for all candidates, 2 for the weeded pixels.
    workdir : path-like or Workspace
        Project or patch directory.

    Raises
    ------
    WorkspaceError
        The directory cannot be written.
    """
    Workspace.at(workdir).version = psver
