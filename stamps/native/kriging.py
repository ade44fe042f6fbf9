"""Ordinary kriging of very many targets, each from a few data: many small systems.

The model is a nugget and an exponential covariance. The nugget counts in the variance of the data, not in their
covariance with the target, so that the estimate is a smoothed value also where the target is one of the data.

The condition that the weights sum to 1 is not bordered to the system: the weight of the nearest datum is one minus the
others, which leaves a smaller system that is positive definite and does not change when a constant is added to the
covariance. So ``expm1`` can replace ``exp``, and a model that is nearly a straight line (very large range and sill)
loses no digits.

Source: spec 10 section 3; Wackernagel (2003), Multivariate Geostatistics, chapter 11.
"""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from stamps import native
from stamps.native import _kriging, compiled

__all__ = ["krige_neighbours", "krige_systems"]

_NUMBERS_PER_BLOCK = 1_000_000


def krige_systems(between, to_target, values, keep, scale, sill, nugget):
    """Ordinary kriging of a batch of targets.

    Parameters
    ----------
    between : ndarray of float64, shape (k, k) or (n, k, k)
        Distances between the data of each target.
    to_target : ndarray of float64, shape (k,) or (n, k)
        Distances of the data to the target.
    values : ndarray, shape (n, k)
        The data.
    keep : ndarray of bool, shape (n, k)
        Which of them are used; the first one is, unless none is.
    scale, sill, nugget : float or ndarray, shape (n,)
        Covariance sill·exp(-h/scale), and the nugget on the diagonal.

    Returns
    -------
    ndarray of float64, shape (n,)
        Estimates; NaN where there are no data and where the range is not above zero. Data that say nothing new (at
        the same place as others and without nugget) get weight zero.
    """
    n, k = values.shape
    if k == 0:
        return np.full(n, np.nan)
    scale, sill, nugget = (np.broadcast_to(np.asarray(v, np.float64), (n,))[:, None] for v in (scale, sill, nugget))
    possible = keep[:, 0] & (scale[:, 0] > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        data = sill[:, :, None] * np.expm1(-between / scale[:, :, None])
        target = sill * np.expm1(-to_target / scale)
    first = data[:, 1:, 0]
    system = data[:, 1:, 1:] - first[:, :, None] - first[:, None] + nugget[:, :, None]
    diagonal = np.arange(k - 1)
    system[:, diagonal, diagonal] += nugget
    right = target[:, 1:] - target[:, :1] - first + nugget
    unused = ~(keep[:, 1:] & possible[:, None] & (sill + nugget > 0))
    system[unused[:, :, None] | unused[:, None]] = 0
    system[:, diagonal, diagonal] += unused
    right[unused] = 0
    differences = np.where(unused, 0, values[:, 1:] - values[:, :1].astype(np.float64))
    estimate = values[:, 0] + (_solve(system, right) * differences).sum(axis=1)
    return np.where(possible, estimate, np.nan)


def krige_neighbours(xy, values, neighbours, radius, scale, sill, nugget, n_threads=None):
    """Ordinary kriging of a field at its own points, each from its list of neighbours.

    Parameters
    ----------
    xy : ndarray of float64, shape (n, 2)
        Coordinates.
    values : ndarray, shape (n,)
        Values at all points.
    neighbours : ndarray of int, shape (n, k)
        Data of each point, the nearest first; -1 where there are no more.
    radius : float
        Only neighbours nearer than this are used; 0: all of the list.
    scale, sill, nugget : float
        As :func:`krige_systems`.
    n_threads : int, optional
        Number of threads of the array version (default: :func:`stamps.native.n_threads`). The result does not depend
        on it.

    Returns
    -------
    ndarray of float64, shape (n,)
    """
    xy, values = np.ascontiguousarray(xy, np.float64), np.ascontiguousarray(values, np.float64)
    neighbours = np.ascontiguousarray(neighbours, np.int64)
    model = float(scale), float(sill), float(nugget)
    estimate = np.empty(len(neighbours))
    kernel = compiled("_kriging")
    if kernel is not None:
        kernel.krige_neighbours(xy, values, neighbours, float(radius), *model, estimate)
        return estimate
    rows = max(1, _NUMBERS_PER_BLOCK // neighbours.shape[1] ** 2)

    def block(begin):
        part = slice(begin, begin + rows)
        estimate[part] = _krige_block(xy, values, xy[part], neighbours[part], radius, model)

    with ThreadPoolExecutor(n_threads or native.n_threads()) as pool:
        list(pool.map(block, range(0, len(neighbours), rows)))
    return estimate


def _krige_block(xy, values, targets, neighbours, radius, model):
    """Array version for a block of targets."""
    points = xy[neighbours]
    to_target = _distance(points, targets[:, None])
    keep = neighbours >= 0 if radius == 0 else (neighbours >= 0) & (to_target < radius)
    width = int(np.flatnonzero(keep.any(axis=0)).max(initial=-1)) + 1
    points, to_target, keep = points[:, :width], to_target[:, :width], keep[:, :width]
    between = _distance(points[:, :, None], points[:, None])
    return krige_systems(between, to_target, values[neighbours[:, :width]], keep, *model)


def _distance(a, b):
    difference = a - b
    return np.sqrt(difference[..., 0] ** 2 + difference[..., 1] ** 2)


def _solve(system, right):
    """Solutions of a batch; the slow way for all if a matrix is singular."""
    try:
        return np.linalg.solve(system, right[:, :, None])[:, :, 0]
    except np.linalg.LinAlgError:
        for matrix, vector in zip(system, right, strict=True):
            _kriging.factorise(matrix)
            _kriging.solve(matrix, vector)
        return right
