"""Which differences of interferograms an edge's look-angle error is estimated from.

Source: docs/method/unwrapping.md, section 5.3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from stamps.insar.phase import divided, modulus, product

if TYPE_CHECKING:
    from numpy.typing import NDArray


__all__ = ["Search", "search_series"]


class Search(NamedTuple):
    """Series for the slope search: phasors (n_edge, m), abscissa (m,) in metres, range in cycles."""

    phasors: np.ndarray
    baselines: np.ndarray
    n_trial_wraps: float


def search_series(
    dph: NDArray[np.complex64],
    ifgday_ix: NDArray[np.int64],
    bperp: NDArray[np.floating[Any]],
    day: NDArray[np.float64],
    n_trial_wraps: float,
) -> Search:
    """Choose short time spans, where deformation matters least.

    Parameters
    ----------
    dph : ndarray of complex64, shape (n_edge, n_ifg)
        Unit phasors of the edges.
    ifgday_ix : ndarray of int64, shape (n_ifg, 2)
        First and second image of each interferogram, among images that occur.
    bperp : ndarray of float, shape (n_ifg,)
        Perpendicular baselines, metres.
    day : ndarray of float64, shape (n_image,)
    n_trial_wraps : float
        Search range in cycles over the range of all baselines.

    Returns
    -------
    Search
        1. interferograms of successive images, if they connect (nearly) all; 2. else, if one image has (nearly) all
        the others as partners, the differences of its interferograms in the order of dates; 3. else all interferograms.
    """
    bperp = np.asarray(bperp, np.float64)
    whole_range = np.ptp(bperp)
    n_image = len(day)
    chain = np.flatnonzero(np.abs(np.diff(ifgday_ix, axis=1)[:, 0]) == 1)
    if len(chain) >= n_image - 1:
        phasors, baselines = dph[:, chain], bperp[chain]
    else:
        uses = np.bincount(ifgday_ix.ravel(), minlength=n_image)
        centre = int(np.argmax(uses))
        if uses[centre] < n_image - 2:
            return Search(dph, bperp, n_trial_wraps)
        phasors, baselines = _star_differences(dph, ifgday_ix, bperp, day, centre)
    share = np.ptp(baselines) / whole_range if whole_range else 0.0
    return Search(phasors, baselines, n_trial_wraps * share)


def _star_differences(
    dph: NDArray[np.complex64],
    ifgday_ix: NDArray[np.int64],
    bperp: NDArray[np.floating[Any]],
    day: NDArray[np.float64],
    centre: int,
) -> tuple[NDArray[np.complex64], NDArray[np.float64]]:
    """Successive differences, in time, of the interferograms with one common image."""
    use = np.flatnonzero((ifgday_ix == centre).any(axis=1))
    backward = ifgday_ix[use, 1] == centre
    partner = np.where(backward, ifgday_ix[use, 0], ifgday_ix[use, 1])
    star = dph[:, use]
    star[:, backward] = star[:, backward].conj()
    # the common image itself has no baseline and no phase
    own = np.mean(modulus(star), axis=1, dtype=np.float64).astype(np.float32)
    star = np.concatenate([star, own[:, np.newaxis]], axis=1)
    baselines = np.append(np.where(backward, -bperp[use], bperp[use]), 0.0)
    order = np.argsort(np.append(day[partner], day[centre]), kind="stable")
    star, baselines = star[:, order], baselines[order]
    differences = product(star[:, 1:], star[:, :-1].conj())
    return divided(differences, modulus(differences)), np.diff(baselines)
