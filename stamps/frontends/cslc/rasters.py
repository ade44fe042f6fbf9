"""Elevation models and water masks, of any projection, at the pixels of a map grid.

Source: docs/method/cslc.md, section 4.
"""

from __future__ import annotations

import os
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import InputError
from stamps.frontends.cslc.extras import rasters
from stamps.frontends.cslc.lattice import cut_to_pixels
from stamps.frontends.cslc.products import Grid

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps._typing import StrPath

__all__ = ["HIGHEST", "LOWEST", "check_raster", "check_water", "heights_at", "water_at"]

#: Range of heights above the ellipsoid, metres.
LOWEST, HIGHEST = -1000.0, 9000.0


def check_raster(path: StrPath, what: str) -> None:
    """Raise an InputError if a raster cannot be read or does not say where it lies."""
    rasterio = rasters()
    if not os.path.isfile(path):
        raise InputError(f"The {what} {path} does not exist.")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
        try:
            with rasterio.open(path) as dataset:
                placed = dataset.crs is not None and dataset.transform != rasterio.Affine.identity()
        except rasterio.errors.RasterioError as error:
            raise InputError(f"The {what} {path} cannot be read: {error}") from error
    if not placed:
        raise InputError(f"The {what} {path} does not say where it lies (projection and origin): give a GeoTIFF.")


def check_water(path: StrPath, value: float) -> None:
    """Raise an InputError if a water mask cannot be read, or calls its value of water a missing one."""
    check_raster(path, "water mask")
    with rasters().open(path) as dataset:
        if dataset.nodata == value:
            raise InputError(
                f"The water mask {path} declares {value:g}, its value of water, to be that of missing pixels: take that away, or "
                "choose another --water-value."
            )


def heights_at(path: StrPath, grid: Grid, lines: slice) -> NDArray[np.float32]:
    """Heights at pixel centres of some lines, bilinear; NaN where there are none.

    Raises
    ------
    InputError
        The raster is damaged, or holds what cannot be heights.
    """
    values = _at(path, grid, lines, "bilinear", np.float32, np.nan)
    known = values[np.isfinite(values)]
    if known.size and not (LOWEST <= known.min() and known.max() <= HIGHEST):
        worst = known.min() if known.min() < LOWEST else known.max()
        raise InputError(
            f"The elevation model {path} has a height of {worst:g} m, but {LOWEST:g} to {HIGHEST:g} m were expected: its "
            "value for missing heights is not declared, or its unit is another one."
        )
    return values


def water_at(path: StrPath, value: float, grid: Grid, lines: slice) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether pixels of some lines are water: where the nearest pixel of the raster has the value; and where there is one."""
    values = _at(path, grid, lines, "nearest", np.float64, np.nan)
    return values == value, ~np.isnan(values)


def _at(path: StrPath, grid: Grid, lines: slice, method: str, dtype: Any, missing: float) -> NDArray[Any]:
    rasterio = rasters()
    part = cut_to_pixels(grid, lines, slice(0, grid.width))
    values = np.full((part.length, part.width), missing, dtype)
    corner = rasterio.Affine(part.dx, 0.0, part.x - part.dx / 2, 0.0, part.dy, part.y - part.dy / 2)
    try:
        with rasterio.open(path) as dataset:
            rasterio.warp.reproject(
                rasterio.band(dataset, 1),
                values,
                src_nodata=dataset.nodata,
                dst_transform=corner,
                dst_crs=f"EPSG:{grid.epsg}",
                dst_nodata=missing,
                resampling=rasterio.warp.Resampling[method],
            )
    except rasterio.errors.RasterioError as error:
        raise InputError(f"The raster {path} cannot be read: {error}") from error
    return values
