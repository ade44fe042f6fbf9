"""Multilooked small-baseline interferograms of Gamma in the place of steps 1 to 5; then go on with step 6.

Reads ``*/*.cc``, ``*/*.diff`` and ``*/*.base`` of every interferogram, the first ``../SLC/*.mli`` and its header,
``../geo/*.lon``, ``*.lat`` and ``*dem.rdc``. Writes ``processor.txt psver parms ps2 hgt2 rc2 pm2 bp2`` (``pm2``: ``coh_ps``
with a column for each interferogram). Sets the parameters ``heading``, ``lambda``, ``platform`` and ``weed_zero_elevation``.

Source: docs/method/multilooked.md, section 3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stamps.errors import InputError
from stamps.frontends.multilooked import gamma
from stamps.frontends.multilooked.pixels import Choice
from stamps.frontends.multilooked.project import Scene, load_stack
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
    choice = Choice.of(coh_thresh, image_fraction, weed_zero_elevation)
    master = gamma.read_master(ws)
    stack = gamma.read_stack(ws, master, _ORDERS[endian], list)
    header = master.header
    log(
        "Baselines and angles: multilooked samples with their spacing, lines with their looks (mixed in the original)",
        2,
    )
    n_ps = load_stack(
        ws,
        stack,
        choice,
        Scene(
            float(datenum(master.date)),
            header.heading,
            {"heading": header.heading, "lambda": header.wavelength, "platform": header.platform},
        ),
        lambda _, pixels: gamma.baselines(ws, master, stack, pixels),
        log,
        lambda pixels: {
            "mean_incidence": gamma.angles(master, pixels)[1].mean(),
            "mean_range": header.center_range,
        },
        {"processor.txt": "gamma\n"},
    )
    log.finish()
    return n_ps
