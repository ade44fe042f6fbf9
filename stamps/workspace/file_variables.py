"""What the variables of the files hold, as data (``file_variables.csv``): shape, class, unit, which values may stand there.

Column ``nan`` (from all reference trees and the pages of the method): empty where all values are finite; ``nan`` where the
original leaves NaN, ``columns`` where only in whole columns (interferograms that it could not treat), ``any`` where Inf, too.
Column ``range``:
``1..n_ps`` from and to (numbers or dimensions; several of them after a comma are those of the columns), ``>=0``, ``>0``,
``ascending``, ``unique``.

Source: docs/method/conventions.md, section 2, and the page of each step.
"""

from __future__ import annotations

import csv
import functools
import io
import math
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

__all__ = ["FileVariable", "file_variables", "shape_of", "table_rows", "variables_of_file"]

_ITEM_SIZE = {"single": 4, "double": 8, "logical": 1, "char": 2, "sparse": 16}


@dataclass(frozen=True)
class FileVariable:
    """One row of ``file_variables.csv``: where a variable stands, its shapes and classes (alternatives), unit, meaning,
    and which values may stand there."""

    files: tuple[str, ...]
    name: str
    mode: str
    shapes: tuple[str, ...]
    classes: tuple[str, ...]
    unit: str
    meaning: str
    nan: str = ""
    range: str = ""

    def n_bytes(self, dimensions: Mapping[str, int]) -> int | None:
        """Size of the first alternative for known dimensions; None if one of them is not known."""
        shape = shape_of(self.shapes[0], dimensions)
        if shape is None or self.classes[0] == "sparse":
            return None
        words = self.classes[0].split()
        return math.prod(shape) * _ITEM_SIZE[words[0]] * (2 if "complex" in words else 1)


def shape_of(text: str, dimensions: Mapping[str, Any]) -> tuple[int, ...] | None:
    """Numbers of a shape such as ``'n_ps x 3'``, or None if a dimension is not known."""
    sizes = [int(word) if word.isdigit() else dimensions.get(word) for word in text.split(" x ")]
    known = tuple(size for size in sizes if size is not None)
    return known if len(known) == len(sizes) else None


@functools.cache
def file_variables() -> tuple[FileVariable, ...]:
    """All rows of ``file_variables.csv``.

    Returns
    -------
    tuple of FileVariable
    """
    return tuple(
        FileVariable(
            tuple(row["files"].split()),
            row["variable"],
            row["mode"],
            tuple(row["shape"].split(" or ")),
            tuple(row["class"].split(" or ")),
            row["unit"],
            row["meaning"],
            row["nan"],
            row["range"],
        )
        for row in table_rows("file_variables.csv")
    )


def variables_of_file(file: str, mode: str = "") -> list[FileVariable]:
    """Described variables of a file.

    Parameters
    ----------
    file : str
        Name with or without ``.mat``, version included.
    mode : str
        ``PS`` or ``SB``: leave out those of the other kind of processing.

    Returns
    -------
    list of FileVariable
    """
    stem = file.removesuffix(".mat")
    return [row for row in file_variables() if stem in row.files and not (mode and row.mode and row.mode != mode)]


def table_rows(name: str) -> list[dict[str, str]]:
    """Rows of a table of the package (CSV), as dicts."""
    text = resources.files(__package__).joinpath(name).read_bytes().decode("utf-8")
    return list(csv.DictReader(io.StringIO(text, newline="")))
