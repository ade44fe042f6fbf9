"""``stamps.model``: what the series of a project are made of, and which kind of motion they show.

Source: docs/method/series.md, section 4.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from stamps.errors import InputError
from stamps.products.exports import Target, require_room
from stamps.products.exports.subset import Subset
from stamps.products.exports.table import PointTable, point_table
from stamps.products.quantities import Project
from stamps.products.series_models.choice import ModelChoice
from stamps.products.series_models.fitted import SeriesModel, fitted
from stamps.workspace.log import Log

if TYPE_CHECKING:
    from stamps._typing import StrPath
    from stamps.workspace import Workspace

__all__ = ["model", "table_of", "taken"]

_WITH_SERIES = ("netcdf", "zarr")
_OF_TABLE = ("values", "aps", "iono", "ifg_list", "n_boot", "seed", "reference_date", "reference_area")
_SUBSET = ("lon_rg", "lat_rg", "min_coherence", "std_cutoff", "step", "min_inversion_coherence")


def table_of(project: Project, options: dict[str, Any]) -> PointTable:
    """The table of the exports from the options of :func:`stamps.export`, those of the part of the scene included."""
    part = {name: options[name] for name in _SUBSET if options.get(name) is not None}
    rest = {name: value for name, value in options.items() if name not in _SUBSET}
    if unknown := [name for name in rest if name not in _OF_TABLE]:
        raise InputError(f"There is no option '{unknown[0]}': there are {', '.join([*_OF_TABLE, *_SUBSET])}.")
    return point_table(project, subset=Subset(**part), **rest)


def taken(options: dict[str, Any], *names: str) -> dict[str, Any]:
    """Some of the options, which are no longer among the others."""
    return {name: options.pop(name) for name in names if name in options}


def model(
    file_format: str | None = None,
    out: StrPath | None = None,
    workdir: Workspace | StrPath = ".",
    *,
    degree: int = 1,
    annual: bool = False,
    periods: Sequence[float] = (),
    steps: Sequence[Any] = (),
    slopes: Sequence[Any] = (),
    exponentials: Sequence[Any] = (),
    logarithms: Sequence[Any] = (),
    correlated: bool = False,
    classify: bool = False,
    weights: str = "auto",
    alpha: float = 0.01,
    least_weight: float = 0.75,
    segment: int = 0,
    series: bool = False,
    **options: Any,
) -> SeriesModel:
    """Fit a model to the series of all pixels, and tell which kind of motion they show.

    Parameters
    ----------
    file_format : str, optional
        Kind of the table that is written, as for :func:`stamps.export` (not those of fixed columns:
        ``visualizer``, ``egms``, ``mintpy``); None: nothing is.
    out : path-like, optional
        The file, relative to ``workdir``; default: ``model`` with the suffix of the format.
    workdir : path-like or Workspace
        Project after step 7.
    degree : int
        Of the polynomial: 0 a constant, 1 a velocity, 2 an acceleration, 3 its change.
    annual : bool
        A motion of one year, also in the models of the kinds of motion.
    periods : sequence of float
        Further periods, years.
    steps, slopes : sequence of dates
        After which the displacement, the velocity is another one (20190101, 2019-01-01, date).
    exponentials, logarithms : sequence of (date, float) or str
        Events and their characteristic times in days: ``'20190101:30'``.
    correlated : bool
        Let noise be correlated in time, which makes errors of trends larger.
    classify : bool
        Tell the kind of motion: 0 none, 1 steady, 2 accelerating, 3 two velocities, 4 a jump, 5 both.
    weights : str
        Of the dates: ``'auto'`` (by their noise where it is known), ``'noise'`` (by it, or an error), ``'equal'``.
    alpha, least_weight, segment
        Rules of the kinds: level of significance, weight from which on the best is taken, dates on each side of a change.
    series : bool
        Whether the displacements of all dates stand in the file, too (in ``netcdf`` and ``zarr`` they always do).
    **options
        What :func:`stamps.export` takes to choose values, pixels, reference and the form of the file.

    Returns
    -------
    SeriesModel
        ``table``, ``fit``, ``classes``, ``summary()``, ``column(name)``; its pictures are made by
        :func:`stamps.products.series_models.pictures.draw_map` and ``draw_series``.

    Raises
    ------
    InputError
        An option is unknown or cannot be.
    ParameterError
        The dates are too few for the model, or cannot tell its terms apart.
    WorkspaceError
        A file of the project is missing, or the table cannot be written.

    Examples
    --------
    >>> import stamps
    >>> found = stamps.model("csv", "model.csv", n_boot=20)
    >>> found.column("velocity").shape == found.column("VEL").shape
    True
    """
    choice = ModelChoice.of(
        degree=degree,
        annual=annual,
        periods=periods,
        steps=steps,
        slopes=slopes,
        exponentials=exponentials,
        logarithms=logarithms,
        correlated=correlated,
        classify=classify,
        weights=weights,
        alpha=alpha,
        least_weight=least_weight,
        segment=segment,
    )
    project = Project.at(workdir)
    target = _target(project, file_format, out, options)
    found = fitted(table_of(project, options), choice)
    log = Log(project.ws, "MODEL")
    for text in found.warnings:
        log(f"Warning: {text}", level=2)
    if target is None:
        return found
    keep = series or file_format in _WITH_SERIES
    return replace(found, path=target.write(found.table if keep else found.table.without_series()))


def _target(project: Project, file_format: str | None, out: StrPath | None, options: dict[str, Any]) -> Target | None:
    """Where the table goes; the options of the format leave the others."""
    of_format = taken(options, "resolution", "clims", "opacity")
    if file_format is None:
        if out is not None:
            raise InputError(f"{out} is given, but no kind of file: csv, gpkg, geojson …")
        return None
    require_room(file_format, "a model")
    return Target.of(project, file_format, out, None, of_format, stem="model")
