"""A simulated stack as NISAR's GSLC products: one geocoded, flattened frame per date (docs/method/cslc.md).

``gslc/`` holds a file per date; ``cells.npz`` beside it tells the radar pixel of each cell of the map
(:mod:`stamps.simulation.map_cells`). The radar's frequency stays that of the simulator.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from stamps.simulation.cslc_layout import CslcLayout, Pass, passes_of
from stamps.simulation.hdf5_texts import write_group, write_raster
from stamps.simulation.map_cells import MapCells, cells_of, write_projection
from stamps.simulation.plan import StackPlan
from stamps.simulation.snap_files import SnapStack
from stamps.simulation.state_vectors import state_vectors

__all__ = ["GslcLayout", "write_gslc"]

_FLAGS = {
    "topographicFlatteningApplied": "True",
    "ellipsoidalFlatteningApplied": "True",
    "rangeIonosphericGeolocationCorrectionApplied": "False",
    "azimuthSolidEarthTidesCorrectionApplied": "True",
    "rangeSolidEarthTidesCorrectionApplied": "True",
}
_OUTSIDE = 255  # of the mask
_SUBSWATHS = 3


@dataclass(frozen=True, kw_only=True)
class GslcLayout:
    """How the products of a simulated stack look, and what is wrong with them.

    Attributes
    ----------
    posting : (float, float)
        Spacing of the map's columns and rows, m.
    track, frame : int
    polarisations : tuple of str
    look : str
        Side to which the products say that they look.
    partial : mapping
        Date to the rows of the map, first and last, that its frame has; its box is smaller.
    unfocused : int
        Rows at the northern end of every frame of which the mask says that they are partly focused.
    of_text : bool
        Flags as the texts ``True`` and ``False``; else as truth values.
    source_frequency : bool
        The centre frequency stands with the source data, not with the grids.
    second_grid : bool
        There is a frequency B of half the columns, too.
    flags : mapping
        Date to flags that differ.
    duplicates : collection of str
        Dates that are there a second time, processed later.
    """

    posting: tuple[float, float] = (10.0, 15.0)
    track: int = 33
    frame: int = 41
    polarisations: tuple[str, ...] = ("HH",)
    look: str = "Right"
    partial: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    unfocused: int = 0
    of_text: bool = True
    source_frequency: bool = False
    second_grid: bool = False
    flags: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    duplicates: Collection[str] = ()


def write_gslc(stack: SnapStack, target: Path, layout: GslcLayout | None = None) -> None:
    """Write ``gslc/`` and ``cells.npz``.

    Parameters
    ----------
    stack : SnapStack
    target : Path
        Folder of both.
    layout : GslcLayout, optional
    """
    layout = layout or GslcLayout()
    folder = target / "gslc"
    folder.mkdir(parents=True, exist_ok=True)
    cells = cells_of(stack, layout.posting)
    cells.save(target / "cells.npz")
    for each in passes_of(stack.plan, CslcLayout(track=layout.track)):
        rows = slice(*layout.partial.get(each.date, (0, cells.line.shape[0])))
        frame = cells.window(rows, slice(0, cells.line.shape[1]))
        for again in (False, True)[: 1 + (each.date in layout.duplicates)]:
            path = folder / _name(stack.plan, each, layout, again=again)
            _write_frame(path, stack, each, layout, frame, again=again)


def _name(plan: StackPlan, each: Pass, layout: GslcLayout, *, again: bool) -> str:
    direction = "A" if _ascending(plan) else "D"
    polarisations = {("HH",): "SHNA", ("VV",): "SVNA", ("HH", "HV"): "DHNA"}.get(layout.polarisations, "QPNA")
    coverage = "P" if each.date in layout.partial else "F"
    start, end = (f"{each.at(line):%Y%m%dT%H%M%S}" for line in (0, each.lines - 1))
    return (
        f"NISAR_L2_PR_GSLC_{each.image + 10:03d}_{layout.track:03d}_{direction}_{layout.frame:03d}_4005_"
        f"{polarisations}_A_{start}_{end}_P05000_N_{coverage}_J_{1 + again:03d}.h5"
    )


def _ascending(plan: StackPlan) -> bool:
    return bool(np.cos(np.radians(plan.settings.heading)) > 0)


def _write_frame(path: Path, stack: SnapStack, each: Pass, layout: GslcLayout, cells: MapCells, *, again: bool) -> None:
    plan = stack.plan
    slc = stack.slc(each.image)
    with h5py.File(path, "w") as file:
        write_group(file, "science/LSAR/identification", _identification(stack, each, layout, again=again))
        product = file.require_group("science/LSAR/GSLC")
        grids = product.require_group("grids")
        _write_grid(grids.require_group("frequencyA"), cells, slc, layout)
        if layout.second_grid:
            east, north = cells.posting
            other = replace(cells, posting=(2 * east, north), line=cells.line[:, ::2], sample=cells.sample[:, ::2])
            _write_grid(grids.require_group("frequencyB"), other, slc, layout)
        frequency = {"centerFrequency": plan.geometry.frequency}
        for name in grids:
            where = f"metadata/sourceData/swaths/{name}" if layout.source_frequency else f"grids/{name}"
            write_group(product, where, frequency)
        _write_orbit(product, plan, each)
        flags = _FLAGS | dict(layout.flags.get(each.date, {}))
        values = flags if layout.of_text else {name: word == "True" for name, word in flags.items()}
        write_group(product, "metadata/processingInformation/parameters", values)


def _identification(stack: SnapStack, each: Pass, layout: GslcLayout, *, again: bool) -> dict[str, Any]:
    corners = [(0, 0), (0, -1), (-1, -1), (-1, 0), (0, 0)]
    lon, lat, height = (stack.geometry(suffix) for suffix in (".lon", ".lat", "_dem.rdc"))
    outline = ", ".join(" ".join(repr(float(values[at])) for values in (lon, lat, height)) for at in corners)
    processed = each.middle + dt.timedelta(days=400 if again else 3)
    return {
        "absoluteOrbitNumber": np.uint32(each.absolute_orbit),
        "trackNumber": np.uint8(layout.track),
        "frameNumber": np.uint16(layout.frame),
        "missionId": "NISAR",
        "productType": "GSLC",
        "productVersion": "1.3.0",
        "compositeReleaseId": "P05000",
        "lookDirection": layout.look,
        "orbitPassDirection": "Ascending" if _ascending(stack.plan) else "Descending",
        "zeroDopplerStartTime": f"{each.at(0):%Y-%m-%dT%H:%M:%S.%f}000",
        "zeroDopplerEndTime": f"{each.at(each.lines - 1):%Y-%m-%dT%H:%M:%S.%f}000",
        "processingDateTime": f"{processed:%Y-%m-%dT%H:%M:%S}",
        "boundingPolygon": f"POLYGON (({outline}))",
        "isGeocoded": "True",
        "radarBand": "L",
    }


def _write_grid(group: h5py.Group, cells: MapCells, slc: npt.NDArray[np.complex64], layout: GslcLayout) -> None:
    """Images, mask, coordinates and projection of a frequency."""
    coordinates = {
        "xCoordinates": cells.x,
        "yCoordinates": cells.y,
        "xCoordinateSpacing": cells.posting[0],
        "yCoordinateSpacing": -cells.posting[1],
    }
    for name, values in coordinates.items():
        group.create_dataset(name, data=values)
    write_projection(group.create_dataset("projection", data=np.uint32(cells.epsg)), cells.epsg)
    group.create_dataset("listOfPolarizations", data=np.array(layout.polarisations, "S2"))
    for name in layout.polarisations:
        write_raster(group, name, cells.from_radar(slc, complex(np.nan, np.nan)), 512)
    samples = slc.shape[1]
    mask = np.where(cells.filled, 1 + cells.sample * _SUBSWATHS // samples, _OUTSIDE).astype(np.uint8)
    if layout.unfocused:
        north = mask[: layout.unfocused]
        north[north != _OUTSIDE] = 0
    write_raster(group, "mask", mask, 512)


def _write_orbit(product: h5py.Group, plan: StackPlan, each: Pass) -> None:
    vectors = state_vectors(plan, each.image, each.middle, each.at(0), each.at(each.lines - 1))
    orbit = write_group(
        product,
        "metadata/orbit",
        {
            "time": vectors.time,
            "position": vectors.position,
            "velocity": vectors.velocity,
            "orbitType": "POE",
            "interpMethod": "Hermite",
        },
    )
    orbit["time"].attrs["units"] = np.bytes_(f"seconds since {vectors.epoch:%Y-%m-%dT%H:%M:%S.%f}".encode())
