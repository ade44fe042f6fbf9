"""Plot the time series of the pixels around a place.

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
from stamps.products.series import draw_series, fit_line, load_series, place_series, title_of
from stamps.workspace import Workspace

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from stamps._typing import StrPath


__all__ = ["SeriesPlot", "ts_plot"]


class SeriesPlot(NamedTuple):
    """What is drawn.

    Attributes
    ----------
    dates : ndarray of datetime64[D], shape (n,)
    displacement : ndarray, shape (n,)
        Towards the satellite, mm.
    line : ndarray, shape (2,)
        Intercept (mm, at the date of the master) and slope (mm/yr).
    figure : matplotlib.figure.Figure
    """

    dates: NDArray[np.datetime64]
    displacement: NDArray[np.floating[Any]]
    line: NDArray[np.float64]
    figure: Figure

    def _ipython_display_(self) -> None:
        display_figure(self.figure)

    def _repr_png_(self) -> bytes:
        return png_of(self.figure)


def ts_plot(
    lon: float | None = None,
    lat: float | None = None,
    radius: float = 100,
    workdir: Workspace | StrPath = ".",
    out: StrPath | None = None,
    reference_date: Any = None,
    reference_area: Sequence[float] | None = None,
) -> SeriesPlot:
    """Plot a time series and the straight line through it.

    Parameters
    ----------
    lon, lat : float, optional
        Place in degrees; without it a map is shown to click on (in a window only).
    radius : float
        Metres around the place.
    workdir : path-like or Workspace
    out : path-like, optional
        Picture file; default: a window, or without a display ``ts_plot.png``.
    reference_date : str, int or date, optional
        Date of the series on which displacements are 0 (default: the master's).
    reference_area : sequence of float, optional
        Longitude, latitude and radius (m) of a circle, or west, east, south and north of a box, whose pixels the series is
        relative to (default: as ps_plot made it).

    Returns
    -------
    SeriesPlot

    Raises
    ------
    InputError
        No pixel is near, or no place is given where no window can be opened.
    WorkspaceError
        There is no time series yet.

    Examples
    --------
    >>> from stamps import ps_plot, ts_plot
    >>> shown = ps_plot("v-do", "ts", out="velocity.png")
    >>> series = ts_plot(14.2, 40.8, 200, out="series.png")
    >>> series.dates.size  # the master is left out
    17
    """
    ws = Workspace.at(workdir)
    series = load_series(ws)
    choice = ReferenceChoice.of(reference_date, reference_area)
    about = choice.refer(series, ws)
    ((lon, lat),) = [(lon, lat)] if lon is not None and lat is not None else clicked_places(series, 1)
    place = place_series(series, lon, lat, radius)
    line = fit_line(series["day"] - series["master_day"], place.displacement)
    figure, window = new_figure(out, figsize=(8, 4.5), layout="constrained")
    axes = figure.add_subplot()
    draw_series(axes, series, place.displacement, str(place), line, choice.date)
    axes.set_title(title_of(series, "Time series", about), fontsize=10)
    finish_figure(figure, window, out, ws, "ts_plot.png")
    return SeriesPlot(to_datetime64(series["day"]), place.displacement, line, figure)
