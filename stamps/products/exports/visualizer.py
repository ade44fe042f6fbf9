"""The CSV of StaMPS-Visualizer (https://github.com/thho/StaMPS_Visualizer), file ``stamps_tsexport.csv``.

The rules, as its manual makes the file with MATLAB from ``ps_plot(…, 'ts')`` and ``writetable``:

1. One line of names ``export_res_1,export_res_2,…``, one for each column: what ``writetable`` calls the columns of the
   matrix ``export_res``.
2. The second line describes the columns: longitude and latitude of the reference area, ``NaN``, then one number for
   each date of the time series, MATLAB's ``day - 1``: the days since 0000-01-01, from which R makes dates with
   ``as.Date(x, origin = "0000-01-01")``.
3. Then one line for each pixel: longitude, latitude (degrees), mean velocity (mm/yr), displacement at each date (mm),
   both positive towards the satellite.
4. The dates are those of ``ps_plot_ts_*.mat``: ascending and without the master, to which the displacements refer.
5. There is no other text and no quotation mark. A pixel without velocity or with a date without value is left out: the
   page cannot draw it.
6. The file lies directly in ``input/stusi`` of StaMPS-Visualizer, alone: its menu lists every file of that folder, and has
   room for :data:`LONGEST_NAME` characters. So the metadata, which other kinds write beside the table, go into
   ``STAMPS.log``, the most important ones.

The reference is ``ref_centre_lonlat`` where the reference area is a circle (so the manual), else the middle of the
reference pixels; NaN where nothing is referenced.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from stamps.errors import NoPixelsError
from stamps.products.exports.metadata import reference_point
from stamps.workspace.log import Log

if TYPE_CHECKING:
    from stamps.products.exports.table import PointTable


__all__ = ["LONGEST_NAME", "write"]

#: Characters of a file name, its end included, that StaMPS-Visualizer can take.
LONGEST_NAME = 46


def write(table: PointTable, path: Path) -> int:
    """Write ``path``.

    Parameters
    ----------
    table : PointTable
    path : Path

    Returns
    -------
    int
        Number of pixels written.

    Raises
    ------
    NoPixelsError
        No pixel has a velocity and a value at every date.
    """
    project = table.project
    shown = np.flatnonzero(table.images != table.zero_image)
    days = project.ps["day"][table.images[shown]] - 1
    lon, lat = reference_point(table) or (np.nan, np.nan)
    names = ",".join(f"export_res_{k + 1}" for k in range(3 + shown.size))
    line = ",".join(["%.8f", "%.8f", *["%.4f"] * (1 + shown.size)]) + "\n"
    velocity, places, n_written = table.field("VEL"), table.places, 0
    with open(path, "w", encoding="ascii") as file:
        file.write(f"{names}\n")
        numbers = [f"{lon:.8f}", f"{lat:.8f}", "NaN", *(f"{day:.0f}" for day in days)]
        file.write(",".join(numbers).replace("nan", "NaN") + "\n")
        for part in table.parts():
            series = [table.displacement(int(k), part) for k in shown]
            rows = np.column_stack([places[part], velocity[part], *series])
            rows = rows[np.isfinite(rows).all(axis=1)]
            n_written += len(rows)
            file.write("".join(line % tuple(row) for row in rows.tolist()))
    _report(table, n_written)
    return n_written


def _report(table: PointTable, n_written: int) -> None:
    """Say how many pixels are left out, and in the log what the table is relative to."""
    facts, log = table.metadata, Log(table.project.ws, "EXPORT")
    if n_written == 0:
        raise NoPixelsError(
            "No pixel has a velocity and a value at every date, so there is nothing for StaMPS-Visualizer: export csv to see "
            "what is missing."
        )
    if n_written < len(table):
        log(f"{len(table) - n_written} of {len(table)} pixels left out: they have no velocity, or a date without value")
    log(f"{facts['title']}: {facts['reference']}, displacements since {facts['reference_date']}", level=1)
