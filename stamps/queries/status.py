"""How far a project is: what is done, what is left, what differs, what to run next.

Reads headers and small variables; writes nothing, not even what an interrupted command left to complete. Works in a project
directory, in a patch, in a directory without patches (a merged one, or data of another origin) and on projects of the original.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from stamps.errors import InputError, StampsError
from stamps.queries.next_steps import next_of_project, to_be_given
from stamps.queries.project_state import (
    PATCH,
    PROJECT,
    WITHOUT_PATCHES,
    Advice,
    DifferingParameter,
    InterruptedCommand,
    LargeFile,
    PatchStatus,
    ProjectStatus,
    StaleFile,
)
from stamps.queries.scatterer_counts import ScattererCounts, scatterer_counts
from stamps.queries.stack_state import has_patch_files, merged_facts, patch_status, stack_facts
from stamps.queries.step_inputs import is_project
from stamps.run import continuation
from stamps.workspace import Workspace, findings
from stamps.workspace.freshness import Judge
from stamps.workspace.made_with import changed_parameters
from stamps.workspace.parameters import Parameters

__all__ = ["PatchStatus", "ProjectStatus", "explain_no_project", "project_status", "status"]


def status(workdir: str | os.PathLike[str] | Workspace = ".") -> ProjectStatus:
    """State of a project, patch or merged directory, as ``stamps status`` shows it.

    Parameters
    ----------
    workdir : path-like

    Returns
    -------
    ProjectStatus
        Shown as a text at the prompt and in notebooks; its attributes are values.

    Raises
    ------
    InputError
        The directory is no project; the message says what it seems to be and what to do.

    See Also
    --------
    project_status : The same.
    """
    return project_status(workdir)


def project_status(workdir: str | os.PathLike[str] | Workspace = ".") -> ProjectStatus:
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
    names = [] if _is_patch(ws) else ws.patch_list()
    folders = [(ws / name).as_recovered() for name in names]
    folders += [] if _is_patch(ws) else [folder.as_recovered() for folder in _unlisted(ws, names)]
    return _with_advice(_state(ws, names, folders), ws, folders)


def _state(ws: Workspace, names: Sequence[str], folders: Sequence[Workspace]) -> ProjectStatus:
    """What the files of a directory and of its patches tell."""
    parameters = Parameters(ws, read_only=True)
    directory_type = PATCH if _is_patch(ws) else PROJECT if names else WITHOUT_PATCHES
    small_baselines = parameters.flag("small_baseline_flag")
    facts = vars(stack_facts(ws, folders, small_baselines))
    problems = facts.pop("problems")
    patches = []
    alone = [] if directory_type == WITHOUT_PATCHES and not has_patch_files(ws) else [ws]
    for folder in folders or alone:
        if folder.path.is_dir():
            patches.append(patch_status(folder, folder.name in names or not folders))
        else:
            problems.append(f"{folder.path} is in the patch list, but it is not there.")
    scatterers: list[ScattererCounts] = []
    try:
        scatterers = scatterer_counts(
            ws,
            [folder for folder in folders or alone if folder.path.is_dir() and (folder.name in names or not folders)],
        )
    except StampsError as error:
        problems.append(str(error))
    merged = {} if directory_type == PATCH else vars(merged_facts(ws, small_baselines))
    problems += merged.pop("problems", [])
    return ProjectStatus(
        workdir=str(ws.path),
        directory_type=directory_type,
        small_baselines=small_baselines,
        processor=str(parameters.get("insar_processor")).strip(),
        dropped=tuple(int(k) + 1 for k in parameters.indices("drop_ifg_index")),
        parameters=tuple(
            DifferingParameter(name, _plain(value), _plain(default)) for name, value, default in parameters.differing()
        ),
        patches=tuple(patches),
        scatterers=tuple(scatterers),
        problems=tuple(problems),
        **facts,
        **merged,
    )


def _with_advice(state: ProjectStatus, ws: Workspace, folders: Sequence[Workspace]) -> ProjectStatus:
    """A state with what is out of date, interrupted, large, and to be done."""
    judges = [Judge(folder) for folder in [ws, *folders] if folder.path.is_dir()]
    stale = [item for judge in judges for item in judge.all_stale()]
    runs = continuation.unfinished(ws)
    interrupted = _interruptions([Workspace(ws.path), *(Workspace(folder.path) for folder in folders)])
    interrupted += [InterruptedCommand(str(ws.path), not command, None, f"{ws.path}: {text}") for text, command in runs]
    is_patch = state.directory_type == PATCH
    todo = _next_of_patch(state, ws) if is_patch else next_of_project(state, ws, [s for s in stale if s.last <= 8])
    sizes, largest = _sizes(ws)
    return replace(
        state,
        stale=tuple(StaleFile(str(item.path), item.reason, item.todo) for item in stale),
        made_with=tuple(changed_parameters([judge.ws for judge in judges])),
        interrupted=tuple(interrupted),
        findings=tuple(findings.collect(ws)),
        sizes=sizes,
        largest=largest,
        next=(*(to_be_given(ws, command, text) for text, command in runs if command), *todo),
    )


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


def _is_patch(ws: Workspace) -> bool:
    return (
        ws.has_file("patch.in")
        and not ws.has_file("parms.mat")
        or (ws.name.startswith("PATCH_") and is_project(Workspace(ws.path.parent)))
    )


def _unlisted(ws: Workspace, names: Sequence[str]) -> list[Workspace]:
    """Patch directories that the list does not name (they lost all pixels, or the list was made by hand)."""
    return [Workspace(path) for path in sorted(ws.path.glob("PATCH_*")) if path.is_dir() and path.name not in names]


def _next_of_patch(state: ProjectStatus, ws: Workspace) -> tuple[Advice, ...]:
    """In a patch: what the project needs."""
    project = Workspace(ws.path.parent)
    if is_project(project):
        try:
            return project_status(project.path).next
        except StampsError as error:
            return (Advice("", str(error)),)
    return next_of_project(state, ws)


# ---------------------------------------------------------------------- what was interrupted, sizes


def _interruptions(folders: Sequence[Workspace]) -> list[InterruptedCommand]:
    found = []
    for ws in folders:
        for left in ws.interrupted():
            files = None if left.plan is None else tuple(sorted(left.plan))
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
            found.append(InterruptedCommand(str(ws.path), left.in_use, files, text))
    return found


def _sizes(ws: Workspace) -> tuple[dict[str, int], tuple[LargeFile, ...]]:
    """Bytes of groups of files, and the largest files."""
    groups = dict.fromkeys(
        ("candidate files", "patches: MAT files", "project: MAT files", "SNAPHU and Triangle", "other"), 0
    )
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
            groups[_group_of(path)] += size
    sizes = {**{name: size for name, size in groups.items() if size}, "total": sum(groups.values())}
    return sizes, tuple(LargeFile(name, size) for size, name in sorted(files, reverse=True)[:5])


def _group_of(path: Path) -> str:
    if path.name.startswith("pscands.") or path.name == "mean_amp.flt":
        return "candidate files"
    if path.name.endswith(".mat"):
        return "patches: MAT files" if path.parent.name.startswith("PATCH_") else "project: MAT files"
    return "SNAPHU and Triangle" if path.name.startswith(("snaphu", "unwrap.", "triangle")) else "other"


def _plain(value: Any) -> Any:
    """A value of a parameter for JSON."""
    return value.tolist() if isinstance(value, np.ndarray) else value
