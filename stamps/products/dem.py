"""The DEM of a project: read around its pixels and brought to the posting of plots.

Reads ``demparms.in`` of the directory or its parents: file, width, length, longitude and latitude of the upper left
corner, posting in degrees (one number, or latitude and longitude), format (``i2`` or ``float``); and ``ps2`` for the
part that is needed. Parameters: ``plot_dem_posting``.

Source: docs/method/products.md, section 2.8.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.interpolate import RegularGridInterpolator

from stamps.errors import InputError
from stamps.insar.geometry import centre_of, without_jump, wrapped_longitude
from stamps.products.raster import degree_steps, require_few_cells, size_parameter
from stamps.workspace import Workspace
from stamps.workspace.parameters import Parameters
from stamps.workspace.plain_files import read_input

if TYPE_CHECKING:
    from numpy.typing import NDArray


__all__ = ["dem_around_pixels"]

_FORMATS = {"i2": np.int16, "int16": np.int16, "short": np.int16, "float": np.float32, "r4": np.float32}
_VOID = -9999
_MARGIN = 0.03  # of the extent of the pixels, on each side


class DemFile(NamedTuple):
    """What ``demparms.in`` says: posting in degrees along longitude and latitude."""

    path: Path
    width: int
    length: int
    lon: float
    lat: float
    posting: tuple
    dtype: type


def dem_around_pixels(ws: Workspace) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Heights around the pixels of a project.

    Parameters
    ----------
    ws : Workspace

    Returns
    -------
    heights : ndarray of float32, shape (n_lat, n_lon)
        Metres, NaN where the DEM is void; rows from south to north.
    lon, lat : ndarray of float64
        Degrees, ascending.

    Raises
    ------
    InputError
        ``demparms.in`` or the DEM is missing or inconsistent, or the pixels lie outside.
    """
    dem = read_demparms(ws)
    posting = size_parameter(Parameters(ws), "plot_dem_posting")
    lonlat = without_jump(ws.load(f"ps{ws.version}", ["lonlat"])["lonlat"])
    heights, lon, lat = cut_out(dem, lonlat)
    return resample(heights, lon, lat, degree_steps(lonlat, posting))


def read_demparms(ws: Workspace) -> DemFile:
    """Read ``demparms.in``.

    Parameters
    ----------
    ws : Workspace

    Returns
    -------
    DemFile
    """
    found = ws.find("demparms.in")
    if found is None:
        raise InputError(
            f"{ws.path / 'demparms.in'} is missing: write the file, width, length, longitude and latitude of the upper "
            "left corner, posting (degrees) and format (i2 or float) of a DEM there, or choose another background."
        )
    words = read_input(found).split()
    try:
        width, length = int(words[1]), int(words[2])
        lon, lat = float(words[3]), float(words[4])
        first, second = float(words[5]), float(words[6]) if len(words) > 7 else float(words[5])
        dtype = _FORMATS[words[-1].lower()]
    except (IndexError, ValueError, KeyError):
        raise InputError(
            f"{found}: expected file, width, length, upper left longitude and latitude, posting (one number or "
            "latitude and longitude) and format (i2 or float)."
        ) from None
    path = Path(os.path.join(found.parent, words[0]))
    size = path.stat().st_size if path.is_file() else -1
    if size != width * length * np.dtype(dtype).itemsize:
        raise InputError(
            f"{path}, named in {found}, "
            + (
                "is missing."
                if size < 0
                else f"has {size} bytes, but {width} x {length} values of {np.dtype(dtype).itemsize} bytes were expected."
            )
        )
    return DemFile(path, width, length, lon, lat, (second, first), dtype)


def cut_out(dem: DemFile, lonlat: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The part of a DEM around the pixels.

    Parameters
    ----------
    dem : DemFile
    lonlat : ndarray, shape (n_ps, 2)
        Degrees, without a jump.

    Returns
    -------
    heights : ndarray of float32, shape (n_lat, n_lon)
        Metres, NaN where the DEM is void; rows from south to north.
    lon, lat : ndarray of float64
        Degrees, ascending, counted as those of the pixels; the DEM may count them in another way or be cut at the
        antimeridian.
    """
    given = dem.lon + dem.posting[0] * np.arange(dem.width)
    lon = wrapped_longitude(given, centre_of(lonlat)[0])
    lat = dem.lat - dem.posting[1] * np.arange(dem.length)
    low, high = np.nanmin(lonlat, axis=0), np.nanmax(lonlat, axis=0)
    margin = _MARGIN * (high - low) + 2 * np.array(dem.posting)
    columns = _from_west_to_east(lon, low[0] - margin[0], high[0] + margin[0], dem.posting[0])
    rows = np.flatnonzero((lat >= low[1] - margin[1]) & (lat <= high[1] + margin[1]))
    if columns.size < 2 or rows.size < 2:
        raise InputError(
            f"{dem.path} reaches from {given[0]:.4f} to {given[-1]:.4f}° E and {lat[-1]:.4f} to {lat[0]:.4f}° N, where no "
            "pixel is: correct demparms.in."
        )
    image = np.memmap(dem.path, dem.dtype, "r", shape=(dem.length, dem.width))
    heights = image[rows[0] : rows[-1] + 1][:, columns].astype(np.float32)[::-1]
    heights[heights <= _VOID] = np.nan
    return heights, lon[columns], lat[rows][::-1]


def _from_west_to_east(lon: NDArray[np.float64], west: float, east: float, posting: float) -> NDArray[np.int64]:
    """Columns between two longitudes in ascending order; of those at the same longitude (a global DEM's ends) the first."""
    columns = np.flatnonzero((lon >= west) & (lon <= east))
    columns = columns[np.argsort(lon[columns], kind="stable")]
    return columns[np.diff(lon[columns], prepend=-np.inf) > posting / 2]


def resample(
    heights: np.ndarray, lon: np.ndarray, lat: np.ndarray, steps: tuple[float, float]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Interpolate linearly to another posting.

    Parameters
    ----------
    heights : ndarray, shape (n_lat, n_lon)
    lon, lat : ndarray
        Ascending.
    steps : tuple of float
        New posting along longitude and latitude, degrees.

    Returns
    -------
    heights : ndarray of float32
    lon, lat : ndarray of float64
    """
    require_few_cells((lon[-1] - lon[0], lat[-1] - lat[0]), steps, "The posting plot_dem_posting")
    new_lon, new_lat = (np.arange(axis[0], axis[-1], step) for axis, step in zip((lon, lat), steps, strict=True))
    surface = RegularGridInterpolator((lat, lon), heights)
    return surface(tuple(np.meshgrid(new_lat, new_lon, indexing="ij"))).astype(np.float32), new_lon, new_lat
