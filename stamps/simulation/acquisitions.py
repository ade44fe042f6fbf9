"""Dates, orbits and interferograms of a simulated stack.

Baselines are slave minus master in the TCN frame (T along track, C across track to the look side, N towards the Earth's
centre) at the scene's middle line; along azimuth they change with ``initial_baseline_rate`` times
``(line - (n_lines/2 - 0.5)) / prf``. ``B_perp = C cos(look) - N sin(look)``, ``B_par = C sin(look) + N cos(look)``.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stamps.insar.constants import DAYS_PER_YEAR
from stamps.simulation.geometry import Geometry
from stamps.simulation.random_fields import stream
from stamps.simulation.settings import Settings

__all__ = ["Acquisitions", "perpendicular_baseline", "plan_acquisitions", "plan_pairs"]

#: How often one acquisition follows the last after one, two or three revisit times.
_REVISITS = [0.84, 0.12, 0.04]
_SIGMA_ALONG = 15.0  # m


@dataclass(frozen=True)
class Acquisitions:
    """Dates, master and baselines of the images, in the order of the dates.

    Attributes
    ----------
    dates : list of date
    names : list of str
        Dates as YYYYMMDD.
    days : ndarray of int64, shape (n_images,)
        Days since the first.
    years : ndarray of float64, shape (n_images,)
        Years since the master.
    master : int
        Index of the master.
    bperp, bpar : ndarray of float64, shape (n_images,)
        Perpendicular and parallel baseline at the centre of the scene, m.
    along, across, down : ndarray of float64, shape (n_images,)
        Baseline in T, C and N, m.
    across_rate, down_rate : ndarray of float64, shape (n_images,)
        Rates of C and N, m/s.
    """

    dates: list[dt.date]
    names: list[str]
    days: npt.NDArray[np.int64]
    years: npt.NDArray[np.float64]
    master: int
    bperp: npt.NDArray[np.float64]
    bpar: npt.NDArray[np.float64]
    along: npt.NDArray[np.float64]
    across: npt.NDArray[np.float64]
    down: npt.NDArray[np.float64]
    across_rate: npt.NDArray[np.float64]
    down_rate: npt.NDArray[np.float64]

    @property
    def master_name(self) -> str:
        """Date of the master, YYYYMMDD."""
        return self.names[self.master]

    @property
    def ordinals(self) -> npt.NDArray[np.int64]:
        """Days in the proleptic Gregorian calendar."""
        return np.array([date.toordinal() for date in self.dates])


def plan_acquisitions(settings: Settings, look: float) -> Acquisitions:
    """Draw dates and baselines, and choose the master.

    Parameters
    ----------
    settings : Settings
    look : float
        Look angle at the centre of the scene, rad.
    """
    days = _draw_days(settings)
    first = dt.datetime.strptime(settings.start_date, "%Y%m%d").date()
    dates = [first + dt.timedelta(days=int(day)) for day in days]
    n = settings.n_images
    rng = stream(settings.seed, "baselines")
    bperp = rng.normal(0, settings.sigma_bperp, n)
    bpar = rng.normal(0, 0.7 * settings.sigma_bperp, n)
    along = rng.normal(0, _SIGMA_ALONG, n)
    across_rate = rng.normal(0, settings.sigma_baseline_rate, n)
    down_rate = rng.normal(0, settings.sigma_baseline_rate, n)
    master = _central(days, bperp)
    for values in (bperp, bpar, along, across_rate, down_rate):
        values -= values[master]
    return Acquisitions(
        dates=dates,
        names=[date.strftime("%Y%m%d") for date in dates],
        days=days,
        years=(days - days[master]) / DAYS_PER_YEAR,
        master=master,
        bperp=bperp,
        bpar=bpar,
        along=along,
        across=bperp * np.cos(look) + bpar * np.sin(look),
        down=-bperp * np.sin(look) + bpar * np.cos(look),
        across_rate=across_rate,
        down_rate=down_rate,
    )


def _draw_days(settings: Settings) -> npt.NDArray[np.int64]:
    """Days of the acquisitions since the first."""
    rng = stream(settings.seed, "dates")
    steps = settings.revisit * (1 + rng.choice(len(_REVISITS), size=settings.n_images - 1, p=_REVISITS))
    return np.concatenate([[0], np.cumsum(steps)]).astype(int)


def _central(days: npt.NDArray[np.int64], bperp: npt.NDArray[np.float64]) -> int:
    """Image with the smallest mean of the normalised temporal and perpendicular distances to the others."""
    temporal = np.abs(days[:, None] - days[None, :]).mean(1)
    perpendicular = np.abs(bperp[:, None] - bperp[None, :]).mean(1)
    return int(np.argmin(temporal / temporal.min() + perpendicular / perpendicular.min()))


def plan_pairs(settings: Settings, acquisitions: Acquisitions) -> list[tuple[int, int]]:
    """Interferograms as (master index, slave index)."""
    n = len(acquisitions.names)
    if not settings.small_baselines:
        master = acquisitions.master
        return [(master, i) for i in range(n) if i != master or settings.null_master]
    days, bperp = acquisitions.days, acquisitions.bperp
    pairs = []
    for i in range(n):
        for j in range(i + 1, n):
            close = days[j] - days[i] <= settings.max_temporal and abs(bperp[j] - bperp[i]) <= settings.max_perp
            if close or j == i + 1:  # neighbours keep it connected
                pairs.append((i, j))
    return pairs


def perpendicular_baseline(geometry: Geometry, acquisitions: Acquisitions, image: int) -> npt.NDArray[np.float64]:
    """Perpendicular baseline of an image against the master, m.

    Returns
    -------
    ndarray of float64, shape (lines, samples)
    """
    across = acquisitions.across[image] + acquisitions.across_rate[image] * geometry.line_time
    down = acquisitions.down[image] + acquisitions.down_rate[image] * geometry.line_time
    return across[:, None] * np.cos(geometry.look) - down[:, None] * np.sin(geometry.look)
