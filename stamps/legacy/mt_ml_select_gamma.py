"""Multilooked small-baseline interferograms of Gamma in the place of steps 1 to 5; then go on with step 6.

Reads ``*/*.cc``, ``*/*.diff`` and ``*/*.base`` of every interferogram, the first ``../SLC/*.mli`` and its header,
``../geo/*.lon``, ``*.lat`` and ``*dem.rdc``. Writes ``processor.txt psver parms ps2 hgt2 rc2 pm2 bp2`` (``pm2``: ``coh_ps``
with a column for each interferogram). Sets the parameters ``heading``, ``lambda``, ``platform`` and ``weed_zero_elevation``.

Source: docs/method/multilooked.md, section 3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import InputError
from stamps.frontends import multilooked_gamma
from stamps.frontends.multilooked import Choice, choose_pixels
from stamps.legacy.mt_ml_select import images_of, publish, small_baseline_files, weed_flag
from stamps.matlab.dates import datenum
from stamps.workspace import Workspace
from stamps.workspace.locks import reserving
from stamps.workspace.log import Log

if TYPE_CHECKING:
    from stamps._typing import StrPath


__all__ = ["mt_ml_select_gamma"]

_ORDERS = {"b": ">", "l": "<"}
_FOLDER = "SMALL_BASELINES"


@reserving
def mt_ml_select_gamma(
    coh_thresh: float = 0.25,
    image_fraction: float = 0.3,
    weed_zero_elevation: str = "n",
    endian: str = "b",
    list: StrPath | None = None,  # its name in the original
    workdir: Workspace | StrPath = ".",
) -> int:
    """Load the coherent pixels of multilooked interferograms of Gamma.

    Parameters
    ----------
    coh_thresh : float
        Coherence that counts, 0 to 1.
    image_fraction : float
        Part of the interferograms in which a pixel must have it.
    weed_zero_elevation : str
        ``'y'``: only pixels above height zero.
    endian : str
        Byte order of the rasters: ``'b'`` big-endian, ``'l'`` little-endian.
    list : path-like, optional
        Text file with the folders of the interferograms to use, one a line; default: all.
    workdir : path-like or Workspace
        ``SMALL_BASELINES``, beside ``SLC`` and ``geo``.

    Returns
    -------
    int
        Number of pixels.

    Raises
    ------
    InputError
        It is another directory, a file is missing or damaged, or the files do not belong together.
    NoPixelsError
        No pixel is coherent enough.
    """
    ws = Workspace.at(workdir)
    if ws.name != _FOLDER:
        raise InputError(f"{ws.path} is not called {_FOLDER}: multilooked stacks of Gamma are loaded there.")
    if endian not in _ORDERS:
        raise InputError(f"The byte order is {endian!r}, but b (big-endian) or l (little-endian) was expected.")
    log = Log(ws, "MT_ML_SELECT_GAMMA")
    log.start()
    choice = Choice(coh_thresh, image_fraction, weed_flag(weed_zero_elevation))
    master = multilooked_gamma.read_master(ws)
    stack = multilooked_gamma.read_stack(ws, master, _ORDERS[endian], list)
    master_day = datenum(master.date)
    day, pairs = images_of(stack.dates, master_day)
    pixels = choose_pixels(stack, choice, master.header.heading, log)
    bperp_mat = multilooked_gamma.baselines(ws, master, stack, pixels)
    _, incidence = multilooked_gamma.angles(master, pixels)
    table: dict[str, Any] = {
        "day": day,
        "master_day": master_day,
        "master_ix": int(np.count_nonzero(day < master_day)),
        "n_image": day.size,
        "mean_incidence": incidence.mean(),
        "mean_range": master.header.center_range,
    }
    header = master.header
    files = small_baseline_files(stack, pixels, bperp_mat, pairs, table)
    with ws.publish():
        ws.write_text("processor.txt", "gamma\n")
        values = {"heading": header.heading, "lambda": header.wavelength, "platform": header.platform}
        publish(ws, files, False, values, choice)
    log(f"{len(pixels.ij)} pixels of {len(stack.dates)} interferograms: go on with step 6", 1)
    log.finish()
    return len(pixels.ij)
