"""What a stack of flattened SLCs must offer to become a project for the loaders of ISCE data, and the files of that project.

SLCs on one grid whose flat-earth and topographic phase is gone already need no more than ``first × conj(second)``. Where they
come from – a tree of topsStack (:mod:`stamps.frontends.topsstack_files`) or geocoded bursts (:mod:`stamps.frontends.cslc`) – is
behind :class:`FlattenedStack`. Written are ``<date>/isce_minrefdem.int`` (small baselines ``<date1>_<date2>/…``),
``baselineGRID_<yyyymmdd>``, ``inc_angle.raw``, ``lon.raw``, ``lat.raw`` and ``dem.raw``, each with an XML header.

Source: docs/method/preparation.md, section 4; docs/method/loading.md, section 8 (what the loaders read).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Any, Protocol

import numpy as np
from numpy.typing import DTypeLike, NDArray

from stamps.frontends import header_ranges, isce
from stamps.frontends.checks import Problem, raise_problems
from stamps.frontends.geometry_checks import check_geometry
from stamps.frontends.project import Remarks
from stamps.frontends.rasters import line_blocks
from stamps.frontends.stack import AcquisitionGeometry, CoregisteredStack
from stamps.workspace import Workspace

__all__ = ["LAYERS", "FlattenedStack", "LineReader", "blocks_of", "coregistered_stack", "write_raster"]

_INTERFEROGRAM = "isce_minrefdem.int"
#: Layers of the geometry, in the order in which they are written; the file is called so, and ``.raw``.
LAYERS = ("lat", "lon", "dem", "inc_angle")

#: Gives a block of lines, all samples.
LineReader = Callable[[slice], NDArray[Any]]


class FlattenedStack(Protocol):
    """SLCs on one grid without flat-earth and topographic phase, and their geometry."""

    @property
    def root(self) -> os.PathLike[str]:
        """Where the stack lies."""

    @property
    def master(self) -> int:
        """yyyymmdd."""

    @property
    def dates(self) -> list[int]:
        """All other images that are used, ascending."""

    @property
    def pairs(self) -> tuple[tuple[int, int], ...]:
        """Small baselines; empty for a single master."""

    @property
    def interferograms(self) -> list[tuple[int, int]]:
        """Pairs of dates of the interferograms."""

    @property
    def width(self) -> int:
        """Samples of a line."""

    @property
    def length(self) -> int:
        """Lines."""

    def slc_file(self, stage: Workspace, date: int) -> str:
        """Path of an SLC as a plain file of little-endian complex float32, written to the scratch folder if there is none."""

    def open_slc(self, stage: Workspace, date: int) -> AbstractContextManager[LineReader]:
        """Reader of an SLC."""

    def open_layer(self, name: str) -> AbstractContextManager[LineReader]:
        """Reader of one of :data:`LAYERS`: degrees, metres above the ellipsoid, degrees."""

    def layer_source(self, name: str) -> str:
        """What a layer is called in sentences; empty if it is computed, so that it need not be judged."""

    def acquisition(self) -> tuple[float, float]:
        """Heading in degrees and wavelength in metres."""

    def baselines(self, date: int) -> NDArray[np.float32]:
        """Perpendicular baselines of an image against the master, metres, at nodes from edge to edge: (rows, columns)."""

    def mean_baseline(self, date: int, grid: NDArray[np.float32]) -> float:
        """What ``bperp.1.in`` says of an image."""

    def baseline_source(self, date: int) -> str:
        """What the baselines of an image are called in sentences."""

    def mask_file(self, stage: Workspace) -> str | None:
        """A mask of the stack's own, written to the scratch folder; None where it has none."""


def coregistered_stack(stage: Workspace, source: FlattenedStack, remarks: Remarks) -> CoregisteredStack:
    """A stack as plain rasters in a scratch folder.

    Parameters
    ----------
    stage : Workspace
        Scratch folder of the preparation.
    source : FlattenedStack
    remarks : Remarks
        Takes what is strange about the positions.

    Returns
    -------
    CoregisteredStack

    Raises
    ------
    InputError
        A raster ends too early, or positions or baselines are impossible.
    """
    geometry = _write_geometry(stage, source)
    remarks.positions += _check_geometry(stage, source)
    slcs = {date: source.slc_file(stage, date) for date in (source.master, *source.dates)}
    order = [date for pair in source.pairs for date in pair] or sorted(slcs)
    return CoregisteredStack(
        processor="isce",
        root=str(source.root),
        master=f"{source.master:08d}",
        small_baselines=bool(source.pairs),
        slcs=tuple(slcs[date] for date in order),
        slc_dates=tuple(f"{date:08d}" for date in order),
        interferograms=tuple(_write_interferogram(stage, source, pair) for pair in source.interferograms),
        pairs=tuple((f"{first:08d}", f"{second:08d}") for first, second in source.interferograms),
        heights=(str(stage.path / "dem.raw"),),
        longitudes=(str(stage.path / "lon.raw"),),
        latitudes=(str(stage.path / "lat.raw"),),
        width=source.width,
        length=source.length,
        geometry=geometry,
        mask=source.mask_file(stage),
    )


def write_raster(
    stage: Workspace, name: str, blocks: Iterable[NDArray[Any]], size: tuple[int, int], dtype: DTypeLike
) -> str:
    """Write blocks of lines as a little-endian raster with an ISCE header.

    Parameters
    ----------
    stage : Workspace
    name : str
        In the scratch folder.
    blocks : iterable of array
    size : (int, int)
        Samples and lines.
    dtype : dtype

    Returns
    -------
    str
        Path of the raster.
    """
    dtype = np.dtype(dtype).newbyteorder("<")
    with stage.open_output(name) as path, open(path, "wb") as file:
        for block in blocks:
            file.write(np.ascontiguousarray(block, dtype=dtype).tobytes())
    with stage.open_output(f"{name}.xml") as path:
        isce.write_header(path, *size, dtype, os.path.basename(name))
    return str(stage.path / name)


def blocks_of(source: FlattenedStack) -> Iterator[slice]:
    """Blocks of lines of the image."""
    return line_blocks(slice(0, source.length), slice(0, source.width))


def _write_geometry(stage: Workspace, source: FlattenedStack) -> AcquisitionGeometry:
    """Write positions, heights, incidence and baselines."""
    for name in LAYERS:
        with source.open_layer(name) as read:
            blocks = (read(lines) for lines in blocks_of(source))
            write_raster(stage, f"{name}.raw", blocks, (source.width, source.length), np.float32)
    heading, wavelength = source.acquisition()
    means = []
    for date in source.dates:
        grid = source.baselines(date)
        header_ranges.refuse(header_ranges.judge_baselines(source.baseline_source(date), grid, zero=True))
        write_raster(stage, f"baselineGRID_{date}", [grid], grid.shape[::-1], np.float32)
        means.append(source.mean_baseline(date, grid))
    header_ranges.refuse(header_ranges.judge_baselines(source.baseline_source(source.master), means))
    return AcquisitionGeometry(heading, wavelength, tuple(means))


def _check_geometry(stage: Workspace, source: FlattenedStack) -> list[str]:
    """Warnings about the positions just copied, under the names of their sources; an InputError if they are nonsense."""
    sources = {
        str(stage.path / f"{name}.raw"): source.layer_source(name)
        for name in ("lon", "lat", "dem")
        if source.layer_source(name)
    }
    lon, lat, dem = (str(stage.path / f"{name}.raw") for name in ("lon", "lat", "dem"))
    lonlat = [path for path in (lon, lat) if path in sources]
    found = check_geometry(lonlat, dem if dem in sources else None, (source.width, source.length), "<f4")
    problems, warnings = ([_renamed(text, sources) for text in texts] for texts in found)
    raise_problems([Problem(text) for text in problems], f"The stack {source.root}")
    return warnings


def _renamed(text: str, sources: dict[str, str]) -> str:
    for copy, name in sources.items():
        text = text.replace(copy, name)
    return text


def _write_interferogram(stage: Workspace, source: FlattenedStack, pair: tuple[int, int]) -> str:
    """Form first × conj(second); returns the path."""
    first, second = pair
    folder = f"{first}_{second}" if source.pairs else str(second)
    with source.open_slc(stage, first) as one, source.open_slc(stage, second) as other:
        blocks = (one(lines) * np.conj(other(lines)) for lines in blocks_of(source))
        return write_raster(stage, f"{folder}/{_INTERFEROGRAM}", blocks, (source.width, source.length), np.complex64)
