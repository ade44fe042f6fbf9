"""Projects with noise that is smooth in space, and what the kriging filter makes of them."""

import numpy as np

from stamps.legacy.ps_scn_filt_krig import ps_scn_filt_krig


def scn_of(ws, **arguments):
    ps_scn_filt_krig(workdir=ws, **arguments)
    return ws.load("scn2")


def correlated(rng, distance, scale, n):
    """n columns of unit variance with exponential correlation along the rows."""
    return np.linalg.cholesky(np.exp(-distance / scale) + 1e-9 * np.eye(len(distance))) @ rng.normal(
        size=(len(distance), n)
    )
