"""Stations against pixels: projection, common dates, differences, calibration with outliers."""

import numpy as np
import pytest

from stamps.analysis.gnss import compare_series, into_line_of_sight, on_dates, summary_of
from stamps.analysis.gnss_calibration import calibrate, calibrate_dates
from stamps.analysis.plates import PLATES, plate_velocity, rotation_of
from stamps.errors import ParameterError
from stamps.products.line_of_sight import look_vector

VECTOR = look_vector(np.radians([39.0]), -12.0)[0]


def test_projection_with_correlated_errors():
    rng = np.random.default_rng(0)
    std, r = np.array([1.0, 2.0, 4.0]), np.array([0.3, -0.5, 0.2])
    full = np.diag(std**2)
    for (i, j), value in zip(((0, 1), (0, 2), (1, 2)), r, strict=True):
        full[i, j] = full[j, i] = value * std[i] * std[j]
    seen, error = into_line_of_sight(VECTOR, [[3.0, -1.0, 5.0]], std[None], r[None])
    assert seen[0] == pytest.approx(VECTOR @ [3, -1, 5]) and error[0] == pytest.approx(np.sqrt(VECTOR @ full @ VECTOR))
    drawn = rng.multivariate_normal([3, -1, 5], full, 40000) @ VECTOR
    assert drawn.std() == pytest.approx(error[0], rel=0.02)
    assert into_line_of_sight(VECTOR, [[0, 0, 1.0]], [[0, 0, 2.0]])[1][0] == pytest.approx(2 * VECTOR[2])


def test_means_around_dates():
    days = np.arange(100.0)
    values, std = np.where(days < 50, 1.0, 3.0), np.where(days % 2 == 0, 1.0, 2.0)
    values[20] = np.nan
    mean, error = on_dates([10, 20, 50, 200], days, values, std)
    weights = 1 / std[47:54] ** 2
    assert mean[:2] == pytest.approx([1, 1]) and mean[2] == pytest.approx(np.average(values[47:54], weights=weights))
    assert error[0] == pytest.approx(1 / np.sqrt((1 / std[7:14] ** 2).sum())) and np.isnan(mean[3])


def test_figures_of_a_station():
    rng = np.random.default_rng(1)
    days = 737000 + 12.0 * np.arange(80)
    t = (days - days[0]) / 365.25
    truth = -8 * t + 3 * np.sin(2 * np.pi * t)
    pixels, station = truth + rng.normal(0, 2, 80), truth + 140 + 1.5 * t + rng.normal(0, 1, 80)
    pixels[5], station[9] = np.nan, np.nan
    found = compare_series(days, pixels, station)
    assert found.n == 78 and np.isnan(found.difference[[5, 9]]).all()
    assert found.offset == pytest.approx(142, abs=0.6) and found.slope == pytest.approx(1.5, abs=4 * found.slope_std)
    assert found.std == pytest.approx(np.hypot(2.24, 1.5 * t.std()), rel=0.2) and found.correlation > 0.9
    assert found.station_velocity - found.pixels_velocity == pytest.approx(found.slope)
    assert found.rms**2 == pytest.approx(np.nanmean(found.difference**2))


def test_errors_of_the_slope_are_true():
    rng = np.random.default_rng(2)
    days = 737000 + 12.0 * np.arange(60)
    found = [compare_series(days, rng.normal(0, 2, 60), rng.normal(0, 1, 60)) for _ in range(1500)]
    slopes = np.array([one.slope for one in found])
    assert slopes.std() == pytest.approx(np.mean([one.slope_std for one in found]), rel=0.06)


def test_a_constant_station_has_no_correlation():
    found = compare_series([1.0, 2, 3], [1.0, 2, 3], [5.0, 5, 5])
    assert np.isnan(found.correlation) and found.station_velocity == 0


def test_too_few_common_dates_are_refused():
    with pytest.raises(ParameterError, match="2 dates in common"):
        compare_series([1.0, 2, 3], [1.0, 2, np.nan], [5.0, 5, 5])


def stations(seed, n=12, wrong=0):
    rng = np.random.default_rng(seed)
    xy = rng.uniform(-50, 50, (n, 2))
    sigma = rng.uniform(0.5, 2, n)
    y = 3 + 0.05 * xy[:, 0] - 0.02 * xy[:, 1] + rng.normal(0, sigma)
    y[:wrong] += 40
    return xy, y, sigma


def test_a_plane_comes_back_with_true_errors():
    found = [calibrate(*stations(seed), "plane") for seed in range(150)]
    parameters = np.array([one.parameters for one in found])
    errors = np.sqrt(np.array([np.diag(one.covariance) for one in found]))
    z = (parameters - [3, 0.05, -0.02]) / errors
    assert np.abs(z.mean(axis=0)).max() < 4 / np.sqrt(len(z))
    assert z.std(axis=0) == pytest.approx(np.ones(3), rel=0.3)
    one = found[0]
    value, error = one.at([[10.0, -20.0]])
    row = np.array([1, 10, -20])
    assert value[0] == pytest.approx(row @ one.parameters)
    assert error[0] == pytest.approx(np.sqrt(row @ one.covariance @ row))


def test_a_wrong_station_hardly_counts():
    xy, y, sigma = stations(3, wrong=1)
    found = calibrate(xy, y, sigma, "plane")
    assert found.weights[0] < 0.15 and np.abs(found.parameters - [3, 0.05, -0.02]).max() < 1.5
    assert found.left_out[0] > 30 and found.left_out_rms > 5


def test_an_offset_is_the_weighted_mean():
    y, sigma = np.array([1.0, 1.4, 0.8]), np.array([1.0, 2.0, 1.0])
    found = calibrate(np.zeros((3, 2)), y, sigma)
    assert found.parameters[0] == pytest.approx(np.average(y, weights=1 / sigma**2))
    assert found.covariance[0, 0] == pytest.approx(1 / (1 / sigma**2).sum())
    single = calibrate([[1.0, 2.0]], [4.0], [0.5])
    assert (
        single.parameters[0] == 4 and np.isnan(single.left_out_rms) and single.covariance[0, 0] == pytest.approx(0.25)
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((np.zeros((3, 2)), np.zeros(3), np.ones(3), "plane"), "needs 4 stations; there are 3"),
        ((np.zeros((0, 2)), [], []), "needs 1 stations; there are 0"),
        ((np.stack([np.arange(6.0)] * 2, axis=1), np.zeros(6), np.ones(6), "plane"), "on one line"),
        ((np.zeros((3, 2)), np.zeros(3), [1, 0, 1]), "positive"),
        ((np.zeros((3, 2)), [1, np.nan, 1], np.ones(3)), "finite"),
        ((np.zeros((3, 2)), np.zeros(3), np.ones(3), "spline"), "'spline' is unknown"),
    ],
)
def test_calibrations_that_cannot_be_are_refused(arguments, message):
    with pytest.raises(ParameterError, match=message):
        calibrate(*arguments)


def test_figures_of_all_stations():
    rng = np.random.default_rng(4)
    sigma = rng.uniform(0.5, 3, 4000)
    found = summary_of(rng.normal(0, sigma), sigma)
    assert found["chi2_dof"] == pytest.approx(1, abs=0.07) and found["n"] == 4000 and found["p"] > 1e-3
    assert found["outliers"] < 30 and found["wrms"] < found["rms"]
    assert np.isnan(summary_of([1.0], [1.0], 1)["chi2_dof"])


# ---------------------------------------------------------------------- dates


def test_surfaces_of_dates_come_back_though_stations_lack_some():
    rng = np.random.default_rng(5)
    xy, truth = rng.uniform(-40, 40, (9, 2)), rng.normal(0, [8, 0.1, 0.1], (25, 3))
    own = rng.normal(0, 100, 9)
    difference = np.column_stack([np.ones(9), xy]) @ truth.T + own[:, None] + rng.normal(0, 0.2, (9, 25))
    difference[2, :12] = difference[5, 3] = np.nan
    difference[:6, 20] = np.nan  # three stations are left
    found = calibrate_dates(xy, difference, np.full((9, 25), 0.2), 7, "plane")
    expected = truth - truth[7]
    used = np.arange(25) != 20
    assert np.isnan(found.parameters[20]).all() and found.stations[20] == 3
    off = (found.parameters - expected)[used]
    assert (np.abs(off).max(axis=0) < [0.5, 0.02, 0.02]).all()
    error = np.sqrt(np.einsum("kpp->kp", found.covariance))[used & (np.arange(25) != 7)]
    assert 0.5 < np.mean((off[np.arange(25)[used] != 7] / error) ** 2) < 2
    assert (found.parameters[7] == 0).all() and (found.covariance[7] == 0).all()
    assert found.at([[10.0, -3.0]])[0, 4] == pytest.approx(found.parameters[4] @ [1, 10, -3])


def test_dates_that_cannot_be_calibrated():
    difference = np.zeros((3, 5))
    difference[:, 2] = np.nan
    for zero, kind, said in (
        (2, "offset", "needs 1 stations on the reference date; there are 0"),
        (0, "plane", "needs 4"),
    ):
        with pytest.raises(ParameterError, match=said):
            calibrate_dates(np.zeros((3, 2)), difference, np.ones((3, 5)), zero, kind)
    line = np.stack([np.arange(5.0)] * 2, axis=1)
    with pytest.raises(ParameterError, match="on one line"):
        calibrate_dates(line, np.zeros((5, 4)), np.ones((5, 4)), 0, "plane")


# ---------------------------------------------------------------------- plates


@pytest.mark.parametrize(
    ("plate", "rate"),
    [("eurasia", 0.261), ("north-america", 0.194), ("pacific", 0.679), ("nubia", 0.267), ("Arabia", 0.515)],
)
def test_rates_of_plates(plate, rate):
    """Degrees per million years, as the paper's table gives them beside the components."""
    assert np.degrees(np.linalg.norm(rotation_of(plate))) * 1e6 == pytest.approx(rate, abs=6e-4)


def test_motion_of_a_plate():
    """A pole at the pole of the Earth moves everything east by the radius of its parallel; at a pole nothing moves."""
    moved = plate_velocity([[14.0, 40.0], [-100.0, -60.0]], rotation_of(pole=(90, 0, 1.0)))
    a, e2 = 6378137.0, 0.00669437999
    lat = np.radians([40.0, -60.0])
    parallel = a * np.cos(lat) / np.sqrt(1 - e2 * np.sin(lat) ** 2)
    assert moved[:, 0] == pytest.approx(np.radians(1e-6) * parallel * 1000) and moved[:, 1:] == pytest.approx(
        0, abs=1e-9
    )
    axis = rotation_of("eurasia")
    pole = np.degrees([[np.arctan2(axis[1], axis[0]), np.arctan2(axis[2], np.hypot(*axis[:2]) * (1 - e2))]])
    assert plate_velocity(pole, axis)[0] == pytest.approx(0, abs=1e-6)
    rome = plate_velocity([[12.5, 41.9]], axis)[0]
    assert 20 < rome[0] < 26 and 14 < rome[1] < 19 and abs(rome[2]) < 0.2  # north-east at some 28 mm/yr
    assert all(np.hypot(*plate_velocity([[0.0, 0.0]], rotation_of(name))[0, :2]) < 120 for name in PLATES)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "give one of them"),
        ({"plate": "eurasia", "pole": (1, 2, 3)}, "give one of them"),
        ({"plate": "atlantis"}, "'atlantis' is unknown: antarctica"),
        ({"pole": (91, 0, 1)}, "is none"),
        ({"pole": (1, 0)}, "is none"),
        ({"pole": (55, -99, 250)}, "another unit"),
        ({"pole": (55, np.nan, 0.2)}, "is none"),
    ],
)
def test_plates_that_are_none(given, said):
    with pytest.raises(ParameterError, match=said):
        rotation_of(**given)
