"""Unwrap a grid exactly: the cheapest whole cycles that close every loop of four cells, as a minimum-cost flow.

The costs of step 6 are convex, so that the flow is a linear programme with whole-numbered optimum: no other set of cycles
has less energy. A node of the network stands for a loop of four cells, one more for the outside; a cycle added between two
neighbouring cells is a unit that flows between the loops on its two sides.

Source: docs/method/unwrapping.md, section 7; Costantini (1998), IEEE Trans. Geosci. Remote Sens. 36, 813-821; Chen and
Zebker (2001), J. Opt. Soc. Am. A 18, 338-351 (costs). The solver is that of OR-Tools (cost scaling).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stamps.errors import ExternalProgramError, InputError
from stamps.steps.unwrapping.costs import NSHORTCYCLE

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from ortools.graph.python.min_cost_flow import SimpleMinCostFlow

__all__ = ["Unwrapped", "energy", "unwrap", "version"]

#: Energies are whole numbers for the solver: this many steps to one unit of SNAPHU's cost.
SCALE = 100
#: The solver numbers arcs with 32 bits and makes one of its own for each.
MAX_ARCS = 2**30


@dataclass(frozen=True)
class Unwrapped:
    """An unwrapped grid.

    Attributes
    ----------
    phase : ndarray of float32, shape (n_row, n_col)
        Radians; the first cell lies in [0, 2π).
    energy : int
        Sum of the costs of all arcs, in units of 1 / ``SCALE``.
    undecided : float
        Share of the arcs without statistics, whose cycles all cost the same; near 1 the result is arbitrary.
    """

    phase: NDArray[np.float32]
    energy: int
    undecided: float


def unwrap(
    interferogram: NDArray[np.complexfloating], rowcost: NDArray[np.int16], colcost: NDArray[np.int16]
) -> Unwrapped:
    """Unwrap one interferogram with given arc costs.

    Parameters
    ----------
    interferogram : ndarray of complex64, shape (n_row, n_col)
    rowcost : ndarray of int16, shape (n_row - 1, 4 * n_col)
        Quadruples (offset, sigsq, dzmax, laycost) of vertical neighbours, as for SNAPHU: offsets with the opposite sign.
    colcost : ndarray of int16, shape (n_row, 4 * (n_col - 1))
        The same for horizontal neighbours.

    Returns
    -------
    Unwrapped

    Raises
    ------
    InputError
        No cell, a phase that is not finite, costs of another shape or without positive variance, more arcs than the
        solver can number.
    ExternalProgramError
        OR-Tools is missing or finds no optimum.
    """
    phase = _phase_of(interferogram)
    arcs = _arcs(phase.shape, rowcost, colcost)
    across, down = _wraps(phase, 1), _wraps(phase, 0)
    cycles = _cheapest_cycles(arcs, _loop_supply(across, down), phase.shape)
    horizontal, vertical = _split(cycles, phase.shape)
    total = np.zeros(phase.shape, np.int64)
    total[1:, 0] = np.cumsum((down + vertical)[:, 0])
    total[:, 1:] = total[:, :1] + np.cumsum(across + horizontal, axis=1)
    unwrapped = (phase + 2 * np.pi * total).astype(np.float32)
    undecided = float(arcs.unknown.mean()) if arcs.unknown.size else 0.0
    return Unwrapped(unwrapped, int(arcs.energy(cycles).sum()), undecided)


def energy(unwrapped: NDArray[np.floating], rowcost: NDArray[np.int16], colcost: NDArray[np.int16]) -> int:
    """Energy of any unwrapped grid under given costs, in units of 1 / ``SCALE``.

    Parameters
    ----------
    unwrapped : ndarray of float32 or float64, shape (n_row, n_col)
        Radians.
    rowcost, colcost : ndarray of int16
        As for :func:`unwrap`.

    Returns
    -------
    int
    """
    values = np.asarray(unwrapped, np.float64)
    steps = [np.diff(values, axis=axis).ravel() for axis in (1, 0)]
    cycles = np.concatenate([np.floor(step / (2 * np.pi) + 0.5) for step in steps]).astype(np.int64)
    return int(_arcs(values.shape, rowcost, colcost).energy(cycles).sum())


# ---------------------------------------------------------------------- phase


def _phase_of(interferogram: NDArray[np.complexfloating]) -> NDArray[np.float64]:
    """Phase of the cells in [0, 2π)."""
    if interferogram.ndim != 2 or interferogram.size == 0:
        raise InputError(
            f"The grid to unwrap has the shape {interferogram.shape}: rows and columns of cells were expected."
        )
    phase = np.angle(interferogram).astype(np.float64)
    if not np.isfinite(phase).all():
        count = int(np.count_nonzero(~np.isfinite(phase)))
        raise InputError(f"{count} of the {phase.size} cells to unwrap have no finite phase: check ph of uw_grid.mat.")
    return np.where(phase < 0, phase + 2 * np.pi, phase)


def _wraps(phase: NDArray[np.float64], axis: int) -> NDArray[np.int64]:
    """Cycles that make the differences of neighbours lie in [-π, π)."""
    return -np.floor(np.diff(phase, axis=axis) / (2 * np.pi) + 0.5).astype(np.int64)


def _loop_supply(across: NDArray[np.int64], down: NDArray[np.int64]) -> NDArray[np.int64]:
    """What the wrapped differences around each loop of four cells miss, cycles (the residues), loop by loop."""
    return (across[:-1] + down[:, 1:] - across[1:] - down[:, :-1]).ravel()


# ---------------------------------------------------------------------- network


@dataclass(frozen=True)
class _Arcs:
    """Arcs of the network, horizontal neighbours before vertical ones: a positive cycle flows from ``tail`` to ``head``."""

    tail: NDArray[np.int64]
    head: NDArray[np.int64]
    offset: NDArray[np.int64]
    sigsq: NDArray[np.int64]
    unknown: NDArray[np.bool_]

    def energy(self, cycles: NDArray[np.int64], which: NDArray[np.int64] | slice = slice(None)) -> NDArray[np.int64]:
        """Cost of whole cycles on arcs, in units of 1 / ``SCALE``."""
        parabola = SCALE * (NSHORTCYCLE * cycles + self.offset[which]) ** 2 / self.sigsq[which]
        return np.where(self.unknown[which], SCALE * np.abs(cycles), np.rint(parabola).astype(np.int64))

    def cheapest(self) -> NDArray[np.int64]:
        """Cycles of each arc by itself."""
        return np.where(self.unknown, 0, -np.rint(self.offset / NSHORTCYCLE).astype(np.int64))


def _arcs(shape: tuple[int, ...], rowcost: NDArray[np.int16], colcost: NDArray[np.int16]) -> _Arcs:
    n_row, n_col = shape
    wanted = ((n_row - 1, 4 * n_col), (n_row, 4 * (n_col - 1)))
    for name, cost, size in zip(("rowcost", "colcost"), (rowcost, colcost), wanted, strict=True):
        if cost.shape != size:
            raise InputError(
                f"{name} has the shape {cost.shape}, expected {size} for a grid of {n_row} x {n_col} cells."
            )
    vertical, horizontal = rowcost.reshape(-1, 4).astype(np.int64), colcost.reshape(-1, 4).astype(np.int64)
    sigsq = np.concatenate([horizontal[:, 1], vertical[:, 1]])
    if sigsq.size and sigsq.min() <= 0:
        raise InputError(
            f"{np.count_nonzero(sigsq <= 0)} of {sigsq.size} arcs have no positive variance: run step 6 again."
        )
    loop = np.full((n_row + 1, n_col + 1), max(n_row - 1, 0) * max(n_col - 1, 0))  # the border is the outside
    loop[1:-1, 1:-1] = np.arange(loop[0, 0]).reshape(n_row - 1, n_col - 1)
    # a horizontal step carries flow from the loop above to that below, a vertical one from the right to the left
    tail = [loop[:-1, 1:-1].ravel(), loop[1:-1, 1:].ravel()]
    head = [loop[1:, 1:-1].ravel(), loop[1:-1, :-1].ravel()]
    return _Arcs(
        np.concatenate(tail),
        np.concatenate(head),
        np.concatenate([horizontal[:, 0], -vertical[:, 0]]),
        sigsq,
        np.concatenate([horizontal[:, 3], vertical[:, 3]]) > 0,
    )


def _split(cycles: NDArray[np.int64], shape: tuple[int, ...]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Cycles of the arcs as (horizontal, vertical) neighbours."""
    n_row, n_col = shape
    n_horizontal = n_row * (n_col - 1)
    return cycles[:n_horizontal].reshape(n_row, n_col - 1), cycles[n_horizontal:].reshape(n_row - 1, n_col)


# ---------------------------------------------------------------------- optimum


def _cheapest_cycles(arcs: _Arcs, residues: NDArray[np.int64], shape: tuple[int, ...]) -> NDArray[np.int64]:
    """Cycles of all arcs with the least energy.

    Every arc offers its units one after the other, each for its own price; the last one offered is open for any number of
    units at the price of the first of them, which is a lower bound. Where an open one carries more than one unit more are
    offered and the problem is solved again: without such an arc the bound is the energy itself, and the flow the optimum.
    """
    cycles = arcs.cheapest()
    supply = np.append(residues, 0)
    np.subtract.at(supply, arcs.tail, cycles)
    np.add.at(supply, arcs.head, cycles)
    supply[-1] = -supply[:-1].sum()
    if not supply.any():
        return cycles
    closed = np.zeros((2, cycles.size), np.int64)  # units with a price of their own, upwards and downwards
    while True:
        offers = _offers(arcs, cycles, closed)
        flow = _solve(arcs, offers, supply, shape)
        crowded = offers.open & (flow > 1) & ~arcs.unknown[offers.arc]
        if not crowded.any():
            change = np.zeros_like(cycles)
            np.add.at(change, offers.arc, np.where(offers.down, -flow, flow))
            return cycles + change
        where = (offers.down[crowded].astype(np.int64), offers.arc[crowded])
        closed[where] = 2 * closed[where] + flow[crowded]


@dataclass(frozen=True)
class _Offers:
    """Units of flow on offer: of which arc, whether downwards, whether any number of them, and at which price each."""

    arc: NDArray[np.int64]
    down: NDArray[np.bool_]
    open: NDArray[np.bool_]
    price: NDArray[np.int64]


def _offers(arcs: _Arcs, cycles: NDArray[np.int64], closed: NDArray[np.int64]) -> _Offers:
    parts = []
    for down, sign in ((False, 1), (True, -1)):
        arc = np.arange(cycles.size)
        unit = 0
        while arc.size:
            price = arcs.energy(cycles[arc] + sign * (unit + 1), arc) - arcs.energy(cycles[arc] + sign * unit, arc)
            last = closed[int(down)][arc] == unit
            parts.append((arc, np.full(arc.size, down), last, price))
            arc, unit = arc[~last], unit + 1
    return _Offers(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _solve(arcs: _Arcs, offers: _Offers, supply: NDArray[np.int64], shape: tuple[int, ...]) -> NDArray[np.int64]:
    """Cheapest flow on each offer that meets the supplies."""
    solver = _solver(len(offers.arc), shape)
    tail = np.where(offers.down, arcs.head[offers.arc], arcs.tail[offers.arc])
    head = np.where(offers.down, arcs.tail[offers.arc], arcs.head[offers.arc])
    capacity = np.where(offers.open, np.abs(supply).sum(), 1)
    numbers = solver.add_arcs_with_capacity_and_unit_cost(
        tail.astype(np.int32), head.astype(np.int32), capacity, offers.price
    )
    solver.set_nodes_supplies(np.arange(supply.size, dtype=np.int32), supply)
    status = solver.solve()
    if status != solver.OPTIMAL:
        raise ExternalProgramError(
            f"The minimum-cost flow of a grid of {shape[0]} x {shape[1]} cells has no solution ({_name_of(solver, status)}): "
            "check the variances of the costs, or unwrap with SNAPHU."
        )
    return np.asarray(solver.flows(numbers), np.int64)


def version() -> str:
    """Version of OR-Tools.

    Raises
    ------
    ExternalProgramError
        It is missing or cannot be loaded.
    """
    _solver_class()
    import ortools

    return str(ortools.__version__)


def _solver_class() -> type[SimpleMinCostFlow]:
    try:
        from ortools.graph.python.min_cost_flow import SimpleMinCostFlow
    except ImportError as error:
        raise ExternalProgramError(
            f"The package ortools, which unwraps by minimum-cost flow, cannot be used ({error}): install it "
            "(pip install ortools), or unwrap with SNAPHU (--unwrap snaphu)."
        ) from error
    return SimpleMinCostFlow


def _solver(n_arcs: int, shape: tuple[int, ...]) -> SimpleMinCostFlow:
    if n_arcs > MAX_ARCS:
        raise InputError(
            f"A grid of {shape[0]} x {shape[1]} cells makes {n_arcs} arcs, more than the solver can number: "
            "raise unwrap_grid_size (setparm)."
        )
    return _solver_class()()


def _name_of(solver: object, status: object) -> str:
    names = ("NOT_SOLVED", "FEASIBLE", "INFEASIBLE", "UNBALANCED", "BAD_RESULT", "BAD_COST_RANGE", "BAD_CAPACITY_RANGE")
    return next((name for name in names if getattr(solver, name, None) == status), str(status))
