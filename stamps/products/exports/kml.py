"""KML and KMZ for Google Earth: points coloured by velocity, with a legend and a table of values for each.

A KMZ also holds a picture of the colour scale, which stays on the screen, and divides many points into tiles that are
shown when they are looked at closely (:mod:`stamps.products.exports.tiles`). A KML is one plain file with the scale
as a table in its description. The time series would make either too large to be opened; take another kind for them.
The points are written by :mod:`stamps.products.kml`, as those of the legacy functions: in a stream, not limited by
memory.
"""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

import numpy as np

from stamps.errors import InputError
from stamps.products.colours import scale_of
from stamps.products.exports.grid import grid_of
from stamps.products.exports.libraries import library
from stamps.products.exports.metadata import as_texts
from stamps.products.exports.tiles import tile_tree
from stamps.products.kml import kml_colours, write_kml
from stamps.products.overlay import legend_png, sheet_of, write_overlay
from stamps.products.quantity_styles import STYLES, check_limits

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps.products.colours import Scale
    from stamps.products.exports.table import Field, PointTable


__all__ = ["write"]

_SHOWN = ("CODE", "V_STDEV", "COHERENCE", "HEIGHT")
_DOCUMENT = "doc.kml"
_COLOURS = 64
_STYLE = STYLES["velocity"]
_STEPS = 9  # lines of the table of colours
_LEGEND = "legend.png"
_TILE = 10_000  # points that are loaded together
_LINK = """<NetworkLink><name>{name}</name><Region><LatLonAltBox><north>{north:.7f}</north><south>{south:.7f}</south>
<east>{east:.7f}</east><west>{west:.7f}</west></LatLonAltBox><Lod><minLodPixels>{pixels}</minLodPixels></Lod></Region>
<Link><href>{href}</href><viewRefreshMode>onRegion</viewRefreshMode></Link></NetworkLink>
"""
_CLOSE = 384  # pixels on the screen from which on a tile is shown
_OVERLAY = """<ScreenOverlay><name>Legend</name><Icon><href>legend.png</href></Icon>
<overlayXY x="0" y="0" xunits="fraction" yunits="fraction"/>
<screenXY x="0.01" y="0.04" xunits="fraction" yunits="fraction"/>
<size x="0" y="0" xunits="fraction" yunits="fraction"/></ScreenOverlay>
"""


def write(
    table: PointTable,
    path: Path,
    clims: tuple[int, int] | None = None,
    opacity: float = 0.8,
    overlay: bool = False,
    resolution: float | None = None,
    max_gap: int | None = None,
) -> None:
    """Write ``path``; its suffix tells whether it is a KML or a KMZ.

    Parameters
    ----------
    table : PointTable
    path : Path
    clims : tuple of float, optional
        Velocities (mm/yr) of the first and the last colour; default: those of every picture of velocities.
    opacity : float
        0 invisible to 1.
    overlay : bool
        One picture of means in cells instead of points.
    resolution : float, optional
        Of the picture, metres; default: as for rasters.
    max_gap : int, optional
        Cells between a cell that is shown and the next point (1).

    Raises
    ------
    InputError
        matplotlib is missing, no velocity is finite, or the limits are no pair.
    """
    library("matplotlib", "kml")
    velocity = table.field("VEL")
    if not np.isfinite(velocity).any():
        raise InputError("No pixel has a velocity, so there is nothing to show in Google Earth.")
    limits = None if clims is None or not np.size(clims) else check_limits(clims)
    if not 0 <= opacity <= 1:
        raise InputError(f"The opacity is {opacity!r}, but 0 (invisible) to 1 were expected.")
    scheme = str(table.project.parameters.get("plot_color_scheme"))
    scale = scale_of(_STYLE, velocity, scheme, table.project.ws.path, limits)
    if overlay:
        _write_picture(table, path, scale, opacity, resolution, 1 if max_gap is None else max_gap)
        return
    if resolution is not None or max_gap is not None:
        raise InputError("resolution and max_gap are for the picture of kml (overlay): points have none.")
    colours = scale.colours(np.linspace(0, 1, _COLOURS))[:, :3]
    points = _Points(table, scale, colours, opacity)
    about = {"title": path.stem, "description": _description(table, scale, colours), "extra": _metadata(table.metadata)}
    if path.suffix.lower() == ".kml":
        points.write(path, slice(None), **about)
        return
    with tempfile.TemporaryDirectory(dir=path.parent) as room:
        _write_tiles(Path(room), points, about)
        _draw_legend(Path(room) / _LEGEND, scale, table.metadata)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for part in sorted(Path(room).iterdir(), key=lambda part: (part.name != _DOCUMENT, part.name)):
                archive.write(part, part.name)


def _write_picture(
    table: PointTable, path: Path, scale: Scale, opacity: float, resolution: float | None, max_gap: int
) -> None:
    """One picture on the ground."""
    if path.suffix.lower() == ".kml":
        raise InputError("A picture on the ground needs a KMZ, which holds it: give a name that ends in .kmz.")
    grid = grid_of(table, resolution)
    sheet = sheet_of(table.lonlat, table.field("VEL"), (grid.step_lon, grid.step_lat), max_gap)
    colours = scale.colours(np.linspace(0, 1, _COLOURS))[:, :3]
    texts = {
        "title": path.stem,
        "name": "VEL (mm/yr)",
        "about": _description(table, scale, colours),
        "label": _STYLE.bar,
        "extra": _metadata(table.metadata),
    }
    write_overlay(path, sheet, scale, opacity, texts)


class _Points:
    """The points with their colours and the values that belong to them."""

    def __init__(self, table: PointTable, scale: Scale, colours: NDArray[np.float64], opacity: float) -> None:
        self.table, self.scale, self.colours, self.opacity = table, scale, colours, opacity

    def write(self, path: Path, rows: Any, **about: Any) -> None:
        """Write some of the points."""
        shown = [field for field in self.table.fields if field.extra or field.name in _SHOWN]
        details = [(field.name, _format(field), field.values[rows]) for field in shown]
        velocity = self.table.field("VEL")[rows]
        write_kml(
            path,
            self.table.lonlat[rows],
            velocity,
            self.colours,
            self.scale.full,
            name="VEL (mm/yr)",
            opacity=self.opacity,
            scale=0.4,
            details=details,
            **about,
        )


def _format(field: Field) -> str:
    return "%s" if field.digits is None else f"%.{field.digits}f {field.unit}".strip()


def _write_tiles(folder: Path, points: _Points, about: Mapping[str, Any]) -> None:
    """Write the first tile as the document, the others as files that it links to."""
    for tile in tile_tree(points.table.lonlat, _TILE).walk():
        links = "".join(
            _LINK.format(
                name=child.name,
                href=f"{child.name}.kml",
                pixels=_CLOSE,
                west=child.west,
                south=child.south,
                east=child.east,
                north=child.north,
            )
            for child in tile.children
        )
        if tile.name == "0":
            first = {**about, "extra": about["extra"] + _OVERLAY + links}
            points.write(folder / _DOCUMENT, tile.rows, **first)
        else:
            points.write(folder / f"{tile.name}.kml", tile.rows, title=tile.name, extra=links)


def _description(table: PointTable, scale: Scale, colours: NDArray[np.float64]) -> str:
    """What is shown, with the colours as a table; HTML."""
    facts = table.metadata
    low, high = scale.full
    rows = []
    for value in np.linspace(scale.limits[0], scale.limits[1], _STEPS)[::-1]:
        colour = kml_colours(colours[[round((value - low) / (high - low) * (_COLOURS - 1))]], 1)[0]
        rows.append(
            f'<tr><td bgcolor="#{colour[6:]}{colour[4:6]}{colour[2:4]}">&nbsp;&nbsp;&nbsp;</td>'
            f"<td>{value:.1f}</td></tr>"
        )
    return (
        f"<b>{escape(facts['title'])}</b><br/>mm/yr, {escape(facts['sign_convention'])}"
        f"<br/>{escape(facts['reference'])}"
        f"<br/>{facts['dates'][0]} to {facts['dates'][-1]}, {len(facts['dates'])} dates, {len(table)} pixels"
        f"<table>{''.join(rows)}</table>"
    )


def _metadata(facts: Mapping[str, str]) -> str:
    """The metadata as KML."""
    data = "".join(
        f'<Data name="{escape(key)}"><value>{escape(value)}</value></Data>\n' for key, value in as_texts(facts).items()
    )
    return f"<ExtendedData>\n{data}</ExtendedData>\n"


def _draw_legend(path: Path, scale: Scale, facts: Mapping[str, str]) -> None:
    """Picture of the colour scale."""
    path.write_bytes(legend_png(scale, _STYLE.bar, facts["title"]))
