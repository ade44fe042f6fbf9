"""Draw the panels of a plot.

Source: docs/method/products.md, sections 2.7 and 2.8.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import InputError
from stamps.insar.geometry import centre_of, longitudes_between, near
from stamps.products.arguments import AMPLITUDE, AMPLITUDE_THROUGH, BLACK, BLACK_XY, RELIEF, SHADED
from stamps.products.backgrounds import amplitude_grey, amplitude_image, dem_image, sampled
from stamps.products.colours import scale_for
from stamps.products.external_points import draw_points, load_points
from stamps.products.figures import finish_figure, matplotlib_or_error, new_figure
from stamps.products.maps import (
    draw_background,
    draw_image,
    draw_north,
    draw_reference,
    draw_scale_bar,
    label_longitudes,
)
from stamps.products.raster import pixel_grid, size_parameter
from stamps.products.titles import describe, describe_data, panel_titles, sign_of
from stamps.products.viewpoint import view_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from stamps._typing import StrPath
    from stamps.products.arguments import PlotRequest
    from stamps.products.backgrounds import Background
    from stamps.products.colours import Scale
    from stamps.products.quantities import Project
    from stamps.products.raster import PixelGrid
    from stamps.products.titles import ReferenceArea
    from stamps.products.values import Shown
    from stamps.products.viewpoint import View


__all__ = ["draw", "panel_layout"]

_WIDEST, _TALLEST = 14.0, 18.0  # inches of the panels together
_LAYOUTS = 3  # that a figure gets to become as small as its panels
_NO_BAR, _BAR_BELOW = 1, 2
_TITLE_SIZE = 9.0  # points of a panel's title
_LETTER = 0.62  # mean width of a letter, in its size
_MOST_CELLS = 99  # along the side of a scatterer
_THROUGH = 0.3  # brightness that remains in the dark of an amplitude that shines through


@dataclass
class _Scene:
    """Everything that the panels share."""

    project: Project
    request: PlotRequest
    view: View
    rows: np.ndarray
    grid: PixelGrid
    background: Background | None
    area: ReferenceArea
    scale: Scale
    titles: list[str]

    @property
    def dark(self) -> bool:
        """Whether the background is dark, so that lines must be bright."""
        return self.request.plot_flag in (BLACK, BLACK_XY, AMPLITUDE, AMPLITUDE_THROUGH)

    @property
    def ink(self) -> str:
        """Colour of lines and texts inside the panels."""
        return self.request.textcolor or ("white" if self.dark else "black")


def draw(
    shown: Shown, limits: tuple[float, float], out: StrPath | None
) -> tuple[Figure, tuple[float, float], NDArray[np.float64] | None, list[Axes]]:
    """Draw one panel for each column, then show or write the figure.

    Parameters
    ----------
    shown : Shown
    limits : tuple of float
        Of the colours.
    out : path-like or None

    Returns
    -------
    figure : matplotlib.figure.Figure
    limits : tuple of float
    rmse : ndarray or None
    axes : list of matplotlib.axes.Axes
    """
    matplotlib_or_error()
    scene, request, n_panels = _scene(shown, limits), shown.request, shown.phases.shape[1]
    points = load_points(shown, request.external) if request.external else []
    left, right, bottom, top = _window(scene)
    ratio = (right - left) / max((top - bottom) * scene.view.aspect, 1e-12)
    n_y, n_x = panel_layout(n_panels, ratio, request.n_x)
    width = min(7.0, _WIDEST / n_x, _TALLEST / n_y * ratio)
    size = n_x * width + 1.6, n_y * (width / ratio + 0.35 * any(scene.titles)) + 1.3
    figure, window = new_figure(out, figsize=size, layout="constrained")
    relief = request.plot_flag == RELIEF
    axes = [figure.add_subplot(n_y, n_x, k + 1, projection="3d" if relief else None) for k in range(n_panels)]
    titles, title_size = fit_titles(scene.titles, width)
    for panel, (one, title) in enumerate(zip(axes, titles, strict=True)):
        (_draw_relief if relief else _draw_panel)(one, scene, shown.phases[:, panel])
        one.set_title(title, fontsize=request.textsize or title_size)
        if not relief:
            _label(one, scene, left=panel % n_x == 0, bottom=panel + n_x >= len(axes))
    if not relief:
        draw_scale_bar(axes[0], (left, right, bottom, top), scene.view.metres[0], scene.ink)
        draw_north(axes[0], scene.ink, scene.view.north)
    for one, point in zip(axes, points, strict=False):
        draw_points(one, point, scene.scale)
    _colour_bar(figure, axes, scene, shown.unit)
    size_of_title = request.textsize or float(np.clip(1.2 * figure.get_figwidth(), 9, 14))
    figure.suptitle(_title(shown), fontsize=size_of_title)
    if not relief:
        _close_gaps(figure, axes)
    if window and request.time_series:
        from stamps.products.clicking import add_buttons

        add_buttons(figure, axes[0], shown.project.ws)
    finish_figure(figure, window, out, shown.project.ws, f"ps_plot_{shown.name}.png")
    return figure, limits, np.array([point.rmse for point in points]) if points else None, axes


def panel_layout(n: int, ratio: float, n_x: int = 0) -> tuple[int, int]:
    """Rows and columns of panels.

    Parameters
    ----------
    n : int
        Number of panels.
    ratio : float
        Width over height of a panel.
    n_x : int
        Columns that are asked for; 0: as fits a page of 4:3.

    Returns
    -------
    n_y, n_x : int
    """
    if n_x > 0:
        return int(np.ceil(n / n_x)), min(n_x, n)
    n_y = min(max(int(np.ceil(np.sqrt(n * ratio / (4 / 3)))), 1), n)
    n_x = int(np.ceil(n / n_y))
    return int(np.ceil(n / n_x)), n_x


def fit_titles(titles: list[str], width: float) -> tuple[list[str], float]:
    """Titles of panels that stand side by side without running into each other.

    Parameters
    ----------
    titles : list of str
    width : float
        Inches of a panel.

    Returns
    -------
    titles : list of str
        In two lines where one is too long.
    size : float
        Points.
    """
    longest = max(len(title) for title in titles)
    if _title_width(longest, _TITLE_SIZE) > width:
        titles = [title.replace(": ", "\n", 1) for title in titles]
        longest = max(len(line) for title in titles for line in title.split("\n"))
    return titles, float(np.clip(_TITLE_SIZE * width / _title_width(max(longest, 1), _TITLE_SIZE), 4, _TITLE_SIZE))


def _title_width(n_letters: int, size: float) -> float:
    return n_letters * _LETTER * size / 72


# ---------------------------------------------------------------------- what the panels share


def _scene(shown: Shown, limits: tuple[float, float]) -> _Scene:
    project, request = shown.project, shown.request
    flag = request.plot_flag
    radar = flag in (AMPLITUDE, AMPLITUDE_THROUGH)
    amplitude = amplitude_grey(project.ws) if radar else None
    view = view_of(project, flag, None if amplitude is None else amplitude.shape)
    rows = _rows_in_range(project.lonlat, request)
    n_cells = max(int(size_parameter(project.parameters, "plot_pixels_scatterer", -1, _MOST_CELLS)), 1)
    metres = size_parameter(project.parameters, "plot_scatterer_size") / n_cells
    most = max(300, int(1800 / np.sqrt(shown.phases.shape[1])))
    grid = pixel_grid(view.x[rows], view.y[rows], view.steps(metres), n_cells, most)
    background = None
    if amplitude is not None:
        background = amplitude_image(amplitude, view.flip, grid.extent)
    elif flag in (SHADED, RELIEF):
        background = dem_image(project.ws, project.parameters, view.metres, centre_of(project.lonlat)[0])
    group = "" if shown.value_type is None else shown.value_type.group
    return _Scene(
        project=project,
        request=request,
        view=view,
        rows=rows,
        grid=grid,
        background=background,
        area=shown.choice.described(project, shown.reference),
        scale=scale_for(shown.phases, limits, str(project.parameters.get("plot_color_scheme")), group, project.ws.path),
        titles=panel_titles(shown.values, project, shown.columns),
    )


def _rows_in_range(lonlat: NDArray[np.float64], request: PlotRequest) -> NDArray[np.int64]:
    """Pixels inside the part of the scene that is asked for."""
    inside = np.ones(len(lonlat), bool)
    if request.lon_rg is not None:
        inside &= longitudes_between(lonlat[:, 0], request.lon_rg)
    if request.lat_rg is not None:
        inside &= (lonlat[:, 1] >= request.lat_rg[0]) & (lonlat[:, 1] <= request.lat_rg[1])
    if not inside.any():
        raise InputError(f"No pixel lies within lon_rg {request.lon_rg} and lat_rg {request.lat_rg}: widen them.")
    return np.flatnonzero(inside)


def _window(scene: _Scene) -> tuple[float, float, float, float]:
    """Left, right, bottom, top of the panels."""
    request, view = scene.request, scene.view
    left, right, bottom, top = scene.grid.extent
    if view.in_degrees and request.lon_rg is not None:
        left, right = near(request.lon_rg, centre_of(scene.project.lonlat)[0])
    if view.in_degrees and request.lat_rg is not None:
        bottom, top = request.lat_rg
    return left, right, bottom, top


# ---------------------------------------------------------------------- panels


def _draw_panel(axes: Axes, scene: _Scene, column: NDArray[np.floating[Any]]) -> None:
    image = scene.scale.rgba(scene.grid.values(column[scene.rows]))
    window = _window(scene)
    axes.set_facecolor("black" if scene.dark else "white")
    if scene.background is not None:
        draw_background(axes, scene.background)
        if scene.request.plot_flag == AMPLITUDE_THROUGH:
            light = _THROUGH + (1 - _THROUGH) * sampled(scene.background, scene.grid)
            image[..., :3] *= light[..., np.newaxis]
    draw_image(axes, image, scene.grid.extent)
    axes.set_aspect(scene.view.aspect)
    axes.set_xlim(window[:2])
    axes.set_ylim(window[2:])
    axes.ticklabel_format(useOffset=False, style="plain")
    axes.tick_params(labelsize=7)
    axes.locator_params(nbins=4)
    if scene.view.in_degrees:
        label_longitudes(axes)
    draw_reference(axes, scene.area, scene.view, scene.ink)


def _label(axes: Axes, scene: _Scene, left: bool, bottom: bool) -> None:
    """Coordinates at the left and at the bottom of all panels."""
    axes.tick_params(labelbottom=bottom, labelleft=left)
    axes.set_xlabel(scene.view.labels[0] if bottom else "", fontsize=8)
    axes.set_ylabel(scene.view.labels[1] if left else "", fontsize=8)


def _draw_relief(axes: Any, scene: _Scene, column: NDArray[Any]) -> None:
    """The DEM as a surface with the pixels on it."""
    from matplotlib.ticker import MaxNLocator

    background = scene.background
    if background is None or background.heights is None:
        raise InputError("A relief needs a DEM, and this project has none.")
    left, right, bottom, top = background.extent
    heights = background.heights
    step = max(1, max(heights.shape) // 150)
    lon = np.linspace(left, right, 2 * heights.shape[1] + 1)[1::2]
    lat = np.linspace(bottom, top, 2 * heights.shape[0] + 1)[1::2]
    grey = np.repeat(background.grey[::step, ::step, np.newaxis], 3, axis=2)
    axes.plot_surface(
        *np.meshgrid(lon[::step], lat[::step]),
        heights[::step, ::step],
        facecolors=np.nan_to_num(grey),
        rstride=1,
        cstride=1,
        shade=False,
        linewidth=0,
        antialiased=False,
        zorder=1,
    )
    x, y = scene.view.x[scene.rows], scene.view.y[scene.rows]
    row = np.clip(np.searchsorted(lat, y), 0, len(lat) - 1)
    z = heights[row, np.clip(np.searchsorted(lon, x), 0, len(lon) - 1)]
    axes.scatter(x, y, z, c=scene.scale.rgba(column[scene.rows]), s=9, depthshade=False, zorder=3)
    axes.computed_zorder = False  # the pixels stand on the surface, not in it
    axes.view_init(elev=50, azim=-100)
    axes.set_box_aspect((1, scene.view.aspect * (top - bottom) / (right - left), 0.25), zoom=1.15)
    axes.tick_params(labelsize=6)
    for axis, label in zip((axes.xaxis, axes.yaxis, axes.zaxis), (*scene.view.labels, "height (m)"), strict=True):
        axis.set_label_text(label, fontsize=7)
        axis.set_major_locator(MaxNLocator(4))


def _colour_bar(figure: Figure, axes: Sequence[Axes], scene: _Scene, unit: str) -> None:
    """One bar for all panels, from the lower to the upper limit."""
    from matplotlib.cm import ScalarMappable

    if scene.request.cbar_flag == _NO_BAR:
        return
    where = "bottom" if scene.request.cbar_flag == _BAR_BELOW else "right"
    bar = figure.colorbar(
        ScalarMappable(scene.scale.norm(), scene.scale.colours),
        ax=axes,
        location=where,
        shrink=0.8,
        aspect=30,
        pad=0.02,
    )
    limited = bar.ax.set_xlim if where == "bottom" else bar.ax.set_ylim
    limited(*scene.scale.limits)
    bar.set_label(unit)
    if scene.scale.cyclic:
        bar.set_ticks([-np.pi, 0, np.pi], labels=["−π", "0", "π"])


def _title(shown: Shown) -> str:
    """Quantity; unit and sign; reference; data: a line each."""
    value_type, unit = shown.value_type, shown.unit
    name, sign = "" if value_type is None else f"   [{value_type.name}]", sign_of(value_type)
    quantity = describe(value_type) if sign or not unit else f"{describe(value_type)} ({unit})"
    reference = shown.choice.text(shown.project, shown.reference) if shown.values.referenced else ""
    data = describe_data(value_type, shown.values, shown.project, shown.request.ref_ifg)
    return "\n".join(line for line in [quantity + name, f"{unit}, {sign}" if sign else "", reference, data] if line)


def _close_gaps(figure: Figure, axes: Sequence[Any]) -> None:
    """Make a figure as small as its panels, whose proportions are fixed, let it be."""
    for _ in range(_LAYOUTS):
        engine = figure.get_layout_engine()
        if engine is not None:
            engine.execute(figure)
        axes[0].apply_aspect()
        allotted, used = axes[0].get_position(original=True), axes[0].get_position()
        n_y, n_x = axes[0].get_subplotspec().get_gridspec().get_geometry()
        slack = n_x * (allotted.width - used.width), n_y * (allotted.height - used.height)
        if max(slack) < 0.02:
            break
        figure.set_size_inches(
            *(length * (1 - part) for length, part in zip(figure.get_size_inches(), slack, strict=True))
        )
