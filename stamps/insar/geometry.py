"""Coordinates of pixels: longitudes around the globe, projection, rotation to the image axes, order. Pure array functions.

Shared by the loaders of step 1 and by the merge of step 5, which must number pixels by the same rules, and by all products.

A longitude is known up to whole turns: 179.9 and -180.1, or 350 and -10, are the same. What takes differences of longitudes
brings them within 180 degrees of a common middle first (:func:`wrapped_longitude`); longitudes that are there already keep
every bit. Scenes at the antimeridian, in 0 to 360 degrees, or in a mixture are so no different from others. Near the poles
the polyconic frame becomes one of distances and directions about the pole, so that it holds there, too.

Source: docs/method/loading.md, sections 2 to 4; docs/method/merging.md, section 2.5; polyconic projection after Snyder,
Map Projections (USGS 1395), chapter 18.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from stamps.errors import InputError
from stamps.insar.constants import WGS84_SECOND_ECCENTRICITY, WGS84_SEMI_MAJOR
from stamps.matlab.arithmetic import round_half_away

if TYPE_CHECKING:
    from numpy.typing import NDArray


__all__ = [
    "centre_of",
    "continuous",
    "llh2local",
    "local2llh",
    "longitude_range",
    "longitudes_between",
    "near",
    "rotate_to_image_axes",
    "rotation_angle",
    "sort_and_round_xy",
    "within_180",
    "without_jump",
    "wrapped_longitude",
]

# The second eccentricity where the first would be right: kept, all coordinates depend on it.
_E2 = WGS84_SECOND_ECCENTRICITY**2
# Meridian arc over the semi-major axis: _ARC[0] φ - _ARC[1] sin 2φ + _ARC[2] sin 4φ - _ARC[3] sin 6φ
_ARC = (
    1 - _E2 / 4 - 3 * _E2**2 / 64 - 5 * _E2**3 / 256,
    3 * _E2 / 8 + 3 * _E2**2 / 32 + 45 * _E2**3 / 1024,
    15 * _E2**2 / 256 + 45 * _E2**3 / 1024,
    35 * _E2**3 / 3072,
)
_MAX_ITERATIONS = 100
_TOLERANCE = 1e-8  # radians
_TURN = 360.0  # degrees
_WIDEST = 180.0  # degrees that a scene or a part of one may reach across


# ---------------------------------------------------------------------- longitudes


def wrapped_longitude(lon: ArrayLike, centre: float) -> np.ndarray:
    """Longitudes plus the whole turns that bring them within 180 degrees of a centre, at -180 to its other side.

    Parameters
    ----------
    lon : array_like of float
        Degrees.
    centre : float
        Degrees.

    Returns
    -------
    ndarray or scalar of float64
        Bit by bit as given where nothing is to be done; NaN and infinity stay.
    """
    lon = np.asarray(lon, dtype=np.float64)
    turns = np.ceil((lon - centre - _WIDEST) / _TURN)
    return lon - _TURN * np.where(np.isfinite(turns), turns, 0.0)


def within_180(lonlat: ArrayLike) -> np.ndarray:
    """Coordinates whose longitudes lie in -180 … 180 degrees, as other programs take them.

    Parameters
    ----------
    lonlat : (n, 2) or (2,) array_like
        Longitude and latitude in degrees.

    Returns
    -------
    ndarray of float64
        As given where nothing is to be done.
    """
    return _with_longitudes_about(np.asarray(lonlat, dtype=np.float64), 0.0)


def continuous(lonlat: ArrayLike) -> np.ndarray:
    """Coordinates of a scene whose longitudes do not jump: within 180 degrees of its middle, which lies in -180 … 180.

    Parameters
    ----------
    lonlat : (n, 2) array_like
        Longitude and latitude in degrees.

    Returns
    -------
    (n, 2) ndarray of float64
        As given where nothing is to be done. In a scene at the antimeridian longitudes exceed 180 or fall below -180.
    """
    lonlat = np.asarray(lonlat, dtype=np.float64)
    return _with_longitudes_about(lonlat, wrapped_longitude(centre_of(lonlat)[0], 0.0)) if len(lonlat) else lonlat


def without_jump(lonlat: ArrayLike) -> np.ndarray:
    """Coordinates whose longitudes do not jump, counted as they are where they do not: 190 degrees stay 190.

    Parameters
    ----------
    lonlat : (n, 2) array_like
        Longitude and latitude in degrees.

    Returns
    -------
    (n, 2) ndarray of float64
        As given where nothing is to be done.
    """
    lonlat = np.asarray(lonlat, dtype=np.float64)
    return _with_longitudes_about(lonlat, centre_of(lonlat)[0]) if len(lonlat) else lonlat


def _with_longitudes_about(lonlat: NDArray[np.float64], centre: float) -> NDArray[np.float64]:
    wrapped = wrapped_longitude(lonlat[..., 0], centre)
    return (
        lonlat
        if np.array_equal(wrapped, lonlat[..., 0], equal_nan=True)
        else np.stack([wrapped, lonlat[..., 1]], axis=-1)
    )


def longitude_range(limits: ArrayLike) -> tuple[float, float]:
    """Western and eastern limit, the eastern one larger where the range goes over the antimeridian.

    Parameters
    ----------
    limits : array_like, shape (2,)
        Degrees, the western one first: ``(179.9, -179.9)`` is 0.2 degrees wide.

    Returns
    -------
    west, east : float
        ``(179.9, 180.1)``; as given where the first is the smaller, or the range would be wider than 180 degrees.
    """
    west, east = (float(limit) for limit in np.ravel(limits))
    onward = east + _TURN * np.ceil((west - east) / _TURN) if np.isfinite([west, east]).all() else east
    return (west, float(onward)) if west > east and onward - west <= _WIDEST else (west, east)


def near(limits: tuple[float, float], centre: float) -> tuple[float, float]:
    """A range of longitudes, turned so that its middle is within 180 degrees of a centre; as given where it is."""
    middle = (limits[0] + limits[1]) / 2
    turned = float(wrapped_longitude(middle, centre) - middle)
    return limits[0] + turned, limits[1] + turned


def longitudes_between(lon: ArrayLike, limits: ArrayLike, strictly: bool = False) -> np.ndarray:
    """Whether longitudes lie between a western and an eastern limit, in whichever way they count.

    Parameters
    ----------
    lon : (n,) array_like
        Degrees.
    limits : array_like, shape (2,)
        Degrees, see :func:`longitude_range`; infinite ones limit nothing.
    strictly : bool
        Whether the limits do not belong to the range.

    Returns
    -------
    (n,) ndarray of bool
    """
    west, east = longitude_range(limits)
    lon = np.asarray(lon, dtype=np.float64)
    if np.isfinite([west, east]).all():
        lon = wrapped_longitude(lon, (west + east) / 2)
    return (lon > west) & (lon < east) if strictly else (lon >= west) & (lon <= east)


# ---------------------------------------------------------------------- local frame


def llh2local(lonlat: Any, origin: NDArray[np.float64] | tuple[float, float]) -> NDArray[np.float64]:
    """Project longitude and latitude to a local polyconic frame.

    Parameters
    ----------
    lonlat : (n, 2) float array
        Longitude and latitude in degrees.
    origin : (2,) float array
        Longitude and latitude of the origin in degrees.

    Returns
    -------
    (n, 2) float64 array
        x (east) and y (north) in km.
    """
    origin = np.asarray(origin, dtype=np.float64).ravel()[:2]
    lon, lat = np.radians(_with_longitudes_about(np.asarray(lonlat, dtype=np.float64)[:, :2], origin[0])).T
    lon0, lat0 = np.radians(origin)
    equator = lat == 0
    sin_lat = np.sin(lat)
    radius = WGS84_SEMI_MAJOR / np.sqrt(1 - _E2 * sin_lat**2)
    cotangent = 1 / np.tan(np.where(equator, 1.0, lat))
    angle = (lon - lon0) * sin_lat
    x = np.where(equator, WGS84_SEMI_MAJOR * (lon - lon0), radius * cotangent * np.sin(angle))
    rise = np.where(equator, 0.0, radius * cotangent * (1 - np.cos(angle)))
    y = _meridian_arc(lat) - _meridian_arc(lat0) + rise
    return np.column_stack([x, y]) / 1000


def local2llh(xy: NDArray[np.float64], origin: tuple[float, float]) -> NDArray[np.float64]:
    """Longitude and latitude of points in the local polyconic frame (inverse of :func:`llh2local`).

    Parameters
    ----------
    xy : (n, 2) float array
        x and y in km.
    origin : (2,) float array
        Longitude and latitude of the origin in degrees.

    Returns
    -------
    (n, 2) float64 array
        Longitude and latitude in degrees; longitudes go on from that of the origin, so that they may exceed 180.

    Raises
    ------
    InputError
        The iteration does not converge (a point is too far from the origin).
    """
    x, y = (np.asarray(xy, dtype=np.float64)[:, :2] * 1000).T
    lon0, lat0 = np.radians(np.asarray(origin, dtype=np.float64).ravel()[:2])
    arc0 = _meridian_arc(lat0)
    equator = y == -arc0
    lat = np.zeros(x.size)
    lon = x / WGS84_SEMI_MAJOR + lon0
    away = ~equator
    if away.any():
        with np.errstate(divide="ignore", invalid="ignore"):
            lat[away], shift = _invert_polyconic(x[away], (arc0 + y[away]) / WGS84_SEMI_MAJOR)
        lon[away] = shift + lon0
    return np.degrees(np.column_stack([lon, lat]))


def centre_of(lonlat: Any) -> NDArray[np.float64]:
    """Mid-point between the smallest and the largest longitude and latitude; NaN is ignored.

    Parameters
    ----------
    lonlat : (n, 2) array_like
        Degrees. Longitudes that reach across more than 180 degrees jump somewhere: they are counted on from the first one.

    Returns
    -------
    (2,) float64 array
        Degrees; the longitude in -180 … 180 where the longitudes jump.
    """
    lonlat = np.asarray(lonlat, dtype=np.float64)
    low, high = _corners(lonlat)
    if not high[0] - low[0] > _WIDEST:
        return (high + low) / 2
    lon = lonlat[:, 0]
    lonlat = _with_longitudes_about(lonlat, lon[np.isfinite(lon)][0])
    low, high = _corners(lonlat)
    return within_180((high + low) / 2)


def _corners(lonlat: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Smallest and largest longitude and latitude, NaN ignored."""
    with np.errstate(invalid="ignore"):
        return np.fmin.reduce(lonlat, axis=0), np.fmax.reduce(lonlat, axis=0)


def rotation_angle(heading: float) -> float:
    """Angle in radians between north-up and image axes for a heading in degrees: 180° - heading, at most π."""
    angle = (180 - float(heading)) * np.pi / 180
    return angle - 2 * np.pi if angle > np.pi else angle


def rotate_to_image_axes(xy: NDArray[np.float64], heading: float) -> tuple[NDArray[np.float64], bool]:
    """Rotate coordinates so that the image becomes upright, if that makes both extents strictly smaller.

    Parameters
    ----------
    xy : (n, 2) float64 array
        Coordinates of pixels, any unit of length.
    heading : float
        Heading of the satellite in degrees.

    Returns
    -------
    xy : (n, 2) float64 array
        The rotated coordinates, or those given.
    rotated : bool
        Whether they were rotated.
    """
    angle = rotation_angle(heading)
    x, y = xy[:, 0], xy[:, 1]
    turned = np.column_stack([x * np.cos(angle) + y * np.sin(angle), -x * np.sin(angle) + y * np.cos(angle)])
    if xy.shape[0] == 0:
        return xy, False
    smaller = _extent(turned) < _extent(xy)
    return (turned, True) if smaller.all() else (xy, False)


def sort_and_round_xy(xy: NDArray[np.float64]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Order pixels by y, then x, and round their coordinates to millimetres, all in single precision.

    Single precision decides both: pixels are compared as float32 before rounding, and the product with 1000 is
    a float32, so that beyond about 16 km rounding has no effect.

    Parameters
    ----------
    xy : (n, 2) float array
        Coordinates in metres.

    Returns
    -------
    xy : (n, 2) float32 array
        Sorted, rounded coordinates in metres.
    sort_ix : (n,) int64 array
        Row of the input for each row of the result; equal coordinates keep their order, NaN comes last.
    """
    single = np.asarray(xy).astype(np.float32)
    sort_ix = np.lexsort((single[:, 0], single[:, 1])).astype(np.int64)
    millimetres = round_half_away(single[sort_ix] * np.float32(1000)).astype(np.float32)
    return millimetres / np.float32(1000), sort_ix


def _meridian_arc(lat: Any) -> Any:
    """Length of the meridian from the equator to a latitude in radians, in metres."""
    return WGS84_SEMI_MAJOR * (
        _ARC[0] * lat - _ARC[1] * np.sin(2 * lat) + _ARC[2] * np.sin(4 * lat) - _ARC[3] * np.sin(6 * lat)
    )


def _invert_polyconic(
    x: NDArray[np.float64], a: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Latitude and longitude difference (radians) of points off the equator by Newton's iteration (Snyder 18-21)."""
    b = (x / WGS84_SEMI_MAJOR) ** 2 + a**2
    lat = a.copy()
    for _ in range(_MAX_ITERATIONS):
        c = np.sqrt(1 - _E2 * np.sin(lat) ** 2) * np.tan(lat)
        m = _meridian_arc(lat) / WGS84_SEMI_MAJOR
        # The second term has the wrong sign of the original; it only slows the convergence a little.
        slope = _ARC[0] + 2 * _ARC[1] * np.cos(2 * lat) + 4 * _ARC[2] * np.cos(4 * lat) - 6 * _ARC[3] * np.cos(6 * lat)
        sin_2 = np.sin(2 * lat)
        numerator = a * (c * m + 1) - m - (m**2 + b) * c / 2
        denominator = _E2 * sin_2 * (m**2 + b - 2 * a * m) / (4 * c) + (a - m) * (c * slope - 2 / sin_2) - slope
        change = -numerator / denominator
        lat = lat + change
        if np.fmax.reduce(np.abs(change), initial=0) <= _TOLERANCE:
            return lat, np.arcsin(x * c / WGS84_SEMI_MAJOR) / np.sin(lat)
    raise InputError(
        f"local2llh did not converge within {_MAX_ITERATIONS} iterations: a point lies too far from the "
        "origin; give x and y in km."
    )


def _extent(xy: NDArray[np.float64]) -> NDArray[np.float64]:
    """Largest minus smallest value of each column, NaN ignored."""
    return np.fmax.reduce(xy, axis=0) - np.fmin.reduce(xy, axis=0)
