"""Choose small-baseline pairs by triangulating the images in time and baseline.

Reads ``psver`` and ``ps`` of a single-master project; writes ``small_baselines.list`` and, with matplotlib,
``SB_plot.png``.

Source: docs/method/products.md, section 10; Pepe and Lanari (2006), IEEE Trans. Geosci. Remote Sens. 44, 2374-2383.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stamps.insar.network import delaunay_pairs
from stamps.products.pairs import images_of, publish_pairs
from stamps.workspace import Workspace
from stamps.workspace.locks import reserving
from stamps.workspace.log import Log

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from stamps._typing import StrPath


__all__ = ["sb_find_delaunay"]


@reserving
def sb_find_delaunay(workdir: Workspace | StrPath = ".") -> NDArray[np.int64]:
    """List the edges of the Delaunay triangulation of the images, days against metres.

    Parameters
    ----------
    workdir : path-like or Workspace

    Returns
    -------
    ndarray of int64, shape (n_pair, 2)
        0-based first and second image.

    Raises
    ------
    InputError
        There is no triangle, or the project has small baselines.
    """
    ws = Workspace.at(workdir)
    log = Log(ws, "SB_FIND_DELAUNAY")
    log.start()
    day, bperp = images_of(ws)
    pairs = delaunay_pairs(day, bperp)
    publish_pairs(ws, "SB_FIND_DELAUNAY", day, bperp, pairs)
    log.finish()
    return pairs
