"""Areas that move: simulated bowls are found, as scikit-learn groups them; rules and what they refuse."""

import numpy as np
import pytest

from stamps.analysis.areas import AreaRules, _dbscan, active_points, find_areas, usual_radius
from stamps.errors import ParameterError
from stamps.simulation.geometry import Geometry
from stamps.simulation.scene import make_scene
from stamps.simulation.settings import Settings


def bowl(seed=0, n=6000, size=4000.0):
    """Points at random, one bowl that sinks, one that rises, noise of 1 mm/yr; 20 dates."""
    rng = np.random.default_rng(seed)
    xy = rng.uniform(0, size, (n, 2))
    down = 25 * np.exp(-((xy - [1000, 1000]) ** 2).sum(1) / 300**2)
    up = 18 * np.exp(-((xy - [3000, 2500]) ** 2).sum(1) / 250**2)
    velocity = up - down
    t = np.linspace(0, 2, 20)
    series = velocity[:, None] * t + rng.normal(0, 1.5, (n, 20))
    return xy, velocity, velocity + rng.normal(0, 1, n), series


@pytest.mark.parametrize("method", ["dbscan", "hdbscan"])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_simulated_bowls_are_found(seed, method):
    xy, truth, velocity, series = bowl(seed)
    found = find_areas(xy, velocity, AreaRules(method=method, sigmas=3), series=series)
    first, second = found.areas[:2]
    for area, centre, sign in ((first, (1000, 1000), -1), (second, (3000, 2500), 1)):
        assert np.hypot(*(xy[area.members].mean(axis=0) - centre)) < 60
        assert np.sign(area.velocity_mean) == sign and (np.sign(velocity[area.members]) == sign).all()
        strong = np.flatnonzero(sign * truth > 6)
        assert np.isin(strong, area.members).mean() > 0.95
        assert (np.abs(truth[area.members]) > 0.5).mean() > 0.97
        assert area.quality <= 2 and sign * area.displacement > 5
    assert sum(area.members.size for area in found.areas[2:]) < 0.02 * len(xy)
    assert found.label[first.members].tolist() == [1] * first.members.size
    assert found.spread == pytest.approx(1.0, rel=0.25) and found.threshold == pytest.approx(3 * found.spread)


@pytest.mark.parametrize("method", ["dbscan", "hdbscan"])
@pytest.mark.parametrize("seed", range(1, 5))
def test_the_bowl_of_the_simulator_is_found(seed, method):
    """Where it is, as far as it goes, with its sign, beside the motion of a fault."""
    if method == "hdbscan":
        pytest.importorskip("sklearn")
    settings = Settings(seed=seed, datadir="none")
    geometry = Geometry.of(settings)
    scene = make_scene(settings, geometry)
    rows, cols = scene.scatterers.rows, scene.scatterers.cols
    xy = np.column_stack([rows, cols]) * geometry.posting
    truth = scene.deformation.velocity[rows, cols].astype(float)
    truth -= np.median(truth)
    bowl = scene.deformation.bowl
    centre = np.array([bowl["line"], bowl["sample"]]) * geometry.posting
    noise = np.random.default_rng(seed).normal(0, 1.2, truth.size)
    (area, *others) = find_areas(xy, truth + noise, AreaRules(threshold=8.0, method=method)).areas
    assert np.hypot(*(xy[area.members].mean(axis=0) - centre)) < 0.5 * bowl["radius_m"]
    assert np.isin(np.flatnonzero(truth < -10), area.members).mean() > 0.95
    assert (truth[area.members] < -6).mean() > 0.98 and area.velocity_mean < -10
    assert np.hypot(*(xy[area.members] - centre).T).max() < 2 * bowl["radius_m"]
    assert sum(other.members.size for other in others) < 0.02 * truth.size


def test_what_is_infinite_does_not_move():
    xy, _, velocity, _ = bowl(0, 2000)
    velocity[:50] = np.inf
    found = find_areas(xy, velocity, AreaRules(sigmas=3))
    assert not found.active[:50].any() and np.isfinite([area.velocity_mean for area in found.areas]).all()


def test_nothing_moves_in_noise():
    rng = np.random.default_rng(5)
    found = find_areas(rng.uniform(0, 4000, (5000, 2)), rng.normal(0, 1, 5000), AreaRules(sigmas=3))
    assert found.areas == () and (found.label == 0).all()


@pytest.mark.parametrize("seed", range(6))
def test_dense_points_are_those_of_scikit_learn(seed):
    cluster = pytest.importorskip("sklearn.cluster")
    rng = np.random.default_rng(seed)
    xy = np.concatenate(
        [rng.normal(rng.uniform(0, 100, 2), 4, (40, 2)) for _ in range(6)] + [rng.uniform(0, 100, (60, 2))]
    )
    other = cluster.DBSCAN(eps=3.0, min_samples=5).fit(xy)
    label, cores = _dbscan(xy, 3.0, 5), other.core_sample_indices_
    assert (label[cores] == other.labels_[cores]).all() and ((label == -1) == (other.labels_ == -1)).all()


def test_the_order_of_the_points_does_not_matter():
    xy, _, velocity, series = bowl(3, 3000)
    order = np.random.default_rng(1).permutation(len(xy))
    rules = AreaRules(sigmas=3)
    one, other = (
        find_areas(xy, velocity, rules, series=series),
        find_areas(xy[order], velocity[order], rules, series=series[order]),
    )
    assert [set(area.members) for area in one.areas] == [set(order[area.members]) for area in other.areas]
    assert [area.quality for area in one.areas] == [area.quality for area in other.areas]


def test_lone_points_are_not_active():
    xy = np.array([[0, 0], [10, 0], [500, 0], [510, 0], [520, 0], [505, 8], [900.0, 900]])
    velocity = np.array([9, 9, 9, 0, 0, 0, 9.0])
    active, _, _ = active_points(xy, velocity, AreaRules(threshold=5, radius=30))
    assert active.tolist() == [True, True, False, False, False, False, False]
    one_in_four, _, _ = active_points(xy, velocity, AreaRules(threshold=5, radius=30, min_neighbours=0))
    assert one_in_four.tolist() == [True, True, False, False, False, False, True]


def test_thresholds():
    xy = np.stack([np.arange(400.0), np.zeros(400)], axis=1)
    velocity = np.random.default_rng(2).normal(0, 2, 400)
    velocity[:40] = 60
    _, robust, limit = active_points(xy, velocity, AreaRules(radius=3))
    assert robust == pytest.approx(2, rel=0.15) and limit == pytest.approx(2 * robust)
    _, plain, _ = active_points(xy, velocity, AreaRules(radius=3, spread="std"))
    assert plain == pytest.approx(velocity.std(ddof=1))
    own, spread, limit = active_points(xy, velocity, AreaRules(radius=3, spread="point"), np.full(400, 40.0))
    assert not own.any() and np.isnan([spread, limit]).all()
    with pytest.raises(ParameterError, match="needs the standard deviation"):
        active_points(xy, velocity, AreaRules(radius=3, spread="point"))


def test_missing_velocities_belong_to_nothing():
    xy, _, velocity, series = bowl(4, 3000)
    velocity[::7] = np.nan
    found = find_areas(xy, velocity, AreaRules(sigmas=3), series=series)
    assert found.areas and (found.label[::7] == 0).all()


def test_quality_tells_smooth_from_noisy():
    rng = np.random.default_rng(7)
    xy = rng.uniform(0, 100, (60, 2))
    velocity = np.full(60, 20.0)
    rules = AreaRules(threshold=5, radius=40)
    smooth = 20 * np.linspace(0, 2, 40) + rng.normal(0, 0.5, (60, 40))
    noisy = rng.normal(0, 20, (60, 40))
    qualities = [find_areas(xy, velocity, rules, series=series).areas[0].quality for series in (smooth, noisy)]
    assert qualities == [1, 4] and find_areas(xy, velocity, rules).areas[0].quality == 4


def test_the_usual_radius_is_that_of_a_lattice():
    x, y = np.meshgrid(np.arange(20) * 30.0, np.arange(10) * 30.0)
    assert usual_radius(np.stack([x.ravel(), y.ravel()], axis=1)) == pytest.approx(60 * np.sqrt(2))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((np.zeros((5, 2)), np.ones(5)), "lie at one place"),
        ((np.zeros((1, 2)), np.ones(1)), "two points at least"),
        ((np.zeros((5, 3)), np.ones(5)), r"\(n, 2\)"),
        ((np.zeros((5, 2)), np.ones(4)), r"\(n, 2\)"),
        ((np.random.default_rng(0).random((5, 2)), np.full(5, np.nan)), "velocities of two points"),
    ],
)
def test_points_that_are_none_are_refused(arguments, message):
    with pytest.raises(ParameterError, match=message):
        find_areas(*arguments)


@pytest.mark.parametrize(
    "given",
    [
        {"threshold": 0}, {"radius": -1.0}, {"sigmas": np.nan}, {"spread": "x"}, {"method": "kmeans"}, {"active_part": 2},
        {"min_points": 1}, {"min_neighbours": -1},
    ],
)  # fmt: skip
def test_rules_that_cannot_be_are_refused(given):
    with pytest.raises(ParameterError):
        AreaRules(**given)


@pytest.mark.parametrize(
    "given",
    [
        {"threshold": "5"}, {"radius": "x"}, {"sigmas": None}, {"active_part": "x"}, {"min_points": 2.5}, {"min_points": 1},
        {"min_neighbours": 1.5}, {"min_neighbours": -1}, {"min_points": "a"},
    ],
)  # fmt: skip
def test_what_is_no_number_is_named(given):
    with pytest.raises(ParameterError, match=f"{[*given][0]} of areas is"):
        AreaRules(**given)
