"""Invert the tropospheric correction of small-baseline interferograms to a time series.

Reads ``psver``, ``ps2``, ``tca_sb2``; adds the series to ``tca2`` under the same variable name. Parameter:
``drop_ifg_index``.

Source: spec 11 section 3.
"""

import numpy as np

from stamps.errors import InputError, ParameterError
from stamps.legacy.ps_plot_tca import ps_plot_tca, tropo_method
from stamps.log import Log
from stamps.matlab.linalg import lscov
from stamps.matlab.statistics import nanmean
from stamps.network import design_matrix, used_images
from stamps.parameters import Parameters
from stamps.stack import retained
from stamps.workspace import Workspace

__all__ = ["sb_invert_aps"]

_SUPPORTED = (*range(1, 10), 12, 13, 18, 19, 20, *range(29, 42))


def sb_invert_aps(aps_flag=None, workdir="."):
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
    used = retained(ps["n_ifg"], Parameters(ws).indices("drop_ifg_index"))
    network = design_matrix(ps["ifgday_ix"], ps["n_image"])
    _require_connected(*used_images(network, used, ps["master_ix"]))
    if aps_flag is None or np.size(aps_flag) == 0 or aps_flag == "":
        log.finish()
        return None
    method = tropo_method(aps_flag)
    if method.number not in _SUPPORTED:
        raise ParameterError(
            f"The tropospheric correction '{method.names[0]}' cannot be inverted to a time series: choose another one."
        )
    correction, _, _ = ps_plot_tca(ws.load(f"tca_sb{version}"), method.number)
    series = invert(correction, network, used, ps["master_ix"])
    ws.save(f"tca{version}", {method.variables[0]: series})
    log.finish()
    return series


def invert(correction, network, used, master_ix):
    """Unweighted least squares from pairs to images.

    Parameters
    ----------
    correction : ndarray, shape (n_ps, n_ifg)
        Radians. Interferograms with mean exactly zero have no estimate and are left out.
    network : ndarray, shape (n_ifg, n_image)
    used : ndarray of int
        0-based retained interferograms.
    master_ix : int

    Returns
    -------
    ndarray of float32, shape (n_ps, n_image)
    """
    used = used[np.asarray(nanmean(correction[:, used], axis=0)) != 0]
    design, images, connected = used_images(network, used, master_ix)
    _require_connected(design, images, connected)
    if not network[used, master_ix].any():
        raise InputError(
            "No interferogram with the master has a tropospheric correction, so it cannot be inverted: estimate it for "
            "more interferograms."
        )
    series = np.zeros((correction.shape[0], network.shape[1]), np.float32)
    series[:, images] = lscov(design, correction[:, used].astype(np.float64).T).T
    return series


def _require_connected(_design, _images, connected):
    if not connected:
        raise InputError(
            "The network of interferograms with a tropospheric correction falls apart into isolated subsets: drop "
            "fewer interferograms (drop_ifg_index) or estimate the correction for more of them."
        )
