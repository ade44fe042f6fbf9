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


def invert_pairs(
    design: NDArray[np.float64], phase: NDArray[np.float64], covariance: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Generalised least squares for every pixel, with the pairs that have a phase there.

    Parameters
    ----------
    design : ndarray of float64, shape (n_pair, n_image)
        From :func:`stamps.insar.network.used_images`.
    phase : ndarray of float64, shape (n_ps, n_pair)
        Radians; NaN or infinite: the pair has no phase.
    covariance : ndarray of float64, shape (n_pair, n_pair)
        Of the pairs, squared radians.

    Returns
    -------
    ndarray of float64, shape (n_ps, n_image)
        Radians; NaN for pixels whose remaining pairs do not connect all images.
    """
    there = np.isfinite(phase)
    _, first, kind = np.unique(np.packbits(there, axis=1), axis=0, return_index=True, return_inverse=True)
    order = np.argsort(kind.ravel(), kind="stable")
    series = np.full((len(phase), design.shape[1]), np.nan)
    for example, pixels in zip(first, np.split(order, np.cumsum(np.bincount(kind.ravel()))[:-1]), strict=True):
        pairs = there[example]
        if np.linalg.matrix_rank(design[pairs]) == design.shape[1]:
            observed = phase[np.ix_(pixels, pairs)].T
            series[pixels] = lscov(design[pairs], observed, covariance=covariance[np.ix_(pairs, pairs)]).T
    return series
