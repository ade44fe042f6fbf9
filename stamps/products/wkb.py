"""Points in well-known binary form, as geodata libraries take them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.insar.geometry import within_180

if TYPE_CHECKING:
    from numpy.typing import NDArray


__all__ = ["WKB_POINT", "points_as_wkb", "wkb_points"]

#: One point: little-endian, kind 1, x and y.
WKB_POINT = np.dtype([("order", "u1"), ("kind", "<u4"), ("x", "<f8"), ("y", "<f8")])


def wkb_points(lonlat: NDArray[np.float64]) -> NDArray[Any]:
    """Points as one block of memory.

    Parameters
    ----------
    lonlat : ndarray, shape (n, 2)
        Degrees; longitudes become -180 … 180.

    Returns
    -------
    ndarray of :data:`WKB_POINT`, shape (n,)
    """
    points = np.empty(len(lonlat), WKB_POINT)
    points["order"], points["kind"] = 1, 1
    points["x"], points["y"] = within_180(lonlat).T
    return points


def points_as_wkb(lonlat: NDArray[np.float64]) -> NDArray[np.object_]:
    """Points as single objects.

    Parameters
    ----------
    lonlat : ndarray, shape (n, 2)

    Returns
    -------
    ndarray of object (bytes), shape (n,)
    """
    return wkb_points(lonlat).view(f"V{WKB_POINT.itemsize}").astype(object)
