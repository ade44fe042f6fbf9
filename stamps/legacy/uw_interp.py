"""Assign every grid cell to its nearest node and list the neighbouring pairs of nodes, the edges.

Reads ``uw_grid.mat`` (``nzix``); writes ``uw_interp.mat`` (``edgs n_edge rowix colix Z``). No triangulation is needed:
the nearest node is found directly, of equally near ones the lowest number (docs/method/unwrapping.md, section 4).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stamps.matlab.interpolation import nearest_node
from stamps.workspace import Workspace
from stamps.workspace.log import Log

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps._typing import StrPath


__all__ = ["uw_interp"]


def uw_interp(workdir: Workspace | StrPath = ".") -> None:
    """Write the nearest node of each cell and the edges between nodes.

    Parameters
    ----------
    workdir : path-like or Workspace
    """
    ws = Workspace.at(workdir)
    nearest = nearest_nodes(ws.load("uw_grid", ["nzix"])["nzix"])
    edges, rowix, colix = grid_edges(nearest)
    Log(ws, "uw_interp")(f"Number of unique edges in grid: {len(edges)}", 2)
    edgs = np.column_stack([np.arange(len(edges)), edges])
    ws.save(
        "uw_interp",
        {
            "edgs": edgs,
            "n_edge": len(edges),
            "rowix": rowix.astype(np.float64),
            "colix": colix.astype(np.float64),
            "Z": nearest,
        },
        append=False,
    )


def nearest_nodes(nzix: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Number of the nearest node of every cell.

    Parameters
    ----------
    nzix : ndarray of bool, shape (n_row, n_col)
        Cells that are nodes, numbered down the columns.

    Returns
    -------
    ndarray of int64, shape (n_row, n_col)
        Node numbers from 0; of equally near nodes the lowest.
    """
    nodes = np.argwhere(nzix.T)
    columns, rows = np.meshgrid(np.arange(nzix.shape[1]), np.arange(nzix.shape[0]))
    nearest = nearest_node(nodes, np.column_stack([columns.ravel(), rows.ravel()]))
    return nearest.astype(np.int64).reshape(nzix.shape)


def grid_edges(nearest: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Edges between the nodes of neighbouring cells.

    Parameters
    ----------
    nearest : ndarray of int64, shape (n_row, n_col)
        Node of each cell.

    Returns
    -------
    edges : ndarray of int64, shape (n_edge, 2)
        Low and high node number, sorted.
    rowix : ndarray of int64, shape (n_row - 1, n_col)
        Edge number from 1 between vertical neighbours, negative where the upper cell has the higher node, 0 where both
        have the same.
    colix : ndarray of int64, shape (n_row, n_col - 1)
        The same between horizontal neighbours.

    Notes
    -----
    Quirk: the first distinct pair is dropped whatever it is. Usually it stands for "same node"; in a grid without empty
    cells it is the first real edge, which is lost.
    """
    first = np.concatenate([nearest[:, :-1].ravel(), nearest[:-1].ravel()])
    second = np.concatenate([nearest[:, 1:].ravel(), nearest[1:].ravel()])
    low, high = np.minimum(first, second), np.maximum(first, second)
    n_node = int(nearest.max()) + 1
    keys, number = np.unique(np.where(low == high, -1, low * n_node + high), return_inverse=True)
    signed = np.where(first <= second, number, -number)
    n_colix = nearest[:, 1:].size
    colix = signed[:n_colix].reshape(nearest.shape[0], -1)
    rowix = signed[n_colix:].reshape(-1, nearest.shape[1])
    return np.column_stack(np.divmod(keys[1:], n_node)), rowix, colix
