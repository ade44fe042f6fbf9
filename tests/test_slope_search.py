"""Slopes of phasor series."""

import numpy as np
import pytest

from stamps.native import slope_search as module
from stamps.native.slope_search import clear_peaks, slope_search, trial_slopes


@pytest.fixture
def baselines():
    positive = np.random.default_rng(4).uniform(1, 150, 12)
    return np.concatenate([positive, [0], -positive])  # symmetric: then the line through the origin is exact


def test_slopes_of_clean_series_are_found(baselines):
    wanted = np.linspace(-0.9, 0.9, 41) * 2 * np.pi / np.ptp(baselines)
    z = np.exp(1j * (np.outer(wanted, baselines) + 0.7)).astype(np.complex64)
    slope, coherence = slope_search(z, baselines, 1.0)
    assert slope.dtype == coherence.dtype == np.float32
    np.testing.assert_allclose(slope, wanted, atol=2e-6)
    np.testing.assert_allclose(coherence, 1, atol=1e-5)


def test_noise_is_tolerated(baselines):
    rng = np.random.default_rng(9)
    wanted = rng.uniform(-1, 1, 300) * np.pi / np.ptp(baselines)
    noise = rng.normal(0, 0.4, (300, baselines.size))
    slope, _ = slope_search(np.exp(1j * (np.outer(wanted, baselines) + noise)).astype(np.complex64), baselines, 0.5)
    expected_error = 0.4 / np.sqrt(((baselines - baselines.mean()) ** 2).sum())
    assert np.std(slope - wanted) < 2 * expected_error


def test_blocks_do_not_matter(baselines, monkeypatch):
    z = np.exp(1j * np.random.default_rng(1).uniform(-3, 3, (50, baselines.size))).astype(np.complex64)
    whole = slope_search(z, baselines, 2)
    monkeypatch.setattr(module, "_BLOCK_BYTES", 1)
    for one, other in zip(whole, slope_search(z, baselines, 2), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6)


def test_number_of_trials():
    slopes = trial_slopes(100.0, 0.3)
    np.testing.assert_allclose(slopes, np.arange(-3, 4) * np.pi / 400)


def test_interval_of_a_peak():
    coherence = np.array(
        [
            [0.2, 0.5, 0.9, 0.5, 0.3],  # one hill: everything belongs to it
            [0.85, 0.2, 0.9, 0.5, 0.3],  # a second peak close by
            [0.79, 0.2, 0.9, 0.5, 0.3],
            [0.2, 0.5, 0.9, 0.5, 0.85],  # rises again on the right
            [0.05, 0.05, 0.05, 0.05, 0.05],  # never above 0.1
            [np.nan, 0.5, 0.9, 0.5, 0.3],
        ],
        np.float32,
    )
    peak, clear = clear_peaks(coherence)
    np.testing.assert_array_equal(peak[:4], 2)
    np.testing.assert_array_equal(clear, [True, False, True, False, False, False])


def test_nothing_to_search(baselines):
    z = np.ones((3, baselines.size), np.complex64)
    assert not slope_search(z, np.full(baselines.size, 7.0), 1)[0].any()
    z[1] = np.nan
    slope, coherence = slope_search(z, baselines, 1)
    assert slope[1] == coherence[1] == 0
