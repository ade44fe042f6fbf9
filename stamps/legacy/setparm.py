"""Set, reset or delete a parameter.

Writes ``parms.mat`` of the directory or of its parent, or ``localparms.mat`` of the directory.
Source: docs/method/parameters.md, section 5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stamps.errors import ParameterError
from stamps.legacy.getparm import getparm
from stamps.workspace.locks import reserving
from stamps.workspace.parameters import Parameters

if TYPE_CHECKING:
    from stamps._typing import StrPath
    from stamps.workspace import Workspace


__all__ = ["setparm"]

_MISSING = object()


def setparm(
    name: float | str | None = None, value: Any = _MISSING, flag: int = 0, workdir: Workspace | StrPath = "."
) -> None:
    """Set a parameter; without arguments print all of them.

    Parameters
    ----------
    name : str or int, optional
        The name, a unique beginning of it, or its position from 1 in the parameter file.
    value : float, array_like, str or None
        The new value; ``[]`` or None is empty, NaN means back to the default (unless ``flag`` is 1).
    flag : int
        0 set; 1 set or create exactly this name; 2 set for this directory only; -1 delete (``value`` is ignored);
        -2 delete the value for this directory.
    workdir : path-like or Workspace
        Project or patch directory.

    Raises
    ------
    ParameterError
        No value, unknown or ambiguous name, unknown flag, or ``small_baseline_flag`` with NaN.
    WorkspaceError
        The parameter file cannot be written.

    Examples
    --------
    >>> from stamps import getparm, setparm
    >>> setparm("unwrap_grid_size", 100)
    >>> getparm("unwrap_grid_size")
    100.0
    >>> setparm("drop_ifg_index", [3, 8])
    >>> getparm("drop_ifg")  # a unique beginning is enough
    array([3., 8.])
    >>> setparm("unwrap_grid_size", float("nan"))  # back to the default
    >>> getparm("unwrap_grid_size")
    200.0
    """
    if name is None:
        getparm(workdir=workdir)
        return
    if value is _MISSING:
        raise ParameterError(f"setparm {name} needs a value: setparm NAME VALUE [FLAG].")
    _set(name, value, flag, workdir=workdir)


@reserving
def _set(name: float | str, value: Any, flag: int, workdir: Workspace | StrPath) -> None:
    Parameters(workdir).set(name, value, flag)
