"""Pythran source of :mod:`stamps.native.topofit`: one pixel after the other, pixels in parallel.

All numbers are double here; where the array version holds a single, the value is rounded to one. A product, quotient or
sum of two singles that is formed in double and then rounded is the single-precision one.
Source: docs/method/coherence.md, section 3.
"""

import numpy as np

# pythran export topofit(float64[:,:], float64[:,:], float64[:,:], int, bool, bool, float64[:,:], float64[:,:],
#                        float64[:,:])
# pythran export phasors(float64[:,:], bool, float64[:,:], float64[:,:])


def _rounded(value, single):
    if single:
        return np.float64(np.float32(value))
    return value


def _best_trial(real, imag, bperp, step, n_trials):
    """Trial number, -n_trials to n_trials, with the largest modulus of the sum of phasors (the first of equals)."""
    m = real.shape[0]
    c1 = np.cos(step * bperp)
    s1 = np.sin(step * bperp)
    c = np.ones(m)
    s = np.zeros(m)
    power = np.zeros(2 * n_trials + 1)
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


def _turn(real, imag, bperp, slope, single_z, single_b, turned_real, turned_imag):
    """Phasors times exp(-j slope bperp) into the last two arguments."""
    for k in range(real.shape[0]):
        angle = _rounded(slope * bperp[k], single_b)
        cosine = _rounded(np.cos(angle), single_z)
        sine = _rounded(np.sin(angle), single_z)
        rc = _rounded(real[k] * cosine, single_z)
        js = _rounded(imag[k] * sine, single_z)
        jc = _rounded(imag[k] * cosine, single_z)
        rs = _rounded(real[k] * sine, single_z)
        turned_real[k] = _rounded(rc + js, single_z)
        turned_imag[k] = _rounded(jc - rs, single_z)


def _correction(real, imag, bperp, turned_real, turned_imag, single_z):
    """Weighted least-squares slope of the angles of the turned phasors against their sum."""
    total_real = _rounded(np.sum(turned_real), single_z)
    total_imag = _rounded(np.sum(turned_imag), single_z)
    numerator = 0.0
    denominator = 0.0
    for k in range(real.shape[0]):
        rr = _rounded(turned_real[k] * total_real, single_z)
        jj = _rounded(turned_imag[k] * total_imag, single_z)
        jr = _rounded(turned_imag[k] * total_real, single_z)
        rj = _rounded(turned_real[k] * total_imag, single_z)
        psi = _rounded(np.arctan2(_rounded(jr - rj, single_z), _rounded(rr + jj, single_z)), single_z)
        weight = np.sqrt(real[k] * real[k] + imag[k] * imag[k])
        numerator += weight * bperp[k] * (weight * psi)
        denominator += weight * bperp[k] * (weight * bperp[k])
    return numerator / denominator


def _fit(i, real, imag, bperp, n_trials, single_z, single_b, residual_real, residual_imag, fits):
    low = np.inf
    high = -np.inf
    for k in range(real.shape[0]):
        if real[k] != 0 or imag[k] != 0:
            low = min(low, bperp[k])
            high = max(high, bperp[k])
    span = _rounded(high - low, single_b)
    best = _best_trial(real, imag, bperp, np.pi / 4 / span, n_trials)
    slope = _rounded(_rounded(_rounded(np.pi / 4, single_b) / span, single_b) * best, single_b)
    _turn(real, imag, bperp, slope, single_z, single_b, residual_real, residual_imag)
    correction = _correction(real, imag, bperp, residual_real, residual_imag, single_z)
    slope = _rounded(slope + correction, single_b)
    _turn(real, imag, bperp, slope, single_z, single_b, residual_real, residual_imag)
    total_real = _rounded(np.sum(residual_real), single_z)
    total_imag = _rounded(np.sum(residual_imag), single_z)
    moduli = 0.0
    for k in range(real.shape[0]):
        moduli += _rounded(np.sqrt(residual_real[k] * residual_real[k] + residual_imag[k] * residual_imag[k]), single_z)
    modulus = _rounded(np.sqrt(total_real * total_real + total_imag * total_imag), single_z)
    fits[i, 0] = slope
    fits[i, 1] = _rounded(np.arctan2(total_imag, total_real), single_z)
    fits[i, 2] = _rounded(modulus / _rounded(moduli, single_z), single_z)


def topofit(real, imag, bperp, n_trials, single_z, single_b, residual_real, residual_imag, fits):
    """Fit all pixels: fills the residual phasors and slope, offset and coherence (columns of ``fits``)."""
    common = bperp.shape[0] == 1
    # omp parallel for schedule(static)
    for i in range(real.shape[0]):
        row = 0 if common else i
        _fit(i, real[i], imag[i], bperp[row], n_trials, single_z, single_b, residual_real[i], residual_imag[i], fits)


def phasors(phase, single, real, imag):
    """Cosine and sine of phases into the last two arguments, rounded to single on demand."""
    # omp parallel for schedule(static)
    for i in range(phase.shape[0]):
        for k in range(phase.shape[1]):
            real[i, k] = _rounded(np.cos(phase[i, k]), single)
            imag[i, k] = _rounded(np.sin(phase[i, k]), single)
