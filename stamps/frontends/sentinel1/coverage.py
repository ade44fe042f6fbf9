"""Which bursts an area needs, and which acquisitions have them.

Source: docs/method/sentinel1.md, section 4.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from stamps.errors import InputError
from stamps.frontends.sentinel1.acquisitions import Scene
from stamps.frontends.sentinel1.annotation import ORBITAL_PERIOD, Burst
from stamps.frontends.sentinel1.area import Area

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

__all__ = [
    "Coverage",
    "Needed",
    "as_ranges",
    "neighbouring",
    "positions",
    "trimmed",
]

#: Subswath to the numbers of its bursts that are needed, ascending.
Needed = Mapping[str, tuple[int, ...]]

_SAME_BURST = 0.2  # s
_LEAST_SHARE = 1e-6  # of the area, that is worth a subswath of its own
_FAR = 1.0  # degree beyond which a footprint has nothing to do with an area


class Coverage:
    """An area, and what of it is covered.

    Parameters
    ----------
    area : Area
    """

    def __init__(self, area: Area) -> None:
        self.area = area
        self._shape = area.shape()
        self._middle = sum(area.envelope[::2]) / 2

    def polygon(self, outline: Sequence[tuple[float, float]]) -> BaseGeometry:
        """Polygon of an outline whose longitudes count on, in the turn of the area."""
        import shapely

        first = outline[0][0]
        points = [((lon - first + 180) % 360 - 180 + first, lat) for lon, lat in outline]
        turns = 360 * round((self._middle - sum(lon for lon, _ in points) / len(points)) / 360)
        return shapely.make_valid(shapely.Polygon([(lon + turns, lat) for lon, lat in points]))

    def near(self, footprint: Sequence[tuple[float, float]]) -> bool:
        """Whether a footprint lies over the area, or not far from it."""
        return bool(self.polygon(footprint).distance(self._shape) < _FAR)

    def touches(self, outline: Sequence[tuple[float, float]]) -> bool:
        """Whether an outline shares a part with the area."""
        return bool(self.polygon(outline).intersection(self._shape).area > 0)

    def share(self, outlines: Iterable[Sequence[tuple[float, float]]]) -> float:
        """Part of the area that outlines cover together, 0 to 1."""
        import shapely

        together = shapely.union_all([self.polygon(outline) for outline in outlines])
        return float(together.intersection(self._shape).area / self._shape.area)

    def touched(self, scene: Scene, swath: str) -> list[Burst]:
        """Bursts of a subswath that share a part with the area."""
        return [burst for burst in scene.bursts(swath) if self.touches(burst.outline)]

    def swaths(self, touched: Mapping[str, Collection[Any]]) -> tuple[str, ...]:
        """The fewest neighbouring subswaths that cover as much of the area as all do.

        Parameters
        ----------
        touched : mapping
            Subswath to the outlines of its bursts that touch the area; only subswaths that have one.
        """
        names = sorted(touched)
        whole = self.share(outline for name in names for outline in touched[name])
        for length in range(1, len(names) + 1):
            for start in range(len(names) - length + 1):
                run = names[start : start + length]
                if neighbouring(run) and self.share(o for name in run for o in touched[name]) > whole - _LEAST_SHARE:
                    return tuple(run)
        return tuple(names)


def neighbouring(swaths: Sequence[str]) -> bool:
    """Whether subswaths are neighbours of each other, in their order."""
    numbers = [int(swath[-1]) for swath in swaths]
    return numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def as_ranges(numbers: Iterable[int]) -> str:
    """Numbers for people: ``3-5, 9``."""
    runs: list[list[int]] = []
    for number in sorted(set(numbers)):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)


def trimmed(scene: Scene, needed: Needed) -> Scene:
    """A scene with the slices that hold needed bursts; slices whose needed bursts others have, too, are left out.

    Of two such slices that of the earlier processing goes.
    """
    held = [
        {
            (swath, burst.number)
            for swath, image in one.items()
            for burst in image.bursts
            if burst.number in needed.get(swath, ())
        }
        for one in scene.images
    ]
    kept = [number for number, bursts in enumerate(held) if bursts]
    for number in sorted(kept, key=lambda k: scene.acquisition.slices[k].processed):
        others = set().union(*(held[k] for k in kept if k != number))
        if held[number] <= others:
            kept.remove(number)
    return scene.only(kept) if kept else scene


def positions(scene: Scene, swath: str, wanted: Sequence[Burst]) -> dict[int, int]:
    """Where the bursts of another scene stand in this one.

    Parameters
    ----------
    scene : Scene
    swath : str
    wanted : sequence of Burst

    Returns
    -------
    dict
        Number of a wanted burst to its place in the assembled product, from 1; those that are missing are not in it. A burst is
        the same if its number is, or if it begins at the same time after the ascending node.

    Raises
    ------
    InputError
        The scene has a burst twice.
    """
    own = scene.bursts(swath)
    numbers = [burst.number for burst in own]
    if len(set(numbers)) != len(numbers):
        twice = as_ranges(number for number in numbers if numbers.count(number) > 1)
        raise InputError(f"its slices overlap, bursts {twice} of {swath} are there twice")
    places = {number: place for place, number in enumerate(numbers, start=1)}
    found = {}
    for burst in wanted:
        place = places.get(burst.number) or next(
            (k for k, one in enumerate(own, start=1) if _apart(one, burst) < _SAME_BURST), None
        )
        if place is not None:
            found[burst.number] = place
    return found


def _apart(one: Burst, other: Burst) -> float:
    """How far apart two bursts begin on their revolutions, s."""
    between = abs(one.since_node - other.since_node)
    return min(between, ORBITAL_PERIOD - between)
