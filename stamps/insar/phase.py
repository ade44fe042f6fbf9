"""Phases and phasors, the master column, and reference means: small array functions that several steps share.

Phases are the same on every machine: some are rounded to whole numbers (costs of edges, grid cells), so the last bits decide
now and then. Sines, cosines, moduli and angles are therefore computed in double and rounded once to the class of their
argument, and complex numbers are multiplied part by part, instead of trusting the vector instructions of the day.

Classes follow MATLAB: a single operand makes the result single (but that of :func:`multiply`).

Source: docs/method/conventions.md, section 4; docs/method/merging.md; docs/method/unwrapping.md, section 13; docs/method/scla.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.matlab.statistics import nanmean
from stamps.native.phasors import phasors

if TYPE_CHECKING:
    from numpy.typing import NDArray


__all__ = [
    "angle",
    "divided",
    "insert_column",
    "look_angle_phase",
    "modulus",
    "multiply",
    "normalised",
    "phasor",
    "product",
    "reference_mean",
    "rotated",
    "unit_modulus",
    "wrapped",
]

_SINGLE = (np.float32, np.complex64)


# ---------------------------------------------------------------------- phasors and angles


def phasor(phase: np.ndarray) -> np.ndarray:
    """exp(j·phase): of single phases correctly rounded to complex64, which NumPy's own is not; else complex128.

    Parameters
    ----------
    phase : ndarray of float
        Radians, any shape.

    Returns
    -------
    ndarray of complex
        Same shape.
    """
    return phasors(phase)


def angle(values: np.ndarray) -> np.ndarray:
    """Angle of complex values in radians; of singles correctly rounded to single, which NumPy's own is not.

    Parameters
    ----------
    values : ndarray of complex
        Any shape.

    Returns
    -------
    ndarray of float
        Same shape, in [-π, π]; float32 for complex64; 0 for 0, NaN for NaN.
    """
    values = np.asarray(values)
    result = np.empty(values.shape, values.real.dtype)
    np.arctan2(values.imag, values.real, dtype=np.float64, out=result, casting="same_kind")
    return result


def wrapped(phase: np.ndarray) -> np.ndarray:
    """The angle of exp(j·phase), with exp(j·phase) rounded to the class of ``phase`` on the way."""
    return angle(phasor(phase))


# ---------------------------------------------------------------------- products and quotients


def multiply(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Complex product with every operation rounded to the wider class (NumPy fuses them where the processor can).

    Parameters
    ----------
    a, b : ndarray of complex, broadcastable

    Returns
    -------
    ndarray of complex
        Double if one of the two is double; :func:`product` is MATLAB's rule.
    """
    result = np.empty(np.broadcast_shapes(a.shape, b.shape), np.result_type(a, b))
    result.real = a.real * b.real
    result.real -= a.imag * b.imag
    result.imag = a.real * b.imag
    result.imag += a.imag * b.real
    return result


def product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """a times b, single if one of the two is single.

    Parameters
    ----------
    a, b : ndarray, real or complex, broadcastable

    Returns
    -------
    ndarray
        Where one operand is single the other is rounded to single first (MATLAB's rule). Complex products are formed
        from four real ones, each rounded, without fused operations.
    """
    a, b = np.asarray(a), np.asarray(b)
    if a.dtype in _SINGLE or b.dtype in _SINGLE:
        a, b = (x.astype(np.complex64 if x.dtype.kind == "c" else np.float32, copy=False) for x in (a, b))
    return multiply(a, b) if np.iscomplexobj(a) and np.iscomplexobj(b) else a * b


def rotated(ph: np.ndarray, phase: np.ndarray, sign: int = -1) -> np.ndarray:
    """ph · exp(j·sign·phase), single if one of the two is single.

    Parameters
    ----------
    ph : ndarray of complex64 or complex128
    phase : ndarray of float32 or float64, broadcastable
        Radians.
    sign : int
        -1 takes the phase away, +1 adds it.

    Returns
    -------
    ndarray of complex
    """
    return product(ph, phasor(phase if sign > 0 else -phase))


def modulus(values: np.ndarray) -> np.ndarray:
    """Absolute value of complex values, computed in double and rounded once to their class; same shape."""
    values = np.asarray(values)
    result = np.empty(values.shape, values.real.dtype)
    np.hypot(values.real, values.imag, dtype=np.float64, out=result, casting="same_kind")
    return result


def divided(values: np.ndarray, real: np.ndarray) -> np.ndarray:
    """Complex by real, part by part (NaN where 0/0); class of ``values``."""
    result = np.empty_like(values)
    with np.errstate(invalid="ignore", divide="ignore"):
        np.divide(values.real, real, out=result.real)
        np.divide(values.imag, real, out=result.imag)
    return result


def normalised(values: np.ndarray) -> np.ndarray:
    """Divide non-zero complex values by their modulus; zeros keep the signs of their parts, which decide their angle.

    :func:`unit_modulus` forgets those signs. Same shape and class.
    """
    length = modulus(values)
    length[length == 0] = 1
    return divided(values, length)


def unit_modulus(values: np.ndarray) -> np.ndarray:
    """Divide non-zero complex values by their modulus, rounded to the class; zeros become +0. Same shape and class."""
    values = np.asarray(values)
    length = modulus(values)
    result = np.zeros_like(values)
    np.divide(values.real, length, out=result.real, where=length != 0)
    np.divide(values.imag, length, out=result.imag, where=length != 0)
    return result


# ---------------------------------------------------------------------- master, look angle, reference


def insert_column(matrix: NDArray[Any], column: int, value: int) -> NDArray[Any]:
    """Insert a constant column, for instance the master into per-interferogram arrays of the others.

    Parameters
    ----------
    matrix : ndarray, shape (n, k)
    column : int
        0-based position of the new column.
    value : number
        Its value.

    Returns
    -------
    ndarray, shape (n, k + 1)
        Same class as ``matrix``.
    """
    n, k = matrix.shape
    result = np.empty((n, k + 1), matrix.dtype)
    result[:, :column] = matrix[:, :column]
    result[:, column] = value
    result[:, column + 1 :] = matrix[:, column:]
    return result


def look_angle_phase(
    k_ps: NDArray[np.floating[Any]], c_ps: NDArray[np.floating[Any]] | None, bperp: NDArray[np.floating[Any]]
) -> NDArray[np.float32]:
    """K·B + C, every step in single precision as where single and double meet in MATLAB.

    Parameters
    ----------
    k_ps : ndarray, shape (n_ps,)
        Look-angle error in rad/m.
    c_ps : ndarray, shape (n_ps,), or None
        Master noise in rad; None leaves it out.
    bperp : ndarray, shape (n_ps, k)
        Perpendicular baselines in m.

    Returns
    -------
    ndarray of float32, shape (n_ps, k)
    """
    phase = k_ps.astype(np.float32)[:, np.newaxis] * bperp.astype(np.float32, copy=False)
    if c_ps is not None:
        phase += c_ps.astype(np.float32)[:, np.newaxis]
    return phase


def reference_mean(
    phase: NDArray[np.floating[Any]], reference: NDArray[np.integer[Any]] | None
) -> NDArray[np.floating[Any]]:
    """Mean of each column over the reference pixels, NaN ignored.

    Parameters
    ----------
    phase : ndarray, shape (n_ps, k)
    reference : ndarray of int or None
        0-based pixels; None means that nothing is referenced.

    Returns
    -------
    ndarray, shape (k,)
        Zeros without reference; same class as ``phase``.
    """
    if reference is None:
        return np.zeros(phase.shape[1], phase.dtype)
    return nanmean(phase[reference], axis=0)
