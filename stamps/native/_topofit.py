"""Pythran source of :mod:`stamps.native.topofit`: eight pixels at once, blocks of pixels in parallel.

The values of eight pixels lie side by side, so that vector instructions work on pixels and every sum of a pixel keeps its order:
number 8 k + i of a row of ``w`` is interferogram k of pixel i, number i of a row of ``lanes`` is pixel i.

All numbers are double here; where the array version holds a single, the value is rounded to one. A product, quotient or
sum of two singles that is formed in double and then rounded is the single-precision one.
Source: docs/method/coherence.md, section 3.
"""

import numpy as np

# pythran export topofit(complex64[:,:] order(C), float32[:,:] order(C), int, bool, bool, complex64[:,:] order(C),
#                        float64[:,:] order(C), float64[:,:,:] order(C), float64[:,:,:] order(C))
# pythran export topofit(complex128[:,:] order(C), float64[:,:] order(C), int, bool, bool, complex128[:,:] order(C),
#                        float64[:,:] order(C), float64[:,:,:] order(C), float64[:,:,:] order(C))
# pythran export phasors(float32[:,:] order(C), complex64[:,:] order(C), float64[:,:,:] order(C))
# pythran export phasors(float64[:,:] order(C), complex64[:,:] order(C), float64[:,:,:] order(C))
# pythran export phasors(float64[:,:] order(C), complex128[:,:] order(C), float64[:,:,:] order(C))


def _rounded(value, single):
    if single:
        return np.float64(np.float32(value))
    return value


def _sincos(angle, sine, cosine, n):
    """Sine and cosine of angles up to 1e6 rad to one unit in the last place.

    There is no branch, so that the compiler uses vector instructions. Adding and subtracting 1.5·2**52 rounds to the nearest
    integer. An angle is reduced to [-pi/4, pi/4] by multiples of pi/2 in three parts, the first two of 33 bits so that their
    products are exact; there the Taylor series is used.
    """
    # omp simd
    for k in range(n):
        x = angle[k]
        turns = (x * 0.6366197723675814 + 6755399441055744.0) - 6755399441055744.0
        r = ((x - turns * 1.5707963267341256) - turns * 6.077100506303966e-11) - turns * 2.0222662487959506e-21
        z = r * r
        s9 = -2.505210838544172e-08 + z * (1.6059043836821613e-10 - z * 7.647163731819816e-13)
        s3 = 0.008333333333333333 + z * (-0.0001984126984126984 + z * (2.7557319223985893e-06 + z * s9))
        s = r + r * (z * (-0.16666666666666666 + z * s3))
        c8 = 2.08767569878681e-09 + z * (-1.1470745597729725e-11 + z * 4.779477332387385e-14)
        c4 = -0.001388888888888889 + z * (2.48015873015873e-05 + z * (-2.7557319223985888e-07 + z * c8))
        c = 1.0 - z * (0.5 - z * (0.041666666666666664 + z * c4))
        whole = ((turns * 0.25 - 0.375) + 6755399441055744.0) - 6755399441055744.0
        quarter = turns - 4.0 * whole
        half = ((quarter * 0.5 - 0.25) + 6755399441055744.0) - 6755399441055744.0
        odd = quarter - 2.0 * half
        sign = 1.0 - 2.0 * half
        sine[k] = sign * (s * (1.0 - odd) + c * odd)
        cosine[k] = sign * (c * (1.0 - odd) - s * odd)


def _angles(real, imag, angle, n):
    """Angles of phasors to one unit in the last place; 0 where both parts are 0.

    There is no branch: signs are carried over and conditions are the signs of differences. The quotient of the smaller by
    the larger part is reduced to [-tan(pi/8), tan(pi/8)]; there a polynomial is used that was fitted to the arc tangent at
    Chebyshev points, with a relative error of 1.3e-18.
    """
    # omp simd
    for k in range(n):
        ax = np.abs(real[k])
        ay = np.abs(imag[k])
        far = 0.5 - np.copysign(0.5, ax - ay)
        high = (1.0 - far) * ax + far * ay
        low = (1.0 - far) * ay + far * ax
        steep = 0.5 + np.copysign(0.5, low - 0.41421356237309503 * high - 1e-300)
        t = (low - steep * high) / (high + steep * low + 1e-300)
        z = t * t
        a8 = 0.05846878297330872 + z * (-0.05035102456601552 + z * (0.03796525745386593 - z * 0.017805397205419446))
        a5 = -0.09090896809064027 + z * (0.07692045330902225 + z * (-0.06662951813629191 + z * a8))
        a2 = 0.19999999999940893 + z * (-0.14285714279250245 + z * (0.11111110744919658 + z * a5))
        octant = (t + t * (z * (-0.3333333333333312 + z * a2))) + steep * 0.7853981633974483
        quadrant = far * 1.5707963267948966 + (1.0 - 2.0 * far) * octant
        behind = 0.5 - np.copysign(0.5, real[k])
        around = behind * 3.141592653589793 + (1.0 - 2.0 * behind) * quadrant
        angle[k] = np.copysign(around, imag[k])


def _round(values, n, single):
    """To single precision, where asked for."""
    if single:
        # omp simd
        for j in range(n):
            values[j] = np.float64(np.float32(values[j]))


def _four_sums(real, imag, c, s, sums, n_pairs):
    """Sums of the products real·c, imag·s, imag·c and real·s of each pixel, in order, two phasors at a time."""
    # omp simd
    for i in range(32):
        sums[i] = 0.0
    for k in range(n_pairs):
        # omp simd
        for i in range(8):
            j = 16 * k + i
            x = real[j]
            y = imag[j]
            x2 = real[j + 8]
            y2 = imag[j + 8]
            cj = c[j]
            sj = s[j]
            c2 = c[j + 8]
            s2 = s[j + 8]
            sums[i] = (sums[i] + x * cj) + x2 * c2
            sums[8 + i] = (sums[8 + i] + y * sj) + y2 * s2
            sums[16 + i] = (sums[16 + i] + y * cj) + y2 * c2
            sums[24 + i] = (sums[24 + i] + x * sj) + x2 * s2


def _last_products(real, imag, c, s, sums):
    """The same for the last phasor of an odd number."""
    # omp simd
    for i in range(8):
        sums[i] += real[i] * c[i]
        sums[8 + i] += imag[i] * s[i]
        sums[16 + i] += imag[i] * c[i]
        sums[24 + i] += real[i] * s[i]


def _sums_of_trial(w, sums, m):
    _four_sums(w[0], w[1], w[8], w[5], sums, m // 2)
    if m % 2:
        n = 8 * m
        _last_products(w[0, n - 8 : n], w[1, n - 8 : n], w[8, n - 8 : n], w[5, n - 8 : n], sums)


def _next_trial(c, s, c1, s1, n):
    """Turn the phasors of a trial by one trial."""
    # omp simd
    for j in range(n):
        turned = c[j] * c1[j] - s[j] * s1[j]
        s[j] = s[j] * c1[j] + c[j] * s1[j]
        c[j] = turned


def _powers(sums, plus, minus):
    """Squared moduli for a trial and its negative: their phasors are conjugates, so four sums of products serve both."""
    # omp simd
    for i in range(8):
        xc = sums[i]
        ys = sums[8 + i]
        yc = sums[16 + i]
        xs = sums[24 + i]
        plus[i] = (xc + ys) * (xc + ys) + (yc - xs) * (yc - xs)
        minus[i] = (xc - ys) * (xc - ys) + (yc + xs) * (yc + xs)


def _best_trials(power, n_trials, best):
    """Trial numbers, -n_trials to n_trials, with the largest modulus of the sum of phasors (the first of equals)."""
    for i in range(8):
        found = 0
        for q in range(1, 2 * n_trials + 1):
            if power[8 * q + i] > power[8 * found + i]:
                found = q
        best[i] = found - n_trials


def _no_turn(c, s, n):
    # omp simd
    for j in range(n):
        c[j] = 1.0
        s[j] = 0.0


def _try_slopes(w, sums, n_trials, m):
    for q in range(n_trials + 1):
        plus = 8 * (n_trials + q)
        minus = 8 * (n_trials - q)
        _sums_of_trial(w, sums, m)
        _powers(sums, w[9, plus : plus + 8], w[9, minus : minus + 8])
        _next_trial(w[8], w[5], w[11], w[10], 8 * m)


def _search(w, lanes, n_trials, m):
    """Numbers of the best trials; cosine and sine of one trial are in rows 11 and 10, rows 8, 5 and 9 are overwritten."""
    _no_turn(w[8], w[5], 8 * m)
    _try_slopes(w, lanes[0], n_trials, m)
    _best_trials(w[9], n_trials, lanes[1])


def _product(real, imag, cosine, sine, turned_real, turned_imag, n):
    """Phasors times the conjugates of others."""
    # omp simd
    for j in range(n):
        turned_real[j] = real[j] * cosine[j] + imag[j] * sine[j]
        turned_imag[j] = imag[j] * cosine[j] - real[j] * sine[j]


def _single_product(real, imag, cosine, sine, turned_real, turned_imag, n):
    """The same in single precision."""
    # omp simd
    for j in range(n):
        rc = np.float32(real[j] * cosine[j])
        js = np.float32(imag[j] * sine[j])
        jc = np.float32(imag[j] * cosine[j])
        rs = np.float32(real[j] * sine[j])
        turned_real[j] = np.float64(rc + js)
        turned_imag[j] = np.float64(jc - rs)


def _multiply(real, imag, cosine, sine, turned_real, turned_imag, n, single):
    if single:
        _single_product(real, imag, cosine, sine, turned_real, turned_imag, n)
    else:
        _product(real, imag, cosine, sine, turned_real, turned_imag, n)


def _scaled(factor, values, product, m):
    """A factor for each pixel times its values."""
    for k in range(m):
        # omp simd
        for i in range(8):
            product[8 * k + i] = factor[i] * values[8 * k + i]


def _two_sums(first, second, total, m):
    """Sums of two values of each pixel, in order, at ``total`` + 0 and 8."""
    # omp simd
    for i in range(16):
        total[i] = 0.0
    for k in range(m):
        # omp simd
        for i in range(8):
            total[i] += first[8 * k + i]
            total[8 + i] += second[8 * k + i]


def _spread(value, first, second, n):
    """Two values of each pixel, as many times as it has phasors."""
    for k in range(n):
        # omp simd
        for i in range(8):
            first[8 * k + i] = value[i]
            second[8 * k + i] = value[8 + i]


def _angles_of_slope(slope, bperp, angle, single, m):
    _scaled(slope, bperp, angle, m)
    _round(angle, 8 * m, single)


def _phasors_of_angles(angle, sine, cosine, single, n):
    _sincos(angle, sine, cosine, n)
    _round(sine, n, single)
    _round(cosine, n, single)


def _turn(w, slope, single_z, single_b, m):
    """Phasors times exp(-j slope bperp) into rows 3 and 4; rows 5 to 7 are overwritten."""
    _angles_of_slope(slope, w[2], w[5], single_b, m)
    _phasors_of_angles(w[5], w[6], w[7], single_z, 8 * m)
    _multiply(w[0], w[1], w[7], w[6], w[3], w[4], 8 * m, single_z)


def _totals(real, imag, total, single, m):
    _two_sums(real, imag, total, m)
    _round(total, 16, single)


def _rounded_angles(real, imag, angle, n, single):
    _angles(real, imag, angle, n)
    _round(angle, n, single)


def _weighted_sums(real, imag, bperp, angle, total, m):
    """Sums of weighted baselines times weighted angles, and times themselves, at ``total`` + 0 and 8."""
    # omp simd
    for i in range(16):
        total[i] = 0.0
    for k in range(m):
        # omp simd
        for i in range(8):
            j = 8 * k + i
            x = real[j]
            y = imag[j]
            weight = np.sqrt(x * x + y * y)
            baseline = weight * bperp[j]
            total[i] += baseline * (weight * angle[j])
            total[8 + i] += baseline * baseline


def _corrected(slope, total):
    # omp simd
    for i in range(8):
        slope[i] += total[i] / total[8 + i]


def _improve(w, slope, total, single, m):
    """Add the weighted least-squares slope of the angles in row 5."""
    _weighted_sums(w[0], w[1], w[2], w[5], total, m)
    _corrected(slope, total)
    _round(slope, 8, single)


def _angles_to_total(w, total, single, m):
    """Angles of the turned phasors against their sum in row 5; rows 6 to 8 are overwritten."""
    _totals(w[3], w[4], total, single, m)
    _spread(total, w[5], w[6], m)
    _multiply(w[3], w[4], w[5], w[6], w[7], w[8], 8 * m, single)
    _rounded_angles(w[7], w[8], w[5], 8 * m, single)


def _spans(real, imag, bperp, span, scratch, m):
    """Range of the baselines of each pixel's phasors that are not zero; 16 numbers at ``scratch`` are overwritten."""
    # omp simd
    for i in range(8):
        scratch[i] = np.inf
        scratch[8 + i] = -np.inf
    for k in range(m):
        for i in range(8):
            j = 8 * k + i
            if real[j] != 0 or imag[j] != 0:
                scratch[i] = min(scratch[i], bperp[j])
                scratch[8 + i] = max(scratch[8 + i], bperp[j])
    # omp simd
    for i in range(8):
        span[i] = scratch[8 + i] - scratch[i]


def _trial_steps(span, step):
    """Slope of one trial."""
    # omp simd
    for i in range(8):
        step[i] = 0.7853981633974483 / span[i]


def _first_slopes(span, slope, single):
    """Slopes of trials, from the spans and the numbers of trials that stand in their place."""
    quarter = _rounded(0.7853981633974483, single)
    for i in range(8):
        slope[i] = _rounded(_rounded(quarter / span[i], single) * slope[i], single)


def _new_step(w, lanes, m):
    """Cosine and sine of one trial in rows 11 and 10, and the spans that they belong to in row 5 of ``lanes``."""
    _trial_steps(lanes[2], lanes[1])
    _scaled(lanes[1], w[2], w[5], m)
    _sincos(w[5], w[10], w[11], 8 * m)
    for i in range(8):
        lanes[5, i] = lanes[2, i]


def _same(first, second):
    equal = 0
    for i in range(8):
        equal += first[i] == second[i]
    return equal == 8


def _first_step(w, lanes, single, shared, m):
    """Cosine and sine of one trial; those of the pixels before are still right where baselines are shared and spans equal."""
    _spans(w[0], w[1], w[2], lanes[2], lanes[3], m)
    _round(lanes[2], 8, single)
    if not (shared and _same(lanes[2], lanes[5])):
        _new_step(w, lanes, m)


def _coarse(w, lanes, n_trials, single, shared, m):
    """Slopes of the best trials."""
    _first_step(w, lanes, single, shared, m)
    _search(w, lanes, n_trials, m)
    _first_slopes(lanes[2], lanes[1], single)


def _fine(w, lanes, single_z, single_b, m):
    """Slopes improved by the angles that the phasors without the first slopes have."""
    _turn(w, lanes[1], single_z, single_b, m)
    _angles_to_total(w, lanes[0], single_z, m)
    _improve(w, lanes[1], lanes[3], single_b, m)


def _moduli(real, imag, modulus, n):
    # omp simd
    for j in range(n):
        x = real[j]
        y = imag[j]
        modulus[j] = np.sqrt(x * x + y * y)


def _results(total, moduli, offset, coherence, single):
    for i in range(8):
        x = total[i]
        y = total[8 + i]
        whole = _rounded(moduli[i], single)
        offset[i] = _rounded(np.arctan2(y, x), single)
        coherence[i] = _rounded(_rounded(np.sqrt(x * x + y * y), single) / whole, single)


def _coherences(w, lanes, single, m):
    """Offsets and coherences, rows 2 and 4 of ``lanes``."""
    _moduli(w[3], w[4], w[5], 8 * m)
    _round(w[5], 8 * m, single)
    _two_sums(w[5], w[5], lanes[3], m)
    _totals(w[3], w[4], lanes[0], single, m)
    _results(lanes[0], lanes[3], lanes[2], lanes[4], single)


def _fit(w, lanes, n_trials, single_z, single_b, shared, m):
    """Fit eight pixels: slopes, offsets and coherences in rows 1, 2 and 4 of ``lanes``.

    Rows 0 to 2 of ``w`` are real and imaginary parts and baselines; rows 3 and 4 become the phasors without the slope.
    """
    _coarse(w, lanes, n_trials, single_b, shared, m)
    _fine(w, lanes, single_z, single_b, m)
    _turn(w, lanes[1], single_z, single_b, m)
    _coherences(w, lanes, single_z, m)


def _take(z, bperp, first, real, imag, baselines):
    """Phasors and baselines of eight pixels; after the last pixel it is repeated."""
    for i in range(8):
        pixel = min(first + i, z.shape[0] - 1)
        row = 0 if bperp.shape[0] == 1 else pixel
        for k in range(z.shape[1]):
            real[8 * k + i] = np.float64(z[pixel, k].real)
            imag[8 * k + i] = np.float64(z[pixel, k].imag)
            baselines[8 * k + i] = np.float64(bperp[row, k])


def _give(w, lanes, first, last, residual, fits):
    """Results of the pixels from ``first`` to before ``last``."""
    for i in range(last - first):
        for k in range(residual.shape[1]):
            residual[first + i, k] = complex(w[3, 8 * k + i], w[4, 8 * k + i])
        fits[first + i, 0] = lanes[1, i]
        fits[first + i, 1] = lanes[2, i]
        fits[first + i, 2] = lanes[4, i]


def _fit_block(b, z, bperp, n_trials, single_z, single_b, residual, fits, work, lanes):
    size = (z.shape[0] + work.shape[0] - 1) // work.shape[0]
    end = min((b + 1) * size, z.shape[0])
    for i in range(8):
        lanes[b, 5, i] = np.nan
    for first in range(b * size, end, 8):
        _take(z, bperp, first, work[b, 0], work[b, 1], work[b, 2])
        _fit(work[b], lanes[b], n_trials, single_z, single_b, bperp.shape[0] == 1, z.shape[1])
        _give(work[b], lanes[b], first, min(first + 8, end), residual, fits)


def topofit(z, bperp, n_trials, single_z, single_b, residual, fits, work, lanes):
    """Fit all pixels: fills slope, offset and coherence (columns of ``fits``), and as many residual phasors as there is room for.

    ``work`` has the shape (n_block, 12, 8 max(m, 2 n_trials + 1)) and ``lanes`` (n_block, 6, 32); pixels are worked on in this
    many blocks, eight at once.
    """
    # omp parallel for schedule(dynamic)
    for b in range(work.shape[0]):
        _fit_block(b, z, bperp, n_trials, single_z, single_b, residual, fits, work, lanes)


def _fill(phase, first, last, angle):
    for i in range(last - first):
        for k in range(phase.shape[1]):
            angle[i * phase.shape[1] + k] = np.float64(phase[first + i, k])


def _phasor_block(b, phase, result, work):
    m = phase.shape[1]
    size = (phase.shape[0] + work.shape[0] - 1) // work.shape[0]
    end = min((b + 1) * size, phase.shape[0])
    for first in range(b * size, end, 8):
        last = min(first + 8, end)
        _fill(phase, first, last, work[b, 0])
        _sincos(work[b, 0], work[b, 1], work[b, 2], (last - first) * m)
        for i in range(last - first):
            for k in range(m):
                result[first + i, k] = complex(work[b, 2, i * m + k], work[b, 1, i * m + k])


def phasors(phase, result, work):
    """Phasors of phases, rounded to the class of the result; ``work`` has the shape (n_block, 3, 8 m)."""
    # omp parallel for schedule(dynamic)
    for b in range(work.shape[0]):
        _phasor_block(b, phase, result, work)
