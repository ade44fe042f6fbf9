"""The text files ``*.1.in`` in which Doris and ISCE projects keep dates, baselines and angles.

``day.1.in``, ``master_day.1.in``, ``ifgday.1.in``   dates yyyymmdd, one image (pair) per line
``bperp.1.in``                                       metres per slave, in the order of ``day.1.in``
``bperp_<yyyymmdd>.1.in``, ``look_angle.1.in``       50 × 50 nodes, each at height 0 m and 1000 m
``heading.1.in``, ``lambda.1.in``, ``slc_osfactor.1.in``

Source: docs/method/conventions.md, section 1; docs/method/loading.md, section 6.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from stamps.frontends.stack import AcquisitionGeometry
from stamps.workspace import Workspace

if TYPE_CHECKING:
    from stamps.workspace import Workspace


__all__ = ["GRID_HEIGHTS", "GRID_NODES", "grid_text", "write_headers"]

#: Nodes of a grid along range and along azimuth.
GRID_NODES = 50
#: Heights at which a grid is given, in metres.
GRID_HEIGHTS = (0.0, 1000.0)


def write_headers(
    ws: Workspace,
    slaves: Iterable[int | str],
    master: int | str,
    geometry: AcquisitionGeometry,
    pairs: Iterable[tuple[int | str, int | str]] = (),
) -> None:
    """Write the files that all stacks have.

    Parameters
    ----------
    ws : Workspace
    slaves : iterable of (int or str)
        Dates, yyyymmdd, ascending.
    master : int or str
    geometry : AcquisitionGeometry
    pairs : iterable of (int, int) or (str, str)
        Small baselines: dates of every interferogram.
    """
    ws.write_text("day.1.in", "".join(f"{date}\n" for date in slaves))
    ws.write_text("master_day.1.in", f"{master}\n")
    ws.write_text("bperp.1.in", "".join(f"{value:.6f}\n" for value in geometry.bperp))
    ws.write_text("heading.1.in", f"{geometry.heading:.8f}\n")
    ws.write_text("lambda.1.in", f"{geometry.wavelength:.12g}\n")
    lines = "".join(f"{first} {second}\n" for first, second in pairs)
    if lines:
        ws.write_text("ifgday.1.in", lines)


def grid_text(low: ArrayLike, high: ArrayLike) -> str:
    """Text of a grid: values at the lower and at the upper height, node by node.

    Parameters
    ----------
    low, high : (GRID_NODES, GRID_NODES) arrays
        Rows along azimuth, columns along range.
    """
    table = np.column_stack([np.ravel(low), np.ravel(high)])
    return "".join(f"{first:.8f} {second:.8f}\n" for first, second in table.tolist())
