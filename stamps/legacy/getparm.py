"""Read a parameter.

Reads ``parms.mat`` of the directory or of its parent and ``localparms.mat``; missing defaults are filled in first.
Source: docs/method/parameters.md, section 4.
"""

from stamps.workspace.parameters import Parameters

__all__ = ["getparm"]


def getparm(name=None, printflag=0, workdir="."):
    """Value of a parameter; without a name print all of them.

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
    float, ndarray of float64 shape (n,), str or None
        An empty array for ``[]``; None for an unknown name and without a name.

    Raises
    ------
    ParameterError
        More than one name begins so.
    """
    parameters = Parameters(workdir)
    if name is None:
        print("\n".join(parameters.listing()))
        return None
    value, full_name = parameters.lookup(name)
    if printflag:
        parameters.log_value(full_name or name, value)
    return value
