"""A run and what several sections of the quality report need of it, each read once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import StampsError, WorkspaceError
from stamps.matlab.dates import to_yyyymmdd
from stamps.products.observations import usual_observations, velocity_deviation, velocity_of
from stamps.products.point_maps import Ground
from stamps.products.quantities import Project
from stamps.products.reference_choice import OWN, ReferenceChoice
from stamps.products.titles import ReferenceArea
from stamps.report import drawing
from stamps.report.figures_of_merit import arc_consistency, fit_of_series, neighbour_arcs, patch_pixels
from stamps.workspace.parameters import Parameters

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps.products.observations import Observations
    from stamps.report.drawing import Canvas
    from stamps.report.figures_of_merit import ArcConsistency
    from stamps.workspace import Workspace


__all__ = ["Run", "names_of"]

_PIXELS = 50_000


class Run:
    """A run, another state of the same project to compare with (path-like, or None), and what velocities are relative to."""

    def __init__(self, ws: Workspace, compare_with: Any = None, choice: ReferenceChoice = OWN) -> None:
        self.ws, self.compare_with, self.choice = ws, compare_with, choice
        self.patches = [patch_pixels(ws / name) for name in ws.patch_list()] or (
            [patch_pixels(ws)] if ws.exists("ps1") else []
        )
        self._known: dict[str, Any] = {}
        self.merged = ws.exists("psver") and ws.exists(f"ps{ws.version}") and (ws.version or 0) >= 2

    @property
    def project(self) -> Project:
        """The merged project; WorkspaceError before step 5."""
        if not self.merged:
            raise WorkspaceError(f"{self.ws.path / 'ps2.mat'} is missing: run step 5 first (stamps 5 5).")
        return self._once("project", lambda: Project.at(self.ws))

    @property
    def small_baselines(self) -> bool:
        """Kind of the run."""
        return self._once("small_baselines", lambda: Parameters(self.ws).flag("small_baseline_flag"))

    @property
    def canvas(self) -> Canvas:
        """Canvas of the merged pixels."""
        return self._once("canvas", lambda: drawing.Canvas.of(self.project.ps["lonlat"]))

    @property
    def ground(self) -> Ground:
        """Colours of the project, and its reference as far as that is known."""
        return self._once("ground", lambda: Ground.of_project(self.project, self._area(), relief=False))

    def _area(self) -> ReferenceArea | None:
        try:
            return self.choice.described(self.project, self.series.reference)
        except StampsError:  # before step 7 nothing is referenced
            return None

    @property
    def xy(self) -> NDArray[np.float64]:
        """Local coordinates in metres, shape (n_ps, 2)."""
        return self.project.ps["xy"][:, 1:3].astype(np.float64)

    @property
    def series(self) -> Observations:
        """Observations behind the velocity: unwrapped phase without the look-angle error, the master left out."""
        return self._once("series", lambda: usual_observations(self.project, self.choice.finder(self.project)))

    @property
    def velocity(self) -> NDArray[np.float64]:
        """Line-of-sight velocity, mm/yr."""
        return self._once("velocity", lambda: velocity_of(self.series, self.project))

    @property
    def deviation(self) -> NDArray[np.float32]:
        """Bootstrapped standard deviation of the velocity, mm/yr."""
        return self._once("deviation", lambda: velocity_deviation(self.series, self.project))

    @property
    def reference(self) -> str:
        """What the velocity is relative to, in words; empty where it is not referenced."""
        return self.choice.text(self.project, self.series.reference)

    @property
    def scatter(self) -> NDArray[np.float64]:
        """Rms of the series of each pixel about its line, mm; in blocks, since residuals are as large as the phases."""

        def scatter() -> Any:
            seen, rms = self.series, np.empty(len(self.series.phase))
            for start in range(0, len(rms), _PIXELS):
                part = slice(start, start + _PIXELS)
                rms[part] = fit_of_series(seen.phase[part], seen.days, seen.covariance).rms
            return rms * self.project.millimetres

        return self._once("scatter", scatter)

    @property
    def arcs(self) -> ArcConsistency:
        """Neighbouring pixels against each other."""
        series = self.series
        return self._once("arcs", lambda: arc_consistency(series.phase, series.days, neighbour_arcs(self.xy)))

    def _once(self, key: str, make: Callable[..., Any]) -> Any:
        if key not in self._known:
            self._known[key] = make()
        return self._known[key]


def names_of(run: Run) -> list[str]:
    """Dates of the images, or of the pairs of small baselines."""
    ps = run.project.ps
    if not run.small_baselines:
        return [str(date) for date in np.ravel(to_yyyymmdd(ps["day"]))]
    return [f"{a}–{b}" for a, b in zip(*(np.ravel(to_yyyymmdd(days)) for days in ps["ifgday"].T), strict=True)]
