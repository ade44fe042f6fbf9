"""Models of series: closed forms, errors that are true, gaps, correlated noise, what is refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from stamps.analysis.fitting import fit_series, whitened
from stamps.analysis.terms import Terms, design_of
from stamps.errors import ParameterError
from stamps.matlab.dates import datenum

FIRST = int(datenum(20180103))
DAYS = FIRST + 12.0 * np.arange(80)
JUMP, BEND, EVENT = FIRST + 300, FIRST + 500, FIRST + 400
ALL = Terms(2, (1.0,), (JUMP,), (BEND,), ((EVENT, 90.0),), ((EVENT, 20.0),))


def years(days, origin):
    return (np.asarray(days) - origin) / 365.25


def model(days, origin, values):
    """Every term of ``ALL``, written once more."""
    t, since = years(days, origin), np.maximum(0, days - EVENT)
    a, v, acc, c, s, h, b, e, log = values
    angle = 2 * np.pi * t
    return (
        a + v * t + acc * t**2 / 2 + c * np.cos(angle) + s * np.sin(angle) + h * (days > JUMP)
        + b * np.maximum(0, years(days, BEND)) + e * (1 - np.exp(-since / 90)) + log * np.log(1 + since / 20)
    )  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.floats(-50, 50).map(lambda x: round(x, 3)), min_size=9, max_size=9),
    st.integers(-400, 1400),
)
def test_coefficients_come_back_at_any_reference_day(values, offset):
    origin = FIRST + offset
    fit = fit_series(design_of(DAYS, ALL, origin), [model(DAYS, origin, values)])
    assert fit.coefficients[0] == pytest.approx(values, abs=2e-6)
    assert fit.values()[0] == pytest.approx(model(DAYS, origin, values), abs=1e-7)


def test_names_and_units():
    assert ALL.names == (
        "offset", "velocity", "acceleration", "cos_1yr", "sin_1yr", "step_20181030", "slope_20190518",
        "exp_20190207_90d", "log_20190207_20d",
    )  # fmt: skip
    assert ALL.units == ("mm", "mm/yr", "mm/yr2", "mm", "mm", "mm", "mm/yr", "mm", "mm") and ALL.size == 9


def test_a_line_as_every_textbook_has_it():
    rng = np.random.default_rng(3)
    series = rng.normal(0, 2, (5, DAYS.size)) + 4 * years(DAYS, FIRST)
    fit = fit_series(design_of(DAYS, Terms(1), FIRST), series)
    t = years(DAYS, FIRST)
    slope = ((t - t.mean()) * series).sum(1) / ((t - t.mean()) ** 2).sum()
    left = series - series.mean(1, keepdims=True) - slope[:, None] * (t - t.mean())
    noise = np.sqrt((left**2).sum(1) / (DAYS.size - 2))
    value, error = fit.of("velocity")
    assert value == pytest.approx(slope) and error == pytest.approx(noise / np.sqrt(((t - t.mean()) ** 2).sum()))
    assert fit.rmse == pytest.approx(np.sqrt((left**2).mean(1))) and fit.noise == pytest.approx(noise)
    assert fit.r2 == pytest.approx(1 - (left**2).sum(1) / ((series - series.mean(1, keepdims=True)) ** 2).sum(1))


def test_weights_are_those_of_the_normal_equations():
    rng = np.random.default_rng(4)
    sigma = rng.uniform(1, 5, DAYS.size)
    design = design_of(DAYS, Terms(1, (1.0,)), DAYS[30])
    series = rng.normal(0, sigma, (4, DAYS.size))
    fit, scaled = fit_series(design, series, sigma), fit_series(design, series, 7 * sigma)
    g = np.stack([np.ones(80), t := years(DAYS, DAYS[30]), np.cos(2 * np.pi * t), np.sin(2 * np.pi * t)], axis=1)
    weights = np.diag(1 / sigma**2)
    inverse = np.linalg.inv(g.T @ weights @ g)
    expected = (inverse @ g.T @ weights @ series.T).T
    left = series - expected @ g.T
    covariance = inverse * ((left**2 / sigma**2).sum(1) / 76)[:, None, None]
    assert fit.coefficients == pytest.approx(expected)
    assert fit.std == pytest.approx(np.sqrt(np.diagonal(covariance, axis1=1, axis2=2)))
    assert scaled.coefficients == pytest.approx(fit.coefficients) and scaled.std == pytest.approx(fit.std)


def test_errors_are_as_large_as_the_scatter():
    rng = np.random.default_rng(5)
    t = years(DAYS, DAYS[40])
    truth = 3 - 8 * t + 5 * np.cos(2 * np.pi * (t - 0.3))
    fit = fit_series(design_of(DAYS, Terms(1, (1.0,)), DAYS[40]), truth + rng.normal(0, 2, (4000, 80)))
    assert fit.coefficients.std(axis=0) == pytest.approx(fit.std.mean(axis=0), rel=0.05)
    annual = fit.annual()
    assert annual.amplitude.std() == pytest.approx(annual.amplitude_std.mean(), rel=0.05)
    assert annual.day.mean() == pytest.approx(0.3 * 365.25, abs=0.3)
    assert annual.day.std() == pytest.approx(annual.day_std.mean(), rel=0.06) and annual.p.max() < 1e-6


def test_an_annual_term_that_is_not_there_is_significant_as_often_as_it_should_be():
    series = np.random.default_rng(6).normal(0, 2, (4000, 80))
    p = fit_series(design_of(DAYS, Terms(1, (1.0,))), series).annual().p
    assert (p < 0.05).mean() == pytest.approx(0.05, abs=0.012) and (p < 0.01).mean() == pytest.approx(0.01, abs=0.006)


def test_gaps_are_left_out_pixel_by_pixel():
    rng = np.random.default_rng(7)
    series = rng.normal(0, 1, (40, 80)) + 6 * years(DAYS, FIRST)
    series[rng.random(series.shape) < 0.2] = np.nan
    series[7], series[8, 4:], series[8, :4] = np.nan, np.nan, 1.0
    design = design_of(DAYS, Terms(1), FIRST)
    fit = fit_series(design, series)
    for number in (0, 11, 39):
        there = np.isfinite(series[number])
        alone = fit_series(design_of(DAYS[there], Terms(1), FIRST), series[number : number + 1, there])
        assert fit.coefficients[number] == pytest.approx(alone.coefficients[0])
        assert fit.std[number] == pytest.approx(alone.std[0]) and fit.n_dates[number] == there.sum()
    assert np.isnan(fit.coefficients[7:9]).all() and np.isnan(fit.std[7:9]).all() and np.isnan(fit.noise[7:9]).all()
    assert fit.n_dates[7:9].tolist() == [0, 4]


def test_a_step_before_the_first_date_of_a_pixel_gives_it_no_fit():
    series = np.random.default_rng(8).normal(0, 1, (2, 80))
    series[1, :40] = np.nan
    fit = fit_series(design_of(DAYS, Terms(1, (), (JUMP,))), series)
    assert np.isfinite(fit.coefficients[0]).all() and np.isnan(fit.coefficients[1]).all()


def test_whitening_is_the_root_of_the_inverse():
    days = np.cumsum(np.random.default_rng(9).integers(6, 60, 12)).astype(float)
    correlation = np.exp(-np.abs(days[:, None] - days) / 40.0)
    root, log_determinant = whitened(np.eye(12), days, 40.0)
    assert root.T @ root == pytest.approx(np.linalg.inv(correlation), abs=1e-10)
    assert log_determinant == pytest.approx(np.linalg.slogdet(correlation)[1])


def correlated_noise(rng, n, days, time):
    """Series of 2 mm whose dates correlate with exp(−Δt/time); shape (n, k)."""
    series = rng.normal(0, 1, (n, days.size))
    for k, rho in enumerate(np.exp(-np.diff(days) / time) if time else np.zeros(days.size - 1), 1):
        series[:, k] = rho * series[:, k - 1] + np.sqrt(1 - rho**2) * series[:, k]
    return 2 * series


def covered(fit, truth):
    """Part of the 95 % intervals of each coefficient that hold the truth."""
    half = stats.t.ppf(0.975, fit.n_dates[0] - fit.design.terms.size) * fit.std
    return (np.abs(fit.coefficients - truth) < half).mean(axis=0)


@pytest.mark.parametrize("seed", [10, 11, 12])
@pytest.mark.parametrize("time", [0, 15, 40, 100])
def test_intervals_hold_the_truth_as_often_as_they_say(seed, time):
    """Irregular dates, correlation from none to a tenth of the series."""
    rng = np.random.default_rng(seed)
    days = FIRST + np.cumsum(rng.choice([6.0, 12.0, 12.0, 24.0], 80))
    t = years(days, days[10])
    design = design_of(days, Terms(1, (1.0,), (int(days[40]),)), days[10])
    truth = [1, 5, 3, -2, 4]
    clean = 1 + 5 * t + 3 * np.cos(2 * np.pi * t) - 2 * np.sin(2 * np.pi * t) + 4 * (days > days[40])
    series = clean + correlated_noise(rng, 500, days, time)
    white, coloured = fit_series(design, series), fit_series(design, series, correlated=True)
    assert ((covered(coloured, truth) > 0.91) & (covered(coloured, truth) < 0.99)).all()
    if time == 0:
        assert ((covered(white, truth) > 0.92) & (covered(white, truth) < 0.98)).all()
    else:
        assert covered(white, truth).max() < 0.88 and (white.correlation_days == 0).all()
        assert 0.5 * time < np.median(coloured.correlation_days) < 1.5 * time


def test_correlated_noise_is_no_annual_motion():
    series = correlated_noise(np.random.default_rng(13), 600, DAYS, 60)
    design = design_of(DAYS, Terms(1, (1.0,)))
    assert (fit_series(design, series).annual().p < 0.05).mean() > 0.4
    assert (fit_series(design, series, correlated=True).annual().p < 0.05).mean() < 0.08


def test_constant_series_have_no_error_of_zero():
    fit = fit_series(design_of(DAYS, Terms(1)), np.zeros((1, 80)))
    assert fit.coefficients[0] == pytest.approx([0, 0]) and (fit.std > 0).all() and np.isnan(fit.r2[0])


@pytest.mark.parametrize(
    ("days", "terms", "message"),
    [
        (DAYS[:4], Terms(1), "needs 5 dates at least; there are 4"),
        (DAYS, Terms(1, (), (FIRST - 5,)), "a change on 2017-12-29: the series is of 2018-01-03 to 2020-08-08"),
        (DAYS, Terms(1, (), (int(DAYS[-1]),)), "a change on 2020-08-08"),
        (DAYS, Terms(1, (), (), (FIRST + 5000,)), "a change on 2031-09-12"),
        (DAYS, Terms(1, (), (), (), ((int(DAYS[-1]), 5.0),)), "an event on 2020-08-08"),
        (DAYS[:20], Terms(1, (1.0,)), "A period of 1 years cannot be told from a trend in 0.62 years"),
        (DAYS, Terms(1, (), (FIRST + 1, FIRST + 2)), "cannot tell step_20180105 from"),
        (DAYS, Terms(1, (), (), (FIRST,)), "cannot tell slope_20180103 from offset, velocity"),
        (DAYS[::-1], Terms(1), "must ascend"),
        (np.repeat(DAYS, 2), Terms(1), "must ascend"),
    ],
)
def test_models_that_cannot_be_are_refused(days, terms, message):
    with pytest.raises(ParameterError, match=message):
        design_of(days, terms)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"degree": 4}, "degree of the polynomial is 4"),
        ({"periods": (0.0,)}, "A period of 0.0 years"),
        ({"periods": (1.0, 1.0)}, "1 years stands twice among the periods"),
        ({"steps": (JUMP, JUMP)}, "2018-10-30 stands twice among the steps"),
        ({"exponentials": ((EVENT, -1.0),)}, "A characteristic time of -1.0 days"),
        ({"logarithms": ((EVENT, float("nan")),)}, "A characteristic time of nan days"),
    ],
)
def test_terms_that_cannot_be_are_refused(given, message):
    with pytest.raises(ParameterError, match=message):
        Terms(**given)


def test_shapes_and_spreads_that_do_not_fit_are_refused():
    design = design_of(DAYS, Terms(1))
    for series in (np.zeros((3, 79)), np.zeros(80)):
        with pytest.raises(ParameterError, match="the model is of 80 dates"):
            fit_series(design, series)
    for sigma in (np.zeros(80), np.ones(79), np.full(80, np.nan)):
        with pytest.raises(ParameterError, match="one positive number for each of the 80 dates"):
            fit_series(design, np.zeros((3, 80)), sigma)
    fit = fit_series(design, np.zeros((3, 80)))
    with pytest.raises(ParameterError, match="no term 'speed': it has offset, velocity"):
        fit.of("speed")
    with pytest.raises(ParameterError, match="has 0 periodic terms"):
        fit.annual()
