"""Components as files: maps as columns of a table, courses beside it."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from stamps.products.exports import Format
    from stamps.products.series_components.found import SeriesComponents

__all__ = ["COURSES_SUFFIX", "writer_of"]

#: End of the name of the table of courses.
COURSES_SUFFIX = "-courses.csv"


def writer_of(form: Format) -> Callable[[SeriesComponents, Path], int]:
    """The function that writes the maps in a format of the exports, with the courses beside them."""

    def write(found: SeriesComponents, path: Path) -> int:
        table = found.maps_table()
        import_module(f"stamps.products.exports.{form.module}").write(table, path)
        _write_courses(found, path.with_name(path.stem + COURSES_SUFFIX))
        return len(table)

    return write


def _write_courses(found: SeriesComponents, path: Path) -> None:
    """A row for each date: courses in mm, mean over the pixels, rms of what is left, perpendicular baseline."""
    parts, table = found.components, found.table
    names = ["date", *(f"comp{number + 1}" for number in range(len(found))), "mean", "rms", "bperp"]
    numbers = np.column_stack([parts.courses, parts.mean, parts.residual_of_dates, table.baselines()])
    with open(path, "w", encoding="utf-8") as file:
        file.write(",".join(names) + "\n")
        for date, row in zip(table.dates, numbers, strict=True):
            file.write(",".join([date.isoformat(), *(f"{value:.4f}" for value in row)]) + "\n")
