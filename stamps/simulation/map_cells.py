"""The map grid of a simulated stack: which radar pixel each cell shows.

Cells stand on a lattice of whole multiples of the posting, their centres half a cell off. Each shows the nearest radar pixel
within 9 m, and of the cells nearest to one pixel only the closest does, so no value is interpolated or repeated.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.spatial import KDTree

from stamps.errors import InputError
from stamps.simulation.snap_files import SnapStack

__all__ = ["MapCells", "cells_of", "projection", "utm_zone", "write_projection"]

_REACH = 9.0  # m, from a cell's centre to its radar pixel


@dataclass(frozen=True)
class MapCells:
    """A map grid and the radar pixels of its cells.

    Attributes
    ----------
    epsg : int
    west, north : float
        Centre of the first cell, m.
    posting : (float, float)
        Spacing of columns and rows, m, both positive.
    line, sample : ndarray of int32, shape (length, width)
        Radar pixel of a cell; -1 where it has none.
    """

    epsg: int
    west: float
    north: float
    posting: tuple[float, float]
    line: npt.NDArray[np.int32]
    sample: npt.NDArray[np.int32]

    @property
    def x(self) -> npt.NDArray[np.float64]:
        """Eastings of the columns' centres, m."""
        return self.west + np.arange(self.line.shape[1], dtype=np.float64) * self.posting[0]

    @property
    def y(self) -> npt.NDArray[np.float64]:
        """Northings of the rows' centres, m, descending."""
        return self.north - np.arange(self.line.shape[0], dtype=np.float64) * self.posting[1]

    @property
    def filled(self) -> npt.NDArray[np.bool_]:
        """Cells with a radar pixel."""
        return self.line >= 0

    def window(self, rows: slice, columns: slice) -> MapCells:
        """Part of the grid."""
        return MapCells(
            self.epsg,
            self.west + columns.start * self.posting[0],
            self.north - rows.start * self.posting[1],
            self.posting,
            self.line[rows, columns],
            self.sample[rows, columns],
        )

    def from_radar(self, values: npt.NDArray[Any], fill: complex) -> npt.NDArray[Any]:
        """Values of radar pixels, shape (lines, samples), in the cells, shape (length, width)."""
        return np.where(self.filled, values[self.line, self.sample], np.asarray(fill, values.dtype))

    def save(self, path: Path) -> None:
        """Write the grid as an ``.npz``."""
        np.savez_compressed(
            path,
            epsg=self.epsg,
            west=self.west,
            north=self.north,
            posting=np.array(self.posting),
            line=self.line,
            sample=self.sample,
        )


def cells_of(stack: SnapStack, posting: tuple[float, float], zone: int = 0, *, shared: bool = False) -> MapCells:
    """The map grid of a stack.

    Parameters
    ----------
    stack : SnapStack
    posting : (float, float)
        Spacing of columns and rows, m.
    zone : int
        Zones east of the UTM zone of the scene's centre.
    shared : bool
        Several cells may show one radar pixel.
    """
    settings = stack.plan.settings
    epsg = utm_zone(settings.centre_lon, settings.centre_lat, zone)
    x, y = projection(epsg).transform(stack.geometry(".lon").astype(float), stack.geometry(".lat").astype(float))
    columns, rows = (np.floor(values / step).astype(int) for values, step in ((x, posting[0]), (-y, posting[1])))
    width, length = int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1
    west = (columns.min() + 0.5) * posting[0]
    north = -(rows.min() + 0.5) * posting[1]
    centres = np.meshgrid(west + np.arange(width) * posting[0], north - np.arange(length) * posting[1])
    pixels = np.column_stack([x.ravel(), y.ravel()])
    found = KDTree(pixels).query(np.column_stack([c.ravel() for c in centres]), distance_upper_bound=_REACH)
    distance, nearest = (np.asarray(values) for values in found)
    kept = np.isfinite(distance)
    if not shared:
        order = np.argsort(distance, kind="stable")
        _, first = np.unique(nearest[order], return_index=True)
        alone = np.zeros(kept.size, bool)
        alone[order[first]] = True
        kept &= alone
    line, sample = np.divmod(np.where(kept, nearest, 0), settings.samples)
    line, sample = (np.where(kept, index, -1).reshape(length, width).astype(np.int32) for index in (line, sample))
    return MapCells(epsg, west, north, posting, line, sample)


def utm_zone(lon: float, lat: float, further: int = 0) -> int:
    """EPSG code of the UTM zone of a point in degrees, or one that many zones further east."""
    zone = (int((lon + 180) // 6) + further) % 60 + 1
    return (32600 if lat >= 0 else 32700) + zone


def projection(epsg: int) -> Any:
    """Transformer of pyproj from longitude and latitude in degrees to a projection, m.

    Raises
    ------
    InputError
        Pyproj is not installed.
    """
    try:
        from pyproj import Transformer
    except ImportError:
        raise InputError(
            "Map grids are simulated with pyproj, which is not installed: pip install 'stamps-insar[cslc]'."
        ) from None
    return Transformer.from_crs(4326, epsg, always_xy=True)


def write_projection(dataset: Any, epsg: int) -> None:
    """Attributes that tell a projection, of a dataset of HDF5."""
    from pyproj import CRS

    crs = CRS.from_epsg(epsg)
    dataset.attrs["epsg_code"] = np.int64(epsg)
    dataset.attrs["spatial_ref"] = np.bytes_(crs.to_wkt("WKT1_GDAL"))
    dataset.attrs["utm_zone_number"] = np.int64(epsg % 100)
    for key, value in (("ellipsoid", "WGS84"), ("grid_mapping_name", "universal_transverse_mercator")):
        dataset.attrs[key] = np.bytes_(value)
    if crs.ellipsoid is not None:
        dataset.attrs["semi_major_axis"] = crs.ellipsoid.semi_major_metre
        dataset.attrs["inverse_flattening"] = crs.ellipsoid.inverse_flattening
