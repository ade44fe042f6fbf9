"""Section of the quality report: results that do not belong to what is there now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stamps.errors import WorkspaceError
from stamps.workspace.freshness import Judge, check, is_placeholder, placeholder_sentence
from stamps.workspace.made_with import changed_parameters

if TYPE_CHECKING:
    from stamps.report.run import Run
    from stamps.report.sections import Section
    from stamps.workspace import Workspace


__all__ = ["outdated", "require_current"]


def outdated(run: Run, section: Section) -> None:
    """Files that are out of date, and parameters that were changed after the steps that use them."""
    folders = [run.ws, *(run.ws / patch.name for patch in run.patches if patch.name != run.ws.name)]
    stale = [str(item) for folder in folders for item in Judge(folder).all_stale()]
    stale = [placeholder_sentence(run.ws, name) for name in _placeholders(run)] + stale
    changed = changed_parameters(folders)
    section.facts.update(stale=stale, made_with=[str(item) for item in changed])
    if stale:
        section.lead = (
            "These files were made from something that is not there any more; numbers made of them are left out."
        )
        section.tables.append({"caption": "", "head": ["File"], "rows": [[sentence] for sentence in stale]})
    if changed:
        rows = [[item.step, item.name, item.made_with, item.now] for item in changed]
        caption = "Parameters that were changed after the step"
        section.tables.append({"caption": caption, "head": ["Step", "Parameter", "Made with", "Now"], "rows": rows})


def require_current(ws: Workspace) -> None:
    """Refuse unwrapped phases that are a placeholder or out of date, and the look-angle error of others.

    Parameters
    ----------
    ws : Workspace
        Project directory.

    Raises
    ------
    WorkspaceError
    """
    if not ws.exists("psver"):
        return
    for stem in ("phuw", "phuw_sb", "scla", "scla_sb"):
        name = f"{stem}{ws.version}"
        check(ws, name)
        if is_placeholder(ws, name):
            raise WorkspaceError(placeholder_sentence(ws, name))


def _placeholders(run: Run) -> list[Any]:
    names = [f"phuw{run.ws.version}"] if run.merged else []
    return [name for name in names if is_placeholder(run.ws, name)]
