"""Balloon soundings: the text lists of the University of Wyoming.

Columns of seven characters, among them ``PRES`` (hPa), ``HGHT`` (m), ``TEMP`` (degrees C) and ``RELH`` (%); what stands
around the table is ignored.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import InputError
from stamps.tropo.soundings import Profile, refractivity
from stamps.workspace.plain_files import read_input

if TYPE_CHECKING:
    from stamps._typing import StrPath


__all__ = ["read_sounding"]

_WIDTH = 7
_WANTED = ("PRES", "HGHT", "TEMP", "RELH")
_FEWEST_LEVELS = 10


def read_sounding(path: StrPath) -> Profile:
    """Refractivity of the levels of a sounding.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    Profile
        Heights ascending; levels without pressure or temperature are left out, humidity that is not given is 0.

    Raises
    ------
    InputError
        The file is missing or holds no such table.
    """
    try:
        lines = read_input(path).splitlines()
    except OSError as error:
        raise InputError(f"The sounding {path} cannot be read ({error.strerror}).") from error
    column = None
    levels: list[Any] = []
    for line in lines:
        fields = [line[k : k + _WIDTH].strip() for k in range(0, len(line), _WIDTH)]
        if "PRES" in fields and "HGHT" in fields:
            if levels:
                break  # the table of another sounding
            column = {name: fields.index(name) for name in _WANTED if name in fields}
        elif column is not None and len(column) == len(_WANTED):
            level = [_number(fields, column[name]) for name in _WANTED]
            if np.isfinite(level[:3]).all():
                levels.append(level)
    if len(levels) < _FEWEST_LEVELS:
        raise InputError(
            f"The sounding {path} has {len(levels)} levels with {', '.join(_WANTED)} in columns of seven characters, but "
            f"{_FEWEST_LEVELS} were expected: save the text list of the University of Wyoming."
        )
    pressure, height, temperature, humidity = np.array(levels).T
    height, first = np.unique(height, return_index=True)
    humidity = np.where(np.isnan(humidity), 0, humidity)
    return Profile(height, refractivity(pressure, temperature, humidity)[first], path)


def _number(fields: Sequence[str], k: int) -> float:
    try:
        return float(fields[k])
    except (IndexError, ValueError):
        return np.nan
