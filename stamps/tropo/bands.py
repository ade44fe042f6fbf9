"""Spatial band-pass of scattered pixels: what lies between two wavelengths.

Pixels are averaged in square cells and smoothed with normalised Gaussians that know which cells are empty. The filter
is linear, the same for every quantity, and leaves nothing of a constant or a plane: if the phase is proportional to
another quantity, what is left of it after filtering is proportional by the same factor.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.ndimage import gaussian_filter

if TYPE_CHECKING:
    from numpy.typing import NDArray


__all__ = ["CellGrid", "octave_bands"]

_SIGMA = np.sqrt(2 * np.log(2)) / (2 * np.pi)  # of a Gaussian that halves the amplitude at wavelength 1
_CELLS_PER_WAVELENGTH = 6  # the smoothing at the shortest wavelength is then just resolved (sigma 1.1 cells)
_TRUNCATE = 5.0
_LONGEST_START = 2000.0
_LARGEST_GRID = 4000


def octave_bands(extent: float) -> NDArray[np.float64]:
    """Bands of one octave each that fit a scene.

    Parameters
    ----------
    extent : float
        Longer side of the scene, m.

    Returns
    -------
    ndarray of float64, shape (n_band, 2)
        Shorter and longer wavelength in m: 2-4 km, 4-8 km … as long as the longer one fits; in scenes smaller than 16
        km from an eighth of the extent on.
    """
    short = min(_LONGEST_START, extent / 8)
    n = max(int(np.floor(np.log2(extent / short) + 1e-9)), 1)
    edges = short * 2.0 ** np.arange(n + 1)
    return np.column_stack([edges[:-1], edges[1:]])


class CellGrid:
    """Square cells that hold pixels.

    Parameters
    ----------
    xy : ndarray, shape (n, 2)
        Positions in m.
    shortest : float
        Shortest wavelength that will be asked for, m; the cells are a sixth of it.
    """

    def __init__(self, xy: NDArray[np.float64], shortest: float) -> None:
        xy = np.asarray(xy, np.float64)
        low = xy.min(axis=0)
        span = float((xy.max(axis=0) - low).max())
        self.side = max(shortest / _CELLS_PER_WAVELENGTH, span / _LARGEST_GRID)
        index = np.floor((xy - low) / self.side).astype(np.int64)
        self.shape = tuple((index.max(axis=0) + 1).tolist())
        self._cell = np.ravel_multi_index(index.T, self.shape)
        self._n = int(np.prod(self.shape))
        occupied = np.flatnonzero(np.bincount(self._cell, minlength=self._n))
        self.cells = occupied  # flat numbers of the cells that hold pixels
        self.centres = low + (np.column_stack(np.unravel_index(occupied, self.shape)) + 0.5) * self.side

    def average(self, values: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """Mean over the pixels of each cell, NaN left out.

        Parameters
        ----------
        values : ndarray, shape (n,)

        Returns
        -------
        ndarray of float64, shape of the grid
            NaN in empty cells.
        """
        valid = np.isfinite(values)
        cell = self._cell[valid]
        count = np.bincount(cell, minlength=self._n)
        total = np.bincount(cell, weights=np.asarray(values, np.float64)[valid], minlength=self._n)
        with np.errstate(invalid="ignore"):
            return (total / count).reshape(self.shape)

    def band_pass(self, average: NDArray[np.float64], band: NDArray[Any] | tuple[float, float]) -> NDArray[np.float64]:
        """Part of averaged values between two wavelengths.

        Parameters
        ----------
        average : ndarray
            From :meth:`average`.
        band : array_like, shape (2,)
            Shorter and longer wavelength, m.

        Returns
        -------
        ndarray of float64, shape (n_cell,)
            At ``self.cells``; NaN where a cell has no value.
        """
        filled = np.isfinite(average)
        values = np.zeros(self.shape)
        if filled.any():
            # at the border of a scene a Gaussian has only one side and would leave something of a plane
            values[filled] = _without_plane(np.argwhere(filled), average[filled])
        short, long = (self._smoothed(values, filled, wavelength) for wavelength in band)
        return np.where(filled, short - long, np.nan).ravel()[self.cells]

    def _smoothed(
        self, values: NDArray[np.float64], filled: NDArray[np.bool_], wavelength: float
    ) -> NDArray[np.float64]:
        sigma = _SIGMA * wavelength / self.side
        weight = gaussian_filter(filled.astype(np.float64), sigma, mode="constant", truncate=_TRUNCATE)
        total = gaussian_filter(values, sigma, mode="constant", truncate=_TRUNCATE)
        return np.divide(total, weight, out=np.zeros_like(total), where=filled)


def _without_plane(position: NDArray[np.int64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    design = np.column_stack([position - position.mean(axis=0), np.ones(len(values))])
    return values - design @ np.linalg.lstsq(design, values, rcond=None)[0]
