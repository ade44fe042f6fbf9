"""Stacks of ISCE2's topsStack: from the tree to plain rasters, to a coregistered stack, and on to a project.

The SLCs are flattened as the stack made them; interferograms are formed here, first × conj(second). Everything is written in
the form that the loaders of ISCE data read: ``<date>/isce_minrefdem.int`` (small baselines ``<date1>_<date2>/…``),
``baselineGRID_<yyyymmdd>``, ``inc_angle.raw``, ``lon.raw``, ``lat.raw`` and ``dem.raw``, each with an XML header.

Source: docs/method/preparation.md, section 4; docs/method/loading.md, section 8 (what the loaders read).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from stamps.frontends import header_ranges, isce
from stamps.frontends.checks import Problem, check_layout, check_mask, check_path, raise_problems
from stamps.frontends.geometry_checks import check_geometry
from stamps.frontends.project import PreparationSettings, Remarks, prepare
from stamps.frontends.rasters import line_blocks, map_raster
from stamps.frontends.stack import AcquisitionGeometry, CoregisteredStack
from stamps.frontends.topsstack import TopsStackTree, heading_of, open_raster, read_lines
from stamps.workspace import Workspace

__all__ = ["coregistered_stack", "prepare_topsstack"]

_INTERFEROGRAM = "isce_minrefdem.int"
#: Raster that is written -> the raster of the tree that it comes from.
_SOURCES = {"lat": "lat", "lon": "lon", "dem": "hgt", "inc_angle": "los"}


def prepare_topsstack(ws: Workspace, tree: TopsStackTree, settings: PreparationSettings) -> None:
    """Prepare a project from a tree.

    Parameters
    ----------
    ws : Workspace
        The project directory.
    tree : TopsStackTree
    settings : PreparationSettings

    Raises
    ------
    InputError
        With all problems of the inputs.
    """
    size = tree.width, tree.length
    problems = check_layout(size, settings.counts, settings.threshold)
    problems += [] if settings.mask is None else check_mask(settings.mask, size)
    for path in (tree.root, ws.path):
        check_path(str(path))
    impossible, strange = header_ranges.judge_dates(f"{date:08d}" for date in tree.slcs)
    problems += [Problem(text) for text in impossible]
    raise_problems(problems, f"The stack {tree.root}")
    remarks = Remarks(strange)
    prepare(ws, "MT_PREP_ISCE", lambda stage: coregistered_stack(stage, tree, remarks), settings, remarks)


def coregistered_stack(stage: Workspace, tree: TopsStackTree, remarks: Remarks) -> CoregisteredStack:
    """The stack of a tree, as plain rasters.

    SLCs are used where they are if they are plain files of little-endian complex float32, else copied to ``SLC/``. Baselines
    keep the sign that the tree gives them.

    Parameters
    ----------
    stage : Workspace
        Scratch folder of the preparation.
    tree : TopsStackTree
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
    geometry = _write_geometry(stage, tree)
    remarks.positions += _check_geometry(stage, tree)
    slcs = {date: _plain_slc(stage, tree, date) for date in (tree.master, *tree.dates)}
    order = [date for pair in tree.pairs for date in pair] or sorted(slcs)
    return CoregisteredStack(
        processor="isce",
        root=str(tree.root),
        master=f"{tree.master:08d}",
        small_baselines=bool(tree.pairs),
        slcs=tuple(slcs[date] for date in order),
        slc_dates=tuple(f"{date:08d}" for date in order),
        interferograms=tuple(_write_interferogram(stage, tree, pair) for pair in tree.interferograms),
        pairs=tuple((f"{first:08d}", f"{second:08d}") for first, second in tree.interferograms),
        heights=(str(stage.path / "dem.raw"),),
        longitudes=(str(stage.path / "lon.raw"),),
        latitudes=(str(stage.path / "lat.raw"),),
        width=tree.width,
        length=tree.length,
        geometry=geometry,
    )


def _write_geometry(stage: Workspace, tree: TopsStackTree) -> AcquisitionGeometry:
    """Write positions, heights, incidence and baselines."""
    for name, source in _SOURCES.items():
        with open_raster(tree.geometry[source]) as dataset:
            blocks = (read_lines(dataset, lines) for lines in _lines(tree))
            _write_raster(stage, f"{name}.raw", blocks, (tree.width, tree.length), np.float32)
    with open_raster(tree.geometry["los"]) as dataset:
        heading = heading_of(read_lines(dataset, _middle(tree), band=2))
    wavelength = tree.wavelength
    header_ranges.require(tree.root / "reference", {"wavelength": wavelength}, {"wavelength": "radarwavelength"})
    means = []
    of_master = _baseline(tree, tree.master)
    for date in tree.dates:
        grid = _difference(_baseline(tree, date), of_master)
        header_ranges.refuse(header_ranges.judge_baselines(tree.baselines.get(date, tree.root), grid, zero=True))
        _write_raster(stage, f"baselineGRID_{date}", [grid], grid.shape[::-1], np.float32)
        means.append(float(np.mean(grid, dtype=np.float64)))
    header_ranges.refuse(header_ranges.judge_baselines(tree.root / "merged" / "baselines", means))
    return AcquisitionGeometry(heading, wavelength, tuple(means))


def _check_geometry(stage: Workspace, tree: TopsStackTree) -> list[str]:
    """Warnings about the positions just copied, under the names of their sources; an InputError if they are nonsense."""
    paths = {name: str(stage.path / f"{name}.raw") for name in ("lon", "lat", "dem")}
    found = check_geometry([paths["lon"], paths["lat"]], paths["dem"], (tree.width, tree.length), "<f4")
    sources = {path: str(tree.geometry[_SOURCES[name]]) for name, path in paths.items()}
    problems, warnings = ([_renamed(text, sources) for text in texts] for texts in found)
    raise_problems([Problem(text) for text in problems], f"The stack {tree.root}")
    return warnings


def _renamed(text: str, sources: dict[str, str]) -> str:
    for copy, source in sources.items():
        text = text.replace(copy, source)
    return text


def _baseline(tree: TopsStackTree, date: int) -> NDArray[np.float32] | None:
    """Baselines of an image against the reference of the stack, (rows, columns) float32; None for the reference."""
    if date not in tree.baselines:
        return None
    with open_raster(tree.baselines[date]) as dataset:
        return read_lines(dataset, slice(0, dataset.height)).astype(np.float32)


def _difference(grid: NDArray[np.float32] | None, of_master: NDArray[np.float32] | None) -> NDArray[np.float32]:
    """Baselines against the master of the project; one of both may be the reference of the stack (None)."""
    if grid is None:
        assert of_master is not None, "a tree has at most one image without baselines"
        return -of_master
    return grid if of_master is None else grid - of_master


def _plain_slc(stage: Workspace, tree: TopsStackTree, date: int) -> str:
    """Path of an SLC as a plain file of little-endian complex float32, copied if the stack has another form."""
    source = tree.slcs[date]
    with open_raster(source) as dataset:
        if source.suffix != ".vrt" and _is_plain(source, dataset, tree):
            return str(source)
        blocks = (read_lines(dataset, lines) for lines in _lines(tree))
        return _write_raster(stage, f"SLC/{date}.slc", blocks, (tree.width, tree.length), np.complex64)


def _is_plain(path: Path, dataset: Any, tree: TopsStackTree) -> bool:
    """Whether the bytes of a file are those that GDAL reads, looked at in the middle line."""
    if os.path.getsize(path) != 8 * tree.width * tree.length:
        return False
    line = map_raster(path, "<c8", tree.width)[_middle(tree)]
    return line.tobytes() == read_lines(dataset, _middle(tree)).astype("<c8").tobytes()


def _write_interferogram(stage: Workspace, tree: TopsStackTree, pair: tuple[int, int]) -> str:
    """Form first × conj(second); returns the path."""
    first, second = pair
    folder = f"{first}_{second}" if tree.pairs else str(second)
    with open_raster(tree.slcs[first]) as one, open_raster(tree.slcs[second]) as other:
        blocks = (read_lines(one, lines) * np.conj(read_lines(other, lines)) for lines in _lines(tree))
        return _write_raster(stage, f"{folder}/{_INTERFEROGRAM}", blocks, (tree.width, tree.length), np.complex64)


def _write_raster(
    stage: Workspace, name: str, blocks: Iterable[NDArray[Any]], size: tuple[int, int], dtype: DTypeLike
) -> str:
    """Write blocks of lines as a little-endian raster with an ISCE header; returns its path."""
    dtype = np.dtype(dtype).newbyteorder("<")
    with stage.open_output(name) as path, open(path, "wb") as file:
        for block in blocks:
            file.write(np.ascontiguousarray(block, dtype=dtype).tobytes())
    with stage.open_output(f"{name}.xml") as path:
        isce.write_header(path, *size, dtype, os.path.basename(name))
    return str(stage.path / name)


def _middle(tree: TopsStackTree) -> slice:
    """The middle line."""
    return slice(tree.length // 2, tree.length // 2 + 1)


def _lines(tree: TopsStackTree) -> Iterator[slice]:
    """Blocks of lines of the image."""
    return line_blocks(slice(0, tree.length), slice(0, tree.width))
