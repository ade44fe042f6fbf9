"""Rounding, modulus, wrapping, ranges and conversion to int16."""

from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stamps.matlab import colon, mod, round_half_away, to_int16, wrap


def test_round_halves_go_away_from_zero():
    assert round_half_away([0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 0.4, -0.4]).tolist() == [1, 2, 3, -1, -2, -3, 0, 0]


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int32])
def test_round_keeps_the_dtype(dtype):
    assert round_half_away(np.array([1, 2, 3], dtype)).dtype == dtype


def test_round_keeps_nan_and_infinity():
    np.testing.assert_array_equal(round_half_away([np.nan, np.inf, -np.inf]), [np.nan, np.inf, -np.inf])


def test_round_does_not_suffer_from_adding_a_half():
    below_half = np.nextafter(np.float32(0.5), np.float32(0))
    odd_large = np.float32(2**23 + 1)
    assert round_half_away(below_half) == 0
    assert round_half_away(odd_large) == odd_large
    assert round_half_away(np.nextafter(0.5, 0)) == 0


@given(st.floats(-1e9, 1e9, width=32))
def test_round_single_agrees_with_decimal_arithmetic(value):
    expected = Decimal(value).quantize(Decimal(1), rounding=ROUND_HALF_UP)
    result = round_half_away(np.float32(value))
    assert result.dtype == np.float32
    assert Decimal(float(result)) == expected


def test_mod_has_the_sign_of_the_divisor():
    assert mod([5, -5, 5, -5], [3, 3, -3, -3]).tolist() == [2, 1, -1, -2]
    assert mod([5.5, -5.5], 3.0).tolist() == [2.5, 0.5]


def test_mod_by_zero_returns_the_dividend():
    assert mod([4.5, -1.0], 0).tolist() == [4.5, -1.0]
    assert mod([4, -1], [0, 2]).tolist() == [4, 1]


def test_mod_of_single_and_double_is_single():
    assert mod(np.array([1.5], np.float32), 2 * np.pi).dtype == np.float32
    assert mod(1.5, 2.0).dtype == np.float64


def test_wrap_values():
    expected = [0, 3, 4 - 2 * np.pi, 2 * np.pi - 4, 7 - 2 * np.pi, 0]
    np.testing.assert_allclose(wrap([0, 3, 4, -4, 7, 20 * np.pi]), expected, atol=1e-14)
    assert wrap(np.pi) == np.pi


def test_wrap_keeps_single_and_makes_double_of_integers():
    assert wrap(np.array([4.0], np.float32)).dtype == np.float32
    assert wrap(np.array([4])).dtype == np.float64


@given(st.floats(-1e3, 1e3))
def test_wrap_is_the_angle_of_the_phasor(phase):
    assert wrap(phase) == pytest.approx(np.angle(np.exp(1j * phase)), abs=1e-12)


def test_wrap_of_nan_and_infinity_is_nan():
    assert np.all(np.isnan(wrap([np.nan, np.inf, -np.inf])))


def test_colon_includes_an_end_missed_by_rounding():
    # in doubles 0.3/0.1 < 3 and 0.7/0.1 < 7
    assert colon(0, 0.1, 0.3).size == 4
    assert colon(0, 0.1, 0.7).size == 8
    assert colon(0, 0.1, 0.3)[-1] <= 0.3


def test_colon_descending_and_empty():
    assert colon(3, -1, 1).tolist() == [3, 2, 1]
    assert colon(1, 1, 0.5).size == 0
    assert colon(1, 0, 5).size == 0
    assert colon(2, 1, 2).tolist() == [2]
    assert colon(0, 1, 2.9).tolist() == [0, 1, 2]


@given(st.integers(-50, 50), st.integers(1, 200), st.integers(1, 300))
def test_colon_counts_decimal_ranges_exactly(first, step, count):
    a, h = first / 100, step / 100
    b = (first + step * (count - 1)) / 100
    values = colon(a, h, b)
    assert values.size == count
    np.testing.assert_allclose(values, a + h * np.arange(count), rtol=0, atol=1e-9)


def test_colon_needs_finite_numbers():
    with pytest.raises(ValueError, match="finite"):
        colon(0, 1, np.inf)


def test_int16_rounds_saturates_and_zeroes_nan():
    x = [0.5, -0.5, 2.5, 1e9, -1e9, np.inf, -np.inf, np.nan, 32767.4, -32768.6]
    result = to_int16(x)
    assert result.dtype == np.int16
    assert result.tolist() == [1, -1, 3, 32767, -32768, 32767, -32768, 0, 32767, -32768]
    assert to_int16(np.array([40000, -40000, 7])).tolist() == [32767, -32768, 7]
    assert to_int16(np.array([np.nan, 3.5], np.float32)).tolist() == [0, 4]
