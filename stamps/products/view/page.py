"""Put the page together: one HTML file with style, scripts and data inside, and nothing outside."""

from __future__ import annotations

import datetime
import html
import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.products.view.packing import Packed, pack, quantise_places
from stamps.workspace.console import shown

if TYPE_CHECKING:
    from stamps.products.view.background import Picture
    from stamps.products.view.content import Content, Layer


__all__ = ["html_of"]

#: In the order in which they depend on each other.
_SCRIPTS = ("arrays", "colours", "dataset", "points", "map", "histogram", "chart", "app")
_DIVERGING = {"inflation": ("RdYlBu", False), "deflation": ("RdYlBu", True), "gray": ("grey", False)}
_PALETTES = {"sequential": "viridis", "uncertainty": "magma", "relief": "cividis"}


def html_of(content: Content, pictures: Sequence[Picture], title: str) -> str:
    """The page.

    Parameters
    ----------
    content : Content
    pictures : list of Picture
    title : str

    Returns
    -------
    str
    """
    arrays = _arrays(content, pictures)
    return Template(_resource("view.html")).substitute(
        title=html.escape(shown(title)),
        style=_resource("view.css"),
        facts=_json(_facts(content, pictures, title, arrays)),
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


def _facts(content: Content, pictures: Sequence[Picture], title: str, arrays: Mapping[str, Packed]) -> dict[str, Any]:
    """Everything but the arrays."""
    from stamps import __version__

    area = content.area
    return {
        "title": title,
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
        "layers": [_layer(layer, arrays[layer.name], content.scheme) for layer in content.layers],
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
        "images": [{"date": date.isoformat(), "bperp": bperp, "noise": noise} for date, bperp, noise in content.images],
        "parameters": content.parameters,
    }


def _layer(layer: Layer, packed: Packed, scheme: str) -> dict[str, Any]:
    name, reverse = _DIVERGING.get(scheme, _DIVERGING["inflation"])
    if layer.colours != "diverging":
        name, reverse = _PALETTES[layer.colours], False
    colours = _palettes()[name]
    return {
        "name": layer.name,
        "label": layer.label,
        "unit": layer.unit,
        "sign": layer.sign,
        "centred": layer.colours == "diverging",
        "referenced": layer.referenced,
        "dated": layer.values.ndim == 2,
        "error": packed.error,
        "colours": colours[::-1] if reverse else colours,
    }


@cache
def _palettes() -> dict[str, Any]:
    return json.loads(_resource("palettes.json"))


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
