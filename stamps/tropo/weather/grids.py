"""Where pixels lie on the grid of a model: regular in longitude and latitude, or curved.

Source: docs/method/weather.md, section 5.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.interpolate import LinearNDInterpolator

from stamps.errors import InputError
from stamps.insar.geometry import without_jump

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Placement", "place"]

_HAIR = 1e-6  # cells; more than rounding, less than a metre
_UNEVEN = 1.5  # longest step over the usual one


@dataclass(frozen=True)
class Placement:
    """Pixels among the nodes around them.

    Attributes
    ----------
    rows, cols : ndarray of int
        Nodes that are needed, as indices of the file's axes, in the order in which they are used.
    row, col : ndarray of float64, shape (n_ps,)
        Positions of the pixels among these nodes, from 0.
    """

    rows: NDArray[np.int64]
    cols: NDArray[np.int64]
    row: NDArray[np.float64]
    col: NDArray[np.float64]


def place(lat: NDArray[np.float64], lon: NDArray[np.float64], lonlat: NDArray[np.float64], source: object) -> Placement:
    """Where pixels lie on a grid.

    Parameters
    ----------
    lat, lon : ndarray, shape (n_row,) and (n_col,), or both (n_row, n_col)
        Degrees; in any order, longitudes from -180, from 0 or across the meridian.
    lonlat : ndarray, shape (n_ps, 2)
        Degrees.
    source : object
        The file, for messages.

    Returns
    -------
    Placement

    Raises
    ------
    InputError
        It is no grid, or does not cover all pixels.
    """
    lat, lon = np.asarray(lat, np.float64), np.asarray(lon, np.float64)
    if min(lat.shape[-1], lon.shape[-1], lat.shape[0], lon.shape[0], 2) < 2:
        raise InputError(f"{source} has a grid of one row or column, which nothing can be interpolated in.")
    if not (np.isfinite(lat).all() and np.isfinite(lon).all() and np.abs(lat).max() <= 90 + _HAIR):
        raise InputError(f"{source} has latitudes or longitudes that are none.")
    if lat.ndim == 2:
        return _on_curved(lat, lon, lonlat, source)
    rows, lats = _ascending_latitudes(lat, source)
    cols, lons = _ascending_longitudes(lon, source)
    row = _position(lonlat[:, 1], lats)
    # the turn of every pixel that puts it behind the first column
    turned = lons[0] + np.mod(lonlat[:, 0] - lons[0] + _HAIR, 360) - _HAIR
    col = _position(turned, lons)
    reach = f"longitude {_short(lon.min())} to {_short(lon.max())}, latitude {_short(lats[0])} to {_short(lats[-1])}"
    return _cropped(rows, cols, row, col, lonlat, source, reach)


def _position(values: NDArray[np.float64], nodes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Fractional indices; NaN outside."""
    step = np.diff(nodes).min() * _HAIR
    position = np.interp(values, nodes, np.arange(nodes.size, dtype=np.float64))
    return np.where((values >= nodes[0] - step) & (values <= nodes[-1] + step), position, np.nan)


def _ascending_latitudes(lat: NDArray[np.float64], source: object) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Order of the rows from south to north, and their latitudes."""
    order = np.argsort(lat)
    _check_steps(np.diff(lat[order]), "latitudes", source)
    return order, lat[order]


def _ascending_longitudes(lon: NDArray[np.float64], source: object) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Order of the columns from west to east, from behind the largest gap on, and their longitudes without a jump.

    A grid of the whole globe goes on at its other side.
    """
    turn = np.mod(np.round(lon, 9), 360)
    turn, first = np.unique(turn, return_index=True)
    if turn.size < max(2, lon.size - 1):  # 0 and 360 are the same
        raise InputError(f"{source} has a longitude twice.")
    gaps = np.append(np.diff(turn), turn[0] + 360 - turn[-1])
    start = (int(np.argmax(gaps)) + 1) % turn.size
    order = np.roll(first, -start)
    east = np.roll(turn, -start)
    east[turn.size - start :] += 360 if start else 0
    steps = np.diff(east)
    _check_steps(steps, "longitudes", source)
    if gaps.max() < _UNEVEN * np.median(steps):
        order, east = np.append(order, order[0]), np.append(east, east[0] + 360)
    return order, east


def _check_steps(steps: NDArray[np.float64], name: str, source: object) -> None:
    if not steps.min() > 0:
        raise InputError(f"{source} has one of its {name} twice.")
    if steps.max() > _UNEVEN * np.median(steps):
        raise InputError(
            f"{source} has a gap of {_short(steps.max())} degrees in its {name}, whose step is {_short(np.median(steps))}."
        )


def _cropped(
    rows: NDArray[np.int64],
    cols: NDArray[np.int64],
    row: NDArray[np.float64],
    col: NDArray[np.float64],
    lonlat: NDArray[np.float64],
    source: object,
    reach: str,
) -> Placement:
    """The nodes around the pixels; InputError where some lie outside."""
    outside = ~(np.isfinite(row) & np.isfinite(col))
    if outside.any():
        pixels = without_jump(lonlat)
        (west, south), (east, north) = pixels.min(axis=0), pixels.max(axis=0)
        raise InputError(
            f"{source} does not cover {outside.sum()} of the {len(lonlat)} pixels: its grid reaches from {reach}, the pixels "
            f"from longitude {_short(west)} to {_short(east)}, latitude {_short(south)} to {_short(north)}"
        )
    row0, row1 = _first_and_last(row, rows.size)
    col0, col1 = _first_and_last(col, cols.size)
    row, col = np.clip(row - row0, 0, row1 - row0), np.clip(col - col0, 0, col1 - col0)
    return Placement(rows[row0 : row1 + 1], cols[col0 : col1 + 1], row, col)


def _first_and_last(position: NDArray[np.float64], size: int) -> tuple[int, int]:
    """The nodes around positions, at least two."""
    first = min(max(int(np.floor(position.min())), 0), size - 2)
    return first, min(max(int(np.ceil(position.max())), first + 1), size - 1)


def _short(number: float) -> str:
    return f"{number:.4f}".rstrip("0").rstrip(".")


# ---------------------------------------------------------------------- curved


def _on_curved(
    lat: NDArray[np.float64], lon: NDArray[np.float64], lonlat: NDArray[np.float64], source: object
) -> Placement:
    """The same on a grid whose nodes have longitudes and latitudes of their own, such as that of NARR."""
    lon0 = without_jump(lonlat)[:, 0].mean()
    east = np.mod(lon - lon0 + 180, 360) - 180
    pixel = np.column_stack([np.mod(lonlat[:, 0] - lon0 + 180, 360) - 180, lonlat[:, 1]])
    rows, cols = _near(east, lat, pixel)
    reach = f"longitude {_short(lon.min())} to {_short(lon.max())}, latitude {_short(lat.min())} to {_short(lat.max())}"
    position = np.full((len(pixel), 2), np.nan)
    if min(rows.size, cols.size) >= 2:
        block = np.stack([east, lat])[:, rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1]
        position = _inverted(block, pixel)
    return _cropped(rows, cols, position[:, 0], position[:, 1], lonlat, source, reach)


def _near(
    east: NDArray[np.float64], lat: NDArray[np.float64], pixel: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows and columns with nodes near the pixels."""
    margins = [
        3 * max(np.percentile(np.abs(np.diff(field, axis=axis)), 95) for axis in (0, 1)) for field in (east, lat)
    ]
    low, high = pixel.min(axis=0) - margins, pixel.max(axis=0) + margins
    near = (east >= low[0]) & (east <= high[0]) & (lat >= low[1]) & (lat <= high[1])
    rows, cols = (np.flatnonzero(near.any(axis=axis)) for axis in (1, 0))
    return _whole(rows), _whole(cols)


def _whole(indices: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.arange(indices[0], indices[-1] + 1) if indices.size else indices


def _inverted(block: NDArray[np.float64], pixel: NDArray[np.float64]) -> NDArray[np.float64]:
    """Row and column of points on nodes with coordinates (2, n_row, n_col); NaN outside."""
    n_row, n_col = block.shape[1:]
    indices = np.indices((n_row, n_col)).reshape(2, -1).T.astype(np.float64)
    position = LinearNDInterpolator(block.reshape(2, -1).T, indices)(pixel)
    inside = np.isfinite(position).all(axis=1)
    found = position[inside]
    for _ in range(4):  # triangles are flat, the cells are not
        row = np.clip(np.floor(found[:, 0]).astype(int), 0, n_row - 2)
        col = np.clip(np.floor(found[:, 1]).astype(int), 0, n_col - 2)
        a, b = found[:, 0] - row, found[:, 1] - col
        p00, p01, p10, p11 = (block[:, row + i, col + j] for i in (0, 1) for j in (0, 1))
        miss = pixel[inside].T - ((1 - a) * ((1 - b) * p00 + b * p01) + a * ((1 - b) * p10 + b * p11))
        by_row, by_col = (1 - b) * (p10 - p00) + b * (p11 - p01), (1 - a) * (p01 - p00) + a * (p11 - p10)
        area = by_row[0] * by_col[1] - by_row[1] * by_col[0]
        found[:, 0] += (miss[0] * by_col[1] - miss[1] * by_col[0]) / area
        found[:, 1] += (by_row[0] * miss[1] - by_row[1] * miss[0]) / area
    within = (found >= -_HAIR) & (found <= np.array([n_row - 1, n_col - 1]) + _HAIR)
    found[~within.all(axis=1)] = np.nan
    position[inside] = found
    return position
