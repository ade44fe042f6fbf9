"""Choose one of the ionospheric corrections.

Works on the content of ``ica2.mat`` or ``ica_sb2.mat``; reads and writes no file.
Source: docs/method/products.md, section 2.6.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from stamps.insar.corrections import ionospheric_correction

if TYPE_CHECKING:
    from numpy.typing import NDArray


__all__ = ["ps_plot_ica"]


def ps_plot_ica(ica: Mapping[str, Any], ica_flag: float | str = 1) -> tuple[NDArray[Any], str, int]:
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
    return ionospheric_correction(ica, ica_flag)
