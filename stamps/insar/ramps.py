"""Smooth surfaces (orbital ramps) in phases: arrays in, arrays out.

Source: docs/method/scla.md, section 4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import ParameterError
from stamps.matlab.linalg import lscov

if TYPE_CHECKING:
    from numpy.typing import NDArray


__all__ = ["MIN_PIXELS", "fit_ramps", "ramp_design", "remove_ramps"]

#: Valid pixels that a surface needs.
MIN_PIXELS = 6


def remove_ramps(
    xy: np.ndarray, phases: np.ndarray, degree: float, used: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Fit and remove a surface from every column of phases.

    Parameters
    ----------
    xy : ndarray, shape (n_ps, 3)
        Number, x, y in metres.
    phases : ndarray, shape (n_ps, k)
        Radians, possibly with NaN.
    degree : float
        See :func:`ramp_design`.
    used : ndarray of bool, shape (n_ps,), optional
        Pixels to which surfaces are fitted (default: all); they are removed from every pixel.

    Returns
    -------
    deramped : ndarray, shape (n_ps, k)
        Same class as ``phases``. A column with fewer than six valid pixels stays as it is.
    ramp : ndarray of float64, shape (n_ps, k)
        The surfaces for all pixels; NaN in columns without a fit.
    fitted : ndarray of bool, shape (k,)

    Raises
    ------
    ParameterError
        The degree is none of those.
    """
    ramp, fitted = fit_ramps(ramp_design(xy, degree), phases, used)
    deramped = phases.copy()
    deramped[:, fitted] = (phases[:, fitted] - ramp[:, fitted]).astype(phases.dtype)
    return deramped, ramp, fitted


def ramp_design(xy: np.ndarray, degree: float) -> np.ndarray:
    """Columns of the surface.

    Parameters
    ----------
    xy : ndarray, shape (n_ps, 3)
        Number, x, y in metres.
    degree : float
        0 constant, 0.4 along x, 0.6 along y, 1 plane, 1.5 plane and x·y, 2 and 3 higher powers without linear terms, 2.5 all
        terms up to the second power.

    Returns
    -------
    ndarray of float64, shape (n_ps, 1 to 8)
        Powers of x and y in km, formed in the class of ``xy``; the constant comes last.
    """
    x, y = xy[:, 1] / xy.dtype.type(1000), xy[:, 2] / xy.dtype.type(1000)
    columns: dict[float, tuple[np.ndarray, ...]] = {
        0: (),
        0.4: (x,),
        0.6: (y,),
        1: (x, y),
        1.5: (x, y, x * y),
        2: (x**2, y**2, x * y),  # no linear terms: so it always was
        2.5: (x**2, y**2, x * y, x, y),
        3: (x**3, y**3, x**2 * y, y**2 * x, x**2, y**2, x * y),
    }
    if degree not in columns:
        raise ParameterError(
            f"The degree of a ramp is {degree:g}, but only {', '.join(f'{known:g}' for known in columns)} exist: correct "
            "deramp_degree."
        )
    return np.column_stack([*columns[degree], np.ones(len(xy))]).astype(np.float64)


def fit_ramps(design: np.ndarray, phases: np.ndarray, used: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Fit surfaces to the valid pixels of every column by ordinary least squares.

    Parameters
    ----------
    design : ndarray of float64, shape (n_ps, m)
    phases : ndarray, shape (n_ps, k)
        NaN marks pixels that are left out.
    used : ndarray of bool, shape (n_ps,), optional
        False for pixels that are left out of all columns.

    Returns
    -------
    ramp : ndarray of float64, shape (n_ps, k)
        NaN where there are too few pixels.
    fitted : ndarray of bool, shape (k,)
    """
    valid = ~np.isnan(phases)
    if used is not None:
        valid &= used[:, np.newaxis]
    fitted = valid.sum(axis=0) >= MIN_PIXELS
    ramp = np.full(phases.shape, np.nan)
    complete = valid.all(axis=0) & fitted
    ramp[:, complete] = _surface(design, lscov(design, phases[:, complete]))
    for column in np.flatnonzero(fitted & ~complete):
        rows = valid[:, column]
        ramp[:, column] = _surface(design, lscov(design[rows], phases[rows, column]))
    return ramp, fitted


def _surface(design: NDArray[np.float64], coefficients: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
    """Value of the surface at every pixel; single coefficients make the product single."""
    return design.astype(coefficients.dtype, copy=False) @ coefficients
