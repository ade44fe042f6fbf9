"""Gaussian mean over neighbours: array version and kernel against the definition."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stamps.native import backends
from stamps.native import gaussian_smooth as module
from stamps.native.gaussian_smooth import gaussian_smooth


@pytest.fixture(params=["arrays", "kernel"], autouse=True)
def version(request, monkeypatch):
    """The array version, then the kernel: compiled where it is installed, else the same source as plain Python."""
    monkeypatch.setenv("STAMPS_BACKEND", "pythran" if request.param == "kernel" else "numpy")
    monkeypatch.setattr(backends, "pythran_problem", lambda kernel: None)


def by_definition(xy, values, wavelength):
    dx, dy = (xy[:, np.newaxis, i] - xy[:, i] for i in range(2))
    distance2 = dx * dx + dy * dy
    weight = np.where(
        distance2 < np.float32((4 * wavelength) ** 2), np.exp(-distance2.astype(float) / (2 * wavelength**2)), 0
    )
    return weight @ values / weight.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("wavelength", [3.0, 25.0, 1e4])
def test_definition(wavelength):
    rng = np.random.default_rng(0)
    xy = rng.uniform(-100, 300, (120, 2)).astype(np.float32)
    values = rng.normal(size=(120, 3)).astype(np.float32)
    np.testing.assert_allclose(
        gaussian_smooth(xy, values, wavelength), by_definition(xy, values, wavelength), rtol=1e-10
    )


@settings(max_examples=30)
@given(
    st.lists(st.tuples(st.integers(-6, 6), st.integers(-6, 6)), min_size=1, max_size=25),
    st.sampled_from([0.5, 1, 1.25]),
)
def test_neighbours_on_the_border_of_the_circle(points, wavelength):
    xy = np.array(points, np.float32)
    values = np.arange(len(points), dtype=np.float32)[:, np.newaxis]
    np.testing.assert_allclose(
        gaussian_smooth(xy, values, wavelength), by_definition(xy, values, wavelength), rtol=1e-12
    )


def test_exactly_at_the_radius_does_not_count():
    xy = np.array([[0, 0], [400, 0]], np.float32)
    values = np.array([[1.0], [5.0]], np.float32)
    np.testing.assert_array_equal(gaussian_smooth(xy, values, 100.0), values)
    assert gaussian_smooth(xy, values, 100.001)[0, 0] > 1


def test_blocks_do_not_change_the_result(monkeypatch):
    rng = np.random.default_rng(1)
    xy, values = rng.uniform(0, 50, (60, 2)).astype(np.float32), rng.normal(size=(60, 2))
    whole = gaussian_smooth(xy, values, 5.0)
    monkeypatch.setattr(module, "_PAIRS_PER_BLOCK", 7)
    np.testing.assert_allclose(gaussian_smooth(xy, values, 5.0), whole, rtol=1e-13)
