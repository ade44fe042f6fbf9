"""What each date must have for an area, and what it lacks.

Source: docs/method/sentinel1.md, section 4.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from stamps.errors import InputError
from stamps.frontends.sentinel1.acquisitions import Scene, gap_between
from stamps.frontends.sentinel1.annotation import Burst
from stamps.frontends.sentinel1.coverage import Coverage, as_ranges, neighbouring, positions, trimmed

__all__ = ["Fit", "Needs", "fit", "needs_of", "of_the_master", "trim", "uncovered"]

_LEAST_OF_MASTER = 0.99  # part of what the master covers of the area, stripmap
_WHOLE = 0.999  # part of the area


@dataclass(frozen=True)
class Needs:
    """What an area needs of the scenes.

    Attributes
    ----------
    swaths : tuple of str
        Neighbouring subswaths.
    bursts : mapping
        Subswath to the bursts that are needed, ascending by number without gaps; of stripmap nothing.
    """

    swaths: tuple[str, ...]
    bursts: Mapping[str, tuple[Burst, ...]]

    def numbers(self) -> dict[str, tuple[int, ...]]:
        """Numbers of the needed bursts by subswath."""
        return {swath: tuple(burst.number for burst in bursts) for swath, bursts in self.bursts.items()}


@dataclass(frozen=True)
class Fit:
    """How a scene meets needs.

    Attributes
    ----------
    ranges : mapping
        Subswath to first and last place of its needed bursts in the assembled product, from 1.
    lacks : str
        What is missing, as a clause; empty where nothing is.
    usable : bool
        Whether the scene can be used all the same.
    """

    ranges: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    lacks: str = ""
    usable: bool = True


def needs_of(
    scenes: Sequence[Scene], coverage: Coverage, swaths: Sequence[str] | None, bursts: Sequence[int] | None
) -> Needs:
    """What the area needs, by all scenes together.

    Parameters
    ----------
    scenes : sequence of Scene
    coverage : Coverage
    swaths : sequence of str, optional
        Subswaths to use; default: the fewest that cover the area.
    bursts : sequence of int, optional
        Numbers of bursts in place of those that the area touches.

    Raises
    ------
    InputError
        Nothing touches the area; subswaths or bursts that do not exist, are not neighbours, or lie elsewhere.
    """
    every = _every_burst(scenes)
    stripmap = {swath: scene for scene in scenes for swath in scene.swaths if not swath.startswith("IW")}
    if stripmap:
        return _stripmap_needs(scenes, coverage, sorted(stripmap))
    area = f"the area {coverage.area.source}".rstrip()
    touched = _touched(every, coverage)
    if bursts is not None:
        touched = _asked_bursts(touched, every, bursts, area)
    if not any(touched.values()):
        which = f" of {' and '.join(swaths)}" if swaths else ""
        raise InputError(f"No burst{which} of the products lies in {area}.")
    if swaths is not None:
        _check_swaths(touched, swaths, area)
    used = tuple(sorted(swaths)) if swaths is not None else coverage.swaths(_outlines(touched, every))
    chosen = {}
    for swath in used:
        between = range(min(touched[swath]), max(touched[swath]) + 1)
        chosen[swath] = tuple(every[swath][number][0] for number in between if number in every[swath])
    return Needs(used, chosen)


def _touched(every: Mapping[str, Mapping[int, list[Burst]]], coverage: Coverage) -> dict[str, set[int]]:
    """Numbers of the bursts that share a part with the area, on any date, by subswath."""
    return {
        swath: {number for number, several in numbered.items() if any(coverage.touches(one.outline) for one in several)}
        for swath, numbered in every.items()
    }


def _outlines(
    touched: Mapping[str, set[int]], every: Mapping[str, Mapping[int, list[Burst]]]
) -> dict[str, list[tuple[tuple[float, float], ...]]]:
    """Outlines on all dates of the bursts of each subswath that has some."""
    return {
        swath: [burst.outline for number in numbers for burst in every[swath][number]]
        for swath, numbers in touched.items()
        if numbers
    }


def _every_burst(scenes: Iterable[Scene]) -> dict[str, dict[int, list[Burst]]]:
    """All bursts of all scenes by subswath and number."""
    every: dict[str, dict[int, list[Burst]]] = {}
    for scene in scenes:
        for swath in scene.swaths:
            for burst in scene.bursts(swath):
                every.setdefault(swath, {}).setdefault(burst.number, []).append(burst)
    return every


def _asked_bursts(
    touched: Mapping[str, set[int]], every: Mapping[str, Mapping[int, object]], bursts: Sequence[int], area: str
) -> dict[str, set[int]]:
    """The bursts that are asked for, by the subswaths in which the area touches one of them."""
    numbers = sorted(set(bursts))
    if not numbers or numbers != list(range(numbers[0], numbers[-1] + 1)):
        raise InputError(f"The bursts {as_ranges(numbers) or '(none)'} do not follow each other along the track.")
    absent = [number for number in numbers if not any(number in numbered for numbered in every.values())]
    if absent:
        there = as_ranges(number for numbered in every.values() for number in numbered)
        raise InputError(f"No product has the bursts {as_ranges(absent)}; the products have {there}.")
    asked = {
        swath: set(numbers) & numbered.keys() for swath, numbered in every.items() if touched[swath] & set(numbers)
    }
    if not asked:
        there = ", ".join(f"{as_ranges(found)} of {swath}" for swath, found in sorted(touched.items()) if found)
        raise InputError(f"None of the bursts {as_ranges(numbers)} lies in {area}; there lie {there or 'no others'}.")
    return asked


def _check_swaths(touched: Mapping[str, set[int]], swaths: Sequence[str], area: str) -> None:
    """Stop at subswaths that cannot be used together, or lie elsewhere."""
    if not neighbouring(sorted(swaths)):
        raise InputError(f"The subswaths {' and '.join(sorted(swaths))} are no neighbours: they cannot be merged.")
    idle = [swath for swath in sorted(swaths) if not touched.get(swath)]
    if idle:
        used = ", ".join(sorted(swath for swath in touched if touched[swath]))
        raise InputError(f"No burst of {' and '.join(idle)} lies in {area}; it lies in {used}.")


def _stripmap_needs(scenes: Sequence[Scene], coverage: Coverage, swaths: Sequence[str]) -> Needs:
    over = [
        swath
        for swath in swaths
        if any(swath in image and coverage.touches(image[swath].outline) for scene in scenes for image in scene.images)
    ]
    if not over:
        raise InputError(f"No image of the products lies over the area {coverage.area.source}.")
    if len(over) > 1:
        raise InputError(f"The products over the area are of the beams {', '.join(over)}: choose one (--swath).")
    return Needs(tuple(over), {})


def trim(scene: Scene, needs: Needs, coverage: Coverage) -> Scene:
    """A scene with the slices that are needed.

    A slice without one of the subswaths (its annotation cannot be read) is left out: it would be assembled with the others, and
    nothing tells how many bursts it puts before theirs.
    """
    if needs.bursts:
        whole = [k for k, image in enumerate(scene.images) if image.keys() >= set(needs.swaths)]
        return trimmed(scene.only(whole) if whole else scene, needs.numbers())
    swath = needs.swaths[0]
    over = [k for k, image in enumerate(scene.images) if swath in image and coverage.touches(image[swath].outline)]
    return scene.only(over) if over else scene


def of_the_master(needs: Needs, master: Scene) -> Needs:
    """The needs that the master meets itself."""
    bursts = {}
    for swath, wanted in needs.bursts.items():
        own = {burst.number: burst for burst in master.bursts(swath)}
        bursts[swath] = tuple(own[burst.number] for burst in wanted if burst.number in own)
    return Needs(needs.swaths, bursts)


def fit(scene: Scene, needs: Needs, coverage: Coverage, of_master: float = 1.0) -> Fit:
    """How a scene meets needs.

    Parameters
    ----------
    scene : Scene
    needs : Needs
    coverage : Coverage
    of_master : float
        Part of the area that the master covers; for stripmap.
    """
    gap = gap_between(scene.acquisition.slices)
    if not needs.bursts:
        return _stripmap_fit(scene, needs, coverage, of_master, gap)
    ranges, lacking = {}, []
    usable = all(image.keys() >= set(needs.swaths) for image in scene.images)  # else places cannot be counted
    for swath, wanted in needs.bursts.items():
        try:
            found = positions(scene, swath, wanted)
        except InputError as error:
            return Fit(lacks=str(error), usable=False)
        missing = [burst.number for burst in wanted if burst.number not in found]
        if missing:
            lacking.append(f"{as_ranges(missing)} of {swath}")
        places = sorted(found.values())
        usable = usable and bool(places) and places == list(range(places[0], places[0] + len(places)))
        if places:
            ranges[swath] = places[0], places[-1]
    if not lacking:
        return Fit(ranges, f"its slices do not join, {gap}" if gap else "", usable=usable and not gap)
    return Fit(ranges, f"it lacks bursts {' and '.join(lacking)}{', ' if gap else ''}{gap}", usable=usable and not gap)


def _stripmap_fit(scene: Scene, needs: Needs, coverage: Coverage, of_master: float, gap: str) -> Fit:
    swath = needs.swaths[0]
    outlines = [image[swath].outline for image in scene.images if swath in image]
    share = coverage.share(outlines) if outlines else 0.0
    if gap:
        return Fit(lacks=f"its slices do not join, {gap}", usable=False)
    if share < _LEAST_OF_MASTER * of_master:
        return Fit(
            lacks=f"it covers {100 * share:.0f} % of the area, the master {100 * of_master:.0f} %", usable=share > 0
        )
    return Fit()


def uncovered(master: Scene, needs: Needs, coverage: Coverage) -> list[str]:
    """A warning where the master does not cover the whole area."""
    if needs.bursts:
        outlines = [burst.outline for bursts in needs.bursts.values() for burst in bursts]
    else:
        outlines = [image[swath].outline for image in master.images for swath in needs.swaths if swath in image]
    share = coverage.share(outlines) if outlines else 0.0
    if share >= _WHOLE:
        return []
    return [
        f"The products of the master {master.date} cover {100 * share:.0f} % of the area in {', '.join(needs.swaths)}."
    ]
