"""The numbers of a plot: phases, velocities, heights of a project, before any of them is drawn.

Source: docs/method/products.md, sections 2.2 to 2.5.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import InputError, WorkspaceError
from stamps.insar.constants import DAYS_PER_YEAR
from stamps.insar.phase import insert_column, phasor, rotated, unit_modulus
from stamps.matlab.statistics import nanmean
from stamps.products.arguments import PlotRequest
from stamps.products.estimates import Estimates
from stamps.products.quantities import (
    Choice,
    Project,
    Quantities,
    chosen_iono,
    chosen_tropo,
    evaluate,
    matrix_of,
    subtract,
)
from stamps.products.reference_pixels import announced_reference_pixels, reference_pixels
from stamps.products.referencing import means_of_pairs, relative_to_pixels
from stamps.products.value_types import ValueType
from stamps.products.velocity import bootstrap_std, fit_lines, fit_without_each

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps._typing import StrPath
    from stamps.workspace import Workspace
    from stamps.workspace.directory import Variables


__all__ = [
    "Observations",
    "TimeSeries",
    "Values",
    "inverted_corrections",
    "los_velocity",
    "observations",
    "usual_observations",
    "values_of",
    "velocity_deviation",
    "velocity_of",
]

_N_BOOT = 1500


@dataclass
class Observations:
    """What a velocity is fitted to.

    Attributes
    ----------
    phase : ndarray, shape (n_ps, k)
        Radians, relative to the reference pixels.
    columns : ndarray of int, shape (k,)
        0-based images or interferograms.
    days : ndarray, shape (k,)
        Since the master, or between the two images.
    covariance : ndarray, shape (k, k), or None
    reference : ndarray of int or None
        0-based reference pixels.
    """

    phase: np.ndarray
    columns: np.ndarray
    days: np.ndarray
    covariance: np.ndarray | None
    reference: np.ndarray | None

    def known_covariance(self) -> NDArray[np.float64] | None:
        """The covariance in double, the identity where nothing is known; None where it is singular."""
        k = self.days.size
        covariance = np.eye(k) if self.covariance is None else np.asarray(self.covariance, np.float64)
        return covariance if np.linalg.matrix_rank(covariance) == k else None


@dataclass
class TimeSeries:
    """The series behind a velocity: displacement towards the satellite in mm, and its 0-based columns."""

    displacement: np.ndarray
    columns: np.ndarray


@dataclass
class Values:
    """Values of all pixels.

    Attributes
    ----------
    phases : ndarray, shape (n_ps, n)
        Real values, or phasors.
    columns : ndarray of int
        0-based columns that are shown unless others are asked for.
    unit : str
    referenced : bool
        Whether they are relative to the reference pixels.
    labels : str
        What the columns are: ``''`` (nothing special), ``images``, ``ifgs``, ``bands``, ``without images`` or ``without
        ifgs`` (velocities without one of them).
    numbers : ndarray of int or None
        0-based images or interferograms of a velocity.
    fit : ndarray, shape (2, n_ps), or None
        Intercept (rad) and slope (rad/day) of a velocity.
    series : TimeSeries or None
    """

    phases: np.ndarray
    columns: np.ndarray
    unit: str
    referenced: bool = True
    labels: str = ""
    numbers: np.ndarray | None = None
    fit: np.ndarray | None = None
    series: TimeSeries | None = None


def values_of(
    name: str | np.ndarray, project: Project, request: PlotRequest, seed: int = 0, estimates: Estimates | None = None
) -> tuple[ValueType | None, Values]:
    """Compute what a value type stands for.

    Parameters
    ----------
    name : str or ndarray
        A value type, or values themselves, shape (n_ps,) or (n_ps, n).
    project : Project
    request : PlotRequest
        Interferograms, corrections and options.
    seed : int
        For bootstrapped standard deviations.
    estimates : Estimates, optional
        Default: nothing is written.

    Returns
    -------
    ValueType or None
        None for given values.
    Values
    """
    if not isinstance(name, str):
        return None, _given(name, project)
    value_type = ValueType.named(name, project.small_baselines)
    if request.time_series and value_type.group != "v":
        better = f"V{name[1:]}" if value_type.group == "vsb" else "v-d"
        raise InputError(f"{name} has no time series to show with 'ts': plot {better}.")
    band = None if request.band_ifg is None else request.band_ifg - 1
    if band is not None:
        _check_band(value_type, project, band)
    choice = Choice(request.aps, request.iono, band)
    estimates = estimates or Estimates()
    known = inverted_corrections(value_type, project, choice, estimates)
    if value_type.is_velocity:
        return value_type, _velocities(value_type, project, choice, request, known)
    quantities = Quantities(project, choice, value_type.pairs, known)
    if value_type.group == "vs":
        std = estimates.deviation(quantities, value_type.switches, request.ifg_list, _N_BOOT, seed)
        return value_type, Values(std[:, np.newaxis], np.arange(1), value_type.unit, referenced=False)
    return value_type, _GROUPS[value_type.group](value_type, quantities, request)


def _given(data: NDArray[np.float64], project: Project) -> Values:
    """Values of the caller."""
    data = np.asarray(data)
    data = data[:, np.newaxis] if data.ndim == 1 else data
    n_ps = project.ps["n_ps"]
    if data.ndim != 2 or len(data) != n_ps or data.dtype.kind not in "fciub":
        raise InputError(f"The values to plot have shape {data.shape}, but one row for each of {n_ps} pixels is due.")
    data = data if data.dtype.kind in "fc" else data.astype(np.float64)
    return Values(data, np.arange(data.shape[1]), "")


def _check_band(value_type: ValueType, project: Project, band: int) -> None:
    if value_type.name[:1] not in ("u", "a") or (project.small_baselines and value_type.group != "pairs"):
        names = "usb and asb" if project.small_baselines else "u and a"
        raise InputError(f"{value_type.name} does not show the bands of a correction: 'ifg i' goes with {names} types.")
    if band >= project.ps["n_ifg"]:
        raise InputError(f"'ifg {band + 1}': there are only {project.ps['n_ifg']} interferograms.")


def inverted_corrections(
    value_type: ValueType, project: Project, choice: Choice, estimates: Estimates | None = None
) -> dict[str, np.ndarray]:
    """Corrections of a small-baseline project's series, which follow from those of its interferograms.

    Parameters
    ----------
    value_type : ValueType
        Letters of its name tell which are needed.
    project : Project
    choice : Choice
    estimates : Estimates, optional
        Default: nothing is written.

    Returns
    -------
    dict of str to ndarray
        Letter of the quantity and its values; without those that stand in files.
    """
    estimates, series = estimates or Estimates(), {}
    if not project.small_baselines or value_type.pairs or value_type.group in ("wrapped", "hgt"):
        return series
    if "a" in value_type.file_name:
        series["T"] = estimates.troposphere(project, chosen_tropo(choice.aps).number)
    if "i" in value_type.file_name:
        series["I"] = estimates.ionosphere(project, chosen_iono(choice.iono))
    return {letter: values for letter, values in series.items() if values is not None}


# ---------------------------------------------------------------------- phases


def _unwrapped(value_type: ValueType, quantities: Quantities, request: PlotRequest) -> Values:
    """Series and pairs: what a recipe makes of unwrapped phases and corrections."""
    project, choice = quantities.project, quantities.choice
    phases = evaluate(value_type.words, quantities)
    coefficients = value_type.words[0] == "T" and request.aps == 11
    unit = "rad/m^α" if coefficients else value_type.unit
    columns, labels = np.arange(phases.shape[1]), ""
    if choice.band is not None:
        labels = "bands"
    elif phases.shape[1] > 1:
        labels = "ifgs" if value_type.pairs else "images"
        columns = _default_columns(value_type, project, columns)
    return Values(phases, columns, unit, referenced=not coefficients, labels=labels)


def _default_columns(value_type: ValueType, project: Project, everything: NDArray[np.int64]) -> NDArray[np.int64]:
    """Columns that are shown by default: those that were unwrapped, for most types."""
    if value_type.group == "pairs":
        return project.retained_ifgs() if value_type.name[0] in "uria" else everything
    return project.series_columns() if value_type.name[0] in "usai" else everything


def _look_angle(value_type: ValueType, quantities: Quantities, request: PlotRequest) -> Values:
    return Values(quantities["K"], np.arange(1), value_type.unit)


def _heights(value_type: ValueType, quantities: Quantities, request: PlotRequest) -> Values:
    project = quantities.project
    height = project.load("hgt")["hgt"]
    if height is None or len(height) != project.ps["n_ps"]:
        raise WorkspaceError(f"{project.ws.path} has no heights: its preparation had no DEM.")
    return Values(height[:, np.newaxis], np.arange(1), value_type.unit, referenced=False)


# ---------------------------------------------------------------------- phasors


def _wrapped(value_type: ValueType, quantities: Quantities, request: PlotRequest) -> Values:
    """Wrapped phase, with corrections taken out."""
    project = quantities.project
    reader = {"p": _patch_phasors, "wf": _filtered_phasors, "wa": _correction_phasors}.get(value_type.name, _phasors)
    phasors, columns = reader(value_type, quantities, request)
    if columns is None:
        columns = project.retained_ifgs() if value_type.name.startswith("w") else np.arange(phasors.shape[1])
    labels = "ifgs" if project.small_baselines else "images"
    return Values(phasors, columns, value_type.unit, referenced=False, labels=labels)


def _phasors(value_type: ValueType, quantities: Quantities, request: PlotRequest) -> tuple[NDArray[np.complex64], None]:
    project = quantities.project
    rc = project.ws.load_optional(project.file("rc"), ["ph_rc", "ph_reref"])
    n = project.ps["n_ifg"]
    phasors = _matrix(rc, "ph_rc", project, n) if rc else _matrix(project.load("ph"), "ph", project, n, n - 1)
    for letter in value_type.words:
        phasors = turn_back(phasors, quantities[letter])
    if request.ref_ifg > 0:
        column = _column(request.ref_ifg, phasors)
        reference = phasors if rc.get("ph_reref") is None else _matrix(rc, "ph_reref", project, n)
        phasors = phasors * reference[:, [column]].conj()
    if value_type.master_is_one:
        phasors = phasors.copy()
        phasors[:, project.master] = 1  # for small baselines, too, where this is just a number
    return phasors, None


def turn_back(phasors: NDArray[np.complex64], phase: NDArray[np.floating[Any]] | None) -> NDArray[np.complex64]:
    """Phasors times exp(-j·phase) in MATLAB's class: single if an operand is single. None turns nothing."""
    return phasors if phase is None else rotated(phasors, phase)


def _patch_phasors(
    value_type: ValueType, quantities: Quantities, request: PlotRequest
) -> tuple[NDArray[np.complex64], None]:
    """``ph_patch`` without amplitude, zero for the master."""
    project = quantities.project
    n = project.ps["n_ifg"]
    patch = unit_modulus(_matrix(project.load("pm"), "ph_patch", project, n, n - 1))
    if patch.shape[1] < project.ps["n_ifg"]:
        patch = insert_column(patch, project.master, 0)
    return _relative_to_own(patch, request), None


def _matrix(content: Variables, variable: str, project: Project, *columns: int) -> NDArray[np.complex64]:
    """A variable of all pixels with one of so many columns; WorkspaceError where it is empty or of another shape."""
    return matrix_of(content, variable, project.ps["n_ps"], "pixels", columns)


def _filtered_phasors(
    value_type: ValueType, quantities: Quantities, request: PlotRequest
) -> tuple[NDArray[np.complex64], NDArray[np.int64]]:
    """Filtered phase of the grid node of each pixel; NaN for interferograms that are not unwrapped."""
    project = quantities.project
    grid = project.ws.load("uw_grid", ["ph", "grid_ij", "nzix"])
    if np.ndim(grid["ph"]) != 2 or len(grid["ph"]) != np.count_nonzero(grid["nzix"]):
        raise WorkspaceError(f"{grid.source}: 'ph' does not fit the nodes of 'nzix': run step 6 again.")
    nodes = np.full(grid["nzix"].shape, -1)
    nodes.T[grid["nzix"].T != 0] = np.arange(len(grid["ph"]))
    of_pixel = nodes[grid["grid_ij"][:, 0], grid["grid_ij"][:, 1]]
    used = project.retained_ifgs()
    if not project.small_baselines:
        used = used[used != project.master]
    if len(of_pixel) != project.ps["n_ps"] or used.size != grid["ph"].shape[1]:
        raise WorkspaceError(
            f"{project.ws.path / 'uw_grid.mat'} was made from other pixels or interferograms: run step 6 again."
        )
    filtered = np.full((project.ps["n_ps"], project.ps["n_ifg"]), np.nan, np.complex64)
    filtered[:, used] = np.where(of_pixel[:, np.newaxis] < 0, np.nan, unit_modulus(grid["ph"])[of_pixel])
    return _relative_to_own(filtered, request), used


def _correction_phasors(
    value_type: ValueType, quantities: Quantities, request: PlotRequest
) -> tuple[NDArray[np.complex128], None]:
    """The tropospheric correction as it acts on phasors; a correction of zero leaves 1."""
    return phasor(-quantities["T"]), None


def _relative_to_own(phasors: NDArray[np.complex64], request: PlotRequest) -> NDArray[np.complex64]:
    if request.ref_ifg <= 0:
        return phasors
    return phasors * phasors[:, [_column(request.ref_ifg, phasors)]].conj()


def _column(number: int, phases: NDArray[np.complex64]) -> int:
    if number > phases.shape[1]:
        raise InputError(f"Interferogram {number} does not exist: there are {phases.shape[1]}.")
    return number - 1


# ---------------------------------------------------------------------- velocities


def _velocities(
    value_type: ValueType, project: Project, choice: Choice, request: PlotRequest, known: Mapping[str, np.ndarray]
) -> Values:
    """Slopes of phase over time, as displacement towards the satellite in mm/yr."""
    seen = observations(value_type, project, choice, request, known=known)
    if value_type.drops:
        slopes, fit = fit_without_each(seen.phase, seen.days, seen.covariance)
    else:
        fit = fit_lines(seen.phase, seen.days, seen.covariance)
        slopes = fit[1][:, np.newaxis]
    series = TimeSeries(project.displacement(seen.phase), seen.columns) if request.time_series else None
    velocity = -slopes * DAYS_PER_YEAR * project.millimetres
    labels = f"without {'ifgs' if value_type.pairs else 'images'}" if value_type.drops else ""
    shown = np.arange(velocity.shape[1])
    return Values(velocity, shown, value_type.unit, labels=labels, numbers=seen.columns, fit=fit, series=series)


def observations(
    value_type: ValueType,
    project: Project,
    choice: Choice,
    request: PlotRequest,
    find_reference: Callable[..., np.ndarray | None] = announced_reference_pixels,
    known: Mapping[str, np.ndarray] | None = None,
) -> Observations:
    """The phases that the line of a velocity is fitted to.

    Parameters
    ----------
    value_type : ValueType
        A velocity, or the phases of a series.
    project : Project
    choice : Choice
    request : PlotRequest
        ``ifg_list`` restricts the columns; ``time_series`` removes the master noise in any case.
    find_reference : callable
        ``announced_reference_pixels``, which says what it found, or ``reference_pixels``.
    known : dict of str to ndarray, optional
        Quantities that are not to be read (see :func:`inverted_corrections`).

    Returns
    -------
    Observations
    """
    quantities = Quantities(project, choice, value_type.pairs, known)
    phase = evaluate(value_type.words, quantities)
    if request.time_series and "-C?" not in value_type.words:
        phase = subtract(phase, quantities["C"])
    columns, days, covariance = _observations(value_type, project, request)
    phase = phase[:, columns]
    reference = find_reference(workdir=project.ws)
    if reference is not None:
        mean = means_of_pairs(phase, reference) if value_type.pairs else nanmean(phase[reference], axis=0)
        phase = phase - mean
    return Observations(phase, columns, days, covariance, reference)


def usual_observations(project: Project) -> Observations:
    """The series behind the velocity that is shown by default (:attr:`Project.usual_velocity`), as Observations."""
    value_type = ValueType.named(project.usual_velocity, project.small_baselines)
    return observations(value_type, project, Choice(), PlotRequest(), reference_pixels)


def velocity_of(seen: Observations, project: Project) -> NDArray[np.float64]:
    """Velocity from observations, as ``ps_plot`` shows it.

    Parameters
    ----------
    seen : Observations
    project : Project

    Returns
    -------
    ndarray of float64, shape (n_ps,)
        mm/yr, positive towards the satellite, relative to the reference pixels.
    """
    slope = fit_lines(seen.phase, seen.days, seen.covariance)[1]
    velocity = -slope[:, np.newaxis] * DAYS_PER_YEAR * project.millimetres
    return relative_to_pixels(velocity, seen.reference)[0][:, 0]


def los_velocity(workdir: Workspace | StrPath = "."):
    """The velocity that is shown by default: ``ps_plot v-d``, of small baselines ``ps_plot V-d``.

    Parameters
    ----------
    workdir : path-like or Workspace
        Project directory after step 7 (single master, or inverted small baselines).

    Returns
    -------
    ndarray of float64, shape (n_ps,)
        As :func:`velocity_of`.
    """
    project = Project.at(workdir)
    return velocity_of(usual_observations(project), project)


def velocity_deviation(
    seen: Observations, project: Project, n_boot: int = _N_BOOT, seed: int = 0
) -> NDArray[np.float32]:
    """Bootstrapped standard deviation of the velocity from observations, as ``ps_mean_v`` estimates it.

    Parameters
    ----------
    seen : Observations
    project : Project
    n_boot, seed : int
        As for :func:`stamps.products.velocity.bootstrap_std`.

    Returns
    -------
    ndarray of float32, shape (n_ps,)
        mm/yr; NaN where the covariance is singular and for a single pixel.
    """
    covariance = seen.known_covariance()
    if covariance is None:
        return np.full(len(seen.phase), np.nan, np.float32)
    std = bootstrap_std(seen.phase, seen.days / DAYS_PER_YEAR, covariance, int(n_boot), seed)
    return std * np.float32(project.millimetres)


def _observations(
    value_type: ValueType, project: Project, request: PlotRequest
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.floating[Any]]]:
    """0-based columns that a line is fitted to, their days, and their covariance."""
    ps = project.ps
    columns = project.retained_ifgs() if value_type.pairs else np.setdiff1d(project.series_columns(), [project.master])
    if request.ifg_list is not None:
        columns = np.intersect1d(columns, request.ifg_list - 1)
    least = 3 if value_type.drops else 2
    if columns.size < least:
        raise InputError(f"A velocity needs at least {least} interferograms, but {columns.size} are left of ifg_list.")
    days = np.diff(ps["ifgday"], axis=1)[:, 0] if value_type.pairs else ps["day"] - ps["master_day"]
    covariance = project.covariance(value_type.pairs)
    return columns, days[columns], None if covariance is None else covariance[np.ix_(columns, columns)]


_GROUPS = {"series": _unwrapped, "pairs": _unwrapped, "d": _look_angle, "hgt": _heights, "wrapped": _wrapped}
