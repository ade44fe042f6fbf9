"""From nodes back to pixels."""

import numpy as np

from stamps.legacy.uw_unwrap_from_grid import pixels_from_nodes, with_predefined

NZIX = np.array([[True, False], [True, True]])
CELLS = np.array([[0, 0], [1, 0], [1, 1], [0, 1]])


def test_pixels_keep_their_own_phase_and_take_the_cycles():
    nodes = np.array([[20.0], [-7.0], [1.0]], np.float32)
    truth = np.array([[21.5], [-9.0], [0.9], [3.0]])
    for ph_in in (np.exp(1j * truth).astype(np.complex64), np.angle(np.exp(1j * truth))):
        ph_uw = pixels_from_nodes(ph_in, CELLS, NZIX, nodes)
        assert ph_uw.dtype == np.float32
        np.testing.assert_allclose(ph_uw[:3], truth[:3], atol=2e-6)
        assert np.isnan(ph_uw[3, 0])  # its cell is no node


def test_predefined_values_replace_up_to_whole_cycles():
    ph_uw = np.array([[7.0, 1.0], [7.5, 2.0], [8.0, np.nan]], np.float32)
    predef = np.array([[0.8, np.nan], [1.2, 2.0], [np.nan, np.nan]], np.float32)
    result = with_predefined(ph_uw, predef)
    np.testing.assert_allclose(result[:, 0], [0.8 + 2 * np.pi, 1.2 + 2 * np.pi, 8.0], rtol=1e-6)
    np.testing.assert_allclose(result[:, 1], [1.0, 2.0, np.nan])
    nothing = np.full((3, 2), np.nan, np.float32)
    np.testing.assert_array_equal(with_predefined(ph_uw, nothing), ph_uw)
