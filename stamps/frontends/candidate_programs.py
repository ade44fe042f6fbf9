"""The programs that find and extract candidates, as functions: the body of the legacy commands of the same names.

``calamp`` calibrates the images, ``selpsc_patch`` and ``selsbc_patch`` select candidates, ``mt_extract_cands`` does so in all
patches and samples position, height and phase at them. They read and write list files and rasters.

Source: docs/method/preparation.md, sections 3 and 5; Ferretti, Prati & Rocca (2001); Hooper (2008).
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import numpy as np

from stamps.errors import InputError
from stamps.frontends.candidates import (
    CandidateFiles,
    CandidateWriter,
    calibrate,
    difference_dispersion,
    single_master_dispersion,
)
from stamps.frontends.lists import paths_of, read_names, read_selection_list
from stamps.frontends.patches import read_patch
from stamps.frontends.publishing import adopt
from stamps.frontends.rasters import pixel_type
from stamps.frontends.sampling import read_positions, sample_lonlat, sample_phases, sample_values
from stamps.frontends.threads import in_order
from stamps.workspace import Workspace
from stamps.workspace.locks import reserving
from stamps.workspace.plain_files import read_input
from stamps.workspace.progress import progress

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from stamps._typing import StrPath
    from stamps.frontends.amplitudes import KeptAmplitudes
    from stamps.frontends.candidates import Calibration
    from stamps.frontends.lists import SelectionList
    from stamps.frontends.raster_survey import RasterSurvey
    from stamps.workspace.patch_limits import Patch


__all__ = ["calamp", "mt_extract_cands", "patches_of", "selpsc_patch", "selsbc_patch"]


def calamp(
    list_file: str,
    width: int,
    parmfile: str = "parmfile.out",
    precision: str = "f",
    byteswap: int = 0,
    maskfile: StrPath | None = None,
    workdir: Workspace | StrPath = ".",
    kept: KeptAmplitudes | None = None,
    survey: RasterSurvey | None = None,
) -> NDArray[np.float32]:
    """Write the calibration constant of each SLC of a list.

    Parameters
    ----------
    list_file : path-like
        Paths of the SLCs. What follows the last newline is not read (a quirk of the original).
    width : int
        Range samples of the SLCs.
    parmfile : path-like
        Output: path and constant (six significant digits) per line.
    precision : {'f', 's'}
        Complex float32 or complex int16.
    byteswap : int
        1: big-endian rasters, 0: little-endian.
    maskfile : path-like, optional
        Raster of one byte per pixel; only pixels with 0 count.
    workdir : path-like or Workspace
        Directory that relative paths start from.
    kept : stamps.frontends.amplitudes.KeptAmplitudes, optional
        Keeps amplitudes for a selection that follows in the same process.
    survey : stamps.frontends.raster_survey.RasterSurvey, optional
        Takes what is strange about the images; without it the console does.

    Returns
    -------
    (n,) float32 array
        The constants; 0, with a warning on the console, for an image without a usable pixel.

    Raises
    ------
    InputError
        A file is missing or too short; with a survey also an image without a usable pixel.
    """
    ws = Workspace.at(workdir)
    dtype = pixel_type(precision, byteswap)
    width = int(width)
    if width < 1:
        raise InputError(f"calamp was told that the images are {width} samples wide, but the width counts from 1.")
    names = read_names(ws.file(list_file), ws.path)
    mask = None if maskfile is None else ws.file(maskfile)
    distinct = list(dict.fromkeys(names))  # lists of pairs may name an image more than once
    found = in_order(lambda name: calibrate(os.path.join(ws.path, name), width, dtype, mask, kept), distinct)
    shown = progress(found, total=len(distinct), unit=" images", title="calamp")
    of_name = dict(zip(distinct, shown, strict=True))
    constants = np.array([np.nan_to_num(of_name[name].constant, nan=0) for name in names], np.float32)
    _report_calibrations(of_name, survey)
    if survey is not None:
        survey.note_constants(names, constants)
    lines = [f"{name} {float(constant):g}\n" for name, constant in zip(names, constants, strict=True)]
    ws.write_text(parmfile, "".join(lines))
    return constants


def _report_calibrations(calibrations: Mapping[str, Calibration], survey: RasterSurvey | None) -> None:
    """Say what is strange about images: to the survey, or to the console."""
    if survey is not None:
        survey.note_images(calibrations)
        return
    for name, found in calibrations.items():
        if not found.count:
            print(f"CALAMP: {name} has no usable pixel, its calibration constant is set to 0.", file=sys.stderr)
        elif found.unusable:
            print(
                f"CALAMP: {name} has {found.unusable} pixels without a usable number, which are left out.",
                file=sys.stderr,
            )


def selpsc_patch(
    in_file: StrPath,
    patch_file: StrPath,
    ij: str = "pscands.1.ij",
    da: str = "pscands.1.da",
    mean_amp: str = "mean_amp.flt",
    precision: str = "f",
    byteswap: int = 0,
    maskfile: StrPath | None = None,
    masteramp_list: str | None = None,
    workdir: Workspace | StrPath = ".",
    kept: KeptAmplitudes | None = None,
) -> int:
    """Select the pixels of a patch whose amplitude dispersion is below a threshold.

    Parameters
    ----------
    in_file : path-like
        ``selpsc.in``: threshold (negative: select what is not below it), width, and a path with its calibration
        constant per line.
    patch_file : path-like
        ``patch.in``: range start and end, azimuth start and end, from 1.
    ij : path-like
        Output: number, azimuth line and range sample (from 0) per candidate. ``<ij>.int``: sample and line as
        big-endian int32. ``<ij>0``: the pixels left out because an image has no signal there.
    da : path-like
        Output: amplitude dispersion, six significant digits.
    mean_amp : path-like
        Output: sum of the calibrated amplitudes of every pixel of the patch, little-endian float32.
    precision : {'f', 's'}
        Complex float32 or complex int16.
    byteswap : int
        1: big-endian rasters, 0: little-endian.
    maskfile : path-like, optional
        Raster of one byte per pixel of the full image; only pixels with 0 are selected.
    masteramp_list : path-like, optional
        File whose first word is the path of a master image to divide all amplitudes by.
    workdir : path-like or Workspace
        Directory that relative paths start from.
    kept : stamps.frontends.amplitudes.KeptAmplitudes, optional
        Amplitudes that a calibration in the same process has kept.

    Returns
    -------
    int
        Number of candidates.

    Raises
    ------
    InputError
        Fewer than two images; a file is missing, malformed or too short.
    """
    ws = Workspace.at(workdir)
    selection, patch, mask = _selection(ws, in_file, patch_file, maskfile)
    master = None if masteramp_list is None else _master_raster(ws, masteramp_list)
    blocks = single_master_dispersion(selection, patch, pixel_type(precision, byteswap), master, kept)
    with _written(ws, ij, f"{ij}.int", da, mean_amp, f"{ij}0") as files:
        return CandidateWriter(files, selection, patch, mask).write(blocks, _below_dispersion, np.sqrt)


def _below_dispersion(squared_dispersion: NDArray[np.float32], threshold: np.float32) -> NDArray[np.bool_]:
    """Whether squared dispersions are below the squared threshold; not below it for a negative threshold."""
    squared = threshold * threshold
    return squared_dispersion < squared if threshold >= 0 else squared_dispersion >= squared


def _master_raster(ws: Workspace, list_file: str) -> Path:
    path = ws.file(list_file)
    paths = paths_of(read_input(path, "surrogateescape"), ws.path) if path.is_file() else []
    if not paths:
        raise InputError(f"The list {path} must begin with the path of the master image.")
    return ws.path / paths[0]


def selsbc_patch(
    in_file: StrPath,
    patch_file: StrPath,
    ij: str = "pscands.1.ij",
    da: str = "pscands.1.da",
    mean_amp: str = "mean_amp.flt",
    precision: str = "f",
    byteswap: int = 0,
    maskfile: StrPath | None = None,
    workdir: Workspace | StrPath = ".",
    kept: KeptAmplitudes | None = None,
) -> int:
    """Select the pixels of a patch whose amplitude difference dispersion is below a threshold.

    Exactly the lines of the patch are processed. The original always treats at least ten lines, and none of an image
    that ends within the first ten.

    Parameters
    ----------
    in_file : path-like
        ``selsbc.in``: threshold, width, and a path with its calibration constant per line; lines 2k − 1 and 2k are the
        images of interferogram k. A negative threshold selects every pixel with signal (a quirk of the original).
    patch_file : path-like
        ``patch.in``: range start and end, azimuth start and end, from 1.
    ij : path-like
        Output: number, azimuth line and range sample (from 0) per candidate. ``<ij>.int``: sample and line as
        big-endian int32.
    da : path-like
        Output: amplitude difference dispersion, six significant digits.
    mean_amp : path-like
        Output: sum of the calibrated amplitudes of every pixel of the patch, little-endian float32.
    precision : {'f', 's'}
        Complex float32 or complex int16.
    byteswap : int
        1: big-endian rasters, 0: little-endian.
    maskfile : path-like, optional
        Raster of one byte per pixel of the full image; only pixels with 0 are selected.
    workdir : path-like or Workspace
        Directory that relative paths start from.
    kept : stamps.frontends.amplitudes.KeptAmplitudes, optional
        Amplitudes that a calibration in the same process has kept.

    Returns
    -------
    int
        Number of candidates.

    Raises
    ------
    InputError
        No pair of images; a file is missing, malformed or too short.
    """
    ws = Workspace.at(workdir)
    selection, patch, mask = _selection(ws, in_file, patch_file, maskfile)
    blocks = difference_dispersion(selection, patch, pixel_type(precision, byteswap), kept)
    with _written(ws, ij, f"{ij}.int", da, mean_amp) as files:
        return CandidateWriter(files, selection, patch, mask).write(blocks, _below_difference, np.asarray)


def _below_difference(dispersion: NDArray[np.float32], threshold: np.float32) -> NDArray[np.bool_]:
    """Whether dispersions are below the threshold; not below the negative number itself for a negative one."""
    return dispersion < threshold if threshold >= 0 else dispersion >= threshold


def _selection(
    ws: Workspace, in_file: StrPath, patch_file: StrPath, maskfile: StrPath | None
) -> tuple[SelectionList, Patch, Path | None]:
    """What both programs select from: list of images, patch, path of the mask or None."""
    mask = None if maskfile is None else ws.file(maskfile)
    return read_selection_list(ws.file(in_file), ws.path), read_patch(ws.file(patch_file)), mask


@contextmanager
def _written(ws: Workspace, *names: str) -> Iterator[CandidateFiles]:
    """Context that gives the files of the candidates, which appear together at its end."""
    with ws.publish(), ExitStack() as stack:
        yield CandidateFiles(*[stack.enter_context(ws.open_output(name)) for name in names])


@reserving
def mt_extract_cands(
    dophase: int = 1,
    dolonlat: int = 1,
    dodem: int = 1,
    docands: int = 1,
    precision: str = "f",
    byteswap: int = 0,
    maskfile: StrPath | None = None,
    patch_list: str | None = None,
    workdir: Workspace | StrPath = ".",
    kept: KeptAmplitudes | None = None,
    survey: RasterSurvey | None = None,
) -> None:
    """Extract the candidates of all patches.

    All files appear together when the last patch is complete; an error or a kill leaves the old ones.

    Parameters
    ----------
    dophase, dolonlat, dodem, docands : int
        1: extract phases, positions, heights; select the candidates. 0: leave what is there.
    precision : {'f', 's'}
        SLCs of complex float32 or complex int16.
    byteswap : int
        1: big-endian SLCs, 0: little-endian.
    maskfile : path-like, optional
        Raster of one byte per pixel; only pixels with 0 are selected. Relative to the project directory.
    patch_list : path-like, optional
        File with one patch folder per line (default ``patch.list``).
    workdir : path-like or Workspace
        The project directory.
    kept : stamps.frontends.amplitudes.KeptAmplitudes, optional
        Amplitudes that ``calamp`` in the same process has kept; forgotten when the candidates are selected.
    survey : stamps.frontends.raster_survey.RasterSurvey, optional
        Takes what is strange about the interferograms at the candidates.

    Notes
    -----
    ``selsbc.in`` decides: if it exists, candidates are selected for small baselines, even in a single-master project
    where it is a left-over (a quirk of the original).

    Raises
    ------
    InputError
        A list, a patch or a raster is missing or malformed.
    """
    ws = Workspace.at(workdir)
    patches = patches_of(ws, patch_list or "patch.list")
    mask = None if maskfile is None else ws.file(maskfile)
    not_finite: Counter[str] = Counter()
    n_candidates = 0
    with ws.publish(), ws.scratch() as stage:
        for name in patches:
            (stage / name).path.mkdir(parents=True)
            if docands:
                _select_candidates(ws, ws / name, stage / name, precision, byteswap, mask, kept)
        if kept is not None:
            kept.clear()
        for name in patches:
            folder, new = ws / name, stage / name
            if dolonlat or dodem or dophase:
                line, sample = read_positions((new if docands else folder).file("pscands.1.ij"), bool(docands))
            if dolonlat:
                sample_lonlat(ws.file("psclonlat.in"), ws.path, line, sample, new.file("pscands.1.ll"))
            if dodem:
                sample_values(ws.file("pscdem.in"), ws.path, line, sample, new.file("pscands.1.hgt"))
            if dophase:
                order = None if survey is None else survey.order
                found = sample_phases(ws.file("pscphase.in"), ws.path, line, sample, new.file("pscands.1.ph"), order)
                not_finite.update(found)
                n_candidates += line.size
        if survey is not None:
            survey.note_candidates(not_finite, n_candidates)
        adopt(ws, stage)


def _select_candidates(
    ws: Workspace,
    folder: Workspace,
    new: Workspace,
    precision: str,
    byteswap: int,
    mask: StrPath | None,
    kept: KeptAmplitudes | None,
) -> None:
    small_baselines = ws.has_file("selsbc.in")
    program = selsbc_patch if small_baselines else selpsc_patch
    program(
        ws.file("selsbc.in" if small_baselines else "selpsc.in"),
        folder.file("patch.in"),
        precision=precision,
        byteswap=byteswap,
        maskfile=mask,
        workdir=new,
        kept=kept,
    )


def patches_of(ws: Workspace, list_file: str = "patch.list") -> list[str]:
    """Patches that a list names.

    Raises
    ------
    InputError
        There is no list, or a patch has no ``patch.in``.
    """
    if not ws.has_file(list_file):
        raise InputError(f"{ws.path / list_file} is missing: run the preparation (mt_prep_snap …) first.")
    patches = ws.patch_list(list_file)
    absent = [name for name in patches if not (ws.path / name / "patch.in").is_file()]
    if absent:
        raise InputError(f"{ws.path / list_file} names patches without patch.in: {', '.join(absent)}.")
    return patches
