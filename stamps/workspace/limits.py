"""Sizes that parameters and coordinates ask for, judged before memory and time are spent on them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import InputError, ParameterError

if TYPE_CHECKING:
    from numpy.typing import NDArray


__all__ = ["available_gib", "check_grid", "check_trial_wraps"]

#: Cells of a grid that nothing sensible needs: a full image of 25 000 x 20 000 samples.
_MOST_CELLS = 5e8

#: Cycles of a search over the range of baselines (20 m and 1 km of baselines are about one).
_MOST_WRAPS = 1000

_UNTOLD_GIB = 16.0  # taken for the memory of a machine that tells nothing


def check_grid(xy: NDArray[np.floating[Any]], size: float, name: str, bytes_per_cell: float) -> None:
    """Stop where a grid over the pixels would not fit into memory.

    Parameters
    ----------
    xy : ndarray, shape (n, 3) or (n, 2)
        x and y in metres, in the last two columns.
    size : float
        Cell size, metres.
    name : str
        The parameter that tells it.
    bytes_per_cell : float
        Memory that a cell takes in all layers; 0: only the cells' numbers are needed.

    Raises
    ------
    InputError
        The coordinates are no numbers.
    ParameterError
        Too many cells.
    """
    if len(xy) == 0 or not size > 0:
        return
    spans = np.ptp(np.asarray(xy)[:, -2:].astype(np.float64), axis=0)
    if not np.isfinite(spans).all():
        raise InputError("The coordinates of the pixels (xy) are not all numbers: run step 1 again (stamps 1 1).")
    with np.errstate(over="ignore", invalid="ignore"):  # an infinite grid is refused as well
        columns, rows = np.ceil(spans / size) + 1
        cells = rows * columns
        gib = cells * bytes_per_cell / 2**30
    most = _MOST_CELLS if bytes_per_cell else np.inf
    if max(rows, columns) < 2**31 and cells <= most and gib <= available_gib():
        return
    raise ParameterError(
        f"{name} is {size:g} m, which over {spans[0] / 1000:.4g} x {spans[1] / 1000:.4g} km gives a grid of {rows:.3g} x "
        f"{columns:.3g} cells for {len(xy)} pixels, more than there is memory for ({gib:.3g} GiB): set a larger one "
        f"(setparm {name} {_sensible(cells, size):.2g}), or look for pixels with wrong coordinates."
    )


def _sensible(cells: float, size: float) -> float:
    """Cell size that gives a million cells."""
    return size * float(np.sqrt(cells / 1e6))


def check_trial_wraps(n_wraps: float, max_topo_err: float) -> None:
    """Stop where the search of the look-angle error would have more trials than can be worth while.

    Parameters
    ----------
    n_wraps : float
        Half width of the search in cycles over the range of baselines.
    max_topo_err : float
        Metres.

    Raises
    ------
    ParameterError
        Too many, or no number.
    """
    if not 0 <= n_wraps <= _MOST_WRAPS:
        raise ParameterError(
            f"max_topo_err is {max_topo_err:g} m, which with these baselines and this incidence angle is a search over "
            f"{n_wraps:.3g} cycles; at most {_MOST_WRAPS} are possible: set a smaller one (the default is 20), or check the "
            "baselines."
        )


def available_gib() -> float:
    """Memory that is available now, GiB; all that there is where only that is told, and a guess where nothing is (Windows)."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        kib = next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable"))
        return kib / 2**20
    except (OSError, StopIteration):
        if not hasattr(os, "sysconf"):
            return _UNTOLD_GIB
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
