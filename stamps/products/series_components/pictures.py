"""A picture of components: a map and a course of each."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.products.figures import finish_figure, new_figure
from stamps.products.series_components.found import SeriesComponents
from stamps.products.series_models.pictures import frame_map, point_size

if TYPE_CHECKING:
    from stamps._typing import StrPath

__all__ = ["draw_components"]


def draw_components(found: SeriesComponents, out: StrPath | None = None) -> Path | None:
    """Draw the map of each component above its course.

    Parameters
    ----------
    found : SeriesComponents
    out : path-like, optional
        Picture file, relative to the project; default: a window, or ``components.png`` where none can be opened.

    Returns
    -------
    Path or None
        The file.
    """
    table, parts, p = found.table, found.components, len(found)
    figure, shown = new_figure(out, figsize=(4.2 * p, 6.5), layout="constrained")
    axes = figure.subplots(2, p, squeeze=False, height_ratios=[2, 1])
    dates: Any = np.array(table.dates, dtype="datetime64[D]")
    for number in range(p):
        above, below = axes[:, number]
        values = parts.maps[:, number]
        known = np.isfinite(values)
        bound = float(np.percentile(np.abs(values[known]), 98)) or 1.0
        points = above.scatter(
            table.lonlat[known, 0],
            table.lonlat[known, 1],
            c=values[known],
            s=point_size(len(table)),
            cmap="RdBu",
            vmin=-bound,
            vmax=bound,
            linewidths=0,
        )
        figure.colorbar(points, ax=above, shrink=0.7)
        frame_map(above, table)
        above.set_title(
            f"{number + 1}: {100 * parts.explained[number]:.1f} %, stability {parts.stability[number]:.2f}", fontsize=9
        )
        below.plot(dates, parts.courses[:, number], ".-", lw=1)
        below.axhline(0, color="0.8", lw=0.8)
        below.set_ylabel("mm" if number == 0 else "")
        below.tick_params(axis="x", rotation=30, labelsize=7)
    figure.suptitle(f"Components ({parts.method}), {table.metadata['reference']}", fontsize=10)
    return finish_figure(figure, shown, out, table.project.ws, "components.png")
