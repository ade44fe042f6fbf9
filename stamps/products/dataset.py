"""A finished project as an ``xarray.Dataset``: points and times, named and described as CF wants it.

Source: docs/method/dataset.md, section 1.
"""

from __future__ import annotations

import datetime
import functools
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps import __version__
from stamps.errors import InputError
from stamps.insar.constants import WGS84_SEMI_MAJOR
from stamps.products.exports.metadata import SIGN
from stamps.products.exports.outline import Outline, outline
from stamps.products.exports.table import UNITS, Field, PointTable, point_table, skeleton_of
from stamps.products.line_of_sight import heading_of, headings_at, incidence_of, look_vector
from stamps.products.quantities import Project
from stamps.products.reference_choice import ReferenceChoice

if TYPE_CHECKING:
    import xarray
    from numpy.typing import NDArray

    from stamps._typing import StrPath

__all__ = ["WGS84_CRS", "as_dataset", "frame", "open", "open_project"]

_EPOCH = datetime.date(1970, 1, 1)
_WKT = (
    'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563,AUTHORITY["EPSG","7030"]],'
    'AUTHORITY["EPSG","6326"]],PRIMEM["Greenwich",0,AUTHORITY["EPSG","8901"]],'
    'UNIT["degree",0.0174532925199433,AUTHORITY["EPSG","9122"]],AUTHORITY["EPSG","4326"]]'
)
_JULIAN = "a year is 365.25 days"
_TIME = {
    "standard_name": "time",
    "axis": "T",
    "long_name": "date of the image",
    "units_metadata": "leap_seconds: unknown",
}

#: Column of the table -> variable, unit, attributes.
_COLUMNS: Mapping[str, tuple[str, str, Mapping[str, str]]] = {
    "HEIGHT": ("height", "m", {"positive": "up", "comment": "height of the DEM at the pixel; its datum is that of the DEM"}),
    "VEL": ("velocity", "mm year-1", {"comment": _JULIAN}),
    "V_STDEV": ("velocity_std", "mm year-1", {"comment": _JULIAN}),
    "COHERENCE": ("temporal_coherence", "1", {}),
    "EFF_AREA": ("effective_area", "m2", {}),
    "COH_INV": ("inversion_coherence", "1", {}),
    "N_SHP": ("alike_pixels", "1", {}),
    "TCOH": ("linked_coherence", "1", {}),
}  # fmt: skip


def as_dataset(table: PointTable, with_series: bool = True) -> xarray.Dataset:
    """The points of a table with their series.

    Parameters
    ----------
    table : PointTable
    with_series : bool
        Whether the displacements belong to it.

    Returns
    -------
    xarray.Dataset
        Dimensions ``point`` and ``time``; displacements in mm, positive towards the satellite.

    Raises
    ------
    InputError
        xarray is not installed.
    """
    made = _frame(table)
    if with_series:
        made["displacement"] = (("point", "time"), table.series_matrix(), _displacement_attributes(table.metadata))
    for field in table.fields:
        if field.name in _COLUMNS and _says_something(field):
            name, attributes = _column(field.name, field.meaning)
            made[name] = ("point", np.asarray(field.values), attributes)
        elif field.name == "KIND":
            made["kind"] = ("point", np.asarray(field.values, dtype=str), {"long_name": field.meaning})
        elif field.extra:
            made[f"model_{field.name}"] = ("point", *_extra(field))
    made["perpendicular_baseline"] = (
        "time",
        table.baselines(),
        {"long_name": "mean perpendicular baseline to the reference date", "units": "m"},
    )
    return made


def _says_something(field: Field) -> bool:
    """Whether any point has a value; an area of 0 stands for a single pixel, and says nothing."""
    values = np.asarray(field.values, dtype=float)
    return bool((values > 0).any() if field.name == "EFF_AREA" else np.isfinite(values).any())


def _extra(field: Field) -> tuple[NDArray[Any], dict[str, str]]:
    """Values and attributes of a column that an analysis adds."""
    about = {"long_name": field.meaning, "coordinates": "lat lon", "grid_mapping": "crs"}
    if field.digits is None:
        return np.asarray(field.values, dtype=str), about
    unit = {"": "1", "mm/yr": "mm year-1", "mm/yr2": "mm year-2", "mm/yr3": "mm year-3"}.get(field.unit, field.unit)
    return np.asarray(field.values, dtype=np.float32), {**about, "units": unit}


def _column(column: str, meaning: str) -> tuple[str, dict[str, str]]:
    name, unit, attributes = _COLUMNS[column]
    common = {"long_name": meaning, "units": unit, "coordinates": "lat lon", "grid_mapping": "crs"}
    return name, {**common, **attributes}


def _displacement_attributes(metadata: Mapping[str, Any]) -> dict[str, str]:
    return {
        "long_name": f"{SIGN}, since {metadata['reference_date']}",
        "units": "mm",
        "coordinates": "lat lon",
        "grid_mapping": "crs",
        "cell_methods": "time: point",
        "ancillary_variables": "temporal_coherence",
    }


def _frame(table: PointTable) -> xarray.Dataset:
    """Coordinates, geometry and what the whole says about itself."""
    xarray = _xarray()
    project, rows, places, dates = table.project, table.rows, table.places, table.dates
    days = np.array([(date - _EPOCH).days for date in dates], dtype="datetime64[D]").astype("datetime64[ns]")
    made = xarray.Dataset(
        coords={
            "time": ("time", days, _TIME),
            "lat": ("point", places[:, 1], {"standard_name": "latitude", "units": "degrees_north"}),
            "lon": ("point", places[:, 0], {"standard_name": "longitude", "units": "degrees_east"}),
            "point_id": (
                "point",
                (rows + 1).astype(np.int64),
                {"cf_role": "timeseries_id", "long_name": "number of the pixel in the project's files, from 1"},
            ),
        },
        attrs=_attributes(project, dates, table.metadata),
    )
    made["crs"] = ((), np.int32(0), WGS84_CRS)
    incidence, heading = incidence_of(project), heading_of(project)
    if incidence is not None:
        named = {"long_name": "angle of incidence on the ground", "units": "degree"}
        made["incidence"] = ("point", np.degrees(incidence[rows]).astype(np.float32), named)
        if heading is not None:
            vector = look_vector(incidence[rows], headings_at(project.lonlat, heading)[rows])
            for name, part in zip(("east", "north", "up"), vector.T, strict=True):
                attributes = {"long_name": f"{name} part of the vector from the ground to the satellite", "units": "1"}
                made[f"los_{name}"] = ("point", part.astype(np.float32), attributes)
    return made


#: Attributes of a grid mapping: longitude and latitude, WGS 84.
WGS84_CRS = {
    "grid_mapping_name": "latitude_longitude",
    "semi_major_axis": WGS84_SEMI_MAJOR,
    "inverse_flattening": 298.257223563,
    "longitude_of_prime_meridian": 0.0,
    "crs_wkt": _WKT,
}


def _attributes(project: Project, dates: list[datetime.date], metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Global attributes; nothing for what is not known."""
    heading = heading_of(project)
    known = {
        "Conventions": "CF-1.11",
        "featureType": "timeSeries",
        "title": metadata["title"],
        "source": f"stamps-insar {__version__}",
        "history": f"{datetime.datetime.now(datetime.timezone.utc):%Y-%m-%dT%H:%M:%SZ} made by stamps-insar {__version__}",
        "references": "Hooper et al. (2007), doi:10.1029/2006JB004763; Hooper (2008), doi:10.1029/2008GL034654",
        "time_coverage_start": dates[0].isoformat(),
        "time_coverage_end": dates[-1].isoformat(),
        "insar_sign_convention": SIGN,
        "insar_reference_date": metadata["reference_date"],
        "insar_reference": metadata["reference"],
        "insar_reference_pixels": metadata["reference_pixels"],
        "insar_wavelength": float(project.wavelength),
        "insar_heading": heading,
        "insar_pass": None if heading is None else ("ascending" if np.cos(np.radians(heading)) > 0 else "descending"),
        "insar_look_side": "right" if heading is not None else None,
        "insar_values": metadata["values"],
        "insar_time_series": metadata["time_series"],
        "insar_velocity_from": metadata["velocity_from"],
        "insar_velocity_std_from": metadata["velocity_std_from"],
        "stamps_parameters": json.dumps(metadata["parameters"]),
    }
    return {name: value for name, value in known.items() if value is not None}


# ---------------------------------------------------------------------- lazily


def open_project(
    path: StrPath = ".",
    values: str | None = None,
    *,
    aps: int | str = 0,
    iono: int | str = 0,
    ifg_list: Sequence[int] | None = None,
    n_boot: int = 1500,
    seed: int = 0,
    reference_date: Any = None,
    reference_area: Sequence[float] | None = None,
    model: Any = None,
) -> xarray.Dataset:
    """Open a finished project as a data set.

    Places, heights, coherences and angles are read at once; displacements and velocities are computed when they are first
    looked at.

    Parameters
    ----------
    path : path-like
        Project after step 7.
    values : str, optional
        Value type of ``ps_plot``, as for :func:`stamps.export`.
    aps, iono : int or str
        Tropospheric and ionospheric correction for types with ``a`` and ``i``.
    ifg_list : array_like of int, optional
        Images to use, counted from 1.
    n_boot, seed : int
        Bootstrap samples of ``velocity_std``, and the start of their random numbers.
    reference_date, reference_area : optional
        What displacements and velocities are relative to, as for :func:`stamps.export`.
    model : optional
        Add the columns of a model, as for :func:`stamps.export`, as variables ``model_…``; nothing is lazy then.

    Returns
    -------
    xarray.Dataset
        ``displacement`` (point, time) in mm, positive towards the satellite; ``velocity``, ``velocity_std`` (point) in mm/yr,
        ``temporal_coherence``, ``height``, ``incidence``, ``los_east`` … where the project knows them.

    Raises
    ------
    InputError
        xarray is not installed, or the value type has no series.
    WorkspaceError
        The project is not one, or has not come so far.

    Examples
    --------
    >>> import stamps
    >>> data = stamps.open(".")
    >>> list(data.displacement.dims)
    ['point', 'time']
    """
    _xarray()
    project = Project.at(path)
    choice = ReferenceChoice.of(reference_date, reference_area)
    planned = outline(project, values, aps=aps, iono=iono, ifg_list=ifg_list, choice=choice)
    options: dict[str, Any] = {"aps": aps, "iono": iono, "ifg_list": ifg_list, "seed": seed}
    options.update(reference_date=reference_date, reference_area=reference_area)

    def table(samples: int) -> PointTable:
        return point_table(project, values, n_boot=samples, **options)

    if model is not None and model is not False:
        return as_dataset(_modelled(table(n_boot), model))
    return _lazy(project, planned, Work(table, n_boot))


#: ``stamps.open``.
open = open_project


def frame(path: StrPath = ".", values: str | None = None, *, geometry: bool = False, **options: Any) -> Any:
    """The points of a finished project as a table, one row for each.

    Parameters
    ----------
    path : path-like
        Project after step 7.
    values : str, optional
        Value type of ``ps_plot``, as for :func:`stamps.export`.
    geometry : bool
        Whether it is a ``geopandas.GeoDataFrame`` (EPSG:4326) in place of a ``pandas.DataFrame``.
    **options
        ``aps``, ``iono``, ``ifg_list``, ``subset``, ``n_boot``, ``seed``, ``reference_date``,
        ``reference_area``, ``model``, as for :func:`stamps.export`.

    Returns
    -------
    pandas.DataFrame or geopandas.GeoDataFrame
        The columns of :func:`stamps.export`: ``CODE``, ``LON``, ``LAT``, ``HEIGHT``, ``VEL`` … and ``Dyyyymmdd``; ``attrs`` holds
        the metadata.

    Raises
    ------
    InputError
        pandas or geopandas is not installed, or the value type has no series.
    WorkspaceError
        The project is not one, or has not come so far.
    """
    pandas = _library("geopandas" if geometry else "pandas")
    model = options.pop("model", None)
    table = _modelled(point_table(Project.at(path), values, **options), model)
    lon, lat = table.places.T
    columns = table.columns()
    made = {"CODE": columns.pop("CODE"), "LON": lon, "LAT": lat, **columns}
    if geometry:
        found = pandas.GeoDataFrame(made, geometry=pandas.points_from_xy(lon, lat), crs="EPSG:4326")
    else:
        found = pandas.DataFrame(made)
    found.attrs.update(table.metadata)
    return found


def _modelled(table: PointTable, model: Any) -> PointTable:
    """A table with the columns of a model, if one is asked for."""
    from stamps.products.series_models.fitted import modelled

    return modelled(table, model)


class Work:
    """The table behind a data set, made when something of it is looked at.

    Parameters
    ----------
    make : callable
        Number of bootstrap samples -> PointTable.
    n_boot : int
    """

    def __init__(self, make: Callable[[int], PointTable], n_boot: int) -> None:
        self._make, self._n_boot, self._lock = make, n_boot, threading.RLock()
        self._found: dict[str, NDArray[Any]] = {}

    def column(self, name: str) -> NDArray[Any]:
        """Displacements, or a column of the table; two bootstrap samples do where their result is not asked for."""
        with self._lock:
            if name not in self._found:
                table = self._make(self._n_boot if name == "V_STDEV" else 2)
                self._found["VEL"] = table.field("VEL")
                self._found["displacement"] = table.series_matrix()
                if name == "V_STDEV":
                    self._found["V_STDEV"] = table.field("V_STDEV")
            return self._found[name]


def _lazy(project: Project, planned: Outline, work: Work) -> xarray.Dataset:
    rows = np.flatnonzero(np.isfinite(project.lonlat).all(axis=1))
    skeleton = skeleton_of(project, planned, rows)
    made = as_dataset(skeleton, with_series=False)
    shape = len(rows), len(planned.dates)
    made["displacement"] = (
        ("point", "time"),
        _computed(shape, functools.partial(work.column, "displacement")),
        _displacement_attributes(skeleton.metadata),
    )
    for column in ("VEL", "V_STDEV"):
        name, attributes = _column(column, UNITS[column][1])
        made[name] = ("point", _computed(shape[:1], functools.partial(work.column, column)), attributes)
    return made


def _computed(shape: tuple[int, ...], values: Callable[[], NDArray[Any]]) -> Any:
    """An array of single precision whose values are asked for when they are looked at."""
    from xarray.backends import BackendArray
    from xarray.core import indexing

    class Computed(BackendArray):
        """Known by its shape only."""

        def __init__(self) -> None:
            self.shape, self.dtype = shape, np.dtype(np.float32)

        def __getitem__(self, key: Any) -> Any:
            support = indexing.IndexingSupport.BASIC
            return indexing.explicit_indexing_adapter(key, self.shape, support, lambda part: values()[part])

    return indexing.LazilyIndexedArray(Computed())


def _xarray() -> Any:
    return _library("xarray")


def _library(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError:
        raise InputError(f"This needs {name}, which is not installed: pip install 'stamps-insar[data]'.") from None
