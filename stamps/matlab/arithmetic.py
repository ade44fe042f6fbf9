"""Element-wise arithmetic: rounding, modulus, phase wrapping, ranges and conversion to integers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


__all__ = ["colon", "mod", "round_half_away", "to_int16", "wrap"]


def _as_float(x: ArrayLike) -> NDArray[np.floating[Any]]:
    """Return `x` as a floating array: float32 stays float32, everything else real becomes float64."""
    x = np.asarray(x)
    if x.dtype == np.float32 or x.dtype == np.float64:
        return x
    return x.astype(np.float64)


def round_half_away(x: ArrayLike) -> Any:
    """Round to the nearest whole number, halves away from zero.

    The rule is applied to the exact value, so 0.49999997 (single) goes to 0 and large odd numbers stay as they are.

    Parameters
    ----------
    x : array_like, real, any shape
        NaN and infinities stay.

    Returns
    -------
    ndarray or scalar
        Same shape and dtype as `x` (integers are returned unchanged).

    Notes
    -----
    Source: docs/method/conventions.md, section 6.
    """
    x = np.asarray(x)
    if x.dtype.kind in "iub":
        return x[()]
    with np.errstate(invalid="ignore"):
        whole = np.trunc(x)
        half_or_more = np.abs(x - whole) >= 0.5
    return (whole + np.copysign(half_or_more.astype(x.dtype), x))[()]


def mod(x: ArrayLike, y: ArrayLike) -> Any:
    """Return x - y*floor(x/y), the remainder with the sign of `y`.

    Parameters
    ----------
    x, y : array_like, real, broadcastable

    Returns
    -------
    ndarray or scalar
        float32 if one operand is float32, else float64; integers give integers. Where `y` is 0 the result is `x`.

    Notes
    -----
    Source: docs/method/conventions.md, sections 4 and 6.
    """
    a, b = np.asarray(x), np.asarray(y)
    if a.dtype.kind in "iub" and b.dtype.kind in "iub":
        return np.where(b == 0, a, np.mod(a, np.where(b == 0, 1, b)))[()]
    dtype = np.float32 if np.float32 in (a.dtype, b.dtype) else np.float64
    a, b = a.astype(dtype), b.astype(dtype)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(b == 0, a, a - b * np.floor(a / b))[()]


def wrap(x: ArrayLike) -> Any:
    """Wrap phases: the angle of exp(jx).

    Parameters
    ----------
    x : array_like, real, any shape
        Phases in radians. Infinities give NaN.

    Returns
    -------
    ndarray or scalar
        Same shape, in [-pi, pi]; float32 for float32 input (all steps in single), else float64.

    Notes
    -----
    Source: docs/method/conventions.md, section 6; docs/method/unwrapping.md uses it throughout.
    """
    x = _as_float(x)
    with np.errstate(invalid="ignore"):
        return np.arctan2(np.sin(x), np.cos(x))


def colon(a: float, h: float, b: float) -> NDArray[np.float64]:
    """Return the range a, a+h, ... up to and including `b` with a tolerance for rounding.

    The number of values is floor((b-a)/h + eps) + 1, where eps covers a few rounding errors of the operands. The
    last value never passes `b`.

    Parameters
    ----------
    a, h, b : float
        First value, step, limit.

    Returns
    -------
    ndarray, shape (n,), float64
        Empty if the step is 0 or points away from `b`.

    Raises
    ------
    ValueError
        If an argument is not finite.

    Notes
    -----
    Source: docs/method/conventions.md, section 6.
    """
    a, h, b = float(a), float(h), float(b)
    if not np.all(np.isfinite([a, h, b])):
        raise ValueError(f"The range {a}:{h}:{b} needs three finite numbers.")
    if h == 0 or (b - a) * h < 0:
        return np.empty(0)
    tolerance = 2 * np.finfo(np.float64).eps * max(abs(a), abs(b)) / abs(h)
    count = int(np.floor((b - a) / h + tolerance)) + 1
    values = a + h * np.arange(count)
    return np.minimum(values, b) if h > 0 else np.maximum(values, b)


def to_int16(x: NDArray[np.floating[Any]]) -> NDArray[np.int16]:
    """Convert to int16 as MATLAB does: halves away from zero, saturating, NaN to 0.

    Parameters
    ----------
    x : array_like, real, any shape

    Returns
    -------
    ndarray or scalar, int16
        Values beyond the limits become -32768 or 32767.

    Notes
    -----
    Source: docs/method/unwrapping.md, section 7 (cost values); docs/method/conventions.md, section 6 (rounding).
    """
    rounded = np.clip(round_half_away(x), -32768, 32767)
    if rounded.dtype.kind == "f":
        rounded = np.where(np.isnan(rounded), 0, rounded)
    return rounded.astype(np.int16)[()]
