"""Read a parameter.

Reads ``parms.mat`` of the directory or of its parent and ``localparms.mat``; missing defaults are filled in first.
Source: docs/method/parameters.md, section 4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stamps.workspace.console import in_notebook
from stamps.workspace.parameter_listing import ParameterListing
from stamps.workspace.parameters import Parameters

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from stamps._typing import StrPath
    from stamps.workspace import Workspace


__all__ = ["getparm"]


def getparm(
    name: str | None = None, printflag: int = 0, workdir: StrPath | Workspace = "."
) -> float | NDArray[np.float64] | str | ParameterListing | None:
    """Value of a parameter; without a name print all of them and return them as a mapping, which a notebook shows.

    Parameters
    ----------
    name : str, optional
        The name or a unique beginning of it.
    printflag : int
        Not 0: also log ``name=value``.
    workdir : path-like or Workspace
        Project or patch directory.

    Returns
    -------
    float, ndarray of float64 shape (n,), str, None or ParameterListing
        An empty array for ``[]``; None for an unknown name. Without a name a mapping of all names to their values.

    Raises
    ------
    ParameterError
        More than one name begins so.

    Examples
    --------
    >>> from stamps import getparm
    >>> getparm("unwrap_grid_size")
    50.0
    >>> getparm("insar_proc")  # a unique beginning is enough
    'snap'
    >>> getparm("drop_ifg_index")  # counted from 1
    array([], dtype=float64)
    """
    parameters = Parameters(workdir)
    if name is None:
        listing = ParameterListing(parameters)
        if not in_notebook():  # which shows the mapping itself
            print(listing)
        return listing
    value, full_name = parameters.lookup(name)
    if printflag:
        parameters.log_value(full_name or name, value)
    return value
