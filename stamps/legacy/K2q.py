"""Height error that belongs to a look-angle error.

Reads and writes nothing. Source: docs/method/products.md, section 7.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, overload

import numpy as np

from stamps.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray


__all__ = ["K2q"]

_EARTH_RADIUS = 6345245.0  # metres


class _Sensor(NamedTuple):
    """Range posting, near range, height of the orbit, wavelength; all in metres."""

    spacing: float
    near: float
    height: float
    wavelength: float


_SENSORS = {
    "E": _Sensor(7.9048902811596, 831265, 794141, 0.0565647),  # ERS, Envisat I2
    "A": _Sensor(4.684, 846014.31, 691650, 0.236057),  # ALOS fine beam
    "R2U18": _Sensor(1.330719, 1042559.7347, 786503, 0.05546577),  # Radarsat-2
}


@overload
def K2q(K: float, range_pixel: float = 2300, sensor: str = "E") -> np.float64: ...
@overload
def K2q(K: ArrayLike, range_pixel: NDArray[Any] | Sequence[float], sensor: str = "E") -> NDArray[np.float64]: ...
@overload
def K2q(K: NDArray[Any] | Sequence[float], range_pixel: ArrayLike = 2300, sensor: str = "E") -> NDArray[np.float64]: ...
def K2q(K: ArrayLike, range_pixel: ArrayLike = 2300, sensor: str = "E") -> Any:
    """Convert the look-angle coefficient to the error of the DEM.

    Parameters
    ----------
    K : array_like
        rad per metre of perpendicular baseline.
    range_pixel : array_like
        Range sample from 0, one or as many as ``K``.
    sensor : {'E', 'A', 'R2U18'}
        Geometry of ERS and Envisat, of ALOS, of Radarsat-2 U18; the wavelength comes with it.

    Returns
    -------
    ndarray of float64
        Metres; positive where the reality stands above the DEM.

    Raises
    ------
    InputError
        The sensor is not known.

    Examples
    --------
    >>> from stamps import K2q
    >>> K2q([0.001, -0.002], 1200).round(2)
    array([-1.32,  2.64])
    """
    geometry = _SENSORS.get(sensor)
    if geometry is None:
        raise InputError(f"K2q: the sensor '{sensor}' is not one of {', '.join(_SENSORS)}.")
    slant_range = geometry.near + np.asarray(range_pixel, np.float64) * geometry.spacing
    orbit = _EARTH_RADIUS + geometry.height
    incidence = np.pi - np.arccos((slant_range**2 + _EARTH_RADIUS**2 - orbit**2) / (2 * slant_range * _EARTH_RADIUS))
    return -np.asarray(K, np.float64) * geometry.wavelength * slant_range * np.sin(incidence) / (4 * np.pi)
