"""Choose one of the ionospheric corrections.

Works on the content of ``ica2.mat`` or ``ica_sb2.mat``; reads and writes no file.
Source: docs/method/products.md, section 2.6.
"""

import numpy as np

from stamps.errors import ParameterError, WorkspaceError

__all__ = ["VARIABLE", "iono_method", "ps_plot_ica"]

#: The variable of the only correction there is: from shifts in azimuth.
VARIABLE = "ph_iono_azshift"

_NAMES = ("i_as", "i_az")


def iono_method(method):
    """Number of the ionospheric correction with a number or a name.

    Parameters
    ----------
    method : int or str
        1, ``'i_as'`` or ``'i_az'``.

    Returns
    -------
    int

    Raises
    ------
    ParameterError
        There is no such correction.
    """
    known = method.strip() in _NAMES if isinstance(method, str) else np.size(method) == 1 and np.ravel(method)[0] == 1
    if not known:
        raise ParameterError(f"Ionospheric correction {method!r} is not a valid option: choose 1, 'i_as' or 'i_az'.")
    return 1


def ps_plot_ica(ica, ica_flag=1):
    """Choose an ionospheric correction.

    Parameters
    ----------
    ica : dict
        Content of ``ica2.mat`` or ``ica_sb2.mat``.
    ica_flag : int or str
        Number or name of the correction.

    Returns
    -------
    correction : ndarray, shape (n_ps, n_ifg)
        Radians.
    title : str
        Suffix for titles.
    number : int

    Raises
    ------
    ParameterError
        There is no such correction.
    WorkspaceError
        The file does not hold it.
    """
    number = iono_method(ica_flag)
    if VARIABLE not in ica:
        source = getattr(ica, "source", "the ionospheric file")
        raise WorkspaceError(f"{source} has no variable '{VARIABLE}': estimate it from azimuth shifts first.")
    return ica[VARIABLE], " (azimuth shift)", number
