"""Pixels of several looks that see the same ground, one reference for all of them.

Source: docs/method/decomposition.md, sections 3 and 4.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stamps.analysis.decomposition import LARGEST_CONDITION, Model, decompose
from stamps.analysis.joining import Cells, cells_of, mean_of, nearest_pairs, std_of
from stamps.errors import InputError, ParameterError
from stamps.insar.geometry import centre_of, llh2local, local2llh, within_180, wrapped_longitude
from stamps.insar.laea import from_laea, to_laea

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps.products.ground.looks import Look

__all__ = ["Joining", "Joint", "Reference", "check_sides", "join", "referenced"]

_LEAST_REFERENCE = 10  # pixels of each project
_SAME_PASS = 20.0  # degrees between two vectors of the same pass that are hardly different
_INDEPENDENT = 3


@dataclass(frozen=True)
class Joining:
    """How pixels are joined.

    Attributes
    ----------
    cell : float
        Side of a cell, metres.
    min_points : int
        Pixels of each project in a cell.
    nearest : bool
        Pairs of nearest pixels instead of cells.
    radius : float
        Largest distance of a pair, metres.
    european : bool
        Cells of EPSG:3035.
    """

    cell: float = 100.0
    min_points: int = 1
    nearest: bool = False
    radius: float = 50.0
    european: bool = False


@dataclass(frozen=True)
class Joint:
    """Places that all looks see.

    Attributes
    ----------
    cells : Cells
    lonlat : ndarray, shape (c, 2)
    vectors : ndarray, shape (c, m, 3)
    values, sigma : ndarray, shape (c, m)
        Velocities with standard deviations, mm/yr; NaN where errors are not known.
    heights : ndarray, shape (c, m)
    """

    cells: Cells
    lonlat: NDArray[np.float64]
    vectors: NDArray[np.float64]
    values: NDArray[np.float64]
    sigma: NDArray[np.float64]
    heights: NDArray[np.float64]

    def series(self, looks: Sequence[Look], number: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Displacements of a look, shape (c, k), and what the noise of a date is divided by, shape (c,)."""
        values = mean_of(self.cells.of[number], looks[number].series, len(self.lonlat))
        return values, np.sqrt(np.minimum(self.cells.counts[:, number], _INDEPENDENT))


@dataclass(frozen=True)
class Reference:
    """The area that all looks refer to.

    Attributes
    ----------
    lon, lat, radius : float
        Degrees, metres.
    pixels : tuple of int
        In each project.
    std : tuple of float
        Standard deviation of the mean velocity of each, mm/yr.
    """

    lon: float
    lat: float
    radius: float
    pixels: tuple[int, ...]
    std: tuple[float, ...]

    def text(self) -> str:
        """One line for the metadata."""
        numbers = " and ".join(map(str, self.pixels))
        return f"mean of the pixels within {self.radius:g} m of {self.lon:.6f} {self.lat:.6f} ({numbers} pixels)"


# ---------------------------------------------------------------------- looks


def check_sides(looks: Sequence[Look], model: Model) -> list[str]:
    """Warnings; InputError where the looks of the scene cannot tell east and up apart."""
    vectors = np.stack([look.vector.mean(axis=0) for look in looks])
    found = decompose(vectors[None], np.zeros((1, len(looks))), None, model)
    if not found.usable[0]:
        angles = ", ".join(f"{look.name} heading {look.heading:.1f}, incidence {look.incidence:.1f}" for look in looks)
        raise InputError(
            f"The projects look from about the same side ({angles} degrees; condition {found.condition[0]:.1f}, at most "
            f"{LARGEST_CONDITION:g} is usable): horizontal and vertical motion cannot be told apart, take one of the other pass."
        )
    if len({look.ascending for look in looks}) == 1:
        between = np.degrees(np.arccos(np.clip(vectors @ vectors.T, -1, 1))).max()
        hint = " by less than 20 degrees" if between < _SAME_PASS else ""
        return [f"All projects are of the same pass; their lines of sight differ{hint} ({between:.0f} degrees)."]
    return []


def referenced(looks: Sequence[Look], place: Sequence[float] | None) -> tuple[list[Look], Reference | None]:
    """The looks relative to the mean of their pixels in a circle.

    Parameters
    ----------
    looks : sequence of Look
    place : sequence of float, shape (3,), optional
        Longitude, latitude, radius in metres.

    Raises
    ------
    ParameterError
        No such circle, or fewer than 10 pixels of a project in it.
    """
    if place is None:
        return list(looks), None
    if len(place) != 3 or not np.isfinite(place).all() or not (abs(place[1]) <= 90 and place[2] > 0):
        raise ParameterError(f"The reference {place!r} is no longitude, latitude and radius in metres.")
    lon, lat, radius = (float(part) for part in place)
    inside = [_distance(look, lon, lat) <= radius for look in looks]
    numbers = tuple(int(part.sum()) for part in inside)
    for look, number in zip(looks, numbers, strict=True):
        if number < _LEAST_REFERENCE:
            raise ParameterError(
                f"Within {radius:g} m of {lon:g} {lat:g} {look.name} has {number} pixels, but a common reference needs "
                f"{_LEAST_REFERENCE} of each project: take another place or a larger radius."
            )
    made = []
    for look, part in zip(looks, inside, strict=True):
        with np.errstate(invalid="ignore"):
            offsets = np.nanmean(look.series[part], axis=0) if look.series.size else np.zeros(0)
        made.append(look.without(float(look.velocity[part].mean()), offsets))
    std = tuple(
        float(np.sqrt((look.std[part] ** 2).sum()) / part.sum()) for look, part in zip(looks, inside, strict=True)
    )
    return made, Reference(lon, lat, radius, numbers, std)


def _distance(look: Look, lon: float, lat: float) -> NDArray[np.float64]:
    """Metres from a place; infinite where it is far."""
    near = (np.abs(wrapped_longitude(look.lonlat[:, 0], lon) - lon) < 5) & (np.abs(look.lonlat[:, 1] - lat) < 5)
    found = np.full(len(near), np.inf)
    if near.any():
        found[near] = np.hypot(*(llh2local(look.lonlat[near], (lon, lat)) * 1000).T)
    return found


# ---------------------------------------------------------------------- pixels


def join(looks: Sequence[Look], how: Joining) -> Joint:
    """Join pixels.

    Raises
    ------
    InputError
        The projects do not overlap, or no place is seen by all.
    """
    _check_overlap(looks)
    origin = centre_of(np.concatenate([look.lonlat for look in looks]))
    if how.european:
        places = [to_laea(look.lonlat) for look in looks]
    else:
        places = [llh2local(look.lonlat, origin) * 1000 for look in looks]
    cells = _pairs(looks, places, how) if how.nearest else cells_of(places, how.cell, how.min_points)
    n = len(cells.centres)
    weights = [np.where(np.isfinite(look.std), 1 / look.std**2, 1.0) for look in looks]
    means = [
        [mean_of(of, part, n, weight) for part in (look.vector, look.velocity)]
        for look, of, weight in zip(looks, cells.of, weights, strict=True)
    ]
    lonlat = from_laea(cells.centres) if how.european else local2llh(cells.centres / 1000, (origin[0], origin[1]))
    return Joint(
        cells,
        within_180(lonlat),
        np.stack([part[0] for part in means], axis=1),
        np.stack([part[1] for part in means], axis=1),
        np.stack([std_of(of, look.std, n) for look, of in zip(looks, cells.of, strict=True)], axis=1),
        np.stack([mean_of(of, look.height, n) for look, of in zip(looks, cells.of, strict=True)], axis=1),
    )


def _check_overlap(looks: Sequence[Look]) -> None:
    middle = looks[0].lonlat[0, 0]
    boxes = []
    for look in looks:
        lon = wrapped_longitude(look.lonlat[:, 0], middle)
        boxes.append((lon.min(), lon.max(), look.lonlat[:, 1].min(), look.lonlat[:, 1].max()))
    west, east, south, north = (
        max(box[0] for box in boxes), min(box[1] for box in boxes),
        max(box[2] for box in boxes), min(box[3] for box in boxes),
    )  # fmt: skip
    if west > east or south > north:
        said = ", ".join(
            f"{look.name} at {box[0]:.3f} to {box[1]:.3f} E, {box[2]:.3f} to {box[3]:.3f} N"
            for look, box in zip(looks, boxes, strict=True)
        )
        raise InputError(f"The projects do not overlap: {said}.")


def _pairs(looks: Sequence[Look], places: Sequence[NDArray[np.float64]], how: Joining) -> Cells:
    """Pixels of the sparsest look with the nearest of each other one, as cells of one pixel each."""
    base = int(np.argmin([len(place) for place in places]))
    partners: dict[int, NDArray[np.int64]] = {}
    kept = np.arange(len(places[base]))
    for number, place in enumerate(places):
        if number == base:
            continue
        heights = (looks[base].height, looks[number].height)
        pairs = nearest_pairs(places[base], place, how.radius, heights)
        partner = np.full(len(places[base]), -1)
        partner[pairs[:, 0]] = pairs[:, 1]
        partners[number] = partner
        kept = kept[partner[kept] >= 0]
    if kept.size == 0:
        raise InputError(f"No pixel has one of every other project within {how.radius:g} m.")
    of = []
    for number, place in enumerate(places):
        cell = np.full(len(place), -1)
        cell[kept if number == base else partners[number][kept]] = np.arange(kept.size)
        of.append(cell)
    where = np.stack([places[base][kept], *(places[k][partner[kept]] for k, partner in partners.items())])
    counts = np.ones((kept.size, len(places)), dtype=np.int64)
    return Cells(where.mean(axis=0), tuple(of), counts)
