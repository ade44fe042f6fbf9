"""From a multilooked stack to a project that goes on with step 6: its pixels, its network, its files.

Source: docs/method/multilooked.md, section 1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import InputError
from stamps.frontends.multilooked.pixels import Choice, MultilookedStack, Pixels, choose_pixels
from stamps.matlab.dates import datenum, to_yyyymmdd
from stamps.workspace.parameters import Parameters

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps.workspace import Workspace
    from stamps.workspace.log import Log


__all__ = ["Images", "Scene", "load_stack"]

#: What steps 1 to 5 would leave and a multilooked stack does not have.
_OF_OTHER_PIXELS = ("ph2", "la2", "inc2", "da2", "ifgstd2")


@dataclass(frozen=True)
class Scene:
    """What is known of the master.

    Attributes
    ----------
    day : float
        Datenum.
    heading : float
        Degrees.
    parameters : dict
        Set in the project.
    single_master : bool
        Whether all interferograms are of the master.
    """

    day: float
    heading: float
    parameters: Mapping[str, Any]
    single_master: bool = False


@dataclass(frozen=True)
class Images:
    """Images of the interferograms.

    Attributes
    ----------
    day : ndarray of float64, shape (n_image,)
        Datenums.
    pairs : ndarray of int64, shape (n_ifg, 2)
        Images of each interferogram, from 0.
    master_ix : int
        From 0.
    """

    day: NDArray[np.float64]
    pairs: NDArray[np.int64]
    master_ix: int


def load_stack(
    ws: Workspace,
    stack: MultilookedStack,
    choice: Choice,
    scene: Scene,
    baselines: Callable[[Images, Pixels], NDArray[np.float64]],
    log: Log,
    more: Callable[[Pixels], Mapping[str, Any]] = lambda pixels: {},
    texts: Mapping[str, str] | None = None,
) -> int:
    """Choose the pixels of a stack and write the project.

    Parameters
    ----------
    ws : Workspace
    stack : MultilookedStack
    choice : Choice
    scene : Scene
    baselines : callable
        Perpendicular baselines of the interferograms at the pixels, metres, shape (n_ps, n_ifg); of a single master those of
        its images, shape (n_ps, n_image).
    log : Log
    more : callable, optional
        Further variables of ``ps2``.
    texts : dict, optional
        Text files of the project.

    Returns
    -------
    int
        Number of pixels.

    Raises
    ------
    InputError
        The interferograms do not belong together, or a raster is damaged.
    NoPixelsError
        No pixel is left.
    """
    images = _images_of(stack.dates, scene.day)
    pixels = choose_pixels(stack, choice, scene.heading, log)
    table: dict[str, Any] = {
        "ij": pixels.ij, "lonlat": pixels.lonlat, "xy": pixels.xy, "n_ps": len(pixels.ij), "ll0": pixels.ll0,
        "day": images.day, "master_day": scene.day, "master_ix": images.master_ix, "n_image": images.day.size, **more(pixels),
    }  # fmt: skip
    matrix = baselines(images, pixels)
    table["bperp"] = matrix.mean(axis=0)
    phases: NDArray[Any] = pixels.phases
    coherence: NDArray[Any] = pixels.coherence
    if scene.single_master:
        log("The master has a column of ones in ph_rc and coh_ps (zeros in the original), its own place in bperp", 1)
        slaves = np.argsort(stack.dates[:, 1], kind="stable")
        phases, coherence = (np.insert(of[:, slaves], images.master_ix, 1, axis=1) for of in (phases, coherence))
        matrix = np.delete(matrix, images.master_ix, axis=1)
        table["n_ifg"] = images.day.size
    else:
        table |= {"ifgday": images.day[images.pairs], "ifgday_ix": images.pairs, "n_ifg": len(images.pairs)}
    files = {"ps2": table, "hgt2": {"hgt": pixels.hgt}, "rc2": {"ph_rc": phases}, "pm2": {"coh_ps": coherence}}
    _publish(ws, {**files, "bp2": {"bperp_mat": matrix}}, scene, choice, texts or {})
    log(f"{len(pixels.ij)} pixels of {len(stack.dates)} interferograms: go on with step 6", 1)
    return len(pixels.ij)


def _images_of(dates: NDArray[np.int64], master_day: float) -> Images:
    """Images of interferograms whose dates are known, (n_ifg, 2) yyyymmdd."""
    ifgday = datenum(dates)
    wrong = np.flatnonzero(ifgday[:, 0] == ifgday[:, 1])
    if wrong.size:
        raise InputError(f"The interferogram of {dates[wrong[0], 0]} has that date twice: leave it out (list).")
    day, pairs = np.unique(ifgday, return_inverse=True)
    if master_day not in day:
        raise InputError(
            f"No interferogram contains the master, {to_yyyymmdd(master_day)}, to which baselines and series refer: add one "
            "that does."
        )
    return Images(day, pairs.reshape(ifgday.shape), int(np.count_nonzero(day < master_day)))


def _publish(
    ws: Workspace, files: Mapping[str, Mapping[str, Any]], scene: Scene, choice: Choice, texts: Mapping[str, str]
) -> None:
    """Write the project: its parameters anew unless there are some of the same kind, its files, its version."""
    with ws.publish():
        for name, text in texts.items():
            ws.write_text(name, text)
        parameters = Parameters(ws)
        if not ws.exists("parms") or parameters.flag("small_baseline_flag") == scene.single_master:
            parameters.start_afresh(small_baselines=not scene.single_master)
        for name, value in {**scene.parameters, "weed_zero_elevation": "y" if choice.weed else "n"}.items():
            parameters.set(name, value, 1)
        ws.delete(*[f"{name}.mat" for name in _OF_OTHER_PIXELS if ws.exists(name)])
        for name, content in files.items():
            ws.save(name, content, append=False)
        ws.version = 2
