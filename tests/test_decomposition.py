"""East and up from lines of sight: closed forms, errors, what cannot be told apart."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stamps.analysis.decomposition import Model, decompose
from stamps.errors import ParameterError
from stamps.products.line_of_sight import headings_at, look_vector

PAIR = look_vector(np.radians([39.0, 39.0]), np.array([-12.0, -168.0]))


def seen(vectors, motion):
    return vectors @ np.asarray(motion, dtype=float)


@settings(max_examples=60, deadline=None)
@given(
    st.tuples(st.floats(25, 46), st.floats(25, 46)),
    st.tuples(st.floats(-20, -5), st.floats(-175, -160)),
    st.tuples(st.floats(-90, 90), st.floats(-90, 90)),
)
def test_motion_comes_back(incidence, heading, motion):
    vectors = look_vector(np.radians(incidence), np.array(heading))
    found = decompose(vectors[None], seen(vectors, (motion[0], 0, motion[1]))[None])
    assert found.usable[0] and (found.east[0], found.up[0]) == pytest.approx(motion, abs=1e-9)


def test_numbers_of_a_pair_of_sentinel_1():
    found = decompose(PAIR[None], [[0.0, 0.0]])
    assert found.east_std[0] == pytest.approx(1.149, abs=5e-4) and found.up_std[0] == pytest.approx(0.910, abs=5e-4)
    assert found.condition[0] == pytest.approx(1.2625, abs=1e-3)
    north = decompose(PAIR[None], seen(PAIR, (0, 1, 0))[None])
    assert north.east[0] == pytest.approx(0, abs=1e-12) and north.up[0] == pytest.approx(-0.168, abs=5e-4)


def test_errors_are_as_large_as_the_scatter():
    rng = np.random.default_rng(2)
    looks = look_vector(np.radians([33.0, 41.0, 37.0]), np.array([-13.0, -167.0, -10.0]))
    sigma = np.array([1.0, 2.0, 0.5])
    values = seen(looks, (4, 0, -9)) + rng.normal(0, sigma, (20000, 3))
    found = decompose(np.broadcast_to(looks, (20000, 3, 3)), values, np.broadcast_to(sigma, values.shape))
    for name in ("east", "up"):
        assert getattr(found, name).std() == pytest.approx(getattr(found, f"{name}_std")[0], rel=0.03)
    assert np.cov(found.east, found.up)[0, 1] == pytest.approx(found.covariance[0], rel=0.06)
    assert found.east.mean() == pytest.approx(4, abs=0.05) and found.up.mean() == pytest.approx(-9, abs=0.05)


def test_more_looks_than_unknowns_tell_how_well_they_agree():
    looks = look_vector(np.radians([33.0, 41.0, 37.0]), np.array([-13.0, -167.0, -10.0]))
    exact = decompose(looks[None], seen(looks, (4, 0, -9))[None])
    assert exact.residual[0] == pytest.approx(0, abs=1e-12)
    off = decompose(looks[None], (seen(looks, (4, 0, -9)) + [0, 0, 3])[None])
    assert off.residual[0] > 1 and np.isnan(decompose(PAIR[None], [[1.0, 2.0]]).residual[0])


def test_a_known_northward_motion_is_taken_out_and_its_error_kept():
    values = seen(PAIR, (3, 20, -7))[None]
    found = decompose(PAIR[None], values, model=Model(north=20, north_std=2))
    assert (found.east[0], found.up[0]) == pytest.approx((3, -7))
    without = decompose(PAIR[None], values)
    assert found.up_std[0] == pytest.approx(np.hypot(without.up_std[0], 2 * 0.16836), abs=1e-4)
    assert found.east_std[0] == pytest.approx(without.east_std[0])
    assert without.up[0] == pytest.approx(-7 - 20 * 0.16836, abs=1e-3)


def test_a_constrained_northward_motion_has_the_same_errors_as_an_unseen_one():
    values = seen(PAIR, (3, 0, -7))[None]
    one = decompose(PAIR[None], values, model=Model(north_std=2))
    other = decompose(PAIR[None], values, model=Model(north_std=2, constrain=True))
    assert (one.east[0], one.up[0]) == pytest.approx((other.east[0], other.up[0]))
    assert (one.east_std[0], one.up_std[0]) == pytest.approx((other.east_std[0], other.up_std[0]))


@pytest.mark.parametrize("azimuth", [90.0, 60.0, 120.0, -75.0])
def test_motion_along_an_azimuth(azimuth):
    angle = np.radians(azimuth)
    motion = (5 * np.sin(angle), 5 * np.cos(angle), -2)
    found = decompose(PAIR[None], seen(PAIR, motion)[None], model=Model(azimuth=azimuth))
    assert (found.east[0], found.up[0]) == pytest.approx((5, -2))


def test_series_are_solved_date_by_date():
    motions = np.random.default_rng(3).normal(0, 9, (4, 6, 2))
    values = np.einsum("mp,nkp->nmk", PAIR[:, [0, 2]], motions)
    sigma = np.random.default_rng(4).uniform(0.5, 2, values.shape)
    vectors = np.broadcast_to(PAIR, (4, 2, 3))
    found = decompose(vectors, values, sigma)
    assert np.stack([found.east, found.up], axis=-1) == pytest.approx(motions)
    alone = decompose(vectors, values[..., 2], sigma[..., 2])
    assert found.up_std[:, 2] == pytest.approx(alone.up_std)


@pytest.mark.parametrize("heading", [(-12.0, -12.0), (-12.0, -9.0), (-168.0, -171.0)])
def test_looks_from_the_same_side_are_not_used(heading):
    vectors = look_vector(np.radians([36.0, 40.0]), np.array(heading))
    found = decompose(vectors[None], [[1.0, 2.0]])
    assert not found.usable[0] and np.isnan([found.east[0], found.up[0], found.up_std[0]]).all()


def test_what_is_missing_is_missing_in_its_cell_only():
    vectors = np.broadcast_to(PAIR, (3, 2, 3)).copy()
    values = np.array([[1.0, 2.0], [np.nan, 2.0], [1.0, 2.0]])
    vectors[2, 0, 1] = np.nan
    found = decompose(vectors, values)
    assert np.isfinite(found.east).tolist() == [True, False, True]  # the northward part is not needed
    vectors[2, 0, 0] = np.nan
    assert np.isfinite(decompose(vectors, values).east).tolist() == [True, False, False]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((PAIR[None, :1], [[1.0]]), "two lines of sight"),
        ((PAIR, [[1.0, 2.0]]), r"\(n, m, 3\)"),
        ((PAIR[None], [[1.0, 2.0]], [[1.0]]), "standard deviations are"),
        ((PAIR[None], [[1.0, 2.0]], [[1.0, 0.0]]), "0 or negative"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(arguments, message):
    with pytest.raises(ParameterError, match=message):
        decompose(*arguments)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"north": np.nan}, "northward motion of nan"),
        ({"north_std": -1}, "not negative"),
        ({"constrain": True}, "larger than 0"),
        ({"azimuth": np.inf}, "no direction"),
        ({"azimuth": 90, "north": 1}, "give one of them"),
    ],
)
def test_assumptions_that_cannot_be_are_refused(given, message):
    with pytest.raises(ParameterError, match=message):
        Model(**given)


def test_headings_turn_with_the_meridians():
    """A satellite on a great circle over a sphere: its line of sight at pixels of a swath, by vectors."""
    track = np.radians([40.0, -12.0])  # latitude and heading where the middle of the swath is abeam
    below = np.array([np.cos(track[0]), 0, np.sin(track[0])])
    flight = np.array([-np.sin(track[0]) * np.cos(track[1]), np.sin(track[1]), np.cos(track[0]) * np.cos(track[1])])
    right = np.cross(flight, below)
    along, across = np.meshgrid(np.linspace(-0.02, 0.02, 5), np.linspace(0.06, 0.10, 5))  # radians, 250 km each
    nadir = np.cos(along)[..., None] * below + np.sin(along)[..., None] * flight
    places = (np.cos(across)[..., None] * nadir + np.sin(across)[..., None] * right).reshape(-1, 3)
    outwards = (np.cos(across)[..., None] * right - np.sin(across)[..., None] * nadir).reshape(-1, 3)
    lon, lat = np.arctan2(places[:, 1], places[:, 0]), np.arcsin(places[:, 2])
    east = np.stack([-np.sin(lon), np.cos(lon), 0 * lon], axis=1)
    azimuth = np.degrees(np.arctan2((outwards * east).sum(axis=1), (outwards * np.cross(places, east)).sum(axis=1)))
    truth = azimuth - 90
    found = headings_at(np.degrees(np.stack([lon, lat], axis=1)), truth[12])
    assert np.ptp(truth) > 1.5 and np.abs(found - truth).max() < 0.25
