"""Kernel of the experimental variogram: one point after the other (docs/method/scn.md, section 4)."""

import numpy as np

# pythran export pair_bins(float64[], float64[], float64[], float64[], int64[:,:], float64[:,:])


def _one_point(i, x, y, z, edges, count, total):
    """Pairs of point i with all later points, added to its row of counts and sums."""
    n_bin = len(edges) - 1
    limit = edges[n_bin] * edges[n_bin]
    width = edges[n_bin] / n_bin
    for j in range(i + 1, len(x)):
        dx = x[j] - x[i]
        dy = y[j] - y[i]
        distance2 = dx * dx + dy * dy
        if distance2 < limit * (1 + 1e-12):
            distance = np.sqrt(distance2)
            b = int(distance / width)
            if b < n_bin and distance >= edges[b + 1]:
                b += 1
            if b > 0 and (b > n_bin or distance < edges[b]):
                b -= 1
            if b < n_bin:
                difference = z[j] - z[i]
                if difference == difference:
                    count[i, b] += 1
                    total[i, b] += 0.5 * difference * difference


def pair_bins(x, y, z, edges, count, total):
    """Count the pairs of points per distance and add up half their squared differences.

    Parameters
    ----------
    x, y, z : ndarray of float64, shape (n,)
        Coordinates and value; pairs with a value that is not a number do not count.
    edges : ndarray of float64, shape (n_bin + 1,)
        Borders of the bins, evenly spaced from zero; a bin holds its lower border.
    count : ndarray of int64, shape (n, n_bin)
        Row i receives the number of pairs of point i with later points.
    total : ndarray of float64, shape (n, n_bin)
        Row i receives their sum.
    """
    n = len(x)
    # omp parallel for schedule(dynamic, 64)
    for i in range(n):
        _one_point(i, x, y, z, edges, count, total)
