"""Resample wrapped phase to a regular grid and filter it.

Writes ``uw_grid.mat``: ``ph ph_in ph_lowpass ph_uw_predef ph_in_predef xy ij nzix grid_x_min grid_y_min n_i n_j n_ifg
n_ps grid_ij pix_size``. A *node* is a non-empty cell of the grid; nodes are numbered down the columns of the grid.

Source: docs/method/unwrapping.md, section 3; Goldstein and Werner (1998) for the filter.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps import native
from stamps.errors import InputError, ParameterError
from stamps.insar.phase import angle, phasor, wrapped
from stamps.legacy.wrap_filt import wrap_filt
from stamps.steps.unwrapping.settings import GridSettings
from stamps.workspace import Workspace
from stamps.workspace.limits import check_grid
from stamps.workspace.log import Log

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps._typing import StrPath


__all__ = ["uw_grid_wrapped"]


def uw_grid_wrapped(
    ph_in: NDArray[np.complexfloating[Any, Any]],
    xy: NDArray[np.float32],
    pix_size: float = 5,
    prefilt_win: int = 16,
    goldfilt_flag: str = "n",
    lowfilt_flag: str = "n",
    gold_alpha: float = 0.8,
    ph_in_predef: NDArray[np.float32] | None = None,
    workdir: Workspace | StrPath = ".",
    n_workers: int = 1,
) -> None:
    """Sum the phasors of the pixels of each grid cell, filter the grid and save its nodes.

    Parameters
    ----------
    ph_in : ndarray, shape (n, n_ifg)
        Wrapped phase: complex phasors (none zero) or real radians.
    xy : ndarray, shape (n, 3)
        Number, x and y in metres; single precision decides cell borders. With ``pix_size=0``: column and row from 1.
    pix_size : float
        Cell size in metres; 0 means that the pixels are on a grid already.
    prefilt_win : int
        Window of the filter in cells.
    goldfilt_flag, lowfilt_flag : {'n', 'y'}
        Apply the Goldstein filter; keep a low-passed version.
    gold_alpha : float
        Goldstein exponent.
    ph_in_predef : ndarray of float32, shape (n, n_ifg), optional
        Unwrapped phase to hold (radians), NaN where there is none.
    workdir : path-like or Workspace
    n_workers : int
        Interferograms that are filtered at a time; the result does not depend on it.

    Raises
    ------
    InputError
        A phasor is zero, or the grid is smaller than a cell or than the filter window.
    """
    filters = GridSettings(
        pix_size=pix_size,
        window=int(prefilt_win),
        alpha=gold_alpha,
        goldstein=goldfilt_flag.lower() == "y",
        low_pass=lowfilt_flag.lower() == "y",
    )
    resample(Workspace.at(workdir), np.asarray(ph_in), xy, filters, ph_in_predef, n_workers)


def resample(
    ws: Workspace,
    ph_in: NDArray[Any],
    xy: NDArray[np.floating[Any]],
    settings: GridSettings,
    ph_in_predef: NDArray[np.float32] | None = None,
    n_workers: int = 1,
) -> None:
    """Body of :func:`uw_grid_wrapped`, which describes the arguments."""
    log = Log(ws, "uw_grid_wrapped")
    if np.iscomplexobj(ph_in) and np.any(ph_in == 0):
        raise InputError(
            "Some wrapped phases of the pixels to unwrap are exactly zero: every pixel needs a phase in every "
            "interferogram, so drop the interferogram (drop_ifg_index) or the pixels."
        )
    n_ifg = ph_in.shape[1]
    log(f"Number of interferograms  : {n_ifg}", 2)
    log(f"Number of points per ifg  : {len(ph_in)}", 2)
    check_grid(xy, settings.pix_size, "unwrap_grid_size", 100)
    cells = grid_cells(xy, settings.pix_size)
    shape = int(cells["n_i"]), int(cells["n_j"])
    if min(shape) < settings.window:
        raise InputError(
            f"The smaller side of the resampled grid ({min(shape)} cells) is less than the filter window "
            f"({settings.window} cells): reduce unwrap_grid_size or unwrap_gold_n_win."
        )
    flat = np.ravel_multi_index(tuple(cells["grid_ij"].T), shape)
    nzix, ph, ph_lowpass = gridded_nodes(ph_in, flat, shape, settings, n_workers)
    ph_uw_predef = None if ph_in_predef is None else predefined_nodes(ph_in_predef, flat, nzix, ph)
    ij = np.argwhere(nzix.T)[:, ::-1]
    log(f"Number of resampled points: {len(ij)}", 2)
    xy_nodes = np.column_stack([np.arange(1, len(ij) + 1), (ij[:, ::-1] + 0.5) * settings.pix_size])
    ws.save(
        "uw_grid",
        {
            "ph": ph,
            "ph_in": ph_in,
            "ph_lowpass": ph_lowpass,
            "ph_uw_predef": ph_uw_predef,
            "ph_in_predef": ph_in_predef,
            "xy": xy_nodes,
            "ij": ij,
            "nzix": nzix,
            **cells,
            "n_ifg": n_ifg,
            "n_ps": len(ij),
            "pix_size": float(settings.pix_size),
        },
    )


def gridded_nodes(
    ph_in: NDArray[Any],
    flat: NDArray[np.int64],
    shape: tuple[int, int],
    settings: GridSettings,
    n_workers: int = 1,
) -> tuple[NDArray[np.bool_], NDArray[np.complex64], NDArray[np.complex64] | None]:
    """Grid and filter all interferograms; keep the nodes.

    Parameters
    ----------
    ph_in : ndarray, shape (n, n_ifg)
        Phasors or radians.
    flat : ndarray of int64, shape (n,)
        Cell of each pixel, ``row * n_j + column``.
    shape : tuple of int
        Rows and columns of the grid.
    settings : GridSettings
        With a size of cells of 0 the last phasor of a cell counts, else their sum.
    n_workers : int
        Interferograms at a time.

    Returns
    -------
    nzix : ndarray of bool, shape `shape`
        Non-empty cells of the first interferogram: the nodes, numbered down the columns.
    ph : ndarray of complex64, shape (n_node, n_ifg)
    ph_lowpass : ndarray of complex64, shape (n_node, n_ifg), or None
    """
    n_ifg = ph_in.shape[1]
    add = settings.pix_size != 0
    nzix = (cell_sums(ph_in[:, 0], flat, shape[0] * shape[1], add) != 0).reshape(shape)
    ph = np.empty((np.count_nonzero(nzix), n_ifg), np.complex64)
    ph_lowpass = np.empty_like(ph) if settings.low_pass else None

    def one(ifg: int) -> None:
        grid = cell_sums(ph_in[:, ifg], flat, shape[0] * shape[1], add).reshape(shape)
        kept = grid
        if settings.goldstein or settings.low_pass:
            filtered, low = wrap_filt(grid, settings.window, settings.alpha, low_flag="y" if settings.low_pass else "n")
            kept = filtered if settings.goldstein else grid
            if ph_lowpass is not None and low is not None:
                ph_lowpass[:, ifg] = low.T[nzix.T]
        ph[:, ifg] = kept.T[nzix.T]

    with native.thread_pool(n_workers) as pool:
        list(pool.map(one, range(n_ifg)))
    return nzix, ph, ph_lowpass


def grid_cells(xy: NDArray[np.float32], pix_size: float) -> dict[str, Any]:
    """Cell of each pixel.

    Parameters
    ----------
    xy : ndarray, shape (n, 3)
        Number, x, y. The arithmetic is that of its class (single as stored).
    pix_size : float
        Cell size; 0: x and y are column and row from 1.

    Returns
    -------
    dict
        ``grid_ij`` int64 (n, 2) row and column from 0 (rows grow with y), ``grid_x_min``, ``grid_y_min``, ``n_i``,
        ``n_j`` in the class of `xy`.

    Raises
    ------
    InputError
        The pixels lie within one cell.
    ParameterError
        The size is negative.
    """
    if not pix_size >= 0:
        raise ParameterError(f"Parameter unwrap_grid_size is {pix_size:g}, but metres above 0 were expected (setparm).")
    xy = np.asarray(xy)
    scalar: type[np.floating[Any]] = np.float32 if xy.dtype == np.float32 else np.float64
    x, y = xy[:, 1].astype(scalar), xy[:, 2].astype(scalar)
    low: tuple[np.floating[Any], np.floating[Any]]
    grid: Sequence[NDArray[np.floating[Any]]]
    if pix_size == 0:
        low, grid = (scalar(1), scalar(1)), (y, x)
    else:
        low = x.min(), y.min()
        grid = [
            _merged_last(np.ceil((v - v0 + scalar(1e-3)) / scalar(pix_size))) for v, v0 in ((y, low[1]), (x, low[0]))
        ]
    n_i, n_j = grid[0].max(), grid[1].max()
    if min(grid[0].min(), grid[1].min()) < 1:
        raise InputError(
            f"The pixels span less than one grid cell of {pix_size:g} m in one direction: reduce unwrap_grid_size."
        )
    grid_ij = np.column_stack(grid).astype(np.int64) - 1
    return {"grid_ij": grid_ij, "grid_x_min": low[0], "grid_y_min": low[1], "n_i": n_i, "n_j": n_j}


def _merged_last(cell: NDArray[np.float32]) -> NDArray[np.float32]:
    """Quirk: the last row (column) of cells is merged into the one before."""
    last = cell.max()
    return np.where(cell == last, last - 1, cell).astype(cell.dtype)


def cell_sums(
    ph: NDArray[np.complexfloating[Any, Any]], flat: NDArray[np.int64], n_cell: int, add: bool = True
) -> NDArray[np.complex64]:
    """Sum the phasors of each cell in single precision, in pixel order.

    Parameters
    ----------
    ph : ndarray, shape (n,)
        Phasors, or phases in radians.
    flat : ndarray of int64, shape (n,)
        Cell of each pixel.
    n_cell : int
    add : bool
        False: the last pixel of a cell counts alone.

    Returns
    -------
    ndarray of complex64, shape (n_cell,)
    """
    values = (ph if np.iscomplexobj(ph) else phasor(ph)).astype(np.complex64)
    grid = np.zeros(n_cell, np.complex64)
    if add:
        np.add.at(grid, flat, values)
    else:
        grid[flat] = values
    return grid


def predefined_nodes(
    ph_in_predef: NDArray[np.float32], flat: NDArray[np.int64], nzix: NDArray[np.bool_], ph: NDArray[np.complex64]
) -> NDArray[np.float32]:
    """Unwrapped phase to hold at the nodes, moved to the filtered phase.

    Parameters
    ----------
    ph_in_predef : ndarray, shape (n, n_ifg)
        Radians, NaN where nothing is held.
    flat : ndarray of int64, shape (n,)
        Cell of each pixel, ``row * n_j + column``.
    nzix : ndarray of bool, shape (n_i, n_j)
    ph : ndarray of complex64, shape (n_node, n_ifg)

    Returns
    -------
    ndarray of float32, shape (n_node, n_ifg)
        Phase of `ph` plus whole cycles; NaN where nothing is held or the mean of the held values lies
        more than 1 rad off the phase of `ph`.
    """
    node_of_cell = np.full(nzix.shape, -1)
    node_of_cell.T[nzix.T] = np.arange(np.count_nonzero(nzix))
    node = node_of_cell.ravel()[flat]
    held = np.full(ph.shape, np.nan, np.float32)
    for column in range(ph.shape[1]):
        values = ph_in_predef[:, column]
        use = ~np.isnan(values) & (node >= 0)
        count = np.bincount(node[use], minlength=len(ph))
        with np.errstate(invalid="ignore"):
            held[:, column] = np.bincount(node[use], values[use], minlength=len(ph)) / count
    offset = wrapped(angle(ph) - held)
    with np.errstate(invalid="ignore"):
        return np.where(np.abs(offset) > 1, np.float32(np.nan), held + offset)
