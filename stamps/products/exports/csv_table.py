"""CSV for spreadsheets and GIS: a line of names, then one line for each pixel; metadata in a JSON file beside it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from stamps.products.exports.metadata import write_side_file

if TYPE_CHECKING:
    from stamps.products.exports.table import Field, PointTable


__all__ = ["write"]


def write(table: PointTable, path: Path) -> None:
    """Write ``path`` and ``<path>-metadata.json``.

    Columns: ``CODE LON LAT`` (degrees), the other fields, ``Dyyyymmdd``. What is not known is empty.

    Parameters
    ----------
    table : PointTable
    path : Path
    """
    code, *fields = table.fields
    names = [code.name, "LON", "LAT", *(field.name for field in fields), *table.series_names]
    formats = ["%s", "%.8f", "%.8f", *map(_format, fields), *["%.3f"] * len(table.dates)]
    line = ",".join(formats) + "\n"
    with open(path, "w", encoding="utf-8") as file:
        file.write(",".join(names) + "\n")
        for part in table.parts():
            codes, *others = table.columns(part).values()
            columns = [column.tolist() for column in (codes, *table.places[part].T, *others)]
            rows = zip(*columns, strict=True)
            file.write("".join(line % row for row in rows).replace("nan", ""))
    write_side_file(path, table.metadata)


def _format(field: Field) -> str:
    return "%s" if field.digits is None else f"%.{field.digits}f"
