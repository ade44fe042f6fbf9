"""Lists and pictures of the image pairs that the small-baseline tools choose."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stamps.errors import InputError
from stamps.insar.constants import DAYS_PER_YEAR
from stamps.insar.network import subsets
from stamps.matlab.dates import to_yyyymmdd
from stamps.workspace.log import Log

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps.workspace import Workspace


__all__ = ["LIST", "PICTURE", "draw_pairs", "images_of", "pair_lines", "publish_pairs"]

LIST = "small_baselines.list"
PICTURE = "SB_plot.png"


def images_of(ws: Workspace) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Dates and baselines of the images of a single-master project.

    Parameters
    ----------
    ws : Workspace

    Returns
    -------
    day, bperp : ndarray of float64, shape (n_image,)
        Datenums and perpendicular baselines in m.

    Raises
    ------
    InputError
        The project has small baselines, or fewer than two images.
    """
    ps = ws.load(f"ps{ws.version}")
    if "ifgday_ix" in ps:
        raise InputError(
            f"{ws.path} is a small-baseline project, whose pairs are chosen already: run this in the single-master "
            "project."
        )
    if ps["day"].size < 2:
        raise InputError(f"{ws.path} has {ps['day'].size} image(s), but a pair needs two: load more images.")
    return ps["day"], np.asarray(ps["bperp"], np.float64)


def pair_lines(day: NDArray[np.float64], pairs: NDArray[np.int64]) -> list[str]:
    """``yyyymmdd yyyymmdd`` of every pair.

    Parameters
    ----------
    day : ndarray, shape (n_image,)
        Datenums.
    pairs : ndarray of int, shape (n_pair, 2)
        0-based images.

    Returns
    -------
    list of str
    """
    dates = np.ravel(to_yyyymmdd(day))
    return [f"{dates[first]} {dates[second]}" for first, second in pairs]


def publish_pairs(
    ws: Workspace, routine: str, day: NDArray[np.float64], bperp: NDArray[np.float64], pairs: NDArray[np.int64]
) -> None:
    """Write the list of pairs and their picture, and say whether the network holds together.

    Parameters
    ----------
    ws : Workspace
    routine : str
        Name of the routine that chose the pairs, for the log.
    day, bperp : ndarray, shape (n_image,)
    pairs : ndarray of int, shape (n_pair, 2)
    """
    log = Log(ws, routine)
    with ws.publish():
        ws.write_text(LIST, "".join(f"{line}\n" for line in pair_lines(day, pairs)))
        drawn = draw_pairs(ws, day, bperp, pairs)
    log(f"{len(pairs)} pairs of {day.size} images written to {LIST}" + (f", drawn in {PICTURE}" if drawn else ""))
    n_subsets = subsets(pairs, day.size)
    if n_subsets > 1:
        log(
            f"Warning: the network falls apart into {n_subsets} subsets of images, so it cannot be inverted: add pairs "
            "that connect them"
        )


def draw_pairs(ws: Workspace, day: NDArray[np.float64], bperp: NDArray[np.float64], pairs: NDArray[np.int64]) -> bool:
    """Draw images in the plane of date and baseline, pairs with their numbers from 1.

    Returns
    -------
    bool
        False if matplotlib is not installed.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        return False
    figure = Figure(figsize=(9, 6), layout="constrained")
    canvas, axes = FigureCanvasAgg(figure), figure.add_subplot()
    years = _decimal_years(day)
    for number, (first, second) in enumerate(pairs, 1):
        x, y = years[[first, second]], bperp[[first, second]]
        axes.plot(x, y, color="tab:blue", lw=0.8)
        axes.annotate(str(number), (x.mean(), y.mean()), fontsize=7, ha="center")
    axes.plot(years, bperp, "o", color="tab:red", ms=5)
    axes.ticklabel_format(axis="x", useOffset=False)
    axes.set_xlabel("date (year)")
    axes.set_ylabel("perpendicular baseline (m)")
    with ws.open_output(PICTURE) as path:
        canvas.print_png(path)
    return True


def _decimal_years(day: NDArray[np.float64]) -> NDArray[np.float64]:
    """Years with the days as fractions."""
    dates = np.asarray(to_yyyymmdd(day))
    year = dates // 10_000
    return year + (np.asarray(day) - np.array([_first_day(y) for y in year])) / DAYS_PER_YEAR


def _first_day(year: int) -> float:
    from stamps.matlab.dates import datenum

    return float(datenum(int(year) * 10_000 + 101))
