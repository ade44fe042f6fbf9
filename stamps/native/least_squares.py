"""One linear model, as many right-hand sides as there are pixels, solved by (generalised) least squares.

There is no compiled version: the model is factored once and multiplied by all pixels, which BLAS does faster than a
compiled loop (see :mod:`stamps.native.high_pass`). A GPU is used only when asked for, since every number goes over the
bus for a few multiplications.

Source: docs/method/scla.md, section 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from stamps import native
from stamps.matlab.linalg import lscov
from stamps.native.arrays import rows_at_once, to_host

if TYPE_CHECKING:
    from numpy.typing import NDArray


__all__ = ["least_squares"]


def least_squares(
    design: NDArray[np.float64], observed: NDArray[np.floating[Any]], covariance: NDArray[np.float64] | None = None
) -> NDArray[np.floating[Any]]:
    """Solve one model for many right-hand sides; see :func:`stamps.matlab.linalg.lscov`.

    Parameters
    ----------
    design : ndarray, shape (m, k)
    observed : ndarray, shape (m, n)
        One column per pixel; NaN makes a solution NaN.
    covariance : ndarray, shape (m, m), optional
        Of the observations.

    Returns
    -------
    ndarray, shape (k, n)
        float32 if an operand is, else float64.
    """

    def arrays(xp: Any) -> NDArray[np.floating[Any]]:
        if xp is np:
            return lscov(design, observed, covariance=covariance)
        return _with_operator(xp, design, observed, covariance)

    return native.run("least_squares", arrays)


def _with_operator(
    xp: Any, design: NDArray[np.float64], observed: NDArray[np.floating[Any]], covariance: NDArray[np.float64] | None
) -> NDArray[np.floating[Any]]:
    """Array version for a device: the solution is linear in the observations, so unit vectors give its matrix."""
    operator = xp.asarray(lscov(design, np.eye(len(design)), covariance=covariance).astype(np.float64))
    single = any(array is not None and array.dtype == np.float32 for array in (design, observed, covariance))
    solution = np.empty((len(operator), observed.shape[1]), dtype=np.float32 if single else np.float64)
    columns = rows_at_once(xp, 24 * len(design), 1)
    for first in range(0, observed.shape[1], columns):
        part = slice(first, first + columns)
        solution[:, part] = to_host(operator @ xp.asarray(observed[:, part]).astype(np.float64))
    return solution
