"""Kernel of the noise of arcs in a time series: arcs side by side (docs/method/weeding.md, section 5).

The inner loops run over the arcs of a batch, in functions without branches, so that the compiler uses vector instructions;
sums over dates keep their order.
"""

import numpy as np

_BATCH = 64  # arcs; what is computed with them stays in the processor's cache

# pythran export time_series(complex64[:,:] order(C), int64[:,:] order(C), float64[:,:] order(C), float64[:,:] order(C),
#                            float64[:,:] order(C), float64[:,:] order(C), int, float32[:,:] order(C),
#                            float64[:,:,:] order(C))


def _wrapped(x):
    """Phase in [-pi, pi]; adding and subtracting 1.5·2**52 rounds to the nearest integer, even ones for halves."""
    turns = (x * 0.15915494309189535 + 6755399441055744.0) - 6755399441055744.0
    return x - turns * 6.283185307179586


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


def _arc_phasors(first, last, i, phasors, edges, real, imag):
    """Phasors of the arcs of a batch in interferogram i, the last arc repeated behind the end.

    Products of singles, exact in double, and their sums are rounded to singles.
    """
    for j in range(_BATCH):
        e = min(first + j, last)
        a = edges[e, 0]
        b = edges[e, 1]
        br = float(phasors[b, i].real)
        bi = float(phasors[b, i].imag)
        ar = float(phasors[a, i].real)
        ai = float(phasors[a, i].imag)
        real[j] = float(np.float32(float(np.float32(br * ar)) + float(np.float32(bi * ai))))
        imag[j] = float(np.float32(float(np.float32(bi * ar)) - float(np.float32(br * ai))))


def _clear(values):
    for j in range(values.shape[0]):
        values[j] = 0.0


def _add_times(values, factor, total):
    for j in range(values.shape[0]):
        total[j] += values[j] * factor


def _deviate(phase, mean, deviation):
    for j in range(phase.shape[0]):
        deviation[j] = _wrapped(phase[j] - mean[j])


def _deviate_again(deviation, offset, slope, interval, result):
    """Deviation from the fitted line."""
    for j in range(deviation.shape[0]):
        result[j] = _wrapped(deviation[j] - (offset[j] + slope[j] * interval))


def _predict(phase, mean, offset, again, noise):
    for j in range(phase.shape[0]):
        noise[j] = _wrapped(phase[j] - mean[j] - (offset[j] + again[j]))


def _others(weight, values, mean, result):
    """The weighted sum of all other dates."""
    for j in range(values.shape[0]):
        result[j] = mean[j] - weight * values[j]


def _real(real, imag, other_real, other_imag, x):
    """Real part of phasors times the conjugates of others."""
    for j in range(real.shape[0]):
        x[j] = real[j] * other_real[j] + imag[j] * other_imag[j]


def _imaginary(real, imag, other_real, other_imag, y):
    for j in range(real.shape[0]):
        y[j] = imag[j] * other_real[j] - real[j] * other_imag[j]


def _one_date(k, u, weights, offset_fit, slope_fit, interval, work):
    """Noise (row 10) and deviation from the mean of the other dates (row 0) at date k.

    Rows of ``work``: 0 to 10 for intermediate values, then for each date the real parts, the imaginary parts, the phases,
    and the deviations from the mean.
    """
    real, imag, phase, deviation = 11, 11 + u, 11 + 2 * u, 11 + 3 * u
    for row in range(6):
        _clear(work[row])
    for i in range(u):
        _add_times(work[real + i], weights[k, i], work[0])
        _add_times(work[imag + i], weights[k, i], work[1])
    _angles(work[1], work[0], work[2])
    for i in range(u):
        _deviate(work[phase + i], work[2], work[deviation + i])
        _add_times(work[deviation + i], offset_fit[k, i], work[3])
        _add_times(work[deviation + i], slope_fit[k, i], work[4])
    for i in range(u):
        _deviate_again(work[deviation + i], work[3], work[4], interval[k, i], work[6])
        _add_times(work[6], offset_fit[k, i], work[5])
    _predict(work[phase + k], work[2], work[3], work[5], work[10])
    _others(weights[k, k], work[real + k], work[0], work[6])
    _others(weights[k, k], work[imag + k], work[1], work[7])
    _real(work[real + k], work[imag + k], work[6], work[7], work[8])
    _imaginary(work[real + k], work[imag + k], work[6], work[7], work[9])
    _angles(work[9], work[8], work[0])


def _one_batch(c, first, stop, phasors, edges, weights, offset_fit, slope_fit, interval, noise, moments, work):
    """Noise of the arcs ``first`` to ``stop``, and their part of the moments of block c."""
    u = phasors.shape[1]
    for i in range(u):
        _arc_phasors(first, stop - 1, i, phasors, edges, work[11 + i], work[11 + u + i])
        _angles(work[11 + u + i], work[11 + i], work[11 + 2 * u + i])
    for k in range(u):
        _one_date(k, u, weights, offset_fit, slope_fit, interval, work)
        for e in range(first, stop):
            noise[e, k] = np.float32(work[10, e - first])
            moments[c, 0, k] += work[0, e - first]
            moments[c, 1, k] += work[0, e - first] * work[0, e - first]


def _one_block(c, size, phasors, edges, weights, offset_fit, slope_fit, interval, noise, moments):
    work = np.zeros((11 + 4 * phasors.shape[1], _BATCH))
    stop = min((c + 1) * size, edges.shape[0])
    for first in range(c * size, stop, _BATCH):
        last = min(first + _BATCH, stop)
        _one_batch(c, first, last, phasors, edges, weights, offset_fit, slope_fit, interval, noise, moments, work)


def time_series(phasors, edges, weights, offset_fit, slope_fit, interval, size, noise, moments):
    """Deviation of arcs from a smooth curve in time.

    Parameters
    ----------
    phasors : ndarray of complex64, shape (n, u)
    edges : ndarray of int64, shape (n_edge, 2)
    weights, offset_fit, slope_fit, interval : ndarray of float64, shape (u, u)
        Row k: weights, coefficients and time differences for date k.
    size : int
        Arcs of a block.
    noise : ndarray of float32, shape (n_edge, u)
        Receives the noise in radians.
    moments : ndarray of float64, shape (n_block, 2, u)
        Zeros; receives for each block the sums of the deviations from the weighted mean of all other dates and of
        their squares. So the result does not depend on the number of threads.
    """
    # omp parallel for schedule(static)
    for c in range(moments.shape[0]):
        _one_block(c, size, phasors, edges, weights, offset_fit, slope_fit, interval, noise, moments)
