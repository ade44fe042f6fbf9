"""A folder of HDF5 files in MintPy's format, in geographic coordinates.

``timeseries.h5``, ``velocity.h5``, ``temporalCoherence.h5``, ``geometryGeo.h5`` and ``maskTempCoh.h5`` (cells with
pixels). Cells are means of their pixels, NaN where there is none. Lengths are in metres, positive towards the
satellite, which is MintPy's sign, too. REF_LAT, REF_LON, REF_Y and REF_X are written if the project has a reference
area: the cell with pixels nearest to its middle. The mean of all pixels is no place, so that then they are missing.

Source: MintPy's documentation, data structure and attributes
(https://mintpy.readthedocs.io/en/latest/api/data_structure).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.products.exports.grid import grid_of
from stamps.products.exports.libraries import library
from stamps.products.exports.metadata import as_texts, reference_point
from stamps.products.line_of_sight import headings_at, incidence_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps.products.exports.grid import PointGrid
    from stamps.products.exports.table import PointTable


__all__ = ["FILES", "write"]

FILES = ("timeseries.h5", "velocity.h5", "temporalCoherence.h5", "geometryGeo.h5", "maskTempCoh.h5")


def write(table: PointTable, folder: Path, resolution: float | None = None) -> None:
    """Write :data:`FILES` to a folder.

    Parameters
    ----------
    table : PointTable
    folder : Path
    resolution : float, optional
        Size of a cell in metres; default: see :func:`~stamps.products.exports.grid.grid_of`.
    """
    grid = grid_of(table, resolution)
    common = _attributes(table, grid)
    _write_series(table, grid, folder / "timeseries.h5", common)
    metres = np.float32(1e-3)
    span = f"{table.dates[0]:%Y%m%d}_{table.dates[-1]:%Y%m%d}"
    velocity = {
        "velocity": grid.mean(table.field("VEL")) * metres,
        "velocityStd": grid.mean(table.field("V_STDEV")) * metres,
    }
    in_time = {"DATE12": span, "START_DATE": span[:8], "END_DATE": span[9:]}
    _write(folder / "velocity.h5", velocity, {**common, **in_time, "FILE_TYPE": "velocity", "UNIT": "m/year"})
    coherence = {"temporalCoherence": grid.mean(table.field("COHERENCE"))}
    _write(folder / "temporalCoherence.h5", coherence, {**common, "FILE_TYPE": "temporalCoherence", "UNIT": "1"})
    _write(folder / "geometryGeo.h5", _geometry(table, grid), {**common, "FILE_TYPE": "geometry", "UNIT": "m"})
    _write(folder / "maskTempCoh.h5", {"mask": grid.counts() > 0}, {**common, "FILE_TYPE": "mask", "UNIT": "1"})


def _attributes(table: PointTable, grid: PointGrid) -> dict[str, str]:
    """What all files say about the grid and the radar; texts, as MintPy reads them."""
    project = table.project
    heading = table.metadata["heading_deg"]
    attributes = {
        "LENGTH": grid.height,
        "WIDTH": grid.width,
        "X_FIRST": repr(grid.left),
        "Y_FIRST": repr(grid.top),
        "X_STEP": repr(grid.step_lon),
        "Y_STEP": repr(-grid.step_lat),
        "X_UNIT": "degrees",
        "Y_UNIT": "degrees",
        "EPSG": 4326,
        "WAVELENGTH": repr(float(project.wavelength)),
        "PROCESSOR": "stamps",
        "DATA_TYPE": "float32",
        "REF_DATE": table.metadata["reference_date"].replace("-", ""),
        "PROJECT_NAME": project.ws.name,
        "ANTENNA_SIDE": -1,
    }
    platform = project.parameters.get("platform")
    if isinstance(platform, str) and platform:
        attributes["PLATFORM"] = platform
    if heading is not None:
        attributes["HEADING"] = repr(heading)
        attributes["ORBIT_DIRECTION"] = "ASCENDING" if np.cos(np.radians(heading)) > 0 else "DESCENDING"
    area = table.choice.described(project, table.reference)
    place = reference_point(table)
    if place is not None and area.n and not area.everything:
        row, column = grid.place(*place)
        attributes["REF_Y"], attributes["REF_X"] = row, column
        attributes["REF_LAT"] = repr(grid.top - (row + 0.5) * grid.step_lat)
        attributes["REF_LON"] = repr(grid.left + (column + 0.5) * grid.step_lon)
    attributes.update((f"STAMPS_{key.upper()}", text) for key, text in as_texts(table.metadata).items())
    return {key: str(value) for key, value in attributes.items()}


def _write_series(table: PointTable, grid: PointGrid, path: Path, common: Mapping[str, str]) -> None:
    """Time series date by date: one image in memory."""
    h5py = library("h5py", "mintpy")

    span = {"START_DATE": f"{table.dates[0]:%Y%m%d}", "END_DATE": f"{table.dates[-1]:%Y%m%d}"}
    with h5py.File(path, "w") as file:
        shape = (len(table.dates), *grid.shape)
        series = file.create_dataset(
            "timeseries", shape, np.float32, chunks=_chunks(grid), compression="gzip", compression_opts=1
        )
        for k in range(len(table.dates)):
            series[k] = grid.mean(table.displacement(k)) * np.float32(1e-3)
        file["date"] = np.array([f"{date:%Y%m%d}" for date in table.dates], "S8")
        file["bperp"] = table.baselines().astype(np.float32)
        file.attrs.update({**common, **span, "FILE_TYPE": "timeseries", "UNIT": "m"})


def _write(path: Path, datasets: Mapping[str, NDArray[Any]], attributes: Mapping[str, str]) -> None:
    h5py = library("h5py", "mintpy")

    with h5py.File(path, "w") as file:
        for name, values in datasets.items():
            file.create_dataset(name, data=values, compression="gzip", compression_opts=1)
        first = next(iter(datasets.values()))
        file.attrs.update({**attributes, "DATA_TYPE": str(first.dtype)})


def _chunks(grid: PointGrid) -> tuple[int, int, int]:
    return 1, min(grid.height, 512), min(grid.width, 512)


def _geometry(table: PointTable, grid: PointGrid) -> dict[str, NDArray[np.float32]]:
    """Height, coordinates and, where they are known, the angles of the line of sight in degrees."""
    lat = grid.top - (np.arange(grid.height) + 0.5) * grid.step_lat
    lon = grid.left + (np.arange(grid.width) + 0.5) * grid.step_lon
    layers = {
        "height": grid.mean(table.field("HEIGHT")),
        "latitude": np.repeat(lat[:, np.newaxis].astype(np.float32), grid.width, axis=1),
        "longitude": np.repeat(lon[np.newaxis].astype(np.float32), grid.height, axis=0),
    }
    incidence = incidence_of(table.project)
    if incidence is not None:
        layers["incidenceAngle"] = grid.mean(np.degrees(incidence[table.rows]))
    heading = table.metadata["heading_deg"]
    if heading is not None:
        # from the ground to a satellite that looks to the right, from the north, anti-clockwise
        flight = grid.mean(headings_at(table.project.lonlat, heading)[table.rows])
        layers["azimuthAngle"] = (90 - flight + 180) % 360 - 180
    return layers
