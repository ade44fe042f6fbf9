"""Use the spatial fringe frequency for edges whose temporal estimate is poor.

Source: docs/method/unwrapping.md, section 5.6.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse

from stamps.insar.phase import wrapped
from stamps.matlab.interpolation import griddata_linear
from stamps.matlab.statistics import std
from stamps.native.fringe_frequency import fringe_frequency

if TYPE_CHECKING:
    from numpy.typing import NDArray


__all__ = ["node_frequencies", "replace_shaky"]

_CLEAR_PEAK = 3
_NOISE_LIMIT = np.float32(1.3)


def node_frequencies(
    ph: NDArray[np.complex64], nzix: NDArray[np.bool_], n_win: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Fringe frequencies at the nodes of each interferogram.

    Parameters
    ----------
    ph : ndarray of complex64, shape (n_node, n_ifg)
    nzix : ndarray of bool, shape (n_row, n_col)
    n_win : int
        Window in cells.

    Returns
    -------
    ifreq, jfreq : ndarray of float32, shape (n_node, n_ifg)
        rad per cell along rows and columns; NaN where no window has a clear peak.

    Notes
    -----
    Bug upstream, reproduced: the column frequency has the opposite sign of the phase gradient (see ``gradient_filt``).
    """
    ifreq = np.full(ph.shape, np.nan, np.float32)
    jfreq = np.full(ph.shape, np.nan, np.float32)
    nodes = np.argwhere(nzix.T) + 1.0
    for column in range(ph.shape[1]):
        grid = np.zeros(nzix.shape, ph.dtype)
        grid.T[nzix.T] = ph[:, column]
        row_frequency, column_frequency, centres, peak = fringe_frequency(grid, n_win)
        for target, frequency in ((ifreq, row_frequency), (jfreq, -column_frequency)):
            with np.errstate(invalid="ignore"):
                use = peak / (np.abs(frequency) + 1) > _CLEAR_PEAK
            if np.count_nonzero(use) > 2:
                target[:, column] = _interpolated(centres[use], frequency[use], nodes)
    return ifreq, jfreq


def _interpolated(
    centres: NDArray[np.float64], values: NDArray[np.float64], nodes: NDArray[np.floating[Any]]
) -> NDArray[np.float64]:
    try:
        return griddata_linear(centres[:, 1], centres[:, 0], values, nodes[:, 0], nodes[:, 1])
    except ValueError:  # all windows in one line: no plane to interpolate in
        return np.nan


def replace_shaky(
    dph_space_uw: NDArray[np.float32],
    dph_noise: NDArray[np.float32],
    ifreq: NDArray[np.float32],
    jfreq: NDArray[np.float32],
    edges: NDArray[np.int64],
    nzix: NDArray[np.bool_],
) -> tuple[NDArray[np.bool_], Any]:
    """Take the spatial prediction for edges that it explains better than the temporal one.

    Parameters
    ----------
    dph_space_uw, dph_noise : ndarray of float32, shape (n_edge, n_ifg)
        Changed in place.
    ifreq, jfreq : ndarray of float32, shape (n_node, n_ifg)
    edges : ndarray of int64, shape (n_edge, 2)
    nzix : ndarray of bool, shape (n_row, n_col)

    Returns
    -------
    shaky_ix : ndarray of bool, shape (n_edge,)
    spread : scipy.sparse.csc_matrix, shape (n_edge, n_ifg)
        Change of the frequencies along the replaced edges.

    Notes
    -----
    The prediction is wrong in the direction of columns while :func:`node_frequencies` reproduces the sign of the
    original.
    """
    nodes = np.argwhere(nzix.T)[:, ::-1]
    low, high = edges.T
    step = (nodes[high] - nodes[low]).astype(np.float32)
    two = np.float32(2)
    prediction = step[:, :1] * ((ifreq[low] + ifreq[high]) / two) + step[:, 1:] * ((jfreq[low] + jfreq[high]) / two)
    change = (ifreq[high] - ifreq[low]) + (jfreq[high] - jfreq[low])
    noise = wrapped(dph_space_uw - prediction)
    old, new = std(dph_noise, axis=1), std(noise, axis=1)
    with np.errstate(invalid="ignore"):
        noise[new > _NOISE_LIMIT] = np.nan
        shaky = np.isnan(old) | (old > new)
    dph_noise[shaky] = noise[shaky]
    dph_space_uw[shaky] = prediction[shaky] + noise[shaky]
    edge, ifg = np.nonzero((change != 0) & shaky[:, np.newaxis])
    spread = scipy.sparse.csc_matrix((change[edge, ifg].astype(np.float64), (edge, ifg)), shape=change.shape)
    return shaky, spread
