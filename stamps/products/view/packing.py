"""Arrays as text inside a page.

Single values of a pixel stay float32. Many values of a pixel (one for each date) become 16-bit integers with an offset
and a step for each date; places become 32-bit integers.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


__all__ = ["Packed", "pack", "quantise", "quantise_places", "unpack"]

#: Code of a value that is not a number.
NOTHING = -32768
_LARGEST = 32767
_DEGREES = 1e-7  # of latitude: about 1 cm


@dataclass(frozen=True)
class Packed:
    """An array as the page stores it: value = offset + step · code, column by column.

    Attributes
    ----------
    codes : ndarray, shape (n,) or (k, n)
        Of a type that JavaScript has; one row for each column of the values.
    offset, step : ndarray of float64, shape (k,), or None
        None: the codes are the values.
    """

    codes: np.ndarray
    offset: np.ndarray | None = None
    step: np.ndarray | None = None

    @property
    def error(self) -> float:
        """Largest difference that rounding makes."""
        return 0.0 if self.step is None else float(self.step.max(initial=0)) / 2

    def base64(self) -> str:
        """The codes, little endian, in base64."""
        little = self.codes.astype(self.codes.dtype.newbyteorder("<"), copy=False)
        return base64.b64encode(np.ascontiguousarray(little).tobytes()).decode("ascii")

    def description(self) -> dict[str, Any]:
        """What JavaScript needs to know to read it."""
        described = {"type": self.codes.dtype.name, "shape": list(self.codes.shape)}
        if self.step is not None and self.offset is not None:
            described.update(offset=self.offset.tolist(), step=self.step.tolist())
        return described


def pack(values: NDArray[np.floating[Any]]) -> Packed:
    """Store the values of each pixel.

    Parameters
    ----------
    values : ndarray of float, shape (n,) or (n, k)

    Returns
    -------
    Packed
    """
    return Packed(values.astype(np.float32)) if values.ndim == 1 else quantise(values)


def quantise(values: NDArray[np.floating[Any]]) -> Packed:
    """Round the columns of a matrix to 16 bits each.

    Parameters
    ----------
    values : ndarray of float, shape (n, k)
        What is not finite is stored as missing.

    Returns
    -------
    Packed
        Rounded to 1/65534 of the range of the column at the most.
    """
    values = np.asarray(values, np.float64)
    finite = np.isfinite(values)
    low = np.where(finite, values, np.inf).min(axis=0, initial=np.inf)
    high = np.where(finite, values, -np.inf).max(axis=0, initial=-np.inf)
    empty = low > high
    low, high = np.where(empty, 0, low), np.where(empty, 0, high)
    offset = low + (high - low) / 2
    step = (high - low) / (2 * _LARGEST)
    varied = step > 0  # not so where the range is so small that a step of it is 0
    codes = np.rint((np.where(finite, values, offset) - offset) / np.where(varied, step, 1.0))
    codes = np.where(finite, np.clip(codes, -_LARGEST, _LARGEST), NOTHING)
    return Packed(np.ascontiguousarray(codes.astype(np.int16).T), offset, step)


def quantise_places(degrees: NDArray[np.float64]) -> Packed:
    """Round longitudes or latitudes to 1e-7 degrees.

    Parameters
    ----------
    degrees : ndarray of float64, shape (n,)

    Returns
    -------
    Packed
    """
    offset = np.floor(np.nanmin(degrees))
    codes = np.rint((degrees - offset) / _DEGREES).astype(np.int32)
    return Packed(codes[np.newaxis], np.array([offset]), np.array([_DEGREES]))


def unpack(packed: Packed) -> NDArray[np.float64]:
    """The values again, as the page reads them.

    Parameters
    ----------
    packed : Packed

    Returns
    -------
    ndarray of float64, shape (n,) or (n, k)
    """
    if packed.step is None or packed.offset is None:
        return packed.codes.astype(np.float64)
    values = packed.offset[:, np.newaxis] + packed.step[:, np.newaxis] * packed.codes
    if packed.codes.dtype == np.int16:
        values[packed.codes == NOTHING] = np.nan
    return values.T
