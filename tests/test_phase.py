"""Phasors, the master column and reference means."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from stamps.insar.phase import angle, insert_column, look_angle_phase, multiply, phasor, reference_mean, unit_modulus

phases = hnp.arrays(np.float32, st.integers(1, 20), elements=st.floats(-100, 100, width=32))


@given(phases)
def test_phasors_of_singles_are_correctly_rounded(phase):
    exact = np.exp(1j * phase.astype(np.float64))
    z = phasor(phase)
    assert z.dtype == np.complex64
    np.testing.assert_array_equal(z.real, exact.real.astype(np.float32))
    np.testing.assert_array_equal(angle(z), np.angle(z.astype(np.complex128)).astype(np.float32))


@given(phases)
def test_unit_modulus_keeps_the_angle_and_zeros(phase):
    z = phasor(phase) * np.float32(7)
    z[0] = 0
    unit = unit_modulus(z)
    assert unit.dtype == np.complex64 and unit[0] == 0
    np.testing.assert_allclose(np.abs(unit[1:]), 1, rtol=2e-7)
    np.testing.assert_allclose(unit[1:] * np.conj(phasor(phase)[1:]), 1, atol=3e-7)


def test_multiply_rounds_every_operation():
    rng = np.random.default_rng(0)
    a, b = ((rng.normal(size=(50, 2)) @ [1, 1j]).astype(np.complex64) for _ in range(2))
    product = multiply(a, b)
    np.testing.assert_array_equal(product.real, a.real * b.real - a.imag * b.imag)
    np.testing.assert_allclose(product, a * b, rtol=1e-5)
    assert multiply(a.astype(complex), b).dtype == np.complex128


def test_master_column_is_inserted_in_place():
    matrix = np.arange(6, dtype=np.float32).reshape(2, 3)
    np.testing.assert_array_equal(insert_column(matrix, 1, 9), [[0, 9, 1, 2], [3, 9, 4, 5]])
    np.testing.assert_array_equal(insert_column(matrix, 3, 9)[:, 3], 9)
    assert insert_column(matrix, 0, 0).dtype == np.float32


def test_look_angle_phase_is_single_throughout():
    k, c, bperp = np.array([0.1]), np.array([1.0]), np.array([[3.0, 7.0]])
    phase = look_angle_phase(k, c, bperp)
    assert phase.dtype == np.float32
    product = np.float32(0.1) * np.array([3, 7], np.float32)
    np.testing.assert_array_equal(phase[0], product + np.float32(1))
    np.testing.assert_array_equal(look_angle_phase(k, None, bperp)[0], product)


def test_reference_mean_ignores_nan_and_keeps_the_columns_of_one_pixel():
    phase = np.array([[1, 2], [np.nan, 4], [5, 6]], np.float32)
    np.testing.assert_array_equal(reference_mean(phase, np.array([0, 1])), [1, 3])
    np.testing.assert_array_equal(reference_mean(phase, np.array([2])), [5, 6])
    np.testing.assert_array_equal(reference_mean(phase, None), [0, 0])
