"""``selpsc_patch``: candidate pixels of a patch by amplitude dispersion (single master).

Reads ``selpsc.in`` (threshold, width, SLCs with constants), ``patch.in`` and the SLCs; writes ``pscands.1.ij``,
``pscands.1.ij.int``, ``pscands.1.ij0``, ``pscands.1.da`` and ``mean_amp.flt``.

Source: spec 02 section 5.2; Ferretti, Prati & Rocca (2001).
"""

from contextlib import ExitStack

import numpy as np

from stamps.errors import InputError
from stamps.frontends.candidates import CandidateFiles, CandidateWriter, single_master_dispersion
from stamps.frontends.lists import paths_of, read_selection_list
from stamps.frontends.patches import read_patch
from stamps.frontends.rasters import pixel_type
from stamps.workspace import Workspace
from stamps.workspace.plain_files import read_input

__all__ = ["selpsc_patch"]


def selpsc_patch(
    in_file,
    patch_file,
    ij="pscands.1.ij",
    da="pscands.1.da",
    mean_amp="mean_amp.flt",
    precision="f",
    byteswap=0,
    maskfile=None,
    masteramp_list=None,
    workdir=".",
    kept=None,
):
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
    selection = read_selection_list(ws.file(in_file), ws.path)
    patch = read_patch(ws.file(patch_file))
    mask = None if maskfile is None else ws.file(maskfile)
    master = None if masteramp_list is None else _master_raster(ws, masteramp_list)
    blocks = single_master_dispersion(selection, patch, pixel_type(precision, byteswap), master, kept)
    with ws.publish(), ExitStack() as stack:
        paths = [stack.enter_context(ws.open_output(n)) for n in (ij, f"{ij}.int", da, mean_amp, f"{ij}0")]
        return CandidateWriter(CandidateFiles(*paths), selection, patch, mask).write(blocks, below, np.sqrt)


def below(squared_dispersion, threshold):
    """Whether squared dispersions are below the squared threshold; not below it for a negative threshold."""
    squared = threshold * threshold
    return squared_dispersion < squared if threshold >= 0 else squared_dispersion >= squared


def _master_raster(ws, list_file):
    path = ws.file(list_file)
    paths = paths_of(read_input(path, "surrogateescape"), ws.path) if path.is_file() else []
    if not paths:
        raise InputError(f"The list {path} must begin with the path of the master image.")
    return ws.path / paths[0]
