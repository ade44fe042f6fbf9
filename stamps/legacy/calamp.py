"""``calamp``: calibration constant (mean amplitude) of each SLC.

Reads a list of SLC paths, one per line; writes the same paths with their constants (``calamp.out``).

Source: spec 02 section 5.1.
"""

import os
import sys

import numpy as np
from tqdm import tqdm

from stamps.errors import InputError
from stamps.frontends.candidates import calibrate
from stamps.frontends.lists import read_names
from stamps.frontends.rasters import pixel_type
from stamps.frontends.threads import in_order
from stamps.workspace import Workspace
from stamps.workspace.console import terminal

__all__ = ["calamp"]


def calamp(
    list_file,
    width,
    parmfile="parmfile.out",
    precision="f",
    byteswap=0,
    maskfile=None,
    workdir=".",
    kept=None,
    survey=None,
):
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
    progress = tqdm(found, total=len(distinct), unit=" images", desc="calamp", leave=False, disable=None, file=terminal())
    of_name = dict(zip(distinct, progress, strict=True))
    constants = np.array([np.nan_to_num(of_name[name].constant, nan=0) for name in names], np.float32)
    _report(of_name, survey)
    if survey is not None:
        survey.note_constants(names, constants)
    lines = [f"{name} {float(constant):g}\n" for name, constant in zip(names, constants, strict=True)]
    ws.write_text(parmfile, "".join(lines))
    return constants


def _report(calibrations, survey):
    """Say what is strange about images: to the survey, or to the console."""
    if survey is not None:
        survey.note_images(calibrations)
        return
    for name, found in calibrations.items():
        if not found.count:
            print(f"CALAMP: {name} has no usable pixel, its calibration constant is set to 0.", file=sys.stderr)
        elif found.unusable:
            print(f"CALAMP: {name} has {found.unusable} pixels without a usable number, which are left out.", file=sys.stderr)
