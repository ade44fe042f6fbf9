"""Histogram, median, moments and sums.

Single-precision input gives single-precision output, but every sum is accumulated in double and rounded once
(docs/method/conventions.md, section 4, item 7).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


__all__ = ["cov", "hist", "mean_single", "median", "nanmean", "std", "sum_single", "var"]

_SINGLE = {np.dtype(np.float32): np.float32, np.dtype(np.complex64): np.complex64}


def _classes(x: NDArray[Any]) -> tuple[type, type]:
    """Return (accumulator dtype, result dtype) for the array `x`."""
    wide = np.complex128 if x.dtype.kind == "c" else np.float64
    return wide, _SINGLE.get(x.dtype, wide)


def _count(x: NDArray[Any], axis: int | None) -> int:
    """Return how many elements a reduction over `axis` combines."""
    if axis is None:
        return x.size
    axes = axis if isinstance(axis, tuple) else (axis,)
    return int(np.prod([x.shape[a] for a in axes]))


def _reduced_shape(x: NDArray[np.floating[Any]], axis: int | None) -> tuple[int, ...]:
    """Return the shape that is left after a reduction over `axis`."""
    if axis is None:
        return ()
    axes = {a % x.ndim for a in (axis if isinstance(axis, tuple) else (axis,))}
    return tuple(n for a, n in enumerate(x.shape) if a not in axes)


def hist(values: ArrayLike, centres: ArrayLike) -> NDArray[np.float64]:
    """Count values in bins given by their centres.

    Inner edges lie half-way between neighbouring centres. Values outside go to the end bins, a value equal to an
    edge goes to the lower bin, NaN is ignored.

    Parameters
    ----------
    values : array_like, real, any shape
    centres : array_like, shape (n,)
        Strictly increasing.

    Returns
    -------
    ndarray, shape (n,), float64

    Raises
    ------
    ValueError
        If `centres` is empty or does not increase.

    Notes
    -----
    Source: docs/method/conventions.md, section 6 (hist).
    """
    centres = np.asarray(centres, dtype=np.float64).ravel()
    if centres.size == 0 or not np.all(np.diff(centres) > 0):
        raise ValueError("The bin centres of a histogram must increase strictly, and there must be at least one.")
    values = np.asarray(values, dtype=np.float64).ravel()
    values = values[~np.isnan(values)]
    edges = (centres[:-1] + centres[1:]) / 2
    bins = np.searchsorted(edges, values, side="left")
    return np.bincount(bins, minlength=centres.size).astype(np.float64)


def median(x: ArrayLike, axis: int | None = None) -> Any:
    """Return the median; an even count gives the mean of the two middle values, NaN propagates.

    Parameters
    ----------
    x : array_like, real
    axis : int or None
        None takes all elements.

    Returns
    -------
    ndarray or scalar
        float32 for float32 input, else float64; NaN where there is nothing to combine.

    Notes
    -----
    Source: docs/method/conventions.md, sections 4 and 6.
    """
    x = np.asarray(x)
    if x.dtype != np.float32:
        x = x.astype(np.float64)
    if _count(x, axis) == 0:
        return np.full(_reduced_shape(x, axis), np.nan, x.dtype)[()]
    with np.errstate(invalid="ignore"):
        return np.median(x, axis=axis)


def var(x: ArrayLike, axis: int | None = None) -> Any:
    """Return the variance with divisor N-1 (0 for one sample); complex: the mean of abs(x - mean)**2.

    Parameters
    ----------
    x : array_like, real or complex
    axis : int, tuple of int or None
        None takes all elements.

    Returns
    -------
    ndarray or scalar, real
        float32 for single input, else float64. NaN propagates; no samples give NaN.

    Notes
    -----
    Source: docs/method/conventions.md, section 6 (std, var).
    """
    x = np.asarray(x)
    wide, result = _classes(x)
    real_result: np.dtype[Any] = np.empty(0, result).real.dtype
    count = _count(x, axis)
    if count == 0:
        return np.full(_reduced_shape(x, axis), np.nan, real_result)[()]
    with np.errstate(invalid="ignore"):
        value = np.var(x, axis=axis, dtype=wide, ddof=1 if count > 1 else 0)
    return np.asarray(value).real.astype(real_result)[()]


def std(x: ArrayLike, axis: int | None = None) -> Any:
    """Return the standard deviation with divisor N-1 (0 for one sample).

    Parameters
    ----------
    x : array_like, real or complex
    axis : int, tuple of int or None
        None takes all elements.

    Returns
    -------
    ndarray or scalar, real
        float32 for single input, else float64. NaN propagates; no samples give NaN.

    Notes
    -----
    Source: docs/method/conventions.md, section 6 (std, var).
    """
    x = np.asarray(x)
    wide, result = _classes(x)
    root = np.sqrt(var(x.astype(wide, copy=False), axis))
    return np.asarray(root).astype(np.empty(0, result).real.dtype)[()]


def sum_single(x: ArrayLike, axis: int | None = None) -> Any:
    """Return the sum, accumulated in double and rounded once to the class of `x`.

    Parameters
    ----------
    x : array_like, real or complex
    axis : int, tuple of int or None
        None takes all elements.

    Returns
    -------
    ndarray or scalar
        float32 or complex64 for single input, else float64 or complex128.

    Notes
    -----
    Source: docs/method/conventions.md, section 4, item 7.
    """
    x = np.asarray(x)
    wide, result = _classes(x)
    with np.errstate(invalid="ignore", over="ignore"):
        return np.asarray(np.sum(x, axis=axis, dtype=wide)).astype(result)[()]


def mean_single(x: ArrayLike, axis: int | None = None) -> Any:
    """Return the mean, accumulated in double and rounded once to the class of `x`.

    Parameters
    ----------
    x : array_like, real or complex
    axis : int, tuple of int or None
        None takes all elements.

    Returns
    -------
    ndarray or scalar
        float32 or complex64 for single input, else float64 or complex128; NaN if there is nothing to combine.

    Notes
    -----
    Source: docs/method/conventions.md, section 4, item 7.
    """
    x = np.asarray(x)
    wide, result = _classes(x)
    count = _count(x, axis)
    if count == 0:
        return np.full(_reduced_shape(x, axis), np.nan, result)[()]
    with np.errstate(invalid="ignore", over="ignore"):
        return np.asarray(np.sum(x, axis=axis, dtype=wide) / count).astype(result)[()]


def nanmean(x: NDArray[Any] | Sequence[Any], axis: int | None = None) -> Any:
    """Return the mean of the values that are not NaN (NaN if there is none).

    Parameters
    ----------
    x : array_like, real or complex
    axis : int, tuple of int or None
        None takes all elements.

    Returns
    -------
    ndarray or scalar
        float32 or complex64 for single input, else float64 or complex128.

    Notes
    -----
    Source: docs/method/conventions.md, section 6 (nanmean). Accumulated in double, rounded once.
    """
    x = np.asarray(x)
    wide, result = _classes(x)
    valid = ~np.isnan(x)
    count = np.sum(valid, axis=axis)
    with np.errstate(invalid="ignore", divide="ignore"):
        total: Any = np.sum(x, axis=axis, dtype=wide, where=valid)
        value = total / count
    # complex 0/0 must be NaN as well, whatever the division of the platform makes of it
    value = np.where(count == 0, np.nan, value)
    return np.asarray(value).astype(result)[()]


def cov(x: ArrayLike) -> NDArray[Any]:
    """Return the covariance of the columns with divisor N-1 (zeros for one row).

    Parameters
    ----------
    x : array_like, shape (n, k) or (n,)
        One observation per row; a vector is one column.

    Returns
    -------
    ndarray, shape (k, k)
        float32 or complex64 for single input, else float64 or complex128. NaN in a column fills its row and column.
        Complex: element (i, j) is the sum of conj(x_i)*x_j.

    Notes
    -----
    Source: docs/method/unwrapping.md, sections 5.5.3 and 10.
    """
    x = np.asarray(x)
    if x.ndim == 1:
        x = x[:, np.newaxis]
    wide, result = _classes(x)
    n, k = x.shape
    if n == 0:
        return np.full((k, k), np.nan, result)
    with np.errstate(invalid="ignore"):
        centred = x.astype(wide) - np.sum(x, axis=0, dtype=wide) / n
        return ((centred.conj().T @ centred) / max(n - 1, 1)).astype(result)
