"""Kernel of the least absolute deviations: one downhill simplex after the other.

Every operation is that of the array version in :mod:`stamps.native.l1_fit`, so that the results are the same bits.

Source: docs/method/scla.md, section 1, item 14.
"""

import numpy as np

# pythran export l1_fit(float64[:,:], float64[:,:], float64[:,:], float64, int)


def _fused(a, x, y):
    """a*x + y rounded once, from the exact product and sum of Dekker (1971) and Knuth."""
    product = a * x
    scaled = 134217729.0 * a
    a_high = scaled - (scaled - a)
    a_low = a - a_high
    scaled = 134217729.0 * x
    x_high = scaled - (scaled - x)
    x_low = x - x_high
    error = ((a_high * x_high - product) + a_high * x_low + a_low * x_high) + a_low * x_low
    total = product + y
    part = total - product
    return total + (error + ((product - (total - part)) + (y - part)))


def _evaluate(design, observed, p, work, row):
    """Sum of absolute residuals of pixel p for the corner in a row, into its last column."""
    m, k = design.shape
    n_plain = m - m % 4
    total = 0.0
    for i in range(m):
        model = design[i, 0] * work[row, 0]
        for j in range(1, k):
            if i < n_plain:
                model = model + design[i, j] * work[row, j]
            else:
                model = _fused(design[i, j], work[row, j], model)
        total += abs(observed[p, i] - model)
    work[row, k] = total


def _replace(work, row, other):
    for c in range(work.shape[1]):
        work[row, c] = work[other, c]


def _mix(work, row, a, one, b, other):
    """Set a corner to a times a row plus b times another one."""
    for c in range(work.shape[1] - 1):
        work[row, c] = a * work[one, c] + b * work[other, c]


def _sort(work, spare):
    """Order the corners by their values; equal ones keep their order."""
    k = work.shape[1] - 1
    for i in range(1, k + 1):
        if work[i - 1, k] > work[i, k]:
            _replace(work, spare, i)
            j = i
            while j > 0 and work[j - 1, k] > work[spare, k]:
                _replace(work, j, j - 1)
                j -= 1
            _replace(work, j, spare)


def _converged(work, tolerance):
    """Whether all corners and their values are near the best one."""
    k = work.shape[1] - 1
    near = True
    for i in range(1, k + 1):
        for c in range(k + 1):
            near = near and abs(work[i, c] - work[0, c]) <= tolerance
    return near


def _step(design, observed, p, work):
    """One iteration: reflect, then expand, contract or shrink. Returns the number of evaluations."""
    k = work.shape[1] - 1
    centre, new, second = k + 1, k + 2, k + 3
    for c in range(k):
        total = work[0, c]
        for j in range(1, k):
            total += work[j, c]
        work[centre, c] = total / k
    _mix(work, new, 2.0, centre, -1.0, k)
    _evaluate(design, observed, p, work, new)
    reflected = work[new, k]
    expand = reflected < work[0, k]
    if not expand and reflected < work[k - 1, k]:
        _replace(work, k, new)
        return 1
    outside = not expand and reflected < work[k, k]
    if expand:
        _mix(work, second, 3.0, centre, -2.0, k)
    elif outside:
        _mix(work, second, 1.5, centre, -0.5, k)
    else:
        _mix(work, second, 0.5, centre, 0.5, k)
    _evaluate(design, observed, p, work, second)
    tried = work[second, k]
    if (expand and tried < reflected) or (outside and tried <= reflected):
        _replace(work, k, second)
        return 2
    if expand:
        _replace(work, k, new)
        return 2
    if not outside and tried < work[k, k]:
        _replace(work, k, second)
        return 2
    for j in range(1, k + 1):
        for c in range(k):
            work[j, c] = work[0, c] + 0.5 * (work[j, c] - work[0, c])
        _evaluate(design, observed, p, work, j)
    return 2 + k


def _one_pixel(p, design, observed, start, tolerance, limit, result):
    """Solution of pixel p, written to its row of the result."""
    k = design.shape[1]
    # rows: the corners, best first; then centre, reflected corner, second corner. The last column holds their values.
    work = np.zeros((k + 4, k + 1))
    valid = True
    for j in range(k + 1):
        for c in range(k):
            work[j, c] = start[p, c]
        if j > 0:
            if start[p, j - 1] != 0:
                work[j, j - 1] = 1.05 * start[p, j - 1]
            else:
                work[j, j - 1] = 0.00025
        _evaluate(design, observed, p, work, j)
        valid = valid and work[j, k] == work[j, k]
    if valid:
        _sort(work, k + 3)
        calls = k + 1
        iteration = 1
        while iteration < limit and calls < limit and not _converged(work, tolerance):
            calls += _step(design, observed, p, work)
            _sort(work, k + 3)
            iteration += 1
        for c in range(k):
            result[p, c] = work[0, c]


def l1_fit(design, observed, start, tolerance, limit):
    """Minimise the sum of absolute residuals of every pixel.

    Parameters
    ----------
    design : ndarray of float64, shape (m, k)
    observed : ndarray of float64, shape (n, m)
    start : ndarray of float64, shape (n, k)
    tolerance : float
        Of corners and values.
    limit : int
        Of evaluations and of iterations.

    Returns
    -------
    ndarray of float64, shape (n, k)
    """
    result = start.copy()
    # omp parallel for schedule(dynamic, 64)
    for p in range(start.shape[0]):
        _one_pixel(p, design, observed, start, tolerance, limit, result)
    return result
