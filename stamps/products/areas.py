"""``stamps.areas``: where a project moves, as polygons.

Source: docs/method/areas.md, section 4.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from stamps.analysis.areas import AreaRules
from stamps.errors import InputError
from stamps.products.exports import Target
from stamps.products.model import table_of
from stamps.products.moving_areas.files import writer_of
from stamps.products.moving_areas.found import FoundAreas, found_areas
from stamps.products.moving_areas.hulls import HULLS, shapely
from stamps.products.quantities import Project

if TYPE_CHECKING:
    from stamps._typing import StrPath
    from stamps.workspace import Workspace

__all__ = ["areas"]


def areas(
    file_format: str | None = None,
    out: StrPath | None = None,
    workdir: Workspace | StrPath = ".",
    *,
    threshold: float | None = None,
    sigmas: float = 2.0,
    spread: str = "robust",
    radius: float | None = None,
    min_neighbours: int = 1,
    active_part: float = 0.3,
    min_points: int = 5,
    method: str = "dbscan",
    hull: str = "buffer",
    to_median: bool = False,
    kinds: bool = True,
    **options: Any,
) -> FoundAreas:
    """Find the areas that move.

    Parameters
    ----------
    file_format : str, optional
        ``gpkg``, ``geojson``, ``shp``, ``kml`` or ``csv``; None: nothing is written.
    out : path-like, optional
        The file, relative to ``workdir``; default: ``areas`` with the suffix of the format. Beside it comes ``…-series.csv``,
        the mean displacement of each area on each date.
    workdir : path-like or Workspace
        Project after step 7.
    threshold : float, optional
        Velocity from which on a point moves, mm/yr (default: ``sigmas`` times the spread of the map).
    sigmas : float
        Number of standard deviations.
    spread : str
        ``'robust'``, ``'std'``, or ``'point'``: the standard deviation of each velocity.
    radius : float, optional
        Metres within which a moving point needs others (default: twice the median distance of a
        point to its fifth nearest neighbour).
    min_neighbours : int
        Moving points within the radius.
    active_part : float
        Part of all points within the radius that must move.
    min_points : int
        Of an area.
    method : str
        ``'dbscan'`` or ``'hdbscan'``.
    hull : str
        ``'buffer'`` (discs around the points), ``'concave'`` or ``'convex'``.
    to_median : bool
        Whether velocities are taken relative to their median first.
    kinds : bool
        Whether the kind of motion that most points of an area show is told.
    **options
        What :func:`stamps.export` takes to choose values, pixels and reference.

    Returns
    -------
    FoundAreas
        ``rows``, ``outlines``, ``series``, ``areas``, ``summary()``.

    Raises
    ------
    InputError
        An option cannot be, or a library is not installed.
    ParameterError
        A rule cannot be, or there are too few points.
    WorkspaceError
        A file of the project is missing, or the areas cannot be written.

    Examples
    --------
    >>> import stamps
    >>> found = stamps.areas(threshold=4.0, n_boot=20)
    >>> len(found) == len(found.outlines)
    True
    """
    if hull not in HULLS:
        raise InputError(f"The hull '{hull}' is unknown: {', '.join(HULLS)}.")
    if file_format is None and out is not None:
        raise InputError(f"{out} is given, but no kind of file: gpkg, geojson, shp, kml or csv.")
    rules = AreaRules(threshold, sigmas, spread, radius, min_neighbours, active_part, min_points, method)
    shapely()
    project = Project.at(workdir)
    write = None if file_format is None else writer_of(file_format)
    target = None if file_format is None else Target.of(project, file_format, out, stem="areas")
    found = found_areas(table_of(project, options), rules, hull, to_median, kinds)
    if target is None or write is None:
        return found
    return replace(found, path=target.write(found, write))
