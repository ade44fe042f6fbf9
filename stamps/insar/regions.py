"""Which points lie inside a polygon."""

import numpy as np

from stamps.insar.geometry import without_jump, wrapped_longitude

__all__ = ["inside_polygon"]


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
