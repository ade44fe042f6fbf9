"""Remove a smooth surface (orbital ramp) from phases.

Reads ``deramp_degree.mat`` (``degree``) if the directory has it. Writes nothing.

Source: docs/method/scla.md, section 4.
"""

import numpy as np

from stamps.errors import ParameterError
from stamps.matlab.linalg import lscov
from stamps.workspace import Workspace
from stamps.workspace.log import Log

__all__ = ["ps_deramp", "ramp_design"]

_MIN_PIXELS = 6


def ps_deramp(ps, ph_all, degree=None, workdir="."):
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
    design = ramp_design(ps["xy"], degree)
    ramp, fitted = fit_ramps(design, ph_all)
    for column in np.flatnonzero(~fitted):
        log(f"Ifg {column + 1} is not deramped: it has fewer than {_MIN_PIXELS} valid pixels", level=2)
    deramped = ph_all.copy()
    deramped[:, fitted] = (ph_all[:, fitted] - ramp[:, fitted]).astype(ph_all.dtype)
    return deramped, ramp


def ramp_design(xy, degree):
    """Columns of the surface.

    Parameters
    ----------
    xy : ndarray, shape (n_ps, 3)
        Number, x, y in metres.
    degree : float
        1, 1.5, 2 or 3.

    Returns
    -------
    ndarray of float64, shape (n_ps, 3 to 8)
        Powers of x and y in km, formed in the class of ``xy``; the constant comes last.
    """
    x, y = xy[:, 1] / xy.dtype.type(1000), xy[:, 2] / xy.dtype.type(1000)
    columns = {
        1: (x, y),
        1.5: (x, y, x * y),
        2: (x**2, y**2, x * y),  # no linear terms: so it always was
        3: (x**3, y**3, x**2 * y, y**2 * x, x**2, y**2, x * y),
    }.get(degree)
    if columns is None:
        raise ParameterError(f"The degree of a ramp is {degree:g}, but only 1, 1.5, 2, 3 exist: correct deramp_degree.")
    return np.column_stack([*columns, np.ones(len(xy))]).astype(np.float64)


def fit_ramps(design, phases):
    """Fit surfaces to the valid pixels of every column by ordinary least squares.

    Parameters
    ----------
    design : ndarray of float64, shape (n_ps, m)
    phases : ndarray, shape (n_ps, k)
        NaN marks pixels that are left out.

    Returns
    -------
    ramp : ndarray of float64, shape (n_ps, k)
        NaN where there are too few pixels.
    fitted : ndarray of bool, shape (k,)
    """
    valid = ~np.isnan(phases)
    fitted = valid.sum(axis=0) >= _MIN_PIXELS
    ramp = np.full(phases.shape, np.nan)
    complete = valid.all(axis=0) & fitted
    ramp[:, complete] = _surface(design, lscov(design, phases[:, complete]))
    for column in np.flatnonzero(fitted & ~complete):
        rows = valid[:, column]
        ramp[:, column] = _surface(design, lscov(design[rows], phases[rows, column]))
    return ramp, fitted


def _surface(design, coefficients):
    """Value of the surface at every pixel; single coefficients make the product single."""
    return design.astype(coefficients.dtype, copy=False) @ coefficients
