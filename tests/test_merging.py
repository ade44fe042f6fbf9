"""Choosing and averaging pixels of patches: compared with plain loops that follow the rules one pixel at a time."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stamps.errors import InputError
from stamps.steps.merging import (
    MAX_COHERENCE,
    PHASE_ACCURACY,
    OverlapFinder,
    grid_cells,
    in_patch_proper,
    level,
    unique_coordinates,
    weights_and_snr,
)


def table(pixels):
    pixels = np.asarray(pixels, dtype=np.float64).reshape(-1, 2)
    return np.column_stack([np.arange(1, len(pixels) + 1), pixels])


def test_proper_limits_count_from_one_and_are_inclusive():
    ij = table([(0, 0), (0, 4), (0, 5), (9, 0), (10, 0)])
    assert in_patch_proper(ij, (1, 5, 1, 10)).tolist() == [True, True, False, True, False]
    assert in_patch_proper(ij, (2, 6, 1, 10)).tolist() == [False, True, True, False, False]


# ---------------------------------------------------------------------- without resampling


def chosen_by_loops(patches):
    """The rules of choosing rows, one pixel at a time."""
    merged, superseded, rows = [], set(), []
    for pixels, proper in patches:
        first = {}
        for number, pixel in enumerate(merged):
            first.setdefault(pixel, number)
        superseded |= {first[p] for p, own in zip(pixels, proper, strict=True) if own and p in first}
        taken = [i for i, p in enumerate(pixels) if proper[i] or p not in first]
        rows.append(taken)
        merged += [pixels[i] for i in taken]
    return rows, superseded


@st.composite
def overlapping_patches(draw):
    patches = []
    for _ in range(draw(st.integers(1, 4))):
        low = draw(st.integers(0, 4))
        pixels = draw(st.lists(st.tuples(st.integers(low, low + 3), st.integers(0, 3)), max_size=12, unique=True))
        patches.append((pixels, draw(st.lists(st.booleans(), min_size=len(pixels), max_size=len(pixels)))))
    return patches


@given(overlapping_patches())
def test_choice_of_rows(patches):
    finder = OverlapFinder()
    chosen = [finder.add(table(pixels), np.array(proper, dtype=bool)) for pixels, proper in patches]
    rows, superseded = chosen_by_loops(patches)
    assert [c.rows.tolist() for c in chosen] == rows
    assert {int(i) for c in chosen for i in c.superseded} == superseded
    merged = np.concatenate([c.take(table(pixels)) for c, (pixels, _) in zip(chosen, patches, strict=True)])
    for c, (pixels, _) in zip(chosen, patches, strict=True):
        here = table(pixels)[c.overlap_here, 1:]
        np.testing.assert_array_equal(here, merged[c.overlap_before, 1:])


def levelled_pair(offset, whole_cycles):
    finder = OverlapFinder()
    one, two = table([(0, 0), (0, 1), (0, 2)]), table([(0, 1), (0, 2), (0, 3)])
    selections = [finder.add(one, np.array([1, 1, 0], bool)), finder.add(two, np.array([0, 1, 1], bool))]
    values = np.arange(4, dtype=np.float32)[:, np.newaxis] * [1, 2]
    values = values.astype(np.float32)
    return level([values[:3], values[1:] + np.float32(offset)], selections, whole_cycles), values[[0, 1, 2, 2, 3]]


def test_levelling_removes_the_offset_of_a_patch():
    merged, expected = levelled_pair(2.5, False)
    assert merged.dtype == np.float32
    np.testing.assert_allclose(merged, expected, atol=1e-6)


def test_levelling_by_whole_cycles():
    merged, expected = levelled_pair(4 * np.pi + 0.3, True)
    np.testing.assert_allclose(merged[3:], expected[3:] + 0.3, atol=2e-6)
    merged, expected = levelled_pair(3.0, True)  # less than half a cycle stays
    np.testing.assert_allclose(merged[3:], expected[3:] + 3, atol=1e-6)


def test_levelling_without_overlap_changes_nothing():
    finder = OverlapFinder()
    selections = [finder.add(table([(0, k)]), np.ones(1, bool)) for k in (0, 5)]
    np.testing.assert_array_equal(level([np.array([[1.0]]), np.array([[9.0]])], selections), [[1], [9]])


# ---------------------------------------------------------------------- with resampling


def test_weights_of_perfect_and_of_random_pixels():
    rng = np.random.default_rng(0)
    ph_res = np.zeros((2, 40), np.float32)
    ph_res[1] = rng.uniform(-3, 3, 40)
    weight, snr = weights_and_snr(ph_res, np.array([0.2, 0.1]), single_master=False)
    assert weight.dtype == snr.dtype == np.float32
    assert weight[0] == 1 / np.float32(PHASE_ACCURACY**2)
    np.testing.assert_allclose(snr[0], 1 / (1 / MAX_COHERENCE**2 - 1), rtol=1e-5)
    np.testing.assert_allclose(weight[1], 1 / np.var(np.angle(np.exp(1j * (ph_res[1] - 0.1))), ddof=1), rtol=1e-5)
    coherence = abs(np.exp(1j * ph_res[1]).mean())
    np.testing.assert_allclose(snr[1], 1 / (1 / coherence**2 - 1), rtol=1e-5)


def test_master_noise_is_one_more_residual():
    ph_res = np.array([[0.5, 0.9, 0.1]], np.float32)
    c = np.array([0.5])
    weight, snr = weights_and_snr(ph_res, c, single_master=True)
    residuals = np.array([0, 0.4, -0.4, 0.5])
    np.testing.assert_allclose(weight, 1 / np.var(residuals, ddof=1), rtol=1e-5)
    coherence = abs(np.exp(1j * residuals).mean())
    np.testing.assert_allclose(snr, 1 / (1 / coherence**2 - 1), rtol=1e-5)


pixel_sets = st.lists(
    st.tuples(st.floats(0, 50, width=32), st.floats(0, 50, width=32), st.floats(0.125, 8, width=32)),
    min_size=3,
    max_size=30,
)


@settings(max_examples=50)
@given(pixel_sets, st.sampled_from([0.0, 2.0]))
def test_cells_and_their_means(pixels, min_weight):
    x, y, weight = np.array(pixels, np.float32).T
    xy = np.column_stack([np.arange(1, len(x) + 1), x, y]).astype(np.float32)
    snr = weight + np.float32(1)
    cells = grid_cells(xy, np.ones(len(x), bool), 10, weight, snr, min_weight)
    groups = {}
    for i in range(len(x)):  # the grid is anchored at 1 m
        key = tuple(int(np.ceil((v - np.float32(1) + np.float32(1e-9)) / np.float32(10))) for v in (y[i], x[i]))
        groups.setdefault(key, []).append(i)
    kept = [rows for _, rows in sorted(groups.items()) if not weight[rows].sum(dtype=np.float64) < min_weight]
    assert cells.order.tolist() == [i for rows in kept for i in rows]
    assert len(cells) == len(kept)
    values = np.column_stack([x, y]).astype(np.float64) + 100
    complex_values = values * (1 + 2j)
    for cell, rows in enumerate(kept):
        w = weight[rows].astype(np.float64)
        np.testing.assert_allclose(cells.mean(values)[cell], w @ values[rows] / w.sum(), rtol=1e-6)
        np.testing.assert_allclose(cells.mean(values[:, 0])[cell], w @ values[rows, 0] / w.sum(), rtol=1e-6)
        np.testing.assert_allclose(cells.snr_sum(complex_values)[cell], snr[rows] @ complex_values[rows], rtol=1e-6)
        signal = np.sqrt((snr[rows].astype(np.float64) ** 2).sum())
        np.testing.assert_allclose(cells.coherence()[cell], np.sqrt(1 / (1 + 1 / signal)), rtol=1e-6)
    assert cells.mean(values).dtype == np.float64 and cells.snr_sum(complex_values).dtype == np.complex128


def cells_of(pixels):
    xy = np.column_stack([np.arange(5, 5 + len(pixels)), pixels]).astype(np.float32)
    one = np.ones(len(pixels), np.float32)
    return grid_cells(xy, np.ones(len(pixels), bool), 10, one, one, 0.0)


def test_anchor_of_the_grid_for_one_and_two_pixels():
    # two pixels: the grid begins at x = 1, y = min(first x, 1); with y = -4 the rows 2 and 7.5 share a cell
    assert len(cells_of([(-4.0, 2.0), (-4.0, 5.5)])) == 1
    assert len(cells_of([(-4.0, 2.0), (-4.0, 6.5)])) == 2
    # three pixels: it begins at 1, so that 2 and 6.5 share a cell
    assert len(cells_of([(-4.0, 2.0), (-4.0, 6.5), (-4.0, 7.0)])) == 1
    assert len(cells_of([(-4.0, 2.0)])) == 1


def test_nothing_proper_gives_no_cells():
    one = np.ones(3, np.float32)
    cells = grid_cells(np.ones((3, 3), np.float32), np.zeros(3, bool), 10, one, one, 0.0)
    assert len(cells) == 0
    assert cells.mean(np.ones((3, 4))).shape == (0, 4)
    assert cells.snr_sum(np.ones(3, np.complex64)).shape == (0,)


def test_zero_weights_are_replaced_for_baselines():
    weight = np.array([0, 0, 2], np.float32)
    xy = np.array([[1, 2, 2], [2, 3, 3], [3, 90, 90]], np.float32)
    cells = grid_cells(xy, np.ones(3, bool), 10, weight, weight, 0.0)
    bperp = np.array([[10.0], [20.0], [30.0]])
    np.testing.assert_allclose(cells.mean(bperp, cells.positive_weight())[:, 0], [15, 30], rtol=1e-6)


# ---------------------------------------------------------------------- duplicates


def test_most_coherent_of_equal_coordinates_stays():
    lonlat = np.array([[1, 1], [2, 2], [1, 1], [3, 3], [1, 1], [3, 3]], float)
    coherence = np.array([0.5, np.nan, 0.9, np.nan, 0.9, 0.1])
    assert unique_coordinates(lonlat, coherence).tolist() == [False, True, True, False, False, True]
    assert unique_coordinates(lonlat[:2], np.empty(0)).all()
    with pytest.raises(InputError, match="coherence"):
        unique_coordinates(lonlat, np.empty(0))
