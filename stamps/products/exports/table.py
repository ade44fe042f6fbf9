"""The table that every export is made of: one row for each pixel, with velocity, quality and time series.

The science is that of the plots, from :mod:`stamps.products.observations`.
Source: docs/method/products.md, sections 1, 2 and 5.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from stamps.errors import InputError
from stamps.insar.geometry import within_180
from stamps.insar.network import image_baselines
from stamps.products.exports.metadata import describe_table
from stamps.products.exports.outline import MASTER, Outline, outline, ref_velocity
from stamps.products.exports.stored import coherence_of, stored_columns
from stamps.products.exports.subset import Subset
from stamps.products.inversion_coherence import inversion_coherence
from stamps.products.observations import observations, velocity_deviation, velocity_of
from stamps.products.quantities import Choice
from stamps.products.reference_choice import OWN, ReferenceChoice
from stamps.products.reference_pixels import announced_reference_pixels
from stamps.products.value_types import ValueType
from stamps.products.values import inverted_corrections
from stamps.products.velocity import check_seed
from stamps.workspace import freshness
from stamps.workspace.log import Log

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps.products.exports.subset import Subset
    from stamps.products.observations import Observations
    from stamps.products.quantities import Project


__all__ = ["Field", "PointTable", "UNITS", "point_table", "skeleton_of"]

_ROWS = 25_000
_SAME_VELOCITY = 0.01  # mm/yr by which the velocity of mv2 may differ from the one that is exported

#: Unit and meaning of the columns, in their order.
UNITS = {
    "CODE": ("", "identifier: PS and the number of the pixel in the project's files, from 1"),
    "HEIGHT": ("m", "height of the DEM at the pixel"),
    "H_STDEV": ("m", "standard deviation of HEIGHT; empty: the processing does not estimate it"),
    "VEL": ("mm/yr", "line-of-sight velocity, positive towards the satellite"),
    "V_STDEV": ("mm/yr", "standard deviation of VEL from bootstrapping"),
    "COHERENCE": ("", "temporal coherence, 0 to 1"),
    "EFF_AREA": ("m2", "area that the point stands for; 0: a single pixel"),
    "COH_INV": ("", "agreement of the interferograms with the inverted series, 0 to 1"),
    "KIND": ("", "ps: persistent scatterer, ds: distributed scatterer with linked phases"),
    "N_SHP": ("", "number of pixels with alike amplitudes, the pixel itself included"),
    "TCOH": ("", "temporal coherence of the linked phases, 0 to 1"),
}

_DIGITS = {
    "CODE": None,
    "COHERENCE": 4,
    "HEIGHT": 2,
    "H_STDEV": 2,
    "EFF_AREA": 1,
    "COH_INV": 4,
    "KIND": None,
    "N_SHP": 0,
    "TCOH": 4,
}


@dataclass(frozen=True)
class Field:
    """One column: its name, values, unit, meaning, the digits after the point in texts (None: it is a text).

    ``extra`` marks what an analysis adds to the columns that every export has.
    """

    name: str
    values: np.ndarray
    unit: str
    meaning: str
    digits: int | None = 3
    extra: bool = False


@dataclass
class PointTable:
    """Pixels to be exported.

    Attributes
    ----------
    project : Project
    name : str
        Value type.
    rows : ndarray of int, shape (n,)
        0-based pixels of the project.
    lonlat : ndarray of float64, shape (n, 2)
        Degrees, WGS 84, without a jump at the antimeridian: what grids and boxes are made of.
    fields : list of Field
        All columns but the time series.
    dates : list of datetime.date, length k
        Ascending, the master's included.
    images : ndarray of int, shape (k,)
        0-based images of the dates.
    reference : ndarray of int or None
        0-based reference pixels of the project.
    metadata : dict
        What the table says about itself; texts, numbers, lists and dicts.
    choice : ReferenceChoice
        What everything is relative to, where it is not the reference of the parameters.
    zero : int or None
        0-based date of which displacements are 0; None: the master's.
    """

    project: Project
    name: str
    rows: np.ndarray
    lonlat: np.ndarray
    fields: list
    dates: list
    images: np.ndarray
    reference: np.ndarray | None
    series: np.ndarray
    series_columns: np.ndarray
    drift: np.ndarray
    metadata: dict
    choice: ReferenceChoice = OWN
    zero: int | None = None

    def __len__(self) -> int:
        return len(self.rows)

    def field(self, name: str) -> NDArray[Any]:
        """Values of a column that is no date."""
        return next(field.values for field in self.fields if field.name == name)

    @property
    def places(self) -> NDArray[np.float64]:
        """Longitude and latitude for files of points, which have longitudes in -180 … 180; float64, shape (n, 2)."""
        return within_180(self.lonlat)

    @property
    def series_names(self) -> list[str]:
        """Names of the columns of the time series, ``D20180601``."""
        return [f"D{date:%Y%m%d}" for date in self.dates]

    def displacement(self, k: int, part: Any = slice(None)) -> NDArray[np.float32]:
        """Displacement at a date.

        Parameters
        ----------
        k : int
            0-based date.
        part : slice
            Of the rows.

        Returns
        -------
        ndarray of float32
            Millimetres towards the satellite since the reference date.
        """
        since_master = self._since_master(k, part)
        return since_master if self.zero is None else since_master - self._since_master(self.zero, part)

    def _since_master(self, k: int, part: Any) -> NDArray[np.float32]:
        column = self.series_columns[k]
        if column == MASTER:
            return np.zeros(len(self.rows[part]), np.float32)
        return (self.series[part, column] + self.drift[k]).astype(np.float32)

    def parts(self) -> Iterator[slice]:
        """Slices of the rows, one after the other: what a writer has in memory as texts or objects at a time."""
        return (slice(start, start + _ROWS) for start in range(0, len(self), _ROWS))

    def columns(self, part: Any = slice(None), dates: bool = True) -> dict[str, NDArray[Any]]:
        """Names and values of all columns in their order, for some rows.

        Returns
        -------
        dict of str to ndarray
        """
        content = {field.name: field.values[part] for field in self.fields}
        if dates:
            content.update((name, self.displacement(k, part)) for k, name in enumerate(self.series_names))
        return content

    def baselines(self) -> NDArray[np.float64]:
        """Mean perpendicular baseline of each date in metres, relative to the reference date; float64, shape (k,)."""
        baselines = image_baselines(self.project.ps, self.project.small_baselines)[self.images]
        return baselines if self.zero is None else baselines - baselines[self.zero]

    @property
    def zero_image(self) -> int:
        """0-based image of which displacements are 0."""
        return self.project.master if self.zero is None else int(self.images[self.zero])

    def without_series(self) -> PointTable:
        """The same without dates, for files of columns only."""
        none = np.zeros(0, dtype=np.int64)
        return replace(self, dates=[], images=none, series_columns=none, drift=none.astype(float), zero=None)

    def with_series(self, series: NDArray[np.floating[Any]], **changes: Any) -> PointTable:
        """The same with other displacements, mm, shape (n, k), 0 on the reference date; ``changes`` of other attributes."""
        k, zero = len(self.dates), int(np.flatnonzero(self.images == self.zero_image)[0])
        places, drift = np.arange(k), np.zeros(k)
        found = series.astype(np.float32)
        return replace(self, series=found, series_columns=places, drift=drift, zero=zero, **changes)

    def series_matrix(self) -> NDArray[np.float32]:
        """Displacements of all dates, mm, shape (n, k)."""
        return np.stack([self.displacement(k) for k in range(len(self.dates))], axis=1)


def point_table(
    project: Project,
    values: str | None = None,
    *,
    aps: int | str = 0,
    iono: int | str = 0,
    ifg_list: Sequence[int] | None = None,
    subset: Subset | None = None,
    n_boot: int = 1500,
    seed: int = 0,
    reference_date: Any = None,
    reference_area: Sequence[float] | None = None,
) -> PointTable:
    """Compute what is exported.

    Parameters
    ----------
    project : Project
        Directory after step 7.
    values : str, optional
        Value type of ``ps_plot``: a velocity (``'v-d'``, ``'v-do'`` …) or unwrapped phases (``'u-dm'`` …), whose
        corrections the time series get, too. Default: ``'v-d'``, in a small-baseline project ``'V-d'``, which removes
        the look-angle error but no ramps, so that wide deformation stays. In a small-baseline project ``v`` takes the
        velocity from the interferograms, ``V`` from the inverted series; the time series always is the inverted one.
    aps, iono : int or str
        Tropospheric and ionospheric correction for types with ``a`` and ``i``.
    ifg_list : array_like of int, optional
        Images (for ``v`` of small baselines: interferograms) to use, counted from 1.
    subset : Subset, optional
    n_boot, seed : int
        Bootstrap samples of V_STDEV and start of the random numbers.
    reference_date : str, int or date, optional
        Date of the series of which displacements are 0 (default: the master's).
    reference_area : sequence of float, optional
        Longitude, latitude and radius (m) of a circle, or west, east, south and north of a box, whose pixels everything is
        relative to (default: the reference area of the parameters).

    Returns
    -------
    PointTable

    Raises
    ------
    InputError
        The value type has no time series or does not exist.
    NoPixelsError
        No pixel is left.
    WorkspaceError
        A file is missing.
    """
    if n_boot != int(n_boot) or n_boot < 2:
        raise InputError(f"The number of bootstrap samples is {n_boot!r}, but a whole number from 2 was expected.")
    check_seed(seed)
    plan = outline(
        project,
        values,
        aps=aps,
        iono=iono,
        ifg_list=ifg_list,
        choice=ReferenceChoice.of(reference_date, reference_area),
    )
    found = _motion(project, plan, n_boot, seed)
    inversion = inversion_coherence(project)
    rows = (subset or Subset()).rows(project.lonlat, coherence_of(project), found.std, seed, inversion)
    computed = {
        "VEL": (found.velocity[rows] + ref_velocity(project, plan.choice)).astype(np.float32),
        "V_STDEV": found.std[rows].astype(np.float32),
    }
    part = found.series if rows.size == project.ps["n_ps"] else found.series[rows]
    stored = stored_columns(project, rows, inversion)
    table = _table(project, plan, rows, stored, computed, part, found.reference)
    table.metadata.update(describe_table(table, plan.value_type, plan.request.time_series, found.std_source))
    log = Log(project.ws, "EXPORT")
    log(f"{len(table)} of {project.ps['n_ps']} pixels, {len(table.dates)} dates, {table.name}", level=2)
    if plan.zero is not None and (without := int(np.isnan(table.displacement(plan.zero)).sum())):
        log(
            f"{without} pixels have no value on the reference date {plan.choice.date}: their series stay empty", level=1
        )
    return table


class _Motion(NamedTuple):
    """What is computed of all pixels: series (n_ps, k) in mm, velocity and its deviation in mm/yr, reference pixels."""

    series: NDArray[np.floating[Any]]
    velocity: NDArray[np.float64]
    std: NDArray[np.float32]
    std_source: str
    reference: NDArray[np.int64] | None


def _motion(project: Project, plan: Outline, n_boot: int, seed: int) -> _Motion:
    value_type, inverted, pick = plan.value_type, plan.inverted, Choice(plan.request.aps, plan.request.iono)
    find = _reference_of(project, plan.choice)
    corrections = inverted_corrections(inverted, project, pick)
    seen = observations(inverted, project, pick, plan.of_series, find, known=corrections)
    series = project.displacement(seen.phase)
    if plan.choice.area is not None and np.isnan(series[seen.reference]).all(axis=0).any():
        raise InputError("The pixels of the reference area have no value on a date of the series: choose another area.")
    fitted = seen
    if value_type.pairs:
        fitted = observations(value_type, project, pick, replace(plan.request, time_series=False), find)
    velocity = velocity_of(fitted, project)
    may_be_stored = plan.choice.area is None
    std, source = _deviation(value_type, fitted, velocity, project, n_boot, seed, may_be_stored)
    return _Motion(series, velocity, std, source, seen.reference)


def _reference_of(project: Project, choice: ReferenceChoice) -> Callable[..., NDArray[np.int64] | None]:
    """What finds the reference pixels: those of the parameters, or of the area that is chosen."""
    if choice.area is not None:
        Log(project.ws, "EXPORT")(f"{choice.pixels(project).size} reference pixels in the chosen area", level=2)
    return choice.finder(project, announced_reference_pixels)


def skeleton_of(project: Project, plan: Outline, rows: NDArray[np.int64]) -> PointTable:
    """A table of what is stored of the pixels ``rows`` (0-based): without velocities, their errors and the series.

    Its metadata say all but where the standard deviations come from.
    """
    reference = _reference_of(project, plan.choice)(workdir=project.ws)
    stored = stored_columns(project, rows, inversion_coherence(project))
    table = _table(project, plan, rows, stored, {}, np.empty((rows.size, 0), np.float32), reference)
    table.metadata.update(describe_table(table, plan.value_type, plan.request.time_series, "bootstrap samples"))
    return table


def _table(
    project: Project,
    plan: Outline,
    rows: NDArray[np.int64],
    stored: Mapping[str, NDArray[Any]],
    computed: Mapping[str, NDArray[Any]],
    series: NDArray[np.float32],
    reference: NDArray[np.int64] | None,
) -> PointTable:
    """The columns in their order; no metadata yet."""
    columns = {**stored, **computed}
    return PointTable(
        project,
        plan.value_type.name,
        rows,
        project.lonlat[rows],
        [Field(name, columns[name], *UNITS[name], _DIGITS.get(name, 3)) for name in UNITS if name in columns],
        plan.dates,
        plan.images,
        reference,
        series,
        plan.columns,
        plan.drift,
        {},
        plan.choice,
        plan.zero,
    )


def _deviation(
    value_type: ValueType,
    seen: Observations,
    velocity: NDArray[np.float64],
    project: Project,
    n_boot: int,
    seed: int,
    may_be_stored: bool,
) -> tuple[NDArray[np.float32], str]:
    """Standard deviation of the velocity, and where it comes from.

    That of ``mv2`` is taken if it was made with the same corrections and belongs to the same velocity.
    """
    name = f"mv{project.version}"
    is_stale = freshness.Judge(project.ws).verdict(f"{name}.mat") is not None
    stored = None if is_stale or not may_be_stored else project.ws.load_optional(name)
    if stored and str(stored.get("subtract_switches") or "") == value_type.switches:
        mean_v, std = stored.get("mean_v"), stored.get("mean_v_std")
        if mean_v is not None and std is not None and mean_v.shape == std.shape == velocity.shape:
            if np.nanmax(np.abs(velocity + mean_v), initial=0) < _SAME_VELOCITY:  # mean_v has the sign of the phase
                return std, f"mv{project.version}.mat, {int(stored['n_boot'])} bootstrap samples"
    source = f"{int(n_boot)} bootstrap samples, seed {seed}"
    if seen.known_covariance() is None:
        Log(project.ws, "EXPORT")("V_STDEV stays empty: the covariance of the interferograms is singular", level=2)
        source = "not known: the covariance is singular"
    return velocity_deviation(seen, project, n_boot, seed), source
