"""Phasors, the master column and reference means."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from stamps.insar import phase
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


# ---------------------------------------------------------------------- products, quotients, classes


@pytest.fixture
def phasors():
    rng = np.random.default_rng(3)
    return (rng.normal(size=(500, 4)) + 1j * rng.normal(size=(500, 4))).astype(np.complex64)


def test_single_precision_is_the_rounded_double(phasors):
    wide = phasors.astype(np.complex128)
    np.testing.assert_array_equal(phase.angle(phasors), np.angle(wide).astype(np.float32))
    np.testing.assert_array_equal(phase.modulus(phasors), np.abs(wide).astype(np.float32))
    phi = phase.angle(phasors)
    np.testing.assert_array_equal(phase.phasor(phi).real, np.cos(phi.astype(float)).astype(np.float32))


def test_layout_and_length_do_not_change_the_result(phasors):
    whole = phase.angle(phasors)
    for part in (slice(None, 7), slice(3, None, 5)):
        np.testing.assert_array_equal(phase.angle(phasors[part]), whole[part])
    np.testing.assert_array_equal(phase.angle(np.asfortranarray(phasors)), whole)
    np.testing.assert_array_equal(phase.phasor(np.asfortranarray(whole)), phase.phasor(whole))


def test_classes_follow_the_lower_operand(phasors):
    double = np.linspace(-3, 3, 4)
    assert phase.product(phasors, double).dtype == np.complex64
    assert phase.product(double, double).dtype == np.float64
    assert phase.rotated(phasors.astype(np.complex128), double).dtype == np.complex128
    assert phase.rotated(phasors.astype(np.complex128), double.astype(np.float32)).dtype == np.complex64


def test_product_has_no_fused_operations(phasors):
    a, b = phasors[:, 0], phasors[:, 1]
    expected = a.real * b.real - a.imag * b.imag
    np.testing.assert_array_equal(phase.product(a, b).real, expected)


def test_rotation_there_and_back(phasors):
    phi = np.linspace(-20, 20, phasors.shape[1])
    back = phase.rotated(phase.rotated(phasors, phi), phi, sign=1)
    np.testing.assert_allclose(back, phasors, rtol=1e-6)


def test_zeros_stay_and_others_get_unit_modulus(phasors):
    phasors[3] = 0
    unit = phase.normalised(phasors)
    assert np.all(unit[3] == 0)
    np.testing.assert_allclose(np.abs(np.delete(unit, 3, axis=0)), 1, rtol=2e-7)


def test_signs_of_zeros_are_kept_or_forgotten():
    zeros = np.array([complex(-0.0, 0.0), complex(0.0, -0.0)], np.complex64)
    assert np.signbit(phase.normalised(zeros).real).tolist() == [True, False]
    assert np.signbit(phase.normalised(zeros).imag).tolist() == [False, True]
    assert not np.signbit(phase.unit_modulus(zeros).real).any() and not np.signbit(phase.unit_modulus(zeros).imag).any()


def test_products_broadcast_and_have_the_rounding_of_their_rule(phasors):
    double = phasors[0].astype(np.complex128) * (1 + 1e-9)
    assert phase.multiply(phasors, double).dtype == np.complex128
    np.testing.assert_array_equal(phase.product(phasors, double), phase.multiply(phasors, double.astype(np.complex64)))


def test_wrapped():
    np.testing.assert_allclose(
        phase.wrapped(np.array([0.5, 0.5 + 4 * np.pi, -7.0])), [0.5, 0.5, 2 * np.pi - 7], atol=1e-14
    )
