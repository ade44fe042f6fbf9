"""Phases in single precision, the same on every machine.

Costs are rounded to whole numbers, so the last bits of a phase decide now and then. Sines, cosines, moduli and angles
are therefore computed in double and rounded once to the class of their argument, and complex numbers are multiplied
part by part, instead of trusting the vector instructions of the day.

Source: docs/method/unwrapping.md, section 13, and its introduction (wrap, angle).
"""

import numpy as np

__all__ = ["angle", "divided", "modulus", "normalised", "phasor", "product", "rotated", "wrapped"]

#: Elements that are converted to double at a time.
_BLOCK = 1 << 21


def _by_blocks(function, out, *arrays):
    """Fill ``out[rows] = function(array[rows], ...)`` for blocks of rows."""
    if out.ndim == 0 or out.size <= _BLOCK:
        out[...] = function(*arrays)
        return out
    step = max(1, _BLOCK // max(1, out[0].size))
    for start in range(0, len(out), step):
        rows = slice(start, start + step)
        out[rows] = function(*(array[rows] for array in arrays))
    return out


def _real_class(array):
    return np.float32 if array.dtype in (np.float32, np.complex64) else np.float64


def angle(z):
    """Phase of complex numbers.

    Parameters
    ----------
    z : ndarray of complex64 or complex128

    Returns
    -------
    ndarray of float32 or float64
        In [-pi, pi]; 0 for 0, NaN for NaN. Computed in double, rounded once.
    """
    z = np.asarray(z)
    out = np.empty(z.shape, _real_class(z))
    return _by_blocks(lambda block: np.arctan2(block.imag.astype(np.float64), block.real.astype(np.float64)), out, z)


def phasor(phi):
    """exp(j phi).

    Parameters
    ----------
    phi : ndarray of float32 or float64

    Returns
    -------
    ndarray of complex64 or complex128
    """
    phi = np.asarray(phi)
    out = np.empty(phi.shape, np.complex64 if phi.dtype == np.float32 else np.complex128)
    _by_blocks(lambda block: np.cos(block.astype(np.float64)), out.real, phi)
    _by_blocks(lambda block: np.sin(block.astype(np.float64)), out.imag, phi)
    return out


def wrapped(phi):
    """The angle of exp(j phi), with exp(j phi) rounded to the class of `phi` on the way."""
    return angle(phasor(phi))


def product(a, b):
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
    if np.float32 in (_real_class(a), _real_class(b)):
        a, b = (x.astype(np.complex64 if x.dtype.kind == "c" else np.float32, copy=False) for x in (a, b))
    if not (np.iscomplexobj(a) and np.iscomplexobj(b)):
        return a * b
    out = np.empty(np.broadcast_shapes(a.shape, b.shape), a.dtype)
    np.subtract(a.real * b.real, a.imag * b.imag, out=out.real)
    np.add(a.real * b.imag, a.imag * b.real, out=out.imag)
    return out


def rotated(ph, phi, sign=-1):
    """ph * exp(j sign phi), single if one of the two is single.

    Parameters
    ----------
    ph : ndarray of complex64 or complex128
    phi : ndarray of float32 or float64, broadcastable
    sign : int
        -1 takes the phase away, +1 adds it.
    """
    return product(ph, phasor(phi if sign > 0 else -phi))


def modulus(z):
    """|z|, computed in double and rounded once to the class of `z`."""
    out = np.empty(z.shape, _real_class(z))
    return _by_blocks(lambda block: np.hypot(block.real.astype(np.float64), block.imag.astype(np.float64)), out, z)


def normalised(z):
    """z/|z| where z is not zero, zeros stay (complex64 or complex128 as `z`)."""
    length = modulus(z)
    length[length == 0] = 1
    return divided(z, length)


def divided(z, real):
    """Complex by real, part by part (NaN where 0/0)."""
    out = np.empty_like(z)
    with np.errstate(invalid="ignore", divide="ignore"):
        np.divide(z.real, real, out=out.real)
        np.divide(z.imag, real, out=out.imag)
    return out
