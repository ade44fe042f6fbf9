"""Frames of stations of GNSS: which one their files are of, and the motion of a plate taken out of it.

Source: docs/method/gnss.md, section 5.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from stamps.analysis.plates import plate_velocity
from stamps.errors import InputError, ParameterError
from stamps.insar.constants import DAYS_PER_YEAR

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps.products.gnss_files import Station

__all__ = ["about_frame", "fixed_frame", "one_frame", "without_rotation"]

#: Frames of NGL that are fixed to a plate.
_FIXED = ("AF", "AN", "AR", "AU", "BG", "BU", "CA", "CO", "EU", "IN", "MA", "NA", "NB", "NZ", "OK", "ON", "PA", "PM", "PS",
          "SA", "SB", "SC", "SL", "SO", "SU", "WL", "ETRF2000")  # fmt: skip


def one_frame(stations: Sequence[Station], given: str) -> tuple[str, list[str]]:
    """The frame of all stations, and warnings; InputError where files of several frames are mixed."""
    of = {station.frame.upper(): station.name for station in stations if station.frame}
    if len(of) > 1:
        said = ", ".join(f"{frame} of {name}" for frame, name in sorted(of.items()))
        raise InputError(f"The files of GNSS are of several frames ({said}): give files of one.")
    found = next(iter(of), "")
    if not given:
        return found, []
    differs = found and found != given.upper()
    return given, [f"The frame is said to be {given}, but the names of the files say {found}."] if differs else []


def fixed_frame(frame: str, plate: str | None, pole: Sequence[float] | None) -> str:
    """What a frame is called whose plate is taken out; ParameterError where that is done already."""
    if frame.upper() in _FIXED:
        raise ParameterError(
            f"Stations of the frame {frame} do not hold the motion of that plate: leave the plate out, or give files of a "
            "global frame (IGS14)."
        )
    what = plate or "the pole " + " ".join(f"{value:g}" for value in pole or ())
    return f"{frame or 'not stated'} without the rotation of {what}"


def without_rotation(station: Station, rotation: NDArray[np.float64]) -> Station:
    """A station without the motion of a plate."""
    moved = plate_velocity([[station.lon, station.lat]], rotation)[0]
    if station.days is None or station.position is None:
        assert station.velocity is not None
        return replace(station, velocity=station.velocity - moved)
    years = (station.days - station.days[0]) / DAYS_PER_YEAR
    return replace(station, position=station.position - np.outer(years, moved))


def about_frame(frame: str, reference: str | None) -> list[str]:
    """A warning of velocities whose frame nobody states."""
    if frame or reference is not None:
        return []
    return ["The frame of the stations is not stated (frame): global ones such as IGS14 hold the motion of the plate."]
