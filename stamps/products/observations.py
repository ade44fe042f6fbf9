"""What a velocity is fitted to, the velocity, and its standard deviation.

Source: docs/method/products.md, sections 1 and 2.5.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import InputError
from stamps.insar.constants import DAYS_PER_YEAR
from stamps.matlab.statistics import nanmean
from stamps.products.arguments import PlotRequest
from stamps.products.quantities import Choice, Project, Quantities, evaluate, subtract
from stamps.products.reference_pixels import announced_reference_pixels, reference_pixels
from stamps.products.referencing import means_of_pairs, relative_to_pixels
from stamps.products.value_types import ValueType
from stamps.products.velocity import bootstrap_std, fit_lines

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps._typing import StrPath
    from stamps.workspace import Workspace


__all__ = [
    "N_BOOT",
    "Observations",
    "los_velocity",
    "observations",
    "observed_columns",
    "usual_observations",
    "velocity_deviation",
    "velocity_of",
]

#: Samples of a bootstrapped standard deviation unless others are asked for.
N_BOOT = 1500


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
        Quantities that are not to be read (see :func:`stamps.products.values.inverted_corrections`).

    Returns
    -------
    Observations
    """
    quantities = Quantities(project, choice, value_type.pairs, known)
    phase = evaluate(value_type.words, quantities)
    if request.time_series and "-C?" not in value_type.words:
        phase = subtract(phase, quantities["C"])
    columns, days, covariance = observed_columns(value_type, project, request)
    phase = phase[:, columns]
    reference = find_reference(workdir=project.ws)
    if reference is not None:
        mean = means_of_pairs(phase, reference) if value_type.pairs else nanmean(phase[reference], axis=0)
        phase = phase - mean
    return Observations(phase, columns, days, covariance, reference)


def usual_observations(
    project: Project, find_reference: Callable[..., np.ndarray | None] = reference_pixels
) -> Observations:
    """The series behind the velocity that is shown by default (:attr:`Project.usual_velocity`), as Observations."""
    value_type = ValueType.named(project.usual_velocity, project.small_baselines)
    return observations(value_type, project, Choice(), PlotRequest(), find_reference)


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


def los_velocity(workdir: Workspace | StrPath = ".") -> NDArray[np.float64]:
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
    seen: Observations, project: Project, n_boot: int = N_BOOT, seed: int = 0
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


def observed_columns(
    value_type: ValueType, project: Project, request: PlotRequest
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.floating[Any]] | None]:
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
