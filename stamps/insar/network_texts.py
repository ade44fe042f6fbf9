"""Networks as texts: ``'sequential 3 + year 5'`` to kinds with their values, lines of dates to pairs.

Source: docs/method/unwrapping_errors.md, section 6.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stamps.errors import InputError, ParameterError
from stamps.matlab.dates import datenum, to_yyyymmdd

if TYPE_CHECKING:
    from numpy.typing import NDArray


__all__ = ["Part", "listed_pairs", "parse_network"]


@dataclass(frozen=True)
class _Value:
    """A value of a kind: its name, default, and what it may be."""

    name: str
    default: float
    least: float
    most: float = np.inf
    whole: bool = False
    above: bool = False

    @property
    def expected(self) -> str:
        if self.above:
            return f"a number above {self.least:g}"
        what = "a whole number" if self.whole else "a number"
        end = f" to {self.most:g}" if np.isfinite(self.most) else " on"
        return f"{what} from {self.least:g}{end}"


#: Kind -> its values.
_KINDS: dict[str, tuple[_Value, ...]] = {
    "single": (),
    "sequential": (_Value("n", 3, 1, whole=True),),
    "ministacks": (_Value("MONTH", 6, 1, 12, whole=True),),
    "delaunay": (_Value("T", 120, 0, above=True), _Value("B", 200, 0, above=True), _Value("R", 4, 0, above=True)),
    "tree": (),
    "coherent": (_Value("c", 0.3, 0, 1),),
    "year": (_Value("d", 5, 0, 182),),
    "list": (),
}
_ADDED_TO_TREE = 2.0  # following images

_DATES = re.compile(r"(\d{8})\s*[\s_,;-]\s*(\d{8})")
_IN_POWERS = re.compile(r"\b(\d)\.(\d{7})e\+0?07\b")  # 2.0180601e+07, as step 1 writes its list of pairs


@dataclass(frozen=True)
class Part:
    """A kind of network with its values.

    Attributes
    ----------
    kind : str
    values : tuple of float
    file : str
        Of the kind ``list``.
    """

    kind: str
    values: tuple[float, ...] = ()
    file: str = ""


def parse_network(text: str | Sequence[str]) -> tuple[Part, ...]:
    """Understand a network.

    Parameters
    ----------
    text : str or sequence of str
        Kinds with their values, joined by ``+``: ``'sequential 3'``, ``'delaunay 120 200 4 + year'``, ``'tree+2'`` (a number
        or ``n`` alone stands for ``sequential``), ``'single + list pairs.txt'`` (what follows ``list`` to the end is its
        file); or its words one by one.

    Returns
    -------
    tuple of Part

    Raises
    ------
    ParameterError
        There is no such kind, or a value is not what it may be.
    """
    text = (text if isinstance(text, str) else " ".join(text)).strip()
    listed = re.search(r"(?:^|\+)\s*list(?:\s+(.*))?$", text, re.DOTALL)
    alone = listed is not None and not listed[0].startswith("+")
    terms = text[: listed.start()] if listed else text
    parts = [] if alone else [_part(term.strip(), text) for term in terms.split("+")]
    if listed:
        if not listed[1]:
            raise ParameterError(f"The network '{text}' names no file of pairs: write 'list FILE'.")
        parts.append(Part("list", file=listed[1].strip()))
    return tuple(dict.fromkeys(parts))


def _part(term: str, text: str) -> Part:
    """A kind with its values."""
    words = re.split(r"[\s,:]+", term) if term else []
    if not words:
        raise ParameterError(f"The network '{text}' has a part without a kind; there are {', '.join(_KINDS)}.")
    if len(words) == 1 and (words[0] == "n" or re.fullmatch(r"-?[\d.]+", words[0])):
        return Part("sequential", (_ADDED_TO_TREE,)) if words[0] == "n" else _part(f"sequential {words[0]}", text)
    kind, given = words[0].lower(), words[1:]
    if kind not in _KINDS:
        near = difflib.get_close_matches(kind, _KINDS, 1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(_KINDS)}."
        raise ParameterError(f"There is no network '{words[0]}': {hint}")
    known = _KINDS[kind]
    if len(given) > len(known):
        names = " ".join(value.name for value in known)
        raise ParameterError(f"The network '{term}' has too many values: write '{kind} {names}'.".replace(" '.", "'."))
    values = [_number(word, value, term) for word, value in zip(given, known[: len(given)], strict=True)]
    return Part(kind, (*values, *(value.default for value in known[len(given) :])))


def _number(word: str, value: _Value, term: str) -> float:
    try:
        number = float(word)
    except ValueError:
        number = np.nan
    fits = value.least <= number <= value.most and np.isfinite(number)
    if not fits or (value.whole and number != int(number)) or (value.above and number == value.least):
        raise ParameterError(f"In the network '{term}' {value.name} is {word}, but {value.expected} was expected.")
    return number


def listed_pairs(lines: Sequence[str], day: NDArray[np.float64], name: str) -> NDArray[np.int64]:
    """Pairs of images from lines of two dates.

    Parameters
    ----------
    lines : sequence of str
        ``yyyymmdd yyyymmdd``, with blanks, ``_``, ``-`` or a comma between; ``#`` begins a comment. Dates may be
        written as in the list of step 1, 2.0180601e+07.
    day : ndarray of float64, shape (n_image,)
        Day numbers of the images.
    name : str
        Of the file, for messages.

    Returns
    -------
    ndarray of int64, shape (n_pair, 2)
        Sorted, without duplicates, the earlier image first.

    Raises
    ------
    InputError
        A line is unreadable, has a date without image, or the same date twice: with the number of the line.
    """
    number_of = {int(date): k for k, date in enumerate(to_yyyymmdd(day))}
    pairs = set()
    for number, line in enumerate(lines, 1):
        text = _IN_POWERS.sub(r"\1\2", line.partition("#")[0].strip().lstrip("\ufeff"))
        if text:
            pairs.add(_pair(text, number_of, f"{name}, line {number}"))
    return np.array(sorted(pairs), np.int64).reshape(-1, 2)


def _pair(text: str, number_of: dict[int, int], where: str) -> tuple[int, int]:
    found = _DATES.fullmatch(text)
    shown = text if len(text) <= 40 else f"{text[:40]}…"
    if found is None or not found[0].isascii():
        raise InputError(f"{where}: '{shown}' is no pair of dates, as in 20180601_20180613.")
    dates = [int(date) for date in found.groups()]
    for date in dates:
        try:
            datenum(date)
        except ValueError:
            raise InputError(f"{where}: {date} is no date of the calendar.") from None
        if date not in number_of:
            raise InputError(f"{where}: there is no image of {date}.")
    if dates[0] == dates[1]:
        raise InputError(f"{where}: {dates[0]} is paired with itself.")
    first, second = sorted(number_of[date] for date in dates)
    return first, second
