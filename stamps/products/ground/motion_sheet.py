"""East and up as a table: columns for CSV and GIS.

Source: docs/method/decomposition.md, section 5.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.products.exports.metadata import write_side_file
from stamps.products.exports.table import Field

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Sheet", "write_csv"]

_ROWS = 25_000


@dataclass(frozen=True)
class Sheet:
    """What the writers of point layers take: the face of a table of exports without its time series.

    Attributes
    ----------
    fields : sequence of Field
        All columns.
    lonlat : ndarray, shape (n, 2)
    metadata : dict
    """

    fields: Sequence[Field]
    lonlat: NDArray[np.float64]
    metadata: Mapping[str, Any]

    series_names = ()

    def __len__(self) -> int:
        return len(self.lonlat)

    def parts(self) -> Iterator[slice]:
        """Slices of the rows."""
        return (slice(start, start + _ROWS) for start in range(0, len(self), _ROWS))

    def columns(self, part: slice = slice(None)) -> dict[str, NDArray[Any]]:
        """Names and values of the columns."""
        return {field.name: field.values[part] for field in self.fields}


def write_csv(sheet: Sheet, path: Path) -> None:
    """Write a line of names and one for each row; metadata beside it, empty fields for what is not known."""
    names = [sheet.fields[0].name, "lon", "lat", *(field.name for field in sheet.fields[1:])]
    formats = ["%s", "%.8f", "%.8f", *("%s" if f.digits is None else f"%.{f.digits}f" for f in sheet.fields[1:])]
    line = ",".join(formats) + "\n"
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.write(",".join(names) + "\n")
        for part in sheet.parts():
            first, *others = sheet.columns(part).values()
            columns = [np.asarray(column).tolist() for column in (first, *sheet.lonlat[part].T, *others)]
            file.write("".join(line % row for row in zip(*columns, strict=True)).replace("nan", ""))
    write_side_file(path, sheet.metadata)
