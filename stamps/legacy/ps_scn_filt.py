"""Step 8: spatially-correlated noise (slave atmosphere and orbit error) by filtering in time, then in space.

Reads ``psver``, ``ps2``, ``phuw2``, ``scla2`` if present; writes ``scn2`` (``ph_scn_slave ph_hpt ph_ramp``) anew.
Parameters: ``scn_time_win``, ``scn_deramp_ifg``, ``scn_wavelength``, ``drop_ifg_index``, ``small_baseline_flag``
(``unwrap_grid_size`` is only logged).

The original filters the differences along the arcs of a triangulation and integrates the result by least squares.
Differences of pixel values, filtered with the same weights for all arcs, are differences of the filtered pixel values,
so the integral is exactly these, relative to the first pixel: neither triangulation nor least squares is needed.

Source: spec 10 section 1; Hooper et al. (2007), J. Geophys. Res. 112, B07407.
"""

import numpy as np

from stamps.errors import ParameterError
from stamps.log import Log
from stamps.matlab.linalg import lscov
from stamps.native.gaussian_smooth import gaussian_smooth
from stamps.parameters import Parameters
from stamps.stack import retained
from stamps.workspace import Workspace

__all__ = ["ps_scn_filt"]


def ps_scn_filt(workdir="."):
    """Estimate the spatially-correlated noise of every image.

    Parameters
    ----------
    workdir : path-like or Workspace
        The project directory after steps 6 and 7.
    """
    ws = Workspace.at(workdir)
    log = Log(ws, "PS_SCN_FILT")
    log.start()
    log("Estimating other spatially-correlated noise...", level=2)
    parameters = Parameters(ws)
    parameters.get("unwrap_grid_size", log=True)
    time_win = _positive(parameters, "scn_time_win")
    deramp = parameters.get("scn_deramp_ifg", log=True)
    wavelength = _positive(parameters, "scn_wavelength")
    dropped = parameters.indices("drop_ifg_index", log=True)
    small_baselines = parameters.flag("small_baseline_flag", log=True)
    version = ws.version
    ps = ws.load(f"ps{version}")
    used = retained(ps["n_image"], ()) if small_baselines else retained(ps["n_ifg"], dropped)
    master = int(np.sum(ps["day"] < ps["master_day"]))

    ph_uw = ws.load(f"phuw{version}", ["ph_uw"])["ph_uw"]
    phase = _noise_phase(ws, ph_uw, used, version)
    columns = np.flatnonzero(np.isin(used, _deramp_set(deramp, parameters, ps["n_ifg"])))
    ph_ramp = planes(ps["xy"], phase[:, columns])
    phase[:, columns] = phase[:, columns] - ph_ramp

    weights = low_pass_weights(ps["day"][used], time_win, _master_position(master, used))
    ph_hpt = high_pass(phase, weights)
    ph_hpt[:, columns] += ph_ramp  # ramps count as noise
    ph_hpt = ph_hpt.astype(np.float32)
    log("Low-pass filtering pixel-pairs in space...", level=2)
    ph_scn = gaussian_smooth(ps["xy"][:, 1:3], ph_hpt, wavelength)
    ph_scn_slave = np.zeros(ph_uw.shape)
    ph_scn_slave[:, used] = ph_scn - ph_scn[0]
    ph_scn_slave[:, master] = 0
    ws.save(f"scn{version}", {"ph_scn_slave": ph_scn_slave, "ph_hpt": ph_hpt, "ph_ramp": ph_ramp}, append=False)
    log.finish()


def _positive(parameters, name):
    value = parameters.get(name, log=True)
    if isinstance(value, str) or np.size(value) != 1 or not float(value) > 0:
        raise ParameterError(f"Parameter {name} must be one positive number for step 8: set it (setparm {name}).")
    return float(value)


def _deramp_set(value, parameters, n_ifg):
    """0-based interferograms to deramp: those listed, or for ``all`` every one."""
    if isinstance(value, str) and value.strip().lower() == "all":
        return np.arange(n_ifg)
    return parameters.indices("scn_deramp_ifg")


def _master_position(master, used):
    """Column of the master among the used ones, as the original has it: its number in the full list.

    It is right if nothing before the master is dropped; where the number does not even exist, the right column is
    taken.
    """
    if master < used.size:
        return master
    position = np.flatnonzero(used == master)
    return int(position[0]) if position.size else None


def _noise_phase(ws, ph_uw, used, version):
    """Unwrapped phase of the used columns without look-angle error, master error and ramps; single, 0 for NaN."""
    phase = ph_uw[:, used]
    if ws.exists(f"scla{version}"):
        scla = ws.load(f"scla{version}", ["ph_scla", "C_ps_uw", "ph_ramp"])
        phase = phase - scla["ph_scla"][:, used]
        phase = phase - scla["C_ps_uw"].astype(phase.dtype)[:, np.newaxis]
        if scla.get("ph_ramp") is not None and scla["ph_ramp"].size:
            phase = (phase - scla["ph_ramp"][:, used]).astype(phase.dtype)
    phase[np.isnan(phase)] = 0
    return phase


def planes(xy, phase):
    """Planes through phases by ordinary least squares.

    Parameters
    ----------
    xy : ndarray, shape (n_ps, 3)
        Number, x, y in metres.
    phase : ndarray, shape (n_ps, k)

    Returns
    -------
    ndarray of float64, shape (n_ps, k)
    """
    design = np.column_stack([np.ones(len(xy)), xy[:, 1:3].astype(np.float64)])
    return design @ lscov(design, phase.astype(np.float64))


def low_pass_weights(day, time_win, master):
    """Weights of the temporal low pass.

    Parameters
    ----------
    day : ndarray, shape (n,)
        Day numbers.
    time_win : float
        Standard deviation in days.
    master : int or None
        Column with weight zero, even for itself.

    Returns
    -------
    ndarray of float64, shape (n, n)
        Row i: the weights, with sum 1, of all dates for date i; zeros where no date is near enough.
    """
    weights = np.exp(-((day[:, np.newaxis] - day) ** 2) / (2 * time_win**2))
    if master is not None:
        weights[:, master] = 0
    total = weights.sum(axis=1, keepdims=True)
    return weights / np.where(total == 0, 1, total)


def high_pass(phase, weights):
    """Phase minus its temporal low pass, relative to the first pixel; float64, shape (n_ps, n)."""
    relative = phase.astype(np.float64) - phase[0]
    return relative - relative @ weights.T
