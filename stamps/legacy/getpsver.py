"""Read the version number of a directory.

Reads ``psver.mat``. Source: docs/method/conventions.md, section 1.
"""

from stamps.workspace import Workspace

__all__ = ["getpsver"]


def getpsver(workdir="."):
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
    """
    return Workspace.at(workdir).version
