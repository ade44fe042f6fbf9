"""The candidate files of a patch as arrays, and the order in which step 1 keeps candidates.

Shared by the loaders of step 1. Candidate files keep the byte order of the rasters: big-endian of Gamma and SNAP, which
is the default here. Source: docs/method/loading.md, sections 1 and 5.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import InputError
from stamps.frontends import positions
from stamps.frontends.headers import ground_spacing
from stamps.frontends.lists import raster_paths, read_candidates
from stamps.insar.geometry import centre_of, llh2local, rotate_to_image_axes, rotation_angle, sort_and_round_xy
from stamps.workspace import Workspace, findings
from stamps.workspace.plain_files import read_input

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps._typing import StrPath
    from stamps.frontends.master_header import MasterHeader
    from stamps.workspace.log import Log


__all__ = [
    "Candidates",
    "interferogram_paths",
    "judge_candidates",
    "judged_lonlat",
    "local_coordinates",
    "note_no_candidates",
    "read_amplitude_dispersion",
    "read_heights",
    "read_lonlat",
    "read_phase",
    "read_positions",
    "read_values",
    "with_position",
]


def interferogram_paths(ws: Workspace) -> list[str]:
    """Paths of the interferograms: all of ``../pscphase.in`` behind its first word, the width."""
    paths = raster_paths(Workspace(ws.path.parent).read_text("pscphase.in"), ws.path)
    if not paths:
        raise InputError(f"{ws.path.parent / 'pscphase.in'} lists no interferogram: run the preparation again.")
    return paths


# ---------------------------------------------------------------------- candidate files


@dataclass(frozen=True)
class Candidates:
    """Sorted candidates of a patch; ``sort_ix``: row of the candidate files (from 0) of each, then of those left out."""

    lonlat: NDArray[np.float64]  # (n, 2) float64, degrees
    xy: NDArray[np.float32]  # (n, 2) float32, metres
    ll0: NDArray[np.float64]  # (2,) float64, degrees
    sort_ix: NDArray[np.int64]  # (n_read,) int64

    @property
    def rows(self) -> NDArray[np.int64]:
        """Row of the candidate files (from 0) of each, (n,) int64."""
        return self.sort_ix[: len(self.lonlat)]


def read_positions(ws: Workspace) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Azimuth line and range sample of the candidates, (n,) int64 each, from ``pscands.1.ij``."""
    return read_candidates(ws.file("pscands.1.ij"))


def read_lonlat(ws: Workspace, n_ps: int, order: str = ">") -> NDArray[np.float32]:
    """Longitude and latitude in degrees, (n_ps, 2) float32."""
    return _read(ws, "pscands.1.ll", f"{order}f4", (n_ps, 2), n_ps).astype(np.float32)


def read_heights(ws: Workspace, n_ps: int, dtype: str = ">f4") -> NDArray[np.floating[Any]] | None:
    """Heights in metres, (n_ps,) in the precision of the file, or None without the file."""
    name = "pscands.1.hgt"
    return read_values(ws, name, n_ps, dtype) if ws.has_file(name) else None


def read_values(ws: Workspace, name: str, n_ps: int, dtype: str) -> NDArray[np.floating[Any]]:
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


def read_phase(ws: Workspace, n_ps: int, n_ifg: int, order: str = ">") -> NDArray[np.complex64]:
    """Wrapped phasors, (n_ifg, n_ps) complex64 in the byte order of the file, mapped from it."""
    return _read(ws, "pscands.1.ph", f"{order}c8", (n_ifg, n_ps), n_ps)


def _read(ws: Workspace, name: str, dtype: str, shape: tuple[int, ...], n_ps: int) -> NDArray[Any]:
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
    lonlat: NDArray[np.floating[Any]],
    hgt: NDArray[np.floating[Any]] | None,
    pixels: NDArray[np.int64],
    names: tuple[str, ...],
    spacing: tuple[float, float] | None = None,
) -> NDArray[np.float64]:
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
    judged = lonlat.astype(np.float64)
    judged[missing] = np.nan
    return judged


def judged_lonlat(
    ws: Workspace,
    log: Log,
    header: MasterHeader,
    hgt: NDArray[np.floating[Any]] | None,
    line: NDArray[np.int64],
    sample: NDArray[np.int64],
) -> NDArray[np.float64]:
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


def local_coordinates(lonlat: NDArray[np.float64], heading: float, log: Log) -> Candidates:
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
    rounded, sort_ix = sort_and_round_xy(xy)
    return Candidates(lonlat[sort_ix], rounded, ll0, sort_ix)


def note_no_candidates(ws: Workspace, log: Log) -> None:
    """Mark a patch without candidates: flag 1 of ``no_ps_info`` and version 1."""
    with ws.publish():
        flags = ws.no_ps_flags()
        flags[0] = 1
        ws.save_no_ps_flags(flags)
        ws.version = 1
    log("No candidates in this patch")
