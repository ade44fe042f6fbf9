"""Forget the estimated look-angle errors.

Deletes ``scla2 scla_smooth2 scla_sb2 scla_smooth_sb2`` (version of each directory's ``psver``) in the patches and in
the directory.

Source: docs/method/scla.md, section 5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stamps.workspace import Workspace
from stamps.workspace.locks import reserving
from stamps.workspace.log import Log

if TYPE_CHECKING:
    from stamps._typing import StrPath


__all__ = ["scla_reset"]

_FILES = ("scla", "scla_smooth", "scla_sb", "scla_smooth_sb")


@reserving
def scla_reset(patches_flag: str = "y", workdir: Workspace | StrPath = ".") -> None:
    """Delete the look-angle errors of a project.

    Parameters
    ----------
    patches_flag : str
        ``'y'`` includes the patch directories.
    workdir : path-like or Workspace
        The project directory.

    Examples
    --------
    >>> from pathlib import Path
    >>> from stamps import scla_reset
    >>> scla_reset("n")  # in this directory alone; step 6 then unwraps as in a first pass
    >>> Path("scla2.mat").exists()
    False
    """
    ws = Workspace.at(workdir)
    log = Log(ws, "SCLA_RESET")
    folders = [ws / name for name in ws.patch_list()] if str(patches_flag).lower() == "y" else []
    for folder in [*folders, ws]:
        if folder.exists("psver"):
            folder.delete(*(f"{name}{folder.version}.mat" for name in _FILES))
            log(f"{folder.path} reset", level=2)
