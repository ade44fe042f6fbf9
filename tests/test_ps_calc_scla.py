"""Look-angle error from unwrapped phases whose truth is known."""

import os

import numpy as np
import pytest

from helpers import random_project
from stamps.errors import ParameterError, WorkspaceError
from stamps.legacy.ps_calc_scla import master_error, ps_calc_scla
from stamps.workspace.parameters import Parameters

N_PS = 40


def phase_of(ws, *, with_master_error=True, seed=3):
    """Unwrapped single-master phase K·B + C + v·t, its K, C and v; all relative to the mean over the pixels."""
    rng = np.random.default_rng(seed)
    ps = ws.load("ps2")
    k, c, v = (scale * rng.normal(size=N_PS) for scale in (0.01, 0.5, 0.02))
    k, c, v = k - k.mean(), c - c.mean(), v - v.mean()
    bperp = ps["bperp"].astype(np.float64)
    days = ps["day"] - ps["master_day"]
    phase = k[:, None] * bperp + v[:, None] * days + (c[:, None] if with_master_error else 0)
    phase[:, ps["master_ix"]] = 0
    return phase, k, c, v


@pytest.fixture
def ws(tmp_path):
    """Single master; the same baselines for all pixels, because the mean baseline stands for all of them."""
    ws = random_project.single_master(tmp_path, n_ps=N_PS, n_ifg=9, master_ix=3)
    bperp = np.delete(ws.load("ps2")["bperp"], 3)
    ws.save("bp2", {"bperp_mat": np.tile(bperp, (N_PS, 1))})
    return ws


def drop(ws, **lists):
    for name, value in lists.items():
        Parameters(ws).set(name, value)


def test_single_master_with_velocity(ws):
    phase, k, c, _ = phase_of(ws)
    # without C: the jump to the master would disturb the two differences that contain it
    phase -= np.where(np.arange(9) == 3, 0, c[:, None])
    ws.save("phuw2", {"ph_uw": phase.astype(np.float32)})
    ws.save("mv2", {"n_boot": 1})
    ps_calc_scla(0, 1, workdir=ws)
    scla = ws.load("scla2")
    np.testing.assert_allclose(scla["K_ps_uw"], k, atol=1e-6)
    np.testing.assert_allclose(scla["C_ps_uw"], 0, atol=1e-4)
    assert scla["C_ps_uw"].dtype == scla["ph_scla"].dtype == np.float32 and scla["K_ps_uw"].dtype == np.float64
    np.testing.assert_allclose(scla["ph_scla"], k[:, None] * ws.load("ps2")["bperp"], atol=1e-4)
    np.testing.assert_array_equal(scla["ifg_vcm"], np.eye(9))
    assert scla["ph_ramp"] is None and not ws.exists("mv2")
    log = (ws.path / "STAMPS.log").read_text()
    assert "PS_CALC_SCLA     8 ifgs used in estimation:" in log
    assert "PS_CALC_SCLA        01-Jan-2018 to 13-Jan-2018    12 days" in log


def test_master_error_is_the_intercept_weighted_with_the_noise(ws):
    phase, k, c, v = phase_of(ws)
    noise = np.linspace(10, 50, 9).astype(np.float32)
    ws.save("ifgstd2", {"ifg_std": noise})
    ws.save("phuw2", {"ph_uw": phase.astype(np.float32)})
    drop(ws, scla_drop_index=[4])  # the master: its jump is out of the differences
    ps_calc_scla(0, 1, workdir=ws)
    scla = ws.load("scla2")
    np.testing.assert_allclose(scla["K_ps_uw"], k, atol=1e-5)
    np.testing.assert_allclose(scla["C_ps_uw"], c, atol=1e-3)
    np.testing.assert_allclose(np.diag(scla["ifg_vcm"]), np.radians(noise.astype(np.float64)) ** 2, rtol=1e-5)


def test_dropped_interferograms_do_not_count_but_get_their_correction(ws):
    phase, k, c, _ = phase_of(ws)
    phase -= np.where(np.arange(9) == 3, 0, c[:, None])
    phase[:, [5, 7]] += np.random.default_rng(0).normal(0, 9, (N_PS, 2))
    ws.save("phuw2", {"ph_uw": phase.astype(np.float32)})
    drop(ws, drop_ifg_index=[6], scla_drop_index=[8])
    ps_calc_scla(0, 1, workdir=ws)
    scla = ws.load("scla2")
    np.testing.assert_allclose(scla["K_ps_uw"], k, atol=1e-6)
    np.testing.assert_allclose(scla["ph_scla"][:, 5], k * ws.load("ps2")["bperp"][5], atol=1e-4)


def test_l1_forgets_an_outlier(ws):
    phase, k, c, _ = phase_of(ws)
    phase -= np.where(np.arange(9) == 3, 0, c[:, None])
    phase[:, 8] += np.random.default_rng(0).normal(0, 3, N_PS)
    phase -= phase.mean(axis=0)
    ws.save("phuw2", {"ph_uw": phase.astype(np.float32)})
    ps_calc_scla(0, 1, workdir=ws)
    error_l2 = np.abs(ws.load("scla2")["K_ps_uw"] - k).max()
    drop(ws, scla_method="L1")
    ps_calc_scla(0, 1, workdir=ws)
    assert np.median(np.abs(ws.load("scla2")["K_ps_uw"] - k)) < 1e-4 < error_l2


def test_older_result_is_renamed_with_its_time(ws):
    phase, *_ = phase_of(ws)
    ws.save("phuw2", {"ph_uw": phase.astype(np.float32)})
    ps_calc_scla(0, 1, workdir=ws)
    old = (ws.path / "scla2.mat").read_bytes()
    os.utime(ws.path / "scla2.mat", (1.5e9, 1.5e9))
    ps_calc_scla(0, 1, workdir=ws)
    (backup,) = ws.path.glob("tmp_scla2_????????_??????.mat")
    assert backup.name.startswith("tmp_scla2_201707") and backup.read_bytes() == old


def test_deramping_and_the_legacy_atmosphere(ws):
    phase, k, c, _ = phase_of(ws)
    phase -= np.where(np.arange(9) == 3, 0, c[:, None])
    ps = ws.load("ps2")
    slope = np.random.default_rng(2).normal(size=9)
    slope[3] = 0
    surface = ps["xy"][:, 1:2] / 1000 * slope
    atmosphere = np.random.default_rng(4).normal(size=(N_PS, 9))
    ws.save("phuw2", {"ph_uw": (phase + surface + atmosphere).astype(np.float32)})
    ws.save("aps2", {"ph_aps_slave": atmosphere})
    drop(ws, scla_deramp="y")
    ps_calc_scla(0, 1, workdir=ws)
    with_ramp = ws.load("scla2")
    assert with_ramp["ph_ramp"].shape == (N_PS, 9) and with_ramp["ph_ramp"].dtype == np.float64
    design = np.column_stack([ps["xy"][:, 1:].astype(float), np.ones(N_PS)])
    fitted = design @ np.linalg.lstsq(design, phase + surface + atmosphere, rcond=None)[0]
    np.testing.assert_allclose(with_ramp["ph_ramp"], fitted, atol=1e-4)


@pytest.fixture
def sb(tmp_path):
    return random_project.small_baselines(tmp_path, n_ps=N_PS, n_image=7, master_ix=2)


def small_baseline_phase(sb):
    ps = sb.load("ps2")
    network = np.zeros((ps["n_ifg"], 7))
    network[np.arange(ps["n_ifg"]), ps["ifgday_ix"][:, 1]] = 1
    network[np.arange(ps["n_ifg"]), ps["ifgday_ix"][:, 0]] = -1
    image_bperp = np.linalg.lstsq(network, ps["bperp"], rcond=None)[0]
    return network, image_bperp - image_bperp[2]


def test_small_baselines_both_ways(sb):
    network, image_bperp = small_baseline_phase(sb)
    rng = np.random.default_rng(6)
    k = rng.normal(0, 0.01, N_PS)
    k -= k.mean()
    series = k[:, None] * image_bperp + rng.normal(0, 0.01, (N_PS, 1)) * np.arange(-2, 5)
    series -= series.mean(axis=0)
    sb.save("phuw_sb2", {"ph_uw": (series @ network.T).astype(np.float32)})
    sb.save("phuw2", {"ph_uw": series.astype(np.float32), "unwrap_ifg_index_sm": np.arange(7)})
    n_ifg = len(network)
    sb.save("phuw_sb_res2", {"sb_cov": np.diag(np.linspace(1, 2, n_ifg)), "sm_cov": 2 * np.eye(7)})
    ps_calc_scla(1, 1, workdir=sb)
    scla = sb.load("scla_sb2")
    np.testing.assert_allclose(scla["K_ps_uw"], k, atol=1e-6)
    assert scla["C_ps_uw"].dtype == np.float64 and not scla["C_ps_uw"].any()
    assert scla["ph_scla"].shape == (N_PS, n_ifg) and scla["ifg_vcm"][-1, -1] == 2
    ps_calc_scla(0, 1, workdir=sb)
    scla = sb.load("scla2")
    np.testing.assert_allclose(scla["K_ps_uw"], k, atol=1e-6)
    assert scla["ph_scla"].shape == (N_PS, 7) and not scla["ph_scla"][:, 2].any()
    np.testing.assert_array_equal(scla["ifg_vcm"], 2 * np.eye(7))


def test_what_cannot_be_done(ws):
    with pytest.raises(ParameterError, match="small_baseline_flag"):
        ps_calc_scla(1, 1, workdir=ws)
    ws.save("phuw2", {"ph_uw": np.ones((N_PS, 9), np.float32)})
    drop(ws, scla_drop_index=[1, 2, 3, 5, 6, 7, 8])
    with pytest.raises(ParameterError, match="drop fewer"):
        ps_calc_scla(0, 1, workdir=ws)
    drop(ws, subtr_tropo="y")
    with pytest.raises(WorkspaceError, match="tca2"):
        ps_calc_scla(0, 1, workdir=ws)
    assert not ws.exists("scla2")


def test_without_velocity_the_master_error_is_the_mean():
    phase = np.array([[1, 9, 3], [2, 9, 4]], np.float32)
    zero = np.zeros_like(phase)
    np.testing.assert_array_equal(master_error(phase, zero, np.arange(3.0), np.array([0, 2]), 1, None), [2, 3])
