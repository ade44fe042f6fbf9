"""Pictures of a finished project: velocity map, coherence, look-angle error and time series."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.insar.geometry import within_180
from stamps.matlab.dates import to_yyyymmdd
from stamps.products.maps import draw_scale_bar, label_longitudes, metres_per_unit
from stamps.products.matplotlib_place import give_place
from stamps.products.observations import usual_observations, velocity_of
from stamps.products.quantities import Project
from stamps.products.titles import ReferenceArea
from stamps.workspace import Workspace

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
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
    reference = ReferenceArea.of(project, seen.reference).text()
    return [
        _velocity_map(project, velocity, reference, place / "velocity.png"),
        _quality_maps(project, place / "quality.png"),
        _series(ps, project.displacement(seen.phase), seen.days, velocity, reference, place / "time_series.png"),
    ]


def _figure(columns: int = 1, width: float = 7.0, height: float = 5.5) -> tuple[Figure, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width * columns, height), layout="constrained")
    return figure, figure.subplots(1, columns, squeeze=False)[0]


def _map(
    axes: Axes, lonlat: NDArray[Any], values: NDArray[Any], label: str, cmap: str, limits: tuple[float, float]
) -> None:
    """Scatter map in degrees with true proportions, colour bar and scale bar."""
    lon, lat = lonlat.T
    size = np.clip(4e4 / max(len(lon), 1), 0.8, 18)
    points = axes.scatter(lon, lat, c=values, s=size, cmap=cmap, vmin=limits[0], vmax=limits[1], linewidths=0)
    axes.set_aspect(1 / np.cos(np.radians(np.mean(lat))))
    axes.set_facecolor("0.93")
    axes.set_xlabel("longitude (°)")
    axes.set_ylabel("latitude (°)")
    axes.ticklabel_format(useOffset=False)
    label_longitudes(axes)
    axes.tick_params(axis="x", rotation=20)
    axes.figure.colorbar(points, ax=axes, label=label, shrink=0.85, extend="both")
    draw_scale_bar(axes, (*axes.get_xlim(), *axes.get_ylim()), metres_per_unit(lat, True)[0])


def _velocity_map(project: Project, velocity: NDArray[Any], reference: str, path: Path) -> Path:
    figure, (axes,) = _figure()
    bound = np.nanpercentile(np.abs(velocity), 98) or 1.0
    _map(axes, project.lonlat, velocity, "mm/yr, positive towards the satellite", "RdBu", (-bound, bound))
    axes.set_title(_joined(f"Line-of-sight velocity of {len(velocity)} pixels", reference))
    figure.savefig(path, dpi=150)
    return path


def _quality_maps(project: Project, path: Path) -> Path:
    figure, (left, right) = _figure(columns=2)
    ws, lonlat = project.ws, project.lonlat
    coherence = ws.load("pm2", ["coh_ps"])["coh_ps"]
    _map(left, lonlat, coherence, "temporal coherence", "viridis", (float(np.nanmin(coherence)), 1.0))
    left.set_title("Temporal coherence")
    error = ws.load("scla2", ["K_ps_uw"])["K_ps_uw"]
    bound = np.nanpercentile(np.abs(error), 98) or 1.0
    _map(right, lonlat, error, "rad per metre of perpendicular baseline", "PuOr", (-bound, bound))
    right.set_title("Look-angle (DEM) error")
    figure.savefig(path, dpi=150)
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
    dates = np.array([np.datetime64(f"{d[:4]}-{d[4:6]}-{d[6:]}") for d in map(str, _dates(ps, days))])
    figure, (axes,) = _figure(width=8, height=4.5)
    for rank, colour in ((0.01, "tab:red"), (0.99, "tab:blue")):
        pixel = order[int(rank * (len(order) - 1))]
        fit = np.polyval(np.polyfit(days, displacement[pixel], 1), days)
        lon, lat = within_180(ps["lonlat"][pixel])
        label = f"{velocity[pixel]:.1f} mm/yr at {lon:.4f}, {lat:.4f}"
        axes.plot(dates, displacement[pixel], "o", ms=4, color=colour, label=label)
        axes.plot(dates, fit, "-", color=colour, lw=1)
    axes.set_ylabel("displacement towards the satellite (mm)")
    axes.set_title(_joined("Time series of a fast-sinking and a fast-rising pixel", reference))
    axes.legend(frameon=False)
    axes.grid(alpha=0.3)
    figure.savefig(path, dpi=150)
    return path


def _joined(title: str, reference: str) -> str:
    return f"{title},\n{reference}" if reference else title


def _dates(ps: Mapping[str, Any], days: NDArray[Any]) -> Any:
    return [to_yyyymmdd(day + ps["master_day"]) for day in days]
