"""Band-limited interpolation, nearest nodes and scattered data."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stamps.matlab import griddata_linear, interp, nearest_node

W1 = [-0.0024025613, 0.0148137803, -0.0615692623, 0.9681927179]
W1 += [0.1079155722, -0.0359896773, 0.0109082345, -0.0019589739]
W5 = [-0.0067775138, 0.0394577742, -0.1426580934, 0.6098363607]
W5 += W5[::-1]


def test_interp_of_an_impulse_shows_the_weights():
    x = np.zeros(21)
    x[10] = 1
    y = interp(x, 10)
    # the impulse is sample a of the window k-3 ... k+4 for k = 13 - a
    for p, weights in ((1, W1), (5, W5)):
        np.testing.assert_allclose([y[10 * (13 - a) + p] for a in range(8)], weights, rtol=0, atol=6e-11)


def test_interp_keeps_the_samples_and_the_length():
    x = np.random.default_rng(0).normal(size=17)
    for r in (1, 3, 10):
        y = interp(x, r)
        assert y.shape == (17 * r,)
        np.testing.assert_array_equal(y[::r], x)


def test_interp_is_exactly_antisymmetric_about_reflected_ends():
    # point reflection about the first sample: the continued signal is odd about it, so linear signals go on
    x = np.random.default_rng(1).normal(size=12)
    x[0] = 0
    mirrored = interp(np.concatenate([-x[:0:-1], x]), 5)
    np.testing.assert_allclose(interp(x, 5)[:15], mirrored[55:70], atol=1e-13)


def test_interp_follows_a_slow_sine():
    t = np.arange(60)
    fine = np.arange(600) / 10
    error = interp(np.sin(0.3 * t), 10) - np.sin(0.3 * fine)
    assert np.abs(error[100:500]).max() < 2e-3


def test_interp_is_linear_and_keeps_the_class():
    x = np.random.default_rng(2).normal(size=(2, 11))
    np.testing.assert_allclose(interp(x[0] + 1j * x[1], 4), interp(x[0], 4) + 1j * interp(x[1], 4), atol=1e-14)
    assert interp(x[0].astype(np.float32), 4).dtype == np.float32
    assert interp(np.arange(9), 2).dtype == np.float64


def test_interp_refuses_short_signals():
    with pytest.raises(ValueError, match="9 or more"):
        interp(np.ones(8), 2)
    with pytest.raises(ValueError, match="factor"):
        interp(np.ones(9), 0)


def brute_force_nearest(nodes, queries):
    distances = ((queries[:, np.newaxis, :] - nodes[np.newaxis, :, :]) ** 2).sum(axis=2)
    return distances.argmin(axis=1)


@settings(max_examples=60)
@given(st.integers(1, 60), st.integers(1, 8), st.integers(1, 3), st.booleans(), st.integers(0, 999))
def test_nearest_node_brute_force_with_ties_and_repeated_nodes(n, extent, d, integer, seed):
    rng = np.random.default_rng(seed)
    nodes = rng.integers(0, extent, (n, d))
    queries = rng.integers(-1, extent + 1, (40, d))
    if not integer:
        nodes = nodes + rng.normal(size=(n, d))
    np.testing.assert_array_equal(nearest_node(nodes, queries), brute_force_nearest(nodes, queries))


def test_nearest_node_of_a_whole_circle_is_the_lowest():
    # 12 lattice points at distance 5 from the centre, and one query with all of them tied
    circle = [(x, y) for x in range(-5, 6) for y in range(-5, 6) if x * x + y * y == 25]
    assert len(circle) == 12
    for seed in range(5):
        order = np.random.default_rng(seed).permutation(12)
        nodes = np.vstack([[100, 100], np.array(circle)[order], [5, 6]])
        assert nearest_node(nodes, [[0, 0]]).tolist() == [1]


def test_nearest_node_of_sparse_lattice_nodes():
    rng = np.random.default_rng(7)
    grid = np.stack(np.meshgrid(np.arange(40), np.arange(40), indexing="ij"), axis=-1).reshape(-1, 2)
    nodes = rng.permutation(grid)[:150]
    np.testing.assert_array_equal(nearest_node(nodes, grid), brute_force_nearest(nodes, grid))


def test_nearest_node_refuses_bad_input():
    with pytest.raises(ValueError, match="no node"):
        nearest_node(np.zeros((0, 2)), np.zeros((1, 2)))
    with pytest.raises(ValueError, match="do not fit"):
        nearest_node(np.zeros((1, 3)), np.zeros((1, 2)))
    with pytest.raises(ValueError, match="finite"):
        nearest_node(np.zeros((1, 2)), [[np.nan, 0]])
    assert nearest_node(np.zeros((1, 2)), np.zeros((0, 2))).shape == (0,)


def test_griddata_reproduces_a_plane():
    rng = np.random.default_rng(3)
    x, y = rng.uniform(0, 10, (2, 50))
    xq, yq = rng.uniform(4, 6, (2, 3, 4))
    result = griddata_linear(x, y, 1 + 2 * x - 3 * y, xq, yq)
    np.testing.assert_allclose(result, 1 + 2 * xq - 3 * yq, rtol=1e-12)


def test_griddata_outside_is_nan_and_inside_linear():
    x, y = [0, 4, 0], [0, 0, 4]
    result = griddata_linear(x, y, [0.0, 4.0, 8.0], [1, 3, -1, 0], [1, 3, 0, 4])
    np.testing.assert_allclose(result, [3, np.nan, np.nan, 8], atol=1e-13)


def test_griddata_many_columns_and_complex_values():
    x, y = np.array([0, 4, 0, 4]), np.array([0, 0, 4, 4])
    values = np.column_stack([x, y * 1j])
    np.testing.assert_allclose(griddata_linear(x, y, values, [1.0], [2.0]), [[1, 2j]], atol=1e-13)


def test_griddata_averages_repeated_positions():
    x, y = [0, 4, 0, 0], [0, 0, 4, 0]
    assert griddata_linear(x, y, [1.0, 0, 0, 3], [0], [0])[0] == pytest.approx(2)


def test_griddata_refuses_positions_on_a_line():
    for x in ([0, 1], [0, 1, 2, 3]):
        with pytest.raises(ValueError, match="span a plane"):
            griddata_linear(x, x, np.ones(len(x)), [0], [0])
    with pytest.raises(ValueError, match="does not fit"):
        griddata_linear([0, 1, 0], [0, 0, 1], [1, 2], [0], [0])
