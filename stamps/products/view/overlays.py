"""Drawings over the map: files of GeoJSON, checked before they enter the page.

Source: RFC 7946 (The GeoJSON Format). Longitudes and latitudes of WGS 84; a third coordinate is left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stamps.errors import InputError
from stamps.workspace.console import one_line

if TYPE_CHECKING:
    from stamps._typing import StrPath

__all__ = ["Overlay", "read_overlay"]

_LARGEST = 20_000_000  # bytes
_MOST_PLACES = 500_000
_DEEPEST = 8  # collections within collections
#: Names of the only coordinates that RFC 7946 knows.
_GEOGRAPHIC = {"EPSG:4326", "URN:OGC:DEF:CRS:EPSG::4326", "URN:OGC:DEF:CRS:OGC:1.3:CRS84", "URN:OGC:DEF:CRS:OGC::CRS84"}
#: Geometry -> how deep its coordinates are nested, and how many places the innermost list needs.
_SHAPES = {
    "Point": (0, 1),
    "MultiPoint": (1, 0),
    "LineString": (1, 2),
    "MultiLineString": (2, 2),
    "Polygon": (2, 4),
    "MultiPolygon": (3, 4),
}


@dataclass(frozen=True)
class Overlay:
    """A file to be drawn.

    Attributes
    ----------
    name : str
    features : list of dict
        ``geometry`` (None or as in GeoJSON, longitudes and latitudes only) and ``properties`` (texts, numbers, …).
    """

    name: str
    features: list[dict[str, Any]]


def read_overlay(path: StrPath) -> Overlay:
    """Read a file of GeoJSON: a geometry, a feature or a collection of them.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    Overlay

    Raises
    ------
    InputError
        The file is missing, too large, no GeoJSON, or not in longitudes and latitudes; the feature is named.
    """
    place = Path(path)
    document = _document(place)
    _check_crs(document, place)
    features, total = [], 0
    for number, feature in enumerate(_features(document, place), 1):
        where = f"Feature {number} of {place}"
        if not isinstance(feature, dict) or feature.get("type") != "Feature":
            raise InputError(f"{where} is no feature: an object of the type Feature was expected.")
        properties = feature.get("properties")
        if properties is not None and not isinstance(properties, dict):
            raise InputError(f"{where}: its properties are no object.")
        geometry = None if feature.get("geometry") is None else _geometry(feature["geometry"], where, _DEEPEST)
        total += sum(1 for _ in _places(geometry))
        if total > _MOST_PLACES:
            raise InputError(f"{place} has more than {_MOST_PLACES} places: simplify it before it is drawn.")
        features.append({"geometry": geometry, "properties": _readable(properties or {})})
    if total == 0:
        raise InputError(f"{place} holds no place that could be drawn.")
    return Overlay(one_line(place.name), features)


def _document(place: Path) -> dict[str, Any]:
    """The file as JSON, an object."""
    if not place.is_file():
        raise InputError(f"{place} is missing: give a file of GeoJSON.")
    if place.stat().st_size > _LARGEST:
        raise InputError(f"{place} has more than {_LARGEST // 1_000_000} MB: simplify it before it is drawn.")
    try:
        document = json.loads(place.read_bytes().decode("utf-8-sig"), parse_constant=_no_number)
    except (ValueError, RecursionError) as error:  # broken UTF-8 and broken JSON are ValueErrors
        reason = "nested too deeply" if isinstance(error, RecursionError) else one_line(str(error))[:120]
        raise InputError(f"{place} is no JSON ({reason}): a file of GeoJSON was expected.") from None
    if not isinstance(document, dict):
        raise InputError(f"{place} is no GeoJSON: its outermost value is no object.")
    return document


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no number of JSON")


def _check_crs(document: Mapping[str, Any], place: Path) -> None:
    """Refuse coordinates that are said to be others than longitude and latitude."""
    crs = document.get("crs")
    if crs is None:
        return
    properties = crs.get("properties") if isinstance(crs, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else None
    if str(name).upper() not in _GEOGRAPHIC:
        said = one_line(str(name if name is not None else crs))[:80]
        raise InputError(
            f"{place} is in other coordinates (member crs: {said}): GeoJSON has longitudes and latitudes of WGS 84 "
            "(RFC 7946), so convert it first."
        )


def _features(document: Mapping[str, Any], place: Path) -> Sequence[Any]:
    kind = document.get("type")
    if kind == "FeatureCollection":
        if not isinstance(document.get("features"), list):
            raise InputError(f"{place} is a FeatureCollection without a list of features.")
        return document["features"]
    if kind == "Feature":
        return [document]
    if kind == "GeometryCollection" or (isinstance(kind, str) and kind in _SHAPES):
        return [{"type": "Feature", "geometry": document, "properties": {}}]
    said = f"its type is {one_line(str(kind))[:40]!r}" if kind is not None else "it has no type"
    raise InputError(f"{place} is no GeoJSON: {said}, but FeatureCollection, Feature or a geometry was expected.")


def _geometry(geometry: Any, where: str, deepest: int) -> dict[str, Any]:
    """The geometry with longitudes and latitudes only."""
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if kind == "GeometryCollection":
        if not isinstance(geometry.get("geometries"), list) or deepest == 0:
            raise InputError(f"{where}: a GeometryCollection has no list of geometries, or is nested too deeply.")
        return {"type": kind, "geometries": [_geometry(part, where, deepest - 1) for part in geometry["geometries"]]}
    if not isinstance(kind, str) or kind not in _SHAPES:
        raise InputError(
            f"{where} has no geometry of GeoJSON: Point, LineString, Polygon, Multi… or a collection was expected."
        )
    depth, least = _SHAPES[kind]
    coordinates = _nested(geometry.get("coordinates"), depth, least, f"{where} ({kind})")
    if kind.endswith("Polygon") and any(ring[0] != ring[-1] for ring in _rings(coordinates, depth)):
        raise InputError(f"{where} ({kind}): a ring does not end where it begins.")
    return {"type": kind, "coordinates": coordinates}


def _rings(coordinates: Any, depth: int) -> Iterator[Any]:
    return iter(coordinates) if depth == 2 else (ring for polygon in coordinates for ring in polygon)


def _nested(coordinates: Any, depth: int, least: int, where: str) -> list[Any]:
    """Coordinates so deep; lists of places have a least length."""
    if depth == 0:
        return _place(coordinates, where)
    if not isinstance(coordinates, list) or (depth == 1 and len(coordinates) < least):
        wanted = f"a list of at least {least} places" if depth == 1 and least else "a list"
        raise InputError(f"{where}: its coordinates are not nested as they should be: {wanted} was expected.")
    return [_nested(part, depth - 1, least, where) for part in coordinates]


def _place(place: Any, where: str) -> list[float]:
    numbers = place if isinstance(place, list) else []
    if len(numbers) < 2 or any(isinstance(part, bool) or not isinstance(part, int | float) for part in numbers):
        raise InputError(
            f"{where}: {one_line(json.dumps(place))[:60]} is no place: longitude and latitude were expected."
        )
    if not (abs(numbers[0]) <= 360 and abs(numbers[1]) <= 90):
        raise InputError(
            f"{where}: {str(numbers[0])[:20]}, {str(numbers[1])[:20]} is no longitude and latitude in degrees: "
            "convert the file to WGS 84."
        )
    return [float(numbers[0]), float(numbers[1])]


def _places(geometry: Any) -> Iterator[Any]:
    """All places of a geometry."""
    if geometry is None:
        return
    if geometry["type"] == "GeometryCollection":
        for part in geometry["geometries"]:
            yield from _places(part)
        return
    stack = [geometry["coordinates"]]
    while stack:
        part = stack.pop()
        if part and not isinstance(part[0], list):
            yield part
        else:
            stack.extend(part)


def _readable(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Properties of single values; others as JSON. Halves of characters, which no file can hold, are written out."""
    plain = (int, float, bool, type(None))
    found = {}
    for name, value in properties.items():
        text = value if isinstance(value, str) else json.dumps(value)
        found[_whole(name)] = value if isinstance(value, plain) else _whole(text)
    return found


def _whole(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
