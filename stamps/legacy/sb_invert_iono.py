"""Invert the ionospheric correction of small-baseline interferograms to a time series.

Reads ``psver``, ``ps2``, ``ica_sb2``; adds ``ph_iono_azshift`` to ``ica2``. Parameter: ``drop_ifg_index``.

Source: docs/method/products.md, section 3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stamps.insar.corrections import IONO_VARIABLE, ionospheric_correction
from stamps.insar.network import connected_network, invert_correction
from stamps.workspace import Workspace
from stamps.workspace.locks import reserving
from stamps.workspace.log import Log
from stamps.workspace.parameters import Parameters

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps._typing import StrPath


__all__ = ["sb_invert_iono"]


@reserving
def sb_invert_iono(
    iono_flag: float | str | None = None, workdir: Workspace | StrPath = "."
) -> NDArray[np.float32] | None:
    """Invert an ionospheric correction by ordinary least squares.

    Parameters
    ----------
    iono_flag : int or str, optional
        The correction (see :func:`stamps.legacy.ps_plot_ica.ps_plot_ica`); empty: only the network is checked.
    workdir : path-like or Workspace
        Project directory of a small-baseline project.

    Returns
    -------
    ndarray of float32, shape (n_ps, n_image), or None
        Radians; zero for the master and for images without estimate.

    Raises
    ------
    InputError
        The network is not connected, or the master has no correction.
    ParameterError
        There is no such correction.
    """
    ws = Workspace.at(workdir)
    log = Log(ws, "SB_INVERT_IONO")
    log.start()
    version = ws.version
    ps = ws.load(f"ps{version}")
    network, used = connected_network(ps, Parameters(ws).indices("drop_ifg_index"), ws.path)
    series = None
    if iono_flag is not None and np.size(iono_flag) and iono_flag != "":
        correction, _, _ = ionospheric_correction(ws.load(f"ica_sb{version}"), iono_flag)
        series = invert_correction(correction, ps, network, used, "ionospheric")
        ws.save(f"ica{version}", {IONO_VARIABLE: series})
    log.finish()
    return series
