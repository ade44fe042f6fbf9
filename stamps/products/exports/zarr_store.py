"""Zarr with the names of the CF conventions: points and times, for xarray and for storage in clouds.

Source: docs/method/dataset.md, section 3.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from stamps.products.dataset import as_dataset
from stamps.products.exports.netcdf import chunks_of, encodings

if TYPE_CHECKING:
    from stamps.products.exports.table import PointTable

__all__ = ["write"]


def write(table: PointTable, path: Path) -> None:
    """Write ``path``, which ``xarray.open_zarr`` opens as it is.

    Parameters
    ----------
    table : PointTable
    path : Path
    """
    made = as_dataset(table)
    stored = encodings(made)
    for name, encoding in stored.items():
        if chunks := chunks_of(made[name]):
            encoding["chunks"] = chunks
    made.to_zarr(path, encoding=stored, zarr_format=2, consolidated=True)
