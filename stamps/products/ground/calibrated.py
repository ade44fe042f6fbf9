"""The export with the surface of a calibration by GNSS added.

Source: docs/method/gnss.md, section 4.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import InputError
from stamps.insar.constants import DAYS_PER_YEAR
from stamps.insar.geometry import centre_of, llh2local
from stamps.products.exports import FORMATS
from stamps.products.exports.libraries import library
from stamps.products.exports.table import Field
from stamps.products.ground.together import check_suffix

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps.analysis.gnss_calibration import Calibration, DateCalibration
    from stamps.products.exports.table import PointTable
    from stamps.products.ground.looks import Look

__all__ = ["calibrated_table", "export_writer", "number_of_zero"]

_KINDS = ("csv", "gpkg", "geojson", "shp", "geoparquet")


def export_writer(path: Path) -> Callable[[PointTable, Path], object]:
    """What writes an export of that name; InputError if the name says none, or a library is missing."""
    suffixes = {suffix: kind for kind in _KINDS for suffix in FORMATS[kind].suffixes}
    kind = suffixes[check_suffix(path, list(suffixes))]
    for name in FORMATS[kind].libraries:
        library(name, kind)
    write: Callable[[PointTable, Path], object] = import_module(f"stamps.products.exports.{FORMATS[kind].module}").write
    return write


def calibrated_table(
    look: Look,
    calibration: Calibration,
    frame: str,
    about: dict[str, Any],
    dates: DateCalibration | None = None,
) -> PointTable:
    """The table with the surface added to velocities, and to displacements as it grows since the reference date.

    Parameters
    ----------
    look : Look
    calibration : Calibration
    frame : str
    about : dict
        What the metadata say of the calibration.
    dates : DateCalibration, optional
        What is added to displacements instead, date by date.

    Returns
    -------
    PointTable
        With the columns ``CAL`` and ``CAL_STD`` more; ``V_STDEV`` holds the error of the surface, too.
    """
    table = look.table
    xy = llh2local(table.lonlat, centre_of(look.lonlat))
    surface, error = calibration.at(xy)
    fields = []
    for field in table.fields:
        values = np.asarray(field.values)
        if field.name == "VEL":
            values = (values + surface).astype(np.float32)
        elif field.name == "V_STDEV":
            values = np.hypot(values, error).astype(np.float32)
        fields.append(replace(field, values=values))
    fields += [
        Field("CAL", surface.astype(np.float32), "mm/yr", "what the calibration by GNSS added to VEL"),
        Field("CAL_STD", error.astype(np.float32), "mm/yr", "standard deviation of CAL, which V_STDEV holds, too"),
    ]
    added = surface[:, None] * _years(table) if dates is None else dates.at(xy)
    series = (table.series_matrix() + added).astype(np.float32)
    metadata = {
        **table.metadata,
        "title": f"{table.metadata['title']}, calibrated by GNSS",
        "reference": f"stations of GNSS, frame {frame} (before: {table.metadata['reference']})",
        "frame": frame,
        "calibration": about,
        "fields": {**table.metadata["fields"], **{f.name: {"unit": f.unit, "meaning": f.meaning} for f in fields[-2:]}},
    }
    made = table.with_series(series, fields=fields, metadata=metadata)
    if not np.isfinite(np.asarray(made.field("VEL"))).any():
        raise InputError("No pixel has a velocity after the calibration.")
    return made


def _years(table: PointTable) -> NDArray[np.float64]:
    """Years since the reference date."""
    days = np.array([date.toordinal() for date in table.dates], dtype=np.float64)
    return (days - days[number_of_zero(table)]) / DAYS_PER_YEAR


def number_of_zero(table: PointTable) -> int:
    """On which date of the series displacements are 0."""
    return int(np.flatnonzero(np.asarray(table.images) == table.zero_image)[0])
