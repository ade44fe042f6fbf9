"""How far a project is: what is done, what is left, what differs, what to run next.

Reads headers and small variables; writes nothing, not even what an interrupted command left to complete. Works in a project
directory, in a patch, in a directory without patches (a merged one, or data of another origin) and on projects of the original.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import InputError, StampsError, WorkspaceError
from stamps.frontends.lists import raster_paths
from stamps.frontends.names import pair_of_name
from stamps.matlab.dates import to_yyyymmdd
from stamps.queries.step_inputs import is_project
from stamps.run import continuation, engine
from stamps.workspace import Workspace, findings
from stamps.workspace.freshness import Judge, is_placeholder
from stamps.workspace.made_with import changed_parameters
from stamps.workspace.parameters import Parameters
from stamps.workspace.plain_files import read_input

if TYPE_CHECKING:
    from stamps._typing import StrPath
    from stamps.workspace.freshness import Stale


__all__ = ["PatchStatus", "ProjectStatus", "explain_no_project", "project_status"]

#: What a merged step leaves: file, and the variable whose rows are the pixels.
_MERGED = {6: ("phuw2", "ph_uw"), 7: ("scla2", "ph_scla"), 8: ("scn2", "ph_scn_slave")}


@dataclass
class PatchStatus:
    """One directory of steps 1 to 5a.

    Attributes
    ----------
    name : str
    step : int
        Last step that is complete; 0 none.
    candidates, selected, weeded : int or None
        Pixels left after the preparation (or step 1), step 3 and step 4; None where not known yet.
    empty_since : int or None
        The step that left no pixel.
    listed : bool
        Whether the patch list names it: others are not processed.
    n_bytes : int
    problems : list of str
    """

    name: str
    step: int = 0
    candidates: int | None = None
    selected: int | None = None
    weeded: int | None = None
    empty_since: int | None = None
    listed: bool = True
    n_bytes: int = 0
    problems: list = field(default_factory=list)


@dataclass
class ProjectStatus:
    """State of a directory; see the attributes' comments.

    ``next`` holds the commands to run, the most advisable first, each with the reason.
    """

    workdir: str
    kind: str  # 'project', 'patch' or 'directory without patches'
    small_baselines: bool
    processor: str
    width: int | None = None  # range samples
    length: int | None = None  # azimuth lines
    master: int | None = None  # yyyymmdd
    dates: list = field(default_factory=list)
    n_images: int | None = None
    n_interferograms: int | None = None
    dropped: list = field(default_factory=list)  # drop_ifg_index, from 1
    patches: list = field(default_factory=list)
    merged_step: int = 0  # last complete step of the project directory: 5 to 8, 0 none
    merged: int | None = None  # pixels after step 5
    nodes: int | None = None  # nodes of the grid that was unwrapped
    second_pass: str = ""
    second_pass_possible: bool = False
    parameters: list = field(default_factory=list)  # name, value, default
    made_with: list = field(default_factory=list)  # step, name, made_with, now: other parameters than the results have
    stale: list = field(default_factory=list)  # file, reason, todo: results that are out of date
    interrupted: list = field(default_factory=list)
    next: list = field(default_factory=list)
    sizes: dict = field(default_factory=dict)  # bytes by group of files
    largest: list = field(default_factory=list)
    problems: list = field(default_factory=list)
    findings: list = field(default_factory=list)  # what was strange about the input and did not stop the work

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def project_status(workdir: Workspace | StrPath = ".") -> ProjectStatus:
    """State of a project, patch or merged directory.

    Parameters
    ----------
    workdir : path-like

    Returns
    -------
    ProjectStatus

    Raises
    ------
    InputError
        The directory is no project; the message says what it seems to be and what to do.
    """
    ws = Workspace.at(workdir).as_recovered()
    if not is_project(ws):
        raise InputError(explain_no_project(ws))
    parameters = Parameters(ws, read_only=True)
    is_patch = _is_patch(ws)
    names = [] if is_patch else ws.patch_list()
    status = ProjectStatus(
        workdir=str(ws.path),
        kind="patch" if is_patch else "project" if names else "directory without patches",
        small_baselines=parameters.flag("small_baseline_flag"),
        processor=str(parameters.get("insar_processor")).strip(),
    )
    status.parameters = [
        {"name": name, "value": _plain(value), "default": _plain(default)}
        for name, value, default in parameters.differing()
    ]
    folders = [(ws / name).as_recovered() for name in names]
    folders += [] if is_patch else [folder.as_recovered() for folder in _unlisted(ws, names)]
    _stack_facts(status, ws, folders)
    status.dropped = [int(k) + 1 for k in parameters.indices("drop_ifg_index")]
    alone = [] if status.kind == "directory without patches" and not _has_patch_files(ws) else [ws]
    for folder in folders or alone:
        if folder.path.is_dir():
            status.patches.append(_patch(folder, folder.name in names or not folders))
        else:
            status.problems.append(f"{folder.path} is in the patch list, but it is not there.")
    if not is_patch:
        _merged_facts(status, ws)
    outdated = _outdated(status, ws, folders)
    status.interrupted = _interruptions([Workspace(ws.path), *(Workspace(folder.path) for folder in folders)])
    status.findings = findings.collect(ws)
    _sizes(status, ws)
    runs = continuation.unfinished(ws)
    status.interrupted += [
        {"directory": str(ws.path), "in_use": not command, "files": None, "text": f"{ws.path}: {text}"}
        for text, command in runs
    ]
    status.next = [_to_be_given(ws, command, text) for text, command in runs if command]
    status.next += _next_of_project(status, ws, outdated) if not is_patch else _next_of_patch(status, ws)
    return status


def explain_no_project(ws: Workspace) -> str:
    """One sentence on a directory that is no project: what it seems to be and what to do."""
    path = ws.path
    if not path.is_dir():
        return f"{path} is not a directory: give the project directory as --workdir."
    start = f"{path} is no StaMPS project (it has no parms.mat, patch.list, PATCH_* or ps1.mat)"
    if path.parent != path and is_project(Workspace(path.parent)):
        return f"{start}, but the directory above is one: give it as --workdir {path.parent}."
    inside = sorted(folder.name for folder in path.iterdir() if folder.is_dir() and is_project(Workspace(folder)))
    if inside:
        return f"{start}, but {', '.join(inside[:5])} in it {'is one' if len(inside) == 1 else 'are'}: give one as --workdir."
    if any(path.glob("*slc/*slc")) or (path / "SMALL_BASELINES").is_dir():
        return f"{start}: it looks like the data of one. Make a new directory and run mt_prep_snap MASTER {path} in it."
    return f"{start}: run the preparation (mt_prep_snap, mt_prep_gamma, mt_prep or mt_prep_isce) or give another --workdir."


# ---------------------------------------------------------------------- patches


def _is_patch(ws: Workspace) -> bool:
    return (
        ws.has_file("patch.in")
        and not ws.has_file("parms.mat")
        or (ws.name.startswith("PATCH_") and is_project(Workspace(ws.path.parent)))
    )


def _has_patch_files(ws: Workspace) -> bool:
    """Whether steps 1 to 5a have something to do here: a merged directory has nothing of them."""
    return ws.has_file("pscands.1.ij") or any(ws.exists(name) for name in ("ps1", "pm1", "select1", "weed1"))


def _unlisted(ws: Workspace, names: Sequence[str]) -> list[Workspace]:
    """Patch directories that the list does not name (they lost all pixels, or the list was made by hand)."""
    return [Workspace(path) for path in sorted(ws.path.glob("PATCH_*")) if path.is_dir() and path.name not in names]


def _patch(ws: Workspace, listed: bool) -> PatchStatus:
    status = PatchStatus(ws.name, listed=listed)
    try:
        flags = ws.no_ps_flags()
        status.empty_since = int(np.flatnonzero(flags)[0]) + 1 if flags.any() else None
        status.step = _patch_step(ws)
        status.candidates = _candidates(ws)
        if ws.exists("select1"):
            select = ws.load("select1", ("keep_ix",))
            status.selected = 0 if select.get("keep_ix") is None else int(np.sum(select["keep_ix"]))
        if ws.exists("weed1"):
            status.weeded = int(np.sum(ws.load("weed1", ("ix_weed",))["ix_weed"]))
    except WorkspaceError as error:
        status.problems.append(str(error))
    status.n_bytes = sum(path.stat().st_size for path in ws.path.iterdir() if path.is_file())
    return status


def _patch_step(ws: Workspace) -> int:
    """Last complete step of a patch; step 5 counts only if its rows are those that step 4 left."""
    step = engine.resume_step(ws) - 1
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


# ---------------------------------------------------------------------- stack and merged steps


def _stack_facts(status: ProjectStatus, ws: Workspace, folders: Sequence[Workspace]) -> None:
    """Raster size, dates and numbers, from the pixel tables or, before step 1, from the lists of the preparation."""
    status.width, status.length = _number(ws, "width.txt"), _number(ws, "len.txt")
    for folder, name in [(ws, "ps2"), *((folder, name) for folder in [ws, *folders] for name in ("ps1", "ps2"))]:
        try:
            ps = folder.load_optional(name, ("day", "master_day", "n_ifg", "n_image"))
        except WorkspaceError as error:
            status.problems.append(str(error))
            continue
        if "day" in ps:
            status.dates = [int(date) for date in to_yyyymmdd(ps["day"])]
            status.master = int(to_yyyymmdd(np.atleast_1d(ps["master_day"]))[0])
            status.n_images, status.n_interferograms = (
                int(ps["n_image"]),
                int(ps["n_ifg"]) - (not status.small_baselines),
            )
            return
    path = ws.find("pscphase.in", levels=2)
    if path is not None:
        names = raster_paths(read_input(path), path.parent)
        dates = {int(date) for name in names for date in pair_of_name(name) or ()}
        status.n_interferograms, status.dates = len(names), sorted(dates)
        status.n_images = len(dates) or None
    master = ws.find("rsc.txt", levels=2)
    digits = Path(read_input(master).strip()).name[:8] if master is not None else ""
    status.master = int(digits) if digits.isdigit() else None


def _number(ws: Workspace, name: str) -> int | None:
    path = ws.find(name, levels=2)
    words = read_input(path).split() if path is not None else []
    return int(words[0]) if words and words[0].isdigit() else None


def _merged_facts(status: ProjectStatus, ws: Workspace) -> None:
    try:
        if ws.exists("ps2") and (ws.exists("ifgstd2") or ws.exists("rc2")):
            status.merged = int(ws.load("ps2", ("n_ps",))["n_ps"])
            status.merged_step = 5
        for step in (6, 7, 8):
            if status.merged_step == step - 1 and _merged_step_done(ws, step, status):
                status.merged_step = step
        if status.merged_step >= 6 and ws.exists("uw_grid"):
            status.nodes = int(ws.load("uw_grid", ("n_ps",))["n_ps"])
        _second_pass(status, ws)
    except WorkspaceError as error:
        status.problems.append(str(error))


def _merged_step_done(ws: Workspace, step: int, status: ProjectStatus) -> bool:
    file, variable = _MERGED[step]
    if _rows(ws, file, variable) != status.merged:
        return False
    if step > 6:
        return True
    if status.small_baselines:
        return _rows(ws, "phuw_sb2", "ph_uw") == status.merged and "unwrap_ifg_index_sm" in ws.headers_of("phuw2")
    # the merge leaves zeros, beside what an earlier run had stored in the file
    return "msd" in ws.headers_of("phuw2") and not is_placeholder(ws, "phuw2")


def _rows(ws: Workspace, file: str, variable: str) -> int | None:
    header = ws.headers_of(file).get(variable)
    return None if header is None else header.shape[0]


def _second_pass(status: ProjectStatus, ws: Workspace) -> None:
    file = "scla_smooth_sb2" if status.small_baselines else "scla_smooth2"
    if status.merged is None or not ws.exists(file):
        status.second_pass = f"not yet: step 7 writes {file}.mat, which step 6 then subtracts before unwrapping"
    elif _rows(ws, file, "K_ps_uw") != status.merged:
        status.second_pass = (
            f"no: {file}.mat has {_rows(ws, file, 'K_ps_uw')} pixels, not {status.merged}; step 6 will delete it"
        )
    else:
        status.second_pass_possible = True
        status.second_pass = f"possible: step 6 subtracts {file}.mat before unwrapping (scla_reset takes it away)"


def _outdated(status: ProjectStatus, ws: Workspace, folders: Sequence[Workspace]) -> list[Stale]:
    """Note what is out of date and the parameters that have changed; returns what steps have to make again."""
    judges = [Judge(folder) for folder in [ws, *folders] if folder.path.is_dir()]
    stale = [item for judge in judges for item in judge.all_stale()]
    status.stale = [{"file": str(item.path), "reason": item.reason, "todo": item.todo} for item in stale]
    status.made_with = [asdict(changed) for changed in changed_parameters([judge.ws for judge in judges])]
    return [item for item in stale if item.last <= 8]


# ---------------------------------------------------------------------- what was interrupted, sizes


def _interruptions(folders: Sequence[Workspace]) -> list[dict[str, Any]]:
    found = []
    for ws in folders:
        for left in ws.interrupted():
            files = None if left.plan is None else sorted(left.plan)
            if left.in_use:
                text = f"a command is at work in {ws.path}"
            elif left.flaw:
                text = f"{left.folder} is not what an interrupted save leaves ({left.flaw}): the next command sets it aside"
            elif files is None:
                text = (
                    f"{ws.path}: an interrupted command had published nothing; the next command discards what it left"
                )
            else:
                text = f"{ws.path}: an interrupted save of {', '.join(files)} is complete; the next command puts it in place"
            found.append({"directory": str(ws.path), "in_use": left.in_use, "files": files, "text": text})
    return found


def _sizes(status: ProjectStatus, ws: Workspace) -> None:
    groups = {
        "candidate files": 0,
        "patches: MAT files": 0,
        "project: MAT files": 0,
        "SNAPHU and Triangle": 0,
        "other": 0,
    }
    files = []
    for root, folders, names in os.walk(ws.path):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            path = Path(root) / name
            try:
                size = path.stat().st_size
            except OSError:
                continue
            files.append((size, str(path.relative_to(ws.path))))
            in_patch = path.parent.name.startswith("PATCH_")
            if name.startswith("pscands.") or name == "mean_amp.flt":
                group = "candidate files"
            elif name.endswith(".mat"):
                group = "patches: MAT files" if in_patch else "project: MAT files"
            else:
                group = "SNAPHU and Triangle" if name.startswith(("snaphu", "unwrap.", "triangle")) else "other"
            groups[group] += size
    status.sizes = {**{name: size for name, size in groups.items() if size}, "total": sum(groups.values())}
    status.largest = [{"file": name, "n_bytes": size} for size, name in sorted(files, reverse=True)[:5]]


# ---------------------------------------------------------------------- what to run next


def _command(ws: Workspace, start: int, end: int, reason: str, extra: str = "") -> dict[str, str]:
    return _to_be_given(ws, f"stamps {start} {end}{extra}", reason)


def _to_be_given(ws: Workspace, command: str, reason: str) -> dict[str, str]:
    here = Path.cwd() == ws.path
    return {"command": command + ("" if here else f" --workdir {shlex.quote(str(ws.path))}"), "reason": reason}


def _next_of_project(status: ProjectStatus, ws: Workspace, outdated: Sequence[Stale] = ()) -> list[dict[str, str]]:
    if outdated and status.kind != "patch":
        first = min(stale.first for stale in outdated)
        return [_command(ws, first, 8, f"{outdated[0].path.name} {outdated[0].reason}")]
    patches = [patch for patch in status.patches if patch.listed and patch.empty_since is None]
    if status.merged_step == 8:
        todo = [{"command": "", "reason": "all steps are done: ps_plot, ps_output and the exports can be used"}]
        if status.second_pass_possible:
            todo.append(
                _command(ws, 6, 7, "a second pass, unwrapping without the look-angle error of the first; then step 8")
            )
        return todo
    if status.merged_step >= 5 and not any(_behind(patch) for patch in patches):
        return [_command(ws, status.merged_step + 1, 8, f"steps up to {status.merged_step} are done")]
    if not status.patches:
        return [{"command": "mt_prep_snap MASTER DATADIR", "reason": "there are no patches yet (or mt_prep_gamma, …)"}]
    if not patches:
        return [
            {
                "command": "",
                "reason": "no patch has pixels left: raise the limits of steps 3 and 4, or prepare more candidates",
            }
        ]
    steps = sorted({patch.step for patch in patches})
    if steps == [0] and all(patch.candidates is None for patch in patches):
        return [
            {
                "command": "mt_prep_snap MASTER DATADIR",
                "reason": "the patches have no candidates yet (or mt_prep_gamma, …)",
            }
        ]
    if len(steps) > 1:
        behind = [patch.name for patch in patches if patch.step < steps[-1]]
        reason = f"{len(behind)} of {len(patches)} patches are behind ({_some(behind)}); each goes on where it stands"
        return [_command(ws, 0, 8, reason)]
    start = min(steps[0] + 1, 5)
    what = "patches" if status.kind == "project" else "candidates"
    reason = "nothing is loaded yet" if start == 1 else f"the {what} are done up to step {steps[0]}"
    return [_command(ws, start, 8, reason)]


def _behind(patch: PatchStatus) -> bool:
    """Whether a patch of a merged project was started again and is not finished (a merged project may lack its patches)."""
    return patch.candidates is not None and 0 < patch.step < 5


def _next_of_patch(status: ProjectStatus, ws: Workspace) -> list[dict[str, str]]:
    """In a patch: what the project needs."""
    project = Workspace(ws.path.parent)
    if is_project(project):
        try:
            return project_status(project.path).next
        except StampsError as error:
            return [{"command": "", "reason": str(error)}]
    return _next_of_project(status, ws)


def _some(names: Sequence[str], limit: int = 3) -> str:
    return ", ".join(names[:limit]) + (", …" if len(names) > limit else "")


def _plain(value: float | str | None) -> float | str | list[float] | None:
    """A value of a parameter for JSON."""
    return value.tolist() if isinstance(value, np.ndarray) else value
