"""Names and codes of EGMS products: files, points.

Source: docs/method/egms.md, section 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stamps.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Burst", "base62", "burst_of", "point_codes"]

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_POLARISATIONS = ("HH", "HV", "VH", "VV")
_LINES, _PIXELS = 2**11, 2**16
_NUMBER = 9  # digits of a running number behind the one of the producer


@dataclass(frozen=True)
class Burst:
    """A burst of Sentinel-1: relative orbit, cycle number, sub-swath, polarisation."""

    track: int
    burst: int
    swath: int
    polarisation: str

    @property
    def code(self) -> int:
        """One number of all."""
        polarisation = _POLARISATIONS.index(self.polarisation)
        return self.track * 2**16 + self.burst * 2**4 + self.swath * 2**2 + polarisation

    def name(self, level: str = "L2a") -> str:
        """Stem of a file: ``EGMS_L2a_088_0282_IW2_VV``."""
        return f"EGMS_{level}_{self.track:03d}_{self.burst:04d}_IW{self.swath}_{self.polarisation}"


def burst_of(
    track: int | None = None, burst: int | None = None, swath: int | None = None, polarisation: str | None = None
) -> Burst | None:
    """The burst, if all four are given; None if none is.

    Raises
    ------
    InputError
        Some are missing, or one cannot be.
    """
    given = {"track": track, "burst": burst, "swath": swath, "polarisation": polarisation}
    missing = [name for name, value in given.items() if value is None]
    if len(missing) == len(given):
        return None
    if missing:
        raise InputError(f"A burst has track, burst, swath and polarisation: {', '.join(missing)} is missing.")
    assert track is not None and burst is not None and swath is not None and polarisation is not None
    word = polarisation.upper()
    limits = (("track", track, 1, 175), ("burst", burst, 1, 4095), ("swath", swath, 1, 3))
    for name, value, low, high in limits:
        if int(value) != value or not low <= value <= high:
            raise InputError(f"The {name} is {value}, but {low} to {high} are possible.")
    if word not in _POLARISATIONS:
        raise InputError(f"The polarisation is '{polarisation}', but {', '.join(_POLARISATIONS)} are possible.")
    return Burst(int(track), int(burst), int(swath), word)


def base62(numbers: NDArray[np.int64], width: int) -> NDArray[np.str_]:
    """Numbers in digits 0–9, A–Z, a–z, the most significant first, with leading zeros.

    Raises
    ------
    InputError
        A number needs more digits.
    """
    left = np.asarray(numbers, dtype=np.int64).copy()
    if left.size and not (0 <= left.min() and left.max() < 62**width):
        raise InputError(f"A number does not fit into {width} digits of base 62.")
    digits = np.array(list(_DIGITS))
    columns = []
    for _ in range(width):
        left, digit = np.divmod(left, 62)
        columns.append(digits[digit])
    word = columns.pop()
    while columns:
        word = np.char.add(word, columns.pop())
    return np.asarray(word, dtype=f"U{width}")


def point_codes(
    burst: Burst | None, producer: int, line: NDArray[np.int64], pixel: NDArray[np.int64], rows: NDArray[np.int64]
) -> tuple[NDArray[np.str_], str]:
    """Codes of ten characters, and what they are.

    Parameters
    ----------
    burst : Burst or None
    producer : int
        0 to 61; 0: no producer of the service.
    line, pixel : ndarray of int, shape (n,)
        Position in the burst.
    rows : ndarray of int, shape (n,)
        0-based pixels of the project, for running numbers where there is no burst or a position does not fit a code.

    Returns
    -------
    codes : ndarray of str, shape (n,)
    what : str
    """
    fits = burst is not None and all(
        values.size == 0 or (values.min() >= 0 and values.max() < most)
        for values, most in ((line, _LINES), (pixel, _PIXELS))
    )
    place = line.astype(np.int64) * 2**16 + pixel
    if burst is None or not fits or np.unique(place).size < place.size:
        number = base62(np.asarray(rows, dtype=np.int64) + 1, _NUMBER)
        return np.char.add("0", number), "running numbers of the pixels, no codes of the service"
    if not 0 <= producer < 62:
        raise InputError(f"The producer is {producer}, but 0 to 61 are possible.")
    start = _DIGITS[producer] + str(base62(np.array([burst.code]), 4)[0])
    return np.char.add(start, base62(place, 5)), "codes of the service"
