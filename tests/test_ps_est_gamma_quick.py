"""Step 2: its pure functions by closed forms, and the whole step on a synthetic patch."""

import numpy as np
import pytest

from helpers.synthetic_patch import MASTER, make_patch
from stamps.errors import InputError, NoPixelsError, ParameterError, WorkspaceError
from stamps.legacy import ps_est_gamma_quick as step
from stamps.legacy.ps_est_gamma_quick import ps_est_gamma_quick
from stamps.matlab.statistics import hist
from stamps.native.random_coherence import COHERENCE_BINS, random_coherence_histogram
from stamps.steps import coherence

# ---------------------------------------------------------------------- pure functions


def test_last_cells_are_merged():
    xy = np.column_stack([np.arange(0, 500, 10.0), np.zeros(50)]).astype(np.float32)
    cells = coherence.grid_cells(xy, 50.0)
    assert cells[:, 0].tolist() == [0] * 50  # no extent along y: one row, not none
    # the first pixel alone begins below the first border, the last of ten columns joins the ninth
    assert np.bincount(cells[:, 1]).tolist() == [6, 5, 5, 5, 5, 5, 5, 5, 9]


def test_cells_are_decided_in_single():
    xy = np.array([[0, 0], [1000.0, 0], [2000, 0], [2100, 0]], dtype=np.float32)
    # in double 1000 + 1e-6 lies in cell 21; in single the 1e-6 is absorbed
    assert coherence.grid_cells(xy, 50.0)[:, 1].tolist() == [0, 19, 39, 40]


def test_search_range_and_class():
    bperp = np.array([-50.0, 100.0], dtype=np.float32)
    wraps = step._n_trial_wraps(bperp, 20, 0.0555, 0.6)
    assert wraps.dtype == np.float32
    assert wraps == pytest.approx(150 * 20 * 4 * np.pi / (0.0555 * 830e3 * np.sin(0.6)) / (2 * np.pi), rel=1e-6)
    assert step._n_trial_wraps(bperp.astype(np.float64), 20, 0.0555, 0.6).dtype == np.float64
    with pytest.raises(InputError, match="baselines are equal"):
        step._n_trial_wraps(np.ones(3), 20, 0.0555, 0.6)


def test_probability_of_random_phase():
    Nr = np.where(np.arange(100) < 60, 100.0, 0)
    p = coherence.random_probability(2 * Nr, Nr, 59, 31)
    assert p.shape == (1001,)
    np.testing.assert_allclose(p[[0, 100, 250]], 1, atol=1e-3)
    # half of the candidates are random; the causal window of seven bins has passed at bin 37, and ends at bin 67
    np.testing.assert_allclose(p[400:580], 0.5, atol=2e-3)
    np.testing.assert_allclose(p[690:], 0, atol=2e-3)
    half = np.flatnonzero(p[580:] < 0.25)[0] + 580
    assert 625 <= half <= 645  # bin 60 ends at 0.600: three bins and a half late


def test_snr_of_known_signal():
    amplitude = np.full((1, 4), 2.0, dtype=np.float32)
    # cosines 1 1 0 0: signal 1, power 4, noise sqrt(3/2)
    ph_res = np.array([[0, 0, np.pi / 2, np.pi / 2]], dtype=np.float32)
    np.testing.assert_allclose(coherence.snr_weights(amplitude, ph_res), 1 / np.sqrt(1.5), rtol=1e-6)
    assert coherence.snr_weights(amplitude, np.zeros((1, 4), np.float32)) == 0  # no noise


def test_unit_phasors():
    ph = np.array([[3 + 4j, 0], [-2j, 1e-3]], dtype=np.complex64)
    unit, amplitude = coherence.unit_phasors(ph)
    np.testing.assert_allclose(unit, [[0.6 + 0.8j, 0], [-1j, 1]], rtol=1e-6)
    np.testing.assert_allclose(amplitude, [[5, 1], [2, 1e-3]], rtol=1e-6)


# ---------------------------------------------------------------------- the step


@pytest.fixture(autouse=True)
def fewer_random_pixels(monkeypatch):
    monkeypatch.setattr(
        step, "random_coherence_histogram", lambda *a, **k: random_coherence_histogram(*a, n_random=20_000, **k)
    )


def run(directory, restart=0, **options):
    ws, stable = make_patch(directory, **options, **{"lambda": 0.0555})
    ws.delete("pm1.mat")
    ps_est_gamma_quick(restart, ws)
    return ws, ws.load("pm1"), stable


@pytest.mark.parametrize("small_baselines", [False, True])
@pytest.mark.parametrize("weighting", ["P-square", "p-SQUARE", "SNR"])
def test_stable_pixels_are_coherent(tmp_path, small_baselines, weighting):
    ws, pm, stable = run(tmp_path, small_baselines=small_baselines, filter_weighting=weighting)
    n, m = pm["ph_res"].shape
    assert m == ws.load("ps1")["n_ifg"] - (not small_baselines)
    assert np.median(pm["coh_ps"][stable]) > 0.85 > np.median(pm["coh_ps"][~stable]) + 0.2
    np.testing.assert_array_equal(pm["coh_ps"], pm["coh_ps_save"])
    assert pm["N_opt"].tolist() == [1] * n and 2 <= pm["i_loop"] <= 3 and pm["step_number"] == 1


def test_stored_classes(tmp_path):
    ws, pm, _ = run(tmp_path, seed=1)
    raw = ws.load_raw("pm1")
    singles = {"ph_res": np.float32, "grid_ij": np.float32, "n_trial_wraps": np.float32}
    singles |= dict.fromkeys(["ph_patch", "ph_grid", "ph_weight"], np.complex64)
    for name, value in raw.items():
        assert value.dtype == singles.get(name, np.float64), name
    assert raw["Nr"].shape == raw["coh_bins"].shape == (1, 100) and raw["grid_ij"].min() == 1
    assert pm["ph_grid"].shape[:2] == tuple(pm["grid_ij"].max(axis=0) + 1)


def test_results_fit_together(tmp_path):
    ws, pm, _ = run(tmp_path, seed=2)
    ps, ph, bperp = ws.load("ps1"), np.delete(ws.load("ph1")["ph"], MASTER, axis=1), ws.load("bp1")["bperp_mat"]
    np.testing.assert_allclose(np.abs(pm["ph_patch"]), 1, rtol=1e-6)
    residual = np.exp(1j * pm["ph_res"].astype(float))
    expected = ph / np.abs(ph) * np.conj(pm["ph_patch"]) * np.exp(-1j * pm["K_ps"][:, np.newaxis] * bperp)
    np.testing.assert_allclose(residual, expected, atol=1e-5)
    np.testing.assert_allclose(np.abs(residual.mean(axis=1)), pm["coh_ps"], atol=1e-5)
    np.testing.assert_allclose(np.angle(residual.sum(axis=1)), pm["C_ps"], atol=1e-4)
    summed = np.zeros_like(pm["ph_grid"], dtype=np.complex128)
    np.add.at(summed, tuple(pm["grid_ij"].T), pm["ph_weight"])
    np.testing.assert_allclose(pm["ph_grid"], summed, atol=1e-5)
    assert ps["n_ps"] == len(pm["ph_res"])


def test_pixels_with_missing_phase(tmp_path):
    ws, _ = make_patch(tmp_path, **{"lambda": 0.0555})
    ph = ws.load("ph1")["ph"]
    ph[100, 2] = 0
    ws.save("ph1", {"ph": ph})
    ws.delete("pm1.mat")
    ps_est_gamma_quick(0, ws)
    pm = ws.load("pm1")
    assert np.isnan(pm["K_ps"][100]) and pm["coh_ps"][100] == pm["N_opt"][100] == pm["C_ps"][100] == 0
    row, column = pm["grid_ij"][100]
    assert np.isnan(pm["ph_grid"][row, column]).all()  # its cell is lost, but filtered from its neighbours
    assert np.count_nonzero(np.isnan(pm["ph_grid"][:, :, 0])) == 1
    assert np.isfinite(pm["ph_patch"]).all() and np.count_nonzero(np.isnan(pm["K_ps"])) == 1


def test_dispersion_weights_the_first_iteration(tmp_path, capsys):
    ws, _ = make_patch(tmp_path, gamma_max_iterations=1, **{"lambda": 0.0555})
    D_A = np.random.default_rng(0).uniform(0.1, 0.4, ws.load("ps1")["n_ps"])
    D_A[3] = 0
    ws.save("da1", {"D_A": D_A})
    ws.delete("pm1.mat")
    ps_est_gamma_quick(0, ws)
    D_A[3] = D_A[D_A > 0].min()
    np.testing.assert_allclose(np.abs(ws.load("pm1")["ph_weight"][:, 0]), 1 / D_A, rtol=1e-5)
    assert "1 candidates without amplitude dispersion" in capsys.readouterr().out


def test_small_grid_leaves_no_coherence(tmp_path, capsys):
    _, pm, _ = run(tmp_path, filter_grid_size=200)
    assert np.isnan(pm["K_ps"]).all() and not pm["coh_ps"].any() and pm["i_loop"] == 1
    assert "too small for clap_win" in capsys.readouterr().out


def test_restart_continues(tmp_path):
    whole = run(tmp_path / "whole", gamma_max_iterations=3, gamma_change_convergence=0)[1]
    ws, first, _ = run(tmp_path / "parts", gamma_max_iterations=2, gamma_change_convergence=0)
    assert first["i_loop"] == 2
    # a third iteration, as an interrupted run would have stored it
    ws.save("pm1", {"i_loop": 3})
    ps_est_gamma_quick(1, ws)
    again = ws.load("pm1")
    for name in ("K_ps", "coh_ps", "ph_patch", "ph_weight", "Nr"):
        np.testing.assert_allclose(again[name], whole[name], rtol=1e-6, atol=1e-7)
    assert again["i_loop"] == 3
    ps_est_gamma_quick(2, ws)  # patch phases only
    np.testing.assert_array_equal(ws.load("pm1")["coh_ps"], again["coh_ps"])


def test_restart_needs_a_fitting_file(tmp_path):
    ws, _, _ = run(tmp_path, gamma_max_iterations=1)
    ws.save("pm1", {"coh_ps": np.zeros(5)})
    with pytest.raises(WorkspaceError, match=r"pm1\.mat: variable 'coh_ps' is 5 x 1, but"):
        ps_est_gamma_quick(1, ws)


def test_all_candidates_coherent(tmp_path):
    ws, _ = make_patch(tmp_path, gamma_change_convergence=0, **{"lambda": 0.0555})
    ph = np.ones_like(ws.load("ph1")["ph"])
    ws.save("ph1", {"ph": ph})
    ws.delete("pm1.mat")
    ps_est_gamma_quick(0, ws)
    pm = ws.load("pm1")
    assert np.isfinite(pm["Nr"]).all() and pm["Nr"].sum() > 0
    np.testing.assert_allclose(pm["coh_ps"], 1, rtol=1e-6)
    np.testing.assert_allclose(hist(pm["coh_ps"], COHERENCE_BINS)[-1], pm["coh_ps"].size)


def test_bad_input(tmp_path):
    with pytest.raises(ParameterError, match="clap_win must be a multiple of 8"):
        run(tmp_path / "a", clap_win=20)
    with pytest.raises(ParameterError, match="lambda must be a number"):
        ps_est_gamma_quick(0, make_patch(tmp_path / "b")[0])
    ws, _ = make_patch(tmp_path / "c", **{"lambda": 0.0555})
    ws.save("bp1", {"bperp_mat": np.zeros((5, 3), np.float32)})
    with pytest.raises(WorkspaceError, match="run step 1 again"):
        ps_est_gamma_quick(0, ws)
    ws.delete("bp1.mat")
    with pytest.raises(WorkspaceError, match="bp1.mat is missing: run step 1"):
        ps_est_gamma_quick(0, ws)
    ws.save("ps1", {"n_ps": 0, "ij": np.zeros((0, 3)), "lonlat": np.zeros((0, 2)), "xy": np.zeros((0, 3), np.float32)})
    with pytest.raises(NoPixelsError, match="no candidates"):
        ps_est_gamma_quick(0, ws)
