"""Choose one of the tropospheric corrections that TRAIN stored.

Works on the content of ``tca2.mat`` or ``tca_sb2.mat``; reads and writes no file.
Source: docs/method/products.md, section 2.6; TRAIN: Bekaert et al. (2015), Remote Sens. Environ. 170, 40-47.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from stamps.insar.corrections import tropospheric_correction

if TYPE_CHECKING:
    from numpy.typing import NDArray


__all__ = ["ps_plot_tca"]


def ps_plot_tca(aps: Mapping[str, Any], aps_flag: float | str = 0) -> tuple[NDArray[Any], str, int]:
    """Choose a tropospheric correction.

    Parameters
    ----------
    aps : dict
        Content of ``tca2.mat`` or ``tca_sb2.mat``.
    aps_flag : int or str
        Number or name of the correction.

    Returns
    -------
    correction : ndarray, shape (n_ps, n_ifg)
        Radians (number 11: rad/m^α).
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
    return tropospheric_correction(aps, aps_flag)
