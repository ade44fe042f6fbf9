"""Drift of the local oscillator in the phases of a project, which Envisat's images have.

Reads, where the parameter ``platform`` is empty, ``master.res`` of the directory or its parent. Parameters: ``platform``,
``lambda``.

Source: docs/method/products.md, section 8.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from stamps.insar.oscillator import oscillator_phase
from stamps.workspace import Workspace
from stamps.workspace.parameters import Parameters
from stamps.workspace.plain_files import read_input

__all__ = ["is_envisat", "oscillator_drift"]


def oscillator_drift(ps: Mapping, parameters: Parameters, pairs: bool, envisat: bool) -> tuple[np.ndarray, np.ndarray]:
    """Apparent deformation that the drift of the oscillator makes.

    Parameters
    ----------
    ps : dict
        Content of ``ps2.mat``.
    parameters : Parameters
    pairs : bool
        Of small-baseline interferograms rather than of a single-master series.
    envisat : bool
        Whether the images are Envisat's.

    Returns
    -------
    phase : ndarray of float64, shape (n_ps, n_ifg) or (n_ps, n_image)
        Radians, to be subtracted; zeros unless the images are Envisat's.
    velocity : ndarray of float64, shape (n_ps,)
        mm/yr.
    """
    if not envisat:
        return np.zeros((ps["n_ps"], ps["n_ifg"] if pairs else ps["n_image"])), np.zeros(ps["n_ps"])
    days = np.diff(ps["ifgday"], axis=1)[:, 0] if pairs else ps["day"] - ps["master_day"]
    wavelength: Any = parameters.get("lambda")
    return oscillator_phase(ps["ij"][:, 2], days, wavelength)


def is_envisat(ws: Workspace, parameters: Parameters) -> bool:
    """Whether the images are Envisat's, by the parameter ``platform`` or the file of the master."""
    platform = parameters.get("platform")
    if platform is not None and np.size(platform) and platform != "":
        return platform == "ENVISAT"
    path = ws.find("master.res", levels=2)
    return path is not None and "ASAR" in read_input(path)
