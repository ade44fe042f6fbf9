"""The packages that geocoded SLCs need besides, imported when they are needed."""

from __future__ import annotations

from typing import Any

from stamps.errors import InputError

__all__ = ["projections", "rasters"]

_INSTALL = "pip install 'stamps-insar[cslc]'"


def projections() -> Any:
    """The package pyproj.

    Raises
    ------
    InputError
        It is not installed.
    """
    try:
        import pyproj
    except ImportError as error:
        raise InputError(f"Geocoded SLCs need pyproj, which is not installed: {_INSTALL}.") from error
    return pyproj


def rasters() -> Any:
    """The package rasterio, with its module of warping.

    Raises
    ------
    InputError
        It is not installed.
    """
    try:
        import rasterio
        import rasterio.warp
    except ImportError as error:
        raise InputError(
            f"Elevation models and water masks need rasterio, which is not installed: {_INSTALL}."
        ) from error
    return rasterio
