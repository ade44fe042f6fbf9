"""``local2llh``: local coordinates to longitude and latitude (polyconic projection).

Source: docs/method/loading.md, section 3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stamps.errors import InputError
from stamps.insar import geometry

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


__all__ = ["local2llh"]


def local2llh(xy: ArrayLike, origin: tuple[float, float]) -> NDArray[np.float64]:
    """Longitude and latitude of points given in a local frame.

    Parameters
    ----------
    xy : (2, n) array_like
        East and north in km, one column per point.
    origin : array_like of 2 or 3 numbers
        Longitude and latitude of the origin in degrees.

    Returns
    -------
    (2, n) float64 array
        Longitude and latitude in degrees.

    Raises
    ------
    InputError
        ``xy`` has not two rows, or the iteration does not converge.

    Examples
    --------
    >>> from stamps import llh2local, local2llh
    >>> local2llh(llh2local([14.21, 40.81], [14.2, 40.8]), [14.2, 40.8]).round(6)
    array([[14.21],
           [40.81]])
    """
    xy = np.atleast_2d(np.asarray(xy, dtype=np.float64))
    if xy.shape == (1, 2):
        xy = xy.T  # one point given as a plain list
    if xy.shape[0] != 2:
        raise InputError(f"local2llh needs rows x and y in km, but got an array of shape {xy.shape}.")
    return geometry.local2llh(xy.T, origin).T
