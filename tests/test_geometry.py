"""Projection, rotation to image axes and order of pixels."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stamps.errors import InputError
from stamps.insar import geometry
from stamps.legacy.llh2local import llh2local
from stamps.legacy.local2llh import local2llh

ORIGIN = (10.005, 45.003)


def test_published_projection():
    lonlat = np.array([[10, 45], [12.3, -33.25], [10, 0]])
    expected = [[-0.394238637, -0.333379433], [213.852482453, -8667.794998450], [-0.556597454, -4985.112851215]]
    np.testing.assert_allclose(geometry.llh2local(lonlat, ORIGIN), expected, rtol=0, atol=1e-9)


def test_published_inverse():
    lonlat = geometry.local2llh(np.array([[-0.394, -0.333], [100.5, -250.25]]), ORIGIN)
    np.testing.assert_allclose(lonlat, [[10.0000030263, 45.0000034144], [11.2324586876, 42.7441179748]], atol=1e-10)


@given(st.floats(-2, 2), st.floats(-2, 2), st.floats(-179, 179), st.floats(5, 70), st.sampled_from([-1, 1]))
def test_inverse_undoes_projection(d_lon, d_lat, lon0, lat0, side):
    lat0 *= side  # the nearer the equator, the less the iteration (to 1e-8 rad) says about the longitude
    point = np.array([[lon0 + d_lon, lat0 + d_lat]])
    back = geometry.local2llh(geometry.llh2local(point, (lon0, lat0)), (lon0, lat0))
    np.testing.assert_allclose(back, point, rtol=0, atol=1e-6)


def test_points_on_the_equator():
    xy = geometry.llh2local(np.array([[10.5, 0.0]]), (10.0, 0.0))
    np.testing.assert_allclose(xy, [[6378.137 * np.radians(0.5), 0]], rtol=1e-14)
    np.testing.assert_allclose(geometry.local2llh(xy, (10.0, 0.0)), [[10.5, 0]], atol=1e-12)


def test_legacy_functions_take_columns():
    llh = np.array([[10.0, 10.1], [45.0, 45.1], [100.0, 200.0]])
    xy = llh2local(llh, ORIGIN)
    assert xy.shape == (2, 2)
    np.testing.assert_array_equal(xy.T, geometry.llh2local(llh[:2].T, ORIGIN))
    np.testing.assert_allclose(local2llh(xy, ORIGIN), llh[:2], atol=1e-6)
    assert llh2local([10.0, 45.0, 7.0], ORIGIN).shape == local2llh([0.1, 0.2], ORIGIN).shape == (2, 1)


def test_wrong_shapes_are_explained():
    with pytest.raises(InputError, match=r"rows longitude, latitude .* shape \(4, 3\)"):
        llh2local(np.zeros((4, 3)), ORIGIN)
    with pytest.raises(InputError, match="rows x and y"):
        local2llh(np.zeros((3, 3)), ORIGIN)


def test_far_points_do_not_converge():
    with pytest.raises(InputError, match="did not converge"):
        geometry.local2llh(np.array([[1e6, 1e6]]), ORIGIN)


def test_centre_ignores_nan():
    np.testing.assert_array_equal(geometry.centre_of([[1, 5], [np.nan, 9], [3, np.nan]]), [2, 7])


@pytest.mark.parametrize("heading, degrees", [(-166.6, -13.4), (-13.4, -166.6), (190, -10), (10, 170)])
def test_rotation_angle(heading, degrees):
    assert np.degrees(geometry.rotation_angle(heading)) == pytest.approx(degrees)


def strip(heading):
    """A narrow rectangle of points whose long side lies across the flight direction."""
    random = np.random.default_rng(3)
    image = random.uniform(-1, 1, (500, 2)) * [1.0, 3.0]
    angle = geometry.rotation_angle(heading)
    return image @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]), image


def test_upright_image_is_found():
    xy, image = strip(-166.6)
    turned, rotated = geometry.rotate_to_image_axes(xy, -166.6)
    assert rotated
    np.testing.assert_allclose(turned, image, atol=1e-12)


def test_no_rotation_unless_both_sides_shrink():
    _, image = strip(-166.6)
    kept, rotated = geometry.rotate_to_image_axes(image, -166.6)
    assert not rotated and kept is image
    assert geometry.rotate_to_image_axes(np.empty((0, 2)), -166.6)[1] is False


@given(st.lists(st.tuples(st.integers(-5, 5), st.integers(-5, 5)), min_size=1, max_size=40))
def test_order_is_stable_by_y_then_x(points):
    xy = np.array(points, dtype=np.float64)
    ordered, sort_ix = geometry.sort_and_round_xy(xy)
    expected = sorted(range(len(points)), key=lambda i: (points[i][1], points[i][0]))
    assert sort_ix.tolist() == expected
    np.testing.assert_array_equal(ordered, xy[expected])
    assert ordered.dtype == np.float32


def test_rounding_to_millimetres_is_single():
    xy, _ = geometry.sort_and_round_xy(np.array([[1.23456, 0.0005], [20_000.00123, 5.0]]))
    assert xy[0].tolist() == [np.float32(1.235), np.float32(0.001)]
    assert xy[1, 0] == np.float32(20_000.00123)  # beyond 16 km single precision is coarser than a millimetre


def test_order_is_decided_by_single_precision():
    # the two y differ in double only, so x decides
    _, sort_ix = geometry.sort_and_round_xy(np.array([[2.0, 1e4], [1.0, 1e4 + 1e-6], [np.nan, np.nan]]))
    assert sort_ix.tolist() == [1, 0, 2]


# ---------------------------------------------------------------------- longitudes around the globe

TURNS = st.lists(st.sampled_from([-1, 0, 1]), min_size=6, max_size=6)
PLACES = np.array([[-0.09, -0.05], [0.08, 0.03], [0.0, 0.0], [0.02, -0.02], [-0.03, 0.06], [0.1, 0.1]])


def scene(lon, lat, turns):
    """Six pixels around a place, and the same with whole turns added to their longitudes."""
    plain = PLACES + [lon, lat]
    return plain, plain + np.column_stack([360.0 * np.array(turns), np.zeros(6)])


@given(st.floats(-720, 720), st.floats(-360, 360))
def test_wrapped_longitude(lon, centre):
    wrapped = float(geometry.wrapped_longitude(lon, centre))
    assert abs(wrapped - centre) <= 180 + 1e-9
    assert (wrapped - lon) / 360 == pytest.approx(round((wrapped - lon) / 360), abs=1e-12)
    if -180 < lon - centre < 180:
        assert wrapped == lon  # every bit


def test_wrapped_longitude_keeps_what_is_no_number():
    assert np.isnan(geometry.wrapped_longitude(np.nan, 0)) and geometry.wrapped_longitude(np.inf, 0) == np.inf
    np.testing.assert_array_equal(geometry.wrapped_longitude([180, -180, 540], 0), [180, 180, 180])


@given(st.floats(-180, 180), st.floats(-80, 80, width=32), TURNS)  # its formula divides by the latitude
def test_local_frame_knows_no_antimeridian(lon, lat, turns):
    plain, turned = scene(lon, lat, turns)
    there = geometry.llh2local(plain, (lon + 0.005, lat + 0.025))
    np.testing.assert_allclose(geometry.llh2local(turned, geometry.centre_of(turned)), there, atol=1e-7)


@given(st.floats(-180, 180), st.floats(-80, 80), TURNS)
def test_continuous_scene(lon, lat, turns):
    plain, turned = scene(lon, lat, turns)
    for found in (geometry.continuous(turned), geometry.without_jump(turned)):
        assert np.ptp(found[:, 0]) == pytest.approx(0.19, abs=1e-9)
        np.testing.assert_allclose(np.remainder(found - plain + 180, 360), 180, atol=1e-9)
    assert -180 <= geometry.centre_of(geometry.continuous(turned))[0] <= 180


@given(st.floats(-179, 178.9), st.floats(-80, 80))
def test_ordinary_scenes_keep_every_bit(lon, lat):
    plain, _ = scene(lon, lat, [0] * 6)
    np.testing.assert_array_equal(geometry.centre_of(plain), (plain.max(axis=0) + plain.min(axis=0)) / 2)
    for same in (geometry.continuous, geometry.without_jump, geometry.within_180):
        assert same(plain) is plain


def test_degrees_from_0_to_360_stay_where_they_do_not_jump():
    east = PLACES + [190, 50]
    assert geometry.without_jump(east) is east and geometry.centre_of(east)[0] == pytest.approx(190.005)
    np.testing.assert_allclose(geometry.continuous(east)[:, 0], east[:, 0] - 360)
    greenwich = np.array([[359.9, 51], [0.1, 52]])
    np.testing.assert_allclose(geometry.centre_of(greenwich), [0, 51.5], atol=1e-12)


@given(st.floats(-180, 180), st.floats(0.01, 170), st.floats(-720, 720), st.sampled_from([-360, 0]))
def test_range_of_longitudes(west, width, lon, turn):
    east = west + width
    away = (lon - west) % 360
    if min(away, 360 - away, abs(away - width)) < 1e-6:
        return
    inside = away < width
    for strictly in (False, True):
        assert geometry.longitudes_between([lon], (west, east + turn), strictly)[0] == inside


def test_range_of_longitudes_without_end():
    lon = np.array([-179.9, 14.0, 179.9, np.nan])
    assert geometry.longitudes_between(lon, (-np.inf, np.inf), strictly=True).tolist() == [True, True, True, False]
    assert geometry.longitudes_between(lon, (15, np.inf)).tolist() == [False, False, True, False]
    assert geometry.longitude_range((14.3, 14.1)) == (14.3, 14.1)  # turned round by mistake: not the rest of the globe
    assert not geometry.longitudes_between(lon, (14.3, 13.9)).any()


@pytest.mark.parametrize("pole", [90.0, -90.0])
def test_local_frame_holds_at_the_poles(pole):
    """Distances of points on all sides of a pole, against those on the globe."""
    lon, away = np.meshgrid(np.arange(-180, 180, 30.0), [0.01, 0.3])
    lonlat = np.column_stack([lon.ravel(), np.sign(pole) * (90 - away.ravel())])
    xy = geometry.llh2local(lonlat, geometry.centre_of(lonlat))
    colatitude, angle = away.ravel(), np.radians(lon.ravel())
    flat = (
        111.69 * colatitude[:, np.newaxis] * np.column_stack([np.cos(angle), np.sin(angle)])
    )  # km of a degree at the poles
    apart = [np.linalg.norm(points[:, None] - points[None], axis=2) for points in (xy, flat)]
    np.testing.assert_allclose(apart[0], apart[1], atol=0.02)
