"""The map of points that every picture has: points in the colours of their quantity, frame, scale bar, reference, colour bar.

Source: docs/method/products.md, section 12.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.products.backgrounds import relief_of
from stamps.products.colours import scale_of
from stamps.products.maps import draw_background, draw_reference, draw_scale_bar, label_longitudes, metres_per_unit
from stamps.products.quantity_styles import colour_of_kind
from stamps.products.viewpoint import View

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import PathCollection
    from numpy.typing import NDArray

    from stamps.products.backgrounds import Background
    from stamps.products.exports.table import PointTable
    from stamps.products.quantities import Project
    from stamps.products.quantity_styles import Style
    from stamps.products.titles import ReferenceArea

__all__ = [
    "Ground",
    "draw_kinds",
    "draw_values",
    "figure_size",
    "fitting",
    "frame_map",
    "plain_text",
    "point_size",
    "write_title",
]

_GROUND, _FAINT = "0.95", 0.5  # of a background
_RIM = (0.0, 0.0, 0.0, 0.3)
_RIMMED = 4.0  # square points of print
_MARGIN = 0.03  # of the extent of the points, on each side
_LEAST_MARGIN = 5e-4  # degrees
_CELLS = 40  # along the longer side, to see which part of a map has points
_SMALLEST, _LARGEST = 0.8, 25.0  # area of a point, square points of print
_COVER = 0.7  # of the area that its points have is covered by them
_BAR_SIZE = 8.0  # points of the label of a colour bar
_LETTER = 0.52  # mean width of a letter, in its size
_FLATTEST, _TALLEST = 0.45, 1.4  # height over width of a map that a figure is made for


@dataclass(frozen=True)
class Ground:
    """What a map stands on, alike for all maps of a project.

    Attributes
    ----------
    lonlat : ndarray of float64, shape (n, 2)
        Degrees, without a jump at the antimeridian.
    scheme : str
        Parameter ``plot_color_scheme``.
    folder : Path, optional
        Project in which a palette is looked for.
    area : ReferenceArea, optional
        Where the reference is.
    since : str
        Date on which displacements are 0; empty where none are shown.
    background : Background, optional
        Behind the points.
    """

    lonlat: NDArray[np.float64]
    scheme: str = "inflation"
    folder: Path | None = None
    area: ReferenceArea | None = None
    since: str = ""
    background: Background | None = None

    @classmethod
    def of_project(cls, project: Project, area: ReferenceArea | None = None, relief: bool = True) -> Ground:
        """That of all pixels of a project, with its shaded DEM if wanted and known."""
        scheme, lonlat = str(project.parameters.get("plot_color_scheme")), project.lonlat
        background = relief_of(project, metres_per_unit(lonlat[:, 1], True)) if relief else None
        return cls(lonlat, scheme, project.ws.path, area, background=background)

    @classmethod
    def of_table(cls, table: PointTable) -> Ground:
        """That of a table, with its reference."""
        project = table.project
        area = table.choice.described(project, table.reference)
        made = cls.of_project(project, area)
        return replace(made, lonlat=table.lonlat, since=str(table.metadata["reference_date"]))

    def view(self) -> View:
        """The map in degrees."""
        x, y = self.lonlat.T
        return View(x, y, metres_per_unit(y, True), ("longitude (°)", "latitude (°)"))


def draw_values(
    axes: Axes,
    ground: Ground,
    values: NDArray[Any],
    style: Style,
    *,
    limits: tuple[float, float] | None = None,
    bar: bool = True,
) -> PathCollection:
    """Draw values of points as a map with its colour bar.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    ground : Ground
    values : ndarray, shape (n,)
        Points that are not finite are left out.
    style : Style
    limits : tuple of float, optional
        Range of colours (default: that of the quantity).
    bar : bool
        Whether there is a colour bar.

    Returns
    -------
    matplotlib.collections.PathCollection
    """
    values = np.asarray(values, dtype=np.float64)
    known = np.isfinite(values)
    scale = scale_of(style, values, ground.scheme, ground.folder, limits)
    frame_map(axes, ground)
    size = point_size(axes, ground.lonlat)
    drawn = axes.scatter(
        ground.lonlat[known, 0],
        ground.lonlat[known, 1],
        c=values[known],
        s=size,
        cmap=scale.colours,
        norm=scale.norm(),
        rasterized=True,
        zorder=3,
        **_rim(size),
    )
    if bar:
        _colour_bar(axes, drawn, _label(style, ground.since), _beyond(values[known], scale.limits))
    return drawn


def draw_kinds(axes: Axes, ground: Ground, kinds: NDArray[Any], words: Sequence[str]) -> None:
    """Draw kinds of points, from 0, with a legend that counts them; what has no kind is left out.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    ground : Ground
    kinds : ndarray, shape (n,)
    words : sequence of str
        Name of each kind.
    """
    frame_map(axes, ground)
    size = point_size(axes, ground.lonlat)
    for kind, word in enumerate(words):
        of = kinds == kind
        label, colour = f"{kind} {word} ({int(of.sum())})", colour_of_kind(kind)
        x, y = ground.lonlat[of].T
        axes.scatter(x, y, s=size, c=colour, label=label, rasterized=True, zorder=3, **_rim(size))
    legend = axes.figure.legend(loc="outside lower center", ncols=3, frameon=False, fontsize=8)
    for handle in legend.legend_handles:
        if handle is not None:
            handle.set(sizes=[30])


def frame_map(axes: Axes, ground: Ground) -> None:
    """True proportions, borders, labels, background, scale bar, reference: what every map has before its points."""
    view = ground.view()
    left, right, bottom, top = extent = _extent(ground.lonlat)
    axes.set(xlim=(left, right), ylim=(bottom, top), aspect=view.aspect, facecolor=_GROUND)
    axes.set_xlabel(view.labels[0], fontsize=8)
    axes.set_ylabel(view.labels[1], fontsize=8)
    axes.tick_params(labelsize=7)
    axes.ticklabel_format(useOffset=False, style="plain")
    axes.locator_params(nbins=5 if axes.get_position().width > 0.5 else 3)
    label_longitudes(axes)
    if ground.background is not None:
        draw_background(axes, ground.background).set_alpha(_FAINT)
        axes.set(xlim=(left, right), ylim=(bottom, top), aspect=view.aspect)
    draw_scale_bar(axes, extent, view.metres[0])
    if ground.area is not None and ground.area.n:
        axes.set_autoscale_on(False)  # a reference that lies outside does not move the borders
        draw_reference(axes, ground.area, view)


def _rim(size: float) -> dict[str, Any]:
    """Border that makes pale points stand out from the ground, where they are large enough for one."""
    return {"linewidths": 0.25, "edgecolors": _RIM} if size > _RIMMED else {"linewidths": 0}


def point_size(axes: Axes, lonlat: NDArray[np.float64]) -> float:
    """Area of a point (square points of print) such that the points cover most of the part of the map that has any."""
    n, ratio = len(lonlat), proportion(lonlat)
    if not n:
        return _LARGEST
    width, height = _inches(axes) * 72
    width = min(width, height / ratio)
    left, right, bottom, top = _extent(lonlat)
    cells = int(np.clip(np.sqrt(n / 2), 1, _CELLS))
    column = ((lonlat[:, 0] - left) / (right - left) * cells).astype(int)
    row = ((lonlat[:, 1] - bottom) / (top - bottom) * cells).astype(int)
    share = np.unique(column * cells + row).size / cells**2
    return float(np.clip(_COVER * share * width * width * ratio / n, _SMALLEST, _LARGEST))


def proportion(lonlat: NDArray[np.float64]) -> float:
    """Height over width of a map of points."""
    left, right, bottom, top = _extent(lonlat)
    along_x, along_y = metres_per_unit(lonlat[:, 1], True) if len(lonlat) else (1.0, 1.0)
    return (top - bottom) * along_y / ((right - left) * along_x)


def figure_size(lonlat: NDArray[np.float64], width: float, extra: float = 1.1, columns: int = 1) -> tuple[float, float]:
    """Size of a figure in inches whose maps, side by side, have the proportions of the scene.

    Parameters
    ----------
    lonlat : ndarray, shape (n, 2)
    width : float
        Of the figure.
    extra : float
        Height of everything that is not a map.
    columns : int
        Maps side by side.
    """
    return width, (width / columns - 1.7) * float(np.clip(proportion(lonlat), _FLATTEST, _TALLEST)) + extra


def _inches(axes: Axes) -> NDArray[np.float64]:
    """Width and height that axes have, before any layout."""
    figure = axes.get_figure(root=True)
    assert figure is not None
    return np.multiply(axes.get_position().size, figure.get_size_inches())


def write_title(axes: Axes, *lines: str, size: float = 9.0) -> None:
    """Title of a map: lines that are not empty, wrapped to the width that the map and its colour bar have."""
    width = _inches(axes)[0] * 72
    most = max(int(width / (_LETTER * size)), 20)
    texts = [textwrap.fill(plain_text(line), most) for line in lines if line]
    axes.set_title("\n".join(texts), fontsize=size)


def fitting(label: str, height: float, size: float = _BAR_SIZE) -> str:
    """Label of an upright colour bar of so many inches: in lines that break at commas where one would be too long."""
    return "\n".join(label.split(", ", 1)) if len(label) * _LETTER * size / 72 > height else label


def plain_text(text: str) -> str:
    """A text without what a picture would take as a formula or cannot show."""
    return "".join(letter for letter in text if letter.isprintable()).replace("$", r"\$")


def _extent(lonlat: NDArray[np.float64]) -> tuple[float, float, float, float]:
    """Left, right, bottom, top of a map around points."""
    low, high = (lonlat.min(axis=0), lonlat.max(axis=0)) if len(lonlat) else (np.zeros(2), np.ones(2))
    margin = np.maximum(_MARGIN * (high - low), _LEAST_MARGIN)
    (left, bottom), (right, top) = (low - margin).tolist(), (high + margin).tolist()
    return left, right, bottom, top


def _label(style: Style, since: str) -> str:
    return f"{style.bar}, since {since}" if style.since and since else style.bar


def _beyond(values: NDArray[np.float64], limits: tuple[float, float]) -> Any:
    """Which ends of a colour bar are pointed: those beyond which values lie."""
    below, above = bool((values < limits[0]).any()), bool((values > limits[1]).any())
    return {(True, True): "both", (True, False): "min", (False, True): "max"}.get((below, above), "neither")


def _colour_bar(axes: Axes, drawn: PathCollection, label: str, extend: Any) -> None:
    bar = axes.figure.colorbar(drawn, ax=axes, shrink=0.9, pad=0.02, aspect=25, extend=extend)
    bar.set_label(fitting(plain_text(label), _inches(axes)[1] * 0.8), fontsize=_BAR_SIZE)
    bar.ax.tick_params(labelsize=7)
