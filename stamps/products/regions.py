"""Which points lie inside a polygon."""

import numpy as np

__all__ = ["inside_polygon"]


def inside_polygon(points, corners):
    """Whether points lie inside a polygon (even-odd rule).

    Parameters
    ----------
    points : ndarray, shape (n, 2)
    corners : ndarray, shape (m, 2)
        Closed or not.

    Returns
    -------
    ndarray of bool, shape (n,)
        Points on the border may count either way.
    """
    x, y = np.asarray(points, np.float64).T
    inside = np.zeros(x.shape, bool)
    for (x1, y1), (x2, y2) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        crosses = (y1 > y) != (y2 > y)
        with np.errstate(divide="ignore", invalid="ignore"):
            inside ^= crosses & (x < x1 + (y - y1) * (x2 - x1) / (y2 - y1))
    return inside
