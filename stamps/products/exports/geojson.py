"""GeoJSON (RFC 7946): a feature collection, its member ``metadata`` beside the features."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from stamps.products.exports.vector import write_layer

if TYPE_CHECKING:
    from stamps.products.exports.table import PointTable


__all__ = ["write"]


def write(table: PointTable, path: Path) -> None:
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
