"""Orbits and zero-Doppler geometry: where a pixel lies, its look angle, perpendicular baselines. Pure array functions.

Earth-fixed Cartesian coordinates in metres, seconds. The ground is an ellipsoid whose semi-axes are those of WGS84 plus
the height. Look angle and baselines refer to the frame of the satellite: t along the velocity, n towards the centre of
the Earth, c to the side it looks to (right); so they mean what the headers of Gamma and SNAP mean.

References
----------
Curlander & McDonough (1991), Synthetic Aperture Radar: Systems and Signal Processing, chapter 8 (geolocation).

Source: docs/method/loading.md, sections 4 and 6.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.interpolate import KroghInterpolator

from stamps.errors import InputError
from stamps.insar.constants import WGS84_SEMI_MAJOR, WGS84_SEMI_MINOR

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


__all__ = ["Orbit", "bearing", "locate", "look_angle", "perpendicular_baseline", "zero_doppler_time"]

_MAX_POINTS = 8  # state vectors of one interpolation
_MAX_ITERATIONS = 30
_METRE_TOLERANCE, _SECOND_TOLERANCE = 1e-4, 1e-9


class Orbit:
    """Path of a satellite: the polynomial through the state vectors nearest to a time.

    Parameters
    ----------
    time : (n,) array
        Seconds.
    position : (n, 3) array
        Metres.
    around : float
        Time of interest, in seconds.

    Raises
    ------
    InputError
        Fewer than four state vectors, repeated times, or the time of interest lies outside of them.
    """

    def __init__(self, time: NDArray[np.float64], position: NDArray[np.float64], around: float) -> None:
        time, position = np.asarray(time, dtype=np.float64), np.asarray(position, dtype=np.float64)
        order = np.argsort(time)
        time, position = time[order], position[order]
        if time.size < 4 or np.any(np.diff(time) <= 0):
            raise InputError(f"An orbit needs four state vectors of different times, but {time.size} are given.")
        if not time[0] <= around <= time[-1]:
            raise InputError(
                f"The orbit covers {time[0]:.3f} to {time[-1]:.3f} s of the day, but the image is of {around:.3f} s."
            )
        nearest = np.sort(np.argsort(np.abs(time - around), kind="stable")[:_MAX_POINTS])
        self.middle = float(around)
        self._path = KroghInterpolator(time[nearest] - self.middle, position[nearest])

    def state(self, time: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Position (m), velocity (m/s) and acceleration (m/s²) at times in seconds: three (n, 3) arrays."""
        return tuple(self._path.derivatives(np.atleast_1d(time) - self.middle, der=3))


def locate(orbit: Orbit, time: ArrayLike, distance: ArrayLike, height: ArrayLike) -> NDArray[np.float64]:
    """Ground points that a right-looking satellite sees at zero Doppler.

    Parameters
    ----------
    orbit : Orbit
    time, distance, height : (n,) arrays
        Azimuth time (s), slant range (m), height above the ellipsoid (m).

    Returns
    -------
    (n, 3) float64 array
        Metres.

    Raises
    ------
    InputError
        A slant range does not reach the ground.
    """
    time, distance, height = np.broadcast_arrays(*(np.asarray(a, dtype=np.float64) for a in (time, distance, height)))
    satellite, velocity, _ = orbit.state(time)
    scale = 1 / np.column_stack([WGS84_SEMI_MAJOR + height, WGS84_SEMI_MAJOR + height, WGS84_SEMI_MINOR + height]) ** 2
    along, across, down = _frame(satellite, velocity)
    look = _spherical_look(satellite, distance, height)
    point = satellite + distance[:, None] * (np.sin(look)[:, None] * across + np.cos(look)[:, None] * down)
    for _ in range(_MAX_ITERATIONS):
        ray = point - satellite
        residual = np.stack(
            [
                np.sum(ray * along, axis=1),
                (np.sum(ray * ray, axis=1) - distance**2) / (2 * distance),
                (np.sum(point * point * scale, axis=1) - 1) * WGS84_SEMI_MAJOR / 2,
            ],
            axis=1,
        )
        jacobian = np.stack([along, ray / distance[:, None], point * scale * WGS84_SEMI_MAJOR], axis=1)
        try:
            step = np.linalg.solve(jacobian, residual[:, :, None])[:, :, 0]
        except np.linalg.LinAlgError:
            break
        point = point - step
        if np.abs(step).max(initial=0) < _METRE_TOLERANCE:
            return point
    raise InputError("Range and orbit do not meet the ground: the orbit or the range times of the header are wrong.")


def zero_doppler_time(orbit: Orbit, point: NDArray[np.float64]) -> NDArray[np.float64]:
    """Time of closest approach of a satellite to ground points, (n,) float64 seconds.

    Parameters
    ----------
    orbit : Orbit
    point : (n, 3) array
        Metres.

    Raises
    ------
    InputError
        The orbit never passes the points.
    """
    time = np.full(len(point), orbit.middle)
    for _ in range(_MAX_ITERATIONS):
        satellite, velocity, acceleration = orbit.state(time)
        ray = point - satellite
        slope = np.sum(ray * acceleration, axis=1) - np.sum(velocity * velocity, axis=1)
        step = np.sum(ray * velocity, axis=1) / slope
        time = time - step
        if np.abs(step).max(initial=0) < _SECOND_TOLERANCE:
            return time
    raise InputError("An orbit does not pass the scene: it belongs to another image.")


def look_angle(satellite: NDArray[np.float64], point: NDArray[np.float64]) -> NDArray[np.float64]:
    """Angle between the direction to the centre of the Earth and to ground points, (n,) float64 radians."""
    ray = point - satellite
    cosine = -np.sum(ray * satellite, axis=1) / np.linalg.norm(ray, axis=1) / np.linalg.norm(satellite, axis=1)
    return np.arccos(cosine)


def perpendicular_baseline(
    master: Orbit, slave: Orbit, time: NDArray[np.float64], point: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Perpendicular baselines between two orbits: B_C cos θ - B_N sin θ of slave minus master.

    Parameters
    ----------
    master, slave : Orbit
    time : (n,) array
        Azimuth times of the master, in seconds.
    point : (n, 3) array
        Ground points, in metres.

    Returns
    -------
    (n,) float64 array
        Metres.
    """
    satellite, velocity, _ = master.state(time)
    baseline = slave.state(zero_doppler_time(slave, point))[0] - satellite
    _, across, down = _frame(satellite, velocity)
    look = look_angle(satellite, point)
    return np.sum(baseline * across, axis=1) * np.cos(look) - np.sum(baseline * down, axis=1) * np.sin(look)


def bearing(point: NDArray[np.float64], direction: NDArray[np.float64]) -> float:
    """Direction of a vector as seen from a ground point, degrees clockwise from north, in (-180, 180].

    Parameters
    ----------
    point : (3,) array
        Metres.
    direction : (3,) array
        Of any length.
    """
    up = np.asarray(point) / np.array([WGS84_SEMI_MAJOR, WGS84_SEMI_MAJOR, WGS84_SEMI_MINOR]) ** 2
    up = up / np.linalg.norm(up)
    east = np.array([-up[1], up[0], 0.0])
    east /= np.linalg.norm(east)
    return float(np.degrees(np.arctan2(direction @ east, direction @ np.cross(up, east))))


def _frame(
    satellite: NDArray[np.float64], velocity: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Unit vectors t, c, n of the satellite."""
    along = velocity / np.linalg.norm(velocity, axis=1, keepdims=True)
    across = np.cross(-satellite, along)
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    return along, across, np.cross(along, across)


def _spherical_look(
    satellite: NDArray[np.float64], distance: NDArray[np.float64], height: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Look angle on a sphere, to start from."""
    orbit, earth = np.linalg.norm(satellite, axis=1), WGS84_SEMI_MAJOR + height
    cosine = (orbit**2 + distance**2 - earth**2) / (2 * orbit * distance)
    return np.arccos(np.clip(cosine, -1, 1))
