"""Pictures of models: a map of kinds of motion or of a column, one series with its model.

Source: docs/method/series.md, section 4.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import InputError
from stamps.insar.geometry import llh2local
from stamps.products.figures import finish_figure, label_dates, new_figure
from stamps.products.point_maps import Ground, draw_kinds, draw_values, figure_size, write_title
from stamps.products.quantity_styles import KIND_COLOURS, TOWARDS, style_of_column
from stamps.products.series_models.fitted import KINDS, SeriesModel

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from stamps._typing import StrPath

__all__ = ["draw_map", "draw_series"]

_SEEN, _FITTED = KIND_COLOURS[1], KIND_COLOURS[5]


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
        There is no such column, or it holds texts or nothing.
    """
    name = column or ("velocity" if found.classes is None else "ts_type")
    if column is None and name == "velocity" and found.choice.degree == 0:
        name = "offset"
    values = found.column(name)
    field = next(field for field in found.table.fields if field.name == name)
    if field.digits is None:
        raise InputError(f"The column '{name}' holds texts, which no map of colours shows: take another one.")
    if not np.isfinite(values).any():
        raise InputError(f"The column '{name}' has no value anywhere: take another one.")
    table, ground = found.table, Ground.of_table(found.table)
    figure, shown = new_figure(out, figsize=figure_size(table.lonlat, 7.5), layout="constrained")
    axes = figure.add_subplot()
    if name == "ts_type":
        draw_kinds(axes, ground, values, KINDS)
    else:
        draw_values(axes, ground, values, style_of_column(name, field.unit, field.meaning, values))
    what = "Kinds of motion" if name == "ts_type" else f"{field.meaning[:1].upper()}{field.meaning[1:]} ({name})"
    write_title(axes, what, str(table.metadata["reference"]))
    return finish_figure(figure, shown, out, table.project.ws, "model.png")


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
    if not (np.isfinite(lon) and abs(lat) <= 90):
        raise InputError(f"The place is {lon:g}, {lat:g}, but longitude and latitude in degrees were expected.")
    table = found.table
    away = np.hypot(*(llh2local(table.lonlat, (lon, lat)) * 1000).T)
    pixel = int(away.argmin())
    if not away[pixel] <= 5000:
        raise InputError(
            f"No pixel is within 5 km of {lon:g}, {lat:g}: the nearest is {away[pixel] / 1000:.1f} km away."
        )
    figure, shown = new_figure(out, figsize=(9, 4.5), layout="constrained")
    axes = figure.add_subplot()
    _draw_one(axes, found, pixel)
    place = ", ".join(f"{number:.5f}" for number in table.places[pixel])
    write_title(axes, f"{table.field('CODE')[pixel]} at {place}", str(table.metadata["reference"]))
    return finish_figure(figure, shown, out, table.project.ws, "model_series.png")


def _draw_one(axes: Axes, found: SeriesModel, pixel: int) -> None:
    """The series and the model of a pixel, what the model holds beside it."""
    table = found.table
    dates: Any = np.array(table.dates, dtype="datetime64[D]")
    one = slice(pixel, pixel + 1)
    seen = [table.displacement(k, one)[0] for k in range(len(dates))]
    axes.plot(dates, seen, "o", ms=4, color=_SEEN, label="series")
    axes.plot(dates, found.fit.values()[pixel], "-", color=_FITTED, lw=1.5, label="model")
    _mark_break(axes, found, pixel)
    axes.set_ylabel(f"displacement since {table.metadata['reference_date']} (mm)\n{TOWARDS}")
    label_dates(axes)
    axes.grid(alpha=0.3)
    legend = axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1), borderaxespad=0, frameon=False, fontsize=8)
    legend.set_title(_words(found, pixel))
    legend.get_title().set_fontsize(8)
    legend.set_alignment("left")


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
