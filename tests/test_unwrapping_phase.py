"""Phases in single precision."""

import numpy as np
import pytest

from stamps.steps.unwrapping import phase


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


def test_blocks_do_not_change_the_result(phasors, monkeypatch):
    whole = phase.angle(phasors)
    monkeypatch.setattr(phase, "_BLOCK", 7)
    np.testing.assert_array_equal(phase.angle(phasors), whole)


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


def test_wrapped():
    np.testing.assert_allclose(
        phase.wrapped(np.array([0.5, 0.5 + 4 * np.pi, -7.0])), [0.5, 0.5, 2 * np.pi - 7], atol=1e-14
    )
