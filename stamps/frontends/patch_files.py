"""Candidate files, interferogram names and header geometry of Gamma and SNAP stacks, as arrays.

Shared by the loaders of step 1. Candidate files keep the byte order of the rasters: big-endian of Gamma and SNAP, which
is the default here. Source: docs/method/loading.md, sections 1, 4 and 5.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import InputError
from stamps.frontends import header_ranges, positions
from stamps.frontends.header_values import readparm
from stamps.frontends.headers import ground_spacing
from stamps.frontends.lists import paths_of, raster_paths, read_candidates
from stamps.frontends.names import baseline_file, image_date, is_date, pair_of_name
from stamps.insar.constants import SPEED_OF_LIGHT
from stamps.insar.geometry import centre_of, llh2local, rotate_to_image_axes, rotation_angle, sort_and_round_xy
from stamps.workspace import Workspace, findings
from stamps.workspace.plain_files import read_input

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps._typing import StrPath
    from stamps.workspace.log import Log
    from stamps.workspace.parameters import Parameters


__all__ = [
    "Candidates",
    "MasterHeader",
    "header_path",
    "interferogram_paths",
    "judge_candidates",
    "judged_lonlat",
    "local_coordinates",
    "look_and_incidence",
    "master_date_of_header",
    "note_no_candidates",
    "pair_dates",
    "perpendicular_baselines",
    "read_amplitude_dispersion",
    "read_header",
    "read_heights",
    "read_lonlat",
    "read_phase",
    "read_positions",
    "read_values",
    "store_platform",
    "with_position",
]


# ---------------------------------------------------------------------- names and dates


def header_path(ws: Workspace) -> str:
    """Path of the master's header: the first one of ``../rsc.txt``, relative to the patch."""
    paths = paths_of(Workspace(ws.path.parent).read_text("rsc.txt"), ws.path)
    if not paths:
        raise InputError(f"{ws.path.parent / 'rsc.txt'} is empty, but the path of the master's header was expected.")
    return paths[0]


def interferogram_paths(ws: Workspace) -> list[str]:
    """Paths of the interferograms: all of ``../pscphase.in`` behind its first word, the width."""
    paths = raster_paths(Workspace(ws.path.parent).read_text("pscphase.in"), ws.path)
    if not paths:
        raise InputError(f"{ws.path.parent / 'pscphase.in'} lists no interferogram: run the preparation again.")
    return paths


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


def _dates(path: str, found: tuple[str, ...], shown: str) -> list[int]:
    if found is None:
        raise InputError(
            f"The name {path} has '{shown}' where a date yyyymmdd was expected: names of interferograms end in "
            "yyyymmdd_yyyymmdd.diff, that of the master's header in yyyymmdd.rslc.par."
        )
    return [int(date) for date in found]


# ---------------------------------------------------------------------- header


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

    def number(name):
        return _numbers(path, name, [readparm(path, name, workdir=ws)])[0]

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
    dtype: type,
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
    bperp = np.empty((time.size, len(paths)), dtype=dtype, order="F")
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
    return _numbers(file, name, readparm(file, name, 3, workdir=ws))


def _numbers(path: str, name: str, values: Sequence[float]) -> list[float]:
    for value in values:
        if not isinstance(value, float) or not np.isfinite(value):
            raise InputError(f"The header {path} has '{value}' behind {name} instead of a number: export it again.")
    return values


# ---------------------------------------------------------------------- candidate files


@dataclass(frozen=True)
class Candidates:
    """Sorted candidates of a patch; ``sort_ix``: row of the candidate files (from 0) of each, then of those left out."""

    lonlat: np.ndarray  # (n, 2) float64, degrees
    xy: np.ndarray  # (n, 2) float32, metres
    ll0: np.ndarray  # (2,) float64, degrees
    sort_ix: np.ndarray  # (n_read,) int64

    @property
    def rows(self) -> NDArray[np.int64]:
        """Row of the candidate files (from 0) of each, (n,) int64."""
        return self.sort_ix[: len(self.lonlat)]


def read_positions(ws: Workspace) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Azimuth line and range sample of the candidates, (n,) int64 each, from ``pscands.1.ij``."""
    return read_candidates(ws.file("pscands.1.ij"))


def read_lonlat(ws: Workspace, n_ps: int, order: str = ">") -> Any:
    """Longitude and latitude in degrees, (n_ps, 2) float32."""
    return _read(ws, "pscands.1.ll", f"{order}f4", (n_ps, 2), n_ps).astype(np.float32)


def read_heights(ws: Workspace, n_ps: int, dtype: str = ">f4") -> Any:
    """Heights in metres, (n_ps,) in the precision of the file, or None without the file."""
    name = "pscands.1.hgt"
    return read_values(ws, name, n_ps, dtype) if ws.has_file(name) else None


def read_values(ws: Workspace, name: str, n_ps: int, dtype: str) -> Any:
    """A file of one number per candidate, (n_ps,) in its precision."""
    return _read(ws, name, dtype, (n_ps,), n_ps).astype(np.dtype(dtype).newbyteorder("="))


def read_amplitude_dispersion(ws: Workspace, n_ps: int) -> NDArray[np.float64] | None:
    """Amplitude dispersion, (n_ps,) float64, or None without the file."""
    path = ws.file("pscands.1.da")
    if not path.is_file():
        return None
    try:
        values = np.array(read_input(path).split(), dtype=np.float64)
    except ValueError as error:
        raise InputError(f"{path} must hold one number per candidate ({error}): run the preparation again.") from error
    if values.size != n_ps:
        raise InputError(_inconsistent(path, f"{values.size} numbers", f"{n_ps} numbers", n_ps))
    return values


def read_phase(ws: Workspace, n_ps: int, n_ifg: int, order: str = ">") -> Any:
    """Wrapped phasors, (n_ifg, n_ps) complex64 in the byte order of the file, mapped from it."""
    return _read(ws, "pscands.1.ph", f"{order}c8", (n_ifg, n_ps), n_ps)


def _read(ws: Workspace, name: str, dtype: str, shape: tuple[int, ...], n_ps: int) -> Any:
    path = ws.file(name)
    expected = int(np.prod(shape)) * np.dtype(dtype).itemsize
    try:
        size = path.stat().st_size
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}): run the preparation again.") from error
    if size != expected:
        raise InputError(_inconsistent(path, f"{size} bytes", f"{expected} bytes", n_ps))
    return np.memmap(path, dtype=dtype, mode="r", shape=shape)


def _inconsistent(path: StrPath, found: str, expected: str, n_ps: int) -> str:
    return (
        f"{path} holds {found}, but the {n_ps} candidates of pscands.1.ij need {expected}: the candidate files do not "
        "belong together; run the preparation again."
    )


# ---------------------------------------------------------------------- order


def judge_candidates(
    ws: Workspace,
    log: Log,
    lonlat: Any,
    hgt: Any,
    pixels: NDArray[np.int64],
    names: tuple[str, ...],
    spacing: tuple[float, float] | None = None,
) -> Any:
    """Find candidates without position or height, and keep what is strange about them; nonsense is refused.

    Parameters
    ----------
    ws : Workspace
        Patch.
    log : Log
    lonlat : (n, 2) array
        Degrees, in the class of the file.
    hgt : (n,) array or None
        Metres, in the class of the file.
    pixels : (n, 2) int array
        Line and sample.
    names : (str, str, str)
        Files of longitude, latitude and height.
    spacing : (float, float), optional
        Distances of pixels on the ground along range and azimuth, metres.

    Returns
    -------
    (n, 2) float64 array
        Longitude and latitude, NaN where a candidate is to be left out.
    """
    paths = [str(ws.path / name) for name in names]
    missing, warnings = positions.judge_positions(lonlat, paths[:2], positions.reach_of(_size(ws), spacing), pixels)
    if hgt is not None:
        heights = positions.judge_heights(hgt, paths[2])
        missing, warnings = missing | heights.missing, warnings + heights.warnings
    findings.record(ws, "step 1: positions", warnings, log)
    lonlat = lonlat.astype(np.float64)
    lonlat[missing] = np.nan
    return lonlat


def judged_lonlat(
    ws: Workspace, log: Log, header: MasterHeader, hgt: Any, line: NDArray[np.int64], sample: NDArray[np.int64]
) -> Any:
    """Longitude and latitude of the candidates of a Gamma or SNAP stack as :func:`judge_candidates` gives them."""
    spacing = ground_spacing(os.path.join(ws.path, header.path))
    lonlat, pixels = read_lonlat(ws, line.size), np.column_stack([line, sample])
    return judge_candidates(ws, log, lonlat, hgt, pixels, ("pscands.1.ll", "pscands.1.ll", "pscands.1.hgt"), spacing)


def _size(ws: Workspace) -> tuple[int, int] | None:
    """Range samples and azimuth lines of the image, or None where the project does not tell."""
    paths = [ws.find(name, levels=2) for name in ("width.txt", "len.txt")]
    words = [read_input(path).split() for path in paths if path is not None]
    numbers = [int(word[0]) for word in words if word and word[0].isdecimal()]
    return (numbers[0], numbers[1]) if len(numbers) == 2 else None


def with_position(candidates: Candidates) -> Candidates:
    """The candidates that have a position; those without, whose coordinates are NaN, are the last ones."""
    n = np.count_nonzero(~np.isnan(candidates.lonlat).any(axis=1))
    return Candidates(candidates.lonlat[:n], candidates.xy[:n], candidates.ll0, candidates.sort_ix)


def local_coordinates(lonlat: Any, heading: float, log: Log) -> Candidates:
    """Local coordinates in image axes, and the order of the candidates.

    Parameters
    ----------
    lonlat : (n, 2) float64 array
        Degrees, in the order of the candidate files.
    heading : float
        Degrees.
    log : Log
        Says the angle of rotation.

    Returns
    -------
    Candidates
    """
    ll0 = centre_of(lonlat)
    xy, rotated = rotate_to_image_axes(1000 * llh2local(lonlat, ll0), heading)
    if rotated:
        log(f"Rotating by {np.degrees(rotation_angle(heading)):g} degrees", 2)
    xy, sort_ix = sort_and_round_xy(xy)
    return Candidates(lonlat[sort_ix], xy, ll0, sort_ix)


def note_no_candidates(ws: Workspace, log: Log) -> None:
    """Mark a patch without candidates: flag 1 of ``no_ps_info`` and version 1."""
    with ws.publish():
        flags = ws.no_ps_flags()
        flags[0] = 1
        ws.save_no_ps_flags(flags)
        ws.version = 1
    log("No candidates in this patch")
