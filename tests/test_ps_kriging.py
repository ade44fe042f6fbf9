"""Kriging: closed forms of the three methods, and the batched version against them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stamps.errors import InputError
from stamps.legacy.ps_kriging import ps_kriging
from stamps.native import backends, compiled_kernels
from stamps.native import kriging as module
from stamps.native.kriging import krige_neighbours, krige_systems
from stamps.steps.kriging import krige, krige_series
from stamps.steps.variograms import covariance

EXPONENTIAL = [[1, 0, 0.0], [2, 300.0, 2.0]]
METHODS = (1, 2, 4)


def points(n=12, seed=0, side=1000.0):
    rng = np.random.default_rng(seed)
    return np.column_stack([rng.uniform(0, side, (n, 2)), rng.normal(5, 1, n)])


@pytest.fixture(params=["arrays", "source", "compiled"])
def version(request, monkeypatch):
    """The array version, the kernel as plain Python, the compiled kernel."""
    if request.param == "compiled":
        if not compiled_kernels()["kriging"]:
            pytest.skip("the kernel kriging is not compiled")
        monkeypatch.setenv("STAMPS_BACKEND", "pythran")
    else:
        monkeypatch.setenv("STAMPS_BACKEND", "pythran" if request.param == "source" else "numpy")
        monkeypatch.setattr(backends, "pythran_problem", lambda kernel: None)


# ---------------------------------------------------------------------- closed forms


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", [2, 3, 4])
def test_without_nugget_the_data_are_reproduced(method, kind):
    data = points()
    estimate, variance, *_ = ps_kriging(data, data[:, :2], 50, 0, method, [[kind, 300.0, 2.0]])
    np.testing.assert_allclose(estimate, data[:, 2], atol=1e-6)
    np.testing.assert_allclose(variance, 0, atol=1e-6)


def test_simple_kriging_of_data_out_of_each_others_range():
    """The covariance of the data is diagonal: the deviation from their mean is damped by c(h)/(c + nugget)."""
    data = np.array([[0, 0, 1.0], [1e4, 0, 2.0], [0, 1e4, 6.0]])
    u = 60 / 100
    c, nugget = 3.0, 0.5
    model = [[1, 0, nugget], [4, 100.0, c]]
    estimate, variance, *_ = ps_kriging(data, [[60.0, 0], [0, 0]], 50, 0, 1, model)
    reduced = c * (1 - 1.5 * u + 0.5 * u**3)
    np.testing.assert_allclose(estimate, [3 - 2 * reduced / (c + nugget), 3 - 2 * c / (c + nugget)])
    np.testing.assert_allclose(variance, c + nugget - np.array([reduced, c]) ** 2 / (c + nugget))


def test_far_from_all_data_simple_and_ordinary_give_what_they_know():
    data = np.array([[0, 0, 1.0], [1e4, 0, 2.0], [0, 1e4, 6.0]])
    simple, variance, *_ = ps_kriging(data, [[1e6, 1e6]], 50, 0, 1, [[4, 100.0, 3.0]])
    np.testing.assert_allclose([simple[0], variance[0]], [3, 3])
    ordinary, variance, *_ = ps_kriging(data, [[1e6, 1e6]], 50, 0, 2, [[4, 100.0, 3.0]])
    np.testing.assert_allclose([ordinary[0], variance[0]], [3, 3 + 1])  # the mean, and its variance c/3


def test_pure_nugget_gives_the_mean_even_at_a_datum():
    data = points()
    estimate, *_ = ps_kriging(data, data[:3, :2], 50, 0, 2, [[1, 0, 0.7], [2, 300.0, 0.0]])
    np.testing.assert_allclose(estimate, data[:, 2].mean())


def test_two_data_in_the_middle_give_their_mean_whatever_the_method():
    data = [[0, 0, 1.0], [10, 0, 4.0]]
    for method in METHODS:
        estimate, *_ = ps_kriging(data, [[5, 0]], 50, 0, method, EXPONENTIAL)
        np.testing.assert_allclose(estimate, 2.5)


def test_fewer_than_three_data_are_always_kriged_with_an_unknown_mean():
    data = [[0, 0, 1.0], [10, 0, 4.0]]
    ordinary = ps_kriging(data, [[2, 0]], 50, 0, 2, EXPONENTIAL)
    for method in METHODS:
        for part, expected in zip(ps_kriging(data, [[2, 0]], 50, 0, method, EXPONENTIAL), ordinary, strict=True):
            np.testing.assert_array_equal(part, expected)
        np.testing.assert_allclose(ps_kriging(data[:1], [[2, 0]], 50, 0, method, EXPONENTIAL)[0], 1)


def test_two_data_by_hand():
    """Ordinary weights of two data: (1 ± (k01 - k02)/(c + nugget - k12))/2."""
    c, a, nugget = 2.0, 30.0, 0.4
    data = [[0, 0, 1.0], [10, 0, 4.0]]
    estimate, *_ = ps_kriging(data, [[2, 0]], 50, 0, 2, [[1, 0, nugget], [2, a, c]])
    near, far, between = (c * np.exp(-h / a) for h in (2, 8, 10))
    first = (1 + (near - far) / (c + nugget - between)) / 2
    np.testing.assert_allclose(estimate, first * 1 + (1 - first) * 4)


@settings(max_examples=30)
@given(st.integers(0, 10**6), st.floats(0, 2), st.floats(20, 5000), st.integers(3, 20))
def test_ordinary_is_unbiased(seed, nugget, scale, n):
    """Constants are kept and added constants pass through: the weights sum to one."""
    data = points(n, seed)
    model = [[1, 0, nugget], [2, scale, 1.5]]
    target = [[400.0, 300.0]]
    constant = np.column_stack([data[:, :2], np.full(n, 7.0)])
    np.testing.assert_allclose(ps_kriging(constant, target, 50, 0, 2, model)[0], 7.0)
    shifted = data + [0, 0, 100]
    difference = ps_kriging(shifted, target, 50, 0, 2, model)[0] - ps_kriging(data, target, 50, 0, 2, model)[0]
    np.testing.assert_allclose(difference, 100)


@settings(max_examples=30)
@given(st.integers(0, 10**6), st.floats(0, 2), st.floats(50, 5000), st.integers(4, 20))
def test_universal_keeps_planes(seed, nugget, scale, n):
    data = points(n, seed)
    data[:, 2] = 3 + 0.01 * data[:, 0] - 0.02 * data[:, 1]
    estimate, *_ = ps_kriging(data, [[2000.0, -500.0]], 50, 0, 4, [[1, 0, nugget], [2, scale, 1.5]])
    np.testing.assert_allclose(estimate, 3 + 20 + 10, atol=1e-6)


# ---------------------------------------------------------------------- which data


def test_only_the_nearest_data_within_the_radius_count():
    data = np.array([[0, 0, 1.0], [1, 0, 2.0], [2, 0, 3.0], [3, 0, 90.0], [9, 0, 1e6]])
    target = [[0, 0.0]]
    estimate, variance, nearest, mean, inside = ps_kriging(data, target, 50, 3, 2, [[1, 0, 0.1], [2, 1.5, 1.0]])
    np.testing.assert_allclose(estimate, ps_kriging(data[:3], target, 50, 0, 2, [[1, 0, 0.1], [2, 1.5, 1.0]])[0])
    assert (nearest, mean, inside) == (0, 1, 2)
    fewer, *_ = ps_kriging(data[::-1], target, 2, 3, 2, EXPONENTIAL)
    np.testing.assert_allclose(fewer, ps_kriging(data[:2], target, 50, 0, 2, EXPONENTIAL)[0])
    everything, *_ = ps_kriging(data, target, 2, 0, 1, [[4, 0.5, 1.0]])  # radius 0: n_max has no meaning
    np.testing.assert_allclose(everything, 1.0)
    np.testing.assert_allclose(ps_kriging(data, [[100.0, 0]], 2, 0, 1, [[4, 0.5, 1.0]])[0], data[:, 2].mean())


def test_three_data_are_enough_for_every_method():
    data = points(3)
    for method in METHODS:
        assert np.isfinite(ps_kriging(data, [[500.0, 500]], 50, 0, method, EXPONENTIAL)[0]).all()


def test_nothing_to_krige_from_is_not_a_number():
    for data, radius, model in (
        (np.empty((0, 3)), 0, EXPONENTIAL),
        (points(), 1e-9, EXPONENTIAL),
        (points(), 0, [[1, 0, 1.0], [2, 0.0, 1.0]]),  # a range of zero
    ):
        with pytest.warns(UserWarning, match="Kriging gave no number"):
            result = ps_kriging(data, [[1.0, 1.0]], 50, radius, 2, model)
        assert all(np.isnan(part).all() for part in result)


def test_methods_and_models_that_do_not_exist():
    for method in (3, 5, 0):
        with pytest.raises(InputError, match=f"method {method} is not implemented"):
            ps_kriging(points(), [[0, 0]], 50, 0, method, EXPONENTIAL)
    with pytest.raises(InputError, match="no variogram model 6"):
        ps_kriging(points(), [[0, 0]], 50, 0, 2, [[6, 1.0, 1.0]])


def test_covariances():
    h = np.array([0, 50.0, 100, 150])
    np.testing.assert_allclose(covariance([[2, 100, 3.0]], h), 3 * np.exp(-h / 100))
    np.testing.assert_allclose(covariance([[3, 100, 3.0]], h), 3 * np.exp(-((h / 100) ** 2)))
    np.testing.assert_allclose(covariance([[4, 100, 3.0], [1, 0, 9.0]], h), [3, 3 * 0.3125, 0, 0])


# ---------------------------------------------------------------------- many targets


def neighbours_of(data, k):
    distance = np.hypot(*(data[:, None, :2] - data[None, :, :2]).transpose(2, 0, 1))
    return np.argsort(distance, axis=1, kind="stable")[:, :k]


@pytest.mark.parametrize("radius, scale, sill, nugget", [(250.0, 100.0, 1.3, 0.4), (0.0, 700.0, 2.0, 0.0)])
def test_many_targets_agree_with_one_by_one(version, radius, scale, sill, nugget):
    data = points(60)
    neighbours = neighbours_of(data, 9)
    neighbours[7, 4:] = -1
    neighbours[8, 1:] = -1
    neighbours[9] = -1
    result = krige_neighbours(data[:, :2], data[:, 2], neighbours, radius, scale, sill, nugget)
    model = [[1, 0, nugget], [2, scale, sill]]
    for p in range(60):
        mine = data[neighbours[p][neighbours[p] >= 0]]
        expected = krige(mine, data[p : p + 1, :2], 50, radius, 2, model).value[0]
        np.testing.assert_allclose(result[p], expected, atol=1e-9)
    assert np.isnan(result[9]) and result[8] == data[8, 2]


def test_nearly_straight_variograms_lose_no_digits(version):
    """Range and sill that grow together do not change the estimate."""
    data = points(40)
    neighbours = neighbours_of(data, 12)
    small, large = (
        krige_neighbours(data[:, :2], data[:, 2], neighbours, 0, scale, 1e-3 * scale, 0.3) for scale in (1e8, 1e16)
    )
    np.testing.assert_allclose(large, small, rtol=1e-5)
    assert np.abs(small - data[:, 2]).max() > 0.05


def test_no_range_and_data_that_say_nothing_new(version):
    data = points(30)
    data[11, :2] = data[3, :2]
    neighbours = neighbours_of(data, 8)
    xy, z = data[:, :2], data[:, 2]
    assert np.isnan(krige_neighbours(xy, z, neighbours, 0, 0.0, 1.0, 0.2)).all()
    result = krige_neighbours(xy, z, neighbours, 0, 200.0, 1.0, 0.0)
    others = np.delete(np.arange(30), [3, 11])
    np.testing.assert_allclose(result[others], z[others], atol=1e-9)
    np.testing.assert_allclose(result[[3, 11]], z[3])  # the first of the two
    np.testing.assert_array_equal(krige_neighbours(xy, z, neighbours, 0, 200.0, 0.0, 0.0), z[neighbours[:, 0]])


def test_threads_and_blocks_do_not_change_the_result(monkeypatch):
    data = points(200)
    arguments = data[:, :2], data[:, 2], neighbours_of(data, 10), 300.0, 100.0, 1.0, 0.2
    monkeypatch.setenv("STAMPS_BACKEND", "numpy")
    one = krige_neighbours(*arguments, n_threads=1)
    monkeypatch.setattr(module, "_NUMBERS_PER_BLOCK", 700)
    np.testing.assert_array_equal(krige_neighbours(*arguments, n_threads=4), one)


def test_systems_without_columns_are_not_numbers():
    empty = krige_systems(np.empty((0, 0)), np.empty(0), np.empty((4, 0)), np.empty((4, 0), bool), 1.0, 1.0, 0.0)
    assert empty.shape == (4,) and np.isnan(empty).all()


# ---------------------------------------------------------------------- series


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize("n_max", [4, 50])
def test_series_agree_with_date_by_date(own, n_max):
    rng = np.random.default_rng(5)
    t = np.sort(rng.uniform(0, 4, 14))
    series = rng.normal(size=(6, 14))
    scale, sill, nugget = rng.uniform(0.05, 1, 6), rng.uniform(0.5, 2, 6), rng.uniform(0, 1, 6)
    result = krige_series(t, series, n_max, scale, sill, nugget, own)
    for row in range(6):
        model = [[1, 0, nugget[row]], [2, scale[row], sill[row]]]
        for date in range(14):
            chosen = np.arange(14) if own else np.delete(np.arange(14), date)
            data = np.column_stack([t[chosen], np.zeros(chosen.size), series[row, chosen]])
            expected = krige(data, [[t[date], 0]], n_max, 4 * scale[row], 2, model).value[0]
            np.testing.assert_allclose(result[row, date], expected, atol=1e-9)


def test_a_date_without_others_near_is_not_a_number():
    t = np.array([0.0, 0.1, 9.0])
    one = np.ones(2)
    result = krige_series(t, np.arange(6.0).reshape(2, 3), 50, 0.5 * one, one, 0.1 * one, own=False)
    assert np.isnan(result[:, 2]).all() and np.isfinite(result[:, :2]).all()
