"""Points on a regular grid of longitude and latitude: the mean of the points in each cell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.spatial import cKDTree

from stamps.errors import InputError
from stamps.insar.geometry import centre_of, llh2local, wrapped_longitude
from stamps.products.raster import WIDEST_CELL, degree_steps, require_few_cells, size_parameter

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps.products.exports.table import PointTable


__all__ = ["PointGrid", "grid_of"]

_SAMPLE = 20_000  # pixels whose neighbours are looked for
_APART = 1.5


@dataclass(frozen=True)
class PointGrid:
    """A north-up grid and the cells of the points.

    Attributes
    ----------
    left, top : float
        Outer corner of the first cell, degrees. Across the antimeridian a grid goes on: it begins below -180 or ends
        above 180, as readers of rasters expect.
    step_lon, step_lat : float
        Size of a cell in degrees, both positive.
    height, width : int
        Rows from north to south, columns from west to east.
    occupied : ndarray of int64, shape (m,)
        Cells with points, row by row.
    cell : ndarray of int64, shape (n,)
        For each point its place in ``occupied``.
    """

    left: float
    top: float
    step_lon: float
    step_lat: float
    height: int
    width: int
    occupied: np.ndarray
    cell: np.ndarray

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.height, self.width

    def mean(self, column: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
        """Means of the points in the cells.

        Parameters
        ----------
        column : ndarray, shape (n,)
            NaN is left out.

        Returns
        -------
        ndarray of float32, shape (height, width)
            NaN where there is no value.
        """
        valid = np.isfinite(column)
        cell, m = self.cell[valid], self.occupied.size
        counts = np.bincount(cell, minlength=m)
        sums = np.bincount(cell, weights=column[valid], minlength=m)
        with np.errstate(invalid="ignore"):
            return self.spread(sums / counts)

    def counts(self) -> NDArray[np.float32]:
        """Number of points in each cell; float32, shape (height, width)."""
        result = self.spread(np.bincount(self.cell, minlength=self.occupied.size))
        return np.nan_to_num(result, copy=False)

    def spread(self, values: NDArray[Any]) -> NDArray[np.float32]:
        """Values of the occupied cells on the grid, NaN elsewhere; float32, shape (height, width)."""
        result = np.full(self.height * self.width, np.nan, np.float32)
        result[self.occupied] = values
        return result.reshape(self.shape)

    def place(self, lon: float, lat: float) -> tuple[int, int]:
        """Row and column of the occupied cell that is nearest to a place."""
        row, column = np.divmod(self.occupied, self.width)
        east = wrapped_longitude(lon, self.left + self.width * self.step_lon / 2)
        away = ((column + 0.5) * self.step_lon + self.left - east) * np.cos(np.radians(lat))
        away = away**2 + (self.top - (row + 0.5) * self.step_lat - lat) ** 2
        nearest = int(np.argmin(away))
        return int(row[nearest]), int(column[nearest])


def grid_of(table: PointTable, resolution: float | None = None) -> PointGrid:
    """Lay a grid over the points.

    Parameters
    ----------
    table : PointTable
    resolution : float, optional
        Size of a cell in metres; default: parameter ``plot_scatterer_size``, but at least 1.5 times the usual
        distance of a pixel to its neighbour, so that regular pixels (a resampled merge) leave no empty rows.

    Returns
    -------
    PointGrid
        Cells are square in metres in the middle of the scene; their borders are multiples of their size.

    Raises
    ------
    InputError
        The resolution is not positive or far too coarse, or the grid would be too large.
    """
    metres = _default_resolution(table) if resolution is None else resolution
    if np.size(metres) != 1 or not 0 < metres <= WIDEST_CELL:
        raise InputError(
            f"The resolution is {metres!r}, but a positive number of metres (to {WIDEST_CELL:g}) was expected."
        )
    step_lon, step_lat = degree_steps(table.lonlat, float(metres))
    require_few_cells(np.ptp(table.lonlat, axis=0), (step_lon, step_lat), f"A resolution of {metres:g} m")
    column = np.floor(table.lonlat[:, 0] / step_lon)
    row = np.floor(-table.lonlat[:, 1] / step_lat)
    west, north = column.min(), row.min()
    width, height = int(column.max() - west) + 1, int(row.max() - north) + 1
    cells = ((row - north) * width + (column - west)).astype(np.int64)
    occupied, cell = np.unique(cells, return_inverse=True)
    return PointGrid(
        float(west * step_lon),
        float(-north * step_lat),
        float(step_lon),
        float(step_lat),
        height,
        width,
        occupied,
        cell.ravel(),
    )


def _default_resolution(table: PointTable) -> float:
    """Metres: ``plot_scatterer_size``, or more where pixels are sparse, then a multiple of ten."""
    size: float = size_parameter(table.project.parameters, "plot_scatterer_size")
    if len(table) < 2:
        return size
    metres = llh2local(table.lonlat, centre_of(table.lonlat)) * 1000
    some = metres[:: max(1, len(metres) // _SAMPLE)]
    distance: Any = cKDTree(metres).query(some, 2)[0]
    sparse = _APART * float(np.median(distance[:, 1]))
    return size if sparse <= size else 10 * np.ceil(sparse / 10)
