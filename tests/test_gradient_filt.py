"""Fringe frequencies and their use."""

import numpy as np
import pytest

from stamps.legacy.gradient_filt import gradient_filt
from stamps.steps.unwrapping.spatial_gradients import node_frequencies, replace_shaky


def fringes(shape, row_rate, column_rate):
    i, j = np.indices(shape)
    return np.exp(1j * (row_rate * i + column_rate * j))


def test_frequencies_and_the_sign_of_the_original():
    rate = 2 * np.pi / 16
    ph = fringes((50, 70), 2 * rate, 3 * rate)
    ifreq, jfreq, centres, peak = gradient_filt(ph, 16)
    np.testing.assert_allclose(ifreq, 2 * rate)
    np.testing.assert_allclose(jfreq, -3 * rate)
    np.testing.assert_allclose(gradient_filt(ph, 16, correct_sign=True)[1], 3 * rate)
    np.testing.assert_allclose(peak, 256, rtol=1e-6)  # all energy in one of 256 bins
    assert len(centres) == (-(-50 // 4) - 3) * (-(-70 // 4) - 3)


def test_windows_are_listed_row_by_row_and_end_at_the_border():
    _, _, centres, _ = gradient_filt(np.ones((18, 22), complex), 16)
    np.testing.assert_allclose(centres, [[8.5, 8.5], [8.5, 12.5], [8.5, 14.5], [10.5, 8.5], [10.5, 12.5], [10.5, 14.5]])


def test_nearly_empty_windows_have_no_frequency():
    ph = np.zeros((16, 16), complex)
    ph.ravel()[:5] = 1
    assert np.isnan(np.array(gradient_filt(ph, 16)[0])).all()
    ph.ravel()[5] = 1
    assert np.isfinite(np.array(gradient_filt(ph, 16)[0])).all()


@pytest.fixture
def grid():
    nzix = np.random.default_rng(8).random((40, 48)) < 0.6
    rate = 2 * np.pi / 16
    ph = np.stack([fringes(nzix.shape, k * rate, 0).T[nzix.T] for k in (1, 2)], axis=1).astype(np.complex64)
    return nzix, ph, rate


def test_frequencies_at_nodes(grid):
    nzix, ph, rate = grid
    ifreq, jfreq = node_frequencies(ph, nzix, 16)
    assert ifreq.dtype == np.float32 and ifreq.shape == ph.shape
    known = ~np.isnan(ifreq)
    assert 0.4 < known.mean() < 1
    np.testing.assert_allclose(ifreq[known], np.broadcast_to([rate, 2 * rate], ifreq.shape)[known], rtol=1e-5)
    np.testing.assert_allclose(jfreq[known], 0, atol=1e-6)


def test_shaky_edges_take_the_spatial_prediction(grid):
    nzix, ph, rate = grid
    ifreq, jfreq = (np.full(ph.shape, value, np.float32) for value in (rate, 0))
    edges = np.column_stack([np.arange(60), np.arange(1, 61)])
    rows = np.argwhere(nzix.T)[:, 1]
    step = (rows[edges[:, 1]] - rows[edges[:, 0]])[:, np.newaxis] * rate
    phase = (step + np.random.default_rng(0).normal(0, 0.1, (60, 2))).astype(np.float32)
    noise = np.zeros((60, 2), np.float32)
    noise[::2] = [[2, -2]]
    noise[1] = np.nan
    before = phase.copy()
    ifreq[edges[4, 1], 0] += 0.25
    shaky, spread = replace_shaky(phase, noise, ifreq, jfreq, edges, nzix)
    assert shaky[::2].all() and shaky[1] and not shaky[3::2].any()
    np.testing.assert_array_equal(phase[3::2], before[3::2])
    np.testing.assert_allclose(np.angle(np.exp(1j * (phase - before))), 0, atol=1e-5)
    assert np.abs(noise[::2]).max() < 1
    assert spread[4, 0] == np.float32(np.float32(rate) + np.float32(0.25)) - np.float32(rate) and spread.nnz <= 2
