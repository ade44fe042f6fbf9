"""Local coordinates of pixels: projection, rotation to the image axes, order. Pure array functions.

Shared by the loaders of step 1 and by the merge of step 5, which must number pixels by the same rules.

Source: spec 03 sections 2 to 4, spec 07 section 2.5; polyconic projection after Snyder, Map Projections (USGS 1395),
chapter 18.
"""

import numpy as np

from stamps.errors import InputError
from stamps.matlab.arithmetic import round_half_away

__all__ = [
    "centre_of",
    "llh2local",
    "local2llh",
    "rotate_to_image_axes",
    "rotation_angle",
    "sort_and_round_xy",
]

SEMI_MAJOR_AXIS = 6378137.0  # metres
# The second eccentricity of WGS84 where the first (0.0818191908) would be right; kept, all coordinates depend on it.
ECCENTRICITY = 0.08209443794970

_E2 = ECCENTRICITY**2
# Meridian arc over the semi-major axis: _ARC[0] φ - _ARC[1] sin 2φ + _ARC[2] sin 4φ - _ARC[3] sin 6φ
_ARC = (
    1 - _E2 / 4 - 3 * _E2**2 / 64 - 5 * _E2**3 / 256,
    3 * _E2 / 8 + 3 * _E2**2 / 32 + 45 * _E2**3 / 1024,
    15 * _E2**2 / 256 + 45 * _E2**3 / 1024,
    35 * _E2**3 / 3072,
)
_MAX_ITERATIONS = 100
_TOLERANCE = 1e-8  # radians


def llh2local(lonlat, origin):
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
    lon, lat = np.radians(np.asarray(lonlat, dtype=np.float64)[:, :2]).T
    lon0, lat0 = np.radians(np.asarray(origin, dtype=np.float64).ravel()[:2])
    equator = lat == 0
    sin_lat = np.sin(lat)
    radius = SEMI_MAJOR_AXIS / np.sqrt(1 - _E2 * sin_lat**2)
    cotangent = 1 / np.tan(np.where(equator, 1.0, lat))
    angle = (lon - lon0) * sin_lat
    x = np.where(equator, SEMI_MAJOR_AXIS * (lon - lon0), radius * cotangent * np.sin(angle))
    rise = np.where(equator, 0.0, radius * cotangent * (1 - np.cos(angle)))
    y = _meridian_arc(lat) - _meridian_arc(lat0) + rise
    return np.column_stack([x, y]) / 1000


def local2llh(xy, origin):
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
        Longitude and latitude in degrees.

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
    lon = x / SEMI_MAJOR_AXIS + lon0
    away = ~equator
    if away.any():
        with np.errstate(divide="ignore", invalid="ignore"):
            lat[away], shift = _invert_polyconic(x[away], (arc0 + y[away]) / SEMI_MAJOR_AXIS)
        lon[away] = shift + lon0
    return np.degrees(np.column_stack([lon, lat]))


def centre_of(lonlat):
    """Mid-point between the smallest and the largest longitude and latitude, (2,) float64 degrees; NaN is ignored."""
    lonlat = np.asarray(lonlat, dtype=np.float64)
    with np.errstate(invalid="ignore"):
        return (np.fmax.reduce(lonlat, axis=0) + np.fmin.reduce(lonlat, axis=0)) / 2


def rotation_angle(heading):
    """Angle in radians between north-up and image axes for a heading in degrees: 180° - heading, at most π."""
    angle = (180 - float(heading)) * np.pi / 180
    return angle - 2 * np.pi if angle > np.pi else angle


def rotate_to_image_axes(xy, heading):
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


def sort_and_round_xy(xy):
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


def _meridian_arc(lat):
    """Length of the meridian from the equator to a latitude in radians, in metres."""
    return SEMI_MAJOR_AXIS * (
        _ARC[0] * lat - _ARC[1] * np.sin(2 * lat) + _ARC[2] * np.sin(4 * lat) - _ARC[3] * np.sin(6 * lat)
    )


def _invert_polyconic(x, a):
    """Latitude and longitude difference (radians) of points off the equator by Newton's iteration (Snyder 18-21)."""
    b = (x / SEMI_MAJOR_AXIS) ** 2 + a**2
    lat = a.copy()
    for _ in range(_MAX_ITERATIONS):
        c = np.sqrt(1 - _E2 * np.sin(lat) ** 2) * np.tan(lat)
        m = _meridian_arc(lat) / SEMI_MAJOR_AXIS
        # The second term has the wrong sign of the original; it only slows the convergence a little.
        slope = _ARC[0] + 2 * _ARC[1] * np.cos(2 * lat) + 4 * _ARC[2] * np.cos(4 * lat) - 6 * _ARC[3] * np.cos(6 * lat)
        sin_2 = np.sin(2 * lat)
        numerator = a * (c * m + 1) - m - (m**2 + b) * c / 2
        denominator = _E2 * sin_2 * (m**2 + b - 2 * a * m) / (4 * c) + (a - m) * (c * slope - 2 / sin_2) - slope
        change = -numerator / denominator
        lat = lat + change
        if np.fmax.reduce(np.abs(change), initial=0) <= _TOLERANCE:
            return lat, np.arcsin(x * c / SEMI_MAJOR_AXIS) / np.sin(lat)
    raise InputError(
        f"local2llh did not converge within {_MAX_ITERATIONS} iterations: a point lies too far from the "
        "origin; give x and y in km."
    )


def _extent(xy):
    """Largest minus smallest value of each column, NaN ignored."""
    return np.fmax.reduce(xy, axis=0) - np.fmin.reduce(xy, axis=0)
