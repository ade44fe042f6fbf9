"""How good linked phases are: temporal coherence, a bound of their noise, phase closure.

References
----------
Ferretti et al. (2011), TGRS 49(9); Tebaldini & Monti Guarnieri (2010), Methods and performances for multi-pass SAR interferometry
(bound); Ansari, De Zan & Parizzi (2021), TGRS 59(2) (closure).

Source: docs/method/linking.md, section 6.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.linking.estimators import REGULARISATION
from stamps.native.phase_linking import positive_inverses

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["mean_closure", "phase_deviation", "temporal_coherence"]


def temporal_coherence(
    matrices: NDArray[np.complex64], phasors: NDArray[np.complexfloating[Any, Any]]
) -> NDArray[np.float32]:
    """How well linked phases fit the phases of all pairs.

    Parameters
    ----------
    matrices : ndarray of complex64, shape (p, n, n)
        Coherence matrices; pairs whose element is 0 do not count.
    phasors : ndarray of complex, shape (p, n)
        exp(jθ).

    Returns
    -------
    ndarray of float32, shape (p,)
        Mean of cos(angle Ĉ_kl − θ_k + θ_l) over k < l, at least 0; 0 without a pair.
    """
    n = matrices.shape[1]
    modulus = np.abs(matrices)
    is_pair = modulus > 0
    is_pair[:, np.arange(n), np.arange(n)] = False
    unit = np.where(is_pair, matrices / np.where(is_pair, modulus, 1), 0)
    phasors = phasors.astype(np.complex64)
    fitted = (unit * phasors[:, None, :]).sum(axis=2, dtype=np.complex128)
    total = (fitted * np.conj(phasors)).real.sum(axis=1)
    pairs = np.count_nonzero(is_pair, axis=(1, 2))
    return np.clip(total / np.maximum(pairs, 1), 0, 1).astype(np.float32)


def phase_deviation(coherence: NDArray[np.float64], looks: NDArray[np.float64], reference: int) -> NDArray[np.float32]:
    """Cramér–Rao bound of linked phases: root mean square over the images but the reference.

    Parameters
    ----------
    coherence : ndarray of float64, shape (p, n, n)
        Moduli of the coherence matrices.
    looks : ndarray of float64, shape (p,)
        Independent looks.
    reference : int

    Returns
    -------
    ndarray of float32, shape (p,)
        Radians; infinite where a matrix cannot be inverted.
    """
    n = coherence.shape[1]
    diagonal = np.arange(n)
    coherence = coherence.copy()
    coherence[:, diagonal, diagonal] += REGULARISATION
    inverse, good = positive_inverses(coherence)
    information = 2 * looks[:, None, None] * (coherence * inverse)
    information[:, diagonal, diagonal] -= 2 * looks[:, None]
    others = diagonal[diagonal != reference]
    covariance, positive = positive_inverses(information[:, others[:, None], others])
    variance = covariance[:, diagonal[:-1], diagonal[:-1]].mean(axis=1)
    with np.errstate(invalid="ignore"):
        deviation = np.sqrt(variance)
    return np.where(good & positive & np.isfinite(deviation), deviation, np.inf).astype(np.float32)


def mean_closure(matrices: NDArray[np.complex64]) -> NDArray[np.float32]:
    """Mean of |angle(Ĉ_k,k+1 · Ĉ_k+1,k+2 · conj Ĉ_k,k+2)| over k, (p,) radians: what does not close is no displacement."""
    n = matrices.shape[1]
    k = np.arange(n - 2)
    triplets = matrices[:, k, k + 1] * matrices[:, k + 1, k + 2] * np.conj(matrices[:, k, k + 2])
    return np.abs(np.angle(triplets)).mean(axis=1).astype(np.float32)
