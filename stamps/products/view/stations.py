"""Stations of GNSS over the map: their velocities along the line of sight beside those of the pixels around them.

Source: docs/method/gnss.md, sections 1 to 3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stamps.products.gnss_files import read_gnss
from stamps.products.ground.looks import Wish, look_at, open_projects
from stamps.products.ground.stations import Row, pixels_around, rows_of
from stamps.workspace.log import Log

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stamps._typing import StrPath
    from stamps.products.quantities import Project

__all__ = ["stations_of"]

_RADIUS = 500.0  # metres around a station, as `stamps gnss`
_LEAST = 3  # pixels
_WINDOW = 3.0  # days


def stations_of(files: Sequence[StrPath], project: Project, wish: Wish) -> list[dict[str, Any]]:
    """Compare stations with the pixels around them, as ``stamps gnss`` does.

    Parameters
    ----------
    files : sequence of path-like
        As for :func:`stamps.gnss`.
    project : Project
    wish : Wish
        Of which value type, relative to what.

    Returns
    -------
    list of dict
        ``name``; ``lon``, ``lat`` (degrees); ``velocity``, ``pixels``, ``difference``, ``std`` (mm/yr); ``count`` of the
        pixels, ``radius`` (m) and what was ``compared``.

    Raises
    ------
    InputError
        A file that cannot be read, no station in the scene or in its time, incidence or heading that are not known.
    """
    stations = read_gnss(list(files))
    [(opened, side)] = open_projects([project.ws.path], ".", ["right"])
    look = look_at(opened, side, wish)
    around, told, _ = pixels_around(stations, look, _RADIUS, _LEAST)
    rows, doubts, _ = rows_of(around, look, _WINDOW, None)
    for text in (*told, *doubts):
        Log(project.ws, "VIEW")(text, level=2)
    return [_mark(row) for row in rows]


def _mark(row: Row) -> dict[str, Any]:
    return {
        "name": row.site,
        "lon": row.lon,
        "lat": row.lat,
        "velocity": row.station_velocity,
        "pixels": row.pixels_velocity,
        "difference": row.difference,
        "std": row.difference_std,
        "count": row.pixels,
        "radius": _RADIUS,
        "compared": row.compared,
    }
