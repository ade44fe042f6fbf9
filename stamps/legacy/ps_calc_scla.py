"""Step 7: spatially-correlated look-angle error, and the master's atmosphere and orbit error.

Reads ``psver``, ``ps2``, ``bp2``, ``phuw2`` or ``phuw_sb2``, ``ifgstd2`` or ``phuw_sb_res2``; if asked for or present
``tca(_sb)2`` and ``aps(_sb)2``. Writes ``scla2`` or ``scla_sb2`` (``ph_scla K_ps_uw C_ps_uw ph_ramp ifg_vcm``); an
older one is renamed ``tmp_scla…`` with its time. Parameters: ``small_baseline_flag``, ``drop_ifg_index``,
``scla_method``, ``scla_deramp``, ``subtr_tropo``, ``tropo_method``, ``scla_drop_index`` or ``sb_scla_drop_index``, and
those of the reference area.

Source: docs/method/scla.md, section 1; Hooper et al. (2007), J. Geophys. Res. 112, B07407.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import ParameterError
from stamps.insar.network import baselines_of_images, design_matrix
from stamps.insar.observations import baseline_matrix, retained
from stamps.insar.phase import reference_mean
from stamps.legacy.ps_deramp import ps_deramp
from stamps.legacy.ps_plot_tca import ps_plot_tca
from stamps.legacy.ps_setref import ps_setref
from stamps.legacy.sb_invert_aps import sb_invert_aps
from stamps.matlab.arithmetic import round_half_away
from stamps.matlab.dates import datestr
from stamps.matlab.linalg import lscov
from stamps.matlab.statistics import mean_single
from stamps.native.l1_fit import l1_fit
from stamps.native.least_squares import least_squares
from stamps.workspace import Workspace
from stamps.workspace.locks import reserving
from stamps.workspace.log import Log
from stamps.workspace.parameters import Parameters
from stamps.workspace.stack_variables import stored_baselines

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps._typing import StrPath


__all__ = ["ps_calc_scla"]

_MIN_IMAGES_FOR_VELOCITY = 4


@reserving
def ps_calc_scla(use_small_baselines: int = 0, coest_mean_vel: int = 0, workdir: Workspace | StrPath = ".") -> None:
    """Estimate the look-angle error (rad per metre of baseline) of every pixel from unwrapped phases.

    Parameters
    ----------
    use_small_baselines : int
        1: from the interferograms of a small-baseline project, without the master's error; 0: from single-master
        phases.
    coest_mean_vel : int
        Whether a mean velocity is estimated along with it.
    workdir : path-like or Workspace
        The project directory after step 6.

    Raises
    ------
    ParameterError
        Small baselines are asked for in a single-master project, the reference area is empty, or too few images are
        left.
    """
    ws = Workspace.at(workdir)
    log = Log(ws, "PS_CALC_SCLA")
    log.start()
    log("Estimating spatially-correlated look angle error...", level=2)
    parameters = Parameters(ws)
    options = _options(parameters, use_small_baselines)
    if use_small_baselines and not options.small_baselines:
        raise ParameterError(
            "Small-baseline interferograms are asked for, but small_baseline_flag is not 'y': use ps_calc_scla(0, ...)."
        )
    suffix = "_sb" if use_small_baselines else ""
    version = ws.version
    ps = ws.load(f"ps{version}")
    unwrapped = ws.load(f"phuw{suffix}{version}")
    ph_uw, ph_ramp = _corrected(ws, log, options, ps, unwrapped["ph_uw"], suffix, version)
    ph_uw = ph_uw - reference_mean(ph_uw, ps_setref(workdir=ws))
    used, bperp = _used_and_baselines(ws, ps, options, unwrapped.get("unwrap_ifg_index_sm"), version)
    pairs = _image_pairs(ps, ph_uw, bperp, used) if use_small_baselines else _sequential_pairs(ps, ph_uw, bperp, used)
    if len(pairs.days) < 2:
        raise ParameterError(
            f"Only {used.size} images or interferograms are left to estimate the look-angle error: drop fewer "
            "(drop_ifg_index, scla_drop_index, sb_scla_drop_index)."
        )
    for line in pairs.table():
        log(line)

    ifg_vcm = _covariance(ws, ps, options, use_small_baselines, version)
    design = pairs.design(coest_mean_vel and used.size >= _MIN_IMAGES_FOR_VELOCITY)
    k_ps_uw = look_angle_error(
        design, pairs.phase, ifg_vcm[np.ix_(used, used)] if use_small_baselines else None, options.l1
    )
    ph_scla = k_ps_uw.astype(np.float32)[:, np.newaxis] * bperp.astype(np.float32, copy=False)
    c_ps_uw = np.zeros(ps["n_ps"])
    if not use_small_baselines:
        others = used[used != ps["master_ix"]]
        covariance = ifg_vcm if coest_mean_vel else None
        c_ps_uw = master_error(ph_uw, ph_scla, ps["day"], others, ps["master_ix"], covariance)

    name = f"scla{suffix}{version}"
    with ws.publish():
        _put_aside(ws, f"{name}.mat")
        if not use_small_baselines:
            ws.delete(f"mv{version}.mat")
        content = {"ph_scla": ph_scla, "K_ps_uw": k_ps_uw, "C_ps_uw": c_ps_uw, "ph_ramp": ph_ramp, "ifg_vcm": ifg_vcm}
        ws.save(name, content, append=False)
    log.finish()


# ---------------------------------------------------------------------- what is asked for


@dataclass
class _Options:
    small_baselines: bool
    drop_ifg_index: NDArray[np.int64]
    l1: bool
    deramp: bool
    subtract_tropo: bool
    tropo_method: int | str  # number or name
    scla_drop_index: NDArray[np.int64]
    single_series: bool  # the inverted series of a small-baseline project


def _options(parameters: Parameters, use_small_baselines: int) -> _Options:
    """Ask for the parameters, in the order in which the log shows them."""
    small_baselines = parameters.flag("small_baseline_flag", log=True)
    return _Options(
        small_baselines=small_baselines,
        drop_ifg_index=parameters.indices("drop_ifg_index", log=True),
        l1=str(parameters.get("scla_method", log=True)).strip().upper() == "L1",
        deramp=parameters.flag("scla_deramp", log=True),
        subtract_tropo=parameters.flag("subtr_tropo", log=True),
        tropo_method=parameters.get("tropo_method", log=True),
        scla_drop_index=parameters.indices(
            "sb_scla_drop_index" if use_small_baselines else "scla_drop_index", log=True
        ),
        single_series=small_baselines and not use_small_baselines,
    )


# ---------------------------------------------------------------------- data


def _corrected(
    ws: Workspace, log: Log, options: _Options, ps: Any, ph_uw: NDArray[np.float32], suffix: str, version: int
) -> tuple[NDArray[np.float32], NDArray[np.float64] | None]:
    """Unwrapped phase without troposphere, ramps and legacy atmosphere; also the ramps (None without deramping)."""
    if options.subtract_tropo:
        if options.single_series:
            sb_invert_aps(options.tropo_method, workdir=ws)
        correction, _, _ = ps_plot_tca(ws.load(f"tca{suffix}{version}"), options.tropo_method)
        ph_uw = (ph_uw - correction).astype(ph_uw.dtype)
    ph_ramp = None
    if options.deramp:
        _, ph_ramp = ps_deramp(ps, ph_uw, workdir=ws)
        ph_uw = (ph_uw - ph_ramp).astype(ph_uw.dtype)
    aps = f"aps{suffix}{version}"
    if ws.exists(aps):
        if options.subtract_tropo:
            log(f"Both {aps}.mat and the troposphere of subtr_tropo are subtracted: delete one of them.", level=2)
        ph_uw = (ph_uw - ws.load(aps, ["ph_aps_slave"])["ph_aps_slave"]).astype(ph_uw.dtype)
    return ph_uw, ph_ramp


def _used_and_baselines(
    ws: Workspace, ps: Any, options: _Options, inverted: NDArray[np.int64] | None, version: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """0-based columns that are used, and the baselines of all columns (n_ps x n) in m."""
    if not options.single_series:
        used = retained(ps["n_ifg"], np.union1d(options.drop_ifg_index, options.scla_drop_index))
        return used, baseline_matrix(stored_baselines(ws, version), ps, options.small_baselines)
    images = np.arange(ps["n_image"]) if inverted is None else inverted
    used = np.intersect1d(images, retained(ps["n_image"], np.union1d(options.scla_drop_index, ps["master_ix"])))
    network = design_matrix(ps["ifgday_ix"], ps["n_image"])
    # images that are not used keep baseline zero, even in the fit to interferograms that contain them
    return used, baselines_of_images(
        network, used, baseline_matrix(stored_baselines(ws, version), ps, True).astype(np.float32)
    )


@dataclass
class _Pairs:
    """Phase differences in double (n_ps x n_pair), mean baseline and dates of each pair."""

    phase: NDArray[np.float64]
    bperp: NDArray[np.float32]
    days: NDArray[np.float64]

    def design(self, with_velocity: int) -> NDArray[np.float64]:
        """Columns: constant, mean baseline in m (one for all pixels), and days if a velocity is estimated."""
        columns = [np.ones(self.bperp.size), self.bperp.astype(np.float64)]
        if with_velocity:
            columns.append(np.diff(self.days, axis=1)[:, 0])
        return np.column_stack(columns)

    def table(self) -> list[str]:
        """Lines for the log."""
        lines = [f"{len(self.days)} ifgs used in estimation:"]
        for (first, second), bperp in zip(self.days, round_half_away(self.bperp), strict=True):
            lines.append(f"   {datestr(first)} to {datestr(second)} {second - first:5.0f} days {bperp:5.0f} m")
        return lines


def _image_pairs(ps: Any, ph_uw: NDArray[np.float32], bperp: NDArray[np.float32], used: NDArray[np.int64]) -> _Pairs:
    """The interferograms of a small-baseline project."""
    return _Pairs(ph_uw[:, used].astype(np.float64), mean_single(bperp[:, used], axis=0), ps["ifgday"][used])


def _sequential_pairs(
    ps: Any, ph_uw: NDArray[np.float32], bperp: NDArray[np.float32], used: NDArray[np.int64]
) -> _Pairs:
    """Differences of successive images, in which deformation counts little."""
    days = ps["day"][used]
    difference = np.diff(ph_uw[:, used], axis=1).astype(np.float64)
    mean_bperp = mean_single(np.diff(bperp[:, used], axis=1), axis=0)
    return _Pairs(difference, np.atleast_1d(mean_bperp), np.column_stack([days[:-1], days[1:]]))


def _covariance(
    ws: Workspace, ps: Any, options: _Options, use_small_baselines: int, version: int
) -> NDArray[np.float64]:
    """Covariance of the interferograms (or images of an inverted series), float64; identity if nothing is known."""
    if options.small_baselines:
        name, variable = f"phuw_sb_res{version}", "sb_cov" if use_small_baselines else "sm_cov"
        stored = ws.load_optional(name, [variable]).get(variable)
        n = ps["n_ifg"] if use_small_baselines else ps["n_image"]
        return np.eye(n) if stored is None else stored.astype(np.float64)
    if not ws.exists(f"ifgstd{version}"):
        return np.eye(ps["n_ifg"])
    ifg_std = ws.load(f"ifgstd{version}")["ifg_std"]
    scalar = ifg_std.dtype.type  # the order of the operations decides the last bit
    return np.diag(((ifg_std * scalar(np.pi) / scalar(180)) ** 2).astype(np.float64))


def look_angle_error(
    design: NDArray[np.float64], phase: NDArray[np.float64], covariance: NDArray[np.float64] | None, l1: bool
) -> NDArray[np.float64]:
    """Coefficient of the second column of a linear model.

    Parameters
    ----------
    design : ndarray, shape (n_pair, 2 or 3)
    phase : ndarray of float64, shape (n_ps, n_pair)
        Radians.
    covariance : ndarray, shape (n_pair, n_pair), or None
        For generalised least squares; None: ordinary.
    l1 : bool
        Minimise the sum of absolute residuals instead, from the least-squares solution.

    Returns
    -------
    ndarray of float64, shape (n_ps,)
        NaN for pixels with NaN.
    """
    if l1:
        # the simplex takes another path when its start differs in the last bit: no other order of summation here
        model: NDArray[Any] = l1_fit(design, phase, lscov(design, phase.T, covariance=covariance).T).T
    else:
        model = least_squares(design, phase.T, covariance)
    return model[1].copy()


def master_error(
    ph_uw: NDArray[np.float32],
    ph_scla: NDArray[np.float32],
    day: NDArray[np.float64],
    used: NDArray[np.int64],
    master_ix: int,
    covariance: NDArray[np.float64] | None,
) -> NDArray[np.float32]:
    """Phase that all interferograms share: the master's atmosphere and orbit error.

    Parameters
    ----------
    ph_uw, ph_scla : ndarray of float32, shape (n_ps, n)
        Unwrapped phase and look-angle error in radians.
    day : ndarray, shape (n,)
        Day numbers.
    used : ndarray of int
        0-based columns without the master.
    master_ix : int
    covariance : ndarray, shape (n, n), or None
        With it the intercept of a line over time is taken (generalised least squares), without it the mean.

    Returns
    -------
    ndarray of float32, shape (n_ps,)
    """
    phase = ph_uw[:, used] - ph_scla[:, used]
    if covariance is None:
        return mean_single(phase, axis=1)
    design = np.column_stack([np.ones(used.size), day[used] - day[master_ix]])
    return least_squares(design, phase.T, covariance[np.ix_(used, used)])[0]


def _put_aside(ws: Workspace, name: str) -> None:
    """Rename an older result to ``tmp_…`` with its modification time."""
    if ws.has_file(name):
        stamp = time.strftime("%Y%m%d_%H%M%S", time.localtime(ws.file(name).stat().st_mtime))
        ws.rename(name, f"tmp_{name.removesuffix('.mat')}_{stamp}.mat")
