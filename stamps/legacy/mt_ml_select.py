"""Multilooked interferograms in the place of steps 1 to 5: coherent pixels of a stack of rasters; then go on with step 6.

Reads ``coh_<looks>l.raw`` and ``cint.minrefdem_<looks>l.raw`` of every interferogram, ``lon*.raw lat*.raw dem_radar*.raw``,
``width.txt len.txt looks.txt ar.txt heading.1.in lambda.1.in master_day.1.in bperp_<yyyymmdd>.1.in``. Writes ``psver parms
ps2 hgt2 rc2 pm2 bp2`` (``pm2``: ``coh_ps`` with a column for each interferogram). Sets the parameters ``heading``, ``lambda``
and ``weed_zero_elevation``.

Source: docs/method/multilooked.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stamps.frontends import header_ranges
from stamps.frontends.multilooked import doris
from stamps.frontends.multilooked.pixels import Choice
from stamps.frontends.multilooked.project import Images, Scene, load_stack
from stamps.frontends.project_headers import datenum_of, find_text, read_text_numbers
from stamps.workspace import Workspace
from stamps.workspace.locks import reserving
from stamps.workspace.log import Log

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps._typing import StrPath
    from stamps.frontends.multilooked.pixels import Pixels


__all__ = ["mt_ml_select"]


@reserving
def mt_ml_select(
    coh_thresh: float = 0.25,
    image_fraction: float = 0.3,
    weed_zero_elevation: str = "n",
    list: StrPath | None = None,  # its name in the original
    workdir: Workspace | StrPath = ".",
) -> int:
    """Load the coherent pixels of multilooked interferograms.

    Parameters
    ----------
    coh_thresh : float
        Coherence that counts, 0 to 1.
    image_fraction : float
        Part of the interferograms in which a pixel must have it.
    weed_zero_elevation : str
        ``'y'``: only pixels above height zero.
    list : path-like, optional
        Text file with the folders of the interferograms to use, one a line; default: all.
    workdir : path-like or Workspace
        A directory ``INSAR_yyyymmdd`` of single-master interferograms, else one of small baselines.

    Returns
    -------
    int
        Number of pixels.

    Raises
    ------
    InputError
        A file is missing or damaged, or the files do not belong together.
    NoPixelsError
        No pixel is coherent enough.

    Examples
    --------
    >>> from stamps import mt_ml_select, stamps
    >>> mt_ml_select(0.4, 0.5, workdir="SMALL_BASELINES")  # doctest: +SKIP
    >>> stamps(6, 8, workdir="SMALL_BASELINES")  # doctest: +SKIP
    """
    ws = Workspace.at(workdir)
    log = Log(ws, "MT_ML_SELECT")
    log.start()
    choice = Choice.of(coh_thresh, image_fraction, weed_zero_elevation)
    scene = _scene(ws)
    stack = doris.read_stack(ws, list)

    def baselines(images: Images, pixels: Pixels) -> NDArray[np.float64]:
        of_images = doris.image_baselines(ws, images.day, images.master_ix, pixels)
        return of_images if scene.single_master else -np.subtract(*of_images.T[images.pairs.T]).T

    n_ps = load_stack(ws, stack, choice, scene, baselines, log)
    log.finish()
    return n_ps


def _scene(ws: Workspace) -> Scene:
    """The master of a directory, as its name and its text files tell."""
    values = {}
    for field, name in (("heading", "heading.1.in"), ("wavelength", "lambda.1.in")):
        values[field] = float(read_text_numbers(ws, name, 1)[0])
        header_ranges.require(find_text(ws, name), {field: values[field]})
    single = doris.master_of_folder(ws)
    date = read_text_numbers(ws, "master_day.1.in", 1) if single is None else np.array([single])
    parameters = {"heading": values["heading"], "lambda": values["wavelength"]}
    return Scene(float(datenum_of("master_day.1.in", date)[0]), values["heading"], parameters, single is not None)
