"""Plot the difference of the time series of two places.

Reads ``ps_plot_ts_matname.txt`` and the file it names, both from ``ps_plot(…, 'ts')``. Writes no file but the picture.

Source: docs/method/products.md, section 2.5.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from stamps.matlab.dates import to_datetime64
from stamps.products.clicking import clicked_places
from stamps.products.figures import finish_figure, new_figure
from stamps.products.notebook_figure import display_figure, png_of
from stamps.products.reference_choice import ReferenceChoice
from stamps.products.series import draw_series, load_series, place_series, title_of
from stamps.workspace import Workspace

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from stamps._typing import StrPath


__all__ = ["DifferencePlot", "ts_plotdiff"]


class DifferencePlot(NamedTuple):
    """What is drawn.

    Attributes
    ----------
    dates : ndarray of datetime64[D], shape (n,)
    displacement : ndarray, shape (n,)
        First minus second, towards the satellite, mm.
    figure : matplotlib.figure.Figure
    """

    dates: NDArray[np.datetime64]
    displacement: NDArray[np.floating[Any]]
    figure: Figure

    def _ipython_display_(self) -> None:
        display_figure(self.figure)

    def _repr_png_(self) -> bytes:
        return png_of(self.figure)


def ts_plotdiff(
    lon1: float | None = None,
    lat1: float | None = None,
    lon2: float | None = None,
    lat2: float | None = None,
    radius: float = 100,
    workdir: Workspace | StrPath = ".",
    out: StrPath | None = None,
    reference_date: Any = None,
    reference_area: Sequence[float] | None = None,
) -> DifferencePlot:
    """Plot the first minus the second time series.

    Parameters
    ----------
    lon1, lat1, lon2, lat2 : float, optional
        Places in degrees; without them a map is shown to click on (in a window only).
    radius : float
        Metres around the places.
    workdir : path-like or Workspace
    out : path-like, optional
        Picture file; default: a window, or without a display ``ts_plotdiff.png``.
    reference_date : str, int or date, optional
        Date of the series on which displacements are 0 (default: the master's).
    reference_area : sequence of float, optional
        Longitude, latitude and radius (m) of a circle, or west, east, south and north of a box, whose pixels the series is
        relative to (default: as ps_plot made it).

    Returns
    -------
    DifferencePlot

    Raises
    ------
    InputError
        No pixel is near, or no places are given where no window can be opened.
    WorkspaceError
        There is no time series yet.
    """
    ws = Workspace.at(workdir)
    series = load_series(ws)
    choice = ReferenceChoice.of(reference_date, reference_area)
    about = choice.refer(series, ws)
    if lon1 is None or lat1 is None or lon2 is None or lat2 is None:
        places = clicked_places(series, 2)
    else:
        places = [(lon1, lat1), (lon2, lat2)]
    first, second = (place_series(series, lon, lat, radius) for lon, lat in places)
    difference = first.displacement - second.displacement
    figure, window = new_figure(out, figsize=(8, 4.5), layout="constrained")
    axes = figure.add_subplot()
    draw_series(axes, series, difference, f"{first}\nminus {second}", since=choice.date)
    axes.set_title(title_of(series, "Difference of time series", about), fontsize=10)
    finish_figure(figure, window, out, ws, "ts_plotdiff.png")
    return DifferencePlot(to_datetime64(series["day"]), difference, figure)
