"""Pythran source of :mod:`stamps.native.topofit`: one pixel after the other, pixels in parallel.

All numbers are double here; where the array version holds a single, the value is rounded to one. A product, quotient or
sum of two singles that is formed in double and then rounded is the single-precision one.
Source: docs/method/coherence.md, section 3.
"""

import numpy as np

# pythran export topofit(complex64[:,:] order(C), float32[:,:] order(C), int, bool, bool, complex64[:,:] order(C),
#                        float64[:,:] order(C), float64[:,:,:] order(C))
# pythran export topofit(complex128[:,:] order(C), float64[:,:] order(C), int, bool, bool, complex128[:,:] order(C),
#                        float64[:,:] order(C), float64[:,:,:] order(C))
# pythran export phasors(float32[:,:] order(C), complex64[:,:] order(C), float64[:,:,:] order(C))
# pythran export phasors(float64[:,:] order(C), complex64[:,:] order(C), float64[:,:,:] order(C))
# pythran export phasors(float64[:,:] order(C), complex128[:,:] order(C), float64[:,:,:] order(C))


def _rounded(value, single):
    if single:
        return np.float64(np.float32(value))
    return value


def _sincos(angle, sine, cosine):
    """Sine and cosine of angles up to 1e6 rad to one unit in the last place.

    There is no branch, so that the compiler uses vector instructions. Adding and subtracting 1.5·2**52 rounds to the nearest
    integer. An angle is reduced to [-pi/4, pi/4] by multiples of pi/2 in three parts, the first two of 33 bits so that their
    products are exact; there the Taylor series is used.
    """
    for k in range(angle.shape[0]):
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


def _angles(y, x, angle):
    """Angles of (x, y) to one unit in the last place; 0 where both are 0.

    There is no branch: signs are carried over and conditions are the signs of differences. The quotient of the smaller by
    the larger part is reduced to [-tan(pi/8), tan(pi/8)]; there a polynomial is used that was fitted to the arc tangent at
    Chebyshev points, with a relative error of 1.3e-18.
    """
    for k in range(angle.shape[0]):
        ax = np.abs(x[k])
        ay = np.abs(y[k])
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
        behind = 0.5 - np.copysign(0.5, x[k])
        half = behind * 3.141592653589793 + (1.0 - 2.0 * behind) * quadrant
        angle[k] = np.copysign(half, y[k])


def _best_trial(real, imag, c1, s1, c, s, power, n_trials):
    """Trial number, -n_trials to n_trials, with the largest modulus of the sum of phasors (the first of equals).

    ``c1`` and ``s1`` are the cosine and sine of one trial; ``c``, ``s`` and ``power`` are overwritten.
    """
    m = real.shape[0]
    for k in range(m):
        c[k] = 1.0
        s[k] = 0.0
    for q in range(n_trials + 1):
        # the phasors of trials q and -q are conjugates, so four sums of products serve both
        xc = 0.0
        ys = 0.0
        yc = 0.0
        xs = 0.0
        for k in range(m):
            xc += real[k] * c[k]
            ys += imag[k] * s[k]
            yc += imag[k] * c[k]
            xs += real[k] * s[k]
        power[n_trials + q] = (xc + ys) * (xc + ys) + (yc - xs) * (yc - xs)
        power[n_trials - q] = (xc - ys) * (xc - ys) + (yc + xs) * (yc + xs)
        for k in range(m):
            turned = c[k] * c1[k] - s[k] * s1[k]
            s[k] = s[k] * c1[k] + c[k] * s1[k]
            c[k] = turned
    best = 0
    for q in range(1, 2 * n_trials + 1):
        if power[q] > power[best]:
            best = q
    return best - n_trials


def _round(values):
    """To single precision."""
    for k in range(values.shape[0]):
        values[k] = np.float64(np.float32(values[k]))


def _product(real, imag, cosine, sine, turned_real, turned_imag):
    """Phasors times the conjugates of others."""
    for k in range(real.shape[0]):
        turned_real[k] = real[k] * cosine[k] + imag[k] * sine[k]
        turned_imag[k] = imag[k] * cosine[k] - real[k] * sine[k]


def _single_product(real, imag, cosine, sine, turned_real, turned_imag):
    """The same in single precision."""
    for k in range(real.shape[0]):
        rc = np.float32(real[k] * cosine[k])
        js = np.float32(imag[k] * sine[k])
        jc = np.float32(imag[k] * cosine[k])
        rs = np.float32(real[k] * sine[k])
        turned_real[k] = np.float64(rc + js)
        turned_imag[k] = np.float64(jc - rs)


def _turn(real, imag, bperp, slope, single_z, single_b, angle, cosine, sine, turned_real, turned_imag):
    """Phasors times exp(-j slope bperp) into the last two arguments."""
    for k in range(real.shape[0]):
        angle[k] = slope * bperp[k]
    if single_b:
        _round(angle)
    _sincos(angle, sine, cosine)
    if single_z:
        _round(cosine)
        _round(sine)
        _single_product(real, imag, cosine, sine, turned_real, turned_imag)
    else:
        _product(real, imag, cosine, sine, turned_real, turned_imag)


def _correction(real, imag, bperp, turned_real, turned_imag, single_z, x, y, angle, other_real, other_imag):
    """Weighted least-squares slope of the angles of the turned phasors against their sum."""
    total_real = _rounded(np.sum(turned_real), single_z)
    total_imag = _rounded(np.sum(turned_imag), single_z)
    for k in range(real.shape[0]):
        other_real[k] = total_real
        other_imag[k] = total_imag
    if single_z:
        _single_product(turned_real, turned_imag, other_real, other_imag, x, y)
    else:
        _product(turned_real, turned_imag, other_real, other_imag, x, y)
    _angles(y, x, angle)
    if single_z:
        _round(angle)
    numerator = 0.0
    denominator = 0.0
    for k in range(real.shape[0]):
        weight = np.sqrt(real[k] * real[k] + imag[k] * imag[k])
        numerator += weight * bperp[k] * (weight * angle[k])
        denominator += weight * bperp[k] * (weight * bperp[k])
    return numerator / denominator


def _steps(step, bperp, angle):
    for k in range(bperp.shape[0]):
        angle[k] = step * bperp[k]


def _fit(i, real, imag, bperp, n_trials, single_z, single_b, turned_real, turned_imag, fits, work):
    """Fit one pixel: its row of ``fits``, and the phasors without the slope; six rows of ``work`` are overwritten."""
    m = real.shape[0]
    low = np.inf
    high = -np.inf
    for k in range(m):
        if real[k] != 0 or imag[k] != 0:
            low = min(low, bperp[k])
            high = max(high, bperp[k])
    span = _rounded(high - low, single_b)
    _steps(np.pi / 4 / span, bperp, work[0, :m])
    _sincos(work[0, :m], work[1, :m], work[2, :m])
    best = _best_trial(real, imag, work[2], work[1], work[3], work[4], work[5], n_trials)
    first = _rounded(_rounded(_rounded(np.pi / 4, single_b) / span, single_b) * best, single_b)
    _turn(real, imag, bperp, first, single_z, single_b, work[0, :m], work[1, :m], work[2, :m], turned_real, turned_imag)
    correction = _correction(
        real,
        imag,
        bperp,
        turned_real,
        turned_imag,
        single_z,
        work[0, :m],
        work[1, :m],
        work[2, :m],
        work[3, :m],
        work[4, :m],
    )
    slope = _rounded(first + correction, single_b)
    _turn(real, imag, bperp, slope, single_z, single_b, work[0, :m], work[1, :m], work[2, :m], turned_real, turned_imag)
    total_real = _rounded(np.sum(turned_real), single_z)
    total_imag = _rounded(np.sum(turned_imag), single_z)
    moduli = 0.0
    for k in range(m):
        moduli += _rounded(np.sqrt(turned_real[k] * turned_real[k] + turned_imag[k] * turned_imag[k]), single_z)
    modulus = _rounded(np.sqrt(total_real * total_real + total_imag * total_imag), single_z)
    fits[i, 0] = slope
    fits[i, 1] = _rounded(np.arctan2(total_imag, total_real), single_z)
    fits[i, 2] = _rounded(modulus / _rounded(moduli, single_z), single_z)


def _fit_block(b, z, bperp, n_trials, single_z, single_b, residual, fits, work):
    """Rows 6 to 10 of ``work``: real and imaginary parts, baselines, and the parts without the slope."""
    m = z.shape[1]
    size = (z.shape[0] + work.shape[0] - 1) // work.shape[0]
    for i in range(b * size, min((b + 1) * size, z.shape[0])):
        row = 0 if bperp.shape[0] == 1 else i
        for k in range(m):
            work[b, 6, k] = np.float64(z[i, k].real)
            work[b, 7, k] = np.float64(z[i, k].imag)
            work[b, 8, k] = np.float64(bperp[row, k])
        _fit(
            i,
            work[b, 6, :m],
            work[b, 7, :m],
            work[b, 8, :m],
            n_trials,
            single_z,
            single_b,
            work[b, 9, :m],
            work[b, 10, :m],
            fits,
            work[b],
        )
        for k in range(m):
            residual[i, k] = complex(work[b, 9, k], work[b, 10, k])


def topofit(z, bperp, n_trials, single_z, single_b, residual, fits, work):
    """Fit all pixels: fills the residual phasors and slope, offset and coherence (columns of ``fits``).

    ``work`` has the shape (n_block, 11, max(m, 2 n_trials + 1)); pixels are worked on in this many blocks.
    """
    # omp parallel for schedule(dynamic)
    for b in range(work.shape[0]):
        _fit_block(b, z, bperp, n_trials, single_z, single_b, residual, fits, work)


def _phasor_block(b, phase, result, work):
    m = phase.shape[1]
    size = (phase.shape[0] + work.shape[0] - 1) // work.shape[0]
    for i in range(b * size, min((b + 1) * size, phase.shape[0])):
        for k in range(m):
            work[b, 0, k] = np.float64(phase[i, k])
        _sincos(work[b, 0, :m], work[b, 1, :m], work[b, 2, :m])
        for k in range(m):
            result[i, k] = complex(work[b, 2, k], work[b, 1, k])


def phasors(phase, result, work):
    """Phasors of phases, rounded to the class of the result; ``work`` has the shape (n_block, 3, m)."""
    # omp parallel for schedule(dynamic)
    for b in range(work.shape[0]):
        _phasor_block(b, phase, result, work)
