"""What the two filters of step 8 share: the phase they start from, ramps, weights in time, arcs and their integral.

Source: docs/method/scn.md, sections 1.1 and 2.1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse

from stamps.errors import ParameterError
from stamps.insar.observations import retained
from stamps.matlab.linalg import lscov
from stamps.native.high_pass import high_pass

if TYPE_CHECKING:
    from numpy.typing import NDArray


__all__ = [
    "high_pass",
    "integrate",
    "low_pass_weights",
    "master_column",
    "noise_phase",
    "planes",
    "positive",
    "used_columns",
]


def positive(name: str, value: float) -> float:
    """Value of a parameter that must be one positive number, as float."""
    if isinstance(value, str) or np.size(value) != 1 or not float(value) > 0:
        raise ParameterError(f"Parameter {name} must be one positive number for step 8: set it (setparm {name}).")
    return float(value)


def used_columns(ps: Any, dropped: NDArray[np.int64], small_baselines: bool) -> NDArray[np.int64]:
    """0-based images that are filtered: all, or for a single master those that are not dropped."""
    return retained(ps["n_image"], ()) if small_baselines else retained(ps["n_ifg"], dropped)


def master_column(master: int, used: NDArray[np.int64]) -> int | None:
    """Column of the master among the used ones, as the original has it: its number in the full list.

    It is right if nothing before the master is dropped; where the number does not even exist, the right column is
    taken.

    Parameters
    ----------
    master : int
        Number of the master in the full list.
    used : ndarray of int
        Numbers that are used, ascending.

    Returns
    -------
    int or None
        None if the master is neither there nor used.
    """
    if master < used.size:
        return master
    position = np.flatnonzero(used == master)
    return int(position[0]) if position.size else None


def noise_phase(ws: Any, ph_uw: NDArray[np.float32], used: NDArray[np.int64], version: int) -> NDArray[np.float32]:
    """Unwrapped phase of the used columns without look-angle error, master error and ramps; single, 0 for NaN.

    Parameters
    ----------
    ws : Workspace
        Its ``scla<version>`` is subtracted if it exists.
    ph_uw : ndarray of float32, shape (n_ps, n)
    used : ndarray of int, shape (k,)
    version : int

    Returns
    -------
    ndarray of float32, shape (n_ps, k)
    """
    phase = ph_uw[:, used]
    if ws.exists(f"scla{version}"):
        scla = ws.load(f"scla{version}", ["ph_scla", "C_ps_uw", "ph_ramp"])
        phase = phase - scla["ph_scla"][:, used]
        phase = phase - scla["C_ps_uw"].astype(phase.dtype)[:, np.newaxis]
        if scla.get("ph_ramp") is not None and scla["ph_ramp"].size:
            phase = (phase - scla["ph_ramp"][:, used]).astype(phase.dtype)
    phase[np.isnan(phase)] = 0
    return phase


def planes(xy: NDArray[np.float32], phase: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
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


def low_pass_weights(day: NDArray[np.float64], time_win: float, master: int | None) -> NDArray[np.float64]:
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


def integrate(edges: NDArray[np.int64], differences: NDArray[np.float64], n_ps: int) -> NDArray[np.float64]:
    """Pixel values whose differences along arcs are, by least squares, the given ones.

    Parameters
    ----------
    edges : ndarray of int, shape (n_edge, 2)
        First and second pixel of each arc.
    differences : ndarray, shape (n_edge, n)
        Value of the second pixel minus that of the first.
    n_ps : int

    Returns
    -------
    ndarray of float64, shape (n_ps, n)
        Relative to the first pixel; parts of the network that are not connected to it are relative to their own first.
    """
    from scipy.sparse.csgraph import connected_components
    from scipy.sparse.linalg import splu

    n_edge = len(edges)
    arc = np.arange(n_edge)
    signs = np.repeat([-1.0, 1.0], n_edge)
    incidence = scipy.sparse.csr_array((signs, (np.tile(arc, 2), edges.T.ravel())), shape=(n_edge, n_ps))
    neighbours = scipy.sparse.csr_array((np.ones(n_edge), (edges[:, 0], edges[:, 1])), shape=(n_ps, n_ps))
    _, first = np.unique(connected_components(neighbours, directed=False)[1], return_index=True)
    free = np.delete(np.arange(n_ps), first)
    values = np.zeros((n_ps, differences.shape[1]))
    if free.size:
        incidence = incidence[:, free]
        laplacian = scipy.sparse.csc_matrix(incidence.T @ incidence)
        factor = splu(laplacian, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0, options={"SymmetricMode": True})
        values[free] = factor.solve(incidence.T @ differences.astype(np.float64))
    return values
