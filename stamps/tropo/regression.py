"""Linear regression that outliers do not spoil.

Source: Huber, Robust Statistics (1981); Beaton and Tukey (1974), Technometrics 16, 147-185.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


__all__ = ["Fit", "robust_fit"]

_HUBER = 1.345  # both constants: 95 % efficiency for normal errors
_BISQUARE = 4.685
_MAD_TO_SIGMA = 1.4826
_MAX_ITERATIONS = 50
_TOLERANCE = 1e-6


@dataclass(frozen=True)
class Fit:
    """Coefficients, their standard errors (independent residuals assumed), weights (0 … 1) and the residuals'
    spread."""

    coefficients: np.ndarray
    errors: np.ndarray
    weights: np.ndarray
    scale: float


def robust_fit(design: NDArray[np.float64], values: NDArray[np.floating[Any]]) -> Fit:
    """Fit a linear model by iteratively reweighted least squares.

    Ordinary least squares first, then Huber's weights until nothing changes, then from there Tukey's bisquare, which
    leaves out what lies farther than 4.7 standard deviations; the standard deviation is 1.48 times the median absolute
    residual. Pixels that are unwrapped wrongly by whole cycles so lose their influence.

    Parameters
    ----------
    design : ndarray of float, shape (n, m)
        Full column rank.
    values : ndarray of float, shape (n,)

    Returns
    -------
    Fit
        All float64.
    """
    design = np.asarray(design, np.float64)
    values = np.asarray(values, np.float64)
    # columns of like size: heights in m beside a constant would spoil the normal equations
    size = np.sqrt((design**2).mean(axis=0))
    size[size == 0] = 1
    scaled = design / size
    weights = np.ones(len(values))
    coefficients = _solve(scaled, values, weights)
    for weigh in (_huber, _bisquare):
        for _ in range(_MAX_ITERATIONS):
            residual = values - scaled @ coefficients
            scale = _scale(residual, values)
            weights = weigh(residual / scale)
            updated = _solve(scaled, values, weights)
            change = np.abs(scaled @ (updated - coefficients)).max()
            coefficients = updated
            if change <= _TOLERANCE * scale:
                break
    residual = values - scaled @ coefficients
    freedom = max(weights.sum() - design.shape[1], 1.0)
    variance = (weights * residual**2).sum() / freedom
    covariance = variance * np.linalg.pinv((scaled * weights[:, np.newaxis]).T @ scaled)
    return Fit(coefficients / size, np.sqrt(np.diag(covariance)) / size, weights, float(np.sqrt(variance)))


def _solve(
    design: NDArray[np.float64], values: NDArray[np.float64], weights: NDArray[np.float64]
) -> NDArray[np.floating[Any]]:
    weighted = design * weights[:, np.newaxis]
    return np.linalg.lstsq(weighted.T @ design, weighted.T @ values, rcond=None)[0]


def _scale(residual: NDArray[np.float64], values: NDArray[np.floating[Any]]) -> float:
    """Standard deviation of the bulk; never zero, so that data without noise are fitted, too."""
    return max(_MAD_TO_SIGMA * np.median(np.abs(residual)), 1e-12 * np.abs(values).max(initial=0), 1e-300)


def _huber(residual: NDArray[np.float64]) -> NDArray[np.float64]:
    size = np.abs(residual)
    return np.where(size <= _HUBER, 1.0, _HUBER / np.maximum(size, _HUBER))


def _bisquare(residual: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(np.abs(residual) < _BISQUARE, (1 - (residual / _BISQUARE) ** 2) ** 2, 0.0)
