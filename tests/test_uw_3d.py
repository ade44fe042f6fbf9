"""The driver of the unwrapping, by itself."""

import numpy as np
import pytest

from stamps.errors import InputError, ParameterError
from stamps.legacy.uw_3d import effective_method, single_master, uw_3d


@pytest.fixture(scope="module")
def stack():
    """Smooth deformation, 5 rad over the scene, sampled at 900 pixels in 8 interferograms."""
    rng = np.random.default_rng(12)
    xy = rng.uniform(0, 2000, (900, 2)).astype(np.float32)
    day = np.array([0.0, 24, 60, 84, 120, 168, 204, 240, 300])
    rate = 5 * np.sin(xy[:, 0] / 600) * np.cos(xy[:, 1] / 700)
    truth = rate[:, np.newaxis] * (day - day[4])[[0, 1, 2, 3, 5, 6, 7, 8]] / 150
    return xy, day, truth, np.exp(1j * (truth + rng.normal(0, 0.2, truth.shape))).astype(np.complex64)


def cycles_off(ph_uw, truth):
    return np.round((ph_uw - truth - np.median(ph_uw - truth, axis=0)) / 2 / np.pi)


@pytest.mark.parametrize("method", ["3D", "3D_QUICK", "3D_NO_DEF", "2D"])
def test_deformation_is_recovered(tmp_path, stack, method):
    xy, day, truth, ph = stack
    pairs = np.column_stack([np.full(8, 4), [0, 1, 2, 3, 5, 6, 7, 8]])
    options = {"unwrap_method": method, "grid_size": 50, "goldfilt_flag": "y", "scf_flag": "n", "n_trial_wraps": 0.3}
    ph_uw, msd = uw_3d(ph, xy, day, pairs, np.linspace(-100, 90, 8), options, workdir=tmp_path)
    assert ph_uw.dtype == np.float32 and msd.shape == (8,)
    np.testing.assert_allclose(np.exp(1j * ph_uw), ph, atol=1e-5)
    assert np.count_nonzero(cycles_off(ph_uw, truth)) <= (0.02 if method == "2D" else 0.005) * truth.size


def test_single_master_days_give_the_same(tmp_path, stack):
    xy, day, truth, ph = stack
    others = [0, 1, 2, 3, 5, 6, 7, 8]
    options = {"grid_size": 50, "scf_flag": "n", "master_day": 0}
    by_days, _ = uw_3d(ph, xy, (day - day[4])[others], None, None, options, workdir=tmp_path)
    pairs = np.column_stack([np.full(8, 4), others])
    by_pairs, _ = uw_3d(ph, xy, day, pairs, None, {**options, "unwrap_method": "3D"}, workdir=tmp_path)
    np.testing.assert_array_equal(by_days, by_pairs)


def test_held_values_stay(tmp_path, stack):
    xy, day, truth, ph = stack
    pairs = np.column_stack([np.full(8, 4), [0, 1, 2, 3, 5, 6, 7, 8]])
    own = truth + np.angle(ph * np.exp(-1j * truth))
    held = np.where(np.arange(900)[:, np.newaxis] % 3 == 0, own + 4 * np.pi, np.nan).astype(np.float32)
    options = {"unwrap_method": "3D_QUICK", "grid_size": 50, "scf_flag": "n", "ph_uw_predef": held}
    ph_uw, _ = uw_3d(ph, xy, day, pairs, np.linspace(-100, 90, 8), options, workdir=tmp_path)
    off = (ph_uw - held)[::3]
    np.testing.assert_allclose(off, np.broadcast_to(off[0], off.shape), atol=1e-5)


def test_pairs_of_a_single_master():
    day, pairs = single_master(np.array([24.0, -12.0, 36.0]), 0.0)
    np.testing.assert_array_equal(day, [-12, 0, 24, 36])
    np.testing.assert_array_equal(pairs, [[1, 2], [1, 0], [1, 3]])


def test_method_that_is_really_used():
    star, other = np.array([[1, 0], [1, 2]]), np.array([[0, 1], [1, 2]])
    assert effective_method("3d", star) == "3D_FULL"
    assert effective_method("3D_NEW", other) == "3D_NEW"
    assert effective_method("3D_QUICK", star) == "3D_QUICK"


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"grid_sise": 5}, ParameterError, "no option 'grid_sise'"),
        ({"unwrap_method": "4D"}, ParameterError, "unwrap_method '4D'"),
        ({"temp": [1.0]}, InputError, "temp has 1 values"),
    ],
)
def test_bad_options_are_explained(tmp_path, stack, options, error, words):
    xy, day, _, ph = stack
    pairs = np.column_stack([np.full(8, 4), [0, 1, 2, 3, 5, 6, 7, 8]])
    with pytest.raises(error, match=words):
        uw_3d(ph, xy, day, pairs, None, options, workdir=tmp_path)
    assert not list(tmp_path.iterdir())
