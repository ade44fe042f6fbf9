"""Remove whole cycles from unwrapped interferograms, so that they add up to zero around the loops of the network.

Reads ``psver ps2 phuw_sb2``, with weights ``ifgstd2``; writes ``closure2`` (``n_misclosure_before``, ``n_misclosure_after``),
``phuw_loops2``, ``phuw_sb2`` (``ph_uw``, ``msd``) and what ``sb_invert_uw`` writes. The files before the first change are kept as
``phuw_sb2_original``, ``phuw2_original`` and ``phuw_sb_res2_original``. Parameters: ``drop_ifg_index``, ``unwrap_grid_size`` for
regions, and those of the reference area.

Source: docs/method/unwrapping_errors.md, sections 3 and 4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stamps.errors import InputError, ParameterError
from stamps.legacy.sb_bridge import connected_cells, pairs_project, store_cycles, undo_changes, unwrapped_pairs
from stamps.legacy.sb_invert_uw import pair_sigma
from stamps.legacy.sb_make_closure_loops import sb_make_closure_loops
from stamps.matlab.dates import to_yyyymmdd
from stamps.steps.unwrapping.closure import Closed, close_loops, let_regions_vote, pair_weights
from stamps.steps.unwrapping.regions import regions_of
from stamps.workspace.locks import reserving
from stamps.workspace.log import Log

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps._typing import StrPath
    from stamps.products.quantities import Project
    from stamps.workspace import Workspace


__all__ = ["sb_fix_closure"]

_NOISY = 0.8  # rad rms; one loop in 10 000 is then off by a cycle through noise alone
_NAMED = 5  # interferograms that are named


@reserving
def sb_fix_closure(
    *,
    weights: str | None = None,
    region: str | bool | None = None,
    mask: StrPath | None = None,
    undo: bool = False,
    workdir: Workspace | StrPath = ".",
) -> int:
    """Close the loops of a small-baseline network pixel by pixel with as few whole cycles as possible, and invert again.

    Errors that close by themselves are not seen: all interferograms of one image wrong by one cycle, for example.

    Parameters
    ----------
    weights : {'sigma'}, optional
        Let a cycle cost 1/σ² of its interferogram (``ifgstd2.mat``), with a median of 1; default: 1.
    region : {'y', 'n'} or bool, optional
        Let the most frequent number of cycles of a region count for all its pixels. Default: only where noise lets the
        misclosure differ from pixel to pixel, because the loops leave more than 0.8 rad rms beside whole cycles.
    mask : path-like, optional
        One byte for each pixel of the image, not 0 on water: regions do not go over it. From ``workdir``.
    undo : bool
        Put back the files as they were before the first change instead, and invert again.
    workdir : path-like or Workspace
        Small-baseline project after step 6.

    Returns
    -------
    int
        Number of phases changed.

    Raises
    ------
    InputError
        The project has a single master, the network has no loop, no phase is finite, the mask does not fit, or there is
        nothing to undo.
    ParameterError
        An argument has a value that it cannot have.
    WorkspaceError
        Step 6 has not been run.

    Examples
    --------
    >>> from stamps import sb_fix_closure
    >>> sb_fix_closure(weights="sigma", workdir="SMALL_BASELINES")  # doctest: +SKIP
    """
    if weights not in (None, "sigma", "identity"):
        raise ParameterError(f"sb_fix_closure: the weights '{weights}' are unknown, only sigma and identity exist.")
    project = pairs_project(workdir)
    ws, log = project.ws, Log(project.ws, "SB_FIX_CLOSURE")
    votes = _votes(region)
    log.start()
    if undo:
        undo_changes(project, log)
        log.finish()
        return 0
    with ws.publish():
        loops = _loops(ws)  # before the phases are read, which they do not depend on
        content = unwrapped_pairs(project)
        ph_uw = _of_used(content["ph_uw"], project.retained_ifgs())
        prices = pair_weights(pair_sigma(ws, project.ps, project.version)) if weights == "sigma" else None
        closed = close_loops(ph_uw, loops, prices)
        if closed.remainder > _NOISY if votes is None else votes:
            log("the most frequent cycles of a region count for all its pixels")
            closed = let_regions_vote(closed, ph_uw, loops, _regions(ph_uw, project, mask))
        for line in _report(project, loops, closed):
            log(line)
        counts = {"n_misclosure_before": closed.before, "n_misclosure_after": closed.after}
        ws.save(
            f"closure{project.version}", {name: value.astype(float) for name, value in counts.items()}, append=False
        )
        changed = store_cycles(project, content, closed.cycles, log)
    log.finish()
    return changed


def _votes(region: str | bool | None) -> bool | None:
    """Whether regions vote; None: the data decide."""
    if region is None or isinstance(region, bool):
        return region
    if region not in ("y", "n"):
        raise ParameterError(f"sb_fix_closure: region is '{region}', but y or n was expected.")
    return region == "y"


def _of_used(ph_uw: NDArray[np.float32], used: NDArray[np.int64]) -> NDArray[np.float32]:
    """The phases; zero in interferograms that are dropped, whatever is there."""
    dropped = np.setdiff1d(np.arange(ph_uw.shape[1]), used)
    ph_uw = ph_uw.copy()
    ph_uw[:, dropped] = 0
    return ph_uw


def _loops(ws: Workspace) -> NDArray[np.float64]:
    """The loops of the network as it is now; those of a file may be of another one."""
    loops = sb_make_closure_loops(workdir=ws)
    if not len(loops):
        raise InputError(
            f"The interferograms of {ws.path} have no loop, because their network is a tree: nothing can be checked by closure. "
            "Use a network with more pairs, such as 'sequential 2' or more (sb_find_consec 2)."
        )
    return loops


def _regions(ph_uw: NDArray[np.float32], project: Project, mask: StrPath | None) -> NDArray[np.int32]:
    """Region of each pixel in each interferogram."""
    cells = connected_cells(project, mask)
    return np.column_stack([regions_of(column, cells).astype(np.int32) for column in ph_uw.T])


def _report(project: Project, loops: NDArray[np.float64], closed: Closed) -> list[str]:
    """Lines for the log."""
    share = [100 * np.count_nonzero(count) / len(count) for count in (closed.before, closed.after)]
    lines = [
        f"{len(loops)} loops; pixels with a misclosure: {share[0]:.2f} % before, {share[1]:.2f} % after",
        f"{closed.distinct} different misclosures, {np.count_nonzero(closed.unsolved)} pixels unsolved; beside whole cycles the "
        f"loops leave {closed.remainder:.3f} rad rms",
    ]
    changes = np.count_nonzero(closed.cycles, axis=0)
    for ifg in np.argsort(-changes, kind="stable")[:_NAMED]:
        if changes[ifg]:
            first, second = to_yyyymmdd(project.ps["ifgday"][ifg])
            lines.append(f"interferogram {ifg + 1} {first}_{second}: {changes[ifg]} phases change")
    return lines
