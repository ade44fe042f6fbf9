"""Orbits and zero-Doppler geometry: closed forms on circular orbits."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stamps.errors import InputError
from stamps.insar.orbits import Orbit, bearing, locate, look_angle, perpendicular_baseline, zero_doppler_time

RADIUS, RATE = 7_070_000.0, 1.05e-3  # metres, radians per second
TIME = np.arange(-50.0, 51.0, 10.0)


def circle(time, radius=RADIUS, across=0.0, down=0.0, delay=0.0):
    """Positions on a circle over the equator that flies east (looks south), shifted by metres to the side and down."""
    angle = RATE * (np.atleast_1d(time) - delay)
    up = np.column_stack([np.cos(angle), np.sin(angle), np.zeros_like(angle)])
    return (radius - down) * up + across * np.array([0.0, 0.0, -1.0])


def orbit(**shift):
    return Orbit(TIME, circle(TIME, **shift), 0.0)


def test_interpolation_of_a_circle():
    time = np.linspace(-20, 20, 9)
    position, velocity, acceleration = orbit().state(time)
    np.testing.assert_allclose(position, circle(time), atol=1e-3)
    np.testing.assert_allclose(np.linalg.norm(velocity, axis=1), RADIUS * RATE, rtol=1e-7)
    np.testing.assert_allclose(acceleration, -(RATE**2) * position, atol=1e-4)


@given(st.floats(750e3, 950e3), st.floats(-10, 10), st.floats(-400, 5000))
def test_located_points_have_range_doppler_and_height(distance, time, height):
    point = locate(orbit(), [time], distance, height)
    satellite, velocity, _ = orbit().state(time)
    ray = point - satellite
    assert np.linalg.norm(ray) == pytest.approx(distance, abs=1e-3)
    assert np.sum(ray * velocity) / np.linalg.norm(velocity) == pytest.approx(0, abs=1e-3)
    axes = np.array([6378137.0, 6378137.0, 6356752.314245]) + height
    assert np.sum((point / axes) ** 2) == pytest.approx(1, abs=1e-9)
    assert point[0, 2] < 0  # to the right of an eastward flight
    assert zero_doppler_time(orbit(), point)[0] == pytest.approx(time, abs=1e-6)


def test_look_angle_is_that_of_the_triangle():
    satellite, point = np.array([[RADIUS, 0, 0]]), np.array([[6_300_000.0, 0, -500_000.0]])
    assert look_angle(satellite, point)[0] == pytest.approx(np.arctan2(500_000, RADIUS - 6_300_000))


@pytest.mark.parametrize(("across", "down", "delay"), [(100, 0, 0), (0, 80, 0), (-60, 150, 0), (40, -30, 0.004)])
def test_perpendicular_baseline_of_parallel_orbits(across, down, delay):
    """B_C cos θ - B_N sin θ, also when the slave flies ahead or behind."""
    time = np.linspace(-5, 5, 5)
    point = locate(orbit(), time, np.linspace(800e3, 900e3, 5), 0)
    look = look_angle(circle(time), point)
    found = perpendicular_baseline(orbit(), orbit(across=across, down=down, delay=delay), time, point)
    np.testing.assert_allclose(found, across * np.cos(look) - down * np.sin(look), atol=5e-3)


@pytest.mark.parametrize(
    ("direction", "degrees"), [((0, 0, 1), 0), ((0, 1, 0), 90), ((0, -1, -1), -135), ((9, 1, 1), 45)]
)
def test_bearing_on_the_equator(direction, degrees):
    assert bearing(np.array([6378137.0, 0, 0]), np.array(direction, float)) == pytest.approx(degrees)


def test_impossible_geometry_is_explained():
    with pytest.raises(InputError, match="four state vectors"):
        Orbit(TIME[:3], circle(TIME[:3]), -40.0)
    with pytest.raises(InputError, match="the image is of 90.000 s"):
        Orbit(TIME, circle(TIME), 90.0)
    with pytest.raises(InputError, match="do not meet the ground"):
        locate(orbit(), [0.0], 100e3, 0.0)
