"""GeoTIFF: one band for each column, the mean of the pixels in each cell; metadata as tags.

Bands: VEL, V_STDEV, COHERENCE, HEIGHT, POINTS (their number in the cell), then one for each date, named
``Dyyyymmdd``. Cells without pixel are NaN (POINTS: 0). A grid across the antimeridian is one piece, whose longitudes go on
beyond 180 or -180, as GDAL and QGIS take it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from stamps.errors import InputError
from stamps.products.exports.grid import grid_of
from stamps.products.exports.libraries import library, reason_of
from stamps.products.exports.metadata import as_texts

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from stamps.products.exports.grid import PointGrid
    from stamps.products.exports.table import Field, PointTable


__all__ = ["write"]

_FIELDS = ("VEL", "V_STDEV", "COHERENCE", "HEIGHT")


def write(table: PointTable, path: Path, resolution: float | None = None) -> None:
    """Write ``path``.

    Parameters
    ----------
    table : PointTable
    path : Path
    resolution : float, optional
        Size of a cell in metres; default: see :func:`~stamps.products.exports.grid.grid_of`.
    """
    rasterio = library("rasterio", "geotiff")
    transform = library("rasterio.transform", "geotiff")
    grid = grid_of(table, resolution)
    shown = _shown(table)
    profile = {
        "driver": "GTiff",
        "width": grid.width,
        "height": grid.height,
        "dtype": "float32",
        "nodata": float("nan"),
        "count": len(shown) + 1 + len(table.dates),
        "crs": "EPSG:4326",
        "compress": "deflate",
        "transform": transform.from_origin(grid.left, grid.top, grid.step_lon, grid.step_lat),
        "tiled": True,
        "interleave": "band",
        "BIGTIFF": "IF_SAFER",
    }
    try:
        with rasterio.open(path, "w", **profile) as image:
            image.update_tags(**as_texts(table.metadata))
            for number, (name, unit, meaning, values) in enumerate(_bands(table, grid, shown), 1):
                image.write(values, number)
                image.set_band_description(number, name)
                image.set_band_unit(number, unit)
                image.update_tags(number, meaning=meaning)
    except rasterio.errors.RasterioError as error:
        raise InputError(
            f"{path.name} cannot be written ({reason_of(error)}): choose another name or make room."
        ) from error


def _shown(table: PointTable) -> list[Field]:
    """The columns that become bands: those of every export, and numbers that an analysis adds."""
    by_name = {field.name: field for field in table.fields}
    return [by_name[name] for name in _FIELDS] + [f for f in table.fields if f.extra and f.digits is not None]


def _bands(
    table: PointTable, grid: PointGrid, shown: list[Field]
) -> Iterator[tuple[str, str, str, NDArray[np.float32]]]:
    """Name, unit, meaning and values of the bands, one after the other."""
    for field in shown:
        yield field.name, field.unit, f"{field.meaning}; mean of the pixels in the cell", grid.mean(field.values)
    yield "POINTS", "", "number of pixels in the cell", grid.counts()
    for k, name in enumerate(table.series_names):
        meaning = f"{table.metadata['sign_convention']}, since {table.metadata['reference_date']}; mean of the pixels"
        yield name, "mm", meaning, grid.mean(table.displacement(k))
