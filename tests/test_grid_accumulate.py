"""Sums per cell, in the order of the pixels and in their class."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stamps.native.grid_accumulate import accumulate


@given(st.integers(0, 60), st.integers(1, 4), st.integers(1, 9), st.integers(0, 999))
def test_sequential_single_sums(n, m, n_cells, seed):
    random = np.random.default_rng(seed)
    values = (10.0 ** random.uniform(-6, 6, (n, m)) * np.exp(1j * random.uniform(-3, 3, (n, m)))).astype(np.complex64)
    cells = random.integers(0, n_cells, n)
    expected = np.zeros((n_cells, m), dtype=np.complex64)
    for value, cell in zip(values, cells, strict=True):
        expected[cell] += value
    sums = accumulate(values, cells, n_cells)
    assert sums.dtype == np.complex64
    np.testing.assert_array_equal(sums, expected)


def test_nan_stays_in_its_cell():
    values = np.array([[1.0, 2.0], [np.nan, 1.0], [4.0, 5.0]])
    sums = accumulate(values, np.array([0, 0, 2]), 3)
    np.testing.assert_array_equal(sums, [[np.nan, 3], [0, 0], [4, 5]])
