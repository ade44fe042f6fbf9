"""Fit of a model to the experimental variogram of scattered values. Pure function: reads and writes no files.

Source: docs/method/scn.md, section 4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stamps.steps.variograms import fit_variogram, variogram, variogram_values

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


__all__ = ["ps_fit_vario"]


def ps_fit_vario(
    x: ArrayLike,
    y: ArrayLike,
    z: ArrayLike,
    model: int,
    a0: float,
    c10: float,
    c20: float,
    max_lag: float | None = None,
    Nlags: int = 51,
    previous: tuple[int, float, float, float] | None = None,
) -> tuple[float, float, float, float, NDArray[np.float64]]:
    """Fit a variogram model by least squares with lower bounds of zero.

    Parameters
    ----------
    x, y, z : array_like, shape (n,)
        Coordinates and values.
    model : int
        2 exponential, 3 Gaussian, 4 spherical.
    a0, c10, c20 : float
        First range, partial sill and nugget.
    max_lag : float, optional
        Largest distance (default: the largest that there is, in 50 classes).
    Nlags : int
        Number of borders of the classes of distance.
    previous : (int, float, float, float), optional
        Model, range, partial sill and nugget of a variogram that is subtracted first.

    Returns
    -------
    a : float
        Range.
    b : float
        Always 0 (hole effect).
    c1, c2 : float
        Partial sill and nugget. All NaN if no pair of points is near enough.
    table : ndarray of float64, shape (n_bin, 3)
        Number of ordered pairs, experimental variogram, mid-point of each class of distance.
    """
    xy = np.column_stack([np.ravel(x), np.ravel(y)])
    count, gamma, h = variogram(xy, np.ravel(z), max_lag, Nlags)
    if previous is not None:
        kind, a, c1, c2 = previous
        gamma = gamma - variogram_values(kind, h, a, c1, c2)
    a, c1, c2 = fit_variogram(h, gamma[np.newaxis], model, (a0, c10, c20))[0]
    return float(a), 0.0, float(c1), float(c2), np.column_stack([count, gamma, h])
