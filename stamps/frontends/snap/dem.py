"""The elevation model that SNAP is to use: one that it downloads, or a file, which is checked before the run.

Source: docs/method/snap.md, section 4.
"""

from __future__ import annotations

import contextlib
import math
import os
import shlex
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import InputError

if TYPE_CHECKING:
    from stamps._typing import StrPath


__all__ = ["DEM_NAMES", "MARGIN", "Dem", "named_dem", "read_dem"]

#: Our name → SNAP's.
DEM_NAMES = {
    "copernicus30": "Copernicus 30m Global DEM",
    "copernicus90": "Copernicus 90m Global DEM",
    "srtm1": "SRTM 1Sec HGT",
    "srtm3": "SRTM 3Sec",
}
EXTERNAL = "External DEM"
#: Degrees by which a file must reach beyond the area.
MARGIN = 0.05
_NO_HEIGHT = -32768


@dataclass(frozen=True)
class Dem:
    """An elevation model as graphs name it.

    Attributes
    ----------
    name : str
        SNAP's name.
    file : str, optional
        Absolute path of a file; None for one that SNAP downloads.
        Its heights are above the geoid EGM96, which SNAP adds.
    nodata : float
        Value where there are no heights.
    """

    name: str
    file: str | None = None
    nodata: float = 0.0


def named_dem(word: str) -> Dem | None:
    """The model of SNAP that a word names, ours or SNAP's own name; None for a file."""
    for ours, name in DEM_NAMES.items():
        if word.strip().lower() in (ours, name.lower()):
            return Dem(name)
    return None


def read_dem(
    path: StrPath,
    envelope: tuple[float, float, float, float] | None,
    *,
    nodata: float | None = None,
) -> Dem:
    """An elevation model of a file.

    Parameters
    ----------
    path : path-like
    envelope : (float, float, float, float), optional
        West, south, east, north of the area, degrees; without it the coverage is not checked.
    nodata : float, optional
        Value where there are no heights (default: the one that the file names, else 0).

    Raises
    ------
    InputError
        It cannot be read, is not in longitude and latitude of WGS 84, does not cover the area and 0.05° around it, or has NaN
        where there are no heights, which SNAP's graphs cannot say.
    """
    place = os.path.abspath(os.path.expanduser(path))
    if not os.path.isfile(place):
        known = ", ".join(DEM_NAMES)
        raise InputError(f"The DEM {path} is neither a file nor one of {known}: name one of these or a GeoTIFF.")
    with _opened(place) as raster:
        _check_place(place, raster, envelope)
        value = nodata if nodata is not None else raster.nodata
        number = 0.0 if value is None else float(value)
        if math.isfinite(number) and _has_nan(raster):
            number = math.nan
    if not math.isfinite(number):
        raise InputError(
            f"The DEM {path} has {number} where there are no heights, which SNAP's graphs cannot say: "
            f"{_conversion(place)}, and name the new file."
        )
    return Dem(EXTERNAL, place, number)


def _has_nan(raster: Any) -> bool:
    """Whether there are heights that are no number, whatever the file or the user says about gaps."""
    if not raster.dtypes[0].startswith("float"):
        return False
    return any(bool(np.isnan(raster.read(1, window=window)).any()) for _, window in raster.block_windows(1))


def _conversion(path: str) -> str:
    """The command that writes a copy with a number where there are no heights."""
    stem, _ = os.path.splitext(path)
    return shlex.join(["gdalwarp", "-dstnodata", f"{_NO_HEIGHT}", path, f"{stem}_snap.tif"])


@contextlib.contextmanager
def _opened(path: str) -> Iterator[Any]:
    try:
        import rasterio
    except ImportError:
        raise InputError(
            "A DEM of a file is checked with rasterio, which is not installed: pip install 'stamps-insar[isce]'."
        ) from None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a file without coordinates is told in a sentence
            raster = rasterio.open(path)
    except rasterio.errors.RasterioError as error:
        raise InputError(f"The DEM {path} cannot be read ({error}).") from error
    with raster:
        yield raster


def _check_place(path: str, raster: Any, envelope: tuple[float, float, float, float] | None) -> None:
    """Refuse a raster in other coordinates, or one that is too small."""
    code = raster.crs.to_epsg() if raster.crs else None
    if code != 4326:
        system = raster.crs.to_string() if raster.crs else "no coordinate system"
        raise InputError(f"The DEM {path} is in {system}, but EPSG:4326 was expected: gdalwarp -t_srs EPSG:4326.")
    if envelope is None:
        return
    west, south, east, north = envelope
    wanted = (west - MARGIN, south - MARGIN, east + MARGIN, north + MARGIN)
    bounds = raster.bounds
    given = (bounds.left, bounds.bottom, bounds.right, bounds.top)
    if any(given[k] > wanted[k] for k in (0, 1)) or any(given[k] < wanted[k] for k in (2, 3)):
        raise InputError(
            f"The DEM {path} covers {_numbers(given)} (west, south, east, north), but the area and {MARGIN}° around it "
            f"need {_numbers(wanted)}."
        )


def _numbers(values: tuple[float, ...]) -> str:
    return " ".join(f"{value:.4g}" if abs(value) < 1 else f"{value:.3f}" for value in values)
