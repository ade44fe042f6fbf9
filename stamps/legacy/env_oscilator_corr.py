"""Phase drift of Envisat's local oscillator.

Reads ``psver``, ``ps2`` and, where the parameter ``platform`` is empty, ``master.res`` of the directory or its parent.
Writes nothing. Parameters: ``platform``, ``lambda``, ``small_baseline_flag``.

Source: docs/method/products.md, section 8; Marinkovic and Larsen (2013), ESA Living Planet Symposium.
"""

from os import PathLike

import numpy as np

from stamps.products.oscillator import is_envisat, oscillator_drift
from stamps.workspace import Workspace
from stamps.workspace.parameters import Parameters

__all__ = ["env_oscilator_corr"]


def env_oscilator_corr(
    envisat_flag: str | None = None, forced_sm_flag: int = 0, workdir: PathLike | str | Workspace = "."
) -> tuple[np.ndarray, np.ndarray]:
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
    envisat = is_envisat(ws, parameters) if envisat_flag is None else str(envisat_flag).lower() == "y"
    return oscillator_drift(ps, parameters, pairs, envisat)
