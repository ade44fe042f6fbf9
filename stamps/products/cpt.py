"""Palettes of GMT: ``.cpt`` files as tables of colours.

Source: docs/method/other_scripts.md, section 7.
"""

from __future__ import annotations

import colorsys
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from stamps.errors import InputError
from stamps.workspace.plain_files import read_input

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps._typing import StrPath


__all__ = ["FOLDER", "GmtPalette", "find_palette", "palettes_in", "read_palette"]

#: Folder of a project in which palettes are looked for.
FOLDER = "cptfiles"

_MOST_COLOURS = 256
_MOST_WANTED = 65536
_PARTS = 10  # of a row whose colour changes
_SHIFT = 0.01  # of the smallest step, that keeps both colours of a sharp break
_TURN = 360.0
_COMMENT = re.compile(r"#(?![0-9A-Fa-f]{6}\b).*")  # but not a colour #rrggbb


@dataclass(frozen=True)
class GmtPalette:
    """A palette of GMT.

    Attributes
    ----------
    colours : ndarray of float64, shape (n, 3)
        Red, green, blue, 0 to 1, from the lowest value to the highest.
    limits : tuple of float
        Values at the ends.
    ticks : ndarray of float64
        Values at which rows begin or end.
    extremes : ndarray of float64, shape (3, 3)
        Colours below, above and of NaN; those that the file does not name are black, white and grey.
    """

    colours: NDArray[np.float64]
    limits: tuple[float, float]
    ticks: NDArray[np.float64]
    extremes: NDArray[np.float64]


def find_palette(name: StrPath, folder: Path) -> Path:
    """Path of a palette: a file, or one of the folder ``cptfiles``, with or without ``.cpt``.

    Raises
    ------
    InputError
        There is none of that name.
    """
    for place in (folder / str(name), folder / FOLDER / str(name)):
        for path in (place, place.with_name(f"{place.name}.cpt")):
            if path.is_file():
                return path
    there = [path.stem for path in palettes_in(folder)]
    hint = f"there are {', '.join(there)}" if there else f"put .cpt files into {folder / FOLDER}"
    raise InputError(f"The palette {name} was found neither in {folder} nor in its {FOLDER}: {hint}.")


def palettes_in(folder: Path) -> list[Path]:
    """The palettes of the folder ``cptfiles``."""
    return sorted((folder / FOLDER).glob("*.cpt"))


def read_palette(path: Path, n_colours: int | None = None) -> GmtPalette:
    """Read a palette.

    Parameters
    ----------
    path : Path
    n_colours : int, optional
        Default: as many as resolve its rows, at most 256.

    Raises
    ------
    InputError
        It cannot be read, or is no palette.
    """
    if n_colours is not None and (
        isinstance(n_colours, str) or not 1 <= n_colours <= _MOST_WANTED or n_colours != int(n_colours)
    ):
        raise InputError(
            f"The number of colours is {n_colours!r}, but a whole number from 1 to {_MOST_WANTED} was expected."
        )
    try:
        lines = read_input(path).splitlines()
    except OSError as error:
        raise InputError(f"The palette {path} cannot be read ({error.strerror}).") from error
    model = _model(lines, path)
    rows, extremes = [], {"B": np.zeros(3), "F": np.ones(3), "N": np.full(3, 0.5)}
    for number, line in enumerate(lines, 1):
        words = _words(line)
        if not words:
            continue
        try:
            if words[0] in extremes:
                extremes[words[0]], left = _colour(words[1:], model)
                _require(not left)
            else:
                rows.append(_row(words, model))
        except ValueError:
            raise InputError(f"Line {number} of {path} is no row of a palette: {line.strip()[:60]!r}.") from None
    z, colours = _nodes(rows, path)
    n = int(n_colours or _needed(rows))
    centres = z[0] + (np.arange(n) + 0.5) * (z[-1] - z[0]) / n
    table = np.column_stack([np.interp(centres, z, channel) for channel in colours.T])
    ticks = np.unique([value for row in rows for value in (row[0], row[2])])
    return GmtPalette(table, (float(ticks[0]), float(ticks[-1])), ticks, np.stack([extremes[key] for key in "BFN"]))


def _require(holds: bool) -> None:
    if not holds:
        raise ValueError


def _model(lines: list[str], path: Path) -> str:
    for line in lines:
        found = re.match(r"#\s*COLOR_MODEL\s*=\s*\+?(\w+)", line, re.IGNORECASE)
        if found:
            model = found[1].lower()
            if model not in ("rgb", "hsv"):
                raise InputError(f"{path} has the colour model {model}, but only RGB and HSV are read.")
            return model
    return "rgb"


def _words(line: str) -> list[str]:
    """Words of a row, without comments, labels and the marks of annotations."""
    words = _COMMENT.sub("", line).split(";")[0].split()
    return words[:-1] if len(words) > 4 and words[-1] in ("L", "U", "B") else words


def _row(words: list[str], model: str) -> tuple[float, NDArray[np.float64], float, NDArray[np.float64]]:
    """Value and colour at both ends of a row."""
    if len(words) == 8:
        first, second = words[:4], words[4:]
    else:
        _require(len(words) == 4)
        first, second = words[:2], words[2:]
    low, high = float(first[0]), float(second[0])
    _require(bool(np.isfinite([low, high]).all()) and low < high)
    ends = [_colour(end[1:], model) for end in (first, second)]
    _require(not any(left for _, left in ends))
    return low, ends[0][0], high, ends[1][0]


def _colour(words: list[str], model: str) -> tuple[NDArray[np.float64], list[str]]:
    """The colour that words begin with (three numbers, one, r/g/b, h-s-v or a name), and the words behind it."""
    _require(bool(words))
    if len(words) >= 3:
        return _of_model([float(word) for word in words[:3]], model), words[3:]
    word = words[0]
    if re.fullmatch(r"[\d.]+(/[\d.]+){2}", word):
        return _of_model([float(part) for part in word.split("/")], "rgb"), words[1:]
    if re.fullmatch(r"[\d.]+(-[\d.]+){2}", word):
        return _of_model([float(part) for part in word.split("-")], "hsv"), words[1:]
    if re.fullmatch(r"[\d.]+", word):
        return _of_model([float(word)] * 3, "rgb"), words[1:]
    from matplotlib.colors import to_rgb

    return np.array(to_rgb(word.lower())), words[1:]


def _of_model(values: list[float], model: str) -> NDArray[np.float64]:
    limits = (_TURN, 1.0, 1.0) if model == "hsv" else (255.0, 255.0, 255.0)
    parts = [value / limit for value, limit in zip(values, limits, strict=True)]
    _require(all(0 <= part <= 1 for part in parts))
    return np.array(colorsys.hsv_to_rgb(parts[0], parts[1], parts[2]) if model == "hsv" else parts)


def _nodes(rows: list, path: Path) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Values and colours between which is interpolated; both colours of a sharp break stay."""
    if not rows:
        raise InputError(f"{path} has no row of a palette: z, colour, z, colour.")
    if any(before[2] != after[0] for before, after in zip(rows[:-1], rows[1:], strict=True)):
        raise InputError(f"The rows of {path} leave gaps or overlap: each should begin where the one before ends.")
    shift = _SHIFT * min(high - low for low, _, high, _ in rows)
    z: list[float] = []
    colours: list[NDArray[np.float64]] = []
    for low, first, high, second in rows:
        sharp = bool(colours) and not np.array_equal(colours[-1], first)
        z += [low + shift * sharp, high]
        colours += [first, second]
    return np.array(z), np.array(colours)


def _needed(rows: list) -> int:
    """Colours that resolve every row: equal steps, one a row of one colour, ten where the colour changes."""
    steps = [(high - low) / (1 if np.array_equal(a, b) else _PARTS) for low, a, high, b in rows]
    extent = rows[-1][2] - rows[0][0]
    unit = 1e-3 if min(steps) >= 1e-3 else min(steps)
    common = np.gcd.reduce(np.maximum(np.round(np.array(steps) / unit), 1).astype(np.int64))
    return int(np.clip(np.ceil(extent / (common * unit) - 1e-9), 1, _MOST_COLOURS))
