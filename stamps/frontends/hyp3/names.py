"""Names of HyP3's interferometric products: their type, dates, place and pixel spacing.

Source: docs/method/hyp3.md, section 1.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

__all__ = ["BURST", "GAMMA", "MULTI_BURST", "ProductName", "product_name"]

GAMMA, MULTI_BURST, BURST = "INSAR_GAMMA", "INSAR_ISCE_MULTI_BURST", "INSAR_ISCE_BURST"

_TIME = r"\d{8}T\d{6}"
_HEX = r"[0-9A-F]{4}"
_PATTERNS = {
    GAMMA: re.compile(
        rf"S1(?P<satellites>[A-D]{{2}})_(?P<first>{_TIME})_(?P<second>{_TIME})_(?P<polarisation>VV|HH)(?P<orbit>[PRO])"
        rf"(?P<days>\d{{3,}})_INT(?P<spacing>80|40)_G_(?P<mask>[uw])eF_{_HEX}"
    ),
    MULTI_BURST: re.compile(
        r"S1_(?P<track>\d{3})_(?P<place>\d{6}s1n\d\d-\d{6}s2n\d\d-\d{6}s3n\d\d)_IW_(?P<first>\d{8})_(?P<second>\d{8})_"
        rf"(?P<polarisation>VV|HH|VH|HV)_INT(?P<spacing>80|40|20)_{_HEX}"
    ),
    BURST: re.compile(
        r"S1_(?P<place>\d{6}_IW[123])_(?P<first>\d{8})_(?P<second>\d{8})_"
        rf"(?P<polarisation>VV|HH|VH|HV)_INT(?P<spacing>80|40|20)_{_HEX}"
    ),
}


@dataclass(frozen=True)
class ProductName:
    """What the name of a product says.

    Attributes
    ----------
    text : str
        The whole name.
    type : str
        Job type of HyP3.
    first, second : date
        Of the reference and the secondary granules, in the order of the name.
    place : str
        Track and bursts; empty for scenes, whose names hold neither.
    times : tuple of int
        Seconds of the day at which the scenes begin; empty for bursts.
    polarisation : str
    spacing : int
        Of the pixels, m.
    """

    text: str
    type: str
    first: dt.date
    second: dt.date
    place: str
    times: tuple[int, ...]
    polarisation: str
    spacing: int

    @property
    def turned(self) -> bool:
        """Whether the older image is the secondary one."""
        return self.second < self.first

    @property
    def older(self) -> dt.date:
        """Date of the older image."""
        return min(self.first, self.second)

    @property
    def newer(self) -> dt.date:
        """Date of the newer image."""
        return max(self.first, self.second)

    @property
    def pair(self) -> str:
        """Dates as YYYYMMDD_YYYYMMDD, the older one first."""
        return f"{self.older:%Y%m%d}_{self.newer:%Y%m%d}"


def product_name(text: str) -> ProductName | None:
    """What a name says, or None where it is no name of an interferometric product.

    Parameters
    ----------
    text : str
        Name of a folder.

    Returns
    -------
    ProductName or None
        None also where its dates are none of the calendar.
    """
    for kind, pattern in _PATTERNS.items():
        found = pattern.fullmatch(text)
        if found is not None:
            return _read(text, kind, found)
    return None


def _read(text: str, kind: str, found: re.Match[str]) -> ProductName | None:
    fields = found.groupdict()
    form = "%Y%m%dT%H%M%S" if kind == GAMMA else "%Y%m%d"
    try:
        moments = [dt.datetime.strptime(fields[key], form) for key in ("first", "second")]
    except ValueError:
        return None
    times = tuple(3600 * m.hour + 60 * m.minute + m.second for m in moments) if kind == GAMMA else ()
    place = "_".join(fields[key] for key in ("track", "place") if fields.get(key))
    first, second = (moment.date() for moment in moments)
    return ProductName(text, kind, first, second, place, times, fields["polarisation"], int(fields["spacing"]))
