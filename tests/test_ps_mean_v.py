"""Mean velocities and their bootstrapped standard deviations."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import finished_project as finished
from helpers.finished_project import MILLIMETRES, WAVELENGTH
from stamps.errors import InputError, ParameterError
from stamps.legacy.ps_deramp import ps_deramp
from stamps.legacy.ps_mean_v import ps_mean_v
from stamps.legacy.ps_plot import ps_plot
from stamps.matlab.linalg import lscov
from stamps.products.arguments import PlotRequest
from stamps.products.quantities import Project
from stamps.products.values import values_of
from stamps.products.velocity import bootstrap_std, fit_lines, fit_without_each
from stamps.workspace.parameters import Parameters

RATES = np.linspace(-30, 20, 60)


def mean_v(ws, *arguments, **options):
    ps_mean_v(*arguments, workdir=ws, **options)
    return ws.load("mv2")


def test_sign_is_that_of_the_phase(tmp_path):
    ws = finished.steady_motion(finished.single_master(tmp_path), RATES)
    mv = mean_v(ws)
    np.testing.assert_allclose(mv["mean_v"], -(RATES - RATES.mean()), atol=1e-3)
    assert mv["mean_v"].dtype == mv["mean_v_std"].dtype == np.float32
    assert (mv["n_boot"], mv["subtract_switches"]) == (100, "")
    np.testing.assert_allclose(mv["mean_v_std"], 0, atol=1e-3)
    ps_plot("v", -1, workdir=ws)
    np.testing.assert_allclose(mv["mean_v"], -ws.load_raw("ps_plot_v")["ph_disp"][:, 0], atol=1e-3)


@pytest.mark.parametrize(
    ("kind", "name"), [("single_master", "vs-da"), *(("small_baselines", s) for s in ("vs-da", "Vs-da"))]
)
def test_values_are_those_of_the_command_and_not_stored(tmp_path, kind, name):
    ws = getattr(finished, kind)(tmp_path)
    _, values = values_of(name, Project.at(ws), PlotRequest(aps="a_gacos"), seed=4)
    assert not ws.exists("mv2")
    ps_plot(name, -1, "a_gacos", workdir=ws, seed=4)
    np.testing.assert_array_equal(values.phases[:, 0], ws.load("mv2")["mean_v_std"])


@pytest.mark.parametrize("use_sb", [0, 1])
def test_small_baselines_are_double(tmp_path, use_sb):
    ws = finished.steady_motion(finished.small_baselines(tmp_path), RATES)
    mv = mean_v(ws, [], 20, "", use_sb)
    np.testing.assert_allclose(mv["mean_v"], -(RATES - RATES.mean()), atol=1e-3)
    assert mv["mean_v"].dtype == np.float64 and mv["mean_v_std"].dtype == np.float32


@pytest.mark.parametrize("switches", ["", "d", "o", "a", "ao", "do", "da", "dat", "dao"])
def test_switches(tmp_path, switches):
    ws = finished.single_master(tmp_path)
    Parameters(ws).set("lambda", WAVELENGTH)
    phase = ws.load("phuw2")["ph_uw"].astype(float)
    for letter in "doa" if switches == "dao" else switches:  # with all three the ramps go before the troposphere
        if letter == "o":
            phase = ps_deramp(ws.load("ps2"), phase, workdir=ws)[0]
        else:
            files = {"d": ("scla2", "ph_scla"), "a": ("tca2", "ph_tropo_gacos"), "t": ("tide2", "ph_tide")}
            name, variable = files[letter]
            phase = phase - ws.load(name)[variable]
    ps, used = ws.load("ps2"), np.delete(np.arange(9), 3)
    weight = 1 / ws.load("ifgstd2")["ifg_std"].astype(float)[used]
    design = np.column_stack([np.ones(8), (ps["day"] - ps["master_day"])[used] / 365.25]) * weight[:, None]
    data = (phase - phase.mean(axis=0))[:, used].T * weight[:, None] * MILLIMETRES
    expected = np.linalg.lstsq(design, data, rcond=None)[0][1]
    mv = mean_v(ws, None, 10, switches, 0, "a_gacos")
    np.testing.assert_allclose(mv["mean_v"], expected, atol=5e-3)
    assert mv["subtract_switches"] == switches


def test_chosen_and_dropped_interferograms(tmp_path):
    ws = finished.single_master(tmp_path)
    some = mean_v(ws, [1, 2, 4, 9], 10)["mean_v"]
    Parameters(ws).set("drop_ifg_index", [3, 5, 6, 7, 8])
    np.testing.assert_array_equal(mean_v(ws, None, 10)["mean_v"], some)
    with pytest.raises(InputError, match="at least two interferograms, but 1"):
        ps_mean_v([1], workdir=ws)


def test_seed_decides(tmp_path):
    ws = finished.single_master(tmp_path)
    first = mean_v(ws, seed=1)["mean_v_std"]
    np.testing.assert_array_equal(mean_v(ws, seed=1)["mean_v_std"], first)
    other = mean_v(ws, seed=2)["mean_v_std"]
    assert 0 < np.abs(other / first - 1).mean() < 4 / np.sqrt(200)


def test_standard_deviation_is_that_of_the_noise():
    rng = np.random.default_rng(3)
    years = np.sort(rng.uniform(-2, 2, 60))
    data = rng.normal(0, 5, (300, 60))
    std = bootstrap_std(data, years, np.eye(60), 400, 0)
    expected = 5 / np.sqrt(np.sum((years - years.mean()) ** 2))
    np.testing.assert_allclose(std.mean(), expected, rtol=0.05)


@settings(max_examples=25)
@given(st.integers(3, 9), st.integers(0, 1000))
def test_every_draw_is_a_fit_of_drawn_data_with_covariance_in_place(k, seed):
    rng = np.random.default_rng(seed)
    years, data = np.sort(rng.choice(20, k) / 7), rng.normal(size=(4, k))  # with equal dates
    root = rng.normal(size=(k, 2 * k))
    covariance = root @ root.T
    draws = np.random.default_rng(seed).integers(0, k, (30, k))
    slopes = np.empty((4, 30), np.float32)
    for i, drawn in enumerate(draws):
        design = np.column_stack([np.ones(k), years[drawn]])
        slopes[:, i] = lscov(design, data[:, drawn].T, covariance=covariance)[1]
    expected = slopes.std(axis=1, ddof=1)
    np.testing.assert_allclose(bootstrap_std(data, years, covariance, 30, seed), expected, rtol=1e-3, atol=1e-4)


def test_nan_and_single_pixels():
    data = np.random.default_rng(0).normal(size=(5, 6))
    data[2, 1] = np.nan
    std = bootstrap_std(data, np.arange(6.0), np.eye(6), 50, 0)
    assert np.isnan(std[2]) and np.isfinite(np.delete(std, 2)).all()
    assert np.isnan(bootstrap_std(data[:1], np.arange(6.0), np.eye(6), 50, 0)).all()


def test_blocks_of_pixels_share_the_draws():
    data = np.tile(np.random.default_rng(0).normal(size=(1, 6)), (450, 1))
    std = bootstrap_std(data, np.arange(6.0), np.eye(6), 100_000, 0)  # 200 pixels a block
    np.testing.assert_array_equal(std, std[0])


def test_fits_without_each_observation():
    rng = np.random.default_rng(0)
    phase, days = rng.normal(size=(7, 5)), np.array([-40.0, -10, 5, 30, 100])
    covariance = np.diag(rng.uniform(1, 2, 5))
    slopes, last = fit_without_each(phase, days, covariance)
    for i in range(5):
        left = np.delete(np.arange(5), i)
        np.testing.assert_allclose(
            slopes[:, i], fit_lines(phase[:, left], days[left], covariance[np.ix_(left, left)])[1], rtol=1e-12
        )
    np.testing.assert_allclose(last[1], slopes[:, 4])


def test_what_cannot_be(tmp_path):
    ws = finished.small_baselines(tmp_path)
    with pytest.raises(InputError, match="'od' are not one of"):
        ps_mean_v(None, 10, "od", workdir=ws)
    with pytest.raises(ParameterError, match="not a valid option"):
        ps_mean_v(None, 10, "a", 0, 99, workdir=ws)
    covariance = ws.load("phuw_sb_res2")["sm_cov"]
    covariance[4] = covariance[:, 4] = 0
    ws.save("phuw_sb_res2", {"sm_cov": covariance})
    with pytest.raises(InputError, match="singular"):
        ps_mean_v(workdir=ws)
    assert not ws.exists("mv2")
