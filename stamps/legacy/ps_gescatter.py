"""Export values of the pixels to Google Earth.

Reads ``psver``, ``ps2`` and, with a cut-off, ``mv2``; writes a KML file.

Source: docs/method/products.md, section 7.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import NoPixelsError, WorkspaceError
from stamps.insar.geometry import longitudes_between
from stamps.legacy.gescatter import gescatter
from stamps.products.columns import pixel_values, random_subset
from stamps.products.kml import jet
from stamps.products.notebook_paths import Written
from stamps.workspace import Workspace, freshness
from stamps.workspace.log import Log

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import ArrayLike, NDArray

    from stamps._typing import StrPath


__all__ = ["ps_gescatter"]


def ps_gescatter(
    file: str,
    data: NDArray[Any] | str,
    step: float = 1,
    opacity: float = 0.4,
    clims: NDArray[np.float64] | tuple[int, int] | None = None,
    lon_rg: NDArray[np.float64] | tuple[float, float] | None = None,
    lat_rg: ArrayLike | None = None,
    std_cutoff: float = np.inf,
    workdir: Workspace | StrPath = ".",
    seed: int = 0,
) -> Path:
    """Write a KML file with the pixels.

    Parameters
    ----------
    file : path-like
        The file; ``.kml`` is added where it is missing.
    data : array_like or str
        One value for each pixel, or the name of a saved plot (``'ps_plot_v-d'``).
    step : float
        Every step-th pixel, chosen at random.
    opacity : float
        0 invisible to 1.
    clims : tuple of float, optional
        Range of the colours; with it five broad classes with a green middle are used.
    lon_rg, lat_rg : tuple of float, optional
        Part of the scene in degrees, limits included; (179.9, -179.9) goes over the antimeridian.
    std_cutoff : float
        Only pixels whose velocity has a smaller standard deviation (mm/yr, from ``ps_mean_v`` or ``ps_plot('vs')``).
    workdir : path-like or Workspace
    seed : int
        Start of the random numbers.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    InputError
        The data do not fit the pixels.
    NoPixelsError
        No pixel is left.
    WorkspaceError
        A cut-off is given, but there are no standard deviations.

    Examples
    --------
    >>> from stamps import ps_gescatter, ps_plot
    >>> saved = ps_plot("v-do", -1)
    >>> ps_gescatter("velocity", "ps_plot_v-do", 5, 0.6, [-20, 20]).name
    'velocity.kml'
    """
    ws = Workspace.at(workdir)
    freshness.refuse(ws)
    version = ws.version
    ps = ws.load(f"ps{version}", ["lonlat", "n_ps"])
    values = pixel_values(ws, data, ps["n_ps"])
    use = _within(ps["lonlat"][:, 1], lat_rg)
    if lon_rg is not None and np.size(lon_rg):
        use &= longitudes_between(ps["lonlat"][:, 0], lon_rg)
    if std_cutoff < np.inf:
        use &= _deviations(ws, f"mv{version}") < std_cutoff
    rows = random_subset(np.flatnonzero(use), step, seed)
    if rows.size == 0:
        raise NoPixelsError("No pixel is left for Google Earth: widen lon_rg and lat_rg, or raise std_cutoff.")
    colours, scale = (jet(64), 0.2) if clims is None or not np.size(clims) else (five_classes(), 0.4)
    lon, lat = ps["lonlat"][rows].T
    path = gescatter(file, lon, lat, values[rows], colours, clims, opacity, scale, workdir=ws)
    Log(ws, "PS_GESCATTER")(f"{rows.size} pixels written to {path}", level=2)
    return Written(path)


def five_classes() -> NDArray[np.float64]:
    """Red, orange, green, light and dark blue: 64 colours of five kinds, from high to low values reversed."""
    base = jet(63)
    kinds = (base[7], base[22], np.array([0.3, 1, 0.3]), base[39], base[55])
    return np.repeat(kinds, (15, 10, 14, 10, 15), axis=0)[::-1]


def _within(values: NDArray[np.float64], limits: ArrayLike | None) -> NDArray[np.bool_]:
    """Whether values lie between limits, which belong to it; no limits: all."""
    if limits is None or not np.size(limits):
        return np.ones(values.shape, bool)
    low, high = np.ravel(limits)
    return (values >= low) & (values <= high)


def _deviations(ws: Workspace, name: str) -> NDArray[np.float32]:
    if not ws.exists(name):
        raise WorkspaceError(f"{ws.path / name}.mat is missing: std_cutoff needs ps_mean_v or a plot of 'vs' first.")
    return ws.load(name, ["mean_v_std"])["mean_v_std"]
