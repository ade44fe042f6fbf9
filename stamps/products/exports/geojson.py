"""GeoJSON (RFC 7946): a feature collection, its member ``metadata`` beside the features."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from stamps.products.exports.vector import write_layer

if TYPE_CHECKING:
    from stamps._typing import StrPath
    from stamps.products.exports.table import PointTable


__all__ = ["write"]


def write(table: PointTable, path: StrPath) -> None:
    """Write ``path``; what is not known is null.

    Parameters
    ----------
    table : PointTable
    path : Path
    """
    native = json.dumps({"metadata": table.metadata})
    write_layer(
        table,
        path,
        "geojson",
        "GeoJSON",
        layer_options={
            "RFC7946": "YES",
            "NATIVE_DATA": native,
            "NATIVE_MEDIA_TYPE": "application/vnd.geo+json",
            "DESCRIPTION": table.metadata["title"],
        },
    )
