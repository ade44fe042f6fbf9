"""Unwrap a series of interferograms in space and time.

Writes ``uw_grid uw_interp uw_space_time uw_phaseuw`` and, with SNAPHU, its files in the working directory.
Source: docs/method/unwrapping.md, section 2; Hooper and Zebker (2007), J. Opt. Soc. Am. A 24; Hooper (2010), Fringe
2009.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import InputError, ParameterError
from stamps.legacy.uw_grid_wrapped import resample
from stamps.legacy.uw_interp import uw_interp
from stamps.legacy.uw_sb_unwrap_space_time import Network, unwrap_space_time
from stamps.legacy.uw_stat_costs import checked_solver, uw_stat_costs
from stamps.legacy.uw_unwrap_from_grid import uw_unwrap_from_grid
from stamps.run.workers import Workers
from stamps.steps.unwrapping.settings import GridSettings, SpaceTimeSettings
from stamps.workspace import Workspace

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps._typing import StrPath


__all__ = ["METHODS", "OPTIONS", "uw_3d"]

#: Values of the option ``unwrap_method``, upper or lower case.
METHODS = ("2D", "3D", "3D_NEW", "3D_FULL", "3D_QUICK", "3D_SMALL_DEF", "3D_NO_DEF")

#: Methods that fit noisy edges by annealing; they need the low-passed grid.
_ANNEALED = ("3D", "3D_NEW")

#: Options and their defaults (``unwrap_method`` None: '3D' without `ifgday_ix`, else '3D_FULL').
OPTIONS: dict[str, Any] = {
    "master_day": 0,
    "grid_size": 5,
    "prefilt_win": 16,
    "time_win": 365,
    "unwrap_method": None,
    "goldfilt_flag": "n",
    "lowfilt_flag": "n",
    "gold_alpha": 0.8,
    "n_trial_wraps": 6,
    "la_flag": "y",
    "scf_flag": "y",
    "temp": None,
    "n_temp_wraps": 2,
    "max_bperp_for_temp_est": 100,
    "variance": None,
    "ph_uw_predef": None,
}


def uw_3d(
    ph: NDArray[np.complex64],
    xy: NDArray[np.float32],
    day: NDArray[np.float64],
    ifgday_ix: NDArray[np.int64] | None = None,
    bperp: NDArray[np.floating[Any]] | None = None,
    options: Mapping[str, Any] | None = None,
    workdir: Workspace | StrPath = ".",
    workers: Workers | None = None,
    solver: str | None = None,
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Unwrap interferograms in space and time; can be used by itself.

    Parameters
    ----------
    ph : ndarray, shape (n, n_ifg)
        Wrapped phase: complex phasors or radians.
    xy : ndarray, shape (n, 2) or (n, 3)
        x and y in metres, in three columns after a running number.
    day : ndarray, shape (n_image,)
        Days of the images; without `ifgday_ix` the day of each interferogram relative to ``master_day``.
    ifgday_ix : ndarray of int, shape (n_ifg, 2), optional
        First and second image of each interferogram, from 0. Default: a single master at ``master_day``.
    bperp : ndarray, shape (n_ifg,), optional
        Perpendicular baselines, metres; needed for ``la_flag`` 'y' (without them there is no look-angle term).
    options : dict, optional
        See :data:`OPTIONS`.
    workdir : path-like or Workspace
    workers : stamps.run.workers.Workers, optional
        Where interferograms are unwrapped (default: on all cores of this machine).
    solver : str, optional
        What unwraps: ``'flow'`` or ``'snaphu'`` (default: the settings, then ``flow``).

    Returns
    -------
    ph_uw : ndarray of float32, shape (n, n_ifg)
        Unwrapped phase, radians.
    msd : ndarray of float64, shape (n_ifg,)
        Mean squared phase step between neighbouring grid cells, rad^2.

    Raises
    ------
    ParameterError
        An option or its value is unknown.
    InputError
        Sizes do not fit.
    ExternalProgramError
        The solver is missing or fails.
    """
    chosen = _options(options, ph, day, ifgday_ix, bperp)
    xy = np.asarray(xy)
    if xy.shape[1] == 2:
        xy = np.column_stack([np.arange(1, len(xy) + 1, dtype=xy.dtype), xy])
    day = np.asarray(day, np.float64).ravel()
    if ifgday_ix is None:
        day, ifgday_ix = single_master(day, chosen["master_day"])
    ifgday_ix = np.asarray(ifgday_ix, np.int64)
    method = effective_method(chosen["unwrap_method"], ifgday_ix)
    if method.upper() in _ANNEALED:
        chosen["lowfilt_flag"] = "y"
    ws = Workspace.at(workdir)
    solver = checked_solver(ws, solver)  # a missing one is told before any work
    workers = Workers.of(workers)
    with ws.publish():
        resample(ws, np.asarray(ph), xy, _grid_settings(chosen), chosen["ph_uw_predef"], workers.cores)
        uw_interp(workdir=ws)
        network = Network.of(ifgday_ix, day)
        unwrap_space_time(ws, network, _space_time_settings(method, chosen), bperp, chosen["temp"])
        uw_stat_costs(method, chosen["variance"], workdir=ws, workers=workers, solver=solver)
        return uw_unwrap_from_grid(xy, chosen["grid_size"], workdir=ws)


def _grid_settings(chosen: Mapping[str, Any]) -> GridSettings:
    return GridSettings(
        pix_size=chosen["grid_size"],
        window=int(chosen["prefilt_win"]),
        alpha=chosen["gold_alpha"],
        goldstein=chosen["goldfilt_flag"].lower() == "y",
        low_pass=chosen["lowfilt_flag"].lower() == "y",
    )


def _space_time_settings(method: str, chosen: Mapping[str, Any]) -> SpaceTimeSettings:
    return SpaceTimeSettings(
        method=method.upper(),
        time_win=chosen["time_win"],
        look_angle=chosen["la_flag"].lower() == "y",
        n_trial_wraps=chosen["n_trial_wraps"],
        window=int(chosen["prefilt_win"]),
        fringe_frequencies=chosen["scf_flag"].lower() == "y",
        n_temp_wraps=chosen["n_temp_wraps"],
        max_bperp_for_temp_est=chosen["max_bperp_for_temp_est"],
    )


def effective_method(unwrap_method: str, ifgday_ix: NDArray[np.int64]) -> str:
    """The method that is really used: 3D becomes 3D_FULL when all interferograms have the same first image.

    Parameters
    ----------
    unwrap_method : str
    ifgday_ix : ndarray of int64, shape (n_ifg, 2)

    Returns
    -------
    str
    """
    if unwrap_method.upper() in _ANNEALED and np.all(ifgday_ix[:, 0] == ifgday_ix[0, 0]):
        return "3D_FULL"
    return unwrap_method


def single_master(day: NDArray[np.float64], master_day: float) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Image days and pairs of a single-master stack.

    Parameters
    ----------
    day : ndarray of float64, shape (n_ifg,)
        Day of each interferogram's second image.
    master_day : float

    Returns
    -------
    day : ndarray of float64, shape (n_ifg + 1,)
        Sorted, with the master.
    ifgday_ix : ndarray of int64, shape (n_ifg, 2)
    """
    images = np.append(day, master_day)
    order = np.argsort(images, kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(order.size)
    return images[order], np.column_stack([np.full(len(day), place[-1]), place[:-1]])


def _options(
    options: Mapping[str, Any] | None,
    ph: NDArray[np.complex64],
    day: NDArray[np.float64],
    ifgday_ix: NDArray[np.int64] | None,
    bperp: NDArray[np.floating[Any]] | None,
) -> dict[str, Any]:
    unknown = sorted(set(options or {}) - set(OPTIONS))
    if unknown:
        raise ParameterError(f"uw_3d has no option '{unknown[0]}'; it knows {', '.join(OPTIONS)}.")
    chosen = {**OPTIONS, **(options or {})}
    if chosen["unwrap_method"] is None:
        chosen["unwrap_method"] = "3D" if ifgday_ix is None else "3D_FULL"
    if chosen["unwrap_method"].upper() not in METHODS:
        raise ParameterError(
            f"unwrap_method '{chosen['unwrap_method']}' is unknown: choose one of {', '.join(METHODS)}."
        )
    if bperp is None:
        chosen["la_flag"] = "n"
    n_ifg = np.shape(ph)[1]
    if n_ifg == 0:
        raise InputError("There is no interferogram to unwrap: check drop_ifg_index.")
    sized = {"temp": chosen["temp"], "bperp": bperp, "ifgday_ix": ifgday_ix}
    if ifgday_ix is None:  # a single master: one day for each interferogram
        sized["day"] = np.ravel(day)
    for name, values in sized.items():
        if values is not None and len(values) != n_ifg:
            raise InputError(f"uw_3d: {name} has {len(values)} values, but there are {n_ifg} interferograms.")
    return chosen
