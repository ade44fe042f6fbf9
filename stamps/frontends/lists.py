"""The list files of the candidate programs, and their text outputs.

The original reads words between blanks. So does this, but a line that is one path with blanks is that path:
:func:`paths_of`. A list ends with its last newline: what follows it is not read (a quirk of the original programs,
docs/method/preparation.md, section 5).

Source: docs/method/preparation.md, section 5.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import InputError
from stamps.frontends.headers import plain_number
from stamps.workspace.plain_files import read_input

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps._typing import StrPath


__all__ = [
    "SelectionList",
    "format_general",
    "format_integers",
    "paths_of",
    "paths_with_constants",
    "raster_paths",
    "read_candidates",
    "read_names",
    "read_raster_list",
    "read_selection_list",
]


_CHUNK = 1 << 16  # numbers whose text is made at a time
_PAD = 0  # byte that stands for nothing
_SCALES = np.array([1e6, 1e7, 1e8, 1e9])


@dataclass(frozen=True)
class SelectionList:
    """Content of ``selpsc.in`` or ``selsbc.in``.

    Attributes
    ----------
    threshold : float32
        Amplitude (difference) dispersion threshold; negative: pick higher.
    width : int
        Range samples of the full image.
    names : list of str
        Paths of the SLCs.
    constants : (n,) float32 array
        Their calibration constants.
    """

    threshold: np.float32
    width: int
    names: list[str]
    constants: NDArray[np.float32]


def paths_of(text: str, root: StrPath = "") -> list[str]:
    """Paths in the text of a list, as they stand there.

    Parameters
    ----------
    text : str
        One path per line, or several between blanks.
    root : path-like
        Where relative paths start.

    Returns
    -------
    list of str
        A line with blanks is one path if such a file exists, or if only its first word is absolute.
    """
    paths = []
    for line in text.split("\n"):
        words = line.split()
        paths += [line.strip()] if len(words) > 1 and _is_one_path(line.strip(), words, root) else words
    return paths


def raster_paths(text: str, root: StrPath = "") -> list[str]:
    """Paths in the text of a list that begins with the width of the rasters; see :func:`paths_of`."""
    return paths_of(_split_words(text, 1)[1], root)


def paths_with_constants(text: str, root: StrPath = "") -> list[tuple[str, str]]:
    """Paths in the text of a list, each with the word behind it (``calamp.out``, the rest of ``selpsc.in``).

    Parameters
    ----------
    text : str
        A path and a number per line, or more of them between blanks.
    root : path-like
        Where relative paths start.

    Returns
    -------
    list of (str, str)
        The word is empty behind a last path without one.
    """
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    heads = [line.rsplit(None, 1)[0] for line in lines]
    if not any(len(head.split()) > 1 and _is_one_path(head, head.split(), root) for head in heads):
        words = text.split()
        return list(zip(words[::2], [*words[1::2], ""], strict=False))
    return [(head, line[len(head) :].strip()) for head, line in zip(heads, lines, strict=True)]


def _is_one_path(line: str, words: Sequence[str], root: StrPath) -> bool:
    """Whether a line with blanks is the path of one file, rather than several words of a list."""
    if os.path.exists(os.path.join(root, line)):
        return True
    return os.path.isabs(words[0]) and not any(map(os.path.isabs, words[1:]))


def read_names(path: StrPath, root: StrPath = "") -> list[str]:
    """Names of a list of files, one per line (``calamp.in``); relative ones start at ``root``."""
    return paths_of(_complete_lines(path), root)


def read_raster_list(path: StrPath, root: StrPath = "") -> tuple[int, list[str]]:
    """Width and raster paths of ``pscphase.in``, ``pscdem.in`` or ``psclonlat.in``; relative ones start at ``root``."""
    text = _complete_lines(path)
    return _width(path, text.split(None, 1), 0), [os.path.join(root, name) for name in raster_paths(text, root)]


def read_selection_list(path: StrPath, root: StrPath = "") -> SelectionList:
    """Read ``selpsc.in`` or ``selsbc.in``; relative raster paths start at ``root``.

    Raises
    ------
    InputError
        The file is missing, a number is none, or a name has no constant.
    """
    head, rest = _split_words(_complete_lines(path), 2)
    threshold = plain_number(head[0]) if head else None
    if threshold is None:
        raise InputError(f"The list {path} must begin with the dispersion threshold, a number.")
    width = _width(path, head, 1)
    entries = paths_with_constants(rest, root)
    if entries and not entries[-1][1]:
        raise InputError(f"The list {path} has no calibration constant for {entries[-1][0]}: run calamp again.")
    constants = np.array([_constant(path, word) for _, word in entries], dtype=np.float32)
    return SelectionList(np.float32(threshold), width, [os.path.join(root, name) for name, _ in entries], constants)


def read_candidates(path: StrPath) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Lines and samples of the candidates.

    Parameters
    ----------
    path : path-like
        ``pscands.1.ij``: running number, azimuth line, range sample (from 0); further text is ignored.

    Returns
    -------
    line, sample : (n,) int64 arrays

    Raises
    ------
    InputError
        The file is missing or a line does not begin with three whole numbers.
    """
    text = _complete_lines(path)
    n_rows = text.count("\n")
    try:
        words = text.split()
        if len(words) != 3 * n_rows:
            words = [word for row in text.splitlines() for word in row.split()[:3]]
        numbers = np.array(words, dtype=np.int64).reshape(n_rows, 3)
    except ValueError as error:
        raise InputError(f"The list {path} must have three whole numbers per line: number, line and sample.") from error
    if numbers.size and numbers[:, 1:].min() < 0:
        raise InputError(f"The list {path} has a negative line or sample, but both count from 0.")
    return numbers[:, 1], numbers[:, 2]


def format_general(values: NDArray[np.floating[Any]]) -> bytes:
    """Numbers one per line with six significant digits, as C++ streams print them by default.

    Parameters
    ----------
    values : (n,) float array

    Returns
    -------
    bytes
        Text as of ``%g``; ``nan`` keeps its sign bit (``-nan``).
    """
    doubles = np.asarray(values, dtype=np.float64)
    return b"".join(_general(doubles[k : k + _CHUNK]) for k in range(0, doubles.size, _CHUNK))


def format_integers(*columns: NDArray[np.int64]) -> bytes:
    """Columns of integers from 0 as lines of blank-separated numbers.

    Parameters
    ----------
    *columns : (n,) integer arrays
        Not negative.

    Returns
    -------
    bytes
    """
    size = len(columns[0])
    return b"".join(_integers([column[k : k + _CHUNK] for column in columns]) for k in range(0, size, _CHUNK))


# ---------------------------------------------------------------------- text of many numbers


def _integers(columns: Sequence[NDArray[np.int64]]) -> bytes:
    parts = []
    for column in columns:
        column = np.asarray(column)
        digits = _digits(column, len(str(int(column.max()))))
        for k in range(digits.shape[1] - 1):  # leading zeros
            digits[column < 10 ** (digits.shape[1] - 1 - k), k] = _PAD
        parts += [digits, np.full((len(column), 1), ord(" "), np.uint8)]
    parts[-1][:] = ord("\n")
    return _joined(parts)


def _general(values: NDArray[np.float64]) -> bytes:
    """Fixed notation for 0.0001 to 1, where dispersions lie; the others, and doubtful roundings, by ``%g`` itself."""
    ordinary = (values >= 1e-4) & (values < 1)
    x = np.where(ordinary, values, 0.5)
    leading = (x < 0.1).astype(np.int64) + (x < 0.01) + (x < 0.001)  # zeros behind the point
    scaled = x * _SCALES[leading]
    number = np.rint(scaled)
    exact = ordinary & (number < 1e6) & (number >= 1e5) & (np.abs(scaled - np.floor(scaled) - 0.5) > 1e-6)

    number = np.where(exact, number, 1e5).astype(np.int64)
    digits = _digits(number, 6)
    for k in range(1, 6):  # trailing zeros
        digits[number % 10**k == 0, 6 - k] = _PAD
    head = np.full((len(values), 5), ord("0"), np.uint8)
    head[:, 1] = ord(".")
    for k in range(3):
        head[leading <= k, 2 + k] = _PAD
    table = np.hstack([head, digits, np.full((len(values), 3), _PAD, np.uint8)])
    others = np.flatnonzero(~exact)
    if others.size:
        words = [_word(value) for value in values[others].tolist()]
        table[others, :-1] = np.array(words, dtype="S13").view(np.uint8).reshape(-1, 13)
    table[:, -1] = ord("\n")
    return _joined([table])


def _word(value: float) -> str:
    return "-nan" if math.isnan(value) and math.copysign(1, value) < 0 else f"{value:g}"


def _digits(values: NDArray[np.int64], width: int) -> NDArray[np.uint8]:
    """Last ``width`` decimal digits as characters, one row per number."""
    digits = np.empty((len(values), width), np.uint8)
    rest = np.asarray(values, dtype=np.int64)
    for k in range(width - 1, -1, -1):
        quotient = rest // 10
        digits[:, k] = rest - 10 * quotient + ord("0")
        rest = quotient
    return digits


def _joined(parts: Sequence[NDArray[np.uint8]]) -> bytes:
    table = np.hstack(parts)
    return table[table != _PAD].tobytes()


# ---------------------------------------------------------------------- small helpers


def _complete_lines(path: StrPath) -> str:
    try:
        text = read_input(path, "surrogateescape")
    except OSError as error:
        raise InputError(f"The list {path} cannot be read ({error.strerror}): run the preparation again.") from error
    return text[: text.rfind("\n") + 1]


def _split_words(text: str, count: int) -> tuple[list[str], str]:
    """The first words of a text, and what follows them."""
    parts = text.split(None, count)
    return parts[:count], parts[count] if len(parts) > count else ""


def _width(path: StrPath, tokens: Sequence[str], position: int) -> int:
    token = tokens[position] if len(tokens) > position else ""
    if not token.isdecimal() or int(token) == 0:
        raise InputError(f"The list {path} has '{token}' where the width of the image was expected.")
    return int(token)


def _constant(path: StrPath, token: str) -> float:
    try:
        return float(token)
    except ValueError as error:
        raise InputError(f"The list {path} has '{token}' where a calibration constant was expected.") from error
