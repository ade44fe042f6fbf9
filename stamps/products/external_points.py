"""Points of another source, compared with the pixels around them.

A MAT file holds ``lonlat`` (n x 2, degrees) and, for a comparison, ``ph_disp`` (n values in the unit of the plot). A
folder holds one such file for each interferogram, named ``<yyyymmdd>_<yyyymmdd>.mat``.
Source: docs/method/products.md, section 2.7.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree

from stamps.errors import InputError
from stamps.insar.geometry import centre_of, llh2local, wrapped_longitude
from stamps.matlab.dates import to_yyyymmdd
from stamps.workspace import matfile

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from stamps._typing import StrPath
    from stamps.products.colours import Scale
    from stamps.products.quantities import Project
    from stamps.products.values import Shown


__all__ = ["Points", "draw_points", "load_points", "means_around"]

_RADIUS = 1000.0  # metres


@dataclass(frozen=True)
class Points:
    """Points of one panel.

    Attributes
    ----------
    lonlat : ndarray, shape (n, 2)
        Degrees.
    values : ndarray of float64, shape (n,), or None
        Shifted by their mean difference from the pixels; None: only places are known.
    rmse : float
        Of what is left of the difference; NaN without values near pixels.
    """

    lonlat: np.ndarray
    values: np.ndarray | None = None
    rmse: float = np.nan


def load_points(shown: Shown, path: str) -> list[Points]:
    """Read the points of every panel and compare them.

    Parameters
    ----------
    shown : Shown
    path : str
        File, or folder with a file for each interferogram; relative to the project.

    Returns
    -------
    list of Points
        Without points where the folder has no file.
    """
    project = shown.project
    place = project.ws.path / path
    if place.is_dir() and shown.values.labels not in ("images", "ifgs"):
        raise InputError(f"{place} holds one file for each interferogram, but this plot has none: name one MAT file.")
    files = [place / _name(project, column) if place.is_dir() else place for column in shown.columns]
    if not any(file.is_file() for file in files):
        raise InputError(f"{files[0]} is missing: 'ext PATH' names a MAT file, or a folder with files of such names.")
    lonlat = project.lonlat
    return [
        _compared(file, lonlat, shown.phases[:, k]) if file.is_file() else Points(np.empty((0, 2)))
        for k, file in enumerate(files)
    ]


def _name(project: Project, column: int) -> str:
    """``<first date>_<second date>.mat`` of a column."""
    ps = project.ps
    days = ps["ifgday"][column] if project.small_baselines else (ps["master_day"], ps["day"][column])
    return "_".join(str(date) for date in np.ravel(to_yyyymmdd(np.asarray(days)))) + ".mat"


def _compared(file: StrPath, lonlat: NDArray[np.float64], column: NDArray[np.float64]) -> Points:
    content = matfile.read(file)
    places = content.get("lonlat")
    if places is None or places.ndim != 2 or places.shape[1] != 2:
        raise InputError(f"{file} has no variable 'lonlat' with two columns, longitude and latitude.")
    places = np.column_stack([wrapped_longitude(places[:, 0], centre_of(lonlat)[0]), places[:, 1]])
    if "ph_disp" not in content or np.iscomplexobj(column):
        return Points(places)
    given = content["ph_disp"].astype(np.float64).ravel()
    if given.size != len(places):
        raise InputError(f"{file}: 'ph_disp' has {given.size} values for {len(places)} points.")
    residual = means_around(lonlat, column, places) - given
    valid = ~np.isnan(residual)
    if not valid.any():
        return Points(places, given)
    shift = residual[valid].mean()
    return Points(places, given + shift, float(np.sqrt(np.mean((residual[valid] - shift) ** 2))))


def means_around(
    lonlat: NDArray[np.float64], values: NDArray[np.float64], places: NDArray[np.float64], radius: float = _RADIUS
) -> NDArray[np.float64]:
    """Mean of the pixels around places.

    Parameters
    ----------
    lonlat : ndarray, shape (n_ps, 2)
        Degrees.
    values : ndarray, shape (n_ps,)
        NaN is left out.
    places : ndarray, shape (n, 2)
        Degrees.
    radius : float
        Metres.

    Returns
    -------
    ndarray of float64, shape (n,)
        NaN where no pixel is near.
    """
    use = np.flatnonzero(~np.isnan(values))
    origin = lonlat.mean(axis=0)
    if use.size == 0:
        return np.full(len(places), np.nan)
    tree = cKDTree(llh2local(lonlat[use], origin) * 1000)
    near = cKDTree(llh2local(places, origin) * 1000).sparse_distance_matrix(tree, radius, output_type="coo_matrix")
    count = np.bincount(near.row, minlength=len(places))
    total = np.bincount(near.row, values[use][near.col].astype(np.float64), minlength=len(places))
    with np.errstate(invalid="ignore"):
        return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def draw_points(axes: Axes, points: Points, scale: Scale) -> None:
    """Draw points of a map in the colours of the pixels, hollow where they have no value."""
    if len(points.lonlat) == 0:
        return
    x, y = points.lonlat.T
    colours = "none" if points.values is None else scale.rgba(points.values)
    axes.scatter(x, y, s=45, marker="^", c=colours, edgecolors="black", linewidths=0.8, zorder=7)
