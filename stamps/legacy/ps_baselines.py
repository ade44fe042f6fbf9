"""List the images whose perpendicular baseline is at least a given length.

Reads ``psver`` and ``ps``. Source: docs/method/products.md, section 6.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stamps.matlab.arithmetic import round_half_away
from stamps.workspace import Workspace

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps._typing import StrPath


__all__ = ["ps_baselines"]


def ps_baselines(bperp: int, workdir: Workspace | StrPath = ".") -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Print and return the baselines that are at least ``bperp`` long, to either side.

    Parameters
    ----------
    bperp : float
        Length in m.
    workdir : path-like or Workspace

    Returns
    -------
    bperps : ndarray, shape (n,)
        Perpendicular baselines in m: of images, or of interferograms for small baselines.
    ix : ndarray of int64, shape (n,)
        Which ones, 0-based; printed from 1 as ``setparm drop_ifg_index`` counts.

    Examples
    --------
    >>> from stamps import ps_baselines
    >>> bperp, image = ps_baselines(60)
       2      62 m
       7     -84 m
      10     -61 m
    >>> image  # counted from 0
    array([1, 6, 9])
    """
    ws = Workspace.at(workdir)
    bperps = ws.load(f"ps{ws.version}", ["bperp"])["bperp"]
    ix = np.flatnonzero(np.abs(bperps) >= bperp)
    for i in ix:
        print(f"{i + 1:3d}   {round_half_away(float(bperps[i])):5.0f} m")
    return bperps[ix], ix
