"""From the phases of pairs to those of images where some pairs of some pixels have no phase: arrays in, arrays out.

Source: docs/method/unwrapping_errors.md, section 5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stamps.matlab.linalg import lscov

if TYPE_CHECKING:
    from numpy.typing import NDArray


__all__ = ["invert_pairs"]

_BLOCK = 2_000_000  # elements of the normal equations that are held at a time
_SINGULAR = 1e-11  # smallest over largest eigenvalue of equations without solution


def invert_pairs(
    design: NDArray[np.float64], phase: NDArray[np.float64], variance: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Weighted least squares for every pixel, with the pairs that have a phase there.

    Parameters
    ----------
    design : ndarray of float64, shape (n_pair, n_image)
        From :func:`stamps.insar.network.used_images`.
    phase : ndarray of float64, shape (n_ps, n_pair)
        Radians; NaN or infinite: the pair has no phase.
    variance : ndarray of float64, shape (n_pair,)
        Of the pairs, squared radians.

    Returns
    -------
    ndarray of float64, shape (n_ps, n_image)
        Radians; NaN for pixels whose remaining pairs do not connect all images.
    """
    there = np.isfinite(phase)
    whole = there.all(axis=1)
    series = np.full((len(phase), design.shape[1]), np.nan)
    series[whole] = lscov(design, phase[whole].T, covariance=np.diag(variance)).T
    step = max(_BLOCK // design.size, 1)
    gaps = np.flatnonzero(~whole)
    for start in range(0, gaps.size, step):
        some = gaps[start : start + step]
        series[some] = _with_gaps(design, phase[some], there[some] / variance)
    return series


def _with_gaps(
    design: NDArray[np.float64], phase: NDArray[np.float64], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Normal equations of each pixel with weights of its own, (n, n_pair), 0 for pairs without phase."""
    normal = (weights[:, np.newaxis] * design.T) @ design
    right = np.where(weights > 0, weights * phase, 0) @ design
    size = np.linalg.eigvalsh(normal)
    solvable = size[:, 0] > _SINGULAR * size[:, -1]
    series = np.full((len(phase), design.shape[1]), np.nan)
    series[solvable] = np.linalg.solve(normal[solvable], right[solvable, :, np.newaxis])[..., 0]
    return series
