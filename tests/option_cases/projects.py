"""Small projects in which options matter, as the cases share them."""

from unittest import mock

import numpy as np

from helpers import random_project
from helpers.synthetic_patch import make_patch
from stamps.native.random_coherence import random_coherence_histogram

__all__ = [
    "after_two_iterations",
    "fewer_random_pixels",
    "patch_for_step_2",
    "phasors",
    "small_baseline_series",
    "unwrapped_project",
    "wrapped_project",
]


def fewer_random_pixels():
    """Fewer simulated pixels of random phase: quick, and as good where the histogram does not matter."""
    return mock.patch(
        "stamps.legacy.ps_est_gamma_quick.random_coherence_histogram",
        lambda *a, **k: random_coherence_histogram(*a, n_random=20_000, **k),
    )


def patch_for_step_2(lab, **parameters):
    ws = make_patch(lab.folder, **{"lambda": 0.0555, **parameters})[0]
    ws.delete("pm1.mat")
    return ws


def after_two_iterations(lab, **parameters):
    ws = patch_for_step_2(lab, gamma_max_iterations=2, gamma_change_convergence=0, **parameters)
    with fewer_random_pixels():
        lab.plain("ps_est_gamma_quick", workdir=ws)
    return ws, ws.load("pm1")


def phasors(phase):
    return np.exp(1j * phase).astype(np.complex64)


def wrapped_project(lab, small=False, **parameters):
    """Project after step 5: deformation, look-angle errors and noise. Also the phasors to unwrap, master left out."""
    sizes = {name: parameters.pop(name) for name in ("n_ifg", "n_image") if name in parameters}
    options = {"unwrap_grid_size": 60, "unwrap_gold_n_win": 8, **parameters}
    make = random_project.small_baselines if small else random_project.single_master
    ws = make(lab.folder / "project", n_ps=220, side=800.0, **sizes, **options)
    ps, random = ws.load("ps2"), np.random.default_rng(5)
    x, y = ps["xy"][:, 1].astype(float), ps["xy"][:, 2].astype(float)
    rate = 3 * np.sin(x / 250) * np.cos(y / 300)
    years = (ps["day"] - ps["master_day"]) / 100
    span = np.diff(years[ps["ifgday_ix"]], axis=1)[:, 0] if small else years
    phase = rate[:, None] * span + random.normal(0, 0.5, (ps["n_ps"], ps["n_ifg"]))
    phase += (0.004 * np.sin(x / 90))[:, None] * ps["bperp"]
    k_ps = random.normal(0, 0.003, ps["n_ps"])
    bperp = ws.load("bp2")["bperp_mat"]
    if not small:
        phase[:, ps["master_ix"]] = 0
        bperp = np.insert(bperp, ps["master_ix"], 0, axis=1)
    ws.save("rc2", {"ph_rc": phasors(phase)})
    ws.save("pm2", {"K_ps": k_ps, "ph_patch": np.ones((ps["n_ps"], 1), np.complex64)})
    ws.save("la2", {"la": random.uniform(0.3, 0.4, ps["n_ps"])})
    ph = phasors(phase) * np.exp(1j * k_ps[:, None] * bperp)
    return ws, ps, ph, bperp


def _uneven_dates(ws, ps):
    """Dates at unequal distances, so that a velocity is not the same as a constant step."""
    ps["day"] = ps["day"][0] + np.cumsum([0, 12, 36, 12, 24, 60, 12, 48, 24])[: len(ps["day"])]
    ps["master_day"] = ps["day"][ps["master_ix"]]
    changed = {"day": ps["day"], "master_day": ps["master_day"]}
    if "ifgday_ix" in ps:
        changed["ifgday"] = ps["ifgday"] = ps["day"][ps["ifgday_ix"]]
    ws.save("ps2", changed)


def unwrapped_project(lab, **parameters):
    """Single-master project with unwrapped phases of random numbers."""
    ws = random_project.single_master(lab.folder / "project", n_ps=50, n_ifg=9, **parameters)
    ps, random = ws.load("ps2"), np.random.default_rng(7)
    _uneven_dates(ws, ps)
    ph_uw = random.normal(0, 2, (50, 9)).astype(np.float32)
    ph_uw[:, ps["master_ix"]] = 0
    ws.save("phuw2", {"ph_uw": ph_uw})
    return ws


def small_baseline_series(lab, n_image=7, **parameters):
    """Small-baseline project with unwrapped phases and a covariance of the interferograms."""
    ws = random_project.small_baselines(lab.folder / "project", n_ps=50, n_image=n_image, **parameters)
    ps, random = ws.load("ps2"), np.random.default_rng(4)
    _uneven_dates(ws, ps)
    ws.save("phuw_sb2", {"ph_uw": random.normal(0, 2, (50, ps["n_ifg"])).astype(np.float32)})
    series = random.normal(0, 2, (50, n_image)).astype(np.float32)
    series[:, ps["master_ix"]] = 0
    ws.save("phuw2", {"ph_uw": series, "unwrap_ifg_index_sm": np.arange(n_image)})
    root = random.normal(size=(ps["n_ifg"], ps["n_ifg"]))
    ws.save("phuw_sb_res2", {"sb_cov": root @ root.T + np.eye(ps["n_ifg"]), "sm_cov": np.eye(n_image)})
    return ws, ps
