"""Baselines and angles at the candidates of Doris and ISCE stacks.

Source: docs/method/loading.md, sections 7 and 8.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import InputError
from stamps.frontends import header_ranges, isce
from stamps.frontends.text_headers import GRID_NODES

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import ArrayLike, NDArray

    from stamps.workspace import Workspace


from stamps.frontends.node_grids import grid_values, image_grids, raster_values
from stamps.frontends.project_headers import read_text_numbers
from stamps.frontends.text_projects import Loaded

__all__ = ["look_angles", "raster_angles", "raster_baselines", "slave_baselines"]


def slave_baselines(ws: Workspace, loaded: Loaded, height: ArrayLike) -> NDArray[np.float64] | None:
    """Baselines of the slaves at the pixels from ``bperp_<yyyymmdd>.1.in``: (n_ps, n_slave) float64, None without."""
    grids = image_grids(ws, "bperp_{}.1.in", loaded.images.dates)
    if grids is None:
        return None
    for date, grid in zip(loaded.images.dates, grids, strict=True):
        header_ranges.refuse(header_ranges.judge_baselines(f"bperp_{date}.1.in of {ws.path.parent}", grid, zero=True))
    return grid_values(grids, loaded.size, loaded.line, loaded.sample, height)


def raster_baselines(ws: Workspace, loaded: Loaded) -> NDArray[np.float64] | None:
    """Baselines of the slaves at the pixels from the rasters ``baselineGRID_<yyyymmdd>`` of the directories above.

    Returns
    -------
    (n_ps, n_slave) float64 array, or None without rasters
    """
    paths = [_above(ws, f"baselineGRID_{date}") for date in loaded.images.dates]
    if not any(paths):
        return None
    found = [path for path in paths if path is not None]
    if len(found) < len(paths):
        date = loaded.images.dates[paths.index(None)]
        raise InputError(f"baselineGRID_{date} is neither in {ws.path.parent} nor above it, but others are.")
    columns = [raster_values(path, loaded.size, loaded.line, loaded.sample) for path in found]
    for path, column in zip(found, columns, strict=True):
        header_ranges.refuse(header_ranges.judge_baselines(path, column, zero=True))
    return np.column_stack(columns)


def look_angles(ws: Workspace, loaded: Loaded) -> NDArray[np.float64] | None:
    """Look angles at the pixels from ``look_angle.1.in``, (n_ps,) float64 radians, or None without the file."""
    if ws.find("look_angle.1.in", levels=2) is None:
        return None
    grid = read_text_numbers(ws, "look_angle.1.in", 2 * GRID_NODES**2)
    degrees = grid_values(grid[None, :], loaded.size, loaded.line, loaded.sample, loaded.height)
    header_ranges.judge_angles(f"look_angle.1.in of {ws.path.parent}", degrees)
    return np.radians(degrees[:, 0])


def raster_angles(ws: Workspace, loaded: Loaded, inc_angle: Any, look_files: tuple[str, str]) -> dict[str, Any]:
    """Incidence or look angles of an ISCE stack at the pixels.

    Parameters
    ----------
    ws : Workspace
    loaded : Loaded
    inc_angle : (length, width) array or None
        Incidence angles in degrees of the whole image; None: search ``inc_angle.raw``.
    look_files : tuple of str
        Names of look-angle files to search for if there is no incidence: rasters, or texts without an XML header.

    Returns
    -------
    dict
        ``{"inc": …}`` (float64 from the array, float32 from a file that was searched) or ``{"la": …}`` (float32),
        (n_ps,) radians; empty if there is neither.
    """
    if inc_angle is not None:
        if inc_angle.shape != loaded.size[::-1]:
            raise InputError(
                f"inc_angle.raw has {inc_angle.shape[1]} samples × {inc_angle.shape[0]} lines, but the image of "
                f"{ws.path.parent} has {loaded.size[0]} × {loaded.size[1]}: prepare again."
            )
        values = inc_angle[loaded.line, loaded.sample].astype(np.float64)
        header_ranges.judge_angles(f"inc_angle.raw of {ws.path.parent}", values)
        return {"inc": np.radians(values)}
    path = ws.find("inc_angle.raw", levels=3)
    if path is not None:
        values = raster_values(path, loaded.size, loaded.line, loaded.sample)
        header_ranges.judge_angles(path, values)
        return {"inc": np.radians(values).astype(np.float32)}
    for name in look_files:
        path = ws.find(name, levels=3)
        if path is not None and isce.header_file(path).is_file():
            values = raster_values(path, loaded.size, loaded.line, loaded.sample)
            header_ranges.judge_angles(path, values)
            return {"la": np.radians(values).astype(np.float32)}
        if path is not None:
            la = look_angles(ws, loaded)
            return {} if la is None else {"la": la.astype(np.float32)}
    return {}


def _above(ws: Workspace, name: str) -> Path | None:
    """A file of the directory above the patch or of the one above that, or None."""
    places = (ws.path.parent / name, ws.path.parent.parent / name)
    return next((place for place in places if place.is_file()), None)
