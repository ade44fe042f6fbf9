"""Stations of GNSS and the pixels around them: vectors, velocities, series, differences.

Source: docs/method/gnss.md, sections 1 to 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree

from stamps.analysis.gnss import Agreement, compare_series, into_line_of_sight, on_dates
from stamps.analysis.joining import MOST_INDEPENDENT, mean_of, std_of
from stamps.errors import InputError, ParameterError
from stamps.insar.constants import DAYS_PER_YEAR
from stamps.insar.geometry import centre_of, llh2local, wrapped_longitude

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps.products.gnss_files import Station
    from stamps.products.ground.looks import Look

__all__ = ["LEAST_OVERLAP", "Around", "Row", "differences_of", "pixels_around", "rows_of", "several"]

LEAST_OVERLAP = 0.7  # of the images' time that a station should cover
_LEAST_YEARS = 3.0
_LARGEST_STD = 2.0  # mm/yr of a vertical velocity
_FAR = 10.0  # degrees
_NAMED = 8


@dataclass(frozen=True)
class Around:
    """A station with pixels near it.

    Attributes
    ----------
    station : Station
    xy : ndarray, shape (2,)
        Kilometres from the middle of the scene.
    pixels : ndarray of int, shape (k,)
    vector : ndarray, shape (3,)
    velocity, std : float
        Of the pixels, mm/yr.
    series : ndarray, shape (k,)
        Of the pixels, mm.
    """

    station: Station
    xy: NDArray[np.float64]
    pixels: NDArray[np.int64]
    vector: NDArray[np.float64]
    velocity: float
    std: float
    series: NDArray[np.float64]


@dataclass(frozen=True)
class Row:
    """A station against its pixels; with a reference station both are differences to it.

    Attributes
    ----------
    site : str
    lon, lat : float
        Degrees.
    x, y : float
        Kilometres from the middle of the scene.
    pixels : int
    compared : str
        ``'series'`` or ``'velocity'``.
    station_velocity, pixels_velocity, difference : float
        mm/yr towards the satellite; station minus pixels.
    difference_std : float
        mm/yr.
    dates : int
        Common dates of the series; 0 of velocities.
    offset, rms, std, correlation : float
        Of the series, mm; NaN of velocities.
    left : float
        Difference without the common offset, or without the surface of the calibration, mm/yr.
    left_out : float
        What the other stations leave of it, mm/yr; NaN without calibration.
    weight : float
        Of 1 in the calibration; NaN without.
    """

    site: str
    lon: float
    lat: float
    x: float
    y: float
    pixels: int
    compared: str
    station_velocity: float
    pixels_velocity: float
    difference: float
    difference_std: float
    dates: int = 0
    offset: float = float("nan")
    rms: float = float("nan")
    std: float = float("nan")
    correlation: float = float("nan")
    left: float = float("nan")
    left_out: float = float("nan")
    weight: float = float("nan")


def several(names: Sequence[str]) -> str:
    """Some names, and how many more there are."""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def pixels_around(
    stations: Sequence[Station], look: Look, radius: float, least: int
) -> tuple[list[Around], list[str], dict[str, str]]:
    """Stations that have pixels around them.

    Returns
    -------
    list of Around
    list of str
        Warnings: which stations are left out.
    dict of str to str
        Site and why it is left out.

    Raises
    ------
    InputError
        There is none.
    """
    origin = centre_of(look.lonlat)
    xy = llh2local(look.lonlat, origin)
    tree = cKDTree(xy)
    found: list[Around] = []
    outside: list[str] = []
    thin: list[str] = []
    for station in stations:
        near = abs(float(wrapped_longitude(station.lon, origin[0])) - origin[0]) < _FAR
        if not near or abs(station.lat - origin[1]) >= _FAR:
            outside.append(station.name)
            continue
        place = llh2local(np.array([[station.lon, station.lat]]), origin)[0]
        pixels = np.array(sorted(tree.query_ball_point(place, radius / 1000)), dtype=np.int64)
        if pixels.size >= least:
            found.append(_around(station, place, pixels, look))
        else:
            (thin if pixels.size else outside).append(station.name)
    told = []
    if outside:
        told.append(f"No pixel within {radius:g} m, left out: {several(outside)}.")
    if thin:
        told.append(f"Fewer than {least} pixels within {radius:g} m, left out: {several(thin)}.")
    if not found:
        raise InputError(
            f"No station of GNSS has {least} pixels within {radius:g} m ({len(outside)} have none, {len(thin)} too few); "
            f"the scene is at {origin[0]:.3f} E, {origin[1]:.3f} N: give other stations or a larger radius."
        )
    reasons = {name: f"no pixel within {radius:g} m" for name in outside}
    return found, told, reasons | {name: f"fewer than {least} pixels within {radius:g} m" for name in thin}


def _around(station: Station, place: NDArray[np.float64], pixels: NDArray[np.int64], look: Look) -> Around:
    weights, all_of_one = look.weights[pixels], np.zeros(pixels.size, dtype=np.int64)
    series = mean_of(all_of_one, look.series[pixels], 1, weights)[0]
    shared = look.shared_noise(all_of_one, 1, pixels)
    error = float(std_of(all_of_one, look.std[pixels], 1, shared)[0])
    velocity = float(np.average(look.velocity[pixels], weights=weights))
    return Around(station, place, pixels, look.vector[pixels].mean(axis=0), velocity, error, series)


# ---------------------------------------------------------------------- comparison


@dataclass(frozen=True)
class _Seen:
    """A station in the line of sight, on the dates of the images where it has a series."""

    around: Around
    velocity: float
    std: float
    series: NDArray[np.float64] | None
    series_std: NDArray[np.float64] | None


def rows_of(
    around: Sequence[Around], look: Look, window: float, reference: str | None
) -> tuple[list[Row], list[str], dict[str, str]]:
    """Compare stations with their pixels.

    Parameters
    ----------
    around : sequence of Around
    look : Look
    window : float
        Days around an image whose days of a station count.
    reference : str, optional
        Station to which both are taken as differences.

    Returns
    -------
    list of Row
    list of str
        Warnings.
    dict of str to str
        Site and why it is left out.

    Raises
    ------
    InputError
        No station has enough dates.
    ParameterError
        The reference station is none of them, or the only one.
    """
    base = None
    if reference is not None:
        base = next((part for part in around if part.station.name == reference), None)
        if base is None:
            names = several([part.station.name for part in around])
            raise ParameterError(f"The reference station {reference} is none of those in the scene: {names}.")
        if len(around) == 1:
            raise ParameterError(
                f"The reference station {reference} is the only one in the scene: there is nothing to compare."
            )
    seen = [_seen(part, look, window) for part in around]
    against = next((part for part in seen if base is not None and part.around is base), None)
    rows, told, short = [], [], []
    for part in seen:
        told += _doubts(part.around.station, look)
        if part is against:
            continue
        row = _row(part, against, look)
        if row is None:
            short.append(part.around.station.name)
        else:
            rows.append(row)
    if short:
        told.append(f"Fewer than three dates in common with the images, left out: {several(short)}.")
    if not rows:
        raise InputError(
            "No station of GNSS has three dates in common with the images: give stations of the same time."
        )
    return rows, told, dict.fromkeys(short, "fewer than three dates in common with the images")


def differences_of(
    around: Sequence[Around], look: Look, window: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Series of stations minus those of the pixels around them, on the dates of the images.

    Returns
    -------
    xy : ndarray, shape (m, 2)
        Kilometres from the middle of the scene, of the stations that have series.
    difference, std : ndarray, shape (m, k)
        mm; NaN where a station has no day near an image. Noise of the pixels is that of the image, three of them at most
        counted as independent.

    Raises
    ------
    InputError
        No station has a series.
    """
    noise = np.where(np.isfinite(look.noise), look.noise, 0.0)
    places, differences, errors = [], [], []
    for part in (_seen(one, look, window) for one in around):
        if part.series is not None and part.series_std is not None:
            places.append(part.around.xy)
            differences.append(part.series - part.around.series)
            errors.append(np.hypot(part.series_std, noise / np.sqrt(min(part.around.pixels.size, MOST_INDEPENDENT))))
    if not places:
        raise InputError(
            "No station has a series (tenv3), so that dates cannot be calibrated: calibrate by velocities."
        )
    return np.array(places), np.array(differences), np.array(errors)


def _seen(around: Around, look: Look, window: float) -> _Seen:
    station = around.station
    if station.days is None or station.position is None or station.position_std is None:
        assert station.velocity is not None and station.velocity_std is not None
        velocity, std = into_line_of_sight(around.vector, station.velocity[None], station.velocity_std[None])
        return _Seen(around, float(velocity[0]), float(std[0]), None, None)
    seen, error = into_line_of_sight(around.vector, station.position, station.position_std, station.correlation)
    series, series_std = on_dates(look.days, station.days, seen, error, window)
    return _Seen(around, float("nan"), float("nan"), series, series_std)


def _doubts(station: Station, look: Look) -> list[str]:
    """Why a station may not be good enough."""
    told = []
    first, last = look.days.min(), look.days.max()
    if np.isfinite([station.first, station.last]).all():
        part = (min(last, station.last) - max(first, station.first)) / (last - first)
        if part < LEAST_OVERLAP:
            told.append(f"{station.name} covers {max(part, 0):.0%} of the time of the images.")
        if station.velocity is not None and station.last - station.first < _LEAST_YEARS * DAYS_PER_YEAR:
            told.append(f"The velocity of {station.name} is of less than three years.")
    if station.velocity_std is not None and station.velocity_std[2] > _LARGEST_STD:
        told.append(f"The vertical velocity of {station.name} has an error of {station.velocity_std[2]:.1f} mm/yr.")
    return told


def _row(part: _Seen, base: _Seen | None, look: Look) -> Row | None:
    """The comparison; None where the series have too few dates in common."""
    agreement = None
    if part.series is not None and (base is None or base.series is not None):
        agreement = _agreement(part, base, look)
        if agreement is None:
            return None
    if agreement is not None:
        made = _start(part, "series", agreement.station_velocity, agreement.pixels_velocity, agreement.slope_std)
        return replace(
            made, dates=agreement.n, offset=agreement.offset, rms=agreement.rms, std=agreement.std,
            correlation=agreement.correlation,
        )  # fmt: skip
    mine, theirs = _velocities(part, look), (0.0, 0.0, 0.0) if base is None else _velocities(base, look)
    if mine is None or theirs is None:
        return None
    error = float(np.hypot(mine[2], theirs[2]))
    return _start(part, "velocity", mine[0] - theirs[0], mine[1] - theirs[1], error)


def _start(part: _Seen, compared: str, station: float, pixels: float, std: float) -> Row:
    around, site = part.around, part.around.station
    x, y = (float(value) for value in around.xy)
    return Row(
        site.name,
        site.lon,
        site.lat,
        x,
        y,
        around.pixels.size,
        compared,
        station,
        pixels,
        station - pixels,
        max(std, 1e-3),
    )


def _agreement(part: _Seen, base: _Seen | None, look: Look) -> Agreement | None:
    pixels, station, std = part.around.series, part.series, part.series_std
    assert station is not None and std is not None
    if base is not None:
        assert base.series is not None and base.series_std is not None
        pixels, station = pixels - base.around.series, station - base.series
        std = np.hypot(std, base.series_std)
    if np.sum(np.isfinite(pixels) & np.isfinite(station)) < 3:
        return None
    return compare_series(look.days, pixels, station, std)


def _velocities(part: _Seen, look: Look) -> tuple[float, float, float] | None:
    """Velocity of a station and of its pixels, and the standard deviation of their difference."""
    if part.series is None:
        noise = part.around.std if np.isfinite(part.around.std) else 0.0
        return part.velocity, part.around.velocity, float(np.hypot(part.std, noise))
    found = _agreement(part, None, look)
    return None if found is None else (found.station_velocity, found.pixels_velocity, found.slope_std)
