"""Line-of-sight velocities from the unwrapped time series."""

import numpy as np

from stamps.errors import WorkspaceError
from stamps.matlab.linalg import lscov
from stamps.parameters import Parameters
from stamps.workspace import Workspace

__all__ = ["los_velocity", "slope_per_year", "time_series"]


def time_series(workdir="."):
    """Unwrapped phase of every image with the look-angle error removed, master left out.

    Parameters
    ----------
    workdir : path-like or Workspace
        Project directory after step 7 (single master, or inverted small baselines).

    Returns
    -------
    phase : ndarray of float64, shape (n_ps, k)
        Phase in radians.
    days : ndarray of float64, shape (k,)
        Days since the master.
    """
    ws = Workspace.at(workdir)
    ps, unwrapped, scla = ws.load("ps2"), ws.load("phuw2"), ws.load("scla2")
    phase = unwrapped["ph_uw"].astype(np.float64)
    if phase.shape != scla["ph_scla"].shape:
        raise WorkspaceError(
            f"{ws.path / 'scla2.mat'} does not fit phuw2.mat ({scla['ph_scla'].shape} against {phase.shape} values): "
            "run steps 6 and 7 again (stamps 6 7)."
        )
    phase -= scla["ph_scla"]
    used = np.setdiff1d(np.arange(phase.shape[1]), [ps["master_ix"]])
    used = used[np.any(phase[:, used] != 0, axis=0)]  # dropped interferograms are stored as zeros
    return phase[:, used], ps["day"][used] - ps["master_day"]


def slope_per_year(phase, days):
    """Least-squares slope of each series, radians per year.

    Parameters
    ----------
    phase : ndarray, shape (n_ps, k)
    days : ndarray, shape (k,)
    """
    design = np.column_stack([np.ones(len(days)), np.asarray(days) / 365.25])
    return lscov(design, np.asarray(phase, dtype=np.float64).T)[1]


def los_velocity(workdir="."):
    """Velocity towards the satellite in mm/yr relative to the median of all pixels, unweighted fit.

    Returns
    -------
    ndarray of float64, shape (n_ps,)
    """
    ws = Workspace.at(workdir)
    phase, days = time_series(ws)
    slope = slope_per_year(phase, days)
    millimetres = Parameters(ws).get("lambda") * 1000 / (4 * np.pi)
    velocity = -slope * millimetres
    return velocity - np.nanmedian(velocity)
