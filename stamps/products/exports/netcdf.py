"""NetCDF-4 with the names of the CF conventions: points and times, for xarray, QGIS, ncdump, MATLAB.

Source: docs/method/dataset.md, section 3.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from stamps.products.dataset import as_dataset

if TYPE_CHECKING:
    import xarray

    from stamps.products.exports.table import PointTable

__all__ = ["chunks_of", "encodings", "write"]

_POINTS = 8192  # of a chunk, with all times: for those who look at series


def write(table: PointTable, path: Path) -> None:
    """Write ``path``.

    Parameters
    ----------
    table : PointTable
    path : Path
    """
    made = as_dataset(table)
    stored = encodings(made)
    for name, encoding in stored.items():
        if chunks := chunks_of(made[name]):
            encoding.update(zlib=True, complevel=4, shuffle=True, chunksizes=chunks)
    made.to_netcdf(path, engine="h5netcdf", encoding=stored)


def encodings(made: xarray.Dataset) -> dict[str, dict[str, Any]]:
    """How the variables are stored: days since 1970, NaN for what is missing, places of which nothing is missing."""
    stored: dict[str, dict[str, Any]] = {}
    for key, variable in made.variables.items():
        name, encoding = str(key), stored.setdefault(str(key), {})
        if name == "time":
            encoding.update(units="days since 1970-01-01", calendar="standard", dtype="int32")
        elif variable.dtype.kind == "f":
            encoding["_FillValue"] = None if name in ("lat", "lon") else variable.dtype.type("nan")
    return stored


def chunks_of(variable: Any) -> tuple[int, ...]:
    """Shape of a chunk of numbers: some points with all their times; empty for what is no array."""
    if not variable.dims or variable.dtype.kind not in "fi":
        return ()
    sizes = dict(zip(variable.dims, variable.shape, strict=True))
    return tuple(max(1, min(sizes[name], _POINTS) if name == "point" else sizes[name]) for name in variable.dims)
