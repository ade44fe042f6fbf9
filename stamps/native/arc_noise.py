"""Phase noise of arcs between neighbouring pixels, for weeding noisy pixels.

An arc is an edge of the triangulation of the pixels; its phasor in an interferogram is ψ_b·conj(ψ_a) of its ends.
With one master the interferograms are a time series: noise is the deviation from a smooth curve in time. With small
baselines the arcs are used as they are. In both cases a part proportional to baseline is removed.

Source: spec 06 section 5; Hooper et al. (2007), J. Geophys. Res. 112, B07407.
"""

import numpy as np

from stamps.matlab.linalg import lscov

__all__ = ["small_baseline_arc_noise", "smallest_at_ends", "time_series_arc_noise"]

_EDGES_AT_ONCE = 4096  # keeps the arrays of one step in the processor's cache
_TURN = 2 * np.pi


def time_series_arc_noise(phasors, edges, day, bperp, time_window):
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
    weights, offset_fit, slope_fit = _time_fits(np.asarray(day, dtype=np.float64), time_window)
    interval = np.asarray(day, dtype=np.float64)[:, np.newaxis] - day
    n_edge, u = len(edges), phasors.shape[1]
    noise = np.empty((n_edge, u), dtype=np.float32)
    moments = np.zeros((2, u))
    for part in _blocks(n_edge):
        arcs = _arcs(phasors, edges[part])
        mean = arcs @ weights.T
        noise[part] = _deviation_from_curve(np.angle(arcs), np.angle(mean), offset_fit, slope_fit, interval)
        others = np.angle(arcs * np.conj(mean - np.diag(weights) * arcs))
        moments += others.sum(axis=0), (others**2).sum(axis=0)
    variance = (moments[1] - moments[0] ** 2 / n_edge) / max(n_edge - 1, 1)

    bperp = np.asarray(bperp, dtype=np.float64)
    std, largest = np.empty((2, n_edge), dtype=np.float32)
    for part in _blocks(n_edge):
        block = noise[part].astype(np.float64)
        block -= _slope(block, bperp, variance)[:, np.newaxis] * bperp
        std[part], largest[part] = _spread(block)
    return std, largest


def small_baseline_arc_noise(phasors, edges, bperp):
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
    n_edge = len(edges)
    bperp = np.asarray(bperp, dtype=np.float64)
    mean = sum(_arcs(phasors, edges[part]).sum(axis=0) for part in _blocks(n_edge)) / n_edge
    deviations = (np.abs(_arcs(phasors, edges[part]) - mean) ** 2 for part in _blocks(n_edge))
    variance = sum(block.sum(axis=0) for block in deviations) / max(n_edge - 1, 1)
    std, largest = np.empty((2, n_edge), dtype=np.float32)
    for part in _blocks(n_edge):
        block = _arcs(phasors, edges[part])
        block -= _slope(block, bperp, variance)[:, np.newaxis] * bperp
        std[part], largest[part] = _spread(np.angle(block))
    return std, largest


def smallest_at_ends(values, edges, n):
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


def _blocks(n_edge):
    return [slice(start, start + _EDGES_AT_ONCE) for start in range(0, n_edge, _EDGES_AT_ONCE)]


def _arcs(phasors, edges):
    """Arc phasors, complex single as multiplied, in complex128."""
    return (phasors[edges[:, 1]] * np.conj(phasors[edges[:, 0]])).astype(np.complex128)


def _time_fits(day, time_window):
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


def _deviation_from_curve(phase, mean_phase, offset_fit, slope_fit, interval):
    """Phase (n, u) minus the smooth curve: two straight-line fits about the weighted mean of each date."""
    noise = np.empty_like(phase)
    for k in range(phase.shape[1]):
        deviation = _wrap(phase - mean_phase[:, k : k + 1])
        offset = deviation @ offset_fit[k]
        slope = deviation @ slope_fit[k]
        deviation -= offset[:, np.newaxis] + np.outer(slope, interval[k])
        offset += _wrap(deviation) @ offset_fit[k]
        noise[:, k] = _wrap(phase[:, k] - mean_phase[:, k] - offset)
    return noise


def _wrap(phase):
    """Phase in [-pi, pi]; the argument is overwritten."""
    turns = np.rint(phase * (1 / _TURN))
    turns *= _TURN
    phase -= turns
    return phase


def _slope(values, bperp, variance):
    """Weighted least-squares slope of each row of ``values`` (n, u) over baseline."""
    with np.errstate(divide="ignore", invalid="ignore"):
        weighted = bperp / variance
        return values @ (weighted / (weighted @ bperp))


def _spread(noise):
    """Standard deviation (N-1) and largest absolute value over interferograms."""
    std = noise.std(axis=1, ddof=min(1, noise.shape[1] - 1))
    return std, np.fmax.reduce(np.abs(noise), axis=1)
