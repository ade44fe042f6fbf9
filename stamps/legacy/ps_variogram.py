"""Values and derivatives of variogram models. Pure function: reads and writes no files.

Source: docs/method/scn.md, section 4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stamps.steps.variograms import EXPONENTIAL, variogram_derivatives, variogram_values

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


__all__ = ["ps_variogram"]


def ps_variogram(
    model: int, h: NDArray[np.float64], a: float, c1: float, c2: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Evaluate a variogram model.

    Parameters
    ----------
    model : int
        2 exponential, 3 Gaussian, 4 spherical; 5 counts as 2.
    h : array_like, shape (n,)
        Distances above zero.
    a, c1, c2 : float
        Range, partial sill and nugget.

    Returns
    -------
    gamma : ndarray of float64, shape (n,)
        c1·f(h/a) + c2.
    derivatives : ndarray of float64, shape (n, 3)
        By a, c1 and c2.

    Raises
    ------
    InputError
        There is no such model.

    Examples
    --------
    >>> from stamps import ps_variogram
    >>> values, derivatives = ps_variogram(2, np.array([0.0, 1.0, 2.0]), 2.0, 0.1, 1.0)
    >>> values.round(3)
    array([1.   , 1.039, 1.063])
    """
    kind = EXPONENTIAL if model == 5 else model
    return variogram_values(kind, h, a, c1, c2), variogram_derivatives(kind, h, a, c1, c2)
