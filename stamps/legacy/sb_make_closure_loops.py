"""Find loops of interferograms whose unwrapped phases should add up to zero.

Reads ``ps2.mat`` and, if there is one, ``ps2.mat`` of the parent directory for the baselines of single images; writes
``phuw_loops2.mat`` (``intfg_loops``: loops x interferograms, 1, -1 or 0). Parameters: ``drop_ifg_index``.

Source: docs/method/products.md, section 10; Dijkstra (1959) for the shortest paths.
"""

import itertools

import numpy as np

from stamps.insar.network import baselines_of_images, design_matrix
from stamps.insar.observations import retained
from stamps.workspace import Workspace
from stamps.workspace.locks import reserving
from stamps.workspace.log import Log
from stamps.workspace.parameters import Parameters

__all__ = ["sb_make_closure_loops"]

_LONGEST_LOOP = 12


@reserving
def sb_make_closure_loops(workdir="."):
    """Write the loops of a small-baseline network.

    Parameters
    ----------
    workdir : path-like or Workspace

    Returns
    -------
    ndarray of float64, shape (n_loop, width)
        As stored. Quirk: the width is the number of retained interferograms or, if larger, the highest number of one in
        a loop.
    """
    ws = Workspace.at(workdir)
    log = Log(ws, "sb_make_closure_loops")
    log.start()
    version = ws.version
    ps = ws.load(f"ps{version}")
    use = retained(ps["n_ifg"], Parameters(ws).indices("drop_ifg_index"))
    nodes = np.column_stack([ps["day"], _image_baselines(ws, ps)])
    loops = closure_loops(ps["ifgday_ix"], use, nodes)
    log(f"Number of closure loops: {len(loops)}", 2)
    ws.save(f"phuw_loops{version}", {"intfg_loops": loops}, append=False)
    log.finish()
    return loops


def closure_loops(ifgday_ix, use, nodes):
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


def _triangles(number):
    """Loops a-b, b-c, a-c with a the first image of two pairs: list of interferogram -> sign."""
    loops = []
    for first, pairs in itertools.groupby(sorted(number), key=lambda pair: pair[0]):
        partners = [second for _, second in pairs]
        for b, c in itertools.combinations(partners, 2):
            if (b, c) in number:
                loops.append({number[first, b]: 1, number[b, c]: 1, number[first, c]: -1})
    return loops


def _shortest_loop(pair, number, lengths):
    """The pair and the shortest way round it: interferogram -> sign; empty if there is none."""
    from scipy.sparse.csgraph import dijkstra

    lengths = lengths.copy()
    lengths[pair] = 0
    start, end = pair
    distance, before = dijkstra(lengths, directed=False, indices=start, return_predecessors=True)
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


def _image_baselines(ws, ps):
    """Baselines of single images: of the parent directory's stack, else least squares from the pairs."""
    parent = Workspace(ws.path.parent)
    if parent.exists("psver"):
        stack = parent.load_optional(f"ps{parent.version}", ["bperp"])
        if stack.get("bperp") is not None and len(stack["bperp"]) == ps["n_image"]:
            return stack["bperp"]
    images = np.setdiff1d(np.arange(ps["n_image"]), ps["master_ix"])
    network = design_matrix(ps["ifgday_ix"], ps["n_image"])
    return baselines_of_images(network, images, np.asarray(ps["bperp"], np.float64)[np.newaxis])[0]
