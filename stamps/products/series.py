"""Time series of places: the file that a velocity plot leaves behind, the pixels around a place, the picture.

Source: docs/method/products.md, section 2.5.
"""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from stamps.errors import InputError, WorkspaceError
from stamps.insar.constants import DAYS_PER_YEAR
from stamps.insar.geometry import llh2local, within_180
from stamps.matlab.dates import datestr, to_yyyymmdd
from stamps.matlab.linalg import lscov
from stamps.matlab.statistics import nanmean
from stamps.products.figures import label_dates
from stamps.products.quantity_styles import TOWARDS
from stamps.products.saving import SERIES_NAME
from stamps.workspace import Workspace, freshness

if TYPE_CHECKING:
    from datetime import date

    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike, NDArray

    from stamps.workspace.directory import Variables


__all__ = ["Place", "dates_of", "draw_series", "fit_line", "load_series", "place_series", "title_of"]

_CORNERS = 114


class Place(NamedTuple):
    """Mean displacement of the pixels around a place.

    Attributes
    ----------
    lon, lat : float
        Degrees.
    radius : float
        Metres.
    pixels : ndarray of int64
        0-based pixels.
    displacement : ndarray, shape (n,)
        Millimetres towards the satellite.
    """

    lon: float
    lat: float
    radius: float
    pixels: np.ndarray
    displacement: np.ndarray

    def __str__(self) -> str:
        return f"{self.lon:.5f}, {self.lat:.5f} ({self.pixels.size} pixels within {self.radius:g} m)"


def load_series(ws: Workspace) -> Variables:
    """Content of the time-series file that was written last.

    Parameters
    ----------
    ws : Workspace

    Returns
    -------
    Variables
    """
    places = [place for place in (ws, Workspace(Path.home())) if place.has_file(SERIES_NAME)]
    if not places:
        raise WorkspaceError(f"{ws.path / SERIES_NAME} is missing: plot a velocity with 'ts' first (ps_plot v-d ts).")
    name = places[0].read_text(SERIES_NAME).strip().removesuffix(".mat")
    freshness.refuse(places[0])
    return places[0].load(name)


def place_series(series: Variables, lon: float, lat: float, radius: float = 100.0) -> Place:
    """Mean series of the pixels around a place.

    Parameters
    ----------
    series : dict
        ``lonlat`` (n_ps x 2, degrees) and ``ph_mm`` (n_ps x n).
    lon, lat : float
        Degrees.
    radius : float
        Metres.

    Returns
    -------
    Place

    Raises
    ------
    InputError
        No pixel is within the radius.
    """
    metres = llh2local(series["lonlat"], (lon, lat)) * 1000
    pixels = np.flatnonzero(in_regular_polygon(metres, radius))
    if pixels.size == 0:
        nearest = float(np.hypot(*metres.T).min())
        raise InputError(
            f"No pixel lies within {radius:g} m of {lon:.5f}, {lat:.5f}; the nearest is {nearest:.0f} m away: take a "
            "larger radius or another place."
        )
    lon, lat = within_180((lon, lat)).tolist()
    return Place(lon, lat, float(radius), pixels, np.asarray(nanmean(series["ph_mm"][pixels], axis=0)))


def in_regular_polygon(points: NDArray[np.float64], radius: float, corners: int = _CORNERS) -> NDArray[np.bool_]:
    """Whether points lie in a regular polygon around the origin, its border included.

    Parameters
    ----------
    points : ndarray, shape (n, 2)
    radius : float
        Distance of the corners, the first of which lies on the first axis.
    corners : int

    Returns
    -------
    ndarray of bool, shape (n,)
    """
    half = np.pi / corners
    from_middle = np.mod(np.arctan2(points[:, 1], points[:, 0]), 2 * half) - half
    return np.hypot(*points.T) * np.cos(from_middle) <= radius * np.cos(half)


def fit_line(days: NDArray[Any], displacement: NDArray[Any]) -> NDArray[Any]:
    """Intercept (mm) and slope (mm/yr) by ordinary least squares; dates without value are left out.

    Parameters
    ----------
    days : ndarray, shape (n,)
        Days since the master.
    displacement : ndarray, shape (n,)

    Returns
    -------
    ndarray of float64, shape (2,)
    """
    valid = ~np.isnan(displacement)
    design = np.column_stack([np.ones(valid.sum()), days[valid]])
    intercept, slope = lscov(design, displacement[valid].astype(np.float64))
    return np.array([intercept, slope * DAYS_PER_YEAR])


def dates_of(day: ArrayLike) -> list[date]:
    """Calendar dates of datenums.

    Returns
    -------
    list of datetime.date
    """
    return [datetime.date(d // 10_000, d // 100 % 100, d % 100) for d in to_yyyymmdd(np.atleast_1d(day)).tolist()]


def title_of(series: Any, what: str, reference: str = "") -> str:
    """Title of a picture of a series: what, from which plot, the master that the dotted line marks, another reference area."""
    name = Path(series.source).stem.removeprefix("ps_plot_ts_")
    return f"{what}, from ps_plot {name}; dotted: master of {datestr(series['master_day'])}" + (
        f"\n{reference}" if reference else ""
    )


def draw_series(
    axes: Axes, series: Any, displacement: NDArray[Any], label: str, line: Any = None, since: Any = None
) -> None:
    """Draw a series over its dates, with its line if there is one.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    series : dict
        ``day`` and ``master_day``.
    displacement : ndarray, shape (n,)
        Millimetres.
    label : str
    line : ndarray, shape (2,), optional
        From :func:`fit_line`.
    since : date, optional
        On which it is 0 (default: that of the master).
    """
    dates: Any = dates_of(series["day"])
    master: Any = dates_of(series["master_day"])[0]
    axes.axhline(0, color="0.8", lw=0.8)
    axes.plot(dates, displacement, "o", ms=4, label=label)
    if line is not None:
        fitted = line[0] + line[1] * (series["day"] - series["master_day"]) / DAYS_PER_YEAR
        axes.plot(dates, fitted, "-", lw=1, label=f"{line[1]:.1f} mm/yr")
    axes.axvline(master, color="0.7", ls=":", lw=1)
    axes.set_ylabel(f"displacement since {since or master} (mm)\n{TOWARDS}")
    axes.legend(frameon=False, fontsize=8)
    axes.grid(alpha=0.3)
    label_dates(axes)
