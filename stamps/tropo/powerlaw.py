"""Power law of phase over height with a coefficient that varies in space. Arrays in, arrays out.

Bekaert, Hooper and Wright (2015), J. Geophys. Res. Solid Earth 120, 1345-1356, write the delay as

    phase = K' (h0 - h)^alpha + constant,

with h0 the height above which delays do not differ any more and alpha a constant of the region, both from balloon
soundings. Phase and (h0 - h)^alpha are band-passed in space, which removes the constant and the long wavelengths of
orbits and deformation, and K' is estimated in local windows. The variant here:

1. The pixels that may be used are averaged in cells and band-passed (:mod:`stamps.tropo.bands`), phase and (h0 -
   h)^alpha alike.
2. Square windows of twice their spacing cover the scene (neighbours share half of each other). In every window and band
   K', a constant and a plane are fitted robustly (:mod:`stamps.tropo.regression`); the plane takes what the filter left of
   longer wavelengths. Neighbouring cells of a band are not independent: the standard error counts one observation per
   square of half the shorter wavelength. Windows with fewer than eight of them give no estimate.
3. At a pixel, K' of a band is the mean over the windows with weights exp(-d^2/(2 L^2))/sigma^2: d is the distance to
   the window's centre, L the spacing of the windows, sigma the standard error. K' of all bands together is the same
   mean over windows and bands.
4. The correction is K' (h0 - h)^alpha. Its constant has no meaning; where K' varies, it contains lateral differences of
   the delay at equal height.

Limits: an error of K' in a window acts on the whole way up to h0, several times the relief, so that small windows with
noise or deformation in the band do harm; with one window the method is a linear one with a curved law of height.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stamps.errors import InputError, NoPixelsError
from stamps.tropo.bands import CellGrid
from stamps.tropo.regression import robust_fit
from stamps.workspace.markup import table

if TYPE_CHECKING:
    from numpy.typing import NDArray


__all__ = ["Windows", "WindowEstimates", "cover", "estimate", "interpolate", "relief_power"]

_MIN_INDEPENDENT = 8
_MIN_CELLS = 10
_SMALLEST_SPACING = 10_000.0  # m
_CHUNK = 100_000


@dataclass(frozen=True)
class Windows:
    """Centres, shape (n_win, 2), and spacing of square windows, m; their side is twice the spacing."""

    centres: np.ndarray
    spacing: float


@dataclass(frozen=True)
class WindowEstimates:
    """K' in rad/m^alpha and its standard error, (n_win, n_band, n_ifg); the error is infinite where there is no
    estimate."""

    windows: Windows
    coefficient: np.ndarray
    error: np.ndarray

    def __repr__(self) -> str:
        windows, bands, ifgs = self.coefficient.shape
        return f"<coefficients of {windows} windows, {bands} bands, {ifgs} interferograms>"

    def _repr_html_(self) -> str:
        known = np.isfinite(self.error)
        rows = [(band + 1, int(known[:, band].any(axis=1).sum())) for band in range(known.shape[1])]
        return table(("band", "windows with an estimate"), rows, repr(self)[1:-1])


def relief_power(height: NDArray[np.float64], h0: float, alpha: float) -> NDArray[np.float64]:
    """(h0 - h)^alpha in m^alpha.

    Parameters
    ----------
    height : ndarray
        Metres.
    h0 : float
        Metres.
    alpha : float

    Returns
    -------
    ndarray of float64

    Raises
    ------
    InputError
        A height is not below ``h0``, or ``alpha`` is not positive.
    """
    highest = np.nanmax(height)
    if not alpha > 0:
        raise InputError(f"The exponent of the power law is {alpha:g}, but a positive number such as 1.6 was expected.")
    if not h0 > highest:
        raise InputError(
            f"The reference height of the power law is {h0:g} m, but pixels reach {highest:.0f} m: it should be above the "
            "relief, 6000 to 15000 m (is it given in km?)."
        )
    return (h0 - np.asarray(height, np.float64)) ** alpha


def cover(xy: NDArray[np.float64], n_windows: int = 50) -> Windows:
    """Windows that cover pixels.

    Parameters
    ----------
    xy : ndarray, shape (n, 2)
        Metres.
    n_windows : int
        About how many; fewer where they would be smaller than 20 km.

    Returns
    -------
    Windows
    """
    low, high = np.min(xy, axis=0).astype(np.float64), np.max(xy, axis=0).astype(np.float64)
    extent = np.maximum(high - low, 1.0)
    spacing = max(np.sqrt(extent.prod() / n_windows), _SMALLEST_SPACING)
    counts = np.maximum(np.round(extent / spacing), 1).astype(int)
    if counts.prod() == 1:
        return Windows((low + high)[np.newaxis] / 2, float(extent.max()))
    axes = [start + (np.arange(n) + 0.5) * length / n for start, length, n in zip(low, extent, counts, strict=True)]
    centres = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)
    return Windows(centres, float((extent / counts).max()))


def estimate(
    phase: NDArray[np.float32],
    power: NDArray[np.float64],
    xy: NDArray[np.float64],
    bands: NDArray[np.float64],
    windows: Windows,
    name: Callable[[int], str] = str,
) -> WindowEstimates:
    """K' in every window and band.

    Parameters
    ----------
    phase : ndarray, shape (n, n_ifg)
        Radians, of the pixels that may be used; NaN is left out.
    power : ndarray, shape (n,)
        From :func:`relief_power`.
    xy : ndarray, shape (n, 2)
        Metres.
    bands : ndarray, shape (n_band, 2)
        Wavelengths in m.
    windows : Windows
    name : callable
        Makes the name of an interferogram from its 0-based column, for messages.

    Returns
    -------
    WindowEstimates

    Raises
    ------
    NoPixelsError
        No window has an estimate: too few pixels, or no relief.
    """
    shape = (len(windows.centres), len(bands), phase.shape[1])
    coefficient, error = np.zeros(shape), np.full(shape, np.inf)
    relief = power - power.mean()
    if not relief.std() > 1e-9 * np.abs(power).max():
        raise NoPixelsError(
            "The heights of the pixels are all the same, so no delay that goes with height can be estimated: use a larger "
            "area, or delay maps (stamps tropo gacos)."
        )
    for b, band in enumerate(bands):
        grid = CellGrid(xy, band[0])
        members = [_inside(grid.centres, centre, windows.spacing) for centre in windows.centres]
        whole = grid.band_pass(grid.average(relief), band)
        for ifg in range(phase.shape[1]):
            valid = np.isfinite(phase[:, ifg])
            # with gaps the height must be filtered with the same gaps
            filtered = whole if valid.all() else grid.band_pass(grid.average(np.where(valid, relief, np.nan)), band)
            signal = grid.band_pass(grid.average(phase[:, ifg]), band)
            for w, cells in enumerate(members):
                coefficient[w, b, ifg], error[w, b, ifg] = _in_window(
                    filtered[cells], signal[cells], grid.centres[cells], grid.side, band[0]
                )
    empty = ~np.isfinite(error).any(axis=(0, 1))
    if empty.any():
        raise NoPixelsError(
            f"Interferogram {name(int(np.flatnonzero(empty)[0]))}: no window has enough pixels and relief for the power law: "
            "use fewer windows, shorter wavelengths or a larger area, or the linear method."
        )
    return WindowEstimates(windows, coefficient, error)


def _inside(points: NDArray[np.float64], centre: NDArray[np.float64], half_side: float) -> NDArray[np.int64]:
    return np.flatnonzero((np.abs(points - centre) <= half_side).all(axis=1))


def _in_window(
    relief: NDArray[np.float64], phase: NDArray[np.float64], place: NDArray[np.float64], side: float, shortest: float
) -> tuple[float, float]:
    """K' and its standard error; zero and infinity where the window says nothing."""
    there = np.isfinite(phase) & np.isfinite(relief)
    n = int(there.sum())
    independent = n * min((2 * side / shortest) ** 2, 1.0)
    relief, phase, place = relief[there], phase[there], place[there]
    if n < _MIN_CELLS or independent < _MIN_INDEPENDENT or not np.ptp(relief) > 0:
        return 0.0, np.inf
    fit = robust_fit(np.column_stack([relief, np.ones(n), place - place.mean(axis=0)]), phase)
    # a fit without residuals is not infinitely certain: single-precision phases are not
    error = fit.errors[0] * np.sqrt(n / independent)
    return fit.coefficients[0], max(error, 1e-6 * abs(fit.coefficients[0]), 1e-7 / np.ptp(relief))


def interpolate(
    estimates: WindowEstimates, xy: NDArray[np.float64], ifg: int, bands: Sequence[int] | None = None
) -> NDArray[np.float64]:
    """K' of one interferogram at pixels.

    Parameters
    ----------
    estimates : WindowEstimates
    xy : ndarray, shape (n, 2)
        Metres.
    ifg : int
        0-based column.
    bands : sequence of int, optional
        0-based bands that are used (default: all).

    Returns
    -------
    ndarray of float64, shape (n,)
        rad/m^alpha; NaN if no window has an estimate in these bands.
    """
    chosen = slice(None) if bands is None else list(bands)
    certainty = 1 / estimates.error[:, chosen, ifg] ** 2  # zero without estimate
    weighted = (certainty * estimates.coefficient[:, chosen, ifg]).sum(axis=1)
    certainty = certainty.sum(axis=1)
    used = certainty > 0
    if not used.any():
        return np.full(len(xy), np.nan)
    centres, spacing = estimates.windows.centres[used], estimates.windows.spacing
    result = np.empty(len(xy))
    for start in range(0, len(xy), _CHUNK):
        rows = slice(start, start + _CHUNK)
        distance2 = ((xy[rows, np.newaxis].astype(np.float64) - centres) ** 2).sum(axis=2)
        # the nearest window counts 1, so that pixels far from all of them have weights, too
        nearness = np.exp((distance2.min(axis=1, keepdims=True) - distance2) / (2 * spacing**2))
        result[rows] = (nearness @ weighted[used]) / (nearness @ certainty[used])
    return result
