"""Deformation of a simulated scene: a subsidence bowl, a ramp like that of a locked fault, a seasonal signal.

Displacement along the line of sight is positive towards the satellite. Where the settings ask for a bowl on the ground, it is
given in east and up about the centre of the scene, so that scenes of different geometry see one motion.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stamps.insar.geometry import llh2local
from stamps.simulation.geometry import Geometry, longitude_latitude
from stamps.simulation.random_fields import stream
from stamps.simulation.settings import Settings

__all__ = ["Deformation", "deform", "ground_velocity"]

_WIDEST_BOWL = 1500.0  # m
_FAULT_RATE = 6.0  # mm/yr from one side to the other
_SEASONAL_AMPLITUDE = 4.0  # mm


@dataclass(frozen=True)
class Deformation:
    """Motion of the ground.

    Attributes
    ----------
    velocity : ndarray of float32, shape (lines, samples)
        mm/yr, positive towards the satellite.
    seasonal : ndarray of float32, shape (lines, samples)
        Amplitude of the yearly motion, mm.
    bowl : dict
        ``line``, ``sample`` of the centre of the bowl, ``radius_m``, ``fault_strike_rad``.
    ground : ndarray of float32, shape (2, lines, samples), or None
        Eastward and upward velocity, mm/yr, where the motion is one of the ground.
    """

    velocity: npt.NDArray[np.float32]
    seasonal: npt.NDArray[np.float32]
    bowl: dict[str, int | float]
    ground: npt.NDArray[np.float32] | None = None


def deform(
    settings: Settings, geometry: Geometry, built_up: npt.NDArray[np.bool_], dem: npt.NDArray[np.float32]
) -> Deformation:
    """Draw the deformation.

    Parameters
    ----------
    settings : Settings
    geometry : Geometry
    built_up : ndarray of bool, shape (lines, samples)
        Where the bowl may have its centre.
    dem : ndarray of float32, shape (lines, samples)
        Heights, m, which decide where on the ground a pixel is.
    """
    if settings.moves_on_the_ground:
        return _seen_from_above(settings, geometry, dem)
    rng = stream(settings.seed, "defo")
    y = (np.arange(settings.lines) - settings.lines / 2)[:, None] * geometry.posting[0]
    x = (np.arange(settings.samples) - settings.samples / 2)[None, :] * geometry.posting[1]
    size = min(geometry.extent)
    line, sample = np.unravel_index(rng.choice(_bowl_centres(built_up)), built_up.shape)
    radius = min(0.16 * size, _WIDEST_BOWL)
    bowl = settings.subsidence * _bell(y - y[line, 0], x - x[0, sample], radius)
    strike = rng.uniform(0, np.pi)
    across = x * np.cos(strike) + y * np.sin(strike)
    fault = _FAULT_RATE / np.pi * np.arctan(across / (0.15 * size))
    centre_y = rng.uniform(-0.3, 0.3) * geometry.extent[0]
    centre_x = rng.uniform(-0.3, 0.3) * geometry.extent[1]
    seasonal = _SEASONAL_AMPLITUDE * _bell(y - centre_y, x - centre_x, 0.12 * size)
    return Deformation(
        velocity=(bowl + fault).astype(np.float32),
        seasonal=seasonal.astype(np.float32),
        bowl={
            "line": int(line),
            "sample": int(sample),
            "radius_m": float(radius),
            "fault_strike_rad": float(strike),
        },
    )


def ground_velocity(settings: Settings, lonlat: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Eastward and upward velocity of the bowl on the ground.

    Parameters
    ----------
    settings : Settings
    lonlat : array_like, shape (n, 2)
        Degrees.

    Returns
    -------
    ndarray, shape (2, n)
        mm/yr: up at the centre, and east a radius east of it, are those of the settings.
    """
    x, y = 1000 * llh2local(np.asarray(lonlat, np.float64), (settings.centre_lon, settings.centre_lat)).T
    bell = _bell(y, x, settings.bowl_radius)
    return np.stack([settings.bowl_east * x / settings.bowl_radius * np.exp(0.5) * bell, settings.bowl_up * bell])


def _seen_from_above(settings: Settings, geometry: Geometry, dem: npt.NDArray[np.float32]) -> Deformation:
    """The bowl on the ground along the line of sight of the scene; nothing moves with the seasons."""
    lonlat = np.stack(longitude_latitude(settings, geometry, dem), axis=-1).reshape(-1, 2)
    east, up = ground_velocity(settings, lonlat).reshape(2, *dem.shape)
    heading = np.radians(settings.heading)
    # columns grow to the right of the flight, away from the satellite
    towards_east = -np.cos(heading) * np.sin(geometry.incidence)
    upwards = np.cos(geometry.incidence)
    x, y = 1000 * llh2local(lonlat, (settings.centre_lon, settings.centre_lat)).T
    line, sample = np.unravel_index(np.argmin(np.hypot(x, y)), dem.shape)
    return Deformation(
        velocity=(east * towards_east + up * upwards).astype(np.float32),
        seasonal=np.zeros(dem.shape, np.float32),
        bowl={"line": int(line), "sample": int(sample), "radius_m": settings.bowl_radius},
        ground=np.stack([east, up]).astype(np.float32),
    )


def _bowl_centres(built_up: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Flat indices of the pixels where the bowl may have its centre: in a town, away from the borders."""
    lines, samples = built_up.shape
    inner = np.zeros(built_up.shape, bool)
    inner[lines // 4 : -lines // 4, samples // 4 : -samples // 4] = True
    centres = np.flatnonzero(inner & built_up)
    return centres if centres.size else np.flatnonzero(inner)


def _bell(y: npt.NDArray[np.floating], x: npt.NDArray[np.floating], radius: float) -> npt.NDArray[np.floating]:
    """Gaussian bell, 1 at its centre; distances from the centre and radius in metres."""
    return np.exp(-(y**2 + x**2) / (2 * radius**2))
