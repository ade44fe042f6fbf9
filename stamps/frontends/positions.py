"""Longitudes, latitudes and heights: pixels that have none, and files that cannot be right.

Pixels without coordinates (0/0, -9999, NaN …) are usual at the edges of rasters: they are left out and counted. Where most
of a file is nonsense – another byte order, another type of number, another scene – an error names it. What counts is
whether positions fit each other and the size of the image, not their value: a scene may lie at 0° N 0° E or at 180° E.

Pure array functions; :mod:`stamps.frontends.geometry_checks` reads the files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from stamps.errors import InputError
from stamps.insar.constants import MEAN_EARTH_RADIUS_KM

if TYPE_CHECKING:
    from numpy.typing import NDArray


__all__ = ["Judgement", "judge_heights", "judge_positions", "middle_of", "reach_of"]

_UNKNOWN_REACH = 1000.0  # km from the middle of a scene of unknown size
_MARGIN = 20.0  # km: displacement by terrain, small scenes
_GENEROUS = 2.0  # times the diagonal, from the middle
_COARSEST = 100.0  # m, spacing of pixels where the headers do not tell
_LARGEST_SHARE = 0.1  # of pixels that are nonsense; a file with more of them is not trusted
_FEW = 3  # pixels that may be nonsense in any case
_ENOUGH = 50_000  # pixels that tell the byte order
_TELLING = 10  # pixels from which on a constant tells something
_LIMITS = {"longitude": (-360.0, 360.0), "latitude": (-90.0, 90.0), "height": (-1000.0, 10000.0)}
_TINY = {"longitude": 1e-6, "latitude": 1e-6, "height": 1e-30}  # smaller ones that are not 0 are hardly numbers at all
_LARGEST_NUMBER = 1e30  # beyond it values stand for nothing, as 1e38
_FILL = (-9999.0, -32768.0, -32767.0, 32767.0, -999.0, 9999.0, -99999.0, 99999.0)


class Judgement(NamedTuple):
    """Pixels to leave out, (n,) bool array, and sentences about them."""

    missing: np.ndarray
    warnings: list


def reach_of(size: tuple[int, int] | None = None, spacing: tuple[float, float] | None = None) -> float:
    """Largest plausible distance of a pixel from the middle of its image, in km.

    Parameters
    ----------
    size : (int, int), optional
        Range samples and azimuth lines.
    spacing : (float, float), optional
        Distances of pixels on the ground along range and azimuth, metres.
    """
    if size is None:
        return _UNKNOWN_REACH
    along_range, along_azimuth = (max(1.0, metres) for metres in spacing or (_COARSEST, _COARSEST))
    return _GENEROUS * float(np.hypot(size[0] * along_range, size[1] * along_azimuth)) / 1000 + _MARGIN


def middle_of(lonlat: NDArray[np.float64]) -> tuple[float, float]:
    """Longitude and latitude in degrees in the middle of most of the points of an (n, 2) array, n > 0."""
    x, y, z = _from_middle(np.asarray(lonlat, dtype=np.float64))[1]
    return float(np.degrees(np.arctan2(y, x))), float(np.degrees(np.arcsin(np.clip(z, -1, 1))))


def judge_positions(
    lonlat: NDArray[np.floating[Any]],
    names: Sequence[str],
    reach: float,
    pixels: NDArray[np.int64],
    what: str = "candidates",
) -> Judgement:
    """Find pixels without coordinates; refuse coordinates that are nonsense.

    Parameters
    ----------
    lonlat : (n, 2) float array
        Longitude and latitude in degrees, in the class of the file (its bytes tell the byte order).
    names : (str, str)
        Files of longitude and latitude.
    reach : float
        Largest plausible distance from the middle, km.
    pixels : (n, 2) int array
        Line and sample.
    what : str
        What the pixels are called.

    Returns
    -------
    Judgement

    Raises
    ------
    InputError
        Another byte order, more than a few pixels out of the range or out of the scene, or one value everywhere.
    """
    values = np.asarray(lonlat)
    for column, (coordinate, name) in enumerate(zip(("longitude", "latitude"), names, strict=True)):
        _refuse_byte_order(values[:, column], coordinate, name)
    degrees = values.astype(np.float64)
    # NaN, fill values and repeated 0/0 are gaps, the rest that cannot be is nonsense
    gap = ~np.isfinite(degrees).all(axis=1) | _is_fill(degrees).any(axis=1)
    zero = (degrees == 0).all(axis=1)
    nonsense = ~gap & (_outside(degrees[:, 0], "longitude") | _outside(degrees[:, 1], "latitude"))
    seen = ~(gap | zero | nonsense)
    distance = np.zeros(len(degrees))
    distance[seen], middle = _from_middle(degrees[seen])
    far = seen & (distance > reach)
    zero &= ~_belongs_at_zero(degrees, pixels, seen & ~far, zero, middle, reach)
    _refuse_nonsense(degrees, names, nonsense, far, distance, (gap | zero), reach, what)
    left = seen & ~far
    _refuse_constant(degrees[left], names)
    missing = gap | zero | nonsense | far
    reasons = {"0/0": zero, "no number or a fill value": gap, "out of the range": nonsense, "far from the others": far}
    return Judgement(missing, _told(f"{names[0]} and {names[1]}", "coordinates", missing, reasons, what))


def judge_heights(heights: NDArray[np.floating[Any]], name: str, what: str = "candidates") -> Judgement:
    """Find pixels without height; refuse heights that are nonsense.

    Parameters
    ----------
    heights : (n,) float array
        Metres, in the class of the file.
    name : str
        The file.
    what : str
        What the pixels are called.

    Returns
    -------
    Judgement

    Raises
    ------
    InputError
        Another byte order, or more than a few heights out of the range.
    """
    values = np.asarray(heights)
    _refuse_byte_order(values, "height", name)
    metres = values.astype(np.float64)
    gap = ~np.isfinite(metres) | _is_fill(metres)
    nonsense = ~gap & _outside(metres, "height")
    if _is_much(nonsense, ~gap):
        low, high = _LIMITS["height"]
        raise InputError(
            f"{name} holds {_example(metres[nonsense])} as a height ({_share(nonsense)} of the {what}), but {low:g} to "
            f"{high:g} m were expected: check type, byte order and unit of the height raster and prepare again."
        )
    missing = gap | nonsense
    warnings = _told(name, "height", missing, {"a fill value": gap, "out of the range": nonsense}, what)
    known = metres[~missing]
    if known.size >= _TELLING and np.all(known == known[0]):
        warnings.append(
            f"{name} holds {known[0]:g} m everywhere: unless the scene is flat, export the height raster again."
        )
    return Judgement(missing, warnings)


# ---------------------------------------------------------------------- refusals


def _refuse_byte_order(values: NDArray[np.floating[Any]], coordinate: str, name: str) -> None:
    """Refuse values that make sense only with their bytes in reverse order; a fill value counts once."""
    values = np.unique(values[:: max(1, values.size // _ENOUGH)])
    if (
        values.size >= _TELLING
        and _odd_share(values, coordinate) > 0.2
        and _odd_share(values.byteswap(), coordinate) <= 0.05
    ):
        raise InputError(
            f"{name} has the other byte order: read as it is a {coordinate} is {_example(values)}, with swapped bytes "
            f"{_example(values.byteswap())}; export it again, in the byte order of the other rasters."
        )


def _refuse_nonsense(
    lonlat: NDArray[np.float64],
    names: Sequence[str],
    nonsense: NDArray[np.bool_],
    far: NDArray[np.bool_],
    distance: NDArray[np.float64],
    gap: NDArray[np.bool_],
    reach: float,
    what: str,
) -> None:
    if not _is_much(nonsense | far, ~gap):
        return
    if np.count_nonzero(nonsense) > np.count_nonzero(far):
        wrong = [
            _outside(lonlat[:, k], coordinate) & nonsense for k, coordinate in enumerate(("longitude", "latitude"))
        ]
        k = int(np.argmax([np.count_nonzero(mask) for mask in wrong]))
        coordinate, limit = (("longitude", 360), ("latitude", 90))[k]
        turned = not (_outside(lonlat[~gap, 1], "longitude") | _outside(lonlat[~gap, 0], "latitude")).any()
        hint = "longitude and latitude seem to be exchanged; " if turned else ""
        raise InputError(
            f"{names[k]} holds {_example(lonlat[wrong[k], k])} as a {coordinate} ({_share(wrong[k])} of the {what}), but degrees "
            f"up to ±{limit} were expected: {hint}check type and byte order of {' and '.join(dict.fromkeys(names))} and "
            "export them again."
        )
    raise InputError(
        f"{' and '.join(dict.fromkeys(names))} scatter the {what} over {2 * distance[far].max():.0f} km, but an image of "
        f"this size reaches at most {reach:.0f} km from its middle: export the coordinates again."
    )


def _refuse_constant(lonlat: NDArray[np.float64], names: Sequence[str]) -> None:
    if len(lonlat) < _TELLING:
        return
    for k, coordinate in enumerate(("longitude", "latitude")):
        if np.all(lonlat[:, k] == lonlat[0, k]):
            raise InputError(
                f"{names[k]} holds the {coordinate} {lonlat[0, k]:.8g} everywhere: export the coordinates again."
            )


# ---------------------------------------------------------------------- single questions


def _outside(values: NDArray[np.float64], coordinate: str) -> NDArray[np.bool_]:
    """Values that no longitude, latitude or height can have; NaN counts."""
    low, high = _LIMITS[coordinate]
    return ~((values >= low) & (values <= high)) | ((np.abs(values) < 1e-30) & (values != 0))


def _odd_share(values: NDArray[np.floating[Any]], coordinate: str) -> float:
    """Share of the values that are out of the range or next to nothing."""
    with np.errstate(invalid="ignore"):
        numbers = values.astype(np.float64)
        return float(np.mean(_outside(numbers, coordinate) | ((np.abs(numbers) < _TINY[coordinate]) & (numbers != 0))))


def _is_fill(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    return np.isin(values, _FILL) | (np.abs(values) > _LARGEST_NUMBER)


def _is_much(wrong: NDArray[np.bool_], of: NDArray[np.bool_]) -> bool:
    return bool(np.count_nonzero(wrong) > max(_FEW, _LARGEST_SHARE * np.count_nonzero(of)))


def _from_middle(lonlat: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Distances in km of points from their robust middle, and the middle as a unit vector."""
    if not len(lonlat):
        return np.zeros(0), np.zeros(3)
    points = _unit_vectors(lonlat)
    middle = np.median(points, axis=0)
    middle /= max(float(np.linalg.norm(middle)), 1e-12)
    return _distance(points, middle), middle


def _unit_vectors(lonlat: NDArray[np.float64]) -> NDArray[np.float64]:
    lon, lat = np.radians(lonlat).T
    return np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])


def _distance(points: NDArray[np.float64], middle: NDArray[np.float64]) -> NDArray[np.float64]:
    """Great-circle distances in km of unit vectors from another."""
    return 2 * MEAN_EARTH_RADIUS_KM * np.arcsin(np.clip(np.linalg.norm(points - middle, axis=1) / 2, 0, 1))


def _belongs_at_zero(
    lonlat: NDArray[np.float64],
    pixels: NDArray[np.int64],
    seen: NDArray[np.bool_],
    zero: NDArray[np.bool_],
    middle: NDArray[np.float64],
    reach: float,
) -> NDArray[np.bool_]:
    """Pixels at 0° N 0° E that lie there: a plane through the others leads there, too."""
    belongs = np.zeros(len(lonlat), bool)
    at_zero = np.array([1.0, 0.0, 0.0])
    if not zero.any() or np.count_nonzero(seen) < 4 or _distance(middle[None, :], at_zero)[0] > reach:
        return belongs
    points = _unit_vectors(lonlat[seen])
    design = np.column_stack([np.ones(len(pixels)), pixels])
    plane = np.linalg.lstsq(design[seen], points, rcond=None)[0]
    allowed = 0.05 * _distance(points, middle).max() + 0.1
    belongs[zero] = MEAN_EARTH_RADIUS_KM * np.linalg.norm(design[zero] @ plane - at_zero, axis=1) <= allowed
    return belongs


# ---------------------------------------------------------------------- words


def _told(
    source: str, noun: str, missing: NDArray[np.bool_], reasons: Mapping[str, NDArray[np.bool_]], what: str
) -> list[str]:
    """A sentence with the number of pixels without something, and why."""
    if not missing.any():
        return []
    told = ", ".join(f"{reason}: {np.count_nonzero(mask)}" for reason, mask in reasons.items() if mask.any())
    source = " and ".join(dict.fromkeys(source.split(" and ")))
    return [
        f"{source}: {np.count_nonzero(missing)} of {missing.size} {what} have no {noun} ({told}) and are left out; if they "
        "are many, export the raster again."
    ]


def _share(mask: NDArray[np.bool_]) -> str:
    return f"{100 * np.mean(mask):.0f} %"


def _example(values: NDArray[np.floating[Any]]) -> str:
    """The value in the middle, as text."""
    return f"{float(values[len(values) // 2]):.6g}"
