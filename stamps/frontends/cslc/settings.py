"""What a user may say about a stack of geocoded SLCs: :class:`CslcSettings`.

Source: docs/method/cslc.md.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stamps.errors import InputError, ParameterError
from stamps.frontends.cslc.names import burst_name

if TYPE_CHECKING:
    from stamps._typing import StrPath

__all__ = ["CslcSettings"]

_DATE = re.compile(r"\d{8}\Z")
_POLARISATIONS = ("VV", "HH", "VH", "HV")


@dataclass(frozen=True)
class CslcSettings:
    """Choices of a preparation, checked when they are made by :meth:`of`.

    Attributes
    ----------
    area : (float, float, float, float) or None
        West, south, east, north, degrees.
    bursts : tuple of str
        Only these.
    exclude : tuple of int
        Dates that are left out.
    pol : str or None
        Polarisation.
    frequency : {'A', 'B'}
        Of NISAR's products.
    dem : str or None
        Raster of heights above the ellipsoid.
    height : float
        Of the nodes of the baselines where there is no DEM, metres.
    water : str or None
        Raster of water.
    water_value : float
        What stands for water in it.
    keep_layover : bool
        Layover and shadow are not masked.
    allow_mixed : bool
        Images of different corrections are only warned of.
    align : bool
        Constants of bursts are estimated and taken out.
    """

    area: tuple[float, float, float, float] | None = None
    bursts: tuple[str, ...] = ()
    exclude: tuple[int, ...] = ()
    pol: str | None = None
    frequency: str = "A"
    dem: str | None = None
    height: float = 0.0
    water: str | None = None
    water_value: float = 1.0
    keep_layover: bool = False
    allow_mixed: bool = False
    align: bool = False

    @classmethod
    def of(
        cls,
        *,
        area: Sequence[float] | None = None,
        bursts: Iterable[str] | str = (),
        exclude: Iterable[int | str] | int | str = (),
        pol: str | None = None,
        frequency: str = "A",
        dem: StrPath | None = None,
        height: float = 0.0,
        water: StrPath | None = None,
        water_value: float = 1.0,
        keep_layover: bool = False,
        allow_mixed: bool = False,
        align: bool = False,
    ) -> CslcSettings:
        """Settings from what a user gives.

        Raises
        ------
        InputError
            The area crosses the 180° meridian, or a burst or date is none.
        ParameterError
            Another value is out of its range.
        """
        given = [bursts] if isinstance(bursts, str) else bursts
        dates = [exclude] if isinstance(exclude, int | str) else exclude
        polarisation = pol.upper() if pol else None
        if polarisation is not None and polarisation not in _POLARISATIONS:
            raise ParameterError(f"The polarisation is '{pol}', but only {', '.join(_POLARISATIONS)} exist.")
        if frequency not in ("A", "B"):
            raise ParameterError(f"The frequency is '{frequency}', but only A and B exist.")
        if not -1000 <= float(height) <= 9000:
            raise ParameterError(f"The height is {height} m, but -1000 to 9000 m were expected.")
        if not math.isfinite(float(water_value)):
            raise ParameterError(f"The value of water is {water_value}, but a finite number was expected.")
        return cls(
            area=None if area is None else _area(area),
            bursts=tuple(dict.fromkeys(burst_name(name) for name in given)),
            exclude=tuple(sorted({_date(date) for date in dates})),
            pol=polarisation,
            frequency=frequency,
            dem=None if dem is None else str(dem),
            height=float(height),
            water=None if water is None else str(water),
            water_value=float(water_value),
            keep_layover=bool(keep_layover),
            allow_mixed=bool(allow_mixed),
            align=bool(align),
        )


def _area(given: Sequence[float]) -> tuple[float, float, float, float]:
    try:
        numbers = [float(value) for value in given]
    except (TypeError, ValueError):
        numbers = []
    if len(numbers) != 4 or not all(math.isfinite(value) for value in numbers):
        raise ParameterError(
            f"The area is {given}, but four numbers were expected: west, south, east, north in degrees."
        )
    west, south, east, north = numbers
    if not -180 <= west <= 180 or not -180 <= east <= 180:
        raise ParameterError(f"The area reaches from {west:g} to {east:g} degrees east, but -180 to 180 were expected.")
    if west > east:
        raise InputError(
            "The area crosses the 180° meridian, which local coordinates cannot: choose an area on one side."
        )
    if not -90 <= south < north <= 90 or west == east:
        raise ParameterError(f"The area {west:g} {south:g} {east:g} {north:g} is empty: west, south, east, north.")
    return west, south, east, north


def _date(given: int | str) -> int:
    text = str(given).strip()
    if not _DATE.match(text):
        raise InputError(f"'{text[:40]}' is not a date: give it as yyyymmdd.")
    return int(text)
