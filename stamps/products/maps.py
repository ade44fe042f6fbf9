"""Parts of a map: the picture of the pixels, scale bar, north arrow, reference area.

Source: docs/method/products.md, section 2.8.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.insar.geometry import wrapped_longitude
from stamps.matlab.statistics import median

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage
    from numpy.typing import NDArray

    from stamps.products.backgrounds import Background
    from stamps.products.titles import ReferenceArea
    from stamps.products.viewpoint import View


__all__ = [
    "draw_background",
    "draw_image",
    "draw_north",
    "draw_reference",
    "draw_scale_bar",
    "label_longitudes",
    "metres_per_unit",
    "outlined",
]

_METRES_PER_DEGREE = 111_320.0


def draw_image(axes: Axes, image: NDArray[np.float64], extent: tuple[float, float, float, float]) -> AxesImage:
    """Draw an RGBA image whose row 0 is at the bottom; the cells keep their borders."""
    return axes.imshow(image, extent=extent, origin="lower", interpolation="nearest", aspect="auto", zorder=2)


def label_longitudes(axes: Axes) -> None:
    """Let the labels of a map that goes on beyond the antimeridian say -179.98, where the axis has 180.02."""
    left, right = axes.get_xlim()
    if left < -180 or right > 180:
        axes.xaxis.set_major_formatter(lambda lon, _: f"{round(float(wrapped_longitude(lon, 0.0)), 6):.7g}")


def draw_background(axes: Axes, background: Background) -> AxesImage:
    """Draw a grey picture softly, so that the colours on it stand out."""
    image = np.ma.masked_invalid(background.grey)
    return axes.imshow(
        image,
        extent=background.extent,
        origin="lower",
        interpolation="bilinear",
        aspect="auto",
        cmap="gray",
        vmin=-0.2,
        vmax=1.1,
        zorder=1,
    )


def metres_per_unit(y: NDArray[np.float64], in_degrees: bool) -> tuple[float, float]:
    """Length of one unit along x and y in metres.

    Parameters
    ----------
    y : ndarray
        Latitudes, or anything where the units are metres.
    in_degrees : bool

    Returns
    -------
    along_x, along_y : float
    """
    if not in_degrees:
        return 1.0, 1.0
    return _METRES_PER_DEGREE * max(float(np.cos(np.radians(median(y)))), 0.01), _METRES_PER_DEGREE


def draw_scale_bar(axes: Axes, extent: tuple[float, ...], metres_x: float, colour: str = "black") -> None:
    """Draw a bar of a round length, about a quarter of the width, at the lower left.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    extent : tuple of float
        Left, right, bottom, top of the map.
    metres_x : float
        Metres of one unit along x.
    colour : str
    """
    from matplotlib.offsetbox import AuxTransformBox, TextArea, VPacker
    from matplotlib.patches import Rectangle

    left, right, _, _ = extent
    wanted = (right - left) * metres_x / 4
    if not (np.isfinite(wanted) and wanted > 0):
        return
    power = 10 ** np.floor(np.log10(wanted))
    length = max(step * power for step in (1, 2, 5) if step * power <= wanted)
    text = f"{length / 1000:g} km" if length >= 1000 else f"{length:g} m"
    bar = AuxTransformBox(axes.get_xaxis_transform())  # as long as the map says, as thick as it is
    bar.add_artist(Rectangle((0, 0), length / metres_x, 0.008, fc=colour, ec="none"))
    label = TextArea(text, textprops={"color": colour, "fontsize": 8})
    _place(axes, VPacker(children=[label, bar], align="center", pad=0, sep=2), "lower left", colour)


def draw_north(axes: Axes, colour: str = "black", angle: float = 0.0) -> None:
    """Draw an arrow to the north at the upper right.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    colour : str
    angle : float
        Direction of north in degrees, clockwise from the top of the picture.
    """
    from matplotlib.offsetbox import DrawingArea
    from matplotlib.patches import Polygon
    from matplotlib.text import Text

    turn = np.radians(angle)
    ahead, aside = np.array([np.sin(turn), np.cos(turn)]), np.array([np.cos(turn), -np.sin(turn)])
    middle = np.array([13.0, 13.0])
    tip, tail = middle + 13 * ahead, middle - 3 * ahead
    room = DrawingArea(26, 26)
    for side, filled in ((aside, True), (-aside, False)):  # a needle, half of it dark
        corners = [tip, tail, middle - 7 * ahead + 6 * side]
        room.add_artist(Polygon(corners, closed=True, fc=colour if filled else "none", ec=colour, lw=0.8))
    x, y = middle - 11 * ahead
    room.add_artist(Text(x, y, "N", ha="center", va="center", fontsize=8, color=colour))
    _place(axes, room, "upper right", colour)


def _place(axes: Axes, content: Any, where: str, colour: str) -> None:
    """Put something into a corner of a map, on a ground that lets the map shine through a little."""
    from matplotlib.offsetbox import AnchoredOffsetbox

    box = AnchoredOffsetbox(where, child=content, pad=0.3, borderpad=0.4, frameon=True)
    box.patch.set(fc=_contrary(colour), ec="none", alpha=0.75, boxstyle="round,pad=0")
    box.set_zorder(6)
    axes.add_artist(box)


def draw_reference(axes: Axes, area: ReferenceArea, view: View, colour: str = "black") -> None:
    """Draw the reference area: a circle with a star in its middle, or the sides of a box.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    area : ReferenceArea
    view : View
    colour : str
    """
    from matplotlib.patches import Ellipse

    if area.centre is not None:
        centre = tuple(view.placed([area.centre])[0])
        size = [2 * area.radius / unit for unit in view.metres]
        axes.add_patch(Ellipse(centre, *size, fill=False, ec=colour, lw=1.2, zorder=4, path_effects=outlined(colour)))
        axes.plot(*centre, "*", ms=11, mfc="gold", mec="black", mew=0.8, zorder=5)
    if area.box is not None:
        (left, right), (bottom, top) = area.box
        corners = [(left, bottom), (right, bottom), (right, top), (left, top), (left, bottom)]
        axes.plot(*view.placed(corners).T, color=colour, lw=1.2, ls="--", zorder=4, path_effects=outlined(colour))


def outlined(colour: str, width: float = 2.5) -> Any:
    """A border of the contrary brightness, so that a line or a text is seen on any colour."""
    from matplotlib.patheffects import withStroke

    return [withStroke(linewidth=width, foreground=_contrary(colour))]


def _contrary(colour: str) -> str:
    """Black for bright colours, white for dark ones."""
    from matplotlib.colors import to_rgb

    return "black" if sum(to_rgb(colour)) > 1.5 else "white"
