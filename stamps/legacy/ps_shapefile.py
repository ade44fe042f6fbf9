"""Export values of the pixels as a point shapefile.

Reads ``psver`` and ``ps2``; writes the files of a shapefile. Needs pyogrio.

Source: docs/method/products.md, section 7.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from stamps.errors import InputError
from stamps.products.columns import pixel_values
from stamps.products.notebook_paths import Written
from stamps.products.wkb import points_as_wkb
from stamps.workspace import Workspace
from stamps.workspace.log import Log
from stamps.workspace.plain_files import check_plain

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps._typing import StrPath


__all__ = ["ps_shapefile"]


def ps_shapefile(
    file: StrPath, data: NDArray[np.float64] | str, step: int = 1, workdir: Workspace | StrPath = "."
) -> Path:
    """Write points with longitude, latitude and one value, the attribute ``V``.

    Parameters
    ----------
    file : path-like
        The file; ``.shp`` is added where it is missing. Other formats of GDAL (``.gpkg``, ``.geojson``) will do.
    data : array_like or str
        One value for each pixel (of more columns the first), or the name of a saved plot (``'ps_plot_v-d'``).
    step : int
        Every step-th pixel, beginning with the first.
    workdir : path-like or Workspace

    Returns
    -------
    Path
        The file.

    Raises
    ------
    InputError
        pyogrio is not installed, or the data do not fit the pixels.
    """
    ws = Workspace.at(workdir)
    ps = ws.load(f"ps{ws.version}", ["lonlat", "n_ps"])
    if step != int(step) or step < 1:
        raise InputError(f"ps_shapefile: the step is {step}, but a whole number from 1 was expected.")
    values = pixel_values(ws, data, ps["n_ps"])[:: int(step)]
    lonlat = ps["lonlat"][:: int(step)]
    path = ws.path / (file if Path(file).suffix else f"{file}.shp")
    check_plain(path)
    home = Workspace(path.parent)
    with home.scratch() as room:
        _write(room.path / path.name, lonlat, values)
        with home.publish():
            for part in room.path.iterdir():
                home.put_file(part.name, part)
    Log(ws, "PS_SHAPEFILE")(f"{len(values)} pixels written to {path}", level=2)
    return Written(path)


def _write(path: Path, lonlat: NDArray[np.float64], values: NDArray[np.float64]) -> None:
    try:
        from pyogrio import raw
        from pyogrio.errors import DataSourceError
    except ImportError:
        raise InputError(
            "Shapefiles need pyogrio, which is not installed: pip install 'stamps-insar[export]', or export with "
            "ps_output or ps_gescatter."
        ) from None
    try:
        raw.write(
            path,
            geometry=points_as_wkb(lonlat),
            field_data=[values],
            fields=np.array(["V"], object),
            crs="EPSG:4326",
            geometry_type="Point",
        )
    except (DataSourceError, ValueError) as error:
        raise InputError(f"{path.name} cannot be written ({error}): choose a name that ends in .shp.") from error
