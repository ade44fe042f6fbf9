"""A project as one line of sight: pixels with vectors, velocities, errors and series, all from the table of exports.

Source: docs/method/decomposition.md, sections 1 and 4.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.analysis.joining import shared_noise
from stamps.errors import InputError, ParameterError
from stamps.insar.constants import DAYS_PER_YEAR
from stamps.matlab.dates import day_number
from stamps.products.exports.outline import outline
from stamps.products.exports.table import PointTable, point_table
from stamps.products.line_of_sight import heading_of, headings_at, incidence_of, look_vector
from stamps.products.quantities import Project

if TYPE_CHECKING:
    import datetime

    from numpy.typing import NDArray

    from stamps._typing import StrPath

__all__ = ["SIDES", "Look", "Wish", "days_of", "doubtful_headings", "look_at", "names_of", "open_projects"]

SIDES = ("right", "left")
_LEAST_STD = 0.1  # of the median: a pixel with a smaller error would outweigh all others


@dataclass(frozen=True)
class Wish:
    """What the tables are made with: arguments of :func:`stamps.export`."""

    values: str | None = None
    aps: int | str = 0
    iono: int | str = 0
    n_boot: int = 1500
    seed: int = 0
    area: tuple[float, ...] | None = None
    date: Any = None


@dataclass(frozen=True)
class Look:
    """Pixels of a project that have a velocity and a vector.

    Attributes
    ----------
    name : str
    project : Project
    heading : float
        Degrees.
    side : str
        ``'right'`` or ``'left'``.
    table : PointTable
        Of all pixels, velocities of the common time.
    rows : ndarray of int, shape (n,)
        Rows of the table that are used.
    lonlat : ndarray, shape (n, 2)
    vector : ndarray, shape (n, 3)
    velocity, std, height : ndarray, shape (n,)
        mm/yr (``std`` all NaN where the project has none), m.
    days : ndarray, shape (k,)
        Datenum of all dates of the project.
    series : ndarray, shape (n, k) or (n, 0)
        mm; empty where it was not asked for.
    noise : ndarray, shape (k,)
        Standard deviation of a date, mm; NaN where it is not known.
    fitted : ndarray of bool, shape (k,)
        Dates of the time that velocities are fitted to.
    """

    name: str
    project: Project
    heading: float
    side: str
    table: PointTable
    rows: NDArray[np.int64]
    lonlat: NDArray[np.float64]
    vector: NDArray[np.float64]
    velocity: NDArray[np.float64]
    std: NDArray[np.float64]
    height: NDArray[np.float64]
    days: NDArray[np.float64]
    series: NDArray[np.float64]
    noise: NDArray[np.float64]
    fitted: NDArray[np.bool_]

    @property
    def ascending(self) -> bool:
        """Whether the satellite flies north."""
        return bool(np.cos(np.radians(self.heading)) > 0)

    @property
    def incidence(self) -> float:
        """Mean angle of incidence, degrees."""
        return float(np.degrees(np.arccos(np.clip(self.vector[:, 2].mean(), -1, 1))))

    @property
    def weights(self) -> NDArray[np.float64]:
        """Weights of the pixels in means, 1/σ²; 1 where errors are not known."""
        return np.where(np.isfinite(self.std), 1 / self.std**2, 1.0)

    def without(self, offset: float, offsets: NDArray[np.float64]) -> Look:
        """The same with a velocity and a value of each date taken out."""
        return replace(self, velocity=self.velocity - offset, series=self.series - offsets[: self.series.shape[1]])

    def shared_noise(
        self, cell: NDArray[np.int64], n_cells: int, rows: Any = slice(None)
    ) -> NDArray[np.float64] | None:
        """Part of the noise that the pixels of a cell have in common, shape (n_cells,); None without series."""
        if self.series.shape[1] == 0:
            return None
        years = (self.days[self.fitted] - self.days.mean()) / DAYS_PER_YEAR
        series = self.series[rows][:, self.fitted]
        return shared_noise(cell, years, series, n_cells, self.weights[rows])


def open_projects(paths: Sequence[StrPath], workdir: StrPath, sides: Sequence[str]) -> list[tuple[Project, str]]:
    """Projects and their sides of looking; all checked for what a vector needs before anything is computed.

    Raises
    ------
    InputError
        The same project stands twice, or does not know its incidence or its heading.
    """
    places = [Path(workdir) / path for path in paths]
    if len({place.resolve() for place in places}) < len(places):
        raise InputError("A project stands twice: give projects of different lines of sight.")
    if any(side not in SIDES for side in sides) or len(sides) not in (1, len(places)):
        raise ParameterError(
            f"The sides of looking are '{' '.join(map(str, sides))}': give right or left, once or for each of the "
            f"{len(places)} projects."
        )
    chosen = list(sides) * (len(places) if len(sides) == 1 else 1)
    found = [(Project.at(place), side) for place, side in zip(places, chosen, strict=True)]
    for project, _ in found:
        _geometry(project)
    return found


def doubtful_headings(projects: Sequence[Project]) -> list[str]:
    """Warnings of headings that look like radians: no satellite flies within 3 degrees of north."""
    headings = [(project.ws.path, heading_of(project)) for project in projects]
    return [
        f"{path} has the heading {heading:g}: degrees clockwise from north were expected, some -12 ascending or -168 "
        f"descending; if these are radians, setparm heading {np.degrees(heading):.2f}."
        for path, heading in headings
        if heading is not None and 0 < abs(heading) <= np.pi
    ]


def names_of(projects: Sequence[Project]) -> list[str]:
    """What projects are called: their folders, with as many of those above as tell them apart."""
    folders = [project.ws.path.absolute() for project in projects]
    names: list[str] = []
    for depth in range(1, max(len(folder.parts) for folder in folders) + 1):
        names = [PurePath(*folder.parts[-depth:]).as_posix() for folder in folders]
        if len(set(names)) == len(set(folders)):
            break
    return names


def _geometry(project: Project) -> tuple[NDArray[np.float64], float]:
    """Incidence and heading."""
    incidence, heading = incidence_of(project), heading_of(project)
    lacking = [
        name for name, value in (("angle of incidence (inc2.mat)", incidence), ("heading", heading)) if value is None
    ]
    if incidence is None or heading is None:
        raise InputError(
            f"{project.ws.path} does not know its {' and its '.join(lacking)}, without which its line of sight is not known."
        )
    known = incidence[np.isfinite(incidence)]
    if known.size == 0 or not np.all((known > 0) & (known < np.pi / 2)):
        raise InputError(
            f"{project.ws.path}: the angles of incidence are not between 0 and 90 degrees (radians stored)."
        )
    return incidence, heading


def days_of(project: Project, wish: Wish) -> NDArray[np.float64]:
    """Days of all dates of a project."""
    return _day_numbers(outline(project, wish.values, aps=wish.aps, iono=wish.iono).dates)


def _day_numbers(dates: Sequence[datetime.date]) -> NDArray[np.float64]:
    return np.array([day_number(date) for date in dates], dtype=np.float64)


def look_at(
    project: Project,
    side: str,
    wish: Wish,
    span: tuple[float, float] | None = None,
    with_series: bool = True,
) -> Look:
    """Compute the table of a project and take what a line of sight needs.

    Parameters
    ----------
    project : Project
    side : str
    wish : Wish
    span : tuple of float, optional
        First and last datenum of the images that velocities are fitted to (default: all).
    with_series : bool
        Whether the displacements belong to it, which tell how alike the noise of neighbours is.

    Returns
    -------
    Look

    Raises
    ------
    InputError
        Geometry that is not known, or too few dates.
    """
    incidence, heading = _geometry(project)
    images = None if span is None else _images_within(project, wish, span)
    table = _table(project, wish, images, wish.n_boot)
    whole = table if images is None or not with_series else _table(project, wish, None, 2)
    vector = look_vector(incidence[table.rows], headings_at(project.lonlat, heading)[table.rows], left=side == "left")
    velocity = np.asarray(table.field("VEL"), dtype=np.float64)
    std = np.asarray(table.field("V_STDEV"), dtype=np.float64)
    use = np.isfinite(vector).all(axis=1) & np.isfinite(velocity)
    if (known := np.isfinite(std) & (std >= 0) & use).any():
        use, std = known, np.maximum(std, max(_LEAST_STD * float(np.median(std[known])), 1e-3))
    if not use.any():
        raise InputError(f"{project.ws.path} has no pixel with a velocity and an angle of incidence.")
    rows = np.flatnonzero(use)
    series = _series(whole, rows) if with_series else np.empty((rows.size, 0))
    days = _day_numbers(whole.dates)
    first, last = (days[0], days[-1]) if span is None else span
    return Look(
        project.ws.name, project, heading, side, table, rows, table.lonlat[rows], vector[rows], velocity[rows], std[rows],
        np.asarray(table.field("HEIGHT"), dtype=np.float64)[rows], days, series, _noise(project, whole),
        (days >= first) & (days <= last),
    )  # fmt: skip


def _table(project: Project, wish: Wish, images: list[int] | None, n_boot: int) -> PointTable:
    return point_table(
        project, wish.values, aps=wish.aps, iono=wish.iono, ifg_list=images, n_boot=n_boot, seed=wish.seed,
        reference_date=wish.date, reference_area=wish.area,
    )  # fmt: skip


def _series(table: PointTable, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    return table.series_matrix()[rows].astype(np.float64)


def _images_within(project: Project, wish: Wish, span: tuple[float, float]) -> list[int] | None:
    """Images (or interferograms), counted from 1, of the time; None for all."""
    plan = outline(project, wish.values, aps=wish.aps, iono=wish.iono)
    first, last = span
    if plan.value_type.pairs:
        used = project.retained_ifgs()
        days = np.asarray(project.ps["ifgday"], dtype=np.float64)[used]
        inside = ((days >= first) & (days <= last)).all(axis=1)
    else:
        used = np.asarray(plan.images)
        days = np.asarray(project.ps["day"], dtype=np.float64)[used]
        inside = (days >= first) & (days <= last)
    if np.unique(days[inside]).size < 3:
        raise InputError(
            f"{project.ws.path} has fewer than three dates in the time that the projects have in common: no velocity can be "
            "fitted to them."
        )
    return None if inside.all() else [int(number) + 1 for number in used[inside]]


def _noise(project: Project, table: PointTable) -> NDArray[np.float64]:
    """Standard deviation of each date, mm; that of the master is taken as the median of the others."""
    covariance = project.covariance(False)
    if covariance is None:
        return np.full(len(table.dates), np.nan)
    variance = np.diag(np.asarray(covariance, dtype=np.float64))[table.images].copy()
    variance[table.images == project.master] = 0
    good = np.isfinite(variance) & (variance > 0)
    variance[~good] = np.median(variance[good]) if good.any() else np.nan
    return np.sqrt(variance) * project.millimetres
