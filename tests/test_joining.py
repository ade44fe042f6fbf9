"""Pixels of several projects in cells and as pairs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stamps.analysis.joining import best_shift, cells_of, mean_of, nearest_pairs, shared_noise, std_of
from stamps.errors import ParameterError

A = np.array([[5.0, 5], [15, 5], [95, 5], [250, 250], [np.nan, 3]])
B = np.array([[50.0, 50], [260, 290], [1000, 1000]])


def test_cells_hold_pixels_of_all():
    cells = cells_of([A, B], 100)
    assert cells.centres.tolist() == [[50, 50], [250, 250]]
    assert cells.of[0].tolist() == [0, 0, 0, 1, -1] and cells.of[1].tolist() == [0, 1, -1]
    assert cells.counts.tolist() == [[3, 1], [1, 1]]
    assert cells_of([A, B, A], 100).counts[0].tolist() == [3, 1, 3]
    with pytest.raises(ParameterError, match="No cell of 100 m holds 2 pixels of each project"):
        cells_of([A, B], 100, 2)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(-3, 3), st.integers(-3, 3))
def test_cells_move_with_the_lattice(seed, i, j):
    rng = np.random.default_rng(seed)
    one, other = rng.uniform(0, 500, (40, 2)), rng.uniform(0, 500, (30, 2))
    first = cells_of([one, other], 100)
    move = 100.0 * np.array([i, j])
    moved = cells_of([one + move, other + move], 100)
    assert moved.centres == pytest.approx(first.centres + move)
    assert all((a == b).all() for a, b in zip(first.of, moved.of, strict=True))


def test_means_leave_out_what_is_missing():
    cell = np.array([0, 0, 1, -1, 1])
    values = np.array([1.0, 3.0, np.nan, 100.0, 7.0])
    assert mean_of(cell, values, 3)[:2].tolist() == [2, 7] and np.isnan(mean_of(cell, values, 3)[2])
    assert mean_of(cell, values, 2, np.array([3.0, 1, 1, 1, 1]))[0] == pytest.approx(1.5)
    columns = np.stack([values, 2 * values], axis=1)
    assert mean_of(cell, columns, 2).tolist() == [[2, 4], [7, 14]]


def test_errors_of_a_cell_do_not_vanish():
    std = std_of(np.array([0] * 100 + [1] * 2 + [2]), np.full(103, 3.0), 4)
    assert std[:3] == pytest.approx([3 / np.sqrt(3), 3 / np.sqrt(2), 3]) and np.isnan(std[3])


def test_pairs_are_mutual_and_near():
    assert nearest_pairs(A, B, 60).tolist() == [[1, 0], [3, 1]]
    assert nearest_pairs(A, B, 45).tolist() == [[3, 1]]
    heights = (np.array([0, 0, 10, 100, 0.0]), np.array([15, 150, 0.0]))
    assert nearest_pairs(A, B, 60, heights).tolist() == [[1, 0]]
    with pytest.raises(ParameterError, match="do the projects overlap"):
        nearest_pairs(A, B, 60, heights, 2)
    with pytest.raises(ParameterError, match="do the projects overlap"):
        nearest_pairs(A + 1e5, B, 60)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6))
def test_pairs_are_the_same_from_both_sides(seed):
    rng = np.random.default_rng(seed)
    one, other = rng.uniform(0, 100, (40, 2)), rng.uniform(0, 100, (50, 2))
    pairs = nearest_pairs(one, other, 30)
    back = nearest_pairs(other, one, 30)[:, ::-1]
    assert sorted(map(tuple, pairs)) == sorted(map(tuple, back))
    assert len(set(pairs[:, 0])) == len(set(pairs[:, 1])) == len(pairs)


@pytest.mark.parametrize("size", [0, -1, np.nan, np.inf])
def test_sizes_that_are_none_are_refused(size):
    with pytest.raises(ParameterError):
        cells_of([A, B], size)
    with pytest.raises(ParameterError):
        nearest_pairs(A, B, size)


def test_nothing_at_all():
    with pytest.raises(ParameterError, match="no pixel"):
        cells_of([np.full((2, 2), np.nan), np.empty((0, 2))], 10)


def test_noise_that_pixels_share():
    rng = np.random.default_rng(0)
    years, cell = np.arange(60) / 10, np.repeat(np.arange(40), 5)
    own, common = rng.normal(0, 1, (200, 60)), np.repeat(rng.normal(0, 1, (40, 60)), 5, axis=0)
    trend = rng.normal(0, 50, (200, 1)) * years
    apart = shared_noise(cell, years, trend + own, 40)
    alike = shared_noise(cell, years, trend + common, 40)
    half = shared_noise(cell, years, trend + own + common, 40)
    assert apart.mean() == pytest.approx(1 / 5, abs=0.02) and alike == pytest.approx(np.ones(40))
    assert half.mean() == pytest.approx((1 + 1 / 5) / 2, abs=0.05)
    own[0, 7] = np.nan
    assert np.isfinite(shared_noise(cell, years, own, 41)[:40]).all() and np.isnan(
        shared_noise(cell, years, own, 41)[40]
    )


def test_errors_of_means_with_shared_noise_are_as_large_as_their_scatter():
    rng, cell = np.random.default_rng(1), np.zeros(4, dtype=np.int64)
    years = (np.arange(50) - 24.5) / 10
    slopes, errors = [], []
    for _ in range(400):
        series = rng.normal(0, 1, (4, 50)) + rng.normal(0, 2, 50)
        std = np.sqrt(((series - series.mean(axis=1, keepdims=True)) ** 2).sum(axis=1) / 48 / (years**2).sum())
        errors.append(std_of(cell, std, 1, shared_noise(cell, years, series, 1))[0])
        slopes.append(series.mean(axis=0) @ years / (years**2).sum())
    assert np.std(slopes) == pytest.approx(np.sqrt(np.mean(np.square(errors))), rel=0.1)
    assert std_of(cell, np.full(4, 2.0), 1, np.array([np.nan]))[0] == pytest.approx(2 / np.sqrt(3))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.floats(-25, 25), st.floats(-25, 25))
def test_a_shift_comes_back(seed, east, north):
    rng = np.random.default_rng(seed)
    ground = rng.uniform(0, 1500, (400, 2))
    other = ground[:300] + [east, north] + rng.normal(0, 1.5, (300, 2))
    found = best_shift(ground, np.vstack([other, rng.uniform(0, 1500, (200, 2))]))
    assert found.certain and found.shift == pytest.approx([-east, -north], abs=0.7) and found.pairs > 200


def test_places_of_chance_have_no_shift():
    rng = np.random.default_rng(3)
    for _ in range(20):
        found = best_shift(rng.uniform(0, 1500, (400, 2)), rng.uniform(0, 1500, (500, 2)))
        assert not found.certain and found.shift.tolist() == [0, 0]
    assert not best_shift(np.empty((0, 2)), rng.uniform(0, 9, (5, 2))).certain
    with pytest.raises(ParameterError, match="not possible"):
        best_shift([[0, 0]], [[0, 0]], 5, 6)
