"""Phase linking of very many pixels: inverses, smallest eigenvectors and phases of least energy of small matrices.

The compiled version finds the smallest eigenvalue by inverse iteration with shifts from below and proves by a factorisation
that there is none below it; what it cannot prove is left to LAPACK, which NumPy's version asks for everything. There is
no version for CUDA.

Source: docs/method/linking.md, sections 3 and 4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from stamps import native

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["least_energy_phases", "positive_inverses", "smallest_eigenvectors"]

_MOST_SWEEPS, _TOLERANCE = 1000, 1e-6


def positive_inverses(matrices: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Inverses of symmetric matrices that are positive definite.

    Parameters
    ----------
    matrices : ndarray of float64, shape (p, n, n)

    Returns
    -------
    inverses : ndarray of float64, shape (p, n, n)
        0 where a matrix is not positive definite.
    good : ndarray of bool, shape (p,)
        Where it is.
    """
    inverses = np.array(matrices, np.float64, order="C")
    good = native.run(
        "phase_linking",
        lambda xp: _inverses_arrays(xp, inverses),
        lambda module: _inverses_compiled(module, inverses),
    )
    inverses[~good] = 0
    return inverses, good


def _inverses_compiled(module: Any, inverses: NDArray[np.float64]) -> NDArray[np.bool_]:
    good = np.zeros(len(inverses), np.uint8)
    if inverses.size:
        module.positive_inverses(inverses, good)
    return good.astype(bool)


def _inverses_arrays(xp: Any, inverses: NDArray[np.float64]) -> NDArray[np.bool_]:
    good = xp.isfinite(inverses).all(axis=(1, 2))
    good[good] = xp.linalg.eigvalsh(inverses[good])[:, 0] > 0 if inverses.shape[1] else True
    inverses[good] = xp.linalg.inv(inverses[good])
    return good


def smallest_eigenvectors(
    matrices: NDArray[np.complexfloating[Any, Any]], start: NDArray[np.complexfloating[Any, Any]]
) -> NDArray[np.complex128]:
    """Eigenvectors of the smallest eigenvalues of Hermitian matrices.

    Parameters
    ----------
    matrices : ndarray of complex, shape (p, n, n)
        Finite numbers.
    start : ndarray of complex, shape (p, n)
        Vectors to begin with; they save time, the result does not depend on them but for a factor.

    Returns
    -------
    ndarray of complex128, shape (p, n)
        Vectors of length 1, each with an arbitrary phase.
    """
    return native.run(
        "phase_linking",
        lambda xp: _last_resort(xp, matrices),
        lambda module: _vectors_compiled(module, matrices, start),
    )


def _last_resort(xp: Any, matrices: NDArray[np.complexfloating[Any, Any]]) -> NDArray[np.complex128]:
    """LAPACK's eigenvectors; it looks at the lower triangle, which is made from the upper one."""
    return xp.linalg.eigh(xp.conj(xp.moveaxis(matrices, 1, 2)).astype(np.complex128))[1][:, :, 0]


def _vectors_compiled(
    module: Any, matrices: NDArray[np.complexfloating[Any, Any]], start: NDArray[np.complexfloating[Any, Any]]
) -> NDArray[np.complex128]:
    real, imag = _parts(matrices)
    x, y = _parts(start)
    good = np.zeros(len(matrices), np.uint8)
    if matrices.size:
        module.smallest_eigenvectors(real, imag, x, y, good)
    vectors = x + 1j * y
    left = good == 0
    if left.any():
        vectors[left] = _last_resort(np, matrices[left])
    return vectors


def least_energy_phases(
    matrices: NDArray[np.complexfloating[Any, Any]], start: NDArray[np.complexfloating[Any, Any]]
) -> NDArray[np.complex128]:
    """Phasors ξ that make ξᴴ·M·ξ least, by coordinate descent: no step increases it.

    Parameters
    ----------
    matrices : ndarray of complex, shape (p, n, n)
        Hermitian.
    start : ndarray of complex, shape (p, n)
        Of modulus 1.

    Returns
    -------
    ndarray of complex128, shape (p, n)
        After 1000 sweeps, or when a sweep changes no phasor by more than 1e-6.
    """
    return native.run(
        "phase_linking",
        lambda xp: _descent_arrays(xp, matrices.astype(np.complex128), start.astype(np.complex128)),
        lambda module: _descent_compiled(module, matrices, start),
    )


def _descent_compiled(
    module: Any, matrices: NDArray[np.complexfloating[Any, Any]], start: NDArray[np.complexfloating[Any, Any]]
) -> NDArray[np.complex128]:
    real, imag = _parts(matrices)
    x, y = _parts(start)
    if matrices.size:
        module.least_energy_phases(real, imag, x, y, _MOST_SWEEPS, _TOLERANCE)
    return x + 1j * y


def _descent_arrays(
    xp: Any, matrices: NDArray[np.complex128], phasors: NDArray[np.complex128]
) -> NDArray[np.complex128]:
    """All pixels side by side; those that have converged are left out."""
    result = phasors.copy()
    active = xp.arange(len(phasors))
    for _ in range(_MOST_SWEEPS):
        if active.size == 0:
            break
        part, matrix = result[active], matrices[active]
        change = xp.zeros(len(active))
        for k in range(phasors.shape[1]):
            g = (matrix[:, k] * part).sum(axis=1) - matrix[:, k, k] * part[:, k]
            size = xp.abs(g)
            new = xp.where(size > 0, -g / xp.where(size > 0, size, 1.0), part[:, k])
            change = xp.maximum(change, xp.abs(new - part[:, k]))
            part[:, k] = new
        result[active] = part
        active = active[change > _TOLERANCE]
    return result


def _parts(values: NDArray[np.complexfloating[Any, Any]]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Real and imaginary part as arrays of their own."""
    return np.array(values.real, np.float64, order="C"), np.array(values.imag, np.float64, order="C")
