"""The compiled filters of windows against the array versions: sizes, exponents, holes, builds, threads, what is left out."""

import numpy as np
import pytest

from stamps.native import backends
from stamps.native.clap import butterworth_lowpass, filter_grid, filter_stack
from stamps.native.goldstein import goldstein
from stamps.native.spectral_windows import compilable


@pytest.fixture(autouse=True)
def compiled():
    if backends.pythran_problem("clap") is not None:
        pytest.skip("the kernel clap is not compiled")


def grid(shape=(90, 117), seed=0):
    """Noisy fringes with holes, a large empty part and a NaN."""
    rng = np.random.default_rng(seed)
    i, j = np.indices(shape)
    z = np.exp(1j * (0.2 * i - 0.1 * j)) * rng.gamma(2, 1, shape) + 0.7 * (rng.normal(size=shape) + 1j)
    z[rng.random(shape) < 0.3] = 0
    z[: shape[0] // 2, : 2 * shape[1] // 3] = 0
    z[-3, 4] = np.nan
    return z


def versions(compute):
    """Results of the array version and of the compiled one."""
    results = []
    for version in ("numpy", "pythran"):
        with backends.selected(version):
            results.append(compute())
    return results


def assert_close(ours, expected):
    np.testing.assert_allclose(ours, expected, rtol=0, atol=1e-12 * np.abs(expected).max())


@pytest.mark.parametrize("alpha", [0, 0.3, 1, 1.7, 4])
@pytest.mark.parametrize("window", [8, 16, 32, 64])
def test_clap(window, alpha):
    n_win, n_pad = window * 3 // 4, window // 4
    low = butterworth_lowpass(window, 50, 800) + np.arange(window) / 100  # not symmetric
    expected, ours = versions(lambda: filter_grid(grid(), alpha, 0.3, n_win, n_pad, low))
    assert_close(ours, expected)
    np.testing.assert_array_equal(ours == 0, expected == 0)
    assert (ours == 0).any() == (window < 64) and np.abs(ours).max() > 1


@pytest.mark.parametrize("alpha", [0, 0.8, 1, 2.5])
@pytest.mark.parametrize(
    ("n_win", "n_pad"), [(8, None), (16, None), (32, None), (64, None), (16, 0), (14, 6), (20, 44)]
)
def test_goldstein(n_win, n_pad, alpha):
    expected, ours = versions(lambda: goldstein(grid(), n_win, alpha, n_pad, low=True))
    known = np.abs(expected[0]) > 0
    for one, other in zip(ours, expected, strict=True):
        np.testing.assert_allclose((one * other.conj())[known].imag, 0, atol=1e-9)
        np.testing.assert_allclose(one[known], other[known], rtol=1e-9)


def test_extreme_spectra():
    """A single cell, whose spectrum is flat; very large and small values; a frequency far above the median."""
    single = np.zeros((64, 64), complex)
    single[20, 20] = 1
    for z in (single, grid() * 1e80, grid() * 1e-80):
        for alpha in (1, 0.5):
            assert_close(*versions(lambda z=z, alpha=alpha: filter_grid(z, alpha, 0.3, 16, 0, 0.5))[::-1])
    i, j = np.indices((64, 64))
    pure = np.exp(2j * np.pi * (i + 3 * j) / 16) + 1e-7 * np.random.default_rng(3).normal(size=i.shape)
    expected, ours = versions(lambda: filter_grid(pure, 0.5, 0.3, 16, 0, 0.5))
    np.testing.assert_allclose(ours, expected, rtol=0, atol=1e-7 * np.abs(expected).max())


def test_builds_and_threads_change_no_bit(monkeypatch):
    if not backends._has_wide_build("stamps.native._clap"):
        pytest.skip("there is no build for wide registers, or no such processor")
    grids = np.stack([grid(seed=k) for k in range(3)], axis=2).astype(np.complex64)

    def results(n_threads):
        low = butterworth_lowpass(32, 50, 800)
        parts = [filter_stack(grids, alpha, 0.3, 24, 8, low, n_threads) for alpha in (1, 0.7)]
        return [*parts, *goldstein(grid(), 32, 0.8, low=True), filter_grid(grid(), 1, 0.3, 48, 16, 0)]

    with backends.selected("pythran"):
        assert backends.pythran_module("goldstein").__name__ == "stamps.native._clap" + backends.WIDE
        wide, threads = results(1), results(3)
        monkeypatch.setattr(backends, "_has_wide_build", lambda name: False)
        narrow = results(1)
    for one, other, third in zip(wide, narrow, threads, strict=True):
        np.testing.assert_array_equal(one, other)
        np.testing.assert_array_equal(one, third)


def test_what_is_left_to_the_array_version():
    usual = grid()
    assert compilable(usual, 32, 24, 1) and compilable(usual.astype(np.complex64), 40, 32, 0.8)
    assert not compilable(usual, 30, 24, 1) and not compilable(usual, 32, 33, 1) and not compilable(usual, 128, 96, 1)
    assert not compilable(usual, 32, 24, 4.5) and not compilable(usual, 32, 24, np.nan)
    for value in (np.inf, 1e-120, 1e120):
        other = usual.copy()
        other[5, 5] = value
        assert not compilable(other, 32, 24, 1)
    infinite = usual.astype(np.complex64)
    infinite[5, 5] = np.inf
    assert not compilable(infinite, 32, 24, 1)
    with np.errstate(invalid="ignore"):
        np.testing.assert_array_equal(*versions(lambda: filter_grid(infinite, 1, 0.3, 24, 8, 0)))
    np.testing.assert_array_equal(*versions(lambda: filter_grid(usual, 1, 0.3, 24, 6, 0)))
