"""Point layers through GDAL: what GeoPackage, GeoJSON and shapefile share."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from stamps.errors import InputError
from stamps.products.exports.arrow import GEOMETRY, record_batches
from stamps.products.exports.libraries import library, reason_of

if TYPE_CHECKING:
    from stamps.products.exports.table import PointTable


__all__ = ["write_layer"]


def write_layer(
    table: PointTable, path: Path, file_format: str, driver: str, **options: str | Mapping[str, str]
) -> None:
    """Write the points as one layer in a stream.

    The layer has the name of the file, or ``points`` where GeoPackage reserves that name.

    Parameters
    ----------
    table : PointTable
    path : Path
    file_format : str
        Kind of export, for messages.
    driver : str
        GDAL's name of the format.
    **options
        Further arguments of ``pyogrio.raw.write_arrow``.

    Raises
    ------
    InputError
        A library is missing, or GDAL cannot write the file.
    """
    raw = library("pyogrio.raw", file_format)
    errors = library("pyogrio.errors", file_format)
    pa = library("pyarrow", file_format)
    schema, batches = record_batches(table, file_format)
    layer = "points" if path.stem.lower().startswith("gpkg") else path.stem
    try:
        raw.write_arrow(
            pa.RecordBatchReader.from_batches(schema, batches),
            path,
            layer=layer,
            driver=driver,
            geometry_name=GEOMETRY,
            geometry_type="Point",
            crs="EPSG:4326",
            **options,
        )
    except (errors.DataSourceError, errors.DataLayerError, errors.FieldError, errors.FeatureError) as error:
        raise InputError(
            f"{path.name} cannot be written ({reason_of(error)}): choose another name or format, or make room on the disk."
        ) from error
