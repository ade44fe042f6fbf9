"""Which points lie inside a polygon."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stamps.errors import InputError, NoPixelsError
from stamps.insar.geometry import without_jump, wrapped_longitude

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["inside_polygon", "pixels_inside"]


def pixels_inside(lonlat: NDArray[np.float64], polygon: ArrayLike | None, what: str) -> NDArray[np.bool_]:
    """Which pixels lie in a polygon that is named in messages; some must.

    Parameters
    ----------
    lonlat : ndarray, shape (n, 2)
        Degrees.
    polygon : array_like, shape (m, 2), or None
        Corners, at least three.
    what : str
        Its name.

    Raises
    ------
    InputError
        It is no polygon.
    NoPixelsError
        No pixel is inside.
    """
    try:
        corners = np.asarray([] if polygon is None else polygon, np.float64)
    except (TypeError, ValueError):
        corners = np.zeros(0)
    if corners.ndim != 2 or corners.shape[1] != 2 or len(corners) < 3 or not np.isfinite(corners).all():
        raise InputError(f"The {what} needs at least three corners, each a longitude and a latitude.")
    inside = inside_polygon(lonlat, corners)
    if not inside.any():
        raise NoPixelsError(f"No pixel is inside the {what}: its corners are longitudes and latitudes in degrees.")
    return inside


def inside_polygon(points: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """Whether points lie inside a polygon (even-odd rule).

    Parameters
    ----------
    points : ndarray, shape (n, 2)
        Longitude and latitude in degrees.
    corners : ndarray, shape (m, 2)
        Closed or not; the polygon may lie across the antimeridian, and points may count their longitudes in another way.

    Returns
    -------
    ndarray of bool, shape (n,)
        Points on the border may count either way.
    """
    corners = without_jump(corners)
    x, y = np.asarray(points, np.float64).T
    x = wrapped_longitude(x, (corners[:, 0].min() + corners[:, 0].max()) / 2)
    inside = np.zeros(x.shape, bool)
    for (x1, y1), (x2, y2) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        crosses = (y1 > y) != (y2 > y)
        with np.errstate(divide="ignore", invalid="ignore"):
            inside ^= crosses & (x < x1 + (y - y1) * (x2 - x1) / (y2 - y1))
    return inside
