"""A map of the areas that move."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from stamps.products.figures import finish_figure, new_figure
from stamps.products.maps import outlined
from stamps.products.moving_areas.found import FoundAreas
from stamps.products.moving_areas.hulls import shapely
from stamps.products.point_maps import Ground, draw_values, figure_size, write_title
from stamps.products.quantity_styles import STYLES

if TYPE_CHECKING:
    from stamps._typing import StrPath

__all__ = ["draw_areas"]

_NUMBERED = 30


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
    figure, shown = new_figure(out, figsize=figure_size(table.lonlat, 7.5), layout="constrained")
    axes = figure.add_subplot()
    draw_values(axes, Ground.of_table(table), table.field("VEL"), STYLES["velocity"])
    for row, outline in zip(found.rows, found.outlines, strict=True):
        for part in shapely().get_parts(outline):
            axes.plot(*np.asarray(part.exterior.coords)[:, :2].T, color="black", lw=1, zorder=4)
        if row["ada_id"] <= _NUMBERED:
            middle = outline.representative_point()
            number = axes.text(middle.x, middle.y, str(row["ada_id"]), fontsize=8, ha="center", va="center", zorder=5)
            number.set(weight="bold", path_effects=outlined("black"), clip_on=True)
    counted = "1 area that moves" if len(found) == 1 else f"{len(found) or 'no'} areas that move"
    write_title(axes, f"Line-of-sight velocity, {counted}", table.metadata["reference"])
    return finish_figure(figure, shown, out, table.project.ws, "areas.png")
