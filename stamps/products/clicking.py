"""Places chosen with the mouse, in windows only.

Source: docs/method/products.md, section 2.5.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from stamps.errors import InputError, StampsError
from stamps.insar.geometry import continuous
from stamps.products.figures import window_possible
from stamps.products.point_maps import Ground, draw_values
from stamps.products.quantity_styles import STYLES
from stamps.products.series import dates_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from stamps.workspace import Workspace
    from stamps.workspace.directory import Variables


__all__ = ["SeriesButtons", "add_buttons", "clicked_places"]

_RADIUS = 100


def clicked_places(series: Variables, n: int) -> Any:
    """Show a map of the last displacements and wait for clicks.

    Parameters
    ----------
    series : dict
        ``lonlat`` and ``ph_mm``.
    n : int
        Number of places.

    Returns
    -------
    list of tuple of float
        Longitudes and latitudes.

    Raises
    ------
    InputError
        No window can be opened, or it was closed.
    """
    if not window_possible():
        raise InputError("Give the longitude and latitude of the place: there is no display to click on.")
    from matplotlib import pyplot

    master, last = dates_of(series["master_day"])[0], series["ph_mm"][:, -1]
    ground = Ground(continuous(series["lonlat"]), since=str(master))
    figure, axes = pyplot.subplots(layout="constrained")
    draw_values(axes, ground, last, STYLES["displacement"])
    axes.set_title(f"Click on {n} place{'s' * (n > 1)}")
    places = figure.ginput(n, timeout=0)
    pyplot.close(figure)
    if len(places) < n:
        raise InputError(f"{n} clicks were expected, but there were {len(places)}.")
    return places


def add_buttons(figure: Figure, axes: Axes, ws: Workspace) -> SeriesButtons:
    """Add the buttons for time series to a map in a window.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    axes : matplotlib.axes.Axes
        The map, in degrees.
    ws : Workspace

    Returns
    -------
    SeriesButtons
        The figure keeps it alive.
    """
    buttons = SeriesButtons(figure, axes, ws)
    figure.series_buttons = buttons  # type: ignore[attr-defined]  # they live as long as the figure
    return buttons


class SeriesButtons:
    """Buttons for one series and for a difference, and a field for the radius; a button waits for clicks on the map."""

    def __init__(self, figure: Figure, axes: Axes, ws: Workspace) -> None:
        from matplotlib.widgets import Button, TextBox

        self.axes, self.ws, self.wanted, self.radius = axes, ws, 0, float(_RADIUS)
        self.places: list[Any] = []
        engine: Any = figure.get_layout_engine()
        if engine is not None:
            engine.set(rect=(0, 0.1, 1, 0.9))  # room for the buttons
        self.single = Button(figure.add_axes((0.05, 0.02, 0.22, 0.06)), "time series")
        self.difference = Button(figure.add_axes((0.29, 0.02, 0.26, 0.06)), "difference of two")
        self.field = TextBox(figure.add_axes((0.72, 0.02, 0.12, 0.06)), "radius (m) ", initial=str(_RADIUS))
        self.single.on_clicked(lambda event: self.wait_for(1))
        self.difference.on_clicked(lambda event: self.wait_for(2))
        self.field.on_submit(self.set_radius)
        figure.canvas.mpl_connect("button_press_event", self.click)

    def wait_for(self, n: int) -> None:
        """The next ``n`` clicks on the map are places."""
        self.wanted, self.places = n, []

    def set_radius(self, text: str) -> None:
        """Take over the radius of the field; anything but a positive number leaves the old one."""
        try:
            radius = float(text)
        except ValueError:
            return
        if radius > 0:
            self.radius = radius

    def click(self, event: Any) -> None:
        """A click: a place, if one is waited for."""
        if event.inaxes is not self.axes or not self.wanted:
            return
        self.places.append((event.xdata, event.ydata))
        if len(self.places) == self.wanted:
            self.wanted = 0
            try:
                self.show()
            except StampsError as error:
                print(error)

    def show(self) -> None:
        """Draw the series of the places."""
        import stamps

        numbers = [number for place in self.places for number in place]
        function: Callable[..., Any] = stamps.ts_plot if len(self.places) == 1 else stamps.ts_plotdiff
        function(*numbers, radius=self.radius, workdir=self.ws)
