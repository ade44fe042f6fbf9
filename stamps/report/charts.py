"""Histograms and bars of the pages. They take arrays and return figures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.report.drawing import INK, axes_in_inches, blank_figure, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike


__all__ = ["bars", "histograms"]


@styled
def histograms(groups: Sequence[Any], bins: int = 60, height: float = 2.5) -> Figure:
    """Histograms side by side, each of several sets of values one over the other.

    Parameters
    ----------
    groups : list of dict
        ``title``, ``label``; ``sets``: list of (name, values or (counts, edges), ink); ``marks``: list of (place, name).

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure = blank_figure(12.4, height)
    slot = 12.4 / max(len(groups), 2)
    for k, group in enumerate(groups):
        axes = axes_in_inches(figure, slot * k + 0.6, 0.45, slot - 0.9, height - 0.78)
        known = [values for _, values, _ in group["sets"] if not isinstance(values, tuple)]
        everything = np.concatenate([values[np.isfinite(values)] for values in known]) if known else np.zeros(0)
        span = (float(everything.min()), float(everything.max())) if everything.size else (0.0, 1.0)
        span = span if span[0] < span[1] else (span[0] - 0.5, span[1] + 0.5)
        for name, values, ink in group["sets"]:
            if isinstance(values, tuple):
                axes.stairs(values[0], values[1], color=INK[ink], lw=1.2, label=name)
            else:
                axes.hist(
                    values[np.isfinite(values)],
                    group.get("bins", bins),
                    range=span,
                    color=INK[ink],
                    alpha=0.85,
                    label=name,
                )
        for place, name in group.get("marks", ()):
            axes.axvline(place, color=INK["warning"], lw=1, ls="--", label=name)
        axes.set_title(group["title"], loc="left", fontweight="bold")
        axes.set_xlabel(group["label"], labelpad=1)
        axes.set_ylabel("pixels")
        axes.legend()
    return figure


@styled
def bars(
    names: Sequence[str],
    values: ArrayLike,
    label: str,
    title: str,
    *,
    highlight: Iterable[int] = (),
    mark: tuple[float, str] | None = None,
    height: float = 2.5,
) -> Figure:
    """One bar for each date or interferogram.

    Parameters
    ----------
    names : list of str
    values : ndarray, shape (n,)
    label, title : str
    highlight : sequence of int
        Bars in the colour of contrast.
    mark : (float, str), optional
        Horizontal line and its name.
    """
    figure = blank_figure(12.4, height)
    below = 0.3 + 0.052 * max((len(name) for name in names), default=8)  # room for the slanted names
    height += below - 0.72
    figure.set_size_inches(12.4, height)
    axes = axes_in_inches(figure, 0.75, below, 11.5, height - below - 0.33)
    colours = [INK["contrast"] if k in set(highlight) else INK["main"] for k in range(len(names))]
    axes.bar(np.arange(len(names)), values, 0.75, color=colours)
    every = max(1, int(np.ceil(len(names) / 60)))
    axes.set_xticks(
        np.arange(0, len(names), every), names[::every], rotation=60, ha="right", rotation_mode="anchor", fontsize=6.5
    )
    axes.set_xlim(-0.7, len(names) - 0.3)
    if not np.any(values):
        axes.set_ylim(0, 1)
    axes.set_ylabel(label)
    axes.set_title(title, loc="left", fontweight="bold")
    if mark is not None:
        axes.axhline(mark[0], color=INK["warning"], lw=1, ls="--", label=mark[1])
        axes.legend(loc="upper right")
    return figure
