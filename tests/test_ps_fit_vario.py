"""Variograms: pairs against the definition, models recovered, fits never worse than a general optimiser."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import least_squares

from stamps.errors import InputError
from stamps.legacy.ps_fit_vario import ps_fit_vario
from stamps.legacy.ps_variogram import ps_variogram
from stamps.native import backends, compiled_kernels
from stamps.native import variogram as module
from stamps.native.variogram import pair_bins
from stamps.steps.variograms import EXPONENTIAL, fit_variogram, lag_edges, series_variograms, variogram

MODELS = (2, 3, 4)


@pytest.fixture(params=["arrays", "source", "compiled"])
def version(request, monkeypatch):
    """The array version, the kernel as plain Python, the compiled kernel."""
    if request.param == "compiled":
        if not compiled_kernels()["variogram"]:
            pytest.skip("the kernel variogram is not compiled")
        monkeypatch.setenv("STAMPS_BACKEND", "pythran")
    else:
        monkeypatch.setenv("STAMPS_BACKEND", "pythran" if request.param == "source" else "numpy")
        monkeypatch.setattr(backends, "pythran_problem", lambda kernel: None)


def pairs_by_definition(xy, z, edges):
    n = len(z)
    count, total = np.zeros(edges.size - 1, int), np.zeros(edges.size - 1)
    for i in range(n):
        for j in range(i + 1, n):
            distance = np.sqrt((xy[i, 0] - xy[j, 0]) ** 2 + (xy[i, 1] - xy[j, 1]) ** 2)
            place = np.flatnonzero((edges[:-1] <= distance) & (distance < edges[1:]))
            if place.size and not np.isnan(z[i] - z[j]):
                count[place[0]] += 1
                total[place[0]] += 0.5 * (z[i] - z[j]) ** 2
    return count, total


# ---------------------------------------------------------------------- pairs


@settings(max_examples=15)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=25), st.sampled_from([3.0, 7.0]))
def test_pairs_on_borders_of_classes(places, max_lag):
    xy = np.array(places, float)
    z = np.cos(np.arange(len(places)))
    edges = lag_edges(max_lag, 8)
    count, total = pairs_by_definition(xy, z, edges)
    for backend in ("numpy", "pythran"):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("STAMPS_BACKEND", backend)
            patch.setattr(backends, "pythran_problem", lambda kernel: None)
            our_count, gamma = pair_bins(xy, z, edges)
        np.testing.assert_array_equal(our_count, count)
        np.testing.assert_allclose(np.where(count, gamma, 0) * count, total, atol=1e-12)


@pytest.mark.parametrize("max_lag", [0.7, 1.5, 3.3, 30000.0, 0.1])
def test_distances_of_whole_classes_count_upwards(version, max_lag):
    """Also where the quotient of distance and width is rounded to below the whole number."""
    edges = lag_edges(max_lag, 48)
    for k in range(1, 48):
        count, _ = pair_bins(np.array([[0, 0], [edges[k], 0]]), np.zeros(2), edges)
        np.testing.assert_array_equal(np.flatnonzero(count), [k] if k < 47 else [])
        count, _ = pair_bins(np.array([[0, 0], [np.nextafter(edges[k], 0), 0]]), np.zeros(2), edges)
        np.testing.assert_array_equal(np.flatnonzero(count), [k - 1])


def test_pairs(version, monkeypatch):
    rng = np.random.default_rng(0)
    xy, z = rng.uniform(0, 100, (120, 2)), rng.normal(size=120)
    z[[5, 17]] = np.nan
    edges = lag_edges(60.0, 12)
    count, total = pairs_by_definition(xy, z, edges)
    our_count, gamma = pair_bins(xy, z, edges)
    np.testing.assert_array_equal(our_count, count)
    np.testing.assert_allclose(gamma, total / count, rtol=1e-12)
    monkeypatch.setattr(module, "_PAIRS_PER_BLOCK", 50)
    np.testing.assert_allclose(pair_bins(xy, z, edges)[1], gamma, rtol=1e-12)


def test_classes_that_are_used():
    """Empty classes are dropped, the first (n_lags - 1)/1.75 are kept; the default is 50 classes of the diameter."""
    x = np.array([0, 1, 2, 3, 20.0])
    count, gamma, h = variogram(np.column_stack([x, 0 * x]), x, 20.0, 21)
    np.testing.assert_array_equal(h, [1.5, 2.5, 3.5, 17.5, 18.5, 19.5])  # 20 lies on the last border: outside
    np.testing.assert_array_equal(count, [6, 4, 2, 2, 2, 2])
    np.testing.assert_allclose(gamma, [0.5, 2, 4.5, 144.5, 162, 180.5])
    assert variogram(np.column_stack([x, 0 * x]), x, 20.0, 4)[0].size == 2  # round(3/1.75)
    rng = np.random.default_rng(1)
    xy = rng.uniform(0, 10, (200, 2))
    _, _, h = variogram(xy, xy[:, 0])
    diameter = max(np.hypot(*(a - b)) for a in xy for b in xy)
    np.testing.assert_allclose(h, diameter / 50 * (np.arange(29) + 0.5))
    with pytest.raises(InputError, match="two points at different places"):
        variogram(np.ones((3, 2)), np.arange(3.0))


def test_many_series_agree_with_one_field():
    rng = np.random.default_rng(2)
    t = np.sort(rng.uniform(0, 3, 15))
    series = rng.normal(size=(7, 15)).astype(np.float32)
    h, gamma = series_variograms(t, series, 1.5, 25)
    for row in range(7):
        _, expected, middles = variogram(np.column_stack([t, 0 * t]), series[row], 1.5, 25)
        np.testing.assert_allclose(h, middles)
        np.testing.assert_allclose(gamma[row], expected, rtol=1e-6)


# ---------------------------------------------------------------------- models


@pytest.mark.parametrize("kind", [*MODELS, 5])
def test_derivatives(kind):
    h = np.array([1.0, 20, 70, 99, 150])
    p = np.array([100.0, 2.0, 0.3])
    gamma, derivatives = ps_variogram(kind, h, *p)
    formula = {
        3: 2 * (1 - np.exp(-((h / 100) ** 2))),
        4: 2 * np.where(h < 100, 1.5 * h / 100 - 0.5 * (h / 100) ** 3, 1),
    }.get(kind, 2 * (1 - np.exp(-h / 100)))
    np.testing.assert_allclose(gamma, formula + 0.3)
    for k in range(3):
        step = np.eye(3)[k] * 1e-4
        numeric = (ps_variogram(kind, h, *(p + step))[0] - ps_variogram(kind, h, *(p - step))[0]) / 2e-4
        np.testing.assert_allclose(derivatives[:, k], numeric, atol=1e-8)


@pytest.mark.parametrize("kind", MODELS)
def test_models_are_recovered(kind):
    h = np.linspace(0.1, 5, 15)
    truth = np.array([[1.3, 2.0, 0.4], [0.7, 0.5, 0.0], [2.0, 1.0, 3.0]])
    gamma = np.array([ps_variogram(kind, h, *p)[0] for p in truth])
    np.testing.assert_allclose(fit_variogram(h, gamma, kind, (1.0, 1.0, 1.0)), truth, atol=1e-5)


def test_fits_are_at_least_as_good_as_those_of_a_general_optimiser():
    rng = np.random.default_rng(3)
    h = np.linspace(0.03, 0.6, 10)
    gamma = rng.gamma(4, 0.1, (60, 10)) + rng.uniform(-0.5, 2, (60, 1)) * h
    gamma = np.maximum(gamma, 0)
    ours = fit_variogram(h, gamma, EXPONENTIAL, (0.25, 1.0, 2.0))
    assert (ours >= 0).all()
    worse = 0
    for fit, values in zip(ours, gamma, strict=True):
        other = least_squares(
            lambda p, values=values: ps_variogram(2, h, *p)[0] - values,
            (0.25, 1.0, 2.0),
            lambda p: ps_variogram(2, h, *p)[1],
            bounds=(0, np.inf),
            xtol=1e-12,
            ftol=1e-12,
            gtol=1e-12,
        )
        misfit = ((ps_variogram(2, h, *fit)[0] - values) ** 2).sum()
        worse += misfit > 2 * other.cost * (1 + 1e-6)
    assert worse <= 1  # another local minimum


def test_flat_falling_and_straight_variograms():
    h = np.linspace(0.05, 0.5, 8)
    flat, falling, straight = fit_variogram(
        h, np.array([np.full(8, 0.7), 1 - h, 0.2 + 0.3 * h]), EXPONENTIAL, (0.25, 1.0, 2.0)
    )
    np.testing.assert_allclose(ps_variogram(2, h, *flat)[0], 0.7, atol=1e-6)
    assert falling[1] == 0
    np.testing.assert_allclose(falling[2], (1 - h).mean(), rtol=1e-6)
    np.testing.assert_allclose([straight[1] / straight[0], straight[2]], [0.3, 0.2], rtol=1e-3)
    assert straight[0] > 100


def test_nothing_to_fit_is_not_a_number():
    assert np.isnan(fit_variogram(np.empty(0), np.empty((2, 0)), 2, (1, 1, 1))).all()
    fits = fit_variogram(np.array([1.0, 2, 3]), np.array([[1, 2, np.nan], [1, 1.5, 1.75]]), 2, (1, 1, 1))
    assert np.isnan(fits[0]).all() and np.isfinite(fits[1]).all()


# ---------------------------------------------------------------------- the legacy function


def test_range_of_a_field_is_found():
    rng = np.random.default_rng(4)
    x, y = rng.uniform(0, 2000, (2, 700))
    distance = np.hypot(x[:, None] - x, y[:, None] - y)
    field = np.linalg.cholesky(2 * np.exp(-distance / 150) + 1e-6 * np.eye(700)) @ rng.normal(size=700)
    noisy = field + rng.normal(0, 0.5, 700)
    a, b, c1, c2, table = ps_fit_vario(x, y, noisy, 2, 500.0, 1.0, 1.0, 1500.0, 30)
    assert 75 < a < 300 and b == 0 and 1.2 < c1 < 3 and c2 < 0.7
    assert table.shape == (17, 3) and (np.diff(table[:, 2]) > 0).all()
    less = ps_fit_vario(x, y, noisy, 2, 500.0, 1.0, 1.0, 1500.0, 30, previous=(2, a, c1, c2))
    np.testing.assert_allclose(less[4][:, 1], table[:, 1] - ps_variogram(2, table[:, 2], a, c1, c2)[0])


def test_unknown_models_are_named():
    with pytest.raises(InputError, match="no variogram model 7"):
        ps_fit_vario([0, 1.0, 2], [0, 0, 1.0], [1, 2, 3.0], 7, 1.0, 1.0, 1.0, 3.0)
