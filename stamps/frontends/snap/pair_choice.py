"""Which images of an export are paired for small baselines: a list, limits, or neighbours.

Source: docs/method/snap.md, section 7.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stamps.errors import InputError, ParameterError
from stamps.insar.network import consecutive_pairs
from stamps.insar.network_texts import listed_pairs
from stamps.insar.pair_networks import check_connected
from stamps.matlab.dates import datenum
from stamps.workspace.plain_files import read_input

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps._typing import StrPath


__all__ = ["ExportImages", "PairChoice", "chosen_pairs"]


@dataclass(frozen=True)
class PairChoice:
    """How images are paired; one of the ways.

    Attributes
    ----------
    pairs : path-like or sequence, optional
        File with two dates a line (``20180601 20180613`` or ``20180601_20180613``), or such lines.
    max_days, max_perp : float, optional
        Longest temporal (days) and perpendicular (m) baseline of a pair.
    connections : int, optional
        Each image with that many that follow.
    """

    pairs: StrPath | Sequence[str] | None = None
    max_days: float | None = None
    max_perp: float | None = None
    connections: int | None = None

    def __post_init__(self) -> None:
        limits = self.max_days is not None or self.max_perp is not None
        if (self.pairs is not None) + limits + (self.connections is not None) != 1:
            raise ParameterError(
                "Say in one way which images are paired: --pairs FILE, --max-days with or without --max-perp, or --connections."
            )
        for name, value in (("max_days", self.max_days), ("max_perp", self.max_perp)):
            if value is not None and not (np.isfinite(value) and value > 0):
                raise ParameterError(f"{name} is {value}, but a number above 0 was expected.")
        if self.connections is not None and not (self.connections == int(self.connections) >= 1):
            raise ParameterError(f"connections is {self.connections}, but a whole number above 0 was expected.")


@dataclass(frozen=True)
class ExportImages:
    """Images of an export.

    Attributes
    ----------
    dates : tuple of str
        yyyymmdd, ascending; the master among them.
    master : str
    bperp : ndarray of float64, shape (n_image,)
        Perpendicular baselines, metres.
    """

    dates: tuple[str, ...]
    master: str
    bperp: NDArray[np.float64]

    @property
    def day(self) -> NDArray[np.float64]:
        """Dates as MATLAB's day numbers."""
        return np.array([datenum(int(date)) for date in self.dates], np.float64)


def chosen_pairs(images: ExportImages, choice: PairChoice) -> list[tuple[str, str]]:
    """The pairs of a choice, the earlier date first, sorted.

    Raises
    ------
    InputError
        There is none, a line of the list cannot be used or repeats another, or the network falls apart. A list may leave images
        out; limits and neighbours take all.
    """
    if choice.pairs is not None:
        pairs = _listed(images, choice.pairs)
        used = np.unique(pairs)
    else:
        pairs = (
            _close(images, choice)
            if choice.connections is None
            else consecutive_pairs(len(images.dates), choice.connections)
        )
        used = np.arange(len(images.dates))
    if not len(pairs):
        raise InputError(f"No two of the {len(images.dates)} images are a pair: give wider limits, or other pairs.")
    check_connected(np.searchsorted(used, pairs), images.day[used])
    return [(images.dates[i], images.dates[j]) for i, j in pairs]


def _close(images: ExportImages, choice: PairChoice) -> NDArray[np.int64]:
    """Pairs within both limits."""
    first, second = np.triu_indices(len(images.dates), 1)
    near = np.ones(first.size, bool)
    if choice.max_days is not None:
        near &= images.day[second] - images.day[first] <= choice.max_days
    if choice.max_perp is not None:
        near &= np.abs(images.bperp[second] - images.bperp[first]) <= choice.max_perp
    return np.column_stack([first, second])[near].astype(np.int64)


def _listed(images: ExportImages, source: StrPath | Sequence[str]) -> NDArray[np.int64]:
    """Pairs of a file or of lines, each of them once."""
    if isinstance(source, str | os.PathLike):
        name = os.path.basename(os.fspath(source))
        try:
            lines = read_input(source).splitlines()
        except OSError as error:
            raise InputError(f"The list of pairs {os.fspath(source)} cannot be read ({error.strerror}).") from error
    else:
        name, lines = "the list of pairs", list(source)
    pairs = listed_pairs(lines, images.day, name)
    seen: dict[tuple[int, ...], int] = {}
    for number, line in enumerate(lines, 1):
        for pair in map(tuple, listed_pairs([line], images.day, name).tolist()):
            if pair in seen:
                dates = "_".join(images.dates[k] for k in pair)
                raise InputError(
                    f"{name}, line {number}: the pair {dates} stands in line {seen[pair]} already: keep one."
                )
            seen[pair] = number
    return pairs
