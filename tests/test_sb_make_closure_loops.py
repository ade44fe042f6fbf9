"""Loops of interferograms and the pixels that close them."""

import numpy as np

from stamps.insar.loops import closure_loops
from stamps.legacy.sb_identify_good_pixels import good_pixels, sb_identify_good_pixels
from stamps.legacy.sb_make_closure_loops import sb_make_closure_loops
from stamps.workspace import Workspace

NODES = np.column_stack([np.arange(8) * 12.0, [0, 30, -20, 50, 10, -40, 25, 5]])


def closes(loops, pairs):
    """The signed sum of image differences around each loop is zero."""
    design = np.zeros((len(pairs), len(NODES)))
    design[np.arange(len(pairs)), pairs[:, 0]] -= 1
    design[np.arange(len(pairs)), pairs[:, 1]] += 1
    return not (loops @ design[: loops.shape[1]]).any()


def test_triangles_of_a_complete_network():
    pairs = np.array([(a, b) for a in range(4) for b in range(a + 1, 4)])
    loops = closure_loops(pairs, np.arange(6), NODES)
    expected = [[1, -1, 0, 1, 0, 0], [1, 0, -1, 0, 1, 0], [0, 1, -1, 0, 0, 1], [0, 0, 0, 1, -1, 1]]
    np.testing.assert_array_equal(loops, expected)
    assert closes(loops, pairs)


def test_long_loops_take_the_shortest_path_once():
    pairs = np.array([[0, 1], [1, 2], [0, 2], [2, 4], [4, 5], [2, 5], [3, 5], [1, 3], [6, 7]])
    loops = closure_loops(pairs, np.arange(9), NODES)
    assert closes(loops, pairs)
    np.testing.assert_array_equal(loops[:2], [[1, 1, -1, 0, 0, 0, 0, 0, 0], [0, 0, 0, 1, 1, -1, 0, 0, 0]][: len(loops)])
    # 3-5 and 1-3 are in one loop with 1-2 and 2-5, found twice and kept once; 6-7 hangs alone
    assert len(loops) == 3 and set(np.flatnonzero(loops[2])) == {1, 5, 6, 7} and not loops[:, 8].any()


def test_width_follows_the_retained_interferograms():
    pairs = np.array([[0, 1], [1, 2], [2, 3], [0, 2], [3, 4], [4, 5]])
    assert closure_loops(pairs, np.array([0, 1, 3]), NODES).shape == (1, 4)
    assert closure_loops(pairs, np.array([0, 1, 3, 4, 5]), NODES).shape == (1, 5)


def test_a_tree_has_no_loop():
    assert closure_loops(np.array([[0, 1], [1, 2]]), np.arange(2), NODES).shape == (0, 0)


def test_good_pixels():
    loops = np.array([[1.0, 1, -1]])
    ph = np.array([[1, 2, 3], [1, 2, 3 + 0.9], [1, 2, 3 - 1.2], [1, np.nan, 3], [1, 2, 3 + 2 * np.pi]], np.float32)
    expected = np.zeros((5, 4), bool)
    expected[:2, :3] = True
    ph = np.column_stack([ph, np.zeros(5, np.float32)])
    np.testing.assert_array_equal(good_pixels(ph, loops), expected)
    # a common cycle is no misclosure
    ph[:, 2] += np.float32(2 * np.pi)
    np.testing.assert_array_equal(good_pixels(ph, loops), expected)
    assert not good_pixels(ph, None).any()


def test_files_of_a_real_network(golden_state):
    ws = Workspace(golden_state("sb_mini", 6))
    loops = sb_make_closure_loops(workdir=ws)
    pairs = ws.load("ps2")["ifgday_ix"]
    design = np.zeros((32, 12))
    design[np.arange(32), pairs[:, 0]] -= 1
    design[np.arange(32), pairs[:, 1]] += 1
    assert len(loops) > 20 and not (loops @ design).any()
    sb_identify_good_pixels(workdir=ws)
    raw = ws.load_raw("phuw_good2")["good_pixels"]
    assert raw.dtype == bool and raw.shape == (645, 32) and raw.mean() > 0.99
    np.testing.assert_array_equal(ws.load_raw("phuw_loops2")["intfg_loops"], loops)
