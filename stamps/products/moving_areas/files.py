"""Areas as files: GeoPackage, GeoJSON, shapefile, KML, CSV; beside each a table of the mean series.

Source: docs/method/areas.md, section 4.
"""

from __future__ import annotations

import csv
import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

import numpy as np

from stamps.errors import InputError
from stamps.products.exports.libraries import library, reason_of
from stamps.products.exports.metadata import as_texts, write_side_file
from stamps.products.moving_areas.found import FIELDS, FoundAreas
from stamps.products.moving_areas.hulls import shapely

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["AREA_FORMATS", "SERIES_SUFFIX", "writer_of"]

#: End of the name of the table of mean series.
SERIES_SUFFIX = "-series.csv"

_DRIVERS = {"gpkg": "GPKG", "geojson": "GeoJSON", "shp": "ESRI Shapefile"}

#: Kinds of files that hold areas.
AREA_FORMATS = (*_DRIVERS, "kml", "csv")

_LONGEST = 10  # letters of a name in a shapefile


def writer_of(file_format: str) -> Callable[[FoundAreas, Path], int]:
    """The function that writes areas as a kind of file, with the table of their series.

    Raises
    ------
    InputError
        The kind of file has no outlines.
    """
    if file_format not in AREA_FORMATS:
        raise InputError(f"Areas cannot be written as {file_format}: there are {', '.join(AREA_FORMATS)}.")

    def write(found: FoundAreas, path: Path) -> int:
        if file_format in _DRIVERS:
            _write_layer(found, path, file_format)
        else:
            (_write_kml if file_format == "kml" else _write_csv)(found, path)
        if file_format in ("csv", "shp"):
            write_side_file(path, found.metadata)
        _write_series(found, path.with_name(path.stem + SERIES_SUFFIX))
        return len(found)

    return write


def _write_layer(found: FoundAreas, path: Path, file_format: str) -> None:
    raw, errors = library("pyogrio.raw", file_format), library("pyogrio.errors", file_format)
    names = [name[:_LONGEST] if file_format == "shp" else name for name, *_ in FIELDS]
    data = [_values(found, name) for name, *_ in FIELDS]
    options: dict[str, Any] = {}
    if file_format == "gpkg":
        texts = as_texts(found.metadata)
        options = {"layer_metadata": texts, "layer_options": {"DESCRIPTION": texts["sign_convention"]}}
    elif file_format == "geojson":
        native = json.dumps({"metadata": found.metadata})
        media = "application/vnd.geo+json"
        options = {"layer_options": {"RFC7946": "YES", "NATIVE_DATA": native, "NATIVE_MEDIA_TYPE": media}}
    else:
        options = {"encoding": "UTF-8"}
    try:
        raw.write(
            path,
            geometry=np.array(shapely().to_wkb(found.outlines), dtype=object).reshape(len(found)),
            field_data=data,
            fields=np.array(names, dtype=object),
            layer="areas" if path.stem.lower().startswith("gpkg") else path.stem,
            driver=_DRIVERS[file_format],
            geometry_type="MultiPolygon",
            crs="EPSG:4326",
            **options,
        )
    except (errors.DataSourceError, errors.DataLayerError, errors.FieldError, errors.FeatureError) as error:
        raise InputError(f"{path.name} cannot be written ({reason_of(error)}): choose another name or kind.") from error


def _values(found: FoundAreas, name: str) -> Any:
    values = [row[name] for row in found.rows]
    if name == "type_mode":
        return np.array(values, dtype=object)
    whole = name in ("ada_id", "n_points", "n_inside", "qi")
    return np.array(values, dtype=np.int32 if whole else np.float64)


def _write_csv(found: FoundAreas, path: Path) -> None:
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*(name for name, *_ in FIELDS), "outline"])
        for row, outline in zip(found.rows, found.outlines, strict=True):
            writer.writerow([*map(_text, row.values()), shapely().to_wkt(outline, rounding_precision=8)])


def _text(value: Any) -> str:
    if isinstance(value, float):
        return "" if np.isnan(value) else f"{value:.8g}" if abs(value) < 1e6 else f"{value:.1f}"
    return str(value)


def _write_series(found: FoundAreas, path: Path) -> None:
    """A row for each area: its number and its mean displacement on each date, mm."""
    with open(path, "w", encoding="utf-8") as file:
        file.write(",".join(["ada_id", *found.table.series_names]) + "\n")
        for row, series in zip(found.rows, found.series, strict=True):
            file.write(",".join([str(row["ada_id"]), *("" if np.isnan(mm) else f"{mm:.3f}" for mm in series)]) + "\n")


# ---------------------------------------------------------------------- KML

_STYLES = """<Style id="rises"><LineStyle><color>ffb06020</color><width>2</width></LineStyle>
<PolyStyle><color>66d08040</color></PolyStyle></Style>
<Style id="sinks"><LineStyle><color>ff2020b0</color><width>2</width></LineStyle>
<PolyStyle><color>664040d0</color></PolyStyle></Style>
"""


def _write_kml(found: FoundAreas, path: Path) -> None:
    facts = found.metadata
    about = f"{facts['title']}, {facts['sign_convention']}, {facts['reference']}"
    with_facts = "".join(_data(name, value) for name, value in as_texts(facts).items())
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<kml xmlns="http://www.opengis.net/kml/2.2"><Document>\n'
        f"<name>{escape(path.stem)}</name><description>{escape(about)}</description>\n{_STYLES}"
        f"<ExtendedData>{with_facts}</ExtendedData>\n"
        + "".join(_placemark(row, outline) for row, outline in zip(found.rows, found.outlines, strict=True))
        + "</Document></kml>\n"
    )
    if path.suffix.lower() == ".kml":
        path.write_text(text, encoding="utf-8", errors="surrogateescape")
        return
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("doc.kml", text.encode("utf-8", "surrogateescape"))


def _placemark(row: dict[str, Any], outline: Any) -> str:
    style = "rises" if row["v_mean"] > 0 else "sinks"
    name = f"{row['ada_id']}: {row['v_mean']:.1f} mm/yr"
    data = "".join(_data(field, _text(value)) for field, value in row.items())
    parts = "".join(_polygon(part) for part in shapely().get_parts(outline))
    return (
        f"<Placemark><name>{name}</name><styleUrl>#{style}</styleUrl><ExtendedData>{data}</ExtendedData>"
        f"<MultiGeometry>{parts}</MultiGeometry></Placemark>\n"
    )


def _data(name: str, value: str) -> str:
    return f'<Data name="{escape(name)}"><value>{escape(value)}</value></Data>'


def _polygon(part: Any) -> str:
    inner = "".join(f"<innerBoundaryIs>{_ring(ring)}</innerBoundaryIs>" for ring in part.interiors)
    return f"<Polygon><outerBoundaryIs>{_ring(part.exterior)}</outerBoundaryIs>{inner}</Polygon>"


def _ring(ring: Any) -> str:
    corners = " ".join(f"{lon:.8f},{lat:.8f}" for lon, lat in np.asarray(ring.coords)[:, :2])
    return f"<LinearRing><coordinates>{corners}</coordinates></LinearRing>"
