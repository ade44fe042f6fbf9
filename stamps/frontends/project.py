"""The files of a project directory that every preparation writes, from a plan of what the stack holds.

A preparation works in a scratch folder (:mod:`stamps.frontends.publishing`): :func:`write_project` makes lists,
calibration constants and patches there, :func:`extract` the candidates, and at the end everything takes its place.

Source: docs/method/conventions.md, section 1; docs/method/preparation.md, sections 1 and 2.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stamps.frontends.amplitudes import KeptAmplitudes
from stamps.frontends.candidate_programs import calamp, mt_extract_cands
from stamps.frontends.checks import Problem, check_export, check_mask, find_export, raise_problems
from stamps.frontends.geometry_checks import check_geometry
from stamps.frontends.header_checks import check_headers
from stamps.frontends.headers import ground_spacing, plain_number, scene_centre
from stamps.frontends.patches import patch_layout
from stamps.frontends.publishing import adopt, check_replaceable, delete_patches, remove_empty_patches
from stamps.frontends.raster_survey import RasterSurvey
from stamps.workspace import findings
from stamps.workspace.log import Log
from stamps.workspace.parameters import Parameters

if TYPE_CHECKING:
    from stamps._typing import StrPath
    from stamps.frontends.checks import Export
    from stamps.workspace import Workspace


__all__ = [
    "LISTS",
    "Plan",
    "check_layout",
    "extract",
    "initialise_parameters",
    "keep_stale_selection",
    "lines_of",
    "prepare_export",
    "record_strange",
    "relocate",
    "summary",
    "write_patches",
    "write_project",
]

#: List files that hold paths.
LISTS = ("calamp.in", "calamp.out", "selpsc.in", "selsbc.in", "pscphase.in", "pscdem.in", "psclonlat.in")


@dataclass(frozen=True)
class Plan:
    """What a project is to be made of; paths are absolute.

    Attributes
    ----------
    processor : str
        Content of ``processor.txt``.
    width, length : int
        Range samples and azimuth lines.
    small_baselines : bool
    images : list of str
        SLCs; for small baselines two per interferogram.
    interferograms, heights : list of str
    lonlat : list of str
        Longitude and latitude raster; empty where positions come from elsewhere.
    threshold : str or float or None
        Threshold of amplitude (difference) dispersion; None for 0.4 (single master) or 0.6.
    counts : dict
        ``rg_patches``, ``az_patches``, ``rg_overlap``, ``az_overlap`` as :func:`check_layout` accepts them.
    header : str or None
        The master's header (``rsc.txt``).
    precision : {'f', 's'}
        Complex float32 or complex int16 SLCs.
    byteswap : int
        1: big-endian SLCs.
    mask : str or None
        Raster of one byte per pixel.
    survey : RasterSurvey
        Takes what is strange about the rasters.
    """

    processor: str
    width: int
    length: int
    small_baselines: bool
    images: list
    interferograms: list
    heights: list
    lonlat: list
    threshold: object = None
    counts: dict = field(default_factory=dict)
    header: str | None = None
    precision: str = "f"
    byteswap: int = 0
    mask: str | None = None
    survey: RasterSurvey = field(default_factory=RasterSurvey, compare=False)


def prepare_export(
    ws: Workspace,
    master: int | str,
    datadir: StrPath,
    threshold: float | str | None,
    counts: Mapping[str, int],
    maskfile: StrPath | None,
    processor: str,
    positions: Any = None,
) -> None:
    """Prepare a project from an export of SNAP or Gamma; existing patches go when the new ones are complete.

    Parameters
    ----------
    ws : Workspace
        The project directory; relative paths start there.
    master, datadir, threshold, counts, maskfile
        As the preparations take them; ``counts`` as in :class:`Plan`.
    processor : {'snap', 'gamma'}
    positions : object, optional
        What gives positions without a longitude raster: ``check(export)`` lists its problems, ``compute(stage,
        export)`` writes ``pscands.1.ll`` of every patch.

    Raises
    ------
    InputError
        With all problems of the inputs.
    """
    routine = f"MT_PREP_{processor.upper()}"
    export = find_export(master, os.path.join(ws.path, datadir))
    mask = None if maskfile is None else os.path.join(ws.path, maskfile)
    problems = check_export(export, gamma=processor == "gamma")
    impossible, strange_headers = check_headers(export)
    nonsense, strange_positions = _check_geometry(export) if not impossible else ([], [])
    problems += [Problem(text) for text in impossible + nonsense]
    problems += [] if mask is None else check_mask(mask, export)
    problems += check_layout((export.width, export.length), counts, threshold)
    problems += positions.check(export) if positions and not export.longitudes else []
    raise_problems(problems, f"The export {export.datadir}")
    check_replaceable(ws)
    plan = Plan(
        processor,
        export.width,
        export.length,
        export.small_baselines,
        export.slcs,
        export.interferograms,
        export.heights,
        [*export.longitudes[:1], *export.latitudes[:1]] if export.longitudes else [],
        threshold,
        counts,
        export.header,
        export.precision,
        byteswap=1,
        mask=mask,
    )
    with ws.publish(), ws.scratch() as stage:
        kept = KeptAmplitudes()
        write_project(stage, plan, kept)
        keep_stale_selection(ws, stage, routine)
        extract(stage, plan, kept)
        if not plan.lonlat:
            positions.compute(stage, export)
        text = summary(stage, plan, routine, export.network)
        delete_patches(ws)
        adopt(ws, stage)
        initialise_parameters(ws, export.small_baselines)
        plan.survey.record(ws, routine)
        record_strange(ws, routine, strange_headers, strange_positions)
    remove_empty_patches(ws)
    print(text)


def _check_geometry(export: Export) -> tuple[list[str], list[str]]:
    """Problems and warnings about positions and heights; none where a raster is missing or of a wrong size."""
    lonlat, height = [*export.longitudes[:1], *export.latitudes[:1]], export.heights[:1]
    n_bytes = 4 * export.width * export.length
    sizes = [os.path.getsize(path) if os.path.isfile(path) else -1 for path in lonlat + height]
    if not n_bytes or len(lonlat) == 1 or set(sizes) != {n_bytes}:
        return [], []
    size = export.width, export.length
    spacing, centre = ground_spacing(export.header), scene_centre(export.header)
    return check_geometry(lonlat, height[0] if height else None, size, ">f4", spacing, centre)


def record_strange(ws: Workspace, routine: str, headers: Sequence[str], positions: Sequence[str]) -> None:
    """Keep what is strange about headers and positions, and say it now."""
    log = Log(ws, routine)
    findings.record(ws, f"{routine}: headers", headers, log)
    findings.record(ws, f"{routine}: positions", positions, log)


def check_layout(size: tuple[int, int], counts: Mapping[str, int], da_thresh: float | str | None) -> list[Problem]:
    """Find what is wrong with the arguments.

    Parameters
    ----------
    size : (int, int)
        Range samples and azimuth lines; 0 while unknown.
    counts : dict
        ``rg_patches``, ``az_patches``, ``rg_overlap``, ``az_overlap``: whole numbers or their text.
    da_thresh : float, str or None

    Returns
    -------
    list of Problem
    """
    problems = []
    if da_thresh is not None and plain_number(str(da_thresh)) is None:
        problems.append(Problem(f"The threshold da_thresh is '{da_thresh}', but a number was expected."))
    limits = {"rg_patches": (1, size[0]), "az_patches": (1, size[1])}
    for name, value in counts.items():
        lowest, highest = limits.get(name, (0, 0))
        token = str(value)
        if not token.isdecimal() or int(token) < lowest:
            problems.append(Problem(f"{name} is '{value}', but a whole number of at least {lowest} was expected."))
        elif highest and int(token) > highest:
            problems.append(Problem(f"{name} is {value}, but the image has only {highest} pixels in this direction."))
    return problems


def write_project(stage: Workspace, plan: Plan, kept: Any = None) -> None:
    """Write lists, calibration constants and patches of a plan to a scratch folder.

    Parameters
    ----------
    stage : Workspace
    plan : Plan
    kept : KeptAmplitudes, optional
        Keeps amplitudes for :func:`extract`, which then need not read all SLCs again.

    Raises
    ------
    InputError
        A raster is missing, or one is so damaged that no pixel could be kept.
    """
    plan.survey.examine(plan, stage.path)
    width = f"{plan.width}\n"
    stage.write_text("processor.txt", f"{plan.processor}\n")
    stage.write_text("width.txt", width)
    stage.write_text("len.txt", f"{plan.length}\n")
    if plan.header is not None:
        stage.write_text("rsc.txt", f"{plan.header}\n")
    stage.write_text("calamp.in", lines_of(plan.images))
    stage.write_text("pscphase.in", width + lines_of(plan.interferograms))
    stage.write_text("pscdem.in", width + lines_of(plan.heights))
    if plan.lonlat:
        stage.write_text("psclonlat.in", width + lines_of(plan.lonlat))
    calamp("calamp.in", plan.width, "calamp.out", plan.precision, plan.byteswap, plan.mask, stage, kept, plan.survey)
    _write_selection_list(stage, plan)
    write_patches(stage, plan)


def write_patches(stage: Workspace, plan: Plan) -> list[str]:
    """Write ``patch.list`` and the folders ``PATCH_<n>``; returns their names in order of number."""
    counts = {name: int(value) for name, value in plan.counts.items()}
    layout = patch_layout(plan.width, plan.length, **counts)
    names = [f"PATCH_{number}" for number in range(1, len(layout) + 1)]
    for name, (core, full) in zip(names, layout, strict=True):
        folder = stage / name
        folder.write_text("patch_noover.in", core.text)
        folder.write_text("patch.in", full.text)
    stage.write_text("patch.list", lines_of(names))
    return names


def keep_stale_selection(ws: Workspace, stage: Workspace, routine: str) -> None:
    """A ``selsbc.in`` of an earlier preparation decides how candidates are selected (a quirk of the original)."""
    if ws.has_file("selsbc.in") and not stage.has_file("selsbc.in"):
        print(
            f"{routine}: {ws.path / 'selsbc.in'} is left over from small baselines and decides how candidates are "
            "selected; remove it and prepare again if this is not what you want."
        )
        stage.put_file("selsbc.in", ws.file("selsbc.in"))


def extract(stage: Workspace, plan: Plan, kept: Any = None) -> None:
    """Select the candidates of all patches and extract phase, height and, where there are rasters, position."""
    dolonlat = int(bool(plan.lonlat))
    mt_extract_cands(
        1, dolonlat, 1, 1, plan.precision, plan.byteswap, plan.mask, workdir=stage, kept=kept, survey=plan.survey
    )


def relocate(stage: Workspace, folder: StrPath) -> None:
    """Let the lists name files of the scratch folder by the place that they will have in ``folder``."""
    for name in LISTS:
        if stage.has_file(name):
            text = stage.read_text(name)
            if f"{stage.path}{os.sep}" in text:
                stage.write_text(name, text.replace(f"{stage.path}{os.sep}", f"{Path(folder)}{os.sep}"))


def initialise_parameters(ws: Workspace, small_baselines: bool) -> None:
    """Overwrite ``parms.mat`` with the defaults."""
    Parameters(ws).start_afresh(small_baselines=small_baselines)


def summary(stage: Workspace, plan: Plan, routine: str, network: str) -> str:
    """Two lines for the console: size of the stack, number of candidates.

    Parameters
    ----------
    stage : Workspace
        Where the patches are.
    plan : Plan
    routine : str
        Who speaks.
    network : str
        ``'small baselines'`` or ``'master <date>'``.
    """
    patches = stage.patch_list()
    candidates = [(stage.path / name / "pscands.1.ij.int").stat().st_size // 8 for name in patches]
    # pairs have copies of their own
    n_images = len({os.path.basename(name) if plan.small_baselines else name for name in plan.images})
    return (
        f"{routine}: {plan.width} samples × {plan.length} lines, {n_images} images, "
        f"{len(plan.interferograms)} interferograms ({network})\n"
        f"{routine}: {sum(candidates)} candidates in {len(patches)} patch{'es' if len(patches) > 1 else ''}: "
        + ", ".join(f"{name} {count}" for name, count in zip(patches, candidates, strict=True))
    )


def lines_of(words: Sequence[StrPath]) -> str:
    """Words, one per line."""
    return "".join(f"{word}\n" for word in words)


def _write_selection_list(stage: Workspace, plan: Plan) -> None:
    default = "0.6" if plan.small_baselines else "0.4"
    threshold = default if plan.threshold is None else str(plan.threshold)
    name = "selsbc.in" if plan.small_baselines else "selpsc.in"
    stage.write_text(name, f"{threshold}\n{plan.width}\n{stage.read_text('calamp.out')}")
