"""Write coloured points for Google Earth.

Reads nothing, writes a KML file. Source: docs/method/products.md, section 7.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stamps.errors import InputError
from stamps.products.kml import jet, write_kml
from stamps.products.notebook_paths import Written
from stamps.workspace import Workspace
from stamps.workspace.plain_files import check_plain

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import ArrayLike, NDArray

    from stamps._typing import StrPath


__all__ = ["gescatter"]


def gescatter(
    filename: str,
    lon: ArrayLike,
    lat: ArrayLike,
    c: ArrayLike,
    colormap: NDArray[np.float64] | None = None,
    clims: NDArray[np.float64] | tuple[int, int] | None = None,
    opacity: float = 0.4,
    scale: float = 0.4,
    time: tuple[str, str] | None = None,
    workdir: Workspace | StrPath = ".",
) -> Path:
    """Write a KML file with one point for each value.

    Parameters
    ----------
    filename : path-like
        The file; ``.kml`` is added where it is missing.
    lon, lat : array_like, shape (n,)
        Degrees.
    c : array_like, shape (n,)
        Values; points that are not finite are left out.
    colormap : ndarray, shape (m, 3), optional
        Red, green, blue from 0 to 1; default: 64 colours from blue to red.
    clims : tuple of float, optional
        Values of the first and the last colour; default: the smallest and the largest.
    opacity : float
        0 invisible to 1.
    scale : float
        Size of the icons.
    time : tuple of str, optional
        First and last date of the points.
    workdir : path-like or Workspace

    Returns
    -------
    Path
        The file.

    Raises
    ------
    InputError
        The numbers of coordinates and values differ, or no point is finite.

    Examples
    --------
    >>> from stamps import gescatter
    >>> gescatter("points", [14.2, 14.21], [40.8, 40.81], [-5.0, 3.0]).name
    'points.kml'
    """
    lonlat, values = np.column_stack([np.ravel(lon), np.ravel(lat)]), np.asarray(c).ravel()
    if len(lonlat) != values.size:
        raise InputError(f"gescatter: there are {len(lonlat)} places but {values.size} values.")
    finite = values[np.isfinite(values)]
    if finite.size == 0:
        raise InputError("gescatter: no value is finite, so there is nothing to write.")
    limits = np.ravel(clims) if clims is not None and np.size(clims) else (finite.min(), finite.max())
    place = Workspace.at(workdir).path / (filename if str(filename).endswith(".kml") else f"{filename}.kml")
    check_plain(place)
    colours = jet(64) if colormap is None else np.asarray(colormap, np.float64)
    with Workspace(place.parent).open_output(place.name) as path:
        write_kml(path, lonlat, values, colours, limits, name=place.stem, opacity=opacity, scale=scale, span=time)
    return Written(place)
