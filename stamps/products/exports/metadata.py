"""What an export says about itself: sign, reference, dates, corrections, parameters."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps import __version__
from stamps.insar.geometry import within_180
from stamps.products.exports.outline import ref_velocity
from stamps.products.line_of_sight import heading_of
from stamps.products.titles import describe

if TYPE_CHECKING:
    from stamps.products.exports.table import PointTable
    from stamps.products.value_types import ValueType
    from stamps.workspace.parameters import Parameters


__all__ = ["SIGN", "as_texts", "describe_table", "reference_point", "write_side_file"]

SIGN = "displacement along the line of sight, positive towards the satellite"


def describe_table(
    table: PointTable, value_type: ValueType, without_master_noise: bool, std_source: str
) -> dict[str, str]:
    """Metadata of a table.

    Parameters
    ----------
    table : PointTable
    value_type : ValueType
    without_master_noise : bool
        Whether the series are, beyond what the name of the type says, without the noise of the master.
    std_source : str
        Where V_STDEV comes from.

    Returns
    -------
    dict
        Texts, numbers, lists and dicts that JSON can hold; no NaN.
    """
    project = table.project
    point = reference_point(table)
    master = table.dates[int(np.flatnonzero(table.images == project.master)[0])]
    since = master if table.zero is None else table.dates[table.zero]
    series = "inverted small-baseline series" if project.small_baselines else "single-master series"
    return {
        "title": f"{describe(value_type)} ({value_type.name})",
        "software": f"stamps-insar {__version__}",
        "project": project.ws.name,
        "values": value_type.name,
        "sign_convention": SIGN,
        "time_series": f"{series}, mm since {since.isoformat()}, corrected as VEL"
        + (", noise of the master removed" if without_master_noise else ""),
        "velocity_from": "small-baseline interferograms" if value_type.pairs else series,
        "velocity_std_from": std_source,
        "reference": table.choice.text(project, table.reference) or "not referenced in space",
        "reference_pixels": 0 if table.reference is None else len(table.reference),
        "reference_lon": None if point is None else round(point[0], 7),
        "reference_lat": None if point is None else round(point[1], 7),
        "reference_velocity_mm_per_year": ref_velocity(project, table.choice),
        "reference_date": since.isoformat(),
        "master_date": master.isoformat(),
        "dates": [date.isoformat() for date in table.dates],
        "perpendicular_baselines_m": [round(float(metres), 2) for metres in table.baselines()],
        "wavelength_m": float(project.wavelength),
        "heading_deg": heading_of(project),
        "crs": "EPSG:4326",
        "points": len(table),
        "points_of_project": int(project.ps["n_ps"]),
        "fields": {field.name: {"unit": field.unit, "meaning": field.meaning} for field in table.fields}
        | {"Dyyyymmdd": {"unit": "mm", "meaning": f"{SIGN}, since {since.isoformat()}"}},
        "parameters": _parameters(project.parameters),
    }


def reference_point(table: PointTable) -> tuple[float, float] | None:
    """Longitude and latitude of the reference: the middle of its circle, else of its pixels; None without reference."""
    project = table.project
    if table.reference is None:
        return None
    area = table.choice.described(project, table.reference)
    place = area.centre if area.centre is not None else np.nanmean(project.lonlat[table.reference], axis=0)
    lon, lat = within_180(place).tolist()
    return lon, lat


def as_texts(metadata: Mapping[str, Any]) -> dict[str, str]:
    """The metadata for formats that hold texts only: lists and dicts as JSON, nothing for what is not known.

    Returns
    -------
    dict of str to str
    """
    return {
        key: value if isinstance(value, str) else json.dumps(value)
        for key, value in metadata.items()
        if value is not None
    }


def write_side_file(path: Path, metadata: Mapping[str, Any]) -> None:
    """Write metadata as JSON beside a file that has no room for them: ``points.shp-metadata.json``."""
    name = path.with_name(f"{path.name}-metadata.json")
    with open(name, "w", encoding="utf-8", errors="surrogateescape") as file:
        json.dump(metadata, file, indent=1, ensure_ascii=False)
        file.write("\n")


def _parameters(parameters: Parameters) -> dict[str, str]:
    """Names and literals, as ``getparm`` prints them."""
    pairs = (line.split(" = ", 1) for line in parameters.listing() if " = " in line)
    return {name: literal for name, literal in pairs}
