"""Stations of GNSS over the map: their velocities along the line of sight beside those of the pixels around them.

Source: docs/method/gnss.md, sections 1 to 3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.products.gnss_files import read_gnss
from stamps.products.ground.looks import Look, Wish, look_at, open_projects
from stamps.products.ground.stations import Row, pixels_around, rows_of
from stamps.workspace.log import Log

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from stamps._typing import StrPath
    from stamps.products.quantities import Project

__all__ = ["stations_of"]

_RADIUS = 500.0  # metres around a station, as `stamps gnss`
_LEAST = 3  # pixels
_WINDOW = 3.0  # days


def stations_of(
    files: Sequence[StrPath], project: Project, wish: Wish, reference: NDArray[np.int64] | None = None
) -> list[dict[str, Any]]:
    """Compare stations with the pixels around them, as ``stamps gnss`` does.

    Parameters
    ----------
    files : sequence of path-like
        As for :func:`stamps.gnss`.
    project : Project
    wish : Wish
        Of which value type.
    reference : ndarray of int, optional
        0-based pixels that velocities and series are relative to, where these are not those of the parameters.

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
    look = _relative(look_at(opened, side, wish, None, with_series=True), reference)
    around, told, _ = pixels_around(stations, look, _RADIUS, _LEAST)
    rows, doubts, _ = rows_of(around, look, _WINDOW, None)
    for text in (*told, *doubts):
        Log(project.ws, "VIEW")(text, level=2)
    return [_mark(row) for row in rows]


def _relative(look: Look, reference: NDArray[np.int64] | None) -> Look:
    """The same relative to some pixels."""
    member = np.zeros(look.rows.size, bool) if reference is None else np.isin(look.table.rows[look.rows], reference)
    if not member.any():
        return look
    return look.without(float(look.velocity[member].mean()), np.nanmean(look.series[member], axis=0))


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
