"""Pictures of a finished project: velocity map, coherence, look-angle error and time series."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.insar.geometry import within_180
from stamps.products.columns import pixel_coherence
from stamps.products.figures import label_dates, new_figure, save_figure
from stamps.products.matplotlib_place import give_place
from stamps.products.observations import usual_observations, velocity_of
from stamps.products.point_maps import Ground, draw_values, figure_size, write_title
from stamps.products.quantities import Project
from stamps.products.quantity_styles import KIND_COLOURS, STYLES, TOWARDS
from stamps.products.reference_pixels import reference_pixels
from stamps.products.referencing import relative_to_pixels
from stamps.products.series import dates_of
from stamps.products.titles import ReferenceArea
from stamps.workspace import Workspace

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps._typing import StrPath


__all__ = ["draw_overview"]


def draw_overview(workdir: Workspace | StrPath, folder: StrPath) -> list[Path]:
    """Draw the velocity map, the quality maps and the time series of the fastest pixels.

    Parameters
    ----------
    workdir : path-like or Workspace
        Project directory after step 7.
    folder : Path
        Where the PNG files go (made if missing).

    Returns
    -------
    list of Path
        The files; empty when matplotlib is not installed.
    """
    give_place()
    try:
        import matplotlib
    except ImportError:
        print("No pictures: matplotlib is not installed (pip install 'stamps-insar[plot]').")
        return []
    matplotlib.use("Agg")
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    ws = Workspace.at(workdir)
    project = Project.at(ws)
    seen, ps = usual_observations(project), project.ps
    velocity = velocity_of(seen, project)
    area = ReferenceArea.of(project, seen.reference)
    ground, reference = Ground.of_project(project, area), area.text()
    return [
        _velocity_map(ground, velocity, reference, place / "velocity.png"),
        _quality_maps(project, ground, place / "quality.png"),
        _series(ps, project.displacement(seen.phase), seen.days, velocity, reference, place / "time_series.png"),
    ]


def _velocity_map(ground: Ground, velocity: NDArray[Any], reference: str, path: Path) -> Path:
    figure, _ = new_figure(path, figsize=figure_size(ground.lonlat, 7.5), layout="constrained")
    axes = figure.add_subplot()
    draw_values(axes, ground, velocity, STYLES["velocity"])
    write_title(axes, f"Line-of-sight velocity of {len(velocity)} pixels", reference)
    save_figure(figure, path)
    return path


def _quality_maps(project: Project, ground: Ground, path: Path) -> Path:
    figure, _ = new_figure(path, figsize=figure_size(ground.lonlat, 14.0, columns=2), layout="constrained")
    coherence = pixel_coherence(project.ws.load("pm2", ["coh_ps"])["coh_ps"], project.ps["n_ps"])
    error = project.ws.load("scla2", ["K_ps_uw"])["K_ps_uw"]
    of_all = relative_to_pixels(error[:, np.newaxis], reference_pixels(workdir=project.ws))[0][:, 0]
    panels = [("dem_error", of_all)] if coherence is None else [("coherence", coherence), ("dem_error", of_all)]
    for axes, (name, values) in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
        draw_values(axes, ground, values, STYLES[name])
        write_title(axes, STYLES[name].label)
    save_figure(figure, path)
    return path


def _series(
    ps: Mapping[str, Any],
    displacement: NDArray[Any],
    days: NDArray[Any],
    velocity: NDArray[Any],
    reference: str,
    path: Path,
) -> Path:
    """Displacement of the pixels with the lowest and the highest velocity (the outer percent is left out)."""
    order = np.argsort(velocity)
    dates: Any = dates_of(days + ps["master_day"])
    figure, _ = new_figure(path, figsize=(8, 4.5), layout="constrained")
    axes = figure.add_subplot()
    for rank, colour in ((0.01, KIND_COLOURS[5]), (0.99, KIND_COLOURS[1])):
        pixel = order[int(rank * (len(order) - 1))]
        fit = np.polyval(np.polyfit(days, displacement[pixel], 1), days)
        lon, lat = within_180(ps["lonlat"][pixel])
        label = f"{velocity[pixel]:.1f} mm/yr at {lon:.4f}, {lat:.4f}"
        axes.plot(dates, displacement[pixel], "o", ms=4, color=colour, label=label)
        axes.plot(dates, fit, "-", color=colour, lw=1)
    master = dates_of(ps["master_day"])[0]
    axes.set_ylabel(f"displacement since {master} (mm)\n{TOWARDS}")
    write_title(axes, "Time series of a fast-sinking and a fast-rising pixel", reference)
    label_dates(axes)
    axes.legend(frameon=False)
    axes.grid(alpha=0.3)
    save_figure(figure, path)
    return path
