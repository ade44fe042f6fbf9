"""Parts of a map: the picture of the pixels, scale bar, north arrow, reference area.

Source: spec 11 section 2.8.
"""

import numpy as np

from stamps.matlab.statistics import median

__all__ = ["draw_background", "draw_image", "draw_north", "draw_reference", "draw_scale_bar", "metres_per_unit"]

_METRES_PER_DEGREE = 111_320.0


def draw_image(axes, image, extent):
    """Draw an RGBA image whose row 0 is at the bottom; the cells keep their borders."""
    return axes.imshow(image, extent=extent, origin="lower", interpolation="nearest", aspect="auto", zorder=2)


def draw_background(axes, background):
    """Draw a grey picture softly, so that the colours on it stand out."""
    image = np.ma.masked_invalid(background.grey)
    return axes.imshow(image, extent=background.extent, origin="lower", interpolation="bilinear", aspect="auto",
                       cmap="gray", vmin=-0.2, vmax=1.1, zorder=1)  # fmt: skip


def metres_per_unit(y, in_degrees):
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


def draw_scale_bar(axes, extent, metres_x, colour="black"):
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
    left, right, bottom, top = extent
    wanted = (right - left) * metres_x / 4
    if not (np.isfinite(wanted) and wanted > 0):
        return
    power = 10 ** np.floor(np.log10(wanted))
    length = max(step * power for step in (1, 2, 5) if step * power <= wanted)
    x0, y0 = left + 0.04 * (right - left), bottom + 0.04 * (top - bottom)
    axes.plot([x0, x0 + length / metres_x], [y0, y0], color=colour, lw=3, solid_capstyle="butt", zorder=5,
              path_effects=_outline(colour, 5))  # fmt: skip
    text = f"{length / 1000:g} km" if length >= 1000 else f"{length:g} m"
    axes.annotate(text, (x0, y0), xytext=(0, 5), textcoords="offset points", fontsize=8, color=colour, zorder=5,
                  path_effects=_outline(colour))  # fmt: skip


def draw_north(axes, colour="black", angle=0.0):
    """Draw an arrow to the north at the upper right.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    colour : str
    angle : float
        Direction of north in degrees, clockwise from the top of the picture.
    """
    away = np.array([np.sin(np.radians(angle)), np.cos(np.radians(angle))])
    tail = np.array([-28, -34]) - 13 * away
    arrow = {"arrowstyle": "-|>", "color": colour, "lw": 1.2, "path_effects": _outline(colour)}
    axes.annotate("", tail + 26 * away, tail, xycoords=_from_corner(axes), textcoords=_from_corner(axes),
                  arrowprops=arrow, zorder=6)  # fmt: skip
    axes.annotate("N", tail - 7 * away, xycoords=_from_corner(axes), ha="center", va="center", fontsize=8,
                  color=colour, zorder=6, path_effects=_outline(colour))  # fmt: skip


def _outline(colour, width=2.5):
    """A border of the contrary brightness, so that a line is seen on any colour."""
    from matplotlib.colors import to_rgb
    from matplotlib.patheffects import withStroke

    contrary = "black" if sum(to_rgb(colour)) > 1.5 else "white"
    return [withStroke(linewidth=width, foreground=contrary)]


def _from_corner(axes):
    from matplotlib.text import OffsetFrom

    return OffsetFrom(axes.bbox, (1, 1), "points")


def draw_reference(axes, area, metres, colour="black"):
    """Draw the reference area: a circle with a star in its middle, or the sides of a box.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    area : ReferenceArea
    metres : tuple of float
        Metres of one unit along x and y.
    colour : str
    """
    from matplotlib.patches import Ellipse

    if area.centre is not None:
        size = [2 * area.radius / unit for unit in metres]
        axes.add_patch(Ellipse(area.centre, *size, fill=False, ec=colour, lw=1, zorder=4))
        axes.plot(*area.centre, "*", ms=11, mfc="gold", mec=colour, mew=0.8, zorder=5)
    if area.box is not None:
        (left, right), (bottom, top) = area.box
        axes.plot([left, right, right, left, left], [bottom, bottom, top, top, bottom], color=colour, lw=1, ls="--",
                  zorder=4)  # fmt: skip
