"""The headers of a Gamma or SNAP stack as step 1 reads them: the master's, and the baselines of the interferograms.

Source: docs/method/loading.md, sections 1, 4 and 5.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import InputError
from stamps.frontends import header_ranges
from stamps.frontends.header_values import readparm, values_behind
from stamps.frontends.lists import paths_of
from stamps.frontends.names import baseline_file, image_date, is_date, pair_of_name
from stamps.insar.constants import SPEED_OF_LIGHT
from stamps.workspace import Workspace

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps.workspace.parameters import Parameters


__all__ = [
    "MasterHeader",
    "header_path",
    "look_and_incidence",
    "master_date_of_header",
    "pair_dates",
    "perpendicular_baselines",
    "read_header",
    "store_platform",
]


# ---------------------------------------------------------------------- names and dates


def header_path(ws: Workspace) -> str:
    """Path of the master's header: the first one of ``../rsc.txt``, relative to the patch."""
    paths = paths_of(Workspace(ws.path.parent).read_text("rsc.txt"), ws.path)
    if not paths:
        raise InputError(f"{ws.path.parent / 'rsc.txt'} is empty, but the path of the master's header was expected.")
    return paths[0]


def pair_dates(paths: Sequence[str]) -> NDArray[np.int64]:
    """Dates in the names ``…yyyymmdd_yyyymmdd….diff`` of interferograms.

    Parameters
    ----------
    paths : list of str

    Returns
    -------
    (m, 2) int64 array
        First and second date as yyyymmdd.

    Raises
    ------
    InputError
        A name does not hold two dates.
    """
    return np.array([_dates(path, pair_of_name(path), path[-22:-5]) for path in paths], dtype=np.int64)


def master_date_of_header(path: str) -> int:
    """Date of the master from its header's name ``…yyyymmdd.rslc.par``, as yyyymmdd."""
    last = path[-17:-9]
    found = last if is_date(last) else image_date(path)
    return _dates(path, None if found is None else (found,), last)[0]


def _dates(path: str, found: tuple[str, ...] | None, shown: str) -> list[int]:
    if found is None:
        raise InputError(
            f"The name {path} has '{shown}' where a date yyyymmdd was expected: names of interferograms end in "
            "yyyymmdd_yyyymmdd.diff, that of the master's header in yyyymmdd.rslc.par."
        )
    return [int(date) for date in found]


# ---------------------------------------------------------------------- values


@dataclass(frozen=True)
class MasterHeader:
    """Values of the master's header: degrees, metres, lines, lines per second."""

    path: str
    heading: float
    wavelength: float
    platform: str
    range_spacing: float
    near_range: float
    sar_to_earth_center: float
    earth_radius: float
    center_range: float
    azimuth_lines: float
    prf: float


def read_header(ws: Workspace, path: str) -> MasterHeader:
    """Read (and log) what the loader needs from the master's header."""

    def number(name: str) -> float:
        return _numbers(path, name, values_behind(path, name, workdir=ws))[0]

    heading = number("heading:")
    frequency = number("radar_frequency:")
    platform = str(readparm(path, "sensor:", workdir=ws))
    names = (
        "range_pixel_spacing",
        "near_range_slc",
        "sar_to_earth_center",
        "earth_radius_below_sensor",
        "center_range_slc",
        "azimuth_lines",
        "prf",
    )
    values = [number(name) for name in names]
    judged = dict(zip(names, values, strict=True), heading=heading, radar_frequency=frequency)
    del judged["azimuth_lines"]
    header_ranges.require(path, judged)
    return MasterHeader(path, heading, SPEED_OF_LIGHT / frequency, platform, *values)


def store_platform(parameters: Parameters, header: MasterHeader) -> None:
    """Store ``heading``, ``lambda`` and ``platform`` as parameters."""
    parameters.set("heading", header.heading, 1)
    parameters.set("lambda", header.wavelength, 1)
    parameters.set("platform", header.platform, 1)


def look_and_incidence(
    header: MasterHeader, sample: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Look and incidence angle of range samples on a spherical earth.

    Parameters
    ----------
    header : MasterHeader
    sample : (n,) array
        Range sample, from 0.

    Returns
    -------
    look, incidence : (n,) float64 arrays
        Radians.

    Raises
    ------
    InputError
        The geometry of the header is impossible.
    """
    distance = header.near_range + np.asarray(sample, dtype=np.float64) * header.range_spacing
    orbit, earth = header.sar_to_earth_center, header.earth_radius
    cos_look = (orbit**2 + distance**2 - earth**2) / (2 * orbit * distance)
    cos_incidence = (orbit**2 - earth**2 - distance**2) / (2 * earth * distance)
    if not (np.all(np.abs(cos_look) <= 1) and np.all(np.abs(cos_incidence) <= 1)):
        raise InputError(
            f"The header {header.path} describes an impossible geometry: sar_to_earth_center, "
            "earth_radius_below_sensor, near_range_slc and range_pixel_spacing form no triangle; export it again."
        )
    return np.arccos(cos_look), np.arccos(cos_incidence)


def perpendicular_baselines(
    ws: Workspace,
    header: MasterHeader,
    paths: Sequence[str],
    line: NDArray[np.int64],
    look: NDArray[np.float64],
    dtype: type[np.floating[Any]],
) -> NDArray[np.floating[Any]]:
    """Perpendicular baseline of every pixel and interferogram from the baseline files.

    Parameters
    ----------
    ws : Workspace
        Patch (for the log and for relative paths).
    header : MasterHeader
    paths : list of str
        Interferograms (:func:`stamps.frontends.names.baseline_file`).
    line : (n,) array
        Azimuth line, from 0.
    look : (n,) float64 array
        Look angle in radians.
    dtype : dtype
        Class of the result.

    Returns
    -------
    (n, m) array in column-major order
        Metres.
    """
    time = (np.asarray(line, dtype=np.float64) - (header.azimuth_lines / 2 - 0.5)) / header.prf
    cos_look, sin_look = np.cos(look), np.sin(look)
    bperp: NDArray[np.floating[Any]] = np.empty((time.size, len(paths)), dtype=dtype, order="F")
    for k, path in enumerate(paths):
        file = _baseline_path(ws, path)
        _, across, normal = _baseline(ws, file, "initial_baseline(TCN):")
        _, across_rate, normal_rate = _baseline(ws, file, "initial_baseline_rate:")
        bperp[:, k] = (across + across_rate * time) * cos_look - (normal + normal_rate * time) * sin_look
        header_ranges.refuse(header_ranges.judge_baselines(file, bperp[:, k], zero=True))
    others = [len(set(pair)) == 2 for pair in pair_dates(paths).tolist()]
    header_ranges.refuse(header_ranges.judge_baselines("the files *.base", bperp[:, others]))
    return bperp


def _baseline_path(ws: Workspace, path: str) -> str:
    """The baseline file of an interferogram; relative paths start at the patch."""
    return baseline_file(os.path.join(ws.path, path))


def _baseline(ws: Workspace, file: str, name: str) -> list[float]:
    return _numbers(file, name, values_behind(file, name, 3, workdir=ws))


def _numbers(path: str, name: str, values: Sequence[float | str]) -> list[float]:
    numbers = []
    for value in values:
        if not isinstance(value, float) or not np.isfinite(value):
            raise InputError(f"The header {path} has '{value}' behind {name} instead of a number: export it again.")
        numbers.append(value)
    return numbers
