"""Goldstein filter and low-pass."""

import numpy as np
import pytest

from stamps.legacy.wrap_filt import wrap_filt


def fringes(shape, row_rate, column_rate):
    i, j = np.indices(shape)
    return np.exp(1j * (row_rate * i + column_rate * j))


def test_pure_fringes_pass_unchanged():
    ph = fringes((70, 90), 0.4, -0.2)
    filtered, low = wrap_filt(ph, 32, 0.8)
    assert low is None
    inside = np.angle(filtered * ph.conj())[8:-8, 8:-8]
    assert np.abs(inside).max() < 0.1


def test_noise_is_reduced_and_magnitude_kept():
    rng = np.random.default_rng(1)
    clean = fringes((64, 64), 0.15, 0.1)
    noisy = (clean * np.exp(1j * rng.normal(0, 0.7, clean.shape)) * rng.uniform(1, 5, clean.shape)).astype(np.complex64)
    noisy[rng.random(clean.shape) < 0.3] = 0
    filtered, _ = wrap_filt(noisy, 16, 0.8)
    assert filtered.dtype == np.complex64
    np.testing.assert_allclose(np.abs(filtered), np.abs(noisy), rtol=1e-6)
    used = noisy != 0
    errors = [np.std(np.angle(ph[used] * clean[used].conj())) for ph in (noisy, filtered)]
    assert errors[1] < 0.6 * errors[0]


def test_low_pass_stops_high_frequencies_only():
    slow, fast = fringes((64, 64), 0.02, 0.0), fringes((64, 64), 2.0, 0.0)
    _, low = wrap_filt(5 * slow + fast, 32, 0.8, low_flag="y")
    _, alone = wrap_filt(slow, 32, 0.8, low_flag="y")
    # the slow part alone passes, whatever its own distortion
    assert np.abs(np.angle(low * alone.conj())).max() < 0.03
    unfiltered, _ = wrap_filt(5 * slow + fast, 32, 0.0)
    assert np.abs(np.angle(unfiltered * slow.conj())).max() > 0.15


def test_alpha_zero_changes_nothing():
    rng = np.random.default_rng(2)
    ph = rng.normal(size=(40, 33)) + 1j * rng.normal(size=(40, 33))
    np.testing.assert_allclose(wrap_filt(ph, 16, 0.0)[0], ph, atol=1e-12)


def test_nan_counts_as_zero():
    ph = fringes((40, 40), 0.1, 0.1)
    holes = ph.copy()
    holes[5, 6] = np.nan
    ph[5, 6] = 0
    np.testing.assert_array_equal(wrap_filt(holes, 16, 0.5)[0], wrap_filt(ph, 16, 0.5)[0])


@pytest.mark.parametrize("n_win", [15, 64])
def test_unusable_windows_are_refused(n_win):
    with pytest.raises(ValueError, match="window"):
        wrap_filt(fringes((40, 50), 0.1, 0.1), n_win, 0.8)
