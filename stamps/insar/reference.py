"""Which points lie in the reference area: arrays in, arrays out.

Source: docs/method/scla.md, section 3.
"""

import numpy as np

from stamps.insar.geometry import llh2local, longitudes_between

__all__ = ["between", "in_area"]


def between(values: np.ndarray, limits: np.ndarray) -> np.ndarray:
    """Whether values lie strictly between two limits; bool, same shape."""
    return (values > limits[0]) & (values < limits[1])


def in_area(
    lonlat: np.ndarray,
    ref_lon: np.ndarray,
    ref_lat: np.ndarray,
    centre: np.ndarray,
    radius: float,
    origin: np.ndarray,
) -> np.ndarray:
    """Whether points lie in the reference box and circle.

    Parameters
    ----------
    lonlat : ndarray, shape (n, 2)
        Degrees.
    ref_lon, ref_lat : ndarray, shape (2,)
        Open limits of the box in degrees; ``[179.9 -179.9]`` goes over the antimeridian.
    centre : ndarray, shape (2,)
        Centre of the circle in degrees.
    radius : float
        Radius in metres (inclusive); infinite means no circle.
    origin : ndarray, shape (2,)
        Origin of the local frame in degrees.

    Returns
    -------
    ndarray of bool, shape (n,)
    """
    inside = longitudes_between(lonlat[:, 0], ref_lon, strictly=True) & between(lonlat[:, 1], ref_lat)
    if radius < np.inf:
        metres = (llh2local(lonlat, origin) - llh2local(np.reshape(centre, (1, 2)), origin)) * 1000
        inside &= np.sqrt((metres**2).sum(axis=1)) <= radius
    return inside
