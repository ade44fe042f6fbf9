"""What a user asks of the conversion, judged before anything is read.

Source: docs/method/hyp3.md, section 3.
"""

from __future__ import annotations

import datetime as dt
import math
import numbers
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from stamps.errors import ParameterError
from stamps.frontends.hyp3.lattice import Area
from stamps.frontends.hyp3.names import ProductName

__all__ = ["UNWRAPPINGS", "Exclusions", "Request", "request_of"]

#: How the unwrapped phase of the products is used.
UNWRAPPINGS = ("keep", "repair", "redo")


@dataclass(frozen=True)
class Exclusions:
    """Dates (YYYYMMDD) and pairs (YYYYMMDD_YYYYMMDD, the older date first) that are left out."""

    dates: frozenset[str]
    pairs: frozenset[str]

    def keeps(self, name: ProductName) -> bool:
        """Whether a product is used."""
        return name.pair not in self.pairs and not self.dates & set(name.pair.split("_"))

    def unknown(self, names: Sequence[ProductName]) -> list[str]:
        """Those that no product is of."""
        pairs = {name.pair for name in names}
        dates = {date for pair in pairs for date in pair.split("_")}
        return sorted((self.dates - dates) | (self.pairs - pairs))


@dataclass(frozen=True)
class Request:
    """What is asked for."""

    area: Area | None
    coherence: float
    every: int
    exclusions: Exclusions
    master: str | None
    water: bool
    unwrap: str
    tolerance: float


def request_of(
    *,
    area: Sequence[float] | None,
    coherence: float,
    every: int,
    exclude: Sequence[str] | None,
    master: str | None,
    water: bool,
    unwrap: str,
    tolerance: float,
) -> Request:
    """Judge the arguments of :func:`stamps.frontends.hyp3.prepare.prepare_hyp3`.

    Raises
    ------
    ParameterError
        Naming everything that is out of range.
    """
    wrong = []
    if not _is_number(coherence) or not 0 <= coherence <= 1:
        wrong.append(f"coherence is {coherence}, not a number from 0 to 1")
    if isinstance(every, bool) or not isinstance(every, numbers.Integral) or every < 1:
        wrong.append(f"every is {every}, not a whole number from 1")
    if not _is_number(tolerance) or not 0 < tolerance < math.inf:
        wrong.append(f"tolerance is {tolerance}, not a number of metres above 0")
    if unwrap not in UNWRAPPINGS:
        wrong.append(f"unwrap is '{unwrap}', not {', '.join(UNWRAPPINGS[:-1])} or {UNWRAPPINGS[-1]}")
    if master is not None and not _is_date(master):
        wrong.append(f"master is '{master}', not a date YYYYMMDD")
    exclude = exclude or ()
    words = [exclude] if isinstance(exclude, str) else [str(word) for word in exclude]
    wrong += [f"'{word}' to be excluded is neither YYYYMMDD nor YYYYMMDD_YYYYMMDD" for word in words if not _pair(word)]
    wrong += _area_wrong(area)
    if wrong:
        raise ParameterError(f"The conversion of HyP3 products cannot begin: {'; '.join(wrong)}.")
    given = [_pair(word) for word in words]
    exclusions = Exclusions(
        frozenset(p[0] for p in given if len(p) == 1), frozenset("_".join(sorted(p)) for p in given if len(p) == 2)
    )
    box = None if area is None else Area.of(area)
    return Request(box, float(coherence), int(every), exclusions, master, bool(water), unwrap, float(tolerance))


def _is_number(value: Any) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool) and math.isfinite(value)


def _is_date(text: Any) -> bool:
    if not isinstance(text, str) or len(text) != 8 or not (text.isascii() and text.isdigit()):
        return False
    try:
        dt.datetime.strptime(text, "%Y%m%d")
    except ValueError:
        return False
    return True


def _pair(word: str) -> list[str]:
    """The one or two dates that a word names; none where it is wrong."""
    dates = word.split("_")
    good = all(map(_is_date, dates)) and (len(dates) == 1 or (len(dates) == 2 and dates[0] != dates[1]))
    return dates if good else []


def _area_wrong(area: Sequence[float] | None) -> list[str]:
    if area is None:
        return []
    values = list(area)
    if len(values) != 4 or not all(map(_is_number, values)):
        return [f"area is {area}, not four numbers lon lat lon lat"]
    if not all(-90 <= value <= 90 for value in values[1::2]) or not all(-360 <= value <= 360 for value in values[::2]):
        return [
            f"area has the corners {values[0]} {values[1]} and {values[2]} {values[3]}, which are no lon lat in degrees"
        ]
    if values[0] == values[2] or values[1] == values[3]:
        return ["area has no extent: its corners lie on a line"]
    return []
