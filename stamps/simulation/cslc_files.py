"""A simulated stack as OPERA's CSLC-S1 products, or those of COMPASS: geocoded, flattened bursts (docs/method/cslc.md).

``cslc/`` holds a file per burst and date and the static layers of each burst; ``cells.npz`` beside it tells the radar pixel of
each cell of the map (:mod:`stamps.simulation.map_cells`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from stamps.simulation.cslc_layout import Burst, CslcLayout, Pass, passes_of
from stamps.simulation.cslc_texts import identification, processing, root_attributes
from stamps.simulation.hdf5_texts import write_group, write_raster
from stamps.simulation.map_cells import MapCells, cells_of, write_projection
from stamps.simulation.map_geometry import flattening_phase, static_layers
from stamps.simulation.snap_files import SnapStack
from stamps.simulation.state_vectors import state_vectors

__all__ = ["CslcLayout", "write_cslc"]

_HALF_COMPLEX = np.dtype([("r", "<f2"), ("i", "<f2")])
_STATIC_DATES = {"S1A": "20140403", "S1B": "20160425", "S1C": "20241205", "S1D": "20140101"}


@dataclass(frozen=True)
class _Piece:
    """A burst with its box of the map."""

    stack: SnapStack
    layout: CslcLayout
    index: int
    burst: Burst
    cells: MapCells

    @property
    def inside(self) -> npt.NDArray[np.bool_]:
        """Cells that the burst covers."""
        return (self.cells.line >= self.burst.first) & (self.cells.line < self.burst.last)

    def outline(self) -> npt.NDArray[np.float64]:
        """Longitudes and latitudes of the corners, shape (4, 2)."""
        rows, columns = [self.burst.first] * 2 + [self.burst.last - 1] * 2, [0, -1, -1, 0]
        return np.column_stack([self.stack.geometry(suffix)[rows, columns] for suffix in (".lon", ".lat")]).astype(
            float
        )


def write_cslc(stack: SnapStack, target: Path, layout: CslcLayout | None = None) -> None:
    """Write ``cslc/`` and ``cells.npz``.

    Parameters
    ----------
    stack : SnapStack
    target : Path
        Folder of both.
    layout : CslcLayout, optional
        Bursts, names, and what is wrong with the products (default: one burst of IW2, nothing wrong).
    """
    layout = layout or CslcLayout()
    folder = target / "cslc"
    folder.mkdir(parents=True, exist_ok=True)
    cells = cells_of(stack, layout.posting, shared=layout.shared)
    cells.save(target / "cells.npz")
    others = cells_of(stack, layout.posting, 1, shared=layout.shared) if layout.other_zone else cells
    bursts = layout.of_lines(stack.plan.settings.lines)
    pieces = [
        _Piece(stack, layout, k, burst, _box(others if k in layout.other_zone else cells, burst))
        for k, burst in enumerate(bursts)
    ]
    passes = passes_of(stack.plan, layout)
    for each in passes:
        _write_pass(folder, pieces, each)
    if layout.static:
        for piece in pieces:
            _write_static(folder, piece, passes[stack.plan.acquisitions.master])


def _box(cells: MapCells, burst: Burst) -> MapCells:
    """The part of the map about a burst."""
    inside = (cells.line >= burst.first) & (cells.line < burst.last)
    windows = []
    for axis, size in enumerate(inside.shape):
        found = np.flatnonzero(inside.any(axis=1 - axis))
        windows.append(slice(max(found[0] - burst.margin, 0), min(found[-1] + 1 + burst.margin, size)))
    return cells.window(*windows)


def _write_pass(folder: Path, pieces: list[_Piece], each: Pass) -> None:
    """Products of all bursts of a date."""
    slc, layout = pieces[0].stack.slc(each.image), pieces[0].layout
    present = [piece for piece in pieces if piece.index not in layout.missing.get(each.date, ())]
    paths = []
    for piece in present:
        for again in (False, True)[: 1 + (each.date in layout.duplicates)]:
            path = _product_path(folder, piece, each, again=again)
            _write_product(path, piece, each, slc, again=again)
            paths.append(path)
    if each.date in layout.compressed:
        _write_compressed(folder, paths[0], each)
    if each.date in layout.truncated:
        content = paths[0].read_bytes()
        paths[0].write_bytes(content[: len(content) // 2])


def _product_path(folder: Path, piece: _Piece, each: Pass, *, again: bool = False) -> Path:
    """Where a product goes; ``again``: one generated later."""
    layout, burst = piece.layout, piece.burst
    if layout.names == "compass":
        name = burst.name(layout.track)
        return folder / ("again" if again else "") / name / each.date / f"{name}_{each.date}.h5"
    identity = burst.name(layout.track, "-").upper()
    times = [f"{time:%Y%m%dT%H%M%SZ}" for time in (each.at(burst.first), _generated(each, again=again))]
    (polarisation, *_), version = layout.polarisations_of(each.date), _version(layout, each)
    name = "_".join(["OPERA_L2_CSLC-S1", identity, *times, each.platform, polarisation, f"v{version}"])
    return folder / f"{name}.h5"


def _generated(each: Pass, *, again: bool) -> dt.datetime:
    """When a product was processed."""
    return each.middle + dt.timedelta(days=400 if again else 1, seconds=1234)


def _version(layout: CslcLayout, each: Pass) -> str:
    return "1.0" if each.date in layout.older_version else layout.version


def _write_product(path: Path, piece: _Piece, each: Pass, slc: npt.NDArray[np.complex64], *, again: bool) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    layout = piece.layout
    version = _version(layout, each)
    with h5py.File(path, "w") as file:
        root_attributes(file, "OPERA_L2_CSLC-S1 Product", "JPL-108278")
        _write_identification(file, piece, each, "CSLC-S1", version, _generated(each, again=again))
        data = _write_grid(file, piece.cells)
        for polarisation in layout.polarisations_of(each.date):
            write_raster(data, polarisation, _image(piece, each, slc))
        if layout.phases:
            write_raster(data, "flattening_phase", flattening_phase(piece.stack.plan, each.image, piece.cells))
            write_raster(data, "azimuth_carrier_phase", np.zeros(piece.cells.line.shape))
        _write_orbit(file, piece, each)
        write_group(file, "metadata/processing_information", _processing(piece, each, version))


def _image(piece: _Piece, each: Pass, slc: npt.NDArray[np.complex64]) -> npt.NDArray[Any]:
    """A burst on the map, NaN where it has nothing."""
    burst, cells, (start, end) = piece.burst, piece.cells, each.trimmed[piece.index]
    covered = (cells.line >= burst.first + start) & (cells.line < burst.last - end)
    turned = slc if each.phases[piece.index] == 0 else slc * np.exp(1j * each.phases[piece.index]).astype(slc.dtype)
    values = np.where(covered, cells.from_radar(turned, np.nan), np.complex64(complex(np.nan, np.nan)))
    if not piece.layout.complex32:
        return values
    halves = np.empty(values.shape, _HALF_COMPLEX)
    halves["r"], halves["i"] = values.real, values.imag
    return halves


def _write_grid(file: h5py.File, cells: MapCells) -> h5py.Group:
    """Coordinates and projection of ``/data``."""
    data = write_group(
        file,
        "data",
        {
            "x_coordinates": cells.x,
            "y_coordinates": cells.y,
            "x_spacing": cells.posting[0],
            "y_spacing": -cells.posting[1],
        },
    )
    write_projection(data.create_dataset("projection", data=np.int32(cells.epsg)), cells.epsg)
    return data


def _write_identification(
    file: h5py.File, piece: _Piece, each: Pass, kind: str, version: str, generated: dt.datetime
) -> None:
    layout, burst = piece.layout, piece.burst
    values = identification(piece.stack.plan, each, (burst.first, burst.last), piece.outline())
    values.update(
        burst_id=burst.name(layout.track),
        track_number=layout.track,
        product_type=kind,
        product_version=version,
        processing_date_time=f"{generated:%Y-%m-%d %H:%M:%S.%f}",
    )
    write_group(file, "identification", values)


def _write_orbit(file: h5py.File, piece: _Piece, each: Pass) -> None:
    plan, burst = piece.stack.plan, piece.burst
    vectors = state_vectors(plan, each.image, each.middle, each.at(burst.first), each.at(burst.last - 1))
    components: dict[str, Any] = {
        "reference_epoch": f"{vectors.epoch:%Y-%m-%d %H:%M:%S.%f}",
        "time": vectors.time,
        "orbit_type": "RESORB" if each.date in piece.layout.restituted else "POEORB",
        "orbit_direction": "Ascending" if np.cos(np.radians(plan.settings.heading)) > 0 else "Descending",
    }
    for axis, letter in enumerate("xyz"):
        components[f"position_{letter}"] = vectors.position[:, axis]
        components[f"velocity_{letter}"] = vectors.velocity[:, axis]
    write_group(file, "metadata/orbit", components)


def _processing(piece: _Piece, each: Pass, version: str) -> dict[str, Any]:
    layout, burst = piece.layout, piece.burst
    centre = piece.outline().mean(axis=0)
    values = processing(piece.stack.plan, each, (burst.first, burst.last), centre, version)
    values["input_burst_metadata"]["polarization"] = layout.polarisations_of(each.date)[0]
    values["parameters"].update(layout.flags.get(each.date, {}))
    return values


def _write_static(folder: Path, piece: _Piece, each: Pass) -> None:
    """Static layers of a burst, from the pass of the master."""
    layout, burst = piece.layout, piece.burst
    name = burst.name(layout.track)
    path = folder / name / each.date / f"static_layers_{name}.h5"
    if layout.names == "opera":
        identity, nominal = burst.name(layout.track, "-").upper(), _STATIC_DATES[each.platform]
        path = folder / f"OPERA_L2_CSLC-S1-STATIC_{identity}_{nominal}_{each.platform}_v1.0.h5"
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        root_attributes(file, "OPERA_L2_CSLC-S1-STATIC Product", "JPL-108762")
        _write_identification(file, piece, each, "Static layers CSLC-S1", "1.0", _generated(each, again=False))
        data = _write_grid(file, piece.cells)
        for key, values in static_layers(piece.stack, each.image, piece.cells, piece.inside).items():
            if key != "z" or layout.heights:
                write_raster(data, key, values)
        _set_layover(data["layover_shadow_mask"], layout.layover)
        _write_orbit(file, piece, each)
        information = _processing(piece, each, "1.0")
        del information["parameters"]
        write_group(file, "metadata/processing_information", information)


def _set_layover(mask: h5py.Dataset, side: int) -> None:
    """A square of layover in the middle, a row of shadow beside it."""
    row, column = (size // 2 for size in mask.shape)
    values = mask[()]
    square = values[row : row + side, column : column + side]
    square[square == 0] = 2
    shadow = values[row + side : row + side + bool(side), column : column + side]
    shadow[shadow == 0] = 1
    mask[...] = values


def _write_compressed(folder: Path, source: Path, each: Pass) -> None:
    """A compressed product as DISP-S1 makes it: a mean of several dates."""
    parts = source.stem.split("_") if source.stem.startswith("OPERA") else ["", "", "", source.stem, "", "S1A", "VV"]
    day = f"{each.middle:%Y%m%dT000000Z}"
    name = f"OPERA_L2_COMPRESSED-CSLC-S1_{parts[3]}_{day}_{day}_{day}_{day}_VV_v1.0.h5"
    with h5py.File(source) as original, h5py.File(folder / name, "w") as file:
        copied: Callable[..., None] = original.copy
        for key in ("data", "identification", "metadata"):
            copied(key, file)
        del file["identification/product_type"]
        file["identification/product_type"] = np.bytes_(b"COMPRESSED-CSLC-S1")
        write_group(file, "metadata/compressed_slc", {"reference_date": day})
