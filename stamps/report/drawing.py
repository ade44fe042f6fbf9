"""Pictures of the pages: maps, three panels of a comparison, histograms, bars. They take arrays and return figures.

Maps, colours and scale bars are those of :mod:`stamps.products`. The axes are laid out by hand, because a page has many pictures.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from stamps.insar.geometry import continuous
from stamps.products.colours import Scale, scale_for, scale_of
from stamps.products.figures import matplotlib_or_error, new_figure
from stamps.products.maps import draw_image, draw_north, draw_reference, draw_scale_bar, metres_per_unit
from stamps.products.point_maps import fitting
from stamps.products.raster import pixel_grid

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike, NDArray

    from stamps.products.point_maps import Ground
    from stamps.products.quantity_styles import Style
    from stamps.products.raster import PixelGrid


__all__ = [
    "INK",
    "Canvas",
    "Panel",
    "axes_in_inches",
    "blank_figure",
    "comparison_panels",
    "limits_of",
    "map_panels",
    "picture_of",
    "styled",
]

#: Colours of bars and lines: main, contrast, quiet, warning.
INK = {"main": "#1f5a8c", "contrast": "#c8641e", "quiet": "#9aa5b1", "warning": "#b3261e", "text": "#1c2733"}

#: Of differences: the middle is grey, so that pixels without one are seen, too.
_FALLS_TO_RISES = ("#b2182b", "#ef8a62", "#b9bec4", "#67a9cf", "#2166ac")

_CELLS = 260  # along the longer side of a map
_MOST_PIXELS = 200_000  # drawn in one map; of larger sets an evenly spread part is shown
_DPI = 110
_STYLE = {
    "font.size": 8, "axes.titlesize": 8.5, "axes.labelsize": 8, "xtick.labelsize": 7, "ytick.labelsize": 7,
    "axes.edgecolor": "#8a949e", "axes.linewidth": 0.6, "xtick.color": "#5a6570", "ytick.color": "#5a6570",
    "xtick.major.width": 0.6, "ytick.major.width": 0.6, "axes.labelcolor": INK["text"], "text.color": INK["text"],
    "axes.spines.top": False, "axes.spines.right": False, "legend.frameon": False, "legend.fontsize": 7.5,
}  # fmt: skip


class Panel(NamedTuple):
    """A map of a page: title, values of all pixels, shape (n,), and how their quantity is shown."""

    title: str
    values: NDArray[Any]
    style: Style


@dataclass(frozen=True)
class Canvas:
    """Where the pixels of a map stand.

    Attributes
    ----------
    pixels : ndarray of int64
        0-based pixels that are drawn.
    grid : PixelGrid
    metres : tuple of float
        Metres of a degree of longitude and latitude.
    """

    pixels: np.ndarray
    grid: PixelGrid
    metres: tuple[float, float]

    @classmethod
    def of(cls, lonlat: NDArray[Any], cells: int = _CELLS) -> Canvas:
        """The canvas of pixels with these coordinates, shape (n, 2), degrees."""
        lonlat = continuous(lonlat)
        pixels = np.unique(np.linspace(0, len(lonlat) - 1, min(len(lonlat), _MOST_PIXELS)).astype(np.int64))
        lon, lat = lonlat[pixels].T
        metres = metres_per_unit(lat, True)
        size = np.array([np.ptp(lon) * metres[0], np.ptp(lat) * metres[1]]).clip(1.0)
        step = size.max() / cells
        spacing = np.sqrt(size.prod() / len(pixels))  # of pixels spread evenly
        side = int(np.clip(np.ceil(0.8 * spacing / step), 1, 7))
        grid = pixel_grid(lon, lat, (step / metres[0], step / metres[1]), n_cells=side)
        return cls(pixels, grid, metres)

    @property
    def ratio(self) -> float:
        """Width over height."""
        left, right, bottom, top = self.grid.extent
        return (right - left) * self.metres[0] / ((top - bottom) * self.metres[1])

    def draw(self, axes: Axes, values: ArrayLike, scale: Scale, ornaments: bool = False) -> None:
        """Draw values of all pixels, shape (n,)."""
        left, right, bottom, top = self.grid.extent
        draw_image(axes, scale.rgba(self.grid.values(np.asarray(values)[self.pixels])), self.grid.extent)
        axes.set_xlim(left, right)
        axes.set_ylim(bottom, top)
        axes.set_facecolor("#f2f4f6")
        axes.xaxis.set_visible(False)
        axes.yaxis.set_visible(False)
        for spine in axes.spines.values():
            spine.set_visible(True)
        if ornaments:
            draw_scale_bar(axes, self.grid.extent, self.metres[0])
            draw_north(axes)


def limits_of(values: NDArray[np.floating[Any]], percent: float = 1.0) -> tuple[float, float]:
    """Range of a colour scale: percentiles of the finite values; symmetric around zero where both signs are common.

    Parameters
    ----------
    values : ndarray of float
    percent : float
        Left out at each end.
    """
    finite = values[np.isfinite(values)]
    if not finite.size:
        return 0.0, 1.0
    low, high = (float(limit) for limit in np.percentile(finite, [percent, 100 - percent]))
    if low == high:
        low, high = float(finite.min()), float(finite.max())
    if low < 0 < high and min(-low, high) > 0.05 * max(-low, high):
        bound = max(-low, high)
        return -bound, bound
    rounding = 1e-12 * max(abs(low), abs(high))
    return (low, high) if high - low > rounding else (low - 0.5, high + 0.5)


def picture_of(figure: Any, description: str, colours: int | None = None) -> dict[str, Any]:
    """A figure as an image for a page.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    description : str
        What it shows, for those who cannot see it.
    colours : int, optional
        Reduce the picture to so many colours, which makes the page several times smaller.

    Returns
    -------
    dict
        ``uri`` (a PNG as data), ``alt``, ``width``, ``height`` in pixels.
    """
    from PIL import Image

    figure.set_dpi(_DPI)
    figure.canvas.draw()
    image = Image.fromarray(np.asarray(figure.canvas.buffer_rgba())[..., :3].copy())
    if colours:
        # k-means brings the colours of large areas back to what they were
        image = image.quantize(colours, Image.Quantize.MAXCOVERAGE, kmeans=1, dither=Image.Dither.NONE)
    packed = io.BytesIO()
    image.save(packed, "PNG")
    data = base64.b64encode(packed.getvalue()).decode()
    return {"uri": f"data:image/png;base64,{data}", "alt": description, "width": image.width, "height": image.height}


def styled(draw: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator: draw in the style of the pages, without a window."""

    def wrapped(*arguments: Any, **options: Any) -> Any:
        with matplotlib_or_error().rc_context(_STYLE):
            return draw(*arguments, **options)

    wrapped.__doc__, wrapped.__name__ = draw.__doc__, draw.__name__
    return wrapped


def blank_figure(width: float, height: float) -> Figure:
    """A figure of a page, size in inches; never in a window."""
    figure, _ = new_figure("page.png", figsize=(width, height))  # a name: never in a window
    return figure


def axes_in_inches(figure: Figure, left: float, bottom: float, width: float, height: float) -> Axes:
    """Axes whose place is given in inches from the lower left corner."""
    total_x, total_y = figure.get_size_inches()
    return figure.add_axes((left / total_x, bottom / total_y, width / total_x, height / total_y))


def _bar(figure: Figure, axes_box: tuple[float, float, float, float], scale: Scale, label: str) -> None:
    """Colour bar to the right of axes at (left, bottom, width, height) in inches."""
    from matplotlib.cm import ScalarMappable

    left, bottom, width, height = axes_box
    axes = axes_in_inches(figure, left + width + 0.06, bottom, 0.09, height)
    bar = figure.colorbar(ScalarMappable(scale.norm(), scale.colours), cax=axes)
    bar.ax.set_ylim(*scale.limits)
    bar.outline.set_linewidth(0.4)
    bar.ax.yaxis.get_offset_text().set_fontsize(6)
    bar.set_label(label, labelpad=2)


# ---------------------------------------------------------------------- comparison


@styled
def comparison_panels(
    canvas: Canvas, rows: Sequence[Mapping[str, Any]], scheme: str = "inflation", big: bool = False
) -> Figure:
    """Reference, ours and their difference as maps with a histogram of the difference, one line for each column.

    Reference and ours share a colour scale. The difference is shown with the same number of units from end to end, centred on
    zero: what is grey there would not be seen in the other two either.

    Parameters
    ----------
    canvas : Canvas
    rows : list of dict
        ``title``; ``reference``, ``ours``, ``difference``: ndarray, shape (n,), complex as angles; ``cyclic``: bool;
        ``unit``: str;
        ``histogram``: (counts, edges) of all differences; ``bound``: float or None, in the unit of the difference.
    scheme : str
        Parameter ``plot_color_scheme``.
    big : bool
        Larger panels.

    Returns
    -------
    matplotlib.figure.Figure
    """
    height = 2.6 if big else 2.1
    width = min(height * canvas.ratio, 2.6)
    height = min(height, width / canvas.ratio)
    pitch = height + 0.65
    figure = blank_figure(12.4, pitch * len(rows))
    for k, row in enumerate(rows):
        box = (0.1, pitch * (len(rows) - 1 - k) + 0.38, width, height)
        _comparison(figure, canvas, row, box, scheme)
    return figure


def _comparison(
    figure: Figure, canvas: Canvas, row: Mapping[str, Any], box: tuple[float, float, float, float], scheme: str
) -> None:
    """Reference, run, difference and its histogram; ``box`` is that of the first: left, bottom, width, height in inches."""
    left, bottom, width, height = box
    scale, around_zero = comparison_scales(row["reference"], row["cyclic"], scheme)
    names = (f"reference — {row['title']}", "run", "difference (run − reference)")
    for name, key in zip(names, ("reference", "ours", "difference"), strict=True):
        last = key == "difference"
        axes = axes_in_inches(figure, left, bottom, width, height)
        canvas.draw(axes, row[key], around_zero if last else scale, ornaments=key == "reference")
        axes.set_title(name, loc="left", y=1, pad=3)  # a given y: no search for overlaps, which is slow
        if key != "reference":
            _bar(figure, (left, bottom, width, height), around_zero if last else scale, row["unit"])
        left += width + (0.12 if key == "reference" else 0.8)
    axes = axes_in_inches(figure, left + 0.3, bottom + 0.04, min(12.4 - left - 0.45, 3.6), height - 0.1)
    counts, edges = row["histogram"]
    difference_histogram(axes, counts, edges, row["bound"], row["unit"])


def comparison_scales(reference: NDArray[np.floating[Any]], cyclic: bool, scheme: str) -> tuple[Scale, Scale]:
    """Colour scale of the reference, and the diverging one of as many units around zero."""
    from matplotlib.colors import LinearSegmentedColormap

    limits = limits_of(reference)
    if cyclic:
        colours = scale_for(np.ones(1, np.complex128), (0, 0)).colours
        scale = Scale(colours, (-np.pi, np.pi), (-np.pi, np.pi))
        half = np.pi
    else:
        scale = scale_for(reference, limits, scheme)
        half = (limits[1] - limits[0]) / 2
    ends = _FALLS_TO_RISES if scheme == "inflation" else _FALLS_TO_RISES[::-1]
    diverging = LinearSegmentedColormap.from_list("difference", ends).with_extremes(bad=(0, 0, 0, 0))
    return scale, Scale(diverging, (-half, half), (-half, half))


def difference_histogram(
    axes: Any, counts: NDArray[Any], edges: NDArray[np.floating[Any]], bound: float | None, unit: str
) -> None:
    """Draw a histogram of differences with a logarithmic count, and the bound where it lies inside."""
    from matplotlib.ticker import NullLocator

    axes.stairs(counts, edges, fill=True, color=INK["main"], baseline=0.5)
    axes.set_yscale("log")
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set_ylim(0.7, max(2.0, 2 * counts.max(initial=1)))
    reach = max(abs(edges[0]), abs(edges[-1]))
    if bound is not None and 0 < bound:
        if bound <= 3 * reach:
            for place in (-bound, bound):
                axes.axvline(place, color=INK["warning"], lw=1, ls="--")
            reach = max(reach, 1.15 * bound)
            axes.set_title("- - bound", loc="right", color=INK["warning"], fontsize=7, y=1, pad=3)
        else:
            axes.set_title(f"bound ±{bound:.1e}, outside", loc="right", color="#5a6570", fontsize=7, y=1, pad=3)
    axes.set_xlim(-reach * 1.03, reach * 1.03)
    axes.set_xlabel(f"difference ({unit})" if unit else "difference", labelpad=1)
    axes.set_title("samples", loc="left", y=1, pad=3)
    axes.xaxis.get_major_locator().set_params(nbins=5)
    axes.ticklabel_format(axis="x", style="sci", scilimits=(-2, 3))
    axes.xaxis.get_offset_text().set_fontsize(6.5)


# ---------------------------------------------------------------------- one run


@styled
def map_panels(
    canvas: Canvas,
    panels: Sequence[Panel],
    ground: Ground,
    with_histogram: bool = True,
    height: float = 4.2,
) -> Figure:
    """Maps side by side, each with its histogram below if wanted.

    Parameters
    ----------
    canvas : Canvas
    panels : list of Panel
    ground : Ground
        Colours and reference of the run.
    with_histogram : bool
    height : float
        Of a map in inches, at most.

    Returns
    -------
    matplotlib.figure.Figure
    """
    slot = 12.4 / max(len(panels), 2)
    width = min(height * canvas.ratio, slot - 1.15)
    height = min(height, width / canvas.ratio)
    below = 1.35 if with_histogram else 0.15
    figure = blank_figure(12.4, height + below + 0.35)
    for k, (title, values, style) in enumerate(panels):
        scale = scale_of(style, values, ground.scheme, ground.folder)
        box = (slot * k + 0.1, below, width, height)
        axes = axes_in_inches(figure, *box)
        canvas.draw(axes, values, scale, ornaments=True)
        if ground.area is not None and style.palette == "diverging":
            draw_reference(axes, ground.area, ground.view())
        axes.set_title(title, loc="left", pad=4, fontweight="bold")
        _bar(figure, box, scale, fitting(style.bar, height))
        if with_histogram:
            axes = axes_in_inches(figure, slot * k + 0.1, 0.42, width, 0.72)
            _coloured_histogram(axes, values, scale, style.unit or style.label.lower())
    return figure


def _coloured_histogram(axes: Axes, values: NDArray[np.floating[Any]], scale: Scale, label: str) -> None:
    """Histogram whose bars have the colours of the map."""
    finite = values[np.isfinite(values)].astype(np.float64)  # single has no 60 numbers in a narrow range
    counts, edges = np.histogram(np.clip(finite, *scale.limits), 60, range=scale.limits)
    middle = (edges[:-1] + edges[1:]) / 2
    axes.bar(middle, counts, np.diff(edges), color=scale.rgba(middle), edgecolor="#5a6570", linewidth=0.2)
    axes.set_xlim(*scale.limits)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_xlabel(label, labelpad=1)
