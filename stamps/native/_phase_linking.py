"""Kernels of phase linking: inverses, smallest eigenvectors and phases of least energy of many small matrices.

Real and imaginary parts are arrays of their own and loops run along rows, so that they become vector instructions.

Source: docs/method/linking.md, sections 3 and 4.
"""

import numpy as np

# pythran export positive_inverses(float64[:,:,:] order(C), uint8[:] order(C))
# pythran export smallest_eigenvectors(
#     float64[:,:,:] order(C), float64[:,:,:] order(C), float64[:,:] order(C), float64[:,:] order(C), uint8[:] order(C))
# pythran export least_energy_phases(
#     float64[:,:,:] order(C), float64[:,:,:] order(C), float64[:,:] order(C), float64[:,:] order(C), int64, float64)

_MOST_SOLUTIONS = 60


def _subtract(factor, row, other):
    # omp simd
    for j in range(row.shape[0]):
        other[j] -= factor * row[j]


def _scale(factor, row):
    # omp simd
    for j in range(row.shape[0]):
        row[j] *= factor


def _invert(a):
    """Inverse of a positive definite matrix in place (Gauss–Jordan); 0 where a pivot is not above zero."""
    n = a.shape[0]
    for k in range(n):
        pivot = a[k, k]
        if not pivot > 0:
            return 0
        a[k, k] = 1
        _scale(1 / pivot, a[k])
        for i in range(n):
            if i != k:
                factor = a[i, k]
                a[i, k] = 0
                _subtract(factor, a[k], a[i])
    return 1


def positive_inverses(matrices, good):
    """Replace matrices by their inverses.

    Parameters
    ----------
    matrices : ndarray of float64, shape (p, n, n)
        Symmetric; changed in place.
    good : ndarray of uint8, shape (p,)
        Set to 1 where a matrix is positive definite, else to 0 (its content is then of no use).
    """
    for p in range(matrices.shape[0]):
        good[p] = _invert(matrices[p])


# ---------------------------------------------------------------------- smallest eigenvector


def _eliminate(f, g, first, row, cross, other, crossed):
    """Subtract (f + jg)·(row + j·cross) from a complex row, from one element on."""
    # omp simd
    for j in range(first, row.shape[0]):
        other[j] -= f * row[j] - g * cross[j]
        crossed[j] -= f * cross[j] + g * row[j]


def _factor(real, imag, shift, u, v):
    """Rows of the elimination of the Hermitian matrix minus a multiple of one, upper triangle, into u + jv.

    0 where it is not positive definite: an eigenvalue is not above the shift.
    """
    n = real.shape[0]
    u[:] = real
    v[:] = imag
    for k in range(n):
        u[k, k] -= shift
    for k in range(n):
        if not u[k, k] > 0:
            return 0
        inverse = 1 / u[k, k]
        for i in range(k + 1, n):
            _eliminate(u[k, i] * inverse, -v[k, i] * inverse, i, u[k], v[k], u[i], v[i])
    return 1


def _solve(u, v, x, y):
    """Solution of the factored system for the right-hand side x + jy, in place."""
    n = u.shape[0]
    for k in range(n):
        inverse = 1 / u[k, k]
        f = x[k] * inverse
        g = y[k] * inverse
        # omp simd
        for i in range(k + 1, n):
            x[i] -= u[k, i] * f + v[k, i] * g
            y[i] -= u[k, i] * g - v[k, i] * f
        x[k] = f
        y[k] = g
    for r in range(n):
        k = n - 1 - r
        inverse = 1 / u[k, k]
        total = 0.0
        crossed = 0.0
        for i in range(k + 1, n):
            total += u[k, i] * x[i] - v[k, i] * y[i]
            crossed += u[k, i] * y[i] + v[k, i] * x[i]
        x[k] -= total * inverse
        y[k] -= crossed * inverse


def _normalise(x, y):
    """Make the length 1; 0 where that is impossible."""
    total = 0.0
    for k in range(x.shape[0]):
        total += x[k] * x[k] + y[k] * y[k]
    if not (total > 0 and total < 1e300):
        return 0
    inverse = 1 / np.sqrt(total)
    _scale(inverse, x)
    _scale(inverse, y)
    return 1


def _multiply(real, imag, x, y, a, b):
    """Product of the Hermitian matrix, of which the upper triangle is looked at, with x + jy into a + jb."""
    n = real.shape[0]
    a[:] = 0
    b[:] = 0
    for k in range(n):
        f = x[k]
        g = y[k]
        total = real[k, k] * f
        crossed = real[k, k] * g
        for i in range(k + 1, n):
            total += real[k, i] * x[i] - imag[k, i] * y[i]
            crossed += real[k, i] * y[i] + imag[k, i] * x[i]
        # omp simd
        for i in range(k + 1, n):
            a[i] += real[k, i] * f + imag[k, i] * g
            b[i] += real[k, i] * g - imag[k, i] * f
        a[k] += total
        b[k] += crossed


def _quotient(x, y, a, b):
    total = 0.0
    for k in range(x.shape[0]):
        total += x[k] * a[k] + y[k] * b[k]
    return total


def _residual(x, y, a, b, quotient):
    total = 0.0
    for k in range(x.shape[0]):
        total += (a[k] - quotient * x[k]) ** 2 + (b[k] - quotient * y[k]) ** 2
    return np.sqrt(total)


def _gershgorin(real, imag, sums):
    """A number that no eigenvalue is below."""
    n = real.shape[0]
    sums[:] = 0
    for i in range(n):
        for j in range(i + 1, n):
            modulus = np.sqrt(real[i, j] * real[i, j] + imag[i, j] * imag[i, j])
            sums[i] += modulus
            sums[j] += modulus
    lowest = real[0, 0] - sums[0]
    for i in range(n):
        if real[i, i] - sums[i] < lowest:
            lowest = real[i, i] - sums[i]
    return lowest


def _iterate(real, imag, size, x, y, u, v, a, b):
    """Inverse iteration with shifts below the smallest eigenvalue; 1 where it is proved that this is the one."""
    lower = -1e-13 * size
    if not _factor(real, imag, lower, u, v):
        lower = _gershgorin(real, imag, a) - 1e-13 * size
        if not _factor(real, imag, lower, u, v):
            return 0
    if not _normalise(x, y):
        return 0
    wait = 1
    before = 1e300
    for _ in range(_MOST_SOLUTIONS):
        _solve(u, v, x, y)
        if not _normalise(x, y):
            return 0
        _multiply(real, imag, x, y, a, b)
        value = _quotient(x, y, a, b)
        error = _residual(x, y, a, b, value)
        if not error < 1e300:
            return 0
        if error <= 1e-14 * size + 1e-11:
            return _factor(real, imag, value - 2 * error - 1e-12 * size - 1e-9, u, v)
        shift = value - 2 * error
        wait -= 1
        slow = error > 0.01 * before
        before = error
        if slow and wait <= 0 and shift > lower:
            if _factor(real, imag, shift, u, v):
                lower = shift
                wait = 1
            else:
                wait = 3
                if not _factor(real, imag, lower, u, v):
                    return 0
    return 0


def _trace(a):
    total = 0.0
    for k in range(a.shape[0]):
        total += a[k, k]
    return total


def smallest_eigenvectors(real, imag, x, y, good):
    """Eigenvector of the smallest eigenvalue of Hermitian matrices.

    Parameters
    ----------
    real, imag : ndarray of float64, shape (p, n, n)
        The upper triangle is looked at.
    x, y : ndarray of float64, shape (p, n)
        Real and imaginary parts of a start, replaced by those of the vector, whose length is 1.
    good : ndarray of uint8, shape (p,)
        1 where the vector is proved to be that of the smallest eigenvalue: the matrix minus a little less than it is
        positive definite.
    """
    n = real.shape[1]
    u = np.empty((n, n))
    v = np.empty((n, n))
    a = np.empty(n)
    b = np.empty(n)
    for p in range(real.shape[0]):
        good[p] = _iterate(real[p], imag[p], _trace(real[p]), x[p], y[p], u, v, a, b)


# ---------------------------------------------------------------------- phases of least energy


def _sweep(real, imag, x, y):
    """Give each phasor in turn the phase that makes the energy least; the largest square of a change."""
    n = x.shape[0]
    largest = 0.0
    for k in range(n):
        f = -real[k, k] * x[k]
        g = -real[k, k] * y[k]
        for i in range(n):
            f += real[k, i] * x[i] - imag[k, i] * y[i]
            g += real[k, i] * y[i] + imag[k, i] * x[i]
        size = np.sqrt(f * f + g * g)
        if size > 0:
            change = (x[k] + f / size) ** 2 + (y[k] + g / size) ** 2
            if change > largest:
                largest = change
            x[k] = -f / size
            y[k] = -g / size
    return largest


def least_energy_phases(real, imag, x, y, most_sweeps, tolerance):
    """Phasors that make conj(ξ)·M·ξ least, by coordinate descent from a start.

    Parameters
    ----------
    real, imag : ndarray of float64, shape (p, n, n)
        Hermitian matrices.
    x, y : ndarray of float64, shape (p, n)
        Real and imaginary parts of the start, of modulus 1; changed in place.
    most_sweeps : int
    tolerance : float
        A sweep whose largest change is not above it is the last one.
    """
    for p in range(real.shape[0]):
        sweep = 0
        while sweep < most_sweeps:
            if _sweep(real[p], imag[p], x[p], y[p]) <= tolerance * tolerance:
                sweep = most_sweeps
            sweep += 1
