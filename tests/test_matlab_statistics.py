"""Histogram, median, moments and sums."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stamps.matlab import cov, hist, mean_single, median, nanmean, std, sum_single, var

quarters = st.integers(-12, 12).map(lambda n: n / 4)
values = st.lists(st.one_of(quarters, st.sampled_from([np.nan, np.inf, -np.inf])), max_size=30)


def brute_force_hist(numbers, centres):
    counts = [0] * len(centres)
    for y in numbers:
        if np.isnan(y):
            continue
        k = 0
        while k < len(centres) - 1 and not y <= (centres[k] + centres[k + 1]) / 2:
            k += 1
        counts[k] += 1
    return counts


@given(values, st.lists(quarters, min_size=1, max_size=8, unique=True))
def test_hist_agrees_with_brute_force(numbers, centres):
    centres = sorted(centres)
    result = hist(numbers, centres)
    assert result.dtype == np.float64
    assert result.tolist() == brute_force_hist(numbers, centres)


def test_hist_edges_belong_to_the_lower_bin():
    assert hist([0.5, 1.5, np.nextafter(1.5, 2)], [0, 1, 2]).tolist() == [1, 1, 1]


def test_hist_of_nothing_is_zero():
    assert hist([], [1, 2, 3]).tolist() == [0, 0, 0]


def test_hist_needs_increasing_centres():
    for centres in ([], [2, 1], [1, 1]):
        with pytest.raises(ValueError, match="increase"):
            hist([1.0], centres)


def test_median_of_even_and_odd_counts():
    assert median([3, 1, 2]) == 2
    assert median([4, 1, 3, 2]) == 2.5
    assert median(np.array([[1, 5], [2, 9], [30, 7]]), axis=0).tolist() == [2, 7]


def test_median_propagates_nan_and_keeps_single():
    x = np.array([[1, np.nan], [2, 3]], np.float32)
    result = median(x, axis=0)
    assert result.dtype == np.float32
    np.testing.assert_array_equal(result, [1.5, np.nan])
    assert np.isnan(median([]))
    np.testing.assert_array_equal(median(np.zeros((0, 2)), axis=0), [np.nan, np.nan])


def test_variance_divides_by_n_minus_one():
    assert var([1, 2, 3, 4]) == pytest.approx(5 / 3)
    assert std([1, 2, 3, 4]) == pytest.approx(np.sqrt(5 / 3))
    assert var(np.array([[1.0, 2.0], [3.0, 8.0]]), axis=0).tolist() == [2, 18]


def test_variance_of_one_sample_is_zero_and_of_none_nan():
    assert var([7.0]) == 0
    assert std(np.ones((1, 3)), axis=0).tolist() == [0, 0, 0]
    assert np.isnan(var([]))
    assert np.isnan(var([np.nan]))


def test_variance_of_complex_samples():
    z = np.array([1 + 1j, -1 - 1j])
    assert var(z) == pytest.approx(4)
    assert var(z).dtype == np.float64
    assert var(z.astype(np.complex64)).dtype == np.float32
    assert std(z.astype(np.complex64)).dtype == np.float32


def test_single_variance_is_accumulated_in_double():
    x = (1e4 + np.arange(1000) / 1000).astype(np.float32)
    exact = np.var(x.astype(np.float64), ddof=1)
    assert var(x) == np.float32(exact)
    assert std(x) == np.float32(np.sqrt(exact))


@pytest.mark.parametrize("dtype", [np.float32, np.complex64, np.float64, np.complex128])
def test_sum_and_mean_keep_the_class_and_round_once(dtype):
    x = np.tile(np.array([1e8, 1, -1e8, 1], np.float64), 1001).astype(dtype)[:, np.newaxis]
    wide = x.astype(np.complex128 if x.dtype.kind == "c" else np.float64)
    assert sum_single(x, axis=0).dtype == dtype
    assert sum_single(x, axis=0)[0] == dtype(wide.sum())
    assert mean_single(x, axis=0).dtype == dtype
    assert mean_single(x, axis=0)[0] == dtype(wide.sum() / len(x))


def test_mean_of_a_single_row_keeps_the_columns():
    assert mean_single(np.array([[1.0, 2.0, 3.0]], np.float32), axis=0).tolist() == [1, 2, 3]
    assert np.isnan(mean_single(np.zeros((0, 2), np.float32), axis=0)).tolist() == [True, True]
    assert sum_single(np.zeros((0, 2), np.float32), axis=0).tolist() == [0, 0]


def test_sum_and_mean_propagate_nan():
    assert np.isnan(sum_single([1, np.nan]))
    assert np.isnan(mean_single([np.inf, -np.inf]))


def test_nanmean_ignores_nan():
    x = np.array([[1, np.nan, np.nan], [3, 5, np.nan]], np.float32)
    result = nanmean(x, axis=0)
    assert result.dtype == np.float32
    np.testing.assert_array_equal(result, [2, 5, np.nan])
    assert nanmean(x) == 3
    assert np.isnan(nanmean([]))


def test_nanmean_of_complex_values():
    z = np.array([1 + 1j, complex(np.nan, 2), 3 - 1j], np.complex64)
    assert nanmean(z) == 2
    assert nanmean(z).dtype == np.complex64
    assert np.isnan(nanmean(z[1:2]))


def test_cov_of_columns():
    rng = np.random.default_rng(3)
    x = rng.normal(size=(50, 4))
    np.testing.assert_allclose(cov(x), np.cov(x, rowvar=False), rtol=1e-12)
    assert cov(x.astype(np.float32)).dtype == np.float32
    assert cov([1.0, 2.0, 3.0]).tolist() == [[1]]
    assert cov(np.ones((1, 2))).tolist() == [[0, 0], [0, 0]]


def test_cov_of_complex_columns_is_hermitian():
    x = np.array([[1, 1j], [-1, -1j]])
    np.testing.assert_allclose(cov(x), [[2, 2j], [-2j, 2]])
