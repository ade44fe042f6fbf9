"""East and vertical motion of the ground from projects of two or more lines of sight.

Source: docs/method/decomposition.md.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.analysis.decomposition import East, Model
from stamps.analysis.decomposition import decompose as solve
from stamps.errors import InputError, ParameterError
from stamps.products.ground.common_time import Sampling, Series, common_span, series_of
from stamps.products.ground.egms_pair import CELL, EVERY, ORIGIN, pair_writers
from stamps.products.ground.joined import Joining, Joint, Reference, check_sides, join, reference_of
from stamps.products.ground.looks import Look, Wish, days_of, doubtful_headings, look_at, names_of, open_projects
from stamps.products.ground.motion import Motion
from stamps.products.ground.motion_files import check_names, writer_of
from stamps.products.ground.motion_metadata import about_constants, about_shifts, metadata_of
from stamps.products.ground.together import files_of, put_together
from stamps.products.reference_choice import date_of
from stamps.workspace import Workspace
from stamps.workspace.log import Log

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps._typing import StrPath

__all__ = ["decompose"]

_LARGEST = 100_000.0  # m, of a cell and of the distance of a pair


def decompose(
    *projects: StrPath,
    out: StrPath | Sequence[StrPath] | None = None,
    egms: StrPath | None = None,
    workdir: StrPath = ".",
    values: str | None = None,
    aps: int | str = 0,
    iono: int | str = 0,
    cell: float | None = None,
    min_points: int | None = None,
    nearest: bool = False,
    radius: float | None = None,
    align: bool = False,
    reference: Sequence[float] | None = None,
    reference_date: Any = None,
    north: float = 0.0,
    north_std: float = 0.0,
    constrain_north: bool = False,
    azimuth: float | None = None,
    frame: str = "",
    look_side: str | Sequence[str] = "right",
    series: bool = False,
    every: float | None = None,
    max_gap: float = 36.0,
    n_boot: int = 1500,
    seed: int = 0,
) -> Motion:
    """East and vertical motion from projects of different lines of sight.

    Velocities are fitted to each project over the time that all cover, joined in cells (or pairs of nearest pixels), and solved
    for east and up by weighted least squares with the standard deviations of the exports. Positive is east and up.

    Parameters
    ----------
    *projects : path-like
        Two or more projects after step 7, relative to ``workdir``: ascending and descending.
    out : path-like or sequence, optional
        Files to write: ``.csv``, ``.gpkg``, ``.geojson``, ``.nc``, or a picture (``.png``, ``.pdf``, ``.svg``).
    egms : path-like, optional
        Folder for the pair of files (U, E) of EGMS's level 3: cells of 100 m of EPSG:3035, every 6 days.
    workdir : path-like
        Where relative names are meant from.
    values, aps, iono
        As for :func:`stamps.export`.
    cell : float
        Side of a cell, metres (100).
    min_points : int
        Pixels of each project in a cell (1).
    nearest : bool
        Pairs of pixels that are each other's nearest, in place of cells.
    radius : float
        Largest distance of a pair, metres (50).
    align : bool
        Move the projects on the ground by the shifts that bring most pixels together: errors of the geocoding of opposite
        passes are opposite, too.
    reference : sequence of float, optional
        Longitude, latitude, radius in metres (or west, east, south, north) of the ground that all projects refer to: 10
        pixels of each at least. Without it east and up hold constants. Errors are then those relative to it.
    reference_date : str, int or date, optional
        Date of the series on which displacements are 0 (default: the first on which all projects are known).
    north, north_std : float
        Northward velocity that is known, with its standard deviation, mm/yr.
    constrain_north : bool
        Solve for the northward velocity, too, which is ``north`` give or take ``north_std``.
    azimuth : float, optional
        Degrees clockwise from north: the horizontal motion is along it.
    frame : str
        What ``north`` refers to, for the metadata.
    look_side : str or sequence of str
        ``'right'`` or ``'left'``, once or for each project.
    series : bool
        Displacements, too, on all dates of the common time.
    every : float, optional
        Days between dates of the series, instead of all dates.
    max_gap : float
        Days between two images across which nothing is interpolated.
    n_boot, seed : int
        Bootstrap samples of the standard deviations, start of the random numbers.

    Returns
    -------
    Motion
        Places, east, up, errors, conditions, series, metadata, warnings, files.

    Raises
    ------
    InputError
        A project that does not know its incidence or heading, no overlap in space or time, lines of sight from the same side,
        a library that is missing.
    ParameterError
        Options that do not go together, a reference with too few pixels.

    Examples
    --------
    >>> import stamps
    >>> motion = stamps.decompose("ascending", "descending", out="east_up.csv", cell=100)  # doctest: +SKIP
    >>> motion.east.mean(), motion.up.mean()  # doctest: +SKIP
    """
    if len(projects) < 2:
        raise ParameterError("East and up need two projects of different lines of sight.")
    places = files_of(out, workdir)
    check_names(places)
    how = replace(_joining(cell, min_points, nearest, radius, egms is not None), align=align)
    model = _model(north, north_std, constrain_north, azimuth)
    if egms is not None and azimuth is not None:
        raise ParameterError("EGMS's files hold east and up: leave the azimuth out, or the files.")
    sides = [look_side] if isinstance(look_side, str) else list(look_side)
    sampling = _sampling(series, every, max_gap, reference_date, egms is not None)
    wish = Wish(values, aps, iono, n_boot, seed)
    looks, area, told = _looks(projects, workdir, sides, wish, reference)
    motion = _solved(looks, told, how, model, sampling, area, frame)
    written = _write(motion, places, None if egms is None else Path(os.path.abspath(Path(workdir) / egms)))
    log = Log(Workspace(workdir), "DECOMPOSE")
    for text in (*motion.warnings, str(motion), *(f"written to {path}" for path in written)):
        log(text, level=2)
    return replace(motion, files=tuple(written))


def _joining(
    cell: float | None, min_points: int | None, nearest: bool, radius: float | None, european: bool
) -> Joining:
    if nearest and (cell is not None or min_points is not None):
        raise ParameterError(
            "Pixels are joined in cells (cell, min_points) or as nearest pairs (nearest): give one of them."
        )
    if radius is not None and not nearest:
        raise ParameterError("A radius is of nearest pairs: give nearest, too, or leave it out.")
    if european and (nearest or cell not in (None, CELL)):
        raise ParameterError("EGMS's files have cells of 100 m: leave cell and nearest out.")
    made = Joining(100.0 if cell is None else cell, 1 if min_points is None else min_points, nearest,
                   50.0 if radius is None else radius, european)  # fmt: skip
    if not 1 <= made.cell <= _LARGEST or made.min_points < 1:
        raise ParameterError(
            f"Cells of {made.cell:g} m with {made.min_points} pixels are not possible: give 1 to {_LARGEST:g} m, and 1 pixel or "
            "more."
        )
    if not 0 < made.radius <= _LARGEST:
        raise ParameterError(
            f"A radius of {made.radius:g} m is not possible: give more than 0, {_LARGEST:g} m at most."
        )
    return made


def _sampling(
    series: bool, every: float | None, max_gap: float, reference_date: Any, european: bool
) -> Sampling | None:
    """Dates of the series; None where none are asked for."""
    zero = None if reference_date is None else date_of(reference_date)
    if every is not None and not (np.isfinite(every) and every >= 1) or not (max_gap > 0):
        raise ParameterError("Days between dates (every) are 1 or more, a gap (max_gap) is positive.")
    if not (series or european or every is not None or zero is not None):
        return None
    return Sampling(every or (EVERY if european else None), max_gap, ORIGIN if european else None, zero)


def _model(north: float, north_std: float, constrain: bool, azimuth: float | None) -> Model:
    return Model(float(north), float(north_std), constrain, None if azimuth is None else float(azimuth))


def _looks(
    projects: Sequence[StrPath], workdir: StrPath, sides: Sequence[str], wish: Wish, place: Sequence[float] | None
) -> tuple[list[Look], Reference | None, list[str]]:
    """The projects over their common time and relative to the common area, and warnings."""
    opened = open_projects(projects, workdir, sides)
    each = [project for project, _ in opened]
    names = names_of(each)
    span, shorter = common_span(names, [days_of(project, wish) for project in each])
    area = reference_of(each, names, place)
    if area is not None:
        wish = replace(wish, area=area.place)
    looks = [look_at(project, side, wish, span) for project, side in opened]
    return (
        [replace(look, name=name) for look, name in zip(looks, names, strict=True)],
        area,
        [*doubtful_headings(each), *shorter],
    )


def _solved(
    looks: Sequence[Look],
    told: Sequence[str],
    how: Joining,
    model: Model,
    sampling: Sampling | None,
    reference: Reference | None,
    frame: str,
) -> Motion:
    """Everything that is computed."""
    warnings = [*told, *check_sides(looks, model)]
    joint, unmoved = join(looks, how)
    warnings += unmoved
    if reference is None:
        warnings.append(about_constants(joint, model))
    known = bool(np.isfinite(joint.sigma).any(axis=0).all())
    if not known:
        warnings.append("A project has no standard deviations: errors are dilutions of precision, of noise of 1 mm/yr.")
    found = solve(joint.vectors, joint.values, joint.sigma if known else None, model)
    keep = np.flatnonzero(np.isfinite(found.east) & np.isfinite(found.up))
    if keep.size == 0:
        raise InputError("No cell has a solution: its lines of sight do not tell horizontal and vertical motion apart.")
    series = None
    if sampling is not None:
        series = series_of(looks, joint, model, sampling, reference)
        if not np.isfinite(series.east[keep]).any():
            raise InputError(
                f"No date of the series is known: gaps between images are longer than {sampling.max_gap:g} days."
            )
    metadata = {**metadata_of(looks, how, model, reference, frame, known, series), **about_shifts(looks, joint, how)}
    return _motion(looks, joint, found, keep, series, {**metadata, "warnings": warnings})


def _motion(
    looks: Sequence[Look],
    joint: Joint,
    found: East,
    keep: NDArray[np.int64],
    series: Series | None,
    metadata: dict[str, Any],
) -> Motion:
    up = np.array([look.ascending for look in looks])
    counts, heights = joint.cells.counts, joint.heights
    if up.any() and not up.all():
        difference = heights[:, up].mean(axis=1) - heights[:, ~up].mean(axis=1)
    else:
        difference = heights.max(axis=1) - heights.min(axis=1)
    if series is not None:
        series = replace(
            series,
            east=series.east[keep],
            up=series.up[keep],
            east_std=series.east_std[keep],
            up_std=series.up_std[keep],
        )
    return Motion(
        joint.lonlat[keep], joint.cells.centres[keep], found.east[keep], found.up[keep], found.east_std[keep],
        found.up_std[keep], found.covariance[keep], found.residual[keep], found.condition[keep],
        heights.mean(axis=1)[keep], difference[keep], counts[:, up].sum(axis=1)[keep], counts[:, ~up].sum(axis=1)[keep],
        series, {**metadata, "cells": int(keep.size), "cells_without_solution": int(len(joint.lonlat) - keep.size)},
        "along" if metadata["azimuth_deg"] is not None else "east", tuple(metadata["warnings"]),
    )  # fmt: skip


def _write(motion: Motion, places: Sequence[Path], egms: Path | None) -> list[Path]:
    writers: dict[Path, Callable[[Path], object]] = {path: writer_of(path, motion) for path in places}
    if egms is None:
        return put_together(writers)
    there = egms.is_dir()
    if not there and (os.path.lexists(egms) or not egms.parent.is_dir()):
        raise InputError(f"{egms} cannot be made: it is a file, or its folder is missing.")
    writers.update(pair_writers(motion, egms))
    egms.mkdir(exist_ok=True)
    try:
        return put_together(writers)
    except BaseException:
        if not there:
            egms.rmdir()
        raise
