"""Invert the tropospheric correction of small-baseline interferograms to a time series.

Reads ``psver``, ``ps2``, ``tca_sb2``; adds the series to ``tca2`` under the same variable name. Parameter:
``drop_ifg_index``.

Source: docs/method/products.md, section 3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stamps.insar.corrections import invertible_method, tropospheric_correction
from stamps.insar.network import connected_network, invert_correction
from stamps.workspace import Workspace
from stamps.workspace.locks import reserving
from stamps.workspace.log import Log
from stamps.workspace.parameters import Parameters

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps._typing import StrPath


__all__ = ["sb_invert_aps"]


@reserving
def sb_invert_aps(
    aps_flag: float | str | None = None, workdir: Workspace | StrPath = "."
) -> NDArray[np.float32] | None:
    """Invert a tropospheric correction by ordinary least squares.

    Parameters
    ----------
    aps_flag : int or str, optional
        The correction (see :func:`stamps.legacy.ps_plot_tca.ps_plot_tca`); empty: only the network is checked.
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
        The correction cannot be inverted.
    """
    ws = Workspace.at(workdir)
    log = Log(ws, "SB_INVERT_APS")
    log.start()
    version = ws.version
    ps = ws.load(f"ps{version}")
    network, used = connected_network(ps, Parameters(ws).indices("drop_ifg_index"), ws.path)
    if aps_flag is None or np.size(aps_flag) == 0 or aps_flag == "":
        log.finish()
        return None
    method = invertible_method(aps_flag)
    correction, _, _ = tropospheric_correction(ws.load(f"tca_sb{version}"), method.number)
    series = invert_correction(correction, ps, network, used, "tropospheric")
    ws.save(f"tca{version}", {method.variables[0]: series})
    log.finish()
    return series
