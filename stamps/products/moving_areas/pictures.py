"""A map of the areas that move."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from stamps.products.figures import finish_figure, new_figure
from stamps.products.moving_areas.found import FoundAreas
from stamps.products.moving_areas.hulls import shapely
from stamps.products.series_models.pictures import frame_map, point_size

if TYPE_CHECKING:
    from stamps._typing import StrPath

__all__ = ["draw_areas"]


def draw_areas(found: FoundAreas, out: StrPath | None = None) -> Path | None:
    """Draw the velocities with the outlines of the areas and their numbers.

    Parameters
    ----------
    found : FoundAreas
    out : path-like, optional
        Picture file, relative to the project; default: a window, or ``areas.png`` where none can be opened.

    Returns
    -------
    Path or None
        The file.
    """
    table = found.table
    figure, shown = new_figure(out, figsize=(7.5, 5.5), layout="constrained")
    axes = figure.add_subplot()
    velocity = np.asarray(table.field("VEL"), dtype=float)
    known = np.isfinite(velocity)
    bound = float(np.percentile(np.abs(velocity[known]), 98)) if known.any() else 1.0
    points = axes.scatter(
        table.lonlat[known, 0],
        table.lonlat[known, 1],
        c=velocity[known],
        s=point_size(len(table)),
        cmap="RdBu",
        vmin=-(bound or 1.0),
        vmax=bound or 1.0,
        linewidths=0,
    )
    figure.colorbar(points, ax=axes, label="mm/yr, positive towards the satellite", shrink=0.85, extend="both")
    for row, outline in zip(found.rows, found.outlines, strict=True):
        for part in shapely().get_parts(outline):
            axes.plot(*np.asarray(part.exterior.coords)[:, :2].T, color="black", lw=1)
        if row["ada_id"] <= 30:
            middle = outline.representative_point()
            axes.annotate(str(row["ada_id"]), (middle.x, middle.y), fontsize=8, ha="center", va="center", weight="bold")
    frame_map(axes, table)
    axes.set_title(f"{len(found)} areas that move\n{table.metadata['reference']}", fontsize=9)
    return finish_figure(figure, shown, out, table.project.ws, "areas.png")
