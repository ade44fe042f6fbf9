"""Sine and cosine of the compiled kernel against the mathematical library; the builds for narrow and wide registers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from stamps import native
from stamps.insar.phase import phasor
from stamps.native import backends
from stamps.native.arc_noise import time_series_arc_noise
from stamps.native.phasors import phasors
from stamps.native.topofit import topofit

EDGES_OF_TURNS = np.arange(-4000, 4001) * (np.pi / 4)


@pytest.fixture
def compiled():
    if backends.pythran_problem("phasors") is not None:
        pytest.skip("the kernel phasors is not compiled")


def worst(phase):
    """Largest deviation from the mathematical library, in units in the last place of 1."""
    wrong = phasors(phase) - (np.cos(phase) + 1j * np.sin(phase))
    return np.abs([wrong.real, wrong.imag]).max() / np.spacing(1.0)


def test_doubles_are_right_to_the_last_place(compiled):
    rng = np.random.default_rng(1)
    for width in (1e-3, 1.0, 30.0, 1e4, 1e6):
        assert worst(rng.uniform(-width, width, 20_000)) <= 1
    near = [EDGES_OF_TURNS, np.nextafter(EDGES_OF_TURNS, np.inf), np.nextafter(EDGES_OF_TURNS, -np.inf)]
    assert worst(np.concatenate(near)) <= 1


@given(arrays(np.float32, 4096, elements=st.floats(-1e4, 1e4, width=32)))
def test_singles_are_rounded_once(phase):
    wide = phase.astype(np.float64)
    np.testing.assert_array_equal(
        phasors(phase), np.cos(wide).astype(np.float32) + 1j * np.sin(wide).astype(np.float32)
    )


def test_what_is_far_or_no_number_is_left_to_the_library(compiled):
    phase = np.tile([1e300, 5e7, np.nan, np.inf, 0.0, -0.0], 1000)
    with np.errstate(invalid="ignore"):
        np.testing.assert_array_equal(phasors(phase), np.cos(phase) + 1j * np.sin(phase))


def test_shapes_and_classes_stay():
    for shape in ((0,), (), (3, 0), (4097,), (40, 60, 3)):
        for dtype, wanted in ((np.float32, np.complex64), (np.float64, np.complex128)):
            result = phasor(np.zeros(shape, dtype))
            assert result.shape == shape and result.dtype == wanted and (result == 1).all()


def test_wide_registers_change_no_bit(monkeypatch):
    """The builds for AVX2 and for every processor, where both are there."""
    kernels = {"topofit": "_topofit", "arc_noise": "_arc_noise"}
    if not all(backends._has_wide_build(f"stamps.native.{name}") for name in kernels.values()):
        pytest.skip("there is no build for wide registers, or no such processor")
    rng = np.random.default_rng(2)
    z = np.exp(1j * rng.uniform(-4, 4, (1000, 23))).astype(np.complex64)
    bperp, day, edges = rng.normal(0, 200, 23), np.arange(23) * 12.0, rng.integers(0, 1000, (3000, 2))

    def results():
        return (
            *topofit(z, bperp, 1.3),
            *time_series_arc_noise(z, edges, day, bperp, 730.0),
            phasors(bperp[:, None] * day),
        )

    with backends.selected("pythran"):
        assert backends.pythran_module("topofit").__name__.endswith(backends.WIDE)
        wide = results()
        monkeypatch.setattr(backends, "_has_wide_build", lambda name: False)
        assert backends.pythran_module("topofit").__name__ == "stamps.native._topofit"
        narrow = results()
    for one, other in zip(wide, narrow, strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_result_does_not_depend_on_threads(monkeypatch):
    phase = np.random.default_rng(3).normal(0, 50, (333, 77))
    results = []
    for threads in ("1", "3"):
        monkeypatch.setenv("OMP_NUM_THREADS", threads)
        assert native.n_threads() == int(threads)
        results.append(phasors(phase))
    np.testing.assert_array_equal(*results)
