"""Least squares and polynomials."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stamps.matlab import lscov, polyfit, polyfit_scaled, polyval


@pytest.fixture
def problem():
    rng = np.random.default_rng(5)
    return rng.normal(size=(9, 3)), rng.normal(size=(9, 4)), rng


def test_ordinary_solution_satisfies_the_normal_equations(problem):
    a, b, _ = problem
    x = lscov(a, b)
    assert x.shape == (3, 4)
    np.testing.assert_allclose(a.T @ (b - a @ x), 0, atol=1e-13)


def test_vector_right_hand_side_gives_a_vector(problem):
    a, b, _ = problem
    assert lscov(a, b[:, 0]).shape == (3,)
    np.testing.assert_allclose(lscov(a, b[:, 0]), lscov(a, b)[:, 0], rtol=1e-12)


def test_weighted_solution_satisfies_its_normal_equations(problem):
    a, b, rng = problem
    w = rng.uniform(0.1, 5, 9)
    x = lscov(a, b, weights=w)
    np.testing.assert_allclose(a.T @ (w[:, np.newaxis] * (b - a @ x)), 0, atol=1e-13)


def test_zero_weight_ignores_an_observation(problem):
    a, b, _ = problem
    w = np.ones(9)
    w[4] = 0
    keep = w > 0
    np.testing.assert_allclose(lscov(a, b, weights=w), lscov(a[keep], b[keep]), rtol=1e-11)


def test_generalised_solution_satisfies_its_normal_equations(problem):
    a, b, rng = problem
    root = rng.normal(size=(9, 9))
    v = root @ root.T + np.eye(9)
    x = lscov(a, b, covariance=v)
    np.testing.assert_allclose(a.T @ np.linalg.solve(v, b - a @ x), 0, atol=1e-12)


def test_diagonal_covariance_is_the_reciprocal_weight(problem):
    a, b, rng = problem
    w = rng.uniform(0.1, 5, 9)
    np.testing.assert_allclose(lscov(a, b, covariance=np.diag(1 / w)), lscov(a, b, weights=w), rtol=1e-11)


def test_complex_operands(problem):
    a, b, rng = problem
    a = a + 1j * rng.normal(size=a.shape)
    b = b + 1j * rng.normal(size=b.shape)
    root = rng.normal(size=(9, 9)) + 1j * rng.normal(size=(9, 9))
    v = root @ root.conj().T + np.eye(9)
    for x, inverse in ((lscov(a, b), np.eye(9)), (lscov(a, b, covariance=v), np.linalg.inv(v))):
        np.testing.assert_allclose(a.conj().T @ inverse @ (b - a @ x), 0, atol=1e-12)
    real_design = lscov(a.real, b)
    np.testing.assert_allclose(real_design, lscov(a.real, b.real) + 1j * lscov(a.real, b.imag), rtol=1e-12)


def test_nan_affects_its_own_column_only(problem):
    a, b, _ = problem
    expected = lscov(a, b)
    b = b.copy()
    b[2, 1] = np.nan
    v = np.eye(9) + 0.1
    singular = np.diag([1.0] * 8 + [0.0])
    for x in (lscov(a, b), lscov(a, b, weights=np.ones(9)), lscov(a, b, covariance=v)):
        assert np.isnan(x).any(axis=0).tolist() == [False, True, False, False]
    np.testing.assert_allclose(np.delete(lscov(a, b), 1, axis=1), np.delete(expected, 1, axis=1), rtol=1e-12)
    assert np.isnan(lscov(a, b, covariance=singular)).any(axis=0).tolist() == [False, True, False, False]


def test_dependent_columns_give_a_basic_solution():
    a = np.array([[1.0, 2.0, 0.0], [2.0, 4.0, 1.0], [3.0, 6.0, 0.0], [4.0, 8.0, 1.0]])
    b = np.array([1.0, 2.0, 3.0, 4.5])
    x = lscov(a, b)
    assert np.count_nonzero(x) == 2
    assert x[0] == 0  # the longer of the two parallel columns is the pivot
    np.testing.assert_allclose(a.T @ (b - a @ x), 0, atol=1e-12)


@pytest.mark.parametrize("n_exact", [1, 2])
def test_exact_observations_are_fitted_exactly(problem, n_exact):
    a, b, _ = problem
    variances = np.arange(1.0, 10.0)
    variances[:n_exact] = 0
    x = lscov(a, b, covariance=np.diag(variances))
    np.testing.assert_allclose(a[:n_exact] @ x, b[:n_exact], atol=1e-11)
    # the limit of small variances
    variances[:n_exact] = 1e-9
    np.testing.assert_allclose(x, lscov(a, b, covariance=np.diag(variances)), atol=1e-5)


def test_singular_covariance_of_a_network():
    # covariance of differences of four values: rank 3 of 4; the data is consistent with it
    differences = np.array([[-1.0, 1, 0, 0], [0, -1, 1, 0], [0, 0, -1, 1], [-1, 0, 0, 1]])
    v = differences @ np.diag([1.0, 2.0, 3.0, 4.0]) @ differences.T
    a = (differences @ np.array([0.0, 1.0, 3.0, 7.0]))[:, np.newaxis]
    b = differences @ np.array([0.1, 2.0, 5.5, 14.2])
    x = lscov(a, b, covariance=v)
    reduced = lscov(a[:3], b[:3], covariance=v[:3, :3])  # the dependent observation adds nothing
    np.testing.assert_allclose(x, reduced, rtol=1e-10)


def test_zero_covariance_of_a_consistent_system():
    a = np.array([[1.0, 0], [1, 1], [1, 2]])
    np.testing.assert_allclose(lscov(a, a @ [2.0, 3.0], covariance=np.zeros((3, 3))), [2, 3], rtol=1e-13)


def test_single_operands_give_single(problem):
    a, b, _ = problem
    assert lscov(a, b).dtype == np.float64
    assert lscov(a, b.astype(np.float32)).dtype == np.float32
    assert lscov(a.astype(np.float32), b + 0j).dtype == np.complex64


def test_nan_in_the_design_gives_nan(problem):
    a, b, _ = problem
    a = a.copy()
    a[0, 0] = np.nan
    assert np.isnan(lscov(a, b)).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"weights": [1.0, -1.0]}, "negative"),
        ({"weights": [1.0]}, "weights"),
        ({"covariance": np.eye(3)}, "covariance"),
        ({"covariance": np.diag([1.0, -1.0])}, "negative"),
        ({"weights": [1.0, 1.0], "covariance": np.eye(2)}, "not both"),
    ],
)
def test_bad_weighting_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        lscov(np.ones((2, 1)), np.ones(2), **options)


def test_bad_shapes_are_refused():
    with pytest.raises(ValueError, match="does not fit"):
        lscov(np.ones((2, 1)), np.ones(3))


@settings(max_examples=40)
@given(st.lists(st.floats(-3, 3), min_size=1, max_size=4))
def test_polyfit_recovers_a_polynomial(p):
    x = np.linspace(-2, 2, 9)
    np.testing.assert_allclose(polyfit(x, np.polyval(p, x), len(p) - 1), p, rtol=0, atol=1e-11)


def test_polyfit_straight_line():
    np.testing.assert_allclose(polyfit([0, 1, 2, 3], [1, 2.5, 3.5, 5], 1), [1.3, 1.05], rtol=1e-14)
    assert polyfit(np.arange(3, dtype=np.float32), [1, 2, 3], 1).dtype == np.float32


def test_polyfit_with_too_few_points_passes_through_them():
    x = np.array([1.0, 2.0, 4.0])
    p = polyfit(x, [1.0, 5.0, 2.0], 3)
    assert p.shape == (4,)
    np.testing.assert_allclose(polyval(p, x), [1, 5, 2], atol=1e-10)


def test_polyfit_scaled_returns_mean_and_standard_deviation():
    x = np.array([100.0, 101, 103, 107, 110])
    y = 2 * x**3 - x
    p, mu = polyfit_scaled(x, y, 3)
    assert mu[0] == pytest.approx(x.mean())
    assert mu[1] == pytest.approx(x.std(ddof=1))
    np.testing.assert_allclose(polyval(p, 105.0, mu), 2 * 105.0**3 - 105, rtol=1e-12)


def test_polyfit_refuses_bad_input():
    with pytest.raises(ValueError, match="pairs"):
        polyfit([1, 2], [1], 1)
    with pytest.raises(ValueError, match="degree"):
        polyfit([1, 2], [1, 2], -1)


def test_polyval_in_single_rounds_every_step():
    p = np.array([0.1, 0.2, 0.3])
    mu = (1.1, 0.7)
    x = np.float32(2.3)
    single = np.float32
    scaled = single(single(x - single(1.1)) / single(0.7))
    expected = single(single(single(single(0.1) * scaled) + single(0.2)) * scaled) + single(0.3)
    result = polyval(p, x, mu)
    assert result.dtype == np.float32
    assert result == expected


def test_polyval_shapes():
    assert polyval([1, 2], 3) == 5
    assert polyval([1, 0, -1], [[1, 2], [3, 4]]).tolist() == [[0, 3], [8, 15]]
    assert polyval([], [1.0, 2.0]).tolist() == [0, 0]
    assert polyval([1j, 0], np.float32(2)).dtype == np.complex64
