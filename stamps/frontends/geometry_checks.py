"""The rasters of longitude, latitude and height of a stack, looked at in a sample of lines before any work."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import DTypeLike

from stamps.errors import InputError
from stamps.frontends.positions import judge_heights, judge_positions, middle_of, reach_of
from stamps.frontends.rasters import map_raster

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps._typing import StrPath


__all__ = ["check_geometry"]

_LINES, _SAMPLES = 64, 512  # of an image that are looked at
_WHAT = "sampled pixels"
_SMALLEST = 0.1  # of the image's diagonal that positions cover at least
_KM_PER_DEGREE = 111.2  # of latitude


def check_geometry(
    lonlat: Sequence[StrPath],
    height: StrPath | None,
    size: tuple[int, int],
    dtype: DTypeLike,
    spacing: tuple[float, float] | None = None,
    centre: tuple[float, float] | None = None,
) -> tuple[list[str], list[str]]:
    """Find out whether positions and heights can be right.

    Parameters
    ----------
    lonlat : sequence of path-like
        Longitude and latitude raster, or nothing.
    height : path-like or None
    size : (int, int)
        Range samples and azimuth lines; the files have this size.
    dtype : dtype
        Of the pixels, byte order included.
    spacing : (float, float), optional
        Distances of pixels on the ground along range and azimuth, metres.
    centre : (float, float), optional
        Longitude and latitude of the middle as a header tells it.

    Returns
    -------
    problems, warnings : list of str
    """
    problems: list[str] = []
    warnings: list[str] = []
    lines, samples = _spread(size[1], _LINES), _spread(size[0], _SAMPLES)
    pixels = np.column_stack([axis.ravel() for axis in np.meshgrid(lines, samples, indexing="ij")])

    def sampled(path: StrPath) -> NDArray[Any]:
        # in the byte order of the processor, so that the class tells what the bytes say
        values = map_raster(path, dtype, size[0])[lines][:, samples].ravel()
        return values.astype(np.dtype(dtype).newbyteorder("="))

    def judge(function: Callable[..., list[str]], *arguments: Any) -> list[str]:
        try:
            return function(*arguments)
        except InputError as error:
            problems.append(str(error))
            return []

    if lonlat:
        values = np.column_stack([sampled(path) for path in lonlat])
        warnings += judge(_judge_lonlat, values, [str(path) for path in lonlat], pixels, size, spacing, centre)
    if height is not None:
        warnings += judge(_judge_heights, sampled(height), str(height))
    return problems, warnings


def _spread(n: int, most: int) -> NDArray[np.int64]:
    """At most so many of n positions, from the first to the last."""
    return np.unique(np.linspace(0, n - 1, min(n, most)).astype(int))


def _judge_lonlat(
    values: NDArray[np.float32],
    names: Sequence[str],
    pixels: NDArray[np.int64],
    size: tuple[int, int],
    spacing: tuple[float, float] | None,
    centre: tuple[float, float] | None,
) -> list[str]:
    reach = reach_of(size, spacing)
    missing, warnings = judge_positions(values, names, reach, pixels, _WHAT)
    both = " and ".join(names)
    if 2 * np.count_nonzero(missing) > missing.size:
        raise InputError(
            f"{both} hold no coordinates for {100 * np.mean(missing):.0f} % of the image (0/0, not a number or out of the "
            "range): export them again."
        )
    if spacing is not None:
        _refuse_small(values[~missing].astype(np.float64), pixels[~missing], both, spacing)
    return warnings + _far_from_header(values[~missing].astype(np.float64), names, reach, centre)


def _refuse_small(
    lonlat: NDArray[np.float64], pixels: NDArray[np.int64], names: str, spacing: tuple[float, float]
) -> None:
    """Refuse coordinates that cover far less than the image, as radians or kilometres would."""
    extent = np.ptp(pixels, axis=0) * np.array(spacing[::-1]) / 1000
    # the latitude alone, and the shorter way along the parallel
    north = np.ptp(lonlat[:, 1]) * _KM_PER_DEGREE
    east = _width_of(lonlat[:, 0]) * _KM_PER_DEGREE * np.cos(np.radians(np.abs(lonlat[:, 1]).max()))
    if np.hypot(north, east) < _SMALLEST * np.hypot(*extent):
        raise InputError(
            f"{names} put the image on {np.hypot(north, east):.3g} km, but its size and spacing are "
            f"{np.hypot(*extent):.3g} km: degrees were expected; export the coordinates again."
        )


def _width_of(lon: NDArray[np.float64]) -> float:
    """Shortest arc that holds all longitudes, degrees: 360 less the largest gap."""
    turned = np.sort(np.mod(lon, 360))
    return 360 - max(float(np.diff(turned).max(initial=0)), 360 - float(turned[-1] - turned[0]))


def _far_from_header(
    lonlat: NDArray[np.float64], names: Sequence[str], reach: float, centre: tuple[float, float] | None
) -> list[str]:
    """Compare with the centre that the master's header tells; exchanged rasters are refused."""
    if centre is None or not len(lonlat) or not any(centre):
        return []
    middle = middle_of(lonlat)
    if _apart(middle, centre) <= reach + 100:
        return []
    both = " and ".join(names)
    if _apart(middle[::-1], centre) <= reach + 100:
        raise InputError(
            f"{both} are exchanged: the master's header has its centre at {centre[0]:g} E {centre[1]:g} N."
        )
    return [
        f"{both} put the scene at {middle[0]:.4f} E {middle[1]:.4f} N, but the master's header at {centre[0]:.4f} E "
        f"{centre[1]:.4f} N: check that they belong to this stack."
    ]


def _apart(first: tuple[float, float], second: tuple[float, float]) -> float:
    """Distance of two points in km, roughly."""
    east = (first[0] - second[0] + 180) % 360 - 180
    return _KM_PER_DEGREE * np.hypot(first[1] - second[1], east * np.cos(np.radians(second[1])))


def _judge_heights(values: NDArray[np.float32], name: str) -> list[str]:
    missing, warnings = judge_heights(values, name, _WHAT)
    if missing.all():
        raise InputError(f"{name} holds no height at all ({float(values[0]):g} everywhere): export it again.")
    return warnings
