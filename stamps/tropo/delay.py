"""Zenith delay to interferometric phase. Arrays in, arrays out.

Source: docs/method/products.md, introduction (signs): with the earlier image first a positive phase is a longer way
to the ground. The excess path of an image is its zenith delay divided by the cosine of the incidence angle.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stamps.insar.constants import MEAN_EARTH_RADIUS_KM

if TYPE_CHECKING:
    from numpy.typing import NDArray


__all__ = ["delay_phase", "incidence_from_look", "pair_phase"]

#: (R + H)/R of satellites at 700 km over a spherical Earth; sin(incidence) = this times sin(look).
_ORBIT_RATIO = 1 + 700 / MEAN_EARTH_RADIUS_KM
_ALREADY_INCIDENCE = 0.02


def delay_phase(
    zenith_delay: NDArray[np.float64], incidence: NDArray[np.float64], wavelength: float
) -> NDArray[np.float64]:
    """Phase of the delay of single images.

    Parameters
    ----------
    zenith_delay : ndarray, shape (n_ps,) or (n_ps, n)
        Metres.
    incidence : ndarray, shape (n_ps,)
        Radians.
    wavelength : float
        Metres.

    Returns
    -------
    ndarray of float64, same shape as ``zenith_delay``
        +4π/λ · delay/cos(incidence), radians.
    """
    mapping = 4 * np.pi / wavelength / np.cos(np.asarray(incidence, np.float64))
    zenith_delay = np.asarray(zenith_delay, np.float64)
    return zenith_delay * (mapping if zenith_delay.ndim == 1 else mapping[:, np.newaxis])


def pair_phase(image_phase: NDArray[np.float64], pairs: NDArray[np.int64]) -> NDArray[np.float64]:
    """Second minus first image of every pair.

    Parameters
    ----------
    image_phase : ndarray, shape (n_ps, n_image)
    pairs : ndarray of int, shape (n_ifg, 2)
        0-based first image (the master) and second image (the slave).

    Returns
    -------
    ndarray, shape (n_ps, n_ifg)
    """
    return image_phase[:, pairs[:, 1]] - image_phase[:, pairs[:, 0]]


def incidence_from_look(look: NDArray[np.float64], mean_incidence: float | None = None) -> NDArray[np.float64]:
    """Incidence angles from the angles that a project stores as look angles.

    Parameters
    ----------
    look : ndarray, shape (n_ps,)
        Radians. Some preparations store the incidence angle itself under this name.
    mean_incidence : float, optional
        Mean incidence angle in radians; it tells which of the two it is, and the height of the orbit.

    Returns
    -------
    ndarray of float64, shape (n_ps,)
        Radians.
    """
    sine = np.sin(np.asarray(look, np.float64))
    ratio = _ORBIT_RATIO if mean_incidence is None else np.sin(mean_incidence) / sine.mean()
    if abs(ratio - 1) < _ALREADY_INCIDENCE:
        ratio = 1.0
    return np.arcsin(np.minimum(sine * ratio, 1.0))
