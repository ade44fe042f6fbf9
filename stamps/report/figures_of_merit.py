"""Numbers that tell how good a run is: pixels left after each step, density, fit of the series, closure. Pure functions of arrays, and
the reading of what they need.
"""

from dataclasses import dataclass

import numpy as np
from scipy.spatial import ConvexHull, QhullError

from stamps.products.velocity import fit_lines

__all__ = ["Fit", "PatchPixels", "area_of", "closure_of", "density_of", "fit_of_series", "patch_pixels"]

_ROUND_CELLS = (50, 100, 200, 250, 500, 1000, 2000, 5000)  # metres


@dataclass(frozen=True)
class PatchPixels:
    """Pixels of one patch through steps 1 to 4.

    Attributes
    ----------
    name : str
    candidates, selected, weeded : int or None
        After steps 1, 3 and 4; None where the step has not run.
    coherence : ndarray
        Of the candidates, after step 2.
    random : ndarray, shape (100,), or None
        Histogram of the coherence of random phase, scaled to the candidates; bins of 0.01.
    dispersion, dispersion_kept : ndarray
        Amplitude dispersion of the candidates, and of those that were kept in the end.
    """

    name: str
    candidates: int | None
    selected: int | None
    weeded: int | None
    coherence: np.ndarray
    random: np.ndarray | None
    dispersion: np.ndarray
    dispersion_kept: np.ndarray


def patch_pixels(ws):
    """Read the pixels of a patch (or of a project without patches).

    Parameters
    ----------
    ws : Workspace

    Returns
    -------
    PatchPixels
    """
    candidates = ws.load_optional("ps1", ["n_ps"]).get("n_ps")
    pm = ws.load_optional("pm1", ["coh_ps", "Nr"])
    dispersion = _vector(ws.load_optional("da1").get("D_A"))
    select = ws.load_optional("select1", ["ix", "keep_ix"])
    weed = ws.load_optional("weed1", ["ix_weed"]).get("ix_weed")
    kept = None
    if select.get("ix") is not None and select.get("keep_ix") is not None:
        kept = select["ix"][select["keep_ix"]]
    final = kept[weed] if kept is not None and weed is not None and len(weed) == len(kept) else None
    in_range = final is not None and dispersion.size and final.size and final.max() < dispersion.size
    return PatchPixels(
        ws.name,
        candidates,
        None if kept is None else len(kept),
        None if final is None else len(final),
        _vector(pm.get("coh_ps")),
        None if pm.get("Nr") is None else np.ravel(pm["Nr"]).astype(np.float64),
        dispersion,
        dispersion[final] if in_range else np.zeros(0),
    )


def _vector(value):
    return np.zeros(0) if value is None else np.ravel(value).astype(np.float64)


def area_of(xy):
    """Area of the convex hull of the pixels in km².

    Parameters
    ----------
    xy : ndarray, shape (n, 2)
        Metres.
    """
    try:
        return float(ConvexHull(np.asarray(xy, np.float64)).volume) / 1e6
    except (QhullError, ValueError):
        return 0.0  # pixels on one line


def density_of(xy, cells=40):
    """Pixels per km² in square cells of a round size.

    Parameters
    ----------
    xy : ndarray, shape (n, 2)
        Metres.
    cells : int
        About so many along the longer side.

    Returns
    -------
    density : ndarray of float64, shape (n,)
        Of the cell of each pixel.
    side : int
        Side of the cells in metres.
    """
    xy = np.asarray(xy, np.float64)
    wanted = float(np.ptp(xy, axis=0).max()) / cells
    side = next((size for size in _ROUND_CELLS if size >= wanted), _ROUND_CELLS[-1])
    cell = np.floor((xy - xy.min(axis=0)) / side).astype(np.int64)
    _, inverse, counts = np.unique(cell, axis=0, return_inverse=True, return_counts=True)
    return counts[inverse.ravel()] / (side / 1000) ** 2, side


@dataclass(frozen=True)
class Fit:
    """How well the series of each pixel follows a straight line.

    Attributes
    ----------
    residual : ndarray, shape (n_ps, k)
        Radians, after the line; the median of each image is taken out before.
    rms : ndarray, shape (n_ps,)
        Radians.
    coherence : ndarray, shape (n_ps,)
        Modulus of the mean phasor of the residuals.
    jumps : ndarray of int, shape (k - 1,)
        Pixels whose residual changes by more than pi from an image to the next: possible errors of unwrapping.
    """

    residual: np.ndarray
    rms: np.ndarray
    coherence: np.ndarray
    jumps: np.ndarray


def fit_of_series(phase, days):
    """Fit a line to each series.

    Parameters
    ----------
    phase : ndarray, shape (n_ps, k)
        Radians.
    days : ndarray, shape (k,)
        Ascending.

    Returns
    -------
    Fit
    """
    phase = phase - np.nanmedian(phase, axis=0)
    intercept, slope = fit_lines(phase, days)
    residual = phase - intercept[:, np.newaxis] - slope[:, np.newaxis] * days
    return Fit(
        residual,
        np.sqrt(np.mean(residual**2, axis=1)),
        np.abs(np.exp(1j * residual).mean(axis=1)),
        np.count_nonzero(np.abs(np.diff(residual, axis=1)) > np.pi, axis=0),
    )


def closure_of(phase, loops):
    """Whole cycles by which the unwrapped phases of closed loops miss zero.

    Parameters
    ----------
    phase : ndarray, shape (n_ps, n_ifg)
        Unwrapped, radians; the median of each loop's sum is taken as its origin.
    loops : ndarray, shape (n_loop, n_ifg)
        1, -1 or 0 (:func:`stamps.legacy.sb_make_closure_loops.closure_loops`).

    Returns
    -------
    ndarray of int64, shape (n_loop,)
        Pixels whose sum is a cycle or more away.
    """
    wrong = np.zeros(len(loops), np.int64)
    for k, loop in enumerate(loops):
        used = np.flatnonzero(loop)
        total = phase[:, used].astype(np.float64) @ loop[used]
        wrong[k] = np.count_nonzero(np.round((total - np.nanmedian(total)) / (2 * np.pi)))
    return wrong
