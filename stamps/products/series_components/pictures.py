"""A picture of components: a map and a course of each."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.products.figures import finish_figure, label_dates, new_figure
from stamps.products.point_maps import Ground, draw_values, figure_size, plain_text
from stamps.products.quantity_styles import STYLES, TOWARDS
from stamps.products.series_components.found import SeriesComponents

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
    size = figure_size(table.lonlat, max(4.4 * p, 5.0), 3.3, p)
    figure, shown = new_figure(out, figsize=size, layout="constrained")
    axes = figure.subplots(2, p, squeeze=False, height_ratios=[size[1] - 2.6, 1.8])
    dates: Any = np.array(table.dates, dtype="datetime64[D]")
    ground = Ground.of_table(table)
    for number in range(p):
        above, below = axes[:, number]
        draw_values(above, ground, parts.maps[:, number], STYLES["component"])
        above.set_ylabel(above.get_ylabel() if number == 0 else "", fontsize=8)
        above.set_title(
            f"{number + 1}: {100 * parts.explained[number]:.1f} %, stability {parts.stability[number]:.2f}", fontsize=9
        )
        below.plot(dates, parts.courses[:, number], ".-", lw=1)
        below.axhline(0, color="0.8", lw=0.8)
        below.set_ylabel(f"mm since {table.dates[0]}\n{TOWARDS}" if number == 0 else "", fontsize=8)
        below.tick_params(labelsize=7)
        below.grid(alpha=0.3)
        below.xaxis.get_offset_text().set_fontsize(7)
        label_dates(below)
    said = f"Components ({parts.method}): map times course is displacement", str(table.metadata["reference"])
    figure.suptitle("\n".join(map(plain_text, said)), fontsize=10)
    return finish_figure(figure, shown, out, table.project.ws, "components.png")
