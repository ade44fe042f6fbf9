"""``selsbc_patch``: candidate pixels of a patch by amplitude difference dispersion (small baselines).

Reads ``selsbc.in`` (threshold, width, SLCs with constants, two per interferogram), ``patch.in`` and the SLCs; writes
``pscands.1.ij``, ``pscands.1.ij.int``, ``pscands.1.da`` and ``mean_amp.flt``.

Source: spec 02 section 5.3; Hooper (2008).
"""

from contextlib import ExitStack

import numpy as np

from stamps.frontends.candidates import CandidateFiles, CandidateWriter, difference_dispersion
from stamps.frontends.lists import read_selection_list
from stamps.frontends.patches import read_patch
from stamps.frontends.rasters import pixel_type
from stamps.workspace import Workspace

__all__ = ["selsbc_patch"]


def selsbc_patch(
    in_file,
    patch_file,
    ij="pscands.1.ij",
    da="pscands.1.da",
    mean_amp="mean_amp.flt",
    precision="f",
    byteswap=0,
    maskfile=None,
    workdir=".",
    kept=None,
):
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
    selection = read_selection_list(ws.file(in_file), ws.path)
    patch = read_patch(ws.file(patch_file))
    mask = None if maskfile is None else ws.file(maskfile)
    blocks = difference_dispersion(selection, patch, pixel_type(precision, byteswap), kept)
    with ws.publish(), ExitStack() as stack:
        paths = [stack.enter_context(ws.open_output(n)) for n in (ij, f"{ij}.int", da, mean_amp)]
        return CandidateWriter(CandidateFiles(*paths), selection, patch, mask).write(blocks, below, np.asarray)


def below(dispersion, threshold):
    """Whether dispersions are below the threshold; not below the negative number itself for a negative one."""
    return dispersion < threshold if threshold >= 0 else dispersion >= threshold
