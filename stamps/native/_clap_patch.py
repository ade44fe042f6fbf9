"""Pythran source of :mod:`stamps.native.clap_patch`: the windows around the cells of one grid row, one after the other.

Real and imaginary parts lie apart in single precision, and the loops over the innermost axis have neither branches nor
calls; ``omp simd`` promises the compiler that their rows do not overlap, so that it uses vector instructions. Rows of a
transform stay in the order in which the butterflies leave them; the innermost axis has the zero frequency in its middle,
which spares all shifts. Four zeros part the rows of magnitudes. All arrays come from the wrapper. Sums whose order is the
compiler's are counts or first guesses, so that the bits of the result do not depend on the width of the instructions.

Source: docs/method/selection.md, section 5.
"""

import numpy as np

# pythran export clap_patch(float32[:,:,:] order(C), int, int, int64[:] order(C), int64[:] order(C),
#                           int64[:] order(C), float32[:,:] order(C), float32[:,:] order(C), float32[:,:,:] order(C),
#                           float32[:,:] order(C), float32[:] order(C), float32[:] order(C),
#                           float32[:,:,:] order(C), float32[:,:] order(C), float32[:,:,:] order(C),
#                           float32[:,:] order(C), float32[:,:] order(C), float32[:] order(C), float32[:] order(C),
#                           float32[:,:] order(C), float32[:] order(C), float32[:,:] order(C),
#                           float32[:,:] order(C), float32[:] order(C), float32[:,:,:] order(C))


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


def _four_turned(ar, ai, br, bi, cr, ci, dr, di, turns, t):
    """Butterfly of four rows, the last three of which are multiplied by phasors: t, 2t, 3t of the table."""
    ur = np.float32(turns[0, t])
    ui = np.float32(turns[1, t])
    vr = np.float32(turns[0, 2 * t])
    vi = np.float32(turns[1, 2 * t])
    wr = np.float32(turns[0, 3 * t])
    wi = np.float32(turns[1, 3 * t])
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
        er = qr + tr
        ei = qi + ti
        br[k] = er * ur - ei * ui
        bi[k] = er * ui + ei * ur
        fr = pr - sr
        fi = pi - si
        cr[k] = fr * vr - fi * vi
        ci[k] = fr * vi + fi * vr
        gr = qr - tr
        gi = qi - ti
        dr[k] = gr * wr - gi * wi
        di[k] = gr * wi + gi * wr


def _stage(real, imag, turns, length):
    """Butterflies of four rows within blocks of ``length`` rows."""
    n = real.shape[0]
    q = length // 4
    step = n // length
    for a in range(0, n, length):
        _four(
            real[a], imag[a], real[a + q], imag[a + q],
            real[a + 2 * q], imag[a + 2 * q], real[a + 3 * q], imag[a + 3 * q],
        )  # fmt: skip
        for j in range(1, q):
            b = a + j
            _four_turned(
                real[b], imag[b], real[b + q], imag[b + q],
                real[b + 2 * q], imag[b + 2 * q], real[b + 3 * q], imag[b + 3 * q],
                turns, j * step,
            )  # fmt: skip


def _transform(real, imag, turns):
    """Discrete Fourier transform along the first axis, in place; the wrapper knows the order of the rows."""
    n = real.shape[0]
    _stage(real, imag, turns, n)
    if n >= 16:
        _stage(real, imag, turns, n // 4)
    if n >= 64:
        _stage(real, imag, turns, n // 16)
    if n == 8 or n == 32:
        for a in range(0, n, 2):
            _two(real[a], imag[a], real[a + 1], imag[a + 1])


# ---------------------------------------------------------------------- columns that the windows share


def _split(cells, real, imag):
    """Real and imaginary parts of one row of cells; 0 where one of them is not a number."""
    zero = np.float32(0)
    for j in range(real.shape[0]):
        x = cells[2 * j]
        y = cells[2 * j + 1]
        known = x == x and y == y
        real[j] = x if known else zero
        imag[j] = y if known else zero


def _assign(target, source):
    # omp simd
    for k in range(target.shape[0]):
        target[k] = source[k]


def _clear(target):
    zero = np.float32(0)
    # omp simd
    for k in range(target.shape[0]):
        target[k] = zero


def _columns(band, i, reach, rows, turns, wide, tall):
    """Transformed columns of a band into ``tall``; then those with ``reach`` cells around row ``i`` set to 0."""
    n = band.shape[0]
    for r in range(n):
        _split(band[r], wide[0, r], wide[1, r])
        if abs(r - i) > reach:
            _assign(wide[2, r], wide[0, r])
            _assign(wide[3, r], wide[1, r])
        else:
            _clear(wide[2, r])
            _clear(wide[3, r])
    _transform(wide[0], wide[1], turns)
    _transform(wide[2], wide[3], turns)
    for part in range(4):
        for j in range(wide.shape[2]):
            for r in range(n):
                tall[part, j * n + rows[r]] = wide[part, r, j]


# ---------------------------------------------------------------------- smoothed magnitudes


def _magnitudes(real, imag, result):
    """Into the row of a padded array."""
    # omp simd
    for k in range(real.shape[0]):
        result[k + 4] = np.sqrt(real[k] * real[k] + imag[k] * imag[k])


def _magnitudes_of_any_size(real, imag, scale, result):
    """The same where squares are beyond single precision."""
    for k in range(real.shape[0]):
        x = np.float64(real[k])
        y = np.float64(imag[k])
        result[k + 4] = np.float32(np.sqrt(x * x + y * y) * scale)


def _smooth_down(padded, stride, weights, result):
    """Correlation along the first axis; returns the sum of the result."""
    n = result.shape[0]
    return _correlate(
        padded[:n], padded[stride : stride + n], padded[2 * stride : 2 * stride + n], padded[3 * stride : 3 * stride + n],
        padded[4 * stride : 4 * stride + n], padded[5 * stride : 5 * stride + n], padded[6 * stride :], weights, result,
    )  # fmt: skip


def _correlate(a, b, c, d, e, f, g, weights, result):
    """Weighted sum of seven rows; returns its sum."""
    w0 = np.float32(weights[0])
    w1 = np.float32(weights[1])
    w2 = np.float32(weights[2])
    w3 = np.float32(weights[3])
    total = np.float32(0)
    # omp simd reduction(+:total)
    for q in range(result.shape[0]):
        value = (w0 * (a[q] + g[q]) + w1 * (b[q] + f[q])) + (w2 * (c[q] + e[q]) + w3 * d[q])
        result[q] = value
        total += value
    return total


def _smooth_along(values, weights, wall, result):
    """Correlation along the second axis; infinite between the rows."""
    w0 = np.float32(weights[0])
    w1 = np.float32(weights[1])
    w2 = np.float32(weights[2])
    w3 = np.float32(weights[3])
    # omp simd
    for q in range(result.shape[0]):
        outer = w0 * (values[q + 1] + values[q + 7]) + w1 * (values[q + 2] + values[q + 6])
        inner = w2 * (values[q + 3] + values[q + 5]) + w3 * values[q + 4]
        result[q] = outer + inner + wall[q]


# ---------------------------------------------------------------------- median


def _count(values, pivot):
    """How many values are at most ``pivot``."""
    return _count_in_four(values[0], values[1], values[2], values[3], np.float32(pivot))


def _count_in_four(a, b, c, d, pivot):
    one = np.float32(1)
    zero = np.float32(0)
    total = np.float32(0)
    # omp simd reduction(+:total)
    for q in range(a.shape[0]):
        first = (one if a[q] <= pivot else zero) + (one if b[q] <= pivot else zero)
        last = (one if c[q] <= pivot else zero) + (one if d[q] <= pivot else zero)
        total += first + last
    return total


def _middle(values, pivot):
    """Mean of the largest value up to ``pivot`` and the smallest one above it."""
    below = np.float32(0)
    above = np.float32(np.inf)
    for part in range(4):
        below = max(below, _largest_up_to(values[part], pivot))
        above = min(above, _smallest_above(values[part], pivot))
    return (below + above) * np.float32(0.5)


def _largest_up_to(values, bound):
    pivot = np.float32(bound)
    zero = np.float32(0)
    largest = np.float32(0)
    # omp simd reduction(max:largest)
    for q in range(values.shape[0]):
        largest = max(largest, values[q] if values[q] <= pivot else zero)
    return largest


def _smallest_above(values, bound):
    pivot = np.float32(bound)
    infinite = np.float32(np.inf)
    smallest = np.float32(np.inf)
    # omp simd reduction(min:smallest)
    for q in range(values.shape[0]):
        smallest = min(smallest, values[q] if values[q] > pivot else infinite)
    return smallest


# The search keeps its state in an array: a bound below the middle values and how many values are at most that, a bound not
# below them and the same, the pivot and the same; then the median of the window before, near which the next one begins.


def _next_pivot(half, trial, state):
    """Extrapolate until there are two bounds, then interpolate; halve the interval where that does not help."""
    if trial < 6 and (state[0] < np.float32(0) or state[3] == np.float32(2) * half):
        missing = (half - state[5]) / half
        state[4] = state[4] + state[4] * missing * (np.float32(0.3) + np.float32(0.1) * np.float32(trial))
    elif trial < 5 or trial % 4 != 3:
        state[4] = state[0] + (state[2] - state[0]) * ((half - state[1]) / (state[3] - state[1]))
    else:
        state[4] = state[0]
    if state[4] <= state[0] or state[4] >= state[2]:
        state[4] = (state[0] + state[2]) * np.float32(0.5)


def _median(values, half, largest, guess, state):
    """Mean of the two middle ones of ``2 half`` values, none negative nor above ``largest``; others are infinite."""
    state[0] = -largest
    state[1] = np.float32(0)
    state[2] = largest
    state[3] = np.float32(2) * half
    state[4] = guess
    trial = 0
    while state[0] < state[4] < state[2]:
        state[5] = _count(values, state[4])
        if state[5] == half:
            return _middle(values, state[4])
        if state[5] < half:
            state[0] = state[4]
            state[1] = state[5]
        else:
            state[2] = state[4]
            state[3] = state[5]
        _next_pivot(half, trial, state)
        trial += 1
    return state[2]


# ---------------------------------------------------------------------- one window


def _window(tall, start, j, reach, spectrum, flat_spectrum):
    """Transformed columns of one window, those around its column ``j`` without the cells that do not count."""
    n = spectrum.shape[1]
    for part in range(2):
        _assign(flat_spectrum[part], tall[part, start * n : (start + n) * n])
        for r in range(max(j - reach, 0), min(j + reach + 1, n)):
            _assign(spectrum[part, r], tall[part + 2, (start + r) * n : (start + r + 1) * n])


def _inverse_median(spectrum, rows, weights, wall, padded, flat, down, smooth, parts, state):
    """Smoothed magnitudes into ``smooth``; returns one over their median, 0 where there is none."""
    n = spectrum.shape[1]
    for r in range(n):
        _magnitudes(spectrum[0, r], spectrum[1, r], padded[rows[r] + 3])
    total = _smooth_down(flat, n + 4, weights, down)
    if not (total > np.float32(1e-10) and total < np.float32(1e18)):
        scale = 1e-20 if total > np.float32(1) else 1e30  # the weights do not depend on it
        for r in range(n):
            _magnitudes_of_any_size(spectrum[0, r], spectrum[1, r], scale, padded[rows[r] + 3])
        return _inverse_of(_smooth_down(flat, n + 4, weights, down), n, weights, wall, down, smooth, parts, state)
    return _inverse_of(total, n, weights, wall, down, smooth, parts, state)


def _inverse_of(total, n, weights, wall, down, smooth, parts, state):
    """One over the median of the magnitudes that are smoothed along one axis and have the given sum."""
    _smooth_along(down, weights, wall, smooth)
    half = np.float32(n * n // 2)
    if total == np.float32(0):
        return np.float32(1)
    if not total < np.float32(np.inf):
        state[6] = np.float32(0)
        return np.float32(0)
    mean = total * weights[4] / (np.float32(2) * half)
    near = state[6] > mean * np.float32(0.5) and state[6] < mean * np.float32(1.5)
    state[6] = _median(parts, half, np.float32(2) * total, state[6] if near else mean, state)
    return np.float32(1) / state[6] if state[6] > np.float32(0) else np.float32(1)


def _add_row(real, imag, smooth, low, over_median, weight_above, terms, j, r, sum_real, sum_imag):
    """Add one row of the weighted spectrum times a phasor to the sums."""
    inverse = np.float32(over_median)
    beta = np.float32(weight_above)
    term_real = np.float32(terms[0, j, r])
    term_imag = np.float32(terms[1, j, r])
    one = np.float32(1)
    zero = np.float32(0)
    # omp simd
    for k in range(real.shape[0]):
        above = smooth[k] * inverse - one
        weight = (above if above > zero else zero) * beta + low[k]
        x = real[k] * weight
        y = imag[k] * weight
        sum_real[k] = sum_real[k] + (x * term_real - y * term_imag)
        sum_imag[k] = sum_imag[k] + (x * term_imag + y * term_real)


def _add_all(sum_real, sum_imag, term_real, term_imag, result):
    """Sum of products of phasors, in an order that does not depend on the processor."""
    real = np.float32(0)
    imag = np.float32(0)
    for k in range(sum_real.shape[0]):
        real += sum_real[k] * term_real[k] - sum_imag[k] * term_imag[k]
        imag += sum_real[k] * term_imag[k] + sum_imag[k] * term_real[k]
    result[0] = real
    result[1] = imag


def clap_patch(
    band, i, first_reach, starts, columns, rows, turns, low, terms, middle_terms, weights, wall,
    wide, tall, spectrum, flat_spectrum, padded, flat, down, smooth, flat_smooth, parts, sums, state, phasors,
):  # fmt: skip
    """Filtered phasors of the cells of one grid row."""
    n = spectrum.shape[1]
    for p in range(band.shape[0]):
        reach = first_reach if p == 0 else 0
        _columns(band[p], i, reach, rows, turns, wide, tall)
        state[6] = np.float32(0)
        for c in range(starts.shape[0]):
            j = columns[c] - starts[c]
            _window(tall, starts[c], j, reach, spectrum, flat_spectrum)
            _transform(spectrum[0], spectrum[1], turns)
            inverse = _inverse_median(spectrum, rows, weights, wall, padded, flat, down, flat_smooth, parts, state)
            _clear(sums[0])
            _clear(sums[1])
            for r in range(n):
                _add_row(
                    spectrum[0, r], spectrum[1, r], smooth[rows[r]], low[r], inverse, weights[5],
                    terms, j, r, sums[0], sums[1],
                )  # fmt: skip
            _add_all(sums[0], sums[1], middle_terms[0], middle_terms[1], phasors[c, p])
