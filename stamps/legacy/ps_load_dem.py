"""Read the DEM that plots use as background.

Reads ``demparms.in`` of the directory or its parents: file, width, length, longitude and latitude of the upper left
corner, posting in degrees (one number, or latitude and longitude), format (``i2`` or ``float``); and ``ps2`` for the
part that is needed. Writes ``dem.mat``: ``dem`` (m, rows from south to north), ``demx`` (longitudes), ``demy``
(latitudes).
Parameters: ``plot_dem_posting``.

Source: docs/method/products.md, section 2.8.
"""

from os import PathLike
from pathlib import Path

import numpy as np

from stamps.products.dem import dem_around_pixels
from stamps.workspace import Workspace
from stamps.workspace.locks import reserving
from stamps.workspace.log import Log

__all__ = ["ps_load_dem"]


@reserving
def ps_load_dem(workdir: PathLike | str | Workspace = ".") -> Path:
    """Make ``dem.mat``.

    Parameters
    ----------
    workdir : path-like or Workspace

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    InputError
        ``demparms.in`` or the DEM is missing or inconsistent, or the pixels lie outside.
    """
    ws = Workspace.at(workdir)
    heights, lon, lat = dem_around_pixels(ws)
    ws.save_raw("dem", {"dem": heights, "demx": lon[np.newaxis], "demy": lat[np.newaxis]})
    Log(ws, "PS_LOAD_DEM")(f"DEM of {lat.size} x {lon.size} points written to {ws.path / 'dem.mat'}", level=2)
    return ws.path / "dem.mat"
