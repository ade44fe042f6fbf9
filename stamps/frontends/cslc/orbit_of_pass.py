"""One orbit for each date, from the state vectors of all its bursts.

Source: docs/method/cslc.md, section 4.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from stamps.errors import InputError
from stamps.frontends.cslc.products import Product
from stamps.insar.constants import WGS84_SEMI_MAJOR, WGS84_SEMI_MINOR
from stamps.insar.orbits import Orbit, zero_doppler_time

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["check_view", "orbit_of", "span_of"]

_EQUAL_TIMES = 1e-3  # seconds
_AGREEMENT = 0.01  # metres
_CLOSEST = 5.0  # seconds between two vectors that are both used
_LONGEST = 60.0  # seconds of a pass
_LOWEST, _HIGHEST = 6.5e6, 8.5e6  # metres from the centre of the Earth
_NEAR, _WIDEST = 70.0, 30.0  # seconds: vectors that are looked at, the largest step between them
_BEFORE = 10.0  # seconds by which the area may lie before or behind the bursts
_STEEPEST, _FLATTEST = 10.0, 75.0  # degrees of incidence
_TURNING = 0.1  # of the speed: a satellite that goes north or south more slowly is about to turn
_DEGREE, _SMOOTH = 5, 0.1  # of a polynomial along two minutes, and metres by which vectors may lie off it


def span_of(products: Sequence[Product]) -> float:
    """Duration of the bursts of a pass, seconds."""
    start, stop = min(product.start for product in products), max(product.stop for product in products)
    return float((stop - start).astype(np.int64)) / 1e9


def orbit_of(products: Sequence[Product]) -> Orbit:
    """The orbit of a pass; times are seconds since midnight of the day of its first burst.

    Parameters
    ----------
    products : list of Product
        Of one pass.

    Raises
    ------
    InputError
        The orbits of two bursts disagree, the pass is too long, or there are too few vectors.
    """
    products = sorted(products, key=lambda product: (product.start, product.burst))
    span = span_of(products)
    if span > _LONGEST:
        raise InputError(f"The area spans {span:.0f} s of the pass, at most 60 s are possible: split it (--area).")
    midnight = products[0].start.astype("datetime64[D]").astype("datetime64[ns]")
    middle = _seconds(products[0].start, midnight) + span / 2
    time, position = _vectors(products[0], midnight)
    for product in products[1:]:
        more, places = _vectors(product, midnight)
        _check_agreement(products[0], product, (time, position), (more, places), midnight)
        new = np.abs(more[:, None] - time).min(axis=1) > _CLOSEST
        time, position = np.concatenate([time, more[new]]), np.concatenate([position, places[new]])
    try:
        return Orbit(time, position, middle)
    except InputError as error:
        raise InputError(f"{products[0].path}: {error}") from None


def check_view(orbit: Orbit, products: Sequence[Product], point: NDArray[np.float64]) -> None:
    """Raise an InputError if a satellite does not see a point at the time of the image, to its right, in its pass direction.

    Parameters
    ----------
    orbit : Orbit
        Of :func:`orbit_of`.
    products : list of Product
        Of one pass.
    point : (3,) array
        The middle of the area, Earth-fixed, metres.
    """
    first = min(products, key=lambda product: (product.start, product.burst))
    midnight = first.start.astype("datetime64[D]").astype("datetime64[ns]")
    start, stop = _seconds(first.start, midnight), max(_seconds(product.stop, midnight) for product in products)
    wrong = f"the orbit, the grid or the time of {first.path} is wrong; download it again"
    try:
        time = zero_doppler_time(orbit, point[None])
    except InputError:
        raise InputError(f"The satellite does not pass the area: {wrong}.") from None
    if not start - _BEFORE <= time[0] <= stop + _BEFORE:
        raise InputError(
            f"The satellite passes the area at {time[0]:.0f} s of the day, but the image is of {start:.0f} to {stop:.0f} s: "
            f"{wrong}."
        )
    satellite, velocity, _ = (values[0] for values in orbit.state(time))
    ray = point - satellite
    if ray @ np.cross(-satellite, velocity) <= 0:
        raise InputError(f"The satellite has the area to its left, but images look to the right: {wrong}.")
    up = point / np.array([WGS84_SEMI_MAJOR, WGS84_SEMI_MAJOR, WGS84_SEMI_MINOR]) ** 2
    incidence = np.degrees(np.arccos(-(ray @ up) / np.linalg.norm(ray) / np.linalg.norm(up)))
    if not _STEEPEST <= incidence <= _FLATTEST:
        raise InputError(f"The satellite sees the area at an incidence of {incidence:.0f}°, which cannot be: {wrong}.")
    north = velocity[2] / np.linalg.norm(velocity)
    if abs(north) > _TURNING and (north > 0) != (first.direction == "Ascending"):
        flies = "north" if north > 0 else "south"
        raise InputError(f"The satellite flies to the {flies}, but the pass is {first.direction.lower()}: {wrong}.")


def _seconds(time: np.datetime64, since: np.datetime64) -> float:
    return float((time - since).astype("timedelta64[ns]").astype(np.int64)) / 1e9


def _vectors(product: Product, midnight: np.datetime64) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if product.vectors is None:
        raise InputError(f"{product.path} has no usable orbit (/metadata/orbit), so baselines cannot be computed.")
    time = product.vectors.seconds(midnight)
    order = np.argsort(time)
    middle = _seconds(product.start, midnight) / 2 + _seconds(product.stop, midnight) / 2
    _check_path(product, time[order], product.vectors.position[order], middle)
    return time[order], product.vectors.position[order]


def _check_path(product: Product, time: NDArray[np.float64], position: NDArray[np.float64], middle: float) -> None:
    """Raise an InputError if vectors cannot be those of a satellite about a time: its height, gaps, jumps."""
    radius = np.linalg.norm(position, axis=1)
    if not (_LOWEST <= radius.min() and radius.max() <= _HIGHEST):
        raise InputError(
            f"{product.path} has an orbit {radius.min():.4g} to {radius.max():.4g} m from the centre of the Earth, but "
            f"{_LOWEST:g} to {_HIGHEST:g} m were expected: download it again."
        )
    near = np.abs(time - middle) <= _NEAR
    steps = np.diff(time[near])
    if np.count_nonzero(near) < 4 or steps.max() > _WIDEST or not time[near][0] < middle < time[near][-1]:
        raise InputError(
            f"{product.path} has an orbit that covers {time[0]:.0f} to {time[-1]:.0f} s of the day with gaps, but the image is "
            f"of {middle:.0f} s: at least four vectors within {_NEAR:g} s are needed, none farther apart than {_WIDEST:g} s."
        )
    if steps.min() <= 0:
        raise InputError(f"{product.path} has an orbit with two vectors of one time: download it again.")
    scaled = (time[near] - middle) / _NEAR
    degree = min(_DEGREE, scaled.size - 2)
    power = np.vander(scaled, degree + 1)
    off = np.linalg.norm(position[near] - power @ np.linalg.lstsq(power, position[near], rcond=None)[0], axis=1)
    if degree == _DEGREE and off.max() > _SMOOTH:
        raise InputError(
            f"{product.path} has an orbit that jumps by about {off.max():.2g} m between its vectors: download it again."
        )


def _check_agreement(
    first: Product,
    other: Product,
    known: tuple[NDArray[np.float64], NDArray[np.float64]],
    new: tuple[NDArray[np.float64], NDArray[np.float64]],
    midnight: np.datetime64,
) -> None:
    """Raise an InputError where vectors of equal times differ, or, without equal times, the paths in between."""
    apart = new[0][:, None] - known[0]
    nearest = np.abs(apart).argmin(axis=1)
    equal = np.abs(apart[np.arange(len(nearest)), nearest]) < _EQUAL_TIMES
    if equal.any():
        times, there = new[0][equal], known[1][nearest[equal]]
        path = new[1][equal]
    else:
        inside = (new[0] > known[0][0]) & (new[0] < known[0][-1])
        if len(known[0]) < 4 or not inside.any():
            return
        times, path = new[0][inside], new[1][inside]
        place = np.abs(times - (times[0] + times[-1]) / 2).argmin()
        times, path = times[place : place + 1], path[place : place + 1]
        there = Orbit(known[0], known[1], float(times[0])).state(times)[0]
    distance = np.linalg.norm(path - there, axis=1)
    worst = int(distance.argmax())
    if not distance[worst] <= _AGREEMENT:
        when = midnight + np.timedelta64(round(times[worst] * 1e9), "ns")
        raise InputError(
            f"The orbits of {first.path} and {other.path} disagree by {distance[worst]:.2g} m at "
            f"{str(when)[:19].replace('T', ' ')}: they come from different orbit files."
        )
