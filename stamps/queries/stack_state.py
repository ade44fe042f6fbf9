"""How far a stack has come: raster, dates and numbers, what each patch and the merged steps have left.

Reads headers and small variables; writes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from stamps.errors import WorkspaceError
from stamps.frontends.lists import raster_paths
from stamps.frontends.names import is_date, pair_of_name
from stamps.matlab.dates import datenum, to_datetime64
from stamps.queries.project_state import PatchStatus, no_dates
from stamps.run.plan import resume_step
from stamps.workspace import Workspace
from stamps.workspace.freshness import is_placeholder
from stamps.workspace.plain_files import read_input

__all__ = ["MergedFacts", "StackFacts", "has_patch_files", "merged_facts", "patch_status", "stack_facts"]

#: What a merged step leaves: file, and the variable whose rows are the pixels.
_MERGED = {6: ("phuw2", "ph_uw"), 7: ("scla2", "ph_scla"), 8: ("scn2", "ph_scn_slave")}


# ---------------------------------------------------------------------- patches


def has_patch_files(ws: Workspace) -> bool:
    """Whether steps 1 to 5a have something to do here: a merged directory has nothing of them."""
    return ws.has_file("pscands.1.ij") or any(ws.exists(name) for name in ("ps1", "pm1", "select1", "weed1"))


def patch_status(ws: Workspace, listed: bool) -> PatchStatus:
    """State of one directory of steps 1 to 5a; a damaged file ends what can be told and is named."""
    found: dict[str, int | None] = {}
    problems = []
    try:
        flags = ws.no_ps_flags()
        found["empty_since"] = int(np.flatnonzero(flags)[0]) + 1 if flags.any() else None
        found["step"] = _patch_step(ws)
        found["candidates"] = _candidates(ws)
        if ws.exists("select1"):
            select = ws.load("select1", ("keep_ix",))
            found["selected"] = 0 if select.get("keep_ix") is None else int(np.sum(select["keep_ix"]))
        if ws.exists("weed1"):
            found["weeded"] = int(np.sum(ws.load("weed1", ("ix_weed",))["ix_weed"]))
    except WorkspaceError as error:
        problems.append(str(error))
    n_bytes = sum(path.stat().st_size for path in ws.path.iterdir() if path.is_file())
    return PatchStatus(
        ws.name,
        step=found.get("step") or 0,
        candidates=found.get("candidates"),
        selected=found.get("selected"),
        weeded=found.get("weeded"),
        empty_since=found.get("empty_since"),
        listed=listed,
        n_bytes=n_bytes,
        problems=tuple(problems),
    )


def _patch_step(ws: Workspace) -> int:
    """Last complete step of a patch; step 5 counts only if its rows are those that step 4 left."""
    step = resume_step(ws) - 1
    if step < 4 or not ws.exists("rc2") or not ws.exists("ps2"):
        return step
    rows = ws.headers_of("rc2").get("ph_rc", ((None,),))[0][0]
    return 5 if rows == int(ws.load("ps2", ("n_ps",))["n_ps"]) else step


def _candidates(ws: Workspace) -> int | None:
    if ws.exists("ps1"):
        return int(ws.load("ps1", ("n_ps",))["n_ps"])
    if not ws.has_file("pscands.1.ij"):
        return None
    with open(ws.file("pscands.1.ij"), "rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))


# ---------------------------------------------------------------------- stack


@dataclass
class StackFacts:
    """Raster size, dates and numbers of a stack; fields as in :class:`~stamps.queries.project_state.ProjectStatus`."""

    width: int | None = None
    length: int | None = None
    master: np.datetime64 | None = None
    dates: npt.NDArray[np.datetime64] = field(default_factory=no_dates)
    n_images: int | None = None
    n_interferograms: int | None = None
    problems: list[str] = field(default_factory=list)


def stack_facts(ws: Workspace, folders: Sequence[Workspace], small_baselines: bool) -> StackFacts:
    """Raster size, dates and numbers, from the pixel tables or, before step 1, from the lists of the preparation."""
    facts = StackFacts(_number(ws, "width.txt"), _number(ws, "len.txt"))
    for folder, name in [(ws, "ps2"), *((folder, name) for folder in [ws, *folders] for name in ("ps1", "ps2"))]:
        try:
            ps = folder.load_optional(name, ("day", "master_day", "n_ifg", "n_image"))
        except WorkspaceError as error:
            facts.problems.append(str(error))
            continue
        if "day" in ps:
            facts.dates = to_datetime64(ps["day"])
            facts.master = to_datetime64(np.atleast_1d(ps["master_day"]))[0]
            facts.n_images = int(ps["n_image"])
            facts.n_interferograms = int(ps["n_ifg"]) - (not small_baselines)
            return facts
    _facts_of_preparation(facts, ws)
    return facts


def _facts_of_preparation(facts: StackFacts, ws: Workspace) -> None:
    path = ws.find("pscphase.in", levels=2)
    if path is not None:
        names = raster_paths(read_input(path), path.parent)
        dates = sorted({int(date) for name in names for date in pair_of_name(name) or ()})
        facts.n_interferograms, facts.dates = len(names), to_datetime64(datenum(dates))
        facts.n_images = len(dates) or None
    master = ws.find("rsc.txt", levels=2)
    digits = Path(read_input(master).strip()).name[:8] if master is not None else ""
    facts.master = to_datetime64(datenum([int(digits)]))[0] if is_date(digits) else None


def _number(ws: Workspace, name: str) -> int | None:
    path = ws.find(name, levels=2)
    words = read_input(path).split() if path is not None else []
    return int(words[0]) if words and words[0].isdigit() else None


# ---------------------------------------------------------------------- merged steps


@dataclass
class MergedFacts:
    """How far the project directory is; fields as in :class:`~stamps.queries.project_state.ProjectStatus`."""

    merged_step: int = 0
    merged: int | None = None
    nodes: int | None = None
    second_pass: str = ""
    second_pass_possible: bool = False
    problems: list[str] = field(default_factory=list)


def merged_facts(ws: Workspace, small_baselines: bool) -> MergedFacts:
    """What steps 5 to 8 have left in the project directory; a damaged file ends what can be told and is named."""
    facts = MergedFacts()
    try:
        if ws.exists("ps2") and (ws.exists("ifgstd2") or ws.exists("rc2")):
            facts.merged = int(ws.load("ps2", ("n_ps",))["n_ps"])
            facts.merged_step = 5
        for step in (6, 7, 8):
            if facts.merged_step == step - 1 and _merged_step_done(ws, step, facts.merged, small_baselines):
                facts.merged_step = step
        if facts.merged_step >= 6 and ws.exists("uw_grid"):
            facts.nodes = int(ws.load("uw_grid", ("n_ps",))["n_ps"])
        _second_pass(facts, ws, small_baselines)
    except WorkspaceError as error:
        facts.problems.append(str(error))
    return facts


def _merged_step_done(ws: Workspace, step: int, merged: int | None, small_baselines: bool) -> bool:
    file, variable = _MERGED[step]
    if _rows(ws, file, variable) != merged:
        return False
    if step > 6:
        return True
    if small_baselines:
        return _rows(ws, "phuw_sb2", "ph_uw") == merged and "unwrap_ifg_index_sm" in ws.headers_of("phuw2")
    # the merge leaves zeros, beside what an earlier run had stored in the file
    return "msd" in ws.headers_of("phuw2") and not is_placeholder(ws, "phuw2")


def _rows(ws: Workspace, file: str, variable: str) -> int | None:
    header = ws.headers_of(file).get(variable)
    return None if header is None else header.shape[0]


def _second_pass(facts: MergedFacts, ws: Workspace, small_baselines: bool) -> None:
    file = "scla_smooth_sb2" if small_baselines else "scla_smooth2"
    if facts.merged is None or not ws.exists(file):
        facts.second_pass = f"not yet: step 7 writes {file}.mat, which step 6 then subtracts before unwrapping"
    elif (rows := _rows(ws, file, "K_ps_uw")) != facts.merged:
        facts.second_pass = f"no: {file}.mat has {rows} pixels, not {facts.merged}; step 6 will delete it"
    else:
        facts.second_pass_possible = True
        facts.second_pass = f"possible: step 6 subtracts {file}.mat before unwrapping (scla_reset takes it away)"
