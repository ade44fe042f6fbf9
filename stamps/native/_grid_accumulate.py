"""Kernel of the sums over grid cells: one pixel after the other (docs/method/coherence.md, section 5)."""

# pythran export accumulate(float32[:,:], int64[:], float32[:,:])
# pythran export accumulate(float64[:,:], int64[:], float64[:,:])


def accumulate(values, cells, sums):
    """Add the rows of pixels to the rows of their cells, in the order of the pixels.

    Parameters
    ----------
    values : ndarray of float32 or float64, shape (n, m)
    cells : ndarray of int64, shape (n,)
    sums : ndarray like ``values``, shape (n_cells, m)
        Changed in place.
    """
    for k in range(values.shape[0]):
        cell = cells[k]
        for i in range(values.shape[1]):
            sums[cell, i] += values[k, i]
