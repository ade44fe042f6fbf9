"""Orbits through state vectors, and the perpendicular baselines and times of overpass that follow from them.

Source: docs/method/sentinel1.md, section 5.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import CubicHermiteSpline, CubicSpline

from stamps.errors import InputError
from stamps.frontends.sentinel1.annotation import StateVectors
from stamps.insar.constants import WGS84_FIRST_ECCENTRICITY_SQUARED, WGS84_SEMI_MAJOR
from stamps.insar.orbits import Orbit, perpendicular_baseline, zero_doppler_time

__all__ = ["HermiteOrbit", "Overpass", "baseline", "cartesian", "consistent", "joined", "overpass"]


_LARGEST_MISFIT = 0.01  # of the velocity


class HermiteOrbit(Orbit):
    """Path of a satellite: cubic Hermite polynomials through positions and velocities.

    Parameters
    ----------
    vectors : StateVectors
    around : datetime
        Time of interest, UTC, from which the times of this object count in seconds.

    Raises
    ------
    InputError
        The time of interest lies outside of the state vectors.
    """

    def __init__(self, vectors: StateVectors, around: dt.datetime) -> None:
        times = np.array([(time - around).total_seconds() for time in vectors.times])
        if not times[0] <= 0 <= times[-1]:
            raise InputError(
                f"The state vectors of the orbit reach from {vectors.times[0].isoformat()} to {vectors.times[-1].isoformat()}, "
                f"but the area is passed at {around.isoformat()}."
            )
        self.middle = 0.0
        path = CubicHermiteSpline(times, vectors.positions, vectors.velocities)
        self._curves = path, path.derivative(1), path.derivative(2)

    def state(self, time: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Position (m), velocity (m/s) and acceleration (m/s²) at times in seconds: three (n, 3) arrays."""
        seconds = np.atleast_1d(np.asarray(time, np.float64))
        position, velocity, acceleration = (curve(seconds) for curve in self._curves)
        return position, velocity, acceleration


@dataclass(frozen=True)
class Overpass:
    """A satellite where it is nearest to a ground point.

    Attributes
    ----------
    time : datetime
        UTC.
    incidence : float
        Angle between the vertical at the point and the line of sight, degrees.
    orbit : HermiteOrbit
        Times count from ``time``.
    """

    time: dt.datetime
    incidence: float
    orbit: HermiteOrbit


def cartesian(lon: float, lat: float, height: float) -> NDArray[np.float64]:
    """Earth-fixed position of a longitude and latitude (degrees) and a height (m), metres, shape (3,)."""
    up = _up(lon, lat)
    normal = WGS84_SEMI_MAJOR / np.sqrt(1 - WGS84_FIRST_ECCENTRICITY_SQUARED * up[2] ** 2)
    return up * ([normal + height] * 2 + [normal * (1 - WGS84_FIRST_ECCENTRICITY_SQUARED) + height])


def _up(lon: float, lat: float) -> NDArray[np.float64]:
    lam, phi = np.radians(lon), np.radians(lat)
    return np.array([np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)])


def joined(several: list[StateVectors]) -> StateVectors:
    """The state vectors of the slices of an acquisition in one; of equal times the first counts."""
    states: dict[dt.datetime, tuple[NDArray[np.float64], NDArray[np.float64]]] = {}
    for vectors in several:
        for time, position, velocity in zip(vectors.times, vectors.positions, vectors.velocities, strict=True):
            states.setdefault(time, (position, velocity))
    times = sorted(states)
    return StateVectors(
        tuple(times), np.array([states[time][0] for time in times]), np.array([states[time][1] for time in times])
    )


def consistent(vectors: StateVectors) -> StateVectors:
    """State vectors whose velocities go with their positions.

    Where velocities differ by more than a per cent from the differences of positions, they are replaced by those of a cubic
    spline through the positions; else the vectors come back as they are.
    """
    times = np.array([(time - vectors.times[0]).total_seconds() for time in vectors.times])
    moved = np.gradient(vectors.positions, times, axis=0)[1:-1]
    misfit = np.linalg.norm(moved - vectors.velocities[1:-1], axis=1)
    if misfit.max() <= _LARGEST_MISFIT * np.linalg.norm(moved, axis=1).max():
        return vectors
    velocities = CubicSpline(times, vectors.positions)(times, 1)
    return StateVectors(vectors.times, vectors.positions, velocities)


def overpass(vectors: StateVectors, around: dt.datetime, lon: float, lat: float, height: float) -> Overpass:
    """When a satellite passes a ground point at zero Doppler.

    Parameters
    ----------
    vectors : StateVectors
    around : datetime
        A time near it, UTC.
    lon, lat, height : float
        Degrees, metres.

    Raises
    ------
    InputError
        The state vectors do not cover it.
    """
    point = cartesian(lon, lat, height)
    seconds = float(zero_doppler_time(HermiteOrbit(vectors, around), point[None])[0])
    time = around + dt.timedelta(seconds=seconds)
    orbit = HermiteOrbit(vectors, time)
    ray = orbit.state(0.0)[0][0] - point
    cosine = float(_up(lon, lat) @ ray / np.linalg.norm(ray))
    return Overpass(time, float(np.degrees(np.arccos(cosine))), orbit)


def baseline(master: Overpass, slave: Overpass, lon: float, lat: float, height: float) -> float:
    """Perpendicular baseline of slave minus master at a ground point, m."""
    point = cartesian(lon, lat, height)[None]
    return float(perpendicular_baseline(master.orbit, slave.orbit, np.zeros(1), point)[0])
