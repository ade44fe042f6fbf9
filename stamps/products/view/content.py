"""What the page shows: layers of values, the time series, how lines are fitted to them, reference, facts about the data.

All values come from the functions behind ``ps_plot`` and ``ps_mean_v``.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import InputError
from stamps.insar.constants import DAYS_PER_YEAR
from stamps.linking.kinds import kinds_of
from stamps.matlab import literals
from stamps.products.arguments import WHITE, PlotRequest
from stamps.products.columns import pixel_coherence
from stamps.products.observations import Observations
from stamps.products.quantity_styles import STYLES, limits_of
from stamps.products.reference_choice import OWN, ReferenceChoice
from stamps.products.reference_pixels import announced_reference_pixels
from stamps.products.referencing import relative_to_pixels
from stamps.products.series import dates_of
from stamps.products.titles import ReferenceArea, describe
from stamps.products.values import values_of
from stamps.products.velocity import bootstrap_spread, bootstrap_std, fit_lines
from stamps.products.view.events import events_of
from stamps.products.viewpoint import view_of
from stamps.workspace import freshness
from stamps.workspace.log import Log
from stamps.workspace.parameters import table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from stamps.products.quantities import Project
    from stamps.products.quantity_styles import Style
    from stamps.products.value_types import ValueType
    from stamps.products.view.events import Event


__all__ = ["N_BOOT", "Content", "Layer", "Lines", "content_of"]

N_BOOT = 1500  # as ps_plot('vs')


@dataclass(frozen=True)
class Layer:
    """Values of all pixels.

    Attributes
    ----------
    style : Style
        ``velocity``, ``std``, ``coherence``, ``height``, ``kind``, ``n_shp``, ``tcoh``, ``dem_error``, ``displacement`` or
        ``scn``.
    values : ndarray, shape (n_ps,) or (n_ps, k)
        Of each date in the second case.
    referenced : bool
        Whether the values are relative to the reference pixels.
    categories : tuple of str
        What the values 0, 1, … mean, where they are no numbers.
    """

    style: Style
    values: np.ndarray
    referenced: bool = False
    categories: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """That of the quantity."""
        return self.style.name

    @property
    def limits(self) -> tuple[float, float]:
        """Range of colours that every picture of these values has."""
        return limits_of(self.style, self.values)


@dataclass(frozen=True)
class Lines:
    """How a line is fitted to any series of displacements.

    Attributes
    ----------
    weights : ndarray of float64, shape (2, k)
        Times the series: displacement on the master's day, and velocity per year.
    spread : ndarray of float64, shape (k, k), or None
        The variance of the velocity is the quadratic form of the series with it; None where the interferograms' noise
        does not allow an estimate.
    """

    weights: np.ndarray
    spread: np.ndarray | None


@dataclass(frozen=True)
class Content:
    """Everything that the page shows.

    Attributes
    ----------
    lonlat : ndarray of float64, shape (n_ps, 2)
        Degrees.
    metres : tuple of float
        Metres of one degree of longitude and latitude.
    layers : list of Layer
    lines : Lines
    dates : list of datetime.date
        Of the columns of the series.
    days : ndarray of float64, shape (k,)
        Since the master.
    master : datetime.date
    reference : ndarray of int or None
        0-based reference pixels; None: nothing is referenced.
    area : ReferenceArea
    facts : dict
        Words about the project: ``value``, ``description``, ``processing``, ``images``, ``wavelength``, ``n_boot``.
    images : list of tuple
        Date, and perpendicular baseline (m) and noise (degrees) or None, of every image.
    parameters : list of tuple of str
        Name, value and meaning.
    scheme : str
        Parameter ``plot_color_scheme``.
    folder : Path
        The project, in which a palette is looked for.
    events : list of Event
        What is marked in the series.
    """

    lonlat: np.ndarray
    metres: tuple
    layers: list
    lines: Lines
    dates: list
    days: np.ndarray
    master: dt.date
    reference: np.ndarray | None
    area: ReferenceArea
    facts: dict
    images: list
    parameters: list
    scheme: str
    folder: Path
    events: list[Event] = field(default_factory=list)


def content_of(
    project: Project,
    value: str | None = None,
    n_boot: int = N_BOOT,
    seed: int = 0,
    choice: ReferenceChoice = OWN,
    events: Iterable[Any] = (),
) -> Content:
    """Gather what is to be shown.

    Parameters
    ----------
    project : Project
    value : str, optional
        Value type of a velocity that has time series; default ``'v-d'`` or ``'V-d'``.
    n_boot : int
    seed : int
    choice : ReferenceChoice
        Another reference area than that of the parameters; the date is named in the facts.
    events : iterable
        As for :func:`stamps.products.view.events.events_of`.

    Returns
    -------
    Content
    """
    ps = project.ps
    value = value or project.usual_velocity
    value_type, velocity = values_of(value, project, PlotRequest(time_series=True), seed)
    if value_type is None or velocity.series is None:
        raise InputError(f"{value} has no time series to show: give the value type of a velocity, as v-d.")
    series, columns = velocity.series.displacement, velocity.series.columns
    days = ps["day"][columns] - ps["master_day"]
    choice.position([*dates_of(ps["day"][columns]), *dates_of(ps["master_day"])])
    reference = _reference(project, choice) if velocity.referenced else None
    if choice.area is not None:
        series = _referenced(series, reference)
    covariance = _covariance(project, value_type.pairs, columns)
    lines, std = _lines(Observations(series, columns, days, covariance, None), n_boot, seed)
    layers = [
        *_velocity(_referenced(velocity.phases[:, :1], reference)[:, 0], std),
        *_quality(project),
        *_scatterers(project),
        *_look_angle_error(project, reference),
        _layer("displacement", series, True),
        *_correlated_noise(project, columns, reference),
    ]
    view = view_of(project, WHITE)
    return Content(
        lonlat=np.column_stack([view.x, view.y]).astype(np.float64),
        metres=view.metres,
        layers=layers,
        lines=lines,
        dates=dates_of(ps["day"][columns]),
        days=days,
        master=dates_of(ps["master_day"])[0],
        reference=reference,
        area=choice.described(project, reference),
        facts=_facts(project, value, value_type, n_boot, choice),
        images=_images(project),
        parameters=_parameters(project),
        scheme=str(project.parameters.get("plot_color_scheme")),
        folder=project.ws.path,
        events=events_of(events, dates_of(ps["day"])),
    )


def _reference(project: Project, choice: ReferenceChoice) -> NDArray[np.int64] | None:
    return announced_reference_pixels(workdir=project.ws) if choice.area is None else choice.pixels(project)


def _layer(name: str, values: NDArray[Any], referenced: bool = False) -> Layer:
    return Layer(STYLES[name], values, referenced)


def _velocity(velocity: NDArray[np.float64], std: NDArray[np.float32] | None) -> list[Layer]:
    layers = [_layer("velocity", velocity, True)]
    if std is not None:
        layers.append(_layer("std", std))
    return layers


def _referenced(values: NDArray[np.float64], reference: NDArray[np.int64] | None) -> NDArray[np.float64]:
    return relative_to_pixels(values, reference)[0]


def _covariance(project: Project, pairs: bool, columns: NDArray[np.int64]) -> NDArray[np.floating[Any]] | None:
    """Covariance of the columns of a series; None where nothing is known."""
    covariance = project.covariance(pairs)
    return None if covariance is None else covariance[np.ix_(columns, columns)]


def _lines(seen: Observations, n_boot: int, seed: int) -> tuple[Lines, NDArray[np.float32] | None]:
    """The fit that ``ps_plot`` uses as weights, and the bootstrap of ``ps_mean_v``; ``seen.phase`` is in millimetres."""
    weights = fit_lines(np.eye(seen.days.size), seen.days, seen.covariance) * np.array([[1], [DAYS_PER_YEAR]])
    known = seen.known_covariance()
    if known is None or len(seen.phase) < 2:
        return Lines(weights, None), None
    years = seen.days / DAYS_PER_YEAR
    std = bootstrap_std(seen.phase, years, known, n_boot, seed)
    return Lines(weights, bootstrap_spread(years, known, n_boot, seed)), std


def _quality(project: Project) -> list[Layer]:
    """Coherence and height, where they are stored."""
    n_ps, layers = project.ps["n_ps"], []
    if project.ws.exists(project.file("pm")):
        coherence = pixel_coherence(project.load("pm")["coh_ps"], n_ps)
        if coherence is not None:
            layers.append(_layer("coherence", np.ravel(coherence)))
    if project.ws.exists(project.file("hgt")) and np.size(project.load("hgt")["hgt"]) == n_ps:
        value_type, height = values_of("hgt", project, PlotRequest())
        layers.append(_layer("height", height.phases[:, 0]))
    return layers


def _scatterers(project: Project) -> list[Layer]:
    """Kind, alike pixels and temporal coherence, where distributed scatterers were added."""
    kinds = kinds_of(project.ws, project.ps["ij"])
    if kinds is None:
        return []
    return [
        Layer(STYLES["kind"], kinds.is_ds.astype(np.float32), categories=("persistent", "distributed")),
        _layer("n_shp", kinds.n_shp.astype(np.float32)),
        _layer("tcoh", kinds.tcoh),
    ]


def _look_angle_error(project: Project, reference: NDArray[np.int64] | None) -> list[Layer]:
    _, error = values_of("D" if project.small_baselines else "d", project, PlotRequest())
    return [_layer("dem_error", _referenced(error.phases, reference)[:, 0], True)]


def _correlated_noise(project: Project, columns: NDArray[np.int64], reference: NDArray[np.int64] | None) -> list[Layer]:
    """Atmosphere and orbit errors of each date, after step 8."""
    if not project.ws.exists(project.file("scn")):
        return []
    stale = freshness.Judge(project.ws).verdict(f"{project.file('scn')}.mat")
    if stale is not None:
        Log(project.ws, "VIEW")(f"Warning: {stale} The layer of correlated noise is left out.", level=2)
        return []
    noise = values_of("s", project, PlotRequest())[1].phases[:, columns]
    values = project.displacement(_referenced(noise, reference))
    return [_layer("scn", values, True)]


def _facts(project: Project, value: str, value_type: ValueType, n_boot: int, choice: ReferenceChoice) -> dict[str, Any]:
    ps = project.ps
    processing = "small baselines, inverted series" if project.small_baselines else "single master"
    return {
        "value": value,
        "description": describe(value_type),
        "processing": processing,
        "interferograms": int(len(project.retained_ifgs()) - (not project.small_baselines)),
        "wavelength": float(project.wavelength),
        "heading": _number(project.parameters.get("heading")),
        "n_boot": n_boot,
        "n_images": int(np.size(ps["day"])),
        "reference_date": (choice.date or dates_of(ps["master_day"])[0]).isoformat(),
    }


def _number(value: Any) -> float | None:
    return float(value) if np.size(value) == 1 and not isinstance(value, str) and value is not None else None


def _images(project: Project) -> list[Any]:
    """Dates; baselines and noise belong to images in single-master projects only."""
    ps = project.ps
    dates = dates_of(ps["day"])
    nothing = [None] * len(dates)
    if project.small_baselines:
        return list(zip(dates, nothing, nothing, strict=True))
    noise = project.ws.load_optional(project.file("ifgstd")).get("ifg_std")
    noise = nothing if noise is None else np.ravel(noise).tolist()
    return list(zip(dates, np.ravel(ps["bperp"]).tolist(), noise, strict=True))


def _parameters(project: Project) -> list[tuple[str, str, str]]:
    rows = []
    for parameter in table():
        value = project.parameters.get(parameter.name)
        shown = "" if value is None else literals.format_literal(value)
        rows.append(
            (parameter.name, shown, f"{parameter.meaning} ({parameter.unit})" if parameter.unit else parameter.meaning)
        )
    return rows
