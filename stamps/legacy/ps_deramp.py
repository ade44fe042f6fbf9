"""Remove a smooth surface (orbital ramp) from phases.

Reads ``deramp_degree.mat`` (``degree``) if the directory has it. Writes nothing. Parameters: ``deramp_degree``,
``deramp_mask_lon``, ``deramp_mask_lat``, where they are set.

Source: docs/method/scla.md, section 4.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from stamps.products.deramping import deramped
from stamps.workspace import Workspace

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from stamps._typing import StrPath


__all__ = ["ps_deramp"]


def ps_deramp(
    ps: Mapping[str, Any],
    ph_all: NDArray[np.floating[Any]],
    degree: float | None = None,
    workdir: Workspace | StrPath = ".",
) -> tuple[NDArray[np.floating[Any]], NDArray[np.float64]]:
    """Fit and remove a surface from every column of phases.

    Parameters
    ----------
    ps : dict
        Holds ``xy``, shape (n_ps, 3): number, x, y in metres; with a mask ``lonlat``, too.
    ph_all : ndarray, shape (n_ps, k)
        Phases in radians, possibly with NaN.
    degree : float, optional
        0 constant, 0.4 along x, 0.6 along y, 1 plane, 1.5 plane and x·y, 2 and 3 higher powers without linear terms, 2.5 all
        terms up to the second power; default: ``deramp_degree.mat``, else the parameter ``deramp_degree``, else 1.
    workdir : path-like or Workspace

    Returns
    -------
    deramped : ndarray, shape (n_ps, k)
        Same class as ``ph_all``. A column with fewer than six valid pixels stays as it is.
    ramp : ndarray of float64, shape (n_ps, k)
        The surfaces for all pixels; NaN in columns without a fit.

    Raises
    ------
    ParameterError
        The degree is none of those, or the mask no polygon.
    """
    return deramped(ps, ph_all, degree, workdir)
