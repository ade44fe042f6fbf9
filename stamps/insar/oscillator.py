"""Phase drift of Envisat's local oscillator: arrays in, arrays out.

Source: docs/method/products.md, section 8; Marinkovic and Larsen (2013), ESA Living Planet Symposium.
"""

import numpy as np

from stamps.insar.constants import DAYS_PER_YEAR

__all__ = ["oscillator_phase"]

_RANGE_POSTING = 7.8  # metres
_DRIFT = 3.87e-7  # metres per year and metre of slant range


def oscillator_phase(range_sample: np.ndarray, days: np.ndarray, wavelength: float) -> tuple[np.ndarray, np.ndarray]:
    """Phase and velocity of the drift.

    Parameters
    ----------
    range_sample : ndarray, shape (n_ps,)
        0-based range sample.
    days : ndarray, shape (n,)
        Time span of each column in days.
    wavelength : float
        Metres.

    Returns
    -------
    phase : ndarray of float64, shape (n_ps, n)
    velocity : ndarray of float64, shape (n_ps,)
        mm/yr.
    """
    velocity = _RANGE_POSTING * np.asarray(range_sample, np.float64) * _DRIFT * 1000
    phase = -4 * np.pi / wavelength * (velocity / 1000)[:, np.newaxis] * (np.asarray(days) / DAYS_PER_YEAR)
    return phase, velocity
