"""Whole cycles that let the unwrapped phases of interferograms add up to zero around every loop: arrays in, arrays out.

Source: docs/method/unwrapping_errors.md, sections 3 and 4; Pepe and Lanari (2006).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.matlab.arithmetic import round_half_away

if TYPE_CHECKING:
    from numpy.typing import NDArray


__all__ = [
    "UNKNOWN",
    "Closed",
    "close_loops",
    "corrections",
    "let_regions_vote",
    "misclosures",
    "most_frequent",
    "pair_weights",
]

#: Misclosure of a loop in which a phase is not finite.
UNKNOWN = np.iinfo(np.int32).min

_TURN = 2 * np.pi
_LARGEST = 2.0**30  # cycles; what lies above is no phase
_MOST_SHARED = 100  # cycles that all pixels may share
_BATCH = 100  # programs that are solved as one
_BLOCK = 4_000_000  # misclosures that are held at a time

#: Optima of the programs are made unique by weights that differ by up to this share, in a way without arithmetic pattern.
_UNEQUAL = 1e-3


@dataclass(frozen=True)
class Closed:
    """What closes the loops of pixels.

    Attributes
    ----------
    cycles : ndarray of int32, shape (n_ps, n_ifg)
        To be subtracted from the phases.
    shared : ndarray of int32, shape (n_ifg,)
        Cycles that all pixels share: no error, and not part of `cycles`.
    before, after : ndarray of int64, shape (n_ps,)
        Loops with a misclosure.
    distinct : int
        Different misclosures among the pixels.
    unsolved : ndarray of bool, shape (n_ps,)
        Pixels with a misclosure that no whole cycles remove; their cycles are zero.
    remainder : float
        Root mean square of what is left of the sums around the loops besides whole cycles, radians; NaN without any sum.
    """

    cycles: NDArray[np.int32]
    shared: NDArray[np.int32]
    before: NDArray[np.int64]
    after: NDArray[np.int64]
    distinct: int
    unsolved: NDArray[np.bool_]
    remainder: float


def close_loops(
    ph_uw: NDArray[np.floating[Any]],
    loops: NDArray[np.float64],
    weights: NDArray[np.float64] | None = None,
) -> Closed:
    """Find the cycles that remove the misclosure of every pixel.

    Cycles that all pixels of an interferogram share are no error, because unwrapped phases have no zero of their own: the
    most frequent misclosure of each loop counts as none.

    Parameters
    ----------
    ph_uw : ndarray of float, shape (n_ps, n_ifg)
        Unwrapped phase, radians; loops with a phase that is not finite are left out for that pixel.
    loops : ndarray of float64, shape (n_loop, <= n_ifg)
        1, -1 or 0, as :func:`stamps.insar.loops.closure_loops` makes them.
    weights : ndarray of float64, shape (n_ifg,), optional
        Price of a cycle in each interferogram (default: 1).

    Returns
    -------
    Closed
    """
    n_ps, n_ifg = ph_uw.shape
    signs = _widened(loops, n_ifg)
    weights = np.ones(n_ifg) if weights is None else weights
    cycles, unsolved = np.zeros((n_ps, n_ifg), np.int32), np.zeros(n_ps, bool)
    before, known, squares, count = np.zeros(n_ps, np.int64), _Solutions(signs, weights), 0.0, 0
    blocks = _blocks(n_ps, len(signs))
    shared = _shared(ph_uw, signs, blocks)
    for block in blocks:
        whole, rest = misclosures(ph_uw[block] - _TURN * shared, signs)
        before[block] = _open(whole)
        squares, count = squares + float(np.nansum(rest**2)), count + int(np.isfinite(rest).sum())
        cycles[block], unsolved[block] = known.of(whole)
    remainder = float(np.sqrt(squares / count)) if count else np.nan
    after = _open_after(ph_uw, shared + cycles, signs)
    return Closed(cycles, shared, before, after, known.distinct, unsolved, remainder)


def let_regions_vote(
    closed: Closed, ph_uw: NDArray[np.floating[Any]], loops: NDArray[np.float64], regions: NDArray[np.integer[Any]]
) -> Closed:
    """Let the most frequent number of cycles of a region count for all its pixels; those that are unsolved do not vote.

    Parameters
    ----------
    closed : Closed
        Of these phases and loops.
    ph_uw : ndarray of float, shape (n_ps, n_ifg)
    loops : ndarray of float64, shape (n_loop, <= n_ifg)
    regions : ndarray of int, shape (n_ps, n_ifg)
        Number of the region of each pixel in each interferogram, negative for none.

    Returns
    -------
    Closed
    """
    cycles = most_frequent(closed.cycles, regions, ~closed.unsolved)
    after = _open_after(ph_uw, closed.shared + cycles, _widened(loops, ph_uw.shape[1]))
    return replace(closed, cycles=cycles, after=after)


def misclosures(
    ph_uw: NDArray[np.floating[Any]], loops: NDArray[np.float64]
) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Whole cycles around each loop, and what is left beside them.

    Parameters
    ----------
    ph_uw : ndarray of float, shape (n_ps, n_ifg)
        Radians.
    loops : ndarray of float64, shape (n_loop, n_ifg)

    Returns
    -------
    cycles : ndarray of int32, shape (n_ps, n_loop)
        Rounded, halves away from zero; :data:`UNKNOWN` where a phase of the loop is not finite.
    remainder : ndarray of float64, shape (n_ps, n_loop)
        Radians, NaN where the cycles are unknown.
    """
    valid = np.isfinite(ph_uw)
    sums = np.where(valid, ph_uw, 0).astype(np.float64) @ loops.T
    usable = np.abs(sums) < _LARGEST * _TURN
    if not valid.all():
        usable &= (~valid).astype(np.float64) @ np.abs(loops.T) == 0
    sums = np.where(usable, sums, 0)
    cycles = round_half_away(sums / _TURN)
    rest = np.where(usable, sums - _TURN * cycles, np.nan)
    return np.where(usable, cycles, UNKNOWN).astype(np.int32), rest


def corrections(
    whole: NDArray[np.int32], loops: NDArray[np.float64], weights: NDArray[np.float64] | None = None
) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """The cheapest whole cycles U with loops·U = n, for many misclosures n.

    The integer program is solved as a linear one, whose vertex is whole in practice: that is checked.

    Parameters
    ----------
    whole : ndarray of int32, shape (n, n_loop)
        From :func:`misclosures`; loops of which it is unknown are left out.
    loops : ndarray of float64, shape (n_loop, n_ifg)
    weights : ndarray of float64, shape (n_ifg,), optional
        Price of a cycle (default: 1).

    Returns
    -------
    cycles : ndarray of int32, shape (n, n_ifg)
        Zero where there is no misclosure, and where the cycles found do not remove it.
    unsolved : ndarray of bool, shape (n,)
    """
    weights = np.ones(loops.shape[1]) if weights is None else weights
    cycles, unsolved = np.zeros((len(whole), loops.shape[1]), np.int32), np.zeros(len(whole), bool)
    masks, group = np.unique(whole != UNKNOWN, axis=0, return_inverse=True)
    for number, mask in enumerate(masks):
        rows = np.flatnonzero((group.ravel() == number) & _open(whole).astype(bool))
        part, needed = whole[np.ix_(rows, mask)].astype(np.float64), loops[mask]
        for start in range(0, len(rows), _BATCH):
            some = slice(start, start + _BATCH)
            found = _cheapest(part[some], needed, weights)
            right = (found @ needed.T == part[some]).all(axis=1)
            cycles[rows[some]] = np.where(right[:, np.newaxis], found, 0)
            unsolved[rows[some]] = ~right
    return cycles, unsolved


def most_frequent(
    cycles: NDArray[np.int32], regions: NDArray[np.integer[Any]], voters: NDArray[np.bool_] | None = None
) -> NDArray[np.int32]:
    """Let the most frequent number of cycles of each region count for all its pixels, interferogram by interferogram.

    Parameters
    ----------
    cycles : ndarray of int32, shape (n_ps, n_ifg)
    regions : ndarray of int, shape (n_ps, n_ifg)
        Number of the region, negative for none: these pixels keep their cycles.
    voters : ndarray of bool, shape (n_ps,), optional
        Pixels that are counted (default: all).

    Returns
    -------
    ndarray of int32, shape (n_ps, n_ifg)
        Of equally frequent numbers the smallest counts, without its sign; then the lower one. Regions without a voter keep
        their cycles.
    """
    result = cycles.copy()
    for ifg in np.flatnonzero(cycles.any(axis=0)):
        counted = np.flatnonzero((regions[:, ifg] >= 0) & (True if voters is None else voters))
        votes = np.column_stack([regions[counted, ifg], cycles[counted, ifg]])
        pairs, count = np.unique(votes, axis=0, return_counts=True)
        order = np.lexsort((pairs[:, 1], np.abs(pairs[:, 1]), -count, pairs[:, 0]))
        region, first = np.unique(pairs[order, 0], return_index=True)
        winner = pairs[order, 1][first]
        inside = np.flatnonzero(np.isin(regions[:, ifg], region))
        result[inside, ifg] = winner[np.searchsorted(region, regions[inside, ifg])]
    return result


def pair_weights(sigma: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Prices 1/σ², with a median of 1.

    Parameters
    ----------
    sigma : ndarray of float, shape (n_ifg,)
        Standard deviations of the interferograms, finite and above 0.

    Returns
    -------
    ndarray of float64, shape (n_ifg,)
    """
    weights = 1 / np.asarray(sigma, np.float64) ** 2
    return weights / np.median(weights)


# ---------------------------------------------------------------------- the programs


class _Solutions:
    """Cycles of all misclosures seen so far: many pixels share one."""

    def __init__(self, loops: NDArray[np.float64], weights: NDArray[np.float64]) -> None:
        self._loops, self._weights = loops, weights
        self._known: dict[bytes, tuple[NDArray[np.int32], bool]] = {}

    @property
    def distinct(self) -> int:
        return len(self._known)

    def of(self, whole: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
        """Cycles and whether they are missing, for the misclosures of pixels; each new one is solved once."""
        cycles, unsolved = np.zeros((len(whole), self._loops.shape[1]), np.int32), np.zeros(len(whole), bool)
        pixels = np.flatnonzero(_open(whole))
        kinds, kind = np.unique(whole[pixels], axis=0, return_inverse=True)
        new = [k for k, row in enumerate(kinds) if row.tobytes() not in self._known]
        found, missing = corrections(kinds[new], self._loops, self._weights)
        for k, solution, is_missing in zip(new, found, missing, strict=True):
            self._known[kinds[k].tobytes()] = solution, bool(is_missing)
        if len(kinds):
            table = [self._known[row.tobytes()] for row in kinds]
            cycles[pixels] = np.array([solution for solution, _ in table])[kind.ravel()]
            unsolved[pixels] = np.array([is_missing for _, is_missing in table])[kind.ravel()]
        return cycles, unsolved


def _cheapest(
    whole: NDArray[np.float64], loops: NDArray[np.float64], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Rounded vertices of linear programs, solved as one: minimise Σ w (u⁺ + u⁻) with loops·(u⁺ - u⁻) = n, u⁺, u⁻ ≥ 0."""
    from scipy.optimize import linprog
    from scipy.sparse import block_diag, csc_array

    rows, n, n_ifg = _independent(loops), len(whole), loops.shape[1]
    prices = weights * (1 + _UNEQUAL * np.mod(7.3 * np.sqrt(np.arange(2, n_ifg + 2)), 1))
    one = csc_array(np.hstack([loops[rows], -loops[rows]]))
    answer = linprog(  # type: ignore[call-overload]  # SciPy's stubs take no sparse matrix
        np.tile(prices, 2 * n),
        A_eq=block_diag([one] * n, format="csc"),
        b_eq=whole[:, rows].ravel(),
        method="highs-ds",
        options={"dual_feasibility_tolerance": 1e-10, "primal_feasibility_tolerance": 1e-9},
    )
    if answer.x is None:
        return np.zeros((n, n_ifg))
    parts = answer.x.reshape(n, 2, n_ifg)
    return np.round(parts[:, 0] - parts[:, 1])


def _independent(loops: NDArray[np.float64]) -> NDArray[np.int64]:
    """Loops from which all others follow."""
    from scipy.linalg import qr

    triangle, order = qr(loops.T, mode="r", pivoting=True)
    size = np.abs(np.diag(triangle))
    return np.sort(order[: np.count_nonzero(size > 1e-9 * size[0])])


def _open(whole: NDArray[np.int32]) -> NDArray[np.int64]:
    """Loops of each pixel with a misclosure."""
    return np.count_nonzero((whole != 0) & (whole != UNKNOWN), axis=1)


def _shared(ph_uw: NDArray[np.floating[Any]], loops: NDArray[np.float64], blocks: list[slice]) -> NDArray[np.int32]:
    """Whole cycles of the interferograms, (n_ifg,), that account for the most frequent misclosure of each loop."""
    count = np.zeros((len(loops), 2 * _MOST_SHARED + 1), np.int64)
    for block in blocks:
        whole = misclosures(ph_uw[block], loops)[0]
        pixel, loop = np.nonzero(np.abs(whole.astype(np.int64)) <= _MOST_SHARED)
        np.add.at(count, (loop, whole[pixel, loop] + _MOST_SHARED), 1)
    usual = np.where(count.any(axis=1), count.argmax(axis=1) - _MOST_SHARED, UNKNOWN)
    cycles, _ = corrections(usual[np.newaxis].astype(np.int32), loops)
    return cycles[0]


def _open_after(
    ph_uw: NDArray[np.floating[Any]], cycles: NDArray[np.int32], loops: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Loops of each pixel with a misclosure of the corrected phases."""
    found = [np.empty(0, np.int64)]
    for block in _blocks(len(ph_uw), len(loops)):
        found.append(_open(misclosures(ph_uw[block] - _TURN * cycles[block], loops)[0]))
    return np.concatenate(found)


def _widened(loops: NDArray[np.float64], n_ifg: int) -> NDArray[np.float64]:
    """Loops with a column for every interferogram."""
    signs = np.zeros((len(loops), n_ifg))
    signs[:, : loops.shape[1]] = loops
    return signs


def _blocks(n_ps: int, n_loop: int) -> list[slice]:
    """Blocks of pixels."""
    step = max(_BLOCK // max(n_loop, 1), 1)
    return [slice(start, start + step) for start in range(0, n_ps, step)]
