"""Small-baseline networks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stamps.errors import InputError
from stamps.insar.network import baselines_of_images, design_matrix, used_images

CHAIN = np.array([[0, 1], [1, 2], [2, 3], [0, 2]])


def test_rows_are_second_minus_first():
    np.testing.assert_array_equal(design_matrix(CHAIN, 4) @ [1.0, 10.0, 100.0, 1000.0], [9, 90, 900, 99])


def test_connected_network_and_what_is_left_after_drops():
    network = design_matrix(CHAIN, 4)
    design, images, connected = used_images(network, np.arange(4), 1)
    assert connected and images.tolist() == [0, 2, 3] and design.shape == (4, 3)
    _, images, connected = used_images(network, np.array([0, 2]), 1)
    assert not connected and images.tolist() == [0, 2, 3]


def test_an_image_without_pairs_is_left_out():
    _, images, connected = used_images(design_matrix(CHAIN, 5), np.arange(4), 0)
    assert connected and images.tolist() == [1, 2, 3]


def test_unused_master_is_an_error():
    with pytest.raises(InputError, match="image 5"):
        used_images(design_matrix(CHAIN, 5), np.arange(4), 4)


@given(st.integers(0, 3), st.lists(st.floats(-300, 300), min_size=4, max_size=4))
def test_baselines_of_images_undo_the_network(master, values):
    network = design_matrix(CHAIN, 4)
    images = np.delete(np.arange(4), master)
    truth = np.array(values) - values[master]
    result = baselines_of_images(network, images, (network @ truth)[np.newaxis])
    np.testing.assert_allclose(result[0], truth, atol=1e-9)
