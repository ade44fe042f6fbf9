"""Kriging of points from scattered data. Pure function: reads and writes no files.

Source: docs/method/scn.md, section 3.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from stamps.steps.kriging import krige

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


__all__ = ["ps_kriging"]


def ps_kriging(
    x: ArrayLike, x0: ArrayLike, Nmax: int, dx_max: int, method: int, model: Sequence[list[float]]
) -> tuple[NDArray[np.float64], NDArray[np.float64], float, float, float]:
    """Krige the value at targets.

    Parameters
    ----------
    x : array_like, shape (n, 3)
        Data: rows (coordinate 1, coordinate 2, value).
    x0 : array_like, shape (n_target, 2)
        Targets.
    Nmax : int
        Number of nearest data that are used.
    dx_max : float
        Only data nearer than this to the mean target are used; 0: all data.
    method : int
        1 simple, 2 ordinary, 4 universal (linear drift); fewer than three data: always 2.
    model : array_like, shape (n_model, 3)
        Rows (type, range, sill); types 1 nugget, 2 exponential, 3 Gaussian, 4 spherical.

    Returns
    -------
    estimate, variance : ndarray of float64, shape (n_target,)
    min_distance, mean_distance : float
        Of the used data to the mean target.
    n_in_range : float
        Number of used data nearer than the range of the second model row.
        All NaN, with a warning, where nothing could be estimated (no data, or a range of zero).

    Raises
    ------
    InputError
        Methods 3 and 5 are not implemented; there is no such model.
    """
    result = krige(x, x0, Nmax, dx_max, method, model)
    if np.isnan(result.value).any():
        warnings.warn("Kriging gave no number: no data within the radius, or a model without range.", stacklevel=2)
    return result.value, result.variance, result.nearest, result.mean_distance, result.n_in_range
