"""GeoPackage: one layer of points with a spatial index; metadata in the tables that the format has for them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from stamps.products.exports.metadata import as_texts
from stamps.products.exports.vector import write_layer

if TYPE_CHECKING:
    from stamps.products.exports.table import PointTable


__all__ = ["write"]


def write(table: PointTable, path: Path) -> None:
    """Write ``path``.

    Parameters
    ----------
    table : PointTable
    path : Path
    """
    texts = as_texts(table.metadata)
    about = f"{texts['sign_convention']}; {texts['reference']}"
    options = {"IDENTIFIER": texts["title"], "DESCRIPTION": about}
    write_layer(table, path, "gpkg", "GPKG", layer_metadata=texts, layer_options=options)
