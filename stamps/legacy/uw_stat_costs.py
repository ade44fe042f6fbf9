"""Turn edge statistics into arc costs and unwrap each interferogram, as a minimum-cost flow or with SNAPHU.

Reads ``uw_grid.mat``, ``uw_interp.mat`` and ``uw_space_time.mat``; writes ``uw_phaseuw.mat`` (``ph_uw`` of the nodes in
radians, ``msd``) and, with SNAPHU, its files ``snaphu.conf .in .costinfile .out .log`` of the last interferogram.

Both find the same whole cycles where SNAPHU finds the only optimum (docs/method/unwrapping.md, section 7.2). With the flow
cells of one node differ by exactly 0, so that ``msd`` counts no rounding noise of 1e-7.

Source: docs/method/unwrapping.md, section 7; Chen and Zebker (2001), J. Opt. Soc. Am. A 18; Hooper (2010), Fringe 2009.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import InputError
from stamps.external import snaphu, snaphu_command, snaphu_identity
from stamps.processes import unwrapper
from stamps.run.settings import settings_of
from stamps.run.workers import Workers
from stamps.steps.unwrapping import costs, flow
from stamps.workspace import Workspace, unwrapped_store
from stamps.workspace.log import Log

if TYPE_CHECKING:
    import scipy.sparse
    from numpy.typing import NDArray

    from stamps._typing import StrPath
    from stamps.steps.unwrapping.costs import ArcCosts
    from stamps.workspace.directory import Variables


__all__ = ["checked_solver", "uw_stat_costs"]

#: Seconds of unwrapping from which a result is kept for a run that goes on after a kill.
_WORTH_KEEPING = 1.0
#: Cells from which the minimum-cost flow is solved in a process of its own: it takes a second or more there.
_WORTH_A_PROCESS = 100_000
#: Share of the arcs without statistics from which the log warns.
_MOSTLY = 0.5


def uw_stat_costs(
    unwrap_method: str = "3D",
    variance: NDArray[np.float64] | None = None,
    subset_ifg_index: Sequence[int] | None = None,
    workdir: Workspace | StrPath = ".",
    workers: Workers | None = None,
    solver: str | None = None,
) -> None:
    """Unwrap the nodes of all interferograms.

    Parameters
    ----------
    unwrap_method : str
        '2D' takes the variance from a model of distance, other methods from the scatter in time.
    variance : ndarray of float64, shape (n_node,), optional
        Variance of the nodes (2D only).
    subset_ifg_index : array_like of int, optional
        Interferograms to unwrap, counted from 0 (default: all); others become zero.
    workdir : path-like or Workspace
    workers : stamps.run.workers.Workers, optional
        Where interferograms are unwrapped (default: on all cores of this machine). The result does not depend on it.
    solver : str, optional
        ``'flow'`` or ``'snaphu'`` (default: the settings, then ``flow``).

    Raises
    ------
    ExternalProgramError
        The solver is missing or fails; the message names the interferogram.
    """
    ws = Workspace.at(workdir)
    log = Log(ws, "uw_stat_costs")
    log("Unwrapping in space", 2)
    grid = ws.load("uw_grid", ["ph", "nzix", "pix_size", "n_ps", "n_ifg"])
    mesh = ws.load("uw_interp")
    solver = checked_solver(ws, solver)
    statistics = edge_statistics(unwrap_method, variance, grid, mesh, ws.load("uw_space_time"))
    if statistics.undecided > _MOSTLY:
        log(
            f"{100 * statistics.undecided:.0f} % of the arcs have no statistics: between them the cycles are arbitrary",
            2,
        )
    ifgs = np.arange(grid["n_ifg"]) if subset_ifg_index is None else np.asarray(subset_ifg_index, np.int64).ravel()
    if ifgs.size and (ifgs.min() < 0 or ifgs.max() >= grid["n_ifg"]):
        raise InputError(f"The interferograms to unwrap must be numbered 0 to {grid['n_ifg'] - 1}.")

    def prepare(ifg: int) -> tuple[str, NDArray[Any], NDArray[np.int16], NDArray[np.int16], bool, str]:
        log(f"Processing IFG {ifg + 1} of {grid['n_ifg']}", 2)
        cost = statistics.ifg_costs(ifg)
        return solver, grid["ph"][:, ifg][mesh["Z"]], cost.rowcost, cost.colcost, ifg == ifgs[-1], str(ws.path)

    ph_uw = np.zeros((grid["n_ps"], grid["n_ifg"]), np.float32)
    msd = np.zeros(grid["n_ifg"])
    runs = Workers.of(workers).map(unwrap, ifgs, prepare, lambda ifg: f"Interferogram {ifg + 1}", "ifg")
    kept = {}
    for ifg, (unwrapped, files) in zip(ifgs, runs, strict=True):
        kept.update(files)
        ph_uw[:, ifg] = unwrapped.T[grid["nzix"].T]
        msd[ifg] = costs.squared_step(unwrapped)
    with ws.publish():
        for name, content in kept.items():
            with ws.open_output(name) as path:
                path.write_bytes(content)
        ws.save("uw_phaseuw", {"ph_uw": ph_uw, "msd": msd}, append=False)
        ws.when_published(lambda: unwrapped_store.discard(ws.path))


def checked_solver(directory: Workspace | StrPath, solver: str | None = None) -> str:
    """What unwraps in a directory: the argument, else the settings.

    Raises
    ------
    ParameterError
        There is no such solver.
    ExternalProgramError
        It is not installed.
    """
    chosen = settings_of(directory, solver=solver).solver
    if chosen == "snaphu":
        snaphu_command()
    else:
        flow.version()
    return chosen


def unwrap(
    solver: str,
    interferogram: NDArray[np.complex64],
    rowcost: NDArray[np.int16],
    colcost: NDArray[np.int16],
    keep_files: bool,
    folder: str,
) -> tuple[NDArray[np.float32], dict[str, bytes]]:
    """Unwrap one interferogram, or take what an interrupted run has left of it.

    Parameters
    ----------
    solver : str
        ``'flow'`` or ``'snaphu'``.
    interferogram, rowcost, colcost : ndarray
        As for :func:`stamps.external.snaphu`.
    keep_files : bool
        Whether the files of SNAPHU's run are asked for.
    folder : path-like
        The project directory, where the result is kept until the step is published.

    Returns
    -------
    unwrapped : ndarray of float32, shape (n_row, n_col)
        Radians.
    files : dict
        Name -> bytes; empty if not asked for.
    """
    with_snaphu = solver == "snaphu"
    keep_files = keep_files and with_snaphu
    identity = snaphu_identity() if with_snaphu else f"flow, ortools {flow.version()}".encode()
    name = unwrapped_store.key(identity, interferogram, rowcost, colcost)
    found = unwrapped_store.read(folder, name)
    if found is not None and (found[1] or not keep_files):
        return found[0], found[1] if keep_files else {}
    files: dict[str, bytes] = {}
    begin = time.perf_counter()
    if with_snaphu:
        keep = (lambda file, path: files.update({file: path.read_bytes()})) if keep_files else None
        unwrapped = snaphu(interferogram, rowcost, colcost, keep)
    elif interferogram.size >= _WORTH_A_PROCESS:
        unwrapped = unwrapper.unwrap(interferogram, rowcost, colcost)
    else:
        unwrapped = flow.unwrap(interferogram, rowcost, colcost).phase
    if with_snaphu or time.perf_counter() - begin > _WORTH_KEEPING:
        unwrapped_store.write(folder, name, unwrapped, files)
    return unwrapped, files


@dataclass(frozen=True)
class EdgeStatistics:
    """What the costs of all interferograms share.

    ``rows`` and ``columns`` (:class:`stamps.steps.unwrapping.costs.GridArcs`), ``counts`` and ``sigsq`` of the edges, and per
    edge and interferogram ``dph_space_uw``, ``smooth``, ``spread`` and ``held`` (or None).
    """

    rows: costs.GridArcs
    columns: costs.GridArcs
    counts: NDArray[np.int64]
    sigsq: NDArray[np.int16]
    dph_space_uw: NDArray[np.float32]
    smooth: NDArray[np.float32]
    spread: scipy.sparse.csc_matrix
    held: NDArray[np.bool_] | None

    @property
    def undecided(self) -> float:
        """Share of the arcs between different nodes that have no statistics."""
        arcs = [(each.index != 0, each.unknown) for each in (self.rows, self.columns)]
        count = sum(int(between.sum()) for between, _ in arcs)
        return sum(int((between & unknown).sum()) for between, unknown in arcs) / count if count else 0.0

    def ifg_costs(self, ifg: int) -> ArcCosts:
        """Arc costs of one interferogram."""
        spread = self.spread[:, [ifg]].toarray().ravel()
        held = None if self.held is None else self.held[:, ifg]
        cycles, total = costs.ifg_edge_costs(
            self.dph_space_uw[:, ifg], self.smooth[:, ifg], self.sigsq, spread, self.counts, held
        )
        return costs.arc_costs(self.rows, self.columns, cycles, total)


def edge_statistics(
    unwrap_method: str, variance: NDArray[np.float64] | None, grid: Variables, mesh: Variables, space_time: Variables
) -> EdgeStatistics:
    """Statistics of the edges and the arcs that have none.

    Parameters
    ----------
    unwrap_method : str
    variance : ndarray of float64, shape (n_node,), or None
    grid, mesh, space_time : mapping
        Variables of ``uw_grid``, ``uw_interp``, ``uw_space_time``.

    Returns
    -------
    EdgeStatistics
    """
    n_edge = mesh["n_edge"]
    rowix, colix = (mesh[name].astype(np.int64) for name in ("rowix", "colix"))
    counts = costs.edge_counts(rowix, colix, n_edge)
    noise = space_time["dph_noise"]
    nodes = np.argwhere(grid["nzix"].T)[:, ::-1]
    sigma = costs.noise_variance(unwrap_method, noise, mesh["edgs"][:, 1:], nodes, grid["pix_size"], variance)
    dph_space_uw = space_time["dph_space_uw"]
    smooth = dph_space_uw if unwrap_method.upper() == "2D" else dph_space_uw - noise
    unknown = np.concatenate([[False], np.isnan(sigma)])
    rows, columns = (costs.GridArcs(index, unknown[np.abs(index)]) for index in (rowix, colix))
    return EdgeStatistics(
        rows=rows,
        columns=columns,
        counts=counts,
        sigsq=costs.sigsq_of(sigma, counts),
        dph_space_uw=dph_space_uw,
        smooth=smooth,
        spread=space_time["spread"].tocsc(),
        held=space_time.get("predef_ix"),
    )
