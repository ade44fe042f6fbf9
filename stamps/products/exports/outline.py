"""What an export will hold, known before anything is computed: what is corrected, which images, which dates.

Source: docs/method/products.md, sections 1, 2 and 5.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from stamps.errors import InputError
from stamps.insar.constants import DAYS_PER_YEAR
from stamps.products.arguments import parse_arguments
from stamps.products.observations import observed_columns
from stamps.products.reference_choice import OWN, ReferenceChoice
from stamps.products.series import dates_of
from stamps.products.value_types import ValueType

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps.products.arguments import PlotRequest
    from stamps.products.quantities import Project

__all__ = ["MASTER", "Outline", "outline", "ref_velocity"]

#: Column of the date to which displacements refer.
MASTER = -1


@dataclass(frozen=True)
class Outline:
    """What a table will hold, known before anything is computed.

    Attributes
    ----------
    value_type : ValueType
        What the velocity is of.
    inverted : ValueType
        What the series is of: for small baselines the inverted one with the same corrections.
    request : PlotRequest
        Of the velocity.
    of_series : PlotRequest
        Of the series.
    dates : list of datetime.date, length k
        Ascending, the master's included.
    images, columns : ndarray of int, shape (k,)
        0-based images of the dates, and their columns in the series.
    drift : ndarray, shape (k,)
        Displacement of the reference, mm.
    choice : ReferenceChoice
        What everything is relative to, where another reference is asked for.
    zero : int or None
        0-based date of which displacements are 0; None: the master's.
    """

    value_type: ValueType
    inverted: ValueType
    request: PlotRequest
    of_series: PlotRequest
    dates: list[datetime.date]
    images: NDArray[np.int64]
    columns: NDArray[np.int64]
    drift: NDArray[np.float64]
    choice: ReferenceChoice = OWN
    zero: int | None = None


def outline(
    project: Project,
    values: str | None = None,
    *,
    aps: int | str = 0,
    iono: int | str = 0,
    ifg_list: Sequence[int] | None = None,
    choice: ReferenceChoice = OWN,
) -> Outline:
    """What :func:`stamps.products.exports.table.point_table` will hold; the arguments are its.

    Raises
    ------
    InputError
        The value type has no time series or does not exist, too few images are left, or the chosen reference date is none
        of the series.
    """
    value_type = _with_series(values or project.usual_velocity, project)
    request = _request(aps, iono, ifg_list)
    inverted = _series_type(value_type, project)
    request.time_series = _removes_master_noise(inverted, project)
    of_series = replace(request, ifg_list=None) if value_type.pairs else request
    found, days, _ = observed_columns(inverted, project, of_series)
    images, columns, drift = _in_time(project, found, days, ref_velocity(project, choice))
    dates = dates_of(project.ps["day"][images])
    zero = choice.position(dates)
    return Outline(value_type, inverted, request, of_series, dates, images, columns, drift, choice, zero)


def ref_velocity(project: Project, choice: ReferenceChoice = OWN) -> float:
    """Velocity of the reference, mm/yr; that of the parameters says nothing of another area."""
    if choice.area is not None:
        return 0.0
    return float(project.parameters.get("ref_velocity") or 0) * 1000


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


def _in_time(
    project: Project, image_columns: NDArray[np.int64], days: NDArray[np.float64], mm_per_year: float
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Images in the order of their dates with the master, column of each in the series, and reference motion (mm)."""
    images = np.append(image_columns, project.master)
    columns = np.append(np.arange(image_columns.size), MASTER)
    years = np.append(days, 0.0) / DAYS_PER_YEAR
    order = np.argsort(project.ps["day"][images], kind="stable")
    return images[order], columns[order], mm_per_year * years[order]
