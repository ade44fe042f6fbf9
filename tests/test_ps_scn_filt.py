"""Filter of spatially-correlated noise."""

import numpy as np
import pytest
import scipy.sparse
from scipy.sparse.linalg import spsolve

from helpers import random_project
from stamps.errors import ParameterError
from stamps.external import triangulate
from stamps.legacy.ps_scn_filt import ps_scn_filt
from stamps.steps.scn import high_pass, low_pass_weights, planes
from stamps.workspace.parameters import Parameters

N_PS = 60


@pytest.fixture
def ws(tmp_path):
    ws = random_project.single_master(tmp_path, n_ps=N_PS, n_ifg=9, master_ix=4)
    phase = np.random.default_rng(0).normal(size=(N_PS, 9)).astype(np.float32)
    phase[:, 4] = 0
    ws.save("phuw2", {"ph_uw": phase})
    return ws


def test_filter_of_arcs_and_integral_of_the_rest_is_the_filter_of_pixels(monkeypatch):
    """What the module's docstring says: least squares over any connected arcs give the same."""
    monkeypatch.setenv("STAMPS_TRIANGLE", "scipy")
    rng = np.random.default_rng(1)
    xy, phase = rng.uniform(0, 1000, (N_PS, 2)), rng.normal(size=(N_PS, 5))
    weights = low_pass_weights(np.array([0.0, 12, 24, 60, 72]), 30.0, 2)
    edges = triangulate(xy[:, 0], xy[:, 1])
    arcs = phase[edges[:, 1]] - phase[edges[:, 0]]
    arcs = arcs - arcs @ weights.T
    n_edge = len(edges)
    rows = np.concatenate([np.arange(n_edge)] * 2)
    difference = scipy.sparse.csc_array((np.repeat([-1.0, 1], n_edge), (rows, edges.T.ravel())), shape=(n_edge, N_PS))
    free = difference[:, 1:]
    integral = np.column_stack([spsolve((free.T @ free).tocsc(), free.T @ arc) for arc in arcs.T])
    result = high_pass(phase, weights)
    assert not result[0].any()
    np.testing.assert_allclose(result[1:], integral, atol=1e-10)


def test_weights_sum_to_one_and_leave_the_master_out():
    day = np.array([0.0, 10, 20, 50])
    weights = low_pass_weights(day, 10.0, 1)
    np.testing.assert_allclose(weights.sum(axis=1), 1)
    assert not weights[:, 1].any()
    np.testing.assert_allclose(weights[0, 2] / weights[0, 0], np.exp(-2))
    assert low_pass_weights(day, 10.0, None)[0, 1] > 0


def test_planes_are_fitted_in_metres():
    rng = np.random.default_rng(2)
    xy = np.column_stack([np.arange(30), rng.uniform(0, 5000, (30, 2))]).astype(np.float32)
    plane = 3 + 0.001 * xy[:, 1:2].astype(float) - 0.002 * xy[:, 2:3].astype(float)
    np.testing.assert_allclose(planes(xy, plane), plane, atol=1e-6)


def test_white_noise_in_time_that_is_smooth_in_space_is_found(ws):
    xy = ws.load("ps2")["xy"].astype(float)
    atmosphere = np.sin(xy[:, 1:2] / 900) * np.random.default_rng(3).normal(size=9)
    atmosphere[:, 4] = 0
    ws.save("phuw2", {"ph_uw": atmosphere.astype(np.float32)})
    Parameters(ws).set("scn_time_win", 1e-3)  # every image alone: nothing is left by the low pass but itself
    ps_scn_filt(workdir=ws)
    assert not ws.load("scn2")["ph_scn_slave"][:, [0, 8]].any()
    Parameters(ws).set("scn_time_win", 1e6)  # the low pass is the mean of all others
    ps_scn_filt(workdir=ws)
    scn = ws.load("scn2")
    others = np.delete(np.arange(9), 4)
    expected = atmosphere - atmosphere[:, others].mean(axis=1, keepdims=True)
    expected = expected - expected[0]
    np.testing.assert_allclose(scn["ph_hpt"], expected, atol=1e-5)
    assert np.abs(scn["ph_scn_slave"] - expected)[:, others].max() < 0.15
    assert not scn["ph_scn_slave"][:, 4].any() and not scn["ph_scn_slave"][0].any()


def test_classes_and_corrections(ws):
    rng = np.random.default_rng(4)
    phase = ws.load("phuw2")["ph_uw"]
    scla, c, ramp = rng.normal(size=(N_PS, 9)).astype(np.float32), rng.normal(size=N_PS), rng.normal(size=(N_PS, 9))
    ws.save("phuw2", {"ph_uw": (phase + scla + c[:, None] + ramp).astype(np.float32)})
    ws.save("scla2", {"ph_scla": scla, "C_ps_uw": c.astype(np.float32), "ph_ramp": ramp})
    ps_scn_filt(workdir=ws)
    corrected = ws.load_raw("scn2")
    assert corrected["ph_hpt"].dtype == np.float32 and corrected["ph_scn_slave"].dtype == np.float64
    assert corrected["ph_ramp"].shape == (N_PS, 0) and corrected["ph_ramp"].dtype == np.float64
    ws.save("phuw2", {"ph_uw": phase})
    ws.delete("scla2.mat")
    ps_scn_filt(workdir=ws)
    np.testing.assert_allclose(ws.load("scn2")["ph_hpt"], corrected["ph_hpt"], atol=1e-5)


def test_deramped_interferograms_give_their_ramp_to_the_noise(ws):
    Parameters(ws).set("scn_deramp_ifg", [7, 2, 3])
    Parameters(ws).set("drop_ifg_index", [2])
    ps_scn_filt(workdir=ws)
    scn = ws.load("scn2")
    assert scn["ph_ramp"].shape == (N_PS, 2) and scn["ph_hpt"].shape == (N_PS, 8)
    phase = ws.load("phuw2")["ph_uw"][:, [2, 6]]
    np.testing.assert_allclose(scn["ph_ramp"], planes(ws.load("ps2")["xy"], phase), atol=1e-9)
    assert not scn["ph_scn_slave"][:, 1].any()  # dropped
    Parameters(ws).set("scn_deramp_ifg", "all")
    ps_scn_filt(workdir=ws)
    assert ws.load("scn2")["ph_ramp"].shape == (N_PS, 8)


def test_nan_counts_as_zero_and_bad_parameters_are_named(ws):
    phase = ws.load("phuw2")["ph_uw"]
    phase[5] = np.nan
    ws.save("phuw2", {"ph_uw": phase})
    ps_scn_filt(workdir=ws)
    assert np.isfinite(ws.load("scn2")["ph_scn_slave"]).all()
    with pytest.raises(ParameterError, match="scn_wavelength"):
        Parameters(ws).set("scn_wavelength", 0)
    ws.save_raw("parms", {"scn_wavelength": np.zeros((1, 1))})
    with pytest.raises(ParameterError, match="scn_wavelength"):
        ps_scn_filt(workdir=ws)


def test_master_position_after_drops(ws):
    """Its number in the full list, as ever; where that does not exist, its column among those that are left."""
    Parameters(ws).set("drop_ifg_index", [1, 2, 3, 4, 8, 9])
    ps_scn_filt(workdir=ws)  # three are left: 5 (the master), 6, 7
    scn = ws.load("scn2")
    assert scn["ph_hpt"].shape == (N_PS, 3) and np.isfinite(scn["ph_hpt"]).all()
    phase = ws.load("phuw2")["ph_uw"][:, 4:7]
    weights = low_pass_weights(np.array([0.0, 12, 24]), 365.0, 0)
    np.testing.assert_allclose(scn["ph_hpt"], high_pass(phase, weights), atol=1e-5)
