"""CLAP filter: the published value, the formula written out, borders and bad input."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stamps.errors import InputError
from stamps.legacy.clap_filt import clap_filt
from stamps.matlab.filters import filter2, gausswin
from stamps.native.clap import adaptive_weights, butterworth_lowpass, filter_grid, filter_stack, window_starts


def published_grid():
    k = np.arange(1, 931).reshape(31, 30).T
    return np.mod(k, 7) + 1j * np.mod(k, 5)


def random_grid(shape, seed=0):
    random = np.random.default_rng(seed)
    return random.normal(size=shape) + 1j * random.normal(size=shape)


def window_by_window(grid, alpha, beta, n_win, n_pad, lowpass):
    """The filter as docs/method/coherence.md, section 6 words it."""
    size, step = n_win + n_pad, n_win // 4
    distance = np.minimum(np.arange(n_win), n_win - 1 - np.arange(n_win))
    taper = distance[:, np.newaxis] + distance + 1e-6
    out = np.zeros(grid.shape, dtype=complex)
    for u in range(-(-grid.shape[0] // step) - 3):
        for v in range(-(-grid.shape[1] // step) - 3):
            i, j = u * step, v * step
            h, k = max(i + n_win - grid.shape[0], 0), max(j + n_win - grid.shape[1], 0)
            moved = np.zeros_like(taper)
            moved[h:, k:] = taper[: n_win - h, : n_win - k]
            i, j = i - h, j - k
            block = np.zeros((size, size), dtype=complex)
            block[:n_win, :n_win] = grid[i : i + n_win, j : j + n_win]
            spectrum = np.fft.fft2(block)
            kernel = np.outer(gausswin(7), gausswin(7))
            weight = np.fft.ifftshift(filter2(kernel, np.fft.fftshift(np.abs(spectrum))))
            weight = weight / np.median(weight) if np.median(weight) else weight
            weight = beta * np.maximum(weight**alpha - 1, 0) + lowpass
            out[i : i + n_win, j : j + n_win] += np.fft.ifft2(spectrum * weight)[:n_win, :n_win] * moved
    return out


def test_published_value():
    filtered = clap_filt(published_grid(), 1, 0.3, 24, 8, 0)
    assert filtered.dtype == np.complex128
    assert filtered[9, 10] == pytest.approx(863.05789684 + 560.43550282j, abs=1e-8)


@pytest.mark.parametrize("shape", [(24, 24), (25, 47), (60, 31)])
@pytest.mark.parametrize("n_win, alpha", [(24, 1), (24, 0.7), (12, 1.3)])
def test_windows_against_the_formulas(shape, n_win, alpha):
    grid, n_pad = random_grid(shape), n_win // 3
    lowpass = butterworth_lowpass(n_win + n_pad, 50, 800)
    expected = window_by_window(grid, alpha, 0.3, n_win, n_pad, lowpass)
    np.testing.assert_allclose(filter_grid(grid, alpha, 0.3, n_win, n_pad, lowpass), expected, rtol=0, atol=1e-11)


@given(st.integers(8, 33), st.integers(0, 99))
def test_weights_of_any_size(n, seed):
    magnitude = np.abs(random_grid((2, n, n), seed))
    kernel = np.outer(gausswin(7), gausswin(7))
    for one, weight in zip(magnitude, adaptive_weights(magnitude, 1, 0.5, 0), strict=True):
        smooth = np.fft.ifftshift(filter2(kernel, np.fft.fftshift(one)))
        np.testing.assert_allclose(weight, 0.5 * np.maximum(smooth / np.median(smooth) - 1, 0), rtol=0, atol=1e-12)


def test_weights_keep_the_class():
    magnitude = np.abs(random_grid((3, 16, 16)))
    single = adaptive_weights(magnitude.astype(np.float32), 1, 0.3, np.ones((16, 16)))
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, adaptive_weights(magnitude, 1, 0.3, 1), rtol=2e-6)


def test_flat_and_empty_spectra():
    assert np.all(adaptive_weights(np.zeros((1, 32, 32)), 1, 0.3, 0.25) == 0.25)
    # without smoothing at the edges the weight of a flat spectrum is that of its centre
    assert adaptive_weights(np.ones((1, 32, 32)), 1, 0.3, 0)[0, 0, 0] == pytest.approx(0, abs=1e-12)


def test_lowpass_response():
    lowpass = butterworth_lowpass(32, 50, 800)
    assert lowpass.shape == (32, 32) and lowpass[0, 0] == 1
    np.testing.assert_allclose(lowpass[0, 2], 0.5)  # two cycles in 1600 m: the cut-off wavelength
    np.testing.assert_array_equal(lowpass, lowpass.T)


def test_nan_counts_as_zero():
    grid = random_grid((30, 30))
    with_nan = grid.copy()
    with_nan[3, 4], grid[3, 4] = np.nan, 0
    np.testing.assert_array_equal(filter_grid(with_nan, 1, 0.3, 24, 8, 0), filter_grid(grid, 1, 0.3, 24, 8, 0))


@pytest.mark.parametrize("shape", [(23, 60), (60, 18), (3, 3)])
def test_small_grids_give_zero(shape):
    assert not filter_grid(random_grid(shape), 1, 0.3, 24, 8, 0).any()
    assert not filter_stack(random_grid((*shape, 2)), 1, 0.3, 24, 8, 0).any()


def test_last_window_ends_at_the_border():
    starts = window_starts(31, 24)
    assert starts == [(0, 0), (6, 0), (7, 5)]
    assert window_starts(24, 24) == [(0, 0)] and window_starts(23, 24) == []


def test_stack_is_filtered_grid_by_grid_whatever_the_threads():
    grids = random_grid((40, 33, 5)).astype(np.complex64)
    results = [filter_stack(grids, 1, 0.3, 24, 8, 0, n_threads=k) for k in (1, 3)]
    np.testing.assert_array_equal(*results)
    assert results[0].dtype == np.complex64
    np.testing.assert_array_equal(
        results[0][:, :, 4], filter_grid(grids[:, :, 4], 1, 0.3, 24, 8, 0).astype(np.complex64)
    )


def test_bad_arguments():
    with pytest.raises(InputError, match=r"\(31, 31\).*32 x 32"):
        clap_filt(random_grid((40, 40)), 1, 0.3, 24, 8, np.ones((31, 31)))
    with pytest.raises(InputError, match="grid of phasors"):
        clap_filt(np.ones(5), 1, 0.3, 24, 8)
