"""GeoJSON (RFC 7946): a feature collection, its member ``metadata`` beside the features."""

import json

from stamps.products.exports.vector import write_layer

__all__ = ["write"]


def write(table, path):
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
