"""Linked phases from coherence matrices.

References
----------
Fornaro et al. (2015), CAESAR, TGRS 53(4) (EVD); Ansari, De Zan & Bamler (2018), TGRS 56(7) (EMI); Guarnieri & Tebaldini (2008),
TGRS 46(11), and Ferretti et al. (2011), TGRS 49(9) (PTA).

Source: docs/method/linking.md, sections 3 and 4.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.native.phase_linking import least_energy_phases, positive_inverses, smallest_eigenvectors

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps.linking.options import LinkOptions

__all__ = ["AS_ASKED", "FELL_BACK", "NONE", "REGULARISATION", "Linked", "link", "moduli", "unit"]

#: Codes of ``estimator.u8``.
NONE, AS_ASKED, FELL_BACK = 0, 1, 2
#: Added to the diagonal of the matrix of moduli before it is inverted.
REGULARISATION = 1e-6


@dataclass(frozen=True)
class Linked:
    """Linked phases of a batch of pixels.

    Attributes
    ----------
    phasors : (p, n) complex128 array
        Of modulus 1; that of the reference is 1.
    code : (p,) uint8 array
        1 as asked, 2 fell back to EVD.
    isolated : int
        Images without any coherence, counted over all pixels; their phase is the pixel's own.
    """

    phasors: NDArray[np.complex128]
    code: NDArray[np.uint8]
    isolated: int


def link(
    matrices: NDArray[np.complex64],
    own: NDArray[np.complexfloating[Any, Any]],
    reference: int,
    estimator: str,
    options: LinkOptions,
) -> Linked:
    """Link the images of a batch of pixels.

    Parameters
    ----------
    matrices : ndarray of complex64, shape (p, n, n)
        Coherence matrices; the expected angle of element (k, l) is φ_k − φ_l.
    own : ndarray of complex, shape (p, n)
        The pixels' own values, for images without coherence.
    reference : int
        Image whose phase is 0.
    estimator : {'EVD', 'EMI', 'PTA'}
    options : LinkOptions

    Returns
    -------
    Linked
    """
    coherence, used = moduli(matrices, options)
    vectors = np.zeros(own.shape, np.complex128)
    code = np.full(len(own), AS_ASKED, np.uint8)
    if estimator == "EVD":
        vectors = _largest(used)
    else:
        diagonal = np.arange(own.shape[1])
        coherence[:, diagonal, diagonal] += REGULARISATION
        inverse, good = positive_inverses(coherence)
        code[~good] = FELL_BACK
        if good.any():
            matrix = inverse[good] * used[good]
            vectors[good] = smallest_eigenvectors(matrix, used[good][:, :, reference])
            if estimator == "PTA":
                vectors[good] = least_energy_phases(matrix, unit(vectors[good]))
        if not good.all():
            vectors[~good] = _largest(used[~good])
    phasors, isolated = _with_own(vectors, used, own, reference)
    return Linked(phasors, code, isolated)


def moduli(matrices: NDArray[np.complex64], options: LinkOptions) -> tuple[NDArray[np.float64], NDArray[np.complex128]]:
    """Moduli of coherence matrices and the matrices themselves, with the options that leave pairs out or damp them.

    Returns
    -------
    coherence : ndarray of float64, shape (p, n, n)
    used : ndarray of complex128, shape (p, n, n)
    """
    used = matrices.astype(np.complex128)
    coherence = np.abs(used)
    if options.min_coherence > 0 or options.bandwidth is not None:
        keep = coherence >= options.min_coherence
        if options.bandwidth is not None:
            place = np.arange(coherence.shape[1])
            keep &= np.abs(place[:, None] - place) <= options.bandwidth
        coherence, used = coherence * keep, used * keep
    if options.beta > 0:
        coherence = (1 - options.beta) * coherence
        diagonal = np.arange(coherence.shape[1])
        coherence[:, diagonal, diagonal] += options.beta
    return coherence, used


def unit(values: NDArray[np.complexfloating[Any, Any]]) -> NDArray[np.complexfloating[Any, Any]]:
    """Numbers of modulus 1; 1 where there is no phase."""
    modulus = np.abs(values)
    return np.where(modulus > 0, values / np.where(modulus > 0, modulus, 1), 1)


def _largest(used: NDArray[np.complex128]) -> NDArray[np.complex128]:
    """Eigenvectors of the largest eigenvalues: none is above n, so they are the smallest of n·I − Ĉ."""
    n = used.shape[1]
    matrix = -used
    diagonal = np.arange(n)
    matrix[:, diagonal, diagonal] += n
    return smallest_eigenvectors(matrix, used.sum(axis=2))


def _with_own(
    vectors: NDArray[np.complex128],
    used: NDArray[np.complex128],
    own: NDArray[np.complexfloating[Any, Any]],
    reference: int,
) -> tuple[NDArray[np.complex128], int]:
    """Unit phasors relative to the reference; images without any coherence take the pixel's own phase."""
    phasors = unit(vectors)
    alone = (used != 0).sum(axis=2) <= 1
    if alone.any():
        pixels = np.flatnonzero(alone.any(axis=1))
        lonely, values = alone[pixels], unit(own[pixels].astype(np.complex128))
        linked = ~lonely
        linked[:, reference] &= ~lonely[:, reference]
        anchor = np.where(linked[:, reference], reference, np.argmax(linked, axis=1))
        row = np.arange(len(pixels))
        relative = phasors[pixels, anchor][:, None] * values * np.conj(values[row, anchor])[:, None]
        phasors[pixels] = np.where(lonely | ~linked.any(axis=1)[:, None], relative, phasors[pixels])
    phasors = phasors * np.conj(phasors[:, reference])[:, None]
    return phasors, int(np.count_nonzero(alone))
