"""Kernel of the Gaussian mean over neighbours: one pixel after the other (docs/method/scn.md, section 1.1)."""

import numpy as np

# pythran export gaussian_smooth(float32[], float32[], float64[:,:], int64[:,:], int64[:,:], float32, float64)


def smooth_one(p, x, y, values, starts, stops, limit, scale, result):
    """Weighted mean around pixel p, written to its row of the result."""
    k = values.shape[1]
    total = 0.0
    for r in range(3):
        for q in range(starts[p, r], stops[p, r]):
            dx = x[q] - x[p]
            dy = y[q] - y[p]
            distance2 = dx * dx + dy * dy
            if distance2 < limit:
                weight = np.exp(-float(distance2) / scale)
                total += weight
                for i in range(k):
                    result[p, i] += weight * values[q, i]
    for i in range(k):
        result[p, i] /= total


def gaussian_smooth(x, y, values, starts, stops, limit, scale):
    """Weighted mean of the values near each pixel.

    Parameters
    ----------
    x, y : ndarray of float32, shape (n,)
        Coordinates in metres, in cell order.
    values : ndarray of float64, shape (n, k)
    starts, stops : ndarray of int64, shape (n, 3)
        Ranges of the pixels that may be near.
    limit : float32
        Squared radius; a pixel is near if its squared distance, in single, is smaller.
    scale : float
        Twice the squared standard deviation.

    Returns
    -------
    ndarray of float64, shape (n, k)
    """
    n, k = values.shape
    result = np.zeros((n, k))
    # omp parallel for schedule(dynamic, 256)
    for p in range(n):
        smooth_one(p, x, y, values, starts, stops, limit, scale, result)
    return result
