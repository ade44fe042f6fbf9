"""Phasors of phases: sine and cosine in double, rounded once to the class of the result.

The processor's vector instructions give what a good library of elementary functions gives, at a tenth of its time: sine and
cosine are right to one unit in the last place of a double, and so are their singles but for one in some hundred million.

Source: docs/method/conventions.md, section 4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from stamps import native
from stamps.native.arrays import to_host

if TYPE_CHECKING:
    from numpy.typing import NDArray


__all__ = ["phasors", "phasors_compiled"]

_BLOCKS = 64  # which threads of the compiled version share
_ROW = 512  # values at a time
_LARGEST = 1e6  # rad: up to here the reduction to a quarter turn is exact
_WORTH_IT = 2**12  # values from which the compiled version is called


def phasors(phase: NDArray[np.floating[Any]]) -> NDArray[np.complexfloating[Any, Any]]:
    """exp(j·phase), computed in double.

    Parameters
    ----------
    phase : ndarray of float32 or float64
        Radians, any shape.

    Returns
    -------
    ndarray of complex64 or complex128
        Of the same shape, complex64 for float32.
    """
    phase = np.asarray(phase)
    single = phase.dtype == np.float32

    def compiled(module: Any) -> NDArray[np.complexfloating[Any, Any]]:
        if phase.size < _WORTH_IT or (np.abs(phase) > _LARGEST).any():
            return _phasors_arrays(np, phase)
        return phasors_compiled(module, phase, single)

    return native.run("phasors", lambda xp: to_host(_phasors_arrays(xp, xp.asarray(phase))), compiled)


def phasors_compiled(module: Any, phase: NDArray[np.floating[Any]], single: bool) -> NDArray[Any]:
    """The compiled kernel for angles of up to 1e6 rad; complex64 on demand."""
    values = np.ascontiguousarray(phase, np.float32 if phase.dtype == np.float32 else np.float64).reshape(-1)
    result = np.empty(values.size, np.complex64 if single else np.complex128)
    whole = values.size // _ROW * _ROW
    for part, n_column in ((slice(whole), _ROW), (slice(whole, None), max(values.size - whole, 1))):
        rows, of_rows = values[part].reshape(-1, n_column), result[part].reshape(-1, n_column)
        module.phasors(rows, of_rows, np.empty((min(max(len(rows), 1), _BLOCKS), 3, 8 * n_column)))
    return result.reshape(phase.shape)


def _phasors_arrays(xp: Any, phase: Any) -> Any:
    result = xp.empty(phase.shape, np.complex64 if phase.dtype == np.float32 else np.complex128)
    angle = phase.astype(np.float64, copy=False)
    with np.errstate(invalid="ignore"):
        result.real, result.imag = xp.cos(angle), xp.sin(angle)
    return result
