"""Kinds of motion: each is found in what shows it, days of change, jumps of cycles, what is refused."""

import numpy as np
import pytest
from scipy import stats

import stamps
from stamps.analysis.classification import classify, common_break
from stamps.analysis.fitting import fit_series
from stamps.analysis.motion import Motion, Rules
from stamps.analysis.terms import Terms, design_of
from stamps.errors import ParameterError
from stamps.matlab.dates import datenum, to_yyyymmdd

DAYS = datenum(20180101) + 12.0 * np.arange(60)
T = (DAYS - DAYS[30]) / 365.25
AFTER = T > T[34]
LATER = np.maximum(0, T - T[34])
SHAPES = {
    Motion.NONE: 0 * T,
    Motion.LINEAR: -8 * T,
    Motion.QUADRATIC: 25 * T**2,
    Motion.BILINEAR: 60 * LATER,
    Motion.JUMP: 15.0 * AFTER,
    Motion.JUMP_AND_BEND: 15 * AFTER - 70 * LATER,
}


def noise(n=300, sigma=3.0, seed=0):
    return np.random.default_rng(seed).normal(0, sigma, (n, DAYS.size))


@pytest.mark.parametrize("motion", Motion)
def test_each_kind_is_found(motion):
    found = classify(DAYS, SHAPES[motion] + noise()).motion
    assert (found == motion).mean() > (0.95 if motion is not Motion.BILINEAR else 0.75)


@pytest.mark.parametrize("motion", Motion)
def test_without_noise_there_is_no_doubt(motion):
    found = classify(DAYS, SHAPES[motion][None])
    assert found.motion[0] == motion


def test_every_series_without_motion_is_not_one_in_a_hundred_too_many():
    assert (classify(DAYS, noise(4000)).motion != 0).mean() < 0.03


def test_a_step_of_ten_millimetres_is_found_where_it_is():
    found = classify(DAYS, 10.0 * (T > T[34]) + noise(500, 2.0))
    assert (found.motion == Motion.JUMP).mean() > 0.97
    jumps = found.motion == Motion.JUMP
    assert (found.break_day[jumps] == DAYS[34]).mean() > 0.9
    inside = (found.break_first[jumps] <= DAYS[34]) & (DAYS[34] <= found.break_last[jumps])
    assert inside.mean() > 0.97
    assert found.jump[jumps].mean() == pytest.approx(10, abs=0.1)
    assert found.jump[jumps].std() == pytest.approx(found.jump_std[jumps].mean(), rel=0.15)


def test_numbers_of_a_change_of_velocity():
    found = classify(DAYS, 4 * T + 30 * LATER + noise(500, 1.0))
    bent = found.motion == Motion.BILINEAR
    assert bent.mean() > 0.85
    assert found.velocity_before[bent].mean() == pytest.approx(4, abs=0.3)
    assert found.velocity_after[bent].mean() == pytest.approx(34, abs=0.5)
    change = found.velocity_after - found.velocity_before
    assert found.velocity_change[bent] == pytest.approx(change[bent])
    assert np.isnan(found.jump[bent]).all() and not found.cycle_jump.any()


def test_parabola_and_line_as_fitted():
    found = classify(DAYS, (3 + 7 * T + 11 * T**2)[None])
    assert found.acceleration[0] == pytest.approx(22) and found.motion[0] == Motion.QUADRATIC
    t = T - T.mean()
    assert found.velocity[0] == pytest.approx((t * (7 * T + 11 * T**2)).sum() / (t**2).sum())


def test_an_annual_motion_hides_nothing_where_it_is_fitted():
    wave = 6 * np.cos(2 * np.pi * T) + 2 * np.sin(2 * np.pi * T)
    rules = Rules(annual=True)
    assert (classify(DAYS, wave + noise(), rules).motion == Motion.NONE).mean() > 0.95
    assert (classify(DAYS, wave + 15.0 * AFTER + noise(300, 2.0), rules).motion == Motion.JUMP).mean() > 0.9


def test_jumps_of_whole_cycles_are_marked():
    shape, half = 1.0 * AFTER, 1000 * 0.0555 / 2
    for size, marked in ((half, True), (2 * half, True), (-half, True), (0.5 * half, False), (1.5 * half, False)):
        found = classify(DAYS, size * shape + noise(20, 1.0), wavelength=0.0555)
        assert found.cycle_jump.all() if marked else not found.cycle_jump.any()


def test_a_date_on_which_many_change_is_told():
    found = classify(DAYS, 10.0 * AFTER + noise(100, 1.0))
    day, part = common_break(found)
    assert day == DAYS[34] and part > 0.9
    assert common_break(classify(DAYS, noise(100))) is None
    places = np.random.default_rng(3).integers(8, 50, 200)
    assert common_break(classify(DAYS, 12.0 * (DAYS > DAYS[places][:, None]) + noise(200, 1.0))) is None


def test_gaps_leave_dates_out():
    series = SHAPES[Motion.JUMP] + noise(50, 1.0)
    series[:25, [3, 20, 41]], series[49, 10:] = np.nan, np.nan
    found = classify(DAYS, series)
    there = np.isfinite(series[0])
    alone = classify(DAYS[there], series[:25, there])
    for name in ("motion", "jump", "break_day", "weight", "velocity_std"):
        assert getattr(found, name)[:25] == pytest.approx(getattr(alone, name))
    assert (found.motion[:49] == Motion.JUMP).mean() > 0.95 and found.motion[49] == -1 and found.n_dates[49] == 10


def test_shifted_and_turned_series_are_of_the_same_kind():
    series = np.concatenate([shape + noise(30, 3.0, seed) for seed, shape in enumerate(SHAPES.values())])
    first = classify(DAYS, series)
    for other in (classify(DAYS, series + 700), classify(DAYS, -series)):
        assert (other.motion == first.motion).all() and other.weight == pytest.approx(first.weight, nan_ok=True)
    assert classify(DAYS + 4000, series).velocity == pytest.approx(first.velocity)


def test_what_cannot_be_told_is_refused():
    with pytest.raises(ParameterError, match="from 11 dates on; there are 10"):
        classify(DAYS[:10], noise()[:, :10])
    with pytest.raises(ParameterError, match="less than a year"):
        classify(DAYS[:30], noise()[:, :30], Rules(annual=True))
    with pytest.raises(ParameterError, match="there are 60 dates"):
        classify(DAYS, noise()[:, :59])
    with pytest.raises(ParameterError, match="must ascend"):
        classify(DAYS[::-1], noise())
    for given in ({"alpha": 0.0}, {"alpha": 1.5}, {"least_weight": -1}, {"segment": -1}):
        with pytest.raises(ParameterError):
            Rules(**given)


@pytest.mark.parametrize("n_dates", [11, 24, 60])
def test_noise_is_put_into_no_kind(n_dates):
    """At most 2 in 100 series of white noise show any kind of motion; of steady ones more do if dates are few."""
    rng = np.random.default_rng(n_dates)
    days = DAYS[0] + np.cumsum(rng.choice([6.0, 12.0, 24.0], n_dates))
    assert 0.01 < (classify(days, rng.normal(0, 2, (8000, n_dates))).motion != Motion.NONE).mean() < 0.02
    steady = rng.normal(0, 1, (4000, n_dates)) + 100 * (days - days[0]) / np.ptp(days)
    other, strict = (classify(days, steady, Rules(alpha=alpha)).motion != Motion.LINEAR for alpha in (0.01, 0.001))
    assert other.mean() < {11: 0.12, 24: 0.12, 60: 0.07}[n_dates] and strict.mean() < other.mean()


@pytest.mark.exhaustive
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_steps_at_the_noise_of_a_whole_run(golden_state, seed):
    """10 mm on the residuals of all pixels of the golden set ps_small: 24 dates, 1.7 mm in the middle, up to 7 mm."""
    found = stamps.model(workdir=golden_state("ps_small", 8), values="v-ds", n_boot=2, weights="equal")
    days, series = found.fit.design.days, np.asarray(found.table.series_matrix(), float)
    noise = series - found.fit.values()
    spread = noise.std(axis=1, ddof=2)
    assert np.median(spread) == pytest.approx(1.7, abs=0.1)
    rng = np.random.default_rng(seed)
    last = rng.integers(4, days.size - 5, len(noise))
    stepped = noise + 10 * rng.choice([-1, 1], len(noise))[:, None] * (np.arange(days.size) > last[:, None])
    classes = classify(days, stepped)
    jump = np.isin(classes.motion, (Motion.JUMP, Motion.JUMP_AND_BEND))
    assert (classes.motion > 0).mean() > 0.99 and jump.mean() > 0.91
    assert jump[spread < 2.2].mean() > 0.98 and (spread < 2.2).mean() > 0.65
    near = np.abs(np.searchsorted(days, classes.break_day[jump]) - last[jump]) <= 1
    assert near.mean() > 0.97
    significant = np.zeros(len(noise), dtype=bool)
    for k in np.unique(last):
        rows = last == k
        size, error = fit_series(design_of(days, Terms(1, (), (int(days[k]),))), stepped[rows]).of(
            f"step_{to_yyyymmdd(days[k])}"
        )
        significant[rows] = np.abs(size) > stats.t.isf(0.005, days.size - 3) * error
    assert significant.mean() > 0.945
