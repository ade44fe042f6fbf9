"""Look-angle error and temporal coherence of many pixels: trial search, then a linear refinement.

Precision follows the original: phasors times exponentials are single unless all inputs are double, the slope has the
class of the baselines, sums over interferograms are formed in double and rounded once.

Source: spec 04 section 3; Hooper, Segall and Zebker, JGR 112, B07407 (2007), section 3.1.
"""

import numpy as np

from stamps.native import compiled

__all__ = ["topofit"]

_ELEMENTS_AT_ONCE = 2**20  # bound on the double-precision copies of one call of the kernel
_ELEMENTS_IN_CACHE = 2**16  # array version


def topofit(z, bperp, n_trial_wraps):
    """Fit a slope against the baselines and an offset to phasors.

    Parameters
    ----------
    z : (n, m) complex64 or complex128 array
        Phasors of n pixels in m interferograms; zeros are left out.
    bperp : (n, m) or (m,) float32 or float64 array
        Perpendicular baselines in metres, per pixel or common to all.
    n_trial_wraps : float
        Half width of the search in cycles over the range of the baselines.

    Returns
    -------
    slope : (n,) float64 array
        K in rad/m (values of single precision if ``bperp`` is single).
    offset : (n,) float64 array
        C in rad (values of single precision unless all input is double).
    coherence : (n,) float64 array
        Temporal coherence γ (values of the same precision as C).
    residual : (n, m) complex array
        Phasors without the slope: complex64 unless all input is double.

    Notes
    -----
    All is NaN for a pixel whose non-zero phasors have only one baseline.
    """
    z, bperp = np.asarray(z), np.asarray(bperp)
    bperp = bperp.astype(np.float32 if bperp.dtype == np.float32 else np.float64, copy=False)
    rows = bperp.reshape(1, -1) if bperp.ndim == 1 else bperp
    if z.ndim != 2 or rows.shape not in {z.shape, (1, z.shape[1])}:
        raise ValueError(f"topofit needs phasors (n, m) and baselines (n, m) or (m,), not {z.shape} and {bperp.shape}.")
    single = z.dtype == np.complex64 or rows.dtype == np.float32
    z = z.astype(np.complex64 if single else np.complex128, copy=False)
    n_trials = int(np.ceil(8 * n_trial_wraps))

    kernel = compiled("_topofit")
    fit, at_once = (_fit_arrays, _ELEMENTS_IN_CACHE) if kernel is None else (_fitter(kernel), _ELEMENTS_AT_ONCE)
    n, m = z.shape
    fits = np.empty((n, 3))
    residual = np.empty_like(z, order="C")
    block = max(at_once // max(m, 1), 1)
    for first in range(0, n, block):
        chosen = slice(first, first + block)
        of_block = rows if rows.shape[0] == 1 else rows[chosen]
        with np.errstate(divide="ignore", invalid="ignore"):
            residual[chosen], fits[chosen] = fit(z[chosen], of_block, n_trials)
    return fits[:, 0].copy(), fits[:, 1].copy(), fits[:, 2].copy(), residual


def _fitter(kernel):
    """The compiled kernel in the form of :func:`_fit_arrays`."""

    def fit(z, bperp, n_trials):
        real, imag = np.ascontiguousarray(z.real, np.float64), np.ascontiguousarray(z.imag, np.float64)
        residual_real, residual_imag, fits = np.empty(z.shape), np.empty(z.shape), np.empty((z.shape[0], 3))
        kernel.topofit(
            real, imag, np.ascontiguousarray(bperp, np.float64), n_trials, z.dtype == np.complex64,
            bperp.dtype == np.float32, residual_real, residual_imag, fits,
        )  # fmt: skip
        residual = np.empty_like(z)
        residual.real, residual.imag = residual_real, residual_imag
        return residual, fits

    return fit


def _fit_arrays(z, bperp, n_trials):
    """Array version: residual phasors and the columns slope, offset, coherence."""
    class_z, class_b = z.real.dtype.type, bperp.dtype.type
    real, imag = np.ascontiguousarray(z.real), np.ascontiguousarray(z.imag)
    used = (real != 0) | (imag != 0)
    span = np.where(used, bperp, -np.inf).max(axis=1) - np.where(used, bperp, np.inf).min(axis=1)
    steps = bperp * (np.pi / 4 / span.astype(class_b).astype(np.float64))[:, np.newaxis]
    best = _best_trials(real.astype(np.float64), imag.astype(np.float64), steps, n_trials)
    slope = class_b(np.pi / 4) / span.astype(class_b) * best.astype(class_b)

    turned = _turned(real, imag, bperp, slope)
    angles = _angle(*_times(*turned, *(_sum(part)[:, np.newaxis] for part in turned)))
    weights = _modulus(real.astype(np.float64), imag.astype(np.float64))
    weighted = weights * bperp
    correction = (weighted * (weights * angles)).sum(axis=1) / (weighted * weighted).sum(axis=1)
    slope = (slope + correction).astype(class_b)

    turned = _turned(real, imag, bperp, slope)
    residual = np.empty(z.shape, dtype=z.dtype)
    residual.real, residual.imag = turned
    total = _sum(turned[0]), _sum(turned[1])
    coherence = _modulus(*total) / _modulus(*turned).sum(axis=1, dtype=np.float64).astype(class_z)
    return residual, np.column_stack([slope, _angle(*total), coherence]).astype(np.float64)


def _best_trials(real, imag, steps, n_trials):
    """Trial number with the largest modulus of the sum, the first of equals; ``steps``: angle of one trial, (n, m)."""
    cos_1, sin_1 = np.cos(steps), np.sin(steps)
    cosine, sine = np.ones_like(cos_1), np.zeros_like(sin_1)
    power = np.empty((2 * n_trials + 1, real.shape[0]))
    for q in range(n_trials + 1):
        # the phasors of trials q and -q are conjugates, so four sums of products serve both
        xc, ys = np.einsum("ik,ik->i", real, cosine), np.einsum("ik,ik->i", imag, sine)
        yc, xs = np.einsum("ik,ik->i", imag, cosine), np.einsum("ik,ik->i", real, sine)
        power[n_trials + q] = (xc + ys) ** 2 + (yc - xs) ** 2
        power[n_trials - q] = (xc - ys) ** 2 + (yc + xs) ** 2
        cosine, sine = cosine * cos_1 - sine * sin_1, sine * cos_1 + cosine * sin_1
    return power.argmax(axis=0) - n_trials


def _turned(real, imag, bperp, slope):
    """Phasors times exp(-j slope bperp); the angle in the class of the baselines, the rest in that of the phasors."""
    angle = (slope[:, np.newaxis] * bperp).astype(np.float64)
    return _times(real, imag, np.cos(angle).astype(real.dtype), np.sin(angle).astype(real.dtype))


def _times(real, imag, other_real, other_imag):
    """Product with the conjugate of another phasor; each product rounded, where NumPy's complex one may fuse them."""
    return real * other_real + imag * other_imag, imag * other_real - real * other_imag


def _sum(part):
    return part.sum(axis=1, dtype=np.float64).astype(part.dtype)


def _angle(real, imag):
    return np.arctan2(imag.astype(np.float64), real.astype(np.float64)).astype(real.dtype)


def _modulus(real, imag):
    return np.sqrt(real.astype(np.float64) ** 2 + imag.astype(np.float64) ** 2).astype(real.dtype)
