"""Small projects after step 8, made of random numbers, for the tests of velocities, plots and exports."""

import numpy as np

from helpers import random_project
from stamps.insar.network import design_matrix
from stamps.workspace.parameters import Parameters

WAVELENGTH = 0.0555
MILLIMETRES = WAVELENGTH * 1000 / (4 * np.pi)


def single_master(folder, *, n_ps=60, n_ifg=9, master_ix=3, seed=0, **parameters):
    """Workspace of a single-master project with all files that plots read."""
    ws = random_project.single_master(folder, n_ps=n_ps, n_ifg=n_ifg, master_ix=master_ix, seed=seed, **parameters)
    rng = np.random.default_rng(seed + 1)
    _series(ws, rng, n_ps, n_ifg, master_ix)
    _phasors(ws, rng, n_ps, n_ifg, master_ix)
    ws.save("ifgstd2", {"ifg_std": rng.uniform(10, 40, n_ifg).astype(np.float32)})
    scla = ws.load("scla2")
    smooth = {"ph_scla": scla["ph_scla"] * np.float32(0.9), "C_ps_uw": scla["C_ps_uw"] * np.float32(0.8)}
    ws.save("scla_smooth2", {**smooth, "K_ps_uw": scla["K_ps_uw"], "ph_ramp": scla["ph_ramp"] * 0.7})
    return ws


def small_baselines(folder, *, n_ps=60, n_image=7, master_ix=2, seed=0, **parameters):
    """Workspace of a small-baseline project with all files that plots read."""
    ws = random_project.small_baselines(
        folder, n_ps=n_ps, n_image=n_image, master_ix=master_ix, seed=seed, **parameters
    )
    rng = np.random.default_rng(seed + 1)
    ps = ws.load("ps2")
    n_ifg = ps["n_ifg"]
    network = design_matrix(ps["ifgday_ix"], n_image)
    _series(ws, rng, n_ps, n_image, master_ix)
    ws.save("phuw2", {"unwrap_ifg_index_sm": np.arange(n_image)})
    _phasors(ws, rng, n_ps, n_ifg, None)
    single = np.float32
    ph_sb = (ws.load("phuw2")["ph_uw"] @ network.T + rng.normal(0, 0.2, (n_ps, n_ifg))).astype(single)
    ws.save("phuw_sb2", {"ph_uw": ph_sb, "msd": np.zeros(n_ifg, single)})
    for name, scale in (("scla_sb2", 1), ("scla_smooth_sb2", 0.9)):
        ws.save(
            name,
            {
                "ph_scla": (scale * rng.normal(0, 0.3, (n_ps, n_ifg))).astype(single),
                "K_ps_uw": rng.normal(0, 0.01, n_ps),
                "C_ps_uw": np.zeros(n_ps),
                "ph_ramp": rng.normal(0, 0.3, (n_ps, n_ifg)),
            },
        )
    for stem, variable in (("tca", "ph_tropo_gacos"), ("ica", "ph_iono_azshift"), ("tide", "ph_tide")):
        series = ws.load(f"{stem}2")[variable]
        ws.save(f"{stem}_sb2", {variable: (series - series[:, [master_ix]]) @ network.T})
    ws.save(
        "phuw_sb_res2",
        {
            "ph_res": ph_sb - rng.normal(0, 0.1, ph_sb.shape).astype(single),
            "sb_cov": _covariance(rng, n_ifg),
            "sm_cov": _covariance(rng, n_image),
        },
    )
    return ws


def _series(ws, rng, n_ps, n, master_ix):
    """Unwrapped single-master phases and corrections; the master's column of the phases is zero."""
    single = np.float32
    ph_uw = rng.normal(0, 2, (n_ps, n)).astype(single)
    ph_uw[:, master_ix] = 0
    ws.save("phuw2", {"ph_uw": ph_uw, "msd": np.zeros(n, single)})
    ws.save(
        "scla2",
        {
            "ph_scla": rng.normal(0, 0.5, (n_ps, n)).astype(single),
            "K_ps_uw": rng.normal(0, 0.01, n_ps),
            "C_ps_uw": rng.normal(0, 0.5, n_ps).astype(single),
            "ph_ramp": rng.normal(0, 0.3, (n_ps, n)),
        },
    )
    ws.save("scn2", {"ph_scn_slave": rng.normal(0, 0.4, (n_ps, n))})
    ws.save("hgt2", {"hgt": rng.uniform(0, 500, n_ps)})
    for name, variable in (("tca2", "ph_tropo_gacos"), ("ica2", "ph_iono_azshift"), ("tide2", "ph_tide")):
        ws.save(name, {variable: rng.normal(0, 1, (n_ps, n))})


def _phasors(ws, rng, n_ps, n_ifg, master_ix):
    phase = rng.uniform(-np.pi, np.pi, (n_ps, n_ifg))
    patch = rng.uniform(-np.pi, np.pi, (n_ps, n_ifg - (master_ix is not None)))
    ph_rc = np.exp(1j * phase).astype(np.complex64)
    reference = None
    if master_ix is not None:
        reference = np.insert(np.exp(1j * patch), master_ix, 1, axis=1).astype(np.complex64)
    ws.save("rc2", {"ph_rc": ph_rc, "ph_reref": reference})
    ws.save("pm2", {"ph_patch": (3 * np.exp(1j * patch)).astype(np.complex64), "coh_ps": rng.uniform(0.5, 1, n_ps)})


def _covariance(rng, n):
    root = rng.normal(size=(n, 3 * n))
    return root @ root.T / (3 * n)


def steady_motion(ws, rates, *, seed=None):
    """Replace the phases by motion towards the satellite at constant rates (mm/yr); returns the workspace."""
    ps = ws.load("ps2")
    years = (ps["day"] - ps["master_day"]) / 365.25
    phase = -np.outer(rates, years) / MILLIMETRES
    ws.save("phuw2", {"ph_uw": phase.astype(np.float32)})
    if "ifgday_ix" in ps:
        first, second = ps["ifgday_ix"].T
        ws.save("phuw_sb2", {"ph_uw": (phase[:, second] - phase[:, first]).astype(np.float32)})
    Parameters(ws).set("lambda", WAVELENGTH)
    return ws
