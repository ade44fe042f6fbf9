"""Windows and linear filters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


__all__ = ["filter2", "fir_filter", "gausswin"]


def gausswin(n: int, alpha: float = 2.5) -> NDArray[np.float64]:
    """Return the Gaussian window of `n` samples.

    w_k = exp(-((alpha*(k - (n-1)/2)/((n-1)/2))**2)/2), k = 0 ... n-1.

    Parameters
    ----------
    n : int
        Number of samples, at least 1 (one sample gives 1).
    alpha : float
        Reciprocal width: the window ends at `alpha` standard deviations.

    Returns
    -------
    ndarray, shape (n,), float64
        Symmetric, not normalised.

    Raises
    ------
    ValueError
        If `n` is smaller than 1.

    Notes
    -----
    Source: docs/method/conventions.md, section 6.
    """
    n = int(n)
    if n < 1:
        raise ValueError(f"A Gaussian window needs at least one sample, {n} were requested.")
    if n == 1:
        return np.ones(1)
    half = (n - 1) / 2
    return np.exp(-0.5 * (alpha * (np.arange(n) - half) / half) ** 2)


def _separate(b: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Return (column, row) with b = outer(column, row) to rounding, or None."""
    pivot_row, pivot_column = np.unravel_index(np.argmax(np.abs(b)), b.shape)
    pivot = b[pivot_row, pivot_column]
    if pivot == 0 or not np.all(np.isfinite(b)):
        return None
    column = b[:, pivot_column]
    row = b[pivot_row] / pivot
    if np.allclose(np.outer(column, row), b, rtol=1e-14, atol=4 * np.finfo(np.float64).eps * abs(pivot)):
        return column, row
    return None


def filter2(b: ArrayLike, x: ArrayLike) -> NDArray[Any]:
    """Correlate images with a kernel; the output has the size of the image, outside is zero.

    Parameters
    ----------
    b : array_like, real, shape (p, q)
        Kernel. Kernels that are an outer product are applied as two one-dimensional filters.
    x : array_like, shape (..., r, c)
        One image or a stack of images, real or complex.

    Returns
    -------
    ndarray, same shape as `x`
        float32 or complex64 if `x` or the kernel is single, else float64 or complex128. Sums are
        formed in double and rounded once.

    Raises
    ------
    ValueError
        If the kernel is empty or not two-dimensional, or `x` has fewer than two dimensions.

    Notes
    -----
    Source: docs/method/conventions.md, section 6 (filter2). Element (i, j) is the sum of
    b[m, n]*x[i+m-(p-1)//2, j+n-(q-1)//2].
    """
    b = np.asarray(b)
    x = np.asarray(x)
    if b.ndim != 2 or b.size == 0:
        raise ValueError(f"A filter kernel needs two dimensions and at least one element, its shape is {b.shape}.")
    if x.ndim < 2:
        raise ValueError(f"An image needs two dimensions, the shape is {x.shape}.")
    single = x.dtype in (np.float32, np.complex64) or b.dtype == np.float32
    wide = np.complex128 if x.dtype.kind == "c" else np.float64
    narrow = {np.complex128: np.complex64, np.float64: np.float32}[wide] if single else wide
    b = b.astype(np.float64)
    if x.size == 0:
        return np.zeros(x.shape, narrow)

    factors = _separate(b)
    if factors is not None:
        from scipy import ndimage

        result = x.astype(wide)
        for axis, weights in zip((-2, -1), factors, strict=True):
            # SciPy centres an even kernel one sample later than MATLAB
            origin = 0 if weights.size % 2 else -1
            result = ndimage.correlate1d(result, weights, axis=axis, mode="constant", cval=0.0, origin=origin)
        return result.astype(narrow)

    p, q = b.shape
    r, c = x.shape[-2:]
    top, left = (p - 1) // 2, (q - 1) // 2
    padded = np.zeros((*x.shape[:-2], r + p - 1, c + q - 1), wide)
    padded[..., top : top + r, left : left + c] = x
    result = np.zeros(x.shape, wide)
    for m in range(p):
        for n in range(q):
            result += b[m, n] * padded[..., m : m + r, n : n + c]
    return result.astype(narrow)


def fir_filter(b: ArrayLike, x: ArrayLike) -> NDArray[Any]:
    """Filter causally with zero initial state: y[n] = sum over m of b[m]*x[n-m].

    Parameters
    ----------
    b : array_like, shape (k,)
        Coefficients.
    x : array_like, shape (n,) or (n, c)
        Signal, or one signal per column.

    Returns
    -------
    ndarray, same shape as `x`
        Single if `b` or `x` is single, else double.

    Notes
    -----
    Source: docs/method/conventions.md, section 6 (filter); docs/method/coherence.md, section 7.
    """
    b = np.atleast_1d(np.asarray(b))
    x = np.asarray(x)
    single = any(a.dtype in (np.float32, np.complex64) for a in (b, x))
    wide = np.complex128 if "c" in (b.dtype.kind, x.dtype.kind) else np.float64
    if x.size == 0:
        result = np.zeros(x.shape, wide)
    else:
        b, x = b.astype(wide), x.astype(wide)
        result = np.apply_along_axis(lambda samples: np.convolve(b, samples)[: len(samples)], 0, x)
    if single:
        result = result.astype(np.complex64 if wide is np.complex128 else np.float32)
    return result
