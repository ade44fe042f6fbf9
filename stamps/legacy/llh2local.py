"""``llh2local``: longitude and latitude to local coordinates (polyconic projection).

Source: docs/method/loading.md, section 2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stamps.errors import InputError
from stamps.insar import geometry

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


__all__ = ["llh2local"]


def llh2local(llh: ArrayLike, origin: tuple[float, float]) -> NDArray[np.float64]:
    """Project longitude and latitude to a local frame.

    Parameters
    ----------
    llh : (2, n) or (3, n) array_like
        Longitude and latitude in degrees, one column per point; a third row (height) is ignored.
    origin : array_like of 2 or 3 numbers
        Longitude and latitude of the origin in degrees.

    Returns
    -------
    (2, n) float64 array
        East and north in km.

    Raises
    ------
    InputError
        ``llh`` has not two or three rows.

    Examples
    --------
    >>> from stamps import llh2local
    >>> llh2local([[14.2, 14.21], [40.8, 40.81]], [14.2, 40.8]).round(3)
    array([[0.   , 0.844],
           [0.   , 1.111]])
    """
    llh = np.atleast_2d(np.asarray(llh, dtype=np.float64))
    if llh.shape[0] == 1 and llh.shape[1] in (2, 3):
        llh = llh.T  # one point given as a plain list
    if llh.shape[0] not in (2, 3):
        raise InputError(f"llh2local needs rows longitude, latitude (, height), but got an array of shape {llh.shape}.")
    return geometry.llh2local(llh[:2].T, origin).T
