"""Filter of spatially-correlated noise by kriging."""

import numpy as np
import pytest

from helpers import random_project
from helpers.noise_project import correlated, scn_of
from stamps.errors import InputError
from stamps.external import triangulate
from stamps.legacy import ps_scn_filt_krig as module
from stamps.legacy.ps_scn_filt_krig import (
    deformation_design,
    nearest,
    normal_inverse,
    ps_scn_filt_krig,
    random_sample,
    row_std,
    surface_through,
)
from stamps.run import step_calls
from stamps.steps.scn import high_pass, integrate, low_pass_weights
from stamps.workspace.parameters import Parameters

N_PS, N_IFG, MASTER = 60, 9, 4


OTHERS = np.delete(np.arange(N_IFG), MASTER)


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


# ---------------------------------------------------------------------- the whole filter


def test_files_classes_and_what_is_zero(ws):
    scn = scn_of(ws)
    raw = ws.load_raw("scn2")
    assert {name: (value.dtype.name, value.shape) for name, value in raw.items()} == {
        "ph_scn_slave": ("float64", (N_PS, N_IFG)),
        "ph_hpt": ("float32", (N_PS, N_IFG)),
        "ph_ramp": ("float64", (N_PS, N_IFG)),
        "ph_noise_res": ("float64", (N_PS, N_IFG)),
        "std_ph_noise": ("float64", (N_PS, 1)),
    }
    assert not scn["ph_scn_slave"][:, MASTER].any() and not np.nan_to_num(scn["ph_scn_slave"][0]).any()
    finite = np.isfinite(scn["ph_scn_slave"]).all(axis=0) & (np.arange(N_IFG) != MASTER)
    assert finite.any()
    rest = scn["ph_hpt"][:, finite] - scn["ph_scn_slave"][:, finite]
    np.testing.assert_allclose(scn["ph_noise_res"][:, finite], rest, atol=1e-5)
    edges = ws.load_raw("modeled_defo_edges")
    assert {edges[name].dtype.name for name in ("modeled_defo_edges", "a", "c1", "c2", "mean_std")} == {"float32"}
    assert edges["A_time"].shape == (N_IFG, 5) and edges["years"].shape == (N_IFG, 1)
    assert not ws.exists("temp_vario")


def test_noise_that_is_smooth_in_space_is_found(ws):
    """Also where the ramps are: they are taken off first and belong to the result."""
    rng = np.random.default_rng(1)
    xy = ws.load("ps2")["xy"][:, 1:].astype(float)
    distance = np.hypot(*(xy[:, None] - xy).transpose(2, 0, 1))
    atmosphere = correlated(rng, distance, 1500.0, N_IFG) + xy[:, :1] * rng.normal(0, 1e-3, N_IFG)
    atmosphere[:, MASTER] = 0
    noise = rng.normal(0, 0.2, (N_PS, N_IFG))
    noise[:, MASTER] = 0
    ws.save("phuw2", {"ph_uw": (atmosphere + noise).astype(np.float32)})
    scn = scn_of(ws)
    plane = np.column_stack([np.ones(N_PS), xy])
    ramp = plane @ np.linalg.lstsq(plane, atmosphere + noise, rcond=None)[0]
    np.testing.assert_allclose(scn["ph_ramp"], ramp, atol=1e-4)
    expected = scn["ph_hpt"] + scn["ph_ramp"] - scn["ph_ramp"][0]
    found = scn["ph_scn_slave"][:, OTHERS]
    good = np.isfinite(found).all(axis=0)
    assert good.sum() >= 6
    correlation = [np.corrcoef(found[:, k], expected[:, OTHERS[k]])[0, 1] for k in np.flatnonzero(good)]
    assert np.min(correlation) > 0.5 and np.median(correlation) > 0.9


def test_deformation_of_the_model_is_no_noise(ws):
    """Annual and quadratic motion leave the result as it is, up to the rounding of the model's terms."""
    before = scn_of(ws)
    years = (ws.load("ps2")["day"] - 730486) / 365.25
    rng = np.random.default_rng(2)
    model = np.column_stack([(years - years.mean()) ** 2, years - years.mean(), np.sin(2 * np.pi * years)])
    moved = ws.load("phuw2")["ph_uw"] + rng.normal(size=(N_PS, 3)) @ (3 * model).T
    ws.save("phuw2", {"ph_uw": moved.astype(np.float32)})
    after = scn_of(ws)
    assert np.abs(after["ph_hpt"] - before["ph_hpt"]).max() < 0.01
    assert np.abs(moved - moved[:1]).max() > 1


def test_results_depend_on_the_seed_alone(ws, monkeypatch):
    first = scn_of(ws)
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    second = scn_of(ws)
    for name in first:
        np.testing.assert_array_equal(first[name], second[name])
    other = scn_of(ws, seed=7)
    np.testing.assert_array_equal(first["ph_hpt"], other["ph_hpt"])  # every arc is drawn here
    assert not np.array_equal(first["ph_scn_slave"], other["ph_scn_slave"], equal_nan=True)


def test_samples_can_be_given(ws):
    pixels = np.arange(0, N_PS, 2)
    given = scn_of(ws, edge_sample=np.array([3, 8]), pixel_sample=pixels)
    fitted = np.isfinite(ws.load("modeled_defo_edges")["a"])
    np.testing.assert_array_equal(np.flatnonzero(fitted), [3, 8])
    again = scn_of(ws, seed=99, edge_sample=np.array([3, 8]), pixel_sample=pixels)
    for name in given:
        np.testing.assert_array_equal(given[name], again[name])


def test_gaussian_low_pass_of_arcs_is_that_of_pixels(ws):
    """Without kriging in time everything is linear: the integral over arcs is the filtered pixel series."""
    Parameters(ws).set("scn_time_win", 100)
    scn = scn_of(ws)
    ps = ws.load("ps2")
    phase = ws.load("phuw2")["ph_uw"] - scn["ph_ramp"]
    design = deformation_design((ps["day"] - 730486) / 365.25)
    left = phase @ (np.eye(N_IFG) - design @ np.linalg.pinv(design, rcond=1e-13))
    expected = high_pass(left, low_pass_weights(ps["day"], 100.0, MASTER))
    assert np.abs(scn["ph_hpt"] - expected).max() < 0.005  # rounding of the deformation model


def test_dropped_images_are_left_out(ws):
    Parameters(ws).set("drop_ifg_index", [8])
    scn = scn_of(ws)
    assert scn["ph_hpt"].shape == scn["ph_ramp"].shape == (N_PS, 8)
    np.testing.assert_array_equal(np.flatnonzero(~scn["ph_scn_slave"].any(axis=0)), [MASTER, 7])
    assert not scn["ph_noise_res"][:, 7].any()


def test_small_baselines_take_all_images(tmp_path):
    ws = random_project.small_baselines(tmp_path, n_ps=40, n_image=8, master_ix=2, drop_ifg_index=[1])
    phase = np.random.default_rng(6).normal(size=(40, 8)).astype(np.float32)
    ws.save("phuw2", {"ph_uw": phase})
    scn = scn_of(ws)
    assert scn["ph_hpt"].shape == (40, 8) and not scn["ph_scn_slave"][:, 2].any()
    assert scn["ph_scn_slave"][:, 0].any()


def test_the_flag_decides_which_filter_runs(ws):
    step_calls.project_step(ws, 8, step_calls.StepOptions(kriging=False), None)
    assert set(ws.variables_of("scn2")) == {"ph_scn_slave", "ph_hpt", "ph_ramp"}
    assert not ws.exists("modeled_defo_edges")
    step_calls.project_step(ws, 8, step_calls.StepOptions(kriging=True), None)
    assert {"ph_noise_res", "std_ph_noise"} <= set(ws.variables_of("scn2"))
    step_calls.project_step(ws, 8, step_calls.StepOptions(kriging=False), None)
    assert set(ws.variables_of("scn2")) == {"ph_scn_slave", "ph_hpt", "ph_ramp"}


@pytest.mark.parametrize("flag, kriged", [("Y", True), ("y", True), ("n", False)])
def test_the_driver_reads_the_flag(ws, flag, kriged):
    from stamps.legacy.stamps import stamps

    Parameters(ws).set("scn_kriging_flag", flag)
    stamps(8, 8, workdir=ws.path)
    assert ("std_ph_noise" in ws.variables_of("scn2")) == kriged


# ---------------------------------------------------------------------- too little


def test_three_pixels(tmp_path):
    ws = random_project.single_master(tmp_path, n_ps=3, n_ifg=8, master_ix=2)
    phase = np.random.default_rng(8).normal(size=(3, 8)).astype(np.float32)
    ws.save("phuw2", {"ph_uw": phase})
    scn = scn_of(ws)
    np.testing.assert_allclose(scn["ph_ramp"], phase, atol=1e-5)  # the plane through three points
    np.testing.assert_allclose(scn["ph_scn_slave"][:, 3], phase[:, 3] - phase[0, 3], atol=1e-5)
    assert np.isfinite(ws.load("modeled_defo_edges")["a"]).sum() == 3
    scn = scn_of(ws, pixel_sample=np.array([1]))  # no pair of pixels: no variogram
    assert np.isnan(scn["ph_scn_slave"][:, [0, 1, 3]]).all() and not scn["ph_scn_slave"][:, 2].any()


def test_a_phase_without_variation_has_no_noise(ws):
    ws.save("phuw2", {"ph_uw": np.ones((N_PS, N_IFG), np.float32)})
    scn = scn_of(ws)
    assert np.abs(scn["ph_scn_slave"]).max() < 1e-6 and np.abs(scn["std_ph_noise"]).max() < 1e-6


def test_a_range_of_zero_gives_no_numbers_and_a_warning(ws, monkeypatch, capsys):
    fits = iter([(500.0, 1.0, 0.1)] * 3 + [(0.0, 1.0, 0.1)] + [(500.0, 1.0, 0.1)] * 5)
    monkeypatch.setattr(module, "space_model", lambda place, values: next(fits))
    scn = scn_of(ws)
    np.testing.assert_array_equal(np.isnan(scn["ph_scn_slave"]).all(axis=0), np.arange(N_IFG) == 3)
    assert np.isfinite(scn["std_ph_noise"]).all()
    assert capsys.readouterr().out.count("image 4 has pixels that could not be kriged") == 1


def test_a_first_image_without_range_does_not_spoil_the_others(ws, monkeypatch):
    fits = iter([(0.0, 1.0, 0.1)] + [(500.0, 1.0, 0.1)] * 8)
    monkeypatch.setattr(module, "space_model", lambda place, values: next(fits))
    scn = scn_of(ws)
    np.testing.assert_array_equal(np.isnan(scn["ph_scn_slave"]).all(axis=0), np.arange(N_IFG) == 0)


def test_too_few_dates_and_pixels_are_explained(tmp_path, ws):
    few = random_project.single_master(tmp_path / "few", n_ps=10, n_ifg=4)
    few.save("phuw2", {"ph_uw": np.ones((10, 4), np.float32)})
    with pytest.raises(InputError, match="5 unknowns to each arc, which 4 dates do not determine"):
        ps_scn_filt_krig(workdir=few)
    assert not few.exists("scn2")
    ps = ws.load("ps2")
    ps["xy"][:, 1] = ps["xy"][:, 2]
    ws.save("ps2", ps)
    with pytest.raises(InputError, match="three pixels that do not lie on a line"):
        ps_scn_filt_krig(workdir=ws)


# ---------------------------------------------------------------------- parts


def test_inverse_of_the_normal_equations():
    rng = np.random.default_rng(13)
    design = rng.normal(size=(20, 5))
    np.testing.assert_allclose(normal_inverse(design), np.linalg.pinv(design), atol=1e-12)
    singular = design.copy()
    singular[:, 4] = 0
    with pytest.raises(InputError, match="do not determine"):
        normal_inverse(singular)


def test_integral_over_arcs():
    rng = np.random.default_rng(14)
    values = rng.normal(size=(30, 2))
    xy = rng.uniform(0, 100, (30, 2))
    edges = triangulate(xy[:, 0], xy[:, 1])
    np.testing.assert_allclose(integrate(edges, values[edges[:, 1]] - values[edges[:, 0]], 30), values - values[0])
    triangle = np.array([[0, 1], [1, 2], [0, 2]])
    result = integrate(triangle, np.array([[1.0], [1.0], [5.0]]), 3)  # a misclosure of 3 is shared
    np.testing.assert_allclose(result, [[0], [2], [4]])
    two_parts = np.array([[0, 3], [1, 4]])
    np.testing.assert_allclose(integrate(two_parts, np.array([[2.0], [-1.0]]), 6)[:, 0], [0, 0, 0, 2, -1, 0])


def test_samples():
    many = random_sample(10**6, 15000, np.random.default_rng(1))
    assert many.size > 14000 and (np.diff(many) > 0).all() and many.max() < 10**6
    few = np.random.default_rng(2)
    sample = random_sample(3000, 3000, few)
    expected = np.random.default_rng(2)
    expected.integers(3000, size=3000)  # fewer than 4000: the first draw is thrown away
    np.testing.assert_array_equal(sample, np.unique(expected.integers(3000, size=3000)))


def test_neighbours_are_the_nearest_within_the_radius():
    place = np.column_stack([np.arange(80.0), np.zeros(80)])
    index = nearest(place, 3.0)
    assert index.shape == (80, 50)
    assert set(index[40]) == {38, 39, 40, 41, 42, -1} and index[40, 0] == 40  # 3 m is not nearer than 3 m
    assert (nearest(place, 1000.0) >= 0).all()
    np.testing.assert_array_equal(np.sort(nearest(place[:3], 10.0)), np.tile(np.arange(3), (3, 1)))


def test_surfaces_of_second_degree():
    rng = np.random.default_rng(15)
    x, y = rng.uniform(-500, 500, (2, 40))
    values = 1 + 0.01 * x - 2e-5 * x**2 + 0.03 * y + 1e-5 * y**2
    place = np.column_stack([x, y])
    np.testing.assert_allclose(surface_through(place, values, np.arange(0, 40, 3)), values, atol=1e-9)
    assert np.abs(surface_through(place, x * y / 1e4, np.arange(40)) - x * y / 1e4).max() > 1


def test_standard_deviation_without_missing_values():
    rows = np.array([[1.0, 2, 4], [1, np.nan, 3], [5, np.nan, np.nan], [np.nan] * 3])
    np.testing.assert_allclose(row_std(rows), [np.std([1, 2, 4], ddof=1), np.sqrt(2), 0, np.nan])
