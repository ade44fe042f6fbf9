"""Rotation of a tectonic plate: what its rigid motion adds to the velocities of stations.

Source: docs/method/gnss.md, section 5.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from stamps.errors import ParameterError
from stamps.insar.constants import WGS84_FIRST_ECCENTRICITY_SQUARED, WGS84_SEMI_MAJOR

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["PLATES", "plate_velocity", "rotation_of"]

_MAS = np.pi / 180 / 3_600_000  # radians
_FASTEST = 10.0  # degrees per million years

#: Rotation of plates in ITRF2014 about the axes X, Y, Z, milliarcseconds per year (Altamimi et al. 2017, table 1).
PLATES: Mapping[str, tuple[float, float, float]] = {
    "antarctica": (-0.248, -0.324, 0.675),
    "arabia": (1.154, -0.136, 1.444),
    "australia": (1.510, 1.182, 1.215),
    "eurasia": (-0.085, -0.531, 0.770),
    "india": (1.154, -0.005, 1.454),
    "nazca": (-0.333, -1.544, 1.623),
    "north-america": (0.024, -0.694, -0.063),
    "nubia": (0.099, -0.614, 0.733),
    "pacific": (-0.409, 1.047, -2.169),
    "south-america": (-0.270, -0.301, -0.140),
    "somalia": (-0.121, -0.794, 0.884),
}


def rotation_of(plate: str | None = None, pole: ArrayLike | None = None) -> NDArray[np.float64]:
    """Rotation of a plate about the axes of the Earth-fixed frame.

    Parameters
    ----------
    plate : str, optional
        A key of :data:`PLATES`.
    pole : array_like, shape (3,), optional
        Or latitude and longitude of the pole (degrees), and the rate (degrees per million years, positive anticlockwise).

    Returns
    -------
    ndarray, shape (3,)
        Radians per year.

    Raises
    ------
    ParameterError
        A plate that is not known, a pole that is none, or both.
    """
    if (plate is None) == (pole is None):
        raise ParameterError("The motion of a plate is that of its name or of a pole: give one of them.")
    if plate is not None:
        name = plate.strip().lower().replace(" ", "-").replace("_", "-")
        if name not in PLATES:
            raise ParameterError(f"The plate '{plate}' is unknown: {', '.join(PLATES)}, or give a pole.")
        return _MAS * np.array(PLATES[name])
    numbers = np.ravel(np.asarray(pole, dtype=np.float64))
    if numbers.size != 3 or not np.isfinite(numbers).all() or abs(numbers[0]) > 90 or abs(numbers[1]) > 360:
        raise ParameterError(
            f"The pole {numbers.tolist()} is none: give latitude, longitude (degrees) and degrees per million years."
        )
    if abs(numbers[2]) > _FASTEST:
        raise ParameterError(
            f"The pole turns {numbers[2]:g} degrees per million years, but plates turn by 1 or so: is it another unit?"
        )
    lat, lon = np.radians(numbers[:2])
    axis = np.array([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
    found: NDArray[np.float64] = axis * np.radians(numbers[2]) / 1e6
    return found


def plate_velocity(lonlat: ArrayLike, rotation: ArrayLike) -> NDArray[np.float64]:
    """Velocity of places that turn with a plate.

    Parameters
    ----------
    lonlat : array_like, shape (n, 2)
        Degrees, on the ellipsoid.
    rotation : array_like, shape (3,)
        Radians per year (:func:`rotation_of`).

    Returns
    -------
    ndarray, shape (n, 3)
        East, north, up, mm/yr; up differs from 0 by the flattening of the Earth.
    """
    lon, lat = np.radians(np.asarray(lonlat, dtype=np.float64)).T
    normal = WGS84_SEMI_MAJOR / np.sqrt(1 - WGS84_FIRST_ECCENTRICITY_SQUARED * np.sin(lat) ** 2)
    up = np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=1)
    place = normal[:, None] * up * np.array([1, 1, 1 - WGS84_FIRST_ECCENTRICITY_SQUARED])
    east = np.stack([-np.sin(lon), np.cos(lon), np.zeros_like(lon)], axis=1)
    moved = 1000 * np.cross(np.asarray(rotation, dtype=np.float64), place)
    axes = (east, np.cross(up, east), up)
    return np.stack([(moved * axis).sum(axis=1) for axis in axes], axis=1)
