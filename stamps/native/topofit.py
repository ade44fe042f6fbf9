"""Look-angle error and temporal coherence of many pixels: trial search, then a linear refinement.

Precision follows the original: phasors times exponentials are single unless all inputs are double, the slope has the
class of the baselines, sums over interferograms are formed in double and rounded once.

Source: docs/method/coherence.md, section 3; Hooper, Segall and Zebker, JGR 112, B07407 (2007), section 3.1.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps import native
from stamps.native.arrays import products_summed, rows_at_once, to_host

if TYPE_CHECKING:
    from numpy.typing import NDArray


__all__ = ["bytes_per_row", "fit_arrays", "fit_compiled", "topofit", "trials_on_each_side"]

_ELEMENTS_AT_ONCE = 2**20  # bound on the double-precision copies of one call of the kernel
_ELEMENTS_IN_CACHE = 2**16  # array version
_BLOCKS = 64  # of pixels, which threads of the compiled version share
_LANES = 8  # pixels that the compiled kernel works on at once


def trials_on_each_side(n_trial_wraps: float) -> int:
    """How many slopes are tried on each side of none: eight for every cycle over the range of the baselines."""
    return int(np.ceil(8 * n_trial_wraps))


def topofit(
    z: NDArray[np.complexfloating[Any, Any]], bperp: NDArray[np.floating[Any]], n_trial_wraps: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.complexfloating[Any, Any]]]:
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
    n_trials, m = trials_on_each_side(n_trial_wraps), max(z.shape[1], 1)

    fits, residual = native.run(
        "topofit",
        partial(_in_batches, z=z, bperp=rows, n_trials=n_trials),
        lambda module: _in_blocks(partial(fit_compiled, module), z, rows, n_trials, _ELEMENTS_AT_ONCE // m),
    )
    return fits[:, 0].copy(), fits[:, 1].copy(), fits[:, 2].copy(), residual


def _in_batches(
    xp: Any, z: NDArray[np.complexfloating[Any, Any]], bperp: NDArray[np.floating[Any]], n_trials: int
) -> tuple[NDArray[np.float64], NDArray[np.complexfloating[Any, Any]]]:
    """Array version for host arrays, as much at a time as is good for the processor or fits into the device."""
    m = max(z.shape[1], 1)
    rows = rows_at_once(xp, bytes_per_row(m, n_trials), _ELEMENTS_IN_CACHE // m)

    def fit(z, bperp, n_trials):
        return tuple(to_host(part) for part in fit_arrays(xp, xp.asarray(z), xp.asarray(bperp), n_trials))

    return _in_blocks(fit, z, bperp, n_trials, rows)


def bytes_per_row(m: int, n_trials: int) -> int:
    """Memory that the array version needs for one pixel."""
    return 200 * m + 32 * n_trials


def _in_blocks(
    fit: Callable[..., Any],
    z: NDArray[np.complexfloating[Any, Any]],
    bperp: NDArray[np.floating[Any]],
    n_trials: int,
    n_rows: int,
) -> tuple[NDArray[np.float64], NDArray[np.complexfloating[Any, Any]]]:
    """Fits (n, 3) and residual phasors of all pixels, ``n_rows`` at a time."""
    fits = np.empty((len(z), 3))
    residual = np.empty_like(z, order="C")
    n_rows = max(n_rows, 1)
    for first in range(0, len(z), n_rows):
        chosen = slice(first, first + n_rows)
        of_block = bperp if bperp.shape[0] == 1 else bperp[chosen]
        with np.errstate(divide="ignore", invalid="ignore"):
            residual[chosen], fits[chosen] = fit(z[chosen], of_block, n_trials)
    return fits, residual


def fit_compiled(
    module: Any,
    z: NDArray[np.complexfloating[Any, Any]],
    bperp: NDArray[np.floating[Any]],
    n_trials: int,
    with_residual: bool = True,
) -> tuple[NDArray[np.complexfloating[Any, Any]], NDArray[np.float64]]:
    """The compiled kernel, called as :func:`fit_arrays`; no residual phasors (n, 0) where nobody wants them."""
    single_z, single_b = z.dtype == np.complex64, bperp.dtype == np.float32
    if not (single_z and single_b):  # singles in doubles: the flags say what is rounded
        z, bperp = z.astype(np.complex128, copy=False), bperp.astype(np.float64, copy=False)
    residual, fits = np.empty((len(z), z.shape[1] if with_residual else 0), z.dtype), np.empty((len(z), 3))
    # a slab for each block of pixels
    n_blocks = min(max(-(-z.shape[0] // _LANES), 1), _BLOCKS)
    work = np.empty((n_blocks, 12, _LANES * max(z.shape[1], 2 * n_trials + 1)))
    z, bperp = np.ascontiguousarray(z), np.ascontiguousarray(bperp)
    module.topofit(z, bperp, n_trials, single_z, single_b, residual, fits, work, np.empty((n_blocks, 6, 4 * _LANES)))
    return residual.astype(np.complex64 if single_z else np.complex128, copy=False), fits


def fit_arrays(xp: Any, z: Any, bperp: Any, n_trials: int) -> tuple[Any, Any]:
    """Residual phasors (n, m) and the columns slope, offset, coherence (n, 3) of one batch.

    Parameters
    ----------
    xp : module
        Array module of the arrays.
    z : (n, m) complex array
        complex64 if anything is single.
    bperp : (n, m) or (1, m) array
    n_trials : int
        Trials on either side of zero.
    """
    class_z, class_b = z.real.dtype.type, bperp.dtype.type
    real, imag = xp.ascontiguousarray(z.real), xp.ascontiguousarray(z.imag)
    used = (real != 0) | (imag != 0)
    span = xp.where(used, bperp, -np.inf).max(axis=1) - xp.where(used, bperp, np.inf).min(axis=1)
    steps = bperp * (np.pi / 4 / span.astype(class_b).astype(np.float64))[:, np.newaxis]
    best = _best_trials(xp, real.astype(np.float64), imag.astype(np.float64), steps, n_trials)
    slope = class_b(np.pi / 4) / span.astype(class_b) * best.astype(class_b)

    turned = _turned(xp, real, imag, bperp, slope)
    angles = _angle(xp, *_times(*turned, *(_sum(part)[:, np.newaxis] for part in turned)))
    weights = _modulus(xp, real.astype(np.float64), imag.astype(np.float64))
    weighted = weights * bperp
    correction = (weighted * (weights * angles)).sum(axis=1) / (weighted * weighted).sum(axis=1)
    slope = (slope + correction).astype(class_b)

    turned = _turned(xp, real, imag, bperp, slope)
    residual = xp.empty(z.shape, dtype=z.dtype)
    residual.real, residual.imag = turned
    total = _sum(turned[0]), _sum(turned[1])
    coherence = _modulus(xp, *total) / _modulus(xp, *turned).sum(axis=1, dtype=np.float64).astype(class_z)
    columns = [part.astype(np.float64) for part in (slope, _angle(xp, *total), coherence)]
    return residual, xp.stack(columns, axis=1)


def _best_trials(xp: Any, real: Any, imag: Any, steps: Any, n_trials: int) -> Any:
    """Trial number with the largest modulus of the sum, the first of equals; ``steps``: angle of one trial, (n, m)."""
    cos_1, sin_1 = xp.cos(steps), xp.sin(steps)
    cosine, sine = xp.ones_like(cos_1), xp.zeros_like(sin_1)
    power = xp.empty((2 * n_trials + 1, real.shape[0]))
    for q in range(n_trials + 1):
        # the phasors of trials q and -q are conjugates, so four sums of products serve both
        xc, ys = products_summed(xp, real, cosine), products_summed(xp, imag, sine)
        yc, xs = products_summed(xp, imag, cosine), products_summed(xp, real, sine)
        power[n_trials + q] = (xc + ys) ** 2 + (yc - xs) ** 2
        power[n_trials - q] = (xc - ys) ** 2 + (yc + xs) ** 2
        cosine, sine = cosine * cos_1 - sine * sin_1, sine * cos_1 + cosine * sin_1
    return power.argmax(axis=0) - n_trials


def _turned(xp: Any, real: Any, imag: Any, bperp: Any, slope: Any) -> tuple[Any, Any]:
    """Phasors times exp(-j slope bperp); the angle in the class of the baselines, the rest in that of the phasors."""
    angle = (slope[:, np.newaxis] * bperp).astype(np.float64)
    return _times(real, imag, xp.cos(angle).astype(real.dtype), xp.sin(angle).astype(real.dtype))


def _times(real: Any, imag: Any, other_real: Any, other_imag: Any) -> tuple[Any, Any]:
    """Product with the conjugate of another phasor; each product rounded, where NumPy's complex one may fuse them."""
    return real * other_real + imag * other_imag, imag * other_real - real * other_imag


def _sum(part: Any) -> Any:
    return part.sum(axis=1, dtype=np.float64).astype(part.dtype)


def _angle(xp: Any, real: Any, imag: Any) -> Any:
    return xp.arctan2(imag.astype(np.float64), real.astype(np.float64)).astype(real.dtype)


def _modulus(xp: Any, real: Any, imag: Any) -> Any:
    return xp.sqrt(real.astype(np.float64) ** 2 + imag.astype(np.float64) ** 2).astype(real.dtype)
