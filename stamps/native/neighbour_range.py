"""Smallest and largest value among the neighbours of every node of a graph."""

import numpy as np

__all__ = ["neighbour_range"]


def neighbour_range(edges, values):
    """Range of the values at the other ends of each node's edges.

    Parameters
    ----------
    edges : ndarray of int, shape (n_edge, 2)
        0-based nodes.
    values : ndarray of float, shape (n,)
        NaN is ignored.

    Returns
    -------
    lowest, highest : ndarray, shape (n,)
        Same class as ``values``; +inf and -inf for a node without (valid) neighbours.

    Notes
    -----
    Spec 09 section 2, item 3. One pass over the edges; the time is that of reading them.
    """
    lowest = np.full(values.shape, np.inf, values.dtype)
    highest = np.full(values.shape, -np.inf, values.dtype)
    for here, there in ((edges[:, 0], edges[:, 1]), (edges[:, 1], edges[:, 0])):
        seen = values[there]
        np.fmin.at(lowest, here, seen)
        np.fmax.at(highest, here, seen)
    return lowest, highest
