"""Put the page together: one HTML file with style, scripts and data inside, and nothing outside."""

from __future__ import annotations

import datetime
import html
import json
from collections.abc import Mapping, Sequence
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.products.quantity_styles import palette_of
from stamps.products.view.extras import Extras
from stamps.products.view.packing import Packed, pack, quantise_places
from stamps.workspace.console import shown

if TYPE_CHECKING:
    from stamps.products.quantity_styles import Palette
    from stamps.products.view.background import Picture
    from stamps.products.view.content import Content, Layer


__all__ = ["html_of"]

#: In the order in which they depend on each other.
_SCRIPTS = (
    *("arrays", "colours", "dataset", "points", "tiles", "overlay", "transect", "map", "histogram", "models", "chart"),
    *(
        "state",
        "layers",
        "kinds",
        "reference",
        "selection",
        "series",
        "events",
        "display",
        "profile",
        "drawings",
        "compare",
    ),
    *("about", "keys", "paper", "app"),
)
_OTHER = "other-"  # what the names of the arrays of a second project begin with


def html_of(content: Content, pictures: Sequence[Picture], title: str, extras: Extras | None = None) -> str:
    """The page.

    Parameters
    ----------
    content : Content
    pictures : list of Picture
    title : str
    extras : Extras, optional

    Returns
    -------
    str
    """
    extras = extras or Extras()
    arrays = _arrays(content, pictures)
    facts = {**_facts(content, pictures, title, arrays), **_extra_facts(extras)}
    if extras.other is not None:
        theirs = _arrays(extras.other.content, extras.other.pictures)
        there = _facts(extras.other.content, extras.other.pictures, extras.other.title, theirs, _OTHER)
        facts["other"] = {**there, "stations": list(extras.other.stations)}
        arrays.update({f"{_OTHER}{name}": packed for name, packed in theirs.items()})
    return Template(_resource("view.html")).substitute(
        title=html.escape(shown(title)),
        vendor_style=_resource("vendor/uplot.css"),
        style=_resource("view.css"),
        licence=f"/*!\nuPlot 1.6.32\n{_resource('vendor/uplot.LICENSE.txt').strip()}\n*/",
        vendor=_resource("vendor/uplot.js"),
        theme=_resource("js/theme.js"),
        image_source="" if extras.tiles is None else f" {html.escape(extras.tiles.origin)}",
        facts=_json(facts),
        arrays="\n".join(
            f'<script type="text/plain" id="array-{name}">{packed.base64()}</script>' for name, packed in arrays.items()
        ),
        script="\n".join(_resource(f"js/{name}.js") for name in _SCRIPTS),
    )


def _arrays(content: Content, pictures: Sequence[Picture]) -> dict[str, Packed]:
    """Every array of the page by its name."""
    arrays = {"lon": quantise_places(content.lonlat[:, 0]), "lat": quantise_places(content.lonlat[:, 1])}
    arrays.update({layer.name: pack(layer.values) for layer in content.layers})
    if content.reference is not None and not content.area.everything:
        arrays["reference"] = Packed(content.reference.astype(np.uint32))
    arrays.update({f"picture-{picture.name}": Packed(picture.grey) for picture in pictures})
    return arrays


def _extra_facts(extras: Extras) -> dict[str, Any]:
    """What lies on the map beside the points."""
    tiles = extras.tiles
    return {
        "tiles": None if tiles is None else {"address": tiles.address, "attribution": tiles.attribution},
        "overlays": [{"name": overlay.name, "features": overlay.features} for overlay in extras.overlays],
        "stations": list(extras.stations),
        "other": None,
    }


def _facts(
    content: Content, pictures: Sequence[Picture], title: str, arrays: Mapping[str, Packed], prefix: str = ""
) -> dict[str, Any]:
    """Everything but the arrays; what their names begin with in the page."""
    from stamps import __version__

    area = content.area
    return {
        "title": title,
        "prefix": prefix,
        "version": __version__,
        "created": datetime.date.today().isoformat(),
        "n": len(content.lonlat),
        **content.facts,
        "metres": list(content.metres),
        "dates": [date.isoformat() for date in content.dates],
        "days": content.days.tolist(),
        "master": content.master.isoformat(),
        "weights": content.lines.weights.tolist(),
        "spread": None if content.lines.spread is None else content.lines.spread.tolist(),
        "layers": [
            _layer(layer, arrays[layer.name], palette_of(layer.style, content.scheme, content.folder))
            for layer in content.layers
        ],
        "arrays": {name: packed.description() for name, packed in arrays.items()},
        "pictures": [
            {"name": picture.name, "label": picture.label, "extent": [float(x) for x in picture.extent]}
            for picture in pictures
        ],
        "reference": {
            "kind": "none" if content.reference is None else "all" if area.everything else "pixels",
            "text": area.text() or "not referenced",
            "centre": None if area.centre is None else [float(x) for x in area.centre],
            "radius": None if area.centre is None else area.radius,
            "box": None if area.box is None else [[float(x) for x in side] for side in area.box],
        },
        "events": [{"date": event.date.isoformat(), "label": event.label} for event in content.events],
        "images": [{"date": date.isoformat(), "bperp": bperp, "noise": noise} for date, bperp, noise in content.images],
        "parameters": content.parameters,
    }


def _layer(layer: Layer, packed: Packed, palette: Palette) -> dict[str, Any]:
    style, colours = layer.style, palette.colours
    if layer.categories:  # one colour for each
        colours = colours[: len(layer.categories)]
    return {
        "name": layer.name,
        "label": style.label,
        "unit": style.unit,
        "sign": style.sign,
        "rule": style.rule,
        "centred": style.centred,
        "digits": style.digits,
        "referenced": layer.referenced,
        "dated": layer.values.ndim == 2,
        "error": packed.error,
        "palette": palette.name,
        "colours": colours,
        "limits": layer.limits,
        "categories": list(layer.categories) or None,
    }


def _resource(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _json(value: Mapping[str, Any]) -> str:
    """JSON that may stand inside a script element."""
    return json.dumps(_finite(value), ensure_ascii=False, allow_nan=False).replace("<", "\\u003c")


def _finite(value: Any) -> Any:
    """The same with None instead of what is not a finite number, and texts that can only be read."""
    if isinstance(value, str):
        return shown(value)
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value
