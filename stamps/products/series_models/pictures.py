"""Pictures of models: a map of kinds of motion or of a column, one series with its model.

Source: docs/method/series.md, section 4.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import InputError
from stamps.insar.geometry import llh2local
from stamps.products.figures import finish_figure, new_figure
from stamps.products.maps import draw_scale_bar, label_longitudes, metres_per_unit
from stamps.products.series_models.fitted import KINDS, SeriesModel

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from stamps._typing import StrPath
    from stamps.products.exports.table import Field, PointTable

__all__ = ["KIND_COLOURS", "draw_map", "draw_series", "frame_map"]

#: Colours of the kinds of motion, told apart by people who see few colours, too.
KIND_COLOURS = ("#bbbbbb", "#4477aa", "#66ccee", "#228833", "#ccbb44", "#ee6677")


def draw_map(found: SeriesModel, out: StrPath | None = None, column: str | None = None) -> Path | None:
    """Draw a map of a column: the kinds of motion where they are known, else the velocity, unless another is named.

    Parameters
    ----------
    found : SeriesModel
    out : path-like, optional
        Picture file, relative to the project; default: a window, or ``model.png`` where none can be opened.
    column : str, optional

    Returns
    -------
    Path or None
        The file.

    Raises
    ------
    InputError
        There is no such column, or it holds texts.
    """
    name = column or ("velocity" if found.classes is None else "ts_type")
    if column is None and name == "velocity" and found.choice.degree == 0:
        name = "offset"
    values = found.column(name)
    field = next(field for field in found.table.fields if field.name == name)
    if field.digits is None:
        raise InputError(f"The column '{name}' holds texts, which no map of colours shows: take another one.")
    figure, shown = new_figure(out, figsize=(7.5, 5.5), layout="constrained")
    axes = figure.add_subplot()
    if name == "ts_type":
        _draw_kinds(axes, found.table, values)
    else:
        _draw_column(axes, found.table, field)
    what = "kinds of motion" if name == "ts_type" else field.meaning
    axes.set_title(f"{what}\n{found.table.metadata['reference']}", fontsize=9)
    return finish_figure(figure, shown, out, found.table.project.ws, "model.png")


def frame_map(axes: Axes, table: PointTable) -> None:
    """True proportions, labels, scale bar: what every map has, after its points are drawn."""
    lat = table.lonlat[:, 1]
    axes.set_aspect(1 / np.cos(np.radians(float(np.mean(lat)))))
    axes.set_facecolor("0.96")
    axes.set_xlabel("longitude (°)")
    axes.set_ylabel("latitude (°)")
    axes.ticklabel_format(useOffset=False)
    label_longitudes(axes)
    axes.tick_params(axis="x", rotation=20)
    draw_scale_bar(axes, (*axes.get_xlim(), *axes.get_ylim()), metres_per_unit(lat, True)[0])


def point_size(n: int) -> float:
    """Area of a point on a map of ``n``."""
    return float(np.clip(4e4 / max(n, 1), 0.8, 18))


def _draw_kinds(axes: Axes, table: PointTable, kinds: Any) -> None:
    size = point_size(len(table))
    for kind, (word, colour) in enumerate(zip(KINDS, KIND_COLOURS, strict=True)):
        of = kinds == kind
        axes.scatter(
            table.lonlat[of, 0],
            table.lonlat[of, 1],
            s=size,
            c=colour,
            linewidths=0,
            label=f"{kind} {word} ({int(of.sum())})",
        )
    legend = axes.legend(loc="upper left", bbox_to_anchor=(1.02, 1.0), borderaxespad=0, frameon=False, fontsize=8)
    for handle in legend.legend_handles:
        if handle is not None:
            handle.set(sizes=[25])
    frame_map(axes, table)


def _draw_column(axes: Axes, table: PointTable, field: Field) -> None:
    values = np.asarray(field.values, dtype=float)
    known = values[np.isfinite(values)]
    if known.size == 0:
        raise InputError(f"The column '{field.name}' has no value anywhere: take another one.")
    signed = bool((known < 0).any())
    bound = float(np.percentile(np.abs(known), 98)) or 1.0
    limits = (-bound, bound) if signed else (float(known.min()), float(np.percentile(known, 98)) or 1.0)
    of = np.isfinite(values)
    points = axes.scatter(
        table.lonlat[of, 0],
        table.lonlat[of, 1],
        c=values[of],
        s=point_size(len(table)),
        cmap="RdBu" if signed else "viridis",
        vmin=limits[0],
        vmax=max(limits[1], limits[0] + 1e-9),
        linewidths=0,
    )
    axes.figure.colorbar(points, ax=axes, label=f"{field.name} ({field.unit or '1'})", shrink=0.85, extend="both")
    frame_map(axes, table)


def draw_series(found: SeriesModel, lon: float, lat: float, out: StrPath | None = None) -> Path | None:
    """Draw the series of the pixel nearest to a place with its model.

    Parameters
    ----------
    found : SeriesModel
    lon, lat : float
        Degrees.
    out : path-like, optional
        Picture file, relative to the project; default: a window, or ``model_series.png``.

    Returns
    -------
    Path or None
        The file.

    Raises
    ------
    InputError
        The place is more than 5 km from all pixels.
    """
    table = found.table
    away = np.hypot(*(llh2local(table.lonlat, (lon, lat)) * 1000).T)
    pixel = int(away.argmin())
    if not away[pixel] <= 5000:
        raise InputError(
            f"No pixel is within 5 km of {lon:g}, {lat:g}: the nearest is {away[pixel] / 1000:.1f} km away."
        )
    figure, shown = new_figure(out, figsize=(8, 4.5), layout="constrained")
    axes = figure.add_subplot()
    dates: Any = np.array(table.dates, dtype="datetime64[D]")
    one = slice(pixel, pixel + 1)
    axes.plot(dates, [table.displacement(k, one)[0] for k in range(len(dates))], "o", ms=4, color="#4477aa")
    axes.plot(dates, found.fit.values()[pixel], "-", color="#ee6677", lw=1.5, label="model")
    _mark_break(axes, found, pixel)
    axes.set_ylabel("displacement towards the satellite (mm)")
    place = ", ".join(f"{number:.5f}" for number in table.places[pixel])
    axes.set_title(f"{table.field('CODE')[pixel]} at {place}, {table.metadata['reference']}", fontsize=9)
    axes.legend(frameon=False, fontsize=8, title=_words(found, pixel), title_fontsize=8)
    axes.grid(alpha=0.3)
    return finish_figure(figure, shown, out, table.project.ws, "model_series.png")


def _mark_break(axes: Axes, found: SeriesModel, pixel: int) -> None:
    if found.classes is not None and found.column("t_break")[pixel]:
        day: Any = np.datetime64(str(found.column("t_break")[pixel]))
        axes.axvline(day, color="0.5", ls=":", lw=1, label=f"change after {day}")


def _words(found: SeriesModel, pixel: int) -> str:
    terms, lines = found.fit.design.terms, []
    for name, unit in zip(terms.names, terms.units, strict=True):
        value, std = found.fit.of(name)
        lines.append(f"{name} {value[pixel]:.2f} ± {std[pixel]:.2f} {unit}")
    if found.classes is not None and found.classes.motion[pixel] >= 0:
        lines.append(f"kind: {KINDS[found.classes.motion[pixel]]}")
    return "\n".join(lines)
