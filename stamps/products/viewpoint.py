"""From where a picture looks at the pixels: a map in degrees, the local frame in metres, or the radar image.

Source: docs/method/products.md, section 2.8.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import InputError
from stamps.products.arguments import AMPLITUDE, AMPLITUDE_THROUGH, BLACK_XY, WHITE_XY
from stamps.products.maps import metres_per_unit

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from stamps.products.quantities import Project


__all__ = ["View", "view_of"]


@dataclass(frozen=True)
class View:
    """Coordinates of the pixels in a picture.

    Attributes
    ----------
    x, y : ndarray of float64, shape (n_ps,)
    metres : tuple of float
        Metres of one unit along x and y.
    labels : tuple of str
        Names of the axes.
    north : float
        Direction of north in degrees, clockwise from the top.
    in_degrees : bool
    flip : tuple of bool
        Radar image: whether samples and lines are counted backwards.
    from_degrees : ndarray of float64, shape (3, 2)
        Turns longitude, latitude, 1 into the coordinates of the picture.
    """

    x: np.ndarray
    y: np.ndarray
    metres: tuple
    labels: tuple
    north: float = 0.0
    in_degrees: bool = True
    flip: tuple = (False, False)
    from_degrees: np.ndarray = field(default_factory=lambda: np.eye(3, 2))

    def placed(self, points: ArrayLike) -> NDArray[Any]:
        """Places of points in the picture.

        Parameters
        ----------
        points : array_like, shape (n, 2)
            Longitudes and latitudes, counted as those of the pixels (:attr:`Project.lonlat`).

        Returns
        -------
        ndarray of float64, shape (n, 2)
        """
        points = np.asarray(points, np.float64)
        return points @ self.from_degrees[:2] + self.from_degrees[2]

    def steps(self, metres: float) -> tuple[float, float]:
        """Size of a cell of so many metres along x and y."""
        return metres / self.metres[0], metres / self.metres[1]

    @property
    def aspect(self) -> float:
        """Length of a unit along y over one along x."""
        return self.metres[1] / self.metres[0]


def view_of(project: Project, plot_flag: int, shape: tuple[int, int] | None = None) -> View:
    """The view that a background asks for.

    Parameters
    ----------
    project : Project
    plot_flag : int
    shape : tuple of int, optional
        Lines and samples of the amplitude image.

    Returns
    -------
    View
    """
    ps = project.ps
    lonlat = project.lonlat
    if plot_flag in (WHITE_XY, BLACK_XY):
        x, y = ps["xy"][:, 1].astype(np.float64), ps["xy"][:, 2].astype(np.float64)
        north = north_of(x, y, lonlat[:, 1])
        return View(x, y, (1.0, 1.0), ("x (m)", "y (m)"), north, in_degrees=False, from_degrees=_plane(lonlat, [x, y]))
    if plot_flag in (AMPLITUDE, AMPLITUDE_THROUGH):
        if shape is None:
            raise InputError("A plot over the amplitude needs the size of the image.")
        return _radar_view(project, shape)
    stored: Any = project.parameters.get("lonlat_offset")
    offset = np.ravel(stored)
    offset = offset if offset.size == 2 else np.zeros(2)
    x, y = (lonlat + offset).T
    from_degrees = np.vstack([np.eye(2), offset])
    return View(x, y, metres_per_unit(y, True), ("longitude (°)", "latitude (°)"), from_degrees=from_degrees)


def _radar_view(project: Project, shape: tuple[int, int]) -> View:
    """Samples and lines, turned by half a circle where the satellite flies south, so that north is roughly up."""
    ps, heading = project.ps, project.parameters.get("heading")
    sample, line = ps["ij"][:, 2].astype(np.float64), ps["ij"][:, 1].astype(np.float64)
    southwards = heading is not None and np.size(heading) == 1 and np.cos(np.radians(heading)) < 0
    if southwards:
        sample, line = shape[1] - 1 - sample, shape[0] - 1 - line
    xy = ps["xy"][:, 1:].astype(np.float64)
    design = np.column_stack([sample, line, np.ones(len(sample))])
    slopes = np.linalg.lstsq(design, xy, rcond=None)[0][:2]
    metres = tuple(float(length) if length > 0 else 1.0 for length in np.hypot(*slopes.T))
    north = north_of(sample * metres[0], line * metres[1], ps["lonlat"][:, 1])
    return View(
        sample,
        line,
        metres,
        ("range (samples)", "azimuth (lines)"),
        north,
        False,
        (southwards, southwards),
        _plane(project.lonlat, [sample, line]),
    )


def _plane(lonlat: NDArray[np.float64], coordinates: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Coordinates as a linear function of longitude, latitude and 1, shape (3, 2), near enough to mark places."""
    middle = lonlat.mean(axis=0)
    design = np.column_stack([lonlat - middle, np.ones(len(lonlat))])
    plane = np.linalg.lstsq(design, np.column_stack(coordinates), rcond=None)[0]
    plane[2] -= middle @ plane[:2]
    return plane


def north_of(x: NDArray[np.float64], y: NDArray[np.float64], latitude: NDArray[np.float64]) -> float:
    """Direction in which the latitude grows, degrees clockwise from y.

    Parameters
    ----------
    x, y : ndarray of float64, shape (n,)
        Metres.
    latitude : ndarray, shape (n,)
        Degrees.

    Returns
    -------
    float
    """
    centred = np.column_stack([x - x.mean(), y - y.mean()])
    gradient = np.linalg.lstsq(centred, latitude - latitude.mean(), rcond=None)[0]
    return float(np.degrees(np.arctan2(gradient[0], gradient[1])))
