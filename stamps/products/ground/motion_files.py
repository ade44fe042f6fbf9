"""Files of east and up: NetCDF, the picture, and which writer belongs to which name.

Source: docs/method/decomposition.md, section 5.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from stamps.matlab.dates import to_datetime64
from stamps.products.dataset import WGS84_CRS
from stamps.products.exports import geojson, gpkg, netcdf
from stamps.products.exports.libraries import library
from stamps.products.exports.metadata import as_texts
from stamps.products.figures import matplotlib_or_error
from stamps.products.ground.motion_sheet import write_csv
from stamps.products.ground.pictures import draw_motion
from stamps.products.ground.together import check_suffix

if TYPE_CHECKING:
    from stamps.products.ground.motion import Motion

__all__ = ["PICTURES", "SUFFIXES", "check_names", "writer_of"]

PICTURES = (".png", ".pdf", ".svg")
SUFFIXES = (".csv", ".gpkg", ".geojson", ".json", ".nc", *PICTURES)
_LIBRARIES = {
    ".gpkg": ("gpkg", "pyogrio", "pyarrow"),
    ".geojson": ("geojson", "pyogrio", "pyarrow"),
    ".json": ("geojson", "pyogrio", "pyarrow"),
    ".nc": ("netcdf", "xarray", "h5netcdf"),
}


def check_names(paths: list[Path]) -> None:
    """InputError for a name that says no format, or whose library is missing; before anything is computed."""
    for path in paths:
        suffix = check_suffix(path, SUFFIXES)
        kind, *needed = _LIBRARIES.get(suffix, ("", *()))
        for name in needed:
            library(name, kind)
        if suffix in PICTURES:
            matplotlib_or_error()


def writer_of(path: Path, motion: Motion) -> Callable[[Path], object]:
    """What writes a file of that name."""
    suffix = path.suffix.lower()
    if suffix in PICTURES:
        return functools.partial(draw_motion, motion)
    if suffix == ".nc":
        return functools.partial(_write_netcdf, motion)
    sheet = motion.sheet()
    if suffix == ".csv":
        return functools.partial(write_csv, sheet)
    write = gpkg.write if suffix == ".gpkg" else geojson.write
    return functools.partial(write, cast(Any, sheet))


def _write_netcdf(motion: Motion, path: Path) -> None:
    """Dimensions point and time, names of CF."""
    xarray = library("xarray", "netcdf")
    made = xarray.Dataset(
        coords={
            "lat": ("point", motion.lonlat[:, 1], {"standard_name": "latitude", "units": "degrees_north"}),
            "lon": ("point", motion.lonlat[:, 0], {"standard_name": "longitude", "units": "degrees_east"}),
        },
        attrs={"Conventions": "CF-1.11", **as_texts(motion.metadata)},
    )
    made["crs"] = ((), np.int32(0), WGS84_CRS)
    units = {"mm/yr": "mm year-1", "mm2/yr2": "mm2 year-2", "": "1"}
    for field in motion.sheet().fields:
        if field.digits is None or field.unit == "mm":
            continue
        attributes = {"long_name": field.meaning, "units": units.get(field.unit, field.unit), "coordinates": "lat lon"}
        made[field.name] = ("point", field.values, {**attributes, "grid_mapping": "crs"})
    if motion.series is not None:
        _add_series(made, motion)
    stored = netcdf.encodings(made)
    for name, encoding in stored.items():
        if chunks := netcdf.chunks_of(made[name]):
            encoding.update(zlib=True, complevel=4, shuffle=True, chunksizes=chunks)
    made.to_netcdf(path, engine="h5netcdf", encoding=stored)


def _add_series(made: Any, motion: Motion) -> None:
    series, h = motion.series, motion.horizontal
    assert series is not None
    days = to_datetime64(series.days).astype("datetime64[ns]")
    made.coords["time"] = ("time", days, {"standard_name": "time", "axis": "T"})
    made.attrs["featureType"] = "timeSeries"
    first = motion.metadata["reference_date"]
    for name, values, about in (
        (h, series.east, f"horizontal displacement since {first}"),
        ("up", series.up, f"upward displacement since {first}"),
        (f"{h}_std", series.east_std, f"standard deviation of {h}"),
        ("up_std", series.up_std, "standard deviation of up"),
    ):
        attributes = {"long_name": about, "units": "mm", "coordinates": "lat lon", "grid_mapping": "crs"}
        made[name] = (("point", "time"), values.astype(np.float32), attributes)
