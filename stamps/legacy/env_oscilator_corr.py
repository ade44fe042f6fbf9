"""Phase drift of Envisat's local oscillator.

Reads ``psver``, ``ps2`` and, where the parameter ``platform`` is empty, ``master.res`` of the directory or its parent.
Writes nothing. Parameters: ``platform``, ``lambda``, ``small_baseline_flag``.

Source: docs/method/products.md, section 8; Marinkovic and Larsen (2013), ESA Living Planet Symposium.
"""

import numpy as np

from stamps.insar.constants import DAYS_PER_YEAR
from stamps.workspace import Workspace
from stamps.workspace.parameters import Parameters
from stamps.workspace.plain_files import read_input

__all__ = ["env_oscilator_corr"]

_RANGE_POSTING = 7.8  # metres
_DRIFT = 3.87e-7  # metres per year and metre of slant range


def env_oscilator_corr(envisat_flag=None, forced_sm_flag=0, workdir="."):
    """Apparent deformation that the drift of the oscillator makes.

    Parameters
    ----------
    envisat_flag : {'y', 'n'}, optional
        Whether the images are Envisat's; default: what the parameter ``platform`` or the master's file says.
    forced_sm_flag : int
        1: for the single-master series of a small-baseline project, too.
    workdir : path-like or Workspace

    Returns
    -------
    phase : ndarray of float64, shape (n_ps, n_ifg) or (n_ps, n_image)
        Radians, to be subtracted; zeros unless the images are Envisat's.
    velocity : ndarray of float64, shape (n_ps,)
        mm/yr.
    """
    ws = Workspace.at(workdir)
    parameters = Parameters(ws)
    ps = ws.load(f"ps{ws.version}")
    pairs = parameters.flag("small_baseline_flag") and not forced_sm_flag
    is_envisat = _is_envisat(ws, parameters) if envisat_flag is None else str(envisat_flag).lower() == "y"
    if not is_envisat:
        return np.zeros((ps["n_ps"], ps["n_ifg"] if pairs else ps["n_image"])), np.zeros(ps["n_ps"])
    days = np.diff(ps["ifgday"], axis=1)[:, 0] if pairs else ps["day"] - ps["master_day"]
    return oscillator_phase(ps["ij"][:, 2], days, parameters.get("lambda"))


def oscillator_phase(range_sample, days, wavelength):
    """Phase and velocity of the drift.

    Parameters
    ----------
    range_sample : ndarray, shape (n_ps,)
        0-based range sample.
    days : ndarray, shape (n,)
        Time span of each column in days.
    wavelength : float
        Metres.

    Returns
    -------
    phase : ndarray of float64, shape (n_ps, n)
    velocity : ndarray of float64, shape (n_ps,)
        mm/yr.
    """
    velocity = _RANGE_POSTING * np.asarray(range_sample, np.float64) * _DRIFT * 1000
    phase = -4 * np.pi / wavelength * (velocity / 1000)[:, np.newaxis] * (np.asarray(days) / DAYS_PER_YEAR)
    return phase, velocity


def _is_envisat(ws, parameters):
    platform = parameters.get("platform")
    if platform is not None and np.size(platform) and platform != "":
        return platform == "ENVISAT"
    path = ws.find("master.res", levels=2)
    return path is not None and "ASAR" in read_input(path)
