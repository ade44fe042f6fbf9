"""Which command a project needs next."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from stamps.queries.project_state import PATCH, PROJECT, Advice, PatchStatus, ProjectStatus
from stamps.workspace import Workspace
from stamps.workspace.staleness import Stale

__all__ = ["next_of_project", "to_be_given"]

_PREPARATION = "mt_prep_snap MASTER DATADIR"


def next_of_project(status: ProjectStatus, ws: Workspace, outdated: Sequence[Stale] = ()) -> tuple[Advice, ...]:
    """What is to be run in a directory, the most advisable first.

    Parameters
    ----------
    status : ProjectStatus
    ws : Workspace
    outdated : sequence of Stale
        Results that steps have to make again.
    """
    if outdated and status.directory_type != PATCH:
        first = min(stale.first for stale in outdated)
        return (_command(ws, first, 8, f"{outdated[0].path.name} {outdated[0].reason}"),)
    patches = [patch for patch in status.patches if patch.listed and patch.empty_since is None]
    if status.merged_step == 8:
        return _when_all_is_done(status, ws)
    if status.merged_step >= 5 and not any(_behind(patch) for patch in patches):
        return (_command(ws, status.merged_step + 1, 8, f"steps up to {status.merged_step} are done"),)
    if not status.patches:
        return (Advice(_PREPARATION, "there are no patches yet (or mt_prep_gamma, …)"),)
    if not patches:
        reason = "no patch has pixels left: raise the limits of steps 3 and 4, or prepare more candidates"
        return (Advice("", reason),)
    return (_in_patches(status, ws, patches),)


def _when_all_is_done(status: ProjectStatus, ws: Workspace) -> tuple[Advice, ...]:
    done = Advice("", "all steps are done: ps_plot, ps_output and the exports can be used")
    if not status.second_pass_possible:
        return (done,)
    reason = "a second pass, unwrapping without the look-angle error of the first; then step 8"
    return done, _command(ws, 6, 7, reason)


def _in_patches(status: ProjectStatus, ws: Workspace, patches: Sequence[PatchStatus]) -> Advice:
    steps = sorted({patch.step for patch in patches})
    if steps == [0] and all(patch.candidates is None for patch in patches):
        return Advice(_PREPARATION, "the patches have no candidates yet (or mt_prep_gamma, …)")
    if len(steps) > 1:
        behind = [patch.name for patch in patches if patch.step < steps[-1]]
        reason = f"{len(behind)} of {len(patches)} patches are behind ({_some(behind)}); each goes on where it stands"
        return _command(ws, 0, 8, reason)
    start = min(steps[0] + 1, 5)
    what = "patches" if status.directory_type == PROJECT else "candidates"
    reason = "nothing is loaded yet" if start == 1 else f"the {what} are done up to step {steps[0]}"
    return _command(ws, start, 8, reason)


def _behind(patch: PatchStatus) -> bool:
    """Whether a patch of a merged project was started again and is not finished (a merged project may lack its patches)."""
    return patch.candidates is not None and 0 < patch.step < 5


def _command(ws: Workspace, start: int, end: int, reason: str) -> Advice:
    return to_be_given(ws, f"stamps {start} {end}", reason)


def to_be_given(ws: Workspace, command: str, reason: str) -> Advice:
    """A command as it is to be given from the current directory."""
    here = Path.cwd() == ws.path
    return Advice(command + ("" if here else f" --workdir {shlex.quote(str(ws.path))}"), reason)


def _some(names: Sequence[str], limit: int = 3) -> str:
    return ", ".join(names[:limit]) + (", …" if len(names) > limit else "")
