"""The text files ``*.1.in`` in which Doris and ISCE projects keep dates, baselines and angles.

``day.1.in``, ``master_day.1.in``, ``ifgday.1.in``   dates yyyymmdd, one image (pair) per line
``bperp.1.in``                                       metres per slave, in the order of ``day.1.in``
``bperp_<yyyymmdd>.1.in``, ``look_angle.1.in``       50 × 50 nodes, each at height 0 m and 1000 m
``heading.1.in``, ``lambda.1.in``, ``slc_osfactor.1.in``

Source: docs/method/conventions.md, section 1; docs/method/loading.md, section 6.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps.workspace import Workspace


__all__ = ["GRID_HEIGHTS", "GRID_NODES", "grid_text", "write_headers"]

#: Nodes of a grid along range and along azimuth.
GRID_NODES = 50
#: Heights at which a grid is given, in metres.
GRID_HEIGHTS = (0.0, 1000.0)


def write_headers(
    ws: Workspace,
    dates: Sequence[int],
    master: int,
    bperp: Sequence[float],
    heading: float,
    wavelength: float,
    pairs: Sequence[tuple[int, int]] = (),
) -> None:
    """Write the files that all stacks have.

    Parameters
    ----------
    ws : Workspace
    dates : sequence of int
        Slaves, yyyymmdd.
    master : int
    bperp : sequence of float
        Perpendicular baseline of every slave, in metres.
    heading, wavelength : float
        Degrees, metres.
    pairs : sequence of (int, int)
        Small baselines: dates of every interferogram.
    """
    ws.write_text("day.1.in", "".join(f"{date}\n" for date in dates))
    ws.write_text("master_day.1.in", f"{master}\n")
    ws.write_text("bperp.1.in", "".join(f"{value:.6f}\n" for value in bperp))
    ws.write_text("heading.1.in", f"{heading:.8f}\n")
    ws.write_text("lambda.1.in", f"{wavelength:.12g}\n")
    if pairs:
        ws.write_text("ifgday.1.in", "".join(f"{first} {second}\n" for first, second in pairs))


def grid_text(low: NDArray[np.float64], high: NDArray[np.float64]) -> str:
    """Text of a grid: values at the lower and at the upper height, node by node.

    Parameters
    ----------
    low, high : (GRID_NODES, GRID_NODES) arrays
        Rows along azimuth, columns along range.
    """
    table = np.column_stack([np.ravel(low), np.ravel(high)])
    return "".join(f"{first:.8f} {second:.8f}\n" for first, second in table.tolist())
