"""Pictures of several projects together: maps of east and up, stations of GNSS against pixels.

Source: docs/method/decomposition.md, section 5, and docs/method/gnss.md, section 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from stamps.products.figures import new_figure, save_figure
from stamps.products.point_maps import Ground, draw_values, figure_size, plain_text, write_title
from stamps.products.quantity_styles import KIND_COLOURS, STYLES, TOWARDS
from stamps.products.titles import ReferenceArea

if TYPE_CHECKING:
    from stamps.products.ground.comparison import Comparison
    from stamps.products.ground.motion import Motion

__all__ = ["draw_comparison", "draw_motion"]


def draw_motion(motion: Motion, path: Path) -> None:
    """Write three maps: horizontal and vertical velocity, each around zero, and the condition of the lines of sight."""
    figure, _ = new_figure(path, figsize=figure_size(motion.lonlat, 14.0, 1.6, 3), layout="constrained")
    ground = Ground(motion.lonlat, area=_area(motion.metadata.get("reference_place")))
    panels = (
        ("east" if motion.horizontal == "east" else "along", motion.east),
        ("up", motion.up),
        ("condition", motion.condition),
    )
    for number, (axes, (name, values)) in enumerate(zip(figure.subplots(1, 3), panels, strict=True)):
        draw_values(axes, ground, values, STYLES[name])
        axes.set_title(STYLES[name].label, fontsize=9)
        if number:
            axes.set_ylabel("")
    said = motion.metadata["projects_text"], f"reference: {motion.metadata['reference']}"
    figure.suptitle("\n".join(map(plain_text, said)), fontsize=9)
    save_figure(figure, path)


def _area(place: Sequence[float] | None) -> ReferenceArea | None:
    """The common reference area: a circle or a box."""
    if place is None:
        return None
    if len(place) == 3:
        return ReferenceArea(1, centre=(place[0], place[1]), radius=place[2])
    return ReferenceArea(1, box=((place[0], place[1]), (place[2], place[3])))


def draw_comparison(found: Comparison, path: Path) -> None:
    """Write velocities of stations against those of the pixels around them, with the line where both are alike."""
    figure, _ = new_figure(path, figsize=(6.0, 6.0), layout="constrained")
    axes = figure.add_subplot()
    station = np.array([row.station_velocity for row in found.rows])
    pixels = np.array([row.station_velocity - row.left for row in found.rows])
    std = [row.difference_std for row in found.rows]
    axes.errorbar(station, pixels, yerr=std, fmt="o", ms=4, lw=1, capsize=2, color=KIND_COLOURS[1])
    for row, x, y in zip(found.rows, station, pixels, strict=True):
        axes.annotate(plain_text(row.site), (x, y), xytext=(4, 4), textcoords="offset points", fontsize=7)
    both = np.concatenate([station, pixels - std, pixels + std])
    margin = 0.08 * max(float(np.ptp(both)), 1.0)
    low, high = both.min() - margin, both.max() + margin
    axes.plot([low, high], [low, high], color="0.5", lw=1, zorder=0)
    axes.set(xlim=(low, high), ylim=(low, high), aspect="equal")
    axes.set_xlabel(f"GNSS along the line of sight (mm/yr, {TOWARDS})", fontsize=8)
    axes.set_ylabel(f"InSAR{found.metadata['taken_out']} (mm/yr, {TOWARDS})", fontsize=8)
    axes.tick_params(labelsize=8)
    axes.grid(alpha=0.3)
    write_title(axes, found.metadata["compared"], f"InSAR {found.metadata['reference_of_project']}")
    save_figure(figure, path)
