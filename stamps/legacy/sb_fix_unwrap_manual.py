"""Add whole cycles to the pixels inside a polygon in one small-baseline interferogram, and invert again.

Reads ``psver ps2 phuw_sb2``; writes ``phuw_sb2`` (``ph_uw``, ``msd``) and what ``sb_invert_uw`` writes. The files
before the first change are kept as ``phuw_sb2_original``, ``phuw2_original`` and ``phuw_sb_res2_original``;
``sb_bridge(undo=True)`` puts them back.

Source: docs/method/products.md, section 10.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stamps.errors import InputError, NoPixelsError
from stamps.insar.regions import inside_polygon
from stamps.legacy.sb_invert_uw import sb_invert_uw
from stamps.products.quantities import Project
from stamps.workspace.locks import reserving
from stamps.workspace.log import Log
from stamps.workspace.originals import keep_originals

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

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
    project = Project.at(workdir)
    ws, log = project.ws, Log(project.ws, "SB_FIX_UNWRAP_MANUAL")
    log.start()
    corners = np.asarray(polygon, np.float64)
    _check(project, ifg, cycles, corners)
    inside = inside_polygon(project.ps["lonlat"], corners)
    if not inside.any():
        raise NoPixelsError("No pixel is inside the polygon: its corners are longitudes and latitudes in degrees.")
    name = project.file("phuw", True)
    content = ws.load(name)
    ph_uw = content["ph_uw"]
    ph_uw[inside, ifg - 1] += ph_uw.dtype.type(cycles * 2 * np.pi)
    with ws.publish():
        keep_originals(ws, [f"{stem}{project.version}" for stem in _KEPT])
        ws.save(name, {"ph_uw": ph_uw, "msd": content["msd"]})
        log(f"{cycles:+d} cycles for {inside.sum()} pixels of interferogram {ifg}")
        sb_invert_uw(workdir=ws)
    log.finish()
    return int(inside.sum())


def _check(project: Project, ifg: int, cycles: float, corners: NDArray[np.float64]) -> None:
    if not project.small_baselines:
        raise InputError(f"{project.ws.path} has a single master: cycles are moved in small-baseline projects only.")
    if ifg != int(ifg) or not 1 <= ifg <= project.ps["n_ifg"]:
        raise InputError(f"Interferogram {ifg} does not exist: there are {project.ps['n_ifg']}.")
    if cycles != int(cycles):
        raise InputError(f"{cycles} cycles cannot be added: give a whole number.")
    if corners.ndim != 2 or corners.shape[1] != 2 or len(corners) < 3 or not np.isfinite(corners).all():
        raise InputError("The polygon needs at least three corners, each a longitude and a latitude.")
