"""Shapefile: points with attributes of at most ten characters' names; metadata in a JSON file beside it.

The format ends at 2 GB for each of its files.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from stamps.errors import InputError
from stamps.products.exports.metadata import write_side_file
from stamps.products.exports.vector import write_layer

if TYPE_CHECKING:
    from stamps.products.exports.table import PointTable


__all__ = ["record_size", "write"]

_LIMIT = 2**31 - 1
_TEXT, _NUMBER = 80, 24  # characters of a field while GDAL writes it


def write(table: PointTable, path: Path) -> None:
    """Write ``path`` and its side files.

    Parameters
    ----------
    table : PointTable
    path : Path

    Raises
    ------
    InputError
        The table would be larger than the format allows.
    """
    size = len(table) * record_size(table)
    if size > _LIMIT:
        raise InputError(
            f"{len(table)} pixels with {len(table.dates)} dates need {size / 1e9:.1f} GB, but a shapefile ends at 2 "
            "GB: export gpkg or geoparquet, or a part of the scene (lon_rg, lat_rg, min_coherence, step)."
        )
    write_layer(
        table, path, "shp", "ESRI Shapefile", encoding="UTF-8", layer_options={"RESIZE": "YES", "2GB_LIMIT": "YES"}
    )
    write_side_file(path, table.metadata)


def record_size(table: PointTable) -> int:
    """Bytes of one row of attributes while they are written."""
    texts = sum(field.digits is None for field in table.fields)
    return 1 + _TEXT * texts + _NUMBER * (len(table.fields) - texts + len(table.dates))
