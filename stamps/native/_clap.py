"""Pythran source of :mod:`stamps.native.spectral_windows`: one row of overlapping windows after the other.

Windows of a row share their transforms along the columns of the grid. A taper is the sum of two products of a factor along
the rows and one along the columns, so that the inverse transforms along the columns are shared as well: the sums of both
products over all windows are transformed. Real and imaginary parts lie apart, and the loops over the innermost axis have
neither branches nor calls; ``omp simd`` promises the compiler that their rows do not overlap, so that it uses vector
instructions. The transform back is the one forth with the parts exchanged; a table tells where the rows lie that butterflies
put into an order of their own. The innermost axis of a spectrum has the zero frequency in its middle, and four zeros part
the rows of magnitudes. All arrays come from the wrapper. Sums whose order is the compiler's are counts or first guesses, so
that the bits of the result do not depend on the width of the instructions.

Source: docs/method/coherence.md, section 6; docs/method/unwrapping.md, section 3.1.
"""

import numpy as np

# pythran export spectral_windows(float64[:,:,:] order(C), int64[:] order(C), float64[:,:,:] order(C), int64[:] order(C),
#                                 float64[:,:,:] order(C), int64[:,:] order(C), float64[:,:] order(C),
#                                 float64[:,:] order(C), float64[:] order(C), float64[:] order(C), float64[:] order(C),
#                                 float64[:,:,:] order(C), float64[:,:] order(C), float64[:,:] order(C),
#                                 float64[:,:,:] order(C), float64[:,:] order(C), float64[:,:] order(C),
#                                 float64[:] order(C), float64[:] order(C), float64[:] order(C), float64[:,:] order(C),
#                                 float64[:] order(C), float64[:,:,:] order(C))


# ---------------------------------------------------------------------- transforms along the first axis


def _two(ar, ai, br, bi):
    """Butterfly of two rows."""
    # omp simd
    for k in range(ar.shape[0]):
        real = ar[k] - br[k]
        imag = ai[k] - bi[k]
        ar[k] = ar[k] + br[k]
        ai[k] = ai[k] + bi[k]
        br[k] = real
        bi[k] = imag


def _four(ar, ai, br, bi, cr, ci, dr, di):
    """Butterfly of four rows."""
    # omp simd
    for k in range(ar.shape[0]):
        pr = ar[k] + cr[k]
        pi = ai[k] + ci[k]
        qr = ar[k] - cr[k]
        qi = ai[k] - ci[k]
        sr = br[k] + dr[k]
        si = bi[k] + di[k]
        tr = bi[k] - di[k]
        ti = dr[k] - br[k]
        ar[k] = pr + sr
        ai[k] = pi + si
        br[k] = qr + tr
        bi[k] = qi + ti
        cr[k] = pr - sr
        ci[k] = pi - si
        dr[k] = qr - tr
        di[k] = qi - ti


def _five(ar, ai, br, bi, cr, ci, dr, di, er, ei):
    """Butterfly of five rows."""
    # omp simd
    for k in range(ar.shape[0]):
        pr = br[k] + er[k]
        pi = bi[k] + ei[k]
        qr = cr[k] + dr[k]
        qi = ci[k] + di[k]
        sr = br[k] - er[k]
        si = bi[k] - ei[k]
        tr = cr[k] - dr[k]
        ti = ci[k] - di[k]
        fr = ar[k] + (0.30901699437494745 * pr - 0.8090169943749475 * qr)
        fi = ai[k] + (0.30901699437494745 * pi - 0.8090169943749475 * qi)
        gr = ar[k] + (0.30901699437494745 * qr - 0.8090169943749475 * pr)
        gi = ai[k] + (0.30901699437494745 * qi - 0.8090169943749475 * pi)
        hr = 0.9510565162951535 * sr + 0.5877852522924731 * tr
        hi = 0.9510565162951535 * si + 0.5877852522924731 * ti
        mr = 0.5877852522924731 * sr - 0.9510565162951535 * tr
        mi = 0.5877852522924731 * si - 0.9510565162951535 * ti
        ar[k] = ar[k] + (pr + qr)
        ai[k] = ai[k] + (pi + qi)
        br[k] = fr + hi
        bi[k] = fi - hr
        cr[k] = gr + mi
        ci[k] = gi - mr
        dr[k] = gr - mi
        di[k] = gi + mr
        er[k] = fr - hi
        ei[k] = fi + hr


def _turn(real, imag, turns, t):
    """One row times a phasor of the table."""
    ur, ui = turns[0, t], turns[1, t]
    # omp simd
    for k in range(real.shape[0]):
        x = real[k]
        y = imag[k]
        real[k] = x * ur - y * ui
        imag[k] = x * ui + y * ur


def _stage_of_fives(real, imag, turns, at):
    """Butterflies of five rows."""
    q = at.shape[0] // 5
    for j in range(q):
        a = at[j]
        b = at[j + q]
        c = at[j + 2 * q]
        d = at[j + 3 * q]
        e = at[j + 4 * q]
        _five(real[a], imag[a], real[b], imag[b], real[c], imag[c], real[d], imag[d], real[e], imag[e])
        if j > 0:
            _turn(real[b], imag[b], turns, j)
            _turn(real[c], imag[c], turns, 2 * j)
            _turn(real[d], imag[d], turns, 3 * j)
            _turn(real[e], imag[e], turns, 4 * j)


def _stage(real, imag, turns, at, length):
    """Butterflies of four rows within blocks of ``length`` rows."""
    n = at.shape[0]
    q = length // 4
    for first in range(0, n, length):
        for j in range(q):
            a = at[first + j]
            b = at[first + j + q]
            c = at[first + j + 2 * q]
            d = at[first + j + 3 * q]
            _four(real[a], imag[a], real[b], imag[b], real[c], imag[c], real[d], imag[d])
            if j > 0:
                t = j * (n // length)
                _turn(real[b], imag[b], turns, t)
                _turn(real[c], imag[c], turns, 2 * t)
                _turn(real[d], imag[d], turns, 3 * t)


def _transform(real, imag, turns, at):
    """Discrete Fourier transform along the first axis, in place; ``at`` tells where the rows lie."""
    n = at.shape[0]
    length = n
    if n % 5 == 0:
        _stage_of_fives(real, imag, turns, at)
        length = n // 5
    while length >= 4:
        _stage(real, imag, turns, at, length)
        length = length // 4
    if length == 2:
        for first in range(0, n, 2):
            _two(real[at[first]], imag[at[first]], real[at[first + 1]], imag[at[first + 1]])


# ---------------------------------------------------------------------- columns that the windows share


def _assign(target, source):
    # omp simd
    for k in range(target.shape[0]):
        target[k] = source[k]


def _clear(target):
    # omp simd
    for k in range(target.shape[0]):
        target[k] = 0.0


def _columns(grid, start, height, at, places, turns, wide, tall):
    """Transformed columns of a row of windows into ``tall``."""
    n = places.shape[0]
    for part in range(2):
        for r in range(n):
            if r < height:
                _assign(wide[part, r], grid[part, start + r])
            else:
                _clear(wide[part, r])
    _transform(wide[0], wide[1], turns, at)
    for part in range(2):
        for j in range(wide.shape[2]):
            for r in range(n):
                tall[part, j * n + places[r]] = wide[part, r, j]


def _add_columns(sums, places, turns, back, ends, factors, start, wide, result):
    """Add what is transformed back along the columns, times its factors, to the grid."""
    n = places.shape[0]
    for part in range(4):
        for j in range(wide.shape[2]):
            for r in range(n):
                wide[part, r, j] = sums[part, j * n + places[r]]
    _transform(wide[1], wide[0], turns, back)
    _transform(wide[3], wide[2], turns, back)
    for r in range(factors.shape[1]):
        for part in range(2):
            _add_two(
                wide[part, ends[r]], factors[0, r], wide[part + 2, ends[r]], factors[1, r], result[part, start + r]
            )


def _add_two(first, of_first, second, of_second, result):
    # omp simd
    for k in range(result.shape[0]):
        result[k] = result[k] + (of_first * first[k] + of_second * second[k])


def _add_scaled(values, factor, result):
    # omp simd
    for k in range(values.shape[0]):
        result[k] = result[k] + factor * values[k]


# ---------------------------------------------------------------------- smoothed magnitudes


def _magnitudes(real, imag, result):
    """Into the row of a padded array."""
    # omp simd
    for k in range(real.shape[0]):
        result[k + 4] = np.sqrt(real[k] * real[k] + imag[k] * imag[k])


def _correlate(a, b, c, d, e, f, g, weights, result):
    """Weighted sum of seven rows; returns its sum."""
    w0, w1, w2, w3 = weights[0], weights[1], weights[2], weights[3]
    total = 0.0
    # omp simd reduction(+:total)
    for q in range(result.shape[0]):
        value = (w0 * (a[q] + g[q]) + w1 * (b[q] + f[q])) + (w2 * (c[q] + e[q]) + w3 * d[q])
        result[q] = value
        total += value
    return total


def _smooth_along(values, weights, wall, result):
    """Correlation along the second axis; infinite between the rows."""
    w0, w1, w2, w3 = weights[0], weights[1], weights[2], weights[3]
    # omp simd
    for q in range(result.shape[0]):
        outer = w0 * (values[q + 1] + values[q + 7]) + w1 * (values[q + 2] + values[q + 6])
        inner = w2 * (values[q + 3] + values[q + 5]) + w3 * values[q + 4]
        result[q] = outer + inner + wall[q]


# ---------------------------------------------------------------------- median


def _count(a, b, c, d, pivot):
    """How many values are at most ``pivot``."""
    total = 0.0
    # omp simd reduction(+:total)
    for q in range(a.shape[0]):
        first = (1.0 if a[q] <= pivot else 0.0) + (1.0 if b[q] <= pivot else 0.0)
        last = (1.0 if c[q] <= pivot else 0.0) + (1.0 if d[q] <= pivot else 0.0)
        total += first + last
    return total


def _largest_up_to(values, pivot):
    largest = 0.0
    # omp simd reduction(max:largest)
    for q in range(values.shape[0]):
        largest = max(largest, values[q] if values[q] <= pivot else 0.0)
    return largest


def _smallest_above(values, pivot):
    infinite = np.inf
    smallest = np.inf
    # omp simd reduction(min:smallest)
    for q in range(values.shape[0]):
        smallest = min(smallest, values[q] if values[q] > pivot else infinite)
    return smallest


# The search keeps its state in an array: a bound below the middle values and how many values are at most that, a bound not
# below them and the same, the pivot and the same; then the median of the window before, near which the next one begins.


def _next_pivot(half, trial, state):
    """Extrapolate until there are two bounds, then interpolate; halve the interval where that does not help."""
    if trial < 6 and (state[0] < 0.0 or state[3] == 2.0 * half):
        missing = (half - state[5]) / half
        state[4] = state[4] + state[4] * missing * (0.3 + 0.1 * trial)
    elif trial < 5 or trial % 4 != 3:
        state[4] = state[0] + (state[2] - state[0]) * ((half - state[1]) / (state[3] - state[1]))
    else:
        state[4] = state[0]
    if state[4] <= state[0] or state[4] >= state[2]:
        state[4] = (state[0] + state[2]) * 0.5


def _median(values, flat, half, largest, guess, state):
    """Mean of the two middle ones of ``2 half`` values, none negative nor above ``largest``; others are infinite."""
    state[0] = -largest
    state[1] = 0.0
    state[2] = largest
    state[3] = 2.0 * half
    state[4] = guess
    trial = 0
    while state[0] < state[4] < state[2]:
        state[5] = _count(values[0], values[1], values[2], values[3], state[4])
        if state[5] == half:
            return (_largest_up_to(flat, state[4]) + _smallest_above(flat, state[4])) * 0.5
        if state[5] < half:
            state[0] = state[4]
            state[1] = state[5]
        else:
            state[2] = state[4]
            state[3] = state[5]
        _next_pivot(half, trial, state)
        trial += 1
    return state[2]


# ---------------------------------------------------------------------- powers

# ``powers`` holds the exponent, the powers of 2**-16, and of 2**16, 2**8, 2**4, 2**2, 2 and the root of 2 less 1, and the
# coefficients of a polynomial for the power of numbers from 1 to the root of 2, about the middle of both.


def _raise(values, inverse, powers):
    """Values times ``inverse``, to the power of the exponent."""
    low = _smallest_above(values, -1.0) * inverse
    high = _largest_up_to(values, 1.7e308) * inverse
    if low > 1.6e-5 and high < 65535.0:
        _raise_near_one(values, inverse * 65536.0, powers, powers[8:])
    else:
        for q in range(values.shape[0]):
            values[q] = (values[q] * inverse) ** powers[0]


def _raise_near_one(values, factor, powers, c):
    """Powers of values whose product with ``factor`` is from 1 to 2**32, to about 1e-15.

    There is no branch: the signs of differences tell by which powers of 2 to divide.
    """
    f0, f1, f2, f3, f4, f5, f6 = powers[1], powers[2], powers[3], powers[4], powers[5], powers[6], powers[7]
    c0, c1, c2, c3 = c[0], c[1], c[2], c[3]
    c4, c5, c6, c7 = c[4], c[5], c[6], c[7]
    c8, c9, c10, c11 = c[8], c[9], c[10], c[11]
    c12, c13, c14, c15 = c[12], c[13], c[14], c[15]
    # omp simd
    for q in range(values.shape[0]):
        x0 = values[q] * factor
        s1 = 0.5 + np.copysign(0.5, x0 - 65536.0)
        p1 = f0 * (1.0 + s1 * f1)
        x1 = x0 * (1.0 - s1 * 0.9999847412109375)
        s2 = 0.5 + np.copysign(0.5, x1 - 256.0)
        p2 = p1 * (1.0 + s2 * f2)
        x2 = x1 * (1.0 - s2 * 0.99609375)
        s3 = 0.5 + np.copysign(0.5, x2 - 16.0)
        p3 = p2 * (1.0 + s3 * f3)
        x3 = x2 * (1.0 - s3 * 0.9375)
        s4 = 0.5 + np.copysign(0.5, x3 - 4.0)
        p4 = p3 * (1.0 + s4 * f4)
        x4 = x3 * (1.0 - s4 * 0.75)
        s5 = 0.5 + np.copysign(0.5, x4 - 2.0)
        p5 = p4 * (1.0 + s5 * f5)
        x5 = x4 * (1.0 - s5 * 0.5)
        s6 = 0.5 + np.copysign(0.5, x5 - 1.4142135623730951)
        p6 = p5 * (1.0 + s6 * f6)
        x6 = x5 * (1.0 - s6 * 0.2928932188134524)
        u = x6 * 0.8284271247461901 - 1.0
        v = (u * u) * (u * u)
        a = c0 + u * (c1 + u * (c2 + u * c3))
        b = c4 + u * (c5 + u * (c6 + u * c7))
        d = c8 + u * (c9 + u * (c10 + u * c11))
        e = c12 + u * (c13 + u * (c14 + u * c15))
        values[q] = p6 * (a + v * (b + v * (d + v * e)))


# ---------------------------------------------------------------------- one window


def _window(tall, start, height, n, spectrum):
    """Transformed columns of one window, and zeros beyond it."""
    for part in range(2):
        _assign(spectrum[part, : height * n], tall[part, start * n : (start + height) * n])
        _clear(spectrum[part, height * n :])


def _smoothed_relative(total, settings, powers, down, flat, wall, quarters, state):
    """Magnitudes that are smoothed along one axis, then along the other, over their median, to the power."""
    _smooth_along(down, settings, wall, flat)
    half = settings[5]
    mean = total * settings[4] / (2.0 * half)
    near = state[6] > mean * 0.5 and state[6] < mean * 1.5
    state[6] = _median(quarters, flat, half, 2.0 * total, state[6] if near else mean, state)
    inverse = 1.0 / state[6] if state[6] > 0.0 else 1.0
    if powers[0] == 1.0:
        return inverse
    _raise(flat, inverse, powers)
    return 1.0


def _weigh(real, imag, smooth, low, inverse, floor, beta):
    """One row of a spectrum times its weights."""
    # omp simd
    for k in range(real.shape[0]):
        above = smooth[k] * inverse - floor
        weight = (above if above > 0.0 else 0.0) * beta + low[k]
        real[k] = real[k] * weight
        imag[k] = imag[k] * weight


def _add_window(spectrum, ends, factors, start, sums):
    """Add a window that is transformed back along its first axis, times both factors of its taper."""
    n = ends.shape[0]
    for j in range(factors.shape[1]):
        first = (start + j) * n
        for part in range(2):
            _add_scaled(spectrum[part, ends[j]], factors[0, j], sums[part, first : first + n])
            _add_scaled(spectrum[part, ends[j]], factors[1, j], sums[part + 2, first : first + n])


def spectral_windows(
    grid, row_starts, row_factors, column_starts, column_factors, tables, turns, low, settings, powers, wall,
    wide, tall, sums, spectrum, flat_spectrum, padded, flat, smooth, down, quarters, state, result,
):  # fmt: skip
    """Sum of the filtered and tapered windows."""
    n = spectrum.shape[1]
    natural = tables[0]
    places = tables[1]
    back = tables[2]
    ends = tables[3]
    s = n + 4  # from one row of magnitudes to the next
    m = down.shape[0]
    for u in range(row_starts.shape[0]):
        _columns(grid, row_starts[u], row_factors.shape[2], natural, places, turns, wide, tall)
        for part in range(4):
            _clear(sums[part])
        for v in range(column_starts.shape[0]):
            _window(tall, column_starts[v], column_factors.shape[2], n, flat_spectrum)
            _transform(spectrum[0], spectrum[1], turns, natural)
            for r in range(n):
                _magnitudes(spectrum[0, r], spectrum[1, r], padded[places[r] + 3])
            total = _correlate(
                flat[:m], flat[s : s + m], flat[2 * s : 2 * s + m], flat[3 * s : 3 * s + m], flat[4 * s : 4 * s + m],
                flat[5 * s : 5 * s + m], flat[6 * s :], settings, down,
            )  # fmt: skip
            if total > 0.0:
                inverse = _smoothed_relative(total, settings, powers, down, smooth, wall, quarters, state)
                for r in range(n):
                    first = places[r] * (n + 4)
                    _weigh(
                        spectrum[0, r], spectrum[1, r], smooth[first : first + n], low[r], inverse, settings[6], settings[7]
                    )  # fmt: skip
                _transform(spectrum[1], spectrum[0], turns, back)
                _add_window(spectrum, ends, column_factors[v], column_starts[v], sums)
        _add_columns(sums, places, turns, back, ends, row_factors[u], row_starts[u], wide, result)
