"""Step 2: coherence of the candidates (docs/method/coherence.md)."""

import numpy as np

from helpers.synthetic_patch import GRID_SIZE, MASTER, N_WIN
from option_cases.lab import Argument, set_parameters
from option_cases.lab import Parameter as P
from option_cases.projects import after_two_iterations, fewer_random_pixels, patch_for_step_2
from option_cases.registry import case
from option_cases.written_out import clap_grid, low_pass, trial_wraps


@case(
    P("clap_low_pass_wavelength"), P("clap_low_pass_wavelength", 500.0), P("clap_alpha"), P("clap_alpha", 0.7),
    P("clap_beta"), P("clap_beta", 0.4), P("clap_win"),
)  # fmt: skip
def filter_of_step_2(lab):
    ws = patch_for_step_2(lab, clap_low_pass_wavelength=400, clap_alpha=0.6, clap_beta=0.5, gamma_max_iterations=1)
    with fewer_random_pixels():
        lab.call("ps_est_gamma_quick", workdir=ws)
    pm = ws.load("pm1")
    response = low_pass(N_WIN, GRID_SIZE, 400)
    np.testing.assert_allclose(pm["low_pass"], response, rtol=1e-12)
    for k in (0, 5):
        filtered = clap_grid(pm["ph_grid"][:, :, k], N_WIN, 0.6, 0.5, response)[tuple(pm["grid_ij"].T)]
        np.testing.assert_allclose(pm["ph_patch"][:, k], filtered / np.abs(filtered), atol=2e-5)


@case(P("filter_grid_size"), P("filter_grid_size", 45.0))
def cells_of_step_2(lab):
    ws = patch_for_step_2(lab, filter_grid_size=40, gamma_max_iterations=1)
    with fewer_random_pixels():
        lab.call("ps_est_gamma_quick", workdir=ws)
    xy = ws.load("ps1")["xy"][:, 1:]
    cells = np.ceil((xy - xy.min(axis=0) + np.float32(1e-6)) / np.float32(40))[:, ::-1]
    cells = np.minimum(cells, cells.max(axis=0) - 1)  # the last row and column are merged into those before
    np.testing.assert_array_equal(ws.load("pm1")["grid_ij"], cells - 1)


@case(P("lambda"), P("lambda", 0.04), P("max_topo_err"), P("max_topo_err", 30.0))
def search_range_of_step_2(lab):
    ws = patch_for_step_2(lab, max_topo_err=35, gamma_max_iterations=1, **{"lambda": 0.031})
    with fewer_random_pixels():
        lab.call("ps_est_gamma_quick", workdir=ws)
    bperp = np.delete(ws.load("ps1")["bperp"], MASTER)
    expected = trial_wraps(bperp, 35, 0.031, ws.load("la1")["la"].mean() + 0.052)
    np.testing.assert_allclose(ws.load("pm1")["n_trial_wraps"], expected, rtol=1e-6)


@case(P("gamma_change_convergence"), P("gamma_change_convergence", 1.0))
def gamma_change_convergence(lab):
    """The iteration ends as soon as the change of the change is smaller."""
    ws = patch_for_step_2(lab, gamma_max_iterations=6, gamma_change_convergence=0.5)
    with fewer_random_pixels():
        lab.call("ps_est_gamma_quick", workdir=ws)
    lines = (ws.path / "STAMPS.log").read_text().splitlines()
    changes = [abs(float(line.rpartition("=")[2])) for line in lines if "gamma_change_change=" in line]
    assert changes[0] >= 0.5, "the patch does not fit the case"
    small = [k for k, change in enumerate(changes, 1) if change < 0.5]
    assert small == [len(changes)] == [ws.load("pm1")["i_loop"]] and len(changes) < 6


@case(P("gamma_max_iterations"), P("gamma_max_iterations", 4.0))
def gamma_max_iterations(lab):
    ws = patch_for_step_2(lab, gamma_max_iterations=5, gamma_change_convergence=0)
    with fewer_random_pixels():
        lab.call("ps_est_gamma_quick", workdir=ws)
    assert ws.load("pm1")["i_loop"] == 5


@case(Argument("ps_est_gamma_quick", "restart_flag"), Argument("ps_est_gamma_quick", "restart_flag", 2))
def restart_flag_1_goes_on(lab):
    """One iteration after two is the third of three."""
    ws, _ = after_two_iterations(lab)
    with fewer_random_pixels():
        lab.call("ps_est_gamma_quick", 1, workdir=ws)
    resumed = ws.load("pm1")
    set_parameters(ws, gamma_max_iterations=3)
    ws.delete("pm1.mat")
    with fewer_random_pixels():
        lab.plain("ps_est_gamma_quick", workdir=ws)
    whole = ws.load("pm1")
    for name in ("ph_weight", "ph_grid", "ph_patch", "K_ps", "C_ps", "coh_ps", "Nr", "gamma_change_save"):
        np.testing.assert_allclose(resumed[name], whole[name], rtol=1e-6, atol=1e-9, err_msg=name)
    assert resumed["i_loop"] == 2


@case(Argument("ps_est_gamma_quick", "restart_flag"), Argument("ps_est_gamma_quick", "restart_flag", 1))
def restart_flag_2_stops_after_the_patch_phase(lab):
    ws, before = after_two_iterations(lab, filter_weighting="SNR")
    with fewer_random_pixels():
        lab.call("ps_est_gamma_quick", 2, workdir=ws)
    stopped = ws.load("pm1")
    for name in ("K_ps", "C_ps", "coh_ps", "ph_res"):
        np.testing.assert_array_equal(stopped[name], before[name])
    ph = np.delete(ws.load("ph1")["ph"], MASTER, axis=1).astype(complex)
    aligned = np.mean(np.abs(ph) * np.cos(before["ph_res"]), axis=1)
    noise = np.sqrt((np.mean(np.abs(ph) ** 2, axis=1) - aligned**2) / 2)
    weight = (aligned / noise)[:, None] * ph / np.abs(ph)
    expected = weight * np.exp(-1j * before["K_ps"][:, None] * ws.load("bp1")["bperp_mat"])
    np.testing.assert_allclose(stopped["ph_weight"], expected, rtol=1e-3)
