"""Components: mixed sources come back, conventions, what is refused."""

import numpy as np
import pytest

from stamps.analysis.components import components_of, usual_number
from stamps.errors import ParameterError

pytest.importorskip("sklearn")


def scene(seed=0, n=3000, k=60, noise=1.0):
    """A bowl that sinks steadily and a ramp that follows the year, with noise."""
    rng = np.random.default_rng(seed)
    xy = rng.uniform(-1, 1, (n, 2))
    bowl = np.exp(-((xy - 0.3) ** 2).sum(axis=1) / 0.1)
    ramp = xy[:, 0] ** 3 + 0.2 * xy[:, 1]
    t = np.arange(k) / 20
    courses = np.stack([-40 * t / t.max(), 12 * np.sin(2 * np.pi * t)], axis=1)
    maps = np.stack([bowl, ramp], axis=1)
    return maps, courses, maps @ courses.T + rng.normal(0, noise, (n, k))


def alike(one, two):
    return np.abs(np.corrcoef(one.T, two.T)[: one.shape[1], one.shape[1] :])


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("increments", [False, True])
def test_mixed_sources_come_back(seed, increments):
    maps, courses, series = scene(seed, noise=0.3)
    found = components_of(series, "sica", 2, increments=increments, runs=5)
    r = alike(found.maps, maps)
    assert r.max(axis=1).min() > 0.97 and sorted(r.argmax(axis=1)) == [0, 1]
    assert alike(found.courses, courses)[np.arange(2), r.argmax(axis=1)].min() > 0.98
    assert found.stability.min() > 0.95 and found.explained.sum() > (0.5 if increments else 0.98)


def test_in_time_the_courses_are_independent():
    maps, courses, series = scene(2, noise=0.3)
    found = components_of(series, "tica", 2, runs=5)
    assert alike(found.courses, courses).max(axis=1).min() > 0.95


def test_principal_components_are_those_of_the_singular_values():
    _, _, series = scene(3, n=400, k=20)
    found = components_of(series, "pca", 4)
    x = series.T - series.T.mean(axis=0)
    x = x - x.mean(axis=1, keepdims=True)
    u, s, v = np.linalg.svd(x, full_matrices=False)
    assert found.explained == pytest.approx(s[:4] ** 2 / (s**2).sum())
    assert alike(found.maps, v[:4].T)[np.arange(4), np.arange(4)] == pytest.approx(np.ones(4))
    assert (found.stability == 1).all()


@pytest.mark.parametrize("method", ["pca", "sica", "tica"])
@pytest.mark.parametrize("increments", [False, True])
def test_all_parts_together_are_the_series(method, increments):
    _, _, series = scene(4, n=300, k=12)
    found = components_of(series, method, 3, increments=increments, runs=2)
    rest = series - found.part([1, 2, 3]) - found.mean - found.offset[:, None]
    assert np.sqrt((rest**2).mean(axis=0)) == pytest.approx(found.residual_of_dates)
    assert np.sqrt((rest**2).mean(axis=1)) == pytest.approx(found.residual_of_pixels)
    assert np.abs(rest).mean() < np.abs(series).mean() and (found.part([2])[:, 0] == 0).all()
    everything = components_of(series, "pca", 11)
    assert everything.residual_of_dates.max() < 1e-9


def test_conventions():
    _, _, series = scene(5)
    one, two = components_of(series, "sica", 3, runs=0), components_of(series, "sica", 3, runs=0)
    assert (one.maps == two.maps).all() and np.isnan(one.stability).all()
    assert one.maps.std(axis=0) == pytest.approx(np.ones(3)) and (one.courses[0] == 0).all()
    assert (one.maps.max(axis=0) >= -one.maps.min(axis=0)).all()
    energy = ((one.courses - one.courses.mean(axis=0)) ** 2).sum(axis=0)
    assert (np.diff(energy) <= 1e-9 * energy[0]).all()


def test_the_number_of_sources_is_found():
    for seed in range(3):
        assert components_of(scene(seed)[2], "pca").maps.shape[1] == 2
    assert usual_number(np.random.default_rng(1).normal(size=(2000, 30))) == 1


def test_pixels_that_lack_a_date_take_no_part():
    _, _, series = scene(6, n=500, k=12)
    series[7, 3] = np.nan
    found = components_of(series, "pca", 2)
    assert np.isnan(found.maps[7]).all() and np.isfinite(np.delete(found.maps, 7, axis=0)).all()
    assert np.isnan(found.part([1])[7]).all()


@pytest.mark.parametrize(
    ("series", "arguments", "message"),
    [
        (np.zeros((50, 10)), ("ica",), "'ica' is unknown: there are pca, sica, tica"),
        (np.zeros((50, 3)), (), "four dates"),
        (np.full((50, 10), np.nan), (), "10 dates and 0 series"),
        (np.ones((50, 10)), ("pca",), "nothing to decompose"),
        (np.random.default_rng(0).random((50, 10)), ("pca", 10), "1 to 9 are possible"),
        (np.random.default_rng(0).random((50, 10)), ("pca", 0), "0 components"),
        (np.zeros(50), (), r"\(n, k\)"),
    ],
)
def test_what_cannot_be_decomposed_is_refused(series, arguments, message):
    with pytest.raises(ParameterError, match=message):
        components_of(series, *arguments)


def test_components_that_are_not_there_are_refused():
    found = components_of(scene(0, n=100, k=10)[2], "pca", 2)
    for number in (0, 3, -1):
        with pytest.raises(ParameterError, match=f"no component {number}: there are 1 to 2"):
            found.part([number])


@pytest.mark.parametrize("seed", range(3))
def test_topography_year_and_subsidence_are_told_apart(seed):
    """Atmosphere that follows the height, water of a year in one place, a bowl that sinks; relative to one date."""
    rng = np.random.default_rng(seed)
    n, t = 1200, np.arange(40) * 12 / 365.25
    xy = rng.uniform(0, 3000, (n, 2))
    height = 300 + 200 * np.sin(xy[:, 0] / 700) + rng.exponential(80, n)
    aquifer = (np.hypot(*(xy - [700, 2300]).T) < 500) + rng.normal(0, 0.1, n)
    bowl = np.exp(-((np.hypot(*(xy - 1500).T) / 450) ** 2))
    year, sinking = 6 * np.cos(2 * np.pi * (t - 0.2)), -20 * t
    series = np.outer(0.02 * (height - height.mean()), rng.normal(0, 1, t.size)) + rng.normal(0, 0.8, (n, t.size))
    series += np.outer(aquifer, year) + np.outer(bowl, sinking)
    found = components_of(series - series[:, [3]], "sica", runs=3)
    assert found.maps.shape[1] == 3 and found.stability.min() > 0.95
    likeness = np.abs(np.corrcoef(np.column_stack([height, aquifer, bowl, found.maps]).T)[:3, 3:])
    best = likeness.argmax(axis=1)
    assert sorted(best) == [0, 1, 2] and likeness.max(axis=1).min() > 0.94
    for truth, number in ((year, best[1]), (sinking, best[2])):
        assert abs(np.corrcoef(truth, found.courses[:, number])[0, 1]) > 0.89


@pytest.mark.parametrize("given", [{"runs": -1}, {"seed": -1}, {"runs": 1.5}, {"number": 2.5}, {"number": "a"}])
def test_numbers_below_zero_are_refused(given):
    with pytest.raises(ParameterError, match="a whole number from 0 on"):
        components_of(np.random.default_rng(0).normal(0, 1, (50, 8)), **given)
