"""The map of HyP3's products: a lattice in UTM, resampling to it, GeoTIFFs.

Source: docs/method/hyp3.md, section 8.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix
from scipy.spatial import Delaunay

from stamps.errors import ExternalProgramError
from stamps.simulation.snap_files import SnapStack

__all__ = ["Hyp3Map", "write_tif"]

_ZONE = 6.0  # degrees


def _imported(module: str) -> Any:
    try:
        return import_module(module)
    except ImportError:
        raise ExternalProgramError(
            f"The layout hyp3 is written with {module}, which is not installed: pip install 'stamps-insar[hyp3]'."
        ) from None


@dataclass(frozen=True)
class Hyp3Map:
    """A map around a scene.

    Attributes
    ----------
    epsg : int
    origin : (float, float)
        Easting and northing of the upper left corner, m.
    spacing : float
        m.
    shape : (int, int)
        Lines and samples.
    weights : csr_matrix
        From the pixels of the images to those of the map that lie among them.
    inside : ndarray of bool, shape (lines, samples)
        Which these are.
    """

    epsg: int
    origin: tuple[float, float]
    spacing: float
    shape: tuple[int, int]
    weights: csr_matrix
    inside: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, stack: SnapStack, spacing: float) -> Hyp3Map:
        """The map of a stack, from its longitudes and latitudes."""
        settings = stack.plan.settings
        zone = int((settings.centre_lon + 180) % 360 // _ZONE) + 1
        epsg = (32600 if settings.centre_lat >= 0 else 32700) + zone
        transform = _imported("pyproj").Transformer.from_crs(4326, epsg, always_xy=True)
        lon, lat = (stack.geometry(suffix).ravel().astype(np.float64) for suffix in (".lon", ".lat"))
        points = np.column_stack(transform.transform(lon, lat))
        west, south = np.floor(points.min(axis=0) / spacing) * spacing
        east, north = np.ceil(points.max(axis=0) / spacing) * spacing
        shape = round((north - south) / spacing), round((east - west) / spacing)
        line, sample = np.indices(shape).reshape(2, -1) + 0.5
        weights, inside = _weights(points, np.column_stack([west + sample * spacing, north - line * spacing]))
        return cls(epsg, (float(west), float(north)), spacing, shape, weights, inside.reshape(shape))

    def resampled(self, image: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        """An image on the map, NaN beyond it; float32."""
        result = np.full(self.shape, np.nan, np.float32)
        result[self.inside] = self.weights @ np.ravel(image).astype(np.float64)
        return result

    def trimmed(self, margins: npt.NDArray[np.int64]) -> tuple[slice, slice]:
        """Lines and samples without margins at the top, bottom, left and right."""
        top, bottom, left, right = (int(margin) for margin in margins)
        return slice(top, self.shape[0] - bottom), slice(left, self.shape[1] - right)


def _weights(
    points: npt.NDArray[np.float64], wanted: npt.NDArray[np.float64]
) -> tuple[csr_matrix, npt.NDArray[np.bool_]]:
    """Linear interpolation in the triangles between the points."""
    net = Delaunay(points)
    triangle = net.find_simplex(wanted)
    inside = triangle >= 0
    frame = net.transform[triangle[inside]]
    part = np.einsum("nij,nj->ni", frame[:, :2], wanted[inside] - frame[:, 2])
    part = np.column_stack([part, 1 - part.sum(axis=1)])
    columns, rows = net.simplices[triangle[inside]].ravel(), np.repeat(np.arange(len(part)), 3)
    return csr_matrix((part.ravel(), (rows, columns)), shape=(len(part), len(points))), inside


def write_tif(
    path: Path, chart: Hyp3Map, inner: tuple[slice, slice], values: npt.NDArray[Any], dtype: str = "float32"
) -> None:
    """Write a part of a map as a GeoTIFF; what is no number becomes 0, which HyP3 declares as no data for all but heights.

    Parameters
    ----------
    path : Path
    chart : Hyp3Map
    inner : (slice, slice)
    values : ndarray, shape (lines, samples)
    dtype : str
        Whole numbers are rounded.
    """
    rasterio = _imported("rasterio")
    transform = _imported("rasterio.transform").from_origin(
        chart.origin[0] + inner[1].start * chart.spacing,
        chart.origin[1] - inner[0].start * chart.spacing,
        chart.spacing,
        chart.spacing,
    )
    part = np.nan_to_num(values[inner])
    part = (part if dtype == "float32" else np.rint(part)).astype(dtype)
    profile = {"driver": "GTiff", "height": part.shape[0], "width": part.shape[1], "count": 1, "dtype": dtype}
    nodata = 0 if dtype == "float32" else None
    with rasterio.open(
        path, "w", **profile, crs=f"EPSG:{chart.epsg}", transform=transform, nodata=nodata, compress="deflate"
    ) as raster:
        raster.write(part, 1)
