"""Values along a line: a map with the line beside the values and their means.

Reads a saved plot if one is named, and ``ps2``. Writes a picture.

Source: docs/method/other_scripts.md, section 5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stamps.analysis.profiles import along_line, binned
from stamps.errors import InputError, NoPixelsError, ParameterError
from stamps.insar.geometry import continuous
from stamps.products.columns import saved_values
from stamps.products.figures import finish_figure, new_figure
from stamps.products.maps import metres_per_unit
from stamps.products.notebook_figure import display_figure, png_of
from stamps.workspace import Workspace

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike, NDArray

    from stamps._typing import StrPath


__all__ = ["LineValues", "profiler"]

_LEAST = 0.5  # of the usual number of points, that a bin needs to be shown


class LineValues(NamedTuple):
    """What is drawn.

    Attributes
    ----------
    distance : ndarray of float64, shape (n,)
        Metres from the first point, in the direction of the other; beyond either end, too.
    values : ndarray of float64, shape (n,)
    centre, mean : ndarray of float64, shape (m,)
        Of the bins that have enough points.
    figure : matplotlib.figure.Figure
    """

    distance: NDArray[np.float64]
    values: NDArray[np.float64]
    centre: NDArray[np.float64]
    mean: NDArray[np.float64]
    figure: Figure

    def _ipython_display_(self) -> None:
        display_figure(self.figure)

    def _repr_png_(self) -> bytes:
        return png_of(self.figure)


def profiler(
    data: ArrayLike | str,
    lonlat: ArrayLike | None,
    point1: ArrayLike,
    point2: ArrayLike,
    bins: int = 15,
    R: float = 100,  # its name in the original
    units: str = "rad",
    workdir: Workspace | StrPath = ".",
    out: StrPath | None = None,
) -> LineValues:
    """Draw values along a line, which goes on beyond both points; ``stamps profile`` ends at them.

    Parameters
    ----------
    data : array_like, shape (n,) or (n, k), or str
        Values, of which the first column is shown; or the name of a saved plot (``'ps_plot_v-d'``).
    lonlat : array_like, shape (n, 2), optional
        Degrees; default: the pixels of the project.
    point1, point2 : array_like, shape (2,)
        Longitude and latitude, degrees.
    bins : int
        Equal parts between the first and the last point beside the line.
    R : float
        Metres on either side.
    units : str
        Of the values, for the picture.
    workdir : path-like or Workspace
    out : path-like, optional
        Picture file; default: a window, or without a display ``profiler.png``.

    Returns
    -------
    LineValues

    Raises
    ------
    InputError
        Values and places do not belong together, or a point is no place.
    NoPixelsError
        There is no point beside the line.
    """
    ws = Workspace.at(workdir)
    if isinstance(R, str) or not 0 < R < np.inf:
        raise ParameterError(f"R is {R!r}, but a positive number of metres was expected.")
    values = saved_values(ws, data) if isinstance(data, str) else np.asarray(data)
    values = np.asarray(values.reshape(len(values), -1)[:, 0] if values.ndim else values, np.float64)
    places = ws.load(f"ps{ws.version}", ["lonlat"])["lonlat"] if lonlat is None else np.asarray(lonlat, np.float64)
    if places.ndim != 2 or places.shape[1] != 2 or values.shape != (len(places),):
        raise InputError(
            f"There are {values.size} values but places of shape {places.shape}: one row for each was expected."
        )
    distance, offset, _ = along_line(places, point1, point2)
    near = (np.abs(offset) <= R) & np.isfinite(values)
    if not near.any():
        raise NoPixelsError(f"No point with a value lies within {R:g} m of the line.")
    along = binned(distance[near], values[near], bins, distance[near].min(), distance[near].max())
    shown = along.count >= max(np.floor(_LEAST * np.count_nonzero(near) / bins), 1)
    figure, window = new_figure(out, figsize=(10, 5), layout="constrained")
    ends = np.array([point1, point2], np.float64)
    _draw(figure, places, values, ends, units)
    right = figure.axes[1]
    right.plot(values[near], distance[near] / 1000, ".", color="0.6", ms=3)
    right.plot(along.mean[shown], along.centre[shown] / 1000, "o", color="black", ms=5)
    finish_figure(figure, window, out, ws, "profiler.png")
    return LineValues(distance[near], values[near], along.centre[shown], along.mean[shown], figure)


def _draw(
    figure: Figure, places: NDArray[np.float64], values: NDArray[np.float64], ends: NDArray[np.float64], units: str
) -> None:
    """The map on the left, empty axes on the right."""
    left, right = figure.subplots(1, 2, width_ratios=(7, 3))
    lon, lat = continuous(places).T
    dots = left.scatter(lon, lat, c=values, s=3, cmap="viridis")
    left.plot(*ends.T, color="black")
    along_x, along_y = metres_per_unit(lat, True)
    left.set_aspect(along_y / along_x)
    left.locator_params(axis="x", nbins=5)
    figure.colorbar(dots, ax=left, label=units)
    right.set(xlabel=units, ylabel="distance (km)")
