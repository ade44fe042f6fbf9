"""Read the version number of a directory.

Reads ``psver.mat``. Source: docs/method/conventions.md, section 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stamps.workspace import Workspace

if TYPE_CHECKING:
    from stamps._typing import StrPath


__all__ = ["getpsver"]


def getpsver(workdir: Workspace | StrPath = ".") -> int:
    """Version of the pixel files in use: 1 for all candidates, 2 from weeding on.

    Parameters
    ----------
    workdir : path-like or Workspace
        Project or patch directory.

    Returns
    -------
    int

    Raises
    ------
    WorkspaceError
        There is no ``psver.mat``: step 1 has not run.

    Examples
    --------
    >>> from stamps import getpsver
    >>> getpsver()  # after step 4
    2
    """
    return Workspace.at(workdir).version
