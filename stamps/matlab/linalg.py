"""Least squares in MATLAB's forms, and polynomials.

Every solution is computed in double; the result is single if an operand is single.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import linalg

from stamps.matlab.statistics import std

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


__all__ = ["lscov", "polyfit", "polyfit_scaled", "polyval"]

_EPS = np.finfo(np.float64).eps


def _is_single(*arrays: NDArray[np.floating[Any]] | None) -> bool:
    return any(a is not None and a.dtype in (np.float32, np.complex64) for a in arrays)


def _wide(a: NDArray[np.floating[Any]]) -> NDArray[Any]:
    return a.astype(np.complex128 if a.dtype.kind == "c" else np.float64)


def _narrow(a: NDArray[Any]) -> NDArray[Any]:
    return a.astype(np.complex64 if a.dtype.kind == "c" else np.float32)


def _pivoted_qr(a: NDArray[np.float64], mode: str) -> tuple[NDArray[Any], NDArray[Any], NDArray[np.int32], int]:
    """Return Q, R, the permutation and the numerical rank of `a`."""
    q, r, permutation = linalg.qr(a, mode=mode, pivoting=True, check_finite=False)
    diagonal = np.abs(np.diag(r))
    rank = int(np.sum(diagonal > max(a.shape) * _EPS * diagonal[0]))
    return q, r, permutation, rank


def _back_substitute(
    r: NDArray[np.float64], permutation: NDArray[np.int32], rank: int, rotated: NDArray[np.float64]
) -> NDArray[Any]:
    """Return the basic solution: pivoted unknowns from R, the others zero."""
    n = permutation.size
    x = np.zeros((n, rotated.shape[1]), np.result_type(r, rotated))
    if rank:
        x[permutation[:rank]] = linalg.solve_triangular(r[:rank, :rank], rotated[:rank], check_finite=False)
    return x


def _ordinary(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[Any]:
    """Return the least-squares solution of a x = b; basic solution if `a` lacks rank."""
    q, r, permutation, rank = _pivoted_qr(a, "economic")
    return _back_substitute(r, permutation, rank, q.conj().T @ b)


def _constrained(
    a: NDArray[np.float64], b: NDArray[np.float64], covariance: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Minimise e'e subject to a x + T e = b with T T' = covariance, for a covariance that may lack rank."""
    values, vectors = linalg.eigh(covariance, check_finite=False)
    limit = 10 * values.size * _EPS * max(np.max(np.abs(values)), np.finfo(np.float64).tiny)
    if values[0] < -limit:
        raise ValueError("The covariance of a least-squares problem must not have negative eigenvalues.")
    positive = values > limit
    root = vectors[:, positive] * np.sqrt(values[positive])
    q, r, permutation, rank = _pivoted_qr(a, "full")
    # only the part of b outside the range of a has to be explained by e; take the shortest such e
    outside = q[:, rank:].conj().T
    explained = b
    if root.shape[1] and outside.shape[0]:
        e = linalg.pinv(outside @ root, check_finite=False) @ (outside @ b)
        explained = b - root @ e
    return _back_substitute(r, permutation, rank, q[:, :rank].conj().T @ explained)


def lscov(
    a: NDArray[np.float64],
    b: NDArray[np.floating[Any]],
    weights: NDArray[np.float64] | None = None,
    covariance: NDArray[np.floating[Any]] | None = None,
) -> NDArray[Any]:
    """Solve a x = b by ordinary, weighted or generalised least squares.

    Without `weights` and `covariance` the sum of abs(b - a x)**2 is minimised; with `weights` w the sum of
    w*abs(b - a x)**2; with `covariance` V the form (b - a x)' inv(V) (b - a x), by Cholesky whitening. If V is singular
    to working precision, e'e is minimised subject to a x + T e = b with T T' = V (as nearly as b allows).

    Parameters
    ----------
    a : array_like, shape (m, n)
        Design matrix, real or complex. If its columns are dependent, the basic solution of the pivoted QR
        decomposition is returned (at most rank(a) unknowns are not zero).
    b : array_like, shape (m,) or (m, k)
        Right-hand sides. NaN in one column affects that column only.
    weights : array_like, shape (m,), optional
        Not negative; proportional to the inverse variances.
    covariance : array_like, shape (m, m), optional
        Symmetric (Hermitian) positive semi-definite.

    Returns
    -------
    ndarray, shape (n,) or (n, k)
        Single if an operand is single, else double. All NaN if `a` or the weighting is not finite.

    Raises
    ------
    ValueError
        If shapes disagree, both weightings are given, a weight is negative or the covariance has a negative
        eigenvalue.

    Notes
    -----
    Source: docs/method/conventions.md, section 6 (lscov); docs/method/scla.md (introduction).
    """
    a = np.asarray(a)
    b = np.asarray(b)
    if a.ndim != 2 or b.ndim not in (1, 2) or b.shape[0] != a.shape[0]:
        raise ValueError(f"A design matrix of shape {a.shape} does not fit observations of shape {b.shape}.")
    if weights is not None and covariance is not None:
        raise ValueError("A least-squares problem takes weights or a covariance, not both.")
    m, n = a.shape
    vector = b.ndim == 1
    weighting = None
    if weights is not None:
        weighting = np.asarray(weights).ravel()
        if weighting.size != m:
            raise ValueError(f"{weighting.size} weights were given for {m} observations.")
        if np.any(weighting < 0):
            raise ValueError("The weights of a least-squares problem must not be negative.")
    elif covariance is not None:
        weighting = np.asarray(covariance)
        if weighting.shape != (m, m):
            raise ValueError(f"A covariance of shape {weighting.shape} does not fit {m} observations.")
    single = _is_single(a, b, weighting)
    design = _wide(a)
    observed = _wide(b[:, np.newaxis] if vector else b)

    if not np.all(np.isfinite(design)) or (weighting is not None and not np.all(np.isfinite(weighting))):
        x = np.full((n, observed.shape[1]), np.nan, np.result_type(design, observed))
    elif m == 0 or n == 0:
        x = np.zeros((n, observed.shape[1]), np.result_type(design, observed))
    elif weighting is None:
        x = _ordinary(design, observed)
    elif weights is not None:
        root = np.sqrt(_wide(weighting))[:, np.newaxis]
        x = _ordinary(root * design, root * observed)
    else:
        x = _generalised(design, observed, _wide(weighting))
    if single:
        x = _narrow(x)
    return x[:, 0] if vector else x


def _generalised(a: NDArray[np.float64], b: NDArray[np.float64], covariance: NDArray[np.float64]) -> NDArray[Any]:
    """Whiten with the Cholesky factor of the covariance, or take the constrained form if it has none."""
    try:
        factor = linalg.cholesky(covariance, lower=True, check_finite=False)
    except linalg.LinAlgError:
        return _constrained(a, b, covariance)
    pivots = np.abs(np.diag(factor)) ** 2
    # a factor of pure rounding noise would whiten with that noise
    if np.any(pivots <= covariance.shape[0] * _EPS * np.abs(np.diag(covariance))):
        return _constrained(a, b, covariance)
    white_a = linalg.solve_triangular(factor, a, lower=True, check_finite=False)
    white_b = linalg.solve_triangular(factor, b, lower=True, check_finite=False)
    return _ordinary(white_a, white_b)


def polyfit(x: ArrayLike, y: ArrayLike, n: int) -> NDArray[np.floating[Any]]:
    """Fit a polynomial of degree `n` by least squares (QR of the Vandermonde matrix).

    Parameters
    ----------
    x, y : array_like, same number of elements
    n : int
        Degree.

    Returns
    -------
    ndarray, shape (n+1,)
        Coefficients, highest power first; single if `x` or `y` is single. With too few distinct abscissae a basic
        solution is returned.

    Raises
    ------
    ValueError
        If the numbers of elements differ or the degree is negative.

    Notes
    -----
    Source: docs/method/conventions.md, section 6 (polyfit).
    """
    x = np.asarray(x).ravel()
    y = np.asarray(y).ravel()
    if x.size != y.size:
        raise ValueError(f"A polynomial fit needs pairs; there are {x.size} abscissae and {y.size} ordinates.")
    if n < 0:
        raise ValueError(f"The degree of a polynomial must not be negative, it is {n}.")
    single = _is_single(x, y)
    design = np.vander(_wide(x), int(n) + 1)
    observed = _wide(y)
    q, r = linalg.qr(design, mode="economic", check_finite=False)
    if r.shape[0] == r.shape[1] and np.all(np.diag(r) != 0):
        coefficients = linalg.solve_triangular(r, q.conj().T @ observed, check_finite=False)
    else:
        coefficients = lscov(design, observed)
    return _narrow(coefficients) if single else coefficients


def polyfit_scaled(
    x: NDArray[np.float64], y: NDArray[np.float64], n: int
) -> tuple[NDArray[np.float64], tuple[float, float]]:
    """Fit a polynomial in the centred and scaled abscissa (x - mu1)/mu2.

    Parameters
    ----------
    x, y : array_like, same number of elements
    n : int
        Degree.

    Returns
    -------
    coefficients : ndarray, shape (n+1,)
        Highest power first; single if `x` or `y` is single.
    mu : tuple of two scalars
        Mean and standard deviation (N-1) of `x`, in the class of `x`; to be handed to `polyval`.

    Raises
    ------
    ValueError
        As for `polyfit`.

    Notes
    -----
    Source: docs/method/conventions.md, section 6 (polyfit, three outputs).
    """
    x = np.asarray(x).ravel()
    if x.dtype != np.float32:
        x = x.astype(np.float64)
    mu1 = x.dtype.type(np.mean(x, dtype=np.float64))
    mu2 = x.dtype.type(std(x))
    with np.errstate(divide="ignore", invalid="ignore"):
        scaled = (x - mu1) / mu2
    return polyfit(scaled, y, n), (mu1, mu2)


def polyval(p: ArrayLike, x: ArrayLike, mu: tuple[float, float] | None = None) -> Any:
    """Evaluate a polynomial by Horner's rule.

    Parameters
    ----------
    p : array_like, shape (n+1,)
        Coefficients, highest power first; none give 0.
    x : array_like, any shape
        Evaluation points. If they are single, every step is done in single.
    mu : tuple of two floats, optional
        Centre and scale from `polyfit_scaled`.

    Returns
    -------
    ndarray or scalar, shape of `x`
        Single if `x` is single, else double.

    Notes
    -----
    Source: docs/method/conventions.md, section 6 (polyval); docs/method/selection.md, section 1
    depends on the single steps.
    """
    x = np.asarray(x)
    if x.dtype not in (np.float32, np.complex64):
        x = _wide(x)
    p = np.asarray(p).ravel()
    if p.dtype.kind == "c":
        cast = np.complex64 if _is_single(x) else np.complex128
    else:
        cast = x.dtype.type
    if mu is not None:
        x = (x - x.dtype.type(mu[0])) / x.dtype.type(mu[1])
    y = np.zeros(x.shape, np.result_type(x.dtype, cast))
    for k, coefficient in enumerate(p):
        y = np.full(x.shape, cast(coefficient), y.dtype) if k == 0 else y * x + cast(coefficient)
    return y[()]
