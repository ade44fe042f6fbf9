"""Draw edges between points.

Reads nothing; writes a picture if one is named. Source: docs/method/other_scripts.md, section 3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import InputError
from stamps.products.figures import finish_figure, new_figure
from stamps.workspace import Workspace

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import LineCollection
    from numpy.typing import ArrayLike, NDArray

    from stamps._typing import StrPath


__all__ = ["plot_edges"]


def plot_edges(
    edges: ArrayLike,
    x: ArrayLike,
    y: ArrayLike,
    z: ArrayLike | str = "b",
    axes: Axes | None = None,
    workdir: Workspace | StrPath = ".",
    out: StrPath | None = None,
) -> LineCollection:
    """Draw points and the edges between them.

    Parameters
    ----------
    edges : array_like of int, shape (m, 2) or more columns
        Points of each edge in the last two columns, counted from 1.
    x, y : array_like, shape (n,)
        Places of the points.
    z : array_like, shape (m,), or str
        Values that colour the edges, or the name of one colour.
    axes : matplotlib.axes.Axes, optional
        Drawn into; default: a figure of its own.
    workdir : path-like or Workspace
    out : path-like, optional
        Picture file of that figure.

    Returns
    -------
    matplotlib.collections.LineCollection
        The lines, in the order of the edges.

    Raises
    ------
    InputError
        An edge has no such point, or numbers do not fit.
    """
    x, y = (np.ravel(np.asarray(side, np.float64)) for side in (x, y))
    pairs = np.asarray(edges)
    if pairs.ndim != 2 or pairs.shape[1] < 2 or x.size != y.size:
        raise InputError("Edges have at least two columns, and x and y are of one length.")
    points = points_of(pairs, x.size)
    if axes is not None:
        return draw_edges(axes, points, x, y, z)
    figure, window = new_figure(out, figsize=(7, 7), layout="constrained")
    axes = figure.add_subplot()
    axes.plot(x, y, ".", color="red", ms=4, zorder=2)
    lines = draw_edges(axes, points, x, y, z)
    axes.margins(0.05)
    finish_figure(figure, window, out, Workspace.at(workdir), "plot_edges.png")
    return lines


def points_of(edges: NDArray[Any], n_points: int) -> NDArray[np.int64]:
    """Points of edges from 0, shape (m, 2): the last two columns, counted from 1.

    Raises
    ------
    InputError
        An edge has no such point.
    """
    points = edges[:, -2:]
    if points.size and not (
        points.dtype.kind in "iuf" and ((points >= 1) & (points <= n_points) & (points % 1 == 0)).all()
    ):
        raise InputError(f"An edge names a point that is not there: points count from 1 to {n_points}.")
    return points.astype(np.int64) - 1


def draw_edges(
    axes: Axes, points: NDArray[np.int64], x: NDArray[np.float64], y: NDArray[np.float64], z: Any = "b"
) -> LineCollection:
    """Add lines between points (from 0) to axes; all values alike get one colour."""
    from matplotlib.collections import LineCollection

    ends = np.stack([np.column_stack([x[end], y[end]]) for end in points.T], axis=1)
    if isinstance(z, str):
        lines = LineCollection(list(ends), colors=_colour(z), lw=0.8, zorder=1)
    else:
        values = np.ravel(np.asarray(z, np.float64))
        if values.size != len(points):
            raise InputError(f"There are {len(points)} edges but {values.size} values for their colours.")
        lines = LineCollection(list(ends), array=values, cmap="viridis", lw=0.8, zorder=1)
    axes.add_collection(lines)
    axes.autoscale_view()
    return lines


def _colour(name: str) -> Any:
    """A colour by its name, else by its first letter, as the original takes it."""
    from matplotlib.colors import is_color_like

    for word in (name, name[:1]):
        if is_color_like(word):
            return word
    raise InputError(f"'{name}' is no colour.")
