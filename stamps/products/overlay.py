"""Points as one coloured picture on the ground, for Google Earth: a KMZ with picture and legend.

Source: docs/method/other_scripts.md, section 8.
"""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

import numpy as np

from stamps.errors import InputError, ParameterError
from stamps.products.raster import require_few_cells

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps.products.colours import Scale


__all__ = ["Sheet", "legend_png", "sheet_of", "write_overlay"]

_LARGEST_GAP = 50
_LONGEST_SIDE = 8000  # cells of a picture
_DOCUMENT = """<?xml version="1.0" encoding="UTF-8"?>
<kml xmlns="http://www.opengis.net/kml/2.2"><Document><name>{title}</name>
<description>{about}</description>{extra}
<GroundOverlay><name>{name}</name><Icon><href>overlay.png</href></Icon>
<LatLonBox><north>{north:.9f}</north><south>{south:.9f}</south><east>{east:.9f}</east><west>{west:.9f}</west></LatLonBox>
</GroundOverlay>
<ScreenOverlay><name>Legend</name><Icon><href>legend.png</href></Icon>
<overlayXY x="0" y="0" xunits="fraction" yunits="fraction"/>
<screenXY x="0.01" y="0.04" xunits="fraction" yunits="fraction"/>
<size x="0" y="0" xunits="fraction" yunits="fraction"/></ScreenOverlay>
</Document></kml>
"""


@dataclass(frozen=True)
class Sheet:
    """Values on a regular grid.

    Attributes
    ----------
    values : ndarray of float64, shape (n_row, n_column)
        The northern row first; NaN where nothing is shown.
    west, east, south, north : float
        Outer edges of the cells, degrees.
    """

    values: NDArray[np.float64]
    west: float
    east: float
    south: float
    north: float


def sheet_of(
    lonlat: NDArray[np.float64],
    values: NDArray[np.floating],
    steps: tuple[float, float],
    max_gap: int = 1,
    interpolate: bool = False,
) -> Sheet:
    """Points on a grid whose first cell has the smallest longitude and latitude in its middle.

    Parameters
    ----------
    lonlat : ndarray, shape (n, 2)
        Degrees, without a jump.
    values : ndarray, shape (n,)
        Points that are not finite are left out.
    steps : tuple of float
        Size of a cell along longitude and latitude, degrees.
    max_gap : int
        Cells that may lie between a cell that is shown and the next point.
    interpolate : bool
        Linear interpolation between the points (outside of them the nearest one), as the original; else the mean of the
        points of a cell, and in a gap that of the nearest cell with points.

    Raises
    ------
    InputError
        No point is finite.
    ParameterError
        A number cannot be right.
    """
    if not all(np.isfinite(step) and step > 0 for step in steps):
        raise ParameterError(f"The resolution is {steps[0]:g}, but a positive number was expected.")
    if max_gap != int(max_gap) or not 0 <= max_gap <= _LARGEST_GAP:
        raise ParameterError(
            f"max_gap is {max_gap}, but a whole number of cells from 0 to {_LARGEST_GAP} was expected."
        )
    finite = np.isfinite(values) & np.isfinite(lonlat).all(axis=1)
    if not finite.any():
        raise InputError("No point has a value, so there is nothing to show in Google Earth.")
    places, shown = lonlat[finite], np.asarray(values[finite], np.float64)
    low = places.min(axis=0)
    require_few_cells(np.ptp(places, axis=0), steps, f"A resolution of {steps[0]:g} degrees")
    if (np.ptp(places, axis=0) / steps).max() > _LONGEST_SIDE:
        raise InputError(
            f"A resolution of {steps[0]:g} degrees makes more than {_LONGEST_SIDE} cells side by side: take a larger one."
        )
    column, row = np.floor((places - low) / steps + 0.5).astype(np.int64).T
    shape = int(row.max()) + 1, int(column.max()) + 1
    count = np.zeros(shape, np.int64)
    np.add.at(count, (row, column), 1)
    mask = _dilated(count > 0, int(max_gap))
    fill = _interpolated if interpolate else _averaged
    grid = np.full(shape, np.nan)
    grid[mask] = fill(places, shown, (row, column), count, low, steps)[mask]
    edges = low - np.array(steps) / 2
    return Sheet(
        grid[::-1],
        float(edges[0]),
        float(edges[0] + shape[1] * steps[0]),
        float(edges[1]),
        float(edges[1] + shape[0] * steps[1]),
    )


def _dilated(mask: NDArray[np.bool_], radius: int) -> NDArray[np.bool_]:
    from scipy.ndimage import binary_dilation

    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    return binary_dilation(mask, x**2 + y**2 <= radius**2) if radius else mask


def _averaged(
    places: NDArray[np.float64], values: NDArray[np.float64], cells: tuple[Any, Any], count: NDArray[np.int64], *_: Any
) -> NDArray[np.float64]:
    from scipy.ndimage import distance_transform_edt

    total = np.zeros(count.shape)
    np.add.at(total, cells, values)
    nearest: Any = distance_transform_edt(count == 0, return_distances=False, return_indices=True)
    return (total / np.maximum(count, 1))[tuple(nearest)]


def _interpolated(
    places: NDArray[np.float64],
    values: NDArray[np.float64],
    cells: Any,
    count: NDArray[np.int64],
    low: NDArray[np.float64],
    steps: tuple[float, float],
) -> NDArray[np.float64]:
    from scipy.interpolate import LinearNDInterpolator, NearestNDInterpolator
    from scipy.spatial import QhullError

    row, column = np.indices(count.shape)
    at = np.column_stack([column.ravel(), row.ravel()])
    points = (places - low) / steps
    nearest = NearestNDInterpolator(points, values)(at)
    try:
        found = LinearNDInterpolator(points, values)(at)
    except (QhullError, ValueError):  # too few points, or all on a line
        found = np.full(len(at), np.nan)
    return np.where(np.isnan(found), nearest, found).reshape(count.shape)


def write_overlay(path: Path, sheet: Sheet, scale: Scale, opacity: float, texts: dict[str, str]) -> None:
    """Write the KMZ.

    Parameters
    ----------
    path : Path
    sheet : Sheet
    scale : Scale
    opacity : float
        0 invisible to 1.
    texts : dict of str to str
        ``title``, ``name`` of the picture, ``about``, ``label`` of the colours, ``extra`` XML.

    Raises
    ------
    InputError
        The opacity is none.
    """
    if isinstance(opacity, str) or not 0 <= opacity <= 1:
        raise InputError(f"The opacity is {opacity!r}, but 0 (invisible) to 1 were expected.")
    rgba = scale.rgba(sheet.values)
    rgba[..., 3] = np.where(np.isfinite(sheet.values), opacity, 0)
    box = {side: getattr(sheet, side) for side in ("west", "east", "south", "north")}
    words = {key: escape(texts.get(key, "")) for key in ("title", "name", "about")}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("doc.kml", _DOCUMENT.format(**words, **box, extra=texts.get("extra", "")))
        archive.writestr("overlay.png", _png(np.round(rgba * 255).astype(np.uint8)))
        archive.writestr("legend.png", legend_png(scale, texts.get("label", ""), texts.get("title", "")))


def _png(rgba: NDArray[np.uint8]) -> bytes:
    from matplotlib.image import imsave

    stream = io.BytesIO()
    imsave(stream, np.ascontiguousarray(rgba), format="png")
    return stream.getvalue()


def legend_png(scale: Scale, label: str, title: str = "") -> bytes:
    """Picture of the colour scale."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.cm import ScalarMappable
    from matplotlib.figure import Figure

    figure = Figure(figsize=(1.3, 3.6), layout="constrained", facecolor=(1, 1, 1, 0.85))
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    bar = figure.colorbar(ScalarMappable(scale.norm(), scale.colours), cax=axes)
    axes.set_ylim(*scale.limits)
    bar.set_label(label, fontsize=8)
    axes.tick_params(labelsize=8)
    stream = io.BytesIO()
    figure.savefig(stream, dpi=100, format="png", metadata={"Title": title})
    return stream.getvalue()
