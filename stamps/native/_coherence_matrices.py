"""Kernel of the coherence matrices: sums of products of images over the neighbours of a pixel.

Source: docs/method/linking.md, section 3.
"""

import numpy as np

# pythran export coherence_matrices(
#     float32[:,:] order(C), int64[:] order(C), int64[:] order(C), uint8[:,:] order(C), float32[:,:,:] order(C),
#     float32[:,:] order(C))

_TERMS = 256  # of a running sum in single precision


def _add_products(a0, b0, a1, b1, a2, b2, a3, b3, first, real, imag):
    """Add the products of image ``first`` with itself and those behind it, of four neighbours."""
    p0 = a0[first]
    q0 = b0[first]
    p1 = a1[first]
    q1 = b1[first]
    p2 = a2[first]
    q2 = b2[first]
    p3 = a3[first]
    q3 = b3[first]
    # omp simd
    for j in range(first, real.shape[0]):
        real[j] += ((p0 * a0[j] + q0 * b0[j]) + (p1 * a1[j] + q1 * b1[j])) + (
            (p2 * a2[j] + q2 * b2[j]) + (p3 * a3[j] + q3 * b3[j])
        )
        imag[j] += ((q0 * a0[j] - p0 * b0[j]) + (q1 * a1[j] - p1 * b1[j])) + (
            (q2 * a2[j] - p2 * b2[j]) + (q3 * a3[j] - p3 * b3[j])
        )


def _flush(part, total):
    """Add a part in single precision to the total and clear it."""
    # omp simd
    for j in range(part.shape[0]):
        total[j] += part[j]
        part[j] = 0


def _write(real, imag, roots, i, row):
    """Row i of the matrix, real and imaginary parts in turns, from the upper triangle of the sums."""
    n = real.shape[0]
    for j in range(i):
        scale = roots[i] * roots[j]
        row[2 * j] = real[j, i] / scale
        row[2 * j + 1] = -imag[j, i] / scale
    row[2 * i] = 1
    row[2 * i + 1] = 0
    for j in range(i + 1, n):
        scale = roots[i] * roots[j]
        row[2 * j] = real[i, j] / scale
        row[2 * j + 1] = imag[i, j] / scale


def _four(values, g, real, imag):
    """Add the products of four rows of ``values`` with numbers in ``g``."""
    n = real.shape[0]
    for i in range(n):
        _add_products(
            values[g[0], :n], values[g[0], n:], values[g[1], :n], values[g[1], n:],
            values[g[2], :n], values[g[2], n:], values[g[3], :n], values[g[3], n:], i, real[i], imag[i],
        )  # fmt: skip


def _collect(bits, centre, offsets, last, members):
    """Rows of the neighbours of a pixel, filled up to a multiple of four with the last row; how many neighbours there are."""
    count = 0
    for w in range(offsets.shape[0]):
        if (bits[w >> 3] >> (7 - (w & 7))) & 1:
            members[count] = centre + offsets[w]
            count += 1
    for more in range(3):
        members[count + more] = last
    return count


def coherence_matrices(values, centres, offsets, bits, result, powers):
    """Coherence matrix of each pixel.

    Parameters
    ----------
    values : ndarray of float32, shape (m + 1, 2n)
        Real parts, then imaginary parts of the images of each pixel; the last row is 0.
    centres : ndarray of int64, shape (p,)
        Rows of the pixels.
    offsets : ndarray of int64, shape (w,)
        From the row of a pixel to those of its window.
    bits : ndarray of uint8, shape (p, ceil(w / 8))
        Which of them are neighbours, the first one in the highest bit.
    result : ndarray of float32, shape (p, n, 2n)
        Real and imaginary parts in turns; what belongs to a pixel without neighbours is not written.
    powers : ndarray of float32, shape (p, n)
        Mean square modulus of each image over the neighbours.
    """
    n = result.shape[1]
    real = np.zeros((n, n), np.float32)
    imag = np.zeros((n, n), np.float32)
    sums = np.zeros((n, n))
    crossed = np.zeros((n, n))
    roots = np.zeros(n)
    members = np.zeros(offsets.shape[0] + 4, np.int64)
    for p in range(result.shape[0]):
        count = _collect(bits[p], centres[p], offsets, values.shape[0] - 1, members)
        if count > 0:
            sums[:] = 0
            crossed[:] = 0
            for begin in range(0, count, 4):
                _four(values, members[begin : begin + 4], real, imag)
                if begin % _TERMS == _TERMS - 4 or begin + 4 >= count:
                    for i in range(n):
                        _flush(real[i], sums[i])
                        _flush(imag[i], crossed[i])
            for i in range(n):
                roots[i] = np.sqrt(sums[i, i])
                powers[p, i] = sums[i, i] / count
            for i in range(n):
                _write(sums, crossed, roots, i, result[p, i])
