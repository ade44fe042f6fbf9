"""Step 5a: remove the pixel's own look-angle error and master noise from the wrapped phase of a patch.

Reads ``psver``, ``ps2`` (``n_ifg``, ``master_ix``), ``pm2`` (``K_ps``, ``C_ps``, ``ph_patch``), ``bp2`` and ``ph2``;
writes ``rc2`` (``ph_rc``, single master also ``ph_reref``) anew. Parameter: ``small_baseline_flag``.

Source: docs/method/merging.md, section 1; Hooper et al. (2007), J. Geophys. Res. 112, B07407.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.insar.observations import baseline_matrix
from stamps.insar.phase import insert_column, look_angle_phase, multiply, phasor
from stamps.workspace import Workspace
from stamps.workspace.locks import reserving
from stamps.workspace.log import Log
from stamps.workspace.parameters import Parameters
from stamps.workspace.stack_variables import load_phase, stored_baselines

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps._typing import StrPath


__all__ = ["ps_correct_phase"]


@reserving
def ps_correct_phase(workdir: Workspace | StrPath = ".") -> None:
    """Correct the phase of the selected pixels of one patch.

    Parameters
    ----------
    workdir : path-like or Workspace
        The patch directory, after step 4.

    Raises
    ------
    WorkspaceError
        A file of step 4 is missing.
    """
    ws = Workspace.at(workdir)
    log = Log(ws, "PS_CORRECT_PHASE")
    log.start()
    log("Correcting phase for look angle error...", level=2)
    small_baselines = Parameters(ws).flag("small_baseline_flag", log=True)
    version = ws.version
    ps = ws.load(f"ps{version}")
    pm = ws.load(f"pm{version}", ["K_ps", "C_ps", "ph_patch"])
    ph = load_phase(ws, ps, version)
    bperp = baseline_matrix(stored_baselines(ws, version), ps, small_baselines)

    if small_baselines:
        content = {"ph_rc": corrected_phase(ph, pm["K_ps"], None, bperp)}
    else:
        content = {
            "ph_rc": corrected_phase(ph, pm["K_ps"], pm["C_ps"], bperp),
            "ph_reref": insert_column(pm["ph_patch"], ps["master_ix"], 1),
        }
    ws.save(f"rc{version}", content, append=False)
    log.finish()


def corrected_phase(
    ph: NDArray[np.complex64],
    k_ps: NDArray[np.float64],
    c_ps: NDArray[np.float64] | None,
    bperp: NDArray[np.floating[Any]],
) -> NDArray[np.complex64]:
    """ph·exp(-j(K·B + C)) in single precision.

    Parameters
    ----------
    ph : ndarray of complex, shape (n_ps, n_ifg)
    k_ps : ndarray, shape (n_ps,)
        Look-angle error in rad/m.
    c_ps : ndarray, shape (n_ps,), or None
        Master noise in rad; None for pairs of images.
    bperp : ndarray, shape (n_ps, n_ifg)
        Perpendicular baselines in m.

    Returns
    -------
    ndarray of complex64, shape (n_ps, n_ifg)
    """
    return multiply(ph.astype(np.complex64, copy=False), phasor(-look_angle_phase(k_ps, c_ps, bperp)))
