"""The table as a stream of Arrow record batches, which the vector formats take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.products.exports.libraries import library
from stamps.products.wkb import WKB_POINT, wkb_points

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps.products.exports.table import PointTable


__all__ = ["GEOMETRY", "record_batches"]

#: Name of the column of points.
GEOMETRY = "geometry"


def record_batches(table: PointTable, file_format: str) -> tuple[Any, Any]:
    """Fields, dates and points.

    Parameters
    ----------
    table : PointTable
    file_format : str
        Kind of export, for messages.

    Returns
    -------
    schema : pyarrow.Schema
        Text, single-precision numbers (NaN is null) and well-known binary.
    batches : generator of pyarrow.RecordBatch
    """
    pa = library("pyarrow", file_format)
    fields = [pa.field(field.name, pa.string() if field.digits is None else pa.float32()) for field in table.fields]
    fields += [pa.field(name, pa.float32()) for name in table.series_names]
    schema = pa.schema([*fields, pa.field(GEOMETRY, pa.binary())])

    def batches():
        for part in table.parts():
            arrays = [_array(pa, column) for column in table.columns(part).values()]
            yield pa.record_batch([*arrays, _points(pa, table.lonlat[part])], schema=schema)

    return schema, batches()


def _array(pa: Any, column: NDArray[Any]) -> Any:
    if column.dtype.kind == "U":
        return pa.array(column.tolist(), pa.string())
    return pa.array(np.ascontiguousarray(column, np.float32), from_pandas=True)


def _points(pa: Any, lonlat: NDArray[np.float64]) -> Any:
    """Points in well-known binary form without an object for each."""
    offsets = np.arange(len(lonlat) + 1, dtype=np.int32) * WKB_POINT.itemsize
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(wkb_points(lonlat).tobytes())]
    return pa.Array.from_buffers(pa.binary(), len(lonlat), buffers)
