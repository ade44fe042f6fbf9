"""The CSV of the European Ground Motion Service, basic product (L2a): points of one geometry with their series.

Source: docs/method/egms.md, section 2.
"""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

import numpy as np

from stamps import __version__
from stamps.analysis.egms import YEAR, egms_fields
from stamps.errors import InputError
from stamps.insar.constants import DAYS_PER_YEAR
from stamps.insar.geometry import centre_of, llh2local
from stamps.insar.laea import to_laea
from stamps.products.exports.egms_codes import Burst, burst_of, point_codes
from stamps.products.exports.metadata import write_side_file
from stamps.products.line_of_sight import heading_of, headings_at, incidence_of, look_vector
from stamps.workspace.log import Log

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from stamps.products.exports.table import PointTable

__all__ = ["Wanted", "default_stem", "write"]

_MINUS_ZERO = re.compile(r"(?<=,)-(?=0\.0+[,\n])")
_DATUMS = ("unknown", "ellipsoid", "egm96", "egm2008")

#: Columns between the code and the dates, with their formats.
_COLUMNS = (
    ("mp_type", "%.0f"), ("latitude", "%.6f"), ("longitude", "%.6f"), ("easting", "%.2f"), ("northing", "%.2f"),
    ("height", "%.1f"), ("height_wgs84", "%.1f"), ("line", "%.0f"), ("pixel", "%.0f"), ("rmse", "%.1f"),
    ("temporal_coherence", "%.2f"), ("amplitude_dispersion", "%.2f"), ("incidence_angle", "%.2f"),
    ("track_angle", "%.2f"), ("los_east", "%.3f"), ("los_north", "%.3f"), ("los_up", "%.3f"),
    ("mean_velocity", "%.1f"), ("mean_velocity_std", "%.1f"), ("acceleration", "%.2f"), ("acceleration_std", "%.2f"),
    ("seasonality", "%.1f"), ("seasonality_std", "%.1f"),
)  # fmt: skip


@dataclass(frozen=True)
class Wanted:
    """Options of the format, checked.

    Attributes
    ----------
    burst : Burst or None
    producer : int
    height_datum : str
        What HEIGHT is above: ``'unknown'``, ``'ellipsoid'``, ``'egm96'``, ``'egm2008'``.
    geoid_offset : float or None
        Height of the geoid above the ellipsoid, m, which gives the other height.
    coherence : str
        ``'series'`` (of the linear fit) or ``'stamps'`` (that of the phase noise).
    zero : str
        ``'model'``: series are relative to the model on the first date; ``'master'``: to the reference date.
    look_side : str
        ``'right'`` or ``'left'``.
    cluster_label, xml : bool
    level : str
        ``'L2a'``, or ``'L2b'`` with a calibration.
    calibration : tuple of float or None
        mm/yr that are added, and mm/yr for each km to the east and to the north of the middle of the points.
    """

    burst: Burst | None = None
    producer: int = 0
    height_datum: str = "unknown"
    geoid_offset: float | None = None
    coherence: str = "series"
    zero: str = "model"
    look_side: str = "right"
    cluster_label: bool = False
    xml: bool = False
    level: str = "L2a"
    calibration: tuple[float, ...] | None = None

    @classmethod
    def of(
        cls,
        track: int | None = None,
        burst: int | None = None,
        swath: int | None = None,
        polarisation: str | None = None,
        **others: Any,
    ) -> Wanted:
        """Check the options.

        Raises
        ------
        InputError
            One cannot be.
        """
        known = {name: value for name, value in others.items() if value is not None}
        if "calibration" in known:
            known["calibration"] = _calibration(known["calibration"])
        made = cls(burst_of(track, burst, swath, polarisation), **known)
        words = (
            ("height_datum", _DATUMS),
            ("coherence", ("series", "stamps")),
            ("zero", ("model", "master")),
            ("look_side", ("right", "left")),
            ("level", ("L2a", "L2b")),
        )
        for name, possible in words:
            if getattr(made, name) not in possible:
                raise InputError(f"{name} is '{getattr(made, name)}', but {', '.join(possible)} are possible.")
        if made.geoid_offset is not None and (made.height_datum == "unknown" or not np.isfinite(made.geoid_offset)):
            raise InputError("geoid_offset needs a number, and to know what the heights are above: give height_datum.")
        if (made.level == "L2b") != (made.calibration is not None):
            raise InputError(
                "L2b is calibrated with GNSS: give calibration with it (mm/yr, and per km to the east and north), or write L2a."
            )
        return made


def _calibration(value: Any) -> tuple[float, ...]:
    numbers = tuple(float(number) for number in np.ravel(value))
    if len(numbers) not in (1, 3) or not np.isfinite(numbers).all():
        raise InputError(
            f"calibration is {value!r}, but mm/yr, or that and mm/yr per km to the east and north were expected."
        )
    return numbers


def default_stem(options: dict[str, Any]) -> str:
    """Name of the file without its end: that of the service where the burst is known."""
    wanted = Wanted.of(**{name: value for name, value in options.items() if value is not None})
    return "egms" if wanted.burst is None else wanted.burst.name(wanted.level)


def write(table: PointTable, path: Path, **options: Any) -> None:
    """Write ``path``, ``<path>-metadata.json`` and, if asked for, the XML header of the service.

    Parameters
    ----------
    table : PointTable
    path : Path
    **options
        Those of :class:`Wanted`, the burst as ``track``, ``burst``, ``swath`` and ``polarisation``.
    """
    wanted = Wanted.of(**options)
    columns, series, facts = _computed(table, wanted)
    codes, what = _codes(table, wanted)
    facts["pid"] = what
    formats = [("cluster_label", "%d")] * wanted.cluster_label + [*_COLUMNS]
    dates = [f"{date:%Y%m%d}" for date in table.dates]
    line = ",".join(["%s", *(form for _, form in formats), *["%.1f"] * len(dates)]) + "\n"
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.write(",".join(["pid", *(name for name, _ in formats), *dates]) + "\n")
        for part in table.parts():
            numbers = [columns[name][part] for name, _ in formats]
            rows = zip(
                codes[part].tolist(), *(column.tolist() for column in numbers), *series[part].T.tolist(), strict=True
            )
            file.write(_without_nan("".join(line % row for row in rows)))
    write_side_file(path, {**table.metadata, "egms": facts})
    if wanted.xml:
        _write_header(table, wanted, path.with_suffix(".xml"))


def _without_nan(text: str) -> str:
    """Empty for what is not known, and no zero with a sign."""
    return _MINUS_ZERO.sub("", text).replace(",nan", ",")


def _codes(table: PointTable, wanted: Wanted) -> tuple[NDArray[np.str_], str]:
    ij = np.asarray(table.project.ps["ij"], dtype=np.float64)[table.rows]
    line, pixel = (np.round(ij[:, column]).astype(np.int64) for column in (1, 2))
    codes, what = point_codes(wanted.burst, wanted.producer, line, pixel, table.rows)
    if wanted.burst is not None and "running" in what:
        Log(table.project.ws, "EXPORT")(
            "EGMS: lines or pixels are not those of a burst (2048 × 65536): pid is a running number", level=1
        )
    return codes, what


# ---------------------------------------------------------------------- columns


def _computed(
    table: PointTable, wanted: Wanted
) -> tuple[dict[str, NDArray[np.float64]], NDArray[np.float64], dict[str, Any]]:
    """Columns, series (n, k) and what is said of them."""
    n, project = len(table), table.project
    days = np.asarray(project.ps["day"], dtype=np.float64)[table.images]
    series = np.asarray(table.series_matrix(), dtype=np.float64)
    if wanted.calibration is not None:
        series = series + np.outer(_added(table, wanted.calibration), (days - days[0]) / DAYS_PER_YEAR)
    found = egms_fields(days, series, project.millimetres)
    if wanted.zero == "model":
        known = np.isfinite(found["zero"])
        if not known.any():
            raise InputError(
                "No series has eight dates in more than a year, which the model of the first date needs: take zero = 'master'."
            )
        series[known] -= found["zero"][known, None]
        series[~known] = np.nan  # series of two kinds of zero in one file would mislead
    columns = {name: found[name] for name, _ in _COLUMNS if name in found}
    if wanted.coherence == "stamps":
        columns["temporal_coherence"] = np.asarray(table.field("COHERENCE"), dtype=np.float64)
    columns.update(_places(table), **_heights(table, wanted), **_geometry(table, wanted))
    columns["mp_type"] = _kinds(table)
    columns["amplitude_dispersion"] = _dispersion(table)
    columns["cluster_label"] = np.zeros(n)
    return columns, series, _facts(table, wanted, columns)


def _added(table: PointTable, calibration: Sequence[float]) -> NDArray[np.float64]:
    """mm/yr that a calibration adds to each point."""
    if len(calibration) == 1:
        return np.full(len(table), calibration[0])
    kilometres = llh2local(table.lonlat, centre_of(table.lonlat))
    added: NDArray[np.float64] = calibration[0] + kilometres @ np.asarray(calibration[1:])
    return added


def _places(table: PointTable) -> dict[str, NDArray[np.float64]]:
    lon, lat = table.places.T
    east, north = to_laea(table.places).T
    ij = np.asarray(table.project.ps["ij"], dtype=np.float64)[table.rows]
    return {
        "latitude": lat,
        "longitude": lon,
        "easting": east,
        "northing": north,
        "line": np.round(ij[:, 1]),
        "pixel": np.round(ij[:, 2]),
    }


def _heights(table: PointTable, wanted: Wanted) -> dict[str, NDArray[np.float64]]:
    height, nothing = np.asarray(table.field("HEIGHT"), dtype=np.float64), np.full(len(table), np.nan)
    offset = wanted.geoid_offset
    if wanted.height_datum == "unknown":
        return {"height": nothing, "height_wgs84": nothing}
    if wanted.height_datum == "ellipsoid":
        return {"height": nothing if offset is None else height - offset, "height_wgs84": height}
    return {"height": height, "height_wgs84": nothing if offset is None else height + offset}


def _geometry(table: PointTable, wanted: Wanted) -> dict[str, NDArray[np.float64]]:
    n, project = len(table), table.project
    incidence, heading = incidence_of(project), heading_of(project)
    if incidence is not None:
        angle = incidence[table.rows]
    else:
        mean = project.ps.get("mean_incidence")
        angle = np.full(n, float(np.ravel(mean)[0]) if mean is not None and np.size(mean) == 1 else np.nan)
    track = np.full(n, np.nan) if heading is None else headings_at(project.lonlat, heading)[table.rows]
    vector = look_vector(angle, track, left=wanted.look_side == "left")
    return {
        "incidence_angle": np.degrees(angle),
        "track_angle": track % 360,
        **{f"los_{name}": part for name, part in zip(("east", "north", "up"), vector.T, strict=True)},
    }


def _kinds(table: PointTable) -> NDArray[np.float64]:
    """0 of persistent scatterers, the area of a cell of a resampled merge; unknown of distributed scatterers."""
    area: NDArray[np.float64] = np.rint(np.asarray(table.field("EFF_AREA"), dtype=np.float64))
    if any(field.name == "KIND" for field in table.fields):
        area = np.where(table.field("KIND") == "ds", np.nan, area)
    return area


def _dispersion(table: PointTable) -> NDArray[np.float64]:
    project = table.project
    stored = project.ws.load_optional(project.file("da"), ["D_A"]).get("D_A")
    if stored is None or np.size(stored) != project.ps["n_ps"]:
        return np.full(len(table), np.nan)
    return np.asarray(np.ravel(stored)[table.rows], dtype=np.float64)


def _facts(table: PointTable, wanted: Wanted, columns: dict[str, NDArray[np.float64]]) -> dict[str, Any]:
    empty = [name for name, values in columns.items() if not np.isfinite(values).any()]
    zero = (
        "the cubic model with a motion of one year on the first date"
        if wanted.zero == "model"
        else (f"the reference date {table.metadata['reference_date']}")
    )
    facts: dict[str, Any] = {
        "level": wanted.level,
        "series_relative_to": zero,
        "dem_height": "height" if wanted.height_datum == "unknown" else wanted.height_datum,
        "empty_columns": empty,
        "line_and_pixel": "of the whole image of the project, from 0, not of a burst",
        "temporal_coherence": "of the linear fit" if wanted.coherence == "series" else "of the phase noise (coh_ps)",
        "standard_deviations": "from residuals; without atmosphere and correlation in time",
        "year_days": YEAR,
        "easting_northing": "EPSG:3035, WGS 84 taken for ETRS89",
        "los_vector": "from the ground to the satellite",
    }
    if wanted.calibration is not None:
        facts["calibration_mm_per_year_and_per_km"] = list(wanted.calibration)
    return facts


def _write_header(table: PointTable, wanted: Wanted, path: Path) -> None:
    """What the service's header of a burst holds, as far as a project knows it."""
    burst = "" if wanted.burst is None else wanted.burst.name(wanted.level).removeprefix(f"EGMS_{wanted.level}_")
    images = "".join(f"<image><product_id>{date:%Y%m%d}</product_id></image>" for date in table.dates)
    reference = table.metadata["master_date"].replace("-", "")
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<BURST>\n'
        f"<product_level>{wanted.level}</product_level>\n<burst_id>{escape(burst)}</burst_id>\n"
        f"<production_facility>{wanted.producer or ''}</production_facility>\n"
        f"<production_date>{datetime.date.today():%d/%m/%Y}</production_date>\n"
        f"<software>stamps-insar {escape(__version__)}</software>\n<clusters>1</clusters>\n"
        f"<reference><image><product_id>{reference}</product_id><orbit_type/></image></reference>\n"
        f"<dataset>{images}</dataset>\n</BURST>\n"
    )
    path.write_text(text, encoding="utf-8")
