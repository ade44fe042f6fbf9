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
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stamps.errors import InputError, WorkspaceError
from stamps.products.exports import visualizer
from stamps.products.exports.libraries import library, reason_of
from stamps.products.exports.table import Subset, point_table
from stamps.products.quantities import Project
from stamps.workspace import Workspace
from stamps.workspace.log import Log
from stamps.workspace.patch_names import check_inside
from stamps.workspace.plain_files import check_plain

if TYPE_CHECKING:
    from stamps._typing import StrPath
    from stamps.products.exports.table import PointTable


__all__ = ["FORMATS", "Format", "export"]


@dataclass(frozen=True)
class Format:
    """What can be exported, and how it is written.

    Attributes
    ----------
    module : str
        Module of this package whose ``write(table, path, …)`` writes it.
    suffixes : tuple of str
        Ends of file names, the default first; empty: it is a folder.
    about : str
        What it is for.
    options : tuple of str
        Options that only some formats have.
    name : str
        Default name, instead of ``export_<values>`` and the suffix.
    companions : tuple of str
        Ends of files that belong to an older file of the name and would be wrong for the new one; ``*.x`` takes the
        place of the suffix.
    libraries : tuple of str
        What has to be installed.
    longest : int, optional
        Characters that the name of the file may have.
    """

    module: str
    suffixes: tuple[str, ...]
    about: str
    options: tuple[str, ...] = ()
    name: str = ""
    companions: tuple[str, ...] = field(default=())
    libraries: tuple[str, ...] = ()
    longest: int | None = None


_VECTOR = ("pyogrio", "pyarrow")

#: All formats by the name that ``export`` takes.
FORMATS = {
    "csv": Format("csv_table", (".csv",), "table with a line of names, for spreadsheets and scripts"),
    "visualizer": Format("visualizer", (".csv",), "input of StaMPS-Visualizer, alone in its folder input/stusi",
                       name="stamps_tsexport.csv", companions=("-metadata.json",), longest=visualizer.LONGEST_NAME),
    "gpkg": Format("gpkg", (".gpkg",), "GeoPackage for QGIS, PS-Toolbox, InSAR Explorer",
                 libraries=_VECTOR, companions=("-wal", "-shm", "-journal")),
    "geojson": Format("geojson", (".geojson", ".json"), "GeoJSON for maps on the web", libraries=_VECTOR),
    "shp": Format("shp", (".shp",), "shapefile",
                companions=("*.qix", "*.sbn", "*.sbx", "*.cpg", "*.prj", "*.shx", "*.dbf", "*.qmd", ".xml"),
                libraries=_VECTOR),
    "kml": Format("kml", (".kmz", ".kml"), "points coloured by velocity for Google Earth, with a legend",
                ("clims", "opacity"), libraries=("matplotlib",)),
    "geotiff": Format("geotiff", (".tif", ".tiff"), "raster of means, one band for each column", ("resolution",),
                    companions=(".aux.xml", ".ovr", ".msk"), libraries=("rasterio",)),
    "geoparquet": Format("geoparquet", (".parquet", ".geoparquet"), "GeoParquet for GeoPandas, DuckDB, QGIS",
                       libraries=("pyarrow",)),
    "mintpy": Format("mintpy", (), "folder of HDF5 files for MintPy", ("resolution",), name="mintpy"),
}  # fmt: skip


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
    **options: float | tuple[int, int] | None,
) -> Path:
    """Write the pixels with velocity, quality and time series for other programs.

    Velocity and displacement are along the line of sight, positive towards the satellite, in mm/yr and mm (MintPy:
    m), relative to the reference area of the parameters (``ref_lon``, ``ref_lat``, ``ref_centre_lonlat``,
    ``ref_radius``); a ``ref_velocity`` is added. Displacements are relative to the date of the master. Dates,
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
        ``csv``, ``visualizer``, ``gpkg``, ``geojson``, ``shp``, ``kml``, ``geotiff``, ``geoparquet`` or ``mintpy``.
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
    **options
        ``resolution`` (metres; ``geotiff``, ``mintpy``), ``clims``, ``opacity`` (``kml``).

    Returns
    -------
    Path
        What was written.

    Raises
    ------
    InputError
        Format, value type or option is unknown, or a library is missing.
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
    form = _form(file_format, options)
    for name in form.libraries:
        library(name, file_format)
    project = Project.at(workdir)
    subset = Subset(lon_rg, lat_rg, min_coherence, std_cutoff, step, min_inversion_coherence)
    write = import_module(f"{__name__}.{form.module}").write
    place = _place(project, form, out, values)
    table = point_table(project, values, aps=aps, iono=iono, ifg_list=ifg_list, subset=subset, n_boot=n_boot, seed=seed)
    n_written = _publish(table, form, place, write, options)
    Log(project.ws, "EXPORT")(f"{n_written} pixels written to {place}", level=2)
    return place


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


def _publish(
    table: PointTable, form: Format, place: Path, write: Callable[..., Any], options: Mapping[str, Any]
) -> int:
    """Write to a scratch folder on the same disk, then put everything in its place together; number of pixels written."""
    home = Workspace(place.parent if form.suffixes else place)
    try:
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
