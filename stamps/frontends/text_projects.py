"""Candidates of the patches of Doris and ISCE projects: what their loaders share.

Rasters of candidates are little-endian. Source: docs/method/loading.md, sections 6 to 8.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.frontends import header_ranges, patch_files
from stamps.workspace.parameters import Parameters

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps.workspace import Workspace
    from stamps.workspace.log import Log


from stamps.frontends.project_headers import (
    Acquisitions,
    Pairs,
    calibration_constants,
    find_text,
    read_acquisitions,
    read_pairs,
    read_size,
    read_text_numbers,
)

__all__ = [
    "Loaded",
    "load_candidates",
    "pair_differences",
    "repeated",
    "save_patch",
    "single_master",
    "single_master_phasors",
    "small_baselines",
    "unit_phasors",
]

ORDER = "<"  # byte order of the candidate files
_FIELDS = {"heading": "heading", "lambda": "wavelength", "slc_osf": "oversampling"}  # as the table of ranges names them


@dataclass(frozen=True)
class Loaded:
    """Candidates of a patch in their new order, and the stack they belong to.

    Attributes
    ----------
    images : Acquisitions
    settings : dict
        Parameters that text files give: ``heading``, ``lambda``, perhaps ``slc_osf``.
    size : (int, int)
        Range samples and azimuth lines of the full image.
    pixels : stamps.frontends.patch_files.Candidates
    line, sample : (n_ps,) int64 arrays
        In the new order, as ``D_A`` and ``hgt``.
    D_A, hgt : (n_ps,) float64 arrays or None
    n_read : int
        Candidates of the files, those without a position included.
    """

    images: Acquisitions
    settings: dict[str, float]
    size: tuple[int, int]
    pixels: patch_files.Candidates
    line: NDArray[np.int64]
    sample: NDArray[np.int64]
    D_A: NDArray[np.float64] | None
    hgt: NDArray[np.float64] | None
    n_read: int

    @property
    def n_ps(self) -> int:
        """Number of candidates that have a position."""
        return self.line.size

    @property
    def rows(self) -> NDArray[np.int64]:
        """Row of the candidate files (from 0) of every pixel."""
        return self.pixels.rows

    @property
    def height(self) -> NDArray[np.float64] | float:
        """Heights in metres; 0 where there is no height file."""
        return 0.0 if self.hgt is None else self.hgt

    @property
    def ps(self) -> dict[str, Any]:
        """Variables of ``ps1`` that do not depend on the kind of stack."""
        number_column = np.arange(1, self.n_ps + 1)
        return {
            "ij": np.column_stack([number_column, self.line, self.sample]).astype(np.float64),
            "lonlat": self.pixels.lonlat,
            "xy": np.column_stack([number_column, self.pixels.xy]).astype(np.float32),
            "day": self.images.day,
            "master_day": self.images.master_day,
            "master_ix": self.images.master_ix,
            "n_image": self.images.n_image,
            "n_ps": self.n_ps,
            "sort_ix": self.pixels.sort_ix,
            "ll0": self.pixels.ll0,
            "day_ix": self.images.day_ix,
        }


def load_candidates(ws: Workspace, log: Log, settings: Mapping[str, str]) -> Loaded | None:
    """Read what all loaders of text headers read.

    Parameters
    ----------
    ws : Workspace
        Patch.
    log : Log
    settings : dict
        Parameter to the text file that holds its number.

    Returns
    -------
    Loaded or None
        None, and a note in ``no_ps_info``, for a patch without candidates.
    """
    images = read_acquisitions(ws)
    values = {name: _setting(ws, name, file) for name, file in settings.items()}
    size = read_size(ws)
    line, sample = patch_files.read_positions(ws)
    n_read = line.size
    if n_read == 0:
        patch_files.note_no_candidates(ws, log)
        return None
    hgt = patch_files.read_heights(ws, n_read, f"{ORDER}f4")
    names = ("pscands.1.ll", "pscands.1.ll", "pscands.1.hgt")
    as_read = patch_files.read_lonlat(ws, n_read, ORDER)
    lonlat = patch_files.judge_candidates(ws, log, as_read, hgt, np.column_stack([line, sample]), names)
    pixels = patch_files.with_position(patch_files.local_coordinates(lonlat, values["heading"], log))
    rows = pixels.rows
    if rows.size == 0:
        patch_files.note_no_candidates(ws, log)
        return None
    D_A = patch_files.read_amplitude_dispersion(ws, n_read)
    return Loaded(
        images,
        values,
        size,
        pixels,
        line[rows],
        sample[rows],
        None if D_A is None else D_A[rows],
        None if hgt is None else hgt[rows].astype(np.float64),
        n_read,
    )


def _setting(ws: Workspace, name: str, file: str) -> float:
    """The number of a text header, judged."""
    value = float(read_text_numbers(ws, file, 1)[0])
    header_ranges.require(find_text(ws, file), {_FIELDS[name]: value}, {_FIELDS[name]: name})
    return value


def single_master(ws: Workspace, loaded: Loaded) -> tuple[dict[str, Any], NDArray[np.complex64], NDArray[np.float32]]:
    """What the single-master loaders have in common.

    Returns
    -------
    ps : dict
        ``bperp``, ``n_ifg`` and ``calconst`` of ``ps1``.
    ph : (n_ps, n_image) complex64 array
        Calibrated phasors, ones for the master.
    bperp_mat : (n_ps, n_image - 1) float32 array
        Mean baselines of the slaves, repeated, for a stack without any other.
    """
    images = loaded.images
    calconst = calibration_constants(ws, images)
    raw = patch_files.read_phase(ws, loaded.n_read, len(images.dates), ORDER)
    ps = {"bperp": images.bperp, "n_ifg": images.n_image, "calconst": calconst}
    bperp_mat = repeated(np.delete(images.bperp, images.master_ix), loaded.n_ps)
    return ps, single_master_phasors(raw, images, calconst, loaded.rows), bperp_mat


def small_baselines(
    ws: Workspace, loaded: Loaded, of_slaves: NDArray[np.float64] | None
) -> tuple[dict[str, Any], NDArray[np.complex64], NDArray[np.floating[Any]]]:
    """What the small-baseline loaders have in common.

    Parameters
    ----------
    ws : Workspace
    loaded : Loaded
    of_slaves : (n_ps, n_image - 1) array or None
        Baselines of the slaves at the pixels; None: the mean ones, repeated.

    Returns
    -------
    ps : dict
        ``bperp``, ``ifgday``, ``ifgday_ix`` and ``n_ifg`` of ``ps1``.
    ph : (n_ps, n_ifg) complex64 array
        Phasors of unit modulus.
    bperp_mat : (n_ps, n_ifg) array
        Second minus first image.
    """
    images = loaded.images
    pairs = read_pairs(ws, images)
    n_ifg = len(pairs.ifgday)
    raw = patch_files.read_phase(ws, loaded.n_read, n_ifg, ORDER)
    bperp = images.bperp[pairs.ifgday_ix[:, 1]] - images.bperp[pairs.ifgday_ix[:, 0]]
    if of_slaves is None:
        bperp_mat: NDArray[np.floating[Any]] = repeated(bperp, loaded.n_ps)
    else:
        bperp_mat = pair_differences(of_slaves, images, pairs)
    ps = {"bperp": bperp, "ifgday": pairs.ifgday, "ifgday_ix": pairs.ifgday_ix, "n_ifg": n_ifg}
    return ps, unit_phasors(raw, loaded.rows), bperp_mat


def single_master_phasors(
    raw: NDArray[np.complex64], images: Acquisitions, calconst: NDArray[np.float64], sort_ix: NDArray[np.int64]
) -> NDArray[np.complex64]:
    """Calibrated phasors by date with the master's column of ones.

    Parameters
    ----------
    raw : (n_image - 1, n) complex array
        Blocks in the order of the text files.
    images : Acquisitions
    calconst : (n_image - 1,) float64 array
        By date.
    sort_ix : (n,) int64 array

    Returns
    -------
    (n, n_image) complex64 array in column-major order
    """
    ph = np.ones((sort_ix.size, images.n_image), dtype=np.complex64, order="F")
    columns = np.delete(np.arange(images.n_image), images.master_ix)
    for column, row, constant in zip(columns, images.day_ix, calconst, strict=True):
        with np.errstate(invalid="ignore", over="ignore"):  # what is no number is taken away afterwards
            ph[:, column] = raw[row].astype(np.complex64)[sort_ix] / np.float32(constant)
    return ph


def unit_phasors(raw: NDArray[np.complex64], sort_ix: NDArray[np.int64]) -> NDArray[np.complex64]:
    """Phasors of unit modulus (zeros stay 0): (n, n_ifg) complex64 in column-major order."""
    ph = np.empty((sort_ix.size, len(raw)), dtype=np.complex64, order="F")
    for k, block in enumerate(raw):
        column = block.astype(np.complex64)[sort_ix]
        modulus = np.abs(column)
        modulus[modulus == 0] = 1
        with np.errstate(invalid="ignore"):  # what is no number is taken away afterwards
            ph[:, k] = column / modulus
    return ph


def repeated(bperp: NDArray[np.float64], n_ps: int) -> NDArray[np.float32]:
    """Mean baselines as a row for every pixel, (n_ps, k) float32."""
    return np.tile(np.asarray(bperp, dtype=np.float32), (n_ps, 1))


def pair_differences(bperp: NDArray[np.float64], images: Acquisitions, pairs: Pairs) -> NDArray[np.float64]:
    """Second minus first image of every interferogram.

    Parameters
    ----------
    bperp : (n, n_image - 1) array
        Baselines of the slaves; that of the master is 0.
    images : Acquisitions
    pairs : Pairs

    Returns
    -------
    (n, n_ifg) float64 array
    """
    full = np.insert(np.asarray(bperp, dtype=np.float64), images.master_ix, 0.0, axis=1)
    return full[:, pairs.ifgday_ix[:, 1]] - full[:, pairs.ifgday_ix[:, 0]]


def save_patch(
    ws: Workspace,
    loaded: Loaded,
    ps: Mapping[str, Any],
    ph: NDArray[np.complex64],
    bperp_mat: NDArray[np.floating[Any]],
    angles: Mapping[str, Any],
) -> None:
    """Write the files of step 1 and the parameters.

    Parameters
    ----------
    ws : Workspace
    loaded : Loaded
    ps : dict
        Variables of ``ps1`` besides those of ``loaded``.
    ph : (n_ps, n_ifg) complex64 array
    bperp_mat : (n_ps, k) array
    angles : dict
        ``la`` or ``inc`` to (n_ps,) array in radians.
    """
    with ws.publish():
        parameters = Parameters(ws)
        for name, value in loaded.settings.items():
            parameters.set(name, value, 1)
        ws.save("ps1", {**loaded.ps, **ps})
        ws.version = 1
        ws.save("ph1", {"ph": ph})
        ws.save("bp1", {"bperp_mat": np.asarray(bperp_mat, dtype=np.float32)})
        for name, values in angles.items():
            ws.save(f"{name}1", {name: values})
        if loaded.D_A is not None:
            ws.save("da1", {"D_A": loaded.D_A})
        if loaded.hgt is not None:
            ws.save("hgt1", {"hgt": loaded.hgt})
