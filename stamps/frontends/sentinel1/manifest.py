"""What ``manifest.safe`` says about a product.

Source: docs/method/sentinel1.md, section 1.
"""

from __future__ import annotations

import math
import re

from stamps.frontends.sentinel1.containers import Container, product_name
from stamps.frontends.sentinel1.fields import Fields
from stamps.frontends.sentinel1.products import Product

__all__ = ["read_manifest"]

_PASSES = ("ASCENDING", "DESCENDING")
_CANONICAL = re.compile(r"S1[A-Z]_(?:IW|S[1-6])_SLC__1S[SD][HV]_\d{8}T\d{6}_\d{8}T\d{6}_\d{6}_[0-9A-F]{6}_[0-9A-F]{4}")


def read_manifest(container: Container) -> Product:
    """The product that a manifest describes.

    Parameters
    ----------
    container : Container

    Returns
    -------
    Product

    Raises
    ------
    InputError
        A field is missing or wrong, or the product is no single-look complex one of IW or stripmap mode.
    """
    fields = Fields.of(container.read("manifest.safe"), f"{container.path}, manifest.safe")
    processing = fields.first("processing")
    orbit, period = fields.first("orbitReference"), fields.first("acquisitionPeriod")
    start, stop = period.instant("startTime"), period.instant("stopTime")
    if stop <= start:
        raise fields.wrong("stopTime", period.text("stopTime"), f"a time after startTime {period.text('startTime')}")
    number = _optional(fields, "sliceNumber")
    return Product(
        path=container.path,
        name=product_name(container.path),
        platform=_platform(fields),
        mode=_mode(fields),
        absolute_orbit=_at(orbit, "orbitNumber", "start"),
        relative_orbit=_track(orbit),
        passing=_passing(fields),
        data_take=fields.integer("missionDataTakeID"),
        polarisations=_several(fields, "transmitterReceiverPolarisation", r"[HV]{2}"),
        swaths=_swaths(fields.first("instrumentMode")),
        slice_number=number or None,
        total_slices=_optional(fields, "totalSlices") if number else None,
        start=start,
        stop=stop,
        processed=processing.attribute_instant("stop"),
        software=processing.first("software").attribute("version"),
        footprint=_footprint(fields),
        crosses_node=_at(orbit, "orbitNumber", "stop") - _at(orbit, "orbitNumber", "start") == 1,
    )


def _platform(fields: Fields) -> str:
    platform = fields.first("platform")
    family, letter = platform.text("familyName"), platform.text("number")
    if family.upper() != "SENTINEL-1" or not re.fullmatch("[A-Z]", letter):
        raise fields.wrong("platform", f"{family} {letter}", "SENTINEL-1 and a letter")
    return f"S1{letter}"


def _mode(fields: Fields) -> str:
    mode, kind = fields.text("mode"), fields.text("productType")
    if kind != "SLC":
        raise fields.wrong("productType", kind, "SLC")
    if mode not in ("IW", "SM"):
        raise fields.wrong("mode", mode, "IW or SM")
    return mode


def _at(orbit: Fields, name: str, end: str) -> int:
    """A number of the orbit at the ``start`` or ``stop`` of the product; where that is not told, the first."""
    for number in orbit.all(name):
        if number.attribute("type", "") == end:
            return number.integer(name)
    return orbit.integer(name)


def _track(orbit: Fields) -> int:
    track = _at(orbit, "relativeOrbitNumber", "start")
    if not 1 <= track <= 175:
        raise orbit.wrong("relativeOrbitNumber", str(track), "a number from 1 to 175")
    return track


def _passing(fields: Fields) -> str:
    passing = fields.text("pass").upper()
    if passing not in _PASSES:
        raise fields.wrong("pass", passing, "ASCENDING or DESCENDING")
    return passing


def _several(fields: Fields, name: str, pattern: str) -> tuple[str, ...]:
    """The values of a field that is there once or several times."""
    values = tuple(dict.fromkeys(fields.texts(name)))
    if not values:
        raise fields.missing(name)
    for value in values:
        if not re.fullmatch(pattern, value):
            raise fields.wrong(name, value, f"one of the form {pattern}")
    return values


def _swaths(fields: Fields) -> tuple[str, ...]:
    """Subswaths; ``IW`` alone is all three."""
    found = _several(fields, "swath", r"IW[1-3]?|S[1-6]")
    return ("IW1", "IW2", "IW3") if found == ("IW",) else found


def _optional(fields: Fields, name: str) -> int | None:
    return fields.integer(name) if fields.has(name) else None


def _footprint(fields: Fields) -> tuple[tuple[float, float], ...]:
    text = fields.first("footPrint").text("coordinates")
    try:
        corners = [tuple(float(part) for part in pair.split(",")) for pair in text.split()]
        pairs = tuple((lon, lat) for lat, lon in corners)
    except ValueError:
        pairs = ()
    if len(pairs) < 3 or not all(math.isfinite(lon) and abs(lat) <= 90 for lon, lat in pairs):
        raise fields.wrong("coordinates", text, "three or more corners, each latitude,longitude")
    return pairs
