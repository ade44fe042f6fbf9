"""Which times of a model a date is interpolated from, with which weights.

Source: docs/method/weather.md, section 4.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["NEAR", "Moment", "around", "show"]

#: A field within these minutes of the overpass is taken alone.
NEAR = 5


@dataclass(frozen=True)
class Moment:
    """A time and its weight."""

    time: np.datetime64
    weight: float


def around(
    wanted: np.datetime64, times: Sequence[np.datetime64], hours: float, nearest: bool = False
) -> tuple[Moment, ...]:
    """Times that stand for another one.

    Parameters
    ----------
    wanted : datetime64
    times : sequence of datetime64
        Those that there are, in any order.
    hours : float
        Longest time between two that are interpolated between; the nearest one may be half of it away.
    nearest : bool
        Take the nearest one.

    Returns
    -------
    tuple of Moment
        One or two, their weights add up to 1; none where there are no such times.
    """
    known = np.unique(np.asarray(times, "datetime64[s]"))
    if known.size == 0:
        return ()
    off = (known - wanted.astype("datetime64[s]")).astype(np.int64) / 3600  # hours
    best = int(np.argmin(np.abs(off)))
    if abs(off[best]) <= NEAR / 60 or (nearest and abs(off[best]) <= hours / 2):
        return (Moment(known[best], 1.0),)
    after = int(np.searchsorted(off, 0))
    if nearest or after in (0, known.size) or off[after] - off[after - 1] > hours:
        return ()
    share = -off[after - 1] / (off[after] - off[after - 1])
    return (Moment(known[after - 1], 1 - share), Moment(known[after], share))


def show(time: np.datetime64) -> str:
    """``20180101 05:33``."""
    text = str(time.astype("datetime64[m]"))
    return text.replace("-", "").replace("T", " ")
