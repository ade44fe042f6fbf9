"""Combining single-master and small-baseline pixels: array functions, against sums written out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stamps.insar.network import design_matrix
from stamps.steps import combining

PAIRS = np.array([[0, 1], [0, 2], [1, 2], [2, 3], [1, 3]])


def table(positions, lonlat):
    number = np.arange(1, len(positions) + 1)
    return {"ij": np.column_stack([number, positions]).astype(float), "lonlat": np.asarray(lonlat, float)}


def test_common_pixels_have_the_same_line_and_sample():
    ps = table([[5, 5], [1, 9], [3, 3], [1, 2]], [[10, 0], [11, 0], [12, 0], [13, 0]])
    sb = table([[1, 2], [7, 7], [1, 9]], [[13, 0], [14, 0], [11, 0]])
    match = combining.match_pixels(ps, sb)
    assert match.ps_common.tolist() == [3, 1] and match.sb_common.tolist() == [0, 2]
    assert match.ps_only.tolist() == [0, 2]


def test_the_others_are_sorted_by_longitude_and_latitude_and_distinct():
    positions = [[0, 0], [0, 1], [0, 2], [0, 3], [0, 4], [0, 5]]
    ps = table(positions, [[3, 2], [3, 1], [1, 5], [3, 2], [2, 0], [9, 9]])
    sb = table([[8, 8]], [[2, 0]])
    # the fifth stands where one of sb is, the fourth where the first is
    assert combining.match_pixels(ps, sb).ps_only.tolist() == [2, 1, 0, 5]
    empty = table(np.empty((0, 2)), np.empty((0, 2)))
    assert combining.match_pixels(empty, sb).ps_only.size == 0
    assert combining.match_pixels(ps, empty).ps_only.tolist() == [2, 4, 1, 0, 5]


def test_pairs_are_the_network_times_the_images():
    values = np.random.default_rng(0).normal(size=(6, 4)).astype(np.float32)
    result = combining.pair_differences(values, PAIRS)
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, values @ design_matrix(PAIRS, 4).T, atol=1e-6)
    images = 3 * np.exp(1j * values).astype(np.complex64)
    phasors = combining.pair_phasors(images, PAIRS)
    assert phasors.dtype == np.complex64
    np.testing.assert_allclose(phasors, images[:, PAIRS[:, 1]] * images[:, PAIRS[:, 0]].conj() / 9, atol=1e-6)


def test_coherence_written_out():
    """The master is image 1; its residual is C_ps itself, and ph_res is taken with C_ps in it."""
    ph_res = np.array([[0.1, -0.4, 0.3]], np.float32)
    residual = [0.1, 0.7, -0.4, 0.3]
    total = sum(np.exp(1j * (residual[second] - residual[first])) for first, second in PAIRS)
    result = combining.pair_coherence(ph_res, np.array([0.7]), 1, PAIRS)
    assert result.dtype == np.float32 and result[0] == pytest.approx(abs(total) / 5, rel=1e-6)


@given(st.lists(st.floats(-3, 3), min_size=3, max_size=3), st.floats(-3, 3), st.floats(-3, 3), st.integers(0, 3))
def test_coherence_is_at_most_one_and_blind_to_a_common_phase(ph_res, c_ps, common, master):
    ph_res = np.array([ph_res])
    coherence = combining.pair_coherence(ph_res, np.array([c_ps]), master, PAIRS)[0]
    assert 0 <= coherence <= 1 + 1e-12
    shifted = combining.pair_coherence(ph_res + common, np.array([c_ps + common]), master, PAIRS)[0]
    assert shifted == pytest.approx(coherence)
    assert combining.pair_coherence(0 * ph_res + common, np.array([common]), master, PAIRS)[0] == pytest.approx(1)


def test_weakest_of_the_reference():
    coherence = np.array([0.3, 0.5, 0.6, np.nan], np.float32)
    assert combining.above_weakest(coherence, np.array([0.9, 0.5, np.nan])).tolist() == [False, False, True, False]
    # 0.3 in single is larger than in double, so both are compared in single
    assert not combining.above_weakest(coherence[:1], np.array([0.3]))[0]
    assert not combining.above_weakest(coherence, np.empty(0)).any()


def test_weights():
    np.testing.assert_allclose(combining.signal_to_noise(np.array([0, 0.6, 0.8])), [0, 0.36 / 0.64, 0.64 / 0.36])
    assert np.isfinite(combining.signal_to_noise(np.array([1.0, 1.0000001]))).all()


def test_weighted_phasors_written_out():
    first, second = np.exp(1j * np.array([[0.2, 1.0]])), np.exp(1j * np.array([[0.8, -2.0]])).astype(np.complex64)
    result = combining.weighted_phasors(first, np.array([3.0]), second, np.array([1.0]))
    total = 3 * first + second
    assert result.dtype == np.complex64
    np.testing.assert_allclose(result, total / np.abs(total), atol=1e-6)
    opposite = combining.weighted_phasors(first, np.array([2.0]), -first, np.array([2.0]))
    assert opposite.dtype == np.complex128 and not opposite.any()


@pytest.mark.parametrize(
    ("first", "second", "joined"),
    [("f4", "f8", "f4"), ("f8", "f8", "f8"), ("c16", "f4", "c8"), ("c16", "c8", "c8"), ("c16", "f8", "c16")],
)
def test_joined_class(first, second, joined):
    result = combining.join_rows(np.ones((2, 3), first), np.zeros((1, 3), second))
    assert result.dtype == joined and result[:, 0].tolist() == [1, 1, 0]
