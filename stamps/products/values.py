"""The numbers of a plot: phases, velocities, heights of a project, before any of them is drawn.

Source: docs/method/products.md, sections 2.2 to 2.5.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import InputError, WorkspaceError
from stamps.insar.constants import DAYS_PER_YEAR
from stamps.products.estimates import Estimates
from stamps.products.observations import N_BOOT, observations
from stamps.products.phasors import wrapped_phasors
from stamps.products.quantities import Choice, Project, Quantities, chosen_iono, chosen_tropo, evaluate
from stamps.products.reference_choice import OWN, ReferenceChoice
from stamps.products.value_types import ValueType
from stamps.products.velocity import fit_lines, fit_without_each

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps.products.arguments import PlotRequest


__all__ = ["Shown", "TimeSeries", "Values", "inverted_corrections", "values_of"]


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


@dataclass(frozen=True)
class Shown:
    """What a plot shows of the values of a project.

    Attributes
    ----------
    project : Project
    value_type : ValueType or None
        None for values of the caller.
    values : Values
    phases : ndarray, shape (n_ps, k)
        Referenced values of the chosen columns, or phasors.
    columns : ndarray of int, shape (k,)
        Their 0-based numbers.
    reference : ndarray of int or None
        0-based reference pixels.
    request : PlotRequest
    choice : ReferenceChoice
        Another reference than that of the parameters.
    """

    project: Project
    value_type: ValueType | None
    values: Values
    phases: NDArray[Any]
    columns: NDArray[np.int64]
    reference: NDArray[np.int64] | None
    request: PlotRequest
    choice: ReferenceChoice = OWN

    @property
    def name(self) -> str:
        """The value type in file names; ``data`` for values of the caller."""
        return "data" if self.value_type is None else self.value_type.file_name

    @property
    def unit(self) -> str:
        """As asked for, else that of the values."""
        return self.request.units or self.values.unit


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
        std = estimates.deviation(quantities, value_type.switches, request.ifg_list, N_BOOT, seed)
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
) -> dict[str, NDArray[Any]]:
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
    estimates = estimates or Estimates()
    series: dict[str, NDArray[Any] | None] = {}
    if not project.small_baselines or value_type.pairs or value_type.group in ("wrapped", "hgt"):
        return {}
    if "a" in value_type.file_name:
        series["T"] = estimates.troposphere(project, chosen_tropo(choice.aps).number)
    if "i" in value_type.file_name:
        series["I"] = estimates.ionosphere(project, chosen_iono(choice.iono))
    return {letter: values for letter, values in series.items() if values is not None}


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
    return Values(quantities.present("K"), np.arange(1), value_type.unit)


def _heights(value_type: ValueType, quantities: Quantities, request: PlotRequest) -> Values:
    project = quantities.project
    height = project.load("hgt")["hgt"]
    if height is None or len(height) != project.ps["n_ps"]:
        raise WorkspaceError(f"{project.ws.path} has no heights: its preparation had no DEM.")
    return Values(height[:, np.newaxis], np.arange(1), value_type.unit, referenced=False)


def _wrapped(value_type: ValueType, quantities: Quantities, request: PlotRequest) -> Values:
    """Wrapped phase, with corrections taken out."""
    phasors, columns = wrapped_phasors(value_type, quantities, request)
    labels = "ifgs" if quantities.project.small_baselines else "images"
    return Values(phasors, columns, value_type.unit, referenced=False, labels=labels)


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


_GROUPS = {"series": _unwrapped, "pairs": _unwrapped, "d": _look_angle, "hgt": _heights, "wrapped": _wrapped}
