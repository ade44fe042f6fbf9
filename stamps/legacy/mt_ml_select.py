"""Multilooked interferograms in the place of steps 1 to 5: coherent pixels of a stack of rasters; then go on with step 6.

Reads ``coh_<looks>l.raw`` and ``cint.minrefdem_<looks>l.raw`` of every interferogram, ``lon*.raw lat*.raw dem_radar*.raw``,
``width.txt len.txt looks.txt ar.txt heading.1.in lambda.1.in master_day.1.in bperp_<yyyymmdd>.1.in``. Writes ``psver parms
ps2 hgt2 rc2 pm2 bp2`` (``pm2``: ``coh_ps`` with a column for each interferogram). Sets the parameters ``heading``, ``lambda``
and ``weed_zero_elevation``.

Source: docs/method/multilooked.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import InputError
from stamps.frontends import header_ranges, multilooked_text
from stamps.frontends.multilooked import Choice, MultilookedStack, Pixels, choose_pixels
from stamps.frontends.project_headers import read_text_numbers
from stamps.matlab.dates import datenum
from stamps.workspace import Workspace
from stamps.workspace.locks import reserving
from stamps.workspace.log import Log
from stamps.workspace.parameters import Parameters

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps._typing import StrPath


__all__ = ["mt_ml_select"]

#: What steps 1 to 5 would leave and a multilooked stack does not have.
_OF_OTHER_PIXELS = ("ph2", "la2", "inc2", "da2", "ifgstd2")


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
    choice = Choice(coh_thresh, image_fraction, weed_flag(weed_zero_elevation))
    stack = multilooked_text.read_stack(ws, list)
    heading, wavelength = (read_text_numbers(ws, name, 1)[0] for name in ("heading.1.in", "lambda.1.in"))
    header_ranges.require(ws.path, {"heading": heading, "wavelength": wavelength}, {"wavelength": "lambda"})
    master_day = datenum(multilooked_text.master_of_folder(ws) or read_text_numbers(ws, "master_day.1.in", 1)[0])
    day, pairs = images_of(stack.dates, master_day)
    master_ix = int(np.count_nonzero(day < master_day))
    pixels = choose_pixels(stack, choice, heading, log)
    images = multilooked_text.image_baselines(ws, day, master_ix, pixels)
    table: dict[str, Any] = {"day": day, "master_day": master_day, "master_ix": master_ix, "n_image": day.size}
    single = multilooked_text.master_of_folder(ws) is not None
    if single:
        files = _single_master(stack, pixels, images, master_ix, table)
    else:
        bperp_mat = images[:, pairs[:, 1]] - images[:, pairs[:, 0]]
        files = small_baseline_files(stack, pixels, bperp_mat, pairs, table)
    publish(ws, files, single, {"heading": heading, "lambda": wavelength}, choice)
    log(f"{len(pixels.ij)} pixels of {len(stack.dates)} interferograms: go on with step 6", 1)
    log.finish()
    return len(pixels.ij)


def weed_flag(value: str) -> bool:
    """Whether pixels at sea level are to go: anything but ``'n'``, as in the original."""
    return str(value).strip().lower() != "n"


def images_of(dates: NDArray[np.int64], master_day: float) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Days of the images, and the images of the pairs.

    Returns
    -------
    day : ndarray of float64, shape (n_image,)
    pairs : ndarray of int64, shape (n_ifg, 2)
        From 0.
    """
    ifgday = datenum(dates)
    wrong = np.flatnonzero(ifgday[:, 0] == ifgday[:, 1])
    if wrong.size:
        raise InputError(f"The interferogram of {dates[wrong[0], 0]} has that date twice: leave it out (list).")
    day, pairs = np.unique(ifgday, return_inverse=True)
    if master_day not in day:
        raise InputError(
            "No interferogram contains the master: take the date of one of their images (master_day.1.in)."
        )
    return day, pairs.reshape(ifgday.shape)


def small_baseline_files(
    stack: MultilookedStack,
    pixels: Pixels,
    bperp_mat: NDArray[np.float64],
    pairs: NDArray[np.int64],
    table: Mapping[str, Any],
) -> dict[str, dict[str, Any]]:
    """Content of the files of a small-baseline project."""
    network = {
        "bperp": bperp_mat.mean(axis=0),
        "ifgday": table["day"][pairs],
        "ifgday_ix": pairs,
        "n_ifg": len(pairs),
    }
    return _files(pixels, {**table, **network}, bperp_mat, pixels.phases, pixels.coherence)


def _single_master(
    stack: MultilookedStack, pixels: Pixels, images: NDArray[np.float64], master_ix: int, table: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    """Content of the files of a single-master project: the master has a column, of ones."""
    slaves = np.argsort(stack.dates[:, 1], kind="stable")
    phases = np.insert(pixels.phases[:, slaves], master_ix, 1, axis=1)
    coherence = np.insert(pixels.coherence[:, slaves], master_ix, 1, axis=1)
    more = {"bperp": images.mean(axis=0), "n_ifg": table["n_image"]}
    return _files(pixels, {**table, **more}, np.delete(images, master_ix, axis=1), phases, coherence)


def _files(
    pixels: Pixels,
    table: Mapping[str, Any],
    bperp_mat: NDArray[np.float64],
    phases: NDArray[np.complex64],
    coherence: NDArray[np.float32],
) -> dict[str, dict[str, Any]]:
    ps = {"ij": pixels.ij, "lonlat": pixels.lonlat, "xy": pixels.xy, "n_ps": len(pixels.ij), "ll0": pixels.ll0}
    return {
        "ps2": {**ps, **table},
        "hgt2": {"hgt": pixels.hgt},
        "rc2": {"ph_rc": phases},
        "pm2": {"coh_ps": coherence},
        "bp2": {"bperp_mat": bperp_mat},
    }


def publish(
    ws: Workspace, files: Mapping[str, Mapping[str, Any]], single: bool, values: Mapping[str, Any], choice: Choice
) -> None:
    """Write the project: its parameters anew unless there are some of the same kind, its files, its version."""
    with ws.publish():
        parameters = Parameters(ws)
        if not ws.exists("parms") or parameters.flag("small_baseline_flag") == single:
            parameters.start_afresh(small_baselines=not single)
        for name, value in {**values, "weed_zero_elevation": "y" if choice.weed else "n"}.items():
            parameters.set(name, value, 1)
        ws.delete(*[f"{name}.mat" for name in _OF_OTHER_PIXELS if ws.exists(name)])
        for name, content in files.items():
            ws.save(name, content, append=False)
        ws.version = 2
