"""Circular orbits that pass a ground point with the baselines of a simulated stack.

Every image has a circle about the Earth's centre in an Earth-fixed frame. At the time of closest approach to the centre of the
scene the satellite stands in one plane with it, to which the velocity is perpendicular, so the baseline of two images is the
difference of two points of that plane, and the closed form is exact.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stamps.insar.constants import WGS84_FIRST_ECCENTRICITY_SQUARED, WGS84_SEMI_MAJOR
from stamps.insar.orbits import Orbit
from stamps.simulation.plan import StackPlan

__all__ = ["PERIOD", "CircularOrbit", "Passage", "cartesian", "passage_of"]

#: Time of a revolution: 175 in 12 days, s.
PERIOD = 12 * 86400 / 175


class CircularOrbit(Orbit):
    """A circle about the Earth's centre.

    Parameters
    ----------
    position : (3,) array
        Where the satellite is at time 0, m.
    direction : (3,) array
        Unit vector of its velocity there, perpendicular to the position.
    """

    def __init__(self, position: npt.NDArray[np.float64], direction: npt.NDArray[np.float64]) -> None:
        self.middle = 0.0
        self._out = position
        self._along = direction * np.linalg.norm(position)

    def state(
        self, time: npt.ArrayLike
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Position (m), velocity (m/s) and acceleration (m/s²) at times in seconds: three (n, 3) arrays."""
        rate = 2 * np.pi / PERIOD
        angle = rate * np.atleast_1d(np.asarray(time, np.float64))[:, None]
        position = np.cos(angle) * self._out + np.sin(angle) * self._along
        velocity = rate * (np.cos(angle) * self._along - np.sin(angle) * self._out)
        return position, velocity, -(rate**2) * position

    def since_node(self) -> float:
        """Time since the ascending node at time 0, s."""
        height, rise = self._out[2], self._along[2]
        return float(np.arctan2(height, rise) % (2 * np.pi)) * PERIOD / (2 * np.pi)


@dataclass(frozen=True)
class Passage:
    """The satellite over the centre of a scene.

    Attributes
    ----------
    point : ndarray of float64, shape (3,)
        Centre of the scene on the ellipsoid, m.
    satellite : ndarray of float64, shape (3,)
        Where the satellite of the master is nearest to it, m.
    along, across, down : ndarray of float64, shape (3,)
        Unit vectors T, C, N of the master there.
    """

    point: npt.NDArray[np.float64]
    satellite: npt.NDArray[np.float64]
    along: npt.NDArray[np.float64]
    across: npt.NDArray[np.float64]
    down: npt.NDArray[np.float64]

    def orbit(self, across: float = 0.0, down: float = 0.0) -> CircularOrbit:
        """Orbit whose baseline to the master's is ``across`` in C and ``down`` in N, m."""
        return CircularOrbit(self.satellite + across * self.across + down * self.down, self.along)


def cartesian(lon: float, lat: float, height: float = 0.0) -> npt.NDArray[np.float64]:
    """Earth-fixed position of a longitude and latitude in degrees, m."""
    lam, phi = np.radians(lon), np.radians(lat)
    normal = WGS84_SEMI_MAJOR / np.sqrt(1 - WGS84_FIRST_ECCENTRICITY_SQUARED * np.sin(phi) ** 2)
    return np.array(
        [
            (normal + height) * np.cos(phi) * np.cos(lam),
            (normal + height) * np.cos(phi) * np.sin(lam),
            (normal * (1 - WGS84_FIRST_ECCENTRICITY_SQUARED) + height) * np.sin(phi),
        ]
    )


def passage_of(plan: StackPlan) -> Passage:
    """How the satellite of the master passes the scene of a plan: its heading, incidence and height."""
    settings, geometry = plan.settings, plan.geometry
    point = cartesian(settings.centre_lon, settings.centre_lat)
    up = point / np.linalg.norm(point)
    east = np.array([-up[1], up[0], 0.0]) / np.hypot(up[0], up[1])
    north = np.cross(up, east)
    heading = np.radians(settings.heading)
    along = np.sin(heading) * east + np.cos(heading) * north
    right = np.cos(heading) * east - np.sin(heading) * north
    middle = settings.samples // 2
    arc = geometry.incidence[middle] - geometry.look[middle]
    outward = np.cos(arc) * up - np.sin(arc) * right
    return Passage(point, geometry.sar_radius * outward, along, np.cross(-outward, along), -outward)
