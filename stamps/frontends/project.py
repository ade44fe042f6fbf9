"""A project directory from a coregistered stack: the files that every preparation writes.

A preparation (:func:`prepare`) works in a scratch folder (:mod:`stamps.frontends.publishing`): :func:`write_project` makes
lists, calibration constants and patches there, :func:`extract` the candidates, and at the end everything takes its place.

Source: docs/method/conventions.md, section 1; docs/method/preparation.md, sections 1 and 2.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from stamps.frontends.amplitudes import KeptAmplitudes
from stamps.frontends.candidate_programs import calamp, mt_extract_cands
from stamps.frontends.checks import Problem
from stamps.frontends.patches import patch_layout
from stamps.frontends.publishing import adopt, check_replaceable, delete_patches, remove_empty_patches
from stamps.frontends.raster_survey import RasterSurvey
from stamps.frontends.stack import CoregisteredStack
from stamps.frontends.text_headers import write_headers
from stamps.workspace import Workspace, findings
from stamps.workspace.log import Log
from stamps.workspace.parameters import Parameters

if TYPE_CHECKING:
    from stamps.workspace import Workspace


__all__ = [
    "LISTS",
    "MASK_LIST",
    "ComputedPositions",
    "PreparationSettings",
    "Remarks",
    "extract",
    "initialise_parameters",
    "prepare",
    "relocate",
    "write_patches",
    "write_project",
]

#: List files that hold paths.
LISTS = ("calamp.in", "calamp.out", "selpsc.in", "selsbc.in", "pscphase.in", "pscdem.in", "psclonlat.in", "mask.in")
#: The mask of the preparation, for those who select pixels later (phase linking); only where there is one.
MASK_LIST = "mask.in"


@dataclass(frozen=True)
class PreparationSettings:
    """What a user wants of a preparation.

    Attributes
    ----------
    threshold : str or float or None
        Threshold of amplitude (difference) dispersion; None for 0.4 (single master) or 0.6.
    counts : dict
        ``rg_patches``, ``az_patches``, ``rg_overlap``, ``az_overlap`` as :func:`stamps.frontends.checks.check_layout` accepts
        them.
    mask : str or None
        Raster of one byte per pixel; only pixels with 0 are used.
    """

    threshold: str | float | None = None
    counts: Mapping[str, int | str] = field(default_factory=dict)
    mask: str | None = None

    @classmethod
    def of(
        cls,
        ws: Workspace,
        threshold: str | float | None,
        counts: Mapping[str, int | str],
        maskfile: str | os.PathLike[str] | None = None,
    ) -> PreparationSettings:
        """Settings from the arguments of a preparation; a relative mask starts at the project directory."""
        return cls(threshold, counts, None if maskfile is None else os.path.join(ws.path, maskfile))


@dataclass
class Remarks:
    """Sentences about what is strange in the headers and the positions of a stack."""

    headers: list[str] = field(default_factory=list)
    positions: list[str] = field(default_factory=list)


class ComputedPositions(Protocol):
    """What gives positions of the candidates where a stack has no longitude raster."""

    def check(self, stack: CoregisteredStack) -> list[Problem]:
        """What is missing for it."""

    def compute(self, stage: Workspace, stack: CoregisteredStack) -> None:
        """Write ``pscands.1.ll`` of every patch."""


def prepare(
    ws: Workspace,
    routine: str,
    make: Callable[[Workspace], CoregisteredStack],
    settings: PreparationSettings,
    remarks: Remarks,
    *,
    positions: ComputedPositions | None = None,
    keep_patches: bool = False,
    more_headers: Callable[[Workspace], None] | None = None,
) -> None:
    """Prepare a project from a stack that has been checked; all of it takes the place of the old state at once.

    Parameters
    ----------
    ws : Workspace
        The project directory.
    routine : str
        Who speaks.
    make : callable
        ``make(stage)`` gives the stack; it may write rasters to the scratch folder, and add to ``remarks``.
    settings : PreparationSettings
    remarks : Remarks
        Kept as findings, and said.
    positions : ComputedPositions, optional
        For stacks without a longitude raster.
    keep_patches : bool
        Patches of an earlier preparation stay (a quirk of the original).
    more_headers : callable, optional
        ``more_headers(stage)`` writes text headers besides those of ``stack.geometry``.

    Raises
    ------
    InputError
        A raster is missing, or one is so damaged that no pixel could be kept.
    """
    check_replaceable(ws)
    survey = RasterSurvey()
    with ws.publish(), ws.scratch() as stage:
        stack = make(stage)
        if stack.mask is not None:
            settings = replace(settings, mask=stack.mask)
        kept = KeptAmplitudes()
        write_project(stage, stack, settings, survey, kept)
        if keep_patches:
            _keep_patches(ws, stage, routine)
        _keep_stale_selection(ws, stage, routine)
        extract(stage, stack, settings, survey, kept)
        relocate(stage, ws.path)
        if not stack.lonlat and positions is not None:
            positions.compute(stage, stack)
        _write_text_headers(stage, stack, more_headers)
        text = _summary(stage, stack, routine)
        if not keep_patches:
            delete_patches(ws)
        if not stage.has_file(MASK_LIST):
            ws.delete(MASK_LIST)
        adopt(ws, stage)
        initialise_parameters(ws, stack.small_baselines)
        survey.record(ws, routine, stage.path)
        _record_strange(ws, routine, remarks)
    if not keep_patches:
        remove_empty_patches(ws)
    print(text)


def write_project(
    stage: Workspace,
    stack: CoregisteredStack,
    settings: PreparationSettings,
    survey: RasterSurvey,
    kept: KeptAmplitudes | None = None,
) -> None:
    """Write lists, calibration constants and patches of a stack to a scratch folder.

    Parameters
    ----------
    stage : Workspace
    stack : CoregisteredStack
    settings : PreparationSettings
    survey : RasterSurvey
        Takes what is strange about the rasters.
    kept : KeptAmplitudes, optional
        Keeps amplitudes for :func:`extract`, which then need not read all SLCs again.

    Raises
    ------
    InputError
        A raster is missing, or one is so damaged that no pixel could be kept.
    """
    survey.examine(stack, stage.path)
    width = f"{stack.width}\n"
    stage.write_text("processor.txt", f"{stack.processor}\n")
    stage.write_text("width.txt", width)
    stage.write_text("len.txt", f"{stack.length}\n")
    if stack.header is not None:
        stage.write_text("rsc.txt", f"{stack.header}\n")
    stage.write_text("calamp.in", _lines_of(stack.slcs))
    stage.write_text("pscphase.in", width + _lines_of(stack.interferograms))
    stage.write_text("pscdem.in", width + _lines_of(stack.heights))
    if stack.lonlat:
        stage.write_text("psclonlat.in", width + _lines_of(stack.lonlat))
    if settings.mask is not None:
        stage.write_text(MASK_LIST, width + _lines_of([os.path.abspath(settings.mask)]))
    calamp(
        "calamp.in",
        stack.width,
        "calamp.out",
        stack.precision,
        stack.byteswap,
        settings.mask,
        workdir=stage,
        kept=kept,
        survey=survey,
    )
    _write_selection_list(stage, stack, settings)
    write_patches(stage, stack.size, settings.counts)


def write_patches(stage: Workspace, size: tuple[int, int], counts: Mapping[str, int | str]) -> list[str]:
    """Write ``patch.list`` and the folders ``PATCH_<n>``; returns their names in order of number."""
    layout = patch_layout(*size, **{name: int(value) for name, value in counts.items()})
    names = [f"PATCH_{number}" for number in range(1, len(layout) + 1)]
    for name, (core, full) in zip(names, layout, strict=True):
        folder = stage / name
        folder.write_text("patch_noover.in", core.text)
        folder.write_text("patch.in", full.text)
    stage.write_text("patch.list", _lines_of(names))
    return names


def extract(
    stage: Workspace,
    stack: CoregisteredStack,
    settings: PreparationSettings,
    survey: RasterSurvey,
    kept: KeptAmplitudes | None = None,
) -> None:
    """Select the candidates of all patches and extract phase, height and, where there are rasters, position."""
    mt_extract_cands(
        dolonlat=int(bool(stack.lonlat)),
        precision=stack.precision,
        byteswap=stack.byteswap,
        maskfile=settings.mask,
        workdir=stage,
        kept=kept,
        survey=survey,
    )


def relocate(stage: Workspace, folder: str | os.PathLike[str]) -> None:
    """Let the lists name files of the scratch folder by the place that they will have in ``folder``."""
    for name in LISTS:
        if stage.has_file(name):
            text = stage.read_text(name)
            if f"{stage.path}{os.sep}" in text:
                stage.write_text(name, text.replace(f"{stage.path}{os.sep}", f"{Path(folder)}{os.sep}"))


def initialise_parameters(ws: Workspace, small_baselines: bool) -> None:
    """Overwrite ``parms.mat`` with the defaults."""
    Parameters(ws).start_afresh(small_baselines=small_baselines)


# ---------------------------------------------------------------------- parts of a preparation


def _keep_stale_selection(ws: Workspace, stage: Workspace, routine: str) -> None:
    """A ``selsbc.in`` of an earlier preparation decides how candidates are selected (a quirk of the original)."""
    if ws.has_file("selsbc.in") and not stage.has_file("selsbc.in"):
        print(
            f"{routine}: {ws.path / 'selsbc.in'} is left over from small baselines and decides how candidates are "
            "selected; remove it and prepare again if this is not what you want."
        )
        stage.put_file("selsbc.in", ws.file("selsbc.in"))


def _keep_patches(ws: Workspace, stage: Workspace, routine: str) -> None:
    """List patches as a directory does, with those of an earlier preparation (quirks of the original)."""
    new = {path.name for path in stage.path.glob("PATCH_*")}
    old = sorted(path.parent.name for path in ws.path.glob("PATCH_*/patch.in") if path.parent.name not in new)
    for name in old:
        (stage / name).put_file("patch.in", ws.path / name / "patch.in")
    if old:
        print(f"{routine}: patches of an earlier preparation are kept: {', '.join(old)}.")
    stage.write_text("patch.list", _lines_of(sorted([*new, *old])))


def _write_text_headers(
    stage: Workspace, stack: CoregisteredStack, more_headers: Callable[[Workspace], None] | None
) -> None:
    if stack.geometry is not None:
        pairs = [pair for pair in stack.pairs if pair is not None] if stack.small_baselines else []
        write_headers(stage, stack.slaves, stack.master, stack.geometry, pairs)
    if more_headers is not None:
        more_headers(stage)


def _summary(stage: Workspace, stack: CoregisteredStack, routine: str) -> str:
    """Two lines for the console: size of the stack, number of candidates."""
    patches = stage.patch_list()
    candidates = [(stage.path / name / "pscands.1.ij.int").stat().st_size // 8 for name in patches]
    # pairs have copies of their own
    n_images = len({os.path.basename(name) if stack.small_baselines else name for name in stack.slcs})
    return (
        f"{routine}: {stack.width} samples × {stack.length} lines, {n_images} images, "
        f"{len(stack.interferograms)} interferograms ({stack.network})\n"
        f"{routine}: {sum(candidates)} candidates in {len(patches)} patch{'es' if len(patches) > 1 else ''}: "
        + ", ".join(f"{name} {count}" for name, count in zip(patches, candidates, strict=True))
    )


def _record_strange(ws: Workspace, routine: str, remarks: Remarks) -> None:
    """Keep what is strange about headers and positions, and say it now."""
    log = Log(ws, routine)
    findings.record(ws, f"{routine}: headers", remarks.headers, log)
    findings.record(ws, f"{routine}: positions", remarks.positions, log)


def _write_selection_list(stage: Workspace, stack: CoregisteredStack, settings: PreparationSettings) -> None:
    default = "0.6" if stack.small_baselines else "0.4"
    threshold = default if settings.threshold is None else str(settings.threshold)
    name = "selsbc.in" if stack.small_baselines else "selpsc.in"
    stage.write_text(name, f"{threshold}\n{stack.width}\n{stage.read_text('calamp.out')}")


def _lines_of(words: Iterable[str]) -> str:
    """Words, one per line."""
    return "".join(f"{word}\n" for word in words)
