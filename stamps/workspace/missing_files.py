"""What to say of a file that is missing or wrong: which step or command makes it in this directory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stamps.workspace.variables import MADE_BY_COMMAND, WRITTEN_BY_STEP

if TYPE_CHECKING:
    from stamps.workspace import Workspace

__all__ = ["again", "missing", "writer"]


def missing(ws: Workspace, name: str) -> str:
    """The sentence of a MAT file (without ``.mat``) that is not there."""
    if not ws.path.is_dir():
        return f"{ws.path} is not a directory: give the project directory as --workdir."
    place = ws.path / f"{name}.mat"
    if WRITTEN_BY_STEP.get(name) and name.endswith("1") and not ws.patch_list() and any(ws.path.glob("PATCH_*")):
        return (
            f"{place} is missing: patches have it, but patch.list names none. Delete patch.list, "
            "so that all PATCH_* directories count, and run the step again."
        )
    step = writer(ws, name)
    hint = f": run step {step} first (stamps {step} {step})." if step else "."
    if name in MADE_BY_COMMAND:
        hint = f": make it with '{MADE_BY_COMMAND[name]}' first."
    return f"{place} is missing{hint}"


def again(ws: Workspace, name: str) -> str:
    """What the user can do about a MAT file that is wrong: ``'run step 5 again (stamps 5 5)'``."""
    step = writer(ws, name)
    return f"run step {step} again (stamps {step} {step})" if step else "make the file again"


def writer(ws: Workspace, name: str) -> int | None:
    """The step that writes a MAT file in a directory; None for files of no step."""
    step = WRITTEN_BY_STEP.get(name)
    if step and step < 5 and not name.endswith("1") and (ws.has_file("patch.list") or ws.patch_list()):
        return 5  # in a project with patches the merge writes it
    return step
