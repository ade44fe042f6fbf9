"""The area that users ask for: four numbers, WKT or a vector file.

Source: docs/method/sentinel1.md, section 2.
"""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import InputError
from stamps.workspace.plain_files import check_input

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

__all__ = ["Area", "read_area"]

_WKT = re.compile(
    r"\s*(?:SRID=(\d+);)?\s*(?:MULTI)?(?:POLYGON|POINT|LINESTRING|GEOMETRYCOLLECTION)\s*[A-Z]*\s*[(E]", re.I
)
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|[-+]?(?:nan|inf|infinity)", re.I)
_EXPECTED = "longitude latitude longitude latitude of two opposite corners"
_KINDS = "an area is four numbers (" + _EXPECTED + "), a text of WKT, or a vector file (GeoJSON, shapefile, KML, …)"


@dataclass(frozen=True)
class Area:
    """A piece of the Earth in longitude and latitude of WGS 84, degrees.

    Attributes
    ----------
    envelope : (float, float, float, float)
        West, south, east, north. ``west < east`` always: across the antimeridian, east is more than 180.
    wkt : str
        The area itself: the rectangle of the envelope, or the exact polygon where that was asked for; longitudes count as in the
        envelope.
    source : str
        What the user wrote.
    """

    envelope: tuple[float, float, float, float]
    wkt: str
    source: str = ""

    @property
    def centre(self) -> tuple[float, float]:
        """Longitude and latitude of the middle of the envelope, degrees; longitudes from -180 to 180."""
        west, south, east, north = self.envelope
        return (west + east + 360) / 2 % 360 - 180, (south + north) / 2

    def shape(self) -> BaseGeometry:
        """The polygon of the area, as Shapely has it."""
        import shapely

        return shapely.from_wkt(self.wkt)

    def swapped(self) -> Area | None:
        """The area with longitudes and latitudes exchanged, where that is one."""
        west, south, east, north = self.envelope
        if max(abs(west), abs(east)) > 90:
            return None
        return _of_envelope(south, west, north, east, self.source)


def read_area(words: str | Sequence[str | float], *, exact: bool = False) -> Area:
    """The area that words describe.

    Parameters
    ----------
    words : str or sequence of str or float
        Four numbers (longitude, latitude, longitude, latitude of two opposite corners), one text of WKT, or the path of a
        vector file.
    exact : bool
        Keep the polygon; else the area is its envelope.

    Raises
    ------
    InputError
        Words that are none of these, numbers out of range, a file that cannot be read or holds no area.
    """
    parts = [words] if isinstance(words, str) else [str(word) for word in words]
    text = " ".join(parts).strip()
    if not text:
        raise InputError(f"There is no area: {_KINDS}.")
    pieces = [piece for piece in re.split(r"[\s,;]+", text) if piece]
    if all(_NUMBER.fullmatch(piece) for piece in pieces):
        return _of_corners(pieces, text)
    if _WKT.match(text):
        return _of_shape(_from_wkt(text), text, exact=exact)
    if len(parts) == 1 and Path(text).exists():
        return _of_shape(_from_file(text), text, exact=exact)
    raise InputError(f"{_shown(text)} is no area and there is no such file: {_KINDS}.")


def _shown(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:80]} …"


def _of_corners(pieces: list[str], source: str) -> Area:
    """The rectangle between two corners."""
    if len(pieces) != 4:
        raise InputError(f"The area {_shown(source)} has {len(pieces)} numbers instead of four: {_EXPECTED}.")
    west, south, east, north = (float(piece) for piece in pieces)
    _check_range([west, east], [south, north], source)
    if abs(east - west) > 180:  # the short way, across the antimeridian
        west, east = max(west, east), min(west, east) + 360
    west, east = sorted((west, east))
    south, north = sorted((south, north))
    if west == east or south == north:
        raise InputError(f"The area {_shown(source)} has no extent: {_EXPECTED} are expected.")
    turn = 360 * math.floor((west + 180) / 360)
    return _of_envelope(west - turn, south, east - turn, north, source)


def _of_envelope(west: float, south: float, east: float, north: float, source: str) -> Area:
    corners = ((west, south), (east, south), (east, north), (west, north), (west, south))
    wkt = f"POLYGON(({','.join(f'{lon!r} {lat!r}' for lon, lat in corners)}))"
    return Area((west, south, east, north), wkt, source)


def _check_range(lon: Sequence[float], lat: Sequence[float], source: str) -> None:
    """Stop at numbers that are no longitudes and latitudes, and say where they look exchanged."""
    values = [*lon, *lat]
    if not all(math.isfinite(value) for value in values):
        raise InputError(f"The area {_shown(source)} has numbers that are not finite.")
    if max(map(abs, lat)) > 90:
        swapped = max(map(abs, lat)) <= 360 and max(map(abs, lon)) <= 90
        hint = ": are longitude and latitude exchanged? The longitude comes first" if swapped else ""
        raise InputError(f"The area {_shown(source)} has latitudes beyond 90 degrees{hint}.")
    if max(lon) > 360 or min(lon) < -180:
        raise InputError(f"The area {_shown(source)} has longitudes beyond -180 to 360 degrees.")


# ---------------------------------------------------------------------- polygons


def _from_wkt(text: str) -> BaseGeometry:
    import shapely

    found = _WKT.match(text)
    if found and found[1] and found[1] != "4326":
        raise InputError(
            f"The area {_shown(text)} is in EPSG:{found[1]}: WKT is expected in longitude and latitude (4326)."
        )
    try:
        with np.errstate(all="ignore"):  # numbers that are none are told later
            return shapely.from_wkt(re.sub(r"^\s*SRID=\d+;", "", text, flags=re.I))
    except shapely.errors.ShapelyError as error:
        reason = " ".join(str(error).split())
        raise InputError(f"The area {_shown(text)} is no WKT ({reason}).") from None


def _of_shape(shape: BaseGeometry, source: str, *, exact: bool) -> Area:
    """The area of polygons in longitude and latitude: their envelope, or they themselves."""
    import shapely

    points = shapely.get_coordinates(shape)
    if not len(points):
        raise InputError(f"The area {_shown(source)} is empty.")
    _check_range(points[:, 0].tolist(), points[:, 1].tolist(), source)
    if points[:, 0].max() - points[:, 0].min() > 180:  # both sides of the antimeridian
        shape = shapely.transform(shape, lambda xy: xy + (xy[:, :1] < 0) * [360.0, 0.0])
    west, south, east, north = (float(value) for value in shape.bounds)
    if not exact:
        return _of_corners([repr(west), repr(south), repr(east), repr(north)], source)
    whole = shapely.union_all(
        [part for part in shapely.get_parts(shapely.make_valid(shapely.force_2d(shape))) if part.area]
    )
    if whole.is_empty:
        raise InputError(f"The area {_shown(source)} holds no polygon, which its exact form needs.")
    turn = 360 * math.floor((west + 180) / 360)
    whole = shapely.transform(whole, lambda xy: xy - [turn, 0.0])
    west, south, east, north = (float(value) for value in whole.bounds)
    return Area((west, south, east, north), whole.wkt, source)


def _from_file(name: str) -> BaseGeometry:
    """All geometries of a vector file, in longitude and latitude."""
    import shapely

    check_input(name)
    try:
        from pyogrio import list_layers, raw
        from pyogrio.errors import DataLayerError, DataSourceError
    except ImportError:
        raise InputError(
            f"Reading the area from {name} needs pyogrio, which is not installed: pip install 'stamps-insar[export]', or "
            "give the area as four numbers."
        ) from None
    shapes: list[Any] = []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for layer in list_layers(name)[:, 0]:
                meta, _, geometry, _ = raw.read(name, layer=layer, columns=[], force_2d=True)
                if geometry is not None:
                    layer_shape = shapely.union_all(shapely.make_valid(shapely.from_wkb(geometry)))
                    shapes.append(_in_degrees(layer_shape, meta["crs"], name))
    except (DataSourceError, DataLayerError, shapely.errors.ShapelyError, ValueError) as error:
        raise InputError(f"{name} cannot be read as a vector file ({' '.join(str(error).split())[:160]}).") from None
    return shapely.union_all(shapes)


def _in_degrees(shape: BaseGeometry, crs: str | None, name: str) -> BaseGeometry:
    """A geometry in longitude and latitude of WGS 84."""
    import shapely

    if crs in (None, "EPSG:4326", "OGC:CRS84") or shape.is_empty:
        return shape  # without a system, the numbers are checked
    try:
        from rasterio.errors import RasterioError
        from rasterio.warp import transform
    except ImportError:
        raise InputError(
            f"{name} is in {crs}: reading it needs rasterio, which is not installed: pip install 'stamps-insar[export]', or "
            "convert the file to longitude and latitude (EPSG:4326)."
        ) from None
    try:
        return shapely.transform(shape, lambda x, y: transform(crs, "EPSG:4326", x, y)[:2], interleaved=False)
    except RasterioError as error:
        raise InputError(
            f"{name} is in {crs}, which cannot be converted to longitude and latitude ({error})."
        ) from None
