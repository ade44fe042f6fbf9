"""Windows and linear filters against their definitions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stamps.matlab import filter2, fir_filter, gausswin


def correlate(b, x):
    """Two-dimensional correlation written as its definition."""
    p, q = b.shape
    r, c = x.shape
    result = np.zeros(x.shape, np.result_type(b, x))
    for i, j in np.ndindex(r, c):
        for m, n in np.ndindex(p, q):
            row, column = i + m - (p - 1) // 2, j + n - (q - 1) // 2
            if 0 <= row < r and 0 <= column < c:
                result[i, j] += b[m, n] * x[row, column]
    return result


def test_gausswin_of_seven():
    expected = [0.043936933623, 0.249352208777, 0.706648277858, 1, 0.706648277858, 0.249352208777, 0.043936933623]
    np.testing.assert_allclose(gausswin(7), expected, rtol=0, atol=1e-12)
    assert gausswin(7).sum() == pytest.approx(2.99987484, abs=5e-9)


def test_gausswin_even_width_and_alpha():
    window = gausswin(4, alpha=1.0)
    np.testing.assert_allclose(window, np.exp(-0.5 * np.array([1, 1 / 3, 1 / 3, 1]) ** 2), rtol=1e-15)
    assert gausswin(1).tolist() == [1]
    with pytest.raises(ValueError, match="at least one"):
        gausswin(0)


@settings(max_examples=40)
@given(st.integers(1, 8), st.integers(1, 8), st.integers(1, 6), st.integers(1, 6), st.booleans(), st.integers(0, 99))
def test_filter2_is_the_correlation(p, q, r, c, separable, seed):
    rng = np.random.default_rng(seed)
    b = np.outer(rng.normal(size=p), rng.normal(size=q)) if separable else rng.normal(size=(p, q))
    x = rng.normal(size=(r, c))
    np.testing.assert_allclose(filter2(b, x), correlate(b, x), rtol=0, atol=1e-13)


def test_filter2_even_kernel_is_centred_on_its_earlier_half():
    # the 'same' part of a full convolution: [1 2 3] with [1 1] reversed is [1+2, 2+3, 3]
    assert filter2([[1, 1]], [[1, 2, 3]]).tolist() == [[3, 5, 3]]
    assert filter2([[1, 2], [3, 5]], [[1.0, 0], [0, 0]]).tolist() == [[1, 0], [0, 0]]


def test_filter2_of_a_stack_and_of_complex_images():
    rng = np.random.default_rng(1)
    window = gausswin(7)
    b = np.outer(window, window)
    x = rng.normal(size=(2, 3, 9, 8)) + 1j * rng.normal(size=(2, 3, 9, 8))
    result = filter2(b, x)
    assert result.shape == x.shape
    for index in np.ndindex(2, 3):
        np.testing.assert_allclose(result[index], correlate(b, x[index]), atol=1e-13)


@pytest.mark.parametrize(
    ("given_dtype", "expected"),
    [(np.float32, np.float32), (np.complex64, np.complex64), (np.int32, np.float64), (np.complex128, np.complex128)],
)
def test_filter2_dtypes(given_dtype, expected):
    assert filter2(np.ones((3, 3)), np.ones((4, 4), given_dtype)).dtype == expected
    assert filter2(np.eye(3), np.ones((4, 4), given_dtype)).dtype == expected


def test_filter2_spreads_nan_over_the_kernel_only():
    x = np.zeros((7, 7))
    x[3, 3] = np.nan
    for b in (np.ones((3, 3)), np.eye(3)):
        nan = np.isnan(filter2(b, x))
        assert nan.sum() == 9
        assert nan[2:5, 2:5].all()


def test_filter2_rejects_wrong_shapes():
    with pytest.raises(ValueError, match="kernel"):
        filter2([1.0, 2.0], np.ones((3, 3)))
    with pytest.raises(ValueError, match="image"):
        filter2(np.ones((3, 3)), np.ones(3))


def test_fir_filter_is_causal_with_zero_start():
    assert fir_filter([1, 2, 3], [1, 0, 0, 0, 1]).tolist() == [1, 2, 3, 0, 1]
    assert fir_filter([0, 1], [5.0, 6.0, 7.0]).tolist() == [0, 5, 6]


def test_fir_filter_works_down_columns():
    x = np.array([[1.0, 2.0], [0.0, 1.0], [3.0, 0.0]])
    assert fir_filter([1, 1], x).tolist() == [[1, 2], [1, 3], [3, 1]]


def test_fir_filter_keeps_single():
    assert fir_filter(gausswin(3), np.ones(4, np.float32)).dtype == np.float32
    assert fir_filter([1.0], np.ones(4, np.complex64)).dtype == np.complex64
    assert fir_filter([1.0, 2.0], np.zeros(0)).shape == (0,)
