"""``mt_prep_isce``: from a stack of ISCE2's topsStack to patches of candidates.

Reads ``merged/SLC``, ``merged/geom_reference`` and ``merged/baselines`` of the stack through GDAL; forms the
interferograms master × conj(secondary) – the SLCs are flattened as the stack made them – and writes what the ISCE
loaders read: ``day.1.in``, ``master_day.1.in``, ``ifgday.1.in`` (small baselines), ``bperp.1.in``, ``heading.1.in``,
``lambda.1.in``, ``baselineGRID_<yyyymmdd>`` and ``inc_angle.raw`` with XML headers, ``lon.raw``, ``lat.raw``,
``dem.raw``, ``<date>/isce_minrefdem.int`` (small baselines ``<date1>_<date2>/…``); besides them the project files of
every preparation (``processor.txt`` with ``isce``), ``parms.mat`` and the patches.

SLCs are used where they are if they are plain files of little-endian complex float32, else copied to ``SLC/``.

Source: docs/method/preparation.md, section 4; docs/method/loading.md, section 8 (what the loaders read).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.frontends import header_ranges, isce, topsstack
from stamps.frontends.amplitudes import KeptAmplitudes
from stamps.frontends.checks import Problem, check_mask, check_path, raise_problems
from stamps.frontends.geometry_checks import check_geometry
from stamps.frontends.project import (
    Plan,
    check_layout,
    extract,
    initialise_parameters,
    keep_stale_selection,
    record_strange,
    relocate,
    summary,
    write_project,
)
from stamps.frontends.publishing import adopt, check_replaceable, delete_patches, remove_empty_patches
from stamps.frontends.rasters import line_blocks, map_raster
from stamps.frontends.text_headers import write_headers
from stamps.workspace import Workspace
from stamps.workspace.locks import reserving

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

    from stamps._typing import StrPath
    from stamps.frontends.topsstack import TopsStack


__all__ = ["mt_prep_isce"]

_ROUTINE = "MT_PREP_ISCE"
_PAIR_LIST = "small_baselines.list"
_INTERFEROGRAM = "isce_minrefdem.int"


@reserving
def mt_prep_isce(
    master: int | str,
    datadir: StrPath,
    da_thresh: float | None = None,
    rg_patches: int = 1,
    az_patches: int = 1,
    rg_overlap: int = 50,
    az_overlap: int = 50,
    maskfile: StrPath | None = None,
    workdir: Workspace | StrPath = ".",
) -> None:
    """Prepare a project from a topsStack tree.

    With a file ``small_baselines.list`` (two dates yyyymmdd per line) in the project directory the listed
    interferograms are formed, for small baselines; otherwise all with the master. Everything is written to a scratch
    folder and takes the place of the old state at once.

    Baselines keep the sign that the stack gives them: the other one only changes the sign of look-angle errors.

    Parameters
    ----------
    master : int or str
        Date of the master, yyyymmdd; any image of the stack.
    datadir : path-like
        The directory that holds ``merged``. A relative path starts at ``workdir``.
    da_thresh : float or str, optional
        Threshold of amplitude dispersion (default 0.4) or amplitude difference dispersion (default 0.6).
    rg_patches, az_patches : int
        Number of patches along range and azimuth.
    rg_overlap, az_overlap : int
        Pixels by which patches reach beyond their cores.
    maskfile : path-like, optional
        Raster of one byte per pixel; only pixels with 0 are used. Relative to ``workdir``.
    workdir : path-like or Workspace
        The project directory.

    Raises
    ------
    InputError
        rasterio is not installed, the tree is incomplete, or an argument is wrong; ``exit_status`` is 2 if the mask is
        missing.
    """
    ws = Workspace.at(workdir)
    pairs = topsstack.read_pairs(ws.file(_PAIR_LIST)) if ws.has_file(_PAIR_LIST) else []
    stack = topsstack.find_stack(master, os.path.join(ws.path, datadir), pairs)
    mask = None if maskfile is None else os.path.join(ws.path, maskfile)
    counts = {"rg_patches": rg_patches, "az_patches": az_patches, "rg_overlap": rg_overlap, "az_overlap": az_overlap}
    problems = check_layout((stack.width, stack.length), counts, da_thresh)
    problems += [] if mask is None else check_mask(mask, stack)
    for path in (stack.root, ws.path):
        check_path(str(path))
    impossible, strange = header_ranges.judge_dates(f"{date:08d}" for date in stack.slcs)
    problems += [Problem(text) for text in impossible]
    raise_problems(problems, f"The stack {stack.root}")
    check_replaceable(ws)
    with ws.publish(), ws.scratch() as stage:
        _write_geometry(stage, stack)
        strange_positions = _check_geometry(stage, stack)
        slcs = {date: _plain_slc(stage, stack, date) for date in (stack.master, *stack.dates)}
        interferograms = [_write_interferogram(stage, stack, pair) for pair in stack.interferograms]
        images = [slcs[date] for pair in stack.pairs for date in pair] or [slcs[date] for date in sorted(slcs)]
        rasters = {name: str(stage.path / f"{name}.raw") for name in ("lon", "lat", "dem")}
        plan = Plan(
            "isce",
            stack.width,
            stack.length,
            bool(stack.pairs),
            images,
            interferograms,
            [rasters["dem"]],
            [rasters["lon"], rasters["lat"]],
            da_thresh,
            counts,
            mask=mask,
        )
        kept = KeptAmplitudes()
        write_project(stage, plan, kept)
        keep_stale_selection(ws, stage, _ROUTINE)
        extract(stage, plan, kept)
        relocate(stage, ws.path)
        text = summary(stage, plan, _ROUTINE, stack.network)
        delete_patches(ws)
        adopt(ws, stage)
        initialise_parameters(ws, plan.small_baselines)
        plan.survey.record(ws, _ROUTINE, stage.path)
        record_strange(ws, _ROUTINE, strange, strange_positions)
    remove_empty_patches(ws)
    print(text)


def _write_geometry(stage: Workspace, stack: TopsStack) -> None:
    """Positions, heights, incidence, baselines and the text headers."""
    for name, source in (("lat", "lat"), ("lon", "lon"), ("dem", "hgt"), ("inc_angle", "los")):
        with topsstack.open_raster(stack.geometry[source]) as dataset:
            blocks = (topsstack.read_lines(dataset, lines) for lines in _lines(stack))
            _write_raster(stage, f"{name}.raw", blocks, (stack.width, stack.length), np.float32)
    with topsstack.open_raster(stack.geometry["los"]) as dataset:
        middle = slice(stack.length // 2, stack.length // 2 + 1)
        heading = topsstack.heading_of(topsstack.read_lines(dataset, middle, band=2))
    header_ranges.require(stack.root / "reference", {"wavelength": stack.wavelength}, {"wavelength": "radarwavelength"})
    means = []
    of_master = _baseline(stack, stack.master)
    for date in stack.dates:
        grid = _difference(_baseline(stack, date), of_master)
        header_ranges.refuse(header_ranges.judge_baselines(stack.baselines.get(date, stack.root), grid, zero=True))
        _write_raster(stage, f"baselineGRID_{date}", [grid], grid.shape[::-1], np.float32)
        means.append(np.mean(grid, dtype=np.float64))
    header_ranges.refuse(header_ranges.judge_baselines(stack.root / "merged" / "baselines", means))
    write_headers(stage, stack.dates, stack.master, means, heading, stack.wavelength, stack.pairs)


def _check_geometry(stage: Workspace, stack: TopsStack) -> list[Any]:
    """Warnings about the positions just copied, under the names of their sources; an InputError if they are nonsense."""
    paths = {name: str(stage.path / f"{name}.raw") for name in ("lon", "lat", "dem")}
    size = stack.width, stack.length
    found = check_geometry([paths["lon"], paths["lat"]], paths["dem"], size, "<f4")
    sources = {paths[name]: str(stack.geometry[key]) for name, key in (("lon", "lon"), ("lat", "lat"), ("dem", "hgt"))}
    problems, warnings = ([_renamed(text, sources) for text in texts] for texts in found)
    raise_problems([Problem(text) for text in problems], f"The stack {stack.root}")
    return warnings


def _renamed(text: str, sources: Mapping[str, str]) -> str:
    for copy, source in sources.items():
        text = text.replace(copy, source)
    return text


def _baseline(stack: TopsStack, date: int) -> NDArray[np.float32] | None:
    """Baselines of an image against the reference of the stack, (rows, columns) float32; None for the reference."""
    if date not in stack.baselines:
        return None
    with topsstack.open_raster(stack.baselines[date]) as dataset:
        return topsstack.read_lines(dataset, slice(0, dataset.height)).astype(np.float32)


def _difference(grid: NDArray[np.float32] | None, of_master: NDArray[np.float32] | None) -> NDArray[np.float32]:
    """Baselines against the master of the project; either may be the reference of the stack (None)."""
    if grid is None:
        return -of_master
    return grid if of_master is None else grid - of_master


def _plain_slc(stage: Workspace, stack: TopsStack, date: int) -> str:
    """Path of an SLC as a plain file of little-endian complex float32, copied if the stack has another form."""
    source = stack.slcs[date]
    with topsstack.open_raster(source) as dataset:
        if source.suffix != ".vrt" and _is_plain(source, dataset, stack):
            return str(source)
        blocks = (topsstack.read_lines(dataset, lines) for lines in _lines(stack))
        return _write_raster(stage, f"SLC/{date}.slc", blocks, (stack.width, stack.length), np.complex64)


def _is_plain(path: StrPath, dataset: Any, stack: TopsStack) -> bool:
    """Whether the bytes of a file are those that GDAL reads, looked at in the middle line."""
    if os.path.getsize(path) != 8 * stack.width * stack.length:
        return False
    middle = slice(stack.length // 2, stack.length // 2 + 1)
    line = map_raster(path, "<c8", stack.width)[middle]
    return line.tobytes() == topsstack.read_lines(dataset, middle).astype("<c8").tobytes()


def _write_interferogram(stage: Workspace, stack: TopsStack, pair: tuple[int, int]) -> str:
    """Form first × conj(second); returns the path."""
    first, second = pair
    folder = f"{first}_{second}" if stack.pairs else str(second)
    with topsstack.open_raster(stack.slcs[first]) as one, topsstack.open_raster(stack.slcs[second]) as other:
        read = topsstack.read_lines
        blocks = (read(one, lines) * np.conj(read(other, lines)) for lines in _lines(stack))
        return _write_raster(stage, f"{folder}/{_INTERFEROGRAM}", blocks, (stack.width, stack.length), np.complex64)


def _write_raster(
    stage: Workspace,
    name: str,
    blocks: Iterable[NDArray[Any]],
    size: tuple[int, int],
    dtype: DTypeLike,
) -> str:
    """Write blocks of lines as a little-endian raster with an ISCE header; returns its path."""
    stored = np.dtype(dtype).newbyteorder("<")
    with stage.open_output(name) as path, open(path, "wb") as file:
        for block in blocks:
            file.write(np.ascontiguousarray(block, dtype=stored).tobytes())
    with stage.open_output(f"{name}.xml") as path:
        isce.write_header(path, *size, stored, os.path.basename(name))
    return str(stage.path / name)


def _lines(stack: TopsStack) -> Any:
    """Blocks of lines of the image."""
    return line_blocks(slice(0, stack.length), slice(0, stack.width))
