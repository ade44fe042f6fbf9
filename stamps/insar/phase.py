"""Phases and phasors, the master column, and reference means: small array functions that several steps share.

Classes follow MATLAB: a single operand makes the result single. Source: docs/method/conventions.md, section 4.
"""

import numpy as np

from stamps.matlab.statistics import nanmean

__all__ = ["angle", "insert_column", "look_angle_phase", "multiply", "phasor", "reference_mean", "unit_modulus"]


def phasor(phase):
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
    phase = np.asarray(phase)
    result = np.empty(phase.shape, np.complex64 if phase.dtype == np.float32 else np.complex128)
    with np.errstate(invalid="ignore"):
        np.cos(phase, dtype=np.float64, out=result.real, casting="same_kind")
        np.sin(phase, dtype=np.float64, out=result.imag, casting="same_kind")
    return result


def multiply(a, b):
    """Complex product with every operation rounded to the class (NumPy fuses them where the processor can).

    Parameters
    ----------
    a, b : ndarray of complex, same shape

    Returns
    -------
    ndarray of complex
    """
    result = np.empty(a.shape, np.result_type(a, b))
    result.real = a.real * b.real
    result.real -= a.imag * b.imag
    result.imag = a.real * b.imag
    result.imag += a.imag * b.real
    return result


def angle(values):
    """Angle of complex values in radians; of singles correctly rounded to single, which NumPy's own is not.

    Parameters
    ----------
    values : ndarray of complex
        Any shape.

    Returns
    -------
    ndarray of float
        Same shape; float32 for complex64.
    """
    values = np.asarray(values)
    result = np.empty(values.shape, values.real.dtype)
    np.arctan2(values.imag, values.real, dtype=np.float64, out=result, casting="same_kind")
    return result


def unit_modulus(values):
    """Divide non-zero complex values by their modulus, rounded to the class; zeros stay zero. Same shape and class."""
    values = np.asarray(values)
    real, imag = values.real, values.imag
    modulus = np.empty(values.shape, real.dtype)
    np.hypot(real, imag, dtype=np.float64, out=modulus, casting="same_kind")
    result = np.zeros_like(values)
    np.divide(real, modulus, out=result.real, where=modulus != 0)
    np.divide(imag, modulus, out=result.imag, where=modulus != 0)
    return result


def insert_column(matrix, column, value):
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


def look_angle_phase(k_ps, c_ps, bperp):
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


def reference_mean(phase, reference):
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
