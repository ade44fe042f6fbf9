"""Constants of the power law from balloon soundings. Arrays in, numbers out.

Source: Bekaert, Hooper and Wright (2015), J. Geophys. Res. Solid Earth 120, 1345-1356; refractivity: Smith and
Weintraub (1953), Proc. IRE 41, 1035-1037; vapour pressure: Bolton (1980), Mon. Weather Rev. 108, 1046-1053.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from scipy.integrate import cumulative_trapezoid
from scipy.optimize import minimize_scalar

from stamps.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


__all__ = ["PowerLawConstants", "Profile", "power_law_constants", "refractivity"]

_K1, _K2, _K3 = 77.6, 71.6, 3.75e5  # K/hPa, K/hPa, K2/hPa
_STEP = 50.0  # m
_LOWEST_TOP = 8000.0
_EXPONENTS = (0.3, 5.0)


@dataclass(frozen=True)
class Profile:
    """Refractivity (N units, 1e6 (n - 1)) at ascending heights in m."""

    height: np.ndarray
    refractivity: np.ndarray
    source: object = "a sounding"


@dataclass(frozen=True)
class PowerLawConstants:
    """h0 in m, alpha, and the number of pairs of soundings behind them."""

    h0: float
    alpha: float
    n_pairs: int


def refractivity(pressure: ArrayLike, temperature: ArrayLike, humidity: ArrayLike) -> NDArray[np.float64]:
    """Refractivity of moist air.

    Parameters
    ----------
    pressure : ndarray
        hPa.
    temperature : ndarray
        Degrees C.
    humidity : ndarray
        Relative humidity in %.

    Returns
    -------
    ndarray of float64
        N units.
    """
    hectopascal, celsius = np.asarray(pressure), np.asarray(temperature)
    kelvin = np.asarray(temperature, np.float64) + 273.15
    vapour = np.asarray(humidity) / 100 * 6.112 * np.exp(17.67 * celsius / (celsius + 243.5))
    return _K1 * (hectopascal - vapour) / kelvin + _K2 * vapour / kelvin + _K3 * vapour / kelvin**2


def power_law_constants(
    profiles: Sequence[Profile], *, spread: float = 0.005, highest_relief: float = 4000.0
) -> PowerLawConstants:
    """Height and exponent of the power law that differences of delay between days follow.

    Every profile gives the zenith delay between each height and the top that all reach. h0 is the lowest height above
    which the delays of all days differ by less than ``spread`` (standard deviation). alpha is the exponent with which
    K'_ij (h0 - h)^alpha, one K' for every pair of days, fits the differences of delay relative to h0 best (least
    squares) up to ``highest_relief``.

    Parameters
    ----------
    profiles : sequence of Profile
        At least two, of the season and area of the images.
    spread : float
        Metres.
    highest_relief : float
        Metres; also at most four fifths of h0.

    Returns
    -------
    PowerLawConstants

    Raises
    ------
    InputError
        Fewer than two soundings, one that ends too low, or delays that do not differ.
    """
    if len(profiles) < 2:
        raise InputError(
            f"{len(profiles)} sounding is given, but differences need at least two: give those of several days."
        )
    low = max(profile.height[0] for profile in profiles)
    lowest = min(profiles, key=lambda profile: profile.height[-1])
    top = lowest.height[-1]
    if top < _LOWEST_TOP:
        raise InputError(
            f"{lowest.source} ends at {top:.0f} m, but soundings up to {_LOWEST_TOP:.0f} m were expected: leave it out."
        )
    height = np.arange(low, top, _STEP)
    delays = np.array([_delay(profile, height) for profile in profiles])
    h0 = _reference_height(height, delays, spread)
    use = height <= min(highest_relief, 0.8 * h0)
    relative = delays[:, use] - _at(height, delays, h0)[:, np.newaxis]
    pairs = np.array(list(combinations(range(len(profiles)), 2)))
    difference = relative[pairs[:, 1]] - relative[pairs[:, 0]]
    below = (h0 - height[use]) / h0

    def misfit(alpha):
        shape = below**alpha
        return (difference**2).sum() - ((difference @ shape) ** 2).sum() / (shape @ shape)

    best = minimize_scalar(misfit, bounds=_EXPONENTS, method="bounded", options={"xatol": 1e-4})
    return PowerLawConstants(float(h0), float(best.x), len(pairs))


def _delay(profile: Profile, height: NDArray[np.float64]) -> NDArray[np.float64]:
    """Zenith delay in m between heights and the last of them."""
    levels = np.union1d(height, profile.height[(profile.height > height[0]) & (profile.height < height[-1])])
    # refractivity falls exponentially, but straight lines between the many levels of a sounding do
    n = np.interp(levels, profile.height, profile.refractivity)
    total = cumulative_trapezoid(n, levels, initial=0) * 1e-6
    return np.interp(height, levels, total[-1] - total)


def _reference_height(height: NDArray[np.float64], delays: NDArray[np.float64], spread: float) -> float:
    """Lowest height above which the delays differ by less than the spread."""
    above = np.flatnonzero(delays.std(axis=0) >= spread)
    if above.size == 0:
        raise InputError(
            f"The delays of the {len(delays)} soundings differ by less than {1000 * spread:g} mm everywhere: give soundings of "
            "days with different weather."
        )
    return height[above[-1] + 1]  # at the last height all delays are zero


def _at(height: NDArray[np.float64], delays: NDArray[np.float64], h0: float) -> NDArray[np.float64]:
    return delays[:, np.searchsorted(height, h0)]
