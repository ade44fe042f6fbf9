"""Phase linear in height: one slope for every interferogram. Arrays in, arrays out.

Source: Wicks et al. (2002), Geophys. Res. Lett. 29(9); bands after Lin et al. (2010), Geochem. Geophys. Geosyst. 11,
Q09002.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import NoPixelsError
from stamps.tropo.bands import CellGrid
from stamps.tropo.regression import robust_fit
from stamps.workspace.markup import table

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps.tropo.regression import Fit


__all__ = ["HeightSlopes", "height_slopes", "without_height_part"]

MIN_PIXELS = 10


@dataclass(frozen=True)
class HeightSlopes:
    """Slopes and their standard errors in rad/m and the share of the variance that goes with them, (n_ifg,) each."""

    slope: np.ndarray
    error: np.ndarray
    explained: np.ndarray

    def __repr__(self) -> str:
        return f"<slopes of {self.slope.size} interferograms with height>"

    def _repr_html_(self) -> str:
        columns = zip(1000 * self.slope, 1000 * self.error, 100 * self.explained, strict=True)
        rows = [(number, *row) for number, row in enumerate(columns, 1)]
        return table(("interferogram", "slope (rad/km)", "error (rad/km)", "explained (%)"), rows)


def height_slopes(
    phase: NDArray[np.floating[Any]],
    height: NDArray[np.float64],
    xy: NDArray[np.float64],
    *,
    ramp: bool = True,
    band: NDArray[np.float64] | None = None,
    name: Callable[[int], str] = str,
) -> HeightSlopes:
    """Robust slope of phase over height in every interferogram.

    Parameters
    ----------
    phase : ndarray, shape (n, n_ifg)
        Radians; NaN is left out.
    height : ndarray, shape (n,)
        Metres.
    xy : ndarray, shape (n, 2)
        Positions in m.
    ramp : bool
        Estimate a plane along with the slope, so that an orbital ramp across a hillside is not taken for troposphere.
    band : (float, float), optional
        Wavelengths in m between which phase and height are compared; None: no filter.
    name : callable
        Makes the name of an interferogram, for messages, from its 0-based column.

    Returns
    -------
    HeightSlopes

    Raises
    ------
    NoPixelsError
        Too few pixels or cells, or heights that are constant or (with ``ramp``) a plane.
    """
    n_ifg = phase.shape[1]
    slope, error, explained = np.zeros((3, n_ifg))
    grid = None if band is None else CellGrid(xy, band[0])
    for ifg in range(n_ifg):
        h, ph, place = _compared(height, phase[:, ifg], xy, grid, band)
        if len(h) < MIN_PIXELS:
            raise NoPixelsError(
                f"Interferogram {name(ifg)}: only {len(h)} {'pixels' if grid is None else 'cells'} have a phase and are "
                f"in the area, but the slope over height needs {MIN_PIXELS}: widen the area or drop the interferogram."
            )
        columns = [h - h.mean(), np.ones(len(h))]
        if ramp:
            columns += list((place - place.mean(axis=0)).T)
        design = np.column_stack(columns)
        _check_relief(design, h, name(ifg))
        fit = robust_fit(design, ph)
        slope[ifg], error[ifg] = fit.coefficients[0], fit.errors[0]
        explained[ifg] = _explained(design, ph, fit)
    return HeightSlopes(slope, error, explained)


def without_height_part(
    values: NDArray[np.float32], height: NDArray[np.floating[Any]], xy: NDArray[np.float64], used: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Take away from every column what goes with height linearly.

    Parameters
    ----------
    values : ndarray, shape (n, n_ifg)
    height : ndarray, shape (n,)
        Metres.
    xy : ndarray, shape (n, 2)
        Metres.
    used : ndarray of bool, shape (n,)
        Pixels from which the slopes are estimated, robustly and along with a plane.

    Returns
    -------
    ndarray of float64, shape (n, n_ifg)
        A column without a slope (too few pixels, one height) stays as it is.
    """
    result = values.astype(np.float64)
    centred = height - height[used].mean()
    design = np.column_stack([centred, np.ones(len(height)), xy - xy[used].mean(axis=0)])
    for ifg in range(values.shape[1]):
        rows = used & np.isfinite(values[:, ifg])
        if rows.sum() >= MIN_PIXELS and values[rows, ifg].any() and _relief_left(design[rows]):
            result[:, ifg] -= robust_fit(design[rows], values[rows, ifg]).coefficients[0] * centred
    return result


def _compared(
    height: NDArray[np.float64],
    phase: NDArray[np.floating[Any]],
    xy: NDArray[np.float64],
    grid: CellGrid | None,
    band: NDArray[np.float64] | None,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Heights, phases and places that are compared: pixels, or cells after the band-pass."""
    valid = np.isfinite(phase) & np.isfinite(height)
    if grid is None or band is None:
        return height[valid].astype(np.float64), phase[valid].astype(np.float64), xy[valid].astype(np.float64)
    # the same pixels in both, else the filter would not be the same
    filtered_height = grid.band_pass(grid.average(np.where(valid, height, np.nan)), band)
    filtered_phase = grid.band_pass(grid.average(np.where(valid, phase, np.nan)), band)
    there = np.isfinite(filtered_phase)
    return filtered_height[there], filtered_phase[there], grid.centres[there]


def _check_relief(design: NDArray[np.float64], height: NDArray[np.float64], name: str) -> None:
    """NoPixelsError if the heights do not differ from what the other columns explain."""
    if not _relief_left(design):
        what = "all the same" if np.ptp(height) == 0 else "a plane, which cannot be told from an orbital ramp"
        raise NoPixelsError(
            f"Interferogram {name}: the heights of its pixels are {what}, so no delay that goes with height can be "
            "estimated: use a larger area, leave out the ramp, or use delay maps (stamps tropo gacos)."
        )


def _relief_left(design: NDArray[np.float64]) -> bool:
    """Whether the heights (first column) differ from what the other columns explain by more than rounding."""
    others = design[:, 1:]
    left = design[:, 0] - others @ np.linalg.lstsq(others, design[:, 0], rcond=None)[0]
    return left.std() > 1e-6 * max(np.abs(design[:, 0]).max(), 1.0)


def _explained(design: NDArray[np.float64], phase: NDArray[np.float64], fit: Fit) -> float:
    """Share of the weighted variance of the phase, without what the other columns explain, that goes with height."""
    others = design[:, 1:]
    root = np.sqrt(fit.weights)
    rest = root * phase
    rest = rest - (root[:, None] * others) @ np.linalg.lstsq(root[:, None] * others, rest, rcond=None)[0]
    whole = (rest**2).sum()
    if whole == 0:
        return 0.0
    return float(1 - (fit.weights * (phase - design @ fit.coefficients) ** 2).sum() / whole)
