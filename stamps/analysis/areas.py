"""Areas that move: which points do, which of them belong together, how good the areas are.

After Barra et al. (2017), the limits are our own. Source: docs/method/areas.md, sections 1 to 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from stamps.analysis.checks import real, whole
from stamps.analysis.libraries import learning
from stamps.errors import ParameterError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["Area", "AreaRules", "Areas", "active_points", "find_areas", "usual_radius"]

_MAD = 1.4826  # of a normal distribution: standard deviation over median absolute deviation
_NEIGHBOUR = 5
_LIMITS = (0.2, 0.4, 0.6)  # of the worse of both noise indices, from the best class on


@dataclass(frozen=True)
class AreaRules:
    """What makes points active, and active points an area.

    Attributes
    ----------
    threshold : float, optional
        Velocity from which on a point moves, mm/yr (default: ``sigmas`` times the spread of all).
    sigmas : float
        Number of standard deviations.
    spread : str
        ``'robust'`` (from the median of the deviations) or ``'std'``; or ``'point'``, each point's own standard deviation.
    radius : float, optional
        Metres within which an active point needs others (default: :func:`usual_radius`).
    min_neighbours : int
        Active points within the radius, the point itself not counted.
    active_part : float
        Part of all points within the radius that must be active.
    min_points : int
        Of an area, and of a place where points are dense.
    method : str
        ``'dbscan'`` or ``'hdbscan'`` (needs scikit-learn).
    """

    threshold: float | None = None
    sigmas: float = 2.0
    spread: str = "robust"
    radius: float | None = None
    min_neighbours: int = 1
    active_part: float = 0.3
    min_points: int = 5
    method: str = "dbscan"

    def __post_init__(self) -> None:
        for name in ("threshold", "radius", "sigmas", "active_part"):
            if (value := getattr(self, name)) is not None or name in ("sigmas", "active_part"):
                real(value, f"{name} of areas")
        whole(self.min_points, "min_points of areas", 2)
        whole(self.min_neighbours, "min_neighbours of areas")
        for name in ("threshold", "radius"):
            value = getattr(self, name)
            if value is not None and not (np.isfinite(value) and value > 0):
                raise ParameterError(f"The {name} of areas is {value}, but a positive number was expected.")
        if not (np.isfinite(self.sigmas) and self.sigmas > 0):
            raise ParameterError(f"Points move from {self.sigmas} standard deviations on: give a positive number.")
        if self.spread not in ("robust", "std", "point"):
            raise ParameterError(f"The spread '{self.spread}' is unknown: robust, std or point.")
        if self.method not in ("dbscan", "hdbscan"):
            raise ParameterError(f"The method '{self.method}' is unknown: dbscan or hdbscan.")
        if self.method == "hdbscan":
            learning("cluster")
        if not 0 <= self.active_part <= 1:
            raise ParameterError(f"The active part of the points is {self.active_part}, but lies between 0 and 1.")


@dataclass(frozen=True)
class Area:
    """An area: its points and what is said of it (lengths in metres, velocities in mm/yr towards the satellite).

    Attributes
    ----------
    members : ndarray of int
        0-based points.
    velocity_mean, velocity_median, velocity_largest, velocity_std : float
    displacement : float
        Mean at the last date, mm.
    temporal_noise, spatial_noise : float
        0 smooth and alike, 1 noise; NaN without series.
    quality : int
        1 best to 4.
    """

    members: NDArray[np.int64]
    velocity_mean: float
    velocity_median: float
    velocity_largest: float
    velocity_std: float
    displacement: float
    temporal_noise: float
    spatial_noise: float
    quality: int


@dataclass(frozen=True)
class Areas:
    """All areas, those that move most first.

    Attributes
    ----------
    areas : tuple of Area
    label : ndarray of int, shape (n,)
        Number of a point's area, from 1; 0 of none.
    active : ndarray of bool, shape (n,)
    spread : float
        Standard deviation of the velocities that was taken, mm/yr; NaN where each point's own was.
    threshold : float
        mm/yr; NaN where each point has its own.
    radius : float
        Metres.
    reach : float
        Metres within which dense points belong together.
    """

    areas: tuple[Area, ...]
    label: NDArray[np.int64]
    active: NDArray[np.bool_]
    spread: float
    threshold: float
    radius: float
    reach: float


def usual_radius(xy: ArrayLike) -> float:
    """Twice the median distance of a point to its fifth nearest neighbour, in the units of ``xy``.

    Pixels come in clusters: the very nearest are much nearer than the points of one area are to each other.
    """
    places = np.asarray(xy, dtype=np.float64)
    if len(places) < 2:
        raise ParameterError("Areas need two points at least.")
    distance = np.asarray(cKDTree(places).query(places, k=min(_NEIGHBOUR + 1, len(places)))[0])[:, -1]
    found = 2 * float(np.median(distance[distance > 0])) if np.any(distance > 0) else 0.0
    if found == 0:
        raise ParameterError("All points lie at one place: give the radius.")
    return found


def active_points(
    xy: ArrayLike, velocity: ArrayLike, rules: AreaRules, std: ArrayLike | None = None
) -> tuple[NDArray[np.bool_], float, float]:
    """Which points move for certain.

    Parameters
    ----------
    xy : array_like, shape (n, 2)
        Metres.
    velocity : array_like, shape (n,)
        mm/yr; NaN is not active.
    rules : AreaRules
        Its radius must be given.
    std : array_like, shape (n,), optional
        Of the velocities, for the spread ``'point'``.

    Returns
    -------
    ndarray of bool, shape (n,)
    float, float
        Spread and threshold, mm/yr.
    """
    places, v = np.asarray(xy, dtype=np.float64), np.asarray(velocity, dtype=np.float64)
    spread, limit = _limit(v, rules, std)
    moves: NDArray[np.bool_]
    with np.errstate(invalid="ignore"):
        moves = np.asarray(np.abs(v) > limit)
    radius = float(rules.radius or usual_radius(places))
    if moves.any():
        tree, of_active = cKDTree(places), cKDTree(places[moves])
        around = np.asarray(tree.query_ball_point(places[moves], radius, return_length=True))
        active = np.asarray(of_active.query_ball_point(places[moves], radius, return_length=True))
        enough = (active - 1 >= rules.min_neighbours) & (active >= rules.active_part * around)
        moves[np.flatnonzero(moves)[~enough]] = False
    return moves, spread, float(limit) if np.ndim(limit) == 0 else float("nan")


def _limit(
    v: NDArray[np.float64], rules: AreaRules, std: ArrayLike | None
) -> tuple[float, float | NDArray[np.float64]]:
    if rules.spread == "point" and rules.threshold is None:
        if std is None:
            raise ParameterError("The spread 'point' needs the standard deviation of each velocity.")
        return float("nan"), rules.sigmas * np.asarray(std, dtype=np.float64)
    known = v[np.isfinite(v)]
    if known.size < 2:
        raise ParameterError("Areas need velocities of two points at least.")
    spread = float(known.std(ddof=1)) if rules.spread == "std" else _robust_spread(known)
    return spread, rules.threshold if rules.threshold is not None else rules.sigmas * spread


def _robust_spread(v: NDArray[np.float64]) -> float:
    """From the median absolute deviation, once more without what is three of it away."""
    for _ in range(2):
        off = np.abs(v - np.median(v))
        spread = _MAD * float(np.median(off))
        if spread == 0:
            return float(v.std(ddof=1))
        v = v[off <= 3 * spread]
    return spread


def find_areas(
    xy: ArrayLike,
    velocity: ArrayLike,
    rules: AreaRules | None = None,
    *,
    series: ArrayLike | None = None,
    std: ArrayLike | None = None,
) -> Areas:
    """Find the areas that move.

    Parameters
    ----------
    xy : array_like, shape (n, 2)
        Metres.
    velocity : array_like, shape (n,)
        mm/yr towards the satellite.
    rules : AreaRules, optional
    series : array_like, shape (n, k), optional
        Displacements, mm, for the quality and the accumulated displacement.
    std : array_like, shape (n,), optional
        Of the velocities.

    Returns
    -------
    Areas

    Raises
    ------
    ParameterError
        Too few points, points without distance, or rules that do not fit.
    """
    rules = rules or AreaRules()
    places, v = np.asarray(xy, dtype=np.float64), np.asarray(velocity, dtype=np.float64)
    v = np.where(np.isfinite(v), v, np.nan)  # what is infinite does not move
    if places.ndim != 2 or places.shape[1] != 2 or v.shape != places.shape[:1]:
        raise ParameterError(f"Places are {places.shape} and velocities {v.shape}: (n, 2) and (n,) were expected.")
    radius = float(rules.radius or usual_radius(places))
    active, spread, threshold = active_points(places, v, rules, std)
    reach = 1.5 * radius
    groups: list[NDArray[np.int64]] = []
    for sign in (1, -1):  # what rises and what sinks never is one area
        of = np.flatnonzero(active & (np.sign(v) == sign))
        labels = _clusters(places[of], reach, rules)
        groups += [of[labels == number] for number in range(labels.max(initial=-1) + 1)]
    known = None if series is None else np.asarray(series, dtype=np.float64)
    made = [_described(group, v, known) for group in groups if group.size >= rules.min_points]
    made.sort(key=lambda area: (-abs(area.velocity_mean) * area.members.size, area.members[0]))
    label = np.zeros(v.size, dtype=np.int64)
    for number, area in enumerate(made, 1):
        label[area.members] = number
    return Areas(tuple(made), label, active, spread, threshold, radius, reach)


def _clusters(places: NDArray[np.float64], reach: float, rules: AreaRules) -> NDArray[np.int64]:
    """Number of the cluster of each point, from 0; −1 of none."""
    if len(places) < rules.min_points:
        return np.full(len(places), -1)
    if rules.method == "hdbscan":
        finder = learning("cluster").HDBSCAN(
            min_cluster_size=rules.min_points, min_samples=rules.min_points, allow_single_cluster=True, copy=True
        )
        return _joined(places, np.asarray(finder.fit_predict(places), dtype=np.int64), reach)
    return _dbscan(places, reach, rules.min_points)


def _joined(places: NDArray[np.float64], label: NDArray[np.int64], reach: float) -> NDArray[np.int64]:
    """Clusters that come as near to each other as ``reach`` are one, and points as near to them belong to them.

    What is denser inside an area does not divide it. (scikit-learn's own ``cluster_selection_epsilon`` fails with NumPy 2.4.)
    """
    inside, outside = np.flatnonzero(label >= 0), np.flatnonzero(label < 0)
    if inside.size == 0:
        return label
    pairs = label[inside][cKDTree(places[inside]).query_pairs(reach, output_type="ndarray")]
    n = int(label.max(initial=-1)) + 1
    graph = coo_matrix((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    group = connected_components(graph, directed=False)[1]
    joined = np.full(label.size, -1)
    joined[inside] = group[label[inside]]
    distance, nearest = (np.asarray(part) for part in cKDTree(places[inside]).query(places[outside]))
    near = distance <= reach
    joined[outside[near]] = joined[inside[nearest[near]]]
    return joined


def _dbscan(places: NDArray[np.float64], reach: float, min_points: int) -> NDArray[np.int64]:
    """DBSCAN; a point at the border of several clusters belongs to that of the nearest dense point."""
    tree = cKDTree(places)
    dense = np.asarray(tree.query_ball_point(places, reach, return_length=True)) >= min_points
    label = np.full(len(places), -1)
    cores = np.flatnonzero(dense)
    if cores.size == 0:
        return label
    of_cores = cKDTree(places[cores])
    pairs = of_cores.query_pairs(reach, output_type="ndarray")
    graph = coo_matrix((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(cores.size, cores.size))
    found = connected_components(graph, directed=False)[1]
    _, first = np.unique(found, return_index=True)
    order = np.empty(first.size, dtype=np.int64)
    order[np.argsort(np.asarray(first))] = np.arange(first.size)  # numbers in the order of their first points
    label[cores] = order[found]
    borders = np.flatnonzero(~dense)
    distance, nearest = (np.asarray(part) for part in of_cores.query(places[borders]))
    near = distance <= reach
    label[borders[near]] = label[cores[nearest[near]]]
    return label


# ---------------------------------------------------------------------- what is said of an area


def _described(members: NDArray[np.int64], v: NDArray[np.float64], series: NDArray[np.float64] | None) -> Area:
    of = v[members]
    largest = float(of[np.abs(of).argmax()])
    displacement = temporal = spatial = float("nan")
    if series is not None and series.shape[1] >= 3:
        part = series[members]
        displacement = _mean(part[:, -1])
        temporal, spatial = _temporal_noise(part), _spatial_noise(part)
    worse = max(temporal, spatial)
    quality = 4 if np.isnan(worse) else 1 + sum(worse > limit for limit in _LIMITS)
    return Area(
        members,
        float(of.mean()),
        float(np.median(of)),
        largest,
        float(of.std(ddof=1)),
        displacement,
        temporal,
        spatial,
        quality,
    )


def _mean(values: NDArray[np.float64]) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else float("nan")


def _temporal_noise(series: NDArray[np.float64]) -> float:
    """Mean of 1 − r₁, r₁ the correlation of a series with itself one date later, at least 0."""
    off = series - np.nanmean(series, axis=1, keepdims=True)
    off = np.where(np.isfinite(off), off, 0.0)
    energy = (off**2).sum(axis=1)
    r = np.divide((off[:, 1:] * off[:, :-1]).sum(axis=1), energy, out=np.zeros_like(energy), where=energy > 0)
    return float(np.mean(1 - np.maximum(r, 0)))


def _spatial_noise(series: NDArray[np.float64]) -> float:
    """1 − the mean correlation of each series with the mean of the others."""
    off = np.where(np.isfinite(series), series, np.nanmean(series, axis=0))
    others = (off.sum(axis=0) - off) / (len(off) - 1)
    one, other = off - off.mean(axis=1, keepdims=True), others - others.mean(axis=1, keepdims=True)
    size = np.sqrt((one**2).sum(axis=1) * (other**2).sum(axis=1))
    r = np.divide((one * other).sum(axis=1), size, out=np.zeros_like(size), where=size > 0)
    return float(1 - np.maximum(r, 0).mean())
