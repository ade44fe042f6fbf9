"""Colours of pictures: of the plots of the original by their range, of all others by quantity.

The parameter ``plot_color_scheme`` keeps its meaning: with ``inflation`` what rises is blue and what sinks is red, with
``deflation`` the reverse; a name that ends in ``.cpt`` is a palette of GMT. Source: docs/method/products.md, sections 2.8 and 12.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.products.cpt import find_palette, read_palette
from stamps.products.quantity_styles import limits_of, palette_of

if TYPE_CHECKING:
    from matplotlib.colors import Colormap
    from numpy.typing import NDArray

    from stamps.products.quantity_styles import Style


__all__ = ["Scale", "scale_for", "scale_of"]

# the middle is yellow, not white, and darkened a little: it must be seen on white, too
_DIVERGING = {"inflation": "RdYlBu", "deflation": "RdYlBu_r"}
_SEQUENTIAL = {"inflation": "viridis", "deflation": "viridis_r"}
_RELIEF = ("GMT_relief", "GMT_globe")


@dataclass(frozen=True)
class Scale:
    """How values become colours.

    Attributes
    ----------
    colours : matplotlib.colors.Colormap
    limits : tuple of float
        Range of the colour bar; values beyond it are clipped.
    full : tuple of float
        Range over which the colours extend: symmetric around zero where zero is the middle colour.
    cyclic : bool
    """

    colours: Colormap
    limits: tuple
    full: tuple
    cyclic: bool = False

    def norm(self) -> Any:
        """matplotlib's normalisation."""
        from matplotlib.colors import Normalize

        return Normalize(*self.full)

    def rgba(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """Colours of values, shape (…, 4); NaN is transparent.

        Parameters
        ----------
        values : ndarray of float or complex
        """
        shown = np.angle(values) if np.iscomplexobj(values) else np.clip(values, *self.limits)
        shown = np.where(np.isnan(values), np.nan, shown)
        return self.colours(np.ma.masked_invalid(self.norm()(shown)))


def scale_for(
    values: NDArray[Any],
    limits: tuple[float, float],
    scheme: str = "inflation",
    group: str = "",
    folder: Path | None = None,
) -> Scale:
    """Choose colours of a plot of the original: cyclic for phasors, diverging where both signs are shown, else sequential.

    Parameters
    ----------
    values : ndarray
        Phasors get cyclic colours.
    limits : tuple of float
        Range that is asked for; equal ends of real values mean that they are shown as angles.
    scheme : str
        Parameter ``plot_color_scheme``.
    group : str
        Group of the value type; ``hgt`` gets the colours of a relief.
    folder : Path, optional
        Project in which a palette is looked for.

    Returns
    -------
    Scale

    Raises
    ------
    InputError
        There is no such palette, or it is none.
    """
    low, high = limits
    if np.iscomplexobj(values):
        return Scale(_cyclic(), (-np.pi, np.pi), (-np.pi, np.pi), cyclic=True)
    if low == high:
        low, high = (-np.pi, np.pi) if low == 0 else (low - 0.5, high + 0.5)
    if scheme.lower().endswith(".cpt"):
        return Scale(_palette(scheme, folder or Path()), (low, high), (low, high))
    if group == "hgt" or scheme in _RELIEF:
        return Scale(_transparent(_land()), (low, high), (low, high))
    if scheme == "gray":
        return Scale(_transparent(_named("gray_r")), (low, high), (low, high))
    if low < 0 < high:
        bound = max(-low, high)
        return Scale(_transparent(_diverging(_DIVERGING.get(scheme, "RdYlBu"))), (low, high), (-bound, bound))
    return Scale(_transparent(_named(_SEQUENTIAL.get(scheme, "viridis"))), (low, high), (low, high))


def scale_of(
    style: Style,
    values: NDArray[Any],
    scheme: str = "inflation",
    folder: Path | None = None,
    limits: tuple[float, float] | None = None,
) -> Scale:
    """Colours of a quantity, the same in every picture, export and page.

    Parameters
    ----------
    style : Style
    values : ndarray, shape (n,) or (n, k)
    scheme, folder
        As for :func:`stamps.products.quantity_styles.palette_of`.
    limits : tuple of float, optional
        Range of the colour bar; default: :func:`stamps.products.quantity_styles.limits_of`.

    Returns
    -------
    Scale
    """
    from matplotlib.colors import LinearSegmentedColormap, ListedColormap

    palette = palette_of(style, scheme, folder)
    shown = limits_of(style, values) if limits is None else limits
    if style.palette == "kinds":
        return Scale(_transparent(ListedColormap(palette.colours, palette.name)), shown, shown)
    reach = max(-shown[0], shown[1])
    full = (-reach, reach) if style.centred and shown[0] < 0 < shown[1] else shown
    colours = LinearSegmentedColormap.from_list(palette.name, palette.colours)
    return Scale(_transparent(colours), shown, full)


def _palette(name: str, folder: Path) -> Any:
    """Colours of a palette of GMT, spread over whatever range is shown."""
    from matplotlib.colors import ListedColormap

    return _transparent(ListedColormap(read_palette(find_palette(name, folder)).colours, Path(name).stem))


def _named(name: str) -> Any:
    import matplotlib

    return matplotlib.colormaps[name]


def _diverging(name: str) -> Any:
    """Colours of two directions whose middle stands out from white paper."""
    from matplotlib.colors import ListedColormap

    place = np.linspace(0, 1, 256)
    colours = _named(name)(place)
    colours[:, :3] *= 1 - 0.08 * np.exp(-(((place - 0.5) / 0.17) ** 2))[:, np.newaxis]
    return ListedColormap(colours, name)


def _transparent(colours: Any) -> Any:
    return colours.with_extremes(bad=(0, 0, 0, 0))


def _cyclic() -> Any:
    """A closed circle of hues of nearly the same brightness."""
    from matplotlib.colors import ListedColormap

    turn = np.linspace(0, 1, 256, endpoint=False)[:, np.newaxis] + np.array([0, 2, 1]) / 3
    return _transparent(ListedColormap(np.cos(np.pi * turn) ** 2, "hues"))


def _land() -> Any:
    """From the green of plains to the pale brown of summits: the upper part of a map of land and sea."""
    from matplotlib.colors import ListedColormap

    return ListedColormap(_named("terrain")(np.linspace(0.25, 0.93, 256)), "land")
