"""Step 6: unwrap the phase of all interferograms.

Reads ``ps2 rc2 pm2 bp2 la2``; of an earlier pass ``scla_smooth2`` (small baselines: ``scla_smooth_sb2``, and
``phuw_sb2`` to hold good values); of an atmosphere correction ``tca2`` (``tca_sb2``). Writes ``phuw2.mat``
(``phuw_sb2.mat``): ``ph_uw`` in radians and ``msd``, and the intermediate files of :mod:`stamps.legacy.uw_3d`.

Parameters: ``small_baseline_flag unwrap_patch_phase scla_deramp subtr_tropo tropo_method drop_ifg_index
unwrap_hold_good_values unwrap_time_win unwrap_method unwrap_grid_size unwrap_gold_n_win unwrap_prefilter_flag
unwrap_gold_alpha unwrap_la_error_flag unwrap_spatial_cost_func_flag max_topo_err lambda n_cores``.

Source: docs/method/unwrapping.md, section 1; Hooper et al. (2012), Tectonophysics 514-517.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import ParameterError
from stamps.insar.constants import DEFAULT_INCIDENCE, INCIDENCE_MINUS_LOOK
from stamps.insar.look_angle import largest_look_angle_error
from stamps.insar.observations import baseline_matrix, retained
from stamps.insar.phase import angle, divided, insert_column, modulus, normalised, product, rotated
from stamps.legacy.sb_identify_good_pixels import sb_identify_good_pixels
from stamps.legacy.uw_3d import uw_3d
from stamps.run.workers import Workers, n_cores
from stamps.workspace import Workspace
from stamps.workspace.freshness import Judge
from stamps.workspace.limits import check_trial_wraps
from stamps.workspace.locks import reserving
from stamps.workspace.log import Log
from stamps.workspace.parameters import Parameters
from stamps.workspace.stack_variables import stored_baselines

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps._typing import StrPath
    from stamps.workspace.directory import Variables


__all__ = ["ps_unwrap"]


@reserving
def ps_unwrap(workdir: Workspace | StrPath = ".", workers: Workers | None = None, solver: str | None = None) -> None:
    """Unwrap the pixels of a merged directory (or of a single patch).

    Parameters
    ----------
    workdir : path-like or Workspace
    workers : stamps.run.workers.Workers, optional
        Where interferograms are unwrapped (default: on the cores of this machine that ``n_cores`` and the environment allow).
    solver : str, optional
        What unwraps: ``'flow'`` or ``'snaphu'`` (default: the settings, then ``flow``).

    Raises
    ------
    StampsError
        An input is missing, the grid is smaller than the filter window, or the solver fails.

    Notes
    -----
    All files appear together at the end; if the step fails, none has changed.
    """
    ws = Workspace.at(workdir)
    log = Log(ws, "ps_unwrap")
    log.start()
    settings = _Settings.of(ws, log)
    ps = ws.load(f"ps{settings.version}")
    with ws.publish():
        baselines = baseline_matrix(stored_baselines(ws, settings.version), ps, settings.small_baselines)
        ph_w, filtered_away = _wrapped_phase(ws, ps, baselines, settings)
        predef = _held_phase(ws, ps, settings) if settings.hold else None
        scla = _previous_scla(ws, ps, baselines, settings, log)
        tropo = _tropospheric_phase(ws, settings, log)
        for term in scla + tropo:
            ph_w = rotated(ph_w, term)
            predef = None if predef is None else predef - term.astype(np.float32)
        n_trial_wraps = trial_wraps(
            ps["bperp"], _incidence(ws, ps, settings), settings.max_topo_err, settings.wavelength
        )
        log(f"n_trial_wraps={float(n_trial_wraps):f}")

        use = retained(ps["n_ifg"], settings.dropped)
        ifgday_ix = ps["ifgday_ix"] if settings.small_baselines else star_pairs(ps["n_ifg"], ps["master_ix"])
        if not settings.small_baselines:
            use = use[use != ps["master_ix"]]
        options = {**settings.uw_3d, "n_trial_wraps": n_trial_wraps}
        options["ph_uw_predef"] = None if predef is None else predef[:, use]
        ph_use, msd_use = uw_3d(
            ph_w[:, use],
            ps["xy"],
            ps["day"] - ps["master_day"],
            ifgday_ix[use],
            ps["bperp"][use],
            options,
            workdir=ws,
            workers=workers or settings.workers,
            solver=solver,
        )

        ph_uw = np.zeros((ps["n_ps"], ps["n_ifg"]), np.float32)
        msd = np.zeros(ps["n_ifg"], np.float32)
        ph_uw[:, use], msd[use] = ph_use, msd_use
        for term in scla + tropo + filtered_away:
            ph_uw += term.astype(np.float32, copy=False)
        ph_uw[:, np.setdiff1d(np.arange(ps["n_ifg"]), use)] = 0
        ws.save(settings.file("phuw"), {"ph_uw": ph_uw, "msd": msd})
    log.finish()


# ---------------------------------------------------------------------- parameters


@dataclass(frozen=True)
class _Settings:
    """What the parameters and the version of the directory decide."""

    version: int
    small_baselines: bool
    patch_phase: bool
    deramp: bool
    tropo_method: float | str | None
    dropped: NDArray[np.int64]
    hold: bool
    max_topo_err: float
    wavelength: float
    workers: Workers
    uw_3d: dict[str, Any]

    @classmethod
    def of(cls, ws: Workspace, log: Log) -> _Settings:
        """Read and log the parameters, in the order of the original."""
        parameters = Parameters(ws)
        version = ws.version
        small_baselines = parameters.flag("small_baseline_flag", log=True)
        patch_phase = parameters.flag("unwrap_patch_phase", log=True)
        deramp = parameters.flag("scla_deramp", log=True)
        subtract_tropo = parameters.flag("subtr_tropo", log=True)
        tropo_method = parameters.get("tropo_method", log=True)
        dropped = parameters.indices("drop_ifg_index", log=True)
        hold = parameters.flag("unwrap_hold_good_values", log=True)
        if hold and not (small_baselines and ws.exists(f"phuw_sb{version}")):
            hold = False
        if not hold:
            log("Code to hold good values skipped")
        options = {
            "time_win": parameters.get("unwrap_time_win", log=True),
            "unwrap_method": parameters.get("unwrap_method", log=True),
            "grid_size": parameters.get("unwrap_grid_size", log=True),
            "prefilt_win": int(parameters.get("unwrap_gold_n_win", log=True)),
            "goldfilt_flag": parameters.get("unwrap_prefilter_flag", log=True),
            "gold_alpha": parameters.get("unwrap_gold_alpha", log=True),
            "la_flag": parameters.get("unwrap_la_error_flag", log=True),
            "scf_flag": parameters.get("unwrap_spatial_cost_func_flag", log=True),
        }
        max_topo_err = parameters.get("max_topo_err", log=True)
        wavelength = parameters.get("lambda", log=True)
        return cls(
            version=version,
            small_baselines=small_baselines,
            patch_phase=patch_phase,
            deramp=deramp,
            tropo_method=tropo_method if subtract_tropo else None,
            dropped=dropped,
            hold=hold,
            max_topo_err=max_topo_err,
            wavelength=wavelength,
            workers=Workers(n_cores(parameters)),
            uw_3d=options,
        )

    def file(self, stem: str) -> str:
        """``phuw2`` or, for small baselines, ``phuw_sb2``."""
        return f"{stem}{'_sb' if self.small_baselines else ''}{self.version}"


# ---------------------------------------------------------------------- the phase to unwrap


def _wrapped_phase(
    ws: Workspace, ps: Variables, baselines: NDArray[np.float32], settings: _Settings
) -> tuple[NDArray[np.complex64], list[NDArray[np.floating[Any]]]]:
    """Unit phasors of the phase to unwrap, and what is to be added to the result (a list of one array or none)."""
    version, master = settings.version, None if settings.small_baselines else ps["master_ix"]
    ph_rc = ws.load(f"rc{version}", ["ph_rc"])["ph_rc"]
    if settings.patch_phase:
        ph_patch = ws.load(f"pm{version}", ["ph_patch"]).get("ph_patch")
        if ph_patch is None:
            raise ParameterError(
                f"unwrap_patch_phase is 'y', but {ws.path / f'pm{version}'}.mat holds no patch phase: unwrap the phase itself "
                "(setparm unwrap_patch_phase n)."
            )
        ph_patch = divided(ph_patch, modulus(ph_patch))
        if master is None:
            return normalised(ph_patch), [angle(product(ph_rc, ph_patch.conj()))]
        rest = angle(product(ph_rc, insert_column(ph_patch, master, 0).conj()))
        return normalised(insert_column(ph_patch, master, 1)), [rest]
    k_ps = ws.load_optional(f"pm{version}", ["K_ps"]).get("K_ps")
    if k_ps is not None and k_ps.size:
        ph_rc = rotated(ph_rc, product(k_ps[:, np.newaxis], baselines), sign=1)
    return normalised(ph_rc), []


def _previous_scla(
    ws: Workspace, ps: Variables, baselines: NDArray[np.float32], settings: _Settings, log: Log
) -> list[NDArray[np.floating[Any]]]:
    """Terms of the smoothed look-angle error of an earlier pass, in the order in which they are subtracted."""
    name = settings.file("scla_smooth")
    if not ws.exists(name):
        return []
    header = ws.headers_of(name).get("K_ps_uw")
    other = Judge(ws).is_of_other_pixels(f"{name}.mat")  # as many as now, but not these
    if other or header is None or header.shape[0] != ps["n_ps"]:
        log(f"wrong number of PS in {name}.mat - look-angle error is not subtracted and the file is deleted")
        ws.delete(f"{name}.mat")
        return []
    scla = ws.load(name, ["K_ps_uw", "C_ps_uw", "ph_ramp"])
    log("subtracting scla and master aoe...", 2)
    terms = [product(scla["K_ps_uw"][:, np.newaxis], baselines)]
    if not settings.small_baselines:
        terms.append(scla["C_ps_uw"][:, np.newaxis])
    ramp = scla.get("ph_ramp")
    if settings.deramp and ramp is not None and len(ramp) == ps["n_ps"]:
        terms.append(ramp)
    return terms


def _tropospheric_phase(ws: Workspace, settings: _Settings, log: Log) -> list[NDArray[np.float64]]:
    """The tropospheric correction to subtract (a list of one array or none)."""
    name = settings.file("tca")
    if settings.tropo_method is None:
        return []
    if not ws.exists(name):
        log(f"{name}.mat not found: no troposphere is subtracted (make it with 'stamps tropo METHOD')", 2)
        return []
    from stamps.legacy.ps_plot_tca import ps_plot_tca

    return [ps_plot_tca(ws.load(name), settings.tropo_method)[0]]


def _held_phase(ws: Workspace, ps: Variables, settings: _Settings) -> NDArray[np.float32]:
    """Earlier unwrapped phase of the pixels that close all loops, NaN elsewhere: (n_ps, n_ifg) float32."""
    sb_identify_good_pixels(workdir=ws)
    good = ws.load(f"phuw_good{settings.version}", fitting=False)["good_pixels"]
    previous = ws.load(settings.file("phuw"), ["ph_uw"], fitting=False)["ph_uw"]
    predef = np.full((ps["n_ps"], ps["n_ifg"]), np.nan, np.float32)
    if len(good) == len(previous) == ps["n_ps"]:
        predef[good] = previous[good]
    return predef


# ---------------------------------------------------------------------- geometry


def star_pairs(n_ifg: int, master: int) -> NDArray[np.int64]:
    """Image pairs of a single-master stack: (n_ifg, 2) int64, row i is (master, i)."""
    return np.column_stack([np.full(n_ifg, master), np.arange(n_ifg)])


def trial_wraps(bperp: NDArray[np.floating[Any]], incidence: float, max_topo_err: float, wavelength: float) -> float:
    """Search range of the look-angle error of edges.

    Parameters
    ----------
    bperp : ndarray, shape (n_ifg,)
        Perpendicular baselines of all interferograms, metres.
    incidence : float
        Incidence angle, radians.
    max_topo_err : float
        Largest height error, metres.
    wavelength : float
        Metres.

    Returns
    -------
    float
        Cycles over the range of the baselines.
    """
    largest = largest_look_angle_error(max_topo_err, wavelength, incidence)
    wraps = np.ptp(bperp) * largest / (2 * np.pi)
    check_trial_wraps(wraps, max_topo_err)
    return wraps


def _incidence(ws: Workspace, ps: Variables, settings: _Settings) -> float:
    if ps.get("mean_incidence") is not None:
        return ps["mean_incidence"]
    look_angle = ws.load_optional(f"la{settings.version}").get("la")
    return DEFAULT_INCIDENCE if look_angle is None else np.mean(look_angle) + INCIDENCE_MINUS_LOOK
