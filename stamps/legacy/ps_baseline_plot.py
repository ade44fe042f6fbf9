"""Plot the perpendicular baselines of a single-master project over time.

Reads ``psver`` and ``ps``; writes a picture. Source: docs/method/products.md, section 6.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stamps.errors import InputError
from stamps.products.baselines import network_picture
from stamps.workspace import Workspace

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from stamps._typing import StrPath


__all__ = ["ps_baseline_plot"]


def ps_baseline_plot(workdir: Workspace | StrPath = ".", out: str | None = None) -> Figure:
    """Draw a line from every image to the master.

    Parameters
    ----------
    workdir : path-like or Workspace
    out : path-like, optional
        Picture file; default: a window, or without a display ``baseline_plot.png``.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        The project has small baselines.
    """
    ws = Workspace.at(workdir)
    ps = ws.load(f"ps{ws.version}")
    if "ifgday_ix" in ps:
        raise InputError(f"{ws.path} has small baselines and no single master: use sb_baseline_plot.")
    slaves = np.delete(np.arange(ps["n_image"]), ps["master_ix"])
    pairs = np.column_stack([np.full(slaves.size, ps["master_ix"]), slaves])
    title = f"{ps['n_image']} images, one master"
    return network_picture(
        ws, ps["day"], ps["bperp"], pairs, out=out, default="baseline_plot.png", master=ps["master_ix"], title=title
    )
