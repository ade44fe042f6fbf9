"""Phase noise of arcs between neighbouring pixels, for weeding noisy pixels.

An arc is an edge of the triangulation of the pixels; its phasor in an interferogram is ψ_b·conj(ψ_a) of its ends.
With one master the interferograms are a time series: noise is the deviation from a smooth curve in time. With small
baselines the arcs are used as they are. In both cases a part proportional to baseline is removed.

Only the time series has a compiled version, which is worth its while from 20 images on (100 images, 10 000 arcs, one
thread: 0.34 s, NumPy 0.50 s; its threads scale with the arcs, NumPy's do not).

Source: docs/method/weeding.md, section 5; Hooper et al. (2007), J. Geophys. Res. 112, B07407.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from stamps import native
from stamps.matlab.linalg import lscov
from stamps.native.arrays import rows_at_once, to_host

if TYPE_CHECKING:
    from numpy.typing import NDArray


__all__ = ["small_baseline_arc_noise", "smallest_at_ends", "time_series_arc_noise"]

_EDGES_AT_ONCE = 4096  # keeps the arrays of one step in the processor's cache
_TURN = 2 * np.pi


def time_series_arc_noise(
    phasors: NDArray[np.complex64],
    edges: NDArray[np.int64],
    day: NDArray[np.float64],
    bperp: NDArray[np.floating[Any]],
    time_window: float,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Noise of arcs about a smooth curve in time (single master).

    For each acquisition a straight line, weighted with a Gaussian in time about it, is fitted to the arc phases twice;
    what remains is noise. A baseline-proportional part of the noise is removed, with interferograms weighted by the
    inverse variance of their deviation from the weighted mean of all others.

    Parameters
    ----------
    phasors : ndarray of complex64, shape (n, u)
        Unit phasors of the pixels in the interferograms in use.
    edges : ndarray of int, shape (n_edge, 2)
        Pixels at the ends of each arc, from 0; the direction gives the sign of its phase.
    day : ndarray, shape (u,)
        Acquisition dates in days.
    bperp : ndarray, shape (u,)
        Mean perpendicular baselines in metres.
    time_window : float
        Standard deviation of the Gaussian in days.

    Returns
    -------
    std, largest : ndarray of float32, shape (n_edge,)
        Standard deviation (N-1) over interferograms and largest absolute value of the noise in radians.
    """
    day, bperp = np.asarray(day, dtype=np.float64), np.asarray(bperp, dtype=np.float64)
    edges = np.ascontiguousarray(edges, dtype=np.int64)
    fits = _time_fits(day, time_window)
    return native.run(
        "arc_noise",
        lambda xp: _time_series_arrays(xp, phasors, edges, day, bperp, fits),
        lambda module: _time_series_compiled(module, phasors, edges, day, bperp, fits),
    )


def _time_series_arrays(
    xp: Any,
    phasors: NDArray[np.complex64],
    edges: NDArray[np.int64],
    day: NDArray[np.float64],
    bperp: NDArray[np.floating[Any]],
    fits: tuple[NDArray[np.float64], ...],
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    weights, offset_fit, slope_fit = (xp.asarray(fit) for fit in fits)
    phasors, edges, day, bperp = (xp.asarray(array) for array in (phasors, edges, day, bperp))
    interval = day[:, np.newaxis] - day
    n_edge, u = len(edges), phasors.shape[1]
    noise = xp.empty((n_edge, u), dtype=np.float32)
    moments = xp.zeros((2, u))
    for part in _blocks(xp, n_edge, u):
        arcs = _arcs(phasors, edges[part])
        mean = arcs @ weights.T
        noise[part] = _deviation_from_curve(xp, xp.angle(arcs), xp.angle(mean), offset_fit, slope_fit, interval)
        others = xp.angle(arcs * xp.conj(mean - xp.diag(weights) * arcs))
        moments[0] += others.sum(axis=0)
        moments[1] += (others**2).sum(axis=0)
    return _without_baseline_part(xp, noise, bperp, moments)


def _time_series_compiled(
    module: Any,
    phasors: NDArray[np.complex64],
    edges: NDArray[np.int64],
    day: NDArray[np.float64],
    bperp: NDArray[np.floating[Any]],
    fits: tuple[NDArray[np.float64], ...],
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    n_edge, u = len(edges), phasors.shape[1]
    noise, moments = np.empty((n_edge, u), dtype=np.float32), np.zeros((-(-n_edge // _EDGES_AT_ONCE), 2, u))
    phasors, *fits = (np.ascontiguousarray(array) for array in (phasors.astype(np.complex64, copy=False), *fits))
    module.time_series(phasors, edges, *fits, day[:, np.newaxis] - day, _EDGES_AT_ONCE, noise, moments)
    return _without_baseline_part(np, noise, bperp, moments.sum(axis=0))


def _without_baseline_part(
    xp: Any, noise: Any, bperp: Any, moments: Any
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Standard deviation and largest value of the noise (n_edge, u) without its slope over baseline, on the host."""
    n_edge, u = noise.shape
    variance = (moments[1] - moments[0] ** 2 / n_edge) / max(n_edge - 1, 1)
    std, largest = xp.empty((2, n_edge), dtype=np.float32)
    for part in _blocks(xp, n_edge, u):
        block = noise[part].astype(np.float64)
        block -= _slope(block, bperp, variance)[:, np.newaxis] * bperp
        std[part], largest[part] = _spread(xp, block)
    return to_host(std), to_host(largest)


def small_baseline_arc_noise(
    phasors: NDArray[np.complex64], edges: NDArray[np.int64], bperp: NDArray[np.floating[Any]]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Noise of arcs between pairs of images (small baselines).

    The baseline-proportional part is fitted to the complex phasors themselves, not to their phases.

    Parameters
    ----------
    phasors : ndarray of complex64, shape (n, u)
    edges : ndarray of int, shape (n_edge, 2)
    bperp : ndarray, shape (u,)
        As for :func:`time_series_arc_noise`.

    Returns
    -------
    std, largest : ndarray of float32, shape (n_edge,)
    """
    bperp = np.asarray(bperp, dtype=np.float64)
    edges = np.ascontiguousarray(edges, dtype=np.int64)
    return native.run("arc_noise", lambda xp: _small_baseline_arrays(xp, phasors, edges, bperp))


def _small_baseline_arrays(
    xp: Any, phasors: NDArray[np.complex64], edges: NDArray[np.int64], bperp: NDArray[np.floating[Any]]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    phasors, edges, bperp = xp.asarray(phasors), xp.asarray(edges), xp.asarray(bperp)
    n_edge, u = len(edges), phasors.shape[1]
    mean, variance = xp.zeros(u, dtype=np.complex128), xp.zeros(u)
    for part in _blocks(xp, n_edge, u):
        mean += _arcs(phasors, edges[part]).sum(axis=0)
    mean /= n_edge
    for part in _blocks(xp, n_edge, u):
        variance += (xp.abs(_arcs(phasors, edges[part]) - mean) ** 2).sum(axis=0)
    variance /= max(n_edge - 1, 1)
    std, largest = xp.empty((2, n_edge), dtype=np.float32)
    for part in _blocks(xp, n_edge, u):
        block = _arcs(phasors, edges[part])
        block -= _slope(block, bperp, variance)[:, np.newaxis] * bperp
        std[part], largest[part] = _spread(xp, xp.angle(block))
    return to_host(std), to_host(largest)


def smallest_at_ends(values: NDArray[np.float32], edges: NDArray[np.int64], n: int) -> NDArray[np.float32]:
    """Smallest value of the arcs at each pixel; NaN is ignored, infinity where there is none.

    Parameters
    ----------
    values : ndarray of float32, shape (n_edge,)
    edges : ndarray of int, shape (n_edge, 2)
    n : int
        Number of pixels.

    Returns
    -------
    ndarray of float32, shape (n,)
    """
    smallest = np.full(n, np.inf, dtype=np.float32)
    values = np.where(np.isnan(values), np.float32(np.inf), values)
    for end in (0, 1):
        np.minimum.at(smallest, edges[:, end], values)
    return smallest


def _blocks(xp: Any, n_edge: int, u: int) -> list[Any]:
    step = rows_at_once(xp, 150 * u, _EDGES_AT_ONCE)
    return [slice(start, start + step) for start in range(0, n_edge, step)]


def _arcs(phasors: Any, edges: Any) -> Any:
    """Arc phasors, complex single as multiplied, in complex128."""
    return (phasors[edges[:, 1]] * phasors[edges[:, 0]].conj()).astype(np.complex128)


def _time_fits(
    day: NDArray[np.float64], time_window: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Weights around each date, and the rows that give offset and slope of the weighted straight-line fit."""
    u = len(day)
    interval = day[:, np.newaxis] - day
    with np.errstate(divide="ignore", invalid="ignore"):
        weights = np.exp(-(interval**2) / (2 * time_window**2))
        weights /= weights.sum(axis=1, keepdims=True)
    fits = [
        lscov(np.column_stack([np.ones(u), times]), np.eye(u), weights=row)
        for times, row in zip(interval, weights, strict=True)
    ]
    fits = np.array(fits).reshape(u, 2, u)
    return weights, fits[:, 0], fits[:, 1]


def _deviation_from_curve(xp: Any, phase: Any, mean_phase: Any, offset_fit: Any, slope_fit: Any, interval: Any) -> Any:
    """Phase (n, u) minus the smooth curve: two straight-line fits about the weighted mean of each date."""
    noise = xp.empty_like(phase)
    for k in range(phase.shape[1]):
        deviation = _wrap(xp, phase - mean_phase[:, k : k + 1])
        offset = deviation @ offset_fit[k]
        slope = deviation @ slope_fit[k]
        deviation -= offset[:, np.newaxis] + xp.outer(slope, interval[k])
        offset += _wrap(xp, deviation) @ offset_fit[k]
        noise[:, k] = _wrap(xp, phase[:, k] - mean_phase[:, k] - offset)
    return noise


def _wrap(xp: Any, phase: Any) -> Any:
    """Phase in [-pi, pi]; the argument is overwritten."""
    turns = xp.rint(phase * (1 / _TURN))
    turns *= _TURN
    phase -= turns
    return phase


def _slope(values: Any, bperp: Any, variance: Any) -> Any:
    """Weighted least-squares slope of each row of ``values`` (n, u) over baseline."""
    with np.errstate(divide="ignore", invalid="ignore"):
        weighted = bperp / variance
        return values @ (weighted / (weighted @ bperp))


def _spread(xp: Any, noise: Any) -> tuple[Any, Any]:
    """Standard deviation (N-1) and largest absolute value over interferograms; NaN does not count for the latter."""
    std = noise.std(axis=1, ddof=min(1, noise.shape[1] - 1))
    largest = xp.where(xp.isnan(noise), -np.inf, xp.abs(noise)).max(axis=1)
    return std, xp.where(largest < 0, np.nan, largest)
