"""Repair the unwrapping of small-baseline interferograms by hand: whole cycles, or those that come closest to a reference.

Reads ``psver ps2 phuw_sb2``; writes ``phuw_sb2`` (``ph_uw``, ``msd``) and what ``sb_invert_uw`` writes. The files before the
first change are kept as ``phuw_sb2_original``, ``phuw2_original`` and ``phuw_sb_res2_original``, those before the last one as
``*_previous_temp``. Parameter: ``drop_ifg_index``.

Source: docs/method/other_scripts.md, section 6.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stamps.errors import InputError
from stamps.insar.regions import pixels_inside
from stamps.legacy.sb_bridge import column_of, pairs_project
from stamps.legacy.sb_invert_uw import sb_invert_uw
from stamps.matlab.arithmetic import round_half_away
from stamps.products.quantities import Project
from stamps.workspace.locks import reserving
from stamps.workspace.log import Log
from stamps.workspace.originals import keep_originals, keep_previous, load_original, restore_previous

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from stamps._typing import StrPath
    from stamps.workspace import Workspace


__all__ = ["sb_fix_unwrap_manual_new"]

_KEPT = ("phuw_sb", "phuw", "phuw_sb_res")
_TURN = 2 * np.pi
_CLOSEST = ("closest", "inf")


@reserving
def sb_fix_unwrap_manual_new(
    ifg: int | None = None,
    polygon: ArrayLike | None = None,
    cycles: float | str = "closest",
    *,
    reference_polygon: ArrayLike | None = None,
    all: bool = False,
    reset: bool = False,
    undo: bool = False,
    workdir: Workspace | StrPath = ".",
) -> int:
    """Repair a part of one interferogram, or of all; call it again for the next part, as changes add up.

    Parameters
    ----------
    ifg : int, optional
        Interferogram, counted from 1.
    polygon : array_like, shape (n, 2), optional
        Longitudes and latitudes of at least three corners around the pixels that are wrong.
    cycles : int or ``'closest'``
        Whole cycles to add, or as many to each pixel as bring it closest to the mean of the reference.
    reference_polygon : array_like, shape (n, 2), optional
        Around the pixels that are right, for ``'closest'``.
    all : bool
        All interferograms, those that are dropped, too; for ``'closest'``.
    reset : bool
        Begin with the phases before the first change; alone: put these back.
    undo : bool
        Put back the files as they were before the last change, and nothing else.
    workdir : path-like or Workspace
        Small-baseline project after step 6.

    Returns
    -------
    int
        Number of phases changed.

    Raises
    ------
    InputError
        The project has a single master, an interferogram does not exist, a polygon is none, or there is nothing to undo.
    NoPixelsError
        No pixel is inside a polygon.
    """
    project = pairs_project(workdir)
    ws, log = project.ws, Log(project.ws, "SB_FIX_UNWRAP_MANUAL")
    names = [f"{stem}{project.version}" for stem in _KEPT]
    log.start()
    if undo:
        if reset or all or ifg is not None or polygon is not None or reference_polygon is not None:
            raise InputError("undo puts back the files as they were before the last change: it stands alone.")
        with ws.publish():
            restore_previous(ws, names)
        log("The files before the last change are back")
        log.finish()
        return 0
    content = load_original(ws, names[0]) if reset else ws.load(names[0])
    before, ph_uw = ws.load(names[0], ["ph_uw"])["ph_uw"], content["ph_uw"].copy()
    if polygon is not None or not reset:
        columns = _columns(project, ifg, all, cycles)
        inside = pixels_inside(project.ps["lonlat"], polygon, "polygon")
        _move(ph_uw, inside, columns, cycles, _reference(project, reference_polygon, cycles))
    with ws.publish():
        keep_originals(ws, names)
        keep_previous(ws, names)
        ws.save(names[0], {"ph_uw": ph_uw, "msd": content["msd"]})
        changed = int(np.count_nonzero(~np.isclose(ph_uw, before, atol=1e-3, equal_nan=True)))
        log(f"{changed} phases changed")
        sb_invert_uw(workdir=ws)
    log.finish()
    return changed


def _columns(project: Project, ifg: int | None, every: bool, cycles: float | str) -> NDArray[np.int64]:
    """0-based interferograms to correct."""
    if not _is_closest(cycles) and (not np.isfinite(float(cycles)) or cycles != int(cycles) or cycles == 0):
        raise InputError(f"{cycles} cycles cannot be added: give a whole number other than 0, or closest.")
    if isinstance(cycles, str) and cycles not in _CLOSEST:
        raise InputError(f"{cycles!r} is no number of cycles: give a whole number, or closest.")
    if every:
        if not _is_closest(cycles):
            raise InputError(
                "All interferograms are corrected to the closest wrap only: the same cycles in all are an offset."
            )
        return np.arange(project.ps["n_ifg"])
    if ifg is None:
        raise InputError("Say which interferogram is meant (ifg, counted from 1), or all.")
    column = column_of(project, ifg)
    if column not in project.retained_ifgs():
        raise InputError(f"Interferogram {ifg} is dropped (drop_ifg_index), so that nothing of it would be used.")
    return np.array([column])


def _is_closest(cycles: float | str) -> bool:
    return isinstance(cycles, str) or cycles == np.inf


def _reference(project: Project, polygon: ArrayLike | None, cycles: float | str) -> NDArray[np.bool_] | None:
    if not _is_closest(cycles):
        if polygon is not None:
            raise InputError("A reference polygon is for the closest wrap: with a number of cycles it has no meaning.")
        return None
    return pixels_inside(project.ps["lonlat"], polygon, "reference polygon")


def _move(
    ph_uw: NDArray[np.floating],
    inside: NDArray[np.bool_],
    columns: NDArray[np.int64],
    cycles: float | str,
    reference: NDArray[np.bool_] | None,
) -> None:
    """Add the cycles, in place."""
    for column in columns:
        phase = ph_uw[inside, column].astype(np.float64)
        if reference is None:
            turns = np.full(phase.shape, float(cycles))
        else:
            right = ph_uw[reference, column].astype(np.float64)
            right = right[np.isfinite(right)]
            if not right.size:
                continue  # an interferogram without phases there
            turns = -round_half_away((phase - right.mean()) / _TURN)
        ph_uw[inside, column] = phase + _TURN * turns
