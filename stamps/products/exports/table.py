"""The table that every export is made of: one row for each pixel, with velocity, quality and time series.

The science is that of the plots, from :mod:`stamps.products.observations`.
Source: docs/method/products.md, sections 1, 2 and 5.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import InputError
from stamps.insar.constants import DAYS_PER_YEAR
from stamps.insar.geometry import within_180
from stamps.insar.network import image_baselines
from stamps.linking.kinds import kinds_of
from stamps.products.arguments import parse_arguments
from stamps.products.exports.metadata import describe_table
from stamps.products.exports.subset import Subset
from stamps.products.inversion_coherence import inversion_coherence
from stamps.products.observations import observations, velocity_deviation, velocity_of
from stamps.products.quantities import Choice
from stamps.products.series import dates_of
from stamps.products.value_types import ValueType
from stamps.products.values import inverted_corrections
from stamps.workspace import freshness
from stamps.workspace.log import Log

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps.products.arguments import PlotRequest
    from stamps.products.exports.subset import Subset
    from stamps.products.observations import Observations
    from stamps.products.quantities import Project


__all__ = ["Field", "PointTable", "point_table"]

_ROWS = 25_000
_MASTER = -1  # column of the date to which displacements refer
_SAME_VELOCITY = 0.01  # mm/yr by which the velocity of mv2 may differ from the one that is exported

_UNITS = {
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


@dataclass(frozen=True)
class Field:
    """One column: its name, values, unit, meaning, and the digits after the point in texts (None: it is a text)."""

    name: str
    values: np.ndarray
    unit: str
    meaning: str
    digits: int | None = 3


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
            Millimetres towards the satellite since the master.
        """
        column = self.series_columns[k]
        if column == _MASTER:
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
        """Mean perpendicular baseline of each date in metres, relative to the master; float64, shape (k,)."""
        return image_baselines(self.project.ps, self.project.small_baselines)[self.images]


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
    name = values or project.usual_velocity
    value_type = _with_series(name, project)
    request = _request(aps, iono, ifg_list)
    choice = Choice(request.aps, request.iono)
    inverted = _series_type(value_type, project)
    corrections = inverted_corrections(inverted, project, choice)
    request.time_series = _removes_master_noise(inverted, project)
    of_series = replace(request, ifg_list=None) if value_type.pairs else request
    seen = observations(inverted, project, choice, of_series, known=corrections)
    series, days = project.displacement(seen.phase), seen.days
    fitted = seen
    if value_type.pairs:
        fitted = observations(value_type, project, choice, replace(request, time_series=False))
    velocity = velocity_of(fitted, project)
    std, std_source = _deviation(value_type, fitted, velocity, project, n_boot, seed)
    reference, image_columns = seen.reference, seen.columns
    del seen, fitted, corrections  # the phases are as large as everything else together

    ref_velocity = float(project.parameters.get("ref_velocity") or 0) * 1000
    coherence = _coherence(project)
    lonlat = project.lonlat
    inversion = inversion_coherence(project)
    rows = (subset or Subset()).rows(lonlat, coherence, std, seed, inversion)
    everything = rows.size == project.ps["n_ps"]
    images, columns, drift = _in_time(project, image_columns, days, ref_velocity)
    numbers = {
        "CODE": np.char.mod("PS%07d", rows + 1),
        "HEIGHT": _height(project)[rows],
        "H_STDEV": np.full(rows.size, np.nan, np.float32),
        "VEL": (velocity[rows] + ref_velocity).astype(np.float32),
        "V_STDEV": std[rows].astype(np.float32),
        "COHERENCE": coherence[rows],
        "EFF_AREA": np.full(rows.size, _area(project), np.float32),
        **({} if inversion is None else {"COH_INV": inversion[rows]}),
        **_scatterers(project, rows),
    }
    digits = {
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
    table = PointTable(
        project,
        name,
        rows,
        lonlat[rows],
        [Field(field, column, *_UNITS[field], digits.get(field, 3)) for field, column in numbers.items()],
        dates_of(project.ps["day"][images]),
        images,
        reference,
        series if everything else series[rows],
        columns,
        drift,
        {},
    )
    table.metadata.update(describe_table(table, value_type, request.time_series, std_source))
    Log(project.ws, "EXPORT")(f"{len(table)} of {project.ps['n_ps']} pixels, {len(table.dates)} dates, {name}", level=2)
    return table


# ---------------------------------------------------------------------- what is asked for


def _with_series(name: str, project: Project) -> ValueType:
    """The value type, if it has time series and one velocity."""
    value_type = ValueType.named(str(name), project.small_baselines)
    if (value_type.is_velocity and not value_type.drops) or (
        value_type.group == "series" and value_type.words[0] == "U"
    ):
        return value_type
    raise InputError(
        f"'{name}' has no velocity with a time series to export: take a velocity such as {project.usual_velocity} or "
        "unwrapped phases such as u-dm."
    )


def _series_type(value_type: ValueType, project: Project) -> ValueType:
    """The type of the single-master or inverted series that has the same corrections."""
    return ValueType.named(f"V{value_type.name[1:]}", project.small_baselines) if value_type.pairs else value_type


def _request(aps: int | str, iono: int | str, ifg_list: Sequence[int] | None) -> PlotRequest:
    options = [option for option in (aps, iono) if isinstance(option, str)]
    request = parse_arguments(options, {"ifg_list": ifg_list})
    if not isinstance(aps, str):
        request.aps = aps
    if not isinstance(iono, str):
        request.iono = iono
    return request


def _removes_master_noise(value_type: ValueType, project: Project) -> bool:
    """Whether the noise of the master is to be taken out of a series, as ``ps_plot(…, 'ts')`` does for velocities."""
    return value_type.is_velocity and value_type.words[0] == "U" and _has_master_noise(project)


def _has_master_noise(project: Project) -> bool:
    name = project.file("scla")
    return "C_ps_uw" in project.ws.variables_of(name) and project.ws.load(name, ["C_ps_uw"])["C_ps_uw"] is not None


def _deviation(
    value_type: ValueType, seen: Observations, velocity: NDArray[np.float64], project: Project, n_boot: int, seed: int
) -> tuple[NDArray[np.float32], str]:
    """Standard deviation of the velocity, and where it comes from.

    That of ``mv2`` is taken if it was made with the same corrections and belongs to the same velocity.
    """
    name = f"mv{project.version}"
    is_stale = freshness.Judge(project.ws).verdict(f"{name}.mat") is not None
    stored = None if is_stale else project.ws.load_optional(name)
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


def _coherence(project: Project) -> NDArray[np.float32]:
    return _pixel_column(project, "pm", "coh_ps")


def _height(project: Project) -> NDArray[np.float32]:
    return _pixel_column(project, "hgt", "hgt")


def _pixel_column(project: Project, stem: str, variable: str) -> NDArray[np.float32]:
    """A stored column as float32; NaN where there is none."""
    column = project.ws.load_optional(project.file(stem), [variable]).get(variable)
    if column is None or column.shape != (project.ps["n_ps"],):
        return np.full(project.ps["n_ps"], np.nan, np.float32)
    return column.astype(np.float32)


def _scatterers(project: Project, rows: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
    """Kind, alike pixels and temporal coherence, where distributed scatterers were added."""
    kinds = kinds_of(project.ws, project.ps["ij"][rows])
    if kinds is None:
        return {}
    return {"KIND": kinds.words, "N_SHP": kinds.n_shp.astype(np.float32), "TCOH": kinds.tcoh}


def _area(project: Project) -> float:
    """Square metres that a point stands for: the cell of a resampled merge, else 0, the mark of a point scatterer."""
    side = project.parameters.get("merge_resample_size")
    return float(side) ** 2 if side is not None and np.size(side) == 1 and np.isfinite(side) else 0.0


def _in_time(
    project: Project, image_columns: NDArray[np.int64], days: NDArray[np.float64], ref_velocity: float
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Images in the order of their dates with the master, column of each in the series, and reference motion (mm)."""
    images = np.append(image_columns, project.master)
    columns = np.append(np.arange(image_columns.size), _MASTER)
    years = np.append(days, 0.0) / DAYS_PER_YEAR
    order = np.argsort(project.ps["day"][images], kind="stable")
    return images[order], columns[order], ref_velocity * years[order]
