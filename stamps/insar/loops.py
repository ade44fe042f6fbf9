"""Loops of small-baseline interferograms, whose unwrapped phases should add up to zero: arrays in, arrays out.

Source: docs/method/products.md, section 10; Dijkstra (1959) for the shortest paths.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


__all__ = ["closure_loops"]

_LONGEST_LOOP = 12


def closure_loops(ifgday_ix: np.ndarray, use: np.ndarray, nodes: np.ndarray) -> np.ndarray:
    """Triangles, and the shortest loop through each interferogram that is in no triangle.

    Parameters
    ----------
    ifgday_ix : ndarray of int64, shape (n_ifg, 2)
        First and second image of each interferogram.
    use : ndarray of int64
        Interferograms to use.
    nodes : ndarray of float64, shape (n_image, 2)
        Day and baseline of each image; lengths of paths are Euclidean.

    Returns
    -------
    ndarray of float64, shape (n_loop, width)
        1, -1 or 0; no two loops have the same interferograms. Without any loop (0, 0).
    """
    number = {(int(ifgday_ix[i, 0]), int(ifgday_ix[i, 1])): int(i) for i in use}
    loops = _triangles(number)
    in_triangle = {ifg for loop in loops for ifg in loop}
    uses = np.bincount(ifgday_ix[use].ravel(), minlength=len(nodes))
    lengths = np.zeros((len(nodes), len(nodes)))
    for pair in number:
        # a length of zero would mean that there is no connection
        lengths[pair] = max(np.hypot(*(nodes[pair[0]] - nodes[pair[1]])), np.finfo(float).tiny)
    for pair, ifg in number.items():
        if ifg not in in_triangle and min(uses[pair[0]], uses[pair[1]]) > 1:
            loop = _shortest_loop(pair, number, lengths)
            if 0 < len(loop) <= _LONGEST_LOOP and not any(loop.keys() == other.keys() for other in loops):
                loops.append(loop)
    if not loops:
        return np.empty((0, 0))
    matrix = np.zeros((len(loops), max(len(use), 1 + max(max(loop) for loop in loops))))
    for row, loop in zip(matrix, loops, strict=True):
        row[list(loop)] = list(loop.values())
    return matrix


def _triangles(number: Mapping[tuple[int, int], int]) -> list[dict[int, int]]:
    """Loops a-b, b-c, a-c with a the first image of two pairs: list of interferogram -> sign."""
    loops: list[dict[int, int]] = []
    for first, pairs in itertools.groupby(sorted(number), key=lambda pair: pair[0]):
        partners = [second for _, second in pairs]
        for b, c in itertools.combinations(partners, 2):
            if (b, c) in number:
                loops.append({number[first, b]: 1, number[b, c]: 1, number[first, c]: -1})
    return loops


def _shortest_loop(
    pair: tuple[int, int], number: Mapping[tuple[int, int], int], lengths: NDArray[np.float64]
) -> dict[int, int]:
    """The pair and the shortest way round it: interferogram -> sign; empty if there is none."""
    from scipy.sparse.csgraph import dijkstra

    lengths = lengths.copy()
    lengths[pair] = 0
    start, end = pair
    distance, before = dijkstra(  # type: ignore[call-overload]  # SciPy's stubs take no single index
        lengths, directed=False, indices=start, return_predecessors=True
    )
    if not np.isfinite(distance[end]):
        return {}
    path = [end]
    while path[-1] != start:
        path.append(int(before[path[-1]]))
    circle = [*path[::-1], start]
    loop = {}
    for a, b in itertools.pairwise(circle):
        ifg = number[a, b] if (a, b) in number else number[b, a]
        loop[ifg] = 1 if b > a else -1
    return loop
