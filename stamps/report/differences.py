"""How far two values are apart, in numbers: mean, rms, percentiles, whole cycles, digests. Pure functions of arrays."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse

from stamps.verify.values import describe

if TYPE_CHECKING:
    from numpy.typing import NDArray


__all__ = ["Difference", "difference_of", "digest", "numbers_of", "statistics_of", "unit_of"]

_TURN = 2 * np.pi


@dataclass(frozen=True)
class Difference:
    """Statistics of a difference ``ours - reference``.

    Attributes
    ----------
    count : int
        Elements that are finite in both.
    mean : float
        Mean difference; of complex values the modulus of the mean difference.
    rms, p95, p99, maximum : float
        Root mean square, percentiles and maximum of the modulus of the difference.
    reference_rms : float
        Root mean square of the reference values.
    cycles : int or None
        Elements on another cycle of 2 pi; None where the values are no unwrapped phases.
    """

    count: int
    mean: float
    rms: float
    p95: float
    p99: float
    maximum: float
    reference_rms: float
    cycles: int | None = None


def numbers_of(value: Any) -> NDArray[Any] | None:
    """A value as a dense array of float64 or complex128; None for text, structures and what is no array.

    Parameters
    ----------
    value : ndarray, sparse matrix, str, bytes or None
    """
    if value is None or isinstance(value, (str, bytes)):
        return None
    whole: Any = value
    array: NDArray[Any] = whole.toarray() if scipy.sparse.issparse(value) else np.asarray(value)
    if array.dtype.kind not in "fciub":
        return None
    return array.astype(np.complex128 if array.dtype.kind == "c" else np.float64)


def difference_of(value: NDArray[Any], golden: NDArray[Any], comparison: str) -> NDArray[Any]:
    """Element-wise difference, as the comparison understands it.

    Parameters
    ----------
    value, golden : ndarray of float64 or complex128
        Same shape.
    comparison : str
        Of :data:`stamps.verify.rules.COMPARISONS`; ``phase`` wraps the difference into ±π, of phasors it takes the
        angle between them.

    Returns
    -------
    ndarray
        Same shape; not finite where one of the two is not.
    """
    with np.errstate(invalid="ignore"):
        if comparison != "phase":
            return value - golden
        if np.iscomplexobj(value) or np.iscomplexobj(golden):
            return np.angle(value * np.conj(golden))
        return value - golden - _TURN * np.round((value - golden) / _TURN)


def statistics_of(difference: NDArray[Any], golden: Any, comparison: str) -> Any:
    """Statistics of a difference.

    Parameters
    ----------
    difference : ndarray
        From :func:`difference_of`.
    golden : ndarray
        Reference values.
    comparison : str

    Returns
    -------
    Difference
        NaN for everything if nothing is finite.
    """
    finite = difference[np.isfinite(difference)]
    reference = golden[np.isfinite(golden)]
    reference_rms = math.sqrt(float(np.mean(np.abs(reference) ** 2))) if reference.size else math.nan
    if not finite.size:
        return Difference(
            0, math.nan, math.nan, math.nan, math.nan, math.nan, reference_rms, 0 if comparison == "cycles" else None
        )
    size = np.abs(finite)
    p95, p99 = np.percentile(size, [95, 99])
    mean = finite.mean()
    cycles = (
        int(np.count_nonzero(np.round(finite / _TURN)))
        if comparison == "cycles" and not np.iscomplexobj(finite)
        else None
    )
    return Difference(
        int(finite.size),
        float(abs(mean) if np.iscomplexobj(mean) else mean),
        math.sqrt(float(np.mean(size**2))),
        float(p95),
        float(p99),
        float(size.max()),
        reference_rms,
        cycles,
    )


def unit_of(comparison: str) -> str:
    """Unit of the bound of a comparison, in words."""
    return {
        "phase": "rad",
        "cycles": "rad",
        "relative": "× rms of the reference",
        "each": "× each value",
        "counts": "draws of 300 000",
        "fits": "× each value",
        "statistics": "1 − correlation",
        "rows": "share of the pixels",
    }.get(comparison, "")


def digest(value: Any) -> str:
    """SHA-256 of a value: class, shape and elements in MATLAB's order, little-endian; of files their bytes.

    Parameters
    ----------
    value : ndarray, sparse matrix, str, bytes or None

    Returns
    -------
    str
        64 hexadecimal digits; empty for None. Equal digests mean equal class, shape and bits.
    """
    if value is None:
        return ""
    if isinstance(value, bytes):
        return hashlib.sha256(value).hexdigest()
    matlab_class, shape = describe(value)
    total = hashlib.sha256(f"{matlab_class} {shape}\n".encode())
    if scipy.sparse.issparse(value):
        whole: Any = value
        columns = whole.tocsc()
        columns.sort_indices()
        for part in (columns.indptr, columns.indices, columns.data):
            total.update(_bytes_of(part.astype(np.int64) if part.dtype.kind == "i" else part))
    elif isinstance(value, str) or np.asarray(value).dtype.kind not in "fciub":
        total.update(str(value).encode())
    else:
        total.update(_bytes_of(np.asarray(value)))
    return total.hexdigest()


def _bytes_of(array: NDArray[Any]) -> bytes:
    return array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes(order="F")
