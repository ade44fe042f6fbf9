"""Numbers that tell how good a run is: pixels left after each step, density, fit of the series, neighbours, closure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.spatial import ConvexHull, Delaunay, QhullError

from stamps.products.velocity import fit_lines

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps.workspace import Workspace


__all__ = [
    "ArcConsistency",
    "Fit",
    "PatchPixels",
    "arc_consistency",
    "area_of",
    "closure_of",
    "density_of",
    "fit_of_series",
    "neighbour_arcs",
    "patch_pixels",
]

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


def patch_pixels(ws: Workspace) -> PatchPixels:
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


def _vector(value: NDArray[Any] | None) -> NDArray[np.float64]:
    return np.zeros(0) if value is None else np.ravel(value).astype(np.float64)


def area_of(xy: NDArray[np.float64]) -> float:
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


def density_of(xy: NDArray[np.float64], cells: int = 40) -> tuple[NDArray[np.float64], int]:
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
    """How well series follow a straight line.

    Attributes
    ----------
    residual : ndarray, shape (n, k)
        Radians, after the line.
    rms : ndarray, shape (n,)
        Radians.
    coherence : ndarray, shape (n,)
        Modulus of the mean phasor of the residuals.
    """

    residual: np.ndarray
    rms: np.ndarray
    coherence: np.ndarray


def fit_of_series(
    phase: NDArray[np.float32], days: NDArray[np.float64], covariance: NDArray[np.float32] | None = None
) -> Fit:
    """Fit a line to each series.

    Parameters
    ----------
    phase : ndarray, shape (n, k)
        Radians.
    days : ndarray, shape (k,)
    covariance : ndarray, shape (k, k), optional
        Of the images.

    Returns
    -------
    Fit
    """
    intercept, slope = fit_lines(phase, days, covariance)
    residual = phase - intercept[:, np.newaxis] - slope[:, np.newaxis] * days
    return Fit(residual, np.sqrt(np.mean(residual**2, axis=1)), np.abs(np.exp(1j * residual).mean(axis=1)))


def neighbour_arcs(xy: NDArray[np.float64], most: int = 200_000) -> NDArray[np.int32]:
    """Arcs of a Delaunay triangulation, each once; of many an evenly spread part.

    Parameters
    ----------
    xy : ndarray, shape (n, 2)
        Metres.
    most : int

    Returns
    -------
    ndarray of int, shape (n_arc, 2)
        0-based pixels; empty where the pixels stand on one line.
    """
    try:
        corners = Delaunay(np.asarray(xy, np.float64)).simplices
    except (QhullError, ValueError):
        return np.empty((0, 2), np.int64)
    arcs = np.unique(
        np.sort(np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [0, 2]]]), axis=1), axis=0
    )
    return arcs if len(arcs) <= most else arcs[np.linspace(0, len(arcs) - 1, most).astype(np.int64)]


@dataclass(frozen=True)
class ArcConsistency:
    """Neighbouring pixels against each other, where the atmosphere cancels.

    Attributes
    ----------
    beyond : ndarray of int, shape (k,)
        Arcs whose residual about a line is more than half a cycle, for each image.
    of_pixels : ndarray of float64, shape (n_ps,)
        Share of such samples among those of the arcs of each pixel; NaN without arcs.
    coherence : ndarray of float64, shape (n_ps,)
        Mean temporal coherence of the arcs of each pixel about their lines; NaN without arcs.
    n_arcs : int
    """

    beyond: np.ndarray
    of_pixels: np.ndarray
    coherence: np.ndarray
    n_arcs: int


def arc_consistency(phase: NDArray[np.float32], days: NDArray[np.float64], arcs: NDArray[np.int32]) -> ArcConsistency:
    """Fit a line to the difference of neighbours: a residual of more than half a cycle is likely an error of unwrapping.

    Parameters
    ----------
    phase : ndarray, shape (n_ps, k)
        Unwrapped, radians.
    days : ndarray, shape (k,)
    arcs : ndarray of int, shape (n_arc, 2)

    Returns
    -------
    ArcConsistency
    """
    n_ps, ends = len(phase), arcs.ravel(order="F")
    beyond, of_arcs, coherence = np.zeros(len(days), np.int64), np.zeros(len(arcs)), np.zeros(len(arcs))
    for start in range(0, len(arcs), 20_000):
        part = slice(start, start + 20_000)
        fit = fit_of_series(phase[arcs[part, 1]] - phase[arcs[part, 0]], days)
        wide = np.abs(fit.residual) > np.pi
        beyond += wide.sum(axis=0)
        of_arcs[part], coherence[part] = wide.mean(axis=1), fit.coherence
    with np.errstate(invalid="ignore"):
        count = np.bincount(ends, minlength=n_ps)
        means = [np.bincount(ends, np.tile(value, 2), minlength=n_ps) / count for value in (of_arcs, coherence)]
    return ArcConsistency(beyond, means[0], means[1], len(arcs))


def closure_of(phase: NDArray[np.floating[Any]], loops: NDArray[np.int64]) -> NDArray[np.int64]:
    """Whole cycles by which the unwrapped phases of closed loops miss zero.

    Parameters
    ----------
    phase : ndarray, shape (n_ps, n_ifg)
        Unwrapped, radians; the median of each loop's sum is taken as its origin.
    loops : ndarray, shape (n_loop, n_ifg)
        1, -1 or 0 (:func:`stamps.insar.loops.closure_loops`).

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
