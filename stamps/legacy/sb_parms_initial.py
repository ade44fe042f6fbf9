"""Start the parameters of a small-baseline project.

Reads ``processor.txt`` (up to three directories above), overwrites ``parms.mat``.
Source: docs/method/parameters.md, section 2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stamps.workspace.locks import reserving
from stamps.workspace.parameters import Parameters

if TYPE_CHECKING:
    from stamps._typing import StrPath
    from stamps.workspace import Workspace


__all__ = ["sb_parms_initial"]


@reserving
def sb_parms_initial(workdir: Workspace | StrPath = ".") -> None:
    """Overwrite ``parms.mat`` with the defaults of small-baseline processing.

    Parameters
    ----------
    workdir : path-like or Workspace
        Project directory.

    Raises
    ------
    WorkspaceError
        The directory cannot be written.
    """
    Parameters(workdir).start_afresh(small_baselines=True)
