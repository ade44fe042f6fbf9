"""``stamps.components``: the series of a project as maps times courses.

Source: docs/method/components.md, section 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from stamps.analysis.components import check_method
from stamps.errors import InputError
from stamps.products.exports import Target, require_room
from stamps.products.model import table_of, taken
from stamps.products.quantities import Project
from stamps.products.series_components.files import writer_of
from stamps.products.series_components.found import SeriesComponents, decomposed

if TYPE_CHECKING:
    from stamps._typing import StrPath
    from stamps.workspace import Workspace

__all__ = ["components"]

_OF_SERIES = ("netcdf", "zarr")


def components(
    file_format: str | None = None,
    out: StrPath | None = None,
    workdir: Workspace | StrPath = ".",
    *,
    method: str = "sica",
    number: int | None = None,
    increments: bool = False,
    runs: int = 20,
    keep: Sequence[int] | None = None,
    subtract: Sequence[int] | None = None,
    seed: int = 0,
    **options: Any,
) -> SeriesComponents:
    """Decompose the series of all pixels into maps times courses.

    Parameters
    ----------
    file_format : str, optional
        Kind of the table that is written, as for :func:`stamps.export`: its columns are the maps, and ``…-courses.csv`` comes
        beside it. With ``keep`` or ``subtract`` any kind: the table of the exports whose series and velocities are those of
        these components, or without them. None: nothing is written.
    out : path-like, optional
        The file, relative to ``workdir``; default: ``components`` with the suffix of the format.
    workdir : path-like or Workspace
        Project after step 7.
    method : str
        ``'pca'`` (principal components), ``'sica'`` (independent maps), ``'tica'`` (independent courses).
    number : int, optional
        Of components (default: as many as explain more than chance).
    increments : bool
        Decompose what happens between dates.
    runs : int
        With other starts, for the stability.
    keep, subtract : sequence of int, optional
        Components, from 1, whose series are written, or left out.
    seed : int
        Start of the random numbers.
    **options
        What :func:`stamps.export` takes to choose values, pixels, reference and the form of the file.

    Returns
    -------
    SeriesComponents
        ``components``, ``hints``, ``summary()``, ``part(keep=…)``.

    Raises
    ------
    InputError
        An option cannot be, or a library is not installed.
    ParameterError
        There are too few dates or pixels, or more components than dates are asked for.
    WorkspaceError
        A file of the project is missing, or the table cannot be written.

    Examples
    --------
    >>> import stamps
    >>> found = stamps.components(method="pca", number=2, n_boot=20)
    >>> found.components.courses.shape[1]
    2
    """
    chosen = keep is not None or subtract is not None
    if keep is not None and subtract is not None:
        raise InputError("Give the components to keep, or those to subtract, not both.")
    if chosen and file_format is None:
        raise InputError("keep and subtract say what is written: give a kind of file, csv, gpkg, geotiff …")
    if file_format is None and out is not None:
        raise InputError(f"{out} is given, but no kind of file: csv, gpkg, geojson …")
    if file_format is not None and not chosen:
        require_room(file_format, "maps")
        if file_format in _OF_SERIES:
            raise InputError(
                f"Files of kind {file_format} have no room for maps: take csv, gpkg, geotiff, or keep or subtract."
            )
    check_method(method)
    project = Project.at(workdir)
    of_format = taken(options, "resolution", "clims", "opacity")
    target = None if file_format is None else Target.of(project, file_format, out, None, of_format, stem="components")
    found = decomposed(table_of(project, {**options, "seed": seed}), method, number, increments, runs, seed)
    if target is None:
        return found
    if chosen:
        return replace(found, path=target.write(found.part(keep, subtract)))
    return replace(found, path=target.write(found, writer_of(target.form)))
