"""Angles and the vector of the line of sight at the pixels.

Source: docs/method/dataset.md, section 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stamps.insar.constants import MEAN_EARTH_RADIUS_KM
from stamps.insar.geometry import centre_of, wrapped_longitude

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps.products.quantities import Project

__all__ = ["heading_of", "headings_at", "incidence_of", "look_vector"]

_INCIDENCE_IN_LA = ("gamma", "snap", "gsar")  # single-master loaders that store the incidence angle as 'la'


def incidence_of(project: Project) -> NDArray[np.float64] | None:
    """Incidence angle of the pixels on the ground, radians, shape (n,): as stored, else from the look angle; None if unknown."""
    angle = project.ws.load_optional(project.file("inc"), ["inc"]).get("inc")
    processor = str(project.parameters.get("insar_processor")).strip().lower()
    if angle is None and not project.small_baselines and processor in _INCIDENCE_IN_LA:
        angle = project.ws.load_optional(project.file("la"), ["la"]).get("la")
    if angle is None or angle.shape != (project.ps["n_ps"],):
        return _incidence_from_look(project)
    return np.asarray(angle, dtype=np.float64)


def _incidence_from_look(project: Project) -> NDArray[np.float64] | None:
    """Incidence angle of the pixels from their look angles, radians, shape (n,); None where these are not stored.

    Loaders of small baselines store the look angle alone. On a sphere the sine of the incidence is that of the look angle times
    the distance of the satellite from the centre of the Earth over its radius; the distance follows from the mean incidence
    and range, so that it hardly matters of which pixels these are means (0.3 degrees where the range is that of the near edge).
    """
    look = project.ws.load_optional(project.file("la"), ["la"]).get("la")
    incidence, slant = (project.ps.get(name) for name in ("mean_incidence", "mean_range"))
    if look is None or np.shape(look) != (project.ps["n_ps"],) or incidence is None or slant is None:
        return None
    ratio = float(slant) / (1000 * MEAN_EARTH_RADIUS_KM)
    distance = np.sqrt(1 + ratio**2 + 2 * ratio * np.cos(float(incidence)))
    sine = np.sin(np.asarray(look, dtype=np.float64)) * distance
    return np.arcsin(np.where(np.abs(sine) < 1, sine, np.nan))


def heading_of(project: Project) -> float | None:
    """Direction of flight, degrees clockwise from north; None where it is not known."""
    value = project.parameters.get("heading")
    known = value is not None and not isinstance(value, str) and np.size(value) == 1 and np.isfinite(value)
    return float(value) if known else None


def headings_at(lonlat: NDArray[np.float64], heading: float) -> NDArray[np.float64]:
    """Direction of flight against north at places, degrees clockwise.

    Meridians converge: a line that keeps its direction turns against north by the longitude times the sine of the latitude,
    1.5 degrees across a swath of 250 km at 40 degrees.

    Parameters
    ----------
    lonlat : ndarray, shape (n, 2)
        Degrees.
    heading : float
        At the middle of the places, degrees.

    Returns
    -------
    ndarray, shape (n,)
    """
    lon, lat = np.asarray(lonlat, dtype=np.float64).T
    middle = centre_of(lonlat)
    made: NDArray[np.float64] = heading + (wrapped_longitude(lon, middle[0]) - middle[0]) * np.sin(np.radians(lat))
    return made


def look_vector(
    incidence: NDArray[np.float64], heading: float | NDArray[np.float64], *, left: bool = False
) -> NDArray[np.float64]:
    """East, north and up part of the unit vector from the ground to the satellite.

    Parameters
    ----------
    incidence : ndarray, shape (n,)
        Radians.
    heading : float or ndarray
        Degrees clockwise from north.
    left : bool
        Whether the radar looks to the left.

    Returns
    -------
    ndarray, shape (n, 3)
    """
    side = -1.0 if left else 1.0
    angle = np.radians(heading)
    sine = side * np.sin(incidence)
    return np.stack([-sine * np.cos(angle), sine * np.sin(angle), np.cos(incidence)], axis=-1)
