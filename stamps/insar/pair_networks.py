"""Networks of image pairs by their kind, and whether they connect all images: arrays in, arrays out.

Images count from 0 in the order of their dates; a pair is (i, j) with i < j; lists are sorted, without duplicates.

Source: docs/method/unwrapping_errors.md, section 6; Pepe and Lanari (2006) for triangulations in time and baseline.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stamps.errors import InputError
from stamps.insar.network import consecutive_pairs, delaunay_pairs
from stamps.insar.network_texts import Part, listed_pairs
from stamps.matlab.dates import to_datetime64, to_yyyymmdd

if TYPE_CHECKING:
    from numpy.typing import NDArray


__all__ = ["Images", "TREE_WARNING", "check_connected", "is_tree", "network_pairs"]

_YEAR = 365
_NAMED = 6  # dates of a group that a message lists
_PRECISION = 1e-5  # of coherences in single precision

TREE_WARNING = (
    "The network is a tree, without any loop: unwrapping errors cannot be found by closure (sb_fix_closure). Use 'sequential 3' "
    "or add it, as in 'tree+3'."
)


@dataclass(frozen=True)
class Images:
    """What networks are made of.

    Attributes
    ----------
    day : ndarray of float64, shape (n_image,)
        Dates as MATLAB's day numbers, ascending.
    bperp : ndarray of float64, shape (n_image,)
        Perpendicular baselines, metres.
    master_ix : int
        0-based master.
    coherence : ndarray of float, shape (n_image, n_image), optional
        Coherence of all pairs, 0 to 1; NaN: unknown.
    """

    day: NDArray[np.float64]
    bperp: NDArray[np.float64]
    master_ix: int
    coherence: NDArray[np.floating] | None = None


def network_pairs(
    parts: Sequence[Part], images: Images, lines: Sequence[str] = ()
) -> tuple[NDArray[np.int64], list[str]]:
    """The pairs of a network of one or more kinds.

    Parameters
    ----------
    parts : sequence of Part
        From :func:`stamps.insar.network_texts.parse_network`.
    images : Images
    lines : sequence of str
        Of the file that a part of kind ``list`` names.

    Returns
    -------
    pairs : ndarray of int64, shape (n_pair, 2)
    warnings : list of str
        Sentences.

    Raises
    ------
    InputError
        The network does not connect all images, a line of the list cannot be used, the images have no triangulation, or
        their coherence is needed and not known.
    """
    _check_images(images)
    found = [_KINDS[part.kind](images, part, lines) for part in parts]
    pairs = _distinct(np.concatenate([np.empty((0, 2), np.int64), *found]))
    check_connected(pairs, images.day)
    return pairs, [TREE_WARNING] if is_tree(pairs, len(images.day)) else []


def is_tree(pairs: NDArray[np.int64], n_image: int) -> bool:
    """Whether a connected network has no loop."""
    return len(pairs) == n_image - 1


def check_connected(pairs: NDArray[np.int64], day: NDArray[np.float64]) -> None:
    """Refuse a network that falls apart.

    Parameters
    ----------
    pairs : ndarray of int64, shape (n_pair, 2)
    day : ndarray of float64, shape (n_image,)
        Day numbers.

    Raises
    ------
    InputError
        The sentence lists the groups of dates and the shortest pairs that would join them.
    """
    groups = _groups(pairs, len(day))
    if groups.max(initial=0) == 0:
        return
    dates = to_yyyymmdd(day)
    names = [_dates_of(dates[groups == number]) for number in range(groups.max() + 1)]
    missing = _spanning(groups, *_by_time(day))
    joined = " ".join(f"{dates[i]}_{dates[j]}" for i, j in missing)
    raise InputError(f"The network falls apart into {len(names)} groups, {'; '.join(names)}: add {joined}.")


def _check_images(images: Images) -> None:
    if len(images.day) < 2:
        raise InputError(f"A network needs two images at least, but there are {len(images.day)}.")
    if not (np.diff(images.day) > 0).all():
        raise InputError("The dates of the images of a network have to ascend, each of them once.")
    if len(images.bperp) != len(images.day) or not np.isfinite(images.bperp).all():
        raise InputError(f"A network needs a perpendicular baseline for each of the {len(images.day)} images.")


# ---------------------------------------------------------------------- kinds


def _single(images: Images, part: Part, lines: Sequence[str]) -> NDArray[np.int64]:
    """The master with all others."""
    others = np.delete(np.arange(len(images.day)), images.master_ix)
    return np.column_stack([np.full(others.size, images.master_ix), others])


def _sequential(images: Images, part: Part, lines: Sequence[str]) -> NDArray[np.int64]:
    """Each image with the next ones."""
    return consecutive_pairs(len(images.day), int(part.values[0]))


def _ministacks(images: Images, part: Part, lines: Sequence[str]) -> NDArray[np.int64]:
    """A reference for each calendar year with all of its year, and three kinds of pairs from one year to the next."""
    date = to_datetime64(images.day)
    years = date.astype("datetime64[Y]")
    month = date.astype("datetime64[M]").astype(np.int64) % 12 + 1
    pairs: list[tuple[int, int]] = []
    before: tuple[int, int] | None = None  # reference and last image of the year before
    for year in np.unique(years):
        own = np.flatnonzero(years == year)
        of_month = own[month[own] == part.values[0]]
        reference = int(of_month[0] if of_month.size else own[(own.size - 1) // 2])
        pairs += [(reference, int(image)) for image in own if image != reference]
        if before is not None:
            last = before[1]
            nearest = own[np.argmin(np.abs(images.bperp[own] - images.bperp[last]))]
            pairs += [(before[0], reference), (last, int(own[0])), (last, int(nearest))]
        before = reference, int(own[-1])
    return np.array(pairs, np.int64)


def _delaunay(images: Images, part: Part, lines: Sequence[str]) -> NDArray[np.int64]:
    """Edges of a triangulation in time and baseline that are not too long."""
    most_days, most_metres, ratio = part.values
    days, metres = np.ptp(images.day), np.ptp(images.bperp)
    if len(images.day) < 3 or metres == 0:
        what = f"there are only {len(images.day)}" if len(images.day) < 3 else "all baselines are equal"
        raise InputError(f"The images have no triangulation in time and baseline, because {what}: use 'sequential 3'.")
    try:
        pairs = delaunay_pairs(images.day, images.bperp * (days / (ratio * metres)))
    except InputError as error:
        raise InputError(
            "The images have no triangulation in time and baseline, because they stand on a line: use 'sequential 3'."
        ) from error
    first, second = pairs.T
    short = (images.day[second] - images.day[first] <= most_days) & (
        np.abs(images.bperp[second] - images.bperp[first]) <= most_metres
    )
    return pairs[short]


def _tree(images: Images, part: Part, lines: Sequence[str]) -> NDArray[np.int64]:
    """Maximum spanning tree of the coherence; of equal ones the shorter in time."""
    coherence = _coherence_of(images, part)
    i, j = np.triu_indices(len(images.day), 1)
    known = np.isfinite(coherence[i, j])
    i, j = i[known], j[known]
    order = np.lexsort((j, i, images.day[j] - images.day[i], -coherence[i, j]))
    return _spanning(np.arange(len(images.day)), i[order], j[order])


def _coherent(images: Images, part: Part, lines: Sequence[str]) -> NDArray[np.int64]:
    """All pairs that are coherent enough, and the tree."""
    coherence = _coherence_of(images, part)
    enough = np.argwhere(np.triu(coherence >= part.values[0], 1))
    return np.concatenate([enough, _tree(images, part, lines)])


def _year(images: Images, part: Part, lines: Sequence[str]) -> NDArray[np.int64]:
    """Each image with the one that is nearest to a year later."""
    apart = np.abs(images.day - images.day[:, np.newaxis] - _YEAR)
    nearest = apart.argmin(axis=1)
    first = np.flatnonzero(apart.min(axis=1) <= part.values[0])
    return np.column_stack([first, nearest[first]])


def _list(images: Images, part: Part, lines: Sequence[str]) -> NDArray[np.int64]:
    """The pairs of a text."""
    return listed_pairs(lines, images.day, part.file)


_KINDS: dict[str, Callable[[Images, Part, Sequence[str]], NDArray[np.int64]]] = {
    "single": _single,
    "sequential": _sequential,
    "ministacks": _ministacks,
    "delaunay": _delaunay,
    "tree": _tree,
    "coherent": _coherent,
    "year": _year,
    "list": _list,
}


def _coherence_of(images: Images, part: Part) -> NDArray[np.float64]:
    if images.coherence is None:
        raise InputError(
            f"A network '{part.kind}' needs the coherence of all pairs: run mt_link --pair-coherence --overwrite."
        )
    coherence = np.asarray(images.coherence, np.float64)
    n = len(images.day)
    if coherence.shape != (n, n):
        raise InputError(f"The coherence of pairs has the shape {coherence.shape}, but there are {n} images.")
    off = ~np.eye(n, dtype=bool)
    values = coherence[off & np.isfinite(coherence)]
    alike = np.allclose(coherence[off], coherence.T[off], rtol=0, atol=_PRECISION, equal_nan=True)
    if (
        not alike
        or np.isinf(coherence[off]).any()
        or values.min(initial=0) < 0
        or values.max(initial=0) > 1 + _PRECISION
    ):
        raise InputError("The coherence of pairs has to be symmetric, with values from 0 to 1.")
    return coherence


# ---------------------------------------------------------------------- graphs


def _distinct(pairs: NDArray[np.int64]) -> NDArray[np.int64]:
    """Sorted pairs, the smaller number first."""
    return np.unique(np.sort(pairs, axis=1), axis=0).astype(np.int64)


def _groups(pairs: NDArray[np.int64], n_image: int) -> NDArray[np.int64]:
    """Number of the group of each image, in the order of their first images."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(n_image, n_image))
    _, first, group = np.unique(connected_components(graph, directed=False)[1], return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[group.ravel()]


def _by_time(day: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First and second images of all pairs, the shortest first."""
    i, j = np.triu_indices(len(day), 1)
    order = np.lexsort((j, i, day[j] - day[i]))
    return i[order], j[order]


def _spanning(groups: NDArray[np.int64], i: NDArray[np.int64], j: NDArray[np.int64]) -> NDArray[np.int64]:
    """The first pairs, in their order, that join groups with each other."""
    groups, found = groups.copy(), []
    for first, second in zip(i.tolist(), j.tolist(), strict=True):
        if groups[first] != groups[second]:
            groups[groups == groups[second]] = groups[first]
            found.append((first, second))
    return np.array(found, np.int64).reshape(-1, 2)


def _dates_of(dates: NDArray[np.int64]) -> str:
    """Dates of a group, the middle of many left out."""
    if dates.size <= _NAMED:
        return " ".join(map(str, dates))
    half = _NAMED // 2
    return f"{' '.join(map(str, dates[:half]))} … {' '.join(map(str, dates[-half:]))} ({dates.size} images)"
