"""Step 5c: noise level of every interferogram.

Reads ``psver``, ``ps2``, ``pm2`` (``ph_patch``, ``K_ps``, ``C_ps``), ``bp2``, ``ph2``; writes ``ifgstd2`` (``ifg_std``
in degrees) anew. Parameter: ``small_baseline_flag``.

Source: docs/method/merging.md, section 3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.insar.observations import baseline_matrix
from stamps.insar.phase import angle, insert_column, look_angle_phase, multiply, phasor
from stamps.matlab.dates import datestr
from stamps.matlab.statistics import sum_single
from stamps.workspace import Workspace
from stamps.workspace.locks import reserving
from stamps.workspace.log import Log
from stamps.workspace.parameters import Parameters
from stamps.workspace.stack_variables import load_phase, stored_baselines

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps._typing import StrPath


__all__ = ["ps_calc_ifg_std"]


@reserving
def ps_calc_ifg_std(workdir: Workspace | StrPath = ".") -> None:
    """Calculate the noise standard deviation of every interferogram about the patch phase.

    Parameters
    ----------
    workdir : path-like or Workspace
        The project directory (or a single patch) after :func:`stamps.legacy.ps_merge_patches.ps_merge_patches`.
    """
    ws = Workspace.at(workdir)
    log = Log(ws, "PS_CALC_IFG_STD")
    log("Estimating noise standard deviation (in degrees)...", level=2)
    small_baselines = Parameters(ws).flag("small_baseline_flag")
    version = ws.version
    ps = ws.load(f"ps{version}")
    pm = ws.load(f"pm{version}", ["ph_patch", "K_ps", "C_ps"])
    ph = load_phase(ws, ps, version)
    bperp = baseline_matrix(stored_baselines(ws, version), ps, small_baselines)

    if small_baselines:
        ifg_std = phase_std(ph, pm["ph_patch"], pm["K_ps"], None, bperp)
    else:
        ph_patch = insert_column(pm["ph_patch"], ps["master_ix"], 1)
        ifg_std = phase_std(ph, ph_patch, pm["K_ps"], pm["C_ps"], bperp)
    for line in table(ps, ifg_std, small_baselines):
        log(line, level=2)
    ws.save(f"ifgstd{version}", {"ifg_std": ifg_std}, append=False)


def phase_std(
    ph: NDArray[np.complexfloating[Any, Any]],
    ph_patch: NDArray[np.complexfloating[Any, Any]],
    k_ps: NDArray[np.float64],
    c_ps: NDArray[np.float64] | None,
    bperp: NDArray[np.floating[Any]],
) -> NDArray[np.float32]:
    """Root mean square of the phase about patch phase and look-angle error, per interferogram.

    Parameters
    ----------
    ph, ph_patch : ndarray of complex, shape (n_ps, n_ifg)
    k_ps : ndarray, shape (n_ps,)
        rad/m.
    c_ps : ndarray, shape (n_ps,), or None
        rad; None for pairs of images.
    bperp : ndarray, shape (n_ps, n_ifg)
        m.

    Returns
    -------
    ndarray of float32, shape (n_ifg,)
        Degrees; no mean is removed, so a NaN of one pixel makes the interferogram NaN.
    """
    result = np.empty(ph.shape[1], np.float32)
    for i in range(ph.shape[1]):  # one column at a time bounds the memory
        model = phasor(-look_angle_phase(k_ps, c_ps, bperp[:, i : i + 1])[:, 0])
        observed = multiply(ph[:, i], ph_patch[:, i].conj()).astype(np.complex64)
        noise = angle(multiply(observed, model))
        result[i] = np.sqrt(sum_single(noise**2) / ph.shape[0]) * 180 / np.pi
    return result


def table(ps: Any, ifg_std: NDArray[np.float32], small_baselines: bool) -> list[str]:
    """One line per interferogram: number, date or dates, standard deviation in degrees with two decimals."""
    if small_baselines:
        names = [f"{datestr(first)}_{datestr(second)}" for first, second in ps["ifgday"]]
    else:
        names = [datestr(day) for day in ps["day"]]
    return [f"{i:3d} {name} {std:3.2f}" for i, (name, std) in enumerate(zip(names, ifg_std, strict=True), 1)]
