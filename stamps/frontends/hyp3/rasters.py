"""Rasters of products, read window by window through rasterio.

Source: docs/method/hyp3.md, section 4.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from stamps.errors import ExternalProgramError, InputError
from stamps.workspace.plain_files import check_input

__all__ = ["imported", "opened", "read_window"]


def imported(module: str) -> ModuleType:
    """A module of the extra ``hyp3``.

    Raises
    ------
    ExternalProgramError
        It is not installed.
    """
    from importlib import import_module

    try:
        return import_module(module)
    except ImportError:
        raise ExternalProgramError(
            f"Products of HyP3 are read with {module}, which is not installed: pip install 'stamps-insar[hyp3]'."
        ) from None


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Any]:
    """An open raster of one band with real numbers.

    Raises
    ------
    InputError
        It is missing, damaged or not of this kind.
    """
    rasterio = imported("rasterio")
    imported("rasterio.errors")
    try:
        check_input(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a file without coordinates is told in a sentence
            raster = rasterio.open(path, driver="GTiff")
    except (rasterio.errors.RasterioError, OSError) as error:
        if isinstance(error, InputError):
            raise
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{path} is no GeoTIFF that can be read ({reason}): unpack the product again.") from None
    with raster:
        if raster.count != 1 or np.dtype(raster.dtypes[0]).kind not in "iuf":
            raise InputError(f"{path} holds {raster.count} bands of {raster.dtypes[0]}, not one band of real numbers.")
        if set(raster.scales) != {1.0} or set(raster.offsets) != {0.0}:
            raise InputError(
                f"{path} says that its numbers are scaled, which those of HyP3 are not: unpack the product again."
            )
        yield raster


def read_window(raster: Any, window: tuple[int, int, int, int], step: int = 1) -> npt.NDArray[Any]:
    """Values of a part of a raster; what the file declares to be no data is NaN (whole numbers: made float32).

    Parameters
    ----------
    raster : rasterio dataset
    window : (int, int, int, int)
        First line, first sample, lines, samples, counted in the raster from 0.
    step : int
        Only each so-manieth line and sample, from the first.

    Returns
    -------
    ndarray of float32, shape (lines, samples)

    Raises
    ------
    InputError
        The file is damaged there.
    """
    rasterio = imported("rasterio")
    line, sample, lines, samples = window
    try:
        part = imported("rasterio.windows").Window(sample, line, samples, lines)
        values = raster.read(1, window=part)[::step, ::step]
    except rasterio.errors.RasterioError as error:
        reason = error.__cause__ or error
        raise InputError(f"{raster.name} is damaged ({reason}): unpack the product again.") from None
    missing = raster.nodata
    result = values.astype(np.float32)
    if missing is not None and not np.isnan(missing):
        result[values == missing] = np.nan
    return result
