"""Tables of the European Ground Motion Service read: all levels, older and newer names of columns.

Source: docs/method/egms.md, section 4.
"""

from __future__ import annotations

import re
import zipfile
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import InputError, WorkspaceError

if TYPE_CHECKING:
    import xarray

    from stamps._typing import StrPath

__all__ = ["read_egms"]

_DATE = re.compile(r"\d{8}")

#: Newer names of columns.
_ALIASES = {"height_ortho": "height", "height_ellipse": "height_wgs84", "rmse_ts": "rmse"}

_UNITS = {
    "easting": "m", "northing": "m", "height": "m", "height_wgs84": "m", "rmse": "mm", "incidence_angle": "degree",
    "track_angle": "degree", "mean_velocity": "mm year-1", "mean_velocity_std": "mm year-1", "gnss_velocity": "mm year-1",
    "acceleration": "mm year-2", "acceleration_std": "mm year-2", "seasonality": "mm", "seasonality_std": "mm",
    "latitude": "degrees_north", "longitude": "degrees_east", "mp_type": "m2",
}  # fmt: skip


def read_egms(path: StrPath) -> xarray.Dataset:
    """Read a table of the European Ground Motion Service.

    Parameters
    ----------
    path : path-like
        CSV, or a ZIP with one in it, of any level.

    Returns
    -------
    xarray.Dataset
        ``displacement`` (point, time) in mm; every other column by its name over ``point`` (newer names as the older ones);
        ``pid`` as coordinate; the level, as far as file name or columns tell it, as attribute ``egms_level``.

    Raises
    ------
    InputError
        pandas or xarray is not installed, or it is no such table.
    WorkspaceError
        There is no such file.

    Examples
    --------
    >>> import stamps
    >>> stamps.read_egms("EGMS_L2a_088_0282_IW2_VV.csv").mean_velocity.attrs["units"]  # doctest: +SKIP
    'mm year-1'
    """
    pandas, xr = _library("pandas"), _library("xarray")
    place = Path(path)
    if not place.is_file():
        raise WorkspaceError(f"{place} is missing: give a CSV, or a ZIP, of the European Ground Motion Service.")
    with _opened(place) as file:
        try:
            table = pandas.read_csv(
                file, dtype={"pid": str}, na_values=["", "NaN", "nan", "NULL"], keep_default_na=False
            )
        except (ValueError, UnicodeDecodeError) as error:
            raise InputError(f"{place} is no table with commas: {str(error).splitlines()[0]}") from None
    table.columns = [_ALIASES.get(name := str(column).strip().lower(), name) for column in table.columns]
    dates = [name for name in table.columns if _DATE.fullmatch(name)]
    if "pid" not in table.columns or not dates:
        raise InputError(f"{place} is no table of the service: it needs a column pid, and dates such as 20200103.")
    try:
        days = np.array([f"{name[:4]}-{name[4:6]}-{name[6:]}" for name in dates], dtype="datetime64[D]")
        series = table[dates].to_numpy(dtype=np.float32)
        others = [name for name in table.columns if name not in (*dates, "pid")]
        numbers = {name: table[name].to_numpy(dtype=np.float64) for name in others}
    except ValueError as error:
        raise InputError(f"{place} is no table of the service: {error}.") from None
    order = np.argsort(days, kind="stable")
    made = xr.Dataset(
        {"displacement": (("point", "time"), series[:, order], {"units": "mm"})},
        coords={"time": days[order].astype("datetime64[ns]"), "pid": ("point", table["pid"].to_numpy(dtype=str))},
        attrs={"egms_level": _level(place, others), "source": place.name},
    )
    for name, values in numbers.items():
        made[name] = ("point", values, {"units": _UNITS.get(name, "1")})
    made["displacement"].attrs["long_name"] = _meaning(made.attrs["egms_level"], place)
    return made


def _opened(place: Path) -> Any:
    if not zipfile.is_zipfile(place):
        return place.open("rb")
    archive = zipfile.ZipFile(place)
    names = [name for name in archive.namelist() if name.lower().endswith(".csv")]
    if len(names) != 1:
        archive.close()
        raise InputError(f"{place} holds {len(names)} tables, but one was expected.")
    data = archive.open(names[0])
    archive.close()  # what is open in it stays so until it is closed itself
    return data


def _level(place: Path, columns: list[str]) -> str:
    found = re.match(r"EGMS_(L2a|L2b|L3)_", place.name, re.IGNORECASE)
    if found:
        return {"l2a": "L2a", "l2b": "L2b", "l3": "L3"}[found[1].lower()]
    if "los_up" not in columns and "latitude" not in columns:
        return "L3"
    return "L2b" if "gnss_velocity" in columns else "L2a"


def _meaning(level: str, place: Path) -> str:
    if level != "L3":
        return "displacement along the line of sight, positive towards the satellite"
    part = re.search(r"_100km_([UE])", place.name, re.IGNORECASE)
    direction = "" if part is None else {"U": "up: ", "E": "east: "}[part[1].upper()]
    return f"{direction}displacement, positive up or to the east"


def _library(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError:
        raise InputError(f"This needs {name}, which is not installed: pip install 'stamps-insar[data]'.") from None
