"""Phases of a project without the smooth surface (orbital ramp) of each interferogram.

Reads ``deramp_degree.mat`` (``degree``) if the directory has it. Parameters: ``deramp_degree``, ``deramp_mask_lon``,
``deramp_mask_lat``, where they are set.

Source: docs/method/scla.md, section 4.
"""

from collections.abc import Mapping
from os import PathLike

import numpy as np

from stamps.errors import ParameterError
from stamps.insar.ramps import MIN_PIXELS, remove_ramps
from stamps.insar.regions import inside_polygon
from stamps.workspace import Workspace
from stamps.workspace.log import Log
from stamps.workspace.parameters import Parameters

__all__ = ["deramped"]


def deramped(
    ps: Mapping, ph_all: np.ndarray, degree: float | None = None, workdir: PathLike | str | Workspace = "."
) -> tuple[np.ndarray, np.ndarray]:
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
    ws = Workspace.at(workdir)
    log = Log(ws, "PS_DERAMP")
    log("Deramping computed on the fly.", level=2)
    parameters = Parameters(ws, read_only=True)
    if degree is None:
        degree = _degree_of(ws, parameters)
    log(f"deramping with degree {degree:g}", level=2)
    used = _outside_mask(ps, parameters, log)
    without, ramp, fitted = remove_ramps(ps["xy"], ph_all, degree, used)
    for column in np.flatnonzero(~fitted):
        log(f"Ifg {column + 1} is not deramped: it has fewer than {MIN_PIXELS} valid pixels", level=2)
    return without, ramp


def _degree_of(ws: Workspace, parameters: Parameters) -> float:
    """Degree of the directory: its file, else the parameter, else 1."""
    stored = parameters.get("deramp_degree")
    usual = 1.0 if stored is None or np.size(stored) == 0 else stored
    return float(np.ravel(ws.load_optional("deramp_degree").get("degree", usual))[0])


def _outside_mask(ps: Mapping, parameters: Parameters, log: Log) -> np.ndarray | None:
    """Pixels outside the polygon of the parameters; None without one."""
    sides = [parameters.get(f"deramp_mask_{name}") for name in ("lon", "lat")]
    lon, lat = (np.zeros(0) if side is None else np.ravel(np.asarray(side, np.float64)) for side in sides)
    if not lon.size and not lat.size:
        return None
    if lon.size != lat.size or lon.size < 3 or not np.isfinite([*lon, *lat]).all():
        raise ParameterError(
            f"deramp_mask_lon has {lon.size} numbers and deramp_mask_lat {lat.size}: they are the corners of one polygon, at "
            "least three, in degrees."
        )
    used = ~inside_polygon(ps["lonlat"], np.column_stack([lon, lat]))
    if np.count_nonzero(used) < min(MIN_PIXELS, used.size):
        raise ParameterError(
            f"{np.count_nonzero(used)} of {used.size} pixels lie outside deramp_mask_lon, deramp_mask_lat, but a ramp needs "
            f"{MIN_PIXELS}: draw a smaller polygon."
        )
    log(f"{np.count_nonzero(~used)} pixels inside deramp_mask_lon, deramp_mask_lat are left out of the fit", level=2)
    return used
