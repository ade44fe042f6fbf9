"""Circular orbits of a simulated stack over its own sphere, and the state vectors that products carry.

The satellite of the master moves on a circle; that of another image stands aside by the simulated baseline, which grows with its
rates, so baselines computed from the orbits are those of the truth.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stamps.insar.constants import WGS84_FIRST_ECCENTRICITY_SQUARED, WGS84_SEMI_MAJOR
from stamps.insar.orbits import Orbit
from stamps.simulation.plan import StackPlan

__all__ = ["StateVectors", "earth_fixed", "orbit_of", "positions", "state_vectors"]

_STEP, _BEYOND = 10.0, 60.0  # s between state vectors; before and after what they are for
_DIFFERENCE = 1e-3  # s, of the differences that make velocities


@dataclass(frozen=True)
class StateVectors:
    """State vectors of a product.

    Attributes
    ----------
    epoch : datetime
        Two days before what they are for, UTC.
    time : ndarray of float64, shape (n,)
        Seconds since the epoch.
    position, velocity : ndarray of float64, shape (n, 3)
        Earth-fixed, m and m/s.
    """

    epoch: dt.datetime
    time: npt.NDArray[np.float64]
    position: npt.NDArray[np.float64]
    velocity: npt.NDArray[np.float64]


def state_vectors(
    plan: StackPlan, image: int, middle: dt.datetime, start: dt.datetime, stop: dt.datetime
) -> StateVectors:
    """State vectors at whole tens of seconds of the day, a minute before and after a burst.

    Parameters
    ----------
    plan : StackPlan
    image : int
    middle : datetime
        When the middle line of the image is acquired, UTC.
    start, stop : datetime
        Of the burst, UTC.
    """
    epoch = start - dt.timedelta(days=2)
    midnight = dt.datetime.combine(start.date(), dt.time())
    first = np.ceil(((start - midnight).total_seconds() - _BEYOND) / _STEP)
    last = np.floor(((stop - midnight).total_seconds() + _BEYOND) / _STEP)
    of_day = np.arange(first, last + 1) * _STEP
    since_middle = of_day + (midnight - middle).total_seconds()
    ahead, behind = (positions(plan, image, since_middle + step) for step in (_DIFFERENCE, -_DIFFERENCE))
    return StateVectors(
        epoch,
        of_day + (midnight - epoch).total_seconds(),
        positions(plan, image, since_middle),
        (ahead - behind) / (2 * _DIFFERENCE),
    )


def orbit_of(plan: StackPlan, image: int) -> Orbit:
    """Orbit of an image; its times are seconds from the middle line."""
    time = np.arange(-6, 7, dtype=np.float64) * _STEP
    return Orbit(time, positions(plan, image, time), 0.0)


def positions(plan: StackPlan, image: int, time: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Earth-fixed positions of an image: the master's circle and the baseline.

    Parameters
    ----------
    plan : StackPlan
    image : int
    time : ndarray of float64, shape (n,)
        Seconds from the middle line.

    Returns
    -------
    ndarray of float64, shape (n, 3)
        m.
    """
    geometry, acquisitions = plan.geometry, plan.acquisitions
    satellite, along = _middle_state(plan)
    lateral = np.cross(-satellite, along) / np.linalg.norm(satellite)
    angle = (plan.settings.azimuth_spacing * geometry.prf / geometry.earth_radius * time)[:, None]
    up = satellite / np.linalg.norm(satellite)
    up_t, along_t = np.cos(angle) * up + np.sin(angle) * along, np.cos(angle) * along - np.sin(angle) * up
    across = (acquisitions.across[image] + acquisitions.across_rate[image] * time)[:, None]
    down = (acquisitions.down[image] + acquisitions.down_rate[image] * time)[:, None]
    return (geometry.sar_radius - down) * up_t + acquisitions.along[image] * along_t + across * lateral


def _middle_state(plan: StackPlan) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Position of the master at the middle line and unit vector of its velocity: it sees the centre to its right."""
    settings, geometry = plan.settings, plan.geometry
    lon, lat, heading = np.radians([settings.centre_lon, settings.centre_lat, settings.heading])
    north = np.array([-np.sin(lat) * np.cos(lon), -np.sin(lat) * np.sin(lon), np.cos(lat)])
    east = np.array([-np.sin(lon), np.cos(lon), 0.0])
    along = np.cos(heading) * north + np.sin(heading) * east
    centre = earth_fixed(lon, lat)
    up = centre / np.linalg.norm(centre)
    along -= (along @ up) * up  # the sphere's horizon is not quite the ellipsoid's
    along /= np.linalg.norm(along)
    right = np.cross(along, up)
    slant, orbit, earth = geometry.range[settings.samples // 2], geometry.sar_radius, geometry.earth_radius
    arc = np.arccos((orbit**2 + earth**2 - slant**2) / (2 * orbit * earth))
    return orbit * (np.cos(arc) * up - np.sin(arc) * right), along


def earth_fixed(lon: npt.ArrayLike, lat: npt.ArrayLike, height: npt.ArrayLike = 0.0) -> npt.NDArray[np.float64]:
    """Earth-fixed positions of points, m, shape (..., 3); longitude and latitude in radians, height above the ellipsoid in m."""
    lam, phi, above = np.broadcast_arrays(*(np.asarray(values, np.float64) for values in (lon, lat, height)))
    square = WGS84_FIRST_ECCENTRICITY_SQUARED
    normal = WGS84_SEMI_MAJOR / np.sqrt(1 - square * np.sin(phi) ** 2)
    flat = (normal + above) * np.cos(phi)
    return np.stack([flat * np.cos(lam), flat * np.sin(lam), ((1 - square) * normal + above) * np.sin(phi)], axis=-1)
