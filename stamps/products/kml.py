"""Points as a KML file for Google Earth.

Source: docs/method/products.md, section 7.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

import numpy as np

from stamps.insar.geometry import within_180

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps._typing import StrPath


__all__ = ["ICON", "colour_bins", "jet", "kml_colours", "write_kml"]

ICON = "http://maps.google.com/mapfiles/kml/shapes/shaded_dot.png"

_ROWS = 20_000

_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<kml xmlns="http://www.opengis.net/kml/2.2">
<Document>
<name>{title}</name>
{description}"""

_STYLE = """<Style id="cpoint{number}">
<IconStyle><color>{colour}</color><scale>{scale:g}</scale><Icon><href>{icon}</href></Icon></IconStyle>
<LabelStyle><scale>0</scale></LabelStyle>
</Style>
"""

_PLACEMARK = """<Placemark>
<styleUrl>#cpoint%d</styleUrl>
<description><![CDATA[<table><tr><td>{name}</td><td>%.1f</td></tr>{details}</table>]]></description>
{span}<Point><coordinates> %.6f, %.6f, %.2f</coordinates></Point>
</Placemark>
"""


def jet(n: int) -> NDArray[np.float64]:
    """MATLAB's colours from dark blue over cyan, yellow to dark red; float64, shape (n, 3)."""
    quarter = int(np.ceil(n / 4))
    rise = np.arange(1, quarter + 1)
    ramp = np.concatenate([rise, np.full(quarter - 1, quarter), rise[::-1]]) / quarter
    start = int(np.ceil(quarter / 2)) - (n % 4 == 1)
    colours = np.zeros((n, 3))
    for column, first in enumerate((start + quarter, start, start - quarter)):
        rows = first + np.arange(ramp.size)
        inside = (rows >= 0) & (rows < n)
        colours[rows[inside], column] = ramp[inside]
    return colours


def colour_bins(
    values: NDArray[np.float64], limits: NDArray[Any] | tuple[float, float], n_colours: int
) -> NDArray[np.int64]:
    """Bin of each value; the first and the last take what lies beyond the limits.

    Parameters
    ----------
    values : ndarray, shape (n,)
    limits : tuple of float
        The inner edges run from one to the other.
    n_colours : int
        One more than there are bins.

    Returns
    -------
    ndarray of int64, shape (n,)
        0-based; a value equal to an edge belongs to the upper bin.
    """
    edges = np.linspace(limits[0], limits[1], n_colours - 2)
    return np.searchsorted(edges, values, side="right")


def kml_colours(colours: NDArray[np.float64], opacity: float) -> list[str]:
    """Texts of colours: opacity, blue, green, red as two hexadecimal digits each.

    Parameters
    ----------
    colours : ndarray of float64, shape (n, 3)
        0 … 1.
    opacity : float

    Returns
    -------
    list of str
    """
    rows = np.column_stack([np.full(len(colours), opacity), colours[:, ::-1]])
    return ["".join(f"{int(part):02x}" for part in row) for row in np.floor(255 * np.clip(rows, 0, 1))]


def write_kml(
    path: StrPath,
    lonlat: NDArray[np.float64],
    values: NDArray[Any],
    colours: NDArray[np.float64],
    limits: NDArray[Any] | tuple[float, float],
    *,
    name: str,
    opacity: float = 0.4,
    scale: float = 0.4,
    span: tuple[str, str] | None = None,
    title: str | None = None,
    description: str = "",
    extra: str = "",
    details: Sequence[tuple[str, str, NDArray[Any]]] = (),
) -> int:
    """Write one placemark for each finite value.

    Parameters
    ----------
    path : path-like
    lonlat : ndarray, shape (n, 2)
        Degrees; written as -180 … 180, which KML asks for.
    values : ndarray, shape (n,)
    colours : ndarray, shape (m, 3)
    limits : tuple of float
        Range of the colours.
    name : str
        Shown with each value.
    opacity, scale : float
        Of the icons.
    span : tuple of str, optional
        First and last time of the points (``'2018-01-08'``).
    title : str, optional
        Name of the document; default: ``name``.
    description : str
        HTML that describes the document.
    extra : str
        KML that comes before the points: metadata, a legend.
    details : sequence of (str, str, ndarray)
        Further lines of the table of each point: label, format (``'%.2f mm'``), values, shape (n,).

    Returns
    -------
    int
        Number of points written.
    """
    use = np.isfinite(values) & np.isfinite(lonlat).all(axis=1)
    lonlat, values = within_180(lonlat[use]), np.asarray(values, np.float64)[use]
    more = [column[use] for _, _, column in details]
    bins = colour_bins(values, limits, len(colours))
    time = f"<TimeSpan><begin>{escape(span[0])}</begin><end>{escape(span[1])}</end></TimeSpan>\n" if span else ""
    template = _PLACEMARK.format(
        name=_literal(escape(name)),
        span=_literal(time),
        details="".join(
            f"<tr><td>{_literal(escape(label))}</td><td>{entity}</td></tr>" for label, entity, _ in details
        ),
    )
    with open(path, "w", encoding="utf-8") as file:
        text = f"<description><![CDATA[{description}]]></description>\n" if description else ""
        file.write(_HEAD.format(title=escape(title or name), description=text))
        for number, colour in enumerate(kml_colours(colours, opacity)):
            file.write(_STYLE.format(number=number, colour=colour, scale=scale, icon=ICON))
        file.write(extra)
        for start in range(0, len(values), _ROWS):
            part = slice(start, start + _ROWS)
            columns = (bins[part], values[part], *(c[part] for c in more), *lonlat[part].T, values[part])
            numbers = chain.from_iterable(zip(*(column.tolist() for column in columns), strict=True))
            file.write(template * len(values[part]) % tuple(numbers))
        file.write("</Document>\n</kml>\n")
    return len(values)


def _literal(text: str) -> str:
    """A text that stands in a format as it is."""
    return text.replace("%", "%%")
