"""Coherence matrices of very many pixels, each over its own neighbours.

The compiled version adds products of four neighbours at a time with vector instructions; NumPy's gathers the neighbours of
a batch and multiplies matrices. There is no version for CUDA.

Source: docs/method/linking.md, section 3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from stamps import native

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["coherence_matrices"]

_NUMBERS_PER_BATCH = 1 << 20


def coherence_matrices(
    values: NDArray[np.float32], centres: NDArray[np.int64], offsets: NDArray[np.int64], bits: NDArray[np.uint8]
) -> tuple[NDArray[np.complex64], NDArray[np.float32]]:
    """Sample coherence matrix of each pixel.

    Parameters
    ----------
    values : ndarray of float32, shape (m + 1, 2n)
        Real parts, then imaginary parts of the n images, one row for each pixel of a block; the last row is 0.
    centres : ndarray of int64, shape (p,)
        Rows of the pixels whose matrices are wanted.
    offsets : ndarray of int64, shape (w,)
        From the row of a pixel to those of its window.
    bits : ndarray of uint8, shape (p, ceil(w / 8))
        Which of the window are neighbours, packed as ``numpy.packbits`` does.

    Returns
    -------
    matrices : ndarray of complex64, shape (p, n, n)
        Element (k, l): ``Σ f_k·conj(f_l) / √(Σ|f_k|² Σ|f_l|²)`` over the neighbours; Hermitian, 1 on the diagonal. 0 for a
        pixel without neighbours.
    powers : ndarray of float32, shape (p, n)
        Mean square modulus of each image over the neighbours.
    """
    n = values.shape[1] // 2
    result = np.zeros((len(centres), n, n), np.complex64)
    powers = np.zeros((len(centres), n), np.float32)
    if not result.size:
        return result, powers
    values, bits = np.ascontiguousarray(values), np.ascontiguousarray(bits)
    centres, offsets = np.ascontiguousarray(centres), np.ascontiguousarray(offsets)
    return native.run(
        "coherence_matrices",
        lambda xp: _in_batches(xp, values, centres, offsets, bits, result, powers),
        lambda module: _compiled(module, values, centres, offsets, bits, result, powers),
    )


def _compiled(
    module: Any,
    values: NDArray[np.float32],
    centres: NDArray[np.int64],
    offsets: NDArray[np.int64],
    bits: NDArray[np.uint8],
    result: NDArray[np.complex64],
    powers: NDArray[np.float32],
) -> tuple[NDArray[np.complex64], NDArray[np.float32]]:
    module.coherence_matrices(values, centres, offsets, bits, result.view(np.float32), powers)
    return result, powers


def _in_batches(
    xp: Any,
    values: NDArray[np.float32],
    centres: NDArray[np.int64],
    offsets: NDArray[np.int64],
    bits: NDArray[np.uint8],
    result: NDArray[np.complex64],
    powers: NDArray[np.float32],
) -> tuple[NDArray[np.complex64], NDArray[np.float32]]:
    n = values.shape[1] // 2
    images = (values[:, :n] + 1j * values[:, n:]).astype(np.complex64)
    rows = max(1, _NUMBERS_PER_BATCH // (n * offsets.size))
    for first in range(0, len(centres), rows):
        part = slice(first, first + rows)
        is_member = np.unpackbits(bits[part], axis=1, count=offsets.size).astype(bool)
        members = np.where(is_member, centres[part, None] + offsets, len(values) - 1)
        result[part], total = _matrices(xp, images[members])
        powers[part] = total / np.maximum(is_member.sum(axis=1), 1)[:, None]
    return result, powers


def _matrices(xp: Any, stacks: Any) -> tuple[Any, Any]:
    """Coherence matrices of stacks, (p, w, n) complex, and the sums of squares."""
    products = xp.matmul(xp.moveaxis(stacks, 1, 2), xp.conj(stacks))
    diagonal = xp.arange(products.shape[1])
    squares = products[:, diagonal, diagonal].real
    roots = xp.sqrt(squares)
    roots[roots == 0] = 1
    matrices = products / (roots[:, :, None] * roots[:, None, :])
    matrices = (matrices + xp.conj(xp.moveaxis(matrices, 1, 2))) / 2
    matrices[:, diagonal, diagonal] = (squares > 0).astype(np.float32)
    return matrices, squares
