"""Smoothing in time and what is built on it."""

import numpy as np
import pytest

from stamps.insar.phase import phasor
from stamps.native.temporal_smooth import line_coefficients, temporal_smooth, time_weights
from stamps.steps.unwrapping import time_smoothing


@pytest.fixture
def days():
    return np.sort(np.random.default_rng(0).choice(1500, 20, replace=False)).astype(float)


def test_weights_sum_to_one_and_fall_with_time(days):
    weights = time_weights(days, 300)
    np.testing.assert_allclose(weights.sum(axis=1), 1)
    ratio = weights[3, 9] / weights[3, 3]
    np.testing.assert_allclose(ratio, np.exp(-((days[3] - days[9]) ** 2) / 2 / 300**2))


def test_coefficients_are_those_of_a_weighted_line(days):
    data = np.random.default_rng(1).normal(size=days.size)
    weights = time_weights(days, 400)
    for date in (0, 7, 19):
        slope, intercept = np.polyfit(days[date] - days, data, 1, w=np.sqrt(weights[date]))
        np.testing.assert_allclose(line_coefficients(days, weights)[date] @ data, intercept, atol=1e-10)


def test_linear_phase_is_reproduced(days):
    phase = 0.3 + np.outer([0.001, -0.002], days - days[0])
    smooth = temporal_smooth(np.exp(1j * phase), days, 250)
    assert smooth.dtype == np.complex64
    np.testing.assert_allclose(np.angle(smooth * np.exp(-1j * phase)), 0, atol=2e-2)
    np.testing.assert_allclose(time_smoothing.unwrapped_in_time(smooth), phase, atol=2e-2)


def test_degenerate_series():
    one = np.exp(1j * np.array([[0.4], [2.0]])).astype(np.complex64)
    np.testing.assert_allclose(temporal_smooth(one, np.array([5.0]), 100), one, atol=1e-7)
    # dates so far apart that only the own weight is left
    z = np.exp(1j * np.array([[0.4, -2.0, 1.0]])).astype(np.complex64)
    np.testing.assert_allclose(temporal_smooth(z, np.array([0.0, 1e6, 2e6]), 1), z, atol=1e-6)


def test_full_network_recovers_smooth_phase(days):
    pairs = np.array([(a, b) for a in range(days.size) for b in range(a + 1, days.size)])
    rate = np.array([[0.002], [-0.003], [0.0]])
    phase = rate * (days[pairs[:, 1]] - days[pairs[:, 0]])
    noise = np.random.default_rng(2).normal(0, 0.1, phase.shape)
    smooth = time_smoothing.full_network_smooth(phasor((phase + noise).astype(np.float32)), pairs, days, 400)
    np.testing.assert_allclose(smooth, phase, atol=0.3)


def test_images_with_few_partners_give_no_smooth_phase(days):
    pairs = np.column_stack([np.arange(19), np.arange(1, 20)])
    smooth = time_smoothing.full_network_smooth(np.ones((4, 19), np.complex64), pairs, days, 400)
    assert np.isnan(smooth).all()


def test_cycles_next_to_the_common_image():
    series = np.array([[7.0, 7.2, 9.0]], np.float32)
    partner = np.array([0, 1, 3])
    # images 1 and 3 surround image 2: mean 8.1
    np.testing.assert_allclose(time_smoothing.cycles_near(series, partner, 2), [[2 * np.pi]], rtol=1e-6)
    # nothing later than image 4: the last column alone
    series[0, 1] = 0
    np.testing.assert_allclose(time_smoothing.cycles_near(series, partner, 4), [[2 * np.pi]], rtol=1e-6)
    # nothing earlier than image -1: the first column alone
    series[0, 0] = 1
    np.testing.assert_allclose(time_smoothing.cycles_near(series, partner, -1), [[0]], atol=1e-6)


def test_an_earlier_estimate_stays_only_if_strictly_better():
    dph = phasor(np.random.default_rng(3).normal(0, 0.5, (100, 2)).astype(np.float32))
    good, bad = np.angle(dph).astype(np.float32), np.zeros((100, 2), np.float32)
    smooth = good.copy()
    time_smoothing.keep_better(smooth, bad, dph, np.array([0, 1]))
    np.testing.assert_array_equal(smooth, good)
    smooth = bad.copy()
    time_smoothing.keep_better(smooth, good, dph, np.array([0, 1]))
    np.testing.assert_array_equal(smooth, good)


def network(n_image=6, n_ifg=12, seed=5):
    rng = np.random.default_rng(seed)
    pairs = np.array([(a, b) for a in range(n_image) for b in range(a + 1, n_image)])
    pairs = np.concatenate([pairs[:5], rng.permutation(pairs[5:])[: n_ifg - 5]])
    design = np.zeros((n_ifg, n_image))
    design[np.arange(n_ifg), pairs[:, 0]] = -1
    design[np.arange(n_ifg), pairs[:, 1]] = 1
    return design


def test_inverted_series_are_least_squares():
    design = network()
    phase = np.random.default_rng(6).normal(size=(30, 12)).astype(np.float32)
    series = time_smoothing.inverted_series(phase, design)
    expected = np.linalg.lstsq(design[:, 1:], phase.T.astype(float), rcond=None)[0]
    np.testing.assert_allclose(series[1:], expected, atol=1e-12)
    assert not series[0].any()


def test_held_values_weigh_more():
    design = network()
    rng = np.random.default_rng(7)
    phase = rng.normal(size=(30, 12)).astype(np.float32)
    held = np.where(rng.random((30, 12)) < 0.4, phase + 2 * np.pi, np.nan).astype(np.float32)
    series = time_smoothing.inverted_series(phase, design, held)
    for edge in (0, 11):
        fixed = ~np.isnan(held[edge])
        root = np.sqrt(np.where(fixed, 1.01, 0.01))
        data = np.where(fixed, held[edge], phase[edge]).astype(float)
        expected = np.linalg.lstsq(root[:, np.newaxis] * design[:, 1:], root * data, rcond=None)[0]
        np.testing.assert_allclose(series[1:, edge], expected, atol=1e-9)


def test_a_network_in_parts_has_a_basic_solution():
    design = np.array([[-1.0, 1, 0, 0], [0, 0, -1, 1]])
    phase = np.array([[0.5, -0.25]], np.float32)
    for held in (None, np.full((1, 2), np.nan, np.float32)):
        series = time_smoothing.inverted_series(phase, design, held)
        np.testing.assert_allclose(design @ series, phase.T, atol=1e-12)
        assert np.count_nonzero(series) == 2


def test_smoothed_series(days):
    design = np.eye(days.size)[1:] - np.eye(days.size)[:-1]
    steps = (0.001 * np.diff(days))[np.newaxis]
    series = time_smoothing.series_smooth(phasor(steps.astype(np.float32)), design, days, 1e-3)
    assert series.dtype == np.float32
    np.testing.assert_allclose(series[:, 0], 0.001 * (days - days[0]), atol=1e-5)
    smooth = time_smoothing.smooth_of_series(design, series)
    np.testing.assert_allclose(smooth, steps, atol=1e-5)
    np.testing.assert_allclose(time_smoothing.noise_of(phasor(smooth), smooth), 0, atol=1e-6)
