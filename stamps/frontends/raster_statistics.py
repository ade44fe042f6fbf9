"""What a sample of a complex raster tells of it: shares of zeros, of what is no number, of one value; spread, phase, digest.

Arrays only. The figures separate what cannot be an image or an interferogram from what can: numbers read in the wrong byte
order have exponents of all sizes, while amplitudes of a scene differ by some powers of two.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


__all__ = ["MOST_SPREAD", "Statistics", "common_digest", "exponent_spread", "statistics_of"]

_MOST_SAMPLES = 1 << 13  # of which the figures are formed: shares are then known to a per cent
_PICKS = 8  # values that are tried as the most frequent one; one of more than half the samples is missed once in 256
_SMALLEST, _LARGEST = 1e-30, 1e30
_MOST = 0.5
_FEWER = 3.0  # times that integers are larger with their bytes in the wrong order, at least
_FULL_SCALE = 127  # integers below are so few that the largest one is frequent
#: Binary exponents of amplitudes spread less: of a scene by 2 to 6, of numbers in the wrong byte order by 60 and more.
MOST_SPREAD = 16.0


@dataclass(frozen=True)
class Statistics:
    """Figures of a raster, from some of its lines.

    Attributes
    ----------
    zero, not_finite : float
        Shares of the samples that are 0, and that are infinite or no number.
    most_frequent : float
        Share of the most frequent value among the other samples.
    real : float
        Share of these whose imaginary part is 0.
    extreme : float
        Share of these beyond 1e-30 to 1e30.
    spread : float
        Standard deviation of the binary exponents of the samples.
    swapped : bool
        Whether the samples make sense with their bytes in reverse order, and only so.
    resultant : float
        Length of the mean phasor: 1 where all phases are the same.
    clipped : float
        Share of the real and imaginary parts that have the largest magnitude of all; 0 for small integers.
    empty_lines : (lines,) bool array
        Lines of zeros.
    digest : bytes
        The same for rasters that are equal or complex conjugates.
    """

    zero: float
    not_finite: float
    most_frequent: float = 0.0
    real: float = 0.0
    extreme: float = 0.0
    spread: float = 0.0
    swapped: bool = False
    resultant: float = 0.0
    clipped: float = 0.0
    empty_lines: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, bool))
    digest: bytes = b""


def statistics_of(parts: NDArray[Any]) -> Statistics:
    """Figures of some lines of a raster.

    Parameters
    ----------
    parts : (lines, samples, 2) float32 or int16 array
        Real and imaginary parts, in the byte order of the processor.

    Returns
    -------
    Statistics
    """
    few = np.ascontiguousarray(parts[:, :: max(1, -(-parts.shape[0] * parts.shape[1] // _MOST_SAMPLES))])
    zero = (few[..., 0] == 0) & (few[..., 1] == 0)
    usable = ~zero & _finite(few)
    shares = float(zero.mean()), float(1 - (zero | usable).mean())
    same_of_all = {"empty_lines": zero.all(axis=1), "digest": common_digest(few)}
    used = few[usable]
    if not used.size:
        return Statistics(*shares, **same_of_all)
    magnitudes = np.abs(used.astype(np.float64))
    larger = np.maximum(*magnitudes.T)
    largest = float(larger.max())
    return Statistics(
        *shares,
        _most_frequent(used),
        float((used[:, 1] == 0).mean()),
        float(((larger < _SMALLEST) | (larger > _LARGEST)).mean()),
        exponent_spread(used),
        _swapped(used),
        _resultant(used),
        _clipped(magnitudes, largest),
        **same_of_all,
    )


def exponent_spread(parts: NDArray[Any]) -> float:
    """Standard deviation of the binary exponents of samples; 0 without any.

    Parameters
    ----------
    parts : (n, 2) array
        Real and imaginary parts, finite; the larger of the two counts.
    """
    if not len(parts):
        return 0.0
    return float(np.frexp(np.maximum(*np.abs(parts.astype(np.float64)).T))[1].std())


def common_digest(parts: NDArray[Any]) -> bytes:
    """A digest of complex numbers that is the same for their conjugates, last axis real and imaginary part."""
    digest = hashlib.blake2b(np.ascontiguousarray(parts[..., 0]).data, digest_size=16)
    digest.update(np.ascontiguousarray(np.abs(parts[..., 1])).data)
    return digest.digest()


def _swapped(used: NDArray[Any]) -> bool:
    """Whether the bytes are in the wrong order: exponents of floating-point numbers tell it, the size of integers does."""
    if used.dtype.kind == "i":
        now, then = (float(np.median(np.abs(parts.astype(np.int32)))) for parts in (used, used.byteswap()))
        return now > _FEWER * then
    if exponent_spread(used) <= MOST_SPREAD:
        return False
    reverse = used.byteswap()
    usable = _finite(reverse) & (reverse != 0).any(axis=1)
    return bool(usable.mean() > _MOST and exponent_spread(reverse[usable]) <= MOST_SPREAD)


def _clipped(magnitudes: NDArray[np.float64], largest: float) -> float:
    if largest < _FULL_SCALE and (magnitudes == np.rint(magnitudes)).all():
        return 0.0
    return float((magnitudes == largest).mean())


def _finite(parts: NDArray[Any]) -> NDArray[np.bool_]:
    finite = np.isfinite(parts)
    return finite[..., 0] & finite[..., 1]


def _most_frequent(used: NDArray[Any]) -> float:
    values = used.view(np.dtype(f"u{2 * used.itemsize}"))[:, 0]
    picks = values[np.linspace(0, len(values) - 1, _PICKS).astype(np.int64)]
    return max(float((values == pick).mean()) for pick in np.unique(picks))


def _resultant(used: NDArray[Any]) -> float:
    re, im = used.T.astype(np.float64)
    modulus = np.sqrt(re * re + im * im)
    return float(np.hypot((re / modulus).mean(), (im / modulus).mean()))
