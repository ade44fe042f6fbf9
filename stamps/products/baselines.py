"""Pictures of images and interferograms in the plane of date and perpendicular baseline.

Source: docs/method/products.md, section 6.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.matlab.dates import datestr
from stamps.products.figures import finish_figure, label_dates, new_figure
from stamps.products.series import dates_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from stamps._typing import StrPath
    from stamps.workspace import Workspace


__all__ = ["draw_network", "network_picture"]


def network_picture(
    ws: Workspace,
    day: NDArray[np.float64],
    bperp: NDArray[np.floating[Any]],
    pairs: NDArray[np.int64],
    *,
    out: StrPath | None,
    default: str,
    **options: Any,
) -> Figure:
    """Draw a network and show it, or write it to a file.

    Parameters
    ----------
    ws : Workspace
    day, bperp, pairs, **options
        As for :func:`draw_network`.
    out : path-like or None
        Picture file.
    default : str
        Its name where no window can be opened.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, window = new_figure(out, figsize=(9, 6), layout="constrained")
    draw_network(figure, day, bperp, pairs, **options)
    finish_figure(figure, window, out, ws, default)
    return figure


def draw_network(
    figure: Figure,
    day: NDArray[np.float64],
    bperp: NDArray[np.floating[Any]],
    pairs: NDArray[np.int64],
    *,
    numbers: NDArray[np.int64] | None = None,
    noise: NDArray[np.floating[Any]] | None = None,
    master: int | None = None,
    title: str = "",
) -> None:
    """Draw images as points and pairs as lines.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        Empty.
    day, bperp : ndarray, shape (n_image,)
        Datenums, metres.
    pairs : ndarray of int, shape (n_pair, 2)
        0-based images.
    numbers : sequence of int, optional
        Written on the lines.
    noise : ndarray, shape (n_pair,), optional
        Degrees; they colour the lines.
    master : int, optional
        0-based image that is marked.
    title : str
        Comes before the first and the last date.
    """
    from matplotlib.collections import LineCollection
    from matplotlib.dates import date2num

    axes = figure.add_subplot()
    x, y = date2num(dates_of(day)), np.asarray(bperp, np.float64)
    ends = np.stack([np.column_stack([x[image], y[image]]) for image in pairs.T], axis=1)
    lines = LineCollection(list(ends), colors="tab:blue" if noise is None else None, lw=1.4, zorder=1, cmap=_visible())
    axes.add_collection(lines)
    if noise is not None:
        lines.set_array(noise)
        figure.colorbar(lines, ax=axes, label="noise of the interferogram (degrees)")
    for number, middle in zip(numbers if numbers is not None else (), ends.mean(axis=1), strict=False):
        axes.annotate(
            str(number),
            middle,
            fontsize=7,
            ha="center",
            va="center",
            bbox={"boxstyle": "round,pad=0.1", "fc": "white", "ec": "none", "alpha": 0.7},
        )
    axes.plot(x, y, "o", color="tab:red", ms=5, zorder=2)
    if master is not None:
        axes.plot(x[master], y[master], "*", color="gold", mec="black", ms=14, ls="none", zorder=3, label="master")
        axes.legend(frameon=False)
    axes.xaxis_date()
    axes.margins(0.06)
    axes.set_ylabel("perpendicular baseline (m)")
    dates = f"{datestr(np.min(day))} to {datestr(np.max(day))}"
    axes.set_title(f"{title}, {dates}" if title else dates, fontsize=11)
    axes.grid(alpha=0.3)
    label_dates(axes)


def _visible() -> Any:
    """Colours that are all seen on white paper, dark for what is large."""
    import matplotlib
    from matplotlib.colors import ListedColormap

    return ListedColormap(matplotlib.colormaps["plasma_r"](np.linspace(0.15, 1, 256)), "noise")
