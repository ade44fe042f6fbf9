"""Ordinary kriging of very many targets, each from a few data: many small systems.

The model is a nugget and an exponential covariance. The nugget counts in the variance of the data, not in their
covariance with the target, so that the estimate is a smoothed value also where the target is one of the data.

The condition that the weights sum to 1 is not bordered to the system: the weight of the nearest datum is one minus the
others, which leaves a smaller system that is positive definite and does not change when a constant is added to the
covariance. So ``expm1`` can replace ``exp``, and a model that is nearly a straight line (very large range and sill)
loses no digits.

Source: docs/method/scn.md, section 3; Wackernagel (2003), Multivariate Geostatistics, chapter 11.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps import native
from stamps.native import _kriging
from stamps.native.arrays import rows_at_once, to_host

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


__all__ = ["krige_neighbours", "krige_systems"]

_NUMBERS_PER_BLOCK = 1_000_000
_BYTES_PER_PAIR = 60  # of all arrays of the array version


def krige_systems(
    between: NDArray[np.float64],
    to_target: NDArray[np.float64],
    values: NDArray[np.floating[Any]],
    keep: NDArray[np.bool_],
    scale: ArrayLike,
    sill: ArrayLike,
    nugget: ArrayLike,
) -> NDArray[np.float64]:
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
    model = [np.broadcast_to(np.asarray(v, np.float64), (n,)) for v in (scale, sill, nugget)]
    return native.run("kriging", lambda xp: _systems_in_batches(xp, between, to_target, values, keep, model))


def _systems_in_batches(
    xp: Any,
    between: NDArray[np.float64],
    to_target: NDArray[np.float64],
    values: NDArray[np.floating[Any]],
    keep: NDArray[np.bool_],
    model: Sequence[NDArray[np.float64]],
) -> NDArray[np.float64]:
    """Array version of :func:`krige_systems`; distances that are common to all targets stay two-dimensional."""
    n, k = values.shape
    estimate = np.empty(n)
    rows = rows_at_once(xp, _BYTES_PER_PAIR * k**2, n)
    for first in range(0, n, rows):
        part = slice(first, first + rows)
        distances = (a if a.ndim == full - 1 else a[part] for a, full in ((between, 3), (to_target, 2)))
        arrays = (*distances, values[part], keep[part], *(parameter[part] for parameter in model))
        estimate[part] = to_host(_krige_systems_arrays(xp, *map(xp.asarray, arrays)))
    return estimate


def _krige_systems_arrays(
    xp: Any, between: Any, to_target: Any, values: Any, keep: Any, scale: Any, sill: Any, nugget: Any
) -> Any:
    """All systems of a batch at once; see :func:`krige_systems`."""
    k = values.shape[1]
    scale, sill, nugget = scale[:, None], sill[:, None], nugget[:, None]
    possible = keep[:, 0] & (scale[:, 0] > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        data = sill[:, :, None] * xp.expm1(-between / scale[:, :, None])
        target = sill * xp.expm1(-to_target / scale)
    first = data[:, 1:, 0]
    system = data[:, 1:, 1:] - first[:, :, None] - first[:, None] + nugget[:, :, None]
    diagonal = xp.arange(k - 1)
    system[:, diagonal, diagonal] += nugget
    right = target[:, 1:] - target[:, :1] - first + nugget
    unused = ~(keep[:, 1:] & possible[:, None] & (sill + nugget > 0))
    system[unused[:, :, None] | unused[:, None]] = 0
    system[:, diagonal, diagonal] += unused
    right[unused] = 0
    differences = xp.where(unused, 0.0, values[:, 1:] - values[:, :1].astype(np.float64))
    estimate = values[:, 0] + (_solve(xp, system, right) * differences).sum(axis=1)
    return xp.where(possible, estimate, np.nan)


def krige_neighbours(
    xy: NDArray[np.float64],
    values: NDArray[np.floating[Any]],
    neighbours: NDArray[np.int64],
    radius: float,
    scale: float,
    sill: float,
    nugget: float,
    n_threads: int | None = None,
) -> NDArray[np.float64]:
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
    threads = n_threads or native.n_threads()
    return native.run(
        "kriging",
        lambda xp: _neighbours_in_batches(xp, xy, values, neighbours, radius, model, threads),
        lambda module: _neighbours_compiled(module, xy, values, neighbours, float(radius), model),
    )


def _neighbours_compiled(
    module: Any,
    xy: NDArray[np.float64],
    values: NDArray[np.floating[Any]],
    neighbours: NDArray[np.int64],
    radius: float,
    model: tuple[float, ...],
) -> NDArray[np.float64]:
    estimate = np.empty(len(neighbours))
    module.krige_neighbours(xy, values, neighbours, radius, *model, estimate)
    return estimate


def _neighbours_in_batches(
    xp: Any,
    xy: NDArray[np.float64],
    values: NDArray[np.floating[Any]],
    neighbours: NDArray[np.int64],
    radius: float,
    model: tuple[float, ...],
    n_threads: int,
) -> NDArray[np.float64]:
    """Array version of :func:`krige_neighbours`: batches go to threads with NumPy, one after the other to a device."""
    estimate = np.empty(len(neighbours))
    pairs = max(neighbours.shape[1], 1) ** 2
    rows = rows_at_once(xp, _BYTES_PER_PAIR * pairs, _NUMBERS_PER_BLOCK // pairs)
    xy, values, neighbours = xp.asarray(xy), xp.asarray(values), xp.asarray(neighbours)

    def block(begin):
        part = slice(begin, begin + rows)
        estimate[part] = to_host(_krige_block(xp, xy, values, xy[part], neighbours[part], radius, model))

    with ThreadPoolExecutor(n_threads if xp is np else 1) as pool:
        list(pool.map(block, range(0, len(neighbours), rows)))
    return estimate


def _krige_block(
    xp: Any, xy: Any, values: Any, targets: Any, neighbours: Any, radius: float, model: tuple[float, ...]
) -> Any:
    """Array version for a block of targets."""
    points = xy[neighbours]
    to_target = _distance(xp, points, targets[:, None])
    keep = neighbours >= 0 if radius == 0 else (neighbours >= 0) & (to_target < radius)
    width = int(np.flatnonzero(to_host(keep.any(axis=0))).max(initial=-1)) + 1
    if width == 0:
        return xp.full(len(targets), np.nan)
    points, to_target, keep = points[:, :width], to_target[:, :width], keep[:, :width]
    between = _distance(xp, points[:, :, None], points[:, None])
    models = (xp.full(len(targets), parameter, dtype=np.float64) for parameter in model)
    return _krige_systems_arrays(xp, between, to_target, values[neighbours[:, :width]], keep, *models)


def _distance(xp: Any, a: Any, b: Any) -> Any:
    difference = a - b
    return xp.sqrt(difference[..., 0] ** 2 + difference[..., 1] ** 2)


def _solve(xp: Any, system: Any, right: Any) -> Any:
    """Solutions of a batch; the slow way for all if a matrix is singular."""
    try:
        solution = xp.linalg.solve(system, right[:, :, None])[:, :, 0]
        if xp is np or bool(xp.isfinite(solution).all()):  # CuPy does not complain about a singular matrix
            return solution
    except np.linalg.LinAlgError:
        pass
    matrices, vectors = to_host(system), to_host(right)
    for matrix, vector in zip(matrices, vectors, strict=True):
        _kriging.factorise(matrix)
        _kriging.solve(matrix, vector)
    return xp.asarray(vectors)
