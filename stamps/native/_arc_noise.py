"""Kernel of the noise of arcs in a time series: one arc after the other (docs/method/weeding.md, section 5)."""

import numpy as np

# pythran export time_series(complex64[:,:] order(C), int64[:,:] order(C), float64[:,:] order(C), float64[:,:] order(C),
#                            float64[:,:] order(C), float64[:,:] order(C), int, float32[:,:] order(C),
#                            float64[:,:,:] order(C))


def _wrapped(x):
    """Phase in [-pi, pi]; adding and subtracting 1.5·2**52 rounds to the nearest integer, even ones for halves."""
    turns = (x * 0.15915494309189535 + 6755399441055744.0) - 6755399441055744.0
    return x - turns * 6.283185307179586


def _one_arc(e, phasors, edges, weights, offset_fit, slope_fit, interval, noise, moments, c, work):
    """Noise of arc e, and its part of the moments of block c; rows of ``work``: real, imaginary, phase, deviation."""
    u = phasors.shape[1]
    a = edges[e, 0]
    b = edges[e, 1]
    for i in range(u):
        # products of singles are exact in double; product and sum are rounded as complex singles are
        br = float(phasors[b, i].real)
        bi = float(phasors[b, i].imag)
        ar = float(phasors[a, i].real)
        ai = float(phasors[a, i].imag)
        work[0, i] = float(np.float32(float(np.float32(br * ar)) + float(np.float32(bi * ai))))
        work[1, i] = float(np.float32(float(np.float32(bi * ar)) - float(np.float32(br * ai))))
        work[2, i] = np.arctan2(work[1, i], work[0, i])
    for k in range(u):
        mean_real = 0.0
        mean_imag = 0.0
        for i in range(u):
            mean_real += weights[k, i] * work[0, i]
            mean_imag += weights[k, i] * work[1, i]
        mean = np.arctan2(mean_imag, mean_real)
        offset = 0.0
        slope = 0.0
        for i in range(u):
            work[3, i] = _wrapped(work[2, i] - mean)
            offset += work[3, i] * offset_fit[k, i]
            slope += work[3, i] * slope_fit[k, i]
        again = 0.0
        for i in range(u):
            again += _wrapped(work[3, i] - (offset + slope * interval[k, i])) * offset_fit[k, i]
        noise[e, k] = np.float32(_wrapped(work[2, k] - mean - (offset + again)))
        others_real = mean_real - weights[k, k] * work[0, k]
        others_imag = mean_imag - weights[k, k] * work[1, k]
        rest = np.arctan2(
            work[1, k] * others_real - work[0, k] * others_imag, work[0, k] * others_real + work[1, k] * others_imag
        )
        moments[c, 0, k] += rest
        moments[c, 1, k] += rest * rest


def _one_block(c, size, phasors, edges, weights, offset_fit, slope_fit, interval, noise, moments):
    work = np.zeros((4, phasors.shape[1]))
    for e in range(c * size, min((c + 1) * size, edges.shape[0])):
        _one_arc(e, phasors, edges, weights, offset_fit, slope_fit, interval, noise, moments, c, work)


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
