"""Coordinates of Europe's grid, EPSG:3035 (Lambert azimuthal equal-area, ETRS89 taken as WGS 84).

Source: docs/method/decomposition.md, section 5; docs/method/egms.md, section 2; EPSG guidance note 7-2, section 3.4.1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stamps.errors import InputError
from stamps.insar.constants import WGS84_SEMI_MAJOR

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["from_laea", "to_laea"]

_A, _F = WGS84_SEMI_MAJOR, 1 / 298.257222101  # GRS 80 has the axis of WGS 84
_E2 = _F * (2 - _F)
_E = np.sqrt(_E2)
_LAT0, _LON0 = np.radians(52.0), np.radians(10.0)
_EASTING, _NORTHING = 4321000.0, 3210000.0
_WEST, _EAST, _SOUTH, _NORTH = -35.58, 44.83, 24.6, 84.73  # where the frame is meant to be used


def _q(lat: NDArray[np.float64] | float) -> NDArray[np.float64]:
    s = np.sin(lat)
    found: NDArray[np.float64] = (1 - _E2) * (s / (1 - _E2 * s**2) - np.log((1 - _E * s) / (1 + _E * s)) / (2 * _E))
    return found


_QP = _q(np.pi / 2)
_R = _A * np.sqrt(_QP / 2)
_BETA0 = np.arcsin(_q(_LAT0) / _QP)
_D = _A * np.cos(_LAT0) / np.sqrt(1 - _E2 * np.sin(_LAT0) ** 2) / (_R * np.cos(_BETA0))


def to_laea(lonlat: ArrayLike) -> NDArray[np.float64]:
    """Easting and northing.

    Parameters
    ----------
    lonlat : array_like, shape (n, 2)
        Degrees.

    Returns
    -------
    ndarray, shape (n, 2)
        Metres.

    Raises
    ------
    InputError
        A place is outside of Europe.
    """
    places = np.asarray(lonlat, dtype=np.float64)
    lon = (places[:, 0] + 180) % 360 - 180
    known = np.isfinite(places).all(axis=1)
    inside = (lon >= _WEST) & (lon <= _EAST) & (places[:, 1] >= _SOUTH) & (places[:, 1] <= _NORTH)
    if not inside[known].all():
        raise InputError("EPSG:3035, the frame of EGMS, is for Europe, but the scene lies elsewhere.")
    beta, turn = np.arcsin(_q(np.radians(places[:, 1])) / _QP), np.radians(lon) - _LON0
    with np.errstate(invalid="ignore"):
        b = _R * np.sqrt(2 / (1 + np.sin(_BETA0) * np.sin(beta) + np.cos(_BETA0) * np.cos(beta) * np.cos(turn)))
    east = _EASTING + b * _D * np.cos(beta) * np.sin(turn)
    north = _NORTHING + b / _D * (np.cos(_BETA0) * np.sin(beta) - np.sin(_BETA0) * np.cos(beta) * np.cos(turn))
    return np.stack([east, north], axis=1)


def from_laea(places: ArrayLike) -> NDArray[np.float64]:
    """Longitude and latitude (degrees, shape (n, 2)) of eastings and northings (metres)."""
    east, north = (np.asarray(places, dtype=np.float64) - [_EASTING, _NORTHING]).T
    x, y = east / _D, north * _D
    rho = np.hypot(x, y)
    c = 2 * np.arcsin(rho / (2 * _R))
    safe = np.where(rho > 0, rho, 1)
    beta = np.where(rho > 0, np.arcsin(np.cos(c) * np.sin(_BETA0) + y * np.sin(c) * np.cos(_BETA0) / safe), _BETA0)
    lon = _LON0 + np.arctan2(x * np.sin(c), rho * np.cos(_BETA0) * np.cos(c) - y * np.sin(_BETA0) * np.sin(c))
    e2, e4, e6 = _E2, _E2**2, _E2**3
    lat = (
        beta
        + (e2 / 3 + 31 * e4 / 180 + 517 * e6 / 5040) * np.sin(2 * beta)
        + (23 * e4 / 360 + 251 * e6 / 3780) * np.sin(4 * beta)
        + 761 * e6 / 45360 * np.sin(6 * beta)
    )
    return np.degrees(np.stack([lon, lat], axis=1))
