"""Save variables to a MAT file, keeping the others that it holds.

Source: docs/method/conventions.md, section 3.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from stamps.workspace import Workspace
from stamps.workspace.locks import reserving

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from stamps._typing import StrPath


__all__ = ["stamps_save"]


@reserving
def stamps_save(name: str, workdir: Workspace | StrPath = ".", append: bool = True, **variables: ArrayLike) -> None:
    """Save variables as the processing steps do.

    Values are in the form in which :meth:`stamps.workspace.Workspace.load` returns them: indices of the known
    variables count from 0, vectors are one-dimensional (known rows become rows, all others columns), classes are
    those of the arrays, None is ``[]``.

    Parameters
    ----------
    name : str or path-like
        File, with or without ``.mat``, relative to ``workdir``; its directory is created if it is missing.
    workdir : path-like or Workspace
        Project or patch directory.
    append : bool
        Keep other variables of an existing file; False: write the file anew.
    **variables
        The variables.

    Raises
    ------
    WorkspaceError
        The file cannot be written, or an existing one is damaged.

    Examples
    --------
    >>> from stamps import stamps_save
    >>> from stamps.workspace import Workspace
    >>> stamps_save("mine", heights=np.array([1.5, 2.5]))
    >>> Workspace(".").load("mine")["heights"].ravel()
    array([1.5, 2.5])
    """
    ws = Workspace.at(workdir)
    path = Path(str(name).removesuffix(".mat"))
    if path.parent != Path("."):
        ws = Workspace(ws.path / path.parent)
    ws.save(path.name, variables, append=append)
