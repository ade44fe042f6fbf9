"""``mt_prep``: from a Doris stack to patches of candidates.

Runs in the directory ``INSAR_<master>``, or in its ``SMALL_BASELINES``. Reads ``master.res``, the SLC of the master
(``<master>_crop.slc``, oversampled ``_crop_ovs.slc``) and ``<slave>/slave_res.slc`` – for small baselines
``<date1>_<date2>/*filtrg.slc`` –, ``*/cint.minrefdem.raw``, ``lon.raw``, ``lat.raw`` and ``dem_radar.raw``, all in
native byte order. Writes the project files of every preparation (``processor.txt`` with ``doris``) and, by
:func:`stamps.mt_extract_info`, the text headers and the parameters.

Source: docs/method/preparation.md, section 4.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import InputError
from stamps.frontends.amplitudes import KeptAmplitudes
from stamps.frontends.checks import Problem, check_path, raise_problems
from stamps.frontends.doris import find_stack
from stamps.frontends.geometry_checks import check_geometry
from stamps.frontends.project import (
    Plan,
    check_layout,
    extract,
    keep_stale_selection,
    lines_of,
    record_strange,
    relocate,
    summary,
    write_project,
)
from stamps.frontends.publishing import adopt, check_replaceable
from stamps.frontends.rasters import line_blocks, map_raster
from stamps.legacy.mt_extract_info import mt_extract_info
from stamps.workspace import Workspace
from stamps.workspace.locks import reserving

if TYPE_CHECKING:
    from stamps._typing import StrPath
    from stamps.frontends.doris import DorisStack, Image


__all__ = ["mt_prep"]

_ROUTINE = "MT_PREP"
_SHORT = "complex_short"


@reserving
def mt_prep(
    da_thresh: str | None = None,
    rg_patches: int = 1,
    az_patches: int = 1,
    rg_overlap: int = 50,
    az_overlap: int = 50,
    workdir: Workspace | StrPath = ".",
) -> None:
    """Prepare a project from a Doris stack.

    As in the original, patches of an earlier preparation are not removed: they stay in ``patch.list`` (which is in
    alphabetical order: PATCH_1, PATCH_10, PATCH_2 …), and their candidates are extracted again.

    Parameters
    ----------
    da_thresh : float or str, optional
        Threshold of amplitude dispersion (default 0.4) or amplitude difference dispersion (default 0.6).
    rg_patches, az_patches : int
        Number of patches along range and azimuth.
    rg_overlap, az_overlap : int
        Pixels by which patches reach beyond their cores.
    workdir : path-like or Workspace
        The directory ``INSAR_<master>``, or its ``SMALL_BASELINES``.

    Raises
    ------
    InputError
        With all problems of the inputs.
    """
    ws = Workspace.at(workdir)
    check_path(str(ws.path))
    stack = find_stack(ws.path)
    master_slc = None if stack.small_baselines else _master_slc(stack)
    counts = {"rg_patches": rg_patches, "az_patches": az_patches, "rg_overlap": rg_overlap, "az_overlap": az_overlap}
    geometry = {name: stack.raster(f"{name}.raw", ws.path) for name in ("lon", "lat", "dem_radar")}
    size = (stack.master.width, stack.master.length)
    problems = check_layout(size, counts, da_thresh) + _check_rasters(stack, master_slc, geometry)
    impossible, strange_headers = stack.check_headers()
    nonsense, strange_positions = _check_geometry(geometry, size) if not problems else ([], [])
    raise_problems(problems + [Problem(text) for text in impossible + nonsense], f"The Doris stack {stack.root}")
    check_replaceable(ws)
    with ws.publish(), ws.scratch() as stage:
        images = stack.images if master_slc is None else [_as_float(stage, stack.master, master_slc), *stack.images]
        plan = Plan(
            "doris",
            *size,
            stack.small_baselines,
            images,
            stack.interferograms,
            [geometry["dem_radar"]],
            [geometry["lon"], geometry["lat"]],
            da_thresh,
            counts,
        )
        kept = KeptAmplitudes()
        write_project(stage, plan, kept)
        _keep_patches(ws, stage)
        keep_stale_selection(ws, stage, _ROUTINE)
        extract(stage, plan, kept)
        relocate(stage, ws.path)
        text = summary(stage, plan, _ROUTINE, stack.network)
        adopt(ws, stage)
        mt_extract_info(workdir=ws)
        plan.survey.record(ws, _ROUTINE, stage.path)
        record_strange(ws, _ROUTINE, strange_headers, strange_positions)
    print(text)


def _master_slc(stack: DorisStack) -> Path:
    """Path of the master's SLC: where ``master.res`` says, else a file of its name (or any crop) in the directory."""
    master = stack.master
    suffix = "_crop_ovs.slc" if master.oversampling > 1 else "_crop.slc"
    named = Path(master.slc)
    places = [stack.root / named, stack.root / named.name, stack.root / f"{master.date}{suffix}"]
    places += sorted(stack.root.glob(f"*{suffix}"))
    for place in places:
        if place.is_file():
            return place
    raise InputError(f"The master's SLC ({named.name or suffix}) is neither where {master.path} says nor beside it.")


def _check_rasters(stack: DorisStack, master_slc: StrPath | None, geometry: Mapping[str, Path]) -> list[Problem]:
    """Everything that is missing or of a wrong size."""
    n_pixels = stack.master.width * stack.master.length
    if n_pixels == 0:
        return [Problem(f"The result file {stack.master.path} has no section crop: the size of the image is unknown.")]
    wanted: list[tuple[StrPath, int]] = [(path, 4) for path in geometry.values()]
    wanted += [(path, 8) for path in (*stack.images, *stack.interferograms)]
    if master_slc is not None:
        wanted.append((master_slc, 4 if stack.master.slc_format == _SHORT else 8))
    problems = []
    for path, item in wanted:
        size = os.stat(path).st_size if os.path.isfile(path) else None
        if size is None:
            problems.append(Problem(f"The raster {path} is missing."))
        elif size != n_pixels * item:
            wrong = f"{n_pixels} pixels × {item} bytes = {n_pixels * item} were expected"
            problems.append(Problem(f"The raster {path} has {size} bytes, but {wrong}."))
    expected = 2 * len(stack.pairs) if stack.small_baselines else len(stack.dates)
    if len(stack.images) != expected:
        text = f"There are {len(stack.interferograms)} interferograms, but {len(stack.images)} SLCs beside them"
        problems.append(Problem(f"{text}, not {expected}."))
    absent = [stack.slave(date) for date in stack.dates if not stack.slave(date).is_file()]
    text = "The result file {} is missing: the orbit is needed for baselines."
    return problems + [Problem(text.format(path)) for path in absent]


def _check_geometry(geometry: Mapping[str, Path], size: tuple[int, int]) -> tuple[list[Any], list[str]]:
    return check_geometry([geometry["lon"], geometry["lat"]], geometry["dem_radar"], size, np.float32)


def _as_float(stage: Workspace, master: Image, path: StrPath) -> str:
    """Path of the master's SLC as complex float32; one of short integers is converted in the scratch folder."""
    if master.slc_format != _SHORT:
        return str(path)
    name = f"{master.date}{'_crop_ovs' if master.oversampling > 1 else '_crop'}_float.slc"
    raster = map_raster(path, np.int16, master.width, 2)
    with stage.open_output(name) as target, open(target, "wb") as file:
        for lines in line_blocks(slice(0, len(raster)), slice(0, master.width)):
            file.write(raster[lines].astype(np.float32).tobytes())
    return str(stage.path / name)


def _keep_patches(ws: Workspace, stage: Workspace) -> None:
    """List patches as a directory does, with those of an earlier preparation (quirks of the original)."""
    new = {path.name for path in stage.path.glob("PATCH_*")}
    old = sorted(path.parent.name for path in ws.path.glob("PATCH_*/patch.in") if path.parent.name not in new)
    for name in old:
        (stage / name).put_file("patch.in", ws.path / name / "patch.in")
    if old:
        print(f"{_ROUTINE}: patches of an earlier preparation are kept: {', '.join(old)}.")
    stage.write_text("patch.list", lines_of(sorted([*new, *old])))
