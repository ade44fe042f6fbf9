"""East and vertical motion from two or more lines of sight, with errors.

Source: docs/method/decomposition.md, sections 1 and 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stamps.errors import ParameterError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["LARGEST_CONDITION", "LEAST_DETERMINANT", "East", "Model", "decompose"]

#: Looks whose matrix is worse than this tell nothing of east and up apart.
LARGEST_CONDITION = 10.0
LEAST_DETERMINANT = 0.1


@dataclass(frozen=True)
class Model:
    """What is assumed of the motion that two lines of sight cannot see.

    Attributes
    ----------
    north : float
        Northward motion that is known (of GNSS, of a plate), in the units of the data.
    north_std : float
        Its standard deviation, which the errors of east and up then hold.
    constrain : bool
        Solve for the northward motion, too, which is ``north`` give or take ``north_std``.
    azimuth : float, optional
        Degrees clockwise from north: the horizontal motion is along it (a slope, a fault) instead of east.
    """

    north: float = 0.0
    north_std: float = 0.0
    constrain: bool = False
    azimuth: float | None = None

    def __post_init__(self) -> None:
        if not np.isfinite([self.north, self.north_std]).all() or self.north_std < 0:
            raise ParameterError(
                f"A northward motion of {self.north} ± {self.north_std} is not possible: finite, the second not negative."
            )
        if self.constrain and self.north_std == 0:
            raise ParameterError(
                "A northward motion that is to be solved for needs a standard deviation larger than 0."
            )
        if self.azimuth is not None and not np.isfinite(self.azimuth):
            raise ParameterError(f"The azimuth {self.azimuth} is no direction: give degrees clockwise from north.")
        if self.azimuth is not None and (self.constrain or self.north or self.north_std):
            raise ParameterError(
                "The horizontal motion is either along an azimuth or has a northward part: give one of them."
            )


@dataclass(frozen=True)
class East:
    """East (or along the azimuth) and up of ``n`` cells; NaN where the looks cannot tell them apart.

    Attributes
    ----------
    east, up : ndarray, shape (n,) or (n, k)
    east_std, up_std, covariance : ndarray, shape (n,) or (n, k)
        Standard deviations and covariance; of unit noise where no errors were given.
    condition : ndarray, shape (n,)
        Of the matrix of the looks.
    residual : ndarray, shape (n,) or (n, k)
        Rms of what more than two looks leave; NaN of two.
    usable : ndarray of bool, shape (n,)
    """

    east: NDArray[np.float64]
    up: NDArray[np.float64]
    east_std: NDArray[np.float64]
    up_std: NDArray[np.float64]
    covariance: NDArray[np.float64]
    condition: NDArray[np.float64]
    residual: NDArray[np.float64]
    usable: NDArray[np.bool_]


def decompose(
    vectors: ArrayLike, values: ArrayLike, sigma: ArrayLike | None = None, model: Model | None = None
) -> East:
    """Solve for east and up, cell by cell, by weighted least squares.

    Parameters
    ----------
    vectors : array_like, shape (n, m, 3)
        East, north and up part of the unit vectors from the ground to the satellites, of m looks.
    values : array_like, shape (n, m) or (n, m, k)
        Motion towards the satellites; NaN of any look makes a cell NaN.
    sigma : array_like, same shape as ``values``, optional
        Standard deviations (default: 1, so that the errors are dilutions of precision).
    model : Model, optional
        Default: no northward motion.

    Returns
    -------
    East

    Raises
    ------
    ParameterError
        Less than two looks, shapes that do not fit, or a standard deviation that is not positive.
    """
    model = model or Model()
    u, d, s = _checked(vectors, values, sigma)
    flat = d.ndim == 2
    d, s = (d[..., None], s[..., None]) if flat else (d, s)
    columns = _columns(u, model)
    condition, usable = _usable(columns[..., [0, -1]])
    if model.north:
        d = d - u[..., 1, None] * model.north
    solution, covariance = _solved(columns, d, s, model)
    if not model.constrain and model.azimuth is None and model.north_std:
        covariance = covariance + _of_north(columns, u[..., 1], s) * model.north_std**2
    left = d - np.einsum("nmp,nkp->nmk", columns, solution)
    m = d.shape[1]
    residual = np.sqrt((left**2).sum(axis=1) / (m - 2)) if m > 2 else np.full(solution.shape[:2], np.nan)
    found = [
        solution[..., 0],
        solution[..., -1],
        np.sqrt(covariance[..., 0, 0]),
        np.sqrt(covariance[..., -1, -1]),
        covariance[..., 0, -1],
    ]
    for part in (*found, residual):
        part[~usable] = np.nan
    east, up, east_std, up_std, both = (part[:, 0] if flat else part for part in found)
    return East(east, up, east_std, up_std, both, condition, residual[:, 0] if flat else residual, usable)


def _checked(
    vectors: ArrayLike, values: ArrayLike, sigma: ArrayLike | None
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    u, d = np.asarray(vectors, dtype=np.float64), np.asarray(values, dtype=np.float64)
    if u.ndim != 3 or u.shape[2] != 3 or d.ndim not in (2, 3) or u.shape[:2] != d.shape[:2]:
        raise ParameterError(
            f"Vectors are {u.shape} and values {d.shape}: (n, m, 3) and (n, m) or (n, m, k) were expected."
        )
    if u.shape[1] < 2:
        raise ParameterError("East and up need two lines of sight at least.")
    s = np.ones_like(d) if sigma is None else np.asarray(sigma, dtype=np.float64)
    if s.shape != d.shape:
        raise ParameterError(f"The standard deviations are {s.shape}, the values {d.shape}.")
    if np.any(s <= 0):
        raise ParameterError("A standard deviation is 0 or negative.")
    return u, d, s


def _columns(u: NDArray[np.float64], model: Model) -> NDArray[np.float64]:
    """What a unit of horizontal (north, if solved for) and vertical motion does in each look, shape (n, m, p)."""
    if model.azimuth is not None:
        angle = np.radians(model.azimuth)
        horizontal = u[..., 0] * np.sin(angle) + u[..., 1] * np.cos(angle)
        return np.stack([horizontal, u[..., 2]], axis=-1)
    return u if model.constrain else u[..., [0, 2]]


def _usable(columns: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Condition of the looks, and whether horizontal and vertical motion can be told apart."""
    known = np.asarray(np.isfinite(columns).all(axis=(1, 2)))
    values = np.linalg.svd(np.where(known[:, None, None], columns, 0), compute_uv=False)
    with np.errstate(divide="ignore", invalid="ignore"):
        condition = np.where(known, values[:, 0] / values[:, 1], np.nan)
    return condition, known & (condition <= LARGEST_CONDITION) & (values.prod(axis=1) >= LEAST_DETERMINANT)


def _solved(
    columns: NDArray[np.float64], d: NDArray[np.float64], s: NDArray[np.float64], model: Model
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Solutions (n, k, p) and their covariances (n, k, p, p)."""
    weights = 1 / s**2
    normal = np.einsum("nmp,nmk,nmq->nkpq", columns, weights, columns)
    right = np.einsum("nmp,nmk,nmk->nkp", columns, weights, d)
    if model.constrain:
        normal[..., 1, 1] += 1 / model.north_std**2  # north itself was taken out of d: what is left is 0 give or take
    known: NDArray[np.bool_] = np.isfinite(normal).all(axis=(-1, -2)) & np.isfinite(right).all(axis=-1)
    eye = np.eye(columns.shape[-1])
    safe = np.where(known[..., None, None], normal, eye)
    bad = np.linalg.cond(safe) > 1e12
    covariance = np.linalg.inv(np.where(bad[..., None, None], eye, safe))
    covariance[~known | bad] = np.nan
    return np.einsum("nkpq,nkq->nkp", covariance, np.where(known[..., None], right, 0)), covariance


def _of_north(columns: NDArray[np.float64], north: NDArray[np.float64], s: NDArray[np.float64]) -> NDArray[np.float64]:
    """What a unit of unseen northward motion does to the solution, times itself, shape (n, k, 2, 2)."""
    shift, _ = _solved(columns, np.broadcast_to(north[..., None], s.shape), s, Model())
    effect: NDArray[np.float64] = shift[..., :, None] * shift[..., None, :]
    return effect
