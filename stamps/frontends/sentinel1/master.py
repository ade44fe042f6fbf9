"""The choice of the master.

References
----------
Hooper, A., Segall, P., Zebker, H. (2007). Persistent scatterer interferometric synthetic aperture radar for crustal deformation
analysis, with application to Volcán Alcedo, Galápagos. Journal of Geophysical Research 112, B07407.

Source: docs/method/sentinel1.md, section 6.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Collection, Mapping, Sequence

import numpy as np

from stamps.errors import ParameterError

__all__ = ["best_master", "choose_master", "middle_date", "parse_weights"]


def middle_date(dates: Sequence[str]) -> str:
    """The date in the middle of the sorted ones; of an even number the later of the two."""
    return sorted(dates)[len(dates) // 2]


def parse_weights(weights: Sequence[float]) -> tuple[float, float]:
    """Critical baselines of the choice: days and metres.

    Raises
    ------
    ParameterError
        They are not two positive numbers.
    """
    values = tuple(float(value) for value in weights)
    if len(values) != 2 or not all(math.isfinite(value) and value > 0 for value in values):
        raise ParameterError(
            f"The weights of the master are {weights}: two positive numbers are expected, days and metres."
        )
    return values[0], values[1]


def best_master(
    dates: Sequence[str],
    baselines: Mapping[str, float],
    candidates: Collection[str],
    weights: tuple[float, float] = (1825.0, 1100.0),
) -> str:
    """The candidate with the largest sum of expected coherences to all other dates.

    Parameters
    ----------
    dates : sequence of str
        yyyymmdd.
    baselines : mapping
        Date to its perpendicular baseline to any common image, m; NaN where it is not known: such a date is not chosen and
        adds nothing, unless none is known of all candidates, when days alone decide.
    candidates : collection of str
        Dates that may be chosen.
    weights : (float, float)
        Critical temporal (days) and perpendicular (m) baseline, beyond which nothing is expected.

    Returns
    -------
    str
        Of equal sums the date nearest to the middle between the first and the last, then the earlier.
    """
    ordered = sorted(dates)
    days = np.array([dt.datetime.strptime(date, "%Y%m%d").toordinal() for date in ordered], np.float64)
    metres = np.array([baselines[date] for date in ordered], np.float64)
    allowed = [index for index, date in enumerate(ordered) if date in candidates]
    known = np.isfinite(metres)
    if not known[allowed].any():
        metres, known = np.zeros_like(metres), np.ones_like(known)
    temporal = 1 - np.minimum(1, np.abs(days[:, None] - days) / weights[0])
    perpendicular = 1 - np.minimum(1, np.abs(metres[:, None] - metres) / weights[1])
    sums = np.round((temporal * perpendicular)[:, known].sum(axis=1), 9)
    from_middle = np.abs(days - (days[0] + days[-1]) / 2)
    chosen = min(
        (index for index in allowed if known[index]),
        key=lambda index: (-sums[index], from_middle[index], index),
    )
    return ordered[chosen]


def choose_master(
    wanted: str,
    dates: Sequence[str],
    baselines: Mapping[str, float],
    candidates: Collection[str],
    weights: tuple[float, float],
) -> str:
    """The master that is asked for.

    Parameters
    ----------
    wanted : str
        ``auto``, ``first``, ``last``, ``middle``, a date (yyyymmdd, yyyy-mm-dd), or a position in the sorted dates, from 1.
    dates, baselines, candidates, weights
        As for :func:`best_master`; only ``auto`` keeps to the candidates.

    Raises
    ------
    ParameterError
        There is no such date or position, or no such word.
    """
    ordered, word = sorted(dates), str(wanted).strip().lower()
    if word == "auto":
        return best_master(ordered, baselines, candidates, weights)
    places = {"first": 0, "last": len(ordered) - 1, "middle": len(ordered) // 2}
    if word in places:
        return ordered[places[word]]
    date = word.replace("-", "")
    if re.fullmatch(r"[0-9]{8}", date):
        if date not in ordered:
            raise ParameterError(f"The master {date} is none of the dates: {', '.join(ordered)}.")
        return date
    if re.fullmatch(r"[0-9]{1,4}", word) and 1 <= int(word) <= len(ordered):
        return ordered[int(word) - 1]
    raise ParameterError(
        f"The master {wanted!r} is none: auto, first, last, middle, a date (yyyymmdd) or a position from 1 to {len(ordered)} "
        "are expected."
    )
