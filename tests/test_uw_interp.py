"""Nearest nodes and edges."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from stamps.legacy.uw_interp import grid_edges, nearest_nodes, uw_interp
from stamps.workspace import Workspace

masks = arrays(bool, st.tuples(st.integers(2, 9), st.integers(2, 9))).filter(lambda mask: mask.sum() > 1)


def test_ties_go_to_the_lowest_node():
    nzix = np.zeros((3, 3), bool)
    nzix[0, 0] = nzix[0, 2] = nzix[2, 0] = True
    # nodes down the columns: (0,0), (2,0), (0,2)
    np.testing.assert_array_equal(nearest_nodes(nzix), [[0, 0, 2], [0, 0, 2], [1, 1, 1]])


@settings(max_examples=40)
@given(masks)
def test_nearest_node_by_exhaustive_search(nzix):
    nodes = np.argwhere(nzix.T)[:, ::-1]
    cells = np.indices(nzix.shape).reshape(2, -1).T
    distance = ((cells[:, np.newaxis] - nodes) ** 2).sum(axis=2)
    np.testing.assert_array_equal(nearest_nodes(nzix).ravel(), distance.argmin(axis=1))


@settings(max_examples=40)
@given(masks.filter(lambda mask: not mask.all()))
def test_edges_join_neighbouring_cells(nzix):
    nearest = nearest_nodes(nzix)
    edges, rowix, colix = grid_edges(nearest)
    assert np.all(edges[:, 0] < edges[:, 1])
    np.testing.assert_array_equal(edges, np.unique(edges, axis=0))
    for index, first, second in ((rowix, nearest[:-1], nearest[1:]), (colix, nearest[:, :-1], nearest[:, 1:])):
        np.testing.assert_array_equal(index == 0, first == second)
        used = index != 0
        pair = edges[np.abs(index[used]) - 1]
        forward = index[used] > 0
        np.testing.assert_array_equal(np.where(forward, pair[:, 0], pair[:, 1]), first[used])
        np.testing.assert_array_equal(np.where(forward, pair[:, 1], pair[:, 0]), second[used])


def test_without_empty_cells_the_first_edge_is_lost():
    edges, rowix, colix = grid_edges(nearest_nodes(np.ones((2, 2), bool)))
    # quirk: the pairs are 0-1, 0-2, 1-3, 2-3
    np.testing.assert_array_equal(edges, [[0, 2], [1, 3], [2, 3]])
    np.testing.assert_array_equal(rowix, [[0, 3]])
    np.testing.assert_array_equal(colix, [[1], [2]])


def test_saved_file(tmp_path):
    nzix = np.zeros((4, 5), bool)
    nzix[1, 1] = nzix[3, 4] = True
    Workspace(tmp_path).save("uw_grid", {"nzix": nzix})
    uw_interp(workdir=tmp_path)
    raw = Workspace(tmp_path).load_raw("uw_interp")
    np.testing.assert_array_equal(raw["edgs"], [[1, 1, 2]])
    assert {raw[name].dtype for name in ("edgs", "n_edge", "rowix", "colix", "Z")} == {np.dtype(float)}
    assert raw["Z"].min() == 1 and raw["rowix"].shape == (3, 5) and raw["colix"].shape == (4, 4)
