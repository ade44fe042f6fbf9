"""Kernel of ordinary kriging from lists of neighbours: one target after the other (docs/method/scn.md, section 3)."""

import numpy as np

# pythran export krige_neighbours(float64[:,:], float64[:], int64[:,:], float64, float64, float64, float64, float64[:])
# pythran export factorise(float64[:,:])
# pythran export solve(float64[:,:], float64[])

_SINGULAR = 1e-13  # of a pivot, relative to its diagonal element: the datum says nothing new


def factorise(g):
    """Cholesky factor of a symmetric matrix, in its lower triangle; columns of data that say nothing new are zero."""
    m = len(g)
    for i in range(m):
        own = g[i, i]
        for j in range(i):
            s = g[i, j]
            for q in range(j):
                s -= g[i, q] * g[j, q]
            if g[j, j] > 0:
                g[i, j] = s / g[j, j]
            else:
                g[i, j] = 0.0
        rest = own
        for q in range(i):
            rest -= g[i, q] * g[i, q]
        if rest > _SINGULAR * own:
            g[i, i] = np.sqrt(rest)
        else:
            g[i, i] = 0.0


def solve(g, b):
    """Replace b by the solution with a factor; unknowns of zero columns become zero."""
    m = len(g)
    for i in range(m):
        s = b[i]
        for q in range(i):
            s -= g[i, q] * b[q]
        if g[i, i] > 0:
            b[i] = s / g[i, i]
        else:
            b[i] = 0.0
    for k in range(m):
        i = m - 1 - k
        s = b[i]
        for q in range(i + 1, m):
            s -= g[q, i] * b[q]
        if g[i, i] > 0:
            b[i] = s / g[i, i]
        else:
            b[i] = 0.0


def _one_target(p, xy, values, neighbours, radius, scale, sill, nugget):
    """Estimate at point p."""
    if not scale > 0:
        return np.nan
    chosen = np.empty(neighbours.shape[1], np.int64)
    target = np.empty(neighbours.shape[1])
    k = 0
    for c in range(neighbours.shape[1]):
        q = neighbours[p, c]
        if q >= 0:
            dx = xy[q, 0] - xy[p, 0]
            dy = xy[q, 1] - xy[p, 1]
            distance = np.sqrt(dx * dx + dy * dy)
            if radius == 0 or distance < radius:
                chosen[k] = q
                target[k] = sill * np.expm1(-distance / scale)
                k += 1
    if k == 0:
        return np.nan
    first = chosen[0]
    to_first = np.empty(k)
    for i in range(k):
        dx = xy[chosen[i], 0] - xy[first, 0]
        dy = xy[chosen[i], 1] - xy[first, 1]
        to_first[i] = sill * np.expm1(-np.sqrt(dx * dx + dy * dy) / scale)
    g = np.empty((k - 1, k - 1))
    b = np.empty(k - 1)
    for i in range(1, k):
        for j in range(1, i):
            dx = xy[chosen[i], 0] - xy[chosen[j], 0]
            dy = xy[chosen[i], 1] - xy[chosen[j], 1]
            own = sill * np.expm1(-np.sqrt(dx * dx + dy * dy) / scale)
            g[i - 1, j - 1] = own - to_first[i] - to_first[j] + nugget
        g[i - 1, i - 1] = 2 * (nugget - to_first[i])
        b[i - 1] = target[i] - target[0] - to_first[i] + nugget
    factorise(g)
    solve(g, b)
    estimate = values[first]
    for i in range(1, k):
        estimate += b[i - 1] * (values[chosen[i]] - values[first])
    return estimate


def krige_neighbours(xy, values, neighbours, radius, scale, sill, nugget, result):
    """Ordinary kriging of a field at its own points.

    Parameters
    ----------
    xy : ndarray of float64, shape (n, 2)
    values : ndarray of float64, shape (n,)
    neighbours : ndarray of int64, shape (n, k)
        Data of each point, the nearest first; -1 where there are no more.
    radius, scale, sill, nugget : float
        As :func:`stamps.native.kriging.krige_neighbours`.
    result : ndarray of float64, shape (n,)
        Receives the estimates.
    """
    n = len(neighbours)
    # omp parallel for schedule(dynamic, 64)
    for p in range(n):
        result[p] = _one_target(p, xy, values, neighbours, radius, scale, sill, nugget)
