"""Alike neighbours: the tests against SciPy's, symmetry, windows at borders, blocks, connection."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage, stats

from stamps.errors import ParameterError
from stamps.linking.blocks import Area, blocks_of
from stamps.linking.neighbours import (
    alike_pixels,
    anderson_darling,
    anderson_darling_threshold,
    connected,
    kolmogorov_smirnov_steps,
    likelihood_ratio,
    window_offsets,
    within_steps,
)
from stamps.linking.options import LinkOptions

SHAPE = (14, 17)


def amplitudes(n=12, shape=SHAPE, seed=0, levels=None):
    """Rayleigh amplitudes of three brightnesses; with ``levels`` whole numbers, so that there are ties."""
    rng = np.random.default_rng(seed)
    scale = 1.0 + 2 * (np.arange(shape[1]) // 6)
    values = rng.rayleigh(scale, (n, *shape))
    return (values if levels is None else np.ceil(values * levels)).astype(np.float32)


def flags(values, valid=None, core=None, **options):
    """(lines, samples, window lines, window samples) bool."""
    chosen = LinkOptions.of(**{"half_window": (2, 3), "alpha": 0.05, **options})
    valid = np.ones(values.shape[1:], bool) if valid is None else valid
    core = (slice(0, values.shape[1]), slice(0, values.shape[2])) if core is None else core
    bits = alike_pixels(values, valid, core, chosen)
    window = chosen.window
    return np.unpackbits(bits, axis=-1, count=window[0] * window[1]).astype(bool).reshape(*bits.shape[:2], *window)


# ---------------------------------------------------------------------- statistics


@pytest.mark.parametrize(("alpha", "steps"), [(0.01, 10), (0.0005, 13)])
def test_thresholds_of_kolmogorov_and_smirnov(alpha, steps):
    assert kolmogorov_smirnov_steps(24, alpha) == steps


def test_with_very_few_images_everything_is_accepted():
    assert kolmogorov_smirnov_steps(4, 0.0005) == 4


@given(st.integers(0, 10_000), st.integers(2, 30), st.sampled_from([None, 1, 3]))
def test_steps_are_the_distance_of_two_distributions(seed, n, levels):
    first, second = amplitudes(n, (1, 1), seed, levels).ravel(), amplitudes(n, (1, 7), seed + 1, levels)[:, 0, 6]
    distance = round(n * stats.ks_2samp(first, second, method="asymp").statistic)
    first, second = np.sort(first)[:, None], np.sort(second)[:, None]
    accepted = [bool(within_steps(first, second, steps)[0]) for steps in range(n + 1)]
    assert accepted == [steps >= distance for steps in range(n + 1)]


@pytest.mark.parametrize("levels", [None, 2])
@pytest.mark.parametrize("n", [4, 11, 24])
def test_anderson_and_darling_as_scipy_has_it(n, levels):
    first, second = amplitudes(n, (1, 8), 1, levels)[:, 0], amplitudes(n, (1, 8), 2, levels)[:, 0, ::-1]
    ours = anderson_darling(first, second)
    with pytest.warns():
        expected = [stats.anderson_ksamp([a, b]).statistic for a, b in zip(first.T, second.T, strict=True)]
    np.testing.assert_allclose(ours, expected, rtol=1e-9)


def test_threshold_of_anderson_and_darling_is_near_its_table():
    for alpha, limit in ((0.25, 0.325), (0.01, 3.752), (0.001, 6.546)):
        assert anderson_darling_threshold(alpha) == pytest.approx(limit, abs=0.06)


def test_welch_as_scipy_has_it():
    values = amplitudes(9)
    found = flags(values, shp="ttest", half_window=(0, 3))
    for line, sample in ((0, 3), (5, 8), (13, 10)):
        p = stats.ttest_ind(
            values[:, line, sample], values[:, line, sample - 3 : sample + 4].T, axis=1, equal_var=False
        )
        expected = p.pvalue >= 0.05
        expected[3] = True
        np.testing.assert_array_equal(found[line, sample, 0], expected)


def test_likelihood_ratio_in_closed_form():
    assert likelihood_ratio(np.array(2.0), np.array(2.0), 10) == 0
    assert likelihood_ratio(np.array(1.0), np.array(3.0), 10) == pytest.approx(20 * np.log(4 / 3))


@pytest.mark.parametrize("test", ["ad", "ttest"])
def test_a_statistic_that_is_not_defined_accepts_nobody(test):
    values = np.ones((6, 3, 3), np.float32)
    found = flags(values, shp=test, alpha=0.01, half_window=(1, 1))
    assert found[1, 1].sum() == 1 and found[1, 1, 1, 1]


def test_equal_samples_are_alike_where_the_statistic_is_defined():
    values = np.ones((12, 3, 3), np.float32)
    assert flags(values, half_window=(1, 1))[1, 1].all()
    assert flags(values, shp="glrt", half_window=(1, 1))[1, 1].all()


# ---------------------------------------------------------------------- windows


@given(st.sampled_from(["ks", "ad", "ttest", "glrt", "rect"]), st.integers(0, 1000))
def test_being_alike_is_mutual(test, seed):
    found = flags(amplitudes(8, (6, 7), seed, 3), shp=test)
    for dy, dx in window_offsets((2, 3)).tolist():
        for y, x in np.argwhere(found[:, :, dy + 2, dx + 3]).tolist():
            assert found[y + dy, x + dx, 2 - dy, 3 - dx]


def test_windows_are_clipped_at_the_border_of_the_image():
    found = flags(amplitudes(), shp="rect")
    assert found[0, 0].sum() == 3 * 4 and found[6, 8].all() and not found[0, 0, :2].any()


def test_pixels_that_are_not_valid_are_nobodys_neighbours():
    valid = np.ones(SHAPE, bool)
    valid[5, 6] = False
    found = flags(amplitudes(), valid, shp="rect")
    assert not found[5, 6].any() and not found[5, 7, 2, 2] and found[5, 8, 2, 2]


@pytest.mark.parametrize("pixels", [1, 40, 100])
@pytest.mark.parametrize("test", ["ks", "ad", "ttest", "glrt"])
def test_blocks_make_no_difference(test, pixels):
    values, image = amplitudes(), Area(0, SHAPE[0], 0, SHAPE[1])
    whole = flags(values, shp=test, connect=True)
    for block in blocks_of(image, (2, 3), pixels):
        part = values[:, block.around.lines, block.around.samples]
        found = flags(part, core=block.inner, shp=test, connect=True)
        np.testing.assert_array_equal(found, whole[block.core.lines, block.core.samples])


def test_a_window_larger_than_the_image():
    found = flags(amplitudes(shape=(3, 2)), shp="rect", half_window=(9, 9))
    assert (found.sum(axis=(2, 3)) == 6).all()


def test_connected_pixels_are_those_of_the_label_of_the_centre():
    accepted = np.random.default_rng(1).random((50, 7, 9)) < 0.45
    accepted[:, 3, 4] = np.arange(50) % 5 > 0
    ours = connected(accepted)
    for window, found in zip(accepted, ours, strict=True):
        labels, _ = ndimage.label(window, np.ones((3, 3)))
        expected = (labels == labels[3, 4]) & window if window[3, 4] else np.zeros_like(window)
        np.testing.assert_array_equal(found, expected)


# ---------------------------------------------------------------------- options


def test_the_significance_by_default():
    assert LinkOptions.of().alpha == 0.0005 and LinkOptions.of(shp="ad").alpha == 0.001


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"shp": "chi"}, "shp is 'chi'"),
        ({"shp": "ad", "alpha": 0.0005}, "Anderson-Darling"),
        ({"alpha": 0}, "alpha is '0'"),
        ({"half_window": "5"}, "two numbers"),
        ({"half_window": (5, -1)}, "half_window is '-1'"),
        ({"half_window": (200, 200)}, "65535"),
        ({"method": "MLE"}, "method is 'MLE'"),
        ({"ministack": 2}, "ministack is '2'"),
        ({"bandwidth": 0}, "bandwidth is '0'"),
        ({"beta": 2}, "beta is '2'"),
        ({"min_coherence": "much"}, "min_coherence is 'much'"),
    ],
)
def test_values_that_an_option_cannot_have(given, words):
    with pytest.raises(ParameterError, match=words):
        LinkOptions.of(**given)


def test_options_survive_json():
    options = LinkOptions.of(half_window="4 6", bandwidth=3, method="pta")
    assert LinkOptions.from_dict(options.as_dict()) == options and options.method == "PTA"
