"""GeoParquet 1.1: a Parquet file with a column of points; metadata under the key ``stamps``.

Source: GeoParquet specification 1.1.0 (the reference system is left out: longitude and latitude on WGS 84 is what the
format then assumes).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from stamps.insar.geometry import within_180
from stamps.products.exports.arrow import GEOMETRY, record_batches
from stamps.products.exports.libraries import library

if TYPE_CHECKING:
    from stamps.products.exports.table import PointTable


__all__ = ["write"]


def write(table: PointTable, path: Path) -> None:
    """Write ``path``, one row group for each batch.

    Parameters
    ----------
    table : PointTable
    path : Path
    """
    parquet = library("pyarrow.parquet", "geoparquet")
    schema, batches = record_batches(table, "geoparquet")
    # RFC 7946, section 5.2: the western limit is the larger one where the points lie on both sides of the antimeridian
    low, high = (within_180(corner) for corner in (table.lonlat.min(axis=0), table.lonlat.max(axis=0)))
    column = {"encoding": "WKB", "geometry_types": ["Point"], "bbox": [*low.tolist(), *high.tolist()]}
    geo = {"version": "1.1.0", "primary_column": GEOMETRY, "columns": {GEOMETRY: column}}
    texts = {b"geo": json.dumps(geo), b"stamps": json.dumps(table.metadata)}
    schema = schema.with_metadata(texts)
    with parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        for batch in batches:
            writer.write_batch(batch.replace_schema_metadata(texts))
