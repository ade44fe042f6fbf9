"""Add whole cycles to the pixels inside a polygon in one small-baseline interferogram, and invert again.

Reads ``psver ps2 phuw_sb2``; writes ``phuw_sb2`` (``ph_uw``, ``msd``) and what ``sb_invert_uw`` writes. The files
before the first change are kept as ``phuw_sb2_original``, ``phuw2_original`` and ``phuw_sb_res2_original``;
``sb_bridge(undo=True)`` puts them back.

Source: docs/method/products.md, section 10.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stamps.errors import InputError
from stamps.insar.regions import pixels_inside
from stamps.legacy.sb_bridge import column_of, pairs_project
from stamps.legacy.sb_invert_uw import sb_invert_uw
from stamps.workspace.locks import reserving
from stamps.workspace.log import Log
from stamps.workspace.originals import keep_originals

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from stamps._typing import StrPath
    from stamps.workspace import Workspace


__all__ = ["sb_fix_unwrap_manual"]

_KEPT = ("phuw_sb", "phuw", "phuw_sb_res")


@reserving
def sb_fix_unwrap_manual(ifg: int, cycles: float, polygon: ArrayLike, workdir: Workspace | StrPath = ".") -> int:
    """Repair the unwrapping of a part of an interferogram by hand.

    Parameters
    ----------
    ifg : int
        Interferogram, counted from 1.
    cycles : int
        Whole cycles to add (negative: to subtract).
    polygon : array_like, shape (n, 2)
        Longitudes and latitudes of at least three corners.
    workdir : path-like or Workspace
        Small-baseline project after step 6.

    Returns
    -------
    int
        Number of pixels changed.

    Raises
    ------
    InputError
        The project has a single master, the interferogram does not exist, or the polygon is none.
    NoPixelsError
        No pixel is inside.
    """
    project = pairs_project(workdir)
    ws, log = project.ws, Log(project.ws, "SB_FIX_UNWRAP_MANUAL")
    log.start()
    column = column_of(project, ifg)
    if not np.isfinite(cycles) or cycles != int(cycles):
        raise InputError(f"{cycles} cycles cannot be added: give a whole number.")
    inside = pixels_inside(project.ps["lonlat"], polygon, "polygon")
    name = project.file("phuw", True)
    content = ws.load(name)
    ph_uw = content["ph_uw"]
    ph_uw[inside, column] += ph_uw.dtype.type(cycles * 2 * np.pi)
    with ws.publish():
        keep_originals(ws, [f"{stem}{project.version}" for stem in _KEPT])
        ws.save(name, {"ph_uw": ph_uw, "msd": content["msd"]})
        log(f"{cycles:+d} cycles for {inside.sum()} pixels of interferogram {ifg}")
        sb_invert_uw(workdir=ws)
    log.finish()
    return int(inside.sum())
