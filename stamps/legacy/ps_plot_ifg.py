"""Draw one set of values as a map.

Reads ``psver`` and ``ps2``; writes a picture. Parameters: those of :mod:`stamps.legacy.ps_plot` that concern drawing.

Source: docs/method/products.md, section 2.8.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from stamps.legacy.ps_plot import store_background
from stamps.products.arguments import parse_arguments
from stamps.products.columns import saved_values
from stamps.products.plotting import draw
from stamps.products.quantities import Project
from stamps.products.referencing import colour_limits
from stamps.products.values import Shown, values_of

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike, NDArray

    from stamps._typing import StrPath
    from stamps.workspace import Workspace


__all__ = ["ps_plot_ifg"]


def ps_plot_ifg(
    in_ph: NDArray[np.float64] | str,
    bg_flag: int = 1,
    col_rg: ArrayLike | None = None,
    lon_rg: ArrayLike | None = None,
    lat_rg: ArrayLike | None = None,
    ext_data_path: StrPath | None = None,
    workdir: Workspace | StrPath = ".",
    out: str | None = None,
) -> tuple[NDArray[np.float64] | None, Figure]:
    """Draw values as they are, without reference.

    Parameters
    ----------
    in_ph : array_like, shape (n_ps,) or (n_ps, k), or str
        Real values or phasors; or the name of a saved plot (``'ps_plot_v-d'``).
    bg_flag : int
        Background, as ``plot_flag`` of ``ps_plot``, 0 to 7.
    col_rg : tuple of float, optional
        Range of the colours.
    lon_rg, lat_rg : tuple of float, optional
        Part of the scene, degrees.
    ext_data_path : path-like, optional
        MAT file with points to compare with.
    workdir : path-like or Workspace
    out : path-like, optional
        Picture file; default: a window, or without a display ``ps_plot_data.png``.

    Returns
    -------
    rmse : ndarray or None
        Difference from the points.
    figure : matplotlib.figure.Figure
    """
    named = {"plot_flag": max(int(bg_flag), 0), "lims": col_rg, "lon_rg": lon_rg, "lat_rg": lat_rg}
    request = parse_arguments([f"ext {ext_data_path}"] if ext_data_path else [], named)
    project = Project.at(workdir)
    if isinstance(in_ph, (str, Path)):
        in_ph = saved_values(project.ws, in_ph)
    _, values = values_of(in_ph, project, request)
    values.referenced = False
    limits = request.lims or colour_limits(values.phases)
    store_background(project.ws, request.plot_flag)
    shown = Shown(project, None, values, values.phases, values.columns, None, request)
    figure, _, rmse, _ = draw(shown, limits, out)
    return rmse, figure
