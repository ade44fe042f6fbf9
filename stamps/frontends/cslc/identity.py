"""Whether the header of an image says what an image can be: sensor, pass, look side, times, wavelength.

Source: docs/method/cslc.md, section 1.
"""

from __future__ import annotations

import numpy as np

from stamps.errors import InputError
from stamps.frontends.cslc.products import Product
from stamps.insar.constants import SPEED_OF_LIGHT

__all__ = ["check_identity", "check_wavelength"]

_SHORTEST, _LONGEST = 0.01, 1.0  # metres of wavelength
_FREQUENCY_TOLERANCE = 1e-4  # relative, of speed of light over wavelength


def check_identity(product: Product) -> None:
    """Raise an InputError if an image lacks a sensor, pass direction or look side, or if its times cannot be."""
    if not product.mission:
        raise InputError(f"{product.path} does not say its sensor (mission_id): its download is incomplete.")
    if product.direction not in ("Ascending", "Descending"):
        raise InputError(
            f"{product.path} has the pass direction '{product.direction[:20]}', but Ascending or Descending was expected: "
            "download it again."
        )
    if product.side not in ("Right", "Left"):
        raise InputError(
            f"{product.path} has the look direction '{product.side[:20]}', but Right was expected: download it again."
        )
    if product.stop < product.start:
        start, stop = (str(np.datetime_as_string(time, "ms")) for time in (product.start, product.stop))
        raise InputError(f"{product.path} ends at {stop}, before it starts at {start}: download it again.")
    if not _SHORTEST < product.wavelength < _LONGEST:
        raise InputError(
            f"{product.path} has the wavelength {product.wavelength:g} m, but {_SHORTEST:g} to {_LONGEST:g} m were expected: its "
            "unit is another one."
        )


def check_wavelength(path: object, wavelength: float, frequency: float | None) -> float:
    """A wavelength in metres; an InputError if it is not that of the radar's frequency in Hz, where that is known."""
    if frequency is not None and not abs(wavelength * frequency / SPEED_OF_LIGHT - 1) <= _FREQUENCY_TOLERANCE:
        raise InputError(
            f"{path} has the wavelength {wavelength:g} m, but the frequency {frequency:g} Hz, which do not belong together: "
            "download it again."
        )
    return wavelength
