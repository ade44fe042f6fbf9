"""Export values as one coloured picture for Google Earth (KMZ).

Reads a saved plot if one is named, and ``ps2``; writes a KMZ file. Source: docs/method/other_scripts.md, section 8.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stamps.errors import InputError
from stamps.insar.geometry import continuous
from stamps.products.colours import Scale
from stamps.products.columns import pixel_values
from stamps.products.figures import matplotlib_or_error
from stamps.products.kml import jet
from stamps.products.notebook_paths import Written
from stamps.products.overlay import sheet_of, write_overlay
from stamps.products.quantity_styles import check_limits
from stamps.workspace import Workspace
from stamps.workspace.plain_files import check_plain

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import ArrayLike, NDArray

    from stamps._typing import StrPath


__all__ = ["ps_export_kmz"]


def ps_export_kmz(
    filename: StrPath,
    lonlat: ArrayLike | None,
    data: ArrayLike | str,
    clims: ArrayLike | None = None,
    colormap: NDArray[np.float64] | None = None,
    opacity: float = 0.8,
    resolution: float = 0.005,
    max_gap: int = 1,
    average: bool = False,
    workdir: Workspace | StrPath = ".",
) -> Path:
    """Write a picture that lies on the ground, with a legend.

    Parameters
    ----------
    filename : path-like
        The file; ``.kmz`` is added where it is missing.
    lonlat : array_like, shape (n, 2), optional
        Degrees; None: the pixels of the project.
    data : array_like, shape (n,), or str
        Values, or the name of a saved plot (``'ps_plot_v-d'``).
    clims : tuple of float, optional
        Values of the first and the last colour; default: the smallest and the largest.
    colormap : ndarray, shape (m, 3), optional
        Colours from high to low values, as the original takes them; default: 64 from blue (high) to red (low).
    opacity : float
        0 invisible to 1.
    resolution : float
        Size of a cell, degrees.
    max_gap : int
        Cells between a cell that is shown and the next point.
    average : bool
        The mean of the points in a cell instead of interpolation between points.
    workdir : path-like or Workspace

    Returns
    -------
    Path
        The file.

    Raises
    ------
    InputError
        Values and places do not belong together, or no value is finite.
    ParameterError
        The resolution or the gap cannot be right.

    Examples
    --------
    >>> from stamps import ps_export_kmz
    >>> ps_export_kmz("rate", [[14.2, 40.8], [14.21, 40.81]], [-5.0, 3.0]).name
    'rate.kmz'
    """
    from matplotlib.colors import ListedColormap

    ws = Workspace.at(workdir)
    matplotlib_or_error()
    places = ws.load(f"ps{ws.version}", ["lonlat"])["lonlat"] if lonlat is None else np.asarray(lonlat, np.float64)
    if places.ndim != 2 or places.shape[1] != 2 or not len(places):
        raise InputError("ps_export_kmz: places are rows of longitude and latitude.")
    values = pixel_values(ws, data if isinstance(data, str) else np.asarray(data), len(places))
    sheet = sheet_of(continuous(places), values, (resolution, resolution), max_gap, not average)
    low, high = _limits(clims, values)
    colours = np.asarray(jet(64) if colormap is None else colormap, np.float64)
    if colours.ndim != 2 or colours.shape[1] != 3 or not ((colours >= 0) & (colours <= 1)).all():
        raise InputError("The colours are rows of red, green and blue from 0 to 1.")
    scale = Scale(ListedColormap(colours[::-1]).with_extremes(bad=(0, 0, 0, 0)), (low, high), (low, high))
    name = str(filename)
    place = ws.path / (name if name.lower().endswith(".kmz") else f"{name}.kmz")
    check_plain(place)
    texts = {"title": place.stem, "name": "Deformation Rate", "about": f"{np.isfinite(values).sum()} points"}
    with Workspace(place.parent).open_output(place.name) as path:
        write_overlay(path, sheet, scale, opacity, texts)
    return Written(place)


def _limits(clims: ArrayLike | None, values: NDArray[np.float64]) -> tuple[float, float]:
    if clims is None or not np.size(clims):
        finite = values[np.isfinite(values)]
        low, high = float(finite.min()), float(finite.max())
        return (low, high) if low < high else (low - 0.5, high + 0.5)
    return check_limits(clims)
