"""Annealing of edges."""

import numpy as np
import pytest

from stamps.legacy.uw_sb_smooth_unwrap import Options, Problem, _drawn, uw_sb_smooth_unwrap

BOUNDS = np.pi * np.array([[-0.5, 0.5], [-0.25, 0.25], [-1, 1], [-0.25, 0.25], [-1, 1]])


@pytest.fixture
def problem():
    n = 10
    design = np.eye(n)[1:] - np.eye(n)[:-1]
    design = np.concatenate([design, np.eye(n)[2:] - np.eye(n)[:-2]])
    return Problem(design, np.eye(len(design)), np.arange(n, dtype=float))


def test_model(problem):
    n = problem.time.size
    tau = problem.time
    series = problem.series([0.3, 0.1, 0.5, 0.2, -0.4])
    once = 0.1 * n / 2 * np.sin(2 * np.pi * tau / n - 0.5)
    twice = 0.2 * n / 2 * np.sin(4 * np.pi * tau / n + 0.4)
    np.testing.assert_allclose(series, 0.3 * tau + once + twice)


def test_energy_is_blind_to_whole_cycles(problem):
    model = np.array([0.3, 0.1, 0.5, 0.0, 0.0])
    dph = problem.design @ problem.series(model)
    roughness = np.abs(np.diff(problem.series(model))).sum() / 5
    cycles = 2 * np.pi * np.arange(dph.size)
    np.testing.assert_allclose(problem.energy(model, dph + cycles), roughness, atol=1e-9)
    np.testing.assert_allclose(problem.energy(model, dph + 0.1), roughness + 0.1 * dph.size, atol=1e-9)


def test_start_energy_differs_for_negative_weights(problem):
    mixed = problem._replace(weights=np.diag([-1.0] + [1.0] * (len(problem.weights) - 1)))
    dph = np.full(len(problem.design), 0.2)
    models = np.zeros(5)
    assert mixed.energy(models, dph, start=True) < mixed.energy(models, dph)


def test_cold_draws_take_the_lowest_energy():
    energy = np.array([[3.0, 1.0, 2.0, 0.5]] * 50)
    inside = np.array([[True, True, True, False]] * 50)
    chosen = _drawn(energy, inside, np.full(50, 1e-6), np.random.default_rng(0))
    assert np.all(chosen == 1)
    hot = _drawn(energy, inside, np.full(50, 1e6), np.random.default_rng(0))
    assert set(hot) == {0, 1, 2}


def test_a_slope_is_found_beyond_half_a_cycle(problem):
    wanted = np.array([[0.9], [-1.1]]) * problem.time
    dph = np.angle(np.exp(1j * wanted @ problem.design.T))
    fitted = uw_sb_smooth_unwrap(BOUNDS, Options(runs=4), problem.design, problem.weights, dph, problem.time, seed=1)
    error = (fitted - fitted[:, :1]) - wanted
    assert np.sqrt(np.mean(error**2)) < 1.0
    same = uw_sb_smooth_unwrap(BOUNDS, Options(runs=4), problem.design, problem.weights, dph, problem.time, seed=1)
    np.testing.assert_array_equal(fitted, same)
