"""Pixels of several looks that see the same ground, one reference for all of them.

Source: docs/method/decomposition.md, sections 3 and 4.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stamps.analysis.decomposition import LARGEST_CONDITION, Model, decompose
from stamps.analysis.joining import MOST_INDEPENDENT, Cells, best_shift, cells_of, mean_of, nearest_pairs, std_of
from stamps.errors import InputError, ParameterError
from stamps.insar.geometry import centre_of, llh2local, local2llh, within_180, wrapped_longitude
from stamps.insar.laea import from_laea, to_laea
from stamps.products.reference_choice import ReferenceChoice
from stamps.products.titles import area_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps.products.ground.looks import Look
    from stamps.products.quantities import Project

__all__ = ["Joining", "Joint", "Reference", "check_sides", "join", "reference_of"]

_LEAST_REFERENCE = 10  # pixels of each project
_SAME_PASS = 20.0  # degrees between two vectors of the same pass that are hardly different


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
    align : bool
        Shift the projects on the ground so that most pixels meet.
    """

    cell: float = 100.0
    min_points: int = 1
    nearest: bool = False
    radius: float = 50.0
    european: bool = False
    align: bool = False


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
    shifts : ndarray, shape (m, 2)
        By how much the pixels of each look were moved, metres in the frame of the cells.
    """

    cells: Cells
    lonlat: NDArray[np.float64]
    vectors: NDArray[np.float64]
    values: NDArray[np.float64]
    sigma: NDArray[np.float64]
    heights: NDArray[np.float64]
    shifts: NDArray[np.float64]

    def series(self, looks: Sequence[Look], number: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Displacements of a look, shape (c, k), and what the noise of a date is divided by, shape (c,)."""
        look = looks[number]
        values = mean_of(self.cells.of[number], look.series, len(self.lonlat), look.weights)
        return values, np.sqrt(np.minimum(self.cells.counts[:, number], MOST_INDEPENDENT))


@dataclass(frozen=True)
class Reference:
    """The area that all looks refer to.

    Attributes
    ----------
    place : tuple of float
        Longitude, latitude (degrees) and radius (metres) of a circle, or west, east, south and north of a box.
    pixels : tuple of int
        In each project.
    """

    place: tuple[float, ...]
    pixels: tuple[int, ...]

    @property
    def where(self) -> str:
        """Where it is."""
        return area_text(self.place)

    def text(self) -> str:
        """One line for the metadata."""
        return f"mean of the pixels {self.where} ({' and '.join(map(str, self.pixels))} pixels)"


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


def reference_of(projects: Sequence[Project], names: Sequence[str], place: Sequence[float] | None) -> Reference | None:
    """The area that all projects are to refer to, which each table is then made with; None where none is given.

    Parameters
    ----------
    projects : sequence of Project
    names : sequence of str
        What they are called.
    place : sequence of float, shape (3,) or (4,), optional
        Longitude, latitude, radius in metres; or west, east, south, north.

    Raises
    ------
    ParameterError
        No such area, or fewer than 10 pixels of a project in it.
    """
    if place is None:
        return None
    try:
        choice = ReferenceChoice.of(None, place)
    except InputError as error:
        raise ParameterError(str(error).replace("reference_area", "reference")) from None
    assert choice.area is not None
    numbers = tuple(_pixels_in(choice, project) for project in projects)
    made = Reference(choice.area, numbers)
    for name, number in zip(names, numbers, strict=True):
        if number < _LEAST_REFERENCE:
            raise ParameterError(
                f"{name} has {number} pixels {made.where}, but a common reference needs {_LEAST_REFERENCE} of each project: "
                "take another place or a larger area."
            )
    return made


def _pixels_in(choice: ReferenceChoice, project: Project) -> int:
    try:
        return choice.pixels(project).size
    except InputError:
        return 0


# ---------------------------------------------------------------------- pixels


def join(looks: Sequence[Look], how: Joining) -> tuple[Joint, list[str]]:
    """Join pixels.

    Returns
    -------
    Joint
    list of str
        Warnings.

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
    shifts, told = _shifts(looks, places) if how.align else (np.zeros((len(looks), 2)), [])
    places = [place + shift for place, shift in zip(places, shifts, strict=True)]
    cells = _pairs(looks, places, how) if how.nearest else cells_of(places, how.cell, how.min_points)
    n = len(cells.centres)
    means = [
        [mean_of(of, part, n, look.weights) for part in (look.vector, look.velocity)]
        for look, of in zip(looks, cells.of, strict=True)
    ]
    std = [std_of(of, look.std, n, look.shared_noise(of, n)) for look, of in zip(looks, cells.of, strict=True)]
    lonlat = from_laea(cells.centres) if how.european else local2llh(cells.centres / 1000, (origin[0], origin[1]))
    joint = Joint(
        cells,
        within_180(lonlat),
        np.stack([part[0] for part in means], axis=1),
        np.stack([part[1] for part in means], axis=1),
        np.stack(std, axis=1),
        np.stack([mean_of(of, look.height, n) for look, of in zip(looks, cells.of, strict=True)], axis=1),
        shifts,
    )
    return joint, told


def _shifts(looks: Sequence[Look], places: Sequence[NDArray[np.float64]]) -> tuple[NDArray[np.float64], list[str]]:
    """How each look is moved so that pixels meet (the mean of all is zero), and warnings."""
    shifts, told = np.zeros((len(looks), 2)), []
    for number, place in enumerate(places[1:], 1):
        found = best_shift(places[0], place)
        shifts[number] = found.shift
        if not found.certain:
            told.append(
                f"No shift of {looks[number].name} brings clearly more pixels near those of {looks[0].name} than chance "
                f"({found.pairs:.0f}, {found.by_chance:.0f} by chance): it is not moved."
            )
    return shifts - shifts.mean(axis=0), told


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
