"""Arc costs of the unwrapping from the statistics of edges.

Source: docs/method/unwrapping.md, section 7. Rounding is half away from zero and the order of the single-precision
operations is part of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from stamps.insar.phase import wrapped
from stamps.matlab.arithmetic import round_half_away, to_int16
from stamps.matlab.statistics import std

if TYPE_CHECKING:
    from numpy.typing import NDArray


__all__ = [
    "ArcCosts",
    "GridArcs",
    "arc_costs",
    "edge_counts",
    "ifg_edge_costs",
    "noise_variance",
    "sigsq_of",
    "squared_step",
]

COSTSCALE = 100
NSHORTCYCLE = 200
MAXSHORT = 32000

#: Scale of the spatial covariance in 2D, metres, and its sill reduction.
_RANGE_2D = 20000


class GridArcs(NamedTuple):
    """Signed edge number (from 1) of each grid arc, 0 for arcs within a node, and where there are no statistics.

    One entry for vertical neighbours (n_row - 1, n_col) or horizontal ones (n_row, n_col - 1).
    """

    index: np.ndarray  # type: ignore[assignment]  # hides tuple.index, which means nothing here
    unknown: np.ndarray


class ArcCosts(NamedTuple):
    """Cost arrays as SNAPHU reads them, int16: rows (n_row - 1, 4 n_col), columns (n_row, 4 (n_col - 1))."""

    rowcost: np.ndarray
    colcost: np.ndarray


def edge_counts(rowix: NDArray[np.int64], colix: NDArray[np.int64], n_edge: int) -> NDArray[np.intp]:
    """Number of grid arcs of each edge.

    Parameters
    ----------
    rowix, colix : ndarray of int64
        Signed edge numbers from 1, 0 within a node.
    n_edge : int

    Returns
    -------
    ndarray of int64, shape (n_edge,)
    """
    rows, columns = (np.bincount(np.abs(index).ravel(), minlength=n_edge + 1) for index in (rowix, colix))
    return (rows + columns)[1:]


def noise_variance(
    unwrap_method: str,
    dph_noise: Any,
    edges: Any,
    nodes: Any,
    pix_size: float,
    variance: NDArray[np.float64] | None = None,
) -> NDArray[np.floating[Any]]:
    """Noise variance of each edge, cycles squared.

    Parameters
    ----------
    unwrap_method : str
        '2D' takes a model of distance, every other method the scatter of the noise.
    dph_noise : ndarray of float32, shape (n_edge, n_ifg), or None for 2D
    edges : ndarray of int64, shape (n_edge, 2)
    nodes : ndarray of int64, shape (n_node, 2)
        Row and column.
    pix_size : float
        Metres; 0 counts as 5.
    variance : ndarray of float64, shape (n_node,), optional
        Variance of the nodes, for 2D.

    Returns
    -------
    ndarray, shape (n_edge,)
        float32 (float64 for 2D); NaN: no statistics.
    """
    if unwrap_method.upper() != "2D":
        return (std(dph_noise, axis=1) / np.float32(2) / np.float32(np.pi)) ** 2
    low, high = edges.T
    length = np.sqrt(((nodes[high] - nodes[low]) ** 2).sum(axis=1))
    base = 0 if variance is None else variance[low] + variance[high]
    metres = length * (pix_size or 5)
    return (base + (2 * np.pi) ** 2 * (1 - np.exp(-3 * metres / _RANGE_2D))) / 10


def sigsq_of(variance: NDArray[np.floating[Any]], counts: NDArray[np.int64]) -> NDArray[np.int16]:
    """Noise variance in SNAPHU's units, int16, at least 1 (NaN too)."""
    kind = variance.dtype.type
    scaled = variance * kind(NSHORTCYCLE**2) / kind(COSTSCALE) * counts.astype(kind)
    return np.maximum(to_int16(scaled), np.int16(1))


def ifg_edge_costs(
    dph_space_uw: NDArray[np.float32],
    smooth: NDArray[np.float32],
    sigsq: NDArray[np.int16],
    spread: NDArray[np.float64],
    counts: NDArray[np.int64],
    held: NDArray[np.bool_] | None = None,
) -> tuple[NDArray[np.float32], NDArray[np.int16]]:
    """Offset and variance of the edges of one interferogram.

    Parameters
    ----------
    dph_space_uw, smooth : ndarray of float32, shape (n_edge,)
        Phase of the edges and its smooth part, radians.
    sigsq : ndarray of int16, shape (n_edge,)
    spread : ndarray of float64, shape (n_edge,)
        Change of the fringe frequency along the edge.
    counts : ndarray of int64, shape (n_edge,)
    held : ndarray of bool, shape (n_edge,), optional
        Edges between predefined nodes: variance 1.

    Returns
    -------
    cycles : ndarray of float32, shape (n_edge,)
        Wrapped phase minus smooth phase in cycles.
    total : ndarray of int16, shape (n_edge,)
    """
    spatial = to_int16(np.abs(spread) * NSHORTCYCLE**2 / 6 / COSTSCALE * counts)
    total = np.minimum(sigsq.astype(np.int32) + spatial, 32767).astype(np.int16)
    if held is not None:
        total[held] = 1
    cycles = (wrapped(dph_space_uw) - smooth) / np.float32(2) / np.float32(np.pi)
    return cycles, total


def arc_costs(rows: GridArcs, columns: GridArcs, cycles: NDArray[np.float32], total: NDArray[np.int16]) -> ArcCosts:
    """Cost arrays of one interferogram.

    Parameters
    ----------
    rows, columns : GridArcs
    cycles : ndarray of float32, shape (n_edge,)
    total : ndarray of int16, shape (n_edge,)

    Returns
    -------
    ArcCosts
        Offsets of vertical neighbours with the opposite sign (orientation of SNAPHU).
    """
    return ArcCosts(_quadruples(rows, cycles, total, -1), _quadruples(columns, cycles, total, 1))


def _quadruples(arcs: GridArcs, cycles: NDArray[np.float32], total: NDArray[np.int16], sign: int) -> NDArray[np.int16]:
    index, unknown = arcs
    known = (index != 0) & ~unknown
    costs = np.empty((*index.shape, 4), np.int16)
    costs[..., 0] = 0
    costs[..., 1] = 1
    costs[..., 2] = MAXSHORT
    costs[..., 3] = np.where(unknown, 1, -MAXSHORT)
    signed = index[known]
    edge = np.abs(signed) - 1
    offset = round_half_away(cycles[edge] * np.sign(signed).astype(np.float32) * np.float32(NSHORTCYCLE))
    # converted before the sign is changed: int16 saturates at 32767, its negative at -32767
    costs[known, 0] = np.clip(sign * to_int16(offset).astype(np.int32), -32768, 32767)
    costs[known, 1] = total[edge]
    return costs.reshape(index.shape[0], 4 * index.shape[1])


def squared_step(unwrapped: NDArray[np.float32]) -> float:
    """Mean squared difference of neighbouring cells, exact zeros left out.

    Parameters
    ----------
    unwrapped : ndarray of float32, shape (n_row, n_col)

    Returns
    -------
    float
        NaN where all neighbours are equal.
    """
    values = unwrapped.astype(np.float64)
    steps = np.concatenate([np.diff(values, axis=0).ravel(), np.diff(values, axis=1).ravel()])
    count = np.count_nonzero(steps)
    return np.sum(steps**2) / count if count else np.nan
