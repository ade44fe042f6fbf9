"""What NumPy and CuPy do apart: medians, sums of products, sparse rows, the device's memory."""

import sys
import warnings

import numpy as np
import pytest

from helpers import fake_cupy
from helpers.kernel_arrays import numbers
from stamps.native import arrays


@pytest.fixture
def stand_in(monkeypatch):
    with fake_cupy.installed(monkeypatch) as device:
        yield device


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(5, 1), (4, 2), (3, 7), (2, 3, 64)])
def test_medians_found_bit_by_bit_are_those_of_numpy(stand_in, dtype, shape):
    cupy = sys.modules["cupy"]
    values = np.abs(numbers(*shape, dtype=dtype)) ** 9  # over many powers of two
    values[..., : shape[-1] // 3] = values[..., -1:]  # equal values about the middle
    values[0] = 0
    expected = np.median(values, axis=-1)
    np.testing.assert_array_equal(arrays.medians(np, values), expected)
    ours = arrays.medians(cupy, cupy.asarray(values)).get()
    assert ours.dtype == dtype
    np.testing.assert_array_equal(ours, expected)


def test_the_median_of_a_row_with_infinity_is_that_of_numpy(stand_in):
    cupy, values = sys.modules["cupy"], np.array([[1, np.inf, 3, 2], [np.inf] * 4], np.float32)
    np.testing.assert_array_equal(arrays.medians(cupy, cupy.asarray(values)).get(), np.median(values, axis=1))


def test_sums_of_products(stand_in):
    cupy, first, second = sys.modules["cupy"], numbers(20, 7), numbers(20, 7, seed=1)
    ours = arrays.products_summed(cupy, cupy.asarray(first), cupy.asarray(second)).get()
    np.testing.assert_allclose(ours, arrays.products_summed(np, first, second), rtol=1e-13)


def test_sparse_rows_are_the_same_matrix(stand_in):
    cupy, values = sys.modules["cupy"], numbers(5)
    rows, columns, dense = np.array([0, 0, 2, 2, 2]), np.array([1, 3, 0, 1, 2]), numbers(4, 2)
    ours = arrays.sparse_rows(cupy, *map(cupy.asarray, (values, rows, columns)), (4, 4)) @ cupy.asarray(dense)
    np.testing.assert_array_equal(ours.get(), arrays.sparse_rows(np, values, rows, columns, (4, 4)) @ dense)


def test_batches_fit_the_limit_of_the_process(monkeypatch):
    with fake_cupy.installed(monkeypatch, memory=2**40, limit=2**20):
        assert arrays.rows_at_once(sys.modules["cupy"], 1024, 5) == 256
    with fake_cupy.installed(monkeypatch, memory=2**20, limit=2**40):
        assert arrays.rows_at_once(sys.modules["cupy"], 1024, 5) == 256


@pytest.mark.parametrize(("kept", "given_back"), [(2**20, 0), (2**30, 1)])
def test_little_memory_is_kept_for_the_next_kernel(monkeypatch, kept, given_back):
    with fake_cupy.installed(monkeypatch, memory=2**30, kept=kept) as device:
        arrays.release()
    assert device.plans_forgotten == given_back


def test_what_cupy_calls_experimental_is_not_told_the_user(monkeypatch):
    freed = []
    with fake_cupy.installed(monkeypatch), warnings.catch_warnings():
        warnings.simplefilter("error")
        cupy = sys.modules["cupy"]
        monkeypatch.setattr(cupy.fft.config, "clear_plan_cache", lambda: warnings.warn("new", FutureWarning, 2))
        monkeypatch.setattr(fake_cupy._Pool, "free_all_blocks", lambda pool: freed.append(pool))
        arrays.release()
    assert len(freed) == 1
