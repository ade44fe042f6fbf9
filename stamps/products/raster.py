"""Pixels on the grid of a picture.

A picture shows which pixel stands in each cell; the values of any number of panels are then looked up.
Source: docs/method/products.md, section 2.8.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import InputError, ParameterError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from stamps.workspace.parameters import Parameters


__all__ = [
    "MOST_CELLS",
    "WIDEST_CELL",
    "PixelGrid",
    "degree_steps",
    "pixel_grid",
    "require_few_cells",
    "size_parameter",
]

#: Cells of the largest grid that is made: 0.8 GB for a layer in single precision.
MOST_CELLS = 200_000_000
#: Metres of the largest cell: larger than any scene.
WIDEST_CELL = 100_000.0

_DEGREES_PER_METRE = 9e-6  # of latitude
_MARGIN = 2  # cells
_EMPTY = -1


@dataclass(frozen=True)
class PixelGrid:
    """Which pixel each cell shows.

    Attributes
    ----------
    index : ndarray of int64, shape (n_y, n_x)
        0-based pixel; -1 where there is none. Row 0 is the lowest y.
    extent : tuple of float
        Left, right, bottom, top border.
    """

    index: np.ndarray
    extent: tuple

    def values(self, column: NDArray[Any]) -> NDArray[Any]:
        """Values of the cells, NaN where there is no pixel; shape (n_y, n_x), float64 (complex stays complex).

        Parameters
        ----------
        column : ndarray, shape (n_ps,)
        """
        column = np.asarray(column)
        shown = column[self.index].astype(np.complex128 if column.dtype.kind == "c" else np.float64)
        shown[self.index == _EMPTY] = np.nan
        return shown


def size_parameter(parameters: Parameters, name: str, low: float = 0.0, high: float = WIDEST_CELL) -> float:
    """A parameter that says how large something is drawn.

    Parameters
    ----------
    parameters : Parameters
    name : str
    low, high : float
        What makes sense; ``low`` itself does not.

    Returns
    -------
    float

    Raises
    ------
    ParameterError
        It is no number or makes no sense.
    """
    value = parameters.get(name)
    number = np.nan if value is None or isinstance(value, str) or np.size(value) != 1 else float(np.ravel(value)[0])
    if not low < number <= high:
        raise ParameterError(
            f"{name} is {value!r}, but a number over {low:g} and up to {high:g} was expected (setparm {name})."
        )
    return number


def require_few_cells(extent: NDArray[np.float64] | tuple[float, float], steps: tuple[float, float], what: str) -> None:
    """Check that a grid fits into memory before it is made.

    Parameters
    ----------
    extent, steps : array_like, shape (2,)
        Size of the scene and of a cell along x and y.
    what : str
        What asks for the grid and can be changed, for the message: ``'A resolution of 3 m'``.

    Raises
    ------
    InputError
        It has more than :data:`MOST_CELLS`.
    """
    with np.errstate(all="ignore"):
        width, height = np.asarray(extent, np.float64) / np.asarray(steps, np.float64) + 1
        few = width * height <= MOST_CELLS
    if not few:
        raise InputError(
            f"{what} gives about {height:.3g} x {width:.3g} cells, more than {MOST_CELLS:.0e}: choose a larger one, or a part of "
            "the scene (lon_rg, lat_rg)."
        )


def degree_steps(lonlat: NDArray[np.float64], metres: float) -> tuple[float, float]:
    """Size of a cell in degrees.

    Parameters
    ----------
    lonlat : ndarray, shape (n, 2)
        Pixels; their middle decides how long a degree of longitude is.
    metres : float
        Size in metres.

    Returns
    -------
    step_lon, step_lat : float
    """
    step = metres * _DEGREES_PER_METRE
    return step / max(np.cos(np.radians(np.mean(lonlat[:, 1]))), 0.01), step


def pixel_grid(x: ArrayLike, y: ArrayLike, steps: tuple[float, float], n_cells: int = 3, most: int = 1500) -> PixelGrid:
    """Draw every pixel as a square of cells; the first of those that meet in a cell is shown.

    Parameters
    ----------
    x, y : ndarray of float, shape (n_ps,)
        NaN is not drawn.
    steps : tuple of float
        Size of a cell along x and y; made larger where the grid would get too large.
    n_cells : int
        Side of the squares in cells.
    most : int
        Cells along the longer side of the grid at the most.

    Returns
    -------
    PixelGrid
    """
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    pixels = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    low = np.array([x[pixels].min(), y[pixels].min()])
    extent = np.array([x[pixels].max(), y[pixels].max()]) - low
    given = np.asarray(steps, np.float64)
    sizes = given * max(1.0, float((extent / given).max()) / most)
    corner = low - (_MARGIN + n_cells // 2 + 0.5) * sizes
    shape = np.ceil(extent / sizes).astype(int) + 2 * (_MARGIN + n_cells // 2) + 1
    index = np.full((shape[1], shape[0]), _EMPTY, np.int64)
    column = np.floor((x[pixels] - corner[0]) / sizes[0]).astype(int)
    row = np.floor((y[pixels] - corner[1]) / sizes[1]).astype(int)
    before = -((n_cells - 1) // 2)
    for shift_y in range(before, before + n_cells):
        for shift_x in range(before, before + n_cells):
            _fill(index, row + shift_y, column + shift_x, pixels)
    _fill(index, row, column, pixels, again=True)
    right, top = corner + shape * sizes
    return PixelGrid(index, (corner[0], right, corner[1], top))


def _fill(
    index: NDArray[np.int64],
    row: NDArray[np.int64],
    column: NDArray[np.int64],
    pixels: NDArray[np.int64],
    again: bool = False,
) -> None:
    """Put pixels into cells that are free (``again``: into their own cells in any case); earlier ones win."""
    inside = (row >= 0) & (row < index.shape[0]) & (column >= 0) & (column < index.shape[1])
    # of repeated cells the last assignment stays, so the order is reversed (in copies: NumPy may turn views round)
    cells = (row[inside] * index.shape[1] + column[inside])[::-1].copy()
    pixels = pixels[inside][::-1].copy()
    if not again:
        free = index.ravel()[cells] == _EMPTY
        cells, pixels = cells[free], pixels[free]
    index.ravel()[cells] = pixels
