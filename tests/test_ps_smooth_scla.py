"""Clipping to the range of the neighbours."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from helpers import random_project
from stamps.legacy.ps_smooth_scla import clipped_to_neighbours, ps_smooth_scla

RING = np.array([[0, 1], [1, 2], [2, 3], [3, 0]])


@given(hnp.arrays(np.float64, 4, elements=st.floats(-10, 10, width=32)))
def test_ring(values):
    clipped, lonely = clipped_to_neighbours(values, RING)
    neighbours = np.stack([np.roll(values, 1), np.roll(values, -1)])
    np.testing.assert_array_equal(clipped, np.clip(values, neighbours.min(axis=0), neighbours.max(axis=0)))
    assert not lonely.any()


def test_lonely_and_nan():
    values = np.array([5.0, 1, np.nan, 7, 9])
    clipped, lonely = clipped_to_neighbours(values, np.array([[0, 1], [1, 2]]))
    np.testing.assert_array_equal(clipped, [1, 5, np.nan, 7, 9])
    assert lonely.tolist() == [False, False, False, True, True]


def test_comparison_is_single_but_kept_values_stay_double():
    value = 1 + 1e-9
    clipped, _ = clipped_to_neighbours(np.array([value, 1.0]), np.array([[0, 1]]))
    assert clipped[0] == value


def test_outlier_of_a_single_master_project(tmp_path, monkeypatch):
    monkeypatch.setenv("STAMPS_TRIANGLE", "scipy")
    ws = random_project.single_master(tmp_path, n_ps=50, master_ix=3)
    k = np.full(50, 0.01)
    k[20] = 9
    c = np.linspace(0, 1, 50).astype(np.float32)
    ramp = np.arange(400.0).reshape(50, 8)
    ws.save("scla2", {"K_ps_uw": k, "C_ps_uw": c, "ph_ramp": ramp, "ph_scla": np.zeros((50, 8), np.float32)})
    ps_smooth_scla(0, workdir=ws)
    smooth = ws.load("scla_smooth2")
    np.testing.assert_allclose(smooth["K_ps_uw"], 0.01, rtol=1e-7)
    bperp = np.insert(ws.load("bp2")["bperp_mat"], 3, 0, axis=1)
    np.testing.assert_allclose(smooth["ph_scla"], 0.01 * bperp, rtol=1e-5)
    assert smooth["C_ps_uw"].dtype == np.float32 and smooth["ph_scla"].dtype == np.float32
    np.testing.assert_array_equal(smooth["ph_ramp"], ramp)
    log = (tmp_path / "STAMPS.log").read_text()
    assert "Number of points per ifg: 50" in log and "Number of arcs per ifg=" in log


def test_columns_of_small_baseline_projects(tmp_path, monkeypatch):
    monkeypatch.setenv("STAMPS_TRIANGLE", "scipy")
    ws = random_project.small_baselines(tmp_path, n_ps=30, n_image=7, master_ix=2)
    n_ifg = ws.load("ps2")["n_ifg"]
    for name in ("scla2", "scla_sb2"):
        ws.save(name, {"K_ps_uw": np.full(30, 0.02), "C_ps_uw": np.zeros(30), "ph_ramp": None})
    ps_smooth_scla(1, workdir=ws)
    smooth = ws.load("scla_smooth_sb2")
    np.testing.assert_allclose(smooth["ph_scla"], 0.02 * ws.load("bp2")["bperp_mat"], rtol=1e-6)
    assert smooth["ph_scla"].shape == (30, n_ifg) and smooth["ph_ramp"] is None
    ps_smooth_scla(0, workdir=ws)
    series = ws.load("scla_smooth2")["ph_scla"]
    pairs = ws.load("ps2")["ifgday_ix"]
    assert series.shape == (30, 7) and not series[:, 2].any()
    np.testing.assert_allclose(series[:, pairs[:, 1]] - series[:, pairs[:, 0]], smooth["ph_scla"], atol=1e-5)
