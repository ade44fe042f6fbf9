"""Smooth estimate of the phase of each edge in time.

Source: docs/method/unwrapping.md, sections 5.5.1 (interferograms of one image, complete networks) and
5.5.2 (inverted time series).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import scipy.linalg

from stamps.insar.phase import angle, product, rotated, wrapped
from stamps.matlab.linalg import lscov
from stamps.matlab.statistics import std
from stamps.native.temporal_smooth import temporal_smooth, time_weights

if TYPE_CHECKING:
    from numpy.typing import NDArray


__all__ = ["full_network_smooth", "inverted_series", "noise_of", "series_smooth", "smooth_of_series"]

_WEIGHT_HELD, _WEIGHT_FREE = 1.01, 0.01


def full_network_smooth(
    dph: NDArray[np.complex64], ifgday_ix: NDArray[np.int64], day: NDArray[np.float64], time_win: float
) -> NDArray[np.float32]:
    """Smooth phase of all interferograms from those of each image with nearly all partners (3D_FULL).

    Parameters
    ----------
    dph : ndarray of complex64, shape (n_edge, n_ifg)
    ifgday_ix : ndarray of int64, shape (n_ifg, 2)
    day : ndarray of float64, shape (n_image,)
    time_win : float
        Days.

    Returns
    -------
    ndarray of float32, shape (n_edge, n_ifg)
        Radians, not wrapped; NaN for interferograms of images with too few partners.

    Notes
    -----
    Quirk: the columns in the order of dates are taken for the interferograms in list order. This matters only where the
    interferograms of an image are not listed by partner date.
    """
    smooth = np.full(dph.shape, np.nan, np.float32)
    for image in range(len(day)):
        ifgs = np.flatnonzero((ifgday_ix == image).any(axis=1))
        if len(ifgs) < len(day) - 2 or len(ifgs) == 0:
            continue
        backward = ifgday_ix[ifgs, 1] == image
        partner = np.where(backward, ifgday_ix[ifgs, 0], ifgday_ix[ifgs, 1])
        star = dph[:, ifgs]
        star[:, backward] = star[:, backward].conj()
        order = np.argsort(day[partner], kind="stable")
        series = unwrapped_in_time(temporal_smooth(star[:, order], day[partner[order]], time_win))
        series -= cycles_near(series, partner, image)
        series *= np.where(backward, -1, 1).astype(np.float32)
        keep_better(smooth, series, dph, ifgs)
    return smooth


def unwrapped_in_time(smoothed: NDArray[np.complex64]) -> NDArray[np.float32]:
    """Accumulate phase steps along each row.

    Parameters
    ----------
    smoothed : ndarray of complex64, shape (n, m)

    Returns
    -------
    ndarray of float32, shape (n, m)
    """
    steps = np.concatenate([smoothed[:, :1], product(smoothed[:, 1:], smoothed[:, :-1].conj())], axis=1)
    return np.cumsum(angle(steps), axis=1, dtype=np.float32)


def cycles_near(series: NDArray[np.float32], partner: NDArray[np.int64], image: int) -> NDArray[np.float32]:
    """Whole cycles to subtract so that the series is small next to the common image.

    Parameters
    ----------
    series : ndarray of float32, shape (n, m)
    partner : ndarray of int64, shape (m,)
        Partner image of each column (list order, see the quirk of :func:`full_network_smooth`).
    image : int

    Returns
    -------
    ndarray of float32, shape (n, 1)
    """
    later = np.flatnonzero(partner > image)
    # beside the last image there is only the one before
    columns = series[:, max(0, later[0] - 1) : later[0] + 1] if later.size else series[:, -1:]
    close = np.asarray(np.mean(columns, axis=1, keepdims=True, dtype=np.float64)).astype(np.float32)
    return close - wrapped(close)


def keep_better(
    smooth: NDArray[np.float32], series: NDArray[np.float32], dph: NDArray[np.complex64], ifgs: NDArray[np.int64]
) -> None:
    """Enter the columns of a series in place; an earlier estimate with strictly smaller noise stays.

    Parameters
    ----------
    smooth : ndarray of float32, shape (n_edge, n_ifg)
        Changed in place. Its first row tells what was estimated before (quirk).
    series : ndarray of float32, shape (n_edge, m)
    dph : ndarray of complex64, shape (n_edge, n_ifg)
    ifgs : ndarray of int64, shape (m,)
    """
    for column, ifg in enumerate(ifgs):
        if not np.isnan(smooth[0, ifg]):
            phase = angle(dph[:, ifg])
            old, new = (std(wrapped(phase - guess)) for guess in (smooth[:, ifg], series[:, column]))
            if old < new:
                continue
        smooth[:, ifg] = series[:, column]


def series_smooth(
    dph: NDArray[np.complex64],
    design: NDArray[np.float64],
    day: NDArray[np.float64],
    time_win: float,
    held: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """Time series of each edge by least squares, smoothed over the dates (3D_QUICK and relatives).

    Parameters
    ----------
    dph : ndarray of complex64, shape (n_edge, n_ifg)
    design : ndarray of float64, shape (n_ifg, n_image)
    day : ndarray of float64, shape (n_image,)
    time_win : float
        Days.
    held : ndarray of float32, shape (n_edge, n_ifg), optional
        Unwrapped phase that is held, NaN elsewhere.

    Returns
    -------
    ndarray of float32, shape (n_image, n_edge)
    """
    weights = time_weights(day, time_win)
    series = inverted_series(angle(dph), design, held)
    return (weights @ series).astype(np.float32)


def smooth_of_series(design: NDArray[np.float64], series: NDArray[np.float32]) -> NDArray[np.float32]:
    """Phase of the interferograms that follows from time series: (n_edge, n_ifg) float32."""
    return (design @ series.astype(np.float64)).T.astype(np.float32)


def inverted_series(
    phase: NDArray[np.float32], design: NDArray[np.float64], held: NDArray[np.float32] | None = None
) -> NDArray[np.float64]:
    """Least-squares time series; the first image is zero.

    Parameters
    ----------
    phase : ndarray of float32, shape (n_edge, n_ifg)
    design : ndarray of float64, shape (n_ifg, n_image)
    held : ndarray of float32, shape (n_edge, n_ifg), optional
        Phase to prefer where it is not NaN (weight 1.01 against 0.01).

    Returns
    -------
    ndarray of float64, shape (n_image, n_edge)
        Of a network in parts the basic solution: images without a tie are zero.
    """
    series = np.zeros((design.shape[1], len(phase)))
    if held is None:
        series[1:] = lscov(design[:, 1:], phase.T.astype(np.float64))
        return series
    fixed = ~np.isnan(held)
    data = np.where(fixed, held, phase).astype(np.float64)
    weights = np.where(fixed, _WEIGHT_HELD, _WEIGHT_FREE)
    columns = 1 + _independent_columns(design[:, 1:])
    part = design[:, columns]
    rows = max(1, (1 << 22) // max(1, len(columns) ** 2))
    for start in range(0, len(phase), rows):
        block = slice(start, start + rows)
        normal = np.einsum("em,mi,mj->eij", weights[block], part, part, optimize=True)
        right = (weights[block] * data[block]) @ part
        series[columns, block] = np.linalg.solve(normal, right[..., np.newaxis])[..., 0].T
    return series


def _independent_columns(matrix: NDArray[np.float64]) -> NDArray[np.int32]:
    """Columns of a basic solution, by QR with column pivoting."""
    _, r, pivots = scipy.linalg.qr(matrix, mode="economic", pivoting=True)
    diagonal = np.abs(np.diag(r))
    rank = np.count_nonzero(diagonal > max(matrix.shape) * np.finfo(float).eps * diagonal.max(initial=0))
    return np.sort(pivots[:rank])


def noise_of(dph: NDArray[np.complex64], smooth: NDArray[np.float32]) -> NDArray[np.float32]:
    """Phase of the edges after removal of the smooth part: (n_edge, n_ifg) float32."""
    return angle(rotated(dph, smooth))
