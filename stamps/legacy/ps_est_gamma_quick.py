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

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import InputError, NoPixelsError, ParameterError, WorkspaceError
from stamps.insar.constants import DEFAULT_INCIDENCE, INCIDENCE_MINUS_LOOK, LOW_COHERENCE_BINS
from stamps.insar.look_angle import largest_look_angle_error
from stamps.matlab.arithmetic import round_half_away
from stamps.matlab.filters import fir_filter, gausswin
from stamps.matlab.interpolation import interp
from stamps.matlab.statistics import hist
from stamps.native.clap import butterworth_lowpass, filter_stack, window_starts
from stamps.native.grid_accumulate import accumulate
from stamps.native.random_coherence import COHERENCE_BINS, random_coherence_histogram
from stamps.native.topofit import topofit
from stamps.workspace import Workspace
from stamps.workspace.limits import check_grid, check_trial_wraps
from stamps.workspace.locks import reserving
from stamps.workspace.log import Log
from stamps.workspace.parameters import Parameters

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps._typing import StrPath


__all__ = ["ps_est_gamma_quick"]

_PIXELS_AT_ONCE = 100_000  # and a message each


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
        state = _State.new(data, nr, _initial_weights(data.D_A, log))
    check_grid(data.xy, settings.grid_size, "filter_grid_size", 16 * data.phasors.shape[1])
    grid_ij = _grid_cells(data.xy, settings.grid_size)
    lowpass = butterworth_lowpass(settings.clap_win, settings.grid_size, settings.lowpass_wavelength)
    _warn_if_too_small(grid_ij, settings, log)
    log(f"{data.n_ps} PS candidates to process")

    while True:
        log(f"iteration #{state.i_loop}")
        log("Calculating patch phases...")
        _estimate_patch_phase(state, data, grid_ij, lowpass, settings)
        if restart_flag == 2:
            break
        log("Estimating topo error...")
        _estimate_topography(state, data, n_trial_wraps, log)
        if _converged(state, parameters, log):
            break
        state.i_loop += 1
        state.weight = _weights(state, data, settings)

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
    def snr(self) -> bool:
        return self.weighting.lower() != "p-square"


@dataclass(frozen=True)
class _Data:
    """Input without the master: unit phasors (n, m) complex64 in row-major order, baselines, coordinates."""

    phasors: np.ndarray
    amplitude: np.ndarray | None
    bperp: np.ndarray
    bperp_mat: np.ndarray
    xy: np.ndarray
    D_A: np.ndarray
    pairs: np.ndarray | None
    n_image: int | None

    @property
    def n_ps(self) -> int:
        return self.phasors.shape[0]

    @property
    def n_low(self) -> int:
        return LOW_COHERENCE_BINS[self.pairs is not None]


def _load(ws: Workspace, small_baselines: bool, keep_amplitude: bool) -> _Data:
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
    phasors, amplitude = _unit_phasors(ph)
    D_A = ws.load_optional("da1").get("D_A")
    return _Data(
        phasors=phasors,
        amplitude=amplitude if keep_amplitude else None,
        bperp=bperp,
        bperp_mat=np.ascontiguousarray(bperp_mat),
        xy=ps["xy"][:, 1:],
        D_A=np.ones(ps["n_ps"]) if D_A is None else D_A,
        pairs=ps["ifgday_ix"] if small_baselines else None,
        n_image=ps["n_image"] if small_baselines else None,
    )


def _unit_phasors(ph: NDArray[np.complex64]) -> tuple[NDArray[np.complex64], NDArray[np.float32]]:
    """Phasors of unit modulus (zeros stay 0) and their amplitudes (zeros become 1), both single, in row-major order."""
    ph = np.ascontiguousarray(ph, dtype=np.complex64)
    amplitude = np.abs(ph)
    amplitude[amplitude == 0] = 1
    ph.real /= amplitude
    ph.imag /= amplitude
    return ph, amplitude


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
    scalar = bperp.dtype.type
    n_trial_wraps = scalar(span * scalar(max_k) / scalar(2 * np.pi))
    check_trial_wraps(n_trial_wraps, max_topo_err)
    return n_trial_wraps


def _grid_cells(xy: NDArray[np.float32], grid_size: float) -> NDArray[np.int64]:
    """Grid cell of each pixel, (n, 2) int64 rows and columns from 0; all arithmetic is single, which decides cells.

    The last row and column of cells are merged into those before them.
    """
    cells = np.empty(xy.shape, dtype=np.int64)
    for axis, column in enumerate((1, 0)):
        offset = xy[:, column].astype(np.float32)
        offset = offset - offset.min() + np.float32(1e-6)
        cell = np.ceil(offset / np.float32(grid_size)).astype(np.int64)
        last = cell.max()
        cell[cell == last] = max(last - 1, 1)
        cells[:, axis] = cell - 1
    return cells


def _warn_if_too_small(grid_ij: NDArray[np.int64], settings: _Settings, log: Log) -> None:
    n_i, n_j = grid_ij.max(axis=0) + 1
    if not (window_starts(n_i, settings.clap_win * 3 // 4) and window_starts(n_j, settings.clap_win * 3 // 4)):
        log(
            f"Warning: the grid of {n_i} x {n_j} cells is too small for clap_win={settings.clap_win}, so no coherence "
            "can be estimated; a smaller filter_grid_size helps"
        )


# ---------------------------------------------------------------------- the state of the iteration


@dataclass
class _State:
    """What the iteration changes; per pixel unless stated."""

    weight: np.ndarray
    Nr: np.ndarray  # (100,) histogram of random coherence, rescaled
    Nr_max_nz_ix: int
    K_ps: np.ndarray
    C_ps: np.ndarray
    coh_ps: np.ndarray
    coh_ps_save: np.ndarray
    N_opt: np.ndarray
    ph_res: np.ndarray
    ph_patch: np.ndarray
    i_loop: int = 1
    gamma_change_save: float = 0.0
    ph_weight: np.ndarray = field(default=None)
    ph_grid: np.ndarray = field(default=None)  # (n_i, n_j, m)

    @classmethod
    def new(cls, data: _Data, nr: NDArray[np.float64], weight: NDArray[np.float64]) -> _State:
        """State before the first iteration."""
        shape = data.phasors.shape
        zeros = [np.zeros(shape[0]) for _ in range(5)]
        last = int(np.flatnonzero(nr)[-1])
        ph_res, ph_patch = np.zeros(shape, dtype=np.float32), np.zeros(shape, dtype=np.complex64)
        return cls(weight, nr, last, *zeros, ph_res=ph_res, ph_patch=ph_patch)


def _initial_weights(D_A: NDArray[np.float64], log: Log) -> NDArray[np.float64]:
    """1/D_A; a dispersion of 0 counts as the smallest other one (its infinite weight would break the filter)."""
    zero = ~(D_A > 0)
    if zero.any():
        log(f"{np.count_nonzero(zero)} candidates without amplitude dispersion get the largest weight of the others")
        D_A = np.where(zero, D_A[~zero].min() if not zero.all() else 1.0, D_A)
    return 1 / D_A


def _restored(ws: Workspace, data: _Data, settings: _Settings) -> _State:
    """State from ``pm1``; the weights, which are not stored, are computed again."""
    pm = ws.load("pm1")
    if pm["coh_ps"].size != data.n_ps or pm["ph_res"].shape != data.phasors.shape:
        raise WorkspaceError(f"{ws.path}: pm1 does not belong to the pixels of ps1: run step 2 from the start.")
    gamma_change = pm.get("gamma_change_save")
    state = _State(
        weight=None,
        Nr=pm["Nr"],
        Nr_max_nz_ix=pm["Nr_max_nz_ix"],
        **{name: pm[name] for name in ("K_ps", "C_ps", "coh_ps", "coh_ps_save", "N_opt", "ph_res", "ph_patch")},
        i_loop=pm["i_loop"],
        gamma_change_save=1.0 if gamma_change is None else float(gamma_change),
    )
    state.weight = _weights(state, data, settings)
    return state


def _saved(
    state: _State, grid_ij: NDArray[np.int64], grid_size: float, lowpass: NDArray[np.float64], n_trial_wraps: float
) -> dict[str, NDArray[Any]]:
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


# ---------------------------------------------------------------------- one iteration


def _estimate_patch_phase(
    state: _State, data: _Data, grid_ij: NDArray[np.int64], lowpass: NDArray[np.float64], settings: _Settings
) -> None:
    """Grid the weighted phasors, filter the grids, and take the phase of each pixel's cell."""
    state.ph_weight = _weighted_phasors(data, state.K_ps, state.weight)
    n_i, n_j = grid_ij.max(axis=0) + 1
    cells = grid_ij[:, 0] * n_j + grid_ij[:, 1]
    state.ph_grid = accumulate(state.ph_weight, cells, n_i * n_j).reshape(n_i, n_j, -1)
    n_win, n_pad = settings.clap_win * 3 // 4, settings.clap_win // 4
    filtered = filter_stack(state.ph_grid, settings.clap_alpha, settings.clap_beta, n_win, n_pad, lowpass)
    state.ph_patch = filtered.reshape(n_i * n_j, -1)[cells]
    _normalise(state.ph_patch)


def _weighted_phasors(data: _Data, K_ps: NDArray[np.float64], weight: NDArray[np.float64]) -> NDArray[np.complex64]:
    """Phasors without the look-angle error, times the weights: (n, m) complex64, each step in single precision."""
    result = np.empty_like(data.phasors)
    for pixels in _blocks(data.n_ps):
        angle = K_ps[pixels, np.newaxis].astype(data.bperp_mat.dtype) * data.bperp_mat[pixels]
        real, imag = _times_conjugate(data.phasors[pixels], angle)
        factor = weight[pixels, np.newaxis].astype(np.float32)
        result.real[pixels], result.imag[pixels] = real * factor, imag * factor
    return result


def _times_conjugate(
    z: NDArray[np.complex64], angle: NDArray[np.floating[Any]]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Real and imaginary part of z·exp(-j angle), products of singles as the original rounds them."""
    with np.errstate(invalid="ignore"):
        cosine, sine = (part(angle.astype(np.float64)).astype(np.float32) for part in (np.cos, np.sin))
        return z.real * cosine + z.imag * sine, z.imag * cosine - z.real * sine


def _normalise(z: NDArray[np.complex64]) -> None:
    """Divide complex numbers by their moduli in place; zeros stay."""
    for pixels in _blocks(z.shape[0]):
        modulus = np.abs(z[pixels])
        modulus[modulus == 0] = 1
        z.real[pixels] /= modulus
        z.imag[pixels] /= modulus


def _estimate_topography(state: _State, data: _Data, n_trial_wraps: float, log: Log) -> None:
    """Fit each pixel's look-angle error to its deviation from the patch phase.

    Pixels that have a zero in any interferogram get K NaN and γ 0 and keep their other values.
    """
    for pixels in _blocks(data.n_ps):
        phasors, patch = data.phasors[pixels], state.ph_patch[pixels]
        deviation = np.empty_like(phasors)
        deviation.real = phasors.real * patch.real + phasors.imag * patch.imag
        deviation.imag = phasors.imag * patch.real - phasors.real * patch.imag
        usable = np.all((deviation != 0) & ~np.isnan(deviation), axis=1)
        state.K_ps[pixels] = np.where(usable, state.K_ps[pixels], np.nan)
        state.coh_ps[pixels] = np.where(usable, state.coh_ps[pixels], 0)
        rows = np.flatnonzero(usable) + pixels.start
        if rows.size:
            bperp = data.bperp_mat[rows]
            fit = topofit(deviation[usable], bperp, n_trial_wraps)
            state.K_ps[rows], state.C_ps[rows], state.coh_ps[rows], residual = fit
            state.ph_res[rows] = np.angle(residual)
            state.N_opt[rows] = 1
        if pixels.stop <= data.n_ps:
            log(f"{pixels.stop} PS processed", 2)


def _converged(state: _State, parameters: Parameters, log: Log) -> bool:
    """Whether the iteration ends; both parameters are read again, so that they can be changed meanwhile."""
    change = _update_change(state)
    log(f"gamma_change_change={change:f}")
    convergence = parameters.get("gamma_change_convergence", log=True)
    max_iterations = parameters.get("gamma_max_iterations", log=True)
    return abs(change) < convergence or state.i_loop >= max_iterations


def _update_change(state: _State) -> float:
    """Change of the rms change of coherence between iterations."""
    gamma_change = float(np.sqrt(np.sum((state.coh_ps - state.coh_ps_save) ** 2) / state.coh_ps.size))
    change = gamma_change - state.gamma_change_save
    state.gamma_change_save = gamma_change
    state.coh_ps_save = state.coh_ps.copy()
    return change


# ---------------------------------------------------------------------- weights


def _weights(state: _State, data: _Data, settings: _Settings) -> NDArray[np.float64]:
    """Weights of the pixels for the next iteration; ``state.Nr`` is rescaled for P-square."""
    if settings.snr:
        return _snr_weights(data.amplitude, state.ph_res)
    Na = hist(state.coh_ps, COHERENCE_BINS)
    low = slice(data.n_low if state.Nr[: data.n_low].any() else None)  # few interferograms: no random one may be low
    scale = Na[low].sum() / state.Nr[low].sum()
    p_random = _random_probability(Na, state.Nr * scale, state.Nr_max_nz_ix, data.n_low)
    if scale > 0:  # else no pixel has low coherence; zeros could not be rescaled in the next iteration
        state.Nr = state.Nr * scale
    position = np.clip(round_half_away(1000 * state.coh_ps), 0, p_random.size - 1).astype(np.int64)
    return (1 - p_random[position]) ** 2


def _random_probability(
    Na: NDArray[np.float64], Nr: NDArray[np.float64], Nr_max_nz_ix: int, n_low: int
) -> NDArray[np.float64]:
    """Probability that a pixel has random phase, at coherences 0, 0.001, …, 1.

    Parameters
    ----------
    Na, Nr : (100,) float64 array
        Histograms of the coherence of the candidates and of random pixels.
    Nr_max_nz_ix : int
        Last bin of ``Nr`` that is not empty.
    n_low : int
        Number of first bins in which all pixels count as random.

    Returns
    -------
    (1001,) float64 array
        The smoothing is causal, so the curve lies three bins late, and bin k is taken to lie at its upper edge.
    """
    p = np.minimum(Nr / np.where(Na == 0, 1, Na), 1)
    p[:n_low] = 1
    p[Nr_max_nz_ix + 1 :] = 0
    window = gausswin(7)
    smooth = (fir_filter(window, np.concatenate([np.ones(7), p])) / window.sum())[7:]
    return interp(np.concatenate([[1.0], smooth]), 10)[:-9]


def _snr_weights(amplitude: NDArray[np.float32], ph_res: NDArray[np.float32]) -> NDArray[np.float64]:
    """Signal to noise ratio of the amplitudes of pixels, 0 where there is no noise; (n,) float64."""
    weight = np.zeros(ph_res.shape[0])
    for pixels in _blocks(ph_res.shape[0]):
        aligned = amplitude[pixels] * np.cos(ph_res[pixels].astype(np.float64)).astype(np.float32)
        signal = np.mean(aligned, axis=1, dtype=np.float64).astype(np.float32)
        power = np.mean(amplitude[pixels] ** 2, axis=1, dtype=np.float64).astype(np.float32)
        noise = np.sqrt(np.maximum(power - signal**2, 0) * np.float32(0.5))
        weight[pixels] = np.divide(signal, noise, out=np.zeros_like(signal), where=noise != 0)
    return weight


def _blocks(n: int) -> list[Any]:
    """Slices over n pixels."""
    return [slice(first, first + _PIXELS_AT_ONCE) for first in range(0, n, _PIXELS_AT_ONCE)]
