"""Results for other programs: GIS, spreadsheets, StaMPS-Visualizer, MintPy.

:mod:`~stamps.products.exports.table` makes one table of the pixels, a module for each format writes it. Everything
appears under its name when it is complete. The parts of the work in their order: compute (``table``), write to a
scratch folder (``csv_table``, ``visualizer``, ``gpkg``, ``geojson``, ``shp``, ``kml``, ``geotiff``, ``geoparquet``,
``mintpy``), put in place.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stamps.errors import InputError, WorkspaceError
from stamps.products.exports.formats import EGMS_OPTIONS, FORMATS, Format
from stamps.products.exports.libraries import library, reason_of
from stamps.products.exports.table import Subset, point_table
from stamps.products.notebook_paths import Written
from stamps.products.quantities import Project
from stamps.workspace import Workspace
from stamps.workspace.log import Log
from stamps.workspace.patch_names import check_inside
from stamps.workspace.plain_files import check_plain

if TYPE_CHECKING:
    from stamps._typing import StrPath
    from stamps.products.exports.table import PointTable


__all__ = ["FORMATS", "Format", "Target", "export", "require_room"]


def export(
    file_format: str,
    out: StrPath | None = None,
    workdir: Workspace | StrPath = ".",
    *,
    values: str | None = None,
    aps: int | str = 0,
    iono: int | str = 0,
    ifg_list: Sequence[int] | None = None,
    lon_rg: Sequence[float] | None = None,
    lat_rg: Sequence[float] | None = None,
    min_coherence: float | None = None,
    min_inversion_coherence: float | None = None,
    std_cutoff: float | None = None,
    step: int = 1,
    n_boot: int = 1500,
    seed: int = 0,
    reference_date: Any = None,
    reference_area: Sequence[float] | None = None,
    model: Any = None,
    **options: Any,
) -> Path:
    """Write the pixels with velocity, quality and time series for other programs.

    Velocity and displacement are along the line of sight, positive towards the satellite, in mm/yr and mm (MintPy:
    m), relative to the reference area of the parameters (``ref_lon``, ``ref_lat``, ``ref_centre_lonlat``,
    ``ref_radius``) or to ``reference_area``; a ``ref_velocity`` is added to the former. Displacements are relative to the date
    of the master, or to ``reference_date``. Dates,
    corrections, reference, and all parameters stand in the metadata of the file, or in ``<file>-metadata.json`` where
    the format has no room (``visualizer``: nothing may lie beside the file, so that only ``STAMPS.log`` tells).

    Longitudes of points are in -180 … 180 degrees. Grids at the antimeridian go on beyond 180.

    Columns are those of PS-Toolbox and InSAR Explorer: ``CODE``, ``HEIGHT`` (m), ``H_STDEV`` (empty: the processing
    does not estimate it), ``VEL``, ``V_STDEV``, ``COHERENCE``, ``EFF_AREA`` (m²; 0 for single pixels, the cell of a
    resampled merge), of small baselines ``COH_INV`` (agreement of the interferograms with the series), with distributed
    scatterers ``KIND`` (ps, ds), ``N_SHP`` and ``TCOH``, then ``Dyyyymmdd``. V_STDEV is that of ``mv2.mat`` if it belongs
    to the same velocity, else bootstrapped. No file of the project is changed.

    Parameters
    ----------
    file_format : str
        ``csv``, ``visualizer``, ``gpkg``, ``geojson``, ``shp``, ``kml``, ``geotiff``, ``geoparquet``, ``netcdf``, ``zarr``,
        ``egms`` or ``mintpy``.
    out : path-like, optional
        The file (``mintpy``: the folder), relative to ``workdir``; the suffix is added where it is missing. Default:
        ``export_<values>`` with the suffix of the format, ``stamps_tsexport.csv`` or ``mintpy``.
    workdir : path-like or Workspace
        Project after step 7.
    values : str, optional
        Value type of ``ps_plot`` that says what is corrected: a velocity such as ``'v-do'`` or unwrapped phases such as
        ``'u-dms'``. Default: ``'v-d'`` (small baselines ``'V-d'``): without look-angle error, with ramps, because ramps
        also take wide deformation away.
    aps, iono : int or str
        Tropospheric (``'a_l'``) and ionospheric (``'i_as'``) correction for types with ``a`` and ``i``.
    ifg_list : array_like of int, optional
        Images to use, counted from 1; for ``v`` of small baselines interferograms, for the velocity only.
    lon_rg, lat_rg : tuple of float, optional
        Part of the scene in degrees: west and east, south and north; (179.9, -179.9) goes over the antimeridian.
    min_coherence : float, optional
        Least temporal coherence.
    min_inversion_coherence : float, optional
        Small baselines: least agreement of the unwrapped interferograms with the inverted series, 0 to 1 (0.7 is usual).
    std_cutoff : float, optional
        Only pixels whose velocity has a smaller standard deviation (mm/yr).
    step : float
        Every step-th pixel, chosen at random. Default: all.
    n_boot, seed : int
        Bootstrap samples and start of the random numbers.
    reference_date : str, int or date, optional
        Date of the series of which displacements are 0, as 20180601 or 2018-06-01 (default: the master's).
    reference_area : sequence of float, optional
        What everything is relative to: longitude, latitude (degrees) and radius (metres) of a circle, or west, east, south and
        north of a box (default: the reference area of the parameters).
    model : True, str, dict or ModelChoice, optional
        Also write the columns of :func:`stamps.model`: True for a line and the kinds of motion, else terms such as
        ``'degree=2,annual,step=20190101,classify'``.
    **options
        ``resolution`` (metres; ``geotiff``, ``mintpy``, ``kml`` with ``overlay``), ``clims``, ``opacity``, ``overlay`` (one
        picture instead of points), ``max_gap`` (cells of it to the next point; ``kml``); of ``egms``:
        :class:`stamps.products.exports.egms.Wanted`.

    Returns
    -------
    Path
        What was written.

    Raises
    ------
    InputError
        Format, value type or option is unknown, a library is missing, the reference date is none of the series, or no pixel
        lies in the reference area.
    NoPixelsError
        No pixel is left.
    WorkspaceError
        A file of the project is missing, or the export cannot be written.

    Examples
    --------
    >>> from stamps import export
    >>> export("csv", "points.csv", min_coherence=0.5).name
    'points.csv'
    >>> export("geotiff", "velocity.tif", values="v-do", resolution=60)  # doctest: +SKIP
    """
    from stamps.products.series_models.choice import ModelChoice  # they need the table, which stands in this package
    from stamps.products.series_models.fitted import modelled

    if model is not None and model is not False:
        require_room(file_format, "a model")
    project = Project.at(workdir)
    target = Target.of(project, file_format, out, values, options, _stem(file_format, options) if out is None else "")
    subset = Subset(lon_rg, lat_rg, min_coherence, std_cutoff, step, min_inversion_coherence)
    wanted = ModelChoice.read_if_any(model)
    table = point_table(
        project,
        values,
        aps=aps,
        iono=iono,
        ifg_list=ifg_list,
        subset=subset,
        n_boot=n_boot,
        seed=seed,
        reference_date=reference_date,
        reference_area=reference_area,
    )
    return target.write(modelled(table, wanted))


def require_room(file_format: str, what: str) -> None:
    """InputError where the columns of a format are fixed, so that it has no room for what an analysis adds."""
    if file_format in FORMATS and FORMATS[file_format].fixed:
        free = ", ".join(name for name, form in FORMATS.items() if not form.fixed)
        raise InputError(f"Files of kind {file_format} have no room for {what}: there are {free}.")


def _stem(file_format: str, options: Mapping[str, Any]) -> str:
    """Name of a file that its options give."""
    if file_format != "egms":
        return ""
    of_format = {name: value for name, value in options.items() if name in EGMS_OPTIONS}
    stem: str = import_module(f"{__name__}.egms").default_stem(of_format)
    return stem


@dataclass(frozen=True)
class Target:
    """Where a table goes, checked before anything is computed.

    Attributes
    ----------
    project : Project
    form : Format
    place : Path
    options : dict
        Of the format.
    """

    project: Project
    form: Format
    place: Path
    options: Mapping[str, Any]

    @classmethod
    def of(
        cls,
        project: Project,
        file_format: str,
        out: StrPath | None,
        values: str | None = None,
        options: Mapping[str, Any] | None = None,
        stem: str = "",
    ) -> Target:
        """Check format, options, libraries and place.

        Parameters
        ----------
        project : Project
        file_format : str
        out : path-like, optional
        values : str, optional
            Names the file where ``out`` and ``stem`` are missing.
        options : dict, optional
        stem : str
            Of the file where ``out`` is missing.

        Raises
        ------
        InputError
            Something of it does not exist, or cannot be.
        """
        given = dict(options or {})
        form = _form(file_format, given)
        for name in form.libraries:
            library(name, file_format)
        if file_format == "egms":
            _stem(file_format, given)  # its options are checked before anything is computed
        if out is None and stem and form.suffixes:
            out = f"{stem}{form.suffixes[0]}"
        return cls(project, form, _place(project, form, out, values), given)

    def write(self, table: Any, write: Callable[..., int | None] | None = None) -> Path:
        """Write a table, or something else with its own function ``write(table, path)``; it appears when it is complete."""
        write = write or import_module(f"{__name__}.{self.form.module}").write
        n_written = _publish(table, self.form, self.place, write, self.options)
        what = "pixels" if write.__module__.startswith(__name__) else "rows"
        Log(self.project.ws, "EXPORT")(f"{n_written} {what} written to {self.place}", level=2)
        return Written(self.place)


def _form(file_format: str, options: dict[str, Any]) -> Format:
    form = FORMATS.get(file_format)
    if form is None:
        near = difflib.get_close_matches(str(file_format), FORMATS, 2, cutoff=0.5)
        hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(FORMATS)}."
        raise InputError(f"'{file_format}' is not a kind of export: {hint}")
    for name in [name for name, value in options.items() if value is None]:
        del options[name]
    for name in options:
        if name not in form.options:
            fits = [other for other, its in FORMATS.items() if name in its.options]
            where = f"it belongs to {' and '.join(fits)}" if fits else "there is none of that name"
            raise InputError(f"The option '{name}' is not for exports of kind {file_format}: {where}.")
    return form


def _place(project: Project, form: Format, out: StrPath | None, values: str | None) -> Path:
    """Where the export goes."""
    if out is None:
        out = form.name or f"export_{values or project.usual_velocity}{form.suffixes[0]}"
        if not form.suffixes:
            check_inside(project.ws.path, out, project.ws.path)
    path = Path(os.path.abspath(project.ws.path / out))
    if str(out) in ("", "-"):
        raise InputError(
            f"'{out}' is no place for an export: give the name of a {'file' if form.suffixes else 'folder'}."
        )
    if not form.suffixes:
        if os.path.lexists(path) and not os.path.isdir(path):
            raise InputError(f"{path} is a file: give the name of a folder.")
        return path
    if form.tree:
        return _place_of_tree(path, form)
    path = _with_suffix(path, form.suffixes)
    if form.longest and len(path.name) > form.longest:
        raise InputError(
            f"The name {path.name} has {len(path.name)} characters, but the program that reads it takes {form.longest} at the "
            "most: choose a shorter one (out)."
        )
    return path


def _with_suffix(path: Path, suffixes: tuple[str, ...]) -> Path:
    """The file's name with the suffix of the format, which may be left out; another one is refused."""
    if os.path.isdir(path):
        raise InputError(f"{path} is a folder: give the name of a file that ends in {suffixes[0]}.")
    check_plain(path)
    if path.suffix.lower() in suffixes:
        return path
    if path.suffix:
        raise InputError(
            f"{path} ends in {path.suffix}: give a name that ends in {' or '.join(suffixes)}, or in nothing."
        )
    path = path.with_name(path.name + suffixes[0])
    check_plain(path)
    return path


def _place_of_tree(path: Path, form: Format) -> Path:
    """The folder that is made or replaced, its suffix added where it is missing; another folder is not touched."""
    (suffix,) = form.suffixes
    path = path if path.suffix.lower() == suffix else path.with_name(path.name + suffix)
    if os.path.lexists(path) and not (path.is_dir() and not path.is_symlink() and (path / form.tree).is_file()):
        raise InputError(f"{path} is there already and is no export of this kind: give another name, or remove it.")
    return path


def _publish_tree(table: PointTable, place: Path, write: Callable[..., Any], options: Mapping[str, Any]) -> int:
    """Write a folder with folders beside its place, then let it take it."""
    with Workspace(place.parent).scratch() as room:
        made = room.path / place.name
        write(table, made, **options)
        if place.exists():
            os.replace(place, room.path / "before")
        os.replace(made, place)
    return len(table)


def _publish(
    table: PointTable, form: Format, place: Path, write: Callable[..., Any], options: Mapping[str, Any]
) -> int:
    """Write to a scratch folder on the same disk, then put everything in its place together; number of pixels written."""
    home = Workspace(place.parent if form.suffixes else place)
    try:
        if form.tree:
            return _publish_tree(table, place, write, options)
        with home.scratch() as room:
            n_written = write(table, room.path / place.name if form.suffixes else room.path, **options)
            with home.publish():
                home.delete(*_outdated(form, place))
                for part in sorted(room.path.iterdir()):
                    with home.open_output(part.name) as path:
                        os.replace(part, path)
        return len(table) if n_written is None else n_written
    except OSError as error:
        raise WorkspaceError(
            f"The export cannot be written to {home.path} ({reason_of(error)}): make room there or choose "
            "another place (out). Nothing was changed."
        ) from error


def _outdated(form: Format, place: Path) -> Iterator[str]:
    """Names of companions of an older file."""
    for end in form.companions:
        yield place.stem + end[1:] if end.startswith("*") else place.name + end
