"""Combine pixels selected in single-master and in small-baseline processing. Pure array functions.

Single-master quantities of images become small-baseline quantities of pairs: second minus first image.
Source: docs/method/products.md, section 9; Hooper (2008), Geophys. Res. Lett. 35, L16302.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.insar.geometry import within_180
from stamps.insar.phase import angle, insert_column, phasor, unit_modulus
from stamps.matlab.sets import intersect_rows, unique_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray


__all__ = [
    "Match",
    "above_weakest",
    "join_rows",
    "match_pixels",
    "pair_coherence",
    "pair_differences",
    "pair_phasors",
    "signal_to_noise",
    "weighted_phasors",
]


@dataclass(frozen=True)
class Match:
    """0-based rows: pixels of the single-master set alone, and of both sets (k-th of one is k-th of the other)."""

    ps_only: NDArray[np.int64]
    ps_common: NDArray[np.int64]
    sb_common: NDArray[np.int64]


def match_pixels(ps: Mapping[str, NDArray[Any]], sb: Mapping[str, NDArray[Any]]) -> Match:
    """Find which pixels two sets have in common.

    Parameters
    ----------
    ps, sb : dict
        Single-master and small-baseline set: ``ij`` (n, 3) number, azimuth line, range sample, and ``lonlat`` (n, 2)
        degrees.

    Returns
    -------
    Match
        Common pixels have the same line and sample, and are sorted by them. The others of ``ps`` are sorted by
        longitude, then latitude; those at the coordinates of a pixel of ``sb`` or of an earlier one of ``ps`` are left
        out.
    """
    _, ps_common, sb_common = intersect_rows(ps["ij"][:, 1:3], sb["ij"][:, 1:3])
    n_sb = len(sb["ij"])
    _, first, group = unique_rows(np.vstack([sb["ij"][:, 1:3], ps["ij"][:, 1:3]]))
    candidates = np.flatnonzero(first[group[n_sb:]] >= n_sb)
    _, first, _ = unique_rows(within_180(np.vstack([sb["lonlat"], ps["lonlat"][candidates]])))
    return Match(candidates[first[first >= n_sb] - n_sb], ps_common, sb_common)


def pair_differences(values: NDArray[np.floating[Any]], ifgday_ix: NDArray[np.int64]) -> NDArray[np.floating[Any]]:
    """Second minus first image of every pair, in the class of the values.

    Parameters
    ----------
    values : ndarray, shape (n, n_image)
    ifgday_ix : ndarray of int, shape (n_ifg, 2)
        0-based first and second image.

    Returns
    -------
    ndarray, shape (n, n_ifg)
    """
    return values[:, ifgday_ix[:, 1]] - values[:, ifgday_ix[:, 0]]


def pair_phasors(images: NDArray[np.complex64], ifgday_ix: NDArray[np.int64]) -> NDArray[np.complex64]:
    """Phasors of pairs from those of images.

    Parameters
    ----------
    images : ndarray of complex, shape (n, n_image)
        Any modulus; the angle of zero is zero.
    ifgday_ix : ndarray of int, shape (n_ifg, 2)

    Returns
    -------
    ndarray of complex, shape (n, n_ifg)
        Unit modulus.
    """
    return phasor(pair_differences(angle(images), ifgday_ix))


def pair_coherence(
    ph_res: NDArray[np.floating[Any]], c_ps: NDArray[np.float64], master_ix: int, ifgday_ix: NDArray[np.int64]
) -> NDArray[np.floating[Any]]:
    """Temporal coherence that single-master residuals would have in a small-baseline network.

    Parameters
    ----------
    ph_res : ndarray of float, shape (n, n_image - 1)
        Residual phase of the images without the master, radians, C_ps not removed.
    c_ps : ndarray of float, shape (n,)
        Residual of the master, radians.
    master_ix : int
        0-based.
    ifgday_ix : ndarray of int, shape (n_ifg, 2)

    Returns
    -------
    ndarray, shape (n,)
        ``|Σ exp(j·difference)| / n_ifg``, in the class of ``ph_res``.
    """
    residual = insert_column(ph_res, master_ix, 0)
    residual[:, master_ix] = c_ps
    total = phasor(pair_differences(residual, ifgday_ix)).sum(axis=1, dtype=np.complex128)
    return (np.abs(total) / len(ifgday_ix)).astype(ph_res.dtype)


def above_weakest(coherence: NDArray[np.float32], reference: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether each coherence is larger than the smallest one of a reference; NaN never is and is not the smallest.

    Parameters
    ----------
    coherence, reference : ndarray of float, shape (n,) and (m,)

    Returns
    -------
    ndarray of bool, shape (n,)
        Compared in single precision where ``coherence`` is single.
    """
    return coherence > np.fmin.reduce(reference, initial=np.inf).astype(coherence.dtype)


def signal_to_noise(coherence: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Signal-to-noise ratio 1/(1/coherence² - 1) of pixels, float64; finite also for coherence 1."""
    squared = np.asarray(coherence, np.float64) ** 2
    return squared / np.maximum(1 - squared, np.finfo(np.float64).eps)


def weighted_phasors(
    first: NDArray[np.complexfloating[Any, Any]],
    first_weight: NDArray[np.float64],
    second: NDArray[np.complexfloating[Any, Any]],
    second_weight: NDArray[np.float64],
) -> NDArray[np.complexfloating[Any, Any]]:
    """Normalised weighted sum of two estimates of the same phasors.

    Parameters
    ----------
    first, second : ndarray of complex, shape (n, n_ifg)
    first_weight, second_weight : ndarray of float, shape (n,)

    Returns
    -------
    ndarray of complex, shape (n, n_ifg)
        Unit modulus, zero where the sum is zero; complex64 if one of the estimates is.
    """
    total = first_weight[:, np.newaxis] * first.astype(np.complex128)
    total += second_weight[:, np.newaxis] * second.astype(np.complex128)
    return unit_modulus(total).astype(_joined_class(first, second))


def join_rows(first: NDArray[Any], second: NDArray[Any]) -> NDArray[Any]:
    """One table below the other, in single precision if one of them is, as MATLAB joins arrays."""
    kind = _joined_class(first, second)
    return np.concatenate([first.astype(kind), second.astype(kind)])


def _joined_class(first: NDArray[Any], second: NDArray[Any]) -> Any:
    kind = np.result_type(first, second)
    if np.float32 not in (first.real.dtype, second.real.dtype):
        return kind
    return np.complex64 if kind.kind == "c" else np.float32
