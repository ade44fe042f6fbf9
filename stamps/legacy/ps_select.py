"""Step 3: select stable pixels by a coherence threshold that bounds the number of random-phase pixels.

Reads ``ps1``, ``ph1``, ``bp1``, ``pm1`` and, where they exist, ``da1``, ``select1`` (``reest_flag`` 2) and
``no_ps_info``; writes ``select1`` (``ix``, ``keep_ix``, ``ph_patch2``, ``ph_res2``, ``K_ps2``, ``C_ps2``,
``coh_ps2``, ``coh_thresh``, ``coh_thresh_coeffs`` and the settings), ``no_ps_info`` and, if it was above 1,
``psver``. Parameters: ``slc_osf``, ``clap_alpha``, ``clap_beta``, ``clap_win``, ``select_method``, ``density_rand``
or ``percent_rand``, ``gamma_stdev_reject``, ``small_baseline_flag``, ``drop_ifg_index``.

Source: docs/method/selection.md; Hooper et al. (2007), J. Geophys. Res. 112, B07407.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import InputError, ParameterError
from stamps.insar.constants import LOW_COHERENCE_BINS
from stamps.matlab.dates import datestr
from stamps.native.clap_patch import patch_phase
from stamps.steps.reestimation import reestimated_coherence, used_interferograms
from stamps.steps.selection import (
    ThresholdRule,
    accepted_random,
    coherence_spread,
    dispersion_bins,
    pixel_threshold,
)
from stamps.workspace import Workspace
from stamps.workspace.locks import reserving
from stamps.workspace.log import Log
from stamps.workspace.parameters import Parameters
from stamps.workspace.stack_variables import load_phase

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps._typing import StrPath
    from stamps.steps.selection import Threshold
    from stamps.workspace.directory import Variables


__all__ = ["ps_select"]

_REESTIMATE, _KEEP_FIRST, _REUSE, _REESTIMATE_ALL = range(4)
_PIXELS_AT_ONCE = 10_000
_ESTIMATES = ("ph_patch2", "ph_res2", "K_ps2", "C_ps2", "coh_ps2")


@dataclass(frozen=True)
class Settings:
    """Parameters of the step."""

    slc_osf: int
    clap_alpha: float
    clap_beta: float
    clap_win: int
    by_percent: bool
    limit: float
    gamma_stdev_reject: float
    small_baseline_flag: str
    dropped: NDArray[np.int64]

    @classmethod
    def of(cls, parameters: Parameters) -> Settings:
        """Read and log the parameters, in the order of the original."""
        return cls(
            slc_osf=int(parameters.get("slc_osf", log=True)),
            clap_alpha=parameters.get("clap_alpha", log=True),
            clap_beta=parameters.get("clap_beta", log=True),
            clap_win=int(parameters.get("clap_win", log=True)),
            by_percent=(by_percent := parameters.get("select_method", log=True).upper() == "PERCENT"),
            limit=parameters.get("percent_rand" if by_percent else "density_rand", log=True),
            gamma_stdev_reject=parameters.get("gamma_stdev_reject", log=True),
            small_baseline_flag=parameters.get("small_baseline_flag", log=True),
            dropped=parameters.indices("drop_ifg_index", log=True),
        )

    @property
    def small_baselines(self) -> bool:
        """Whether interferograms are pairs of images instead of having one master."""
        return self.small_baseline_flag.lower() == "y"


@reserving
def ps_select(reest_flag: int = 0, plot_flag: int = 0, workdir: Workspace | StrPath = ".") -> None:
    """Select stable pixels of one patch.

    Parameters
    ----------
    reest_flag : int, optional
        0 re-estimate coherence of the selected pixels without their own contribution; 1 do not; 2 reuse the
        re-estimated values of an existing ``select1``; 3 re-estimate all candidates.
    plot_flag : int, optional
        Accepted for compatibility; nothing is plotted.
    workdir : path-like or Workspace, optional
        The patch directory, after step 2.

    Raises
    ------
    WorkspaceError
        A file of step 1 or 2 is missing.
    InputError
        Files do not fit each other.
    ParameterError
        ``reest_flag`` is none of the four values.
    """
    if reest_flag not in (_REESTIMATE, _KEEP_FIRST, _REUSE, _REESTIMATE_ALL):
        raise ParameterError(f"reest_flag is {reest_flag!r}, but only 0, 1, 2 and 3 have a meaning.")
    ws = Workspace.at(workdir)
    log = Log(ws, "PS_SELECT")
    log.start()
    log("Selecting stable-phase pixels...")
    settings = Settings.of(Parameters(ws))
    ps = ws.load("ps1")
    pm = ws.load("pm1", _needed(reest_flag, settings))
    used = used_interferograms(ps, settings.dropped, settings.small_baselines)
    rule = _threshold_rule(ps, pm, ws.load_optional("da1"), settings)

    threshold, ix = first_selection(pm["coh_ps"], rule, reest_flag == _REESTIMATE_ALL, log)
    if settings.gamma_stdev_reject > 0:
        ix = ix[coherence_spread(pm["ph_res"][ix][:, used]) < settings.gamma_stdev_reject]
        log(f"{len(ix)} PS left after rejection of unsteady coherence")

    if reest_flag == _KEEP_FIRST:
        values = {name: pm[name.replace("2", "")][ix] for name in _ESTIMATES}
        keep_ix = np.ones(len(ix), dtype=bool)
        coh_thresh = pixel_threshold(threshold, rule.bins.dispersion[ix])
    else:
        if reest_flag == _REUSE:
            ix, values = _previous_estimates(ws)
        else:
            _log_dropped(log, ps, settings)
            values = _reestimate(ws, ps, pm, ix, used, settings, log)
        threshold, coh_thresh, keep_ix = second_selection(ix, values, pm, rule, _slope_limit(ps, settings), log)

    with ws.publish():
        _save(
            ws,
            log,
            settings,
            {
                "ix": ix,
                "keep_ix": keep_ix,
                **values,
                "coh_thresh": coh_thresh,
                "coh_thresh_coeffs": threshold.coefficients,
                "max_percent_rand": rule.accepted,
                "ifg_index": used,
            },
        )
    log.finish()


# ---------------------------------------------------------------------- computation


def first_selection(
    coh_ps: NDArray[np.float64], rule: ThresholdRule, take_all: bool, log: Log
) -> tuple[Threshold, NDArray[np.int64]]:
    """Threshold from the coherences of step 2 and the candidates above it.

    Parameters
    ----------
    coh_ps : ndarray, shape (n_ps,)
    rule : ThresholdRule
    take_all : bool
        Use a threshold of 0.
    log : callable

    Returns
    -------
    threshold : stamps.steps.selection.Threshold
    ix : ndarray of int64, shape (n_s,)
        0-based candidates.
    """
    threshold = rule(coh_ps)
    if take_all:
        threshold = threshold._replace(value=0.0, coefficients=None)
    elif threshold.is_fallback:
        log(f"The gamma threshold could not be estimated: using the default of {threshold.value}")
    by_pixel = pixel_threshold(threshold, rule.bins.dispersion)
    log(f"Initial gamma threshold: {_span_text(by_pixel, rule.bins.dispersion)}")
    ix = np.flatnonzero(coh_ps > by_pixel)
    log(f"{len(ix)} PS selected initially")
    return threshold, ix


def second_selection(
    ix: NDArray[np.int64],
    values: Mapping[str, NDArray[Any]],
    pm: Variables,
    rule: ThresholdRule,
    slope_limit: float,
    log: Log,
) -> tuple[Threshold, NDArray[np.float64], NDArray[np.bool_]]:
    """Threshold from the re-estimated coherences and the pixels that stay above it.

    Parameters
    ----------
    ix : ndarray of int, shape (n_s,)
        0-based candidates of the first selection.
    values : dict
        ``coh_ps2``, ``K_ps2`` of shape (n_s,).
    pm : dict
        ``coh_ps``, ``K_ps`` of all candidates.
    rule : ThresholdRule
    slope_limit : float
        Largest change of K in rad/m.
    log : callable

    Returns
    -------
    threshold : stamps.steps.selection.Threshold
    coh_thresh : ndarray, shape (1,) or (n_s,)
    keep_ix : ndarray of bool, shape (n_s,)
    """
    coherence = pm["coh_ps"].copy()
    coherence[ix] = values["coh_ps2"]
    threshold = rule(coherence)
    dispersion = rule.bins.dispersion[ix]
    coh_thresh = pixel_threshold(threshold, dispersion)
    log(f"Reestimation gamma threshold: {_span_text(coh_thresh, dispersion)}")
    keep_ix = (values["coh_ps2"] > coh_thresh) & (np.abs(pm["K_ps"][ix] - values["K_ps2"]) < slope_limit)
    log(f"{np.count_nonzero(keep_ix)} ps selected after re-estimation of coherence")
    return threshold, coh_thresh, keep_ix


def _span_text(threshold: NDArray[np.float64], dispersion: NDArray[np.float64]) -> str:
    """Extremes of threshold and amplitude dispersion as the log shows them."""
    low, high = (threshold.min(), threshold.max()) if threshold.size else (np.nan, np.nan)
    least, most = (dispersion.min(), dispersion.max()) if dispersion.size else (np.nan, np.nan)
    return f"{low:.3f} at D_A={least:.2f} to {high:.3f} at D_A={most:.2f}"


# ---------------------------------------------------------------------- reading and writing


def _needed(reest_flag: int, settings: Settings) -> set[str]:
    """Variables of ``pm1`` that this run needs; the grids are large."""
    names = {"coh_ps", "K_ps", "Nr", "coh_bins"}
    if reest_flag == _KEEP_FIRST:
        names |= {"C_ps", "ph_patch", "ph_res"}
    elif reest_flag != _REUSE:
        names |= {"grid_ij", "ph_grid", "low_pass", "n_trial_wraps"}
    return names | {"ph_res"} if settings.gamma_stdev_reject > 0 else names


def _threshold_rule(ps: Variables, pm: Variables, da: Variables, settings: Settings) -> ThresholdRule:
    bins = dispersion_bins(da.get("D_A"), ps["n_ps"])
    if bins.dispersion.size != ps["n_ps"]:
        raise InputError(
            f"{da.source} has {bins.dispersion.size} values, but ps1 has {ps['n_ps']} pixels: run step 1 again."
        )
    accepted = accepted_random(settings.by_percent, settings.limit, ps["xy"][:, 1:3], bins.n)
    n_low = LOW_COHERENCE_BINS[settings.small_baselines]
    return ThresholdRule(bins, pm["Nr"], pm["coh_bins"], n_low, accepted, settings.by_percent)


def _reestimate(
    ws: Workspace,
    ps: Variables,
    pm: Variables,
    ix: NDArray[np.int64],
    used: NDArray[np.int64],
    settings: Settings,
    log: Log,
) -> dict[str, NDArray[Any]]:
    """Estimates for the candidates ``ix`` against their surroundings without their own grid cell."""
    if pm["low_pass"].shape != (settings.clap_win, settings.clap_win):
        raise InputError(
            f"clap_win is {settings.clap_win}, but step 2 was run with {pm['low_pass'].shape[0]} in {ws.path}: "
            "set it back or run step 2 again (stamps 2 2)."
        )
    ph_patch = patch_phase(
        pm["ph_grid"],
        pm["grid_ij"][ix],
        settings.clap_win,
        pm["low_pass"],
        settings.clap_alpha,
        settings.clap_beta,
        oversampling=settings.slc_osf,
    )
    ph = load_phase(ws, ps, 1)[ix]
    if not settings.small_baselines:
        ph = np.delete(ph, ps["master_ix"], axis=1)
    bperp_mat = ws.load("bp1", ["bperp_mat"])["bperp_mat"][ix]
    parts = []
    for start in range(0, max(len(ix), 1), _PIXELS_AT_ONCE):
        part = slice(start, start + _PIXELS_AT_ONCE)
        parts.append(reestimated_coherence(ph[part], ph_patch[part], bperp_mat[part], used, pm["n_trial_wraps"]))
        if part.stop <= len(ix):
            log(f"{part.stop} pixels re-estimated")
    return {"ph_patch2": ph_patch, **{name: np.concatenate([part[name] for part in parts]) for name in parts[0]}}


def _previous_estimates(ws: Workspace) -> tuple[NDArray[np.int64], dict[str, NDArray[Any]]]:
    select = ws.load("select1", ["ix", *_ESTIMATES])
    # 0x0 stands for "no pixel was selected"
    return select["ix"], {name: np.empty(0) if select[name] is None else select[name] for name in _ESTIMATES}


def _slope_limit(ps: Variables, settings: Settings) -> float:
    """Change of K that turns the phase by one cycle over the range of mean baselines, dropped ones included."""
    bperp = ps["bperp"] if settings.small_baselines else np.delete(ps["bperp"], ps["master_ix"])
    return 2 * np.pi / np.ptp(bperp)


def _log_dropped(log: Log, ps: Variables, settings: Settings) -> None:
    for k in settings.dropped:
        if settings.small_baselines:
            name = "-".join(datestr(day) for day in ps["ifgday"][k])
        else:
            name = datestr(ps["day"][k])
        log(f"{name} is dropped from noise re-estimation")


def _save(ws: Workspace, log: Log, settings: Settings, content: Mapping[str, Any]) -> None:
    """Write the selection, the flags and, if needed, the version."""
    if ws.exists("psver") and ws.version > 1:
        ws.version = 1
    flags = ws.no_ps_flags()
    flags[2:] = 0
    if not content["keep_ix"].any():
        log("No PS left after selection: later steps skip this patch")
        flags[2] = 1
    ws.save_no_ps_flags(flags)
    ws.save(
        "select1",
        {
            **content,
            "clap_alpha": settings.clap_alpha,
            "clap_beta": settings.clap_beta,
            "n_win": settings.clap_win,
            "gamma_stdev_reject": settings.gamma_stdev_reject,
            "small_baseline_flag": settings.small_baseline_flag,
        },
    )
