"""Step 2: temporal coherence of all candidates.

Alternates between a spatial estimate of the phase that neighbours share and a temporal estimate of each pixel's
look-angle error, weighting pixels by their coherence, until the coherence no longer changes.

Reads ``ps1 ph1 bp1``, and ``da1 inc1 la1`` if they exist. Writes ``pm1`` (also read on restart): ``ph_patch K_ps C_ps
coh_ps coh_ps_save N_opt ph_res ph_grid ph_weight grid_ij grid_size low_pass n_trial_wraps Nr coh_bins Nr_max_nz_ix
i_loop step_number gamma_change_save``. It is written once, at the end.
Parameters: ``filter_grid_size filter_weighting clap_win clap_low_pass_wavelength clap_alpha clap_beta max_topo_err
lambda gamma_change_convergence gamma_max_iterations small_baseline_flag``.

Source: docs/method/coherence.md; Hooper, Segall and Zebker, JGR 112, B07407 (2007).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import InputError, NoPixelsError, ParameterError, WorkspaceError
from stamps.insar.constants import DEFAULT_INCIDENCE, INCIDENCE_MINUS_LOOK
from stamps.insar.look_angle import largest_look_angle_error
from stamps.native.clap import butterworth_lowpass, window_starts
from stamps.native.random_coherence import COHERENCE_BINS, random_coherence_histogram
from stamps.steps.coherence import (
    Candidates,
    ClapSettings,
    CoherenceState,
    coherence_weights,
    estimate_patch_phase,
    estimate_topography,
    grid_cells,
    unit_phasors,
    update_change,
)
from stamps.workspace import Workspace
from stamps.workspace.limits import check_grid, check_trial_wraps
from stamps.workspace.locks import reserving
from stamps.workspace.log import Log
from stamps.workspace.parameters import Parameters

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps._typing import StrPath


__all__ = ["ps_est_gamma_quick"]


@reserving
def ps_est_gamma_quick(restart_flag: int = 0, workdir: Workspace | StrPath = ".") -> None:
    """Estimate the temporal coherence of candidates.

    Parameters
    ----------
    restart_flag : int
        0 start anew; 1 continue from ``pm1``; 2 the same, but stop after the patch phases.
    workdir : path-like or Workspace
        Patch directory.

    Raises
    ------
    WorkspaceError
        A file of step 1 (or, on restart, ``pm1``) is missing or does not fit.
    ParameterError
        A parameter cannot be used.
    NoPixelsError
        There are no candidates.
    """
    ws = Workspace.at(workdir)
    log = Log(ws, "PS_EST_GAMMA_QUICK")
    log.start()
    log("Estimating gamma for candidate pixels")
    parameters = Parameters(ws)
    settings = _Settings.of(parameters)
    data = _load(ws, settings.small_baselines, keep_amplitude=settings.snr)
    n_trial_wraps = _n_trial_wraps(data.bperp, settings.max_topo_err, settings.wavelength, _mean_incidence(ws))
    log(f"n_trial_wraps={n_trial_wraps:f}")
    if restart_flag:
        log("Restarting from the last saved iteration")
        state = _restored(ws, data, settings)
    else:
        log("Initialising random distribution...")
        nr = random_coherence_histogram(data.bperp, n_trial_wraps, data.pairs, data.n_image)
        state = CoherenceState.new(data, nr, _initial_weights(data.D_A, log))
    check_grid(data.xy, settings.grid_size, "filter_grid_size", 16 * data.phasors.shape[1])
    grid_ij = grid_cells(data.xy, settings.grid_size)
    lowpass = butterworth_lowpass(settings.clap_win, settings.grid_size, settings.lowpass_wavelength)
    _warn_if_too_small(grid_ij, settings, log)
    log(f"{data.n_ps} PS candidates to process")

    while True:
        log(f"iteration #{state.i_loop}")
        log("Calculating patch phases...")
        estimate_patch_phase(state, data, grid_ij, lowpass, settings.clap)
        if restart_flag == 2:
            break
        log("Estimating topo error...")
        for n_done in estimate_topography(state, data, n_trial_wraps):
            log(f"{n_done} PS processed", 2)
        if _converged(state, parameters, log):
            break
        state.i_loop += 1
        state.weight = coherence_weights(state, data, settings.snr)

    with ws.publish():
        ws.save("pm1", _saved(state, grid_ij, settings.grid_size, lowpass, n_trial_wraps))
    log.finish()


# ---------------------------------------------------------------------- parameters and input


@dataclass(frozen=True)
class _Settings:
    """Parameters of the step."""

    grid_size: float
    weighting: str
    clap_win: int
    lowpass_wavelength: float
    clap_alpha: float
    clap_beta: float
    max_topo_err: float
    wavelength: float
    small_baselines: bool

    @classmethod
    def of(cls, parameters: Parameters) -> _Settings:
        """Read, log and check the parameters, in the original's order."""
        names = (
            "filter_grid_size",
            "filter_weighting",
            "clap_win",
            "clap_low_pass_wavelength",
            "clap_alpha",
            "clap_beta",
            "max_topo_err",
            "lambda",
            "gamma_change_convergence",
            "gamma_max_iterations",
        )
        values = {name: parameters.get(name, log=True) for name in names}
        small_baselines = parameters.flag("small_baseline_flag", log=True)
        for name, value in values.items():
            if name != "filter_weighting" and not (isinstance(value, float) and np.isfinite(value)):
                remedy = "run step 1 first (stamps 1 1)" if name == "lambda" else f"set it with setparm {name} VALUE"
                raise ParameterError(f"{name} must be a number, but it is {value!r}: {remedy}.")
        if values["clap_win"] % 8 or values["clap_win"] <= 0:
            raise ParameterError(f"clap_win must be a multiple of 8, but it is {values['clap_win']:g}.")
        if values["filter_grid_size"] <= 0 or values["lambda"] <= 0:
            raise ParameterError(
                f"filter_grid_size and lambda must be positive, but they are {values['filter_grid_size']:g} and "
                f"{values['lambda']:g}: set them with setparm."
            )
        return cls(
            grid_size=values["filter_grid_size"],
            weighting=str(values["filter_weighting"]),
            clap_win=int(values["clap_win"]),
            lowpass_wavelength=values["clap_low_pass_wavelength"],
            clap_alpha=values["clap_alpha"],
            clap_beta=values["clap_beta"],
            max_topo_err=values["max_topo_err"],
            wavelength=values["lambda"],
            small_baselines=small_baselines,
        )

    @property
    def clap(self) -> ClapSettings:
        return ClapSettings(self.clap_win, self.clap_alpha, self.clap_beta)

    @property
    def snr(self) -> bool:
        return self.weighting.lower() != "p-square"


def _load(ws: Workspace, small_baselines: bool, keep_amplitude: bool) -> Candidates:
    """Candidates of the patch."""
    ps = ws.load("ps1")
    if ps["n_ps"] == 0:
        raise NoPixelsError(f"{ws.path} has no candidates: leave the patch out of patch.list.")
    ph = ws.load("ph1")["ph"]
    bperp, bperp_mat = ps["bperp"], ws.load("bp1")["bperp_mat"]
    if not small_baselines:
        ph = np.delete(ph, ps["master_ix"], axis=1)
        bperp = np.delete(bperp, ps["master_ix"])
    if not ph.shape == bperp_mat.shape == (ps["n_ps"], bperp.size):
        raise WorkspaceError(
            f"{ws.path}: ps1 lists {ps['n_ps']} pixels and {bperp.size} interferograms, but ph1 holds {ph.shape} "
            f"and bp1 {bperp_mat.shape}: run step 1 again."
        )
    phasors, amplitude = unit_phasors(ph)
    D_A = ws.load_optional("da1").get("D_A")
    return Candidates(
        phasors=phasors,
        amplitude=amplitude if keep_amplitude else None,
        bperp=bperp,
        bperp_mat=np.ascontiguousarray(bperp_mat),
        xy=ps["xy"][:, 1:],
        D_A=np.ones(ps["n_ps"]) if D_A is None else D_A,
        pairs=ps["ifgday_ix"] if small_baselines else None,
        n_image=ps["n_image"] if small_baselines else None,
    )


def _mean_incidence(ws: Workspace) -> float:
    """Mean incidence angle in radians: from ``inc1``, else ``la1`` and a constant, else 21 degrees."""
    inc = ws.load_optional("inc1").get("inc")
    if inc is not None and np.any(inc != 0):
        return float(np.mean(inc[inc != 0], dtype=np.float64))
    la = ws.load_optional("la1").get("la")
    if la is not None and la.size:
        return float(np.mean(la, dtype=np.float64)) + INCIDENCE_MINUS_LOOK
    return DEFAULT_INCIDENCE


def _n_trial_wraps(bperp: NDArray[np.floating[Any]], max_topo_err: float, wavelength: float, incidence: float) -> float:
    """Half width of the search in cycles over the range of the baselines, in the class of the baselines."""
    max_k = largest_look_angle_error(max_topo_err, wavelength, incidence)
    span = bperp.max() - bperp.min()
    if not span > 0:
        raise InputError(
            f"All {bperp.size} mean perpendicular baselines are equal, so the look-angle error cannot be estimated: "
            "check the baseline files and the number of interferograms."
        )
    scalar: type[Any] = bperp.dtype.type  # its numbers pass for float
    n_trial_wraps = scalar(span * scalar(max_k) / scalar(2 * np.pi))
    check_trial_wraps(n_trial_wraps, max_topo_err)
    return n_trial_wraps


def _warn_if_too_small(grid_ij: NDArray[np.int64], settings: _Settings, log: Log) -> None:
    n_i, n_j = grid_ij.max(axis=0) + 1
    if not (window_starts(n_i, settings.clap_win * 3 // 4) and window_starts(n_j, settings.clap_win * 3 // 4)):
        log(
            f"Warning: the grid of {n_i} x {n_j} cells is too small for clap_win={settings.clap_win}, so no coherence "
            "can be estimated; a smaller filter_grid_size helps"
        )


# ---------------------------------------------------------------------- the state of the iteration


def _initial_weights(D_A: NDArray[np.float64], log: Log) -> NDArray[np.float64]:
    """1/D_A; a dispersion of 0 counts as the smallest other one (its infinite weight would break the filter)."""
    zero = ~(D_A > 0)
    if zero.any():
        log(f"{np.count_nonzero(zero)} candidates without amplitude dispersion get the largest weight of the others")
        D_A = np.where(zero, D_A[~zero].min() if not zero.all() else 1.0, D_A)
    return 1 / D_A


def _restored(ws: Workspace, data: Candidates, settings: _Settings) -> CoherenceState:
    """State from ``pm1``; the weights, which are not stored, are computed again."""
    pm = ws.load("pm1")
    if pm["coh_ps"].size != data.n_ps or pm["ph_res"].shape != data.phasors.shape:
        raise WorkspaceError(f"{ws.path}: pm1 does not belong to the pixels of ps1: run step 2 from the start.")
    gamma_change = pm.get("gamma_change_save")
    state = CoherenceState(
        weight=np.empty(0),
        Nr=pm["Nr"],
        Nr_max_nz_ix=pm["Nr_max_nz_ix"],
        **{name: pm[name] for name in ("K_ps", "C_ps", "coh_ps", "coh_ps_save", "N_opt", "ph_res", "ph_patch")},
        i_loop=pm["i_loop"],
        gamma_change_save=1.0 if gamma_change is None else float(gamma_change),
    )
    state.weight = coherence_weights(state, data, settings.snr)
    return state


def _saved(
    state: CoherenceState,
    grid_ij: NDArray[np.int64],
    grid_size: float,
    lowpass: NDArray[np.float64],
    n_trial_wraps: float,
) -> dict[str, Any]:
    """Variables of ``pm1``."""
    names = (
        "ph_patch",
        "K_ps",
        "C_ps",
        "coh_ps",
        "coh_ps_save",
        "N_opt",
        "ph_res",
        "ph_grid",
        "ph_weight",
        "Nr",
        "Nr_max_nz_ix",
        "i_loop",
        "gamma_change_save",
    )
    return {
        **{name: getattr(state, name) for name in names},
        "grid_ij": grid_ij,
        "grid_size": grid_size,
        "low_pass": lowpass,
        "n_trial_wraps": n_trial_wraps,
        "coh_bins": COHERENCE_BINS,
        "step_number": 1,
    }


def _converged(state: CoherenceState, parameters: Parameters, log: Log) -> bool:
    """Whether the iteration ends; both parameters are read again, so that they can be changed meanwhile."""
    change = update_change(state)
    log(f"gamma_change_change={change:f}")
    convergence = parameters.get("gamma_change_convergence", log=True)
    max_iterations = parameters.get("gamma_max_iterations", log=True)
    return abs(change) < convergence or state.i_loop >= max_iterations
