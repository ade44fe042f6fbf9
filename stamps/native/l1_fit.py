"""Least absolute deviations: one linear model, many right-hand sides, solved by downhill simplex.

The compiled version takes one pixel after the other with the same bits as the array version, ten times as fast.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from stamps import native
from stamps.native.arrays import rows_at_once, to_host

if TYPE_CHECKING:
    from numpy.typing import NDArray


__all__ = ["l1_fit"]

#: Termination: largest distance of a corner from the best one, largest difference of their values.
_TOLERANCE = 1e-4
_CALLS_PER_UNKNOWN = 200

_ROWS = 100_000  # of the array version


def l1_fit(
    design: NDArray[np.float64], observed: NDArray[np.float64], start: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Minimise sum(abs(observed - design·x)) for every pixel.

    The simplex of Nelder and Mead (1965) in the form of Lagarias et al. (1998), started at a given solution with
    corners 5 % away: corners and values within 1e-4 end it, at most 200 evaluations and iterations per unknown.

    Parameters
    ----------
    design : array_like, shape (m, k)
    observed : array_like, shape (n, m)
        One row per pixel; a row with NaN keeps its start.
    start : array_like, shape (n, k)
        For instance the least-squares solution.

    Returns
    -------
    ndarray of float64, shape (n, k)

    Notes
    -----
    Source: docs/method/scla.md, section 1, item 14. Every pixel takes the same steps as ``scipy.optimize.fmin`` with
    these tolerances.
    """
    design = np.ascontiguousarray(design, dtype=np.float64)
    observed = np.ascontiguousarray(observed, dtype=np.float64)
    start = np.ascontiguousarray(start, dtype=np.float64)
    limit = _CALLS_PER_UNKNOWN * design.shape[1]
    return native.run(
        "l1_fit",
        lambda xp: _in_batches(xp, design, observed, start, limit),
        lambda module: module.l1_fit(design, observed, start, _TOLERANCE, limit),
    )


def _in_batches(
    xp: Any, design: NDArray[np.float64], observed: NDArray[np.float64], start: NDArray[np.float64], limit: int
) -> NDArray[np.float64]:
    result = np.empty_like(start)
    rows = rows_at_once(xp, 8 * (observed.shape[1] + 20 * (design.shape[1] + 2)), _ROWS)
    for first in range(0, len(start), rows):
        part = slice(first, first + rows)
        fit = _l1_fit_arrays(xp, design, xp.asarray(observed[part]), xp.asarray(start[part]), _TOLERANCE, limit)
        result[part] = to_host(fit)
    return result


def _l1_fit_arrays(
    xp: Any, design: NDArray[np.float64], observed: Any, start: Any, tolerance: float, limit: int
) -> Any:
    """All pixels side by side; those that have converged leave the working set. Only the design is on the host.

    It returns as soon as no pixel is left: CuPy has no sorting and no maximum of an empty array.
    """
    n, k = start.shape
    result = start.copy()
    simplex = xp.repeat(start[:, np.newaxis, :], k + 1, axis=1)
    for j in range(k):
        simplex[:, j + 1, j] = xp.where(start[:, j] != 0, 1.05 * start[:, j], 0.00025)
    values = xp.stack([_misfit(xp, design, observed, simplex[:, j]) for j in range(k + 1)], axis=1)
    pixels = xp.flatnonzero(~xp.isnan(values).any(axis=1))
    if pixels.size == 0:
        return result
    simplex, values, observed = simplex[pixels], values[pixels], observed[pixels]
    simplex, values = _sorted(xp, simplex, values)
    calls = xp.full(pixels.size, k + 1, dtype=np.int64)
    for _ in range(1, limit):
        active = calls < limit
        active &= ~(
            (xp.abs(simplex[:, 1:] - simplex[:, :1]).max(axis=(1, 2)) <= tolerance)
            & (xp.abs(values[:, :1] - values[:, 1:]).max(axis=1) <= tolerance)
        )
        if not active.all():
            result[pixels[~active]] = simplex[~active, 0]
            pixels, simplex, values = pixels[active], simplex[active], values[active]
            observed, calls = observed[active], calls[active]
        if pixels.size == 0:
            return result
        simplex, values, calls = _step(xp, design, observed, simplex, values, calls)
    result[pixels] = simplex[:, 0]
    return result


def _misfit(xp: Any, design: NDArray[np.float64], observed: NDArray[np.float64], x: NDArray[np.float64]) -> Any:
    """Sum of absolute residuals of every row, added in the order of the observations.

    Where the path of the simplex hangs by the last bit of the model, the reference decides it by how its matrix-vector
    product rounds: observations in groups of four, those left over with fused multiply-adds.
    """
    total = xp.zeros(len(x))
    n_plain = len(design) - len(design) % 4
    for i, row in enumerate(design):
        model = row[0] * x[:, 0]
        for j in range(1, row.size):
            model = model + row[j] * x[:, j] if i < n_plain else _fused_multiply_add(row[j], x[:, j], model)
        total += xp.abs(observed[:, i] - model)
    return total


def _fused_multiply_add(a: Any, x: Any, y: Any) -> Any:
    """a*x + y rounded once, from the exact product and sum of Dekker (1971) and Knuth."""
    product = a * x
    a_high, a_low = _halves(a)
    x_high, x_low = _halves(x)
    product_error = ((a_high * x_high - product) + a_high * x_low + a_low * x_high) + a_low * x_low
    total = product + y
    part = total - product
    return total + (product_error + ((product - (total - part)) + (y - part)))


def _halves(a: Any) -> tuple[Any, Any]:
    """Split doubles into two numbers of 26 bits."""
    scaled = 134217729.0 * a
    high = scaled - (scaled - a)
    return high, a - high


def _sorted(
    xp: Any, simplex: NDArray[np.float64], values: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    order = xp.argsort(values, axis=1, kind="stable")
    return xp.take_along_axis(simplex, order[:, :, np.newaxis], axis=1), xp.take_along_axis(values, order, axis=1)


def _step(
    xp: Any,
    design: NDArray[np.float64],
    observed: NDArray[np.float64],
    simplex: NDArray[np.float64],
    values: NDArray[np.float64],
    calls: NDArray[np.int64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """One iteration for all pixels: reflect, then expand, contract or shrink."""
    k = simplex.shape[2]
    worst, worst_value = simplex[:, -1].copy(), values[:, -1].copy()
    centre = simplex[:, 0].copy()
    for j in range(1, k):
        centre += simplex[:, j]
    centre /= k
    new = 2 * centre - worst
    new_value = _misfit(xp, design, observed, new)
    calls = calls + 1

    expand = new_value < values[:, 0]
    reject = ~expand & ~(new_value < values[:, -2])
    outside = reject & (new_value < worst_value)
    inside = reject & ~outside
    second = xp.where(expand[:, None], 3 * centre - 2 * worst, new)
    second = xp.where(outside[:, None], 1.5 * centre - 0.5 * worst, second)
    second = xp.where(inside[:, None], 0.5 * centre + 0.5 * worst, second)
    tried = xp.flatnonzero(expand | reject)
    second_value = new_value.copy()
    second_value[tried] = _misfit(xp, design, observed[tried], second[tried])
    calls[tried] += 1

    better = (expand & (second_value < new_value)) | (outside & (second_value <= new_value))
    better |= inside & (second_value < worst_value)
    shrink = xp.flatnonzero(reject & ~better)
    simplex[:, -1] = xp.where(better[:, None], second, new)
    values[:, -1] = xp.where(better, second_value, new_value)
    if shrink.size:
        simplex[shrink, -1], values[shrink, -1] = worst[shrink], worst_value[shrink]
        best = simplex[shrink, 0]
        for j in range(1, k + 1):
            corner = best + 0.5 * (simplex[shrink, j] - best)
            simplex[shrink, j] = corner
            values[shrink, j] = _misfit(xp, design, observed[shrink], corner)
        calls[shrink] += k
    return (*_sorted(xp, simplex, values), calls)
