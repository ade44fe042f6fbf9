"""What the header of a geocoded SLC says: :class:`Product`, and its parts. The readers of the formats make it.

Source: docs/method/cslc.md, sections 1 and 7.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stamps.errors import InputError
from stamps.frontends.cslc.extras import projections

__all__ = ["Grid", "Product", "StateVectors", "grid_of"]

_STEP_TOLERANCE = 1e-6  # of the spacing, by which steps of coordinates may differ
_OFFSET = 0.001  # pixels, by which places on one lattice may differ
_DIGITS = 10  # of a spacing; those behind come from the rounding of the coordinates
_DEGREES = 400.0  # a grid whose coordinates are all smaller is one of degrees


@dataclass(frozen=True)
class Grid:
    """A map grid, north up.

    Attributes
    ----------
    epsg : int
    x, y : float
        Centre of the first pixel (north-west), metres.
    dx, dy : float
        Spacing, metres; ``dy`` is negative.
    width, length : int
    """

    epsg: int
    x: float
    y: float
    dx: float
    dy: float
    width: int
    length: int

    @property
    def posting(self) -> str:
        """The pixels in words."""
        return f"{self.dx:g} × {-self.dy:g} m pixels from x {self.x:.1f}, y {self.y:.1f}"

    def offset(self, other: Grid) -> tuple[int, int] | None:
        """Whole columns and rows by which another grid begins farther west and north; None where it is of another lattice."""
        if self.epsg != other.epsg or (self.dx, self.dy) != (other.dx, other.dy):
            return None
        places = (self.x - other.x) / self.dx, (self.y - other.y) / self.dy
        column, row = (round(place) for place in places)
        return (column, row) if max(abs(places[0] - column), abs(places[1] - row)) <= _OFFSET else None

    def same_as(self, other: Grid) -> bool:
        """Whether two grids have the same pixels."""
        return self.offset(other) == (0, 0) and (self.width, self.length) == (other.width, other.length)


@dataclass(frozen=True)
class StateVectors:
    """The orbit of a product.

    Attributes
    ----------
    epoch : numpy.datetime64
        UTC, nanoseconds.
    time : (n,) float64 array
        Seconds since the epoch.
    position : (n, 3) float64 array
        Earth-fixed, metres.
    """

    epoch: np.datetime64
    time: NDArray[np.float64]
    position: NDArray[np.float64]

    def seconds(self, since: np.datetime64) -> NDArray[np.float64]:
        """Times in seconds since a time."""
        return self.time + (self.epoch - since).astype("timedelta64[ns]").astype(np.int64) / 1e9


@dataclass(frozen=True)
class Product:
    """An acquisition of a burst (or frame), or its static layers.

    Attributes
    ----------
    path : Path
    burst : str
        Canonical name.
    kind : {'image', 'static'}
    layout : {'cslc', 'gslc'}
    grid : Grid
    polarisations : dict
        Name to the data set of the image; empty for static layers.
    track, orbit_number : int
    mission : str
        ``S1A``.
    direction, side : str
        ``Ascending``, ``Right``.
    start, stop : numpy.datetime64
        UTC.
    generated, version : str
        When the product was made, and its version.
    centre : (float, float) or None
        Longitude and latitude of the middle of the footprint.
    wavelength : float
        Metres; NaN for static layers.
    flags : dict
        Corrections of the image: name to a truth value, a text, or None.
    flattened : bool or None
        None where the file does not tell.
    software : dict
        What may differ in a stack, to be said once.
    orbit_type : str
    vectors : StateVectors or None
    """

    path: Path
    burst: str
    kind: str
    layout: str
    grid: Grid
    polarisations: Mapping[str, str]
    track: int
    orbit_number: int
    mission: str
    direction: str
    side: str
    start: np.datetime64
    stop: np.datetime64
    generated: str
    version: str
    centre: tuple[float, float] | None
    wavelength: float
    flags: Mapping[str, Any] = field(default_factory=dict)
    flattened: bool | None = None
    software: Mapping[str, str] = field(default_factory=dict)
    orbit_type: str = ""
    vectors: StateVectors | None = None

    @property
    def name(self) -> str:
        """The file without its folder."""
        return self.path.name


def grid_of(path: Path, epsg: int, x: NDArray[np.float64], y: NDArray[np.float64]) -> Grid:
    """The grid of vectors of pixel centres.

    Parameters
    ----------
    path : Path
        For messages.
    epsg : int
    x, y : (n,) float64 arrays
        Ascending, descending.

    Raises
    ------
    InputError
        Steps differ, have the wrong direction, or the grid is one of degrees.
    """
    _check_projection(path, epsg)
    if x.size < 2 or y.size < 2 or not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise InputError(f"{path} has no usable coordinates: download it again.")
    if np.abs(x).max() <= _DEGREES and np.abs(y).max() <= _DEGREES:
        raise InputError(f"{path}: EPSG:{epsg} grids (degrees) are not supported: process on a UTM grid.")
    dx, dy = float((x[-1] - x[0]) / (x.size - 1)), float((y[-1] - y[0]) / (y.size - 1))
    for name, step, values in (("x", dx, x), ("y", dy, y)):
        if not step or np.abs(np.diff(values) - step).max() > _STEP_TOLERANCE * abs(step):
            raise InputError(f"{path} has unequal steps in {name}: its grid is no grid; download it again.")
    if dx < 0 or dy > 0:
        raise InputError(f"{path} has columns to the west or lines to the north: grids must be north up.")
    dx, dy = (float(f"{step:.{_DIGITS}g}") for step in (dx, dy))
    return Grid(epsg, float(x[0]), float(y[0]), dx, dy, int(x.size), int(y.size))


@functools.cache
def _projected(epsg: int) -> bool | None:
    """Whether a system of coordinates is one of metres on a map; None where there is none of this number."""
    pyproj = projections()
    try:
        system = pyproj.CRS.from_epsg(epsg)
    except pyproj.exceptions.CRSError:
        return None
    return bool(system.is_projected and all(axis.unit_name == "metre" for axis in system.axis_info[:2]))


def _check_projection(path: Path, epsg: int) -> None:
    known = _projected(epsg)
    if known is None:
        raise InputError(f"{path} is in EPSG:{epsg}, which does not exist: download it again.")
    if not known:
        raise InputError(f"{path}: EPSG:{epsg} grids (degrees) are not supported: process on a UTM grid.")
