"""Unwrapped grids as a comparison sees them: ``msd`` without rounding noise, and energies where several optima exist.

The divisor of ``msd`` counts differences that are not 0. In the original's result cells of one node differ by rounding
noise of 1e-7, in that of the minimum-cost flow by exactly 0. So ``msd`` of a run without noise is compared with what the
original's nodes give without noise; where a golden tree does not hold them, ``msd`` is compared with SNAPHU only. Where
the costs leave several optima the cycles are one of them by chance: there the energies are compared
(docs/method/unwrapping.md, section 7.2).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import WorkspaceError
from stamps.legacy.uw_stat_costs import edge_statistics
from stamps.steps.unwrapping import costs, flow
from stamps.verify.report import Row
from stamps.workspace import Workspace, matfile
from stamps.workspace.parameters import Parameters

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps._typing import StrPath

__all__ = ["Steps", "energy_row"]

_SAME = 1e-6  # of msd stored in single precision
_WHOLE = 1e-4  # cycles: how far differences of unwrapped phases may be from whole ones


class Steps:
    """``msd`` of a run and of a golden tree, without noise where the run has none.

    Parameters
    ----------
    run : path-like
        The project directory.
    state : mapping
        All files of the golden state; the grid of the run stands for one that is missing.
    """

    def __init__(self, run: StrPath, state: Mapping[str, Path | None]):
        self._run, self._state = Path(run), state
        self._known: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None

    def comparable(self, value: Any, golden: Any) -> Any:
        """What ``msd`` of the run is to be compared with.

        Parameters
        ----------
        value, golden : ndarray
            As they are stored.

        Returns
        -------
        ndarray or None
            The golden values; without noise if the run's have none; None if that is so and they cannot be told, because
            the golden tree does not hold the nodes or their grid.
        """
        if _close(value, golden):
            return golden
        ours, theirs = self._without_noise()
        if not _is(value, ours):
            return golden
        if np.count_nonzero(golden) != theirs.size:
            return None
        replaced = np.array(golden)
        replaced[replaced != 0] = theirs
        return replaced

    def _without_noise(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        if self._known is None:
            grid, nodes = self._run / "uw_interp.mat", self._run / "uw_phaseuw.mat"
            self._known = (
                _squared_steps(grid, nodes),
                _squared_steps(self._state.get(grid.name) or grid, self._state.get(nodes.name)),
            )
        return self._known


def _close(values: Any, others: Any) -> bool:
    return np.shape(values) == np.shape(others) and np.allclose(values, others, rtol=_SAME, atol=0, equal_nan=True)


def _is(stored: Any, computed: NDArray[np.float64]) -> bool:
    """Whether stored values, zeros of unused interferograms left out, are the computed ones."""
    values = np.asarray(stored)
    values = values[values != 0]
    return values.size > 0 and _close(values, computed)


def _squared_steps(grid: Path, nodes: Path | None) -> NDArray[np.float64]:
    """``msd`` of grids whose cells have the phase of their nodes; empty where files are missing or do not fit."""
    try:
        nearest = np.asarray(matfile.read(grid)["Z"]).astype(np.int64) - 1
        ph_uw = np.zeros((0, 0), np.float32) if nodes is None else np.asarray(matfile.read(nodes)["ph_uw"], np.float32)
    except (WorkspaceError, OSError, KeyError):
        return np.zeros(0)
    if nearest.size == 0 or nearest.max() != len(ph_uw) - 1:
        return np.zeros(0)
    return np.array([costs.squared_step(column[nearest]) for column in ph_uw.T])


def energy_row(workdir: StrPath, golden: Path) -> Row:
    """Compare unwrapped nodes with golden ones by their energies under the costs of the run.

    Parameters
    ----------
    workdir : path-like
        A project after step 6.
    golden : Path
        Golden ``uw_phaseuw.mat``.

    Returns
    -------
    Row
        It agrees if no interferogram has more energy than the golden one and both differ by whole cycles.
    """
    ws = Workspace.at(workdir)
    if not ws.exists("uw_phaseuw"):
        return Row("uw_phaseuw.mat", "(energy)", "missing", comparison="energy", detail="the run did not unwrap")
    mesh, ours = ws.load("uw_interp"), ws.load("uw_phaseuw")["ph_uw"]
    theirs = np.asarray(matfile.read(golden)["ph_uw"])
    if ours.shape != theirs.shape:
        return Row("uw_phaseuw.mat", "(energy)", "differs", comparison="energy", detail="another number of nodes")
    method = str(Parameters(ws).get("unwrap_method"))
    statistics = edge_statistics(method, None, ws.load("uw_grid"), mesh, ws.load("uw_space_time"))
    found = []
    for ifg in range(ours.shape[1]):
        cost = statistics.ifg_costs(ifg)
        grids = (nodes[:, ifg][mesh["Z"]] for nodes in (ours, theirs))
        found.append([flow.energy(grid, cost.rowcost, cost.colcost) for grid in grids])
    return _judged(np.array(found), (ours - theirs) / (2 * np.pi))


def _judged(energies: NDArray[np.int64], cycles: NDArray[np.floating]) -> Row:
    """Row of the energies (n_ifg × 2) and the differences in cycles (n_node × n_ifg)."""
    whole = np.rint(cycles)
    more, moved = int((energies[:, 0] > energies[:, 1]).sum()), np.count_nonzero(whole, axis=0)
    ours, theirs = energies.sum(axis=0) / flow.SCALE
    agrees = more == 0 and bool(np.abs(cycles - whole).max() < _WHOLE)
    return Row(
        "uw_phaseuw.mat",
        "(energy)",
        "ok" if agrees else "differs",
        comparison="energy",
        matlab_class="single",
        shape=cycles.shape,
        difference=float((ours - theirs) / theirs) if theirs else float(ours),
        count=more,
        detail=f"by energy: {ours:.2f} against {theirs:.2f}, in {len(energies)} interferograms, {more} of which have more "
        f"energy than the golden ones; {moved.sum()} of {cycles.size} nodes, in {np.count_nonzero(moved)} "
        "interferograms, on another cycle",
    )
