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
5. Missing values are ``NaN``, as R and MATLAB spell them. There is no other text and no quotation mark.

The reference is ``ref_centre_lonlat`` where the reference area is a circle (so the manual), else the middle of the
reference pixels; NaN where nothing is referenced. Metadata are in ``stamps_tsexport.csv-metadata.json``.
"""

import numpy as np

from stamps.products.exports.metadata import reference_point, write_side_file

__all__ = ["write"]


def write(table, path):
    """Write ``path`` and ``<path>-metadata.json``.

    Parameters
    ----------
    table : PointTable
    path : Path
    """
    project = table.project
    shown = np.flatnonzero(table.images != project.master)
    days = project.ps["day"][table.images[shown]] - 1
    lon, lat = reference_point(table) or (np.nan, np.nan)
    names = ",".join(f"export_res_{k + 1}" for k in range(3 + shown.size))
    line = ",".join(["%.8f", "%.8f", *["%.4f"] * (1 + shown.size)]) + "\n"
    velocity = table.field("VEL")
    with open(path, "w", encoding="ascii") as file:
        file.write(f"{names}\n")
        numbers = [f"{lon:.8f}", f"{lat:.8f}", "NaN", *(f"{day:.0f}" for day in days)]
        file.write(",".join(numbers).replace("nan", "NaN") + "\n")
        for part in table.parts():
            series = [table.displacement(k, part) for k in shown]
            rows = zip(*(column.tolist() for column in (*table.lonlat[part].T, velocity[part], *series)), strict=True)
            file.write("".join(line % row for row in rows).replace("nan", "NaN"))
    write_side_file(path, table.metadata)
