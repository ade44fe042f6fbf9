"""Temporal filter of step 8: what remains of the phase of each pixel beside its weighted mean in time.

There is no compiled version: one product of matrices, which BLAS does faster than a compiled loop (one thread, 200 000
pixels of 50 dates: 0.31 s, Pythran 0.38 s). A GPU is used only when asked for.

Source: docs/method/scn.md, section 1.1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from stamps import native
from stamps.native.arrays import rows_at_once, to_host

if TYPE_CHECKING:
    from numpy.typing import NDArray


__all__ = ["high_pass"]


def high_pass(phase: NDArray[np.floating[Any]], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Phase minus its temporal low pass, relative to the first pixel.

    Parameters
    ----------
    phase : ndarray of float, shape (n_ps, n)
        Radians, one date per column.
    weights : ndarray of float64, shape (n, n)
        Row i: weights of all dates for date i.

    Returns
    -------
    ndarray of float64, shape (n_ps, n)
    """
    return native.run("high_pass", lambda xp: _high_pass_arrays(xp, phase, weights))


def _high_pass_arrays(xp: Any, phase: NDArray[np.floating[Any]], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    result = np.empty(phase.shape)
    reference, weights = (xp.asarray(array) for array in (phase[:1], weights))
    rows = rows_at_once(xp, 40 * max(phase.shape[1], 1), len(phase))
    for first in range(0, len(phase), rows):
        part = slice(first, first + rows)
        relative = xp.asarray(phase[part]).astype(np.float64) - reference
        result[part] = to_host(relative - relative @ weights.T)
    return result
