"""Radar geometry of a simulated scene: zero Doppler over a local sphere, and the coordinates of its pixels.

``range = near_range + column * range_spacing`` (columns from 0). Lines grow along the heading, columns to the right of it
(right-looking).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from stamps.insar.constants import (
    SPEED_OF_LIGHT,
    WGS84_FIRST_ECCENTRICITY_SQUARED,
    WGS84_SEMI_MAJOR,
    WGS84_SEMI_MINOR,
)
from stamps.insar.geometry import wrapped_longitude
from stamps.simulation.settings import Settings

__all__ = ["Geometry", "longitude_latitude"]

_BLOCK_LINES = 256
#: Middle of the turn in which longitudes count, degrees.
_TURN_CENTRE = {"180": 0.0, "360": 180.0}


@dataclass(frozen=True)
class Geometry:
    """Distances and angles of an image.

    Attributes
    ----------
    earth_radius, sar_radius : float
        Distance of the ground and of the satellite from the centre of the sphere, m.
    near_range : float
        Slant range of the first sample, m.
    range, look, incidence : ndarray of float64, shape (samples,)
        Slant range, m; look and incidence angle, rad.
    ground_spacing : float
        Mean sample spacing on the ground, m.
    posting : (float, float)
        Spacing of lines and samples on the ground, m.
    extent : (float, float)
        Length along azimuth and range on the ground, m.
    line_time : ndarray of float64, shape (lines,)
        Seconds from the middle line.
    height_to_phase : ndarray of float64, shape (samples,)
        Phase of a metre of height per metre of perpendicular baseline, rad/m^2.
    """

    altitude: ClassVar[float] = 700.0e3  # m
    prf: ClassVar[float] = 486.4863102995529  # Hz
    frequency: ClassVar[float] = 5.405000454334350e9  # Hz
    wavelength: ClassVar[float] = SPEED_OF_LIGHT / frequency  # m

    earth_radius: float
    sar_radius: float
    near_range: float
    range: npt.NDArray[np.float64]
    look: npt.NDArray[np.float64]
    incidence: npt.NDArray[np.float64]
    ground_spacing: float
    posting: tuple[float, float]
    extent: tuple[float, float]
    line_time: npt.NDArray[np.floating]
    height_to_phase: npt.NDArray[np.float64]

    @classmethod
    def of(cls, settings: Settings) -> Geometry:
        """Geometry of the scene that settings describe."""
        earth = _earth_radius(np.radians(settings.centre_lat))
        orbit = earth + cls.altitude
        angle = np.radians(settings.incidence)
        centre = -earth * np.cos(angle) + np.sqrt(orbit**2 - (earth * np.sin(angle)) ** 2)
        # rounded so that the text files carry the very same numbers
        near = round(centre - settings.samples / 2 * settings.range_spacing, 4)
        earth, orbit = round(earth, 4), round(orbit, 4)
        slant = near + np.arange(settings.samples) * settings.range_spacing
        incidence = np.arccos((orbit**2 - earth**2 - slant**2) / (2 * earth * slant))
        ground_spacing = settings.range_spacing / np.sin(incidence.mean())
        return cls(
            earth_radius=earth,
            sar_radius=orbit,
            near_range=near,
            range=slant,
            look=np.arccos((orbit**2 + slant**2 - earth**2) / (2 * orbit * slant)),
            incidence=incidence,
            ground_spacing=ground_spacing,
            posting=(settings.azimuth_spacing, ground_spacing),
            extent=(settings.lines * settings.azimuth_spacing, settings.samples * ground_spacing),
            line_time=(np.arange(settings.lines) - (settings.lines / 2 - 0.5)) / cls.prf,
            height_to_phase=-4 * np.pi / cls.wavelength / (slant * np.sin(incidence)),
        )


def _earth_radius(lat: float) -> float:
    """Distance of the ellipsoid from its centre at a latitude in radians, m."""
    return np.hypot(WGS84_SEMI_MAJOR**2 * np.cos(lat), WGS84_SEMI_MINOR**2 * np.sin(lat)) / np.hypot(
        WGS84_SEMI_MAJOR * np.cos(lat), WGS84_SEMI_MINOR * np.sin(lat)
    )


def longitude_latitude(
    settings: Settings, geometry: Geometry, dem: npt.NDArray[np.float32]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Longitude and latitude of the pixels at their height.

    Parameters
    ----------
    settings : Settings
    geometry : Geometry
    dem : ndarray of float32, shape (lines, samples)
        Heights, m.

    Returns
    -------
    lon, lat : ndarray of float32, shape (lines, samples)
        Degrees.
    """
    heading, lat0 = np.radians(settings.heading), np.radians(settings.centre_lat)
    lon = np.empty(dem.shape, np.float32)
    lat = np.empty(dem.shape, np.float32)
    centre = _ground_arc(geometry, geometry.range[settings.samples // 2], 0.0)
    for start in range(0, settings.lines, _BLOCK_LINES):
        rows = np.arange(start, min(start + _BLOCK_LINES, settings.lines))
        x = _ground_arc(geometry, geometry.range[None, :], dem[rows].astype(np.float64)) - centre
        y = ((rows - settings.lines / 2) * settings.azimuth_spacing)[:, None]
        east = y * np.sin(heading) + x * np.cos(heading)
        north = y * np.cos(heading) - x * np.sin(heading)
        phi = lat0 + north / _meridian_radius(lat0 + 0.5 * north / _meridian_radius(lat0))
        normal = WGS84_SEMI_MAJOR / np.sqrt(1 - WGS84_FIRST_ECCENTRICITY_SQUARED * np.sin(phi) ** 2)
        lat[rows] = np.degrees(phi)
        lon[rows] = _counted(settings.centre_lon + np.degrees(east / (normal * np.cos(phi))), settings.longitudes)
    return lon, lat


def _ground_arc(geometry: Geometry, slant: npt.ArrayLike, height: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Arc on the ground from the nadir to what is seen at a slant range and height, m."""
    earth, orbit = geometry.earth_radius, geometry.sar_radius
    radius = earth + np.asarray(height)
    slant = np.asarray(slant)
    return earth * np.arccos((orbit**2 + radius**2 - slant**2) / (2 * orbit * radius))


def _meridian_radius(lat: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Radius of curvature along the meridian at a latitude in radians, m."""
    square = WGS84_FIRST_ECCENTRICITY_SQUARED
    return WGS84_SEMI_MAJOR * (1 - square) / (1 - square * np.sin(lat) ** 2) ** 1.5


def _counted(lon: npt.NDArray[np.float64], longitudes: str) -> npt.NDArray[np.float64]:
    """Longitudes in the way they are to count: as they come, from -180, or from 0."""
    centre = _TURN_CENTRE.get(longitudes)
    return lon if centre is None else wrapped_longitude(lon, centre)
