"""Re-estimation of the coherence of selected pixels. Pure functions of step 3.

Source: docs/method/selection.md, sections 1 and 5; Hooper et al. (2007), J. Geophys. Res. 112, B07407.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.insar.observations import retained
from stamps.native.topofit import topofit

if TYPE_CHECKING:
    from numpy.typing import NDArray


__all__ = ["reestimated_coherence", "used_interferograms"]


def used_interferograms(ps: Mapping[str, Any], dropped: NDArray[np.int64], small_baselines: bool) -> NDArray[np.int64]:
    """Interferograms in use, counted from 0 without the master's column; ``dropped`` counts with it.

    Parameters
    ----------
    ps : dict
        ``n_ifg`` and ``master_ix`` (0-based) of ``ps1``.
    dropped : ndarray of int
        0-based numbers of interferograms left out.
    small_baselines : bool
        Pairs of images instead of one master.

    Returns
    -------
    ndarray of int64
    """
    used = retained(ps["n_ifg"], dropped)
    if small_baselines:
        return used
    master = ps["master_ix"]
    used = used[used != master]
    return used - (used > master)


def reestimated_coherence(
    ph: NDArray[np.complex64],
    ph_patch: NDArray[np.complex64],
    bperp_mat: NDArray[np.floating[Any]],
    used: NDArray[np.int64],
    n_trial_wraps: float,
) -> dict[str, Any]:
    """Look-angle error, offset, coherence and residuals of pixels against a patch phase.

    Parameters
    ----------
    ph : ndarray of complex64, shape (n, m)
        Wrapped phasors without the master.
    ph_patch : ndarray of complex64, shape (n, m)
        Filtered phasors, of any modulus.
    bperp_mat : ndarray, shape (n, m)
        Perpendicular baselines in metres.
    used : ndarray of int
        Columns that take part.
    n_trial_wraps : float
        Search range in cycles.

    Returns
    -------
    dict
        ``K_ps2``, ``C_ps2``, ``coh_ps2`` (float64, shape (n,)) and ``ph_res2`` (float32, shape (n, m), 0 in unused
        columns). K and coherence are NaN where any phasor is 0.
    """
    n, m = ph.shape
    values = {
        "ph_res2": np.zeros((n, m), dtype=np.float32),
        "K_ps2": np.full(n, np.nan),
        "C_ps2": np.zeros(n),
        "coh_ps2": np.full(n, np.nan),
    }
    phasors = ph * np.conj(ph_patch)
    good = np.flatnonzero(np.all(phasors != 0, axis=1))
    if good.size and used.size:
        phasors = phasors[good]
        phasors /= np.abs(phasors)
        slope, offset, coherence, residual = topofit(phasors[:, used], bperp_mat[good][:, used], n_trial_wraps)
        values["K_ps2"][good] = slope
        values["C_ps2"][good] = offset
        values["coh_ps2"][good] = coherence
        values["ph_res2"][np.ix_(good, used)] = np.angle(residual)
    return values
