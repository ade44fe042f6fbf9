"""Edges in time: choice of series, slopes, methods."""

import numpy as np
import pytest

from stamps.errors import InputError
from stamps.insar.phase import phasor
from stamps.legacy.uw_sb_unwrap_space_time import (
    Network,
    Slopes,
    Term,
    noise_weights,
    uw_sb_unwrap_space_time,
    with_noise,
)
from stamps.steps.unwrapping.look_angle import search_series
from stamps.workspace import Workspace

DAY = np.array([0.0, 12, 36, 48, 60, 84, 96, 120])
BPERP_IMAGE = np.array([0.0, 60, -40, 80, 10, -70, 35, -15])
STAR = np.column_stack([np.full(7, 3), [0, 1, 2, 4, 5, 6, 7]])


def bperp_of(pairs):
    return BPERP_IMAGE[pairs[:, 1]] - BPERP_IMAGE[pairs[:, 0]]


def phasors_of(slope, pairs):
    return phasor(np.outer(slope, bperp_of(pairs)).astype(np.float32))


def test_unused_images_are_left_out():
    network = Network.of(np.array([[0, 2], [2, 5]]), np.arange(10.0) * 10)
    np.testing.assert_array_equal(network.ifgday_ix, [[0, 1], [1, 2]])
    np.testing.assert_array_equal(network.day, [0, 20, 50])
    np.testing.assert_array_equal(network.design, [[-1, 1, 0], [0, -1, 1]])


def test_a_chain_is_used_alone():
    pairs = np.concatenate([np.column_stack([np.arange(7), np.arange(1, 8)]), [[0, 7], [2, 5]]])
    bperp = bperp_of(pairs)
    search = search_series(np.ones((2, 9), np.complex64), pairs, bperp, DAY, 1.0)
    np.testing.assert_allclose(search.baselines, bperp[:7])
    np.testing.assert_allclose(search.n_trial_wraps, np.ptp(bperp[:7]) / np.ptp(bperp))


@pytest.mark.parametrize("swap", [[], [1, 4]])
def test_a_star_gives_successive_differences(swap):
    pairs = STAR.copy()
    pairs[swap] = pairs[swap][:, ::-1]
    slope = np.array([0.01, -0.02])
    search = search_series(phasors_of(slope, pairs), pairs, bperp_of(pairs), DAY, 1.0)
    np.testing.assert_allclose(search.baselines, np.diff(BPERP_IMAGE))
    np.testing.assert_allclose(
        np.angle(search.phasors), np.angle(np.exp(1j * np.outer(slope, np.diff(BPERP_IMAGE)))), atol=1e-5
    )


def test_other_networks_are_used_as_they_are():
    pairs = np.array([[0, 2], [1, 3], [2, 4], [3, 5], [4, 6], [5, 7], [0, 7]])
    dph = np.ones((2, 7), np.complex64)
    search = search_series(dph, pairs, bperp_of(pairs), DAY, 0.7)
    assert search.phasors is dph and search.n_trial_wraps == 0.7


def test_look_angle_terms_are_taken_away_and_added_again():
    slope = np.array([0.008, -0.012, 0.0])
    dph = phasors_of(slope, STAR)
    slopes = Slopes()
    rest, held = slopes.fit_look_angle(dph, None, bperp_of(STAR), search_series(dph, STAR, bperp_of(STAR), DAY, 0.5))
    assert held is None
    np.testing.assert_allclose(np.angle(rest), 0, atol=5e-4)
    np.testing.assert_allclose(slopes.added(np.zeros((3, 7), np.float32)), np.outer(slope, bperp_of(STAR)), atol=5e-4)


def test_temperature_term():
    temp = np.array([3.0, -5, 12, 0, 7, -9, 4])
    bperp = bperp_of(STAR)
    per_degree, per_metre = np.array([0.1, -0.07]), np.array([0.006, -0.009])
    dph = phasor((np.outer(per_degree, temp) + np.outer(per_metre, bperp)).astype(np.float32))
    slopes = Slopes()
    dph_short = phasor(np.outer(per_degree, temp).astype(np.float32))
    _, held = slopes.fit_temperature(dph_short, np.zeros((2, 7), np.float32), temp, bperp, 1, 200)
    np.testing.assert_allclose(slopes.temperature.slope, per_degree, rtol=0.02)
    np.testing.assert_allclose(held, -np.outer(slopes.temperature.slope, temp), rtol=1e-6)
    only_metres = phasor(np.outer(per_metre, bperp).astype(np.float32))
    rest, _ = slopes.fit_look_angle(only_metres, None, bperp, search_series(only_metres, STAR, bperp, DAY, 0.5))
    np.testing.assert_allclose(np.angle(rest), 0, atol=1e-3)
    np.testing.assert_allclose(np.exp(1j * slopes.added(np.angle(rest))), dph, atol=0.02)


def test_without_a_look_angle_term_the_temperature_term_goes_back():
    temp, bperp = np.array([3.0, -5, 12, 0, 7, -9, 4]), bperp_of(STAR)
    slopes = Slopes()
    slopes.temperature = Term(np.array([0.1], np.float32), temp)
    original = phasor((0.1 * temp)[np.newaxis].astype(np.float32))
    flat = np.ones((1, 7), np.complex64)
    search = search_series(flat, STAR, bperp, DAY, 0.5)
    lost = search._replace(phasors=np.full_like(search.phasors, np.nan))
    rest, _ = slopes.fit_look_angle(flat.copy(), None, bperp, lost)
    np.testing.assert_allclose(rest, original, atol=1e-6)
    assert slopes.temperature.slope[0] == slopes.look_angle.slope[0] == 0


def test_noisy_rows_lose_their_statistics():
    dph = phasor(np.array([[0.1, -0.1, 0.1], [2.5, -2.5, 2.5]], np.float32))
    phase, noise = with_noise(np.zeros((2, 3), np.float32), dph, 1.3)
    assert np.isnan(phase[1]).all() and np.isnan(noise[1]).all() and not np.isnan(phase[0]).any()
    assert not np.isnan(with_noise(np.zeros((2, 3), np.float32), dph, None)[1]).any()


def test_weights_whiten_the_noise():
    rng = np.random.default_rng(3)
    mixing = np.array([[0.3, 0, 0], [0.1, 0.2, 0], [0, 0.1, 0.1]])
    ph = np.exp(1j * rng.normal(size=(4000, 3)) @ mixing.T).astype(np.complex64)
    edges = rng.integers(0, 4000, (9000, 2))
    weights = noise_weights(ph, np.ones_like(ph), edges)
    difference = np.angle(ph[edges[:, 1]]) - np.angle(ph[edges[:, 0]])
    np.testing.assert_allclose(weights @ np.cov(difference.T) @ weights.T, np.eye(3), atol=1e-3)


def test_dependent_noise_is_only_scaled():
    rng = np.random.default_rng(4)
    ph = np.exp(1j * rng.normal(0, 0.2, (500, 1)) * [1, 0.5]).astype(np.complex64)
    ph = np.concatenate([ph, ph[:, :1]], axis=1)  # the third interferogram equals the first
    edges = rng.integers(0, 500, (900, 2))
    weights = noise_weights(ph, np.ones_like(ph), edges)
    spread = np.std(np.angle(ph[edges[:, 1]]) - np.angle(ph[edges[:, 0]]), axis=0, ddof=1)
    np.testing.assert_allclose(weights * spread, np.eye(3), atol=1e-4)


@pytest.fixture
def prepared(tmp_path):
    ws = Workspace(tmp_path)
    rng = np.random.default_rng(11)
    nzix = np.ones((5, 4), bool)
    ph = np.exp(1j * rng.normal(0, 0.3, (20, 7))).astype(np.complex64)
    ws.save("uw_grid", {"ph": ph, "ph_lowpass": np.ones_like(ph), "ph_uw_predef": None, "nzix": nzix})
    edges = np.array([[k, k + 1] for k in range(19)])
    ws.save("uw_interp", {"edgs": np.column_stack([np.arange(19), edges])})
    return ws


def test_a_look_angle_error_needs_baselines(prepared):
    with pytest.raises(InputError, match="give bperp, or la_flag 'n'"):
        uw_sb_unwrap_space_time(DAY, STAR, "3D_FULL", 100, "y", workdir=prepared)
    uw_sb_unwrap_space_time(DAY, STAR, "3D_FULL", 100, "n", prefilt_win=4, workdir=prepared)


@pytest.mark.parametrize("method", ["2D", "3D_no_def", "3D_FULL", "3D_QUICK", "3D_SMALL_DEF", "3D"])
def test_methods(prepared, method):
    def run():
        uw_sb_unwrap_space_time(DAY, STAR, method, 100, "y", bperp_of(STAR), 0.3, 4, "n", workdir=prepared)
        return prepared.load_raw("uw_space_time")

    saved = run()
    names = {"dph_space_uw", "dph_noise", "spread"}
    if method.upper() not in ("2D", "3D_NO_DEF"):
        names |= {"G", "ifreq_ij", "jfreq_ij", "shaky_ix", "predef_ix"}
    assert set(saved) == names
    ph = prepared.load("uw_grid")["ph"]
    wrapped = np.angle(ph[1:] * ph[:-1].conj())
    off = (saved["dph_space_uw"] - wrapped) / 2 / np.pi
    known = ~np.isnan(off)
    assert known.any()
    np.testing.assert_allclose(off[known], np.round(off[known]), atol=1e-5)
    assert saved["dph_space_uw"].dtype == np.float32
    assert saved["dph_noise"].shape == ((0, 0) if method == "2D" else (19, 7))
    again = run()
    np.testing.assert_array_equal(again["dph_space_uw"], saved["dph_space_uw"])
