"""Unwrap the pixels with the cycles of their grid cells.

Reads ``uw_grid.mat`` and ``uw_phaseuw.mat``; writes no file. Source: docs/method/unwrapping.md, section 8.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.insar.phase import angle, rotated, wrapped
from stamps.matlab.arithmetic import round_half_away
from stamps.matlab.statistics import nanmean
from stamps.workspace import Workspace
from stamps.workspace.log import Log

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps._typing import StrPath


__all__ = ["uw_unwrap_from_grid"]


def uw_unwrap_from_grid(
    xy: NDArray[np.float32] | None = None, pix_size: float | None = None, workdir: Workspace | StrPath = "."
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Unwrapped phase of the pixels.

    Parameters
    ----------
    xy, pix_size
        Not used; kept for callers of the original.
    workdir : path-like or Workspace

    Returns
    -------
    ph_uw : ndarray of float32, shape (n, n_ifg)
        Radians; NaN rows for pixels whose cell is no node.
    msd : ndarray of float64, shape (n_ifg,)
        Mean squared phase step between neighbouring cells, rad^2.
    """
    ws = Workspace.at(workdir)
    Log(ws, "uw_unwrap_from_grid")("Unwrapping from grid", 2)
    grid = ws.load("uw_grid", ["nzix", "grid_ij", "ph_in", "ph_in_predef"])
    nodes = ws.load("uw_phaseuw")
    ph_uw = pixels_from_nodes(grid["ph_in"], grid["grid_ij"], grid["nzix"], nodes["ph_uw"])
    if grid["ph_in_predef"] is not None:
        ph_uw = with_predefined(ph_uw, grid["ph_in_predef"])
    return ph_uw, nodes["msd"]


def pixels_from_nodes(
    ph_in: NDArray[Any], grid_ij: NDArray[np.int64], nzix: NDArray[np.bool_], ph_node: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Add to each pixel's wrapped phase the cycles that bring it closest to its node.

    Parameters
    ----------
    ph_in : ndarray, shape (n, n_ifg)
        Phasors, or wrapped phase in radians.
    grid_ij : ndarray of int64, shape (n, 2)
        Cell of each pixel.
    nzix : ndarray of bool, shape (n_row, n_col)
        Cells that are nodes, numbered down the columns.
    ph_node : ndarray of float32, shape (n_node, n_ifg)

    Returns
    -------
    ndarray of float32, shape (n, n_ifg)
    """
    node_of_cell = np.full(nzix.shape, -1)
    node_of_cell.T[nzix.T] = np.arange(np.count_nonzero(nzix))
    node = node_of_cell[grid_ij[:, 0], grid_ij[:, 1]]
    base = ph_node[node]
    rest = angle(rotated(ph_in, base)) if np.iscomplexobj(ph_in) else wrapped(ph_in.astype(np.float32) - base)
    ph_uw = base + rest
    ph_uw[node < 0] = np.nan
    return ph_uw


def with_predefined(ph_uw: NDArray[np.float32], ph_predef: NDArray[np.float32]) -> NDArray[np.float32]:
    """Replace phases by the predefined ones, moved by the whole cycles that fit the interferogram.

    Parameters
    ----------
    ph_uw, ph_predef : ndarray of float32, shape (n, n_ifg)

    Returns
    -------
    ndarray of float32, shape (n, n_ifg)
    """
    cycles = round_half_away(nanmean(ph_uw - ph_predef, axis=0) / np.float32(2) / np.float32(np.pi))
    shifted = ph_predef + np.float32(2 * np.pi) * cycles
    return np.where(np.isnan(shifted), ph_uw, shifted)
