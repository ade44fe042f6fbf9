"""Least absolute deviations."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import fmin

from stamps.native.l1_fit import _fused_multiply_add, l1_fit

numbers = st.floats(-1e6, 1e6).filter(lambda x: x == 0 or abs(x) > 1e-6)


@given(numbers, numbers, numbers)
def test_fused_multiply_add_rounds_once(a, x, y):
    assert float(_fused_multiply_add(a, np.float64(x), np.float64(y))) == float(Fraction(a) * Fraction(x) + Fraction(y))


@pytest.mark.parametrize("k", [2, 3])
def test_every_pixel_follows_the_simplex_of_fmin(k):
    rng = np.random.default_rng(k)
    m = 8  # a multiple of four: no fused operations, which NumPy lacks
    design = np.column_stack([np.ones(m), rng.uniform(-100, 100, m), rng.uniform(12, 90, m)])[:, :k]
    truth = rng.normal(size=(12, k)) * [1, 0.02, 0.01][:k]
    observed = truth @ design.T + rng.standard_cauchy((12, m)) * 0.3
    start = np.linalg.lstsq(design, observed.T, rcond=None)[0].T
    result = l1_fit(design, observed, start)
    assert result.shape == (12, k)
    for d, x0, x in zip(observed, start, result, strict=True):

        def misfit(x, d=d):
            model = design[:, 0] * x[0]
            for j in range(1, k):
                model = model + design[:, j] * x[j]
            return sum(abs(d - model))

        expected = fmin(misfit, x0, xtol=1e-4, ftol=1e-4, maxiter=200 * k, maxfun=200 * k, disp=False)
        np.testing.assert_allclose(x, expected, rtol=1e-12)
        assert misfit(x) <= misfit(x0)


def test_one_outlier_does_not_count():
    design = np.column_stack([np.ones(9), np.arange(9.0)])
    observed = design @ [[1.0], [0.5]]
    observed[4] += 50
    start = np.linalg.lstsq(design, observed, rcond=None)[0].T
    np.testing.assert_allclose(l1_fit(design, observed.T, start), [[1, 0.5]], atol=1e-3)
    assert abs(start[0, 0] - 1) > 1


def test_nan_keeps_its_start_and_zero_is_moved():
    design = np.column_stack([np.ones(4), np.arange(4.0)])
    observed = np.array([[1, 1, 1, 1], [np.nan, 1, 1, 1]])
    result = l1_fit(design, observed, np.array([[0, 0], [7.0, 8]]))
    np.testing.assert_allclose(result[0], [1, 0], atol=1e-3)
    np.testing.assert_array_equal(result[1], [7, 8])
