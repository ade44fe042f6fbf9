"""What values the headers of a stack may have: one table of fields, one function that judges.

A value that no radar image can have is an error where later steps use it, else a warning. Headers of the other images are
compared with the master's.

Source: docs/method/preparation.md, section 1; docs/method/loading.md, section 4; bands of imaging radars from P
(0.3 GHz) to Ka (40 GHz).
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stamps.errors import InputError
from stamps.insar.constants import SPEED_OF_LIGHT

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from stamps._typing import StrPath


__all__ = [
    "FIELDS",
    "FREQUENCY",
    "SAME_FREQUENCY",
    "Field",
    "judge",
    "judge_angles",
    "judge_baselines",
    "judge_dates",
    "refuse",
    "require",
]

#: Frequencies of imaging radars, Hz.
FREQUENCY = (0.3e9, 40e9)

#: Largest relative difference of the frequencies of one sensor's images.
SAME_FREQUENCY = 1e-3

#: Longest baseline across track, m: far beyond the critical one of every satellite.
LONGEST_BASELINE = 1e5
_SHORTEST_BASELINE = 1e-3  # m; no two passes are as close
_FASTEST_RATE = 1e3  # m/s, of a baseline
_FIRST_YEAR = 1978  # Seasat, the first civil radar satellite


class Field(NamedTuple):
    """Lowest and highest value of a field, both allowed, and its unit."""

    lowest: float
    highest: float
    unit: str


#: What a field may hold, by the name that the processors' headers or this package give it.
FIELDS = {
    "heading": Field(-360, 360, "degrees"),
    "radar_frequency": Field(*FREQUENCY, "Hz"),
    "wavelength": Field(SPEED_OF_LIGHT / FREQUENCY[1], SPEED_OF_LIGHT / FREQUENCY[0], "m"),
    "prf": Field(1, 1e5, "Hz"),
    "range_pixel_spacing": Field(0.01, 1000, "m"),
    "azimuth_pixel_spacing": Field(0.01, 1000, "m"),
    "near_range_slc": Field(1, 5e7, "m"),
    "center_range_slc": Field(1, 5e7, "m"),
    "sar_to_earth_center": Field(6.2e6, 5e7, "m"),
    "earth_radius_below_sensor": Field(6.2e6, 6.5e6, "m"),
    "incidence_angle": Field(0, 90, "degrees"),
    "look_angle": Field(0, 90, "degrees"),
    "start_time": Field(-3600, 2 * 86400, "s of the day"),
    "center_time": Field(-3600, 2 * 86400, "s of the day"),
    "oversampling": Field(1, 100, "times"),
    "looks": Field(1, 1e4, "looks"),
    "width": Field(1, 1e6, "samples"),
    "length": Field(1, 1e7, "lines"),
    "baseline": Field(-LONGEST_BASELINE, LONGEST_BASELINE, "m"),
    "baseline_rate": Field(-_FASTEST_RATE, _FASTEST_RATE, "m/s"),
}


def judge(path: StrPath, values: Mapping[str, float], shown: Mapping[str, str] | None = None) -> list[str]:
    """Find the values of a header that cannot be right.

    Parameters
    ----------
    path : path-like
        The header, named in the sentences.
    values : dict
        Name of the field in :data:`FIELDS` -> value in its unit.
    shown : dict, optional
        Names as the header writes them, where they differ.

    Returns
    -------
    list of str
        One sentence for each impossible value.
    """
    found = []
    for name, value in values.items():
        field = FIELDS[name]
        if not field.lowest <= value <= field.highest:  # NaN is not
            title = (shown or {}).get(name, name)
            found.append(
                f"The header {path} has {value:.10g} in field '{title}', but {field.lowest:.6g} to {field.highest:.6g} "
                f"{field.unit} were expected{_other_unit(field, value)}: export it again."
            )
    return found


def require(path: StrPath, values: Mapping[str, float], shown: Mapping[str, str] | None = None) -> None:
    """Raise an InputError that holds, in one line, what :func:`judge` finds."""
    refuse(judge(path, values, shown))


def refuse(sentences: list[str]) -> None:
    """Raise an InputError of the sentences, in one line, if there are any."""
    if sentences:
        raise InputError(" ".join(sentences))


def judge_baselines(source: StrPath, baselines: ArrayLike, zero: bool = False) -> list[str]:
    """Find out whether the perpendicular baselines of a stack can be right as a whole.

    Parameters
    ----------
    source : path-like
        What holds them.
    baselines : (n,) or (n, k) array
        Metres, one row for each interferogram that is not of the master with itself.
    zero : bool
        Whether all of them may be 0.

    Returns
    -------
    list of str
        Sentences: not finite or impossibly long, or zero everywhere.
    """
    values = np.asarray(baselines, dtype=np.float64)
    wrong = ~(np.abs(values) <= LONGEST_BASELINE)
    if wrong.any():
        return [
            f"There is the perpendicular baseline {values[wrong][0]:.10g} m in {source}, but at most {LONGEST_BASELINE:g} m "
            "were expected: export the stack again."
        ]
    if values.size and not zero and np.abs(values).max() < _SHORTEST_BASELINE:
        return [
            f"All perpendicular baselines in {source} are 0 m, so that no height error can be estimated: the orbits are "
            "missing; export the stack again."
        ]
    return []


def judge_angles(source: StrPath, degrees: NDArray[np.float64]) -> None:
    """Raise an InputError if incidence or look angles of pixels cannot be right.

    Parameters
    ----------
    source : path-like
        What holds them.
    degrees : array
        NaN counts as wrong.
    """
    values = np.ravel(degrees)
    wrong = ~((values > 0) & (values < 90))
    if wrong.any():
        raise InputError(
            f"{source} gives the angle {values[wrong][0]:.6g} for {np.count_nonzero(wrong)} of {values.size} candidates, but "
            "more than 0 and less than 90 degrees were expected: export it again."
        )


def judge_dates(dates: Iterable[str], today: datetime.date | None = None) -> tuple[list[str], list[str]]:
    """Find dates on which no image can have been taken.

    Parameters
    ----------
    dates : iterable of str
        Days of the calendar, yyyymmdd.
    today : datetime.date, optional

    Returns
    -------
    problems, warnings : list of str
        Dates before the first radar satellite; dates in the future (the clock may be wrong).
    """
    latest = f"{(today or datetime.date.today()) + datetime.timedelta(days=1):%Y%m%d}"
    dates = sorted(set(dates))
    early = [date for date in dates if date < f"{_FIRST_YEAR}0000"]
    late = [date for date in dates if date > latest]
    problems = [
        f"The date {date} is before {_FIRST_YEAR}, when no radar satellite flew: correct the name." for date in early
    ]
    return problems, [f"The date {date} is in the future: check the names of the images." for date in late]


def _other_unit(field: Field, value: float) -> str:
    """A hint where a frequency in GHz or MHz, or a length in km, would be in the range."""
    for factor, unit in ((1e9, "GHz"), (1e6, "MHz")):
        if field.unit == "Hz" and field.lowest >= 1e6 and field.lowest <= value * factor <= field.highest:
            return f" (it looks like {unit})"
    if field.unit == "m" and field.lowest > 1e6 and field.lowest <= value * 1000 <= field.highest:
        return " (it looks like km)"
    return ""
