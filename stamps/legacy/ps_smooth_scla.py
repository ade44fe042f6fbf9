"""Step 7: clip look-angle and master errors of every pixel to the range of its neighbours.

Reads ``psver``, ``ps2``, ``bp2``, ``scla2`` or ``scla_sb2``; writes ``scla_smooth2`` or ``scla_smooth_sb2``. Parameter:
``small_baseline_flag``. The result is what step 6 subtracts before it unwraps again.

Source: docs/method/scla.md, section 2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.external import triangulate
from stamps.insar.network import baselines_of_images, design_matrix
from stamps.insar.observations import baseline_matrix
from stamps.native.neighbour_range import neighbour_range
from stamps.workspace import Workspace
from stamps.workspace.locks import reserving
from stamps.workspace.log import Log
from stamps.workspace.parameters import Parameters
from stamps.workspace.stack_variables import stored_baselines

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps._typing import StrPath


__all__ = ["ps_smooth_scla"]


@reserving
def ps_smooth_scla(use_small_baselines: int = 0, workdir: Workspace | StrPath = ".") -> None:
    """Remove isolated outliers from the look-angle error.

    Parameters
    ----------
    use_small_baselines : int
        1: smooth the estimate of the small-baseline interferograms, 0: that of the single-master phases.
    workdir : path-like or Workspace
        The project directory after :func:`stamps.legacy.ps_calc_scla.ps_calc_scla`.
    """
    ws = Workspace.at(workdir)
    log = Log(ws, "PS_SMOOTH_SCLA")
    log.start()
    log("Smoothing spatially-correlated look angle error...", level=2)
    small_baselines = Parameters(ws).flag("small_baseline_flag")
    version = ws.version
    suffix = "_sb" if use_small_baselines else ""
    ps = ws.load(f"ps{version}")
    scla = ws.load(f"scla{suffix}{version}", ["K_ps_uw", "C_ps_uw", "ph_ramp"])
    log(f"Number of points per ifg: {ps['n_ps']}")
    edges = triangulate(ps["xy"][:, 1], ps["xy"][:, 2])
    log(f"Number of arcs per ifg={len(edges)}")

    k_ps_uw, lonely = clipped_to_neighbours(scla["K_ps_uw"], edges)
    c_ps_uw, _ = clipped_to_neighbours(scla["C_ps_uw"], edges)
    if lonely.any():
        log(f"{np.sum(lonely)} pixels without neighbours in the triangulation are left as they are", level=2)
    bperp = baseline_matrix(stored_baselines(ws, version), ps, small_baselines).astype(np.float32, copy=False)
    if small_baselines and not use_small_baselines:
        images = np.delete(np.arange(ps["n_image"]), ps["master_ix"])
        bperp = baselines_of_images(design_matrix(ps["ifgday_ix"], ps["n_image"]), images, bperp)
    ph_scla = k_ps_uw.astype(np.float32)[:, np.newaxis] * bperp
    content = {"K_ps_uw": k_ps_uw, "C_ps_uw": c_ps_uw, "ph_scla": ph_scla, "ph_ramp": scla.get("ph_ramp")}
    ws.save(f"scla_smooth{suffix}{version}", content)
    log.finish()


def clipped_to_neighbours(
    values: NDArray[np.floating[Any]], edges: NDArray[np.int64]
) -> tuple[NDArray[np.floating[Any]], NDArray[np.bool_]]:
    """Limit values to the range of the neighbours' values, compared in single precision.

    Parameters
    ----------
    values : ndarray of float, shape (n_ps,)
    edges : ndarray of int, shape (n_edge, 2)
        0-based pixels.

    Returns
    -------
    clipped : ndarray, shape (n_ps,)
        Same class; a NaN stays, replaced values have single precision.
    lonely : ndarray of bool, shape (n_ps,)
        Pixels without a neighbour that has a value: they keep their own. (The original made them infinite.)
    """
    single = values.astype(np.float32)
    lowest, highest = neighbour_range(edges, single)
    lonely = lowest > highest
    clipped = values.copy()
    for outside, limit in ((single > highest, highest), (single < lowest, lowest)):
        outside &= ~lonely
        clipped[outside] = limit[outside]
    return clipped, lonely
