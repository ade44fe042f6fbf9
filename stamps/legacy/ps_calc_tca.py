"""Estimate a tropospheric correction that is linear in height, from phases and heights inside chosen bounds.

Reads ``psver``, ``ps2``, ``hgt2``, ``phuw2`` and ``scla2`` (small baselines: ``phuw_sb2`` and ``scla_sb2``); adds
``strat_corr`` to ``tca2`` (``tca_sb2``), the correction ``'a_linear-man'``. Parameters: ``small_baseline_flag``,
``drop_ifg_index``.

Source: docs/method/products.md, section 4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stamps.errors import InputError, NoPixelsError, WorkspaceError
from stamps.products.quantities import Project
from stamps.workspace import freshness
from stamps.workspace.locks import reserving
from stamps.workspace.log import Log

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from stamps._typing import StrPath
    from stamps.workspace import Workspace


__all__ = ["ps_calc_tca"]

_VARIABLE = "strat_corr"


@reserving
def ps_calc_tca(
    ifg_list: ArrayLike, height_range: ArrayLike, phase_range: ArrayLike, workdir: Workspace | StrPath = "."
) -> NDArray[np.float64]:
    """Fit slopes of phase over height.

    Parameters
    ----------
    ifg_list : array_like of int
        Interferograms to correct, counted from 1; the others get zero.
    height_range, phase_range : array_like, shape (2,) or (k, 2)
        Bounds in m and in rad of the pixels that count (the bounds do not belong to it), for all interferograms or one
        row for each.
    workdir : path-like or Workspace

    Returns
    -------
    ndarray of float64, shape (k,)
        Slopes in rad/m.

    Raises
    ------
    InputError
        An interferogram is dropped or does not exist, or bounds are no pairs.
    NoPixelsError
        Fewer than two heights are inside the bounds.

    Examples
    --------
    >>> from stamps import ps_calc_tca
    >>> ps_calc_tca([2, 3], [0, 500], [-10, 10]).shape  # a slope for each
    (2,)
    """
    project = Project.at(workdir, stale=freshness.warn)
    log = Log(project.ws, "PS_CALC_TCA")
    log.start()
    pairs = project.small_baselines
    ifgs = np.atleast_1d(np.asarray(ifg_list, np.int64)) - 1
    gone = np.setdiff1d(ifgs, project.retained_ifgs())
    if gone.size:
        raise InputError(f"ps_calc_tca: interferogram {gone[0] + 1} does not exist or is dropped: choose others.")
    phase = _phase(project, pairs)
    height = project.load("hgt")["hgt"]
    if height is None or len(height) != len(phase):
        raise WorkspaceError(f"{project.ws.path} has no heights: its preparation had no DEM.")
    heights, phases = _rows(height_range, ifgs.size, "height"), _rows(phase_range, ifgs.size, "phase")
    correction = np.zeros(phase.shape)
    slopes = np.empty(ifgs.size)
    for k, ifg in enumerate(ifgs):
        slopes[k] = slope_inside(height, phase[:, ifg], heights[k], phases[k], ifg + 1)
        correction[:, ifg] = slopes[k] * height
        log(f"Ifg {ifg + 1}: {slopes[k]:g} rad/m", level=2)
    project.ws.save(project.file("tca", pairs), {_VARIABLE: correction})
    log.finish()
    return slopes


def slope_inside(
    height: NDArray[np.float64],
    phase: NDArray[np.float32],
    height_bounds: NDArray[np.float64],
    phase_bounds: NDArray[np.float64],
    number: int = 1,
) -> float:
    """Slope of the line through the pixels inside a rectangle of heights and phases.

    Parameters
    ----------
    height, phase : ndarray, shape (n_ps,)
        Metres, radians.
    height_bounds, phase_bounds : array_like, shape (2,)
        The bounds do not belong to it.
    number : int
        Of the interferogram, for messages.

    Returns
    -------
    float
        rad/m.
    """
    inside = (height > height_bounds[0]) & (height < height_bounds[1])
    inside &= (phase > phase_bounds[0]) & (phase < phase_bounds[1])
    design = np.column_stack([height[inside], np.ones(inside.sum())]).astype(np.float64)
    if np.unique(design[:, 0]).size < 2:
        raise NoPixelsError(f"Interferogram {number}: fewer than two heights are inside the bounds: widen them.")
    centred = design[:, 0] - design[:, 0].mean()
    return float(centred @ phase[inside].astype(np.float64) / (centred @ centred))


def _phase(project: Project, pairs: bool) -> NDArray[np.float32]:
    """Unwrapped phase without the look-angle error, where that is known."""
    phase = project.load("phuw", pairs)["ph_uw"]
    name = project.file("scla", pairs)
    return phase - project.ws.load(name)["ph_scla"] if project.ws.exists(name) else phase


def _rows(bounds: ArrayLike, n: int, what: str) -> NDArray[np.float64]:
    rows = np.asarray(bounds, np.float64)
    if rows.shape == (2,):
        rows = np.tile(rows, (n, 1))
    if rows.shape != (n, 2) or not (rows[:, 0] < rows[:, 1]).all():
        raise InputError(f"ps_calc_tca: the {what} bounds should be a lower and an upper one, or {n} rows of them.")
    return rows
