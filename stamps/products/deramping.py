"""Phases of a project without the smooth surface (orbital ramp) of each interferogram.

Reads ``deramp_degree.mat`` (``degree``) if the directory has it.

Source: docs/method/scla.md, section 4.
"""

from collections.abc import Mapping
from os import PathLike

import numpy as np

from stamps.insar.ramps import MIN_PIXELS, remove_ramps
from stamps.workspace import Workspace
from stamps.workspace.log import Log

__all__ = ["deramped"]


def deramped(
    ps: Mapping, ph_all: np.ndarray, degree: float | None = None, workdir: PathLike | str | Workspace = "."
) -> tuple[np.ndarray, np.ndarray]:
    """Fit and remove a surface from every column of phases.

    Parameters
    ----------
    ps : dict
        Holds ``xy``, shape (n_ps, 3): number, x, y in metres.
    ph_all : ndarray, shape (n_ps, k)
        Phases in radians, possibly with NaN.
    degree : float, optional
        1 plane, 1.5 plane and x·y, 2 and 3 higher powers without linear terms; default: ``deramp_degree.mat``, else 1.
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
        The degree is not one of 1, 1.5, 2, 3.
    """
    ws = Workspace.at(workdir)
    log = Log(ws, "PS_DERAMP")
    log("Deramping computed on the fly.", level=2)
    if degree is None:
        degree = float(np.ravel(ws.load_optional("deramp_degree").get("degree", 1.0))[0])
    log(f"deramping with degree {degree:g}", level=2)
    without, ramp, fitted = remove_ramps(ps["xy"], ph_all, degree)
    for column in np.flatnonzero(~fitted):
        log(f"Ifg {column + 1} is not deramped: it has fewer than {MIN_PIXELS} valid pixels", level=2)
    return without, ramp
