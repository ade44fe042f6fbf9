"""Inversion of small-baseline phases to a time series."""

import numpy as np
import pytest

from helpers import random_project
from stamps.errors import InputError
from stamps.insar.network import design_matrix
from stamps.legacy.sb_invert_uw import sb_invert_uw, well_conditioned
from stamps.workspace.parameters import Parameters

N_PS = 40


@pytest.fixture
def ws(tmp_path):
    ws = random_project.small_baselines(tmp_path, n_ps=N_PS, n_image=7, master_ix=2)
    ps = ws.load("ps2")
    series = np.random.default_rng(0).normal(0, 5, (N_PS, 7))
    series -= series[:, 2:3]
    ws.save("phuw_sb2", {"ph_uw": (series @ design_matrix(ps["ifgday_ix"], 7).T + 7).astype(np.float32)})
    ws.save("phuw2", {"ph_uw": series - series.mean(axis=0), "unwrap_ifg_index_sm": np.arange(3)})
    return ws


def test_consistent_phases_are_recovered(ws):
    truth = ws.load("phuw2")["ph_uw"]
    sb_invert_uw(workdir=ws)
    result, residual = ws.load("phuw2"), ws.load("phuw_sb_res2")
    np.testing.assert_allclose(result["ph_uw"], truth, atol=1e-5)
    assert result["ph_uw"].dtype == np.float32 and not result["ph_uw"][:, 2].any()
    assert result["unwrap_ifg_index_sm"].tolist() == list(range(7))
    assert ws.load_raw("phuw2")["unwrap_ifg_index_sm"].tolist() == [[1, 2, 3, 4, 5, 6, 7]]
    n_ifg = ws.load("ps2")["n_ifg"]
    np.testing.assert_array_equal(residual["sb_cov"], np.eye(n_ifg))
    ph_sb = ws.load("phuw_sb2")["ph_uw"]
    np.testing.assert_allclose(residual["ph_res"], ph_sb - ph_sb.mean(axis=0), atol=2e-5)
    network = np.delete(design_matrix(ws.load("ps2")["ifgday_ix"], 7), 2, axis=1)
    expected = np.insert(np.insert(np.linalg.inv(network.T @ network), 2, 0, axis=0), 2, 0, axis=1)
    np.testing.assert_allclose(residual["sm_cov"], expected, atol=1e-12)


def test_noisy_interferograms_weigh_less(ws):
    rng = np.random.default_rng(1)
    n_ifg = ws.load("ps2")["n_ifg"]
    noise = np.full(n_ifg, 0.1)
    noise[4] = 1
    ph_patch = np.ones((N_PS, n_ifg), np.complex64)
    deviation = rng.normal(size=(N_PS, n_ifg)) * noise
    ws.save("pm2", {"ph_patch": ph_patch})
    ws.save("rc2", {"ph_rc": np.exp(1j * deviation).astype(np.complex64)})
    truth = ws.load("phuw2")["ph_uw"]
    ph_sb = ws.load("phuw_sb2")["ph_uw"]
    ph_sb[:, 4] += rng.normal(size=N_PS).astype(np.float32)
    ws.save("phuw_sb2", {"ph_uw": ph_sb})
    sb_invert_uw(workdir=ws)
    weighted = np.abs(ws.load("phuw2")["ph_uw"] - truth).max()
    wrapped = np.angle(np.exp(1j * deviation))
    np.testing.assert_allclose(ws.load("phuw_sb_res2")["sb_cov"], np.cov(wrapped.T), atol=1e-6)
    ws.delete("pm2.mat")
    sb_invert_uw(workdir=ws)
    assert weighted < 0.5 * np.abs(ws.load("phuw2")["ph_uw"] - truth).max()


def test_dropped_interferograms_are_predicted_and_nan_stays_in_its_pixel(ws):
    ph_sb = ws.load("phuw_sb2")["ph_uw"]
    expected = (ph_sb - ph_sb.mean(axis=0))[:, 3].copy()
    ph_sb[:, 3] = 1000
    ph_sb[7, 5] = np.nan
    ws.save("phuw_sb2", {"ph_uw": ph_sb})
    Parameters(ws).set("drop_ifg_index", [4])
    sb_invert_uw(workdir=ws)
    result = ws.load("phuw2")["ph_uw"]
    assert np.isnan(result[7]).any() and np.isfinite(np.delete(result, 7, axis=0)).all()
    predicted = np.delete(ws.load("phuw_sb_res2")["ph_res"][:, 3], 7)
    np.testing.assert_allclose(
        predicted - predicted.mean(), np.delete(expected, 7) - np.delete(expected, 7).mean(), atol=1e-4
    )


def test_one_reference_pixel_and_no_reference(ws):
    ps = ws.load("ps2")
    Parameters(ws).set("ref_centre_lonlat", ps["lonlat"][9])
    Parameters(ws).set("ref_radius", 0.1)
    sb_invert_uw(workdir=ws)
    np.testing.assert_allclose(ws.load("phuw2")["ph_uw"][9], 0, atol=1e-6)
    Parameters(ws).set("ref_radius", -np.inf)
    sb_invert_uw(workdir=ws)
    network = np.delete(design_matrix(ps["ifgday_ix"], 7), 2, axis=1)
    expected = np.linalg.lstsq(network, ws.load("phuw_sb2")["ph_uw"][9], rcond=None)[0]
    np.testing.assert_allclose(np.delete(ws.load("phuw2")["ph_uw"][9], 2), expected, atol=1e-4)


def test_isolated_subsets(ws):
    pairs = ws.load("ps2")["ifgday_ix"]
    crossing = np.flatnonzero((pairs[:, 0] <= 3) & (pairs[:, 1] > 3)) + 1
    Parameters(ws).set("drop_ifg_index", crossing)
    with pytest.raises(InputError, match="isolated subsets"):
        sb_invert_uw(workdir=ws)
    assert ws.variables_of("phuw_sb_res2") == ["sb_cov"]
    assert ws.load("phuw2")["unwrap_ifg_index_sm"].tolist() == [0, 1, 2]  # as before


def test_diagonal_grows_until_the_condition_is_good():
    singular = np.ones((3, 3))
    better = well_conditioned(singular)
    added = better - singular
    np.testing.assert_allclose(added, added[0, 0] * np.eye(3), atol=1e-12)
    assert 1 / np.linalg.cond(better, 1) >= 0.001
    assert 1 / np.linalg.cond(better - 0.01 * np.eye(3), 1) < 0.001
    np.testing.assert_array_equal(well_conditioned(np.eye(2)), np.eye(2))
    with pytest.raises(InputError, match="not finite"):
        well_conditioned(np.full((2, 2), np.nan))
