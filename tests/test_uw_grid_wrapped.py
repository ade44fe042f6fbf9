"""Resampling to a grid."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stamps.errors import InputError
from stamps.legacy.uw_grid_wrapped import cell_sums, grid_cells, predefined_nodes, uw_grid_wrapped
from stamps.workspace import Workspace


def pixels(n=600, n_ifg=3, seed=5):
    rng = np.random.default_rng(seed)
    xy = np.column_stack([np.arange(1, n + 1), rng.uniform(-900, 900, (n, 2))]).astype(np.float32)
    return xy, np.exp(1j * rng.uniform(-np.pi, np.pi, (n, n_ifg))).astype(np.complex64)


def test_rows_grow_with_y_and_the_last_cell_is_merged():
    y = np.array([0, 9.9, 10.1, 29.5, 30.5], np.float32)
    cells = grid_cells(np.column_stack([y, 3 * y, y]), 10)
    # cells 1 1 2 3 4; the fourth joins the third
    np.testing.assert_array_equal(cells["grid_ij"][:, 0], [0, 0, 1, 2, 2])
    assert cells["n_i"] == 3 and cells["n_i"].dtype == np.float32


def test_pixels_within_one_cell_are_refused():
    with pytest.raises(InputError, match="less than one grid cell"):
        grid_cells(np.zeros((4, 3), np.float32), 50)


def test_sums_are_sequential_and_single():
    ph = np.array([1e8, 1, 1, -1e8], np.complex64)
    assert cell_sums(ph, np.zeros(4, int), 1)[0] == np.float32(np.float32(1e8) + 1 + 1) - np.float32(1e8)
    assert cell_sums(ph, np.zeros(4, int), 1, add=False)[0] == ph[-1]


@settings(max_examples=25)
@given(st.lists(st.integers(0, 11), min_size=1, max_size=60), st.integers(0, 99))
def test_sums_of_real_phases_are_phasor_sums(cells, seed):
    flat = np.array(cells)
    phase = np.random.default_rng(seed).uniform(-9, 9, flat.size)
    expected = [np.exp(1j * phase[flat == cell]).sum() for cell in range(12)]
    np.testing.assert_allclose(cell_sums(phase, flat, 12), expected, atol=1e-5)


def test_saved_grid(tmp_path):
    xy, ph = pixels()
    uw_grid_wrapped(ph, xy, 100, 16, "n", "n", workdir=tmp_path)
    grid = Workspace(tmp_path).load("uw_grid")
    raw = Workspace(tmp_path).load_raw("uw_grid")
    nzix = grid["nzix"]
    total = np.zeros(nzix.shape, np.complex128)
    np.add.at(total, tuple(grid["grid_ij"].T), ph[:, 1])
    np.testing.assert_array_equal(nzix, total != 0)
    # nodes are numbered down the columns
    np.testing.assert_allclose(grid["ph"][:, 1], total.T[nzix.T], atol=1e-5)
    np.testing.assert_array_equal(nzix[tuple(grid["ij"].T)], True)
    np.testing.assert_allclose(grid["xy"][:, 1:], (grid["ij"][:, ::-1] + 0.5) * 100)
    classes = {name: raw[name].dtype.name for name in ("ph", "grid_ij", "ij", "n_i", "grid_x_min", "nzix", "pix_size")}
    assert classes == {
        "ph": "complex64",
        "grid_ij": "float32",
        "ij": "float64",
        "n_i": "float32",
        "grid_x_min": "float32",
        "nzix": "bool",
        "pix_size": "float64",
    }
    assert raw["ph_lowpass"].shape == raw["ph_uw_predef"].shape == (0, 0)


def test_number_of_workers_does_not_matter(tmp_path):
    xy, ph = pixels()
    results = []
    for n_workers in (1, 3):
        uw_grid_wrapped(ph, xy, 60, 16, "y", "y", 0.8, workdir=tmp_path, n_workers=n_workers)
        results.append(Workspace(tmp_path).load("uw_grid", ["ph", "ph_lowpass"]))
    np.testing.assert_array_equal(results[0]["ph"], results[1]["ph"])
    np.testing.assert_array_equal(results[0]["ph_lowpass"], results[1]["ph_lowpass"])


def test_bad_input_is_explained(tmp_path):
    xy, ph = pixels()
    with pytest.raises(InputError, match="filter window"):
        uw_grid_wrapped(ph, xy, 200, 16, workdir=tmp_path)
    ph[7, 1] = 0
    with pytest.raises(InputError, match="exactly zero"):
        uw_grid_wrapped(ph, xy, 50, 16, workdir=tmp_path)
    assert not list(tmp_path.glob("*.mat"))


def test_predefined_phase_takes_the_filtered_fraction():
    nzix = np.array([[True, False], [True, True]])
    ph = np.exp(1j * np.array([[0.3], [0.2], [-0.4]])).astype(np.complex64)
    # node 0: cell 0, node 1: cell 2, node 2: cell 3; the values lie 0.2, nothing, 2 rad off
    held = np.array([[6.7], [6.5], [np.nan], [1.6]], np.float32)
    nodes = predefined_nodes(held, np.array([0, 0, 2, 3]), nzix, ph)
    np.testing.assert_allclose(nodes[:, 0], [0.3 + 2 * np.pi, np.nan, np.nan], rtol=1e-6)
