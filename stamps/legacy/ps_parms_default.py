"""Fill in the defaults of missing parameters.

Reads and writes ``parms.mat`` of the directory or of its parent. Source: docs/method/parameters.md, section 3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stamps.workspace.locks import reserving
from stamps.workspace.parameters import Parameters

if TYPE_CHECKING:
    from stamps._typing import StrPath
    from stamps.workspace import Workspace


__all__ = ["ps_parms_default"]


@reserving
def ps_parms_default(workdir: Workspace | StrPath = ".") -> None:
    """Add missing parameters with their defaults and take over those of older versions.

    Parameters
    ----------
    workdir : path-like or Workspace
        Project or patch directory. New parameters are logged beside the parameter file.

    Raises
    ------
    WorkspaceError
        The parameter file is damaged or the disk is full (without permission to write there is only a warning).
    """
    Parameters(workdir).fill_defaults()
