"""Filtered phase of single grid cells with the cell itself left out: the CLAP filter of one window around each cell.

All arithmetic is single precision. Windows of cells in one grid row share their transform along the columns, and only
one sample of the inverse transform is needed, which is a sum over frequencies.

The compiled version is for windows of 8, 16, 32 or 64 cells and an exponent of 1 (one thread, a window of 32 x 32 cells:
6.4 µs, with instructions of AVX2 4.9 µs, NumPy 12.7 µs); others take the array version. Grid rows go to threads.

Source: docs/method/selection.md, section 5; docs/method/coherence.md, section 6; Hooper, Segall and Zebker,
JGR 112, B07407 (2007).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from stamps import native
from stamps.matlab.filters import gausswin
from stamps.native.arrays import companion, rows_at_once, to_host, windows
from stamps.native.clap import adaptive_weights
from stamps.native.spectral_windows import PADDING, SMOOTHING_WIDTH, butterfly_order

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray


__all__ = ["filter_block", "patch_phase", "window_start"]

_WINDOWS_AT_ONCE = 128  # keeps the arrays of one step in the processor's cache
_COMPILED_SIZES = (8, 16, 32, 64)  # of windows
ROW_BYTES = 64 * 2**20  # bound on the transform along the columns of one grid row


def filter_block(
    block: NDArray[np.complexfloating[Any, Any]], alpha: float, beta: float, low_pass: ArrayLike
) -> NDArray[np.complex64]:
    """CLAP filter of one block, without taper or padding, in single precision.

    Parameters
    ----------
    block : (n, n) complex array
        Sums of phasors; NaN counts as 0.
    alpha, beta : float
        Exponent and weight of the adaptive part.
    low_pass : (n, n) float array or 0
        Low-pass response, zero frequency first.

    Returns
    -------
    (n, n) complex64 array
    """
    fft = companion(np, "fft")
    spectrum = fft.fft2(_without_nan(np, np.asarray(block, dtype=np.complex64)))
    return fft.ifft2(spectrum * adaptive_weights(np.abs(spectrum)[np.newaxis], alpha, beta, low_pass)[0])


@overload
def window_start(cell: int, n_cells: int, n_win: int) -> np.int64: ...
@overload
def window_start(cell: NDArray[Any] | Sequence[int], n_cells: int, n_win: int) -> NDArray[np.int64]: ...
def window_start(cell: ArrayLike, n_cells: int, n_win: int) -> Any:
    """First cell of the window around a cell along one axis, moved back inside the grid.

    Parameters
    ----------
    cell : int or int array
        Cell, from 0.
    n_cells, n_win : int
        Cells of the grid and of the window.

    Returns
    -------
    int array
        Negative where the grid is narrower than the window.
    """
    start = np.maximum(np.asarray(cell) - n_win // 2, 0)
    return np.minimum(start, n_cells - n_win)


def patch_phase(
    grid: NDArray[np.complexfloating[Any, Any]],
    cells: ArrayLike,
    n_win: int,
    low_pass: ArrayLike,
    alpha: float,
    beta: float,
    oversampling: int = 1,
    n_threads: int | None = None,
) -> NDArray[np.complex64]:
    """Filtered phasor of grid cells from their surroundings, the cells themselves set to 0.

    Parameters
    ----------
    grid : (n_i, n_j, m) complex array
        Weighted sums of phasors per cell; NaN counts as 0.
    cells : (n, 2) int array
        Row and column of the cells, from 0. The cost is that of the distinct ones.
    n_win : int
        Width of the window in cells.
    low_pass : (n_win, n_win) float array
        Low-pass response, zero frequency first.
    alpha, beta : float
        Exponent and weight of the adaptive part.
    oversampling : int, optional
        Oversampling factor f of the images; above 1 the (2f - 1) x (2f - 1) neighbourhood of the cell is set to 0 too,
        but in the first interferogram only.
    n_threads : int, optional
        Number of threads (default: ``OMP_NUM_THREADS`` or the processors at hand). The result does not depend on it.

    Returns
    -------
    (n, m) complex64 array
        Not normalised. All 0 where the grid is smaller than the window.
    """
    cells = np.asarray(cells, dtype=np.int64).reshape(-1, 2)
    n_i, n_j, m = grid.shape
    if n_i < n_win or n_j < n_win or not len(cells) or m == 0:
        return np.zeros((len(cells), m), dtype=np.complex64)
    distinct, inverse = np.unique(cells[:, 0] * n_j + cells[:, 1], return_inverse=True)
    threads = n_threads or native.n_threads()

    def arrays(xp: Any) -> NDArray[np.complex64]:
        cell_filter = _CellFilter(xp, n_win, low_pass, alpha, beta, oversampling)
        return _phase_of_cells(xp, grid, *np.divmod(distinct, n_j), cell_filter, threads)

    def pythran(module: Any) -> NDArray[np.complex64]:
        cell_filter = _CompiledCellFilter(module, n_win, low_pass, beta, oversampling)
        return _phase_of_cells(np, grid, *np.divmod(distinct, n_j), cell_filter, threads)

    compilable = n_win in _COMPILED_SIZES and alpha == 1
    return native.run("clap_patch", arrays, pythran if compilable else None)[inverse.ravel()]


def _phase_of_cells(
    xp: Any,
    grid: NDArray[np.complexfloating[Any, Any]],
    rows: NDArray[np.int64],
    columns: NDArray[np.int64],
    cell_filter: _CellFilter | _CompiledCellFilter,
    n_threads: int,
) -> NDArray[np.complex64]:
    """Filtered phasors (n, m) of distinct cells in ascending order, one grid row after (or beside) the other."""
    planes = np.moveaxis(grid, 2, 0)
    phasors = np.empty((len(rows), len(planes)), dtype=np.complex64)
    band_cells, cells = cell_filter.n_win * grid.shape[1], grid.shape[0] * grid.shape[1]
    planes_at_once = rows_at_once(xp, 40 * band_cells + grid.itemsize * cells, ROW_BYTES // (8 * band_cells))
    borders = np.flatnonzero(np.diff(rows, prepend=-1, append=-1))
    parts = [slice(start, stop) for start, stop in zip(borders[:-1], borders[1:], strict=True)]
    for first in range(0, len(planes), planes_at_once):
        chosen = slice(first, first + planes_at_once)
        on_device = xp.asarray(planes[chosen])  # not copied with NumPy: grids are large

        def one_row(part, chosen=chosen, on_device=on_device):
            row = int(rows[part.start])
            phasors[part, chosen] = cell_filter(on_device, row, columns[part], chosen.start == 0)

        with ThreadPoolExecutor(n_threads if xp is np else 1) as pool:
            list(pool.map(one_row, parts))
    return phasors


class _CellFilter:
    """The filter with its settings; called for the cells of one grid row. Cells are on the host, values of ``xp``."""

    def __init__(self, xp: Any, n_win: int, low_pass: ArrayLike, alpha: float, beta: float, oversampling: int) -> None:
        self.xp = xp
        self.fft = companion(xp, "fft")
        self.n_win = n_win
        self.low_pass = xp.asarray(low_pass, dtype=np.float32)
        self.alpha = alpha
        self.beta = beta
        self.oversampling = int(oversampling)
        k = np.arange(n_win)
        #: row p gives the terms of the inverse transform at position p
        self.inverse_terms = xp.asarray((np.exp(2j * np.pi * np.outer(k, k) / n_win) / n_win).astype(np.complex64))

    def __call__(
        self, planes: Any, row: int, columns: NDArray[np.int64], has_first_plane: bool
    ) -> NDArray[np.complex64]:
        """Filtered phasors (n, m) at the ascending ``columns`` of a grid row; ``planes`` is (m, n_i, n_j)."""
        xp, n_win = self.xp, self.n_win
        start_i = int(window_start(row, planes.shape[1], n_win))
        starts_j = window_start(columns, planes.shape[2], n_win)
        left, right = int(starts_j[0]), int(starts_j[-1]) + n_win
        band = xp.ascontiguousarray(planes[:, start_i : start_i + n_win, left:right], dtype=np.complex64)
        band = _without_nan(xp, band)
        starts_j, columns = starts_j - left, columns - left
        along_rows = self.fft.fft(band, axis=1)
        at_once = rows_at_once(xp, 60 * len(planes) * n_win**2, _WINDOWS_AT_ONCE // len(planes))
        phasors = np.empty((len(columns), len(planes)), dtype=np.complex64)
        for first in range(0, len(columns), at_once):
            chosen = slice(first, first + at_once)
            spectra = windows(xp, along_rows, starts_j[chosen], n_win)
            self._clear_cells(spectra, band, row - start_i, columns[chosen], starts_j[chosen])
            if has_first_plane and self.oversampling > 1:
                self._clear_surroundings(spectra, band, row - start_i, columns[chosen], starts_j[chosen])
            spectra = self.fft.fft(spectra, axis=-1, overwrite_x=True)
            phasors[chosen] = to_host(self._sample(spectra, row - start_i, columns[chosen] - starts_j[chosen]))
        return phasors

    def _clear_cells(
        self, spectra: Any, band: Any, i: int, columns: NDArray[np.int64], starts_j: NDArray[np.int64]
    ) -> None:
        """Replace, in each window, the transformed column of its cell by that of the column with the cell at 0."""
        xp = self.xp
        column = band[:, :, xp.asarray(columns)]
        column[:, i] = 0
        column = self.fft.fft(column, axis=1, overwrite_x=True)
        places = xp.arange(len(columns)), slice(None), slice(None), xp.asarray(columns - starts_j)
        spectra[places] = column.transpose(2, 0, 1)

    def _clear_surroundings(
        self, spectra: Any, band: Any, i: int, columns: NDArray[np.int64], starts_j: NDArray[np.int64]
    ) -> None:
        """In the first interferogram set the neighbourhood of the cell to 0 too, clipped to the window."""
        xp, reach = self.xp, self.oversampling - 1
        place = np.arange(self.n_win)
        near_i = np.abs(place - i) <= reach
        near_j = np.abs(place - (columns - starts_j)[:, np.newaxis]) <= reach
        near = xp.asarray(near_i[:, np.newaxis] & near_j[:, np.newaxis])
        blocks = xp.where(near, np.complex64(0), windows(xp, band[0], starts_j, self.n_win))
        spectra[:, 0] = self.fft.fft(blocks, axis=1)

    def _sample(self, spectra: Any, i: int, js: NDArray[np.int64]) -> Any:
        """Inverse transform of the weighted (n, m, k, l) spectra at one position of each window."""
        xp = self.xp
        spectra *= adaptive_weights(xp.abs(spectra), self.alpha, self.beta, self.low_pass, xp)
        terms = self.inverse_terms[xp.asarray(js)][:, np.newaxis, :, np.newaxis]
        over_columns = xp.matmul(spectra, terms)[..., 0]
        return xp.matmul(over_columns, self.inverse_terms[i])


class _CompiledCellFilter:
    """The compiled filter with its settings, called as :class:`_CellFilter`.

    The kernel takes real and imaginary parts apart, rows of a transform in the order in which its butterflies leave
    them, and the other axis with the zero frequency in the middle.
    """

    def __init__(self, module: Any, n_win: int, low_pass: ArrayLike, beta: float, oversampling: int) -> None:
        self.kernel = module.clap_patch
        self.n_win = n_win
        self.reach = max(int(oversampling) - 1, 0)
        in_rows, in_columns = butterfly_order(n_win), np.fft.fftshift(np.arange(n_win))
        turns = np.exp(2j * np.pi * np.arange(n_win) / n_win)
        positions = np.outer(np.arange(n_win), np.arange(n_win)) % n_win
        self.row_of_centred = (in_rows + n_win // 2) % n_win
        self.turns = _parts(turns.conj())
        self.low_pass = np.ascontiguousarray(np.asarray(low_pass, dtype=np.float32).T[np.ix_(in_rows, in_columns)])
        self.row_terms = _parts(turns[positions[:, in_rows]] / n_win)
        self.column_terms = _parts(turns[positions[:, in_columns]] / n_win)
        one_side = gausswin(SMOOTHING_WIDTH)[: SMOOTHING_WIDTH // 2 + 1]
        self.weights = np.array([*one_side, 2 * one_side[:-1].sum() + one_side[-1], beta], dtype=np.float32)
        #: between the rows of a smoothed spectrum, where nothing counts for the median
        self.wall = np.tile(np.repeat(np.array([0, np.inf], np.float32), [n_win, PADDING]), n_win)

    def __call__(
        self, planes: NDArray[Any], row: int, columns: NDArray[np.int64], has_first_plane: bool
    ) -> NDArray[np.complex64]:
        """Filtered phasors (n, m) at the ascending ``columns`` of a grid row; ``planes`` is (m, n_i, n_j)."""
        n_win = self.n_win
        start_i = int(window_start(row, planes.shape[1], n_win))
        starts_j = window_start(columns, planes.shape[2], n_win)
        left, right = int(starts_j[0]), int(starts_j[-1]) + n_win
        band = np.ascontiguousarray(planes[:, start_i : start_i + n_win, left:right], dtype=np.complex64)
        phasors = np.empty((len(columns), len(planes)), dtype=np.complex64)
        self.kernel(
            band.view(np.float32),
            row - start_i,
            self.reach if has_first_plane else 0,
            starts_j - left,
            columns - left,
            self.row_of_centred,
            self.turns,
            self.low_pass,
            self.row_terms,
            np.ascontiguousarray(self.column_terms[:, row - start_i]),
            self.weights,
            self.wall,
            *self._work(right - left),
            phasors.view(np.float32).reshape(*phasors.shape, 2),
        )
        return phasors

    def _work(self, width: int) -> list[NDArray[np.float32]]:
        """Arrays in which the kernel works: those of the band, then those of a window, some in several shapes."""
        n_win, stride = self.n_win, self.n_win + PADDING
        padded = np.zeros((n_win + SMOOTHING_WIDTH, stride), dtype=np.float32)
        smooth = np.empty((n_win, stride), dtype=np.float32)
        wide, tall, spectrum, sums = (
            np.empty(shape, dtype=np.float32)
            for shape in ((4, n_win, width), (4, width * n_win), (2, n_win, n_win), (2, n_win))
        )
        down = np.empty(smooth.size + SMOOTHING_WIDTH, dtype=np.float32)
        of_window = spectrum, spectrum.reshape(2, -1), padded, padded.ravel(), down
        return [wide, tall, *of_window, smooth, smooth.ravel(), smooth.reshape(4, -1), sums, np.zeros(7, np.float32)]


def _parts(values: NDArray[np.complexfloating[Any, Any]]) -> NDArray[np.float32]:
    """Real and imaginary parts (2, ...) in single precision."""
    return np.stack([values.real, values.imag]).astype(np.float32, order="C")


def _without_nan(xp: Any, values: Any) -> Any:
    """The array with 0 in place of NaN."""
    missing = xp.isnan(values)
    return xp.where(missing, values.dtype.type(0), values) if missing.any() else values
