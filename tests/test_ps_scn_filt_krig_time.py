"""Kriging in time: models of arcs, accepted variograms, windows."""

import numpy as np
import pytest

from helpers import random_project
from helpers.noise_project import correlated, scn_of
from stamps.errors import ParameterError
from stamps.external import triangulate
from stamps.legacy import ps_scn_filt_krig as module
from stamps.legacy.ps_scn_filt_krig import (
    TimeModel,
    deformation_design,
    krige_arcs,
    ps_scn_filt_krig,
    time_model,
)
from stamps.steps.kriging import krige
from stamps.steps.scn import integrate
from stamps.workspace.parameters import Parameters

N_PS, N_IFG, MASTER = 60, 9, 4


@pytest.fixture(autouse=True)
def arrays(monkeypatch):
    monkeypatch.setenv("STAMPS_BACKEND", "auto,kriging=numpy,variogram=numpy")


@pytest.fixture
def ws(tmp_path):
    ws = random_project.single_master(tmp_path, n_ps=N_PS, n_ifg=N_IFG, master_ix=MASTER)
    ps = ws.load("ps2")
    ps["day"] = ps["day"][MASTER] + 61.0 * (np.arange(N_IFG) - MASTER)  # long enough for the model of deformation
    ws.save("ps2", ps)
    phase = np.random.default_rng(0).normal(size=(N_PS, N_IFG)).astype(np.float32)
    phase[:, MASTER] = 0
    ws.save("phuw2", {"ph_uw": phase})
    return ws


def time_series(n_ps=70, n_ifg=40, seed=11):
    """Pixels whose noise is correlated over months; 40 dates in about five years."""
    rng = np.random.default_rng(seed)
    day = 731700.0 + np.sort(rng.choice(1800, n_ifg, replace=False))
    t = (day - 730486) / 365.25
    noise = correlated(rng, np.abs(t[:, None] - t), 0.3, n_ps).T * 0.6
    return rng, day, noise + rng.normal(0, 0.3, noise.shape)


@pytest.fixture
def long_series(tmp_path):
    ws = random_project.single_master(tmp_path, n_ps=70, n_ifg=40, master_ix=20)
    _, day, phase = time_series()
    ps = ws.load("ps2")
    ps.update(day=day, master_day=day[20])
    ws.save("ps2", ps)
    phase[:, 20] = 0
    phase[30, 7] += 2 * np.pi  # an unwrapping error
    ws.save("phuw2", {"ph_uw": phase.astype(np.float32)})
    return ws


def test_arcs_are_kriged_in_time_when_enough_variograms_are_accepted(long_series):
    ws = long_series
    scn = scn_of(ws)
    fits = ws.load("modeled_defo_edges")
    vario, errors = ws.load("temp_vario"), ws.load_raw("unwrapping_errors_edges")
    model = TimeModel(fits["a"], fits["c1"], fits["c2"], fits["years"].mean(), float(fits["mean_std"]))
    accepted = np.flatnonzero(model.accepted)
    assert accepted.size > 50
    np.testing.assert_array_equal(vario["ind_in"], accepted)
    assert ws.load_raw("temp_vario")["ind_in"][0, 0] == accepted[0] + 1
    cycles = errors["unwrapping_errors"]
    assert cycles.dtype == np.int8 and cycles.shape == vario["dph"].shape
    np.testing.assert_allclose(vario["corrected_dph"], vario["dph"] + 2 * np.pi * cycles, atol=1e-5)

    xy = ws.load("ps2")["xy"]
    edges = triangulate(xy[:, 1], xy[:, 2])
    middle = (xy[edges[:, 0], 1:].astype(float) + xy[edges[:, 1], 1:]) / 2
    np.testing.assert_array_equal(np.column_stack([errors["x_edges"], errors["y_edges"]]), middle)
    left = integrate(edges, vario["dph"] - vario["dph_lpt"].astype(float), 70)
    np.testing.assert_allclose(scn["ph_hpt"], left, atol=1e-4)
    touching = (edges == 30).any(axis=1)
    sign = np.where(edges[touching, 1] == 30, -1, 1)  # the phase of pixel 31 is a cycle too large
    assert (cycles[touching, 7] == sign).mean() > 0.7
    assert (cycles[~touching] != 0).mean() < 0.02


def test_without_enough_variograms_nothing_is_kriged_in_time(long_series, monkeypatch):
    scn_of(long_series)
    kriged = long_series.load("scn2")["ph_hpt"]
    long_series.delete("temp_vario.mat")
    monkeypatch.setattr(module, "_ACCEPTED", 10**6)
    scn_of(long_series)
    assert not long_series.exists("temp_vario")
    assert np.abs(long_series.load("scn2")["ph_hpt"] - kriged).max() > 0.1


def test_an_empty_time_window_follows_from_the_variograms(long_series, monkeypatch):
    monkeypatch.setattr(module, "_ACCEPTED", 10**6)
    Parameters(long_series).set("scn_time_win", [])
    empty = scn_of(long_series)["ph_hpt"]
    fits = long_series.load("modeled_defo_edges")
    model = TimeModel(fits["a"], fits["c1"], fits["c2"], fits["years"].mean(), float(fits["mean_std"]))
    Parameters(long_series).set("scn_time_win", 2 * fits["a"][model.accepted].astype(float).mean() * 365.25)
    np.testing.assert_allclose(scn_of(long_series)["ph_hpt"], empty, atol=1e-6)
    Parameters(long_series).set("scn_time_win", 30)
    assert np.abs(scn_of(long_series)["ph_hpt"] - empty).max() > 0.1


def test_an_empty_time_window_without_variograms_is_explained(ws):
    Parameters(ws).set("scn_time_win", [])
    ws.save("phuw2", {"ph_uw": np.ones((N_PS, N_IFG), np.float32)})
    with pytest.raises(ParameterError, match="scn_time_win is empty"):
        ps_scn_filt_krig(workdir=ws)
    with pytest.raises(
        ParameterError, match="scn_time_win is -3, but a number from 0.001 to inf or \\[\\] was expected"
    ):
        Parameters(ws).set("scn_time_win", -3)
    assert not ws.exists("scn2") and not ws.exists("modeled_defo_edges")


def test_kriged_arcs_use_surfaces_of_the_accepted_variograms():
    """Range, sill and nugget of each arc by hand; the mean where a surface falls below the limit."""
    _, day, phase = time_series(n_ps=30)
    years = (day - 730486) / 365.25
    rng = np.random.default_rng(12)
    middle = rng.uniform(100, 900, (30, 2))
    scale = (0.5 + middle[:, 0] / 1000).astype(np.float32)
    sill = np.where(middle[:, 1] > 500, 0.6, 0.02).astype(np.float32)
    nugget = np.full(30, 0.3, np.float32)
    scale[:5] = np.nan
    model = TimeModel(scale, sill, nugget, years.mean(), 0.4)
    low_pass, errors = krige_arcs(years, phase.astype(np.float32), middle, model)
    assert not errors.any()
    ok = model.accepted
    assert 20 <= ok.sum() <= 25
    x, y = middle.T
    design = np.column_stack([x**2, y**2, x, y, np.ones(30)])
    surface = design @ np.linalg.lstsq(design[ok], sill[ok].astype(float), rcond=None)[0]
    low = surface <= 0.4 / 50
    surface[low] = sill[ok].mean(dtype=float)
    n_max = int(np.ceil(years.mean() + 2 * years.std(ddof=1)))
    arcs = sorted({*np.flatnonzero(low)[:2], *np.flatnonzero(~low)[:2], 0})
    assert low.any()
    for arc in arcs:
        a = 0.5 + x[arc] / 1000
        rows = [[1, 0, 0.3], [2, a, surface[arc]]]
        for date in (0, 17, 39):
            data = np.column_stack([years, np.zeros(40), phase[arc].astype(np.float32)])
            expected = krige(data, [[years[date], 0]], n_max, 4 * a, 2, rows).value[0]
            np.testing.assert_allclose(low_pass[arc, date], expected, atol=1e-4)


def test_unwrapping_errors_are_seen_by_the_other_dates():
    """With hardly any nugget a date confirms itself; a cycle is found because it is left out."""
    years = 10 + np.arange(30) / 12
    series = np.tile(np.sin(years), (6, 1)).astype(np.float32)
    series[2, 11] -= np.float32(2 * np.pi)
    series[4, 20] += np.float32(0.9 * np.pi)
    every = np.ones(6, np.float32)
    middle = np.random.default_rng(16).uniform(100, 900, (6, 2))
    low_pass, errors = krige_arcs(years, series, middle, TimeModel(2 * every, every, 0.02 * every, 11.0, 0.5))
    expected = np.zeros((6, 30), np.int8)
    expected[2, 11] = 1
    np.testing.assert_array_equal(errors, expected)
    assert abs(low_pass[2, 11] - series[2, 11]) < 2


def test_the_deformation_model():
    design = deformation_design(np.array([0.0, 0.25, 2.5]))
    expected = [[0, 0, 0, 0, 1], [0.0625, 0.25, 1, -1, 1], [6.25, 2.5, 0, -2, 1]]
    np.testing.assert_allclose(design, expected, atol=1e-14)


def test_limits_of_what_is_accepted():
    year, noise = 10.0, 0.5
    ok = (1.0, 0.1, 0.1)
    cases = [ok, (0.2, 0.1, 0.1), (30.0, 0.1, 0.1), (1, 0.01, 0.1), (1, 2.0, 0.1), (1, 0.1, 0.01), (1, 0.1, 2.0)]
    cases += [(0.21, 0.011, 0.011), (29.9, 1.99, 1.99), (np.nan, np.nan, np.nan)]
    model = TimeModel(*np.array(cases).T, year, noise)
    np.testing.assert_array_equal(np.flatnonzero(model.accepted), [0, 7, 8])


def test_time_models_are_those_of_the_sample():
    _, day, phase = time_series()
    years = (day - 730486) / 365.25
    model = time_model(years, phase.astype(np.float32), np.arange(60))
    assert np.isnan(model.scale[60:]).all() and np.isfinite(model.scale[:60]).all()
    assert 0.1 < np.median(model.sill[:60]) < 0.6 and 0.02 < np.median(model.nugget[:60]) < 0.2
    np.testing.assert_allclose(model.mean_std, phase.std(axis=0, ddof=1).mean(), rtol=1e-6)
