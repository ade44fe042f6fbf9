"""Whole cycles between the regions of an interferogram, found over the shortest bridges: arrays in, arrays out.

Source: docs/method/unwrapping_errors.md, section 2; Yunjun, Fattahi and Amelung (2019).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from stamps.matlab.arithmetic import round_half_away
from stamps.steps.unwrapping.regions import regions_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps.steps.unwrapping.regions import Cells


__all__ = ["Bridge", "BridgeSettings", "Bridged", "Bridging", "Outcome", "bridges_of", "cycles_of"]

_TURN = 2 * np.pi
_FEWEST = 10  # pixels that a bridge's end is the median of


@dataclass(frozen=True)
class BridgeSettings:
    """How regions are bridged.

    Attributes
    ----------
    radius : float
        Metres around the end of a bridge within which pixels count.
    max_length : float
        Metres; longer bridges are not used.
    min_pixels : int
        Smaller regions are not bridged.
    ramp : bool
        Remove a plane, fitted to the root region, while the ends are compared.
    """

    radius: float = 500
    max_length: float = 5000
    min_pixels: int = 50
    ramp: bool = False


class Bridge(NamedTuple):
    """The shortest way between two regions.

    Attributes
    ----------
    first, second : int
        The regions.
    start, end : int
        Its pixels in them.
    length : float
        Metres.
    """

    first: int
    second: int
    start: int
    end: int
    length: float


@dataclass(frozen=True)
class Bridged:
    """What bridging finds in one interferogram.

    Attributes
    ----------
    cycles : ndarray of int64, shape (n_region,)
        To be subtracted from each of the regions that are large enough; 0 for the root and for those that no bridge leads to.
    reached : ndarray of bool, shape (n_region,)
    root : int
    """

    cycles: NDArray[np.int64]
    reached: NDArray[np.bool_]
    root: int


def bridges_of(xy: NDArray[np.float64], regions: NDArray[np.int64], max_length: float) -> list[Bridge]:
    """The tree of shortest bridges between regions (several trees where bridges would be too long).

    Parameters
    ----------
    xy : ndarray of float64, shape (n, 2)
        Metres.
    regions : ndarray of int64, shape (n,)
        Number of the region of each pixel from 0, each with at least one pixel; negative: none.
    max_length : float
        Metres.

    Returns
    -------
    list of Bridge
        The shortest first.
    """
    n_region = int(regions.max(initial=-1)) + 1
    candidates = sorted(_candidates(xy, regions, n_region, max_length), key=lambda bridge: (bridge.length, bridge))
    group = np.arange(n_region)
    tree = []
    for bridge in candidates:
        if group[bridge.first] != group[bridge.second]:
            group[group == group[bridge.second]] = group[bridge.first]
            tree.append(bridge)
    return tree


def _candidates(xy: NDArray[np.float64], regions: NDArray[np.int64], n_region: int, max_length: float) -> list[Bridge]:
    """The shortest bridge of each two regions that are near enough."""
    from scipy.spatial import cKDTree

    found = []
    for first in range(n_region - 1):
        mine, others = np.flatnonzero(regions == first), np.flatnonzero(regions > first)
        answer = cKDTree(xy[mine]).query(xy[others], distance_upper_bound=np.nextafter(max_length, np.inf))
        distance, nearest = (np.atleast_1d(part) for part in answer)
        near = np.flatnonzero(np.isfinite(distance))
        order = near[np.lexsort((others[near], distance[near], regions[others[near]]))]
        second, place = np.unique(regions[others[order]], return_index=True)
        for region, best in zip(second, order[place], strict=True):
            ends = int(mine[nearest[best]]), int(others[best])
            found.append(Bridge(first, int(region), *ends, float(distance[best])))
    return found


def cycles_of(
    phase: NDArray[np.floating[Any]],
    xy: NDArray[np.float64],
    regions: NDArray[np.int64],
    bridges: list[Bridge],
    settings: BridgeSettings,
    root: int = 0,
) -> Bridged:
    """Cycles of each region against the root.

    Parameters
    ----------
    phase : ndarray of float, shape (n,)
        Unwrapped, radians, finite in all regions.
    xy : ndarray of float64, shape (n, 2)
        Metres.
    regions : ndarray of int64, shape (n,)
        Number of the region of each pixel; negative: none.
    bridges : list of Bridge
        From :func:`bridges_of`.
    settings : BridgeSettings
    root : int
        Region that stays as it is.

    Returns
    -------
    Bridged
    """
    n_region = int(regions.max(initial=-1)) + 1
    smooth = phase.astype(np.float64)
    if settings.ramp:
        smooth = smooth - _plane(smooth, xy, regions == root)
    cycles, reached = np.zeros(n_region, np.int64), np.zeros(n_region, bool)
    reached[root] = True
    ways = _ways(bridges, n_region)
    left = deque([root])
    while left:
        here = left.popleft()
        for there, start, end in ways[here]:
            if not reached[there]:
                ends = [_end(smooth, xy, regions, place, settings.radius) for place in (start, end)]
                difference = ends[1] - (ends[0] - _TURN * cycles[here])
                cycles[there] = int(round_half_away(difference / _TURN))
                reached[there] = True
                left.append(there)
    return Bridged(cycles, reached, root)


def _ways(bridges: list[Bridge], n_region: int) -> list[list[tuple[int, int, int]]]:
    """Of each region: the regions that bridges lead to, with the pixels at both ends."""
    ways: list[list[tuple[int, int, int]]] = [[] for _ in range(n_region)]
    for bridge in bridges:
        ways[bridge.first].append((bridge.second, bridge.start, bridge.end))
        ways[bridge.second].append((bridge.first, bridge.end, bridge.start))
    return ways


def _end(
    phase: NDArray[np.float64], xy: NDArray[np.float64], regions: NDArray[np.int64], place: int, radius: float
) -> float:
    """Median phase of a region around a pixel: within the radius, else of the nearest pixels."""
    mine = np.flatnonzero(regions == regions[place])
    distance = np.hypot(*(xy[mine] - xy[place]).T)
    near = distance <= radius
    if np.count_nonzero(near) < _FEWEST:
        near = np.argsort(distance, kind="stable")[:_FEWEST]
    return float(np.median(phase[mine[near]]))


def _plane(phase: NDArray[np.float64], xy: NDArray[np.float64], inside: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Plane that fits the phase of some pixels, at all pixels."""
    centre = xy[inside].mean(axis=0)
    terms = np.column_stack([(xy - centre) / 1000, np.ones(len(xy))])
    return terms @ np.linalg.lstsq(terms[inside], phase[inside], rcond=None)[0]


@dataclass(frozen=True)
class Outcome:
    """What bridging did to one interferogram.

    Attributes
    ----------
    sizes : ndarray of int64, shape (n_region,)
        Pixels of all regions, the largest first.
    large : int
        Regions that are large enough to be bridged.
    cycles : ndarray of int64, shape (n_ps,)
        To be subtracted from the pixels.
    moved : int
        Regions whose cycles are not zero.
    unreached : ndarray of int64, shape (n_left,)
        Pixels of the regions that are large enough, but that no bridge leads to.
    """

    sizes: NDArray[np.int64]
    large: int
    cycles: NDArray[np.int64]
    moved: int = 0
    unreached: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))


class Bridging:
    """Bridges the regions of interferograms of the same pixels; those with the same regions share their bridges.

    Parameters
    ----------
    xy : ndarray of float, shape (n_ps, 2)
        Metres.
    cells : stamps.steps.unwrapping.regions.Cells
    settings : BridgeSettings
    reference : ndarray of int64, optional
        Pixels of the reference area: the region with most of them is the root (default: the largest region).
    """

    def __init__(
        self,
        xy: NDArray[np.floating[Any]],
        cells: Cells,
        settings: BridgeSettings,
        reference: NDArray[np.int64] | None = None,
    ) -> None:
        self._xy, self._cells, self._settings = xy.astype(np.float64), cells, settings
        self._reference = np.empty(0, np.int64) if reference is None else reference
        self._bridges: dict[bytes, list[Bridge]] = {}

    def of(self, phase: NDArray[np.floating[Any]]) -> Outcome:
        """Bridge one interferogram.

        Parameters
        ----------
        phase : ndarray of float, shape (n_ps,)
            Unwrapped, radians; pixels without a finite phase stay as they are.

        Returns
        -------
        Outcome
        """
        regions = regions_of(phase, self._cells)
        sizes = np.bincount(regions[regions >= 0])
        large = int(np.count_nonzero(sizes >= self._settings.min_pixels))
        still = np.zeros(len(phase), np.int64)
        if large < 2:
            return Outcome(sizes, large, still)
        regions[regions >= large] = -1
        key = regions.astype(np.int32).tobytes()
        if key not in self._bridges:
            self._bridges[key] = bridges_of(self._xy, regions, self._settings.max_length)
        found = cycles_of(phase, self._xy, regions, self._bridges[key], self._settings, self._root(regions))
        inside = regions >= 0
        still[inside] = found.cycles[regions[inside]]
        return Outcome(sizes, large, still, int(np.count_nonzero(found.cycles)), sizes[:large][~found.reached])

    def _root(self, regions: NDArray[np.int64]) -> int:
        """The region of the reference area, else the largest."""
        inside = regions[self._reference]
        return int(np.bincount(inside[inside >= 0], minlength=1).argmax())
