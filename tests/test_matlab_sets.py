"""Sets of values and rows against brute force."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stamps.matlab import intersect_rows, ismember, setdiff, setxor, sortrows, unique_rows

# few distinct numbers, so that rows repeat; -0.0 equals 0.0
small = st.sampled_from([-1, 0, 1, 2])
small_float = st.sampled_from([-1.5, -0.0, 0.0, 1.0, np.inf])
lists = st.lists(small, max_size=12)


@st.composite
def tables(draw, n_columns=None):
    k = n_columns or draw(st.integers(1, 3))
    element = draw(st.sampled_from([small, small_float]))
    dtype = np.int64 if element is small else np.float64
    return np.array(draw(st.lists(st.tuples(*[element] * k), max_size=12)), dtype=dtype).reshape(-1, k)


def first_rows(x):
    """Map each distinct row to the position of its first occurrence."""
    found = {}
    for i, row in enumerate(x.tolist()):
        found.setdefault(tuple(row), i)
    return found


@given(tables())
def test_unique_rows_brute_force(x):
    rows, first_index, inverse = unique_rows(x)
    expected = first_rows(x)
    assert [tuple(row) for row in rows.tolist()] == sorted(expected)
    assert first_index.tolist() == [expected[key] for key in sorted(expected)]
    np.testing.assert_array_equal(rows[inverse], x)
    np.testing.assert_array_equal(x[first_index], rows)


def test_unique_rows_keeps_rows_with_nan_apart():
    x = np.array([[np.nan, 1], [1, 2], [np.nan, 1], [1, 2]])
    rows, first_index, inverse = unique_rows(x)
    assert first_index.tolist() == [1, 0, 2]
    assert inverse.tolist() == [1, 0, 2, 0]
    assert len(rows) == 3


def test_unique_rows_of_integers_too_large_to_pack():
    big = 2**62
    x = np.array([[big, -big], [-big, big], [big, -big], [-big, -big]])
    rows, first_index, _ = unique_rows(x)
    assert rows.tolist() == [[-big, -big], [-big, big], [big, -big]]
    assert first_index.tolist() == [3, 1, 0]


def test_unique_rows_of_small_unsigned_integers():
    x = np.array([[200, 1], [3, 255], [200, 1], [3, 0]], np.uint8)
    rows, first_index, _ = unique_rows(x)
    assert rows.tolist() == [[3, 0], [3, 255], [200, 1]]
    assert rows.dtype == np.uint8
    assert first_index.tolist() == [3, 1, 0]


@given(lists, lists)
def test_setxor_and_setdiff_brute_force(a, b):
    assert setxor(a, b).tolist() == sorted(set(a) ^ set(b))
    assert setdiff(a, b).tolist() == sorted(set(a) - set(b))


def test_removing_nothing_keeps_the_integer_class():
    assert setdiff(np.array([3, 1, 3]), []).dtype.kind == "i"
    assert setxor(np.array([3, 1]), []).dtype.kind == "i"
    assert setxor([], []).size == 0


def test_nan_is_in_no_set():
    np.testing.assert_array_equal(setdiff([np.nan, 1, np.nan], [np.nan]), [1, np.nan, np.nan])
    np.testing.assert_array_equal(setxor([np.nan, 1], [np.nan, 1]), [np.nan, np.nan])


@given(st.integers(1, 3).flatmap(lambda k: st.tuples(tables(k), tables(k))))
def test_intersect_rows_brute_force(pair):
    a, b = pair
    rows, ia, ib = intersect_rows(a, b)
    in_a, in_b = first_rows(a), first_rows(b)
    common = sorted(set(in_a) & set(in_b))
    assert [tuple(row) for row in rows.tolist()] == common
    assert ia.tolist() == [in_a[row] for row in common]
    assert ib.tolist() == [in_b[row] for row in common]


def test_intersect_rows_needs_equal_widths():
    with pytest.raises(ValueError, match="columns"):
        intersect_rows(np.ones((2, 2)), np.ones((2, 3)))


@given(tables(2))
def test_sortrows_is_stable(x):
    rows, permutation = sortrows(x, [1, 0])
    expected = sorted(range(len(x)), key=lambda i: (x[i, 1], x[i, 0]))
    assert permutation.tolist() == expected
    np.testing.assert_array_equal(rows, x[permutation])
    assert sortrows(x, 1)[1].tolist() == sorted(range(len(x)), key=lambda i: x[i, 1])
    assert sortrows(x)[1].tolist() == sorted(range(len(x)), key=lambda i: tuple(x[i]))


def test_sortrows_puts_nan_last():
    x = np.array([[np.nan, 1], [2, 1], [np.nan, 0], [1, 1]])
    assert sortrows(x, [1, 0])[1].tolist() == [2, 3, 1, 0]
    assert sortrows(x, [0])[1].tolist() == [3, 1, 0, 2]


def test_sortrows_refuses_a_missing_column():
    for column in (2, -1):
        with pytest.raises(IndexError, match="no column"):
            sortrows(np.ones((2, 2)), [column])


@given(lists, lists)
def test_ismember_brute_force(a, b):
    mask, index = ismember(np.array(a, int), np.array(b, int))
    assert mask.tolist() == [value in b for value in a]
    assert index.tolist() == [b.index(value) if value in b else -1 for value in a]


def test_ismember_keeps_the_shape_and_never_finds_nan():
    mask, index = ismember([[1.0, np.nan], [7.0, 2.0]], [2.0, np.nan, 1.0, 2.0])
    assert mask.tolist() == [[True, False], [False, True]]
    assert index.tolist() == [[2, -1], [-1, 0]]
    mask, index = ismember(2, [1, 2])
    assert mask
    assert index == 1
